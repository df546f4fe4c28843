/* What the table of elements and the reader share. */
#ifndef PARSE_AGGREGATE_PRIVATE_H
#define PARSE_AGGREGATE_PRIVATE_H

#include "parse/aggregate.h"

enum element {
	ELEMENT_DOCUMENT, /* above the root */
	ELEMENT_FEEDBACK,
	ELEMENT_METADATA,
	ELEMENT_DATE_RANGE,
	ELEMENT_POLICY,
	ELEMENT_EXTENSION,
	ELEMENT_RECORD,
	ELEMENT_ROW,
	ELEMENT_EVALUATED,
	ELEMENT_REASON,
	ELEMENT_IDENTIFIERS,
	ELEMENT_AUTH_RESULTS,
	ELEMENT_DKIM,
	ELEMENT_SPF,
	ELEMENT_TEXT, /* every element that holds text; the row says where it goes */
};

enum fold {
	FOLD_NONE,
	FOLD_WORD,   /* lower case */
	FOLD_DOMAIN, /* lower case, one trailing dot off */
};

/* Where a text element's value goes: a struct span at `offset` of the report, the record, or the open reason or result. */
enum holder { HOLDER_NONE, HOLDER_REPORT, HOLDER_RECORD, HOLDER_REASON, HOLDER_RESULT, HOLDER_ERRORS, HOLDER_NUMBER };

struct element_row {
	enum element parent;
	const char *name;
	enum element element;
	enum holder holder;
	enum fold fold;
	size_t offset;
	bool mailbox;      /* a whole address is what some put here: kept */
	bool repeats;      /* may stand more than once in its parent */
	const char *alias; /* the standard's name, when `name` is a spelling seen in the wild */
};

/* The first row below `parent`, NULL when it has no children; and the row of `name` among those, in other letters if there is
 * none in these, NULL when unknown. */
const struct element_row *element_children(enum element parent);
const struct element_row *element_find(const struct element_row *first, struct span name);
bool element_is_known(struct span name); /* anywhere in the table, in whatever case */

/* Numbers are kept as text until their parent ends. */
enum number { NUMBER_BEGIN, NUMBER_END, NUMBER_COUNT, NUMBERS };

bool namespace_is_dmarc(struct span uri);

#endif
