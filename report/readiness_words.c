/* The verdict itself, senders, alerts. Steps, gates and the basis have files of their own. */
#include "report/readiness_words.h"

#include "report/assess/policy.h"

#include <stdlib.h>

#define NAMES_SHOWN 3
#define WEEK 7
#define RECORD_OCTETS 4096
#define COVERED_SHARE 0.8

const char *words_verdict(enum verdict_word word)
{
	static const char *const words[VERDICT_COUNT] = { "Ready", "Ready with exceptions", "Not ready",
		"Not enough data" };

	return word < VERDICT_COUNT ? words[word] : "";
}

enum ink words_verdict_ink(enum verdict_word word)
{
	return word == VERDICT_NOT_READY ? INK_BAD : word == VERDICT_NOT_ENOUGH_DATA ? INK_WARN : INK_GOOD;
}

const char *words_target(enum target target)
{
	return target == TARGET_REJECT ? "p=reject" : "p=quarantine";
}

const struct policy *assessment_policy(const struct assessment *a)
{
	const struct published *p = &a->rows->published;

	if (p->checked)
		return p->dmarc_records && !published_unread(p) ? &p->policy : NULL;
	return a->verdict->seen_any ? &a->verdict->seen : NULL;
}

void words_record(const struct pen *pen, const struct policy *policy)
{
	struct buf text = BUF(RECORD_OCTETS);
	struct span record;

	policy_text(&text, policy, NULL);
	record = buf_span(&text);
	if (record.n > sizeof "v=DMARC1; " - 1)
		record = (struct span){ record.p + sizeof "v=DMARC1; " - 1, record.n - (sizeof "v=DMARC1; " - 1) };
	pen_code(pen, record);
	buf_release(&text);
}

void words_now(const struct pen *pen, const struct assessment *a)
{
	const struct policy *policy = assessment_policy(a);

	if (policy)
		words_record(pen, policy);
	else
		pen_say(pen, published_unread(&a->rows->published) ? "no valid record"
			     : a->rows->published.checked	   ? "no record"
								   : "an unknown policy");
}

void words_week(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	pen_say(pen, "week %u, ", day_week(v->last_day));
	buf_put_text(pen->out, period_text(pen->style, v->last_day - 6, v->last_day).p);
}

bool words_holds(const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	return v->decision.word <= VERDICT_READY_WITH_EXCEPTIONS && v->next.kind == NEXT_KEEP && !v->next.record.n;
}

enum step_list step_list(const struct step *step)
{
	if (step->later)
		return STEPS_LATER;
	if (step->sender == NO_INDEX)
		return STEPS_OTHER;
	return step->kind == STEP_DECIDE ? STEPS_DECIDE : STEPS_FIX;
}

static bool step_waits(const struct step *step)
{
	return step->kind == STEP_WAIT_STAGE || step->kind == STEP_WAIT_QUIET;
}

bool step_is_mended(const struct step *step)
{
	return step->until != MOMENT_NONE;
}

struct step_counts steps_count(const struct verdict *v)
{
	struct step_counts n = { 0 };

	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *step = &v->steps[i];

		n.later += step_list(step) == STEPS_LATER;
		n.decide += step_list(step) == STEPS_DECIDE;
		n.fix += step_list(step) == STEPS_FIX;
		n.mended += step_list(step) == STEPS_FIX && step_is_mended(step);
		n.mend += step_list(step) == STEPS_OTHER && step->kind != STEP_GATHER && !step_waits(step);
	}
	return n;
}

/* The longest wait of the target, in days. */
static unsigned days_to_wait(const struct verdict *v)
{
	double most = 0;

	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *s = &v->steps[i];

		if (!s->later && step_waits(s) && s->limit - s->value > most)
			most = s->limit - s->value;
	}
	return (unsigned)most;
}

static unsigned steps_of(const struct verdict *v, enum step_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->steps_n; i++)
		n += !v->steps[i].later && v->steps[i].kind == kind && !step_is_mended(&v->steps[i]);
	return n;
}

static void say_part(const struct pen *pen, const char **before, unsigned n, const char *one, const char *many)
{
	if (!n)
		return;
	pen_say(pen, "%s%u %s", *before, n, plural(n, one, many));
	*before = ", ";
}

/* What the verdict is about; a parked domain goes to p=reject at once. */
static enum target goal_of(const struct verdict *v)
{
	return v->measures.parked ? TARGET_REJECT : v->target;
}

static bool in_force(const struct verdict *v)
{
	return v->effective >= (goal_of(v) == TARGET_REJECT ? REQUEST_REJECT : REQUEST_QUARANTINE);
}

void words_status(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	struct step_counts n = steps_count(v);
	const char *before = ": ";

	pen_say(pen, "for %s", words_target(goal_of(v)));
	if (in_force(v))
		pen_say(pen, ", which is in force%s", words_holds(a) ? " and may stay" : "");
	if (v->measures.parked)
		pen_say(pen, ": this domain is parked");
	if (v->decision.word == VERDICT_READY_WITH_EXCEPTIONS)
		say_part(pen, &before, (unsigned)v->decision.exceptions_n, "named exception", "named exceptions");
	if (v->decision.word != VERDICT_NOT_READY)
		return;
	say_part(pen, &before, n.fix - n.mended, "sender to fix", "senders to fix");
	say_part(pen, &before, n.decide, n.fix > n.mended ? "to decide" : "sender to decide about",
		n.fix > n.mended ? "to decide" : "senders to decide about");
	say_part(pen, &before, n.mended, "repaired sender to wait for", "repaired senders to wait for");
	say_part(pen, &before, steps_of(v, STEP_FIX_RECORD), "record to mend", "records to mend");
	say_part(pen, &before, steps_of(v, STEP_SUBDOMAIN), "subdomain fails", "subdomains fail");
	say_part(pen, &before, steps_of(v, STEP_ALERT), "alert open", "alerts open");
	say_part(pen, &before, days_to_wait(v), "day to wait", "days to wait");
	if (steps_of(v, STEP_FORWARDING)) {
		pen_say(pen, "%stoo much forwarded mail fails", before);
		before = ", ";
	}
	if (steps_of(v, STEP_ACCEPTED))
		pen_say(pen, "%stoo much loss is accepted", before);
}

/* ---- what it would cost */

static void say_window(const struct pen *pen, const struct assessment *a)
{
	static const char *const numbers[] = { "", "", "two", "three", "four", "five", "six", "seven", "eight" };
	unsigned days = a->verdict->window, weeks = days / 7;

	if (days % 7 == 0 && weeks > 1 && weeks < sizeof numbers / sizeof *numbers)
		pen_say(pen, "%s weeks", numbers[weeks]);
	else
		pen_say(pen, "%u days", days);
}

struct loser {
	uint32_t sender;
	uint64_t fails;
};

static int loser_order(const void *a, const void *b)
{
	const struct loser *x = a, *y = b;

	if (x->fails != y->fails)
		return x->fails > y->fails ? -1 : 1;
	return x->sender < y->sender ? -1 : x->sender > y->sender;
}

/* The senders with most failing messages of your own; their sum in *sum. */
static size_t losers_of(const struct verdict *v, struct loser losers[NAMES_SHOWN], uint64_t *sum)
{
	size_t n = 0;

	*sum = 0;
	for (uint32_t i = 0; i < v->senders_n; i++) {
		struct loser one = { i, v->senders[i].fails };

		if (v->senders[i].fate != FATE_OWN || !one.fails)
			continue;
		if (n < NAMES_SHOWN)
			losers[n++] = one;
		else if (one.fails > losers[n - 1].fails)
			losers[n - 1] = one;
		qsort(losers, n, sizeof *losers, loser_order);
	}
	for (size_t i = 0; i < n; i++)
		*sum += losers[i].fails;
	return n;
}

static void say_losers(const struct pen *pen, const struct assessment *a)
{
	struct loser losers[NAMES_SHOWN];
	uint64_t sum, all = a->verdict->measures.own_fails;
	size_t n = losers_of(a->verdict, losers, &sum);

	if (!n)
		return;
	if (sum >= all)
		pen_say(pen, all == 1 ? " It comes from " : " All of them come from ");
	else
		pen_say(pen, " %s of them come from ", count_text(sum).p);
	for (size_t i = 0; i < n; i++) {
		pen_say(pen, "%s", i == 0 ? "" : i + 1 == n ? " and " : ", ");
		words_sender(pen, a, losers[i].sender);
	}
	pen_say(pen, ".");
}

static void say_loss(const struct pen *pen, const struct assessment *a)
{
	const struct measures *m = &a->verdict->measures;
	bool reject = a->verdict->target == TARGET_REJECT;

	pen_say(pen, "Enforced over the last ");
	say_window(pen, a);
	pen_say(pen, ", %s would have %s ", words_target(a->verdict->target), reject ? "had" : "put");
	pen_count(pen, INK_BAD, m->own_fails);
	pen_say(pen, " of your own %s %s ", count_text(m->own).p, plural(m->own, "message", "messages"));
	pen_say(pen, "%s: %s, at most %s.", reject ? "refused" : "into spam", ratio_text(m->own_loss).p,
		ratio_text(m->own_upper).p);
	say_losers(pen, a);
}

uint64_t words_came(const struct verdict *v)
{
	uint64_t came = 0;

	for (int use = 0; use < USE_COUNT; use++)
		came += v->not_counted[use];
	return came;
}

void words_nothing_counts(const struct pen *pen, const struct verdict *v)
{
	uint64_t came = words_came(v);

	if (came)
		pen_say(pen,
			came == 1 ? "One report has come, and it does not count yet"
				  : "%s reports have come, and none of them counts yet",
			count_text(came).p);
	else
		pen_say(pen, "No report about this domain has come yet");
	pen_say(pen, ", so nothing can be said about what it would cost.");
}

/* "In five weeks" would say too much where most of them were never reported; a verdict for want of data says so itself. */
static void say_coverage(const struct pen *pen, const struct verdict *v)
{
	if (v->measures.own && !v->measures.parked && v->decision.word != VERDICT_NOT_ENOUGH_DATA &&
		v->days_covered < COVERED_SHARE * v->window)
		pen_say(pen, " Reports cover only %u of these %u days.", v->days_covered, v->window);
}

void words_cost(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct measures *m = &v->measures;

	if (m->parked) {
		pen_say(pen, "This domain sends no mail, so there is none to lose.");
	} else if (v->history_first == MOMENT_NONE) {
		words_nothing_counts(pen, v);
		if (words_unheard(a))
			pen_say(pen, " Is its name spelt as you meant it?");
	} else if (m->own == 0) {
		pen_say(pen, "No message of your own was reported in ");
		say_window(pen, a);
		pen_say(pen, ", so nothing can be said about what it would cost.");
	} else if (m->own_fails) {
		say_loss(pen, a);
	} else {
		pen_say(pen,
			m->own == 1 ? "Your only message would not have been lost in "
				    : "None of your own %s messages would have been lost in ",
			count_text(m->own).p);
		say_window(pen, a);
		pen_say(pen, " (at most %s).", ratio_text(m->own_upper).p);
	}
	say_coverage(pen, v);
	if (m->undecided && !m->parked) {
		pen_say(pen, " Not decided: %s ", count_text(m->undecided).p);
		pen_say(pen, "%s that may be yours.", plural(m->undecided, "message", "messages"));
	}
	if (v->history_first != MOMENT_NONE && (double)m->age > a->options->limits.fresh_days)
		pen_say(pen, " All this is old: the newest report ends %s ago.",
			counted_text((uint64_t)m->age, "day", "days").p);
}

/* Before names are looked up, much is undecided that names would decide. */
bool hosts_are_unknown(const struct rows *rows)
{
	size_t unknown = 0;

	for (size_t i = 0; i < rows->sources_n; i++)
		unknown += rows->sources[i].host_state == HOST_UNKNOWN;
	return unknown * 2 > rows->sources_n;
}

/* What a person can do comes before what only needs time, and of that the longest. */
static const struct step *step_first(const struct verdict *v)
{
	const struct step *first = NULL;

	for (size_t i = 0; i < v->steps_n && !v->steps[i].later; i++) {
		if (!step_is_mended(&v->steps[i]))
			return &v->steps[i];
		if (!first || v->steps[i].until > first->until)
			first = &v->steps[i];
	}
	return first;
}

void words_first(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct step *first;
	bool ready = v->decision.word <= VERDICT_READY_WITH_EXCEPTIONS;

	if (words_holds(a)) {
		pen_say(pen, "There is nothing to do.");
		return;
	}
	if (v->next.kind == NEXT_BACK) {
		pen_say(pen, "Go one step back now: publish the record under NEXT.");
		return;
	}
	if (v->next.kind == NEXT_FORWARD || (ready && v->next.record.n)) {
		if (v->next.not_before != MOMENT_NONE)
			pen_say(pen, "Wait until %s, then publish", weekday_text(v->next.not_before).p);
		else
			pen_say(pen, "Publish");
		pen_say(pen, " the %s under NEXT.", v->next.spf.n ? "records" : "record");
		return;
	}
	first = step_first(v);
	if (!first)
		return;
	if (first->kind == STEP_DECIDE && hosts_are_unknown(a->rows))
		pen_say(pen, "Look up the names of the hosts, which tells many senders apart: dmarcgate enrich");
	else
		words_step_title(pen, a, first);
	pen_say(pen, ".");
	if (step_is_mended(first)) {
		pen_say(pen, " ");
		words_step_action(pen, a, first);
	}
	if (assessment_policy(a) && v->next.kind == NEXT_KEEP && v->decision.word == VERDICT_NOT_READY) {
		pen_say(pen, " Until then keep ");
		words_now(pen, a);
		pen_say(pen, ".");
	}
}

/* ---- senders */

const char *words_fate_name(enum fate fate)
{
	static const char *const words[FATE_COUNT] = { "your own mail", "yours, forwarded", "not decided", "forged" };

	return fate < FATE_COUNT ? words[fate] : "";
}

void words_fate(const struct pen *pen, const struct assessment *a, enum fate fate)
{
	const struct measures *m = &a->verdict->measures;
	unsigned n = 0;

	switch (fate) {
	case FATE_OWN:
		pen_say(pen, "%s", m->own ? ratio_text(m->own_loss).p : "");
		break;
	case FATE_FORWARDED:
		pen_say(pen, "%s", m->forwarded ? "lists and gateways" : "");
		break;
	case FATE_UNDECIDED:
		for (size_t i = 0; i < a->verdict->senders_n; i++)
			n += a->verdict->senders[i].fate == FATE_UNDECIDED && !a->verdict->senders[i].spared &&
			     a->verdict->senders[i].messages;
		if (n)
			pen_say(pen, "%u %s", n, plural(n, "source", "sources"));
		break;
	default:
		pen_say(pen, "%s", m->forged ? "enforcement stops it" : "");
	}
}

const char *words_subclass(enum subclass subclass)
{
	static const char *const words[SUB_COUNT] = {
		[SUB_OWN] = "yours, signed by you",
		[SUB_OWN_SPF_ONLY] = "yours, SPF only",
		[SUB_OWN_BROKEN] = "yours, broken signature",
		[SUB_OWN_THIRD_PARTY] = "yours, third-party signature",
		[SUB_OWN_UNSIGNED] = "yours, unsigned",
		[SUB_FORWARDED] = "yours, forwarded intact",
		[SUB_FORWARDED_BROKEN] = "yours, forwarded and changed",
		[SUB_PROBABLY_OWN] = "undecided, probably yours",
		[SUB_PROBABLY_FORWARDED] = "undecided, probably a forwarder",
		[SUB_PROBABLY_FORGED] = "undecided, probably forged",
		[SUB_UNKNOWN] = "undecided",
		[SUB_FORGED] = "forged",
	};

	return subclass < SUB_COUNT ? words[subclass] : "";
}

/* Does one address stand for the sender of this path? Then its host says more than the name of a whole hoster. */
static bool is_lone_host(const struct verdict *v, const struct path *path)
{
	const struct named_source *source = &v->sources[path->source];

	if (source->method != METHOD_HOST || !path->host_confirmed || !path->host.n)
		return false;
	if (path->sender == NO_INDEX)
		return path->addresses == 1;
	return !span_is(v->senders[path->sender].mark, source->id);
}

void words_source(const struct pen *pen, const struct assessment *a, uint32_t index)
{
	const struct path *path = &a->verdict->paths[index];
	const struct named_source *source = &a->verdict->sources[path->source];
	char address[ADDRESS_TEXT];

	if (is_lone_host(a->verdict, path))
		pen_host(pen, path->host);
	else if (source->method == METHOD_PREFIX && path->addresses == 1)
		pen_say(pen, "%s", address_format(&path->address, address));
	else
		pen_host(pen, source->name.n ? source->name : source->id);
}

void words_sender(const struct pen *pen, const struct assessment *a, uint32_t index)
{
	const struct sender *s = &a->verdict->senders[index];
	const struct named_source *source = &a->verdict->sources[s->source];
	struct span domain = a->options->domain.name, from = s->header_from;

	words_source(pen, a, s->path);
	if (span_is_nocase(from, domain) || span_is_nocase(from, source->name) || from.n <= domain.n)
		return;
	pen_say(pen, " (");
	pen_host(pen, (struct span){ from.p, from.n - domain.n });
	pen_say(pen, ")");
}

void words_subject(const struct pen *pen, const struct assessment *a, struct span subject, uint32_t sender)
{
	if (sender == NO_INDEX)
		pen_host(pen, subject);
	else
		words_sender(pen, a, sender);
}

/* ---- alerts */

void words_alert_name(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	if (alert->kind == ALERT_FORGED_BURST)
		pen_say(pen, "forged burst");
	else if (alert->kind == ALERT_UNVERIFIED_LEAD)
		pen_say(pen, "reports that do not count");
	else if (alert->kind >= ALERT_KEY_MISSING && alert->kind != ALERT_SEES_OTHER_POLICY && alert->key.n) {
		pen_say(pen, "key ");
		pen_host(pen, alert->key);
	} else
		words_subject(pen, a, alert->subject, alert->sender);
}

static void say_since(const struct pen *pen, int64_t day)
{
	if (day != MOMENT_NONE)
		pen_say(pen, ", since %s", weekday_text(day).p);
}

static void say_change(const struct pen *pen, const struct assessment *a, const char *what, const struct alert *alert)
{
	pen_say(pen, "%s %s ", what, ratio_text(alert->before).p);
	pen_symbol(pen, SYMBOL_ARROW);
	pen_say(pen, " %s", ratio_text(alert->now).p);
	say_since(pen, alert->since);
	pen_say(pen, ", %s", counted_text(alert->messages, "message", "messages").p);
	if (alert->since != MOMENT_NONE && alert->since <= a->verdict->last_day - WEEK)
		pen_say(pen, " this week");
}

/* A run of a sender that seldom sends is compared with nothing. */
static void say_rise(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	if (a->verdict->senders[alert->sender].before.messages && alert->now > alert->before) {
		say_change(pen, a, "failing", alert);
		return;
	}
	pen_say(pen, "failing %s", ratio_text(alert->now).p);
	say_since(pen, alert->since);
	pen_say(pen, ", %s under an enforced policy", counted_text(alert->messages, "message", "messages").p);
}

static void say_days(const struct pen *pen, int64_t since, int64_t until)
{
	if (since == MOMENT_NONE)
		return;
	if (until == MOMENT_NONE || until == since) {
		pen_say(pen, " on %s", weekday_text(since).p);
		return;
	}
	pen_say(pen, " from %s to ", weekday_text(since).p);
	pen_say(pen, "%s", weekday_text(until).p);
}

static void say_key_alert(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	const struct published_key *published = published_key_of(&a->rows->published, alert->subject, alert->key);

	switch (alert->kind) {
	case ALERT_KEY_MISSING:
		pen_say(pen, published && published->revoked ? "is revoked in the DNS" : "is gone from the DNS");
		pen_say(pen, ": mail signed with it now counts as unsigned");
		break;
	case ALERT_KEY_WEAK:
		pen_say(pen, "is shorter than 1024 bit; receivers take its mail as unsigned");
		break;
	case ALERT_KEY_TESTING:
		pen_say(pen, "is in test mode (t=y); receivers may take its mail as unsigned");
		break;
	case ALERT_KEY_HOME_MOVED:
		pen_say(pen, "is now used mostly from another place than before");
		break;
	case ALERT_KEY_NEW:
		pen_say(pen, "is new");
		say_since(pen, alert->since);
		break;
	default:
		pen_say(pen, "has not been seen");
		if (alert->until != MOMENT_NONE)
			pen_say(pen, " since %s", weekday_text(alert->until).p);
		return;
	}
	pen_say(pen, ", %s this week", counted_text(alert->messages, "message", "messages").p);
}

/* The one receiver that saw a path; absent when there are several. */
static struct span lone_reporter(const struct assessment *a, uint32_t path)
{
	const struct verdict *v = a->verdict;
	struct span name = SPAN_ABSENT;

	for (uint32_t k = path < v->path_rows_n ? v->path_starts[path] : 0;
		path < v->path_rows_n && k < v->path_starts[path + 1]; k++) {
		const struct observed_traffic *row = &a->rows->traffic[v->path_rows[k]];
		struct span one = v->reporters[v->reports[row->report].reporter].name;

		if (name.p && !span_is(name, one))
			return SPAN_ABSENT;
		name = one;
	}
	return name;
}

static void say_burst(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	const struct path *path = &a->verdict->paths[alert->path];
	struct span reporter = lone_reporter(a, alert->path);
	char text[ADDRESS_TEXT];

	pen_say(pen, "%s forged", counted_text(alert->messages, "message", "messages").p);
	say_days(pen, alert->since, alert->until);
	if (path->addresses == 1) {
		address_format(&path->address, text);
		pen_say(pen, ", from one host, %s", text);
	} else {
		pen_say(pen, ", from %s", counted_text(path->addresses, "address", "addresses").p);
	}
	if (a->verdict->sources[path->source].method != METHOD_SCATTER &&
		(path->addresses != 1 || !span_is(alert->subject, span_of(text)))) {
		pen_say(pen, " (");
		pen_host(pen, alert->subject);
		pen_say(pen, ")");
	}
	if (reporter.n) {
		pen_say(pen, ", seen by ");
		pen_host(pen, reporter);
	}
}

static void say_domain_alert(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	switch (alert->kind) {
	case ALERT_PARKED_SENDS:
		pen_say(pen, "sends nothing, by its records; yet %s passed",
			counted_text(alert->messages, "message", "messages").p);
		break;
	case ALERT_POLICY_CHANGED:
		pen_say(pen, "policy changed to ");
		words_record(pen, &a->verdict->seen);
		say_days(pen, alert->since, MOMENT_NONE);
		break;
	case ALERT_SEES_OTHER_POLICY:
		pen_say(pen, "saw another policy than all others: %s",
			counted_text(alert->messages, "report", "reports").p);
		break;
	case ALERT_REPORTER_GONE:
		pen_say(pen, "has sent no report");
		if (alert->since != MOMENT_NONE)
			pen_say(pen, " since %s", weekday_text(alert->since).p);
		break;
	case ALERT_UNVERIFIED_LEAD:
		pen_say(pen, "would change the verdict if they did");
		break;
	default:
		say_burst(pen, a, alert);
	}
}

void words_alert(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	switch (alert->kind) {
	case ALERT_DKIM_LOST:
		say_change(pen, a, "signed", alert);
		break;
	case ALERT_SPF_LOST:
		say_change(pen, a, "SPF", alert);
		break;
	case ALERT_FAIL_RISE:
		say_rise(pen, a, alert);
		break;
	case ALERT_NEW_UNSIGNED:
		pen_say(pen, "new, not signed by you");
		say_since(pen, alert->since);
		pen_say(pen, ", %s", counted_text(alert->messages, "message", "messages").p);
		break;
	case ALERT_MISSED:
		pen_say(pen, "expected about %s, nothing seen", day_text(alert->since).p);
		break;
	case ALERT_GONE:
		pen_say(pen, "%s this week, ", counted_text(alert->messages, "message", "messages").p);
		pen_say(pen, "about %s a week before", count_text((uint64_t)(alert->before + 0.5)).p);
		break;
	case ALERT_KEY_MISSING:
	case ALERT_KEY_WEAK:
	case ALERT_KEY_TESTING:
	case ALERT_KEY_HOME_MOVED:
	case ALERT_KEY_NEW:
	case ALERT_KEY_GONE:
		say_key_alert(pen, a, alert);
		break;
	default:
		say_domain_alert(pen, a, alert);
	}
}

void words_alert_action(const struct pen *pen, const struct assessment *a, const struct alert *alert)
{
	const struct verdict *v = a->verdict;
	const struct sender *s = alert->kind == ALERT_DKIM_LOST ? &v->senders[alert->sender] : NULL;

	if (s && published_key_gone(published_key_of(&a->rows->published, s->key_domain, s->key))) {
		words_publish_key(pen, s->key, s->key_domain);
		return;
	}

	if (alert->kind == ALERT_KEY_MISSING)
		words_publish_key(pen, alert->key, alert->subject);
	else if (alert->kind == ALERT_KEY_TESTING)
		pen_say(pen, "When the trial is over, take t=y out of its record.");
	else if (alert->kind == ALERT_KEY_WEAK)
		pen_say(pen, "Sign with a new key of 2048 bit, under a new name.");
	for (size_t i = 0; i < v->steps_n && alert->sender != NO_INDEX; i++) {
		if (v->steps[i].sender != alert->sender)
			continue;
		if (v->steps[i].kind == STEP_DECIDE) {
			words_step_reason(pen, a, &v->steps[i]);
			pen_say(pen, " ");
		}
		words_step_action(pen, a, &v->steps[i]);
	}
}

const char *words_alert_end(enum alert_kind kind)
{
	static const char *const ends[ALERT_COUNT] = {
		[ALERT_PARKED_SENDS] = "no mail in its name any more",
		[ALERT_DKIM_LOST] = "signed no less than in the weeks before",
		[ALERT_SPF_LOST] = "SPF passes no less than in the weeks before",
		[ALERT_FAIL_RISE] = "fails no more than in the weeks before",
		[ALERT_NEW_UNSIGNED] = "no longer new, or signed now",
		[ALERT_MISSED] = "seen again, or no longer expected",
		[ALERT_KEY_MISSING] = "missing, and published again or no longer used",
		[ALERT_KEY_WEAK] = "weak, and no longer seen so",
		[ALERT_KEY_TESTING] = "in testing mode, and no longer seen so",
		[ALERT_KEY_HOME_MOVED] = "no longer seen to move",
		[ALERT_SEES_OTHER_POLICY] = "receivers no longer see another policy",
	};

	return kind < ALERT_COUNT && ends[kind] ? ends[kind] : "over";
}

bool words_is_quiet(const struct verdict *v)
{
	for (size_t i = 0; i < v->alerts_n; i++)
		if (v->alerts[i].kind == ALERT_NEW_UNSIGNED)
			return false;
	return v->measures.quiet_days >= WEEK && !v->measures.parked;
}

void words_quiet(const struct pen *pen, const struct verdict *v)
{
	pen_say(pen, "o new unsigned sender of your own %s %s", v->measures.never_surprised ? "in all" : "for",
		counted_text((uint64_t)v->measures.quiet_days, "day", "days").p);
}
