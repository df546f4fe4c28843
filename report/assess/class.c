/* From sums to classes: scatter is pooled, features completed, evidence weighed, fates given. */
#include "report/assess/bound.h"
#include "report/assess/work.h"

#include <stdlib.h>

#define SCATTER_MESSAGES 5  /* fewer on each path ... */
#define SCATTER_PREFIXES 20 /* ... and at least so many of them */
#define BURST_DAYS 2
#define BURST_HISTORY 28
#define BURST_COVERED 3
#define RELAY_DAYS 3
#define RELAY_SHARE 0.1
#define WEEKDAYS 5

const char *fate_word(enum fate fate)
{
	static const char *const words[FATE_COUNT] = { "own", "forwarded", "undecided", "forged" };

	return fate < FATE_COUNT ? words[fate] : "";
}

const char *subclass_word(enum subclass subclass)
{
	static const char *const words[SUB_COUNT] = { "own", "own-spf-only", "own-broken-signature",
		"own-third-party-signature", "own-unsigned", "forwarded", "forwarded-broken", "probably-own",
		"probably-forwarded", "probably-forged", "unknown", "forged" };

	return subclass < SUB_COUNT ? words[subclass] : "";
}

/* What is known of a source beyond the path in hand. */
struct neighbourhood {
	uint64_t messages, relayed;
	bool customer;
	uint64_t relay_days[(WINDOW_MOST + 63) / 64];
};

static void note_neighbour(const struct work *w, struct neighbourhood *around, const struct path *path)
{
	around->messages = add_up(around->messages, path->messages);
	around->customer |= path->days_n && !path_kind_fails(path->kind) && !path->relayed;
	if (!path->relayed)
		return;
	around->relayed = add_up(around->relayed, path->messages);
	for (size_t i = 0; i < path->days_n; i++) {
		int64_t at = path->days[i].day - w->first_day;

		if (at >= 0 && at < WINDOW_MOST)
			around->relay_days[at / 64] |= UINT64_C(1) << (at % 64);
	}
}

static bool relays_signed(const struct neighbourhood *around)
{
	unsigned days = 0;

	for (size_t i = 0; i < sizeof around->relay_days / sizeof *around->relay_days; i++)
		days += (unsigned)__builtin_popcountll(around->relay_days[i]);
	return days >= RELAY_DAYS && (double)around->relayed >= RELAY_SHARE * (double)around->messages;
}

static bool spf_reaches(const struct work *w, const struct sender_row *row)
{
	const struct published *p = &w->rows->published;

	for (size_t i = 0; row && p->checked && i < row->includes_n; i++)
		for (size_t k = 0; k < p->spf_reaches_n; k++)
			if (domain_within(p->spf_reaches[k], row->includes[i]))
				return true;
	return false;
}

/* 1970-01-01 was a Thursday; Monday is 0. */
static unsigned weekday(int64_t day)
{
	return (unsigned)(((day + 3) % WEEK + WEEK) % WEEK);
}

static bool is_burst(const struct work *w, const struct path *path)
{
	unsigned covered = 0;

	if (path->days_n == 0 || path->last_day - path->first_day >= BURST_DAYS ||
		path->first_day - w->history_first < BURST_HISTORY)
		return false;
	for (int64_t day = path->last_day + 1; day <= w->last_day; day++)
		covered += day_is_covered(w, day);
	return covered >= BURST_COVERED;
}

/* Of a wide window, the weeks since it turned up: before that it had no rhythm to keep. */
static unsigned weeks_since(const struct work *w, const struct path *path)
{
	int64_t weeks = path->days_n ? (w->last_day - path->first_day) / WEEK + 1 : 0;

	weeks = weeks < WINDOW_STANDARD / WEEK ? WINDOW_STANDARD / WEEK : weeks;
	return weeks < w->v->weeks_n ? (unsigned)weeks : w->v->weeks_n;
}

static void add_rhythm(const struct work *w, struct path *path)
{
	struct features *f = &path->features;
	uint64_t weekdays = 0, all = 0;
	int64_t dates[4];

	f->weeks = weeks_since(w, path);
	f->weeks_seen = 0;
	for (unsigned i = 0; i < w->v->weeks_n; i++)
		f->weeks_seen += path->weeks[i] > 0;
	for (size_t i = 0; i < path->days_n; i++) {
		if (path->days[i].day < w->first_day)
			continue;
		all = add_up(all, path->days[i].messages);
		weekdays = add_up(weekdays, weekday(path->days[i].day) < WEEKDAYS ? path->days[i].messages : 0);
	}
	f->weekday_share = all ? (double)weekdays / (double)all : 0;
	f->monthly = monthly_dates(path->days, path->days_n, dates) > 0;
	f->burst = is_burst(w, path);
}

/* First path of an author domain and source; paths are in that order. */
static size_t path_find(const struct work *w, size_t paths, uint32_t from, uint32_t source)
{
	size_t low = 0, high = paths;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->path_from[middle] < from || (w->path_from[middle] == from && w->paths[middle].source < source))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool address_is_own(const struct work *w, const struct address *address)
{
	if (in_own_net(w, address))
		return true;
	for (size_t i = 0; i < w->rows->sources_n; i++)
		if (w->rows->sources[i].has_address && w->direct[w->source_rank[i]] &&
			w->sources[w->named[i]].kind == SENDER_NONE &&
			memcmp(&w->rows->sources[i].address, address, sizeof *address) == 0)
			return true;
	return false;
}

/* Did it pass a server of yours before the source? Machines that serve many others too prove nothing. */
static bool passed_own_hop(const struct work *w, const struct observed_sample *s)
{
	for (size_t i = 0; i < s->hops_n; i++)
		if (address_is_own(w, &s->hops[i]))
			return true;
	return false;
}

/* A sample's own signature proves that you began it (E70, E74), but who brought it to the reporter is the reporter's word, as is all
 * else: whoever got mail of yours could show it with any address. So what counts is said by known reporters that are
 * authenticated; by others only where receivers that count found broken signatures of yours from there themselves. */
static unsigned believed_of(const struct work *w, const struct observed_sample *s, const struct path *path)
{
	if (s->trust >= (int)TRUST_2 && reporter_is_known(w, s->reporter))
		return ~0u;
	return path->kind == KIND_BROKEN ? SAMPLE_UNDONE | SAMPLE_HEADER_VALID : 0;
}

static void add_samples(struct work *w, size_t paths)
{
	for (size_t i = 0; i < w->rows->samples_n; i++) {
		const struct observed_sample *s = &w->rows->samples[i];
		unsigned shows = s->shows | (passed_own_hop(w, s) ? SAMPLE_OWN_HOP : 0);
		uint32_t from = author_find(w, s->header_from.name), source;

		if (from == NO_INDEX || s->source >= w->rows->sources_n)
			continue;
		source = w->named[s->source];
		for (size_t k = path_find(w, paths, from, source);
			k < paths && w->path_from[k] == from && w->paths[k].source == source; k++)
			w->paths[k].features.samples |= shows & believed_of(w, s, &w->paths[k]);
	}
}

/* A few messages of which nothing says whose they are but, perhaps, the operator: not his. */
static bool is_stray(const struct path *path)
{
	const struct features *f = &path->features;

	return path_kind_fails(path->kind) && path->messages && path->messages < SCATTER_MESSAGES &&
	       (f->mark == MARK_NONE || f->mark == MARK_NOT_OURS) && f->table == SENDER_NONE && !f->ptr_own && !f->has_direct && !f->near_direct &&
	       !f->relays_signed && !f->samples && f->home != HOME_HERE;
}

static bool may_scatter(const struct path *path)
{
	return is_stray(path) && path->features.mark == MARK_NONE;
}

/* The scatter path being filled. */
struct pool {
	struct path *path;
	uint64_t days[HISTORY_DAYS];
	uint64_t homes[HOME_ELSEWHERE + 1], bad_ptr;
};

static void pool_take(struct work *w, struct pool *pool, struct path *path)
{
	struct path *into = pool->path;

	into->messages = add_up(into->messages, path->messages);
	into->evidence = add_up(into->evidence, path->evidence);
	into->dkim_ok = add_up(into->dkim_ok, path->dkim_ok);
	into->spared = add_up(into->spared, path->spared);
	into->addresses += path->addresses;
	into->reporters = path->reporters > into->reporters ? path->reporters : into->reporters;
	into->corroborated |= path->corroborated;
	for (unsigned i = 0; i < w->v->weeks_n; i++)
		into->weeks[i] = add_up(into->weeks[i], path->weeks[i]);
	for (size_t i = 0; i < path->days_n; i++)
		pool->days[path->days[i].day - w->history_base] += path->days[i].messages;
	pool->homes[path->features.home] += path->messages;
	pool->bad_ptr += path->features.ptr_bad ? path->messages : 0;
	path->pooled = (uint32_t)(into - w->paths);
	path->messages = path->evidence = path->dkim_ok = path->spared = 0;
}

static bool pool_close(struct work *w, struct pool *pool)
{
	struct path *path = pool->path;
	struct features *f = &path->features;
	struct day_count *days;
	size_t n = 0;

	for (size_t at = 0; at < HISTORY_DAYS; at++)
		n += pool->days[at] > 0;
	path->days = days = arena_take(w->arena, n * sizeof *days);
	if (!days)
		return false;
	for (size_t at = 0; at < HISTORY_DAYS; at++)
		if (pool->days[at])
			days[path->days_n++] = (struct day_count){ w->history_base + (int64_t)at, pool->days[at] };
	path->first_day = days[0].day;
	path->last_day = days[n - 1].day;
	f->kind = path->kind;
	f->messages = path->messages;
	f->addresses = path->addresses;
	f->scatter = true;
	f->ptr_bad = (double)pool->bad_ptr > 0.8 * (double)path->messages;
	for (enum home home = HOME_NONE; home <= HOME_ELSEWHERE; home++)
		if (pool->homes[home] > pool->homes[f->home])
			f->home = home;
	return true;
}

/* Many networks, a few messages each, and nothing that speaks for any of them: one path together. That the operator has said of
 * some that they are not his does not make the others fewer. */
static bool pool_scatter(struct work *w, struct pool *pool, size_t first, size_t end, enum path_kind kind)
{
	size_t strays = 0, members = 0;

	for (size_t i = first; i < end; i++) {
		strays += w->paths[i].kind == kind && is_stray(&w->paths[i]);
		members += w->paths[i].kind == kind && may_scatter(&w->paths[i]);
	}
	if (strays < SCATTER_PREFIXES || !members)
		return true;
	memset(pool, 0, sizeof *pool);
	pool->path = &w->paths[w->paths_n];
	w->path_from[w->paths_n] = w->path_from[first];
	*pool->path = (struct path){ .source = (uint32_t)w->sources_n,
		.header_from = w->paths[first].header_from,
		.kind = kind,
		.weeks = arena_take(w->arena, w->v->weeks_n * sizeof *pool->path->weeks),
		.sender = NO_INDEX,
		.pooled = NO_INDEX,
		.origin = NO_INDEX };
	w->paths_n++;
	if (!pool->path->weeks)
		return false;
	for (size_t i = first; i < end; i++)
		if (w->paths[i].kind == kind && may_scatter(&w->paths[i]))
			pool_take(w, pool, &w->paths[i]);
	return pool_close(w, pool);
}

static bool work_scatter(struct work *w)
{
	struct pool *pool = arena_take(w->scratch, sizeof *pool);
	size_t n = w->paths_n;

	if (!pool)
		return false;
	for (size_t first = 0, end; first < n; first = end) {
		for (end = first; end < n && w->path_from[end] == w->path_from[first]; end++)
			;
		for (enum path_kind kind = KIND_BROKEN; kind < KIND_COUNT; kind++)
			if (!pool_scatter(w, pool, first, end, kind))
				return false;
	}
	return true;
}

static struct classification proven(enum path_class class)
{
	return (struct classification){ .class = class, .confidence = CONFIDENCE_HIGH };
}

static enum subclass subclass_of(const struct path *path)
{
	static const enum subclass guesses[CLASS_COUNT] = { SUB_UNKNOWN, SUB_PROBABLY_OWN, SUB_PROBABLY_FORWARDED,
		SUB_PROBABLY_FORGED };

	if (path->fate == FATE_UNDECIDED)
		return guesses[path->class.class];
	if (path->fate == FATE_FORGED)
		return SUB_FORGED;
	if (path->fate == FATE_FORWARDED)
		return path_kind_fails(path->kind) ? SUB_FORWARDED_BROKEN : SUB_FORWARDED;
	switch (path->kind) {
	case KIND_BROKEN:
		return SUB_OWN_BROKEN;
	case KIND_THIRD:
		return path->signer.n ? SUB_OWN_THIRD_PARTY : SUB_OWN_UNSIGNED;
	case KIND_BARE:
		return SUB_OWN_UNSIGNED;
	default:
		if ((double)path->dkim_ok >= 0.9 * (double)path->messages)
			return SUB_OWN;
		return path->broken * 2 > path->messages - path->dkim_ok ? SUB_OWN_BROKEN : SUB_OWN_SPF_ONLY;
	}
}

/* Messages of the last week and of the four before it. */
struct weeks {
	uint64_t last, before;
};
#define WEEKS_BEFORE 4

static void weeks_add(const struct work *w, struct weeks *sum, const struct path *path)
{
	unsigned n = w->v->weeks_n;

	if (n < WEEKS_BEFORE + 1)
		return;
	sum->last = add_up(sum->last, path->weeks[n - 1]);
	for (unsigned back = 1; back <= WEEKS_BEFORE; back++)
		sum->before = add_up(sum->before, path->weeks[n - 1 - back]);
}

/* Whoever forges through a relay that is known, or begins to send through one, is named by it: that it relays says nothing about
 * mail of which there was less before. What rests on more than the name is none of this. */
static bool path_rose(const struct work *w, const struct path *path, const struct weeks *passing)
{
	struct weeks own = { 0 };

	if (!path_kind_fails(path->kind) || path->class.class != CLASS_FORWARD || path->class.confidence > CONFIDENCE_MEDIUM)
		return false;
	weeks_add(w, &own, path);
	return bound_rose(own.last, add_up(passing->last, own.last), own.before, add_up(passing->before, own.before));
}

/* Where addresses were taken together, none that fails is passed over as a stranger's unless the operator says so. */
static void classify(const struct work *w, struct path *path, const struct weeks *passing)
{
	static const enum fate fates[CLASS_COUNT] = { FATE_UNDECIDED, FATE_OWN, FATE_FORWARDED, FATE_FORGED };

	if (path_kind_fails(path->kind))
		path->class = evidence_weigh(&path->features);
	else
		path->class = proven(path->relayed ? CLASS_FORWARD : CLASS_OWN);
	path->fate = classification_undecided(&path->class) ? FATE_UNDECIDED : fates[path->class.class];
	if (w->rows->network_v4 && path_kind_fails(path->kind) && path->fate != FATE_OWN &&
		path->class.confidence != CONFIDENCE_OPERATOR)
		path->fate = FATE_UNDECIDED;
	path->rose = path_rose(w, path, passing);
	path->fate = path->rose ? FATE_UNDECIDED : path->fate;
	path->subclass = subclass_of(path);
}

/* What the sources and author domains of all paths say about each one. */
static bool note_surroundings(struct work *w)
{
	struct neighbourhood *around = arena_take(w->scratch, (w->sources_n + 1) * sizeof *around);
	bool *sends = arena_take(w->scratch, w->authors_n * sizeof *sends), some_unsigned = false;

	if (!around || !sends)
		return false;
	for (size_t i = 0; i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];

		note_neighbour(w, &around[path->source], path);
		some_unsigned |= path->kind == KIND_DIRECT && path->dkim_ok < path->messages;
		sends[w->path_from[i]] |= !path_kind_fails(path->kind) && path->days_n;
	}
	for (size_t i = 0; i < w->paths_n; i++) {
		struct path *path = &w->paths[i];
		struct features *f = &path->features;

		f->mark = path_marks(w, path).class;
		f->relays_signed = relays_signed(&around[path->source]);
		f->customer = around[path->source].customer && f->table != SENDER_NONE;
		f->spf_reaches = spf_reaches(w, w->sources[path->source].row);
		f->own_unsigned = some_unsigned;
		f->phantom = !sends[w->path_from[i]] && !span_is_nocase(path->header_from, w->options->domain.name);
	}
	return true;
}

bool work_classes(struct work *w)
{
	struct weeks passing = { 0 };
	size_t n = w->paths_n;

	if (!note_surroundings(w))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!path_kind_fails(w->paths[i].kind))
			weeks_add(w, &passing, &w->paths[i]);
	add_samples(w, n);
	if (!work_scatter(w))
		return false;
	for (size_t i = 0; i < w->paths_n; i++) {
		struct path *path = &w->paths[i];

		if (path->features.scatter) {
			path->features.mark = path_marks(w, path).class;
			path->features.phantom = w->paths[path_find(w, n, w->path_from[i], 0)].features.phantom;
		}
		if (path->pooled == NO_INDEX)
			add_rhythm(w, path);
		classify(w, path, &passing);
	}
	return true;
}
