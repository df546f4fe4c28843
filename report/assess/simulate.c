/* What would have happened to the mail of the window under a record. */
#include "report/assess/policy.h"
#include "report/assess/work.h"

struct failing {
	uint64_t fails[PLACE_NONEXISTENT + 1][FATE_COUNT], all[FATE_COUNT];
};

/* The receiver's word under the published modes; a mode made stricter needs our own judgement of the identifiers, and a
 * signature the reporter left out then counts as missing. */
static bool row_passes(const struct work *w, const struct observed_traffic *row, const struct policy *policy)
{
	const struct auth_state *a = &w->auths[row->auth];
	const struct policy *published = &w->rows->reports[row->report].policy;
	struct judgement j = row_judge(w, row);
	bool dkim = j.dkim, spf = j.spf;

	if (policy->adkim_strict != published->adkim_strict)
		dkim = policy->adkim_strict ? dkim && a->dkim_aligned[1] : dkim || a->dkim_aligned[0];
	if (policy->aspf_strict != published->aspf_strict)
		spf = policy->aspf_strict ? spf && a->spf_aligned[1] : spf || a->spf_aligned[0];
	return dkim || spf;
}

static enum policy_place place_of(const struct work *w, uint32_t from)
{
	if (span_is_nocase(w->authors[from].name.name, w->options->domain.name))
		return PLACE_DOMAIN;
	return w->authors[from].nonexistent ? PLACE_NONEXISTENT : PLACE_SUBDOMAIN;
}

static void tally(const struct work *w, const struct policy *policy, const bool *without, struct failing *sums)
{
	for (size_t i = 0; i < w->by_path_n; i++) {
		uint32_t index = path_of_row(w, w->by_path[i]);
		const struct observed_traffic *row = &w->rows->traffic[w->by_path[i]];
		const struct path *path = &w->paths[index];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);

		if (!n || (without && path->sender != NO_INDEX && without[path->sender]))
			continue;
		sums->all[path->fate] = add_up(sums->all[path->fate], n);
		if (w->authors[w->path_from[index]].own_record || row_passes(w, row, policy))
			continue;
		sums->fails[place_of(w, w->path_from[index])][path->fate] += n;
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

bool simulate(struct work *w, const struct policy *policy, const bool *without, struct simulation *simulation)
{
	struct failing sums = { 0 };

	*simulation = (struct simulation){ .policy = *policy };
	tally(w, policy, without, &sums);
	simulation->now = treat(&sums, policy, false);
	simulation->old = treat(&sums, policy, true);
	simulation->differs = memcmp(&simulation->now, &simulation->old, sizeof simulation->now) != 0;
	return true;
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
	const struct policy *now = w->rows->published.checked ? &w->rows->published.policy : &w->v->seen;
	size_t n = sizeof policies / sizeof *policies;
	struct simulation *all = arena_take(w->arena, n * sizeof *all);
	bool *without = arena_take(w->arena, w->senders_n * sizeof *without);
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
		struct policy policy = policies[i];

		policy.adkim_strict |= now->adkim_strict;
		policy.aspf_strict |= now->aspf_strict;
		simulate(w, &policy, i + 1 == n ? without : NULL, &all[i]);
	}
	all[n - 1].after_steps = steps;
	w->v->simulations = all;
	w->v->simulations_n = steps ? n : n - 1;
	return true;
}
