/* One pass over the counted rows, path after path: sums of the window, days of the whole history, evidence. */
#include "report/assess/work.h"

#include <stdlib.h>

#define CORROBORATING_DAYS 3
#define AHEAD 16 /* rows lie anywhere: they are asked for before they are needed */

/* What one reporter said of the path in hand. */
struct witness {
	uint32_t path; /* the path the rest is about; stale otherwise */
	uint64_t evidence;
	uint64_t days[(WINDOW_MOST + 63) / 64];
};

struct pass {
	struct work *w;
	struct path *path;
	uint32_t path_index;
	uint64_t *days; /* HISTORY_DAYS: messages of the path, none before `first` and after `last` */
	int64_t first, last;
	uint64_t *cell; /* HISTORY_DAYS: messages of one reporter and address */
	struct witness *witnesses;
	uint32_t *seen; /* reporters that saw the path */
	size_t seen_n;
	uint32_t *met; /* receivers: the last path they were met on */
	struct key_count {
		uint64_t all, broken;
	} *key_counts; /* w->keys_n: messages with each key of yours */
	uint32_t *keys;	      /* those that were met */
	size_t keys_n;
	uint64_t list, arc, bad_ptr, bounce_is_host, bounce_unrelated;
	uint64_t most_bounce, most_signer, most_address;
	uint32_t bounce_rank, signer_rank;
	bool known, near, has_direct, ptr_own;
	enum tenant tenant;
};

static bool near_by_prefix(struct work *w)
{
	struct map *map = map_new(w->scratch, 64);

	w->near_direct = arena_take(w->arena, w->rows->sources_n * sizeof *w->near_direct);
	if (!map || !w->near_direct)
		return false;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < w->rows->sources_n; i++) {
			const struct observed_source *s = &w->rows->sources[i];
			uint64_t prefix = 0;
			uint32_t *slot;

			if (!s->has_address)
				continue;
			/* /24 of IPv4 is 12 mapped octets and three more; /48 of IPv6 is its first six. */
			for (int o = address_is_v4(&s->address) ? 9 : 0; o < (address_is_v4(&s->address) ? 15 : 6); o++)
				prefix = prefix << 8 | s->address.octets[o];
			prefix = prefix << 1 | address_is_v4(&s->address);
			slot = map_at(map, prefix);
			if (!slot)
				return false;
			if (round == 0)
				*slot = *slot == 1 ||
					(w->direct[w->source_rank[i]] && w->sources[w->named[i]].kind == SENDER_NONE);
			else
				w->near_direct[w->source_rank[i]] = *slot == 1;
		}
	}
	return true;
}

static bool note_covered(struct work *w)
{
	w->covered = arena_take(w->arena, HISTORY_DAYS * sizeof *w->covered);
	if (!w->covered)
		return false;
	for (size_t i = 0; i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];
		bool lead = r->use == USE_LEAD_TRUST || r->use == USE_LEAD_STANDING;

		if (r->use != USE_COUNTED && !(w->with_leads && lead))
			continue;
		for (int64_t day = r->first_day; day <= r->last_day; day++)
			if (day >= w->history_base && day <= w->last_day)
				w->covered[day - w->history_base] = true;
	}
	return true;
}

static bool find_window(struct work *w)
{
	w->by_window = arena_take(w->arena, w->by_path_n * sizeof *w->by_window);
	w->by_window_n = 0;
	for (size_t i = 0; w->by_window && i < w->by_path_n; i++)
		if (path_row_within(w, i, w->first_day, w->last_day))
			w->by_window[w->by_window_n++] = w->by_path[i];
	return w->by_window;
}

static void witness_row(struct pass *p, uint32_t reporter, const struct judged_report *r)
{
	struct witness *witness = &p->witnesses[reporter];
	struct work *w = p->w;

	if (witness->path != p->path_index) {
		*witness = (struct witness){ .path = p->path_index };
		p->seen[p->seen_n++] = reporter;
	}
	for (int64_t day = r->first_day; day <= r->last_day; day++) {
		int64_t at = day - w->first_day;

		if (at >= 0 && at < WINDOW_MOST)
			witness->days[at / 64] |= UINT64_C(1) << (at % 64);
	}
}

static void pass_bounce(struct pass *p, const struct observed_traffic *row, uint64_t n)
{
	const struct auth_state *a = &p->w->auths[row->auth];
	const struct observed_source *s = &p->w->rows->sources[row->source];
	bool host = s->host_state == HOST_CONFIRMED && s->host.name.n;
	bool same = host && (a->bounce.org.n ? span_is_nocase(a->bounce.org, s->host.org)
					     : domain_within(s->host.name, a->bounce.name));

	if (a->spf_passed && !a->bounce_ours) {
		if (n > p->most_bounce || (n == p->most_bounce && a->rank < p->bounce_rank)) {
			p->most_bounce = n;
			p->bounce_rank = a->rank;
			p->path->bounce = a->bounce.name;
		}
		p->bounce_is_host += same ? n : 0;
		p->bounce_unrelated += !same && s->host_state != HOST_UNKNOWN ? n : 0;
	}
	if (a->foreign_signature && (n > p->most_signer || (n == p->most_signer && a->rank < p->signer_rank))) {
		p->most_signer = n;
		p->signer_rank = a->rank;
		p->path->signer = a->signer.name;
	}
}

static void pass_window(struct pass *p, const struct observed_traffic *row, uint64_t n)
{
	const struct work *w = p->w;
	const struct auth_state *a = &w->auths[row->auth];
	struct judgement j = row_judge(w, row);
	bool strict = modes_now(w, w->strictness[row->report]) & STRICT_DKIM;
	struct path *path = p->path;
	uint32_t key = a->valid_key != NO_INDEX ? a->valid_key : a->broken_key;

	path->messages = add_up(path->messages, n);
	path->dkim_ok = add_up(path->dkim_ok, j.dkim ? n : 0);
	path->spf_ok = add_up(path->spf_ok, j.spf ? n : 0);
	path->broken = add_up(path->broken, !j.dkim && a->own_signature ? n : 0);
	path->disputed = add_up(path->disputed, !j.dkim && a->dkim_aligned[strict] ? n : 0);
	path->misaligned =
		add_up(path->misaligned, !j.dkim && a->dkim_aligned[0] && !a->dkim_aligned[1] && strict ? n : 0);
	path->spared += path_kind_fails(path->kind) && (a->list_reason || a->arc_reason) ? n : 0;
	p->list += a->list_reason ? n : 0;
	p->arc += a->arc_reason ? n : 0;
	p->bad_ptr += w->dial_up[w->source_rank[row->source]] ? n : 0;
	if (key != NO_INDEX) {
		if (!p->key_counts[key].all)
			p->keys[p->keys_n++] = key;
		p->key_counts[key].all = add_up(p->key_counts[key].all, n);
		p->key_counts[key].broken = add_up(p->key_counts[key].broken, j.dkim ? 0 : n);
	}
	if (a->tenant == TENANT_OWN || p->tenant == TENANT_UNKNOWN)
		p->tenant = a->tenant;
	pass_bounce(p, row, n);
}

/* The rows of one address and one reporter: evidence is capped per day. */
static void pass_cell(struct pass *p, const uint32_t *rows, size_t n, uint32_t reporter, uint64_t *address_messages)
{
	struct work *w = p->w;
	int64_t first = HISTORY_DAYS, last = -1;
	uint64_t cap = (uint64_t)w->options->limits.evidence_cap, evidence = 0;

	for (size_t i = 0; i < n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[rows[i]];
		const struct judged_report *r = &w->reports[row->report];
		uint64_t inside = row_within(w, row, w->first_day, w->last_day);

		for (int64_t day = r->first_day; day <= r->last_day; day++) {
			int64_t at = day - w->history_base;

			if (at < 0 || at >= HISTORY_DAYS)
				continue;
			p->cell[at] = add_up(p->cell[at], row_on(w, row, day));
			first = at < first ? at : first;
			last = at > last ? at : last;
		}
		if (!inside)
			continue;
		pass_window(p, row, inside);
		witness_row(p, reporter, r);
		*address_messages = add_up(*address_messages, inside);
	}
	p->first = first < p->first ? first : p->first;
	p->last = last > p->last ? last : p->last;
	for (int64_t at = first; at <= last; at++) {
		uint64_t messages = p->cell[at];

		p->days[at] = add_up(p->days[at], messages);
		if (at + w->history_base >= w->first_day)
			evidence += messages < cap ? messages : cap;
		p->cell[at] = 0;
	}
	p->path->evidence += evidence;
	if (evidence)
		p->witnesses[reporter].evidence += evidence;
}

static uint32_t rank_at(const struct work *w, size_t k)
{
	return (uint32_t)(w->path_keys[k] >> 32);
}

/* Those of by_path from `first` up to `end`. */
static void pass_address(struct pass *p, size_t first, size_t end)
{
	const struct work *w = p->w;
	const struct observed_source *s = &w->rows->sources[w->rows->traffic[w->by_path[first]].source];
	uint32_t rank = rank_at(w, first);
	uint64_t messages = 0;

	for (size_t start = first, i; start < end; start = i) {
		for (i = start; i < end && w->path_keys[i] == w->path_keys[start]; i++)
			;
		pass_cell(p, w->by_path + start, i - start, (uint32_t)w->path_keys[start], &messages);
	}
	if (messages == 0 && p->path->host.p)
		return;
	p->path->addresses += messages > 0;
	p->near |= w->near_direct[rank];
	p->has_direct |= w->direct[rank];
	p->ptr_own |= s->host_state == HOST_CONFIRMED && domain_within(s->host.name, w->options->domain.name);
	if (messages > p->most_address || !p->path->host.p) {
		p->most_address = messages;
		p->path->address = s->address;
		p->path->host = s->host.name.p ? s->host.name : SPAN("");
		p->path->host_confirmed = s->host_state == HOST_CONFIRMED;
	}
}

static bool pass_days(struct pass *p)
{
	struct path *path = p->path;
	struct work *w = p->w;
	struct day_count *days;
	size_t n = 0;

	for (int64_t at = p->first; at <= p->last; at++)
		n += p->days[at] > 0;
	path->days = days = arena_take(w->arena, n * sizeof *days);
	path->weeks = arena_take(w->arena, w->v->weeks_n * sizeof *path->weeks);
	if (!days || !path->weeks)
		return false;
	for (int64_t at = p->first; at <= p->last; at++) {
		int64_t day = w->history_base + at, back = (w->last_day - day) / WEEK;

		if (!p->days[at])
			continue;
		days[path->days_n++] = (struct day_count){ day, p->days[at] };
		if (day >= w->first_day && back < w->v->weeks_n)
			path->weeks[w->v->weeks_n - 1 - back] += p->days[at];
		p->days[at] = 0;
	}
	path->first_day = n ? days[0].day : MOMENT_NONE;
	path->last_day = n ? days[n - 1].day : MOMENT_NONE;
	return true;
}

static unsigned bits(const uint64_t *words, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (unsigned)__builtin_popcountll(words[i]);
	return sum;
}

/* Nobody can fail a sender of yours alone but a known reporter. */
static bool pass_witnesses(struct pass *p)
{
	struct work *w = p->w;
	unsigned established = 0;

	for (size_t i = 0; i < p->seen_n; i++) {
		const struct witness *witness = &p->witnesses[p->seen[i]];
		enum standing standing = w->reporters[p->seen[i]].standing;

		p->path->reporters += p->met[w->receiver[p->seen[i]]] != p->path_index;
		p->met[w->receiver[p->seen[i]]] = p->path_index;
		p->path->corroborated |= standing == STANDING_KNOWN;
		if (standing == STANDING_KNOWN)
			continue;
		established += standing == STANDING_ESTABLISHED;
		p->path->corroborated |=
			standing == STANDING_ESTABLISHED &&
			bits(witness->days, sizeof witness->days / sizeof *witness->days) >= CORROBORATING_DAYS;
		w->strangers =
			array_grow(w->arena, w->strangers, w->strangers_n, &w->strangers_room, sizeof *w->strangers);
		if (!w->strangers)
			return false;
		w->strangers[w->strangers_n++] =
			(struct stranger_evidence){ p->path_index, p->seen[i], witness->evidence };
	}
	p->path->corroborated |= established >= 2;
	return true;
}

/* The most used key, and the one most often broken; of equals the first. */
static uint32_t pass_keys(struct pass *p)
{
	struct key_count most = { 0, 0 };
	uint32_t key = NO_INDEX, broken = NO_INDEX;

	for (size_t i = 0; i < p->keys_n; i++) {
		uint32_t k = p->keys[i];
		struct key_count n = p->key_counts[k];

		if (n.all > most.all || (n.all == most.all && k < key)) {
			most.all = n.all;
			key = k;
		}
		if (n.broken > most.broken || (n.broken && n.broken == most.broken && k < broken)) {
			most.broken = n.broken;
			broken = k;
		}
		p->key_counts[k] = (struct key_count){ 0, 0 };
	}
	if (key != NO_INDEX) {
		p->path->key = p->w->keys[key].selector;
		p->path->key_domain = p->w->keys[key].domain;
	}
	if (broken != NO_INDEX) {
		p->path->broken_key = p->w->keys[broken].selector;
		p->path->broken_domain = p->w->keys[broken].domain;
	}
	return key;
}

static void pass_features(struct pass *p)
{
	struct path *path = p->path;
	struct features *f = &path->features;
	const struct named_source *source = &p->w->sources[path->source];
	double n = path->messages ? (double)path->messages : 1;
	uint32_t key = pass_keys(p);

	path->origin = NO_INDEX;
	f->kind = path->kind;
	f->messages = path->messages;
	f->table = source->kind;
	f->shared = source->kind != SENDER_NONE;
	f->tenant = p->tenant;
	f->addresses = path->addresses;
	f->ptr_own = p->ptr_own;
	f->has_direct = p->has_direct;
	f->near_direct = p->near;
	f->list_share = (double)p->list / n;
	f->arc_share = (double)p->arc / n;
	f->ptr_bad = (double)p->bad_ptr / n > 0.8;
	f->bounce_is_host = path->kind == KIND_THIRD && (double)p->bounce_is_host / n > 0.5;
	f->bounce_unrelated =
		path->kind == KIND_THIRD && source->kind == SENDER_NONE && (double)p->bounce_unrelated / n > 0.5;
	f->home = HOME_NONE;
	if (key == NO_INDEX || p->w->keys[key].home == NO_INDEX)
		return;
	f->home = p->w->keys[key].home == home_group(p->w, path->source) ? HOME_HERE : HOME_ELSEWHERE;
	if (p->w->keys[key].home < p->w->sources_n)
		path->origin = p->w->keys[key].home;
}

static bool pass_path(struct pass *p, uint32_t index)
{
	struct work *w = p->w;
	struct pass fresh = { .w = w,
		.path = &w->paths[index],
		.path_index = index,
		.days = p->days,
		.first = HISTORY_DAYS,
		.last = -1,
		.cell = p->cell,
		.witnesses = p->witnesses,
		.seen = p->seen,
		.met = p->met,
		.key_counts = p->key_counts,
		.keys = p->keys };
	uint32_t end = w->path_starts[index + 1];

	*p = fresh;
	p->path->pooled = p->path->sender = NO_INDEX;
	for (uint32_t start = w->path_starts[index], i; start < end; start = i) {
		for (i = start; i < end && rank_at(w, i) == rank_at(w, start); i++)
			if (i + AHEAD < w->by_path_n)
				__builtin_prefetch(&w->rows->traffic[w->by_path[i + AHEAD]]);
		pass_address(p, start, i);
	}
	if (!pass_days(p) || !pass_witnesses(p))
		return false;
	pass_features(p);
	return true;
}

bool work_surroundings(struct work *w)
{
	return near_by_prefix(w) && note_covered(w);
}

bool work_window(struct work *w)
{
	struct pass p = { .w = w };

	p.days = arena_take(w->scratch, HISTORY_DAYS * sizeof *p.days);
	p.cell = arena_take(w->scratch, HISTORY_DAYS * sizeof *p.cell);
	p.witnesses = arena_take(w->scratch, w->reporters_n * sizeof *p.witnesses);
	p.seen = arena_take(w->scratch, w->reporters_n * sizeof *p.seen);
	p.met = arena_take(w->scratch, w->reporters_n * sizeof *p.met);
	p.key_counts = arena_take(w->scratch, w->keys_n * sizeof *p.key_counts);
	p.keys = arena_take(w->scratch, w->keys_n * sizeof *p.keys);
	if (!p.days || !p.cell || !p.witnesses || !p.seen || !p.met || !p.key_counts || !p.keys || !find_window(w))
		return false;
	for (size_t i = 0; i < w->reporters_n; i++)
		p.witnesses[i].path = p.met[i] = NO_INDEX;
	for (uint32_t i = 0; i < w->paths_n; i++)
		if (!pass_path(&p, i))
			return false;
	return true;
}
