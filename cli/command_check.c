#include "cli/readiness.h"
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

static bool check_print(const struct cli *cli, const struct assessment *a, int code, bool first)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return check_json(stdout, a, cli->now, code);
	case FORMAT_CSV:
		return (!first || check_csv_head(stdout)) && check_csv(stdout, a);
	case FORMAT_TEXT:
		break;
	}
	if (cli->options.quiet)
		return check_line(stdout, a);
	if (!first)
		putchar('\n');
	return check_text(stdout, &cli->out, a);
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
		int code;

		if (!readiness_assess(r, span_of(cli->options.args[i]), target, &fault))
			return check_fail(cli, &fault);
		code = code_of(cli, &r->verdict);
		if (!check_print(cli, &a, code, i == 0))
			return EXIT_LATER;
		worst = code_worse(worst, code);
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
