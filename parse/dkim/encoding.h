/* Transfer encodings as DKIM and MIME use them. Results are allocated in the caller's arena; absent means refused or no
 * memory. */
#ifndef PARSE_DKIM_ENCODING_H
#define PARSE_DKIM_ENCODING_H

#include "base/arena.h"
#include "base/buf.h"

/* base64 (RFC 6376 2.10): white space ignored, nothing else is; the padding may be missing, not wrong in place. */
struct span base64_decode(struct span text, struct arena *arena);

/* dkim-quoted-printable (RFC 6376 2.11): white space ignored, lower-case hex too, a "=" that starts no pair stays. */
struct span dkim_qp_decode(struct span text, struct arena *arena);

/* The value of a hexadecimal digit, or -1. */
int hex_value(char c);

/* Is any octet of it none of ASCII? */
bool span_has_8bit(struct span text);

/* Without any white space (space, tab, CR, LF). */
struct span span_compact(struct span text, struct arena *arena);

#endif
