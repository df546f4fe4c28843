/* The feedback handle: facts of one mail, encoded (parse/wire.h). It is filled by the parser and comes in two kinds:
 *
 * A spool keeps the facts, in memory up to SPOOL_MEMORY and then in an unlinked temporary file. It is filled either by
 * the parser in this process or, frame by frame, from a worker's socket; either way the same octets, so that both ways
 * give the same answer.
 *
 * A worker's handle hands the facts to its socket and keeps nothing; it cannot be replayed.
 *
 * Nothing is believed on reading: every length, count, enum, text and the order of facts is checked by feedback_replay.
 *
 * A put returns false when memory, a ceiling or the disk ran out, or when facts come out of order; the handle then
 * stays failed, whatever is put next, until feedback_clear, and feedback_fault says why. */
#ifndef PARSE_SPOOL_H
#define PARSE_SPOOL_H

#include "base/buf.h"
#include "base/fault.h"
#include "parse/feedback.h"

#define SPOOL_MEMORY ((size_t)256 * 1024)
#define SPOOL_REPORTS 65536 /* aggregate reports of one mail; limits of entries and parts lie far below */

struct feedback;

struct feedback *feedback_new(uint64_t max_octets); /* a spool; NULL when memory is short */
struct feedback *feedback_new_socket(int socket, uint64_t max_octets); /* a worker's; blocking, borrowed */
void feedback_free(struct feedback *feedback);
void feedback_clear(struct feedback *feedback); /* ready for the next mail */

/* The parser's side. A report's head is known only when its last record was read, so a report is opened, filled and
 * then closed with its head; replay hands the head out first. Inside an open report only records and problems may be
 * put; its problems are handed out after it. `part` of octets rises from thing to thing, `chunk` counts from 0 within
 * each. */
bool feedback_put_report_open(struct feedback *feedback);
bool feedback_put_record(struct feedback *feedback, const struct record *record);
bool feedback_put_report(struct feedback *feedback, const struct report *report); /* closes the open report */
bool feedback_put_failure(struct feedback *feedback, const struct failure *failure);
bool feedback_put_verification(struct feedback *feedback, const struct verification *verification);
bool feedback_put_octets(struct feedback *feedback, const struct octets *octets);
bool feedback_put_problem(struct feedback *feedback, const struct problem *problem);
/* The last fact; `head` may be NULL. */
bool feedback_put_end(struct feedback *feedback, enum outcome outcome, const struct mail_head *head);

/* Takes back everything since the mark: a document that turned out to be unusable leaves no trace. A mark is taken
 * outside a report; a rewind leaves the report it is called in. What was taken back still counts towards max_octets. */
struct feedback_mark {
	uint64_t at;
	size_t reports;
	uint64_t counts[3];
};
struct feedback_mark feedback_mark(const struct feedback *feedback);
bool feedback_rewind(struct feedback *feedback, const struct feedback_mark *mark);

/* The one narrow question a parser may put while it reads: the TXT records of a key's name. `answer` gets the octets
 * the answerer chose. False: not a name that may be asked for, asked too often, or nobody answers. */
typedef bool feedback_asker(void *arg, struct span name, struct buf *answer);
void feedback_set_asker(struct feedback *feedback, feedback_asker *asker, void *arg, uint64_t most);
bool feedback_ask(struct feedback *feedback, struct span name, struct buf *answer);

/* Which facts a replay hands out; FACT_BEGIN and FACT_END always come. */
enum {
	REPLAY_REPORTS = 1 << 0, /* FACT_REPORT, FACT_RECORD, FACT_REPORT_END */
	REPLAY_FAILURES = 1 << 1,
	REPLAY_OCTETS = 1 << 2,
	REPLAY_PROBLEMS = 1 << 3,
	REPLAY_VERIFICATIONS = 1 << 4,
	REPLAY_ALL = 31
};
/* May be called as often as wanted; what is not wanted is passed over unread. False: the taker stopped it (fault->kind
 * == FAULT_NONE), the temporary file cannot be read (FAULT_LATER), or the octets are not well-formed feedback
 * (FAULT_BROKEN). */
bool feedback_replay(struct feedback *feedback, unsigned which, fact_taker *take, void *arg, struct fault *fault);

/* A mail that gave no feedback (the worker died, the input was refused): one problem and the outcome, no more. */
bool feedback_refuse(struct feedback *feedback, enum outcome outcome, const char *where, const char *what);

/* Why a put returned false; FAULT_INPUT: a ceiling, FAULT_LATER: memory or disk, FAULT_BROKEN: facts out of order.
 * Returns whether there was a fault. */
bool feedback_fault(const struct feedback *feedback, struct fault *fault);

#endif
