/* Between two rounds of mailboxes that are watched. */
#include "base/steady.h"
#include "cli/box.h"
#include "cli/cli.h"
#include "cli/ingest.h"
#include "cli/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define FIRST_DELAY 2000   /* milliseconds after a first failure; each further one doubles it */
#define LAST_DELAY 600000  /* ... up to this */
#define LONGEST_REST 60000 /* a poller that does not answer at all is found out by asking */
#define LASTING_MOST 64	   /* faults of one mailbox's folders that are not said anew */
#define NEVER INT64_MAX

/* From three quarters to five quarters of the time, by the name: after an outage not all come back at the same moment,
 * and the same one always does so at the same. */
static int64_t delay_of(const char *name, unsigned attempts, bool hopeless)
{
	int64_t delay = FIRST_DELAY;
	uint32_t hash = 2166136261u + attempts; /* FNV-1a */

	for (unsigned i = 1; i < attempts && delay < LAST_DELAY; i++)
		delay *= 2;
	if (delay > LAST_DELAY || (hopeless && attempts > 1))
		delay = LAST_DELAY;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return delay / 4 * 3 + delay / 2 * (hash % 1024) / 1024;
}

static void box_delay(struct box *box)
{
	int64_t delay = delay_of(box->key, ++box->attempts, box->fault.kind == FAULT_SETUP);

	box->due = steady_ms() + delay;
	cli_note(box->polling->cli, "%s: next attempt in %lld s", box->mailbox->name, (long long)(delay + 999) / 1000);
}

static bool box_listens(struct box *box, int to, int not_to)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = poller_descriptor(box->poller);

	epoll_ctl(not_to, EPOLL_CTL_DEL, fd, NULL);
	return epoll_ctl(to, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST;
}

bool box_rest(struct box *box)
{
	struct polling *polling = box->polling;
	struct fault fault;

	if (!polling->plan.stay || polling_ends(polling) || box->mailbox->kind != MAILBOX_IMAP || !box->poller ||
		!poller_watch(box->poller, box->mailbox->interval, &fault) ||
		!box_listens(box, polling->rest, polling->epoll))
		return false;
	box->counts = poller_take_counts(box->poller);
	return true;
}

static void box_sum(struct box *box)
{
	struct poller_counts *sum = &box->counts_sum;

	ingest_add(&box->totals_sum, &box->totals);
	sum->octets += box->counts.octets;
	sum->settled += box->counts.settled;
	sum->left += box->counts.left;
	sum->reconnects += box->counts.reconnects;
	if (box->stage == BOX_RESTING && box->greeted && box->attempts)
		sum->reconnects++;
}

bool box_is_news(struct box *box, const char *text)
{
	int64_t now = steady_seconds();
	struct lasting *one = box->lasting, *more;

	while (one < box->lasting + box->lasting_n && strcmp(one->text, text) != 0)
		one++;
	if (one < box->lasting + box->lasting_n) {
		one->met = true;
		if (now - one->said < DAY_SECONDS)
			return false;
		one->said = now;
		return true;
	}
	more = box->lasting_n < LASTING_MOST ? reallocarray(box->lasting, box->lasting_n + 1, sizeof *more) : NULL;
	if (!more)
		return true;
	box->lasting = more;
	box->lasting[box->lasting_n] = (struct lasting){ strdup(text), now, true };
	box->lasting_n += box->lasting[box->lasting_n].text != NULL;
	return true;
}

/* After a round that has looked into all folders: what it did not meet again is over. */
static void lasting_end(struct box *box)
{
	size_t kept = 0;

	if (box->lost || (box->poller && !poller_looks_all(box->poller)) ||
		(box->mailbox->max_messages && box->given >= box->mailbox->max_messages))
		return;
	for (size_t i = 0; i < box->lasting_n; i++) {
		struct lasting one = box->lasting[i];

		if (!one.met) {
			cli_note(box->polling->cli, "over: %s", one.text);
			free(one.text);
			continue;
		}
		one.met = false;
		box->lasting[kept++] = one;
	}
	box->lasting_n = kept;
}

/* What comes next for a mailbox that took part in the round. */
static void box_leave_round(struct box *box)
{
	bool failed = box->lost;

	box->invited = false;
	if (box->stage == BOX_WAITING) { /* the round did not even begin */
		box->due = 0;
		return;
	}
	box_sum(box);
	lasting_end(box);
	box->connected = box->stage == BOX_RESTING;
	if (box->connected) {
		if (box->attempts || !box->greeted)
			cli_note(box->polling->cli, "%s: connected, waiting for mail", box->mailbox->name);
		box->greeted = true;
		box->attempts = 0;
		box->due = NEVER;
		return;
	}
	if (box->stage != BOX_CLOSED) { /* the round was given up */
		box->kind->stop(box);
		box->stage = BOX_CLOSED;
		failed = true;
	}
	if (failed) {
		box_delay(box);
		return;
	}
	box->attempts = 0;
	box->due = steady_ms() + (int64_t)box->mailbox->interval * 1000;
}

/* Has the server something to say? True: goodbye. */
static bool box_look(struct box *box)
{
	struct fault fault = { 0 };
	int news = box->stage == BOX_RESTING ? poller_news(box->poller, &fault) : 0;

	if (news > 0)
		box->due = 0;
	if (news >= 0)
		return false;
	box->failed = false;
	box_failed(box, &fault);
	box->kind->stop(box);
	box->stage = BOX_CLOSED;
	box_delay(box);
	return true;
}

static void box_invite(struct box *box)
{
	struct fault fault = { 0 };

	box_clear(box);
	if (!box_start(box, &fault) || (box->connected && !box_listens(box, box->polling->epoll, box->polling->rest))) {
		box_failed(box, &fault);
		box->kind->stop(box);
		box->stage = BOX_CLOSED;
		box_delay(box);
		return;
	}
	box->stage = BOX_WAITING;
	box->invited = true;
}

void polling_tried(struct polling *polling, bool stored)
{
	int64_t delay;

	polling->attempts = stored ? 0 : polling->attempts + 1;
	polling->due = 0;
	if (stored)
		return;
	delay = delay_of("", polling->attempts, false);
	polling->due = steady_ms() + delay;
	cli_note(polling->cli, "next attempt in %lld s", (long long)(delay + 999) / 1000);
}

static int64_t polling_due(const struct polling *polling)
{
	int64_t due = NEVER;

	for (size_t i = 0; i < polling->n; i++)
		if (polling->boxes[i].due < due)
			due = polling->boxes[i].due;
	return due > polling->due ? due : polling->due;
}

bool polling_rest(struct polling *polling)
{
	const struct signals *signals = polling->plan.signals;
	struct epoll_event event;
	bool changed = false;
	int64_t left;

	for (size_t i = 0; i < polling->n && !polling_ends(polling); i++)
		if (polling->boxes[i].invited) {
			box_leave_round(&polling->boxes[i]);
			changed = true;
		}
	for (;;) {
		if (polling_ends(polling) || signals->reload)
			return false;
		for (size_t i = 0; i < polling->n; i++)
			changed |= box_look(&polling->boxes[i]);
		if (changed && polling->plan.rested)
			polling->plan.rested(polling->plan.arg);
		changed = false;
		left = polling_due(polling) - steady_ms();
		if (left <= 0)
			break;
		epoll_wait(polling->rest, &event, 1, left < LONGEST_REST ? (int)left : LONGEST_REST);
	}
	for (size_t i = 0; i < polling->n; i++)
		if (polling->boxes[i].due <= steady_ms())
			box_invite(&polling->boxes[i]);
	return true;
}
