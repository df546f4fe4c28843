/* The parts of a body by its boundary lines (RFC 2046 5.1), nested ones too: one pass over the lines, bounded, no
 * recursion. Only what the diagnosis needs; not a MIME parser. */
#ifndef PARSE_DKIM_MIMEPARTS_H
#define PARSE_DKIM_MIMEPARTS_H

#include "parse/dkim/header.h"

#define MIMEPARTS_MAX 64
#define MIMEPARTS_BOUNDARIES 16

enum mime_cte { CTE_NONE, CTE_QP, CTE_BASE64 };

struct mime_part {            /* offsets into the body */
	size_t delimiter;     /* its boundary line; for the whole body: 0 */
	size_t head, content; /* its fields, its content */
	size_t end;           /* the next boundary line, or the end of the body */
	enum mime_cte cte;
	bool multipart;
	bool whole; /* the body itself, without boundaries; its fields are the message's */
};

struct mime_parts {
	struct mime_part part[MIMEPARTS_MAX];
	size_t n;
	size_t first;                    /* first boundary line; end of the body when there is none */
	size_t marks[2 * MIMEPARTS_MAX]; /* where boundary lines begin, in order */
	size_t marks_n;
};

void mimeparts_find(const struct header *header, struct span body, struct mime_parts *parts);

enum mime_cte mimeparts_cte(struct span value); /* of a Content-Transfer-Encoding field */

/* The value of a field in the part's own head, trimmed; absent when there is none. */
struct span mimeparts_field(struct span body, const struct mime_part *part, const char *name);
/* Is it text/html, by its own head or, the whole body, by the message's? */
bool mimeparts_is_html(const struct header *header, struct span body, const struct mime_part *part);

/* What a step calls the part of that number, from 1: `body part 2`; `body` when it is the whole. */
struct span mimeparts_name(struct arena *arena, const struct mime_part *part, size_t number);

#endif
