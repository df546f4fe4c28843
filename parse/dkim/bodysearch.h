/* The body's half of the search. A text is the body with some edits undone; every text is scanned for runs of lines
 * that were put in, and edited further. Internal to the diagnosis. */
#ifndef PARSE_DKIM_BODYSEARCH_H
#define PARSE_DKIM_BODYSEARCH_H

#include "parse/dkim/mimeparts.h"
#include "parse/dkim/search.h"

#define TEXTS_MAX 160
#define TEXT_STEPS_MAX 3

struct body_text {
	struct span raw;
	struct dkim_step steps[TEXT_STEPS_MAX];
	size_t steps_n;
	const char *cte; /* transfer encoding of the whole body in this form; NULL: unchanged */
};

struct body_search {
	struct search *search;
	struct body_outcome *outcome;
	struct body_text texts[TEXTS_MAX];
	size_t texts_n;
	bool memory_short;
};

/* A further edited text, to be scanned and edited in turn. */
void body_text_add(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte);

/* Is this the body as signed? One guess; on success the outcome is filled and true returned. */
bool body_try(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte);

void edits_body(struct body_search *b, const struct body_text *text); /* adds texts, tries guesses */

#endif
