#include "cli/domains.h"
#include "cli/readiness.h"
#include "cli/window.h"
#include "parse/dns/orgdomain.h"
#include "report/overview.h"
#include "report/readiness_text.h"
#include "report/summary.h"

#define WEEKS_MOST_SHOWN 53

/* ---- the figures */

static bool figures_open(const struct cli *cli, struct summary_writer *writer, const struct summary_head *head)
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

static bool figures_ask(
	struct store *store, const struct summary_head *head, struct summary_writer *writer, struct fault *fault)
{
	if (!store_ask_domains(store, &head->window, writer->domain, writer->self, fault))
		return false;
	if (!head->domain || !writer->found(writer->self))
		return true;
	return store_ask_sources(store, head->domain, &head->window, writer->source, writer->self, fault) &&
	       store_ask_reporters(store, head->domain, &head->window, writer->reporter, writer->self, fault);
}

static int figures_print(struct cli *cli, struct store *store, const struct summary_head *head)
{
	struct summary_writer writer;
	struct fault fault = { 0 };
	bool asked = true;

	if (!figures_open(cli, &writer, head))
		return cli_unwritten(cli);
	if (store)
		asked = figures_ask(store, head, &writer, &fault);
	if (!writer.close(writer.self) && asked)
		return cli_unwritten(cli);
	return asked ? EXIT_DONE : fault.kind == FAULT_NONE ? cli_unwritten(cli) : cli_fail(cli, &fault);
}

/* ---- the verdict */

static int page_print(struct readiness *r, struct span domain, unsigned weeks, struct fault *fault)
{
	const struct cli *cli = r->cli;
	struct readiness_page page = { .all = cli->options.verbose, .weeks = weeks };

	if (!readiness_assess(r, domain, TARGET_AUTO, fault))
		return cli_refuse(cli, fault);
	return readiness_text(stdout, &cli->out, &(struct assessment){ &r->rows, &r->options, &r->verdict }, &page)
		       ? EXIT_DONE
		       : cli_unwritten(cli);
}

static int overview_print(struct readiness *r, const struct domain_list *list, struct fault *fault)
{
	struct overview overview = OVERVIEW;
	int code = EXIT_DONE;

	for (size_t i = 0; code == EXIT_DONE && i < list->n; i++) {
		if (!readiness_assess(r, list->names[i], TARGET_AUTO, fault)) {
			if (fault->kind == FAULT_INPUT)
				overview.left_out++;
			else
				code = cli_fail(r->cli, fault);
		} else if (!overview_add(&overview, &(struct assessment){ &r->rows, &r->options, &r->verdict })) {
			code = cli_unwritten(r->cli);
		}
	}
	overview_sort(&overview);
	if (code == EXIT_DONE && !overview_text(stdout, &r->cli->out, &overview))
		code = cli_unwritten(r->cli);
	overview_release(&overview);
	return code;
}

/* A lone domain is shown whole: a list of one says nothing. */
static int verdict_print(struct cli *cli, struct store *store, unsigned weeks)
{
	const char *domain = cli->options.args_n ? cli->options.args[0] : NULL;
	struct domain_list list = DOMAIN_LIST;
	struct fault fault = { 0 };
	struct readiness r;
	int code;

	if (!readiness_open(&r, cli, store, &fault))
		return cli_fail(cli, &fault);
	if (domain)
		code = page_print(&r, span_of(domain), weeks, &fault);
	else if (!domains_ask(cli, store, &list, &fault))
		code = cli_fail(cli, &fault);
	else if (list.n == 1 && !cli->options.all)
		code = page_print(&r, list.names[0], weeks, &fault);
	else
		code = overview_print(&r, &list, &fault);
	if (!domain && code == EXIT_DONE)
		domains_say_none(cli, &list);
	domains_release(&list);
	readiness_close(&r);
	return code;
}

/* ---- which of them */

/* Nothing stored at all: first steps instead of an empty table, for people only. */
static bool summary_is_empty(struct cli *cli, struct store *store)
{
	bool empty;

	if (cli->options.format != FORMAT_TEXT)
		return false;
	return !store || (store_ask_empty(store, &empty, NULL) && empty);
}

static bool asks_figures(const struct options *options)
{
	return options->counts || options->format != FORMAT_TEXT || options->days || options->since || options->until;
}

static bool summary_is_right(const struct cli *cli, struct window *window, unsigned *weeks, struct fault *fault)
{
	const struct options *options = &cli->options;
	unsigned long long n = 0;

	if (options->args_n > 1)
		return fault_set(fault, FAULT_SETUP, "one domain at a time");
	if (options->all && options->args_n)
		return fault_set(fault, FAULT_SETUP, "say a domain, or --all");
	if (options->weeks && asks_figures(options))
		return fault_set(fault, FAULT_SETUP, "--weeks goes with the verdict, not with figures");
	if (options->weeks && (!span_number(span_of(options->weeks), WEEKS_MOST_SHOWN, &n) || n == 0))
		return fault_set(fault, FAULT_SETUP, "--weeks %.40s: is no number of weeks up to %d", options->weeks,
			WEEKS_MOST_SHOWN);
	*weeks = (unsigned)n;
	return window_read(cli, window, fault);
}

int command_summary(struct cli *cli)
{
	const char *named = cli->options.args_n ? cli->options.args[0] : NULL;
	char name[DOMAINNAME_TEXT];
	struct summary_head head = { .domain = named && domain_alabels(span_of(named), name) ? name : named };
	struct fault fault = { 0 };
	struct store *store;
	unsigned weeks = 0;
	int code;

	if (!summary_is_right(cli, &head.window, &weeks, &fault)) {
		cli_say(cli, "summary: %s", fault.text);
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (summary_is_empty(cli, store))
		code = summary_first_steps(stdout, &cli->out, cli->config.db) ? EXIT_DONE : cli_unwritten(cli);
	else if (asks_figures(&cli->options))
		code = figures_print(cli, store, &head);
	else
		code = verdict_print(cli, store, weeks);
	store_close(store);
	return code;
}
