/* The home of a signing key: the source that uses it. A valid or broken signature seen away from home marks a
 * forwarder, at home a broken signer. */
#include "report/assess/work.h"

#include <stdlib.h>

#define SETTLED_DAYS 14 /* a key moves to a new home only after so long a stay */

struct use {
	uint32_t key, group;
	uint64_t direct, relayed;
	int64_t first, last;
	bool any;
};

uint32_t home_group(const struct work *w, uint32_t named)
{
	return w->sources[named].own_network ? HOME_OWN_NETWORK : named;
}

static int use_order(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

static void use_add(struct use *use, const struct judged_report *report, enum path_kind kind, uint64_t count)
{
	if (!use->any) {
		use->any = true;
		use->first = report->first_day;
		use->last = report->last_day;
	}
	use->first = report->first_day < use->first ? report->first_day : use->first;
	use->last = report->last_day > use->last ? report->last_day : use->last;
	if (kind == KIND_DIRECT)
		use->direct = add_up(use->direct, count);
	else
		use->relayed = add_up(use->relayed, count);
}

/* Valid uses by counted reporters, until today and until a week before. */
struct uses {
	struct use now, before;
};

static struct uses *tally_uses(struct work *w, size_t *n)
{
	struct map *map = map_new(w->scratch, w->keys_n * 4);
	size_t room = 0;
	struct uses *uses = array_grow(w->scratch, NULL, 0, &room, sizeof *uses);

	*n = 0;
	for (uint32_t i = 0; map && uses && i < w->rows->traffic_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[i];
		const struct judged_report *report = &w->reports[row->report];
		uint32_t key = w->auths[row->auth].valid_key, group, *slot;
		struct judgement j = row_judge(w, row);

		if (key == NO_INDEX || !j.dkim || !row_counts(w, i) || report->first_day > w->last_day ||
			report->last_day < w->history_base)
			continue;
		group = home_group(w, w->named[row->source]);
		slot = map_at(map, (uint64_t)key << 32 | group);
		if (!slot)
			return NULL;
		if (*slot == NO_INDEX) {
			uses = array_grow(w->scratch, uses, *n, &room, sizeof *uses);
			if (!uses)
				return NULL;
			uses[*n] = (struct uses){ { .key = key, .group = group }, { .key = key, .group = group } };
			*slot = (uint32_t)(*n)++;
		}
		use_add(&uses[*slot].now, report, j.kind, row->count);
		if (report->first_day <= w->last_day - WEEK)
			use_add(&uses[*slot].before, report, j.kind, row->count);
	}
	return map ? uses : NULL;
}

/* Most uses wins, then the older; direct uses go before relayed ones, and a newcomer must have stayed a while. */
static const struct use *choose(const struct use *uses, size_t n, bool *by_direct)
{
	const struct use *best = NULL;
	int64_t oldest = INT64_MAX;

	*by_direct = false;
	for (size_t i = 0; i < n; i++)
		*by_direct |= uses[i].direct > 0;
	for (size_t i = 0; i < n; i++)
		if ((!*by_direct || uses[i].direct) && uses[i].first < oldest)
			oldest = uses[i].first;
	for (size_t i = 0; i < n; i++) {
		uint64_t count = *by_direct ? uses[i].direct : uses[i].relayed, most;

		if (count == 0 || (uses[i].first > oldest && uses[i].last - uses[i].first < SETTLED_DAYS - 1))
			continue;
		most = best ? (*by_direct ? best->direct : best->relayed) : 0;
		if (count > most || (count == most && uses[i].first < best->first))
			best = &uses[i];
	}
	return best;
}

static uint32_t home_from_mark(const struct work *w, struct span selector)
{
	const struct mark_row *mark = mark_for_key(w, selector);

	for (uint32_t i = 0; mark && i < w->sources_n; i++)
		if (span_is_nocase(w->sources[i].id, mark->value) || span_is_nocase(w->sources[i].name, mark->value))
			return home_group(w, i);
	return NO_INDEX;
}

static void settle_homes(struct work *w, const struct use *uses, size_t n, bool before)
{
	for (size_t start = 0, i; start < n; start = i) {
		struct key_use *key = &w->keys[uses[start].key];
		const struct use *home;
		bool by_direct;

		for (i = start; i < n && uses[i].key == uses[start].key; i++)
			;
		home = choose(uses + start, i - start, &by_direct);
		if (!home)
			continue;
		if (before) {
			key->home_before = home->group;
			continue;
		}
		key->home = home->group;
		key->home_direct = by_direct;
		for (size_t k = start; k < i; k++) {
			key->homes += uses[k].direct > 0;
			key->first_day = key->first_day == MOMENT_NONE || uses[k].first < key->first_day
						 ? uses[k].first
						 : key->first_day;
			key->last_day = uses[k].last > key->last_day ? uses[k].last : key->last_day;
		}
	}
}

bool work_homes(struct work *w)
{
	size_t all, n = 0;
	struct uses *uses = tally_uses(w, &all);
	struct use *some = arena_take(w->scratch, all * sizeof *some);

	if (!uses || !some)
		return false;
	for (size_t i = 0; i < all; i++)
		if (uses[i].before.any)
			some[n++] = uses[i].before;
	qsort(some, n, sizeof *some, use_order);
	settle_homes(w, some, n, true);
	for (size_t i = 0; i < all; i++)
		some[i] = uses[i].now;
	qsort(some, all, sizeof *some, use_order);
	settle_homes(w, some, all, false);
	for (size_t i = 0; i < w->keys_n; i++) {
		uint32_t told = home_from_mark(w, w->keys[i].selector);

		if (told != NO_INDEX)
			w->keys[i].home = w->keys[i].home_before = told;
	}
	return true;
}
