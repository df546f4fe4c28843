#include "cli/cli.h"
#include "cli/intake.h"
#include "cli/keys.h"
#include "cli/kept.h"
#include "report/style.h"

#include <stdlib.h>

struct reprocessing {
	struct cli *cli;
	struct store *store;
	struct crew *crew;
	struct keys *keys;
	unsigned flags;
	struct fault fault;
	uint64_t mails, reports, failures, refused;
};

/* The old understanding is replaced only by one that could be made; what is kept stays as it is. */
static bool reprocess_store(struct reprocessing *r, const struct kept_mail *kept, struct feedback *feedback)
{
	char name[4096];
	struct mail mail = { .name = name, .fd = -1, .length = kept->octets };
	struct store_result result = { 0 };

	snprintf(name, sizeof name, "%.*s", (int)(kept->name.n < 4000 ? kept->name.n : 4000), kept->name.p);
	memcpy(mail.sha256, kept->sha256, sizeof mail.sha256);
	if (!store_mail_forget(r->store, kept->mail_id, &r->fault) ||
		!store_mail_begin(r->store, &mail, kept->arrived, &r->fault))
		return false;
	if (!feedback_replay(feedback, REPLAY_ALL & ~REPLAY_OCTETS, store_take, r->store, &r->fault)) {
		if (r->fault.kind == FAULT_NONE)
			r->fault = *store_fault(r->store);
		return false;
	}
	if (!store_mail_end(r->store, &result, &r->fault))
		return false;
	r->mails++;
	r->reports += result.reports;
	r->failures += result.failures;
	return !store_commit_due(r->store, 0) || store_commit(r->store, &r->fault);
}

/* Its reader failed, which says nothing of the mail. */
static void reprocess_refuse(struct reprocessing *r, const struct kept_mail *kept)
{
	r->refused++;
	cli_say(r->cli, "%.*s: could not be read again; what was known of it stays",
		(int)(kept->name.n < 1000 ? kept->name.n : 1000), kept->name.p);
}

static bool reprocess_take(void *arg, const struct kept_mail *kept)
{
	struct reprocessing *r = arg;
	struct parse_range *ranges = calloc(PARSE_RANGES, sizeof *ranges);
	struct parse_input input;
	struct crew_done done = { 0 };
	bool stored = true;

	if (!ranges)
		return fault_set(&r->fault, FAULT_LATER, "out of memory");
	if (kept_input(kept, r->flags, ranges, &input)) {
		stored = crew_give(r->crew, 0, &input, &r->fault) && crew_wait(r->crew, &done, &r->fault);
		if (stored && done.feedback && !done.refused)
			stored = reprocess_store(r, kept, done.feedback);
		else if (stored)
			reprocess_refuse(r, kept);
	}
	feedback_free(done.feedback);
	free(ranges);
	return stored;
}

static bool reprocess_run(struct reprocessing *r)
{
	r->crew = crew_start(r->cli->nursery, &r->cli->config.limits, 1, &r->fault);
	if (!r->crew)
		return false;
	keys_use(r->keys, r->store);
	keys_attach(r->keys, r->crew);
	return store_ask_kept(r->store, reprocess_take, r, &r->fault) && r->fault.kind == FAULT_NONE &&
	       keys_learn(r->keys, &r->fault) && store_commit(r->store, &r->fault);
}

int command_reprocess(struct cli *cli)
{
	struct reprocessing r = { .cli = cli, .flags = PARSE_VERIFY | (cli->config.granularity ? PARSE_GRANULARITY : 0) };
	bool done;
	int code;

	if (cli->options.args_n) {
		cli_say(cli, "reprocess: takes no argument");
		return EXIT_USAGE;
	}
	r.keys = keys_start(cli, &r.fault);
	if (!r.keys)
		return cli_fail(cli, &r.fault);
	r.store = cli_store(cli, STORE_WRITE, &code);
	done = r.store && store_limit(r.store, &cli->config.store_limits, &r.fault) && reprocess_run(&r);
	crew_free(r.crew);
	store_close(r.store);
	keys_free(r.keys);
	if (!r.store)
		return code;
	if (!done)
		return cli_fail(cli, &r.fault);
	if (!cli->options.quiet)
		printf("%s read again: %s, %s\n", counted_text(r.mails, "mail", "mails").p,
			counted_text(r.reports, "report", "reports").p,
			counted_text(r.failures, "failure report", "failure reports").p);
	return r.refused ? EXIT_LATER : EXIT_DONE;
}
