/* Questions about domains, reporters and totals. Rows are gathered first, then sorted, then handed out. */
#include "store/store_private.h"

#include <stdlib.h>

#define REPORTERS_MAX ((size_t)1 << 20)
#define AUTHORS_OCTETS ((size_t)256 * 1024 * 1024)

static sqlite3_stmt *window_open(struct store *s, enum sql which, int64_t domain, const struct window *window)
{
	sqlite3_stmt *st = sql_open(s, which);

	if (st) {
		sqlite3_bind_int64(st, 1, domain);
		sqlite3_bind_int64(st, 2, window->first_day);
		sqlite3_bind_int64(st, 3, window->last_day);
	}
	return st;
}

/* --- domains --- */

struct domain_entry {
	struct domain_row row;
	int64_t last_day; /* the last one with a report; only when row.days is not 0 */
};

struct domain_list {
	struct domain_entry *entries; /* owned */
	size_t n, room;
};

static struct domain_entry *domain_add(struct store *s, struct domain_list *list)
{
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct domain_entry *grown = realloc(list->entries, room * sizeof *grown);

		if (!grown) {
			store_fail_memory(s);
			return NULL;
		}
		list->entries = grown;
		list->room = room;
	}
	list->entries[list->n] = (struct domain_entry){ .row = { .begin = MOMENT_NONE, .end = MOMENT_NONE } };
	return &list->entries[list->n++];
}

/* Fills `entry` from the sums of its days. */
static bool domain_sum(struct store *s, int64_t domain, const struct window *window, struct domain_entry *entry)
{
	sqlite3_stmt *st = window_open(s, SQL_ROLLUP_WINDOW, domain, window);
	struct domain_row *row = &entry->row;
	struct counts counts;
	int more;

	if (!st)
		return false;
	while ((more = sql_row(s, st)) == 1) {
		int64_t begin = column_moment(st, 4), end = column_moment(st, 5);

		entry->last_day = sqlite3_column_int64(st, 1);
		row->days++;
		row->reports += column_count(st, 2);
		if (begin != MOMENT_NONE && (row->begin == MOMENT_NONE || begin < row->begin))
			row->begin = begin;
		if (end > row->end)
			row->end = end;
		column_counts(st, 6, &counts);
		counts_add(&row->counts, &counts);
	}
	return more == 0;
}

static bool count_get(struct store *s, sqlite3_stmt *st, uint64_t *count)
{
	int row = st ? sql_row(s, st) : -1;

	if (row == 1)
		*count = column_count(st, 0);
	sqlite3_reset(st);
	return row == 1;
}

static bool domain_policy(struct store *s, int64_t domain, const struct domain_entry *entry, struct domain_row *row)
{
	struct span *words[] = { &row->p, &row->sp, &row->np, &row->pct };
	sqlite3_stmt *st = sql_open(s, SQL_DOMAIN_POLICY);
	int64_t ids[4] = { 0 };
	bool failed = false;
	int more;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, domain);
	sqlite3_bind_int64(st, 2, entry->last_day);
	more = sql_row(s, st);
	for (int i = 0; i < 4 && more == 1; i++)
		ids[i] = sqlite3_column_int64(st, i);
	sqlite3_reset(st);
	for (int i = 0; i < 4; i++)
		*words[i] = text_of(s, ids[i], &s->arena, &failed);
	return more >= 0 && !failed;
}

/* Adds a domain that has reports or failure reports in the window. */
static bool domain_ask(struct store *s, int64_t domain, const struct window *window, struct domain_list *list)
{
	struct domain_entry *entry = domain_add(s, list);
	bool failed = false;

	if (!entry || !domain_sum(s, domain, window, entry) ||
		!count_get(s, window_open(s, SQL_DOMAIN_FAILURES, domain, window), &entry->row.failures))
		return false;
	if (!entry->row.days && !entry->row.failures) {
		list->n--;
		return true;
	}
	entry->row.domain = text_of(s, domain, &s->arena, &failed);
	if (failed || !entry->row.days)
		return !failed;
	return count_get(s, window_open(s, SQL_DOMAIN_REPORTERS, domain, window), &entry->row.reporters) &&
	       domain_policy(s, domain, entry, &entry->row);
}

bool domain_next(struct store *s, enum sql which, int64_t domain, int64_t *next)
{
	sqlite3_stmt *st = sql_open(s, which);
	int row;

	*next = INT64_MAX;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, domain);
	row = sql_row(s, st);
	if (row == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*next = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return row == 1;
}

static int domain_order(const void *a, const void *b)
{
	const struct domain_row *x = &((const struct domain_entry *)a)->row,
				*y = &((const struct domain_entry *)b)->row;

	if (x->counts.messages != y->counts.messages)
		return x->counts.messages > y->counts.messages ? -1 : 1;
	return span_compare(x->domain, y->domain);
}

bool store_ask_domains(struct store *s, const struct window *window, domain_taker *take, void *arg, struct fault *fault)
{
	struct domain_list list = { 0 };
	int64_t domain = -1, other;
	bool own, ok = ask_begin(s, &own);

	while (ok) {
		ok = domain_next(s, SQL_ROLLUP_NEXT_DOMAIN, domain, &other) &&
		     domain_next(s, SQL_FAILURE_NEXT_DOMAIN, domain, &domain);
		domain = other < domain ? other : domain;
		if (!ok || domain == INT64_MAX)
			break;
		ok = domain_ask(s, domain, window, &list);
	}
	ok = ask_end(s, own, ok);
	if (ok && s->arena.failed)
		ok = store_fail_memory(s);
	if (ok && list.n)
		qsort(list.entries, list.n, sizeof *list.entries, domain_order);
	for (size_t i = 0; ok && i < list.n; i++)
		if (!take(arg, &list.entries[i].row))
			break;
	free(list.entries);
	return store_tell(s, ok, fault);
}

/* --- reporters --- */

struct reporter_entry {
	int64_t id; /* str.id of the folded name */
	int64_t name, last_day;
	struct reporter_row row;
};

struct reporter_list {
	struct reporter_entry *entries; /* owned; open addressing by id, empty where row.reports is 0 */
	size_t n, room;
};

static struct reporter_entry *reporter_slot(const struct reporter_list *list, int64_t id)
{
	size_t at = ((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (list->room - 1);

	while (list->entries[at].row.reports && list->entries[at].id != id)
		at = (at + 1) & (list->room - 1);
	return &list->entries[at];
}

static bool reporter_grow(struct store *s, struct reporter_list *list)
{
	struct reporter_list bigger = { .n = list->n, .room = list->room ? 2 * list->room : 128 };

	if (2 * list->n < list->room)
		return true;
	if (bigger.room > REPORTERS_MAX || !(bigger.entries = calloc(bigger.room, sizeof *bigger.entries)))
		return store_fail_memory(s);
	for (size_t i = 0; i < list->room; i++)
		if (list->entries[i].row.reports)
			*reporter_slot(&bigger, list->entries[i].id) = list->entries[i];
	free(list->entries);
	*list = bigger;
	return true;
}

/* Among the ways in which a reporter writes its name the smallest is shown, whichever came first. */
static bool reporter_name(struct store *s, struct reporter_entry *entry, int64_t name)
{
	bool failed = false;
	struct span text;

	if (entry->row.reports && entry->name == name)
		return true;
	text = text_of(s, name, &s->arena, &failed);
	if (!entry->row.reports || span_compare(text, entry->row.org_name) < 0) {
		entry->name = name;
		entry->row.org_name = text;
	}
	return !failed;
}

static bool reporter_count(struct store *s, struct reporter_list *list, sqlite3_stmt *st)
{
	sqlite3_stmt *problems = sql_open(s, SQL_PROBLEMS_COUNT);
	int64_t day = sqlite3_column_int64(st, 1), begin = column_moment(st, 5), end = column_moment(st, 6);
	struct reporter_entry *entry;
	uint64_t n = 0;

	if (!reporter_grow(s, list))
		return false;
	entry = reporter_slot(list, sqlite3_column_int64(st, 0));
	if (!reporter_name(s, entry, sqlite3_column_int64(st, 4)))
		return false;
	if (!entry->row.reports) {
		list->n++;
		entry->id = sqlite3_column_int64(st, 0);
		entry->row.begin = entry->row.end = MOMENT_NONE;
	}
	if (!entry->row.reports || entry->last_day != day)
		entry->row.days++;
	entry->last_day = day;
	entry->row.reports++;
	entry->row.messages = add_up(entry->row.messages, column_count(st, 7));
	if (begin != MOMENT_NONE && (entry->row.begin == MOMENT_NONE || begin < entry->row.begin))
		entry->row.begin = begin;
	if (end > entry->row.end)
		entry->row.end = end;
	if (!problems)
		return false;
	sqlite3_bind_int64(problems, 1, sqlite3_column_int64(st, 8));
	if (!count_get(s, problems, &n))
		return false;
	entry->row.problems += n;
	return true;
}

static int reporter_order(const void *a, const void *b)
{
	const struct reporter_row *x = &((const struct reporter_entry *)a)->row;
	const struct reporter_row *y = &((const struct reporter_entry *)b)->row;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return span_compare(x->org_name, y->org_name);
}

static void reporters_hand_out(struct reporter_list *list, reporter_taker *take, void *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < list->room; i++)
		if (list->entries[i].row.reports)
			list->entries[n++] = list->entries[i];
	if (n)
		qsort(list->entries, n, sizeof *list->entries, reporter_order);
	for (size_t i = 0; i < n; i++)
		if (!take(arg, &list->entries[i].row))
			break;
}

/* The id of a domain as a person wrote it; 0 when nothing is known of it. */
bool domain_find(struct store *s, const char *domain, int64_t *id)
{
	sqlite3_stmt *st = sql_open(s, SQL_STR_FIND);
	int row;

	*id = 0;
	if (!st)
		return false;
	bind_text(st, 1, fold_domain(&s->text, span_of(domain)));
	row = sql_row(s, st);
	if (row == 1)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return row >= 0;
}

bool store_ask_reporters(struct store *s, const char *domain, const struct window *window, reporter_taker *take,
	void *arg, struct fault *fault)
{
	struct reporter_list list = { 0 };
	sqlite3_stmt *st;
	int64_t id = 0;
	int row = -1;
	bool own, ok = ask_begin(s, &own) && domain_find(s, domain, &id);

	st = ok && id ? window_open(s, SQL_DOMAIN_REPORTS, id, window) : NULL;
	while (st && (row = sql_row(s, st)) == 1 && reporter_count(s, &list, st))
		;
	if (st && row != 0) {
		sqlite3_reset(st);
		ok = false;
	}
	ok = ask_end(s, own, ok && (st || !id));
	if (ok && s->arena.failed)
		ok = store_fail_memory(s);
	if (ok)
		reporters_hand_out(&list, take, arg);
	free(list.entries);
	return store_tell(s, ok, fault);
}

/* --- problems --- */

bool store_ask_problems(struct store *s, const char *domain, const struct window *window, problem_taker *take,
	void *arg, struct fault *fault)
{
	sqlite3_stmt *st;
	int64_t id = 0;
	int row = -1;
	bool own, ok = ask_begin(s, &own) && domain_find(s, domain, &id);

	st = ok && id ? window_open(s, SQL_DOMAIN_PROBLEMS, id, window) : NULL;
	while (st && (row = sql_row(s, st)) == 1) {
		const struct problem_row problem = { column_text(st, 0), column_text(st, 1), column_text(st, 2),
			column_moment(st, 3), column_text(st, 4), column_text(st, 5) };

		if (take(arg, &problem))
			continue;
		sqlite3_reset(st);
		row = 0;
		break;
	}
	return store_tell(s, ask_end(s, own, ok && (row == 0 || !id)), fault);
}

/* --- author domains --- */

struct author {
	struct span name; /* absent until it is known that the author is among those that are handed out */
	int64_t id;
	uint64_t messages;
	int trust;
};

static int author_order(const void *a, const void *b)
{
	const struct author *x = a, *y = b;

	if (x->trust != y->trust)
		return x->trust > y->trust ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	if (!x->name.p || !y->name.p)
		return (x->id > y->id) - (x->id < y->id);
	return span_compare(x->name, y->name);
}

/* Whoever reports can name any number of authors, as long as he likes: those come first whose names find room. */
static bool authors_name(struct store *s, struct author *authors, size_t *n, struct arena *names)
{
	bool failed = false;

	qsort(authors, *n, sizeof *authors, author_order);
	*n = *n < s->sources_most ? *n : s->sources_most;
	for (size_t i = 0; i < *n && !failed; i++) {
		authors[i].name = text_of(s, authors[i].id, names, &failed);
		if (names->failed)
			*n = i;
	}
	qsort(authors, *n, sizeof *authors, author_order);
	return !failed;
}

/* Names lie in an arena of their own: the taker may ask what is known of them. */
bool store_ask_authors(struct store *s, const char *domain, const struct window *window, author_taker *take, void *arg,
	struct fault *fault)
{
	struct id_sums sums = { .all = NULL };
	struct arena names = ARENA(AUTHORS_OCTETS);
	struct author *authors = NULL;
	bool own, ok = ask_begin(s, &own);
	int64_t id = 0;
	size_t n;

	ok = ok && domain_find(s, domain, &id) && (!id || records_sum(s, id, window, true, &sums));
	authors = ok ? calloc(sums.n + 1, sizeof *authors) : NULL;
	if (ok && !authors)
		ok = store_fail_memory(s);
	for (n = 0; ok && n < sums.n; n++)
		authors[n] = (struct author){ SPAN_ABSENT, sums.all[n].id, sums.all[n].messages, sums.all[n].trust };
	ok = ask_end(s, own, ok && authors_name(s, authors, &n, &names));
	for (size_t i = 0; ok && i < n; i++)
		if (!take(arg, authors[i].name))
			break;
	arena_release(&names);
	free(authors);
	free(sums.all);
	return store_tell(s, ok, fault);
}

/* --- totals --- */

static bool sum_get(struct store *s, enum sql which, uint64_t *sum)
{
	sqlite3_stmt *st = sql_open(s, which);
	int row;

	if (!st)
		return false;
	while ((row = sql_row(s, st)) == 1)
		*sum = add_up(*sum, column_count(st, 0));
	return row == 0;
}

static bool outcome_count(struct store *s, enum outcome outcome, uint64_t *count)
{
	sqlite3_stmt *st = sql_open(s, SQL_COUNT_OUTCOME);

	if (!st)
		return false;
	sqlite3_bind_int(st, 1, (int)outcome);
	return count_get(s, st, count);
}

bool store_ask_empty(struct store *s, bool *empty, struct fault *fault)
{
	uint64_t some = 0;
	bool ok = count_get(s, sql_open(s, SQL_FEEDBACK_ANY), &some);

	*empty = ok && some == 0;
	return store_tell(s, ok, fault);
}

bool store_ask_totals(struct store *s, struct store_totals *totals, struct fault *fault)
{
	uint64_t expired = 0;
	int64_t domain = -1;
	bool own, ok = ask_begin(s, &own);

	*totals = (struct store_totals){ 0 };
	ok = ok && count_get(s, sql_open(s, SQL_COUNT_MAILS), &totals->mails) &&
	     count_get(s, sql_open(s, SQL_COUNT_EXPIRED_MAILS), &expired) &&
	     count_get(s, sql_open(s, SQL_COUNT_REPORTS), &totals->reports) &&
	     count_get(s, sql_open(s, SQL_COUNT_FAILURES), &totals->failures) &&
	     outcome_count(s, OUTCOME_BROKEN, &totals->broken) &&
	     outcome_count(s, OUTCOME_TLS_REPORT, &totals->tls_reports) &&
	     sum_get(s, SQL_ROLLUP_RECORDS, &totals->records) && sum_get(s, SQL_LOSER_RECORDS, &totals->records);
	totals->mails -= expired;
	while (ok) {
		ok = domain_next(s, SQL_ROLLUP_NEXT_DOMAIN, domain, &domain);
		if (!ok || domain == INT64_MAX)
			break;
		totals->domains++;
	}
	return store_tell(s, ask_end(s, own, ok), fault);
}
