/* Signing keys: where they are at home, how they do, and whether what is published is sound. */
#include "report/assess/work.h"

#define UNUSED_DAYS 90

/* Valid and broken uses of the window; broken ones count where the key is at home, elsewhere they are a forwarder's. */
static void tally_keys(struct work *w)
{
	for (size_t i = 0; i < w->by_window_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_window[i]];
		const struct auth_state *a = &w->auths[row->auth];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);
		uint64_t week = row_within(w, row, w->last_day - WEEK + 1, w->last_day);
		uint32_t at = a->valid_key != NO_INDEX ? a->valid_key : a->broken_key;
		struct key_use *key;

		if (at == NO_INDEX || !n)
			continue;
		key = &w->keys[at];
		if (row_judge(w, row).dkim && a->valid_key != NO_INDEX) {
			key->valid = add_up(key->valid, n);
			key->week_valid = add_up(key->week_valid, week);
		} else if (key->home == home_group(w, w->named[row->source])) {
			key->broken = add_up(key->broken, n);
			key->week_broken = add_up(key->week_broken, week);
		}
	}
}

bool work_keys(struct work *w)
{
	struct key *keys = arena_take(w->arena, w->keys_n * sizeof *keys);

	if (!keys)
		return false;
	tally_keys(w);
	w->v->keys_n = 0;
	for (size_t i = 0; i < w->keys_n; i++) {
		const struct key_use *use = &w->keys[i];
		const struct published_key *published = published_key_of(&w->rows->published, use->domain, use->selector);

		if (use->last_day == MOMENT_NONE && !use->broken)
			continue;
		keys[w->v->keys_n++] = (struct key){ .domain = use->domain,
			.selector = use->selector,
			.home = use->home == HOME_OWN_NETWORK ? NO_INDEX : use->home,
			.home_own = use->home == HOME_OWN_NETWORK,
			.home_moved = use->home_before != NO_INDEX && use->home != use->home_before,
			.shared = use->homes > 1,
			.valid = use->valid,
			.broken = use->broken,
			.week_valid = use->week_valid,
			.week_broken = use->week_broken,
			.first_day = use->first_day,
			.last_day = use->last_day,
			.published = published,
			.unused = published && !published_key_gone(published) &&
				  use->last_day != MOMENT_NONE && use->last_day < w->last_day - UNUSED_DAYS };
	}
	w->v->keys = keys;
	return true;
}
