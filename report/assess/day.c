/* Sums by day and by reporter. */
#include "report/assess/policy.h"
#include "report/assess/work.h"

#include <stdlib.h>

bool work_days(struct work *w)
{
	size_t n = (size_t)w->window;
	struct day_totals *days = arena_take(w->arena, n * sizeof *days);
	uint64_t *stamps =
		arena_take(w->arena, w->reporters_n * n / 64 * sizeof *stamps + (n + w->reporters_n) * sizeof *stamps);

	if (!days || !stamps)
		return false;
	for (size_t i = 0; i < n; i++)
		days[i].day = w->first_day + (int64_t)i;
	for (size_t i = 0; i < w->by_window_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_window[i]];
		const struct judged_report *r = &w->reports[row->report];
		const struct path *path = &w->paths[path_of_row(w, w->by_window[i])];

		for (int64_t day = r->first_day; day <= r->last_day; day++) {
			int64_t at = day - w->first_day;
			uint64_t *sum, bit = (uint64_t)at * w->reporters_n + r->reporter;

			if (at < 0 || at >= (int64_t)n)
				continue;
			sum = path_kind_fails(path->kind) ? &days[at].fail[path->fate] : &days[at].pass[path->fate];
			*sum = add_up(*sum, row_on(w, row, day));
			days[at].reporters += !(stamps[bit / 64] >> bit % 64 & 1);
			stamps[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	}
	w->v->days = days;
	w->v->days_n = n;
	return true;
}

/* How a receiver treated failing mail while the policy was enforced (RFC 9989 7.4 asks for the comparison). */
static void sum_disposition(
	const struct work *w, struct reporter *reporter, const struct observed_traffic *row, uint64_t n)
{
	const struct observed_auth *auth = &w->rows->auths[row->auth];
	enum request effective = policy_effective(&w->rows->reports[row->report].policy);
	enum disposition due = effective == REQUEST_REJECT ? DISPOSITION_REJECT : DISPOSITION_QUARANTINE;

	if (effective < REQUEST_QUARANTINE ||
		(auth->evaluated ? auth->dkim_aligned || auth->spf_aligned : !path_kind_fails(row_judge(w, row).kind)))
		return;
	reporter->failing = add_up(reporter->failing, n);
	if (auth->disposition == due)
		reporter->honoured = add_up(reporter->honoured, n);
	else if (auth->reasons_n)
		reporter->spared = add_up(reporter->spared, n);
}

void work_reporter_sums(struct work *w)
{
	for (size_t i = 0; i < w->reporters_n; i++) {
		struct reporter *r = &w->reporters[i];

		r->messages = r->reports = r->leads = r->failing = r->honoured = r->spared = 0;
	}
	for (size_t i = 0; i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];

		if (r->last_day < w->first_day || r->first_day > w->last_day)
			continue;
		w->reporters[r->reporter].reports += r->use == USE_COUNTED;
		w->reporters[r->reporter].leads += r->use == USE_LEAD_TRUST || r->use == USE_LEAD_STANDING;
	}
	for (size_t i = 0; i < w->by_window_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_window[i]];
		struct reporter *reporter = &w->reporters[w->reports[row->report].reporter];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);

		if (!n)
			continue;
		reporter->messages = add_up(reporter->messages, n);
		sum_disposition(w, reporter, row, n);
	}
}

static int reporter_order(const void *a, const void *b, void *reporters)
{
	const struct reporter *all = reporters, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return span_compare(x->identity, y->identity);
}

/* The last thing done: reports keep pointing at their reporter while the order changes. */
bool work_reporters_sort(struct work *w)
{
	uint32_t *order = arena_take(w->arena, w->reporters_n * sizeof *order);
	uint32_t *places = arena_take(w->arena, w->reporters_n * sizeof *places);
	struct reporter *sorted = arena_take(w->arena, w->reporters_n * sizeof *sorted);

	if (!order || !places || !sorted)
		return false;
	for (uint32_t i = 0; i < w->reporters_n; i++)
		order[i] = i;
	qsort_r(order, w->reporters_n, sizeof *order, reporter_order, w->reporters);
	for (uint32_t i = 0; i < w->reporters_n; i++) {
		places[order[i]] = i;
		sorted[i] = w->reporters[order[i]];
	}
	for (size_t i = 0; i < w->rows->reports_n; i++)
		w->reports[i].reporter = places[w->reports[i].reporter];
	w->reporters = sorted;
	return true;
}
