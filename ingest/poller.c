#include "ingest/poller.h"

#include "base/steady.h"
#include "ingest/polling.h"
#include "ingest/program.h"
#include "ingest/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW 16 /* mails asked for before they are needed */
#define GRACE 30  /* seconds that a poller may be late beyond the deadline that it watches itself */
#define GOODBYE 5 /* seconds for leaving a server where nothing is under way */

struct poller {
	pid_t pid;
	int socket;
	char *name; /* owned; of the mailbox */
	enum mailbox_kind kind;
	uint64_t max_octets;
	uint32_t deadline, patience; /* seconds: of a round; of what watching takes beyond its time */
	int64_t end;		     /* as steady_seconds: by then it has answered or is stopped */
	struct poller_memory memory;
	bool opening;	    /* it has not said yet whether it could log in */
	unsigned asked;	    /* NEXT without an answer */
	bool ended;	    /* no more mails will come */
	bool watching;	    /* NEWS or a fault may come unasked */
	bool all;	    /* this round looks into all folders */
	bool failed;	    /* the session came to an end before its time */
	bool dead;	    /* the process is of no use any more */
	struct fault fault; /* of the mailbox, not told yet */
	struct queued {
		struct polled polled;
		struct fault fault;
	} queue[WINDOW];
	unsigned first, n;
	struct poller_counts counts;
	struct frame frame;
};

/* ---- the process ---- */

struct poller *poller_start(const char *program, struct fault *fault)
{
	struct poller *poller = calloc(1, sizeof *poller);

	if (!poller) {
		fault_set(fault, FAULT_LATER, "out of memory");
		return NULL;
	}
	poller->pid = program_start(program, "dmarcgate-poller", &poller->socket, fault);
	if (poller->pid > 0)
		return poller;
	free(poller);
	return NULL;
}

void polled_release(struct polled *polled)
{
	mail_release(&polled->mail);
	mail_place_release(&polled->place);
}

void poller_stop(struct poller *poller)
{
	if (!poller)
		return;
	program_kill(&poller->pid);
	close(poller->socket);
	for (; poller->n; poller->n--, poller->first = (poller->first + 1) % WINDOW)
		polled_release(&poller->queue[poller->first].polled);
	free(poller->name);
	explicit_bzero(&poller->frame, sizeof poller->frame);
	free(poller);
}

pid_t poller_pid(const struct poller *poller)
{
	return poller->pid;
}

/* ---- what it says ---- */

static void poller_give_time(struct poller *poller)
{
	poller->end = steady_seconds() + poller->deadline + GRACE;
}

/* The process is given up: `why`, or when it is gone by itself, as it ended. Returns false. */
static bool poller_give_up(struct poller *poller, const char *why, struct fault *fault)
{
	int status;

	if (why && poller->pid > 0)
		kill(poller->pid, SIGKILL);
	status = program_reap(&poller->pid);
	poller->dead = poller->ended = true;
	poller->opening = false;
	poller->asked = 0;
	if (why)
		refuse(fault, FAULT_LATER, poller->name, "%s", why);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_MISSING)
		refuse(fault, FAULT_SETUP, poller->name, "dmarcgate-poller cannot be run");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_OTHER)
		refuse(fault, FAULT_SETUP, poller->name,
			"the program was replaced by another version and must be started again");
	else if (WIFSIGNALED(status))
		refuse(fault, FAULT_LATER, poller->name, "the poller died: %s", strsignal(WTERMSIG(status)));
	else
		refuse(fault, FAULT_LATER, poller->name, "the poller ended unasked, with status %d",
			WEXITSTATUS(status));
	return false;
}

static bool poller_protocol(struct poller *poller, struct fault *fault)
{
	if (poller->frame.fd >= 0)
		close(frame_take_fd(&poller->frame));
	return poller_give_up(poller, "the poller breaks the protocol", fault);
}

static bool poller_receive(struct poller *poller, struct fault *fault)
{
	int64_t left = poller->end - steady_seconds();
	int got = frame_receive(poller->socket, &poller->frame,
		left <= 0      ? 0
		: left > 86400 ? 86400000
			       : (int)left * 1000);

	if (got == 1)
		return poller->frame.fd < 0 || poller->frame.type == POLLING_MAIL || poller_protocol(poller, fault);
	if (got == 0)
		return poller_give_up(poller, NULL, fault);
	return poller_give_up(poller,
		errno == ETIMEDOUT ? "the poller does not answer; ended" : "the poller breaks the protocol", fault);
}

static bool watching_lost(struct poller *poller, struct fault *fault)
{
	struct fault said;

	polling_get_fault(&poller->frame, &said);
	poller->ended = poller->dead = true;
	return fault_set(fault, said.kind, "%.60s: %s", poller->name, said.text);
}

/* What watching came to may cross with what ended it. */
static bool poller_hear(struct poller *poller, struct fault *fault)
{
	bool watching = poller->watching;

	poller->watching = false;
	if (!poller_receive(poller, fault))
		return false;
	if (watching && poller->frame.type == POLLING_FAULT)
		return watching_lost(poller, fault);
	poller->all |= watching;
	if (!watching || poller->frame.type != POLLING_NEWS)
		return true;
	poller->all = frame_number(&poller->frame, 1) == 1;
	return poller_receive(poller, fault);
}

static bool poller_say(struct poller *poller, struct fault *fault)
{
	return frame_send(poller->socket, &poller->frame) ||
	       (errno == EMSGSIZE ? refuse(fault, FAULT_SETUP, poller->name, "its settings are too long") == 0
				  : poller_give_up(poller, NULL, fault));
}

/* Where the next answer goes; NULL when none was asked for. It counts from queue_keep on. */
static struct queued *queue_slot(struct poller *poller)
{
	struct queued *queued = &poller->queue[(poller->first + poller->n) % WINDOW];

	if (poller->n == WINDOW || poller->asked == 0)
		return NULL;
	*queued = (struct queued){ .polled.mail.fd = -1 };
	return queued;
}

static void queue_keep(struct poller *poller)
{
	poller->n++;
	poller->asked--;
}

/* Nobody may change the octets any more, and they are as many as was said. */
static bool descriptor_good(int fd, uint64_t length)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	return seals >= 0 && (seals & sealed) == sealed && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == length;
}

static bool mail_read(struct poller *poller, struct polled *polled)
{
	struct frame *frame = &poller->frame;

	if (!polling_get_place(frame, &polled->place))
		return false;
	polled->mail.length = frame_number(frame, poller->max_octets);
	if (!frame_done(frame) || frame->fd < 0 || !descriptor_good(frame->fd, polled->mail.length))
		return false;
	polled->mail.fd = frame_take_fd(frame);
	if (poller->kind == MAILBOX_POP3 ? asprintf(&polled->mail.name, "%s#%s", poller->name, polled->place.uidl) >= 0
					 : asprintf(&polled->mail.name, "%s:%s#%llu", poller->name,
						   polled->place.folder, (unsigned long long)polled->place.uid) >= 0)
		return true;
	polled->mail.name = NULL;
	return false;
}

static bool hear_mail(struct poller *poller, struct fault *fault)
{
	struct queued *queued = queue_slot(poller);

	if (!queued || !mail_read(poller, &queued->polled)) {
		if (queued)
			polled_release(&queued->polled);
		return poller_protocol(poller, fault);
	}
	queue_keep(poller);
	poller->counts.mails++;
	poller->counts.octets += queued->polled.mail.length;
	return true;
}

static bool hear_refused(struct poller *poller, struct fault *fault)
{
	struct queued *queued = queue_slot(poller);
	bool one = poller->frame.type == POLLING_REFUSED, good = queued != NULL;
	const char *separator;
	struct fault said;

	if (good && one)
		good = polling_get_place(&poller->frame, &queued->polled.place);
	if (good)
		polling_get_fault(&poller->frame, &said);
	if (!good || !frame_done(&poller->frame)) {
		if (queued)
			polled_release(&queued->polled);
		return poller_protocol(poller, fault);
	}
	queued->polled.folder_refused = !one;
	queue_keep(poller);
	separator = !one ? ": " : said.text[0] == '#' ? "" : ":"; /* NAME:FOLDER#UID, NAME#UIDL */
	fault_set(&queued->fault, said.kind, "%.60s%s%s", poller->name, separator, said.text);
	poller->counts.refused++;
	return true;
}

static bool hear_folder(struct poller *poller, struct fault *fault)
{
	struct frame *frame = &poller->frame;
	char folder[POLLING_FOLDER + 1];
	struct span name = frame_text(frame, POLLING_FOLDER);
	uint64_t uidvalidity = frame_number(frame, UINT32_MAX);
	uint64_t mails = frame_number(frame, UINT32_MAX);

	if (!frame_done(frame) || !name.p)
		return poller_protocol(poller, fault);
	snprintf(folder, sizeof folder, "%s", name.p);
	poller->counts.folders++;
	poller->counts.present += mails;
	frame_begin(frame, POLLING_FIRST);
	frame_put_number(
		frame, poller->memory.first ? poller->memory.first(poller->memory.arg, folder, uidvalidity) : 1);
	return poller_say(poller, fault);
}

static bool hear_listed(struct poller *poller, struct fault *fault)
{
	struct frame *frame = &poller->frame;
	char folder[POLLING_FOLDER + 1];
	char answers[SERVER_BATCH];
	struct span name = frame_text(frame, POLLING_FOLDER);
	struct mail_place place = { .folder = folder, .uidvalidity = frame_number(frame, UINT32_MAX) };
	uint64_t n = frame_number(frame, SERVER_BATCH);

	if (frame->failed || !name.p)
		return poller_protocol(poller, fault);
	snprintf(folder, sizeof folder, "%s", name.p);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t uid = frame_number(frame, UINT32_MAX);
		uint64_t octets = frame_number(frame, UINT64_MAX);
		struct span uidl = frame_text(frame, PLACE_UIDL);

		place.uid = poller->kind == MAILBOX_POP3 ? 0 : uid;
		snprintf(place.uidl, sizeof place.uidl, "%s", uidl.p ? uidl.p : "");
		if (frame->failed || (place.uid == 0 && place.uidl[0] == 0))
			return poller_protocol(poller, fault);
		answers[i] = (char)('0' + (poller->memory.wish ? poller->memory.wish(poller->memory.arg, &place, octets) : WISH_NEW));
	}
	if (!frame_done(frame))
		return poller_protocol(poller, fault);
	frame_begin(frame, POLLING_WANTED);
	frame_put_text(frame, (struct span){ answers, (size_t)n });
	return poller_say(poller, fault);
}

static bool hear_opened(struct poller *poller, struct fault *fault)
{
	if (!poller->opening || !frame_done(&poller->frame))
		return poller_protocol(poller, fault);
	poller->opening = false;
	return true;
}

/* What there is to say of the mailbox is kept until somebody asks; it names the mailbox. */
static void hear_fault(struct poller *poller)
{
	struct fault said;

	polling_get_fault(&poller->frame, &said);
	fault_set(&poller->fault, said.kind, "%.60s: %s", poller->name, said.text);
	poller->dead |= poller->opening;
	poller->failed = true;
	poller->opening = false;
	poller->ended = true;
	poller->asked = 0;
}

/* One frame of those that come while mails are asked for. */
static bool poller_listen(struct poller *poller, struct fault *fault)
{
	if (!poller_hear(poller, fault))
		return false;
	switch (poller->frame.type) {
	case POLLING_MAIL:
		return hear_mail(poller, fault);
	case POLLING_REFUSED:
	case POLLING_FOLDER_REFUSED:
		return hear_refused(poller, fault);
	case POLLING_FOLDER_IS:
		return hear_folder(poller, fault);
	case POLLING_LISTED:
		return hear_listed(poller, fault);
	case POLLING_OPENED:
		return hear_opened(poller, fault);
	case POLLING_FAULT:
		hear_fault(poller);
		return true;
	case POLLING_END:
		poller->ended = true;
		poller->asked = 0;
		return true;
	default:
		return poller_protocol(poller, fault);
	}
}

/* ---- the calls ---- */

bool poller_begin(struct poller *poller, const struct mailbox *mailbox, struct span secret, int64_t now,
	const struct poller_memory *memory, struct fault *fault)
{
	poller->name = strdup(mailbox->name);
	poller->kind = mailbox->kind;
	poller->max_octets = mailbox->max_octets;
	poller->deadline = mailbox->deadline;
	/* The folder is looked at, IDLE begun and ended, folders looked up. */
	poller->patience = mailbox->deadline + 2 * mailbox->timeout + GRACE;
	poller_give_time(poller);
	poller->memory = memory ? *memory : (struct poller_memory){ 0 };
	if (!poller->name)
		return fault_set(fault, FAULT_LATER, "out of memory");
	frame_begin(&poller->frame, POLLING_OPEN);
	polling_put_mailbox(&poller->frame, mailbox);
	frame_put_text(&poller->frame, secret);
	frame_put_number(&poller->frame, (uint64_t)now);
	poller->all = true;
	poller->opening = poller_say(poller, fault);
	explicit_bzero(poller->frame.octets, poller->frame.n);
	return poller->opening;
}

/* The fault of the mailbox, told once. */
static bool fault_tell(struct poller *poller, struct fault *fault)
{
	if (poller->fault.kind == FAULT_NONE)
		return true;
	*fault = poller->fault;
	poller->fault.kind = FAULT_NONE;
	return false;
}

static bool poller_opened(struct poller *poller, struct fault *fault)
{
	while (poller->opening)
		if (!poller_listen(poller, fault))
			return false;
	return !poller->dead || fault_tell(poller, fault);
}

bool poller_open(struct poller *poller, const struct mailbox *mailbox, struct span secret, int64_t now,
	const struct poller_memory *memory, struct fault *fault)
{
	return poller_begin(poller, mailbox, secret, now, memory, fault) && poller_opened(poller, fault);
}

bool poller_looks_all(const struct poller *poller)
{
	return poller->all;
}

int poller_descriptor(const struct poller *poller)
{
	return poller->socket;
}

/* As many answers as there is room for are under way. */
static bool poller_ask(struct poller *poller, struct fault *fault)
{
	while (!poller->opening && !poller->ended && poller->n + poller->asked < WINDOW) {
		frame_begin(&poller->frame, POLLING_NEXT);
		if (!poller_say(poller, fault))
			return false;
		poller->asked++;
	}
	return true;
}

/* Something has come, or will not come any more. */
static bool poller_hears(const struct poller *poller)
{
	struct pollfd ready = { poller->socket, POLLIN, 0 };

	return poll(&ready, 1, 0) != 0 || steady_seconds() >= poller->end;
}

/* Who asks for mails while the poller watches does not wait for news. */
static void poller_begin_round(struct poller *poller)
{
	if (!poller->watching || poller->dead)
		return;
	poller_give_time(poller);
	poller->ended = false;
}

bool poller_ready(struct poller *poller)
{
	bool good = true;

	poller_begin_round(poller);
	while (good && poller->n == 0 && !poller->ended) {
		good = poller_ask(poller, &poller->fault);
		if (good && !poller_hears(poller))
			return false;
		good = good && poller_listen(poller, &poller->fault);
	}
	return true;
}

int poller_next(struct poller *poller, struct polled *polled, struct fault *fault)
{
	*polled = (struct polled){ .mail.fd = -1 };
	poller_begin_round(poller);
	while (!poller->ended) {
		if (!poller_ask(poller, fault))
			return -1;
		if (poller->n)
			break;
		if (!poller_listen(poller, fault))
			return -1;
	}
	if (poller->n) {
		struct queued *queued = &poller->queue[poller->first];

		poller->first = (poller->first + 1) % WINDOW;
		poller->n--;
		*polled = queued->polled;
		if (queued->fault.kind == FAULT_NONE)
			return 1;
		*fault = queued->fault;
		return -1;
	}
	return fault_tell(poller, fault) ? 0 : -1;
}

/* As many of the places as fit into one command: the same folder of the same life. */
static size_t settle_batch(struct poller *poller, const struct mail_fate *fate, const struct mail_place *places, size_t n)
{
	struct frame *frame = &poller->frame;
	size_t batch = 1;

	while (batch < n && batch < SERVER_BATCH && places[batch].uidvalidity == places[0].uidvalidity &&
		strcmp(places[batch].folder, places[0].folder) == 0)
		batch++;
	frame_begin(frame, POLLING_SETTLE);
	polling_put_fate(frame, fate);
	frame_put_text(frame, span_of(places[0].folder));
	frame_put_number(frame, places[0].uidvalidity);
	frame_put_number(frame, batch);
	for (size_t i = 0; i < batch; i++)
		if (poller->kind == MAILBOX_POP3)
			frame_put_text(frame, span_of(places[i].uidl));
		else
			frame_put_number(frame, places[i].uid);
	return batch;
}

bool poller_settle(struct poller *poller, const struct mail_fate *fate, const struct mail_place *places, size_t n,
	size_t *done, struct fault *fault)
{
	*done = 0;
	if (!poller_opened(poller, fault))
		return false;
	if (poller->watching)
		poller_give_time(poller);
	while (poller->asked && !poller->ended) /* the answers to these come first */
		if (!poller_listen(poller, fault))
			return false;
	if (poller->dead)
		return refuse(fault, FAULT_LATER, poller->name, "mails cannot be settled: there is no session") == 0;
	while (*done < n) {
		size_t batch = settle_batch(poller, fate, places + *done, n - *done);
		struct fault said;

		if (!poller_say(poller, fault) || !poller_hear(poller, fault))
			return false;
		if (poller->frame.type == POLLING_NOT_SETTLED) {
			polling_get_fault(&poller->frame, &said);
			return fault_set(fault, said.kind, "%.60s: %s", poller->name, said.text);
		}
		uint64_t left = poller->frame.type == POLLING_SETTLED ? frame_number(&poller->frame, batch) : 0;

		if (poller->frame.type != POLLING_SETTLED || !frame_done(&poller->frame))
			return poller_protocol(poller, fault);
		poller->counts.left += left;
		poller->counts.settled += batch;
		*done += batch;
	}
	return true;
}

bool poller_watch(struct poller *poller, uint32_t seconds, struct fault *fault)
{
	if (poller->dead || poller->failed || !poller->ended)
		return refuse(fault, FAULT_LATER, poller->name, "there is no session to stay in") == 0;
	frame_begin(&poller->frame, POLLING_WATCH);
	frame_put_number(&poller->frame, seconds);
	if (!poller_say(poller, fault))
		return false;
	poller->watching = true;
	poller->end = steady_seconds() + seconds + poller->patience;
	return true;
}

int poller_news(struct poller *poller, struct fault *fault)
{
	struct pollfd ready = { .fd = poller->socket, .events = POLLIN };

	if (!poller->watching)
		return refuse(fault, FAULT_LATER, poller->name, "nobody watches");
	if (poll(&ready, 1, 0) <= 0 && steady_seconds() < poller->end)
		return 0;
	poller->watching = false;
	if (!poller_receive(poller, fault))
		return -1;
	if (poller->frame.type == POLLING_FAULT) {
		watching_lost(poller, fault);
		return -1;
	}
	poller->all = poller->frame.type == POLLING_NEWS && frame_number(&poller->frame, 1) == 1;
	if (poller->frame.type != POLLING_NEWS || !frame_done(&poller->frame)) {
		poller_protocol(poller, fault);
		return -1;
	}
	poller_give_time(poller);
	poller->ended = false;
	return 1;
}

bool poller_close(struct poller *poller, struct poller_counts *counts, struct fault *fault)
{
	bool good = poller_opened(poller, fault);

	if (poller->watching)
		poller->end = steady_seconds() + GOODBYE;
	while (good && poller->asked && !poller->ended)
		good = poller_listen(poller, fault);
	if (good && poller->dead)
		good = refuse(fault, FAULT_LATER, poller->name, "there is no session to end") == 0;
	frame_begin(&poller->frame, POLLING_CLOSE);
	good = good && poller_say(poller, fault) && poller_hear(poller, fault);
	if (good && poller->frame.type != POLLING_CLOSED && poller->frame.type != POLLING_NOT_CLOSED)
		good = poller_protocol(poller, fault);
	if (good) {
		poller->counts.reconnects = frame_number(&poller->frame, UINT32_MAX);
		good = poller->frame.type == POLLING_CLOSED;
		if (!good) {
			polling_get_fault(&poller->frame, &poller->fault);
			fault_set(fault, poller->fault.kind, "%.60s: %s", poller->name, poller->fault.text);
		}
	}
	if (good || poller->frame.type == POLLING_NOT_CLOSED)
		program_reap(&poller->pid);
	poller->dead = poller->ended = true;
	if (counts)
		*counts = poller->counts;
	return good;
}

struct poller_counts poller_take_counts(struct poller *poller)
{
	struct poller_counts counts = poller->counts;

	poller->counts = (struct poller_counts){ 0 };
	return counts;
}
