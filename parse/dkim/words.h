/* Short texts for verdicts: values of strangers are shortened here and escaped where they are shown. */
#ifndef PARSE_DKIM_WORDS_H
#define PARSE_DKIM_WORDS_H

#include "base/arena.h"

#define WORDS_VALUE_MAX 120 /* octets of a stranger's value in a sentence */

/* Cut to WORDS_VALUE_MAX (with `...`), folds and other controls as one space; cut between UTF-8 sequences. */
struct span words_shorten(struct arena *arena, struct span text);

/* "TEXT VALUE"; no space after a final "="; just TEXT when the value is absent. */
struct span words_join(struct arena *arena, const char *text, struct span value);

struct span words_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
