/* The record to publish next, and the one to go back to. Nothing here writes DNS. */
#include "report/assess/gate.h"
#include "report/assess/policy.h"
#include "report/assess/work.h"

#define RECORD_MOST 8192
#define ZONE_MOST (2 * RECORD_MOST)
#define STRING_MOST 255 /* octets of one character-string, RFC 1035 3.3 */
#define TTL_CHANGING 3600
#define HOLD_TRIAL 14
#define HOLD_STAGE 30
#define RUN_NEAR 10 /* a periodic run within so many days is waited for */
#define NP_DAYS 35

const char *next_kind_word(enum next_kind kind)
{
	static const char *const words[NEXT_KIND_COUNT] = { "keep", "forward", "back", "first", "silent" };

	return kind < NEXT_KIND_COUNT ? words[kind] : "";
}

/* From each stage: what is published next, and how long it is held. Trials carry t=y for new receivers and pct=0 for
 * old. */
static const struct rung {
	enum request p;
	bool trial;
	unsigned hold;
} rungs[STAGE_COUNT] = {
	[STAGE_NO_RECORD] = { REQUEST_NONE, false, 0 },
	[STAGE_NONE] = { REQUEST_QUARANTINE, true, HOLD_TRIAL },
	[STAGE_QUARANTINE_TRIAL] = { REQUEST_QUARANTINE, false, HOLD_STAGE },
	[STAGE_QUARANTINE] = { REQUEST_REJECT, true, HOLD_TRIAL },
	[STAGE_REJECT_TRIAL] = { REQUEST_REJECT, false, 0 },
	[STAGE_REJECT] = { REQUEST_REJECT, false, 0 },
};

static enum stage stage_of(const struct policy *policy, bool any)
{
	bool trial = policy->testing || policy->pct < 100;

	if (!any)
		return STAGE_NO_RECORD;
	if (policy->p == REQUEST_REJECT)
		return trial ? STAGE_REJECT_TRIAL : STAGE_REJECT;
	if (policy->p == REQUEST_QUARANTINE)
		return trial ? STAGE_QUARANTINE_TRIAL : STAGE_QUARANTINE;
	return STAGE_NONE;
}

/* A first record asks for reports; whoever publishes it sets the address. */
static void put_first_rua(struct work *w, struct buf *text)
{
	if (w->rows->published.rua.n)
		return;
	buf_put_text(text, "; rua=mailto:dmarc@");
	buf_put_span(text, w->options->domain.name);
}

static struct span record_text(struct work *w, const struct policy *policy, bool first)
{
	const struct published *p = &w->rows->published;
	struct buf text = BUF(RECORD_MOST);
	struct span copy = SPAN_ABSENT;

	policy_text(&text, policy, p->checked ? p : NULL);
	if (first)
		put_first_rua(w, &text);
	if (!text.failed)
		copy = arena_copy(w->arena, buf_span(&text));
	buf_release(&text);
	return copy;
}

/* One line for a zone file; quotes and backslashes escaped, split where a character-string must end. */
static struct span zone_text(struct work *w, struct span name, unsigned ttl, struct span record)
{
	struct buf text = BUF(ZONE_MOST);
	struct span copy = SPAN_ABSENT;

	buf_put_text(&text, "_dmarc.");
	buf_put_span(&text, name);
	buf_printf(&text, ". %u IN TXT", ttl);
	for (size_t at = 0; at < record.n; at++) {
		if (at % STRING_MOST == 0)
			buf_put_text(&text, at ? "\" \"" : " \"");
		if (record.p[at] == '"' || record.p[at] == '\\')
			buf_put_byte(&text, '\\');
		buf_put_byte(&text, (unsigned char)record.p[at]);
	}
	if (buf_put_text(&text, "\""))
		copy = arena_copy(w->arena, buf_span(&text));
	buf_release(&text);
	return copy;
}

/* No own mail from names that do not exist, for long enough: np=reject costs nothing. A name nobody looked up may be one
 * of them. */
static bool np_is_safe(const struct work *w)
{
	if (!w->any || w->last_day - w->history_first + 1 < NP_DAYS)
		return false;
	for (size_t i = 0; i < w->v->subdomains_n; i++) {
		const struct subdomain *s = &w->v->subdomains[i];

		if (!s->exists && (s->own | s->forwarded | s->undecided) &&
			!span_is_nocase(s->name, w->options->domain.name))
			return false;
	}
	return true;
}

static void set_trial(struct policy *policy, bool trial)
{
	policy->testing = trial;
	policy->pct = trial ? 0 : 100;
}

/* The old ladder, for those who must speak to receivers that know only pct. */
static void climb_pct(struct policy *policy, const struct policy *now)
{
	static const unsigned parts[] = { 10, 25, 50, 100 };

	policy->testing = false;
	policy->pct = parts[0];
	for (size_t i = 0; now->p == policy->p && i + 1 < sizeof parts / sizeof *parts; i++)
		if (now->pct >= parts[i])
			policy->pct = parts[i + 1];
}

/* An sp= that only repeats p= goes with it. */
static void set_request(struct policy *policy, enum request p)
{
	if (policy->p != p && policy->sp == policy->p)
		policy->sp = REQUEST_ABSENT;
	policy->p = p;
}

/* What the next record leads to: never beyond the target, and p=reject only from p=quarantine. */
static enum target goal_of(const struct work *w)
{
	return w->v->effective >= REQUEST_QUARANTINE ? w->v->target : TARGET_QUARANTINE;
}

static bool goal_is_reached(const struct work *w, enum stage stage)
{
	return stage == STAGE_REJECT || (stage >= STAGE_QUARANTINE && goal_of(w) == TARGET_QUARANTINE);
}

static struct policy policy_next(struct work *w, const struct policy *now, struct next_record *next)
{
	const struct rung *rung = &rungs[next->stage];
	struct policy policy = *now;

	if (!goal_is_reached(w, next->stage)) {
		set_request(&policy, rung->p);
		set_trial(&policy, rung->trial);
		next->hold_days = rung->hold;
		if (w->options->legacy_pct && rung->p != REQUEST_NONE)
			climb_pct(&policy, now);
	}
	if (next->stage != STAGE_NO_RECORD && np_is_safe(w))
		policy.np = REQUEST_REJECT;
	for (size_t i = 0; i < w->v->subdomains_n; i++)
		next->sp_none |= w->v->subdomains[i].failing || w->v->subdomains[i].needs_sparing;
	if (next->sp_none)
		policy.sp = REQUEST_NONE;
	else if (policy.sp == REQUEST_NONE && rung->p != REQUEST_NONE)
		policy.sp = REQUEST_ABSENT;
	return policy;
}

/* Where the target lies two stages ahead, the verdict for the one between decides. */
static bool goal_is_safe(struct work *w)
{
	const struct verdict *v = w->v;
	enum target goal = goal_of(w);
	enum verdict_word word = goal == v->target
					 ? v->decision.word
					 : gate_decide(&v->measures, &w->options->limits, goal, w->arena).word;

	return word <= VERDICT_READY_WITH_EXCEPTIONS;
}

/* A sender of yours loses mail. That a parked domain sends is no such thing: what it sends passes, and nobody but it should.
 * A missing key is published again sooner than a policy is undone; what fails without it has alerts of its own. */
static bool mail_is_lost(const struct verdict *v)
{
	for (size_t i = 0; i < v->alerts_n; i++)
		if (v->alerts[i].level == LEVEL_CRITICAL && v->alerts[i].kind != ALERT_PARKED_SENDS &&
			v->alerts[i].kind != ALERT_KEY_MISSING)
			return true;
	return false;
}

static enum next_kind kind_of(struct work *w, const struct next_record *next)
{
	const struct verdict *v = w->v;
	bool ready;

	/* That nobody has seen a record does not say that there is none; and p=none of its own would undo a stricter one above. */
	if (next->stage == STAGE_NO_RECORD)
		return w->rows->published.checked && !w->rows->published.covered_by.n ? NEXT_FIRST : NEXT_SILENT;
	if (w->by_path_n == 0)
		return NEXT_SILENT;
	ready = goal_is_safe(w);
	if (!ready && mail_is_lost(v) && v->effective >= REQUEST_QUARANTINE && w->options->profile != PROFILE_PARKED)
		return NEXT_BACK;
	return ready ? NEXT_FORWARD : NEXT_KEEP;
}

/* The same policy on trial; from a trial, the one below it. */
static struct policy policy_back(const struct policy *now)
{
	struct policy policy = *now;

	if (now->testing || now->pct < 100)
		set_request(&policy, request_lower(now->p));
	set_trial(&policy, true);
	return policy;
}

/* Not on the eve of a run: the record changes the day after the next one that is near. */
static int64_t not_before(const struct work *w)
{
	int64_t day = MOMENT_NONE;

	for (size_t i = 0; i < w->senders_n; i++) {
		int64_t due = w->senders[i].next_day;

		if (due != MOMENT_NONE && due >= w->options->today && due <= w->options->today + RUN_NEAR &&
			due + 1 > day)
			day = due + 1;
	}
	return day;
}

/* The steps of the old ladder are none: something is enforced there. */
static bool is_tried(const struct policy *policy)
{
	return policy->testing || policy->pct == 0;
}

/* A trial is held to its end: the day after it, counted from the first day that reports show it; or from today, while they
 * show another policy. */
static int64_t trial_over(const struct work *w, const struct policy *now, enum stage stage)
{
	const struct policy *seen = &w->v->seen;
	bool trial = stage == STAGE_QUARANTINE_TRIAL || stage == STAGE_REJECT_TRIAL;
	bool shown = w->v->seen_any && seen->p == now->p && is_tried(seen);
	int64_t over = (shown ? w->v->seen_since : w->options->today) + HOLD_TRIAL;

	return trial && is_tried(now) && over > w->options->today ? over : MOMENT_NONE;
}

static void set_wait(const struct work *w, const struct policy *now, struct next_record *next)
{
	int64_t over = trial_over(w, now, next->stage);

	next->not_before = not_before(w);
	next->on_trial = over > next->not_before;
	if (next->on_trial)
		next->not_before = over;
}

static struct next_record next_parked(struct work *w, struct next_record next)
{
	const struct policy policy = {
		.p = REQUEST_REJECT, .sp = REQUEST_REJECT, .pct = 100, .adkim_strict = true, .aspf_strict = true
	};

	next.kind = NEXT_FORWARD;
	next.record = record_text(w, &policy, false);
	next.spf = SPAN("v=spf1 -all");
	if (span_is(next.record, next.rollback)) {
		next.kind = NEXT_KEEP;
		next.record = SPAN_ABSENT;
	}
	return next;
}

bool work_next(struct work *w)
{
	const struct published *p = &w->rows->published;
	bool known = p->checked ? p->dmarc_records > 0 : w->v->seen_any;
	struct policy now = p->checked ? p->policy : w->v->seen, policy;
	struct next_record next = { .ttl = TTL_CHANGING, .not_before = MOMENT_NONE, .stage = stage_of(&now, known) };

	next.rollback = known && !published_unread(p) ? record_text(w, &now, false) : SPAN_ABSENT;
	if (w->v->measures.parked) {
		next = next_parked(w, next);
	} else if (!published_unread(p)) {
		next.kind = kind_of(w, &next);
		policy = policy_next(w, &now, &next);
		if (next.kind == NEXT_BACK) {
			policy = policy_back(&now);
			next.hold_days = 0;
		}
		if (next.kind != NEXT_SILENT)
			next.record = record_text(w, &policy, next.kind == NEXT_FIRST);
		if (next.record.p && span_is(next.record, next.rollback)) {
			next.kind = NEXT_KEEP;
			next.record = SPAN_ABSENT;
		}
		if (next.kind == NEXT_FORWARD)
			set_wait(w, &now, &next);
	}
	if (next.record.p)
		next.zone = zone_text(w, w->options->domain.name, next.ttl, next.record);
	w->v->next = next;
	return !w->arena->failed;
}
