/* What would have happened to the mail of the window under a record. */
#include "report/assess/policy.h"
#include "report/assess/work.h"

struct failing {
	uint64_t fails[PLACE_NONEXISTENT + 1][FATE_COUNT], all[FATE_COUNT];
};

/* One record tried. */
struct trial {
	struct policy policy;
	const bool *without; /* senders left out, or NULL */
	struct failing sums;
};

static bool row_passes(const struct work *w, const struct observed_traffic *row, const struct policy *policy)
{
	const struct auth_state *a = &w->auths[row->auth];
	unsigned modes = modes_now(w, w->strictness[row->report]);
	struct judgement j = row_judge(w, row);

	return mode_change(j.dkim, a->dkim_aligned, modes & STRICT_DKIM, policy->adkim_strict) ||
	       mode_change(j.spf, a->spf_aligned, modes & STRICT_SPF, policy->aspf_strict);
}

static enum policy_place place_of(const struct work *w, uint32_t from)
{
	if (span_is_nocase(w->authors[from].name.name, w->options->domain.name))
		return PLACE_DOMAIN;
	return w->authors[from].nonexistent ? PLACE_NONEXISTENT : PLACE_SUBDOMAIN;
}

static void trial_take(
	const struct work *w, struct trial *trial, const struct observed_traffic *row, uint32_t path, uint64_t n)
{
	enum fate fate = w->paths[path].fate;
	uint32_t sender = w->paths[path].sender, from = w->path_from[path];

	if (trial->without && sender != NO_INDEX && trial->without[sender])
		return;
	trial->sums.all[fate] = add_up(trial->sums.all[fate], n);
	if (!w->authors[from].own_record && !row_passes(w, row, &trial->policy))
		trial->sums.fails[place_of(w, from)][fate] += n;
}

static void tally(const struct work *w, struct trial *trials, size_t trials_n)
{
	for (size_t i = 0; i < w->by_window_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_window[i]];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);
		uint32_t path = path_of_row(w, w->by_window[i]);

		for (size_t k = 0; n && k < trials_n; k++)
			trial_take(w, &trials[k], row, path, n);
	}
}

static struct fate_counts treat(const struct failing *sums, const struct policy *policy, bool rfc7489)
{
	struct fate_counts counts = { 0 };

	for (int fate = 0; fate < FATE_COUNT; fate++) {
		for (enum policy_place place = PLACE_DOMAIN; place <= PLACE_NONEXISTENT; place++) {
			struct treatment t = policy_treat(policy, place, rfc7489);
			uint64_t n = sums->fails[place][fate];

			counts.spam[fate] += n / 100 * t.quarantine + n % 100 * t.quarantine / 100;
			counts.refused[fate] += n / 100 * t.reject + n % 100 * t.reject / 100;
		}
		counts.delivered[fate] = sums->all[fate] - counts.spam[fate] - counts.refused[fate];
	}
	return counts;
}

static struct simulation conclude(const struct trial *trial)
{
	struct simulation simulation = { .policy = trial->policy,
		.now = treat(&trial->sums, &trial->policy, false),
		.old = treat(&trial->sums, &trial->policy, true) };

	simulation.differs = memcmp(&simulation.now, &simulation.old, sizeof simulation.now) != 0;
	return simulation;
}

struct simulation simulate(const struct work *w, const struct policy *policy, const bool *without)
{
	struct trial trial = { .policy = *policy, .without = without };

	tally(w, &trial, 1);
	return conclude(&trial);
}

bool work_simulations(struct work *w)
{
	static const struct policy policies[] = {
		{ .p = REQUEST_QUARANTINE, .pct = 100 },
		{ .p = REQUEST_REJECT, .pct = 100 },
		{ .p = REQUEST_REJECT, .pct = 100, .aspf_strict = true },
		{ .p = REQUEST_REJECT, .pct = 100, .adkim_strict = true },
		{ .p = REQUEST_REJECT, .pct = 100 },
	};
	struct policy now = policy_now(w);
	size_t n = sizeof policies / sizeof *policies;
	struct simulation *all = arena_take(w->arena, n * sizeof *all);
	bool *without = arena_take(w->arena, w->senders_n * sizeof *without);
	struct trial trials[sizeof policies / sizeof *policies];
	unsigned steps = 0;

	if (!all || !without)
		return false;
	for (size_t i = 0; i < w->v->steps_n; i++) {
		const struct step *step = &w->v->steps[i];

		if (step->later || step->sender == NO_INDEX)
			continue;
		without[step->sender] = true;
		steps = step->rank;
	}
	for (size_t i = 0; i < n; i++) {
		trials[i] = (struct trial){ .policy = policies[i], .without = i + 1 == n ? without : NULL };
		trials[i].policy.adkim_strict |= now.adkim_strict;
		trials[i].policy.aspf_strict |= now.aspf_strict;
		trials[i].policy.sp = now.sp == REQUEST_NONE ? REQUEST_NONE : REQUEST_ABSENT;
		trials[i].policy.np = now.np == REQUEST_NONE ? REQUEST_NONE : REQUEST_ABSENT;
	}
	tally(w, trials, n);
	for (size_t i = 0; i < n; i++)
		all[i] = conclude(&trials[i]);
	all[n - 1].after_steps = steps;
	w->v->simulations = all;
	w->v->simulations_n = steps ? n : n - 1;
	return true;
}
