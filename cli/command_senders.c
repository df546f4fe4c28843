#include "cli/domains.h"
#include "cli/readiness.h"
#include "cli/week.h"
#include "report/senders.h"

static bool class_read(const char *word, struct senders_view *view)
{
	static const struct {
		const char *word;
		enum fate fate;
	} words[] = { { "own", FATE_OWN }, { "forwarded", FATE_FORWARDED }, { "forwarder", FATE_FORWARDED },
		{ "undecided", FATE_UNDECIDED }, { "forged", FATE_FORGED } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		view->has_class = true;
		view->class = words[i].fate;
		return true;
	}
	view->every = strcmp(word, "all") == 0;
	return view->every;
}

static bool view_read(const struct cli *cli, struct senders_view *view)
{
	const struct options *options = &cli->options;
	bool placed = *cli->config.country_map || *cli->config.network_map;

	*view = (struct senders_view){ .week = options->week != NULL,
		.not_signed = options->not_signed,
		.undecided = options->undecided,
		.new = options->new,
		.country = options->country && (placed || options->format != FORMAT_TEXT) };
	if (!options->class || class_read(options->class, view))
		return true;
	cli_say(cli, "--class %.40s: is none of own, forwarded, undecided, forged, all", options->class);
	return false;
}

static bool senders_open(const struct cli *cli, struct senders_writer *writer, const struct senders_view *view)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return senders_json_open(writer, stdout, view);
	case FORMAT_CSV:
		return senders_csv_open(writer, stdout, view);
	case FORMAT_TEXT:
		break;
	}
	return senders_text_open(writer, stdout, &cli->out, view);
}

static int senders_run(struct cli *cli, struct readiness *r, const struct senders_view *view)
{
	struct senders_writer writer;
	struct domain_list domains = DOMAIN_LIST;
	struct fault fault = { 0 };
	bool good = true, closed;

	if (!domains_choose(cli, r->store, cli->options.args, cli->options.args_n, &domains, &fault))
		return cli_fail(cli, &fault);
	if (!senders_open(cli, &writer, view)) {
		domains_release(&domains);
		return cli_unwritten(cli);
	}
	for (size_t i = 0; good && i < domains.n; i++)
		good = readiness_assess(r, domains.names[i], TARGET_AUTO, &fault) &&
		       writer.domain(writer.self, &(struct assessment){ &r->rows, &r->options, &r->verdict });
	closed = writer.close(writer.self);
	domains_say_none(cli, &domains);
	if (r->unlocated && !r->located && !cli->options.quiet)
		cli_say(cli, "no country is shown: %s knows none of these addresses' countries",
			*cli->config.country_map ? cli->config.country_map : cli->config.network_map);
	domains_release(&domains);
	if (fault.kind != FAULT_NONE)
		return cli_refuse(cli, &fault);
	return good && closed ? EXIT_DONE : cli_unwritten(cli);
}

int command_senders(struct cli *cli)
{
	struct cli then = *cli;
	struct readiness readiness;
	struct senders_view view;
	struct fault fault = { 0 };
	struct store *store;
	int code;

	if (cli->options.args_n > 1) {
		cli_say(cli, "senders: one domain at a time");
		return EXIT_USAGE;
	}
	if (!view_read(cli, &view))
		return EXIT_USAGE;
	if (!week_find(cli, &then.now, &fault)) {
		cli_say(cli, "senders: %s", fault.text);
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (readiness_open(&readiness, &then, store, &fault)) {
		code = senders_run(&then, &readiness, &view);
		readiness_close(&readiness);
	} else {
		code = cli_fail(cli, &fault);
	}
	store_close(store);
	return code;
}
