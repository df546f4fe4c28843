#include "cli/domains.h"
#include "cli/window.h"
#include "report/samples.h"

static bool samples_open(const struct cli *cli, struct samples_writer *writer)
{
	bool show_addresses = cli->options.show_addresses;

	switch (cli->options.format) {
	case FORMAT_JSON:
		return samples_json_open(writer, stdout, show_addresses);
	case FORMAT_CSV:
		return samples_csv_open(writer, stdout, show_addresses);
	case FORMAT_TEXT:
		break;
	}
	return samples_text_open(writer, stdout, &cli->out, show_addresses);
}

struct listing {
	struct samples_writer writer;
	bool any;
};

static bool take(void *arg, const struct sample_row *row)
{
	struct listing *listing = arg;

	listing->any = true;
	return listing->writer.take(listing->writer.self, row);
}

int command_samples(struct cli *cli)
{
	const char *domain = cli->options.args_n ? cli->options.args[0] : NULL;
	struct listing listing = { .any = false };
	struct fault fault = { 0 };
	struct window window;
	struct store *store;
	bool asked = true, closed;
	int code;

	if (cli->options.args_n > 1 || !window_read(cli, &window, &fault)) {
		cli_say(cli, "samples: %s", fault.kind ? fault.text : "one domain at a time");
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (!samples_open(cli, &listing.writer)) {
		store_close(store);
		return cli_unwritten(cli);
	}
	if (store)
		asked = store_ask_samples(store, domain, &window, take, &listing, &fault);
	closed = listing.writer.close(listing.writer.self);
	if (asked && domain && !listing.any)
		domains_say_meant(cli, store, span_of(domain));
	store_close(store);
	if (!asked && fault.kind != FAULT_NONE)
		return cli_fail(cli, &fault);
	return asked && closed ? EXIT_DONE : cli_unwritten(cli);
}
