/* Where somebody may have put words into a text or markup, at its beginning or at its end: the likely places first, few. Internal
 * to the diagnosis. */
#ifndef PARSE_DKIM_PLACES_H
#define PARSE_DKIM_PLACES_H

#include "parse/dkim/inside.h"

#define RANKED_MOST 8

struct ranked {
	struct piece piece[RANKED_MOST]; /* what was put in */
	size_t n;
};

/* The others behind those that are there, as far as there is room. */
void ranked_add(struct ranked *ranked, const struct ranked *others);

/* Between paragraphs; between elements, so that each begins and ends in what was put in. Added to what is there already. */
void places_in_text(struct span text, enum place place, struct ranked *ranked);
void places_in_markup(struct span text, enum place place, struct ranked *ranked);
/* The same in markup where it has the words that were put into the text of an alternative. `edge`: where all words of the
 * markup end, or begin. False: it does not have them. */
bool places_of_words(struct span text, struct span words, enum place place, size_t edge, struct ranked *ranked);

#endif
