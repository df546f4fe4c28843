/* The words inside the parts of a body: decoded, and how they are encoded again once something was taken out of them. Internal
 * to the diagnosis. */
#ifndef PARSE_DKIM_INSIDE_H
#define PARSE_DKIM_INSIDE_H

#include "parse/dkim/bodysearch.h"

#define INSIDE_PARTS 4
#define INSIDE_FORMS 2u /* base64 of LF or of CRLF, quoted-printable broken anywhere or between words */

enum place { PLACE_BEHIND, PLACE_BEFORE, PLACES }; /* the words of a part: where something was put in */

/* A part's text. */
struct inside {
	struct body_search *b;
	const struct body_text *text;
	struct arena *arena;
	enum mime_cte cte;
	unsigned form; /* that it is in */
	bool markup;
	struct span octets; /* decoded; of base64 with CRLF */
	struct span before, behind; /* of the body */
	struct body_guess guess; /* of `before`, and more of what further guesses share */
	struct span where;
};

/* The first parts of text that are not too long, in their order; how many. */
size_t inside_find(struct body_search *b, const struct body_text *text, struct inside parts[INSIDE_PARTS]);

unsigned inside_forms(const struct inside *i); /* a bit for each form that the part's encoding has */
/* Octets as they are encoded in that form. */
struct span inside_text(const struct inside *i, struct span octets, unsigned form);
/* `last`: the line end behind it is the boundary's. Absent: memory is short. */
struct span inside_encode(const struct inside *i, unsigned form, struct span text, bool last);
/* The text without the piece, from an octet on. */
struct span inside_without(const struct inside *i, struct span text, size_t from, const struct piece *piece);
struct dkim_step inside_step(const struct inside *i, struct span text, const struct piece *piece, enum place place);

/* Where a banner begins that stands before all words, and whether one may end there: at > 0. */
size_t inside_start(struct span text, bool markup);
bool inside_start_ends(struct span text, size_t at, bool markup);
/* Where a notice ends that stands behind all words; in markup whether one may begin there. */
size_t inside_end(struct span text, bool markup);
bool inside_end_begins(struct span text, size_t at);

#endif
