#include "cli/readiness.h"
#include "parse/dns/orgdomain.h"
#include "report/check.h"

#define FAULT_CODES_FROM 64 /* smaller codes are verdicts */

/* The worst of several domains: not ready, not enough data, ready with exceptions, ready. */
static int code_worse(int a, int b)
{
	static const int rank[VERDICT_COUNT] = { [VERDICT_READY] = 0,
		[VERDICT_READY_WITH_EXCEPTIONS] = 1,
		[VERDICT_NOT_ENOUGH_DATA] = 2,
		[VERDICT_NOT_READY] = 3 };

	return rank[b] > rank[a] ? b : a;
}

static int code_of(const struct cli *cli, const struct verdict *v)
{
	for (size_t i = 0; cli->options.fail_on_alert && i < v->alerts_n; i++)
		if (v->alerts[i].level == LEVEL_CRITICAL)
			return verdict_exit(VERDICT_NOT_READY);
	return verdict_exit(v->decision.word);
}

static bool check_print(const struct cli *cli, const struct assessment *a, const struct changes *changes, int code, bool first)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return check_json(stdout, a, changes, cli->now, code);
	case FORMAT_CSV:
		return (!first || check_csv_head(stdout)) && check_csv(stdout, a);
	case FORMAT_TEXT:
		break;
	}
	if (cli->options.quiet)
		return check_line(stdout, a);
	if (!first)
		putchar('\n');
	return check_text(stdout, &cli->out, a) &&
	       (!cli->options.diff || changes_text(stdout, &cli->out, a, changes));
}

/* What an earlier run found, and that this one found the same today already. */
struct remembered {
	struct stored_verdict now, before, today;
	struct changes changes;
	bool any, same;
};

static bool remember(const struct readiness *r, const struct assessment *a, enum target asked, struct arena *arena,
	struct remembered *m, struct fault *fault)
{
	char domain[DOMAINNAME_TEXT];
	bool found;

	*m = (struct remembered){ .any = false };
	if (!verdict_store(a, asked, arena, &m->now))
		return fault_set(fault, FAULT_LATER, "out of memory");
	snprintf(domain, sizeof domain, "%.*s", (int)m->now.domain.n, m->now.domain.p);
	if (!r->store)
		return true;
	if (!store_ask_verdict(r->store, domain, (int)asked, m->now.day, arena, &m->before, &m->any, fault) ||
		!store_ask_verdict(r->store, domain, (int)asked, m->now.day + 1, arena, &m->today, &found, fault))
		return false;
	m->same = found && stored_verdict_equal(&m->now, &m->today);
	return !m->any || changes_find(&m->before, &m->now, arena, &m->changes) ||
	       fault_set(fault, FAULT_LATER, "out of memory");
}

/* Whoever may only read, or comes while an ingest is writing, gets his answer all the same. */
static void verdict_keep(const struct cli *cli, const struct stored_verdict *verdict)
{
	struct store *store = store_open(cli->config.db, STORE_WRITE, 0, NULL);

	if (store && store_put_verdict(store, verdict, NULL))
		store_commit(store, NULL);
	store_close(store);
}

/* A fault never ends like a verdict. */
static int check_fail(const struct cli *cli, const struct fault *fault)
{
	int code = cli_fail(cli, fault);

	return code < FAULT_CODES_FROM ? EXIT_USAGE : code;
}

static int check_domains(struct cli *cli, struct readiness *r, enum target target)
{
	struct fault fault = { 0 };
	int worst = verdict_exit(VERDICT_READY);

	for (int i = 0; i < cli->options.args_n; i++) {
		struct assessment a = { &r->rows, &r->options, &r->verdict };
		struct remembered m;
		int code;

		if (!readiness_assess(r, span_of(cli->options.args[i]), target, &fault) ||
			!remember(r, &a, target, &r->arena, &m, &fault))
			return check_fail(cli, &fault);
		code = code_of(cli, &r->verdict);
		if (!check_print(cli, &a, cli->options.diff && m.any ? &m.changes : NULL, code, i == 0))
			return cli_unwritten(cli);
		worst = code_worse(worst, code);
		if (r->store && !m.same)
			verdict_keep(cli, &m.now);
	}
	return worst;
}

int command_check(struct cli *cli)
{
	enum target target = TARGET_AUTO;
	struct fault fault = { 0 };
	struct readiness readiness;
	struct store *store;
	int code;

	if (cli->options.args_n == 0) {
		cli_say(cli, "check: name a domain");
		return EXIT_USAGE;
	}
	if (!readiness_target(cli, &target, &fault)) {
		cli_say(cli, "check: %s", fault.text);
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (readiness_open(&readiness, cli, store, &fault)) {
		code = check_domains(cli, &readiness, target);
		readiness_close(&readiness);
	} else {
		code = check_fail(cli, &fault);
	}
	store_close(store);
	return code;
}
