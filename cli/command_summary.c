#include "cli/cli.h"
#include "report/summary.h"

#include <string.h>

#define DAYS_DEFAULT 30

/* `--days N` ends today; `--since` and `--until` are days. The default is what a person decides by: about a month. */
static bool window_read(const struct cli *cli, struct window *window, struct fault *fault)
{
	const struct options *options = &cli->options;
	unsigned long long days = DAYS_DEFAULT;
	int64_t moment;

	if (options->days && (options->since || options->until))
		return fault_set(fault, FAULT_SETUP, "say --days, or --since and --until");
	if (options->days && (!span_number(span_of(options->days), 100000, &days) || days == 0))
		return fault_set(fault, FAULT_SETUP, "--days %.40s: is no number of days", options->days);
	window->last_day = moment_day(cli->now);
	if (options->until) {
		if (!moment_parse(span_of(options->until), &moment))
			return fault_set(fault, FAULT_SETUP, "--until %.40s: is no time; write 2026-01-31", options->until);
		window->last_day = moment_day(moment);
	}
	window->first_day = window->last_day - (int64_t)days + 1;
	if (options->since) {
		if (!moment_parse(span_of(options->since), &moment))
			return fault_set(fault, FAULT_SETUP, "--since %.40s: is no time; write 2026-01-31", options->since);
		window->first_day = moment_day(moment);
	}
	if (window->first_day > window->last_day)
		return fault_set(fault, FAULT_SETUP, "the days end before they begin");
	return true;
}

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
