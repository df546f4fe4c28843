#include "parse/keymemory.h"
#include "parse/border.h"

#include <stdlib.h>

#define SLOTS 256 /* a power of two */
#define OCTETS_MOST ((size_t)8 * 1024)

struct kept {
	struct buf text; /* the name, then the answer */
	size_t name;     /* octets of it; 0: the slot is empty */
};

struct keymemory {
	struct kept slots[SLOTS];
};

struct keymemory *keymemory_new(void)
{
	struct keymemory *memory = calloc(1, sizeof *memory);

	for (size_t i = 0; memory && i < SLOTS; i++)
		memory->slots[i].text = BUF(QUESTION_MAX + OCTETS_MOST);
	return memory;
}

void keymemory_free(struct keymemory *memory)
{
	for (size_t i = 0; memory && i < SLOTS; i++)
		buf_release(&memory->slots[i].text);
	free(memory);
}

static size_t slot_of(struct span name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (unsigned char)name.p[i]) * 16777619u;
	return (hash ^ hash >> 16) % SLOTS;
}

struct span keymemory_find(const struct keymemory *memory, struct span name)
{
	const struct kept *kept = &memory->slots[slot_of(name)];

	if (kept->name == 0 || !span_is(name, (struct span){ kept->text.p, kept->name }))
		return SPAN_ABSENT;
	return (struct span){ kept->text.p + kept->name, kept->text.n - kept->name };
}

void keymemory_keep(struct keymemory *memory, struct span name, struct span octets)
{
	struct kept *kept = &memory->slots[slot_of(name)];

	buf_clear(&kept->text);
	buf_put_span(&kept->text, name);
	buf_put_span(&kept->text, octets);
	kept->name = kept->text.failed ? 0 : name.n;
}
