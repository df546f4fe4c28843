#include "report/reporters.h"

#include <stdlib.h>

#define LIST_OCTETS ((size_t)256 * 1024 * 1024)

/* Room for one more; what was there stays in the arena until its end. NULL: the arena is full. */
static void *grow(struct arena *arena, void *items, size_t n, size_t *room, size_t size)
{
	size_t wider = *room ? *room * 2 : 64;
	void *more;

	if (n < *room)
		return items;
	more = arena_take(arena, wider * size);
	if (more && n)
		memcpy(more, items, n * size);
	*room = more ? wider : *room;
	return more;
}

bool problem_list_take(void *self, const struct problem_row *row)
{
	struct problem_list *list = self;

	list->rows = grow(&list->arena, list->rows, list->n, &list->room, sizeof *list->rows);
	if (!list->rows)
		return false;
	list->rows[list->n++] = (struct problem_row){ .org_name = arena_copy(&list->arena, row->org_name),
		.org_email = arena_copy(&list->arena, row->org_email),
		.report_id = arena_copy(&list->arena, row->report_id),
		.begin = row->begin,
		.where = arena_copy(&list->arena, row->where),
		.what = arena_copy(&list->arena, row->what) };
	return !list->arena.failed;
}

void problem_list_release(struct problem_list *list)
{
	arena_release(&list->arena);
	list->rows = NULL;
	list->n = list->room = 0;
}

/* ---- days */

struct reporter_day {
	uint32_t reporter;
	int64_t day;
};

static int day_order(const void *a, const void *b)
{
	const struct reporter_day *x = a, *y = b;

	if (x->reporter != y->reporter)
		return x->reporter < y->reporter ? -1 : 1;
	return x->day < y->day ? -1 : x->day > y->day;
}

/* A sound report spans few days, so that there are not many more pairs than reports. What has no dates to believe has
 * day 0. */
static bool count_days(const struct verdict *v, struct reporter_list *list, struct listed_reporter *rows)
{
	struct reporter_day *days = NULL;
	size_t n = 0, room = 0;

	for (size_t i = 0; i < v->reports_n; i++) {
		const struct judged_report *r = &v->reports[i];

		for (int64_t day = r->first_day; day <= r->last_day; day++) {
			if (day < v->first_day || day > v->last_day)
				continue;
			days = grow(&list->arena, days, n, &room, sizeof *days);
			if (!days)
				return false;
			days[n++] = (struct reporter_day){ r->reporter, day };
		}
	}
	if (n)
		qsort(days, n, sizeof *days, day_order);
	for (size_t i = 0; i < n; i++)
		rows[days[i].reporter].days += i == 0 || day_order(&days[i - 1], &days[i]) != 0;
	return true;
}

/* ---- defects */

/* A report, so that a problem finds its reporter. */
struct known_report {
	struct span org_name, report_id;
	int64_t begin;
	uint32_t reporter;
};

static int known_order(const void *a, const void *b)
{
	const struct known_report *x = a, *y = b;
	int order = span_compare(x->org_name, y->org_name);

	if (!order)
		order = span_compare(x->report_id, y->report_id);
	if (order)
		return order;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

struct found_defect {
	uint32_t reporter;
	struct defect defect;
	int64_t begin; /* of the example */
};

static int found_order(const void *a, const void *b)
{
	const struct found_defect *x = a, *y = b;
	int order;

	if (x->reporter != y->reporter)
		return x->reporter < y->reporter ? -1 : 1;
	order = span_compare(x->defect.where, y->defect.where);
	if (!order)
		order = span_compare(x->defect.what, y->defect.what);
	if (order)
		return order;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return span_compare(x->defect.example, y->defect.example);
}

static int weight_order(const void *a, const void *b)
{
	const struct found_defect *x = a, *y = b;

	if (x->reporter != y->reporter)
		return x->reporter < y->reporter ? -1 : 1;
	if (x->defect.reports != y->defect.reports)
		return x->defect.reports > y->defect.reports ? -1 : 1;
	return found_order(a, b);
}

/* `mail.xml.gz: record 3/row/count` is said of every such record: `record/row/count`. */
static struct span place_of(struct arena *arena, struct span where)
{
	struct buf text = BUF(4096);
	struct span place;
	long colon = -1;

	for (size_t i = 0; i + 1 < where.n; i++)
		if (where.p[i] == ':' && where.p[i + 1] == ' ')
			colon = (long)i;
	if (colon >= 0)
		where = (struct span){ where.p + colon + 2, where.n - (size_t)colon - 2 };
	if (where.n > 7 && memcmp(where.p, "record ", 7) == 0) {
		const char *slash = memchr(where.p, '/', where.n);

		buf_put_text(&text, "record");
		if (slash)
			buf_put(&text, slash, where.n - (size_t)(slash - where.p));
	} else {
		buf_put_span(&text, where);
	}
	place = text.failed ? where : arena_copy(arena, buf_span(&text));
	buf_release(&text);
	return place;
}

static uint32_t reporter_of(const struct known_report *reports, size_t n, const struct problem_row *problem)
{
	const struct known_report key = { problem->org_name, problem->report_id, problem->begin, 0 };
	const struct known_report *found = n ? bsearch(&key, reports, n, sizeof *reports, known_order) : NULL;

	return found ? found->reporter : NO_INDEX;
}

static size_t merge_defects(struct found_defect *all, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(all, n, sizeof *all, found_order);
	for (size_t i = 0; i < n; i++) {
		struct found_defect *last = kept ? &all[kept - 1] : NULL;

		if (!last || last->reporter != all[i].reporter ||
			!span_is(last->defect.where, all[i].defect.where) ||
			!span_is(last->defect.what, all[i].defect.what)) {
			all[kept] = all[i];
			all[kept].defect.times = all[kept].defect.reports = 1;
			kept++;
			continue;
		}
		last->defect.times++;
		last->defect.reports += last->begin != all[i].begin ||
					!span_is(last->defect.example, all[i].defect.example);
		last->begin = all[i].begin;
		last->defect.example = all[i].defect.example;
	}
	if (kept)
		qsort(all, kept, sizeof *all, weight_order);
	return kept;
}

static bool find_defects(const struct assessment *a, const struct problem_list *problems, struct reporter_list *list,
	struct listed_reporter *rows)
{
	const struct verdict *v = a->verdict;
	struct known_report *reports = arena_take(&list->arena, v->reports_n * sizeof *reports);
	struct found_defect *all = arena_take(&list->arena, problems->n * sizeof *all);
	struct defect *defects = arena_take(&list->arena, problems->n * sizeof *defects);
	size_t n = 0;

	if (!reports || !all || !defects)
		return false;
	for (size_t i = 0; i < v->reports_n; i++)
		reports[i] = (struct known_report){ a->rows->reports[i].org_name, a->rows->reports[i].report_id,
			a->rows->reports[i].begin, v->reports[i].reporter };
	if (v->reports_n)
		qsort(reports, v->reports_n, sizeof *reports, known_order);
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem_row *p = &problems->rows[i];
		uint32_t reporter = reporter_of(reports, v->reports_n, p);

		if (reporter == NO_INDEX)
			continue;
		all[n++] = (struct found_defect){ reporter,
			{ place_of(&list->arena, p->where), p->what, 0, 0, p->report_id }, p->begin };
		rows[reporter].email = p->org_email.n ? p->org_email : rows[reporter].email;
	}
	n = merge_defects(all, n);
	for (size_t i = 0; i < n; i++) {
		struct listed_reporter *row = &rows[all[i].reporter];

		defects[i] = all[i].defect;
		if (row->defects_n++ == 0)
			row->defects = &defects[i];
	}
	return !list->arena.failed;
}

/* ---- the list */

bool reporter_list_make(const struct assessment *a, const struct problem_list *problems, struct reporter_list *list)
{
	const struct verdict *v = a->verdict;
	struct listed_reporter *rows;

	*list = (struct reporter_list){ .arena = ARENA(LIST_OCTETS) };
	rows = list->rows = arena_take(&list->arena, v->reporters_n * sizeof *rows);
	if (!rows)
		return false;
	for (size_t i = 0; i < v->reporters_n; i++)
		rows[i].reporter = &v->reporters[i];
	for (size_t i = 0; i < v->reports_n; i++) {
		const struct judged_report *r = &v->reports[i];
		struct listed_reporter *row = &rows[r->reporter];

		if (!verdict_holds_report(v, r))
			continue;
		row->reports++;
		row->unproven += !r->authenticated;
		row->trusts[r->trust]++;
		row->uses[r->use]++;
	}
	if (!count_days(v, list, rows) || !find_defects(a, problems, list, rows))
		return false;
	for (size_t i = 0; i < v->reporters_n; i++)
		if (rows[i].reports)
			rows[list->n++] = rows[i];
	return true;
}

void reporter_list_release(struct reporter_list *list)
{
	arena_release(&list->arena);
	list->n = 0;
}

void listed_proof(struct buf *out, const struct listed_reporter *row)
{
	static const struct {
		enum trust trust;
		const char *word;
	} words[] = { { TRUST_3, "signed" }, { TRUST_2, "by another" }, { TRUST_1, "not proven" },
		{ TRUST_0, "impossible" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		uint64_t n = row->trusts[words[i].trust];

		if (!n)
			continue;
		buf_put_text(out, words[i].word);
		if (n < row->reports)
			buf_printf(out, " %s of %s", count_text(n).p, count_text(row->reports).p);
		return;
	}
}

static bool ends_with(struct span text, const char *end)
{
	size_t n = strlen(end);

	return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

const char *defect_rule(const struct defect *defect)
{
	static const struct {
		const char *where, *what; /* where ends so, what holds this; NULL: anything */
		const char *rule;
	} rules[] = {
		{ "/date_range", "covers", "At least one report every 24 hours (RFC 9989 5.3.8)." },
		{ "/date_range", NULL, "begin and end are seconds since 1970-01-01T00:00:00Z (RFC 9990 appendix A)." },
		{ "/begin", NULL, "Whole seconds since 1970-01-01T00:00:00Z (RFC 9990 appendix A)." },
		{ "/end", NULL, "Whole seconds since 1970-01-01T00:00:00Z (RFC 9990 appendix A)." },
		{ "/source_ip", NULL, "IPv4address or IPv6address of RFC 3986 3.2.2 (RFC 9990 appendix A)." },
		{ "/count", NULL, "A whole number of messages (RFC 9990 appendix A)." },
		{ "/disposition", NULL, "One of none, pass, quarantine, reject (RFC 9990 appendix A)." },
		{ "", "unknown element", "Extensions stand in a namespace of their own (RFC 9990 5)." },
		{ "", "missing", "The element is required (RFC 9990 appendix A)." },
		{ "", "not well-formed XML", "A report is an XML document (RFC 9990 3.1)." },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (ends_with(defect->where, rules[i].where) &&
			(!rules[i].what || span_find_nocase(defect->what, span_of(rules[i].what)) >= 0))
			return rules[i].rule;
	return NULL;
}
