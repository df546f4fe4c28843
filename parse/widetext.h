/* widetext: UTF-16 as UTF-8, for the second reading of a document that libxml2 could not read as it came: white space before the
 * declaration, no byte order mark, a stray `&`. What is not UTF-16 is passed on as it is. Private to parse/. */
#ifndef PARSE_WIDETEXT_H
#define PARSE_WIDETEXT_H

#include "base/buf.h"
#include "parse/stream.h"

struct widetext {
	struct stream stream;
	struct peeked from;
	enum { WIDE_UNKNOWN, WIDE_NOT, WIDE_LITTLE, WIDE_BIG } order;
	uint32_t high;      /* a high surrogate that waits for its other half */
	unsigned char half; /* an octet that waits for the other one ... */
	bool has_half;
	struct buf out;
	size_t given;       /* octets of `out` already handed out */
};

void widetext_init(struct widetext *w, struct stream *from);
void widetext_release(struct widetext *w);
bool widetext_was_wide(const struct widetext *w); /* so far */

#endif
