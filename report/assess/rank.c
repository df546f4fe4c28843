#include "report/assess/work.h"

#include <stdlib.h>

#define MAP_LEAST 64
#define ARRAY_LEAST 64

struct map {
	uint64_t *keys;
	uint32_t *values;
	size_t room, used; /* room is a power of two */
	struct arena *arena;
};

/* A row with what it is sorted by, so that sorting looks at nothing else. */
struct keyed {
	uint64_t key;
	uint32_t row;
};

#define FEW_ROWS 48

static void few_sort(struct keyed *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct keyed item = items[i];
		size_t at = i;

		for (; at > 0 && items[at - 1].key > item.key; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* By one octet after the other, the lowest first, of those in which keys differ at all. Linear and stable; the result is in
 * `items`. */
static void many_sort(struct keyed *items, struct keyed *spare, size_t n)
{
	uint64_t some = 0, all = UINT64_MAX;
	struct keyed *from = items, *to = spare;

	for (size_t i = 0; i < n; i++) {
		some |= items[i].key;
		all &= items[i].key;
	}
	for (unsigned shift = 0; shift < 64; shift += 8) {
		size_t places[256] = { 0 }, sum = 0;
		struct keyed *done = from;

		if (!((some ^ all) >> shift & 0xff))
			continue;
		for (size_t i = 0; i < n; i++)
			places[from[i].key >> shift & 0xff]++;
		for (size_t k = 0; k < 256; k++) {
			size_t of_octet = places[k];

			places[k] = sum;
			sum += of_octet;
		}
		for (size_t i = 0; i < n; i++)
			to[places[from[i].key >> shift & 0xff]++] = from[i];
		from = to;
		to = done;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
}

bool order_runs(const struct work *w, uint32_t *rows, const uint32_t *starts, size_t runs, row_key *key, uint64_t *keys)
{
	struct keyed *items;
	size_t most = 0;

	for (size_t i = 0; i < runs; i++)
		most = starts[i + 1] - starts[i] > most ? starts[i + 1] - starts[i] : most;
	items = arena_take(w->scratch, 2 * most * sizeof *items);
	if (!items)
		return false;
	for (size_t i = 0; i < runs; i++) {
		uint32_t *run = rows + starts[i];
		size_t n = starts[i + 1] - starts[i];

		for (size_t k = 0; k < n; k++)
			items[k] = (struct keyed){ key(w, run[k]), run[k] };
		if (n > FEW_ROWS)
			many_sort(items, items + n, n);
		else
			few_sort(items, n);
		for (size_t k = 0; k < n; k++) {
			run[k] = items[k].row;
			keys[starts[i] + k] = items[k].key;
		}
	}
	return true;
}

bool order_indexes(struct arena *scratch, uint32_t *order, size_t n, index_key *key, index_compare *compare, const void *of)
{
	struct keyed *items = arena_take(scratch, 2 * n * sizeof *items);

	if (!items)
		return false;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct keyed){ key(of, order[i]), order[i] };
	if (n > FEW_ROWS)
		many_sort(items, items + n, n);
	else
		few_sort(items, n);
	for (size_t i = 0; i < n; i++)
		order[i] = items[i].row;
	for (size_t start = 0, i; compare && start < n; start = i) {
		for (i = start + 1; i < n && items[i].key == items[start].key; i++)
			;
		if (i - start > 1)
			qsort_r(order + start, i - start, sizeof *order, compare, (void *)of);
	}
	return true;
}

uint64_t text_key(struct span text)
{
	uint64_t key = 0;

	for (size_t i = 0; i < sizeof key; i++)
		key = key << 8 | (i < text.n ? (unsigned char)text.p[i] : 0);
	return key;
}

static bool map_reserve(struct map *map, size_t room)
{
	map->keys = arena_take(map->arena, room * sizeof *map->keys);
	map->values = arena_take(map->arena, room * sizeof *map->values);
	if (!map->keys || !map->values)
		return false;
	map->room = room;
	map->used = 0;
	for (size_t i = 0; i < room; i++)
		map->values[i] = NO_INDEX;
	return true;
}

struct map *map_new(struct arena *arena, size_t expected)
{
	struct map *map = arena_take(arena, sizeof *map);
	size_t room = MAP_LEAST;

	while (room < expected * 2)
		room *= 2;
	if (!map)
		return NULL;
	map->arena = arena;
	return map_reserve(map, room) ? map : NULL;
}

/* Multiplication by an odd constant and folding: neighbours spread, and indexes are not chosen by strangers. */
static size_t map_place(const struct map *map, uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(h ^ h >> 32) & (map->room - 1);

	while (map->values[at] != NO_INDEX && map->keys[at] != key)
		at = (at + 1) & (map->room - 1);
	return at;
}

static bool map_grow(struct map *map)
{
	struct map old = *map;

	if (!map_reserve(map, old.room * 2))
		return false;
	for (size_t i = 0; i < old.room; i++) {
		size_t at;

		if (old.values[i] == NO_INDEX)
			continue;
		at = map_place(map, old.keys[i]);
		map->keys[at] = old.keys[i];
		map->values[at] = old.values[i];
		map->used++;
	}
	return true;
}

/* A new place stays free until its value is set, so the caller sets it before the next look-up. */
uint32_t *map_at(struct map *map, uint64_t key)
{
	size_t at;

	if (map->used * 2 >= map->room && !map_grow(map))
		return NULL;
	at = map_place(map, key);
	if (map->values[at] == NO_INDEX) {
		map->keys[at] = key;
		map->used++;
	}
	return &map->values[at];
}

void *array_grow(struct arena *arena, void *items, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : ARRAY_LEAST;
	void *copy;

	if (n < *room)
		return items;
	copy = arena_take(arena, more * size);
	if (!copy)
		return NULL;
	if (n)
		memcpy(copy, items, n * size);
	*room = more;
	return copy;
}
