/* Trust of the mail that carried a report, standing of its reporter, and what counts. */
#include "report/assess/work.h"

#include <stdlib.h>

#define EARLY_DAYS 60	    /* a report that began so long before it arrived is not believed */
#define ESTABLISHED_DAYS 4  /* on so many different days ... */
#define ESTABLISHED_SPAN 14 /* ... over so many */
#define DISAGREE_SHARE 0.05 /* of what could be compared: a broken reporter is not established */
#define COUNT_PLAIN UINT64_C(1000000)
#define COUNT_FACTOR 50 /* a row above this many times the reporter's busiest day is a lead */

const char *standing_word(enum standing standing)
{
	static const char *const words[STANDING_COUNT] = { "new", "established", "known" };

	return standing < STANDING_COUNT ? words[standing] : "";
}

const char *report_use_word(enum report_use use)
{
	static const char *const words[USE_COUNT] = { "counted", "unauthenticated", "new-reporter", "repeat",
		"conflict", "resent", "impossible", "refused", "other-domain" };

	return use < USE_COUNT ? words[use] : "";
}

/* What the carriage allows at most; T3 falls to T2 where author and reporter are of different organisations. */
static const enum trust carriage_trust[CARRIAGE_COUNT] = {
	[CARRIAGE_FILE] = TRUST_1,
	[CARRIAGE_UNSIGNED] = TRUST_1,
	[CARRIAGE_BROKEN] = TRUST_1,
	[CARRIAGE_BORDER_SPF] = TRUST_2,
	[CARRIAGE_BORDER_DKIM] = TRUST_3,
	[CARRIAGE_UNDONE] = TRUST_3,
	[CARRIAGE_SIGNED] = TRUST_3,
	[CARRIAGE_REFUSED] = TRUST_0,
};

static bool report_is_possible(const struct observed_report *r)
{
	if (!range_is_possible(r->begin, r->end))
		return false;
	if (r->arrived == MOMENT_NONE)
		return true;
	return r->end <= r->arrived + DAY_SECONDS && r->begin >= r->arrived - EARLY_DAYS * DAY_SECONDS;
}

/* Damaged on its way, or sent again long after: nothing that its reporter said. */
static bool came_badly(const struct observed_report *r)
{
	return r->recovered || (r->arrived != MOMENT_NONE && r->begin < r->arrived - EARLY_DAYS * DAY_SECONDS &&
				       range_is_possible(r->begin, r->end));
}

static bool same_org(const struct domain_name *a, const struct domain_name *b)
{
	return a->org.n && span_is_nocase(a->org, b->org);
}

static void judge_trust(const struct observed_report *r, struct judged_report *j)
{
	j->trust = r->carriage < CARRIAGE_COUNT ? carriage_trust[r->carriage] : TRUST_0;
	j->undone = r->carriage == CARRIAGE_UNDONE;
	if (j->trust >= TRUST_2 && !r->author.name.n)
		j->trust = TRUST_1;
	j->authenticated = j->trust >= TRUST_2;
	if (j->trust == TRUST_3 && !same_org(&r->author, &r->email) && !same_org(&r->author, &r->submitter))
		j->trust = TRUST_2;
	j->use = USE_COUNTED;
	if (r->carriage == CARRIAGE_REFUSED)
		j->use = USE_REFUSED;
	if (r->recovered || !report_is_possible(r)) {
		j->trust = TRUST_0;
		j->use = USE_IMPOSSIBLE;
	} else {
		j->first_day = moment_day(r->begin);
		j->last_day = moment_day(r->end - 1);
	}
}

/* `*` matches any run of octets; letters without case. Linear for a pattern with one or two stars. */
static bool matches(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.n &&
			   span_is_nocase((struct span){ pattern.p + p, 1 }, (struct span){ text.p + t, 1 })) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static const struct known_reporter *known_by_domain(const struct rows *rows, struct span domain)
{
	for (size_t i = 0; i < rows->reporters_n; i++)
		if (domain.n && span_is_nocase(rows->reporters[i].domain, domain))
			return &rows->reporters[i];
	return NULL;
}

static const struct known_reporter *known_by_name(const struct rows *rows, struct span org_name)
{
	for (size_t i = 0; i < rows->reporters_n; i++)
		for (size_t k = 0; k < rows->reporters[i].org_names_n; k++)
			if (org_name.n && matches(rows->reporters[i].org_names[k], org_name))
				return &rows->reporters[i];
	return NULL;
}

static struct span lower_copy(struct arena *arena, const char *prefix, struct span text)
{
	size_t before = strlen(prefix);
	char *p = arena_take(arena, before + text.n + 1);

	if (!p)
		return SPAN_ABSENT;
	memcpy(p, prefix, before);
	for (size_t i = 0; i < text.n; i++)
		p[before + i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + ('a' - 'A') : text.p[i]);
	return (struct span){ p, before + text.n };
}

bool reporter_is_known(const struct work *w, struct span domain)
{
	bool known = known_by_domain(w->rows, domain);

	for (size_t i = 0; !known && i < w->options->known_reporters.n; i++)
		known = domain.n && span_is_nocase(w->options->known_reporters.words[i], domain);
	return known;
}

/* Who speaks: the authenticated organisational domain, else only what the report claims. */
static struct span voice_of(const struct work *w, uint32_t i)
{
	const struct observed_report *r = &w->rows->reports[i];

	if (!w->reports[i].authenticated)
		return r->org_name;
	return r->author.org.n ? r->author.org : r->author.name;
}

static struct reporter reporter_of(struct work *w, uint32_t i)
{
	struct span voice = voice_of(w, i);
	const struct known_reporter *known;
	struct reporter reporter = { .first_day = MOMENT_NONE, .last_day = MOMENT_NONE };

	if (w->reports[i].authenticated) {
		reporter.identity = lower_copy(w->arena, "", voice);
		known = known_by_domain(w->rows, reporter.identity);
		if (reporter_is_known(w, reporter.identity))
			reporter.standing = STANDING_KNOWN;
		reporter.name = known ? known->domain : reporter.identity;
	} else {
		reporter.identity = lower_copy(w->arena, "claimed:", voice);
		known = known_by_name(w->rows, voice);
		reporter.name = known ? known->domain : voice.n ? voice : reporter.identity;
	}
	if (known)
		reporter.standing = STANDING_KNOWN;
	return reporter;
}

static int reporter_order(const void *a, const void *b)
{
	const struct reporter *x = a, *y = b;
	int order = span_compare(x->identity, y->identity);

	return order ? order : span_compare(x->name, y->name);
}

/* Reports in which the same reporter speaks, as far as the pointers tell; NULL: no memory. */
static uint32_t *first_of_voice(struct work *w)
{
	size_t n = w->rows->reports_n;
	uint32_t *first = arena_take(w->scratch, n * sizeof *first);
	struct map *map = map_new(w->scratch, 64);

	for (uint32_t i = 0; first && map && i < n; i++) {
		struct span voice = voice_of(w, i), before;
		uint32_t *slot = map_at(map, (uint64_t)(uintptr_t)voice.p << 1 | w->reports[i].authenticated);

		if (!slot)
			return NULL;
		if (*slot == NO_INDEX)
			*slot = i;
		before = voice_of(w, *slot);
		first[i] = voice.n == before.n ? *slot : i;
	}
	return map ? first : NULL;
}

static uint32_t reporter_place(const struct work *w, struct span identity)
{
	size_t low = 0, high = w->reporters_n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (span_compare(w->reporters[middle].identity, identity) <= 0)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static bool collect_reporters(struct work *w)
{
	size_t n = w->rows->reports_n, voices = 0, room = 0;
	uint32_t *first = first_of_voice(w);
	struct reporter *all = NULL;

	if (!first)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (first[i] != i)
			continue;
		all = array_grow(w->scratch, all, voices, &room, sizeof *all);
		if (!all)
			return false;
		w->reports[i].reporter = (uint32_t)voices;
		all[voices++] = reporter_of(w, i);
	}
	w->reporters = arena_take(w->arena, voices * sizeof *w->reporters);
	if (!w->reporters || w->arena->failed)
		return false;
	if (voices)
		memcpy(w->reporters, all, voices * sizeof *all);
	qsort(w->reporters, voices, sizeof *w->reporters, reporter_order);
	for (size_t i = 0; i < voices; i++)
		if (w->reporters_n == 0 || !span_is(w->reporters[w->reporters_n - 1].identity, w->reporters[i].identity))
			w->reporters[w->reporters_n++] = w->reporters[i];
	for (uint32_t i = 0; i < n; i++)
		w->reports[i].reporter = first[i] == i ? reporter_place(w, all[w->reports[i].reporter].identity)
						       : w->reports[first[i]].reporter;
	return true;
}

static int receiver_order(const void *a, const void *b, void *reporters)
{
	const struct reporter *rows = reporters;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = span_compare(rows[x].name, rows[y].name);

	return order ? order : x < y ? -1 : x > y;
}

static bool collect_receivers(struct work *w)
{
	uint32_t *order = arena_take(w->arena, w->reporters_n * sizeof *order);

	w->receiver = arena_take(w->arena, w->reporters_n * sizeof *w->receiver);
	if (!order || !w->receiver)
		return false;
	for (uint32_t i = 0; i < w->reporters_n; i++)
		order[i] = i;
	qsort_r(order, w->reporters_n, sizeof *order, receiver_order, w->reporters);
	for (size_t i = 0; i < w->reporters_n; i++) {
		bool again = i && span_is(w->reporters[order[i]].name, w->reporters[order[i - 1]].name);

		w->receiver[order[i]] = again ? w->receiver[order[i - 1]] : order[i];
	}
	return true;
}

/* Rows about other domains are dropped; a report that is mostly about them is not believed. */
static void judge_scope(struct work *w)
{
	for (uint32_t i = 0; i < w->rows->reports_n; i++) {
		uint32_t first = w->report_starts[i], end = w->report_starts[i + 1], outside = 0;
		bool other = !span_is_nocase(w->rows->reports[i].domain, w->options->domain.name);

		for (uint32_t k = first; k < end; k++) {
			uint32_t row = w->by_report[k];

			if (other || !w->auths[w->rows->traffic[row].auth].inside) {
				w->row_states[row] = ROW_OUTSIDE;
				outside++;
			}
		}
		if (other) {
			w->reports[i].use = USE_OTHER_DOMAIN;
		} else if (outside * 2 > end - first) {
			w->reports[i].trust = TRUST_0;
			w->reports[i].use = USE_IMPOSSIBLE;
		}
	}
}

static uint64_t by_source_and_auth(const struct work *w, uint32_t row)
{
	const struct observed_traffic *traffic = &w->rows->traffic[row];

	return (uint64_t)w->source_rank[traffic->source] << 32 | w->auths[traffic->auth].rank;
}

/* Addresses first, then texts. */
static int source_order(const void *a, const void *b, void *sources)
{
	const struct observed_source *rows = sources, *x = &rows[*(const uint32_t *)a], *y = &rows[*(const uint32_t *)b];

	if (x->has_address != y->has_address)
		return x->has_address ? -1 : 1;
	if (!x->has_address)
		return span_compare(x->text, y->text);
	return memcmp(x->address.octets, y->address.octets, sizeof x->address.octets);
}

/* All of an IPv4 address, and the first three quarters of an IPv6 network: whatever begins with eight octets of zero lies
 * below 2^48 when it is IPv4. */
static uint64_t source_key(const void *sources, uint32_t index)
{
	const struct observed_source *source = (const struct observed_source *)sources + index;
	uint64_t halves[2] = { 0 };

	if (!source->has_address)
		return UINT64_MAX;
	for (int i = 0; i < 16; i++)
		halves[i / 8] = halves[i / 8] << 8 | source->address.octets[i];
	return halves[0] == 0 && halves[1] >> 48 == 0 ? halves[1] : (UINT64_C(1) << 48) + (halves[0] >> 16);
}

static bool rank_sources(struct work *w)
{
	const struct observed_source *sources = w->rows->sources;
	size_t n = w->rows->sources_n;
	uint32_t *order = arena_take(w->scratch, n * sizeof *order), rank = 0;

	w->source_rank = arena_take(w->arena, n * sizeof *w->source_rank);
	if (!order || !w->source_rank)
		return false;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	if (!order_indexes(w->scratch, order, n, source_key, source_order, sources))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (i && source_order(&order[i - 1], &order[i], (void *)sources) != 0)
			rank++;
		w->source_rank[order[i]] = rank;
	}
	return true;
}

static bool order_by_report(struct work *w)
{
	size_t n = w->rows->traffic_n, reports = w->rows->reports_n;
	uint32_t *next = arena_take(w->scratch, reports * sizeof *next);

	w->by_report = arena_take(w->arena, n * sizeof *w->by_report);
	w->report_keys = arena_take(w->scratch, n * sizeof *w->report_keys);
	w->row_states = arena_take(w->arena, n);
	w->report_starts = arena_take(w->arena, (reports + 1) * sizeof *w->report_starts);
	if (!next || !w->by_report || !w->report_keys || !w->row_states || !w->report_starts)
		return false;
	for (uint32_t i = 0; i < n; i++)
		w->report_starts[w->rows->traffic[i].report + 1]++;
	for (size_t i = 0; i < reports; i++) {
		w->report_starts[i + 1] += w->report_starts[i];
		next[i] = w->report_starts[i];
	}
	for (uint32_t i = 0; i < n; i++)
		w->by_report[next[w->rows->traffic[i].report]++] = i;
	return order_runs(w, w->by_report, w->report_starts, reports, by_source_and_auth, w->report_keys);
}

static uint64_t part_on(const struct judged_report *r, uint64_t messages, int64_t day)
{
	uint64_t days = (uint64_t)(r->last_day - r->first_day) + 1;

	if (day < r->first_day || day > r->last_day)
		return 0;
	if (days == 1)
		return messages;
	return messages / days + ((uint64_t)(day - r->first_day) < messages % days);
}

uint64_t report_part(const struct judged_report *r, uint64_t messages, int64_t first, int64_t last)
{
	uint64_t sum = 0;

	if (r->first_day >= first && r->last_day <= last)
		return messages;
	if (r->last_day < first || r->first_day > last)
		return 0;
	for (int64_t day = r->first_day; day <= r->last_day; day++)
		if (day >= first && day <= last)
			sum += part_on(r, messages, day);
	return sum;
}

uint64_t row_on(const struct work *w, const struct observed_traffic *row, int64_t day)
{
	return part_on(&w->reports[row->report], row->count, day);
}

uint64_t row_within(const struct work *w, const struct observed_traffic *row, int64_t first, int64_t last)
{
	return report_part(&w->reports[row->report], row->count, first, last);
}

static int by_reporter_and_begin(const void *a, const void *b, void *arg)
{
	const struct work *w = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct judged_report *i = &w->reports[x], *k = &w->reports[y];
	const struct observed_report *r = &w->rows->reports[x], *s = &w->rows->reports[y];
	int order;

	if (i->reporter != k->reporter)
		return i->reporter < k->reporter ? -1 : 1;
	if (i->first_day != k->first_day)
		return i->first_day < k->first_day ? -1 : 1;
	order = span_compare(r->report_id, s->report_id);
	return order ? order : memcmp(r->content, s->content, sizeof r->content);
}

static uint64_t reporter_and_begin(const void *of, uint32_t report)
{
	const struct work *w = of;
	int64_t day = w->reports[report].first_day;

	return key_halves(w->reports[report].reporter, day > 0 ? (uint64_t)day : 0);
}

/* One huge row must not move anything: beyond all history of its reporter it is only a lead. */
static void judge_counts(struct work *w, const uint32_t *order, size_t n)
{
	uint64_t busiest = 0, today = 0;

	for (size_t i = 0; i < n; i++) {
		const struct judged_report *r = &w->reports[order[i]];
		const struct judged_report *before = i ? &w->reports[order[i - 1]] : NULL;
		uint64_t limit;

		if (!before || before->reporter != r->reporter) {
			busiest = 0;
			today = 0;
		} else if (before->first_day != r->first_day) {
			busiest = today > busiest ? today : busiest;
			today = 0;
		}
		if (r->use == USE_IMPOSSIBLE)
			continue;
		limit = busiest > COUNT_PLAIN / COUNT_FACTOR ? busiest * COUNT_FACTOR : COUNT_PLAIN;
		for (uint32_t k = w->report_starts[order[i]]; k < w->report_starts[order[i] + 1]; k++) {
			uint32_t row = w->by_report[k];

			if (w->row_states[row] == ROW_OK && w->rows->traffic[row].count > limit)
				w->row_states[row] = ROW_SUSPICIOUS;
			if (w->row_states[row] == ROW_OK)
				today = add_up(today, w->rows->traffic[row].count);
		}
	}
}

static void judge_disagreement(struct work *w, uint32_t report, struct reporter *reporter)
{
	for (uint32_t k = w->report_starts[report]; k < w->report_starts[report + 1]; k++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_report[k]];

		if (w->row_states[w->by_report[k]] != ROW_OK)
			continue;
		reporter->judged = add_up(reporter->judged, row->count);
		if (row_judge(w, row).disagrees)
			reporter->disagreements = add_up(reporter->disagreements, row->count);
	}
}

/* Established: sound reports on enough days over enough time, none impossible, and few disagreements. */
static void judge_standing(struct work *w, const uint32_t *order, size_t n)
{
	size_t start = 0;

	while (start < n) {
		struct reporter *reporter = &w->reporters[w->reports[order[start]].reporter];
		int64_t day_before = MOMENT_NONE;
		unsigned days = 0;
		bool sound = true;
		size_t i;

		for (i = start; i < n && &w->reporters[w->reports[order[i]].reporter] == reporter; i++) {
			const struct judged_report *r = &w->reports[order[i]];

			if (r->trust == TRUST_0) {
				sound &= came_badly(&w->rows->reports[order[i]]);
				continue;
			}
			if (r->use != USE_COUNTED)
				continue;
			judge_disagreement(w, order[i], reporter);
			days += r->first_day != day_before;
			day_before = r->first_day;
			if (reporter->first_day == MOMENT_NONE)
				reporter->first_day = r->first_day;
			if (reporter->last_day == MOMENT_NONE || r->last_day > reporter->last_day)
				reporter->last_day = r->last_day;
		}
		if (reporter->standing == STANDING_NEW && sound && days >= ESTABLISHED_DAYS &&
			day_before - reporter->first_day >= ESTABLISHED_SPAN - 1 &&
			(double)reporter->disagreements <= DISAGREE_SHARE * (double)reporter->judged)
			reporter->standing = STANDING_ESTABLISHED;
		start = i;
	}
}

static bool has_standing(const struct work *w, const struct judged_report *r)
{
	return w->reporters[r->reporter].standing != STANDING_NEW;
}

/* Unauthenticated reports count only as long as nothing better was there: the first authenticated report from a
 * reporter with standing ends that for all that were taken after it. */
static void judge_use(struct work *w)
{
	int64_t authenticated = INT64_MAX;

	for (size_t i = 0; i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];

		if (r->use == USE_COUNTED && r->trust >= TRUST_2 && has_standing(w, r) &&
			w->rows->reports[i].taken < authenticated)
			authenticated = w->rows->reports[i].taken;
	}
	for (size_t i = 0; i < w->rows->reports_n; i++) {
		struct judged_report *r = &w->reports[i];

		if (r->use != USE_COUNTED)
			continue;
		if (r->trust < TRUST_2 && (w->options->trust_strict || w->rows->reports[i].taken >= authenticated))
			r->use = USE_LEAD_TRUST;
		else if (!has_standing(w, r))
			r->use = USE_LEAD_STANDING;
	}
}

void work_distrust(struct work *w, const bool *reporters)
{
	for (size_t i = 0; i < w->rows->reports_n; i++)
		if (reporters[w->reports[i].reporter] && w->reports[i].use == USE_COUNTED)
			w->reports[i].use = USE_LEAD_STANDING;
	for (size_t i = 0; i < w->reporters_n; i++)
		if (reporters[i])
			w->reporters[i].standing = STANDING_NEW;
}

void work_ends(struct work *w)
{
	w->history_first = w->last_day = MOMENT_NONE;
	for (size_t i = 0; i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];
		bool lead = r->use == USE_LEAD_TRUST || r->use == USE_LEAD_STANDING;

		if ((r->use != USE_COUNTED && !(w->with_leads && lead)) || r->first_day >= w->options->today)
			continue;
		if (w->history_first == MOMENT_NONE || r->first_day < w->history_first)
			w->history_first = r->first_day;
		if (w->last_day == MOMENT_NONE || r->last_day > w->last_day)
			w->last_day = r->last_day;
	}
	if (w->last_day != MOMENT_NONE && w->last_day >= w->options->today)
		w->last_day = w->options->today - 1;
	if (w->history_first != MOMENT_NONE && w->history_first <= w->last_day - HISTORY_DAYS)
		w->history_first = w->last_day - HISTORY_DAYS + 1;
}

bool work_reports(struct work *w)
{
	size_t n = w->rows->reports_n;
	uint32_t *order = arena_take(w->scratch, n * sizeof *order);

	w->reports = arena_take(w->arena, n * sizeof *w->reports);
	if (!order || !w->reports)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		order[i] = i;
		judge_trust(&w->rows->reports[i], &w->reports[i]);
	}
	if (!rank_sources(w) || !order_by_report(w))
		return false;
	judge_scope(w);
	if (!collect_reporters(w) || !collect_receivers(w) || !work_repeats(w) ||
		!order_indexes(w->scratch, order, n, reporter_and_begin, by_reporter_and_begin, w))
		return false;
	judge_counts(w, order, n);
	judge_standing(w, order, n);
	judge_use(w);
	return true;
}
