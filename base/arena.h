/* A region: allocate many small things, free them all at once. Bounded at birth.
 * arena_take returns NULL once the bound is passed or memory is short, and `failed` stays set until arena_clear. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/span.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* owned */
	size_t used;                /* octets handed out since the last clear */
	size_t max;
	bool failed;
};

#define ARENA(maximum) ((struct arena){ .max = (maximum) })

void *arena_take(struct arena *a, size_t n);               /* zeroed, aligned for any type */
struct span arena_copy(struct arena *a, struct span text); /* absent stays absent; the copy ends in an uncounted NUL */
void arena_clear(struct arena *a);                         /* keeps one block for reuse */
/* Gives back what was taken since the mark, in the reverse order of marks; `failed` stays as it is. */
struct arena_mark {
	struct arena_block *block;
	size_t block_used, used;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);
void arena_release(struct arena *a);

#endif
