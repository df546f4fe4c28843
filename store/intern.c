#include "base/scatter.h"
#include "store/store_private.h"

#include <stdlib.h>

#define CACHED_OCTETS 1024 /* longer texts are rare and not worth a slot's memory */
#define LIST_MAX ((size_t)64 * 1024 * 1024)

static const struct {
	enum sql find, add;
	size_t slots;
} interned[INTERN_COUNT] = {
	[INTERN_STR] = { SQL_STR_FIND, SQL_STR_ADD, 4096 },
	[INTERN_WORDS] = { SQL_WORDS_FIND, SQL_WORDS_ADD, 256 },
	[INTERN_REASONS] = { SQL_REASONS_FIND, SQL_REASONS_ADD, 256 },
	[INTERN_AUTH] = { SQL_AUTH_FIND, SQL_AUTH_ADD, 4096 },
};
#define TEXT_SLOTS 16384

static bool cache_init(struct cache *cache, size_t count)
{
	cache->slots = calloc(count, sizeof *cache->slots);
	cache->count = cache->slots ? count : 0;
	return cache->slots;
}

static void cache_clear(struct cache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		cache->slots[i].id = 0;
}

static void cache_release(struct cache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		free(cache->slots[i].octets);
	free(cache->slots);
	*cache = (struct cache){ 0 };
}

bool intern_init(struct store *s)
{
	bool ok = cache_init(&s->texts, TEXT_SLOTS);

	for (int i = 0; i < INTERN_COUNT; i++)
		ok = cache_init(&s->interned[i], interned[i].slots) && ok;
	s->sent = s->list = s->text = BUF(LIST_MAX);
	return ok;
}

void intern_clear(struct store *s)
{
	for (int i = 0; i < INTERN_COUNT; i++)
		cache_clear(&s->interned[i]);
	cache_clear(&s->texts);
}

void intern_release(struct store *s)
{
	for (int i = 0; i < INTERN_COUNT; i++)
		cache_release(&s->interned[i]);
	cache_release(&s->texts);
	buf_release(&s->sent);
	buf_release(&s->list);
	buf_release(&s->text);
}

static struct cache_slot *slot_of(struct cache *cache, uint64_t hash)
{
	return &cache->slots[(hash ^ hash >> 32) & (cache->count - 1)];
}

static bool slot_holds(const struct cache_slot *slot, struct span key, uint64_t hash)
{
	return slot->id && slot->hash == hash && span_is((struct span){ slot->octets, slot->n }, key);
}

/* Memory being short only means that the slot stays empty. */
static void slot_fill(struct cache_slot *slot, struct span key, uint64_t hash, int64_t id)
{
	slot->id = 0;
	if (key.n > CACHED_OCTETS)
		return;
	if (slot->room < key.n || !slot->octets) {
		size_t room = (key.n + 64) / 64 * 64;
		char *octets = realloc(slot->octets, room);

		if (!octets)
			return;
		slot->octets = octets;
		slot->room = room;
	}
	if (key.n)
		memcpy(slot->octets, key.p, key.n);
	slot->n = key.n;
	slot->hash = hash;
	slot->id = id;
}

static bool row_intern(struct store *s, enum intern_kind kind, struct span key, int64_t *id)
{
	void (*bind)(sqlite3_stmt *, int, struct span) = kind == INTERN_STR ? bind_text : bind_blob;
	sqlite3_stmt *find = sql_open(s, interned[kind].find), *add;
	int row;

	if (!find)
		return false;
	bind(find, 1, key);
	row = sql_row(s, find);
	if (row == 1)
		*id = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	if (row != 0)
		return row == 1;
	add = sql_open(s, interned[kind].add);
	if (!add)
		return false;
	bind(add, 1, key);
	if (!sql_run(s, add))
		return false;
	*id = sqlite3_last_insert_rowid(s->db);
	return true;
}

bool intern_text(struct store *s, struct span text, int64_t *id)
{
	struct cache_slot *slot;
	uint64_t hash;

	*id = 0;
	if (!text.p)
		return true;
	hash = octets_scatter(text.p, text.n);
	slot = slot_of(&s->interned[INTERN_STR], hash);
	if (slot_holds(slot, text, hash)) {
		*id = slot->id;
		return true;
	}
	if (!row_intern(s, INTERN_STR, text, id))
		return false;
	slot_fill(slot, text, hash, *id);
	return true;
}

/* The cache compares lists with their texts in them, so that a hit costs no look-up of any text. */
bool intern_list(struct store *s, enum intern_kind kind, list_writer *write, const struct record *record, int64_t *id)
{
	struct list sent = { .out = &s->sent }, list = { .store = s, .out = &s->list };
	struct cache_slot *slot;
	uint64_t hash;

	buf_clear(&s->sent);
	write(&sent, record);
	if (s->sent.failed)
		return store_fail_memory(s);
	hash = octets_scatter(buf_text(&s->sent), s->sent.n);
	slot = slot_of(&s->interned[kind], hash);
	if (slot_holds(slot, buf_span(&s->sent), hash)) {
		*id = slot->id;
		return true;
	}
	buf_clear(&s->list);
	write(&list, record);
	if (list.failed)
		return false;
	if (s->list.failed)
		return store_fail_memory(s);
	if (!row_intern(s, kind, buf_span(&s->list), id))
		return false;
	slot_fill(slot, buf_span(&s->sent), hash, *id);
	return true;
}

struct span text_of(struct store *s, int64_t id, struct arena *arena, bool *failed)
{
	uint64_t hash = scatter(0, (uint64_t)id);
	struct cache_slot *slot = slot_of(&s->texts, hash);
	sqlite3_stmt *st;
	struct span text;

	if (!id)
		return SPAN_ABSENT;
	if (slot->id == id)
		return arena_copy(arena, (struct span){ slot->octets, slot->n });
	st = sql_open(s, SQL_STR_GET);
	if (!st) {
		*failed = true;
		return SPAN_ABSENT;
	}
	sqlite3_bind_int64(st, 1, id);
	switch (sql_row(s, st)) {
	case 1:
		slot_fill(slot, column_text(st, 0), hash, id);
		text = arena_copy(arena, column_text(st, 0));
		sqlite3_reset(st);
		return text;
	case 0:
		store_fail(s, SQLITE_CORRUPT, "a text is missing");
	}
	*failed = true;
	return SPAN_ABSENT;
}

void number_put(struct buf *out, uint64_t number)
{
	uint8_t octets[10];
	size_t n = 0;

	for (; number >= 0x80; number >>= 7)
		octets[n++] = (uint8_t)(number | 0x80);
	octets[n++] = (uint8_t)number;
	buf_put(out, octets, n);
}

void list_put_number(struct list *list, uint64_t number)
{
	number_put(list->out, number);
}

void list_put_text(struct list *list, struct span text)
{
	int64_t id;

	if (list->store) {
		if (!list->failed && intern_text(list->store, text, &id))
			list_put_number(list, (uint64_t)id);
		else
			list->failed = true;
		return;
	}
	list_put_number(list, text.p ? text.n + 1 : 0);
	buf_put_span(list->out, text);
}

uint64_t list_take_number(struct list_reader *reader)
{
	uint64_t number;

	if (number_get(&reader->rest, &number))
		return number;
	reader->failed = true;
	return 0;
}

struct span list_take_text(struct list_reader *reader)
{
	uint64_t number = list_take_number(reader);
	struct span text;

	if (reader->store)
		return text_of(reader->store, (int64_t)number, reader->arena, &reader->failed);
	if (number == 0)
		return SPAN_ABSENT;
	if (number - 1 > reader->rest.n) {
		reader->failed = true;
		return SPAN_ABSENT;
	}
	text = (struct span){ reader->rest.p, (size_t)(number - 1) };
	reader->rest.p += text.n;
	reader->rest.n -= text.n;
	return arena_copy(reader->arena, text);
}

bool list_get(struct store *s, enum sql which, int64_t id, struct arena *arena, struct list_reader *reader)
{
	sqlite3_stmt *st = sql_open(s, which);
	int row;

	*reader = (struct list_reader){ .rest = SPAN_ABSENT, .store = s, .arena = arena };
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	row = sql_row(s, st);
	if (row == 1)
		reader->rest = arena_copy(arena, column_text(st, 0));
	sqlite3_reset(st);
	return row == 1 || (row == 0 && store_fail(s, SQLITE_CORRUPT, "a list is missing"));
}
