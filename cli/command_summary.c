#include "cli/window.h"
#include "report/summary.h"

static bool summary_open(const struct cli *cli, struct summary_writer *writer, const struct summary_head *head)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return summary_json_open(writer, stdout, head);
	case FORMAT_CSV:
		return summary_csv_open(writer, stdout, head);
	case FORMAT_TEXT:
		break;
	}
	return summary_text_open(writer, stdout, &cli->out, head);
}

static bool summary_ask(struct store *store, const struct summary_head *head, struct summary_writer *writer,
	struct fault *fault)
{
	if (!store_ask_domains(store, &head->window, writer->domain, writer->self, fault))
		return false;
	if (!head->domain || !writer->found(writer->self))
		return true;
	return store_ask_sources(store, head->domain, &head->window, writer->source, writer->self, fault) &&
	       store_ask_reporters(store, head->domain, &head->window, writer->reporter, writer->self, fault);
}

/* Nothing stored at all: first steps instead of an empty table, for people only. */
static bool summary_is_empty(struct cli *cli, struct store *store)
{
	struct store_totals totals = { 0 };

	if (cli->options.format != FORMAT_TEXT)
		return false;
	return !store || (store_ask_totals(store, &totals, NULL) && totals.reports + totals.failures == 0);
}

static int summary_print(struct cli *cli, struct store *store, const struct summary_head *head)
{
	struct summary_writer writer;
	struct fault fault = { 0 };
	bool asked = true;

	if (!summary_open(cli, &writer, head))
		return EXIT_LATER;
	if (store)
		asked = summary_ask(store, head, &writer, &fault);
	if (!writer.close(writer.self) && asked)
		return EXIT_LATER;
	return asked ? EXIT_DONE : fault.kind == FAULT_NONE ? EXIT_LATER : cli_fail(cli, &fault);
}

int command_summary(struct cli *cli)
{
	struct summary_head head = { .domain = cli->options.args_n ? cli->options.args[0] : NULL };
	struct fault fault = { 0 };
	struct store *store;
	int code;

	if (cli->options.args_n > 1 || !window_read(cli, &head.window, &fault)) {
		cli_say(cli, "summary: %s", fault.kind ? fault.text : "one domain at a time");
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (summary_is_empty(cli, store))
		code = summary_first_steps(stdout, &cli->out, cli->config.db) ? EXIT_DONE : EXIT_LATER;
	else
		code = summary_print(cli, store, &head);
	store_close(store);
	return code;
}
