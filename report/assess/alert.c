/* What changed this week. Each alert is a state that holds now; who was told when is not this room's business. */
#include "report/assess/bound.h"
#include "report/assess/work.h"

#include <stdlib.h>

#define NEW_DKIM 0.9
#define NEW_MESSAGES 5
#define GONE_WEEK 50
#define GONE_SHARE 0.1
#define BURST_MESSAGES 100
#define BURST_FACTOR 5
#define PILLAR_SHARE 0.05
#define PILLAR_DAYS 3
#define KEY_USED 50
#define KEY_BITS 1024
#define LOST_MESSAGES 10
#define KEY_RECENT 3 /* days; a domain may send nothing at a weekend */

const char *level_word(enum level level)
{
	static const char *const words[LEVEL_COUNT] = { "info", "high", "critical" };

	return level < LEVEL_COUNT ? words[level] : "";
}

/* CRITICAL_ENFORCED: high, and critical while the policy is enforced, because mail is being lost. */
enum rule_level { RULE_INFO, RULE_HIGH, RULE_CRITICAL, RULE_CRITICAL_ENFORCED };

static const struct alert_rule {
	const char *word;
	enum rule_level level;
} rules[ALERT_COUNT] = {
	[ALERT_PARKED_SENDS] = { "parked-sends", RULE_CRITICAL },
	[ALERT_DKIM_LOST] = { "dkim-lost", RULE_CRITICAL_ENFORCED },
	[ALERT_SPF_LOST] = { "spf-lost", RULE_CRITICAL_ENFORCED },
	[ALERT_FAIL_RISE] = { "fail-rise", RULE_CRITICAL_ENFORCED },
	[ALERT_NEW_UNSIGNED] = { "new-unsigned", RULE_HIGH },
	[ALERT_MISSED] = { "missed", RULE_HIGH },
	[ALERT_KEY_MISSING] = { "key-missing", RULE_CRITICAL_ENFORCED },
	[ALERT_KEY_WEAK] = { "key-weak", RULE_HIGH },
	[ALERT_KEY_TESTING] = { "key-testing", RULE_HIGH },
	[ALERT_KEY_HOME_MOVED] = { "key-home-moved", RULE_HIGH },
	[ALERT_SEES_OTHER_POLICY] = { "sees-other-policy", RULE_HIGH },
	[ALERT_KEY_NEW] = { "key-new", RULE_INFO },
	[ALERT_KEY_GONE] = { "key-gone", RULE_INFO },
	[ALERT_GONE] = { "gone", RULE_INFO },
	[ALERT_FORGED_BURST] = { "forged-burst", RULE_INFO },
	[ALERT_POLICY_CHANGED] = { "policy-changed", RULE_INFO },
	[ALERT_REPORTER_GONE] = { "reporter-gone", RULE_INFO },
	[ALERT_UNVERIFIED_LEAD] = { "unverified-lead", RULE_INFO },
};

const char *alert_kind_word(enum alert_kind kind)
{
	return kind < ALERT_COUNT ? rules[kind].word : "";
}

struct alerts {
	struct work *w;
	struct alert *rows;
	size_t n, room;
};

/* Without memory the alert goes nowhere, and the arena says so at the end. */
static struct alert *raise_alert(struct alerts *a, enum alert_kind kind, struct span subject, uint64_t messages)
{
	static const enum level levels[] = { LEVEL_INFO, LEVEL_HIGH, LEVEL_CRITICAL, LEVEL_HIGH };
	static struct alert spare;
	struct alert *rows = array_grow(a->w->arena, a->rows, a->n, &a->room, sizeof *rows), *alert = &spare;
	enum level level = levels[rules[kind].level];

	if (rules[kind].level == RULE_CRITICAL_ENFORCED && a->w->v->effective >= REQUEST_QUARANTINE)
		level = LEVEL_CRITICAL;
	if (rows) {
		a->rows = rows;
		alert = &rows[a->n++];
	}
	*alert = (struct alert){ .kind = kind,
		.level = level,
		.subject = subject,
		.messages = messages,
		.sender = NO_INDEX,
		.path = NO_INDEX,
		.since = MOMENT_NONE,
		.until = MOMENT_NONE };
	return alert;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static bool rose(const struct sender *s, uint64_t now, uint64_t before)
{
	return bound_rose(now, s->week.messages, before, s->before.messages);
}

/* Whoever comes by the month or the quarter has no weeks before to compare with: under an enforced policy what fails of its run
 * is lost, whether it failed in the last one or not. A newcomer has an alert of its own. */
static bool loses_run(const struct work *w, const struct sender *s)
{
	return w->v->effective >= REQUEST_QUARANTINE && !s->spared && !s->accepted && s->week.fails >= LOST_MESSAGES &&
	       (s->dates_n || s->before.messages == 0) && s->first_day <= w->last_day - WEEK;
}

/* Where the policy does not reach, no mail is lost. */
static struct alert *raise_about(struct alerts *a, enum alert_kind kind, uint32_t index, uint64_t messages)
{
	const struct sender *s = &a->w->senders[index];
	struct alert *alert = raise_alert(a, kind, s->subject, messages);

	alert->sender = index;
	if (s->spared && alert->level == LEVEL_CRITICAL)
		alert->level = LEVEL_HIGH;
	return alert;
}

static void alert_regressions(struct alerts *a, uint32_t index)
{
	const struct sender *s = &a->w->senders[index];
	struct alert *alert;

	if (s->fate != FATE_OWN)
		return;
	if (rose(s, s->week.fails, s->before.fails) || loses_run(a->w, s)) {
		alert = raise_about(a, ALERT_FAIL_RISE, index, s->week.fails);
		alert->before = share(s->before.fails, s->before.messages);
		alert->now = share(s->week.fails, s->week.messages);
		alert->since = s->fails_since;
	}
	if (s->regressed) {
		alert = raise_about(a, ALERT_DKIM_LOST, index, s->week.not_signed);
		alert->before = 1 - share(s->before.not_signed, s->before.messages);
		alert->now = 1 - share(s->week.not_signed, s->week.messages);
		alert->since = s->unsigned_since;
		alert->key = s->key;
	}
	if (rose(s, s->week.not_spf, s->before.not_spf)) {
		alert = raise_about(a, ALERT_SPF_LOST, index, s->week.not_spf);
		if (!s->week.fails && alert->level == LEVEL_CRITICAL)
			alert->level = LEVEL_HIGH; /* one leg less, and no mail lost: signatures carry all of it */
		alert->before = 1 - share(s->before.not_spf, s->before.messages);
		alert->now = 1 - share(s->week.not_spf, s->week.messages);
	}
}

static bool was_steady(const struct work *w, const struct sender *s)
{
	unsigned n = w->v->weeks_n;

	for (unsigned back = 1; back <= 4; back++)
		if (n < back + 1 || s->weeks[n - 1 - back] < GONE_WEEK)
			return false;
	return true;
}

static void alert_senders(struct alerts *a)
{
	struct work *w = a->w;

	for (uint32_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];
		struct alert *alert;

		if (w->sources[s->source].method == METHOD_SCATTER)
			continue;
		alert_regressions(a, i);
		if (s->first_day > w->last_day - WEEK && w->history_first <= w->last_day - WEEK &&
			s->messages >= NEW_MESSAGES && share(s->dkim_ok, s->messages) < NEW_DKIM) {
			alert = raise_alert(a, ALERT_NEW_UNSIGNED, s->subject, s->messages);
			alert->since = s->first_day;
			alert->sender = i;
		}
		if (s->missed && !s->given_up && !w->v->measures.parked) {
			alert = raise_alert(a, ALERT_MISSED, s->subject, 0);
			alert->since = s->next_day;
			alert->sender = i;
		}
		if (s->fate == FATE_OWN && was_steady(w, s) &&
			(double)s->week.messages < GONE_SHARE * (double)s->before.messages / 4) {
			alert = raise_alert(a, ALERT_GONE, s->subject, s->week.messages);
			alert->before = (double)s->before.messages / 4;
			alert->now = (double)s->week.messages;
			alert->sender = i;
		}
	}
}

/* Whoever changes keys stops to sign with the old one, signs with a new one there, and removes the old one. */
static bool is_replaced(const struct work *w, const struct key *old)
{
	for (size_t i = 0; i < w->v->keys_n; i++) {
		const struct key *key = &w->v->keys[i];

		if (key->home == old->home && key->home_own == old->home_own && span_is_nocase(key->domain, old->domain) &&
			key->last_day != MOMENT_NONE && key->first_day > old->first_day && key->last_day > old->last_day)
			return true;
	}
	return false;
}

/* Gone from the DNS, though mail carried it until now. Receivers found it valid, so it was published; where they did so after
 * the look-up it is again. One without a home may be an invention of a reporter. What is broken for once says little about a
 * key that was replaced. */
static bool is_missing(const struct work *w, const struct key *key)
{
	if (!published_key_gone(key->published) || (key->home == NO_INDEX && !key->home_own) ||
		key->last_day == MOMENT_NONE || key->last_day > key->published->seen ||
		w->last_day < w->options->today - WEEK)
		return false;
	return key->week_broken > key->week_valid || (key->last_day > w->last_day - KEY_RECENT && !is_replaced(w, key));
}

/* The key of a sender that comes by the month or the quarter rests in between. */
static bool rests(const struct work *w, const struct key *key)
{
	for (uint32_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];

		if (s->dates_n && !s->missed && span_is(s->key, key->selector))
			return true;
	}
	return false;
}

static void alert_keys(struct alerts *a)
{
	const struct work *w = a->w;

	for (size_t i = 0; i < w->v->keys_n; i++) {
		const struct key *key = &w->v->keys[i];
		bool used = key->week_valid + key->week_broken > 0;
		struct alert *alert = NULL;

		if (is_missing(w, key))
			alert = raise_alert(a, ALERT_KEY_MISSING, key->domain, add_up(key->week_valid, key->week_broken));
		else if (key->published && used && key->published->bits && key->published->bits < KEY_BITS)
			alert = raise_alert(a, ALERT_KEY_WEAK, key->domain, key->week_valid);
		else if (key->published && used && key->published->testing)
			alert = raise_alert(a, ALERT_KEY_TESTING, key->domain, key->week_valid);
		else if (key->home_moved)
			alert = raise_alert(a, ALERT_KEY_HOME_MOVED, key->domain, key->week_valid);
		else if (key->first_day > w->last_day - WEEK && w->history_first <= w->last_day - WEEK &&
			 key->week_valid)
			alert = raise_alert(a, ALERT_KEY_NEW, key->domain, key->week_valid);
		else if (key->last_day != MOMENT_NONE && key->last_day <= w->last_day - WEEK &&
			 key->valid >= KEY_USED && !used && !rests(w, key))
			alert = raise_alert(a, ALERT_KEY_GONE, key->domain, key->valid);
		if (alert) {
			alert->key = key->selector;
			alert->since = key->first_day;
			alert->until = key->last_day;
		}
	}
}

static int number_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void alert_bursts(struct alerts *a)
{
	const struct work *w = a->w;

	for (uint32_t i = 0; i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];
		uint64_t weeks[WEEKS_MOST], now;
		unsigned n = w->v->weeks_n;
		struct alert *alert;

		if (path->fate != FATE_FORGED || n < 2)
			continue;
		now = path->weeks[n - 1];
		memcpy(weeks, path->weeks, n * sizeof *weeks);
		qsort(weeks, n - 1, sizeof *weeks, number_order);
		if (now < BURST_MESSAGES || now / BURST_FACTOR < weeks[(n - 1) / 2])
			continue;
		alert = raise_alert(a, ALERT_FORGED_BURST, w->sources[path->source].id, now);
		alert->path = i;
		for (size_t k = path->days_n; k-- > 0 && path->days[k].day > w->last_day - WEEK;) {
			alert->since = path->days[k].day;
			alert->until = alert->until == MOMENT_NONE ? path->days[k].day : alert->until;
		}
	}
}

/* Where a domain has little mail a receiver has nothing to report on many days: then its silence is news only when it is
 * three times as long as usual. */
static bool is_silent(const struct work *w, const struct reporter *r)
{
	int64_t silent = w->options->today - 1 - r->last_day;
	int64_t first = r->first_day > w->first_day ? r->first_day : w->first_day, days = r->last_day - first + 1;
	int64_t reports = r->reports < INT32_MAX ? (int64_t)r->reports : INT32_MAX;

	return silent >= PILLAR_DAYS && (reports * 3 >= days * 2 || silent * reports >= PILLAR_DAYS * days);
}

static bool alert_reporters(struct alerts *a)
{
	struct work *w = a->w;
	uint64_t all = 0, *others = arena_take(w->arena, w->reporters_n * sizeof *others);

	if (!others)
		return false;
	for (size_t i = 0; i < w->reporters_n; i++)
		all = add_up(all, w->reporters[i].messages);
	for (size_t i = 0; i < w->reporters_n; i++) {
		struct reporter *r = &w->reporters[i];

		r->quiet = r->standing == STANDING_KNOWN && r->messages && share(r->messages, all) >= PILLAR_SHARE &&
			   is_silent(w, r);
		if (r->quiet)
			raise_alert(a, ALERT_REPORTER_GONE, r->name, r->messages)->since = r->last_day + 1;
	}
	for (size_t i = 0; i < w->rows->reports_n; i++) {
		const struct judged_report *r = &w->reports[i];

		others[r->reporter] +=
			r->sees_other_policy && r->use == USE_COUNTED && r->last_day > w->last_day - WEEK;
	}
	for (size_t i = 0; i < w->reporters_n; i++)
		if (others[i])
			raise_alert(a, ALERT_SEES_OTHER_POLICY, w->reporters[i].name, others[i]);
	return true;
}

static void alert_domain(struct alerts *a)
{
	const struct work *w = a->w;
	const struct verdict *v = w->v;
	uint64_t passing = 0;

	if (v->seen_any && v->seen_since > w->last_day - WEEK && w->history_first <= w->last_day - WEEK)
		raise_alert(a, ALERT_POLICY_CHANGED, v->domain, 0)->since = v->seen_since;
	if (!domain_ought_to_be_parked(w))
		return;
	for (size_t i = 0; i < w->paths_n; i++)
		passing = add_up(passing, path_kind_fails(w->paths[i].kind) ? 0 : w->paths[i].messages);
	if (passing)
		raise_alert(a, ALERT_PARKED_SENDS, v->domain, passing);
}

static int alert_order(const void *a, const void *b)
{
	const struct alert *x = a, *y = b;
	int order;

	if (x->level != y->level)
		return x->level > y->level ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	order = span_compare(x->subject, y->subject);
	return order ? order : span_compare(x->key, y->key);
}

/* Comes last in the order: the mildest level, the last kind. */
void work_alert_leads(struct work *w)
{
	struct alert *rows = arena_take(w->arena, (w->v->alerts_n + 1) * sizeof *rows);

	if (!rows)
		return;
	if (w->v->alerts_n)
		memcpy(rows, w->v->alerts, w->v->alerts_n * sizeof *rows);
	rows[w->v->alerts_n++] = (struct alert){ .kind = ALERT_UNVERIFIED_LEAD,
		.level = LEVEL_INFO,
		.subject = w->v->domain,
		.sender = NO_INDEX,
		.since = MOMENT_NONE,
		.until = MOMENT_NONE };
	w->v->alerts = rows;
}

bool work_alerts(struct work *w)
{
	struct alerts a = { .w = w };

	if (!alert_reporters(&a))
		return false;
	alert_senders(&a);
	alert_keys(&a);
	alert_bursts(&a);
	alert_domain(&a);
	if (w->arena->failed)
		return false;
	if (a.n)
		qsort(a.rows, a.n, sizeof *a.rows, alert_order);
	w->v->alerts = a.rows;
	w->v->alerts_n = a.n;
	w->v->measures.critical_alert = false;
	for (size_t i = 0; i < a.n; i++)
		w->v->measures.critical_alert |= a.rows[i].level == LEVEL_CRITICAL;
	return true;
}
