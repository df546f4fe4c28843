/* The crew: reads mails in locked workers, as many at a time as it has jobs, or one by one in this process. The same
 * calls and the same feedback either way.
 *
 *   while (there are mails or crew_busy(crew)) {
 *           while (crew_idle(crew) && next mail)
 *                   crew_give(crew, ticket, &input);
 *           crew_wait(crew, &done, &fault);
 *   }
 *
 * When a worker crashes, is killed or gives up, the mail it was reading is read once more, by a fresh worker. One that does so
 * twice, or breaks the protocol or takes too long, costs that mail, which comes back as a refusal (OUTCOME_BROKEN, one problem
 * that says why, and the mail itself, to be kept); another worker takes its place. Each worker is given the next mail while
 * it reads one. Mails come back in any order; who wants an order keeps it by the ticket. */
#ifndef PARSE_CREW_H
#define PARSE_CREW_H

#include "parse/nursery.h"
#include "parse/parse.h"
#include "parse/spool.h"

#define CREW_JOBS 64 /* at most */

struct crew;

/* `nursery` is borrowed; NULL: parse in this process, `jobs` ignored. The limits are copied. NULL: fault. */
struct crew *crew_start(struct nursery *nursery, const struct limits *limits, unsigned jobs, struct fault *fault);
void crew_free(struct crew *crew); /* mails still in work are dropped */

bool crew_idle(const struct crew *crew); /* would crew_give be taken? */
bool crew_busy(const struct crew *crew); /* has crew_wait something to wait for? */

/* Only when idle. The ranges are copied and the descriptor duplicated: the caller's may go at once. The ticket must not
 * be that of another mail in work. A worker gets the descriptor as it is: open it read-only. */
bool crew_give(struct crew *crew, uint64_t ticket, const struct parse_input *input, struct fault *fault);

struct crew_done {
	uint64_t ticket;
	struct feedback *feedback; /* the caller's now; checked through, so that replay will not find it broken */
	bool refused; /* the worker died or gave up: the feedback says only that and keeps the mail, whose fault it may not be */
	struct fault fault;	   /* FAULT_LATER: nothing can be said of the mail (memory, disk); feedback is NULL */
};
/* Blocks until a mail is done. False: none was in work or the descriptor of crew_interrupt_on is readable (FAULT_NONE), or
 * the nursery is gone (FAULT_LATER). */
bool crew_wait(struct crew *crew, struct crew_done *done, struct fault *fault);

/* What workers may ask (feedback_ask). The answerer is called from crew_wait with a name that was checked; it answers
 * now or later by crew_answer with the same id. Without an answerer, or after CREW_ANSWER_SECONDS, nothing is known. */
#define CREW_ANSWER_SECONDS 60
typedef void crew_answerer(void *arg, uint64_t id, struct span name);
void crew_set_answerer(struct crew *crew, crew_answerer *answerer, void *arg);
void crew_answer(struct crew *crew, uint64_t id, bool known, struct span answer); /* an id of the past is ignored */

/* Another descriptor to wait for in crew_wait, such as the one that answers come from. -1: none. */
typedef void crew_ready(void *arg);
void crew_watch(struct crew *crew, int fd, crew_ready *ready, void *arg);

/* Another descriptor that, once readable, ends crew_wait as if no mail were in work: there is something else to do. -1:
 * none. Parsing in this process is not interrupted. */
void crew_interrupt_on(struct crew *crew, int fd);

#endif
