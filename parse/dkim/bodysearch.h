/* The body's half of the search. A text is the body with some edits undone; every text is scanned for runs of lines
 * that were put in, and edited further. Internal to the diagnosis. */
#ifndef PARSE_DKIM_BODYSEARCH_H
#define PARSE_DKIM_BODYSEARCH_H

#include "parse/dkim/canon.h"
#include "parse/dkim/mimeparts.h"
#include "parse/dkim/search.h"

#define TEXTS_MAX 160
#define TEXT_STEPS_ADDED 2   /* to a text that is searched on */
#define TEXT_STEPS_RECODED 3 /* to one that only words are taken out of: links, and encodings */
#define TEXT_STEPS_MAX 5

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
	bool cut_short; /* not all lines of some text were tried */
};

/* The transfer encoding of a part of the text: of the whole body the one that it has in this form. */
enum mime_cte body_text_cte(const struct body_text *text, const struct mime_part *part);

/* A further edited text, to be scanned and edited in turn. */
void body_text_add(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte);

/* Is this the body as signed? One guess; on success the outcome is filled and true returned. */
bool body_try(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte);

/* Undoes that these octets were put in; their first words are shown. */
struct dkim_step body_step_removed(enum dkim_edit edit, struct span where, struct span octets);

/* Guesses that begin alike: what they share is hashed once. */
struct body_guess {
	struct canon_body canon;
	uint64_t left, octets; /* still to be hashed, of l=; in canonical form so far */
	struct hash *hash;
};
void body_guess_begin(struct body_search *b, struct body_guess *guess); /* one at a time */
bool body_guess_add(struct body_search *b, struct body_guess *guess, struct span raw); /* false: the bound is reached */
/* Is this the body as signed, with these pieces behind what was added? One guess; `guess` stays as it is. */
bool body_guess_fits(struct body_search *b, const struct body_guess *guess, const struct span *rest, size_t n);
/* It is: fills the outcome, as body_try does. */
bool body_found(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte);

/* Do words of somebody else begin there? They have a blank line before them or begin with dashes, or stand behind the markup. */
bool footer_is_likely(struct span text, size_t at);

/* Links led through somebody's checker: where they stand, and what they lead to, written in one of some forms. */
#define LINKS_MAX 400
#define LINKS_FORMS 4 /* bits: `&` is written `&amp;`, an empty path had no slash */
#define LINKS_KEPT '-'
size_t links_find(struct arena *arena, struct span text, unsigned form, struct piece *pieces);
struct dkim_step links_step(struct span text, const struct piece *pieces, struct span where); /* of at least one */

void edits_body(struct body_search *b, const struct body_text *text); /* adds texts, tries guesses */
void edits_recoded(struct body_search *b, const struct body_text *text); /* the same of parts that were decoded and encoded again */
void edits_likely(struct body_search *b, const struct body_text *text); /* of parts that got words at an end, the few best */
void edits_relayed(struct body_search *b, const struct body_text *text); /* ... and were encoded otherwise, or got other links */
void edits_inside(struct body_search *b, const struct body_text *text); /* and were changed at their beginning or in their links */

/* Texts with their parts encoded otherwise. */
void texts_add_recoded(struct body_search *b, const struct body_text *text, const struct mime_parts *parts);

/* Of the guesses of edits_likely, the best first, those from `first` to before `end` of each way of changing the text. */
struct turns {
	size_t first, end;
};
void edits_likely_within(struct body_search *b, const struct body_text *text, struct turns turns);

/* A part's text with LF or with CRLF; absent stays absent. */
struct span text_with_ends(struct arena *arena, struct span text, bool crlf);
bool part_is_text(struct span body, const struct mime_part *part);

#endif
