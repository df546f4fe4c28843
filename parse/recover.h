/* recover: the second, bounded reading of a feedback document that is not well-formed. A stream that mends, and counts
 * what it mended, so that the report can say so (QUIRKS X4 to X9):
 *
 *   octets that are not UTF-8              read as windows-1252
 *   control characters, NUL                 a space
 *   `<` and `&` that start no known thing   text
 *   attributes, prefixes, comments          left out
 *   text before and behind <feedback>       left out
 *   missing end of </feedback> alone        added
 *   UTF-16 with any of these                turned into UTF-8 first
 *
 * A document that ends inside a record or a tag, or before its first record, is not mended: half a report is no report. Private to parse/. */
#ifndef PARSE_RECOVER_H
#define PARSE_RECOVER_H

#include "parse/stream.h"

enum {
	MENDED_OCTETS = 1 << 0,
	MENDED_CONTROLS = 1 << 1,
	MENDED_MARKUP = 1 << 2,
	MENDED_LEADING = 1 << 3,
	MENDED_TRAILING = 1 << 4,
	MENDED_TAIL = 1 << 5,
	MENDED_ENCODING = 1 << 6, /* declared an encoding that is not known, or not its own */
	MENDED_WIDE = 1 << 7,
	MENDED_REFERENCES = 1 << 8, /* `&` that begins none */
	MENDED_BITS = 9,
};
/* These change single characters of values, never which element a value belongs to: nothing of the report is in doubt. Nor
 * is it where no bit is set: nothing in a report is read from comments, attributes and declarations. */
#define MENDED_LETTERS (MENDED_OCTETS | MENDED_CONTROLS | MENDED_ENCODING | MENDED_WIDE | MENDED_REFERENCES)

struct recovering;

struct recovering *recovering_new(struct stream *from);
void recovering_free(struct recovering *r);
struct stream *recovering_stream(struct recovering *r);
unsigned recovering_mended(const struct recovering *r); /* MENDED_* bits so far */
const char *mended_sentence(unsigned bit);              /* what to record for one bit */

#endif
