#include "report/assess/detail.h"

#include "report/assess/work.h"

#include <stdlib.h>

/* Sums by index, emptied by walking what was touched. */
struct tally {
	uint64_t *messages, *fails;
	uint32_t *touched;
	size_t n;
};

struct detailer {
	struct work w; /* only what the functions called here read */
	struct tally auths, reports, sources;
	uint32_t *by_source, *source_starts; /* paths, in their order; of verdict.sources and one more */
};

static bool tally_begin(struct tally *t, size_t n, struct arena *arena)
{
	t->messages = arena_take(arena, n * sizeof *t->messages);
	t->fails = arena_take(arena, n * sizeof *t->fails);
	t->touched = arena_take(arena, n * sizeof *t->touched);
	return t->messages && t->fails && t->touched;
}

static void tally_add(struct tally *t, uint32_t index, uint64_t n, bool fails)
{
	if (!t->messages[index])
		t->touched[t->n++] = index;
	t->messages[index] = add_up(t->messages[index], n);
	t->fails[index] = add_up(t->fails[index], fails ? n : 0);
}

static void tally_clear(struct tally *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->messages[t->touched[i]] = t->fails[t->touched[i]] = 0;
	t->n = 0;
}

/* Rows of a path that scatter took in are scatter's. */
static uint32_t source_of(const struct verdict *v, size_t path)
{
	uint32_t pooled = v->paths[path].pooled;

	return v->paths[pooled == NO_INDEX ? path : pooled].source;
}

/* There may be hundreds of thousands of paths, and a page asks for those of a hundred sources. */
static bool order_by_source(struct detailer *d, struct arena *arena)
{
	const struct verdict *v = d->w.v;
	uint32_t *starts = arena_take(arena, (v->sources_n + 2) * sizeof *starts);

	d->by_source = arena_take(arena, v->paths_n * sizeof *d->by_source);
	if (!starts || !d->by_source)
		return false;
	for (size_t i = 0; i < v->paths_n; i++)
		starts[source_of(v, i) + 2]++;
	for (size_t i = 1; i < v->sources_n; i++)
		starts[i + 1] += starts[i];
	d->source_starts = starts;
	for (uint32_t i = 0; i < v->paths_n; i++)
		d->by_source[starts[source_of(v, i) + 1]++] = i;
	return true;
}

const uint32_t *detail_paths(const struct detailer *d, uint32_t source, size_t *n)
{
	*n = d->source_starts[source + 1] - d->source_starts[source];
	return d->by_source + d->source_starts[source];
}

struct detailer *detail_begin(const struct rows *rows, const struct verdict *verdict, struct arena *arena)
{
	struct detailer *d = arena_take(arena, sizeof *d);

	if (!d || !tally_begin(&d->auths, rows->auths_n, arena) || !tally_begin(&d->reports, rows->reports_n, arena) ||
		!tally_begin(&d->sources, rows->sources_n, arena))
		return NULL;
	d->w.rows = rows;
	d->w.v = (struct verdict *)verdict;
	d->w.reports = (struct judged_report *)verdict->reports;
	d->w.first_day = verdict->first_day;
	d->w.last_day = verdict->last_day;
	return order_by_source(d, arena) ? d : NULL;
}

/* ---- the rows of a source */

static void take_disposition(struct detail *detail, const struct observed_auth *auth, uint64_t n)
{
	uint64_t *sum = auth->disposition == DISPOSITION_REJECT	      ? &detail->refused
			: auth->disposition == DISPOSITION_QUARANTINE ? &detail->spam
								      : &detail->delivered;

	*sum = add_up(*sum, n);
	detail->reasons = add_up(detail->reasons, auth->reasons_n ? n : 0);
}

static void take_path(struct detailer *d, size_t index, bool fails, struct detail *detail)
{
	const struct verdict *v = d->w.v;

	for (uint32_t k = v->path_starts[index]; k < v->path_starts[index + 1]; k++) {
		const struct observed_traffic *row = &d->w.rows->traffic[v->path_rows[k]];
		uint64_t n = row_within(&d->w, row, v->first_day, v->last_day);

		if (!n)
			continue;
		detail->messages = add_up(detail->messages, n);
		if (fails) {
			detail->fails = add_up(detail->fails, n);
			take_disposition(detail, &d->w.rows->auths[row->auth], n);
		}
		tally_add(&d->auths, row->auth, n, fails);
		tally_add(&d->reports, row->report, n, fails);
		tally_add(&d->sources, row->source, n, fails);
	}
}

/* ---- what receivers found */

static bool names_own(const struct domain_name *name, const struct domain_name *from)
{
	return (name->org.n && span_is_nocase(name->org, from->org)) ||
	       (name->name.n && span_is_nocase(name->name, from->name));
}

static int result_key_order(const struct seen_result *x, const struct seen_result *y)
{
	int order;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	if (x->aligned != y->aligned)
		return x->aligned ? -1 : 1;
	if (x->result != y->result)
		return x->result < y->result ? -1 : 1;
	order = span_compare(x->domain, y->domain);
	return order ? order : span_compare(x->selector, y->selector);
}

static int by_key(const void *a, const void *b)
{
	return result_key_order(a, b);
}

static int by_messages(const void *a, const void *b)
{
	const struct seen_result *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return result_key_order(x, y);
}

static size_t merge_results(struct seen_result *results, size_t n)
{
	size_t kept = 0;

	qsort(results, n, sizeof *results, by_key);
	for (size_t i = 0; i < n; i++)
		if (kept && result_key_order(&results[kept - 1], &results[i]) == 0)
			results[kept - 1].messages = add_up(results[kept - 1].messages, results[i].messages);
		else
			results[kept++] = results[i];
	qsort(results, kept, sizeof *results, by_messages);
	return kept;
}

static size_t take_auth(const struct observed_auth *auth, uint64_t n, struct seen_result *out, struct detail *detail)
{
	bool mine = false;
	size_t count = 0;

	for (size_t i = 0; i < auth->dkim_n; i++) {
		const struct signature_row *s = &auth->dkim[i];
		bool own = names_own(&s->domain, &auth->header_from);

		mine |= own;
		out[count++] = (struct seen_result){ SEEN_DKIM, s->domain.name, s->selector, s->result,
			own && s->result == RESULT_PASS, n };
	}
	for (size_t i = 0; i < auth->spf_n; i++) {
		const struct spf_row *s = &auth->spf[i];

		out[count++] = (struct seen_result){ SEEN_SPF, s->domain.name, SPAN_ABSENT, s->result,
			names_own(&s->domain, &auth->header_from) && s->result == RESULT_PASS, n };
	}
	detail->unsigned_by_you = add_up(detail->unsigned_by_you, mine ? 0 : n);
	return count;
}

static bool take_results(struct detailer *d, struct arena *arena, struct detail *detail)
{
	const struct rows *rows = d->w.rows;
	struct seen_result *results;
	size_t most = 0, n = 0;

	for (size_t i = 0; i < d->auths.n; i++)
		most += rows->auths[d->auths.touched[i]].dkim_n + rows->auths[d->auths.touched[i]].spf_n;
	results = arena_take(arena, most * sizeof *results);
	if (!results)
		return false;
	for (size_t i = 0; i < d->auths.n; i++)
		n += take_auth(
			&rows->auths[d->auths.touched[i]], d->auths.messages[d->auths.touched[i]], results + n, detail);
	detail->results = results;
	detail->results_n = merge_results(results, n);
	if (detail->results_n > DETAIL_RESULTS) {
		detail->more_results = detail->results_n - DETAIL_RESULTS;
		detail->results_n = DETAIL_RESULTS;
	}
	return true;
}

/* ---- in which reports, from which addresses */

static int report_order(const void *a, const void *b, void *arg)
{
	const struct seen_report *x = a, *y = b;
	const struct work *w = arg;
	const struct judged_report *i = &w->reports[x->report], *k = &w->reports[y->report];
	int order;

	if (i->last_day != k->last_day)
		return i->last_day > k->last_day ? -1 : 1;
	if (i->reporter != k->reporter)
		return i->reporter < k->reporter ? -1 : 1;
	order = span_compare(w->rows->reports[x->report].report_id, w->rows->reports[y->report].report_id);
	if (order)
		return order;
	return memcmp(w->rows->reports[x->report].content, w->rows->reports[y->report].content, DIGEST_OCTETS);
}

static bool take_reports(struct detailer *d, struct arena *arena, struct detail *detail)
{
	struct seen_report *reports = arena_take(arena, d->reports.n * sizeof *reports);

	if (!reports)
		return false;
	for (size_t i = 0; i < d->reports.n; i++) {
		uint32_t at = d->reports.touched[i];

		reports[i] = (struct seen_report){ at, d->reports.messages[at], d->reports.fails[at] };
	}
	qsort_r(reports, d->reports.n, sizeof *reports, report_order, &d->w);
	detail->reports = reports;
	detail->reports_n = d->reports.n;
	return true;
}

static int address_order(const void *a, const void *b, void *arg)
{
	const struct seen_address *x = a, *y = b;
	const struct observed_source *sources = arg, *i = &sources[x->source], *k = &sources[y->source];
	int order;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	order = memcmp(&i->address, &k->address, sizeof i->address);
	return order ? order : span_compare(i->text, k->text);
}

static bool take_addresses(struct detailer *d, struct arena *arena, struct detail *detail)
{
	struct seen_address *addresses = arena_take(arena, d->sources.n * sizeof *addresses);

	if (!addresses)
		return false;
	for (size_t i = 0; i < d->sources.n; i++) {
		uint32_t at = d->sources.touched[i];

		addresses[i] = (struct seen_address){ at, d->sources.messages[at], d->sources.fails[at] };
	}
	qsort_r(addresses, d->sources.n, sizeof *addresses, address_order, (void *)d->w.rows->sources);
	detail->addresses = addresses;
	detail->addresses_n = d->sources.n;
	return true;
}

bool detail_take(
	struct detailer *d, uint32_t source, struct span header_from, struct arena *arena, struct detail *detail)
{
	const struct verdict *v = d->w.v;
	size_t n;
	const uint32_t *paths = detail_paths(d, source, &n);
	bool ok;

	*detail = (struct detail){ 0 };
	for (size_t i = 0; i < n && paths[i] < v->path_rows_n; i++)
		if (!header_from.p || span_is(v->paths[paths[i]].header_from, header_from))
			take_path(d, paths[i], path_kind_fails(v->paths[paths[i]].kind), detail);
	ok = take_results(d, arena, detail) && take_reports(d, arena, detail) && take_addresses(d, arena, detail);
	tally_clear(&d->auths);
	tally_clear(&d->reports);
	tally_clear(&d->sources);
	return ok;
}

/* ---- strips of days */

void detail_reporter_days(const struct detailer *d, uint32_t reporter, bool *days)
{
	const struct verdict *v = d->w.v;

	memset(days, 0, v->window * sizeof *days);
	for (size_t i = 0; i < v->reports_n; i++) {
		const struct judged_report *r = &v->reports[i];

		if (r->reporter != reporter || r->use != USE_COUNTED)
			continue;
		for (int64_t day = r->first_day; day <= r->last_day; day++)
			if (day >= v->first_day && day <= v->last_day)
				days[day - v->first_day] = true;
	}
}

#define KEY_NONE 0 /* else the key's place, from 1; negative when the signature is broken */

static int key_of(const struct verdict *v, const struct observed_auth *auth)
{
	for (size_t i = 0; i < auth->dkim_n; i++)
		for (size_t k = 0; k < v->keys_n && k < DETAIL_KEYS; k++)
			if (span_is_nocase(auth->dkim[i].selector, v->keys[k].selector) &&
				span_is_nocase(auth->dkim[i].domain.name, v->keys[k].domain))
				return auth->dkim[i].result == RESULT_PASS ? (int)k + 1 : -(int)k - 1;
	return KEY_NONE;
}

static void take_key_days(const struct detailer *d, size_t index, const int *keys, const struct key_days *days)
{
	const struct verdict *v = d->w.v;

	for (uint32_t k = v->path_starts[index]; k < v->path_starts[index + 1]; k++) {
		const struct observed_traffic *row = &d->w.rows->traffic[v->path_rows[k]];
		const struct judged_report *r = &v->reports[row->report];
		int key = keys[row->auth];
		uint64_t *sums;

		if (key == KEY_NONE || (key < 0 && v->paths[index].fate != FATE_OWN))
			continue;
		sums = key > 0 ? days[key - 1].valid : days[-key - 1].broken;
		for (int64_t day = r->first_day; day <= r->last_day; day++)
			if (day >= v->first_day && day <= v->last_day)
				sums[day - v->first_day] = add_up(sums[day - v->first_day], row_on(&d->w, row, day));
	}
}

const struct key_days *detail_keys(const struct detailer *d, struct arena *arena)
{
	const struct verdict *v = d->w.v;
	size_t n = v->keys_n < DETAIL_KEYS ? v->keys_n : DETAIL_KEYS;
	struct key_days *days = arena_take(arena, n * sizeof *days);
	int *keys = arena_take(arena, d->w.rows->auths_n * sizeof *keys);

	if (!days || !keys)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		days[i].valid = arena_take(arena, v->window * sizeof *days[i].valid);
		days[i].broken = arena_take(arena, v->window * sizeof *days[i].broken);
		if (!days[i].valid || !days[i].broken)
			return NULL;
	}
	for (size_t i = 0; i < d->w.rows->auths_n; i++)
		keys[i] = key_of(v, &d->w.rows->auths[i]);
	for (size_t i = 0; i < v->path_rows_n; i++)
		if (v->paths[i].messages && (v->paths[i].dkim_ok || v->paths[i].broken))
			take_key_days(d, i, keys, days);
	return days;
}
