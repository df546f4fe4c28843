/* The wire: facts as octets, written by one side of the process border and distrusted by the other. The writer and the
 * reader of each fact stand side by side in wire.c.
 *
 * A frame is u32 length of the payload, u8 kind, payload; integers are little-endian. A span is its length in one octet
 * (0..253), or 254 and a u32, or 255 for "absent", and then its octets. A count is written like a length. Text is
 * UTF-8.
 *
 * wire_put_X appends one whole frame or nothing; false: no memory, or longer than FRAME_MAX or WIRE_COUNT_MAX allows.
 * wire_get_X reads one payload; false: not well-formed, and nothing in *fact may be used. Spans point into the payload,
 * arrays live in the arena. */
#ifndef PARSE_WIRE_H
#define PARSE_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "parse/feedback.h"

#define FRAME_HEAD ((size_t)5)
#define FRAME_MAX ((size_t)16 * 1024 * 1024)  /* octets of one payload: many times what any honest fact takes */
#define WIRE_COUNT_MAX 65536		      /* results, reasons, errors or fields of one fact */
#define WIRE_ARENA ((size_t)32 * 1024 * 1024) /* enough for the arrays of any fact within these bounds */

enum frame_kind {
	/* facts: what a spool holds */
	FRAME_REPORT_OPEN,
	FRAME_RECORD,
	FRAME_REPORT, /* the head, after its records */
	FRAME_FAILURE,
	FRAME_VERIFICATION,
	FRAME_OCTETS,
	FRAME_PROBLEM,
	FRAME_END,
	FRAME_FACTS,
	/* between worker and supervisor only (parse/border.h) */
	FRAME_REWIND = FRAME_FACTS, /* worker: forget what was said since a mark */
	FRAME_REFUSED,		    /* worker: this mail cannot be read, and why */
	FRAME_QUESTION,		    /* worker: TXT of this name? */
	FRAME_ANSWER,		    /* supervisor */
	FRAME_MAIL,		    /* supervisor: read this; a descriptor comes with it */
	FRAME_COUNT
};

struct frame {
	enum frame_kind kind;
	size_t length; /* of the payload */
};

/* What stands in FRAME_END; the counts of FACT_BEGIN are not sent but counted by who receives. */
struct wire_end {
	enum outcome outcome;
	struct mail_head head;
};

struct wire_rewind {
	uint64_t at, reports, counts[3];
};

/* `text` up to where it is no UTF-8: sentences are written into a fixed room, which may cut the last character. */
struct span wire_text(const char *text);

/* `octets` holds at least FRAME_HEAD. False: unknown kind or longer than FRAME_MAX. */
bool wire_get_frame(const char *octets, struct frame *frame);

bool wire_put_report_open(struct buf *out);
bool wire_put_record(struct buf *out, const struct record *record);
bool wire_get_record(struct span payload, struct arena *arena, struct record *record);
bool wire_put_report(struct buf *out, const struct report *report);
bool wire_get_report(struct span payload, struct arena *arena, struct report *report);
bool wire_put_failure(struct buf *out, const struct failure *failure);
bool wire_get_failure(struct span payload, struct arena *arena, struct failure *failure);
bool wire_put_verification(struct buf *out, const struct verification *verification);
/* The verdicts lie in the arena with everything in them; they are not to be released. */
bool wire_get_verification(struct span payload, struct arena *arena, struct verification *verification);
bool wire_put_octets(struct buf *out, const struct octets *octets);
bool wire_get_octets(struct span payload, struct octets *octets);
bool wire_put_problem(struct buf *out, const struct problem *problem);
bool wire_get_problem(struct span payload, struct problem *problem);
bool wire_put_end(struct buf *out, const struct wire_end *end);
bool wire_get_end(struct span payload, struct wire_end *end);
bool wire_put_rewind(struct buf *out, const struct wire_rewind *rewind);
bool wire_get_rewind(struct span payload, struct wire_rewind *rewind);

#endif
