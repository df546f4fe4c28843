/* A header block cut into fields, indexed by name, and the choice of the instances that a signature covers. */
#ifndef PARSE_DKIM_HEADER_H
#define PARSE_DKIM_HEADER_H

#include "base/arena.h"

#define HEADER_FIELDS_MAX 20000

struct header_field {
	struct span raw;   /* name, colon, value, folds; without the final CRLF */
	struct span name;  /* without white space before the colon (RFC 5322 4.5.8, obsolete) */
	struct span value; /* everything behind the colon */
};

struct header {
	struct header_field *fields; /* in message order */
	size_t n;
	size_t *sorted;    /* indices by name without case, then in message order */
	struct span *junk; /* lines that are no field (an mbox `From ` line, garbage); they count for nothing */
	size_t junk_n;
	bool too_many; /* fields beyond the maximum were left out */
};

/* `block`: network form (CRLF line ends), with or without the empty line that ends it. False when memory is short. */
bool header_split(struct span block, struct arena *arena, struct header *header);

/* The fields of this name are sorted[*first .. *first + count). */
size_t header_group(const struct header *header, struct span name, size_t *first);
size_t header_count(const struct header *header, const char *name);

#define HEADER_NO_FIELD ((size_t)-1)

/* Which field each name of h= stands for (RFC 6376 5.4.2): the bottom-most instance not yet used, HEADER_NO_FIELD when
 * there is none left. `self` is the signature's own field, which is never its own input. NULL when memory is short. */
size_t *header_select(
	const struct header *header, const struct span *names, size_t n, size_t self, struct arena *arena);

#endif
