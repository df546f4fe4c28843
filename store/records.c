/* A report's records, many in one row: what a record says besides its source and count is written once for all that say
 * the same, so that a record takes eight octets in a long report and is read in nanoseconds instead of a row of its own.
 *
 * A run: how many shapes there are, the shapes, each as numbers, then the records: the place of the shape, messages,
 * the source (SOURCE_). Numbers as number_put writes them. A run has no more than RUN_RECORDS records and, but
 * for texts in the place of addresses, RUN_OCTETS octets; runs of a report follow each other in the order of their ids,
 * which are those of their first records. */
#include "base/scatter.h"
#include "store/store_private.h"

#include <stdlib.h>

#define RUN_RECORDS 4096
#define RUN_OCTETS ((size_t)60 * 1024)
#define DATA_OCTETS ((size_t)64 * 1024 * 1024)
#define SHAPE_NUMBERS 7
#define RECORD_LEAST 3 /* octets */

enum { SOURCE_ABSENT, SOURCE_V4, SOURCE_V6, SOURCE_TEXT }; /* SOURCE_TEXT + n: n octets of text */
#define V4_AT 12 /* where an IPv4 address lies in a mapped one */

_Static_assert(sizeof(struct record_shape) == SHAPE_NUMBERS * sizeof(int64_t), "an shape is compared as a whole");

/* The run being written. */
struct packing {
	struct buf shapes, records, data;
	struct record_shape seen[RUN_RECORDS];
	struct {
		uint32_t run, at;
	} slots[2 * RUN_RECORDS]; /* open addressing; of another run: empty */
	uint32_t run, shapes_n, n;
};

static struct packing *packing_new(void)
{
	struct packing *p = calloc(1, sizeof *p);

	if (p)
		p->shapes = p->records = p->data = BUF(DATA_OCTETS);
	return p;
}

void packing_free(struct packing *p)
{
	if (!p)
		return;
	buf_release(&p->shapes);
	buf_release(&p->records);
	buf_release(&p->data);
	free(p);
}

bool records_begin(struct store *s)
{
	if (!s->packing && !(s->packing = packing_new()))
		return store_fail_memory(s);
	buf_clear(&s->packing->shapes);
	buf_clear(&s->packing->records);
	s->packing->shapes_n = s->packing->n = 0;
	if (++s->packing->run == 0) {
		memset(s->packing->slots, 0, sizeof s->packing->slots);
		s->packing->run = 1;
	}
	return true;
}

static uint32_t shape_place(struct packing *p, const struct record_shape *shape)
{
	int64_t numbers[SHAPE_NUMBERS];
	uint64_t hash = scatter_begin();
	size_t at;

	memcpy(numbers, shape, sizeof numbers);
	for (int i = 0; i < SHAPE_NUMBERS; i++)
		hash = scatter(hash, (uint64_t)numbers[i]);
	for (at = hash % (2 * RUN_RECORDS); p->slots[at].run == p->run; at = (at + 1) % (2 * RUN_RECORDS))
		if (memcmp(&p->seen[p->slots[at].at], shape, sizeof *shape) == 0)
			return p->slots[at].at;
	p->slots[at].run = p->run;
	p->slots[at].at = p->shapes_n;
	p->seen[p->shapes_n] = *shape;
	for (int i = 0; i < SHAPE_NUMBERS; i++)
		number_put(&p->shapes, (uint64_t)numbers[i]);
	return p->shapes_n++;
}

static void source_put(struct buf *out, const struct packed_record *record)
{
	bool v4 = record->has_address && address_is_v4(&record->address);

	if (record->has_address) {
		number_put(out, v4 ? SOURCE_V4 : SOURCE_V6);
		buf_put(out, record->address.octets + (v4 ? V4_AT : 0), sizeof record->address.octets - (v4 ? V4_AT : 0));
	} else {
		number_put(out, record->source.p ? SOURCE_TEXT + record->source.n : SOURCE_ABSENT);
		buf_put_span(out, record->source);
	}
}

bool records_put(struct store *s, const struct record_shape *shape, const struct packed_record *record)
{
	struct packing *p = s->packing;

	number_put(&p->records, shape_place(p, shape));
	number_put(&p->records, record->messages);
	source_put(&p->records, record);
	p->n++;
	return (p->n < RUN_RECORDS && p->shapes.n + p->records.n < RUN_OCTETS) || records_flush(s);
}

bool records_flush(struct store *s)
{
	struct packing *p = s->packing;
	sqlite3_stmt *st = sql_open(s, SQL_RECORDS_ADD);

	if (!st || p->n == 0)
		return st;
	buf_clear(&p->data);
	number_put(&p->data, p->shapes_n);
	buf_put_span(&p->data, buf_span(&p->shapes));
	buf_put_span(&p->data, buf_span(&p->records));
	if (p->shapes.failed || p->records.failed || p->data.failed)
		return store_fail_memory(s);
	sqlite3_bind_int64(st, 1, s->next_record);
	sqlite3_bind_int64(st, 2, p->n);
	bind_blob(st, 3, buf_span(&p->data));
	s->next_record += p->n;
	return sql_run(s, st) && records_begin(s);
}

/* --- reading --- */

bool records_open(struct store *s, int64_t first, uint64_t n, struct records *r)
{
	int64_t last;

	*r = (struct records){ .store = s, .st = sql_open(s, SQL_RECORDS_GET) };
	if (!r->st)
		return false;
	if (n > INT64_MAX || __builtin_add_overflow(first, (int64_t)n - 1, &last)) /* all there are, or a damaged report */
		last = INT64_MAX;
	sqlite3_bind_int64(r->st, 1, first);
	sqlite3_bind_int64(r->st, 2, last);
	return true;
}

void records_close(struct records *r)
{
	sqlite3_reset(r->st);
}

static inline uint64_t number_take(struct records *r)
{
	uint64_t number;

	if (r->rest.n && (uint8_t)*r->rest.p < 0x80) {
		r->rest.n--;
		return (uint8_t)*r->rest.p++;
	}
	if (number_get(&r->rest, &number))
		return number;
	r->damaged = true;
	return 0;
}

static const char *octets_take(struct records *r, uint64_t n)
{
	const char *p = r->rest.p;

	if (n > r->rest.n) {
		r->damaged = true;
		return NULL;
	}
	r->rest.p += n;
	r->rest.n -= (size_t)n;
	return p;
}

static bool shapes_room(struct store *s, size_t n)
{
	struct record_shape *grown;

	if (n <= s->shapes_room)
		return true;
	grown = realloc(s->shapes, n * sizeof *grown);
	if (!grown)
		return store_fail_memory(s);
	s->shapes = grown;
	s->shapes_room = n;
	return true;
}

/* 1: the next run is begun; 0: there is none; -1: s->fault. */
static int run_begin(struct records *r)
{
	struct store *s = r->store;
	int row = sql_row(s, r->st);
	uint64_t n;

	if (row != 1)
		return row;
	r->first = sqlite3_column_int64(r->st, 0);
	r->left = column_count(r->st, 1);
	r->rest = column_text(r->st, 2);
	n = number_take(r);
	r->damaged |= n > r->rest.n / SHAPE_NUMBERS || r->left > r->rest.n / RECORD_LEAST;
	if (r->damaged)
		return 1;
	if (!shapes_room(s, (size_t)n))
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		int64_t numbers[SHAPE_NUMBERS];

		for (int k = 0; k < SHAPE_NUMBERS; k++)
			numbers[k] = (int64_t)number_take(r);
		memcpy(&s->shapes[i], numbers, sizeof numbers);
	}
	r->shapes = s->shapes;
	r->shapes_n = (size_t)n;
	r->begins = true;
	return 1;
}

static void source_take(struct records *r, struct packed_record *record)
{
	uint64_t kind = number_take(r);
	const char *p;

	record->has_address = kind == SOURCE_V4 || kind == SOURCE_V6;
	record->source = SPAN_ABSENT;
	if (kind == SOURCE_V4) {
		static const uint8_t mapped[V4_AT] = { [10] = 0xff, [11] = 0xff };

		memcpy(record->address.octets, mapped, sizeof mapped);
		if ((p = octets_take(r, sizeof record->address.octets - V4_AT)))
			memcpy(record->address.octets + V4_AT, p, sizeof record->address.octets - V4_AT);
	} else if (kind == SOURCE_V6) {
		if ((p = octets_take(r, sizeof record->address.octets)))
			memcpy(record->address.octets, p, sizeof record->address.octets);
	} else if (kind >= SOURCE_TEXT) {
		if ((p = octets_take(r, kind - SOURCE_TEXT)))
			record->source = (struct span){ p, (size_t)(kind - SOURCE_TEXT) };
	}
}

int records_next(struct records *r, struct packed_record *record)
{
	uint64_t shape;
	int row = 1;

	r->begins = false;
	while (row == 1 && !r->left && !r->damaged)
		row = run_begin(r);
	if (row != 1)
		return row;
	if (r->damaged)
		r->shapes_n = 0;
	shape = number_take(r);
	record->messages = number_take(r);
	source_take(r, record);
	r->left--;
	r->damaged |= shape >= r->shapes_n;
	if (r->damaged) {
		store_fail(r->store, SQLITE_CORRUPT, "records are damaged");
		return -1;
	}
	record->shape = (uint32_t)shape;
	return 1;
}

bool packed_address(const struct packed_record *record, struct address *address)
{
	if (!record->has_address)
		return record->source.n && address_parse(record->source, address);
	*address = record->address;
	return true;
}

/* --- all records of the reports about a domain --- */

static bool report_walk(struct store *s, sqlite3_stmt *report, record_taker *take, void *arg)
{
	const struct walked_report walked = { sqlite3_column_int64(report, 0), sqlite3_column_int64(report, 1),
		sqlite3_column_int(report, 9) };
	struct packed_record record;
	struct records r;
	int row;

	if (!records_open(s, sqlite3_column_int64(report, 2), column_count(report, 3), &r))
		return false;
	while ((row = records_next(&r, &record)) == 1)
		if (!take(arg, &walked, &r.shapes[record.shape], &record))
			break;
	records_close(&r);
	return row == 0;
}

bool records_walk(struct store *s, int64_t domain, const struct window *window, record_taker *take, void *arg)
{
	sqlite3_stmt *report = sql_open(s, SQL_DOMAIN_REPORTS);
	int row;

	if (!report)
		return false;
	sqlite3_bind_int64(report, 1, domain);
	sqlite3_bind_int64(report, 2, window->first_day);
	sqlite3_bind_int64(report, 3, window->last_day);
	while ((row = sql_row(s, report)) == 1)
		if (!report_walk(s, report, take, arg))
			break;
	sqlite3_reset(report);
	return row == 0;
}

/* --- sums by one of their ids --- */

#define MESSAGES_MOST (UINT64_C(1) << 32) /* of one record: what strangers write must not hide what others do */

struct summing {
	struct store *store;
	struct id_sums *sums;
	struct table by_id; /* slots owned */
	bool by_author;
};

static bool id_is(const void *of, uint32_t at, const void *key)
{
	const struct summing *g = of;

	return g->sums->all[at].id == *(const int64_t *)key;
}

static bool record_sum(void *arg, const struct walked_report *report, const struct record_shape *shape,
	const struct packed_record *record)
{
	struct summing *g = arg;
	int64_t id = g->by_author ? shape->header_from : shape->auth;
	struct id_sum *sum;
	uint32_t at;
	int found;

	if (!id)
		return true;
	found = table_place(g->store, g, &g->by_id, scatter(scatter_begin(), (uint64_t)id), id_is, &id, g->sums->n, &at);
	if (found < 0 || (found == 0 && !table_room(g->store, &g->sums->all, g->sums->n, sizeof *g->sums->all)))
		return false;
	sum = &g->sums->all[at];
	if (found == 0) {
		*sum = (struct id_sum){ .id = id, .last_day = report->day, .trust = report->trust };
		g->sums->n++;
	}
	sum->records++;
	sum->messages = add_up(sum->messages, record->messages < MESSAGES_MOST ? record->messages : MESSAGES_MOST);
	sum->last_day = report->day > sum->last_day ? report->day : sum->last_day;
	sum->trust = report->trust > sum->trust ? report->trust : sum->trust;
	return true;
}

static int id_order(const void *a, const void *b)
{
	const struct id_sum *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

bool records_sum(struct store *s, int64_t domain, const struct window *window, bool by_author, struct id_sums *sums)
{
	struct summing g = { .store = s, .sums = sums, .by_author = by_author };
	bool ok;

	*sums = (struct id_sums){ .all = NULL };
	ok = records_walk(s, domain, window, record_sum, &g);
	free(g.by_id.slots);
	if (ok && sums->n)
		qsort(sums->all, sums->n, sizeof *sums->all, id_order);
	return ok;
}
