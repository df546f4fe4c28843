/* The policy as reporters saw it, day by day: what is effective, since when, and who sees something else. */
#include "report/assess/policy.h"
#include "report/assess/work.h"

#include <stdlib.h>

#define MOST_SHARE 0.9 /* of a day's messages must have been seen under the stage */
#define NEAR_DAYS 2    /* around a report, in which others may have seen the same policy */

const char *stage_word(enum stage stage)
{
	static const char *const words[STAGE_COUNT] = { "no record", "none", "quarantine trial", "quarantine",
		"reject trial", "reject" };

	return stage < STAGE_COUNT ? words[stage] : "";
}

struct sighting {
	int64_t day;
	uint32_t reporter, report;
	unsigned code; /* the policy as one number: equal policies, equal codes */
	uint64_t messages;
};

static unsigned policy_code(const struct policy *p)
{
	unsigned pct = p->pct < 100 ? p->pct : 100;

	return (unsigned)p->p | (unsigned)p->sp << 2 | (unsigned)p->np << 4 | (unsigned)p->testing << 6 |
	       (unsigned)p->adkim_strict << 7 | (unsigned)p->aspf_strict << 8 | pct << 9;
}

static struct policy policy_decode(unsigned code)
{
	return (struct policy){ .p = (enum request)(code & 3),
		.sp = (enum request)(code >> 2 & 3),
		.np = (enum request)(code >> 4 & 3),
		.testing = code >> 6 & 1,
		.pct = code >> 9,
		.adkim_strict = code >> 7 & 1,
		.aspf_strict = code >> 8 & 1 };
}

static enum request of_subdomains(const struct policy *p)
{
	return p->sp == REQUEST_ABSENT ? p->p : p->sp;
}

/* Whether one record may look so to both. Reporters tell it in different words: some fill in sp= where the record has none,
 * old ones know neither np= nor t=, new ones no pct=. */
static bool agree(unsigned a, unsigned b)
{
	struct policy x = policy_decode(a), y = policy_decode(b);

	if (a == b)
		return true;
	return x.p == y.p && of_subdomains(&x) == of_subdomains(&y) && x.adkim_strict == y.adkim_strict &&
	       x.aspf_strict == y.aspf_strict &&
	       (x.np == y.np || x.np == REQUEST_ABSENT || y.np == REQUEST_ABSENT) &&
	       (x.testing || x.pct < 100) == (y.testing || y.pct < 100) &&
	       (x.testing || y.testing || x.pct == y.pct);
}

/* Whether it is what the DNS tells. Of that each generation of reporters shows its own part. */
static bool is_published(const struct published *p, unsigned seen)
{
	struct policy older = p->policy, newer = p->policy;

	if (!p->checked || p->dmarc_records != 1)
		return false;
	older.testing = false;
	newer.pct = 100;
	return agree(policy_code(&older), seen) || agree(policy_code(&newer), seen) ||
	       agree(policy_code(&p->policy), seen);
}

static int sighting_order(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->reporter != y->reporter)
		return x->reporter < y->reporter ? -1 : 1;
	return x->messages < y->messages ? -1 : x->messages > y->messages;
}

/* One sighting a report and day it covers, with that day's messages. */
static struct sighting *collect(struct work *w, size_t *n)
{
	struct sighting *sightings;
	size_t most = 0;

	*n = 0;
	for (size_t i = 0; i < w->rows->reports_n; i++)
		most += w->reports[i].use == USE_COUNTED
				? (size_t)(w->reports[i].last_day - w->reports[i].first_day + 1)
				: 0;
	sightings = arena_take(w->scratch, most * sizeof *sightings);
	for (uint32_t i = 0; sightings && i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];

		if (r->use != USE_COUNTED || !w->rows->reports[i].has_policy)
			continue;
		for (int64_t day = r->first_day; day <= r->last_day; day++) {
			struct sighting s = { day, r->reporter, i, policy_code(&w->rows->reports[i].policy), 0 };

			for (uint32_t k = w->report_starts[i]; k < w->report_starts[i + 1]; k++)
				s.messages = add_up(s.messages, row_on(w, &w->rows->traffic[w->by_report[k]], day));
			if (day >= w->history_base && day <= w->last_day && s.messages)
				sightings[(*n)++] = s;
		}
	}
	if (sightings)
		qsort(sightings, *n, sizeof *sightings, sighting_order);
	return sightings;
}

/* The code most messages of a day were seen under; sightings of one day, sorted by code. */
static unsigned day_code(const struct sighting *s, size_t n)
{
	uint64_t most = 0;
	unsigned code = s[0].code;

	for (size_t start = 0, i; start < n; start = i) {
		uint64_t sum = 0;

		for (i = start; i < n && s[i].code == s[start].code; i++)
			sum = add_up(sum, s[i].messages);
		if (sum > most) {
			most = sum;
			code = s[start].code;
		}
	}
	return code;
}

static bool day_enforced(const struct sighting *s, size_t n, enum request least)
{
	uint64_t all = 0, strict = 0;

	for (size_t i = 0; i < n; i++) {
		struct policy policy = policy_decode(s[i].code);

		all = add_up(all, s[i].messages);
		strict = add_up(strict, policy_effective(&policy) >= least ? s[i].messages : 0);
	}
	return (double)strict >= MOST_SHARE * (double)all;
}

/* From the last covered day backwards; days without a report neither break a run nor end it. */
static void read_days(struct work *w, const struct sighting *s, size_t n)
{
	const struct published *p = &w->rows->published;
	struct verdict *v = w->v;
	bool same = true, enforced = true;
	size_t end = n;

	v->seen_since = MOMENT_NONE;
	while (end > 0 && (same || enforced)) {
		size_t start = end;
		unsigned code;

		while (start > 0 && s[start - 1].day == s[end - 1].day)
			start--;
		code = day_code(s + start, end - start);
		if (!v->seen_any) {
			v->seen = policy_decode(code);
			v->seen_any = true;
		}
		same &= agree(code, policy_code(&v->seen)) ||
			(is_published(p, code) && is_published(p, policy_code(&v->seen)));
		if (same)
			v->seen_since = s[start].day;
		enforced &= day_enforced(s + start, end - start, REQUEST_QUARANTINE);
		if (enforced)
			v->measures.stage_days = w->last_day - s[start].day + 1;
		end = start;
	}
	v->effective = policy_effective(&v->seen);
}

/* Nobody else saw that policy around that day, nor does DNS show it: a stale cache, or a broken reporter. */
static void flag_others(struct work *w, const struct sighting *s, size_t n)
{
	size_t first = 0;

	for (size_t i = 0; i < n; i++) {
		bool shared = is_published(&w->rows->published, s[i].code), others = false;

		while (s[first].day < s[i].day - NEAR_DAYS)
			first++;
		for (size_t k = first; k < n && s[k].day <= s[i].day + NEAR_DAYS && !shared; k++) {
			others |= s[k].reporter != s[i].reporter;
			shared |= s[k].reporter != s[i].reporter && agree(s[k].code, s[i].code);
		}
		w->reports[s[i].report].sees_other_policy |= others && !shared;
	}
}

bool work_policy_seen(struct work *w)
{
	const struct published *p = &w->rows->published;
	size_t n;
	struct sighting *s = collect(w, &n);

	if (!s)
		return false;
	w->v->measures.stage_days = 0;
	w->v->seen.pct = 100;
	read_days(w, s, n);
	if (p->checked)
		w->v->effective = p->dmarc_records && !published_unread(p) ? policy_effective(&p->policy) : REQUEST_NONE;
	flag_others(w, s, n);
	return true;
}
