/* aggregate: an aggregate report's XML (RFC 7489 appendix C, RFC 9990 appendix A, the drafts before, and their mixtures)
 * becomes a report and its records. Private to parse/.
 *
 * libxml2's SAX2 push parser; elements are matched by local name in any order; what is unknown is a problem, never fatal;
 * a DOCTYPE is refused. The strict pass takes well-formed XML only. What it refuses is read once more through
 * parse/recover.h, which mends a few defects that reporters really produce; that is always recorded. */
#ifndef PARSE_AGGREGATE_H
#define PARSE_AGGREGATE_H

#include "parse/reading.h"

struct aggregate;

enum document_end {
	DOCUMENT_REPORT,  /* stored in the feedback */
	DOCUMENT_FOREIGN, /* XML, but not a feedback document, or no XML at all */
	DOCUMENT_BROKEN,  /* a feedback document that cannot be used; the reason is recorded */
	DOCUMENT_AGAIN,   /* not well-formed: worth the recovering pass; nothing is left in the feedback */
};

struct aggregate *aggregate_new(void);
void aggregate_free(struct aggregate *a);
/* `likely`: `<feedback` stands near the beginning, so that a refusal is a broken report and not just another file. */
enum document_end aggregate_read(struct aggregate *a, struct reading *r, struct stream *s, bool likely, bool recover);

#endif
