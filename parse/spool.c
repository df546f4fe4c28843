#include "base/moment.h"
#include "base/shortage.h"
#include "parse/spool_p.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_MEMORY ((size_t)64 * 1024)
#define FIRST_MEMORY ((size_t)16 * 1024) /* most mails say less */
#define LATE_MAX FRAME_MAX		/* problems of one open report */
#define REWIND_OCTETS (FRAME_HEAD + 40) /* a rewind costs what its frame does, so that it cannot go on for ever */

/* ------------------------------------------------------------------ life */

struct feedback *feedback_new_socket(int socket, uint64_t max_octets)
{
	struct feedback *fb = calloc(1, sizeof *fb);

	if (!fb)
		return NULL;
	fb->tail = BUF(SPOOL_MEMORY + 2 * FRAME_MAX);
	buf_reserve(&fb->tail, FIRST_MEMORY);
	fb->late = BUF(LATE_MAX);
	fb->file = -1;
	fb->socket = socket;
	fb->max = max_octets;
	return fb;
}

struct feedback *feedback_new(uint64_t max_octets)
{
	return feedback_new_socket(-1, max_octets);
}

void feedback_clear(struct feedback *fb)
{
	if (fb->file >= 0)
		close(fb->file);
	fb->file = -1;
	if (fb->tail.room > 2 * SPOOL_MEMORY)
		buf_release(&fb->tail);
	buf_clear(&fb->tail);
	buf_release(&fb->late);
	free(fb->heads);
	fb->heads = NULL;
	fb->heads_n = fb->heads_room = 0;
	fb->before = fb->said = fb->end = fb->late_n = fb->questions = 0;
	fb->order = (struct order){ 0 };
	memset(fb->counts, 0, sizeof fb->counts);
	fb->fault.kind = FAULT_NONE;
}

void feedback_free(struct feedback *fb)
{
	if (!fb)
		return;
	feedback_clear(fb);
	buf_release(&fb->tail);
	free(fb);
}

bool feedback_fault(const struct feedback *fb, struct fault *fault)
{
	if (fb->fault.kind != FAULT_NONE && fault)
		*fault = fb->fault;
	return fb->fault.kind != FAULT_NONE;
}

bool feedback_ended(const struct feedback *fb)
{
	return fb->order.ended && fb->fault.kind == FAULT_NONE;
}

uint64_t feedback_length(const struct feedback *fb)
{
	return fb->before + fb->tail.n;
}

/* ------------------------------------------------------------------ from memory to the file or the socket */

static int temporary_open(void)
{
	const char *folder = secure_getenv("TMPDIR");
	int fd = open(folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("feedback", MFD_CLOEXEC);
}

static bool write_all(int file, int socket, const char *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t done = socket >= 0 ? send(socket, p, n, MSG_NOSIGNAL) : pwrite(file, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return true;
}

static bool tail_spill(struct feedback *fb)
{
	if (fb->socket < 0 && fb->file < 0)
		fb->file = temporary_open();
	if ((fb->socket < 0 && fb->file < 0) || !write_all(fb->file, fb->socket, fb->tail.p, fb->tail.n, fb->before))
		return fault_set(&fb->fault, FAULT_LATER, "feedback: cannot write to %s: %s",
			fb->socket < 0 ? "the temporary file" : "the supervisor", strerror(errno));
	fb->before += fb->tail.n;
	buf_clear(&fb->tail);
	return true;
}

bool feedback_flush(struct feedback *fb)
{
	return fb->fault.kind == FAULT_NONE && (fb->tail.n == 0 || tail_spill(fb));
}

/* ------------------------------------------------------------------ order and counts */

bool order_next(struct order *order, enum frame_kind kind)
{
	static const struct {
		bool inside, outside; /* of a report */
	} may[FRAME_FACTS] = {
		[FRAME_REPORT_OPEN] = { false, true },
		[FRAME_RECORD] = { true, false },
		[FRAME_REPORT] = { true, false },
		[FRAME_FAILURE] = { false, true },
		[FRAME_VERIFICATION] = { false, true },
		[FRAME_OCTETS] = { false, true },
		[FRAME_PROBLEM] = { false, true },
		[FRAME_END] = { false, true },
	};

	if (kind >= FRAME_FACTS || order->ended || !(order->open ? may[kind].inside : may[kind].outside))
		return false;
	if (kind == FRAME_REPORT_OPEN || kind == FRAME_REPORT)
		order->open = kind == FRAME_REPORT_OPEN;
	order->ended = kind == FRAME_END;
	return true;
}

static bool heads_add(struct feedback *fb, uint64_t at)
{
	if (fb->heads_n == SPOOL_REPORTS)
		return fault_set(&fb->fault, FAULT_INPUT, "more than %d reports in one mail", SPOOL_REPORTS);
	if (fb->heads_n == fb->heads_room) {
		size_t room = fb->heads_room ? 2 * fb->heads_room : 8;
		uint64_t *heads = shortage_noted(reallocarray(fb->heads, room, sizeof *heads));

		if (!heads)
			return fault_set(&fb->fault, FAULT_LATER, "feedback: out of memory");
		fb->heads = heads;
		fb->heads_room = room;
	}
	fb->heads[fb->heads_n++] = at;
	return true;
}

/* Notes a fact that stands, or will stand, at `at`. */
static bool fact_note(struct feedback *fb, enum frame_kind kind, uint64_t at)
{
	switch (kind) {
	case FRAME_REPORT:
		fb->counts[COUNT_REPORTS]++;
		return heads_add(fb, at);
	case FRAME_FAILURE:
		fb->counts[COUNT_FAILURES]++;
		return true;
	case FRAME_PROBLEM:
		fb->counts[COUNT_PROBLEMS]++;
		return true;
	case FRAME_END:
		fb->end = at;
		return true;
	default:
		return true;
	}
}

static bool feedback_said(struct feedback *fb, size_t n)
{
	fb->said += n;
	return fb->said <= fb->max ||
	       fault_set(&fb->fault, FAULT_INPUT, "more than %llu octets of feedback", (unsigned long long)fb->max);
}

/* ------------------------------------------------------------------ the parser's side */

static bool fact_may(struct feedback *fb, enum frame_kind kind)
{
	if (fb->fault.kind != FAULT_NONE)
		return false;
	return order_next(&fb->order, kind) ||
	       fault_set(&fb->fault, FAULT_BROKEN, "feedback: fact %u out of order", (unsigned)kind);
}

/* After a put that appended one frame at `start` of the tail. */
static bool fact_close(struct feedback *fb, enum frame_kind kind, size_t start, bool encoded)
{
	if (!encoded)
		return fault_set(&fb->fault, FAULT_INPUT,
			"a fact of more than %zu octets or %d elements, or no memory for it", FRAME_MAX,
			WIRE_COUNT_MAX);
	if (!feedback_said(fb, fb->tail.n - start) || !fact_note(fb, kind, fb->before + start))
		return false;
	return fb->tail.n < (fb->socket < 0 ? SPOOL_MEMORY : SOCKET_MEMORY) || tail_spill(fb);
}

bool feedback_put_report_open(struct feedback *fb)
{
	size_t start = fb->tail.n;

	return fact_may(fb, FRAME_REPORT_OPEN) &&
	       fact_close(fb, FRAME_REPORT_OPEN, start, wire_put_report_open(&fb->tail));
}

bool feedback_put_record(struct feedback *fb, const struct record *record)
{
	size_t start = fb->tail.n;

	return fact_may(fb, FRAME_RECORD) && fact_close(fb, FRAME_RECORD, start, wire_put_record(&fb->tail, record));
}

static bool late_put(struct feedback *fb)
{
	struct span late = buf_span(&fb->late);
	bool good = true;

	if (late.n == 0)
		return true;
	good = buf_put_span(&fb->tail, late) || fault_set(&fb->fault, FAULT_LATER, "feedback: out of memory");
	fb->counts[COUNT_PROBLEMS] += fb->late_n;
	fb->late_n = 0;
	buf_release(&fb->late);
	return good;
}

bool feedback_put_report(struct feedback *fb, const struct report *report)
{
	size_t start = fb->tail.n;

	if (!fact_may(fb, FRAME_REPORT) || !fact_close(fb, FRAME_REPORT, start, wire_put_report(&fb->tail, report)))
		return false;
	return late_put(fb);
}

bool feedback_put_failure(struct feedback *fb, const struct failure *failure)
{
	size_t start = fb->tail.n;

	return fact_may(fb, FRAME_FAILURE) &&
	       fact_close(fb, FRAME_FAILURE, start, wire_put_failure(&fb->tail, failure));
}

bool feedback_put_verification(struct feedback *fb, const struct verification *verification)
{
	size_t start = fb->tail.n;

	return fact_may(fb, FRAME_VERIFICATION) &&
	       fact_close(fb, FRAME_VERIFICATION, start, wire_put_verification(&fb->tail, verification));
}

bool feedback_put_octets(struct feedback *fb, const struct octets *octets)
{
	size_t start = fb->tail.n;

	return fact_may(fb, FRAME_OCTETS) && fact_close(fb, FRAME_OCTETS, start, wire_put_octets(&fb->tail, octets));
}

bool feedback_put_problem(struct feedback *fb, const struct problem *problem)
{
	size_t start = fb->tail.n, late = fb->late.n;

	if (fb->order.open && fb->fault.kind == FAULT_NONE) {
		if (!wire_put_problem(&fb->late, problem))
			return fault_set(
				&fb->fault, FAULT_INPUT, "more than %zu octets of problems in one report", LATE_MAX);
		fb->late_n++;
		return feedback_said(fb, fb->late.n - late);
	}
	return fact_may(fb, FRAME_PROBLEM) &&
	       fact_close(fb, FRAME_PROBLEM, start, wire_put_problem(&fb->tail, problem));
}

bool feedback_put_end(struct feedback *fb, enum outcome outcome, const struct mail_head *head)
{
	struct wire_end end = { .outcome = outcome, .head = { .date = MOMENT_NONE } };
	size_t start = fb->tail.n;

	if (head)
		end.head = *head;
	return fact_may(fb, FRAME_END) && fact_close(fb, FRAME_END, start, wire_put_end(&fb->tail, &end)) &&
	       (fb->socket < 0 || feedback_flush(fb));
}

bool feedback_refuse(struct feedback *fb, enum outcome outcome, const char *where, const char *what)
{
	struct problem problem = { wire_text(where), wire_text(what) };

	feedback_clear(fb);
	return feedback_put_problem(fb, &problem) && feedback_put_end(fb, outcome, NULL);
}

/* ------------------------------------------------------------------ taking back */

struct feedback_mark feedback_mark(const struct feedback *fb)
{
	struct feedback_mark mark = { .at = feedback_length(fb), .reports = fb->heads_n };

	memcpy(mark.counts, fb->counts, sizeof mark.counts);
	return mark;
}

/* The tail shrinks; where that is not enough the file does too, or the supervisor is told. */
static bool tail_rewind(struct feedback *fb, const struct wire_rewind *to)
{
	if (to->at >= fb->before) {
		fb->tail.n = (size_t)(to->at - fb->before);
		return true;
	}
	buf_clear(&fb->tail);
	fb->before = to->at;
	if (fb->socket < 0)
		return ftruncate(fb->file, (off_t)to->at) == 0 ||
		       fault_set(
			       &fb->fault, FAULT_LATER, "feedback: cannot cut the temporary file: %s", strerror(errno));
	if (!wire_put_rewind(&fb->tail, to))
		return fault_set(&fb->fault, FAULT_LATER, "feedback: out of memory");
	if (!tail_spill(fb))
		return false;
	fb->before = to->at;
	return true;
}

static bool feedback_rewind_to(struct feedback *fb, const struct wire_rewind *to)
{
	if (!feedback_said(fb, REWIND_OCTETS) || !tail_rewind(fb, to))
		return false;
	fb->heads_n = (size_t)to->reports;
	memcpy(fb->counts, to->counts, sizeof fb->counts);
	fb->order = (struct order){ 0 };
	fb->late_n = 0;
	buf_release(&fb->late);
	return true;
}

bool feedback_rewind(struct feedback *fb, const struct feedback_mark *mark)
{
	struct wire_rewind to = { .at = mark->at, .reports = mark->reports };

	memcpy(to.counts, mark->counts, sizeof to.counts);
	return fb->fault.kind == FAULT_NONE && feedback_rewind_to(fb, &to);
}

/* ------------------------------------------------------------------ facts that come from a worker */

/* A mark may only lie in the past, and must fit what was counted here. */
static bool rewind_plausible(const struct feedback *fb, const struct wire_rewind *to)
{
	if (fb->order.ended || to->at > feedback_length(fb) || to->reports > fb->heads_n)
		return false;
	if (to->reports && fb->heads[to->reports - 1] >= to->at)
		return false;
	if (to->reports < fb->heads_n && fb->heads[to->reports] < to->at)
		return false;
	for (unsigned i = 0; i < COUNTS; i++)
		if (to->counts[i] > fb->counts[i])
			return false;
	return to->counts[COUNT_REPORTS] == to->reports;
}

static bool rewind_accept(struct feedback *fb, struct span payload)
{
	struct wire_rewind to;

	if (!wire_get_rewind(payload, &to) || !rewind_plausible(fb, &to))
		return fault_set(&fb->fault, FAULT_BROKEN, "a rewind that leads nowhere");
	return feedback_rewind_to(fb, &to);
}

/* Whole facts from the front of `received` that may be copied in one go. Returns their octets. */
static size_t facts_run(struct feedback *fb, struct span received)
{
	size_t n = 0;

	while (received.n - n >= FRAME_HEAD && !fb->order.ended) {
		struct frame frame;

		if (!wire_get_frame(received.p + n, &frame)) {
			fault_set(
				&fb->fault, FAULT_BROKEN, "a frame of unknown kind or more than %zu octets", FRAME_MAX);
			break;
		}
		if (frame.kind >= FRAME_FACTS || received.n - n - FRAME_HEAD < frame.length)
			break;
		if (!order_next(&fb->order, frame.kind)) {
			fault_set(&fb->fault, FAULT_BROKEN, "fact %u out of order", (unsigned)frame.kind);
			break;
		}
		if (!fact_note(fb, frame.kind, feedback_length(fb) + n))
			break;
		n += FRAME_HEAD + frame.length;
	}
	return n;
}

static bool facts_copy(struct feedback *fb, struct span run)
{
	if (!feedback_said(fb, run.n))
		return false;
	if (!buf_put_span(&fb->tail, run))
		return fault_set(&fb->fault, FAULT_LATER, "feedback: out of memory");
	return fb->tail.n < SPOOL_MEMORY || tail_spill(fb);
}

bool feedback_accept(struct feedback *fb, struct span *received, struct fault *fault)
{
	size_t n = 0;

	do {
		struct frame frame;

		n = facts_run(fb, *received);
		if (fb->fault.kind != FAULT_NONE || (n && !facts_copy(fb, (struct span){ received->p, n })))
			break;
		received->p += n;
		received->n -= n;
		if (received->n < FRAME_HEAD || !wire_get_frame(received->p, &frame) || frame.kind != FRAME_REWIND ||
			received->n - FRAME_HEAD < frame.length)
			break;
		n = FRAME_HEAD + frame.length;
		if (!rewind_accept(fb, (struct span){ received->p + FRAME_HEAD, frame.length }))
			break;
		received->p += n;
		received->n -= n;
	} while (!fb->order.ended);
	return !feedback_fault(fb, fault);
}

/* ------------------------------------------------------------------ the question */

void feedback_set_asker(struct feedback *fb, feedback_asker *asker, void *arg, uint64_t most)
{
	fb->asker = asker;
	fb->asker_arg = arg;
	fb->questions_most = most;
}

bool feedback_ask(struct feedback *fb, struct span name, struct buf *answer)
{
	buf_clear(answer);
	if (!fb->asker || !question_allowed(name) || fb->questions >= fb->questions_most)
		return false;
	fb->questions++;
	return fb->asker(fb->asker_arg, name, answer);
}
