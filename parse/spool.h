/* The feedback handle: facts of one mail, encoded, kept in memory up to SPOOL_MEMORY and then in an unlinked temporary
 * file. It is filled either by the parser in this process or, frame by frame, from a worker's socket; either way the same
 * octets, so that both ways give the same answer. Nothing is believed on reading: every length, count and word is
 * bounded again by feedback_replay. */
#ifndef PARSE_SPOOL_H
#define PARSE_SPOOL_H

#include "base/fault.h"
#include "parse/feedback.h"

#define SPOOL_MEMORY ((size_t)256 * 1024)

struct feedback;

struct feedback *feedback_new(uint64_t max_octets); /* NULL when memory is short */
void feedback_free(struct feedback *feedback);
void feedback_clear(struct feedback *feedback); /* ready for the next mail */

/* The parser's side. A report's head is known only when its last record was read, so a report is opened, filled and then
 * closed with its head; replay hands the head out first. */
bool feedback_put_report_open(struct feedback *feedback);
bool feedback_put_record(struct feedback *feedback, const struct record *record);
bool feedback_put_report(struct feedback *feedback, const struct report *report); /* closes the open report */
bool feedback_put_failure(struct feedback *feedback, const struct failure *failure);
bool feedback_put_octets(struct feedback *feedback, const struct octets *octets);
bool feedback_put_problem(struct feedback *feedback, const struct problem *problem);
bool feedback_put_end(struct feedback *feedback, enum outcome outcome, const struct mail_head *head);

/* Takes back everything since the mark: a document that turned out to be unusable leaves no trace. */
struct feedback_mark {
	uint64_t at;
	size_t reports;
	uint64_t counts[3];
};
struct feedback_mark feedback_mark(const struct feedback *feedback);
bool feedback_rewind(struct feedback *feedback, const struct feedback_mark *mark);

/* Which facts a replay hands out; FACT_BEGIN and FACT_END always come. */
enum {
	REPLAY_REPORTS = 1 << 0, /* FACT_REPORT, FACT_RECORD, FACT_REPORT_END */
	REPLAY_FAILURES = 1 << 1,
	REPLAY_OCTETS = 1 << 2,
	REPLAY_PROBLEMS = 1 << 3,
	REPLAY_ALL = 15
};
/* May be called as often as wanted. False: the taker stopped it (fault->kind == FAULT_NONE), or the octets are not
 * well-formed feedback (FAULT_BROKEN). */
bool feedback_replay(struct feedback *feedback, unsigned which, fact_taker *take, void *arg, struct fault *fault);

/* A mail that gave no feedback (the worker died, the input was refused): one problem and the outcome. */
bool feedback_refuse(struct feedback *feedback, enum outcome outcome, const char *where, const char *what);

#endif
