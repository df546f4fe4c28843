#include "parse/crew.h"

#include "parse/border.h"
#include "parse/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE ((size_t)256 * 1024) /* octets taken from one worker before the next has its turn */
#define SPOKEN_MAX (ANSWER_MAX)	     /* octets of a frame that is no fact */
#define BIRTHS 5		     /* workers tried for one mail before it is given up */
#define NEVER INT64_MAX

/* How far a slot's mail has come. */
enum stage {
	STAGE_FREE,
	STAGE_WAITING, /* for its worker to be born */
	STAGE_READING, /* given to the worker */
	STAGE_ASKING,  /* the worker waits for an answer */
	STAGE_DYING,   /* the worker is lost: waiting for its exit status */
	STAGE_DONE,
};

/* A place for one worker and the mail it has. */
struct slot {
	int socket; /* -1: no worker, or not yet, or no longer */
	pid_t pid;
	uint64_t born; /* the token it was ordered by; 0: none under way */
	uint64_t mails;
	struct buf got; /* received, not yet understood */

	enum stage stage;
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
	struct slot *slots;
	unsigned jobs;
	uint64_t tokens, asked; /* counted on: never the same twice */
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

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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

/* Lets go of the worker: it ends by itself when its socket does, and how is no longer of interest. */
static void slot_drop_worker(struct slot *slot)
{
	if (slot->socket >= 0)
		close(slot->socket);
	slot->socket = -1;
	slot->pid = 0;
	slot->born = 0;
	slot->mails = 0;
	buf_release(&slot->got);
}

static void slot_kill(struct crew *crew, struct slot *slot)
{
	if (slot->pid > 0 && crew->nursery)
		nursery_kill(crew->nursery, slot->pid);
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
		crew->slots = calloc(jobs, sizeof *crew->slots);
		crew->jobs = crew->slots ? jobs : 0;
		for (unsigned i = 0; i < crew->jobs; i++) {
			crew->slots[i].socket = crew->slots[i].fd = -1;
			crew->slots[i].got = BUF(RECEIVE + FRAME_HEAD + FRAME_MAX);
		}
		if (!nursery)
			parse_warm();
		crew->parser = nursery ? NULL : parser_new(limits);
	}
	if (!crew || !crew->slots || (!nursery && !crew->parser)) {
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
	for (unsigned i = 0; i < crew->jobs; i++) {
		struct slot *slot = &crew->slots[i];

		if (slot->stage != STAGE_FREE)
			slot_kill(crew, slot);
		slot_drop_worker(slot);
		slot_drop_input(slot);
		feedback_free(slot->feedback);
	}
	free(crew->slots);
	parser_free(crew->parser);
	buf_release(&crew->frame);
	free(crew);
}

static struct slot *slot_at_stage(const struct crew *crew, enum stage stage)
{
	for (unsigned i = 0; i < crew->jobs; i++)
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
	for (unsigned i = 0; i < crew->jobs; i++)
		if (crew->slots[i].stage != STAGE_FREE)
			return true;
	return false;
}

static bool slot_in_work(const struct slot *slot)
{
	return slot->stage == STAGE_READING || slot->stage == STAGE_ASKING;
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
	if (slot->fault.kind != FAULT_LATER && why && !feedback_refuse(slot->feedback, OUTCOME_BROKEN, "mail", why))
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
	slot_kill(crew, slot);
	close(slot->socket);
	slot->socket = -1;
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

static void death_describe(const struct crew *crew, int status, char *text, size_t room)
{
	const char *name = WIFSIGNALED(status) ? sigdescr_np(WTERMSIG(status)) : NULL;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		snprintf(text, room, "parser took longer than %llu s", (unsigned long long)crew->limits.seconds);
	else if (WIFSIGNALED(status))
		snprintf(text, room, "parser died: signal %d (%s)", WTERMSIG(status), name ? name : "unknown");
	else if (WEXITSTATUS(status) == WORKER_EXIT_MEMORY)
		snprintf(text, room, "parser died: out of memory ceiling");
	else
		snprintf(text, room, "parser died: exit %d", WEXITSTATUS(status));
}

/* ------------------------------------------------------------------ giving a mail to a worker */

static void slot_order_worker(struct crew *crew, struct slot *slot)
{
	if (++slot->births > BIRTHS) {
		fault_set(&slot->fault, FAULT_LATER, "parsers die before they can read");
		slot_finish(slot, "");
		return;
	}
	slot->born = nursery_spawn(crew->nursery, &crew->limits);
	if (!slot->born)
		fault_set(&crew->fault, FAULT_LATER, "the nursery does not answer");
}

/* A worker that is gone already is no fault of the mail: it waits for another. */
static void slot_send_mail(struct crew *crew, struct slot *slot)
{
	struct parse_input input = { slot->fd, slot->ranges, slot->ranges_n, slot->flags, slot->at };

	buf_clear(&crew->frame);
	if (!wire_put_mail(&crew->frame, &input)) {
		fault_set(&slot->fault, FAULT_LATER, "out of memory");
		slot_finish(slot, "");
		return;
	}
	if (!border_send(slot->socket, crew->frame.p, crew->frame.n, slot->fd)) {
		slot_kill(crew, slot);
		slot_drop_worker(slot);
		slot_order_worker(crew, slot);
		return;
	}
	slot->mails++;
	slot->deadline = now_ms() + reading_ms(crew);
	slot->stage = STAGE_READING;
}

/* Killed by somebody else (a person, a system short of memory), a worker says nothing of its mail: that is read once more,
 * by another one. */
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
	slot_order_worker(crew, slot);
	return true;
}

static void slot_died(struct crew *crew, struct slot *slot, int status)
{
	bool ours = slot->fault.kind != FAULT_NONE;
	char text[128];

	slot_drop_worker(slot);
	if (!ours && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && slot_again(crew, slot))
		return;
	if (!ours)
		death_describe(crew, status, text, sizeof text);
	slot_finish(slot, ours ? slot->fault.text : text);
}

bool crew_give(struct crew *crew, uint64_t ticket, const struct parse_input *input, struct fault *fault)
{
	struct slot *slot = slot_at_stage(crew, STAGE_FREE);

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
	slot->fault.kind = FAULT_NONE;
	slot->questions = slot->births = 0;
	slot->again = false;
	slot->deadline = NEVER;
	slot->stage = STAGE_WAITING;
	if (slot->socket >= 0)
		slot_send_mail(crew, slot);
	else if (crew->nursery && !slot->born)
		slot_order_worker(crew, slot);
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
	slot->deadline = now_ms() + slot->left;
	slot->stage = STAGE_READING;
	buf_clear(&crew->frame);
	if (!wire_put_answer(&crew->frame, known, answer) ||
		!border_send(slot->socket, crew->frame.p, crew->frame.n, -1))
		slot_condemn(
			crew, slot, &(struct fault){ FAULT_INPUT, "parser does not hear the answer it asked for" });
}

void crew_answer(struct crew *crew, uint64_t id, bool known, struct span answer)
{
	for (unsigned i = 0; id && i < crew->jobs; i++) {
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
	int64_t now = now_ms();

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
	int64_t end = now_ms() + CREW_ANSWER_SECONDS * 1000, now;

	if (!crew->answerer)
		return false;
	crew->known = false;
	crew->answer = answer;
	slot->question = ++crew->asked;
	crew->answerer(crew->answerer_arg, slot->question, name);
	while (slot->question && (now = now_ms()) < end) {
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
static void slot_hear(struct crew *crew, struct slot *slot, struct span received)
{
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
		buf_clear(&slot->got);
	} else if (payload.n == received.n - FRAME_HEAD && frame.kind == FRAME_REFUSED &&
		   wire_get_refused(payload, &what)) {
		snprintf(text, sizeof text, "%.*s", (int)(what.n < sizeof text ? what.n : sizeof text - 1), what.p);
		slot_finish(slot, text);
		slot_drop_worker(slot);
	} else {
		slot_condemn_nonsense(crew, slot, "a frame out of order");
	}
}

/* Understands what lies in slot->got as far as it is complete. */
static void slot_listen(struct crew *crew, struct slot *slot)
{
	struct span received = buf_span(&slot->got);
	struct fault fault;

	if (!feedback_accept(slot->feedback, &received, &fault)) {
		if (fault.kind == FAULT_BROKEN)
			slot_condemn_nonsense(crew, slot, fault.text);
		else
			slot_condemn(crew, slot, &fault);
		return;
	}
	buf_drop_front(&slot->got, slot->got.n - received.n);
	if (!feedback_ended(slot->feedback)) {
		slot_hear(crew, slot, buf_span(&slot->got));
		return;
	}
	if (slot->got.n) {
		slot_condemn_nonsense(crew, slot, "something after the end");
		return;
	}
	if (!slot_finish(slot, NULL)) {
		slot_kill(crew, slot);
		slot_drop_worker(slot);
	} else if (slot->mails >= crew->limits.retire) {
		slot_drop_worker(slot);
	}
}

/* The worker is gone, or speaks without having been given a mail. */
static void slot_lost(struct crew *crew, struct slot *slot)
{
	if (slot_in_work(slot)) {
		slot_condemn(crew, slot, &(struct fault){ .kind = FAULT_NONE });
		return;
	}
	slot_kill(crew, slot);
	slot_drop_worker(slot);
	if (slot->stage == STAGE_WAITING)
		slot_order_worker(crew, slot);
}

/* Returns whether there was something to read. */
static bool slot_read(struct crew *crew, struct slot *slot)
{
	ssize_t n;

	if (!buf_reserve(&slot->got, RECEIVE)) {
		slot_condemn(crew, slot, &(struct fault){ FAULT_LATER, "out of memory" });
		return true;
	}
	n = recv(slot->socket, slot->got.p + slot->got.n, RECEIVE, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n <= 0 || !slot_in_work(slot)) {
		slot_lost(crew, slot);
		return true;
	}
	slot->got.n += (size_t)n;
	if (slot->stage == STAGE_ASKING)
		slot_condemn_nonsense(crew, slot, "words during a question");
	else
		slot_listen(crew, slot);
	return true;
}

/* ------------------------------------------------------------------ what the nursery says */

static void crew_spawned(struct crew *crew, const struct nursery_notice *notice)
{
	for (unsigned i = 0; i < crew->jobs; i++) {
		struct slot *slot = &crew->slots[i];

		if (slot->born != notice->token || slot->socket >= 0)
			continue;
		slot->born = 0;
		slot->socket = notice->socket;
		slot->pid = notice->pid;
		if (slot->stage == STAGE_WAITING)
			slot_send_mail(crew, slot);
		return;
	}
	close(notice->socket);
}

static void crew_not_spawned(struct crew *crew, const struct nursery_notice *notice)
{
	for (unsigned i = 0; i < crew->jobs; i++) {
		struct slot *slot = &crew->slots[i];

		if (slot->born != notice->token)
			continue;
		slot->born = 0;
		fault_set(&slot->fault, FAULT_LATER, "no parser can be started: %s", strerror(notice->status));
		slot_finish(slot, "");
	}
}

/* A worker's last words may still lie in its socket: they are read first. */
static void crew_exited(struct crew *crew, const struct nursery_notice *notice)
{
	for (unsigned i = 0; i < crew->jobs; i++) {
		struct slot *slot = &crew->slots[i];

		if (slot->pid != notice->pid)
			continue;
		while (slot_in_work(slot) && slot_read(crew, slot))
			;
		if (slot_in_work(slot))
			slot_lost(crew, slot);
		if (slot->stage == STAGE_DYING)
			slot_died(crew, slot, notice->status);
		else if (slot->pid == notice->pid)
			slot_lost(crew, slot);
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
	int64_t next = NEVER, now = now_ms();

	for (unsigned i = 0; i < crew->jobs; i++)
		if (crew->slots[i].stage != STAGE_FREE && crew->slots[i].deadline < next)
			next = crew->slots[i].deadline;
	if (next == NEVER)
		return -1;
	return next <= now ? 0 : next - now < 1000000 ? (int)(next - now) : 1000000;
}

static void crew_expire(struct crew *crew)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < crew->jobs; i++) {
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
		ready[i] = (struct pollfd){ crew->slots[i].socket, POLLIN, 0 };
	ready[n] = (struct pollfd){ nursery_descriptor(crew->nursery), POLLIN, 0 };
	ready[n + 1] = (struct pollfd){ crew->watch, POLLIN, 0 };
	ready[n + 2] = (struct pollfd){ crew->interrupt, POLLIN, 0 };
	if (poll(ready, n + 3, crew_timeout(crew)) < 0)
		return errno == EINTR || fault_set(&crew->fault, FAULT_BROKEN, "poll: %s", strerror(errno));
	for (unsigned i = 0; i < n; i++)
		if (ready[i].revents && crew->slots[i].socket == ready[i].fd)
			slot_read(crew, &crew->slots[i]);
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
	if (slot->got.room > 4 * RECEIVE)
		buf_release(&slot->got);
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
