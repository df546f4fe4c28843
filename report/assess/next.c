/* The record to publish next, and the one to go back to. Nothing here writes DNS. */
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

/* No own mail from names that do not exist, for long enough: np=reject costs nothing. */
static bool np_is_safe(const struct work *w)
{
	if (!w->any || w->last_day - w->history_first + 1 < NP_DAYS)
		return false;
	for (size_t i = 0; i < w->v->subdomains_n; i++)
		if (w->v->subdomains[i].nonexistent && w->v->subdomains[i].own + w->v->subdomains[i].undecided)
			return false;
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

static struct policy policy_next(struct work *w, const struct policy *now, struct next_record *next)
{
	const struct rung *rung = &rungs[next->stage];
	struct policy policy = *now;

	policy.p = rung->p;
	set_trial(&policy, rung->trial);
	next->hold_days = rung->hold;
	if (w->options->legacy_pct && rung->p != REQUEST_NONE && next->stage != STAGE_REJECT)
		climb_pct(&policy, now);
	if (next->stage != STAGE_NO_RECORD && np_is_safe(w))
		policy.np = REQUEST_REJECT;
	for (size_t i = 0; i < w->v->subdomains_n; i++)
		next->sp_none |= w->v->subdomains[i].failing; /* spared ones too: or the record would stop sparing them */
	if (next->sp_none)
		policy.sp = REQUEST_NONE;
	else if (policy.sp == REQUEST_NONE && rung->p != REQUEST_NONE)
		policy.sp = REQUEST_ABSENT;
	return policy;
}

static enum next_kind kind_of(const struct work *w, const struct next_record *next)
{
	const struct verdict *v = w->v;
	bool ready = v->decision.word <= VERDICT_READY_WITH_EXCEPTIONS;

	/* That nobody has seen a record does not say that there is none. */
	if (next->stage == STAGE_NO_RECORD)
		return w->rows->published.checked ? NEXT_FIRST : NEXT_SILENT;
	if (w->by_path_n == 0)
		return NEXT_SILENT;
	if (!ready && v->measures.critical_alert && v->effective >= REQUEST_QUARANTINE)
		return NEXT_BACK;
	return ready && next->stage != STAGE_REJECT ? NEXT_FORWARD : NEXT_KEEP;
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

	next.rollback = known ? record_text(w, &now, false) : SPAN_ABSENT;
	if (w->v->measures.parked) {
		next = next_parked(w, next);
	} else {
		next.kind = kind_of(w, &next);
		policy = policy_next(w, &now, &next);
		if (next.kind == NEXT_BACK) {
			policy = now;
			set_trial(&policy, true);
			next.hold_days = 0;
		}
		next.not_before = next.kind == NEXT_FORWARD ? not_before(w) : MOMENT_NONE;
		if (next.kind != NEXT_SILENT)
			next.record = record_text(w, &policy, next.kind == NEXT_FIRST);
		if (next.kind != NEXT_BACK && span_is(next.record, next.rollback))
			next.record = SPAN_ABSENT;
	}
	if (next.record.p)
		next.zone = zone_text(w, w->options->domain.name, next.ttl, next.record);
	w->v->next = next;
	return !w->arena->failed;
}
