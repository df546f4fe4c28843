/* export: what other programs take further. Records and failure reports as they are stored; days and rows as the verdict
 * on a domain has them. */
#include "cli/cli.h"
#include "cli/conditions.h"
#include "cli/domains.h"
#include "cli/readiness.h"
#include "report/export.h"
#include "report/tables.h"

/* ---- of the store */

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

static int facts_export(struct cli *cli, char **args, int n, enum export_rows rows)
{
	struct condition conditions[CONDITIONS_MOST + 2];
	struct report_filter filter;
	struct export_writer writer;
	struct fault fault = { 0 };
	struct store *store;
	bool asked = true, closed;
	int code;

	if (!conditions_read(args, n, conditions, &filter, &fault)) {
		cli_say(cli, "export: %s", fault.text);
		return EXIT_USAGE;
	}
	conditions_default(conditions, &filter);
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (!(cli->options.format == FORMAT_JSON ? export_json_open(&writer, stdout, rows)
						 : export_csv_open(&writer, stdout, rows))) {
		store_close(store);
		return cli_unwritten(cli);
	}
	if (store)
		asked = store_ask_facts(store, &filter, writer.take, writer.self, &fault);
	closed = writer.close(writer.self);
	store_close(store);
	if (!asked && fault.kind != FAULT_NONE)
		return cli_fail(cli, &fault);
	return asked && closed ? EXIT_DONE : cli_unwritten(cli);
}

/* ---- of the verdict */

struct verdict_table {
	const char *name;
	bool (*csv_head)(FILE *out);
	bool (*csv)(FILE *out, const struct assessment *a);
	bool (*json)(FILE *out, const struct assessment *a);
};
static const struct verdict_table verdict_tables[] = {
	{ "days", days_csv_head, days_csv, days_json },
	{ "rows", rows_csv_head, rows_csv, rows_json },
};

static int table_print(struct readiness *r, const struct verdict_table *table, char **args, int n)
{
	bool csv = r->cli->options.format == FORMAT_CSV, good = !csv || table->csv_head(stdout);
	struct domain_list domains = DOMAIN_LIST;
	struct fault fault = { 0 };

	if (!domains_choose(r->cli, r->store, args, n, &domains, &fault))
		return cli_fail(r->cli, &fault);
	for (size_t i = 0; good && i < domains.n; i++) {
		const struct assessment a = { &r->rows, &r->options, &r->verdict };

		good = readiness_assess(r, domains.names[i], TARGET_AUTO, &fault) &&
		       (csv ? table->csv : table->json)(stdout, &a);
	}
	domains_release(&domains);
	if (fault.kind != FAULT_NONE)
		return cli_refuse(r->cli, &fault);
	return good ? EXIT_DONE : cli_unwritten(r->cli);
}

static int table_export(struct cli *cli, const struct verdict_table *table, char **args, int n)
{
	struct readiness readiness;
	struct fault fault = { 0 };
	struct store *store;
	int code;

	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (readiness_open(&readiness, cli, store, &fault)) {
		code = table_print(&readiness, table, args, n);
		readiness_close(&readiness);
	} else {
		code = cli_fail(cli, &fault);
	}
	store_close(store);
	return code;
}

int command_export(struct cli *cli)
{
	const char *what = cli->options.args_n ? cli->options.args[0] : "";
	char **rest = cli->options.args + 1;
	int n = cli->options.args_n - 1;

	if (cli->options.format == FORMAT_TEXT) {
		cli_say(cli, "export: say --json or --csv");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof verdict_tables / sizeof *verdict_tables; i++)
		if (strcmp(what, verdict_tables[i].name) == 0)
			return table_export(cli, &verdict_tables[i], rest, n);
	if (strcmp(what, "failures") == 0)
		return facts_export(cli, rest, n, EXPORT_FAILURES);
	if (strcmp(what, "records") == 0)
		return facts_export(cli, rest, n, EXPORT_RECORDS);
	return facts_export(cli, cli->options.args, cli->options.args_n, EXPORT_RECORDS);
}
