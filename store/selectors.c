/* Which keys will be needed: the names that aggregate reports speak of and the archive has no fresh word on. */
#include "store/store_private.h"

#include "base/dnsanswer.h"

#include <stdlib.h>

#define NAMES_MOST ((size_t)1 << 17) /* of one question; what comes behind is left out */

struct gathering {
	struct store *store;
	struct selector_row *names; /* owned */
	size_t n, room;
};

/* `d` is the policy domain or below it. */
static bool is_below(struct span d, struct span policy)
{
	return span_is(d, policy) ||
	       (d.n > policy.n && d.p[d.n - policy.n - 1] == '.' && span_ends_nocase(d, policy));
}

/* Reports say anything: only what may stand in a name (RFC 6376 3.6.2.1) is worth a question. */
static bool is_name(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		bool dot = c == '.' && i > 0 && i + 1 < text.n && text.p[i - 1] != '.';

		if (!letter && !dot && c != '-' && c != '_')
			return false;
	}
	return text.n > 0;
}

static bool name_add(struct gathering *g, const struct selector_row *row)
{
	static const struct span middle = SPAN("._domainkey.");
	struct selector_row *grown;
	size_t n = row->selector.n + middle.n + row->d.n;
	struct span folded;

	if (n > DNS_NAME_MAX || g->n == NAMES_MOST)
		return true;
	if (g->n == g->room) {
		g->room = g->room ? 2 * g->room : 64;
		grown = realloc(g->names, g->room * sizeof *grown);
		if (!grown)
			return store_fail_memory(g->store);
		g->names = grown;
	}
	buf_clear(&g->store->list);
	buf_put_span(&g->store->list, row->selector);
	buf_put_span(&g->store->list, middle);
	buf_put_span(&g->store->list, row->d);
	folded = fold_case(&g->store->text, buf_span(&g->store->list));
	g->names[g->n] = *row;
	g->names[g->n].name = arena_copy(&g->store->arena, folded);
	g->n++;
	return !g->store->arena.failed || store_fail_memory(g->store);
}

/* Adds the selectors of one set of results that so many records of a policy domain share. */
static bool set_read(struct gathering *g, int64_t auth, struct span policy, uint64_t records)
{
	struct list_reader reader;
	uint64_t left;

	if (!list_get(g->store, SQL_AUTH_GET, auth, &g->store->arena, &reader))
		return false;
	for (left = list_take_number(&reader); left && !reader.failed; left--) {
		struct selector_row row = { .domain = policy, .records = records };

		row.d = list_take_text(&reader);
		row.selector = list_take_text(&reader);
		list_take_text(&reader); /* the word as sent */
		list_take_text(&reader); /* human_result */
		list_take_number(&reader);
		if (!reader.failed && is_name(row.d) && is_name(row.selector) && is_below(row.d, policy) &&
			!name_add(g, &row))
			return false;
	}
	return !reader.failed || store_fail(g->store, SQLITE_CORRUPT, "a set of results is damaged");
}

static bool selectors_gather(struct gathering *g, const struct window *window)
{
	sqlite3_stmt *st = sql_open(g->store, SQL_SELECTOR_SETS);
	struct span policy = SPAN_ABSENT;
	int64_t domain = 0;
	bool failed = false;
	int row;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, window->first_day);
	sqlite3_bind_int64(st, 2, window->last_day);
	while ((row = sql_row(g->store, st)) == 1) {
		if (sqlite3_column_int64(st, 0) != domain)
			policy = text_of(g->store, sqlite3_column_int64(st, 0), &g->store->arena, &failed);
		domain = sqlite3_column_int64(st, 0);
		if (failed || (policy.n && !set_read(g, sqlite3_column_int64(st, 1), policy, column_count(st, 2)))) {
			sqlite3_reset(st);
			return false;
		}
	}
	return row == 0;
}

static int name_order(const void *a, const void *b)
{
	const struct selector_row *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	return order ? order : span_compare(x->domain, y->domain);
}

static int weight_order(const void *a, const void *b)
{
	const struct selector_row *x = a, *y = b;

	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	return name_order(a, b);
}

/* One row a name, under the first of the policy domains that it serves. */
static void names_merge(struct gathering *g)
{
	size_t n = 0;

	if (g->n)
		qsort(g->names, g->n, sizeof *g->names, name_order);
	for (size_t i = 0; i < g->n; i++)
		if (n && span_is(g->names[n - 1].name, g->names[i].name))
			g->names[n - 1].records = sum_counts(g->names[n - 1].records, g->names[i].records);
		else
			g->names[n++] = g->names[i];
	g->n = n;
	if (n)
		qsort(g->names, n, sizeof *g->names, weight_order);
}

static bool name_is_fresh(struct store *s, struct span name, int64_t now, bool *fresh)
{
	sqlite3_stmt *st = sql_open(s, SQL_KEY_IS_FRESH);
	int row;

	*fresh = false;
	if (!st)
		return false;
	bind_text(st, 1, name);
	sqlite3_bind_int64(st, 2, now);
	row = sql_row(s, st);
	if (row == 1)
		*fresh = sqlite3_column_int(st, 0);
	sqlite3_reset(st);
	return row >= 0;
}

bool store_ask_selectors(struct store *s, const struct window *window, int64_t now, selector_taker *take, void *arg,
	struct fault *fault)
{
	struct gathering g = { .store = s };
	bool own, ok = ask_begin(s, &own) && selectors_gather(&g, window), fresh, going = true;

	if (ok)
		names_merge(&g);
	for (size_t i = 0; ok && going && i < g.n; i++) {
		ok = name_is_fresh(s, g.names[i].name, now, &fresh);
		if (ok && !fresh)
			going = take(arg, &g.names[i]);
	}
	ok = ask_end(s, own, ok);
	free(g.names);
	return store_tell(s, ok, fault);
}
