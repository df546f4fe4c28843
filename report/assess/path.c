/* Paths: what is classified and listed. A path is one author domain, one source, one kind. */
#include "report/assess/work.h"

#define AUTHORS_MOST (1u << 24)

struct path_key {
	uint32_t from, source;
	enum path_kind kind;
	bool relayed;
};

/* In the order in which paths are told. */
static uint64_t path_number(const struct path_key *key)
{
	return (uint64_t)key->from << 40 | (uint64_t)key->source << 8 | (uint64_t)key->kind << 1 | key->relayed;
}

static uint64_t path_key(const void *keys, uint32_t index)
{
	return path_number((const struct path_key *)keys + index);
}

static bool *groups_at_home(struct work *w)
{
	bool *at_home = arena_take(w->scratch, (w->sources_n + 1) * sizeof *at_home);

	for (size_t i = 0; at_home && i < w->keys_n; i++)
		if (w->keys[i].home != NO_INDEX && w->keys[i].home != HOME_OWN_NETWORK)
			at_home[w->keys[i].home] = true;
	return at_home;
}

/* Your valid key, away from home. At a mailbox provider that sends for you with SPF, mail signed by you whose bounce
 * domain is not yours came to one of its other customers and was passed on. Without a selector only the source can
 * tell. */
static bool is_relayed(const struct work *w, const struct observed_traffic *row, const bool *at_home)
{
	const struct auth_state *state = &w->auths[row->auth];
	uint32_t named = w->named[row->source], group = home_group(w, named);
	const struct key_use *key;

	if (state->valid_key == NO_INDEX)
		return group != HOME_OWN_NETWORK && !at_home[named];
	key = &w->keys[state->valid_key];
	if (key->home != group)
		return true;
	return w->sources[named].kind == SENDER_MAILBOX && key->home_direct && !state->bounce_ours;
}

static bool assign_paths(struct work *w, struct path_key **keys, size_t *n)
{
	struct map *map = map_new(w->scratch, w->rows->sources_n);
	bool *at_home = groups_at_home(w);
	size_t room = 0;

	*keys = array_grow(w->scratch, NULL, 0, &room, sizeof **keys);
	*n = 0;
	for (uint32_t i = 0; map && at_home && *keys && i < w->rows->traffic_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[i];
		struct path_key key = { w->auths[row->auth].from, w->named[row->source], KIND_BARE, false };
		uint32_t *slot;

		w->path_of[i] = NO_INDEX;
		if (!row_counts(w, i) || w->reports[row->report].last_day < w->history_base)
			continue;
		key.kind = row_judge(w, row).kind;
		key.relayed = key.kind == KIND_SIGNED && is_relayed(w, row, at_home);
		slot = map_at(map, path_number(&key));
		if (!slot)
			return false;
		if (*slot == NO_INDEX) {
			*keys = array_grow(w->scratch, *keys, *n, &room, sizeof **keys);
			if (!*keys)
				return false;
			*slot = (uint32_t)*n;
			(*keys)[(*n)++] = key;
		}
		w->path_of[i] = *slot;
	}
	return map && at_home && *keys;
}

static uint64_t by_source_and_reporter(const struct work *w, uint32_t row)
{
	const struct observed_traffic *traffic = &w->rows->traffic[row];

	return (uint64_t)w->source_rank[traffic->source] << 32 | w->reports[traffic->report].reporter;
}

static int16_t day_of_history(const struct work *w, int64_t day)
{
	return (int16_t)(day < w->history_base ? -1 :
			 day > w->last_day     ? HISTORY_DAYS :
						 day - w->history_base);
}

static bool note_days(struct work *w)
{
	w->path_days = arena_take(w->arena, w->by_path_n * sizeof *w->path_days);
	for (size_t i = 0; w->path_days && i < w->by_path_n; i++) {
		const struct judged_report *r = &w->reports[w->rows->traffic[w->by_path[i]].report];

		w->path_days[i] =
			(struct row_days){ day_of_history(w, r->first_day), day_of_history(w, r->last_day) };
	}
	return w->path_days;
}

static bool order_by_path(struct work *w)
{
	uint32_t *next = arena_take(w->scratch, w->paths_n * sizeof *next);

	w->path_starts = arena_take(w->arena, (w->paths_n + 1) * sizeof *w->path_starts);
	if (!next || !w->path_starts)
		return false;
	for (uint32_t i = 0; i < w->rows->traffic_n; i++)
		if (w->path_of[i] != NO_INDEX)
			w->path_starts[w->path_of[i] + 1]++;
	for (size_t i = 0; i < w->paths_n; i++) {
		w->path_starts[i + 1] += w->path_starts[i];
		next[i] = w->path_starts[i];
	}
	w->by_path_n = w->path_starts[w->paths_n];
	w->by_path = arena_take(w->arena, w->by_path_n * sizeof *w->by_path);
	w->path_keys = arena_take(w->arena, w->by_path_n * sizeof *w->path_keys);
	if (!w->by_path || !w->path_keys)
		return false;
	for (uint32_t i = 0; i < w->rows->traffic_n; i++)
		if (w->path_of[i] != NO_INDEX)
			w->by_path[next[w->path_of[i]]++] = i;
	return order_runs(w, w->by_path, w->path_starts, w->paths_n, by_source_and_reporter, w->path_keys) && note_days(w);
}

bool work_paths(struct work *w)
{
	struct path_key *keys;
	uint32_t *renumbered, *order;
	size_t n;

	if (w->authors_n >= AUTHORS_MOST)
		return false;
	w->path_of = arena_take(w->arena, w->rows->traffic_n * sizeof *w->path_of);
	if (!w->path_of || !assign_paths(w, &keys, &n))
		return false;
	order = arena_take(w->scratch, n * sizeof *order);
	renumbered = arena_take(w->scratch, n * sizeof *renumbered);
	/* Room for one scatter path per author domain and failing kind. */
	w->paths = arena_take(w->arena, (n + w->authors_n * KIND_COUNT) * sizeof *w->paths);
	w->path_from = arena_take(w->arena, (n + w->authors_n * KIND_COUNT) * sizeof *w->path_from);
	if (!order || !renumbered || !w->paths || !w->path_from)
		return false;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	if (!order_indexes(w->scratch, order, n, path_key, NULL, keys))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct path_key *key = &keys[order[i]];

		renumbered[order[i]] = i;
		w->path_from[i] = key->from;
		w->paths[i].source = key->source;
		w->paths[i].header_from = w->authors[key->from].name.name;
		w->paths[i].kind = key->kind;
		w->paths[i].relayed = key->relayed;
	}
	w->paths_n = w->plain_paths_n = n;
	for (size_t i = 0; i < w->rows->traffic_n; i++)
		if (w->path_of[i] != NO_INDEX)
			w->path_of[i] = renumbered[w->path_of[i]];
	return order_by_path(w);
}
