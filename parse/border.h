/* The border between the locked processes and the supervisor: what spool.c, worker.c, nursery.c and crew.c share.
 *
 * The conversation on a worker's socket, mail after mail (frames: parse/wire.h):
 *
 *   supervisor   FRAME_MAIL with a descriptor; BORDER_AHEAD more may follow before the first is read
 *   worker       facts, FRAME_REWIND, and at any time FRAME_QUESTION, after which it says nothing until
 *   supervisor   FRAME_ANSWER
 *   worker       FRAME_END: the mail is read; or FRAME_REFUSED: it cannot be, and the worker ends itself
 *
 * Whatever else a worker says, or how it ends, is told from its exit status, which the nursery reports. */
#ifndef PARSE_BORDER_H
#define PARSE_BORDER_H

#include "parse/parse.h"
#include "parse/spool.h"
#include "parse/wire.h"

#include <sys/types.h>

/* Mails that a worker has besides the one it reads: it need not wait for its supervisor, who stores meanwhile. */
#define BORDER_AHEAD 3

/* ------------------------------------------------------------------ facts that come from a worker (spool.c) */

/* Takes facts from the front of *received into a spool and moves *received behind them, until a frame is incomplete, a
 * frame is no fact, or the mail has ended. Size and order are checked here, the inside of facts by feedback_replay.
 * False: the worker broke the rules (FAULT_BROKEN), said too much (FAULT_INPUT), or the spool has no room
 * (FAULT_LATER). */
bool feedback_accept(struct feedback *feedback, struct span *received, struct fault *fault);
bool feedback_ended(const struct feedback *feedback); /* FRAME_END was put or accepted */
bool feedback_flush(struct feedback *feedback);	      /* a worker's handle: everything put so far is on the socket */

/* ------------------------------------------------------------------ the question */

/* A name of at most QUESTION_MAX octets whose labels are letters, digits, `-` and `_`, with `_domainkey` between a
 * selector and a domain: the only thing a worker may ask about (RFC 6376 3.6.2.1). */
#define QUESTION_MAX 253
#define ANSWER_MAX ((size_t)64 * 1024)
bool question_allowed(struct span name);

/* ------------------------------------------------------------------ the other frames; wire_get as in parse/wire.h */

bool wire_put_mail(struct buf *out, const struct parse_input *input);
/* `ranges` has room for PARSE_RANGES and becomes input->ranges; input->fd is left alone. */
bool wire_get_mail(struct span payload, struct parse_range *ranges, struct parse_input *input);
bool wire_put_refused(struct buf *out, const char *what);
bool wire_get_refused(struct span payload, struct span *what);
bool wire_put_question(struct buf *out, struct span name); /* the payload is the name */
bool wire_put_answer(struct buf *out, bool known, struct span answer);
bool wire_get_answer(struct span payload, bool *known, struct span *answer);

/* ------------------------------------------------------------------ descriptors over sockets */

/* One message, whole or not at all, with descriptor `fd` unless it is -1; never blocks. errno tells why not. */
bool border_send(int socket, const void *octets, size_t n, int fd);
/* At most `room` octets and the descriptor that came with them (-1: none; more than one are closed). 0 at the end. */
ssize_t border_receive(int socket, void *octets, size_t room, int flags, int *fd);

#endif
