#include "cli/cli.h"
#include "cli/conditions.h"
#include "cli/domains.h"
#include "cli/readiness.h"
#include "report/reports.h"

static bool reports_open(const struct cli *cli, struct reports_writer *writer, const struct uncounted_list *only)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return reports_json_open(writer, stdout, only);
	case FORMAT_CSV:
		return reports_csv_open(writer, stdout, only);
	case FORMAT_TEXT:
		break;
	}
	return reports_text_open(writer, stdout, &cli->out, only);
}

/* Runs one question over the store, or none when there is no database yet. */
static int list_print(
	struct cli *cli, struct store *store, const struct report_filter *filter, const struct uncounted_list *only)
{
	struct reports_writer writer;
	struct fault fault = { 0 };
	bool asked = true, closed;

	if (!reports_open(cli, &writer, only))
		return cli_unwritten(cli);
	if (store)
		asked = store_ask_reports(store, filter, writer.take, writer.self, &fault);
	closed = writer.close(writer.self);
	if (!asked && fault.kind != FAULT_NONE)
		return cli_fail(cli, &fault);
	return asked && closed ? EXIT_DONE : cli_unwritten(cli);
}

/* ---- those that verdicts leave out */

static bool uncounted_gather(struct readiness *r, const struct domain_list *domains, struct uncounted_list *list,
	struct fault *fault)
{
	bool text = r->cli->options.format == FORMAT_TEXT;

	for (size_t i = 0; i < domains->n; i++) {
		const struct assessment a = { &r->rows, &r->options, &r->verdict };
		size_t before = list->n;

		if (!readiness_assess(r, domains->names[i], TARGET_AUTO, fault))
			return false;
		if (!uncounted_add(list, &a))
			return fault_set(fault, FAULT_LATER, "out of memory");
		if (text && (domains->n == 1 || list->n > before) && !uncounted_heading(stdout, &r->cli->out, &a))
			return false;
	}
	uncounted_sort(list);
	if (text && !list->n && domains->n > 1)
		puts("Every report counts.");
	if (text && list->n)
		putchar('\n');
	return true;
}

/* A verdict is about a domain: those that conditions name, else all. */
static int uncounted_print(struct cli *cli, struct readiness *r, const struct report_filter *filter)
{
	struct uncounted_list list = UNCOUNTED_LIST;
	struct domain_list domains = DOMAIN_LIST;
	char *named[CONDITIONS_MOST];
	struct fault fault = { 0 };
	int named_n = 0, code;

	for (size_t i = 0; i < filter->n; i++)
		if (filter->conditions[i].what == CONDITION_DOMAIN && !filter->conditions[i].not)
			named[named_n++] = (char *)filter->conditions[i].text;
	if (domains_choose(cli, r->store, named, named_n, &domains, &fault) && uncounted_gather(r, &domains, &list, &fault))
		code = list_print(cli, r->store, filter, &list);
	else if (fault.kind == FAULT_NONE)
		code = cli_unwritten(cli);
	else
		code = cli_refuse(cli, &fault);
	if (fault.kind == FAULT_NONE)
		domains_say_none(cli, &domains);
	domains_release(&domains);
	uncounted_release(&list);
	return code;
}

static int uncounted_run(struct cli *cli, struct store *store, const struct report_filter *filter)
{
	struct readiness readiness;
	struct fault fault = { 0 };
	int code;

	if (!readiness_open(&readiness, cli, store, &fault))
		return cli_fail(cli, &fault);
	code = uncounted_print(cli, &readiness, filter);
	readiness_close(&readiness);
	return code;
}

int command_reports(struct cli *cli)
{
	struct condition conditions[CONDITIONS_MOST];
	struct report_filter filter;
	struct fault fault = { 0 };
	struct store *store;
	int code;

	if (!conditions_read(cli->options.args, cli->options.args_n, conditions, &filter, &fault)) {
		cli_say(cli, "reports: %s", fault.text);
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	code = cli->options.not_counted ? uncounted_run(cli, store, &filter) : list_print(cli, store, &filter, NULL);
	store_close(store);
	return code;
}
