/* Reading a spool: nothing in it is believed. */

#include "parse/spool_p.h"

#include <errno.h>
#include <unistd.h>

#define READ_AHEAD_ASIDE ((size_t)4096) /* a report's head and the end are read out of turn */

/* A stretch of the spool that is in memory. */
struct window {
	struct buf b;
	uint64_t start;
};

struct replay {
	struct feedback *fb;
	unsigned which;
	fact_taker *take;
	void *arg;
	struct fault *fault;
	struct arena arena;
	struct window ahead, aside;
	struct order order;
	struct fact fact;
	size_t report;			      /* the open one, or the next */
	uint64_t records, messages;	      /* of the open report, as they came */
	uint64_t head_records, head_messages; /* as its head said */
	uint64_t counts[COUNTS];
	bool some_octets;
	struct octets last_octets;
};

static bool replay_broken(struct replay *r, const char *what)
{
	return fault_set(r->fault, FAULT_BROKEN, "feedback: %s", what);
}

static bool window_fill(struct replay *r, struct window *w, uint64_t at, size_t n)
{
	buf_clear(&w->b);
	if (!buf_reserve(&w->b, n))
		return fault_set(r->fault, FAULT_LATER, "feedback: out of memory");
	w->start = at;
	while (w->b.n < n) {
		ssize_t got = pread(r->fb->file, w->b.p + w->b.n, n - w->b.n, (off_t)(at + w->b.n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fault_set(r->fault, FAULT_LATER, "feedback: cannot read the temporary file: %s",
				got ? strerror(errno) : "it is shorter than it was");
		buf_grew(&w->b, (size_t)got);
	}
	return true;
}

/* `n` octets at `at`, or NULL with the fault set. They stay until the next call for the same window. */
static const char *window_at(struct replay *r, struct window *w, uint64_t at, size_t n)
{
	uint64_t length = feedback_length(r->fb);
	size_t more = w == &r->aside ? READ_AHEAD_ASIDE : SPOOL_MEMORY;

	if (at > length || n > length - at) {
		replay_broken(r, "a frame that reaches past the end");
		return NULL;
	}
	if (r->fb->file < 0)
		return r->fb->tail.p + at;
	if (at < w->start || at - w->start > w->b.n || n > w->b.n - (at - w->start)) {
		more = n > more ? n : more;
		if (!window_fill(r, w, at, more < length - at ? more : (size_t)(length - at)))
			return NULL;
	}
	return w->b.p + (at - w->start);
}

static bool frame_at(struct replay *r, struct window *w, uint64_t at, struct frame *frame)
{
	const char *head = window_at(r, w, at, FRAME_HEAD);

	if (!head)
		return false;
	if (!wire_get_frame(head, frame) || frame->kind >= FRAME_FACTS)
		return replay_broken(r, "a frame of unknown kind or length");
	return true;
}

static bool payload_at(struct replay *r, struct window *w, uint64_t at, const struct frame *frame, struct span *payload)
{
	payload->p = window_at(r, w, at + FRAME_HEAD, frame->length);
	payload->n = frame->length;
	arena_clear(&r->arena);
	return payload->p != NULL;
}

/* A frame that is read before its turn: the head of a report, the end. */
static bool payload_aside(struct replay *r, uint64_t at, enum frame_kind kind, struct span *payload)
{
	struct frame frame;

	if (!frame_at(r, &r->aside, at, &frame))
		return false;
	return frame.kind == kind ? payload_at(r, &r->aside, at, &frame, payload)
				  : replay_broken(r, "a misplaced frame");
}

static bool fact_give(struct replay *r, enum fact_kind kind)
{
	r->fact.kind = kind;
	return r->take(r->arg, &r->fact);
}

static bool replay_begin(struct replay *r)
{
	struct wire_end end;
	struct span payload;

	if (!feedback_ended(r->fb))
		return replay_broken(r, "no end");
	if (!payload_aside(r, r->fb->end, FRAME_END, &payload))
		return false;
	if (!wire_get_end(payload, &end))
		return replay_broken(r, "a malformed end");
	if (end.outcome == OUTCOME_REPORT && r->fb->counts[COUNT_REPORTS] + r->fb->counts[COUNT_FAILURES] == 0)
		return replay_broken(r, "a report without a report");
	r->fact.begin.outcome = end.outcome;
	r->fact.begin.head = end.head;
	r->fact.begin.reports = r->fb->counts[COUNT_REPORTS];
	r->fact.begin.failures = r->fb->counts[COUNT_FAILURES];
	r->fact.begin.problems = r->fb->counts[COUNT_PROBLEMS];
	return fact_give(r, FACT_BEGIN);
}

/* The head lies behind the records, at a place noted when it passed. Unwanted records are stepped over. */
static bool replay_report_open(struct replay *r, uint64_t *at)
{
	struct span payload;
	uint64_t head;

	if (r->report >= r->fb->heads_n || r->fb->heads[r->report] <= *at)
		return replay_broken(r, "a report without a head");
	head = r->fb->heads[r->report];
	r->records = r->messages = 0;
	if (!(r->which & REPLAY_REPORTS)) {
		*at = head;
		return true;
	}
	if (!payload_aside(r, head, FRAME_REPORT, &payload))
		return false;
	if (!wire_get_report(payload, &r->arena, &r->fact.report))
		return replay_broken(r, "a malformed report");
	r->head_records = r->fact.report.records;
	r->head_messages = r->fact.report.messages;
	*at += FRAME_HEAD;
	return fact_give(r, FACT_REPORT);
}

static bool replay_record(struct replay *r, struct span payload)
{
	uint64_t sum;

	if (!wire_get_record(payload, &r->arena, &r->fact.record))
		return replay_broken(r, "a malformed record");
	r->records++;
	sum = r->messages + r->fact.record.count;
	r->messages = sum < r->messages ? UINT64_MAX : sum;
	return fact_give(r, FACT_RECORD);
}

static bool replay_report_end(struct replay *r, uint64_t at)
{
	if (at != r->fb->heads[r->report++])
		return replay_broken(r, "a head at the wrong place");
	r->counts[COUNT_REPORTS]++;
	if (!(r->which & REPLAY_REPORTS))
		return true;
	if (r->head_records != r->records || r->head_messages != r->messages)
		return replay_broken(r, "a head whose sums are not those of its records");
	return fact_give(r, FACT_REPORT_END);
}

static bool replay_octets(struct replay *r, struct span payload)
{
	struct octets *octets = &r->fact.octets, *last = &r->last_octets;
	bool next;

	if (!wire_get_octets(payload, octets))
		return replay_broken(r, "malformed octets");
	next = octets->chunk == 0 ? !r->some_octets || octets->part > last->part
				  : r->some_octets && octets->part == last->part && octets->kind == last->kind &&
					    octets->chunk == last->chunk + 1;
	if (!next)
		return replay_broken(r, "octets out of order");
	r->some_octets = true;
	*last = *octets;
	return fact_give(r, FACT_OCTETS);
}

static bool replay_fact(struct replay *r, enum frame_kind kind, uint64_t at, struct span payload)
{
	switch (kind) {
	case FRAME_RECORD:
		return replay_record(r, payload);
	case FRAME_REPORT:
		return replay_report_end(r, at);
	case FRAME_FAILURE:
		r->counts[COUNT_FAILURES]++;
		if (!wire_get_failure(payload, &r->arena, &r->fact.failure))
			return replay_broken(r, "a malformed failure");
		return fact_give(r, FACT_FAILURE);
	case FRAME_VERIFICATION:
		if (!wire_get_verification(payload, &r->arena, &r->fact.verification))
			return replay_broken(r, "a malformed verification");
		return fact_give(r, FACT_VERIFICATION);
	case FRAME_OCTETS:
		return replay_octets(r, payload);
	case FRAME_PROBLEM:
		r->counts[COUNT_PROBLEMS]++;
		if (!wire_get_problem(payload, &r->fact.problem))
			return replay_broken(r, "a malformed problem");
		return fact_give(r, FACT_PROBLEM);
	case FRAME_END:
		if (memcmp(r->counts, r->fb->counts, sizeof r->counts) != 0)
			return replay_broken(r, "wrong counts");
		return fact_give(r, FACT_END);
	default:
		return replay_broken(r, "an unknown fact");
	}
}

/* A kind that is not wanted is counted and passed over. */
static bool replay_wants(struct replay *r, enum frame_kind kind)
{
	switch (kind) {
	case FRAME_FAILURE:
		r->counts[COUNT_FAILURES] += !(r->which & REPLAY_FAILURES);
		return r->which & REPLAY_FAILURES;
	case FRAME_PROBLEM:
		r->counts[COUNT_PROBLEMS] += !(r->which & REPLAY_PROBLEMS);
		return r->which & REPLAY_PROBLEMS;
	case FRAME_VERIFICATION:
		return r->which & REPLAY_VERIFICATIONS;
	case FRAME_OCTETS:
		return r->which & REPLAY_OCTETS;
	default:
		return true;
	}
}

static bool replay_frames(struct replay *r)
{
	uint64_t at = 0;

	if (!replay_begin(r))
		return false;
	while (!r->order.ended) {
		struct frame frame;
		struct span payload;

		if (!frame_at(r, &r->ahead, at, &frame))
			return false;
		if (!order_next(&r->order, frame.kind))
			return replay_broken(r, "a fact out of order");
		if (frame.kind == FRAME_REPORT_OPEN) {
			if (frame.length)
				return replay_broken(r, "a malformed report");
			if (!replay_report_open(r, &at))
				return false;
			continue;
		}
		if (replay_wants(r, frame.kind) &&
			(!payload_at(r, &r->ahead, at, &frame, &payload) || !replay_fact(r, frame.kind, at, payload)))
			return false;
		at += FRAME_HEAD + frame.length;
	}
	return at == feedback_length(r->fb) || replay_broken(r, "something after the end");
}

bool feedback_replay(struct feedback *fb, unsigned which, fact_taker *take, void *arg, struct fault *fault)
{
	struct replay r = { .fb = fb,
		.which = which,
		.take = take,
		.arg = arg,
		.fault = fault,
		.arena = ARENA(WIRE_ARENA),
		.ahead.b = BUF(SPOOL_MEMORY + FRAME_MAX),
		.aside.b = BUF(SPOOL_MEMORY + FRAME_MAX) };
	bool good;

	if (fault)
		fault->kind = FAULT_NONE;
	if (feedback_fault(fb, fault))
		return false;
	if (fb->socket >= 0)
		return replay_broken(&r, "a worker's handle keeps nothing");
	if (fb->file >= 0 && !feedback_flush(fb))
		return !feedback_fault(fb, fault);
	good = replay_frames(&r);
	arena_release(&r.arena);
	buf_release(&r.ahead.b);
	buf_release(&r.aside.b);
	return good;
}
