/* Author domains: each must pass by itself where it inherits the record. And domains that send nothing at all. */
#include "report/assess/work.h"

#define PARKED_DAYS 180

/* Reporters name an sp and np where none is published: the p. */
struct policy policy_now(const struct work *w)
{
	struct policy policy = w->v->seen;

	if (w->rows->published.checked)
		return w->rows->published.policy;
	policy.sp = policy.sp == policy.p ? REQUEST_ABSENT : policy.sp;
	policy.np = policy.np == policy.p ? REQUEST_ABSENT : policy.np;
	return policy;
}

static bool is_spared(const struct work *w, const struct author *a)
{
	struct policy policy = policy_now(w);

	if (span_is_nocase(a->name.name, w->options->domain.name))
		return false;
	return (a->nonexistent && policy.np != REQUEST_ABSENT ? policy.np : policy.sp) == REQUEST_NONE;
}

bool author_loses_nothing(const struct work *w, uint32_t from)
{
	const struct author *a = &w->authors[from];

	return is_spared(w, a) || (a->own_record && !span_is_nocase(a->name.name, w->options->domain.name));
}

static void count_paths(const struct work *w, struct subdomain *rows)
{
	for (size_t i = 0; i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];
		struct subdomain *row = &rows[w->path_from[i]];

		if (path->fate == FATE_OWN) {
			row->own = add_up(row->own, path->messages);
			row->own_fails = add_up(row->own_fails, path_kind_fails(path->kind) ? path->messages : 0);
			row->own_unsigned = add_up(row->own_unsigned, path->messages - path->dkim_ok);
		} else if (path->fate == FATE_UNDECIDED) {
			row->undecided = add_up(row->undecided, path->messages);
		} else if (path->fate == FATE_FORGED) {
			row->forged = add_up(row->forged, path->messages);
		} else {
			row->forwarded = add_up(row->forwarded, path->messages);
		}
	}
}

static bool sender_fails(const struct work *w, struct span author)
{
	const struct target_limits *t = limits_of(&w->options->limits, w->v->target);

	for (size_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];
		double most = s->critical ? t->critical_loss : t->sender_loss;

		if (s->fate == FATE_OWN && span_is(s->header_from, author) && !s->accepted && s->corroborated &&
			(double)s->messages >= w->options->limits.sender_messages &&
			(double)s->fails > most * (double)s->messages)
			return true;
	}
	return false;
}

static bool fails(const struct work *w, const struct subdomain *row)
{
	const struct target_limits *t = limits_of(&w->options->limits, w->v->target);

	if (row->own_record || !row->own)
		return false;
	if ((double)row->own_fails > t->own_loss * (double)row->own &&
		(double)row->own_fails >= w->options->limits.own_fails)
		return true;
	return sender_fails(w, row->name);
}

/* What the gates do not ask of a spared author domain, because nothing is lost there, they would ask once it is spared no more. */
static bool needs_sparing(const struct work *w, const struct subdomain *row)
{
	double most = 1 - limits_of(&w->options->limits, w->v->target)->sender_dkim;

	return row->spared && (row->failing || (double)row->undecided >= w->options->limits.undecided_source ||
				      (double)row->own_unsigned > most * (double)row->own);
}

bool work_subdomains(struct work *w, struct measures *m)
{
	struct subdomain *rows = arena_take(w->arena, w->authors_n * sizeof *rows);
	struct span *failing = arena_take(w->arena, w->authors_n * sizeof *failing);

	if (!rows || !failing)
		return false;
	for (size_t i = 0; i < w->authors_n; i++) {
		const struct author *a = &w->authors[i];

		rows[i] = (struct subdomain){ .name = a->name.name,
			.own_record = a->own_record,
			.exists = a->exists,
			.nonexistent = a->nonexistent,
			.spared = is_spared(w, a) };
	}
	count_paths(w, rows);
	m->subdomains_failing_n = 0;
	w->v->subdomains_n = 0;
	for (size_t i = 0; i < w->authors_n; i++) {
		if (!(rows[i].own | rows[i].forwarded | rows[i].undecided | rows[i].forged))
			continue;
		rows[i].failing = !span_is_nocase(rows[i].name, w->options->domain.name) && fails(w, &rows[i]);
		rows[i].needs_sparing = needs_sparing(w, &rows[i]);
		if (rows[i].failing && !rows[i].spared)
			failing[m->subdomains_failing_n++] = rows[i].name;
		rows[w->v->subdomains_n++] = rows[i];
	}
	m->subdomains_failing = failing;
	w->v->subdomains = rows;
	return true;
}

/* Whoever said that a domain is parked did not know of this. */
static bool some_passes(const struct work *w)
{
	for (size_t i = 0; i < w->paths_n; i++)
		if (w->paths[i].messages && !path_kind_fails(w->paths[i].kind))
			return true;
	return false;
}

/* As much as fails G6 by itself, and nothing says that it is forged. */
static bool may_be_own(const struct work *w, const struct path *path)
{
	return path->fate == FATE_UNDECIDED && path->class.class != CLASS_FORGED && path->corroborated &&
	       (double)path->messages >= w->options->limits.undecided_source;
}

static bool was_seen(const struct path *path, int64_t first, int64_t last)
{
	for (size_t i = 0; i < path->days_n; i++)
		if (path->days[i].day >= first && path->days[i].day <= last)
			return true;
	return false;
}

/* Nothing passed and nothing was yours up to `last`, for half a year of reports, and the records say so too. A null MX alone
 * says only that nothing is received: whoever only sends has one as well. */
static bool was_parked(const struct work *w, int64_t last)
{
	const struct published *p = &w->rows->published;

	if (!p->checked || !(p->spf_only_all || p->null_mx))
		return false;
	if (!w->any || last - w->history_first + 1 < PARKED_DAYS)
		return false;
	for (size_t i = 0; i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];

		if (was_seen(path, last - PARKED_DAYS + 1, last) &&
			(!path_kind_fails(path->kind) || path->fate == FATE_OWN || (!p->spf_only_all && may_be_own(w, path))))
			return false;
	}
	return true;
}

bool domain_is_parked(const struct work *w)
{
	return w->options->profile == PROFILE_PARKED ? !some_passes(w) : was_parked(w, w->last_day);
}

bool domain_ought_to_be_parked(const struct work *w)
{
	return w->options->profile == PROFILE_PARKED ||
	       (w->rows->published.spf_only_all && was_parked(w, w->last_day - WEEK));
}
