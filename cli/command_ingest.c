#include "base/shortage.h"
#include "base/steady.h"
#include "cli/cli.h"
#include "cli/enrich.h"
#include "cli/ingest.h"
#include "cli/intake.h"
#include "cli/keys.h"
#include "cli/later.h"
#include "cli/metrics.h"
#include "cli/poll.h"
#include "cli/watch.h"
#include "ingest/source.h"
#include "report/ingested.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define FLOODERS 20

struct ingesting {
	struct cli *cli;
	struct store *store;
	struct keys *keys;
	const struct ingest_job *job;
	struct polling *polling; /* of the job */
	struct ingested_writer writer;
	struct ingested totals, totals_kept; /* kept: as of the last commit */
	struct fault fault;      /* of the store: ends the run */
	char reason[512];        /* of the mail in hand, when it is broken */
	int64_t started, committed; /* as steady_ms */
	int64_t shown;
	char flooders[FLOODERS][SENDER_TEXT]; /* senders whose mail is left, as far as they were named */
	size_t flooders_n;
	bool dry; /* change nothing; the store is only read, and may not be there */
	int code;
};

static void say_input(const struct ingesting *ingesting, const struct mail *mail, const char *what)
{
	if (ingesting->cli->options.verbose)
		cli_say(ingesting->cli, "%s: %s", mail->name, what);
}

static void say_broken(struct ingesting *ingesting, const char *name, const char *reason)
{
	if (ingesting->cli->progress)
		progress_clear(stderr);
	ingesting->writer.broken(ingesting->writer.self, span_of(name), span_of(reason));
}

static bool ingest_remembers(void *arg, const struct mail *mail)
{
	const struct ingesting *ingesting = arg;

	return store_knows_file(ingesting->store, mail);
}

/* An input that is stored already is not read again: by its name, size and times, else by its octets. Before the first
 * ingest there is nothing to know (--dry-run). */
static int ingest_wanted(void *arg, struct intake_item *item, struct fault *fault)
{
	struct ingesting *ingesting = arg;

	if (ingesting->store && item->mail.standing == MAIL_UNASKED && store_knows_file(ingesting->store, &item->mail))
		item->mail.standing = MAIL_REMEMBERED;
	if (item->mail.standing == MAIL_REMEMBERED)
		return 0;
	if (!mail_hash(&item->mail)) {
		fault_set(fault, FAULT_INPUT, "changed while it was read");
		return -1;
	}
	return !ingesting->store || !store_knows_mail(ingesting->store, item->mail.sha256);
}

/* Where two problems tell why a mail is broken, the first one is meant. */
static bool reason_take(void *arg, const struct fact *fact)
{
	struct ingesting *ingesting = arg;
	struct span where = fact->problem.where, what = fact->problem.what;

	if (fact->kind != FACT_PROBLEM || ingesting->reason[0])
		return true;
	snprintf(ingesting->reason, sizeof ingesting->reason, "%.*s%s%.*s", (int)(where.n < 200 ? where.n : 200),
		where.p ? where.p : "", where.n ? ": " : "", (int)(what.n < 280 ? what.n : 280), what.p ? what.p : "");
	return true;
}

static const char *result_word_of(const struct store_result *result)
{
	if (result->outcome != OUTCOME_REPORT)
		return outcome_word(result->outcome);
	return result->reports + result->failures == result->duplicates ? "duplicate" : "new";
}

static void count_result(struct ingesting *ingesting, const struct intake_item *item,
	const struct store_result *result, struct ingested *counts)
{
	counts->reports = result->reports - result->duplicates;
	counts->failures = result->failures;
	counts->records = result->records;
	counts->conflicts = result->conflicts;
	switch (result->outcome) {
	case OUTCOME_REPORT:
		if (result->reports + result->failures > result->duplicates)
			counts->added = 1;
		else
			counts->duplicate = 1;
		break;
	case OUTCOME_TLS_REPORT:
		counts->tls_report = 1;
		break;
	case OUTCOME_NOT_A_REPORT:
		counts->not_a_report = 1;
		break;
	default:
		counts->broken = 1;
		ingesting->reason[0] = '\0';
		feedback_replay(item->feedback, REPLAY_PROBLEMS, reason_take, ingesting, NULL);
		say_broken(ingesting, item->mail.name, ingesting->reason[0] ? ingesting->reason : "no reason given");
	}
	say_input(ingesting, &item->mail, result_word_of(result));
}

static enum place_state place_state_of(enum outcome outcome)
{
	return outcome == OUTCOME_BROKEN       ? PLACE_BROKEN
	       : outcome == OUTCOME_NOT_A_REPORT ? PLACE_NOT_REPORT
						 : PLACE_REPORT;
}

/* Where a mail came from is remembered together with what it says. */
static bool ingest_note(struct ingesting *ingesting, const struct intake_item *item, enum place_state state)
{
	if (state != PLACE_LEFT && !ingesting->dry && item->mail.standing != MAIL_REMEMBERED &&
		!store_remember_file(ingesting->store, &item->mail, &ingesting->fault))
		return false;
	return !item->box || polling_stored(ingesting->polling, item, state, &ingesting->fault);
}

static bool ingest_known(struct ingesting *ingesting, const struct intake_item *item, struct ingested *counts)
{
	enum outcome outcome = OUTCOME_REPORT;

	counts->duplicate = 1;
	say_input(ingesting, &item->mail, "stored already");
	if (item->mail.standing != MAIL_REMEMBERED)
		store_knows_outcome(ingesting->store, item->mail.sha256, &outcome);
	return ingest_note(ingesting, item, place_state_of(outcome));
}

/* Who writes too much waits for tomorrow, when his mail is met again. Each sender is named once, as far as the list
 * goes. */
static bool ingest_refuse_flood(
	struct ingesting *ingesting, const struct intake_item *item, const char *sender, struct ingested *counts)
{
	size_t at = 0;

	counts->seen = 0;
	ingesting->code = EXIT_LATER;
	while (at < ingesting->flooders_n && strcmp(ingesting->flooders[at], sender) != 0)
		at++;
	if (at == ingesting->flooders_n && at < FLOODERS) {
		snprintf(ingesting->flooders[ingesting->flooders_n++], SENDER_TEXT, "%s", sender);
		cli_say(ingesting->cli,
			"%s: more than %" PRIu64
			" reports in a day ([store] sender_reports); the rest is left where it is",
			*sender == ' ' ? "senders without a domain" : sender,
			ingesting->cli->config.store_limits.sender_reports);
	}
	return ingest_note(ingesting, item, PLACE_LEFT);
}

/* One mail, whole or not at all. */
static bool ingest_store(struct ingesting *ingesting, const struct intake_item *item, struct ingested *counts)
{
	struct store *store = ingesting->store;
	struct store_result result = { 0 };
	struct fault *fault = &ingesting->fault;

	if (!store_mail_begin(store, &item->mail, ingesting->cli->now, fault))
		return false;
	if (store_mail_is_known(store)) { /* a copy that was read at the same time came first */
		store_mail_abort(store);
		return ingest_known(ingesting, item, counts);
	}
	if (!feedback_replay(item->feedback, REPLAY_ALL, store_take, store, fault)) {
		if (fault->kind == FAULT_NONE)
			*fault = *store_fault(store);
		store_mail_abort(store);
		return false;
	}
	if (!store_mail_end(store, &result, fault))
		return false;
	if (result.refused)
		return ingest_refuse_flood(ingesting, item, result.sender, counts);
	count_result(ingesting, item, &result, counts);
	return ingest_note(ingesting, item, place_state_of(result.outcome));
}

/* What could not be had or read. A mail that its server announced and did not send is left for the next run, and so is one
 * that this machine could not read for now. */
static bool ingest_refused(struct ingesting *ingesting, const struct intake_item *item, struct ingested *counts)
{
	const struct fault *fault = &item->fault;

	if (item->box && fault->kind == FAULT_LATER) {
		cli_say(ingesting->cli, "%s", fault->text);
		if (item->mail.name)
			ingesting->code = EXIT_LATER;
	} else {
		if (fault->kind == FAULT_SETUP || fault->kind == FAULT_LATER)
			ingesting->code = fault->kind == FAULT_SETUP ? EXIT_SETUP : EXIT_LATER;
		counts->broken = 1;
		say_broken(ingesting, item->mail.name ? item->mail.name : "", fault->text);
	}
	return ingest_note(ingesting, item, PLACE_LEFT);
}

/* --dry-run: a line per mail. */
static void dry_say(const struct ingesting *ingesting, const struct intake_item *item, enum place_state state,
	const char *what)
{
	char plans[128];

	if (ingesting->cli->options.format == FORMAT_JSON)
		return;
	if (ingesting->cli->progress)
		progress_clear(stderr);
	style_print(stdout, &ingesting->cli->out, span_of(item->mail.name));
	printf(": %s; %s\n", what, box_plans(item, state, plans));
}

static bool outcome_take(void *arg, const struct fact *fact)
{
	if (fact->kind == FACT_BEGIN)
		*(enum outcome *)arg = fact->begin.outcome;
	return true;
}

/* What would be stored, as far as one mail tells: another one may hold the same report. */
static bool dry_read(struct ingesting *ingesting, const struct intake_item *item, struct ingested *counts)
{
	struct store_result result = { .outcome = OUTCOME_BROKEN, .reports = 1 };
	enum place_state state;

	feedback_replay(item->feedback, 0, outcome_take, &result.outcome, NULL);
	state = place_state_of(result.outcome);
	count_result(ingesting, item, &result, counts);
	counts->reports = 0;
	dry_say(ingesting, item, state, result.outcome == OUTCOME_REPORT ? "report" : outcome_word(result.outcome));
	return ingest_note(ingesting, item, state);
}

static bool dry_known(struct ingesting *ingesting, const struct intake_item *item, struct ingested *counts)
{
	enum outcome outcome = OUTCOME_REPORT;

	counts->duplicate = 1;
	if (ingesting->store)
		store_knows_outcome(ingesting->store, item->mail.sha256, &outcome);
	dry_say(ingesting, item, place_state_of(outcome), "stored already");
	return ingest_note(ingesting, item, place_state_of(outcome));
}

static void totals_keep(struct ingesting *ingesting)
{
	ingesting->totals_kept = ingesting->totals;
	if (ingesting->polling)
		polling_totals_keep(ingesting->polling);
}

/* A lost batch is none that was stored. The next run counts it. */
static void totals_take_back(struct ingesting *ingesting)
{
	ingesting->totals = ingesting->totals_kept;
	if (ingesting->polling)
		polling_totals_take_back(ingesting->polling);
}

/* After the commit, and only then, servers may be told. A run takes as long as the slowest server wants: others who have
 * something to write are let through. */
static bool ingest_commit(struct ingesting *ingesting, bool now)
{
	int64_t elapsed = steady_ms() - ingesting->committed;

	if (ingesting->dry)
		return !ingesting->polling || polling_settle(ingesting->polling, &ingesting->fault);
	if (!now && !store_commit_due(ingesting->store, elapsed))
		return true;
	ingesting->committed += elapsed;
	if (!keys_learn(ingesting->keys, &ingesting->fault) || !store_commit(ingesting->store, &ingesting->fault))
		return false;
	totals_keep(ingesting);
	return !ingesting->polling || (store_step_back(ingesting->store, &ingesting->fault) &&
					      polling_settle(ingesting->polling, &ingesting->fault));
}

static bool ingest_flush(void *arg)
{
	return ingest_commit(arg, true);
}

void ingest_add(struct ingested *sum, const struct ingested *counts)
{
	sum->seen += counts->seen;
	sum->added += counts->added;
	sum->duplicate += counts->duplicate;
	sum->not_a_report += counts->not_a_report;
	sum->tls_report += counts->tls_report;
	sum->broken += counts->broken;
	sum->conflicts += counts->conflicts;
	sum->reports += counts->reports;
	sum->failures += counts->failures;
	sum->records += counts->records;
}

static bool ingest_take(void *arg, const struct intake_item *item)
{
	struct ingesting *ingesting = arg;
	struct ingested counts = { .seen = 1 };
	bool good;

	if (ingesting->fault.kind != FAULT_NONE)
		return false;
	/* Whatever was heard since then may have holes, answers to a reader included: the next run reads it again. */
	if (shortage())
		return fault_set(&ingesting->fault, FAULT_LATER, "%s", shortage());
	if (item->passed && ingesting->dry)
		good = dry_known(ingesting, item, &counts);
	else if (item->feedback && ingesting->dry)
		good = dry_read(ingesting, item, &counts);
	else if (item->passed)
		good = ingest_known(ingesting, item, &counts);
	else if (item->feedback)
		good = ingest_store(ingesting, item, &counts);
	else
		good = ingest_refused(ingesting, item, &counts);
	ingest_add(&ingesting->totals, &counts);
	if (item->box)
		ingest_add(box_totals(item), &counts);
	return good && ingest_commit(ingesting, false);
}

/* Ten times a second is enough for an eye. */
static void ingest_progress(void *arg, uint64_t done, uint64_t total, uint64_t seen)
{
	struct ingesting *ingesting = arg;
	int64_t now = steady_ms();

	if (!ingesting->cli->progress || now - ingesting->shown < 100)
		return;
	ingesting->shown = now;
	progress_print(stderr, &ingesting->cli->err, done, total, seen);
}

static int ingest_code(const struct ingesting *ingesting)
{
	struct polling_outcome outcome = { 0 };

	if (ingesting->polling)
		outcome = polling_outcome(ingesting->polling);
	if (outcome.failed && !outcome.worked)
		return outcome.setup ? EXIT_SETUP : outcome.broken ? EXIT_INTERNAL : EXIT_LATER;
	if (ingesting->code)
		return ingesting->code;
	return ingesting->totals.broken || outcome.failed ? EXIT_SOME_BROKEN : EXIT_DONE;
}

static bool ingest_has_time(const struct ingesting *ingesting)
{
	return ingesting->job->later && !(ingesting->polling && polling_ends(ingesting->polling));
}

static int ingest_run(struct cli *cli, struct ingesting *ingesting)
{
	/* In order, so that of two copies read at the same time always the same one is the first, and that of a folder's
	 * mails all up to one UID are stored. */
	struct intake_plan plan = { .inlet = ingesting->polling ? polling_inlet(ingesting->polling) : NULL,
		.ordered = true,
		.known = ingesting->store && store_knows_files(ingesting->store) ? ingest_remembers : NULL,
		.wanted = ingest_wanted,
		.take = ingest_take,
		.flush = ingest_flush,
		.progress = ingest_progress,
		.flags = PARSE_VERIFY | (cli->config.granularity ? PARSE_GRANULARITY : 0) |
			 (cli->options.offline ? 0 : PARSE_WAIT),
		.keys = ingesting->keys,
		.arg = ingesting };
	struct fault fault = { 0 };
	bool done = intake_run(cli, &plan, &fault);

	if (cli->progress)
		progress_clear(stderr);
	cli->progress = false;
	if (!done && ingesting->fault.kind == FAULT_NONE)
		ingesting->fault = fault;
	/* What was stored whole before a fault stays; a fault of the store itself has taken its batch back. */
	if (ingesting->fault.kind == FAULT_NONE || ingesting->fault.kind == FAULT_LATER) {
		struct fault first = ingesting->fault;

		if (!ingest_commit(ingesting, true) || first.kind != FAULT_NONE)
			ingesting->fault = first.kind != FAULT_NONE ? first : ingesting->fault;
	}
	if (!ingesting->dry)
		totals_take_back(ingesting);
	if (ingesting->fault.kind == FAULT_NONE && !ingesting->dry && ingest_has_time(ingesting))
		later_run(cli, ingesting->store, ingesting->keys, &ingesting->fault);
	if (ingesting->fault.kind == FAULT_NONE && !ingesting->dry)
		store_commit(ingesting->store, &ingesting->fault);
	return ingesting->fault.kind == FAULT_NONE ? ingest_code(ingesting) : cli_fail(cli, &ingesting->fault);
}

/* Who polls from cron wants to hear of nothing but faults. */
static bool ingest_open(struct cli *cli, struct ingesting *ingesting)
{
	struct ingested_writer *writer = &ingesting->writer;
	bool silent = cli->options.quiet ||
		      (ingesting->polling && !ingesting->dry && !cli->options.verbose && !isatty(STDOUT_FILENO));

	if (cli->options.format == FORMAT_JSON)
		return ingested_json_open(writer, stdout);
	if (ingesting->job->journal)
		return ingested_text_open(writer, cli->options.quiet ? NULL : stderr, &cli->err, stderr, &cli->err);
	return ingested_text_open(writer, silent ? NULL : stdout, &cli->out, stderr, &cli->err);
}

/* The archive is the store's, but the resolver must be born before the database is open. */
static int ingest_open_store(struct cli *cli, struct ingesting *ingesting)
{
	int code;

	ingesting->keys = keys_start(cli, &ingesting->fault);
	if (!ingesting->keys)
		return cli_fail(cli, &ingesting->fault);
	if (ingesting->polling && !ingesting->dry && !polling_lock(ingesting->polling, &ingesting->fault))
		return cli_fail(cli, &ingesting->fault);
	ingesting->store = cli_store(cli, ingesting->dry ? STORE_READ : STORE_WRITE, &code);
	if (ingesting->store && !ingesting->dry &&
		!store_limit(ingesting->store, &cli->config.store_limits, &ingesting->fault))
		return cli_fail(cli, &ingesting->fault);
	keys_use(ingesting->keys, ingesting->store);
	if (ingesting->polling)
		polling_use(ingesting->polling, ingesting->store);
	return ingesting->store ? EXIT_DONE : code;
}

static void ingest_say_keys(const struct ingesting *ingesting)
{
	char state[KEYS_TEXT];

	if (!ingesting->cli->options.quiet && *keys_describe(ingesting->keys, state))
		cli_say(ingesting->cli, "%s", state);
}

struct told {
	struct ingested_writer *writer;
	struct ingested_mailbox mailboxes[MAILBOXES_MOST];
	size_t n;
};

static bool mailbox_tell(void *arg, const struct ingested_mailbox *mailbox)
{
	struct told *told = arg;

	told->mailboxes[told->n++] = *mailbox;
	return told->writer->mailbox(told->writer->self, mailbox);
}

/* Ends the output; the figures for a monitoring system are written whatever happened. */
static int ingest_close(struct ingesting *ingesting, int code)
{
	const struct cli *cli = ingesting->cli;
	struct told told = { .writer = &ingesting->writer };
	struct fault fault = { 0 };
	bool good = !ingesting->polling || polling_report(ingesting->polling, mailbox_tell, &told);

	ingesting->totals.milliseconds = (uint64_t)(steady_ms() - ingesting->started);
	if (ingesting->job->totals) {
		ingest_add(ingesting->job->totals, &ingesting->totals);
		ingesting->job->totals->milliseconds = ingesting->totals.milliseconds;
	}
	good = told.writer->close(told.writer->self, ingesting->job->journal ? NULL : &ingesting->totals) && good;
	if (cli->options.metrics && !ingesting->dry && !ingesting->job->journal &&
		!metrics_file(cli->options.metrics, &ingesting->totals, told.mailboxes, told.n, cli->now, &fault)) {
		int failed = cli_fail(cli, &fault);

		return code == EXIT_DONE ? failed : code;
	}
	return good || code != EXIT_DONE ? code : EXIT_LATER;
}

int ingest_round(struct cli *cli, const struct ingest_job *job, bool *stored)
{
	struct ingesting ingesting = { .cli = cli,
		.job = job,
		.polling = job->polling,
		.started = steady_ms(),
		.dry = cli->options.dry_run };
	int code;

	shortage_forget();
	code = ingest_open_store(cli, &ingesting);

	*stored = false;
	if (code != EXIT_DONE)
		goto out;
	ingesting.committed = ingesting.started;
	cli->progress = !cli->options.quiet && !job->journal && cli->options.format != FORMAT_JSON &&
			isatty(STDERR_FILENO);
	if (!ingest_open(cli, &ingesting)) {
		cli_say(cli, "out of memory");
		code = EXIT_LATER;
		goto out;
	}
	code = ingest_run(cli, &ingesting);
	*stored = ingesting.fault.kind == FAULT_NONE;
	code = ingest_close(&ingesting, code);
	ingest_say_keys(&ingesting);
out:
	if (job->polling)
		polling_use(job->polling, NULL);
	store_close(ingesting.store);
	if (job->polling)
		polling_unlock(job->polling);
	keys_free(ingesting.keys);
	return code;
}

struct polling *ingest_polling(struct cli *cli, const struct polling_plan *plan, struct fault *fault)
{
	size_t all[MAILBOXES_MOST];

	for (size_t i = 0; i < cli->config.mailboxes_n; i++)
		all[i] = i;
	return polling_start(cli, plan, all, cli->config.mailboxes_n, fault);
}

/* What is stored is stored: a name that is missing costs a line, not the run. */
static void enrich_after(struct cli *cli)
{
	struct enriched enriched;
	struct fault fault = { 0 };

	if (!enrich_run(cli, &enriched, &fault))
		cli_say(cli, "enrich: %s", fault.text);
}

int command_ingest(struct cli *cli)
{
	struct polling_plan plan = { .parallel = 1, .dry = cli->options.dry_run };
	struct ingest_job job = { .later = true };
	struct fault fault = { 0 };
	bool stored;
	int code;

	if (cli->options.args_n == 0 && cli->config.mailboxes_n == 0) {
		cli_say(cli, "ingest: name a file, a folder, or - for standard input; no mailbox is configured");
		return EXIT_USAGE;
	}
	if (!polling_parallel(cli, &plan))
		return EXIT_USAGE;
	if (cli->options.watch)
		return watch(cli);
	if (cli->options.args_n == 0 && !(job.polling = ingest_polling(cli, &plan, &fault)))
		return cli_fail(cli, &fault);
	code = ingest_round(cli, &job, &stored);
	polling_stop(job.polling);
	if (job.polling && stored && cli->config.enrich_after)
		enrich_after(cli);
	return code;
}
