#include "cli/cli.h"
#include "cli/conditions.h"
#include "report/export.h"
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
	return asked && closed ? EXIT_DONE : EXIT_LATER;
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
		return EXIT_LATER;
	}
	if (store)
		asked = store_ask_reports(store, &filter, writer.take, writer.self, &fault);
	return answer(cli, store, asked, writer.close(writer.self), &fault);
}

/* What does not count is exported only when it is asked for: a script that adds up rows must not count twice. */
static void conditions_default(struct condition *conditions, struct report_filter *filter)
{
	static const enum condition_kind kinds[] = { CONDITION_DUPLICATE, CONDITION_CONFLICT };
	size_t given = filter->n;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		bool named = false;

		for (size_t k = 0; k < given; k++)
			named |= conditions[k].what == kinds[i];
		if (!named)
			conditions[filter->n++] = (struct condition){ .what = kinds[i], .not = true };
	}
}

int command_export(struct cli *cli)
{
	struct condition conditions[CONDITIONS_MOST + 2];
	struct report_filter filter;
	struct export_writer writer;
	struct fault fault = { 0 };
	struct store *store;
	bool asked = true, opened;
	int code;

	if (cli->options.format == FORMAT_TEXT) {
		cli_say(cli, "export: say --json or --csv");
		return EXIT_USAGE;
	}
	if (!conditions_read(cli->options.args, cli->options.args_n, conditions, &filter, &fault)) {
		cli_say(cli, "export: %s", fault.text);
		return EXIT_USAGE;
	}
	conditions_default(conditions, &filter);
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	opened = cli->options.format == FORMAT_JSON ? export_json_open(&writer, stdout) :
						      export_csv_open(&writer, stdout, EXPORT_RECORDS);
	if (!opened) {
		store_close(store);
		return EXIT_LATER;
	}
	if (store)
		asked = store_ask_facts(store, &filter, writer.take, writer.self, &fault);
	return answer(cli, store, asked, writer.close(writer.self), &fault);
}
