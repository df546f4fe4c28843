/* How the verdict was reached, what is excepted, what to publish next. */
#include "report/readiness_words.h"

#include "report/assess/policy.h"

#include <math.h>

#define SUBJECTS_SHOWN 3
#define KEYLESS_LEAST 20 /* forwarded messages without any signature of yours ... */
#define KEYLESS_SIGNED 0.98 /* ... of a domain that signs so much */

const char *words_gate(unsigned number)
{
	static const char *const words[GATES + 1] = { "", "Enough days and receivers",
		"Enough messages for a safe estimate", "Own mail that would be lost", "No sender of yours failing",
		"Own mail signed by you", "Nothing left undecided", "Forwarded mail lost", "Days at the stage before",
		"No surprise sender lately", "DMARC, SPF and DKIM records sound", "Subdomains that inherit the policy",
		"Knowingly accepted loss" };

	return number <= GATES ? words[number] : "";
}

enum gate_state words_gate_state(const struct verdict *v, unsigned number)
{
	enum gate_state state = GATE_HOLDS;

	for (size_t i = 0; i < v->decision.gates_n; i++) {
		const struct gate *gate = &v->decision.gates[i];

		if (gate->number == number && (gate->state == GATE_FAILS || state == GATE_HOLDS))
			state = gate->state;
	}
	return state;
}

static const struct gate *gate_first(const struct verdict *v, unsigned number)
{
	for (size_t i = 0; i < v->decision.gates_n; i++)
		if (v->decision.gates[i].number == number)
			return &v->decision.gates[i];
	return NULL;
}

/* The subjects a gate fails for, behind `before`, with their first value: a share, or messages. */
static bool say_subjects(
	const struct pen *pen, const struct assessment *a, unsigned number, bool senders, const char *before)
{
	const struct verdict *v = a->verdict;
	unsigned said = 0, more = 0;

	for (size_t i = 0; i < v->decision.gates_n; i++) {
		const struct gate *gate = &v->decision.gates[i];

		if (gate->number != number || !gate->subject.n)
			continue;
		if (said == SUBJECTS_SHOWN) {
			more++;
			continue;
		}
		pen_say(pen, "%s", said++ ? ", " : before);
		words_subject(pen, a, gate->subject, senders ? verdict_sender(v, gate->subject) : NO_INDEX);
		if (gate->values_n && senders)
			pen_say(pen, " %s",
				number == 6 ? count_text((uint64_t)gate->values[0].value).p
					    : ratio_text(gate->values[0].value).p);
	}
	if (more)
		pen_say(pen, ", %u more", more);
	return said > 0;
}

static struct long_text days_text(double days)
{
	return counted_text((uint64_t)days, "day", "days");
}

static void found_coverage(const struct pen *pen, const struct verdict *v)
{
	const struct measures *m = &v->measures;

	if (v->history_first == MOMENT_NONE) {
		pen_say(pen, "no report that counts");
		return;
	}
	pen_say(pen, "%s, ",
		m->window > 35 ? counted_text((uint64_t)m->days, "day", "days").p
			       : counted_text((uint64_t)m->days, "weekday", "weekdays").p);
	pen_say(pen, "%s, ", counted_text(m->witnesses, "receiver", "receivers").p);
	pen_say(pen, "%s of history, newest ", days_text((double)m->history).p);
	pen_say(pen, "%s old", days_text((double)m->age).p);
	if (!m->month_edge)
		pen_say(pen, ", no end of a month");
}

static void found_records(const struct pen *pen, const struct assessment *a)
{
	const struct measures *m = &a->verdict->measures;

	if (m->records_unchecked)
		pen_say(pen, "not checked");
	else if (say_subjects(pen, a, 10, false, ""))
		return;
	else if (m->record_warnings_n == 0)
		pen_say(pen, "sound");
	for (size_t i = 0; i < m->record_warnings_n && i < SUBJECTS_SHOWN; i++) {
		pen_say(pen, "%s", i ? ", " : "");
		pen_name(pen, m->record_warnings[i]);
	}
}

static void found_time(const struct pen *pen, const struct measures *m, unsigned number)
{
	if (number == 8) {
		pen_say(pen, "%s at quarantine or stricter", days_text((double)m->stage_days).p);
		return;
	}
	pen_say(pen, "%s", counted_text((uint64_t)m->quiet_days, "quiet day", "quiet days").p);
	if (m->critical_alert)
		pen_say(pen, ", a critical alert is open");
}

static void found_loss(const struct pen *pen, const struct measures *m)
{
	if (m->own)
		pen_say(pen, "%s, surely at most %s", ratio_text(m->own_loss).p, ratio_text(m->own_upper).p);
	else
		pen_say(pen, "no mail of your own");
}

static void found_signed(const struct pen *pen, const struct assessment *a)
{
	if (!a->verdict->measures.own) {
		pen_say(pen, "no mail of your own");
		return;
	}
	pen_say(pen, "%s", ratio_text(a->verdict->measures.dkim_share).p);
	say_subjects(pen, a, 5, true, "; ");
}

static double value_of(const struct gate *gate, const char *name, double *limit)
{
	for (size_t i = 0; gate && i < gate->values_n; i++)
		if (span_is(span_of(gate->values[i].name), span_of(name))) {
			*limit = gate->values[i].limit;
			return gate->values[i].value;
		}
	*limit = 0;
	return 0;
}

/* Messages enough, and little of them fails; but a bound on that takes more of them. */
static bool bound_is_wide(const struct verdict *v, double *upper, double *most)
{
	const struct gate *gate = gate_first(v, 2);
	double least, evidence = value_of(gate, "evidence", &least);

	*upper = value_of(gate, "upper95", most);
	return gate && gate->state == GATE_NO_DATA && v->measures.own && evidence >= least && *upper > *most;
}

static uint64_t evidence_needed(const struct verdict *v)
{
	for (size_t i = 0; i < v->steps_n; i++)
		if (v->steps[i].kind == STEP_GATHER)
			return v->steps[i].needed;
	return 0;
}

void words_gate_found(const struct pen *pen, const struct assessment *a, unsigned number)
{
	const struct measures *m = &a->verdict->measures;
	const struct gate *gate = gate_first(a->verdict, number);
	double upper, most;

	switch (number) {
	case 1:
		found_coverage(pen, a->verdict);
		break;
	case 2:
		pen_say(pen, "%s", counted_text(m->own_evidence, "piece of evidence", "pieces of evidence").p);
		if (bound_is_wide(a->verdict, &upper, &most))
			pen_say(pen, ", by which up to %s could fail", ratio_text(upper).p);
		break;
	case 3:
		found_loss(pen, m);
		break;
	case 4:
		if (!say_subjects(pen, a, 4, true, ""))
			pen_say(pen, "none above");
		break;
	case 5:
		found_signed(pen, a);
		break;
	case 6:
		pen_say(pen, "%s", ratio_text(m->undecided_share).p);
		say_subjects(pen, a, 6, true, "; ");
		break;
	case 7:
		pen_say(pen, "%s", ratio_text(m->forward_loss).p);
		break;
	case 8:
	case 9:
		found_time(pen, m, number);
		break;
	case 10:
		found_records(pen, a);
		break;
	case 11:
		if (!say_subjects(pen, a, 11, false, ""))
			pen_say(pen, "all pass");
		break;
	default:
		pen_say(pen, "%s", gate && gate->values_n ? ratio_text(gate->values[0].value).p : "0 %");
	}
}

/* As it stands in the configuration: `1 %`, `0.2 %`. */
static struct short_text limit_text(double share)
{
	struct short_text text;

	snprintf(text.p, sizeof text.p, "%.4g %%", share * 100);
	return text;
}

/* A source with so many messages is not left undecided. */
static double undecided_most(const struct assessment *a)
{
	const struct measures *m = &a->verdict->measures;
	double part = a->options->limits.undecided_part * (double)(m->own + m->forwarded);

	return part > a->options->limits.undecided_source ? part : a->options->limits.undecided_source;
}

static void limit_coverage(const struct pen *pen, const struct assessment *a, const struct target_limits *t)
{
	const struct assess_limits *limits = &a->options->limits;
	bool wide = a->verdict->window > 35;

	pen_say(pen, "at least %s, ",
		wide ? days_text(limits->wide_days).p
		     : counted_text((uint64_t)t->days, "weekday", "weekdays").p);
	pen_say(pen, "%s, %s of history; newest at most %s old",
		counted_text((uint64_t)limits->reporters, "receiver", "receivers").p, days_text(t->history).p,
		days_text(limits->fresh_days).p);
}

void words_gate_limit(const struct pen *pen, const struct assessment *a, unsigned number)
{
	bool later = words_gate_state(a->verdict, number) == GATE_NOT_ASKED;
	const struct target_limits *t = limits_of(&a->options->limits, later ? TARGET_REJECT : a->verdict->target);
	double upper, most;

	if (later)
		pen_say(pen, "only for p=reject: ");
	switch (number) {
	case 1:
		limit_coverage(pen, a, t);
		break;
	case 2:
		pen_say(pen, "at least %s", count_text((uint64_t)t->evidence).p);
		if (bound_is_wide(a->verdict, &upper, &most))
			pen_say(pen, ", and as many as show that at most %s fail", limit_text(most).p);
		break;
	case 3:
		pen_say(pen, "at most %s, surely at most %s", limit_text(t->own_loss).p, limit_text(t->own_upper).p);
		break;
	case 4:
		pen_say(pen, "at most %s each", limit_text(t->sender_loss).p);
		break;
	case 5:
		pen_say(pen, "at least %s, each sender %s", limit_text(t->dkim_share).p, limit_text(t->sender_dkim).p);
		break;
	case 6:
		pen_say(pen, "at most %s; no source with %s", limit_text(t->undecided_share).p,
			counted_text((uint64_t)ceil(undecided_most(a)), "message", "messages").p);
		break;
	case 7:
		pen_say(pen, "at most %s", limit_text(t->forward_loss).p);
		break;
	case 8:
	case 9:
		pen_say(pen, "at least %s", days_text(number == 8 ? t->stage_days : t->quiet_days).p);
		break;
	case 10:
		pen_say(pen, "no error");
		break;
	case 11:
		pen_say(pen, "all pass");
		break;
	default:
		pen_say(pen, "at most %s", limit_text(t->accepted_share).p);
	}
}

/* ---- too little data */

/* Values of a gate that ask for more than there is, each in a sentence. */
static const struct lack {
	unsigned gate;
	const char *name, *none, *before, *one, *many;
} lacks[] = {
	{ 1, "history", "Reports do not reach back a day", "Reports reach back only", "day", "days of history" },
	{ 1, "days", "Reports cover no weekday", "Reports cover only", "weekday", "weekdays" },
	{ 1, "reporters", "No receiver has told of mail of yours", "Reports come from only", "receiver", "receivers" },
	{ 2, "evidence", "Reports hold no evidence about your own mail", "Reports hold only", "piece of evidence",
		"pieces of evidence" },
};

/* Once the window was widened, any days do. */
static const char *lack_unit(const struct lack *lack, const struct verdict *v, double n)
{
	const char *unit = n == 1 ? lack->one : lack->many;

	return span_is(span_of(lack->name), SPAN("days")) && v->window > WINDOW_STANDARD ? unit + strlen("week") : unit;
}

/* One receiver is enough where it alone says much. */
static bool is_lacking(const struct assessment *a, const struct lack *lack, double *value, double *limit)
{
	const struct verdict *v = a->verdict;
	const struct gate *gate = gate_first(v, lack->gate);
	bool lone = span_is(span_of(lack->name), SPAN("reporters")) &&
		    (double)v->measures.own_evidence >= a->options->limits.lone_evidence;

	*value = value_of(gate, lack->name, limit);
	return gate && gate->state == GATE_NO_DATA && *value < *limit && !lone;
}

bool words_unheard(const struct assessment *a)
{
	const struct published *published = &a->rows->published;

	return a->verdict->history_first == MOMENT_NONE && !words_came(a->verdict) &&
	       (!published->checked || (!published->dmarc_records && !published->covered_by.n));
}

void words_missing(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const char *before = "";
	double value, limit;

	if (v->history_first == MOMENT_NONE)
		return;
	for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
		if (!is_lacking(a, &lacks[i], &value, &limit))
			continue;
		if (value > 0)
			pen_say(pen, "%s%s %.0f %s, and %.0f are needed.", before, lacks[i].before, value,
				lack_unit(&lacks[i], v, value), limit);
		else
			pen_say(pen, "%s%s: %.0f %s are needed.", before, lacks[i].none, limit,
				lack_unit(&lacks[i], v, limit));
		before = " ";
	}
	value = value_of(gate_first(v, 2), "upper95", &limit);
	if (value > limit && v->measures.own)
		pen_say(pen, "%sUp to %s could fail, and %s is the limit.", before, ratio_text(value).p,
			ratio_text(limit).p);
}

void words_lacking(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct gate *coverage = gate_first(v, 1);
	double value, limit;
	const char *before = "";

	for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
		if (!is_lacking(a, &lacks[i], &value, &limit))
			continue;
		pen_say(pen, "%s%.0f of %.0f %s", before, value, limit, lack_unit(&lacks[i], v, limit));
		before = ", ";
	}
	if (!v->measures.month_edge) {
		pen_say(pen, "%sno end of a month", before);
		before = ", ";
	}
	value = value_of(coverage, "age", &limit);
	if (value > limit) {
		pen_say(pen, "%snewest %s old", before, days_text(value).p);
		before = ", ";
	}
	if (!*before)
		words_gate_found(pen, a, 2);
}

/* Time alone helps where only days are missing and reports still come. */
void words_gather(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct gate *days = gate_first(v, 1), *evidence = gate_first(v, 2);
	double history, needed, age, most, upper, limit;

	history = value_of(days, "history", &needed);
	age = value_of(days, "age", &most);
	if (v->history_first == MOMENT_NONE && v->not_counted[USE_LEAD_STANDING])
		pen_say(pen,
			"Wait until their senders have reported on 4 days over 14, or name them in known_reporters");
	else if (v->history_first == MOMENT_NONE)
		pen_say(pen, "Have reports sent to you (rua=), and store them: dmarcgate ingest");
	else if (age > most)
		pen_say(pen, "See why no reports come any more");
	else if (history < needed && evidence && evidence->state == GATE_HOLDS)
		pen_say(pen, "Wait %s", counted_text((uint64_t)(needed - history), "more day", "more days").p);
	else if (bound_is_wide(v, &upper, &limit))
		pen_say(pen, "Wait for reports of about %s: what fails is little enough, but too few were seen to be sure",
			counted_text(evidence_needed(v), "more message", "more messages").p);
	else if (a->rows->published.spf_only_all && !v->measures.own)
		pen_say(pen, "If it sends no mail, as its SPF record says, set profile = parked for it in dmarcgate.conf");
	else
		pen_say(pen, "Send one message from every system you use to Gmail, Outlook and Yahoo, on six days");
}

/* ---- exceptions */

static void say_forwarding(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	unsigned lists = 0, gateways = 0, others = 0;
	uint64_t keyless = 0;

	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];
		enum sender_kind kind = v->sources[path->source].kind;

		if (path->fate != FATE_FORWARDED || !path_kind_fails(path->kind) || !path->messages)
			continue;
		keyless += path->kind == KIND_BROKEN ? 0 : path->messages;
		lists += kind == SENDER_LIST;
		gateways += kind == SENDER_GATEWAY;
		others += kind != SENDER_LIST && kind != SENDER_GATEWAY;
	}
	pen_say(pen, "forwarding, %s ", counted_text(v->measures.forwarded_fails, "message", "messages").p);
	pen_say(pen, "(%s) through", ratio_text(v->measures.forward_loss).p);
	if (lists)
		pen_say(pen, " %u %s", lists, plural(lists, "list", "lists"));
	if (gateways)
		pen_say(pen, "%s %u %s", lists ? others ? "," : " and" : "", gateways,
			plural(gateways, "gateway", "gateways"));
	if (others)
		pen_say(pen, "%s %u %s", lists || gateways ? " and" : "", others,
			plural(others, "forwarder", "forwarders"));
	if (keyless >= KEYLESS_LEAST && v->measures.dkim_share >= KEYLESS_SIGNED)
		pen_say(pen, ", %s without a signature of yours, though your servers sign: does a system of yours send through them?",
			keyless == v->measures.forwarded_fails ? "all" : count_text(keyless).p);
}

static void say_silent(const struct pen *pen, const struct assessment *a, struct span subject)
{
	uint32_t index = verdict_sender(a->verdict, subject);
	const struct sender *s = index == NO_INDEX ? NULL : &a->verdict->senders[index];

	if (s)
		pen_say(pen, "failing when last seen on %s%s%s%s: ", day_text(s->last_day).p, s->next_day == MOMENT_NONE ? "" : ", due again about ",
			s->next_day == MOMENT_NONE ? "" : day_text(s->next_day).p, s->fate == FATE_UNDECIDED ? ", not decided" : "");
}

void words_exception(const struct pen *pen, const struct assessment *a, const struct exception *e)
{
	static const char *const words[EXCEPT_COUNT] = {
		[EXCEPT_ONE_REPORTER] = "all reports come from one receiver",
		[EXCEPT_THIN_EVIDENCE] = "thin evidence, even over half a year",
		[EXCEPT_ACCEPTED] = "you accepted the loss of ",
		[EXCEPT_THIN] = "too few messages to judge ",
		[EXCEPT_UNDECIDED] = "still undecided, though reviewed: ",
		[EXCEPT_RECORDS] = "published records: ",
		[EXCEPT_UNAUTHENTICATED] = "reports not authenticated: who wrote them is not proven",
		[EXCEPT_HARDLY_REPORTED] = "hardly any receiver reports on ",
		[EXCEPT_UNCHECKED] = "published records not checked",
		[EXCEPT_QUARTERLY] = "history is too short for mail that is sent every quarter: think of statements, "
				     "then say dmarcgate attest quarterly",
		[EXCEPT_LISTS] = "people who post to mailing lists: RFC 9989 advises against p=reject for them; if "
				 "nobody does, say dmarcgate attest lists",
	};

	if (e->kind == EXCEPT_FORWARDING) {
		say_forwarding(pen, a);
		return;
	}
	if (e->kind == EXCEPT_SCATTERED) {
		words_scattered(pen, a->verdict);
		return;
	}
	if (e->kind == EXCEPT_SILENT)
		say_silent(pen, a, e->subject);
	pen_say(pen, "%s", e->kind < EXCEPT_COUNT && words[e->kind] ? words[e->kind] : "");
	if (e->subject.n)
		words_subject(
			pen, a, e->subject, e->kind == EXCEPT_RECORDS ? NO_INDEX : verdict_sender(a->verdict, e->subject));
}

/* ---- simulations and the next record */

const char *words_treatment(const struct simulation *simulation)
{
	return simulation->policy.p == REQUEST_REJECT	    ? "refused"
	       : simulation->policy.p == REQUEST_QUARANTINE ? "to spam"
							    : "delivered";
}

/* The steps of the target: what must be done before the record is published. */
static void say_steps(const struct pen *pen, const struct verdict *v)
{
	unsigned last = 0;

	for (size_t i = 0; i < v->steps_n; i++)
		last = v->steps[i].later ? last : v->steps[i].rank;
	if (last > 1) {
		pen_say(pen, "steps 1");
		pen_dash(pen);
		pen_say(pen, "%u", last);
	} else {
		pen_say(pen, "step 1");
	}
}

static void say_keep(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	if (published_unread(&a->rows->published)) {
		pen_say(pen, "Mend the published record first: receivers find none that is valid.");
		return;
	}
	pen_say(pen, "Keep ");
	words_now(pen, a);
	pen_say(pen, ".");
	if (!v->next.record.n)
		return;
	if (v->steps_n && !v->steps[0].later) {
		pen_say(pen, " After ");
		say_steps(pen, v);
		pen_say(pen, ", publish");
	} else {
		pen_say(pen, " Once it is ready, publish");
	}
}

static bool is_trial(const struct next_record *next)
{
	return span_find_nocase(next->record, SPAN("t=y")) >= 0;
}

static void say_forward(const struct pen *pen, const struct assessment *a)
{
	const struct next_record *next = &a->verdict->next;

	if (a->verdict->measures.parked) {
		pen_say(pen, "Publish, for good");
		return;
	}
	pen_say(pen, "Publish");
	if (next->not_before != MOMENT_NONE)
		pen_say(pen, " from %s on, when the %s is over", weekday_text(next->not_before).p,
			next->on_trial ? "trial" : "next run of a monthly sender");
	if (next->hold_days)
		pen_say(pen, ", hold %u days%s", next->hold_days, is_trial(next) ? ", then drop t=y and pct=0" : "");
	else
		pen_say(pen, "; it stays");
}

/* Whoever copies a record without its rua= gets no more reports. */
static void say_what_follows(const struct pen *pen, const struct assessment *a)
{
	const struct next_record *next = &a->verdict->next;

	if (!next->record.n)
		return;
	if (!a->rows->published.checked && next->stage != STAGE_NO_RECORD)
		pen_say(pen, " (add rua= and the other tags of your present record: it was not looked at)");
	pen_say(pen, ":");
}

void words_next(const struct pen *pen, const struct assessment *a)
{
	switch (a->verdict->next.kind) {
	case NEXT_FORWARD:
		say_forward(pen, a);
		break;
	case NEXT_BACK:
		pen_say(pen, "A sender of yours broke while the policy is enforced. One step back until the alert is "
			     "closed; publish");
		break;
	case NEXT_FIRST:
		pen_say(pen, "Publish a first record; it asks for reports and changes nothing else");
		break;
	case NEXT_SILENT:
		if (a->rows->published.covered_by.n) {
			pen_say(pen, "Nothing: it has no record of its own, and that of ");
			pen_name(pen, a->rows->published.covered_by);
			pen_say(pen, " covers it. Reports about its mail come under that domain.");
			break;
		}
		if (!a->rows->published.checked && words_unheard(a)) {
			pen_say(pen, "Nothing yet: what it publishes was not looked at. This does: ");
			words_lint(pen, a);
			break;
		}
		pen_say(pen, "Keep what is published: silence is no reason to weaken it.");
		break;
	default:
		say_keep(pen, a);
	}
	say_what_follows(pen, a);
}

void words_next_why(const struct pen *pen, const struct assessment *a)
{
	const struct next_record *next = &a->verdict->next;

	if (is_trial(next))
		pen_say(pen,
			"A trial: receivers of RFC 9989 read t=y, older ones pct=0, and both treat failing mail one "
			"level milder. Lists and forwarders that rewrite From begin to do so. ");
	if (next->sp_none)
		pen_say(pen, "sp=none spares the subdomains until they pass by themselves. ");
	if (next->rollback.n && a->rows->published.checked) {
		pen_say(pen, "To go back: ");
		pen_code(pen, next->rollback);
	}
}
