#include "parse/dkim/keycache.h"
#include "base/shortage.h"

#include <stdlib.h>

#define ENTRIES_MAX 256        /* all that one message can use: 25 names with 10 records each */
#define ENTRIES_KEPT 64        /* from message to message */
#define ENTRY_OCTETS (1 << 20) /* a record of at most 64 kB, decoded */

struct key_cache {
	struct cached_key *entries[ENTRIES_MAX];
	size_t n;
	uint64_t generation;
};

struct key_cache *keycache_new(void)
{
	return shortage_noted(calloc(1, sizeof(struct key_cache)));
}

static void entry_free(struct cached_key *entry)
{
	if (!entry)
		return;
	public_key_free(entry->key);
	arena_release(&entry->arena);
	free(entry);
}

void keycache_free(struct key_cache *cache)
{
	if (!cache)
		return;
	while (cache->n)
		entry_free(cache->entries[--cache->n]);
	free(cache);
}

static size_t oldest(const struct key_cache *cache)
{
	size_t found = 0;

	for (size_t i = 1; i < cache->n; i++)
		if (cache->entries[i]->used < cache->entries[found]->used)
			found = i;
	return found;
}

void keycache_begin(struct key_cache *cache)
{
	cache->generation++;
	while (cache->n > ENTRIES_KEPT) {
		size_t victim = oldest(cache);

		entry_free(cache->entries[victim]);
		cache->entries[victim] = cache->entries[--cache->n];
	}
}

/* FNV-1a: only to skip comparisons; equality is decided by the text. */
static uint64_t text_hash(struct span text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static struct cached_key *entry_new(struct span text)
{
	struct cached_key *entry = shortage_noted(calloc(1, sizeof *entry));

	if (!entry)
		return NULL;
	entry->arena = ARENA(ENTRY_OCTETS);
	entry->text = arena_copy(&entry->arena, text.p ? text : SPAN(""));
	if (entry->text.p)
		keyrecord_parse(entry->text, &entry->arena, &entry->record);
	if (!entry->text.p || entry->arena.failed) {
		entry_free(entry);
		return NULL;
	}
	if (entry->record.bits)
		entry->key = public_key_new(&entry->record);
	return entry;
}

struct cached_key *keycache_get(struct key_cache *cache, struct span text)
{
	uint64_t hash = text_hash(text);
	struct cached_key *entry;

	for (size_t i = 0; i < cache->n; i++) {
		entry = cache->entries[i];
		if (entry->hash == hash && span_is(entry->text, text)) {
			entry->used = cache->generation;
			return entry;
		}
	}
	entry = cache->n < ENTRIES_MAX ? entry_new(text) : NULL;
	if (!entry)
		return NULL;
	entry->hash = hash;
	entry->used = cache->generation;
	cache->entries[cache->n++] = entry;
	return entry;
}
