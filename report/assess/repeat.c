/* Reports that came more than once (DESIGN of the store: the content decides, never the order of arrival). */
#include "report/assess/work.h"

#include <stdlib.h>

#define NEIGHBOURS 16 /* overlapping reports of one reporter that are compared with each other */
#define OVERLAP_SHARE 0.5
#define SAME_SHARE 0.9

/* Walks the rows of a report, equal source and outcome taken together. */
struct walk {
	const struct work *w;
	uint32_t at, end;
	uint64_t key; /* source and outcome */
	uint64_t count;
};

static struct walk walk_of(const struct work *w, uint32_t report)
{
	return (struct walk){ .w = w, .at = w->report_starts[report], .end = w->report_starts[report + 1] };
}

static bool walk_next(struct walk *walk)
{
	const struct work *w = walk->w;

	if (walk->at == walk->end)
		return false;
	walk->count = 0;
	walk->key = w->report_keys[walk->at];
	for (; walk->at < walk->end && w->report_keys[walk->at] == walk->key; walk->at++)
		walk->count = add_up(walk->count, w->rows->traffic[w->by_report[walk->at]].count);
	return true;
}

static int walk_compare(const struct walk *a, const struct walk *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

static int content_compare(const struct work *w, uint32_t a, uint32_t b)
{
	struct walk x = walk_of(w, a), y = walk_of(w, b);

	for (;;) {
		bool more_x = walk_next(&x), more_y = walk_next(&y);
		int order;

		if (!more_x || !more_y)
			return more_x - more_y;
		order = walk_compare(&x, &y);
		if (order)
			return order;
		if (x.count != y.count)
			return x.count < y.count ? -1 : 1;
	}
}

/* Shared (source, outcome, count) as a share of the larger report. */
static double content_shared(const struct work *w, uint32_t a, uint32_t b)
{
	struct walk x = walk_of(w, a), y = walk_of(w, b);
	bool more_x = walk_next(&x), more_y = walk_next(&y);
	uint64_t same = 0, all_x = more_x, all_y = more_y;

	while (more_x && more_y) {
		int order = walk_compare(&x, &y);

		same += order == 0 && x.count == y.count;
		if (order <= 0) {
			more_x = walk_next(&x);
			all_x += more_x;
		}
		if (order >= 0) {
			more_y = walk_next(&y);
			all_y += more_y;
		}
	}
	for (; more_x && walk_next(&x); all_x++)
		;
	for (; more_y && walk_next(&y); all_y++)
		;
	if (all_x + all_y == 0)
		return 0;
	return (double)same / (double)(all_x > all_y ? all_x : all_y);
}

static int compare_moments(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static uint64_t messages_of(const struct work *w, uint32_t report)
{
	uint64_t sum = 0;

	for (uint32_t k = w->report_starts[report]; k < w->report_starts[report + 1]; k++)
		sum = add_up(sum, w->rows->traffic[w->by_report[k]].count);
	return sum;
}

/* The better report first: trust, messages, hash, content. */
static int worth(const struct work *w, uint32_t a, uint32_t b)
{
	uint64_t x = messages_of(w, a), y = messages_of(w, b);
	int order;

	if (w->reports[a].trust != w->reports[b].trust)
		return w->reports[a].trust > w->reports[b].trust ? -1 : 1;
	if (x != y)
		return x > y ? -1 : 1;
	order = memcmp(w->rows->reports[a].content, w->rows->reports[b].content, DIGEST_OCTETS);
	return order ? order : content_compare(w, a, b);
}

static int compare_ranges(const struct observed_report *r, const struct observed_report *s)
{
	int order = compare_moments(r->begin, s->begin);

	return order ? order : compare_moments(r->end, s->end);
}

/* Same reporter, report id, begin and end; then the better one. */
static int by_identity(const void *a, const void *b, void *arg)
{
	const struct work *w = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct observed_report *r = &w->rows->reports[x], *s = &w->rows->reports[y];
	int order;

	if (w->reports[x].reporter != w->reports[y].reporter)
		return w->reports[x].reporter < w->reports[y].reporter ? -1 : 1;
	order = span_compare(r->report_id, s->report_id);
	order = order ? order : compare_ranges(r, s);
	return order ? order : worth(w, x, y);
}

static int by_range_and_content(const void *a, const void *b, void *arg)
{
	const struct work *w = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order;

	if (w->reports[x].reporter != w->reports[y].reporter)
		return w->reports[x].reporter < w->reports[y].reporter ? -1 : 1;
	order = compare_ranges(&w->rows->reports[x], &w->rows->reports[y]);
	order = order ? order : content_compare(w, x, y);
	order = order ? order : worth(w, x, y);
	return order ? order : span_compare(w->rows->reports[x].report_id, w->rows->reports[y].report_id);
}

/* The same claim: org_name, report id, range; the authenticated one first. A file import repeats the mail it came from.
 */
static int by_claim(const void *a, const void *b, void *arg)
{
	const struct work *w = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct observed_report *r = &w->rows->reports[x], *s = &w->rows->reports[y];
	int order = span_compare(r->org_name, s->org_name);

	order = order ? order : span_compare(r->report_id, s->report_id);
	order = order ? order : compare_ranges(r, s);
	order = order ? order : content_compare(w, x, y);
	return order ? order : worth(w, x, y);
}

static bool same_claim(const struct work *w, uint32_t a, uint32_t b)
{
	const struct observed_report *r = &w->rows->reports[a], *s = &w->rows->reports[b];

	return span_is(r->org_name, s->org_name) && span_is(r->report_id, s->report_id) && compare_ranges(r, s) == 0;
}

static uint64_t reporter_and_range(const void *of, uint32_t report)
{
	const struct work *w = of;
	int64_t begin = w->rows->reports[report].begin;

	return key_halves(w->reports[report].reporter, begin > 0 ? (uint64_t)begin : 0);
}

static uint64_t reporter_and_id(const void *of, uint32_t report)
{
	const struct work *w = of;

	return key_halves(w->reports[report].reporter, text_key(w->rows->reports[report].report_id) >> 32);
}

static uint64_t claimant(const void *of, uint32_t report)
{
	return text_key(((const struct work *)of)->rows->reports[report].org_name);
}

static size_t sound_reports(const struct work *w, uint32_t *order)
{
	size_t n = 0;

	for (uint32_t i = 0; i < w->rows->reports_n; i++)
		if (w->reports[i].use == USE_COUNTED)
			order[n++] = i;
	return n;
}

static bool drop_same_identity(struct work *w, uint32_t *order)
{
	size_t n = sound_reports(w, order), first = 0;

	if (!order_indexes(w->scratch, order, n, reporter_and_id, by_identity, w))
		return false;
	for (size_t i = 1; i < n; i++) {
		const struct observed_report *r = &w->rows->reports[order[first]], *s = &w->rows->reports[order[i]];

		if (w->reports[order[first]].reporter != w->reports[order[i]].reporter ||
			!span_is(r->report_id, s->report_id) || compare_ranges(r, s) != 0)
			first = i;
		else
			w->reports[order[i]].use =
				content_compare(w, order[i], order[i - 1]) == 0 ? USE_REPEAT : USE_CONFLICT;
	}
	return true;
}

static bool has_rows(const struct work *w, uint32_t report)
{
	return w->report_starts[report] < w->report_starts[report + 1];
}

static bool drop_same_content(struct work *w, uint32_t *order)
{
	size_t n = sound_reports(w, order);

	if (!order_indexes(w->scratch, order, n, reporter_and_range, by_range_and_content, w))
		return false;
	for (size_t i = 1; i < n; i++)
		if (w->reports[order[i - 1]].reporter == w->reports[order[i]].reporter && has_rows(w, order[i]) &&
			compare_ranges(&w->rows->reports[order[i - 1]], &w->rows->reports[order[i]]) == 0 &&
			content_compare(w, order[i - 1], order[i]) == 0)
			w->reports[order[i]].use = USE_REPEAT;
	n = sound_reports(w, order);
	if (!order_indexes(w->scratch, order, n, claimant, by_claim, w))
		return false;
	for (size_t i = 1; i < n; i++)
		if (same_claim(w, order[i - 1], order[i]) && w->reports[order[i]].trust == TRUST_1 &&
			has_rows(w, order[i]) && content_compare(w, order[i - 1], order[i]) == 0)
			w->reports[order[i]].use = USE_REPEAT;
	return true;
}

static bool overlaps(const struct observed_report *a, const struct observed_report *b)
{
	int64_t begin = a->begin > b->begin ? a->begin : b->begin, end = a->end < b->end ? a->end : b->end;
	int64_t shorter = a->end - a->begin < b->end - b->begin ? a->end - a->begin : b->end - b->begin;

	return end > begin && (double)(end - begin) > OVERLAP_SHARE * (double)shorter;
}

/* A report sent again with shifted limits. Only near neighbours are compared, so that a flood of reports stays linear.
 */
static bool drop_resent(struct work *w, uint32_t *order)
{
	size_t n = sound_reports(w, order);

	if (!order_indexes(w->scratch, order, n, reporter_and_range, by_range_and_content, w))
		return false;
	for (size_t i = 1; i < n; i++) {
		for (size_t back = 1; back <= NEIGHBOURS && back <= i; back++) {
			uint32_t before = order[i - back];
			const struct observed_report *r = &w->rows->reports[before], *s = &w->rows->reports[order[i]];

			if (w->reports[before].reporter != w->reports[order[i]].reporter)
				break;
			if (w->reports[before].use != USE_COUNTED || compare_ranges(r, s) == 0 || !overlaps(r, s))
				continue;
			if (content_shared(w, before, order[i]) >= SAME_SHARE) {
				w->reports[order[i]].use = USE_RESENT;
				break;
			}
		}
	}
	return true;
}

bool work_repeats(struct work *w)
{
	uint32_t *order = arena_take(w->scratch, w->rows->reports_n * sizeof *order);

	if (!order)
		return false;
	return drop_same_identity(w, order) && drop_same_content(w, order) && drop_resent(w, order);
}
