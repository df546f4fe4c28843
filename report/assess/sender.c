/* Senders: the own, or undecided, paths of one source and author domain taken together. */
#include "report/assess/work.h"

#include "base/buf.h"
#include "report/assess/bound.h"

#define WEEKS_BEFORE 4
#define SERIES_DAYS ((WEEKS_BEFORE + 1) * WEEK)
#define BROKEN_SHARE 0.005
#define SURPRISE_DKIM 0.9
#define NAME_MOST 1024
#define MENDED_MESSAGES 10

/* A sender's days, today last: what all its paths carried. */
struct series {
	struct span_counts days[SERIES_DAYS];
	bool some; /* else there is nothing in it */
};

static void series_add(struct series *series, int64_t at, uint64_t n, bool fails, bool dkim, bool spf)
{
	struct span_counts *c = &series->days[at];

	series->some = true;
	c->messages = add_up(c->messages, n);
	c->fails = add_up(c->fails, fails ? n : 0);
	c->not_signed = add_up(c->not_signed, dkim ? 0 : n);
	c->not_spf = add_up(c->not_spf, spf ? 0 : n);
}

/* Failing paths carry nothing aligned, so their days suffice; passing ones are read row by row. */
static void series_of_path(const struct work *w, uint32_t index, struct series *series)
{
	const struct path *path = &w->paths[index];
	int64_t base = w->last_day - SERIES_DAYS + 1;

	if (path->last_day < base)
		return;
	if (path_kind_fails(path->kind)) {
		for (size_t i = 0; i < path->days_n; i++)
			if (path->days[i].day >= base)
				series_add(series, path->days[i].day - base, path->days[i].messages, true, false, false);
		return;
	}
	for (uint32_t k = w->path_starts[index]; k < w->path_starts[index + 1]; k++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_path[k]];
		const struct judged_report *r;
		struct judgement j;

		if (!path_row_within(w, k, base, w->last_day))
			continue;
		r = &w->reports[row->report];
		j = row_judge(w, row);

		for (int64_t day = r->first_day; day <= r->last_day; day++)
			if (day >= base && day <= w->last_day)
				series_add(series, day - base, row_on(w, row, day), false, j.dkim, j.spf);
	}
}

static void span_add(struct span_counts *sum, const struct span_counts *c)
{
	sum->messages = add_up(sum->messages, c->messages);
	sum->fails = add_up(sum->fails, c->fails);
	sum->not_signed = add_up(sum->not_signed, c->not_signed);
	sum->not_spf = add_up(sum->not_spf, c->not_spf);
}

enum flaw { FLAW_UNSIGNED, FLAW_FAILS };

/* The last day with the flaw, where so much mail came without it since that it would show, were it still there. */
static int64_t flaw_until(const struct series *series, int64_t base, enum flaw flaw)
{
	uint64_t good = 0, bad = 0, all = 0;
	int64_t until = MOMENT_NONE;

	for (int at = SERIES_DAYS - 1; at >= 0 && series->some; at--) {
		const struct span_counts *c = &series->days[at];
		uint64_t n = flaw == FLAW_FAILS ? c->fails : c->not_signed;

		if (n && until == MOMENT_NONE)
			until = base + at;
		if (until == MOMENT_NONE) {
			good = add_up(good, c->messages);
			continue;
		}
		bad = add_up(bad, n);
		all = add_up(all, c->messages);
	}
	return bad && good >= MENDED_MESSAGES && bound_upper(0, good) < (double)bad / (double)all ? until : MOMENT_NONE;
}

static void sender_take_series(const struct work *w, struct sender *s, const struct series *series)
{
	int64_t base = w->last_day - SERIES_DAYS + 1;
	bool run_unsigned = true, run_fails = true;

	s->unsigned_since = s->fails_since = MOMENT_NONE;
	s->unsigned_until = flaw_until(series, base, FLAW_UNSIGNED);
	s->fails_until = flaw_until(series, base, FLAW_FAILS);
	for (int at = SERIES_DAYS - 1; at >= 0 && series->some; at--) {
		const struct span_counts *c = &series->days[at];

		span_add(at >= SERIES_DAYS - WEEK ? &s->week : &s->before, c);
		if (at >= SERIES_DAYS - 2 * WEEK && at < SERIES_DAYS - WEEK)
			span_add(&s->last, c);
		if (!c->messages)
			continue;
		run_unsigned &= c->not_signed * 2 > c->messages;
		run_fails &= c->fails * 2 > c->messages;
		if (run_unsigned)
			s->unsigned_since = base + at;
		if (run_fails)
			s->fails_since = base + at;
	}
	for (int week = 0; week <= WEEKS_BEFORE && series->some; week++) {
		struct span_counts sum = { 0 };

		for (int day = 0; day < WEEK; day++)
			span_add(&sum, &series->days[week * WEEK + day]);
		s->broken_weeks += sum.messages && (double)sum.fails > BROKEN_SHARE * (double)sum.messages;
	}
}

struct member {
	uint32_t source, path;
	struct span header_from;
	enum fate fate;
	uint64_t messages;
};

static int member_order(const void *a, const void *b, void *members)
{
	const struct member *all = members, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
	int order;

	if (x->fate != y->fate)
		return x->fate < y->fate ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	order = span_compare(x->header_from, y->header_from);
	if (order)
		return order;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return x->path < y->path ? -1 : x->path > y->path;
}

static bool same_sender(const struct member *a, const struct member *b)
{
	return a->fate == b->fate && a->source == b->source && span_is(a->header_from, b->header_from);
}

/* What is wrong with a sender: the subclass of most of its failing messages, else how it is signed. */
static enum subclass sender_subclass(const struct work *w, struct sender *s, const struct member *members, size_t n)
{
	const struct path *worst = NULL;
	uint64_t broken = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		const struct path *path = &w->paths[members[i].path];

		broken = add_up(broken, path->broken);
		if (!worst && path->broken > most) {
			most = path->broken;
			s->worst = members[i].path;
		}
		if (path_kind_fails(path->kind) && path->messages && (!worst || path->messages > worst->messages))
			worst = &w->paths[s->worst = members[i].path];
	}
	if (worst)
		return worst->subclass;
	if ((double)s->dkim_ok >= 0.9 * (double)s->messages)
		return SUB_OWN;
	return broken * 2 > s->messages - s->dkim_ok ? SUB_OWN_BROKEN : SUB_OWN_SPF_ONLY;
}

static struct span subject_of(struct work *w, const struct sender *s)
{
	const struct named_source *source = &w->sources[s->source];
	struct buf text = BUF(NAME_MOST);
	struct span subject;

	if (span_is_nocase(s->header_from, w->options->domain.name) || span_is_nocase(s->header_from, source->name))
		return source->id;
	buf_put_span(&text, source->id);
	buf_put_byte(&text, '@');
	buf_put_span(&text, s->header_from);
	subject = text.failed ? source->id : arena_copy(w->arena, buf_span(&text));
	buf_release(&text);
	return subject;
}

/* What to say after `mark`. An address speaks for itself where the id would name a whole hoster: one address, and
 * neither a known service nor a bounce domain of its own. */
static struct span mark_of(struct work *w, const struct sender *s)
{
	const struct named_source *source = &w->sources[s->source];
	const struct path *path = &w->paths[s->path];
	char text[ADDRESS_TEXT];

	if (source->own_network || source->kind != SENDER_NONE || source->method == METHOD_MAP ||
		source->method == METHOD_SCATTER || s->addresses != 1)
		return source->id;
	if (path->bounce.n && !span_is_nocase(path->bounce, path->host))
		return source->id;
	return arena_copy(w->arena, span_of(address_format(&path->address, text)));
}

/* Did it arrive signed? Looks at the first days it was ever seen. */
static bool is_surprise(const struct work *w, const struct sender *s, const struct member *members, size_t n)
{
	int64_t last = s->first_day + WEEK - 1;
	uint64_t all = 0, good = 0;

	for (size_t i = 0; i < n; i++) {
		const struct path *path = &w->paths[members[i].path];

		for (size_t k = 0; k < path->days_n && path->days[k].day <= last; k++)
			all = add_up(all, path->days[k].messages);
		if (path_kind_fails(path->kind))
			continue;
		for (uint32_t k = w->path_starts[members[i].path]; k < w->path_starts[members[i].path + 1]; k++) {
			const struct observed_traffic *row = &w->rows->traffic[w->by_path[k]];

			if (path_row_within(w, k, s->first_day, last))
				good = add_up(good, row_judge(w, row).dkim ? row_within(w, row, s->first_day, last) : 0);
		}
	}
	return (double)good < SURPRISE_DKIM * (double)all;
}

static void key_of(const struct work *w, struct sender *s)
{
	const struct path *worst = &w->paths[s->worst], *path = &w->paths[s->path];

	s->key = worst->broken ? worst->broken_key : path->key;
	s->key_domain = worst->broken ? worst->broken_domain : path->key_domain;
}

static bool sender_take(struct work *w, struct sender *s, const struct member *members, size_t n, struct series *series)
{
	if (series->some)
		memset(series, 0, sizeof *series);
	*s = (struct sender){ .source = members[0].source,
		.header_from = members[0].header_from,
		.fate = members[0].fate,
		.path = members[0].path,
		.worst = members[0].path,
		.weeks = arena_take(w->arena, w->v->weeks_n * sizeof *s->weeks),
		.first_day = MOMENT_NONE,
		.last_day = MOMENT_NONE };
	if (!s->weeks)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct path *path = &w->paths[members[i].path];
		bool fails = path_kind_fails(path->kind);
		struct marks marks = path_marks(w, path);

		s->messages = add_up(s->messages, path->messages);
		s->fails = add_up(s->fails, fails ? path->messages : 0);
		s->dkim_ok = add_up(s->dkim_ok, path->dkim_ok);
		s->spf_ok = add_up(s->spf_ok, path->spf_ok);
		s->addresses = path->addresses > s->addresses ? path->addresses : s->addresses;
		s->reporters = path->reporters > s->reporters ? path->reporters : s->reporters;
		s->corroborated |= fails && path->messages && path->corroborated;
		s->accepted |= marks.accept;
		s->critical |= marks.critical;
		s->reviewed |= marks.reviewed;
		if (path->days_n && (s->first_day == MOMENT_NONE || path->first_day < s->first_day))
			s->first_day = path->first_day;
		if (path->days_n && path->last_day > s->last_day)
			s->last_day = path->last_day;
		for (unsigned k = 0; k < w->v->weeks_n; k++)
			s->weeks[k] = add_up(s->weeks[k], path->weeks[k]);
		series_of_path(w, members[i].path, series);
	}
	sender_take_series(w, s, series);
	s->subclass = sender_subclass(w, s, members, n);
	key_of(w, s);
	s->subject = subject_of(w, s);
	s->mark = mark_of(w, s);
	s->spared = author_loses_nothing(w, w->path_from[members[0].path]);
	s->surprise = is_surprise(w, s, members, n);
	s->regressed = bound_rose(s->week.not_signed, s->week.messages, s->before.not_signed, s->before.messages);
	sender_period(w, s);
	return true;
}

/* Failing at forwarders that carry this sender's mail: its key away from home, or, for SPF alone, mail with no key at
 * all. */
static bool note_forwarded(struct work *w)
{
	uint64_t *carried = arena_take(w->scratch, w->sources_n * sizeof *carried), keyless = 0;

	for (size_t i = 0; carried && i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];

		if (path->fate != FATE_FORWARDED || !path_kind_fails(path->kind))
			continue;
		if (!path->key.n)
			keyless = add_up(keyless, path->messages);
		else if (path->origin != NO_INDEX)
			carried[path->origin] = add_up(carried[path->origin], path->messages);
	}
	for (size_t i = 0; carried && i < w->senders_n; i++) {
		struct sender *s = &w->senders[i];

		if (s->fate != FATE_OWN)
			continue;
		s->forwarded_fails = s->source < w->sources_n ? carried[s->source] : 0;
		if (s->subclass == SUB_OWN_SPF_ONLY)
			s->forwarded_fails = add_up(s->forwarded_fails, keyless);
	}
	return carried;
}

static int sender_order(const void *a, const void *b, void *senders)
{
	const struct sender *all = senders, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
	int order;

	if (x->fate != y->fate)
		return x->fate < y->fate ? -1 : 1;
	if (x->week.not_signed != y->week.not_signed)
		return x->week.not_signed > y->week.not_signed ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	order = span_compare(x->subject, y->subject);
	if (order)
		return order;
	return x->path < y->path ? -1 : x->path > y->path;
}

static uint64_t member_key(const void *members, uint32_t index)
{
	const struct member *m = (const struct member *)members + index;

	return key_halves(m->fate, m->source);
}

/* In the order of the senders they make; NULL: no memory. */
static struct member *collect_members(const struct work *w, size_t *n)
{
	struct member *all = arena_take(w->scratch, w->paths_n * sizeof *all);
	struct member *members = arena_take(w->scratch, w->paths_n * sizeof *members);
	uint32_t *order = arena_take(w->scratch, w->paths_n * sizeof *order), found = 0;

	if (!all || !members || !order)
		return NULL;
	for (uint32_t i = 0; i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];

		if (path->pooled != NO_INDEX || (path->fate != FATE_OWN && path->fate != FATE_UNDECIDED))
			continue;
		order[found] = found;
		all[found++] = (struct member){ path->source, i, path->header_from, path->fate, path->messages };
	}
	if (!order_indexes(w->scratch, order, found, member_key, member_order, all))
		return NULL;
	for (uint32_t i = 0; i < found; i++)
		members[i] = all[order[i]];
	*n = found;
	return members;
}

/* Below its fate the most unsigned mail first, then the most mail; where there is more than fits, that alone says nothing. */
static uint64_t sender_key(const void *senders, uint32_t index)
{
	const struct sender *s = (const struct sender *)senders + index;
	uint64_t most = (1u << 29) - 1, not_signed = s->week.not_signed < most ? s->week.not_signed : most;
	uint64_t messages = s->messages < UINT32_MAX && not_signed < most ? s->messages : UINT32_MAX;

	return key_halves((uint64_t)s->fate << 29 | (most - not_signed), UINT32_MAX - messages);
}

/* Each in its place, going round from one that has to leave to the one that comes there. */
static void senders_arrange(struct sender *senders, uint32_t *order, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct sender held = senders[i];
		uint32_t at = i, from;

		for (; (from = order[at]) != i; at = from) {
			senders[at] = senders[from];
			order[at] = at;
		}
		senders[at] = held;
		order[at] = at;
	}
}

static bool senders_sort(struct work *w)
{
	uint32_t *order = arena_take(w->scratch, w->senders_n * sizeof *order), n = (uint32_t)w->senders_n;

	if (!order)
		return false;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	if (!order_indexes(w->scratch, order, n, sender_key, sender_order, w->senders))
		return false;
	senders_arrange(w->senders, order, n);
	for (uint32_t i = 0; i < n; i++)
		w->paths[w->senders[i].path].sender = i;
	return true;
}

bool work_senders(struct work *w)
{
	struct series *series = arena_take(w->scratch, sizeof *series);
	size_t n = 0, groups = 0;
	struct member *members = collect_members(w, &n);

	if (!members || !series)
		return false;
	for (size_t i = 0; i < n; i++)
		groups += i == 0 || !same_sender(&members[i - 1], &members[i]);
	w->senders = arena_take(w->arena, groups * sizeof *w->senders);
	if (!w->senders)
		return false;
	for (size_t start = 0, i; start < n; start = i) {
		for (i = start; i < n && same_sender(&members[i], &members[start]); i++)
			;
		if (!sender_take(w, &w->senders[w->senders_n++], members + start, i - start, series))
			return false;
	}
	if (!note_forwarded(w) || !senders_sort(w))
		return false;
	for (size_t start = 0, i; start < n; start = i)
		for (i = start; i < n && same_sender(&members[i], &members[start]); i++)
			w->paths[members[i].path].sender = w->paths[members[start].path].sender;
	return !w->arena->failed;
}
