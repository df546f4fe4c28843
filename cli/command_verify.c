#include "cli/cli.h"
#include "cli/intake.h"
#include "cli/keys.h"
#include "report/verdict_json.h"
#include "report/verdict_text.h"
#include "report/verdict_words.h"

/* `dmarcgate verify`: 0 an aligned signature passes, 1 none does, 2 it cannot be decided for now. */
static const int codes[VERDICT_ANSWER_COUNT] = { 0, 1, 2 };

struct verifying {
	struct cli *cli;
	struct json json;
	int code;   /* of a fault */
	int answer; /* the worst of all mails */
	uint64_t shown;
};

struct naming {
	struct verifying *verifying;
	const char *name;
	bool seen;
	char broken[512];
};

static bool fact_take(void *arg, const struct fact *fact)
{
	struct naming *naming = arg;
	struct verifying *v = naming->verifying;
	int code;

	if (fact->kind == FACT_PROBLEM && !naming->broken[0])
		snprintf(naming->broken, sizeof naming->broken, "%.*s", (int)(fact->problem.what.n < 400 ? fact->problem.what.n : 400),
			fact->problem.what.p ? fact->problem.what.p : "");
	if (fact->kind != FACT_VERIFICATION)
		return true;
	naming->seen = true;
	code = codes[verdicts_answer(fact->verification.verdicts)];
	v->answer = code > v->answer ? code : v->answer;
	if (v->cli->options.format == FORMAT_JSON) {
		verdict_json(&v->json, span_of(naming->name), &fact->verification);
		json_newline(&v->json);
		return !v->json.failed;
	}
	if (v->shown++)
		putchar('\n');
	return verdict_text(stdout, &v->cli->out, span_of(naming->name), &fact->verification);
}

static bool verify_take(void *arg, const struct intake_item *item)
{
	struct verifying *v = arg;
	struct naming naming = { .verifying = v, .name = item->mail.name ? item->mail.name : "" };
	struct fault fault = item->fault;

	if (item->feedback) {
		bool good = feedback_replay(item->feedback, REPLAY_VERIFICATIONS | REPLAY_PROBLEMS, fact_take, &naming, &fault);

		if (naming.seen || !good)
			return good && !ferror(stdout);
		snprintf(fault.text, sizeof fault.text, "%.200s: %.280s", naming.name, naming.broken);
	}
	v->answer = v->answer > codes[VERDICT_NONE] ? v->answer : codes[VERDICT_NONE];
	if (fault.kind == FAULT_SETUP || fault.kind == FAULT_LATER)
		v->code = fault.kind == FAULT_SETUP ? EXIT_SETUP : EXIT_LATER;
	cli_say(v->cli, "%s", fault.text);
	return true;
}

static bool plan_make(const struct cli *cli, struct intake_plan *plan, struct fault *fault)
{
	const struct options *options = &cli->options;

	plan->kind = RANGE_MESSAGE;
	plan->flags = options->explain ? PARSE_EXPLAIN : 0;
	if (options->keys || options->dns_file)
		plan->flags |= PARSE_ALL_NAMES;
	if (cli->config.granularity)
		plan->flags |= PARSE_GRANULARITY;
	if (!options->at)
		return true;
	plan->flags |= PARSE_AT;
	return moment_parse(span_of(options->at), &plan->at) ||
	       fault_set(fault, FAULT_SETUP, "--at %.60s: is no time; write 2026-01-31T12:00:00Z", options->at);
}

static int verify_run(struct cli *cli, struct intake_plan *plan)
{
	struct verifying verifying = { .cli = cli };
	struct fault fault = { 0 };
	struct store *archive;
	char state[KEYS_TEXT];
	int code;

	plan->ordered = true;
	plan->take = verify_take;
	plan->arg = &verifying;
	archive = cli->options.keys || cli->options.dns_file ? NULL : cli_store(cli, STORE_READ, &code);
	keys_use(plan->keys, archive);
	json_begin(&verifying.json, stdout);
	if (!intake_run(cli, plan, &fault) && fault.kind != FAULT_NONE)
		verifying.code = cli_fail(cli, &fault);
	if (!json_done(&verifying.json) && !verifying.code)
		verifying.code = EXIT_LATER;
	if (!cli->options.quiet && *keys_describe(plan->keys, state))
		cli_say(cli, "%s", state);
	store_close(archive);
	return verifying.code ? verifying.code : verifying.answer;
}

int command_verify(struct cli *cli)
{
	struct intake_plan plan = { 0 };
	struct fault fault = { 0 };
	int code;

	if (cli->options.args_n == 0 || !plan_make(cli, &plan, &fault)) {
		cli_say(cli, "verify: %s", fault.kind ? fault.text : "name a mail, or - for standard input");
		return EXIT_USAGE;
	}
	plan.keys = keys_start(cli, &fault);
	if (!plan.keys)
		return cli_fail(cli, &fault);
	code = verify_run(cli, &plan);
	keys_free(plan.keys);
	return code;
}
