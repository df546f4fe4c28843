#include "report/assess/gate.h"

#include "report/assess/bound.h"
#include "report/assess/work.h"

#include <math.h>
#include <stdlib.h>

#define WINDOW_WIDEST 180
#define HAIR 1e-9 /* keeps a product of exact counts from being rounded up to the next whole message */

const char *const gate_names[GATES + 1] = { "", "coverage", "evidence", "own loss", "each sender", "signed by you",
	"undecided", "forwarding", "stage", "stability", "records", "subdomains", "accepted loss" };

const char *gate_state_word(enum gate_state state)
{
	static const char *const words[GATE_STATE_COUNT] = { "holds", "fails", "no-data", "not-asked" };

	return state < GATE_STATE_COUNT ? words[state] : "";
}

const char *exception_word(enum exception_kind kind)
{
	static const char *const words[EXCEPT_COUNT] = { "one reporter", "thin evidence", "accepted", "thin",
		"undecided", "forwarding", "dns", "reports not authenticated", "hardly reported", "records not checked",
		"attest: quarterly senders", "silent", "attest: posts to lists",
		"scattered" };

	return kind < EXCEPT_COUNT ? words[kind] : "";
}

const char *verdict_word(enum verdict_word word)
{
	static const char *const words[VERDICT_COUNT] = { "ready", "ready-with-exceptions", "not-ready",
		"not-enough-data" };

	return word < VERDICT_COUNT ? words[word] : "";
}

/* What the gates write into; arrays are as large as they can ever become. */
struct ruling {
	const struct measures *m;
	const struct assess_limits *limits;
	const struct target_limits *t;
	enum target target;
	struct arena *arena;
	struct gate *gates, spare; /* what memory is short for goes to the spare one */
	size_t gates_n, gates_room;
	struct exception *exceptions;
	size_t exceptions_n, exceptions_room;
	bool wide, thin; /* the widest window; and its evidence, though thin, shows no failure */
	uint64_t accepted, accepted_fails, accepted_dkim;
};

static struct gate *gate_add(struct ruling *r, unsigned number, enum gate_state state)
{
	struct gate *gates = array_grow(r->arena, r->gates, r->gates_n, &r->gates_room, sizeof *gates);
	struct gate *gate = gates ? &gates[r->gates_n++] : &r->spare;

	if (gates)
		r->gates = gates;
	*gate = (struct gate){ .number = number, .state = state };
	return gate;
}

static void gate_about(struct gate *gate, const char *name, double value, double limit, bool at_least)
{
	gate->values[gate->values_n++] = (struct gate_value){ name, value, limit, at_least };
}

static void except(struct ruling *r, enum exception_kind kind, struct span subject)
{
	struct exception *exceptions =
		array_grow(r->arena, r->exceptions, r->exceptions_n, &r->exceptions_room, sizeof *exceptions);

	if (!exceptions)
		return;
	r->exceptions = exceptions;
	exceptions[r->exceptions_n++] = (struct exception){ kind, subject };
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The raw share is the estimate, the capped evidence sets the width. */
static double loss_upper(double loss, uint64_t evidence)
{
	return bound_upper((uint64_t)ceil(loss * (double)evidence - HAIR), evidence);
}

void measures_share(struct measures *m)
{
	uint64_t legit = m->own + m->forwarded;

	m->own_loss = share(m->own_fails, m->own);
	m->own_upper = loss_upper(m->own_loss, m->own_evidence);
	m->forward_loss = share(m->forwarded_fails, legit);
	m->undecided_share = share(m->undecided, legit + m->undecided);
	m->worst_loss = share(m->own_fails + m->forwarded_fails + m->undecided, legit + m->undecided);
	m->dkim_share = share(m->own_dkim, m->own);
}

static void rule_coverage(struct ruling *r)
{
	const struct measures *m = r->m;
	double days = m->window <= WINDOW_STANDARD ? r->t->days : r->limits->wide_days;
	bool few = (double)m->witnesses < r->limits->reporters && (double)m->own_evidence < r->limits->lone_evidence;
	bool short_ = (double)m->history < r->t->history || (double)m->days < days || !m->month_edge ||
		      (double)m->age > r->limits->fresh_days;
	struct gate *gate;

	if (few && r->wide)
		except(r, EXCEPT_ONE_REPORTER, SPAN_ABSENT);
	gate = gate_add(r, 1, short_ || (few && !r->wide) ? GATE_NO_DATA : GATE_HOLDS);
	gate_about(gate, "history", (double)m->history, r->t->history, true);
	gate_about(gate, "days", (double)m->days, days, true);
	gate_about(gate, "month_end", m->month_edge, 1, true);
	gate_about(gate, "age", (double)m->age, r->limits->fresh_days, false);
	gate_about(gate, "reporters", (double)m->witnesses, r->limits->reporters, true);
}

/* G2 and G3 together: a share that is fine but whose bound is not says that there is too little evidence. */
static void rule_loss(struct ruling *r)
{
	const struct measures *m = r->m;
	uint64_t fails = less(m->own_fails, r->accepted_fails);
	double loss = share(fails, m->own), upper = loss_upper(loss, m->own_evidence);
	bool too_much = loss > r->t->own_loss && (double)fails >= r->limits->own_fails, missing = false;
	bool unsure = loss > r->t->own_loss || upper > r->t->own_upper;
	struct gate *gate;

	if ((double)m->own_evidence < r->t->evidence) {
		if (r->thin)
			except(r, EXCEPT_THIN_EVIDENCE, SPAN_ABSENT);
		else
			missing = true;
	}
	if (!too_much && unsure && !r->thin)
		missing = true;
	gate = gate_add(r, 2, missing ? GATE_NO_DATA : GATE_HOLDS);
	gate_about(gate, "evidence", (double)m->own_evidence, r->t->evidence, true);
	if (!too_much) /* else more evidence would not help, and G3 says so */
		gate_about(gate, "upper95", upper, r->t->own_upper, false);
	gate = gate_add(r, 3, too_much ? GATE_FAILS : GATE_HOLDS);
	gate_about(gate, "loss", loss, r->t->own_loss, false);
	gate_about(gate, "upper95", upper, r->t->own_upper, false);
}

static bool sender_judged(const struct ruling *r, const struct sender_measure *s)
{
	return !s->accepted && s->messages && (double)s->messages >= r->limits->sender_messages;
}

static void rule_senders(struct ruling *r)
{
	bool failing = false;

	for (size_t i = 0; i < r->m->senders_n; i++) {
		const struct sender_measure *s = &r->m->senders[i];
		double limit = s->critical ? r->t->critical_loss : r->t->sender_loss;
		struct gate *gate;

		if (s->accepted && s->fails)
			except(r, EXCEPT_ACCEPTED, s->name);
		else if (!s->accepted && s->messages && !sender_judged(r, s))
			except(r, EXCEPT_THIN, s->name);
		if (!sender_judged(r, s) || s->doubtful || share(s->fails, s->messages) <= limit)
			continue;
		failing = true;
		gate = gate_add(r, 4, GATE_FAILS);
		gate->subject = s->name;
		gate_about(gate, "loss", share(s->fails, s->messages), limit, false);
	}
	if (!failing)
		gate_about(gate_add(r, 4, GATE_HOLDS), "loss", 0, r->t->sender_loss, false);
}

static void rule_signed(struct ruling *r)
{
	const struct measures *m = r->m;
	uint64_t own = less(m->own, r->accepted);
	double signed_share = share(less(m->own_dkim, r->accepted_dkim), own);
	bool failing = false, asked = r->t->dkim_share > 0 || r->t->sender_dkim > 0;
	struct gate *gate;

	for (size_t i = 0; i < m->senders_n; i++) {
		const struct sender_measure *s = &m->senders[i];

		if (!sender_judged(r, s) || share(s->dkim_ok, s->messages) >= r->t->sender_dkim)
			continue;
		failing = true;
		gate = gate_add(r, 5, GATE_FAILS);
		gate->subject = s->name;
		gate_about(gate, "signed", share(s->dkim_ok, s->messages), r->t->sender_dkim, true);
	}
	if (failing)
		return;
	gate = gate_add(r, 5,
		!asked					 ? GATE_NOT_ASKED
		: own && signed_share < r->t->dkim_share ? GATE_FAILS
							 : GATE_HOLDS);
	gate_about(gate, "signed", signed_share, r->t->dkim_share, true);
}

static void rule_undecided(struct ruling *r)
{
	const struct measures *m = r->m;
	uint64_t legit = m->own + m->forwarded;
	double part = r->limits->undecided_part * (double)legit, undecided = share(m->undecided, legit + m->undecided);
	double most = part > r->limits->undecided_source ? part : r->limits->undecided_source;
	bool over = legit && undecided > r->t->undecided_share, failing = false;
	struct gate *gate;

	if (over)
		gate_about(gate_add(r, 6, GATE_FAILS), "share", undecided, r->t->undecided_share, false);
	for (size_t i = 0; i < m->undecided_n; i++) {
		const struct undecided_measure *u = &m->undecided_sources[i];

		if ((double)u->messages < most || u->doubtful)
			continue;
		if (u->reviewed) {
			except(r, EXCEPT_UNDECIDED, u->name);
			continue;
		}
		failing = true;
		gate = gate_add(r, 6, GATE_FAILS);
		gate->subject = u->name;
		gate_about(gate, "messages", (double)u->messages, most, false);
	}
	if (!over && !failing)
		gate_about(gate_add(r, 6, GATE_HOLDS), "share", undecided, r->t->undecided_share, false);
}

static void rule_forwarding(struct ruling *r)
{
	const struct measures *m = r->m;
	double loss = share(m->forwarded_fails, m->own + m->forwarded), most = r->t->forward_loss;
	enum gate_state state = most >= 1 ? GATE_NOT_ASKED : GATE_HOLDS;

	if (m->transactional && r->limits->transactional_loss < most && most < 1)
		most = r->limits->transactional_loss;
	if (most < 1 && loss > most)
		state = GATE_FAILS;
	else if (loss > r->t->forward_named)
		except(r, EXCEPT_FORWARDING, SPAN_ABSENT);
	gate_about(gate_add(r, 7, state), "loss", loss, most, false);
}

static void rule_time(struct ruling *r)
{
	const struct measures *m = r->m;
	bool asked = r->t->stage_days > 0 && !m->transactional, loud = (double)m->quiet_days < r->t->quiet_days;
	enum gate_state early = m->history ? GATE_FAILS : GATE_NO_DATA; /* where nothing is reported, no stage is seen */
	struct gate *gate;

	gate = gate_add(r, 8,
		!asked					   ? GATE_NOT_ASKED
		: (double)m->stage_days < r->t->stage_days ? early
							   : GATE_HOLDS);
	gate_about(gate, "days", (double)m->stage_days, r->t->stage_days, true);
	/* Quiet days of too short a history are no surprise, and no proof that there will be none. */
	gate = gate_add(r, 9,
		m->critical_alert || (loud && !m->never_surprised) ? GATE_FAILS
		: loud						   ? GATE_NO_DATA
								   : GATE_HOLDS);
	gate_about(gate, "days", (double)m->quiet_days, r->t->quiet_days, true);
	gate_about(gate, "critical_alerts", m->critical_alert, 0, false);
}

static void rule_subjects(struct ruling *r, unsigned number, const struct span *subjects, size_t n)
{
	if (n == 0)
		gate_add(r, number, GATE_HOLDS);
	for (size_t i = 0; i < n; i++)
		gate_add(r, number, GATE_FAILS)->subject = subjects[i];
}

static void rule_accepted(struct ruling *r)
{
	double loss = share(r->accepted_fails, r->m->own);
	bool over = r->m->own && loss > r->t->accepted_share;

	gate_about(gate_add(r, 12, over ? GATE_FAILS : GATE_HOLDS), "share", loss, r->t->accepted_share, false);
}

static void name_rest(struct ruling *r)
{
	const struct measures *m = r->m;

	for (size_t i = 0; i < m->record_warnings_n; i++)
		except(r, EXCEPT_RECORDS, m->record_warnings[i]);
	if (m->trusted_share < r->limits->trusted_share)
		except(r, EXCEPT_UNAUTHENTICATED, SPAN_ABSENT);
	for (size_t i = 0; i < m->hardly_reported_n; i++)
		except(r, EXCEPT_HARDLY_REPORTED, m->hardly_reported[i]);
	for (size_t i = 0; i < m->silent_n; i++)
		except(r, EXCEPT_SILENT, m->silent[i]);
	if (m->records_unchecked)
		except(r, EXCEPT_UNCHECKED, SPAN_ABSENT);
	if (m->quarterly_unattested)
		except(r, EXCEPT_QUARTERLY, SPAN_ABSENT);
	if (m->lists_unattested && r->target == TARGET_REJECT)
		except(r, EXCEPT_LISTS, SPAN_ABSENT);
	if (share(m->scattered, add_up(m->own, m->scattered)) > r->t->own_loss)
		except(r, EXCEPT_SCATTERED, SPAN_ABSENT);
}

static int gate_order(const void *a, const void *b)
{
	const struct gate *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return span_compare(x->subject, y->subject);
}

/* Two senders may share a name; the gate then fails once. */
static size_t gates_unique(struct gate *gates, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (kept == 0 || gate_order(&gates[kept - 1], &gates[i]) != 0)
			gates[kept++] = gates[i];
	return kept;
}

static struct decision conclude(struct ruling *r)
{
	bool bad = false, missing = false;

	qsort(r->gates, r->gates_n, sizeof *r->gates, gate_order);
	r->gates_n = gates_unique(r->gates, r->gates_n);
	for (size_t i = 0; i < r->gates_n; i++) {
		bad |= r->gates[i].state == GATE_FAILS;
		missing |= r->gates[i].state == GATE_NO_DATA;
	}
	return (struct decision){ .word = bad		    ? VERDICT_NOT_READY
					  : missing	    ? VERDICT_NOT_ENOUGH_DATA
					  : r->exceptions_n ? VERDICT_READY_WITH_EXCEPTIONS
							    : VERDICT_READY,
		.gates = r->gates,
		.gates_n = r->gates_n,
		.exceptions = r->exceptions,
		.exceptions_n = r->exceptions_n };
}

struct decision gate_decide(
	const struct measures *m, const struct assess_limits *limits, enum target target, struct arena *arena)
{
	struct ruling r = {
		.m = m, .limits = limits, .t = limits_of(limits, target), .target = target, .arena = arena
	};

	if (m->parked)
		return (struct decision){ .word = VERDICT_READY };
	r.wide = m->window >= WINDOW_WIDEST;
	r.thin = r.wide && m->own_fails == 0 && (double)m->own_evidence >= limits->thin_evidence;
	for (size_t i = 0; i < m->senders_n; i++) {
		if (!m->senders[i].accepted)
			continue;
		r.accepted += m->senders[i].messages;
		r.accepted_fails += m->senders[i].fails;
		r.accepted_dkim += m->senders[i].dkim_ok;
	}
	rule_coverage(&r);
	rule_loss(&r);
	rule_senders(&r);
	rule_signed(&r);
	rule_undecided(&r);
	rule_forwarding(&r);
	rule_time(&r);
	rule_subjects(&r, 10, m->record_errors, m->record_errors_n);
	rule_subjects(&r, 11, m->subdomains_failing, m->subdomains_failing_n);
	rule_accepted(&r);
	name_rest(&r);
	return arena->failed ? (struct decision){ .word = VERDICT_NOT_ENOUGH_DATA } : conclude(&r);
}
