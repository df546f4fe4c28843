#include "parse/crew.h"

#include "base/steady.h"
#include "parse/border.h"
#include "parse/refusal.h"
#include "parse/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECEIVE ((size_t)256 * 1024) /* octets taken from one worker before the next has its turn */
#define SPOKEN_MAX (ANSWER_MAX)	     /* octets of a frame that is no fact */
#define BIRTHS 5		     /* workers tried for one mail before it is given up */
#define NEVER INT64_MAX
#define HANDS (1 + BORDER_AHEAD) /* mails that one worker has */

/* How far a slot's mail has come. */
enum stage {
	STAGE_FREE,
	STAGE_WAITING, /* for its worker to be born */
	STAGE_QUEUED,  /* sent to the worker, which reads another one */
	STAGE_READING, /* the worker's mail in hand */
	STAGE_ASKING,  /* the worker waits for an answer */
	STAGE_DYING,   /* the worker is lost: waiting for its exit status */
	STAGE_DONE,
};

/* A place for one worker. */
struct worker {
	int socket; /* -1: none, or not yet, or no longer */
	pid_t pid;
	uint64_t born; /* the token it was ordered by; 0: none under way */
	uint64_t mails;
	struct buf got; /* received, not yet understood */
	struct slot *slots[HANDS];
};

/* A place for one mail of a worker. Only one of a worker's mails is in work: its first word is about that one. */
struct slot {
	struct worker *worker;
	const struct limits *limits;
	enum stage stage;
	uint64_t given; /* as the crew's n-th mail */
	uint64_t sent;	/* as the worker's n-th mail */
	uint64_t ticket;
	int fd;			    /* owned until the mail is done: it may have to be given once more */
	struct parse_range *ranges; /* owned, as fd */
	size_t ranges_n;
	unsigned flags; /* as in struct parse_input */
	int64_t at;
	struct feedback *feedback;
	struct fault fault; /* why the mail fails, when that is known before the worker's death; or FAULT_LATER */
	int64_t deadline;   /* milliseconds */
	int64_t left;	    /* of the deadline, while the clock stands for a question */
	uint64_t question, questions;
	unsigned births;
	bool refused; /* its feedback only says why there is none */
	bool again; /* it has been given once more */
};

struct crew {
	struct nursery *nursery; /* NULL: parse here */
	struct parser *parser;	 /* owned; only without a nursery */
	struct limits limits;
	struct worker *workers;
	struct slot *slots;
	unsigned jobs, slots_n;
	uint64_t asked, given; /* counted on: never the same twice */
	struct fault fault;	/* FAULT_LATER: the nursery is gone */
	crew_answerer *answerer;
	void *answerer_arg;
	int watch, interrupt;
	bool interrupted;
	crew_ready *ready;
	void *ready_arg;
	struct buf frame;
	struct buf *answer; /* to the question asked in this process */
	bool known;
};

/* Twice the processor time, as the machine may be busy with other things. */
static int64_t reading_ms(const struct crew *crew)
{
	return crew->limits.seconds < 1000000000 ? (int64_t)crew->limits.seconds * 2000 : NEVER / 2;
}

/* ------------------------------------------------------------------ life */

static void slot_drop_input(struct slot *slot)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
	free(slot->ranges);
	slot->ranges = NULL;
}

static bool slot_in_work(const struct slot *slot)
{
	return slot->stage == STAGE_READING || slot->stage == STAGE_ASKING;
}

/* The mail in the worker's hand, which it may be dying for; NULL when it has none. */
static struct slot *worker_hand(const struct worker *worker)
{
	for (unsigned i = 0; i < HANDS; i++)
		if (worker->slots[i] && (slot_in_work(worker->slots[i]) || worker->slots[i]->stage == STAGE_DYING))
			return worker->slots[i];
	return NULL;
}

/* Of several the one that was sent first, which the worker reads first. */
static struct slot *worker_slot_at(const struct worker *worker, enum stage stage)
{
	struct slot *first = NULL;

	for (unsigned i = 0; i < HANDS; i++) {
		struct slot *slot = worker->slots[i];

		if (slot && slot->stage == stage && (!first || slot->sent < first->sent))
			first = slot;
	}
	return first;
}

/* Lets go of the worker: it ends by itself when its socket does, and how is no longer of interest. What was queued waits for
 * another one. */
static void worker_drop(struct worker *worker)
{
	struct slot *queued;

	if (worker->socket >= 0)
		close(worker->socket);
	worker->socket = -1;
	worker->pid = 0;
	worker->born = 0;
	worker->mails = 0;
	buf_release(&worker->got);
	while ((queued = worker_slot_at(worker, STAGE_QUEUED)))
		queued->stage = STAGE_WAITING;
}

static void worker_kill(struct crew *crew, struct worker *worker)
{
	if (worker->pid > 0 && crew->nursery)
		nursery_kill(crew->nursery, worker->pid);
}

static bool crew_set_up(struct crew *crew, unsigned jobs)
{
	unsigned hands = crew->nursery ? HANDS : 1;

	crew->workers = calloc(jobs, sizeof *crew->workers);
	crew->slots = calloc((size_t)jobs * hands, sizeof *crew->slots);
	if (!crew->workers || !crew->slots)
		return false;
	crew->jobs = jobs;
	crew->slots_n = jobs * hands;
	for (unsigned i = 0; i < jobs; i++) {
		crew->workers[i].socket = -1;
		crew->workers[i].got = BUF(RECEIVE + FRAME_HEAD + FRAME_MAX);
	}
	for (unsigned i = 0; i < crew->slots_n; i++) {
		crew->slots[i].fd = -1;
		crew->slots[i].limits = &crew->limits;
		crew->slots[i].worker = &crew->workers[i % jobs];
		crew->slots[i].worker->slots[i / jobs] = &crew->slots[i];
	}
	crew->parser = crew->nursery ? NULL : parser_new(&crew->limits);
	return crew->nursery || crew->parser;
}

struct crew *crew_start(struct nursery *nursery, const struct limits *limits, unsigned jobs, struct fault *fault)
{
	struct crew *crew = calloc(1, sizeof *crew);

	jobs = !nursery || jobs == 0 ? 1 : jobs < CREW_JOBS ? jobs : CREW_JOBS;
	if (crew) {
		crew->nursery = nursery;
		crew->limits = *limits;
		crew->watch = crew->interrupt = -1;
		crew->frame = BUF(SPOOL_MEMORY);
	}
	if (!nursery && !parse_warm()) {
		fault_set(fault, FAULT_SETUP, "the reader cannot be loaded: %s", strerror(errno));
		crew_free(crew);
		return NULL;
	}
	if (!crew || !crew_set_up(crew, jobs)) {
		fault_set(fault, FAULT_LATER, "out of memory");
		crew_free(crew);
		return NULL;
	}
	return crew;
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	for (unsigned i = 0; i < crew->slots_n; i++) {
		struct slot *slot = &crew->slots[i];

		if (slot->stage != STAGE_FREE)
			worker_kill(crew, slot->worker);
		slot_drop_input(slot);
		feedback_free(slot->feedback);
	}
	for (unsigned i = 0; i < crew->jobs; i++)
		worker_drop(&crew->workers[i]);
	free(crew->workers);
	free(crew->slots);
	parser_free(crew->parser);
	buf_release(&crew->frame);
	free(crew);
}

static struct slot *slot_at_stage(const struct crew *crew, enum stage stage)
{
	for (unsigned i = 0; i < crew->slots_n; i++)
		if (crew->slots[i].stage == stage)
			return &crew->slots[i];
	return NULL;
}

bool crew_idle(const struct crew *crew)
{
	return slot_at_stage(crew, STAGE_FREE) != NULL;
}

bool crew_busy(const struct crew *crew)
{
	for (unsigned i = 0; i < crew->slots_n; i++)
		if (crew->slots[i].stage != STAGE_FREE)
			return true;
	return false;
}

/* ------------------------------------------------------------------ how a mail ends */

static bool take_nothing(void *arg, const struct fact *fact)
{
	(void)arg;
	(void)fact;
	return true;
}

/* The one place where a mail becomes done. `why` NULL: it has feedback, which is read through once so that a lie turns
 * into a refusal here and not into a half-stored report later. Returns whether the feedback was believed. */
static bool slot_finish(struct slot *slot, const char *why)
{
	struct parse_input input = { slot->fd, slot->ranges, slot->ranges_n, slot->flags, slot->at };
	struct fault fault = { .kind = FAULT_NONE };
	bool believed = true;
	char text[sizeof fault.text + 32];

	if (slot->fault.kind != FAULT_LATER && !why &&
		!feedback_replay(slot->feedback, REPLAY_ALL, take_nothing, NULL, &fault)) {
		if (fault.kind == FAULT_LATER)
			slot->fault = fault;
		snprintf(text, sizeof text, "parser spoke nonsense: %s", fault.text);
		why = text;
		believed = false;
	}
	if (slot->fault.kind != FAULT_LATER && why && !refusal_write(slot->feedback, slot->limits, &input, why) &&
		!(feedback_fault(slot->feedback, &slot->fault) && slot->fault.kind == FAULT_LATER))
		fault_set(&slot->fault, FAULT_LATER, "out of memory");
	if (slot->fault.kind != FAULT_LATER)
		slot->fault.kind = FAULT_NONE;
	slot->refused = why != NULL;
	slot_drop_input(slot);
	slot->deadline = NEVER;
	slot->question = 0;
	slot->stage = STAGE_DONE;
	return believed;
}

/* The worker is to die for this; the mail is done when its death is certain. */
static void slot_condemn(struct crew *crew, struct slot *slot, const struct fault *why)
{
	if (slot->stage == STAGE_DYING)
		return;
	slot->fault = *why;
	worker_kill(crew, slot->worker);
	close(slot->worker->socket);
	slot->worker->socket = -1;
	slot->deadline = NEVER;
	slot->question = 0;
	slot->stage = STAGE_DYING;
}

static void slot_condemn_nonsense(struct crew *crew, struct slot *slot, const char *what)
{
	struct fault why;

	fault_set(&why, FAULT_BROKEN, "parser spoke nonsense: %.400s", what);
	slot_condemn(crew, slot, &why);
}

/* ------------------------------------------------------------------ giving a mail to a worker */

/* Who waits longest is next, so that none waits for ever behind mails whose workers die. A mail that is read once more comes
 * first, and alone: what another one may have left behind in its reader is not laid at its door. */
static struct slot *worker_waiting(const struct worker *worker)
{
	struct slot *next = NULL;

	for (unsigned i = 0; i < HANDS && worker->slots[i]; i++) {
		struct slot *slot = worker->slots[i];

		if (slot->again && slot_in_work(slot))
			return NULL;
		if (slot->stage == STAGE_WAITING && (!next || slot->again || (!next->again && slot->given < next->given)))
			next = slot;
	}
	return next;
}

/* A worker that cannot be had costs the mail that it would read first. */
static void worker_order(struct crew *crew, struct worker *worker)
{
	struct slot *slot;

	if (worker->born || worker->socket >= 0 || worker_hand(worker))
		return;
	while ((slot = worker_waiting(worker)) && ++slot->births > BIRTHS) {
		fault_set(&slot->fault, FAULT_LATER, "parsers die before they can read");
		slot_finish(slot, "");
	}
	if (!slot)
		return;
	worker->born = nursery_spawn(crew->nursery, &crew->limits);
	if (!worker->born)
		fault_set(&crew->fault, FAULT_LATER, "the nursery does not answer");
}

static void slot_begin(const struct crew *crew, struct slot *slot)
{
	slot->deadline = steady_ms() + reading_ms(crew);
	slot->stage = STAGE_READING;
}

/* False: the worker is gone already, which is no fault of the mail. */
static bool slot_send_mail(struct crew *crew, struct slot *slot)
{
	struct parse_input input = { slot->fd, slot->ranges, slot->ranges_n, slot->flags, slot->at };
	struct worker *worker = slot->worker;

	buf_clear(&crew->frame);
	if (!wire_put_mail(&crew->frame, &input)) {
		fault_set(&slot->fault, FAULT_LATER, "out of memory");
		slot_finish(slot, "");
		return true;
	}
	if (!border_send(worker->socket, crew->frame.p, crew->frame.n, slot->fd))
		return false;
	slot->sent = ++worker->mails;
	if (worker_hand(worker))
		slot->stage = STAGE_QUEUED;
	else
		slot_begin(crew, slot);
	return true;
}

/* Gives the worker what waits for it, as far as it may have more; where there is no worker, one is ordered. */
static void worker_feed(struct crew *crew, struct worker *worker)
{
	struct slot *slot;

	while (worker->socket >= 0 && worker->mails < crew->limits.retire && (slot = worker_waiting(worker))) {
		if (slot_send_mail(crew, slot))
			continue;
		if (worker_hand(worker))
			return; /* its end will be heard of */
		worker_kill(crew, worker);
		worker_drop(worker);
	}
	worker_order(crew, worker);
}

/* The mail in hand is done: the next one is in hand now, if there is one. */
static void worker_go_on(struct crew *crew, struct worker *worker)
{
	struct slot *next = worker_slot_at(worker, STAGE_QUEUED);

	if (next)
		slot_begin(crew, next);
	else if (worker->mails >= crew->limits.retire)
		worker_drop(worker);
	worker_feed(crew, worker);
}

/* Why a worker ended may have passed (a person, a machine short of memory) or lie in what it read before: its mail is read
 * once more, by a fresh one, and what comes of that stands. Not what took too long, or what we would not listen to: that
 * costs as much again and ends in the same way. */
static bool slot_again(struct crew *crew, struct slot *slot)
{
	struct feedback *feedback = slot->again ? NULL : feedback_new(crew->limits.feedback);

	if (!feedback)
		return false;
	feedback_free(slot->feedback);
	slot->feedback = feedback;
	slot->again = true;
	slot->questions = 0;
	slot->deadline = NEVER;
	slot->stage = STAGE_WAITING;
	return true;
}

static void slot_died(struct crew *crew, struct slot *slot, int status)
{
	bool ours = slot->fault.kind != FAULT_NONE;
	bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU;
	char text[128];

	worker_drop(slot->worker);
	if (ours || late || !slot_again(crew, slot)) {
		if (!ours)
			refusal_of_death(&crew->limits, status, text, sizeof text);
		slot_finish(slot, ours ? slot->fault.text : text);
	}
	worker_feed(crew, slot->worker);
}

/* A worker without a mail goes before one that has another to read first. */
static struct slot *slot_for_mail(const struct crew *crew)
{
	for (unsigned i = 0; i < crew->slots_n; i++)
		if (crew->slots[i].stage == STAGE_FREE && !worker_hand(crew->slots[i].worker) &&
			!worker_slot_at(crew->slots[i].worker, STAGE_WAITING))
			return &crew->slots[i];
	return slot_at_stage(crew, STAGE_FREE);
}

bool crew_give(struct crew *crew, uint64_t ticket, const struct parse_input *input, struct fault *fault)
{
	struct slot *slot = slot_for_mail(crew);

	if (!slot || input->n == 0 || input->n > PARSE_RANGES)
		return fault_set(fault, FAULT_BROKEN, "a mail given to a crew that cannot take it");
	slot->fd = fcntl(input->fd, F_DUPFD_CLOEXEC, 0);
	slot->ranges = calloc(input->n, sizeof *slot->ranges);
	slot->feedback = feedback_new(crew->limits.feedback);
	if (slot->fd < 0 || !slot->ranges || !slot->feedback) {
		slot_drop_input(slot);
		feedback_free(slot->feedback);
		slot->feedback = NULL;
		return fault_set(fault, FAULT_LATER, "cannot take a mail: %s", strerror(errno));
	}
	memcpy(slot->ranges, input->ranges, input->n * sizeof *slot->ranges);
	slot->ranges_n = input->n;
	slot->flags = input->flags;
	slot->at = input->at;
	slot->ticket = ticket;
	slot->given = ++crew->given;
	slot->fault.kind = FAULT_NONE;
	slot->questions = slot->births = 0;
	slot->again = false;
	slot->deadline = NEVER;
	slot->stage = STAGE_WAITING;
	if (crew->nursery)
		worker_feed(crew, slot->worker);
	return true;
}

/* ------------------------------------------------------------------ the question */

void crew_set_answerer(struct crew *crew, crew_answerer *answerer, void *arg)
{
	crew->answerer = answerer;
	crew->answerer_arg = arg;
}

void crew_interrupt_on(struct crew *crew, int fd)
{
	crew->interrupt = fd;
}

void crew_watch(struct crew *crew, int fd, crew_ready *ready, void *arg)
{
	crew->watch = fd;
	crew->ready = ready;
	crew->ready_arg = arg;
}

static void slot_answer(struct crew *crew, struct slot *slot, bool known, struct span answer)
{
	known = known && answer.n < ANSWER_MAX;
	if (!known)
		answer = SPAN_ABSENT;
	slot->question = 0;
	slot->deadline = steady_ms() + slot->left;
	slot->stage = STAGE_READING;
	buf_clear(&crew->frame);
	if (!wire_put_answer(&crew->frame, known, answer) ||
		!border_send(slot->worker->socket, crew->frame.p, crew->frame.n, -1))
		slot_condemn(crew, slot, &(struct fault){ .kind = FAULT_NONE }); /* it is gone */
}

void crew_answer(struct crew *crew, uint64_t id, bool known, struct span answer)
{
	for (unsigned i = 0; id && i < crew->slots_n; i++) {
		struct slot *slot = &crew->slots[i];

		if (slot->question != id)
			continue;
		if (crew->nursery) {
			slot_answer(crew, slot, known, answer);
		} else {
			slot->question = 0;
			crew->known = known && buf_put_span(crew->answer, answer);
		}
	}
}

static void slot_ask(struct crew *crew, struct slot *slot, struct span name)
{
	int64_t now = steady_ms();

	if (!question_allowed(name) || ++slot->questions > crew->limits.questions) {
		slot_condemn(crew, slot, &(struct fault){ FAULT_INPUT, "parser asked for what it may not" });
		return;
	}
	slot->question = ++crew->asked;
	slot->left = slot->deadline > now ? slot->deadline - now : 0;
	slot->deadline = now + CREW_ANSWER_SECONDS * 1000;
	slot->stage = STAGE_ASKING;
	if (crew->answerer)
		crew->answerer(crew->answerer_arg, slot->question, name);
	else
		slot_answer(crew, slot, false, SPAN_ABSENT);
}

/* A feedback_asker for the parser in this process: waits here for the answer. */
static bool crew_ask_here(void *arg, struct span name, struct buf *answer)
{
	struct crew *crew = arg;
	struct slot *slot = &crew->slots[0];
	int64_t end = steady_ms() + CREW_ANSWER_SECONDS * 1000, now;

	if (!crew->answerer)
		return false;
	crew->known = false;
	crew->answer = answer;
	slot->question = ++crew->asked;
	crew->answerer(crew->answerer_arg, slot->question, name);
	while (slot->question && (now = steady_ms()) < end) {
		struct pollfd ready = { crew->watch, POLLIN, 0 };

		if (poll(&ready, 1, (int)(end - now)) > 0)
			crew->ready(crew->ready_arg);
	}
	slot->question = 0;
	crew->answer = NULL;
	return crew->known;
}

/* ------------------------------------------------------------------ what workers say */

/* A frame that is no fact, once it is complete. Nothing may follow it: after a question the worker waits, after a
 * refusal it is gone. */
static void slot_hear(struct crew *crew, struct slot *slot)
{
	struct worker *worker = slot->worker;
	struct span received = buf_span(&worker->got);
	struct frame frame;
	struct span payload, what;
	char text[512];

	if (received.n < FRAME_HEAD || !wire_get_frame(received.p, &frame) || frame.kind < FRAME_FACTS)
		return;
	if (frame.length <= SPOKEN_MAX && received.n - FRAME_HEAD < frame.length)
		return;
	payload = (struct span){ received.p + FRAME_HEAD, frame.length };
	if (payload.n == received.n - FRAME_HEAD && frame.kind == FRAME_QUESTION) {
		slot_ask(crew, slot, payload);
		buf_clear(&worker->got);
	} else if (payload.n == received.n - FRAME_HEAD && frame.kind == FRAME_REFUSED &&
		   wire_get_refused(payload, &what)) {
		snprintf(text, sizeof text, "%.*s", (int)(what.n < sizeof text ? what.n : sizeof text - 1), what.p);
		if (!slot_again(crew, slot))
			slot_finish(slot, text);
		worker_drop(worker);
		worker_feed(crew, worker);
	} else {
		slot_condemn_nonsense(crew, slot, "a frame out of order");
	}
}

/* Understands what lies in got about one mail, as far as it is complete. Returns whether the mail came to its end, and the
 * worker may go on. */
static bool slot_listen(struct crew *crew, struct slot *slot)
{
	struct worker *worker = slot->worker;
	struct span received = buf_span(&worker->got);
	struct fault fault;

	if (!feedback_accept(slot->feedback, &received, &fault)) {
		if (fault.kind == FAULT_BROKEN)
			slot_condemn_nonsense(crew, slot, fault.text);
		else
			slot_condemn(crew, slot, &fault);
		return false;
	}
	buf_drop_front(&worker->got, worker->got.n - received.n);
	if (!feedback_ended(slot->feedback)) {
		slot_hear(crew, slot);
		return false;
	}
	if (worker->got.n && !worker_slot_at(worker, STAGE_QUEUED)) {
		slot_condemn_nonsense(crew, slot, "something after the end");
		return false;
	}
	if (slot_finish(slot, NULL))
		return true;
	worker_kill(crew, worker);
	worker_drop(worker);
	worker_feed(crew, worker);
	return false;
}

/* One mail after the other, as far as there are words for them. */
static void worker_listen(struct crew *crew, struct worker *worker)
{
	struct slot *slot;

	while ((slot = worker_hand(worker)) && slot->stage == STAGE_READING && slot_listen(crew, slot)) {
		worker_go_on(crew, worker);
		if (worker->got.n == 0)
			break;
	}
}

/* The worker is gone, or speaks without having been given a mail. */
static void worker_lost(struct crew *crew, struct worker *worker)
{
	struct slot *slot = worker_hand(worker);

	if (slot) {
		slot_condemn(crew, slot, &(struct fault){ .kind = FAULT_NONE });
		return;
	}
	worker_kill(crew, worker);
	worker_drop(worker);
	worker_feed(crew, worker);
}

/* Returns whether there was something to read. */
static bool worker_read(struct crew *crew, struct worker *worker)
{
	struct slot *slot = worker_hand(worker);
	ssize_t n;

	if (!buf_reserve(&worker->got, RECEIVE)) {
		if (slot)
			slot_condemn(crew, slot, &(struct fault){ FAULT_LATER, "out of memory" });
		else
			worker_lost(crew, worker);
		return true;
	}
	n = recv(worker->socket, worker->got.p + worker->got.n, RECEIVE, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n <= 0 || !slot) {
		worker_lost(crew, worker);
		return true;
	}
	buf_grew(&worker->got, (size_t)n);
	if (slot->stage == STAGE_ASKING)
		slot_condemn_nonsense(crew, slot, "words during a question");
	else
		worker_listen(crew, worker);
	return true;
}

/* ------------------------------------------------------------------ what the nursery says */

static struct worker *worker_born(const struct crew *crew, uint64_t token)
{
	for (unsigned i = 0; i < crew->jobs; i++)
		if (crew->workers[i].born == token && crew->workers[i].socket < 0)
			return &crew->workers[i];
	return NULL;
}

static void crew_spawned(struct crew *crew, const struct nursery_notice *notice)
{
	struct worker *worker = worker_born(crew, notice->token);

	if (!worker) {
		close(notice->socket);
		return;
	}
	worker->born = 0;
	worker->socket = notice->socket;
	worker->pid = notice->pid;
	worker_feed(crew, worker);
}

static void crew_not_spawned(struct crew *crew, const struct nursery_notice *notice)
{
	struct worker *worker = worker_born(crew, notice->token);
	struct slot *slot;

	if (!worker)
		return;
	worker->born = 0;
	while ((slot = worker_slot_at(worker, STAGE_WAITING))) {
		fault_set(&slot->fault, FAULT_LATER, "no parser can be started: %s",
			notice->status == ESTALE ? "the program was replaced by another version and must be started again"
						 : strerror(notice->status));
		slot_finish(slot, "");
	}
}

/* A worker's last words may still lie in its socket: they are read first. */
static void crew_exited(struct crew *crew, const struct nursery_notice *notice)
{
	for (unsigned i = 0; i < crew->jobs; i++) {
		struct worker *worker = &crew->workers[i];
		struct slot *slot;

		if (worker->pid != notice->pid)
			continue;
		while (worker->pid == notice->pid && (slot = worker_hand(worker)) && slot_in_work(slot) && worker_read(crew, worker))
			;
		if (worker->pid != notice->pid)
			return;
		slot = worker_hand(worker);
		if (slot && slot_in_work(slot))
			worker_lost(crew, worker);
		if (slot)
			slot_died(crew, slot, notice->status);
		else
			worker_lost(crew, worker);
		return;
	}
}

static bool crew_hear_nursery(struct crew *crew)
{
	for (;;) {
		struct nursery_notice notice = nursery_next(crew->nursery);

		switch (notice.event) {
		case NURSERY_SPAWNED:
			crew_spawned(crew, &notice);
			break;
		case NURSERY_FAILED:
			crew_not_spawned(crew, &notice);
			break;
		case NURSERY_EXITED:
			crew_exited(crew, &notice);
			break;
		case NURSERY_GONE:
			return fault_set(&crew->fault, FAULT_LATER, "the nursery is gone");
		case NURSERY_NOTHING:
			return true;
		}
	}
}

/* ------------------------------------------------------------------ waiting */

/* The next moment that something must happen by itself, for poll. */
static int crew_timeout(const struct crew *crew)
{
	int64_t next = NEVER, now = steady_ms();

	for (unsigned i = 0; i < crew->slots_n; i++)
		if (crew->slots[i].stage != STAGE_FREE && crew->slots[i].deadline < next)
			next = crew->slots[i].deadline;
	if (next == NEVER)
		return -1;
	return next <= now ? 0 : next - now < 1000000 ? (int)(next - now) : 1000000;
}

static void crew_expire(struct crew *crew)
{
	int64_t now = steady_ms();

	for (unsigned i = 0; i < crew->slots_n; i++) {
		struct slot *slot = &crew->slots[i];
		struct fault late;

		if (slot->stage == STAGE_ASKING && slot->deadline <= now)
			slot_answer(crew, slot, false, SPAN_ABSENT);
		if (slot->stage != STAGE_READING || slot->deadline > now)
			continue;
		fault_set(&late, FAULT_INPUT, "parser took longer than %llu s", 2ull * crew->limits.seconds);
		slot_condemn(crew, slot, &late);
	}
}

/* poll passes over negative descriptors, so every slot has its place. */
static bool crew_poll(struct crew *crew)
{
	struct pollfd ready[CREW_JOBS + 3];
	unsigned n = crew->jobs;

	for (unsigned i = 0; i < n; i++)
		ready[i] = (struct pollfd){ crew->workers[i].socket, POLLIN, 0 };
	ready[n] = (struct pollfd){ nursery_descriptor(crew->nursery), POLLIN, 0 };
	ready[n + 1] = (struct pollfd){ crew->watch, POLLIN, 0 };
	ready[n + 2] = (struct pollfd){ crew->interrupt, POLLIN, 0 };
	if (poll(ready, n + 3, crew_timeout(crew)) < 0)
		return errno == EINTR || fault_set(&crew->fault, FAULT_BROKEN, "poll: %s", strerror(errno));
	for (unsigned i = 0; i < n; i++)
		if (ready[i].revents && crew->workers[i].socket == ready[i].fd)
			worker_read(crew, &crew->workers[i]);
	if (ready[n + 1].revents)
		crew->ready(crew->ready_arg);
	crew->interrupted = ready[n + 2].revents != 0;
	crew_expire(crew);
	return !ready[n].revents || crew_hear_nursery(crew);
}

static void slot_parse_here(struct crew *crew, struct slot *slot)
{
	struct parse_input input = { slot->fd, slot->ranges, slot->ranges_n, slot->flags, slot->at };
	struct fault fault = { .text = "" };

	feedback_set_asker(slot->feedback, crew_ask_here, crew, crew->limits.questions);
	if (parse_mail(crew->parser, &input, slot->feedback, &fault)) {
		slot_finish(slot, feedback_ended(slot->feedback) ? NULL : "the parser came to no end");
		return;
	}
	if (feedback_fault(slot->feedback, NULL) && fault.kind == FAULT_LATER)
		slot->fault = fault;
	slot_finish(slot, fault.text[0] ? fault.text : "the parser gave up");
}

static void slot_hand_over(struct slot *slot, struct crew_done *done)
{
	*done = (struct crew_done){
		.ticket = slot->ticket, .feedback = slot->feedback, .refused = slot->refused, .fault = slot->fault
	};
	if (slot->fault.kind == FAULT_LATER) {
		feedback_free(slot->feedback);
		done->feedback = NULL;
	}
	slot->feedback = NULL;
	slot->stage = STAGE_FREE;
	if (slot->worker->got.room > 4 * RECEIVE && slot->worker->got.n == 0)
		buf_release(&slot->worker->got);
}

bool crew_wait(struct crew *crew, struct crew_done *done, struct fault *fault)
{
	struct slot *slot;

	fault->kind = FAULT_NONE;
	crew->interrupted = false;
	while (crew_busy(crew)) {
		slot = slot_at_stage(crew, STAGE_DONE);
		if (slot) {
			slot_hand_over(slot, done);
			return true;
		}
		if (crew->fault.kind != FAULT_NONE) {
			*fault = crew->fault;
			return false;
		}
		if (crew->interrupted)
			return false;
		if (!crew->nursery)
			slot_parse_here(crew, slot_at_stage(crew, STAGE_WAITING));
		else
			crew_poll(crew);
	}
	return false;
}
