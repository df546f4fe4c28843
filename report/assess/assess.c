#include "report/assess/assess.h"

#include "report/assess/bound.h"
#include "report/assess/gate.h"
#include "report/assess/policy.h"
#include "report/assess/work.h"

#define LARGE_ROW_SHARE 0.2
#define LARGE_ROW_MESSAGES 100

static const unsigned wider[] = { 90, 180 };

static bool rows_are_sound(const struct rows *rows)
{
	if (rows->traffic_n >= NO_INDEX || rows->reports_n >= NO_INDEX || rows->sources_n >= NO_INDEX ||
		rows->auths_n >= NO_INDEX)
		return false;
	for (size_t i = 0; i < rows->traffic_n; i++)
		if (rows->traffic[i].report >= rows->reports_n || rows->traffic[i].source >= rows->sources_n ||
			rows->traffic[i].auth >= rows->auths_n)
			return false;
	for (size_t i = 0; i < rows->samples_n; i++)
		if (rows->samples[i].source >= rows->sources_n)
			return false;
	return true;
}

/* After each stage what it needed beside its results is given back. */
static bool stage_ends(struct work *w, bool ok)
{
	if (ok)
		arena_clear(w->scratch);
	return ok;
}

/* What depends neither on the window nor on whether leads count. */
static bool work_read(struct work *w)
{
	return stage_ends(w, work_marks(w)) && stage_ends(w, work_auths(w)) && stage_ends(w, work_reports(w));
}

/* What does not depend on the window. */
static bool work_begin(struct work *w)
{
	work_ends(w);
	w->any = w->last_day != MOMENT_NONE;
	if (!w->any) {
		w->last_day = w->options->today - 1;
		w->history_first = w->options->today;
	}
	w->history_base = w->last_day - HISTORY_DAYS + 1;
	return stage_ends(w, work_names(w)) && stage_ends(w, work_homes(w)) && stage_ends(w, work_paths(w)) &&
	       stage_ends(w, work_surroundings(w));
}

/* The stage after the one in force. */
static enum target target_next(const struct work *w)
{
	if (w->options->target != TARGET_AUTO)
		return w->options->target;
	return w->v->effective >= REQUEST_QUARANTINE ? TARGET_REJECT : TARGET_QUARANTINE;
}

static void paths_reset(struct work *w)
{
	w->paths_n = w->plain_paths_n;
	for (size_t i = 0; i < w->paths_n; i++)
		w->paths[i] = (struct path){ .source = w->paths[i].source,
			.header_from = w->paths[i].header_from,
			.kind = w->paths[i].kind,
			.relayed = w->paths[i].relayed,
			.pooled = NO_INDEX,
			.sender = NO_INDEX };
	w->strangers = NULL;
	w->strangers_n = w->strangers_room = w->senders_n = 0;
	for (size_t i = 0; i < w->keys_n; i++)
		w->keys[i].valid = w->keys[i].broken = w->keys[i].week_valid = w->keys[i].week_broken = 0;
}

static bool work_over(struct work *w, unsigned window)
{
	struct verdict *v = w->v;
	struct measures m;

	w->window = v->window = window;
	w->first_day = v->first_day = w->last_day - window + 1;
	v->last_day = w->last_day;
	v->weeks_n = window / WEEK;
	v->days_known = window;
	if (w->history_first > w->first_day)
		v->days_known = w->history_first < w->last_day ? (unsigned)(w->last_day - w->history_first) + 1 : 1;
	if (!stage_ends(w, work_window(w)) || !stage_ends(w, work_classes(w)) || !stage_ends(w, work_policy_seen(w)) ||
		!stage_ends(w, work_senders(w)))
		return false;
	work_reporter_sums(w);
	v->target = target_next(w);
	if (!stage_ends(w, work_measures(w, &m)))
		return false;
	m.stage_days = v->measures.stage_days;
	m.quiet_days = quiet_days(w, &m.never_surprised);
	m.parked = domain_is_parked(w);
	v->measures = m;
	if (!work_keys(w) || !work_alerts(w) || !work_records(w, v->target, &v->measures) || !work_subdomains(w, &v->measures))
		return false;
	v->decision = gate_decide(&v->measures, &w->options->limits, v->target, w->arena);
	return !w->arena->failed;
}

/* More days would help where days or evidence are short, as long as there is more history; the widest window must be
 * full. What is known to be bad is not thinned out by older mail. */
static bool may_widen(const struct work *w, unsigned window)
{
	const struct verdict *v = w->v;
	int64_t history = v->measures.history;
	bool missing = false;

	if (w->options->window_fixed || window <= w->window ||
		(window == WINDOW_MOST ? history < WINDOW_MOST : history <= w->window))
		return false;
	for (size_t i = 0; i < v->decision.gates_n; i++)
		missing |= v->decision.gates[i].state == GATE_NO_DATA;
	return missing && v->decision.word != VERDICT_NOT_READY;
}

static bool work_whole(struct work *w)
{
	unsigned window = w->options->window;
	struct arena_mark narrow;

	if (!window || window > WINDOW_MOST)
		window = WINDOW_MOST;
	if (!work_begin(w))
		return false;
	narrow = arena_mark(w->arena);
	if (!work_over(w, window))
		return false;
	for (size_t i = 0; i < sizeof wider / sizeof *wider; i++) {
		if (!may_widen(w, wider[i]))
			continue;
		arena_rewind(w->arena, narrow);
		paths_reset(w);
		if (!work_over(w, wider[i]))
			return false;
	}
	return true;
}

/* A copy, because what follows writes into it. */
static void *again(struct arena *arena, const void *items, size_t n, size_t size)
{
	void *copy = arena_take(arena, n * size);

	if (copy && n)
		memcpy(copy, items, n * size);
	return copy;
}

/* The verdict that `w`, which has read its rows and no more, comes to with leads or without these reporters; what is
 * calculated for it is given back. */
static bool word_if(const struct work *w, bool with_leads, const bool *without, enum verdict_word *word)
{
	struct arena arena = ARENA(w->arena->max);
	struct verdict v = { .domain = w->v->domain };
	struct work other = *w;
	bool ok;

	other.arena = &arena;
	other.v = &v;
	other.with_leads = with_leads;
	other.reports = again(&arena, w->reports, w->rows->reports_n, sizeof *w->reports);
	other.reporters = again(&arena, w->reporters, w->reporters_n, sizeof *w->reporters);
	other.keys = again(&arena, w->keys, w->keys_n, sizeof *w->keys);
	ok = other.reports && other.reporters && other.keys;
	if (ok && without)
		work_distrust(&other, without);
	ok = ok && work_whole(&other);
	*word = v.decision.word;
	arena_release(&arena);
	return ok;
}

/* What the verdict would be if everything that does not count did: shown, never decisive. `w` has read its rows. */
static bool word_with_leads(const struct work *w, bool *any, enum verdict_word *word)
{
	*any = false;
	for (size_t i = 0; i < w->rows->reports_n; i++)
		*any |= w->reports[i].use == USE_LEAD_TRUST || w->reports[i].use == USE_LEAD_STANDING;
	for (size_t i = 0; i < w->rows->traffic_n; i++)
		*any |= w->row_states[i] == ROW_SUSPICIOUS;
	return !*any || word_if(w, true, NULL, word);
}

/* Reporters that are not known and yet supply more than their part of what is not forged. */
static bool find_outweighing(struct work *w, bool *outweighs, bool *any)
{
	uint64_t *messages = arena_take(w->scratch, w->reporters_n * sizeof *messages), all = 0;

	*any = false;
	for (size_t i = 0; messages && i < w->by_window_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_window[i]];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);

		if (w->paths[path_of_row(w, w->by_window[i])].fate == FATE_FORGED)
			continue;
		messages[w->reports[row->report].reporter] += n;
		all = add_up(all, n);
	}
	for (size_t i = 0; messages && i < w->reporters_n; i++) {
		outweighs[i] = w->reporters[i].standing == STANDING_ESTABLISHED &&
			       (double)messages[i] > w->options->limits.stranger_share * (double)all;
		*any |= outweighs[i];
	}
	return stage_ends(w, messages);
}

/* The verdict for rows that are read. Whoever signs his reports for two weeks is counted, and may say that a sender passes a
 * million times where the others saw it fail: nobody is made ready by such a one against what the others saw. `outvoted`: one
 * was found, and lost its standing. */
static bool work_conclude(struct work *w, bool *outvoted)
{
	struct work fresh = *w;
	bool *outweighs = arena_take(w->arena, w->reporters_n * sizeof *outweighs), any;
	enum verdict_word word = VERDICT_READY;
	struct arena_mark before;

	fresh.reporters = again(w->arena, w->reporters, w->reporters_n, sizeof *w->reporters);
	fresh.keys = again(w->arena, w->keys, w->keys_n, sizeof *w->keys);
	before = arena_mark(w->arena);
	*outvoted = false;
	if (!outweighs || !fresh.reporters || !fresh.keys || !work_whole(w) || !find_outweighing(w, outweighs, &any))
		return false;
	if (!any || w->v->decision.word > VERDICT_READY_WITH_EXCEPTIONS)
		return true;
	if (!word_if(&fresh, false, outweighs, &word))
		return false;
	*outvoted = word == VERDICT_NOT_READY;
	if (!*outvoted)
		return true;
	arena_rewind(w->arena, before);
	*w = fresh;
	*w->v = (struct verdict){ .domain = w->v->domain, .seen_since = MOMENT_NONE };
	work_distrust(w, outweighs);
	return work_whole(w);
}

bool verdict_holds_report(const struct verdict *verdict, const struct judged_report *report)
{
	bool dated = report->use != USE_IMPOSSIBLE && report->use != USE_REFUSED;

	return !dated || (report->last_day >= verdict->first_day && report->first_day <= verdict->last_day);
}

static void count_reports(struct work *w)
{
	struct verdict *v = w->v;

	for (size_t i = 0; i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];

		if (!verdict_holds_report(v, r))
			continue;
		v->not_counted[r->use] += r->use != USE_COUNTED;
		v->counted += r->use == USE_COUNTED;
		v->counted_signed += r->use == USE_COUNTED && r->trust >= TRUST_2;
	}
	for (size_t i = 0; i < w->rows->traffic_n; i++) {
		v->outside += w->row_states[i] == ROW_OUTSIDE;
		v->suspicious += w->row_states[i] == ROW_SUSPICIOUS;
	}
	for (int64_t day = w->first_day; day <= w->last_day; day++)
		v->days_covered += day_is_covered(w, day);
}

/* A row of a few messages is a large part where there is little mail, and nobody's error. */
static void note_large_row(struct work *w)
{
	struct large_row *large = &w->v->large;

	for (size_t i = 0; i < w->by_window_n; i++) {
		uint32_t row = w->by_window[i], path = path_of_row(w, row);
		uint64_t n = row_within(w, &w->rows->traffic[row], w->first_day, w->last_day);

		if (n > large->messages && w->paths[path].fate == FATE_OWN && !author_loses_nothing(w, w->path_from[path]))
			*large = (struct large_row){ n, row };
	}
	if (large->messages < LARGE_ROW_MESSAGES ||
		(double)large->messages <= LARGE_ROW_SHARE * (double)w->v->measures.own)
		*large = (struct large_row){ 0 };
}

static void verdict_fill(struct work *w)
{
	struct verdict *v = w->v;

	v->history_first = w->any ? w->history_first : MOMENT_NONE;
	v->reports = w->reports;
	v->reports_n = w->rows->reports_n;
	v->reporters = w->reporters;
	v->reporters_n = w->reporters_n;
	v->sources = w->sources;
	v->sources_n = w->sources_n + 1; /* the last one is scatter */
	v->paths = w->paths;
	v->paths_n = w->paths_n;
	v->path_rows = w->by_path;
	v->path_starts = w->path_starts;
	v->path_rows_n = w->plain_paths_n;
	v->senders = w->senders;
	v->senders_n = w->senders_n;
	v->loosened_n = limits_loosened(&w->options->limits, w->arena, &v->loosened);
	note_large_row(w);
	v->blind.spf_fail_all = w->rows->published.checked && w->rows->published.spf_all == '-';
	v->blind.unreported = true;
	v->surprises_most = bound_rate((double)(v->measures.quiet_days / WEEK));
	count_reports(w);
}

static bool work_assess(struct work *w)
{
	struct verdict *verdict = w->v;
	enum verdict_word word = VERDICT_READY;
	bool leads, outvoted;

	/* The leads first: their memory is given back before the verdict's own is taken. */
	if (!work_read(w) || !word_with_leads(w, &leads, &word) || !work_conclude(w, &outvoted))
		return false;
	if (outvoted || (leads && word != verdict->decision.word))
		work_alert_leads(w);
	if (!work_steps(w) || !work_simulations(w) || !work_next(w) || !work_days(w) || !work_reporters_sort(w))
		return false;
	if (!limits_digest(&w->options->limits, verdict->limits_digest))
		return false;
	verdict_fill(w);
	return true;
}

bool assess(const struct rows *rows, const struct assess_options *options, struct arena *arena, struct verdict *verdict)
{
	struct arena scratch = ARENA(arena->max);
	struct work w = { .rows = rows, .options = options, .arena = arena, .scratch = &scratch, .v = verdict };
	bool ok;

	*verdict = (struct verdict){ .domain = options->domain.name, .seen_since = MOMENT_NONE };
	ok = rows_are_sound(rows) && work_assess(&w);
	arena->failed |= scratch.failed;
	arena_release(&scratch);
	return ok && !arena->failed;
}

bool assess_simulate(const struct rows *rows, const struct assess_options *options, const struct policy *policy,
	unsigned days, const struct words *fixed, struct arena *arena, struct simulation *simulation)
{
	struct assess_options narrowed = *options;
	struct verdict verdict = { .domain = options->domain.name, .seen_since = MOMENT_NONE };
	struct arena scratch = ARENA(arena->max);
	struct work w = { .rows = rows, .options = &narrowed, .arena = arena, .scratch = &scratch, .v = &verdict };
	bool *without, ok, outvoted;

	if (days) {
		narrowed.window = days;
		narrowed.window_fixed = true;
	}
	ok = rows_are_sound(rows) && work_read(&w) && work_conclude(&w, &outvoted);
	arena->failed |= scratch.failed;
	arena_release(&scratch);
	if (!ok)
		return false;
	without = arena_take(arena, w.senders_n * sizeof *without);
	if (!without)
		return false;
	for (size_t i = 0; i < w.senders_n; i++)
		for (size_t k = 0; fixed && k < fixed->n; k++)
			without[i] |= span_is_nocase(w.senders[i].subject, fixed->words[k]);
	*simulation = simulate(&w, policy, without);
	return true;
}
