/* Verdicts that were given, one a domain, question and day, so that the next can say what changed. */
#include "store/store_private.h"

#define ITEMS_MOST 5000
#define ITEM_OCTETS 1000

static void numbers_bind(sqlite3_stmt *st, int at, const struct stored_verdict *v)
{
	const uint64_t counts[] = { v->own, v->own_fails, v->forwarded, v->forwarded_fails, v->undecided, v->forged };

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		bind_count(st, at + (int)i, counts[i]);
}

static void numbers_take(sqlite3_stmt *st, int at, struct stored_verdict *v)
{
	uint64_t *const counts[] = { &v->own, &v->own_fails, &v->forwarded, &v->forwarded_fails, &v->undecided, &v->forged };

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		*counts[i] = column_count(st, at + (int)i);
}

static struct span cut(struct span text)
{
	return (struct span){ text.p ? text.p : "", text.n < ITEM_OCTETS ? text.n : ITEM_OCTETS };
}

static bool items_put(struct store *s, int64_t verdict, const struct stored_verdict *v)
{
	for (size_t i = 0; i < v->items_n && i < ITEMS_MOST; i++) {
		sqlite3_stmt *st = sql_open(s, SQL_VERDICT_ITEM_PUT);

		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, verdict);
		sqlite3_bind_int(st, 2, (int)v->items[i].kind);
		bind_text(st, 3, cut(v->items[i].subject));
		bind_text(st, 4, cut(v->items[i].state));
		if (!sql_run(s, st))
			return false;
	}
	return true;
}

static bool verdict_put(struct store *s, const struct stored_verdict *v)
{
	sqlite3_stmt *drop = sql_open(s, SQL_VERDICT_DROP), *put = sql_open(s, SQL_VERDICT_PUT);
	int64_t domain;

	if (!drop || !put || !intern_text(s, v->domain, &domain))
		return false;
	sqlite3_bind_int64(drop, 1, domain);
	sqlite3_bind_int(drop, 2, v->asked);
	sqlite3_bind_int64(drop, 3, v->day);
	if (!sql_run(s, drop))
		return false;
	sqlite3_bind_int64(put, 1, domain);
	sqlite3_bind_int(put, 2, v->asked);
	sqlite3_bind_int64(put, 3, v->day);
	sqlite3_bind_int(put, 4, v->target);
	sqlite3_bind_int(put, 5, v->word);
	sqlite3_bind_double(put, 6, v->own_upper);
	numbers_bind(put, 7, v);
	return sql_run(s, put) && items_put(s, sqlite3_last_insert_rowid(s->db), v);
}

bool store_put_verdict(struct store *s, const struct stored_verdict *v, struct fault *fault)
{
	return store_tell(s, store_write_begin(s) && verdict_put(s, v), fault);
}

static bool items_take(struct store *s, int64_t verdict, struct arena *arena, struct stored_verdict *v)
{
	sqlite3_stmt *st = sql_open(s, SQL_VERDICT_ITEMS);
	struct stored_item *items = arena_take(arena, ITEMS_MOST * sizeof *items);
	int row = -1;

	if (!items)
		store_fail_memory(s);
	if (!st || !items)
		return false;
	sqlite3_bind_int64(st, 1, verdict);
	while (v->items_n < ITEMS_MOST && (row = sql_row(s, st)) == 1) {
		int kind = sqlite3_column_int(st, 0);

		if (kind >= 0 && kind < ITEM_KIND_COUNT)
			items[v->items_n++] = (struct stored_item){ (enum stored_item_kind)kind,
				arena_copy(arena, column_text(st, 1)), arena_copy(arena, column_text(st, 2)) };
	}
	sqlite3_reset(st);
	v->items = items;
	return row >= 0 && (!arena->failed || store_fail_memory(s));
}

/* 1: *v is the newest before that day; 0: there is none; -1: s->fault. */
static int verdict_get(struct store *s, int64_t domain, int asked, int64_t before, struct arena *arena, struct stored_verdict *v)
{
	sqlite3_stmt *st = sql_open(s, SQL_VERDICT_GET);
	int64_t id = 0;
	int row;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, domain);
	sqlite3_bind_int(st, 2, asked);
	sqlite3_bind_int64(st, 3, before);
	row = sql_row(s, st);
	if (row == 1) {
		id = sqlite3_column_int64(st, 0);
		v->asked = asked;
		v->day = sqlite3_column_int64(st, 1);
		v->target = sqlite3_column_int(st, 2);
		v->word = sqlite3_column_int(st, 3);
		v->own_upper = sqlite3_column_double(st, 4);
		numbers_take(st, 5, v);
	}
	sqlite3_reset(st);
	return row == 1 && !items_take(s, id, arena, v) ? -1 : row;
}

bool store_ask_verdict(struct store *s, const char *domain, int asked, int64_t before, struct arena *arena,
	struct stored_verdict *v, bool *found, struct fault *fault)
{
	int64_t id = 0;
	bool own, ok = ask_begin(s, &own) && domain_find(s, domain, &id);
	int row = 0;

	*v = (struct stored_verdict){ .domain = arena_copy(arena, span_of(domain)) };
	if (ok && id)
		row = verdict_get(s, id, asked, before, arena, v);
	*found = row == 1;
	return store_tell(s, ask_end(s, own, ok && row >= 0), fault);
}
