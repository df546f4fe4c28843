/* markup: how long the piece of XML is that is on its way to libxml2: a run of text, a tag, a comment, an instruction, a
 * CDATA section. Private to parse/.
 *
 * libxml2 wants such a piece whole before it looks at it, and compares every attribute of a tag with every other one:
 * 500,000 attributes took a minute. `>` tells no end by itself, it may stand in quotes and comments. */
#ifndef PARSE_MARKUP_H
#define PARSE_MARKUP_H

#include "base/span.h"

enum markup_state {
	MARKUP_TEXT,
	MARKUP_OPEN,  /* behind `<` */
	MARKUP_BANG,  /* behind `<!` */
	MARKUP_TAG,
	MARKUP_QUOTED,
	MARKUP_COMMENT,
	MARKUP_INSTRUCTION,
	MARKUP_CDATA,
};

enum markup_width { MARKUP_NARROW, MARKUP_LITTLE, MARKUP_BIG, MARKUP_UNREADABLE };

struct markup {
	enum markup_state state;
	enum markup_width width; /* octets, or units of UTF-16 in either order */
	size_t length, longest;  /* of the piece in hand; of any piece so far; in characters */
	unsigned closing;        /* how many `-`, `?` or `]` stand directly before */
	char quote;
	char half[1];            /* first octet of a unit that was cut in two */
	bool has_half;
};

/* By the first four octets, as libxml2 decides (XML 1.0 appendix F). Four octets a character and EBCDIC are unreadable. */
void markup_begin(struct markup *markup, struct span front);
void markup_add(struct markup *markup, struct span octets);

#endif
