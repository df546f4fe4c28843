/* Selectors: which keys will be needed, that is the names that aggregate reports speak of and the archive has no fresh
 * word on; and what became of the signatures that were checked here. */
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

/* What the records with one set of results say of the keys of their policy domain. */
static bool set_read(struct gathering *g, struct span policy, const struct id_sum *set)
{
	struct list_reader reader;
	uint64_t left;

	if (!list_get(g->store, SQL_AUTH_GET, set->id, &g->store->arena, &reader))
		return false;
	for (left = list_take_number(&reader); left && !reader.failed; left--) {
		struct selector_row row = { .domain = policy, .records = set->records, .valid_day = MOMENT_NONE };

		row.d = list_take_text(&reader);
		row.selector = list_take_text(&reader);
		list_take_text(&reader); /* the word as sent */
		list_take_text(&reader); /* human_result */
		if (list_take_number(&reader) == RESULT_PASS) {
			row.valid = set->messages;
			row.valid_day = set->last_day;
		} else {
			row.broken = set->messages;
		}
		if (!reader.failed && is_name(row.d) && is_name(row.selector) && is_below(row.d, policy) &&
			!name_add(g, &row))
			return false;
	}
	return !reader.failed || store_fail(g->store, SQLITE_CORRUPT, "a set of results is damaged");
}

/* Keys of a domain or below it are told of by the reports filed under it, under a part of it, or under what it is a part
 * of; without a domain by all. */
static bool selectors_gather(struct gathering *g, struct span domain, const struct window *window)
{
	struct store *s = g->store;
	bool failed = false, ok;
	int64_t id = 0;

	while ((ok = domain_next(s, SQL_ROLLUP_NEXT_DOMAIN, id, &id)) && id != INT64_MAX) {
		struct span policy = text_of(s, id, &s->arena, &failed);
		struct id_sums sums;

		if (failed)
			return store_fail(s, SQLITE_CORRUPT, "a domain is missing");
		if (!policy.n || (domain.n && !is_below(policy, domain) && !is_below(domain, policy)))
			continue;
		ok = records_sum(s, id, window, false, &sums);
		for (size_t i = 0; ok && i < sums.n; i++)
			ok = set_read(g, policy, &sums.all[i]);
		free(sums.all);
		if (!ok)
			return false;
	}
	return ok;
}

static int name_order(const void *a, const void *b)
{
	const struct selector_row *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	return order ? order : span_compare(x->domain, y->domain);
}

/* What was valid comes before what anybody may have written into a mail. */
static int weight_order(const void *a, const void *b)
{
	const struct selector_row *x = a, *y = b;

	if ((x->valid == 0) != (y->valid == 0))
		return x->valid == 0 ? 1 : -1;
	if (x->records != y->records)
		return x->records > y->records ? -1 : 1;
	return name_order(a, b);
}

static void row_add(struct selector_row *sum, const struct selector_row *more)
{
	sum->records = add_up(sum->records, more->records);
	sum->valid = add_up(sum->valid, more->valid);
	sum->broken = add_up(sum->broken, more->broken);
	sum->valid_day = more->valid_day > sum->valid_day ? more->valid_day : sum->valid_day;
}

/* One row a name, under the first of the policy domains that it serves. */
static void names_merge(struct gathering *g)
{
	size_t n = 0;

	if (g->n)
		qsort(g->names, g->n, sizeof *g->names, name_order);
	for (size_t i = 0; i < g->n; i++)
		if (n && span_is(g->names[n - 1].name, g->names[i].name))
			row_add(&g->names[n - 1], &g->names[i]);
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

bool store_ask_selectors(struct store *s, struct span domain, const struct window *window, int64_t now,
	selector_taker *take, void *arg, struct fault *fault)
{
	struct gathering g = { .store = s };
	bool own, ok = ask_begin(s, &own) && selectors_gather(&g, domain, window), fresh, going = true;

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

/* --- signatures checked here --- */

struct sums {
	struct store *store;
	struct span domain;
	struct checked_selector_row *rows; /* owned */
	size_t n, room;
};

static bool sum_add(struct sums *sums, const struct checked_selector_row *row)
{
	for (size_t i = 0; i < sums->n; i++) {
		struct checked_selector_row *have = &sums->rows[i];

		if (have->mail != row->mail || !span_is(have->d, row->d) || !span_is(have->selector, row->selector))
			continue;
		have->valid = add_up(have->valid, row->valid);
		have->broken = add_up(have->broken, row->broken);
		have->first_seen = row->first_seen < have->first_seen ? row->first_seen : have->first_seen;
		have->last_seen = row->last_seen > have->last_seen ? row->last_seen : have->last_seen;
		return true;
	}
	if (sums->n == sums->room) {
		size_t room = sums->room ? 2 * sums->room : 64;
		struct checked_selector_row *grown = realloc(sums->rows, room * sizeof *grown);

		if (!grown)
			return store_fail_memory(sums->store);
		sums->rows = grown;
		sums->room = room;
	}
	sums->rows[sums->n++] = *row;
	return true;
}

static bool sum_read(struct sums *sums, sqlite3_stmt *st)
{
	struct checked_selector_row row = { .mail = sqlite3_column_int(st, 2), .first_seen = sqlite3_column_int64(st, 5),
		.last_seen = sqlite3_column_int64(st, 6) };
	unsigned reason = (unsigned)sqlite3_column_int(st, 3);
	struct store *s = sums->store;
	bool failed = false;

	row.d = text_of(s, sqlite3_column_int64(st, 0), &s->arena, &failed);
	if (failed || reason >= DKIM_REASON_COUNT)
		return store_fail(s, SQLITE_CORRUPT, "a signature is damaged");
	if (!is_name(row.d) || !is_below(row.d, sums->domain))
		return true;
	row.selector = text_of(s, sqlite3_column_int64(st, 1), &s->arena, &failed);
	if (dkim_reason_rows[reason].result == DKIM_TEMPERROR || !is_name(row.selector))
		return !failed || store_fail(s, SQLITE_CORRUPT, "a signature is damaged");
	*(dkim_reason_rows[reason].result == DKIM_PASS ? &row.valid : &row.broken) = column_count(st, 4);
	return sum_add(sums, &row);
}

static int sum_order(const void *a, const void *b)
{
	const struct checked_selector_row *x = a, *y = b;
	int order = span_compare(x->d, y->d);

	order = order ? order : span_compare(x->selector, y->selector);
	return order ? order : x->mail - y->mail;
}

bool store_ask_checked_selectors(struct store *s, struct span domain, checked_selector_taker *take, void *arg,
	struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_SIGNATURE_SUMS);
	struct sums sums = { .store = s, .domain = domain };
	bool own, ok = st && ask_begin(s, &own), going = true;
	int row = 0;

	if (!ok)
		return store_tell(s, false, fault);
	while (ok && (row = sql_row(s, st)) == 1)
		ok = sum_read(&sums, st);
	sqlite3_reset(st);
	ok = ask_end(s, own, ok && row == 0);
	if (ok && sums.n)
		qsort(sums.rows, sums.n, sizeof *sums.rows, sum_order);
	for (size_t i = 0; ok && going && i < sums.n; i++)
		going = take(arg, &sums.rows[i]);
	free(sums.rows);
	return store_tell(s, ok, fault);
}
