#include "base/arena.h"
#include "base/shortage.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK_OCTETS ((size_t)16 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t room, used;
	alignas(max_align_t) char data[];
};

static struct arena_block *block_new(size_t room)
{
	/* what is large comes from the system, zeroed already */
	struct arena_block *block = shortage_noted(room > BLOCK_OCTETS ? calloc(1, sizeof *block + room) : malloc(sizeof *block + room));

	if (block) {
		block->next = NULL;
		block->room = room;
		block->used = 0;
	}
	return block;
}

void *arena_take(struct arena *a, size_t n)
{
	struct arena_block *block = a->blocks;
	size_t step = alignof(max_align_t);
	bool zeroed = false;
	void *p;

	n = n ? n : 1;
	if (a->failed || n > a->max || a->used > a->max - n) {
		a->failed = true;
		return NULL;
	}
	n = (n + step - 1) / step * step;
	if (!block || block->room - block->used < n) {
		block = block_new(n > BLOCK_OCTETS ? n : BLOCK_OCTETS);
		if (!block) {
			a->failed = true;
			return NULL;
		}
		block->next = a->blocks;
		a->blocks = block;
		zeroed = n > BLOCK_OCTETS;
	}
	p = block->data + block->used;
	block->used += n;
	a->used += n;
	return zeroed ? p : memset(p, 0, n);
}

struct span arena_copy(struct arena *a, struct span text)
{
	char *p;

	if (!text.p)
		return SPAN_ABSENT;
	p = arena_take(a, text.n + 1);
	if (!p)
		return SPAN_ABSENT;
	if (text.n)
		memcpy(p, text.p, text.n);
	return (struct span){ p, text.n };
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	while (keep && keep->room > BLOCK_OCTETS) {
		a->blocks = keep->next;
		free(keep);
		keep = a->blocks;
	}
	if (keep) {
		a->blocks = keep->next;
		keep->next = NULL;
		keep->used = 0;
	}
	arena_release(a);
	a->blocks = keep;
	a->used = 0;
	a->failed = false;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){ a->blocks, a->blocks ? a->blocks->used : 0, a->used };
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	while (a->blocks != mark.block) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	if (mark.block)
		mark.block->used = mark.block_used;
	a->used = mark.used;
}

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->used = 0;
}
