#include "cli/cli.h"
#include "cli/conditions.h"
#include "report/reports.h"

static bool reports_open(const struct cli *cli, struct reports_writer *writer)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return reports_json_open(writer, stdout);
	case FORMAT_CSV:
		return reports_csv_open(writer, stdout);
	case FORMAT_TEXT:
		break;
	}
	return reports_text_open(writer, stdout, &cli->out);
}

/* Runs one question over the store, or none when there is no database yet, and closes the writer. */
static int answer(struct cli *cli, struct store *store, bool asked, bool closed, const struct fault *fault)
{
	store_close(store);
	if (!asked && fault->kind != FAULT_NONE)
		return cli_fail(cli, fault);
	return asked && closed ? EXIT_DONE : cli_unwritten(cli);
}

int command_reports(struct cli *cli)
{
	struct condition conditions[CONDITIONS_MOST];
	struct report_filter filter;
	struct reports_writer writer;
	struct fault fault = { 0 };
	struct store *store;
	bool asked = true;
	int code;

	if (!conditions_read(cli->options.args, cli->options.args_n, conditions, &filter, &fault)) {
		cli_say(cli, "reports: %s", fault.text);
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (!reports_open(cli, &writer)) {
		store_close(store);
		return cli_unwritten(cli);
	}
	if (store)
		asked = store_ask_reports(store, &filter, writer.take, writer.self, &fault);
	return answer(cli, store, asked, writer.close(writer.self), &fault);
}
