#include "cli/domains.h"
#include "cli/readiness.h"
#include "parse/dns/orgdomain.h"
#include "report/explain.h"
#include "report/samples.h"

#define DOMAINS_NAMED 5

/* ---- a sample */

static bool page_print(const struct cli *cli, const struct sample_page *page)
{
	return cli->options.format == FORMAT_JSON ? sample_page_json(stdout, page)
						  : sample_page_text(stdout, &cli->out, page);
}

static int done(const struct cli *cli, bool printed)
{
	return printed ? EXIT_DONE : cli_unwritten(cli);
}

/* What else came from where the sample came from: by the reports about the domain, else about the one above it. */
static bool way_print(struct cli *cli, struct store *store, const struct sample_row *row, struct fault *fault)
{
	const struct span domains[] = { row->domain, orgdomain_of(row->domain) };
	char name[DOMAINNAME_TEXT];
	bool some = false, good = true;
	struct readiness r;

	if (!row->has_address || !domain_alabels(row->domain, name))
		return true;
	if (!readiness_open(&r, cli, store, fault))
		return false;
	for (size_t i = 0; good && !some && i < 2 && domains[i].n; i++)
		good = readiness_assess(&r, domains[i], TARGET_AUTO, fault) &&
		       explain_way(stdout, &cli->out, &(struct assessment){ &r.rows, &r.options, &r.verdict }, &row->address,
			       span_of(name), &some);
	readiness_close(&r);
	return good;
}

static int sample_explain(struct cli *cli, struct store *store, const char *id)
{
	struct sample_page page = SAMPLE_PAGE(cli->options.show_addresses);
	struct fault fault = { 0 };
	bool asked = store_ask_sample(store, id, sample_page_row, sample_page_fact, &page, &fault);
	int code;

	if (!asked && fault.kind != FAULT_NONE)
		code = cli_fail(cli, &fault);
	else
		code = done(cli, asked && page.row && page.failure && page_print(cli, &page));
	if (code == EXIT_DONE && cli->options.format == FORMAT_TEXT &&
		!(way_print(cli, store, page.row, &fault) && sample_page_note(stdout, &page)))
		code = fault.kind == FAULT_NONE ? cli_unwritten(cli) : cli_fail(cli, &fault);
	sample_page_release(&page);
	return code;
}

/* ---- what stands on a verdict */

static bool is_gate(struct span id, unsigned *number)
{
	unsigned long long n;

	if (id.n < 2 || (id.p[0] != 'G' && id.p[0] != 'g') ||
		!span_number((struct span){ id.p + 1, id.n - 1 }, GATES, &n))
		return false;
	*number = (unsigned)n;
	return n > 0;
}

static bool is_report(struct span id)
{
	return span_starts_nocase(id, SPAN("report:"));
}

static int sources_explain(const struct cli *cli, const struct assessment *a, struct span id)
{
	uint32_t sources[EXPLAIN_SOURCES];
	struct span header_from;
	size_t n = explain_find_sources(a, id, sources, &header_from);
	bool printed = true;

	if (!n) {
		cli_say(cli, "explain: %.*s: no sender, gate, item of evidence, report or sample of %.253s",
			(int)(id.n < 200 ? id.n : 200), id.p, a->options->domain.name.p);
		return EXIT_SOME_BROKEN;
	}
	if (cli->options.format == FORMAT_JSON)
		return done(cli, explain_sources_json(stdout, a, sources, n, header_from));
	for (size_t i = 0; printed && i < n; i++) {
		fputs(i ? "\n" : "", stdout);
		printed = explain_source(stdout, &cli->out, a, sources[i], header_from, cli->options.verbose);
	}
	return done(cli, printed);
}

static int reports_explain(const struct cli *cli, const struct assessment *a, struct span id)
{
	uint32_t reports[EXPLAIN_REPORTS];
	size_t n = explain_find_reports(a, id, reports);
	bool printed = true;

	if (!n) {
		cli_say(cli, "explain: report:%.*s: no such report about %.253s within 400 days; dmarcgate reports lists them",
			(int)(id.n < 200 ? id.n : 200), id.p, a->options->domain.name.p);
		return EXIT_SOME_BROKEN;
	}
	if (cli->options.format == FORMAT_JSON)
		return done(cli, explain_reports_json(stdout, a, reports, n));
	for (size_t i = 0; printed && i < n; i++) {
		fputs(i ? "\n" : "", stdout);
		printed = explain_report(stdout, &cli->out, a, reports[i]);
	}
	return done(cli, printed);
}

static int gate_explain(const struct cli *cli, const struct assessment *a, unsigned gate)
{
	return done(cli, cli->options.format == FORMAT_JSON ? explain_gate_json(stdout, a, gate)
						       : explain_gate(stdout, &cli->out, a, gate));
}

static int evidence_explain(const struct cli *cli, const struct assessment *a, enum evidence_id item)
{
	return done(cli, cli->options.format == FORMAT_JSON ? explain_evidence_json(stdout, a, item)
						       : explain_evidence(stdout, &cli->out, a, item));
}

static int assessed_explain(const struct cli *cli, const struct assessment *a, struct span id)
{
	enum evidence_id item;
	unsigned gate;

	if (is_gate(id, &gate))
		return gate_explain(cli, a, gate);
	if (evidence_find(id, &item))
		return evidence_explain(cli, a, item);
	if (is_report(id))
		return reports_explain(cli, a, (struct span){ id.p + 7, id.n - 7 });
	return sources_explain(cli, a, id);
}

struct told {
	struct domain_list *list;
	struct span names[DOMAINS_NAMED + 1];
};

static bool domain_told(void *arg, const struct stored_report *row)
{
	struct told *told = arg;

	if (row->broken)
		return false;
	for (size_t i = 0; i < told->list->n; i++)
		if (span_is_nocase(told->names[i], row->domain))
			return true;
	told->names[told->list->n++] = arena_copy(&told->list->arena, row->domain);
	return told->list->n <= DOMAINS_NAMED;
}

/* A report tells its domain itself; reporters may give several the same id. */
static bool report_domains(struct store *store, const char *id, struct domain_list *list, struct fault *fault)
{
	struct condition condition = { .what = CONDITION_REPORT, .text = id };
	struct told told = { .list = list };

	if (store && !store_ask_reports(store, &(struct report_filter){ &condition, 1 }, domain_told, &told, fault))
		return false;
	if (store && !list->n)
		return fault_set(fault, FAULT_INPUT, "explain: report:%.200s: no such report; dmarcgate reports lists them", id);
	list->names = arena_take(&list->arena, (DOMAINS_NAMED + 1) * sizeof *list->names);
	if (!list->names || list->arena.failed)
		return fault_set(fault, FAULT_LATER, "out of memory");
	memcpy(list->names, told.names, list->n * sizeof *list->names);
	return true;
}

/* Of which domain? The one that is named, the one that a report is about, or the only one there is. */
static bool domain_choose(struct cli *cli, struct store *store, const char *id, struct domain_list *list,
	struct span *domain, struct fault *fault)
{
	struct buf names = BUF(4096);

	if (cli->options.domain) {
		*domain = span_of(cli->options.domain);
		return true;
	}
	if (!(is_report(span_of(id)) ? report_domains(store, id + 7, list, fault) : domains_ask(cli, store, list, fault)))
		return false;
	if (list->n == 1) {
		*domain = list->names[0];
		return true;
	}
	for (size_t i = 0; i < list->n && i < DOMAINS_NAMED; i++)
		buf_printf(&names, "%s%.*s", i ? ", " : "", (int)(list->names[i].n < 100 ? list->names[i].n : 100),
			list->names[i].p);
	if (list->n == 0 && !store)
		fault_set(fault, FAULT_INPUT, "explain: nothing is stored yet");
	else if (list->n == 0)
		fault_set(fault, FAULT_INPUT, "explain: no report about a domain in the last %d days; --domain names one",
			DOMAINS_DAYS);
	else
		fault_set(fault, FAULT_INPUT, "explain: of which domain? --domain %s%s", buf_text(&names),
			list->n > DOMAINS_NAMED ? ", ..." : "");
	buf_release(&names);
	return false;
}

static int verdict_explain(struct cli *cli, struct store *store, const char *id)
{
	struct domain_list list = DOMAIN_LIST;
	struct fault fault = { 0 };
	struct span domain;
	struct readiness r;
	enum evidence_id item;
	int code;

	if (!domain_choose(cli, store, id, &list, &domain, &fault)) {
		if (fault.kind == FAULT_INPUT && evidence_find(span_of(id), &item))
			code = evidence_explain(cli, NULL, item);
		else
			code = (list.n ? cli_refuse : cli_fail)(cli, &fault);
		domains_release(&list);
		return code;
	}
	if (!readiness_open(&r, cli, store, &fault)) {
		domains_release(&list);
		return cli_fail(cli, &fault);
	}
	if (!readiness_assess(&r, domain, TARGET_AUTO, &fault))
		code = cli_fail(cli, &fault);
	else
		code = assessed_explain(cli, &(struct assessment){ &r.rows, &r.options, &r.verdict }, span_of(id));
	readiness_close(&r);
	domains_release(&list);
	return code;
}

int command_explain(struct cli *cli)
{
	const char *id = cli->options.args_n == 1 ? cli->options.args[0] : "";
	bool sample = span_starts_nocase(span_of(id), SPAN("sample:"));
	struct store *store;
	int code;

	if (!*id) {
		cli_say(cli, "explain: name one thing: a sender, G6, E21, sample:3f9c21, report:ID");
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (sample && !store) {
		cli_say(cli, "explain: nothing is stored yet");
		code = EXIT_SOME_BROKEN;
	} else {
		code = sample ? sample_explain(cli, store, id) : verdict_explain(cli, store, id);
	}
	store_close(store);
	return code;
}
