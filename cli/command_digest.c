#include "cli/digest.h"
#include "cli/handover.h"
#include "cli/week.h"
#include "report/outgoing.h"

#include <stdlib.h>

#define ADDRESSES_OCTETS ((size_t)1024 * 1024)

struct running {
	struct cli *cli;
	struct digest_plan plan;
	struct digest_result result;
	struct arena arena;
};

/* ---- whom to, who from */

static int address_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static bool recipients_read(struct running *run, const char *list, struct fault *fault)
{
	struct span rest = span_of(list), *to = arena_take(&run->arena, (strlen(list) + 1) * sizeof *to);
	struct buf text = BUF(ADDRESSES_OCTETS);
	size_t n = 0, kept = 0;

	if (!digest_part_check("to", list, fault))
		return false;
	while (to && span_take(&rest, ',', &to[n]))
		n++;
	if (n)
		qsort(to, n, sizeof *to, address_order);
	for (size_t i = 0; i < n; i++) {
		if (kept && span_is(to[kept - 1], to[i]))
			continue;
		to[kept++] = to[i];
		buf_printf(&text, "%s%.*s", kept > 1 ? " " : "", (int)to[i].n, to[i].p);
	}
	run->plan.to = to;
	run->plan.to_n = kept;
	run->plan.recipients = arena_copy(&run->arena, buf_span(&text));
	buf_release(&text);
	return !run->arena.failed || fault_set(fault, FAULT_LATER, "out of memory");
}

static bool addresses_find(struct running *run, struct fault *fault)
{
	const struct digest_settings *settings = &run->cli->config.digest;
	const char *to = run->cli->options.to ? run->cli->options.to : settings->to;

	if (*settings->from)
		run->plan.from = span_of(settings->from);
	if (!*to && !run->cli->options.print)
		return fault_set(fault, FAULT_SETUP, "nobody to send to: set [digest] to, or say --to ADDRESS");
	return recipients_read(run, to, fault);
}

/* ---- before it leaves, and after */

struct earlier {
	bool there;
	int64_t begun, done;
};

static void take_earlier(void *arg, const struct sending *sending)
{
	*(struct earlier *)arg = (struct earlier){ true, sending->begun, sending->done };
}

/* Was it sent already? Then *code says how to end. */
static bool was_sent(struct running *run, struct store *store, int *code, struct fault *fault)
{
	const struct sending *sending = &run->result.sending;
	struct earlier earlier = { .done = MOMENT_NONE };
	char when[MOMENT_TEXT];

	*code = EXIT_DONE;
	if (run->cli->options.again ||
		!store_ask_sending(store, sending->message_id, sending->recipients, take_earlier, &earlier, fault) ||
		!earlier.there)
		return false;
	if (earlier.done != MOMENT_NONE) {
		if (!run->cli->options.quiet)
			cli_say(run->cli, "sent already, %s; --again sends it once more", moment_format(earlier.done, when));
		return true;
	}
	cli_say(run->cli, "was being sent %s, and nobody knows whether it arrived; --again sends it once more",
		moment_format(earlier.begun, when));
	*code = EXIT_SOME_BROKEN;
	return true;
}

static bool alerts_note(struct running *run, struct store *store, bool telling, struct fault *fault)
{
	const struct digest_result *result = &run->result;
	int64_t now = run->cli->now, since = now - ALERT_CLOSED_SECONDS;
	bool good = true;

	if (run->plan.now != now) /* what was open in an earlier week says nothing about today */
		return true;
	for (size_t i = 0; good && i < result->alerts_n; i++) {
		const struct open_alert *alert = &result->alerts[i];

		if (!alert->text.p)
			good = store_told_keep(store, alert->domain, since, now, fault);
		else if (alert->told)
			good = store_told_still(store, alert->domain, alert->text, now, fault);
		else if (telling)
			good = store_told(store, alert->domain, alert->text, since, now, &result->sending, fault);
	}
	return good && store_told_forget(store, now - ALERT_FORGET_SECONDS, fault);
}

/* The row must be there before the mail leaves: who is killed in between may not send it twice. */
static bool sending_begin(struct running *run, bool *send, int *code, struct fault *fault)
{
	struct store *store = cli_store(run->cli, STORE_WRITE, code);
	bool good;

	*send = false;
	if (!store)
		return true;
	if (!run->result.octets.n) {
		good = alerts_note(run, store, false, fault) && store_commit(store, fault);
	} else if (was_sent(run, store, code, fault)) {
		good = true;
	} else {
		good = fault->kind == FAULT_NONE && store_sending_begin(store, &run->result.sending, fault) &&
		       alerts_note(run, store, true, fault) && store_commit(store, fault);
		*send = good;
	}
	store_close(store);
	return good;
}

static bool sending_end(struct running *run, enum submit_end end, struct fault *fault)
{
	const struct sending *sending = &run->result.sending;
	struct store *store;
	bool good;
	int code;

	if (end == SUBMIT_UNKNOWN)
		return true;
	store = cli_store(run->cli, STORE_WRITE, &code);
	if (!store)
		return fault_set(fault, FAULT_LATER, "what became of the mail could not be noted");
	good = end == SUBMIT_SENT ? store_sending_end(store, sending, run->cli->now, fault)
				  : store_sending_drop(store, sending, fault);
	good = good && store_commit(store, fault);
	store_close(store);
	return good;
}

static int mail_send(struct running *run)
{
	struct cli *cli = run->cli;
	const struct envelope envelope = { run->result.from, run->plan.to, run->plan.to_n };
	struct fault fault = { 0 }, ending = { 0 };
	enum submit_end end;
	size_t refused;

	end = handover(cli, &envelope, buf_span(&run->result.octets), &refused, &fault);
	if (!sending_end(run, end, &ending))
		cli_fail(cli, &ending);
	if (end == SUBMIT_UNKNOWN) {
		cli_fail(cli, &fault);
		cli_say(cli, "nobody knows whether the mail arrived; it is not sent again without --again");
		return EXIT_SOME_BROKEN;
	}
	if (end == SUBMIT_NOT_SENT)
		return cli_fail(cli, &fault);
	if (!cli->options.quiet)
		printf("sent to %s: %s\n", counted_text(run->plan.to_n - refused, "recipient", "recipients").p,
			run->result.subject.p);
	return ending.kind != FAULT_NONE ? EXIT_LATER : refused ? EXIT_SOME_BROKEN : EXIT_DONE;
}

/* ---- the command */

static int digest_print(const struct running *run)
{
	const struct buf *octets = &run->result.octets;

	fwrite(buf_text(octets), 1, octets->n, stdout);
	return EXIT_DONE;
}

static int digest_deliver(struct running *run)
{
	struct cli *cli = run->cli;
	struct fault fault = { 0 };
	bool send;
	int code;

	if (!cli->options.if_alert && cli->options.only_trouble && !run->result.trouble) {
		if (!cli->options.quiet)
			puts("nothing to worry about; nothing sent");
		return EXIT_DONE;
	}
	if (!sending_begin(run, &send, &code, &fault))
		return cli_fail(cli, &fault);
	if (!run->result.octets.n && code == EXIT_DONE && !cli->options.quiet)
		puts("no new alert; nothing sent");
	return send ? mail_send(run) : code;
}

static int digest_run(struct running *run, struct fault *fault)
{
	struct store *store;
	bool made;
	int code;

	store = cli_store(run->cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	made = digest_make(&run->plan, store, &run->result, fault);
	store_close(store);
	if (!made)
		return cli_refuse(run->cli, fault);
	return run->cli->options.print ? digest_print(run) : digest_deliver(run);
}

int command_digest(struct cli *cli)
{
	struct running run = { .cli = cli, .arena = ARENA(ADDRESSES_OCTETS) };
	struct fault fault = { 0 };
	int code;

	run.plan.cli = cli;
	run.plan.alert = cli->options.if_alert;
	run.plan.attach = cli->options.attach;
	if (!week_find(cli, &run.plan.now, &fault) ||
		(cli->options.if_alert && (cli->options.week || cli->options.only_trouble) &&
			!fault_set(&fault, FAULT_INPUT, "--if-alert is about now, and about alerts alone"))) {
		cli_say(cli, "digest: %s", fault.text);
		return EXIT_USAGE;
	}
	if (addresses_find(&run, &fault))
		code = digest_run(&run, &fault);
	else if (cli->options.to && fault.kind == FAULT_SETUP)
		code = (cli_say(cli, "--to: %s", fault.text), EXIT_USAGE);
	else
		code = cli_fail(cli, &fault);
	digest_result_release(&run.result);
	arena_release(&run.arena);
	return code;
}
