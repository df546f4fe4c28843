#include "cli/cli.h"
#include "cli/intake.h"
#include "cli/keys.h"
#include "cli/later.h"
#include "ingest/source.h"
#include "report/ingested.h"

#include <time.h>
#include <unistd.h>

struct ingesting {
	struct cli *cli;
	struct store *store;
	struct keys *keys;
	struct ingested_writer writer;
	struct ingested totals;
	struct fault fault;      /* of the store: ends the run */
	char reason[512];        /* of the mail in hand, when it is broken */
	int64_t started, committed; /* milliseconds of the monotonic clock */
	int64_t shown;
	bool progress;
	int code;
};

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say_input(const struct ingesting *ingesting, const struct mail *mail, const char *what)
{
	if (ingesting->cli->options.verbose)
		cli_say(ingesting->cli, "%s: %s", mail->name, what);
}

static void count_broken(struct ingesting *ingesting, const char *name, const char *reason)
{
	ingesting->totals.broken++;
	if (ingesting->progress)
		progress_clear(stderr);
	ingesting->writer.broken(ingesting->writer.self, span_of(name), span_of(reason));
}

/* An input that is stored already is not read again: by its name, size and times, else by its octets. */
static bool ingest_wanted(void *arg, struct mail *mail)
{
	struct ingesting *ingesting = arg;
	bool known = store_knows_file(ingesting->store, mail);

	if (!known) {
		if (!mail_hash(mail)) {
			ingesting->totals.seen++;
			count_broken(ingesting, mail->name, "changed while it was read");
			return false;
		}
		known = store_knows_mail(ingesting->store, mail->sha256);
		if (known && !store_remember_file(ingesting->store, mail, &ingesting->fault))
			return false;
	}
	if (!known)
		return true;
	ingesting->totals.seen++;
	ingesting->totals.duplicate++;
	say_input(ingesting, mail, "stored already");
	return false;
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

static void count_result(struct ingesting *ingesting, const struct intake_item *item, const struct store_result *result)
{
	struct ingested *totals = &ingesting->totals;

	totals->reports += result->reports - result->duplicates;
	totals->failures += result->failures;
	totals->records += result->records;
	totals->conflicts += result->conflicts;
	switch (result->outcome) {
	case OUTCOME_REPORT:
		if (result->reports + result->failures > result->duplicates)
			totals->added++;
		else
			totals->duplicate++;
		break;
	case OUTCOME_TLS_REPORT:
		totals->tls_report++;
		break;
	case OUTCOME_NOT_A_REPORT:
		totals->not_a_report++;
		break;
	default:
		ingesting->reason[0] = '\0';
		feedback_replay(item->feedback, REPLAY_PROBLEMS, reason_take, ingesting, NULL);
		count_broken(ingesting, item->mail.name, ingesting->reason[0] ? ingesting->reason : "no reason given");
	}
	say_input(ingesting, &item->mail, result_word_of(result));
}

/* One mail, whole or not at all. */
static bool ingest_store(struct ingesting *ingesting, const struct intake_item *item)
{
	struct store *store = ingesting->store;
	struct store_result result = { 0 };
	struct fault *fault = &ingesting->fault;

	if (store_knows_mail(store, item->mail.sha256)) { /* a copy that was read at the same time came first */
		ingesting->totals.duplicate++;
		say_input(ingesting, &item->mail, "stored already");
		return store_remember_file(store, &item->mail, fault);
	}
	if (!store_mail_begin(store, &item->mail, ingesting->cli->now, fault))
		return false;
	if (!feedback_replay(item->feedback, REPLAY_ALL, store_take, store, fault)) {
		if (fault->kind == FAULT_NONE)
			*fault = *store_fault(store);
		store_mail_abort(store);
		return false;
	}
	if (!store_mail_end(store, &result, fault) || !store_remember_file(store, &item->mail, fault))
		return false;
	count_result(ingesting, item, &result);
	return true;
}

static bool ingest_commit(struct ingesting *ingesting, bool now)
{
	int64_t elapsed = clock_ms() - ingesting->committed;

	if (!now && !store_commit_due(ingesting->store, elapsed))
		return true;
	ingesting->committed += elapsed;
	if (!keys_learn(ingesting->keys, &ingesting->fault))
		return false;
	return store_commit(ingesting->store, &ingesting->fault);
}

static bool ingest_take(void *arg, const struct intake_item *item)
{
	struct ingesting *ingesting = arg;

	if (ingesting->fault.kind != FAULT_NONE)
		return false;
	ingesting->totals.seen++;
	if (item->feedback)
		return ingest_store(ingesting, item) && ingest_commit(ingesting, false);
	if (item->fault.kind == FAULT_SETUP || item->fault.kind == FAULT_LATER)
		ingesting->code = item->fault.kind == FAULT_SETUP ? EXIT_SETUP : EXIT_LATER;
	count_broken(ingesting, item->mail.name ? item->mail.name : "", item->fault.text);
	return true;
}

/* Ten times a second is enough for an eye. */
static void ingest_progress(void *arg, uint64_t done, uint64_t total, uint64_t seen)
{
	struct ingesting *ingesting = arg;
	int64_t now = clock_ms();

	if (!ingesting->progress || now - ingesting->shown < 100)
		return;
	ingesting->shown = now;
	progress_print(stderr, &ingesting->cli->err, done, total, seen);
}

static int ingest_run(struct cli *cli, struct ingesting *ingesting)
{
	/* In order, so that of two copies read at the same time always the same one is the first. */
	struct intake_plan plan = { .ordered = true,
		.wanted = ingest_wanted,
		.take = ingest_take,
		.progress = ingest_progress,
		.flags = PARSE_VERIFY | (cli->config.granularity ? PARSE_GRANULARITY : 0),
		.keys = ingesting->keys,
		.arg = ingesting };
	struct fault fault = { 0 };
	bool done = intake_run(cli, &plan, &fault);

	if (ingesting->progress)
		progress_clear(stderr);
	if (!done && ingesting->fault.kind == FAULT_NONE)
		ingesting->fault = fault;
	/* What was stored whole before a fault stays; a fault of the store itself has taken its batch back. */
	if (ingesting->fault.kind == FAULT_NONE || ingesting->fault.kind == FAULT_LATER) {
		struct fault first = ingesting->fault;

		if (!ingest_commit(ingesting, true) || first.kind != FAULT_NONE)
			ingesting->fault = first.kind != FAULT_NONE ? first : ingesting->fault;
	}
	if (ingesting->fault.kind != FAULT_NONE || !later_run(cli, ingesting->store, ingesting->keys, &ingesting->fault))
		return cli_fail(cli, &ingesting->fault);
	return ingesting->code ? ingesting->code : ingesting->totals.broken ? EXIT_SOME_BROKEN : EXIT_DONE;
}

static bool ingest_open(struct cli *cli, struct ingested_writer *writer)
{
	if (cli->options.format == FORMAT_JSON)
		return ingested_json_open(writer, stdout);
	return ingested_text_open(writer, cli->options.quiet ? NULL : stdout, &cli->out, stderr, &cli->err);
}

/* The archive is the store's, but the resolver must be born before the database is open. */
static int ingest_open_store(struct cli *cli, struct ingesting *ingesting)
{
	struct fault fault = { 0 };
	int code;

	ingesting->keys = keys_start(cli, &fault);
	if (!ingesting->keys)
		return cli_fail(cli, &fault);
	ingesting->store = cli_store(cli, STORE_WRITE, &code);
	keys_use(ingesting->keys, ingesting->store);
	return ingesting->store ? EXIT_DONE : code;
}

static void ingest_say_keys(const struct ingesting *ingesting)
{
	char state[KEYS_TEXT];

	if (!ingesting->cli->options.quiet && *keys_describe(ingesting->keys, state))
		cli_say(ingesting->cli, "%s", state);
}

int command_ingest(struct cli *cli)
{
	struct ingesting ingesting = { .cli = cli, .started = clock_ms() };
	int code;

	if (cli->options.args_n == 0) {
		cli_say(cli, "ingest: name a file, a folder, a mailbox, or - for standard input");
		return EXIT_USAGE;
	}
	code = ingest_open_store(cli, &ingesting);
	if (code != EXIT_DONE)
		goto out;
	ingesting.committed = ingesting.started;
	ingesting.progress = !cli->options.quiet && cli->options.format != FORMAT_JSON && isatty(STDERR_FILENO);
	code = EXIT_LATER;
	if (!ingest_open(cli, &ingesting.writer))
		goto out;
	code = ingest_run(cli, &ingesting);
	ingesting.totals.milliseconds = (uint64_t)(clock_ms() - ingesting.started);
	if (!ingesting.writer.close(ingesting.writer.self, &ingesting.totals) && code == EXIT_DONE)
		code = EXIT_LATER;
	ingest_say_keys(&ingesting);
out:
	store_close(ingesting.store);
	keys_free(ingesting.keys);
	return code;
}
