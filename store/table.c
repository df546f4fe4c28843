/* Tables of what was seen before, by hash: places in an array of the caller's. Only looked up, never walked, so that
 * their own order shows nowhere. */
#include "base/scatter.h"
#include "store/store_private.h"

#include <stdlib.h>

static bool table_grow(struct store *s, struct table *t)
{
	struct table bigger = { .n = t->n, .room = t->room ? 2 * t->room : 256 };

	if (2 * t->n < t->room)
		return true;
	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (!bigger.slots)
		return store_fail_memory(s);
	for (size_t i = 0; i < t->room; i++) {
		size_t at = t->slots[i].hash & (bigger.room - 1);

		if (!t->slots[i].at_and_one)
			continue;
		while (bigger.slots[at].at_and_one)
			at = (at + 1) & (bigger.room - 1);
		bigger.slots[at] = t->slots[i];
	}
	free(t->slots);
	*t = bigger;
	return true;
}

int table_place(struct store *s, const void *of, struct table *t, uint64_t hash, is_same *same, const void *key, size_t next,
	uint32_t *place)
{
	size_t at;

	if (next >= UINT32_MAX - 1 || !table_grow(s, t))
		return next >= UINT32_MAX - 1 && store_fail_memory(s) ? 0 : -1;
	for (at = hash & (t->room - 1); t->slots[at].at_and_one; at = (at + 1) & (t->room - 1))
		if (t->slots[at].hash == hash && same(of, t->slots[at].at_and_one - 1, key)) {
			*place = t->slots[at].at_and_one - 1;
			return 1;
		}
	t->slots[at] = (struct slot){ hash, (uint32_t)next + 1 };
	t->n++;
	*place = (uint32_t)next;
	return 0;
}

bool table_find(const void *of, const struct table *t, uint64_t hash, is_same *same, const void *key, uint32_t *place)
{
	for (size_t at = hash & (t->room - 1); t->room && t->slots[at].at_and_one; at = (at + 1) & (t->room - 1))
		if (t->slots[at].hash == hash && same(of, t->slots[at].at_and_one - 1, key)) {
			*place = t->slots[at].at_and_one - 1;
			return true;
		}
	return false;
}

bool table_room(struct store *s, void *items, size_t n, size_t size)
{
	void **array = items, *grown;

	if (n & (n - 1) || (n && n < 16))
		return true;
	grown = realloc(*array, (n < 16 ? 16 : 2 * n) * size);
	if (!grown)
		return store_fail_memory(s);
	*array = grown;
	return true;
}

const struct grain grains[GRAINS] = { { 32, 128 }, { 24, 48 }, { 16, 32 }, { 8, 16 } };

struct address network_of(const struct address *address, unsigned grain)
{
	unsigned bits = address_is_v4(address) ? 128 - 32 + grains[grain].v4 : grains[grain].v6;
	struct address network = *address;

	memset(network.octets + bits / 8, 0, sizeof network.octets - bits / 8);
	return network;
}

uint64_t octets_scatter(const void *octets, size_t n)
{
	const char *p = octets;
	uint64_t hash = scatter_begin() ^ n, word;

	for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
		memcpy(&word, p, sizeof word);
		hash = scatter(hash, word);
	}
	word = 0;
	if (n)
		memcpy(&word, p, n);
	return n ? scatter(hash, word) : hash;
}
