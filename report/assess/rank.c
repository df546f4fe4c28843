#include "report/assess/work.h"

#define MAP_LEAST 64
#define ARRAY_LEAST 64

struct map {
	uint64_t *keys;
	uint32_t *values;
	size_t room, used; /* room is a power of two */
	struct arena *arena;
};

bool order_rows(const struct work *w, uint32_t *order, size_t n, row_key *key, size_t most)
{
	uint32_t *counts = arena_take(w->scratch, (most + 1) * sizeof *counts);
	uint32_t *sorted = w->spare;

	if (!counts)
		return false;
	for (size_t i = 0; i < n; i++)
		counts[key(w, order[i]) + 1]++;
	for (size_t k = 1; k <= most; k++)
		counts[k] += counts[k - 1];
	for (size_t i = 0; i < n; i++)
		sorted[counts[key(w, order[i])]++] = order[i];
	memcpy(order, sorted, n * sizeof *order);
	return true;
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
