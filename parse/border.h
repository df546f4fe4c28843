/* The border between the locked processes and the supervisor: what spool.c, worker.c, nursery.c and crew.c share. */
#ifndef PARSE_BORDER_H
#define PARSE_BORDER_H

#include "parse/parse.h"
#include "parse/spool.h"
#include "parse/wire.h"

/* ------------------------------------------------------------------ facts that come from a worker (spool.c) */

/* Takes facts from the front of *received into a spool and moves *received behind them, until a frame is incomplete, a
 * frame is no fact, or the mail has ended. Size and order are checked here, the inside of facts by feedback_replay.
 * False: the worker broke the rules (FAULT_BROKEN), said too much (FAULT_INPUT), or the spool has no room (FAULT_LATER). */
bool feedback_accept(struct feedback *feedback, struct span *received, struct fault *fault);
bool feedback_ended(const struct feedback *feedback); /* FRAME_END was put or accepted */
bool feedback_flush(struct feedback *feedback);       /* a worker's handle: everything put so far is on the socket */

/* ------------------------------------------------------------------ the question */

/* A name of at most QUESTION_MAX octets whose labels are letters, digits, `-` and `_`, with `_domainkey` between a selector
 * and a domain: the only thing a worker may ask about (RFC 6376 3.6.2.1). */
#define QUESTION_MAX 253
#define ANSWER_MAX ((size_t)64 * 1024)
bool question_allowed(struct span name);

#endif
