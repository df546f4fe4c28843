/* What to do, in the order of its effect, and what each step brings. */
#include "report/assess/bound.h"
#include "report/assess/gate.h"
#include "report/assess/work.h"

#include <stdlib.h>

#define CRITICAL_WEIGHT 5
#define STEPS_MOST 200 /* more are never worth reading: they would be mended in this order anyway */
#define WORKWEEK_SHARE 0.95
#define FEW_ADDRESSES 3

const char *step_kind_word(enum step_kind kind)
{
	static const char *const words[STEP_KIND_COUNT] = { "enable-dkim", "enable-dkim-unsigned", "separate",
		"sign-host", "add-dkim", "repair-key", "repair-signature", "default-key", "decide", "wait-stage",
		"wait-quiet", "fix-record", "subdomain", "forwarding", "accepted", "gather", "alert" };

	return kind < STEP_KIND_COUNT ? words[kind] : "";
}

const char *guess_word(enum guess guess)
{
	static const char *const words[GUESS_COUNT] = { "", "payroll", "web", "device", "list", "forwarder", "forged" };

	return guess < GUESS_COUNT ? words[guess] : "";
}

struct steps {
	struct work *w;
	struct step *rows, spare; /* what memory is short for goes to the spare one */
	size_t n, room;
	uint32_t *step_of;    /* senders: their step, or NO_INDEX */
	uint32_t *by_fails;   /* senders, most failing first */
};

static enum guess guess_of(const struct work *w, const struct sender *s)
{
	const struct path *path = &w->paths[s->worst];
	const struct features *f = &path->features;

	if (path->class.class == CLASS_FORGED)
		return GUESS_FORGED;
	if (path->class.class == CLASS_FORWARD)
		return f->table == SENDER_LIST || f->list_share > 0 ? GUESS_LIST : GUESS_FORWARDER;
	if (s->monthly)
		return GUESS_PAYROLL;
	/* Who signs with a name of its own is a service, not a machine in the house. */
	if (f->weeks_seen * 2 < f->weeks || path->addresses > FEW_ADDRESSES || path->signer.n)
		return GUESS_NONE;
	return f->weekday_share >= WORKWEEK_SHARE ? GUESS_DEVICE : path->kind == KIND_THIRD ? GUESS_WEB : GUESS_NONE;
}

/* One that was never published has never been valid either, and is none of the verdict's keys. */
/* One that was never published has never been valid either, and is none of the verdict's keys. */
static enum step_kind repair_of_key(const struct work *w, const struct sender *s)
{
	return published_key_gone(published_key_of(&w->rows->published, s->key_domain, s->key)) ? STEP_REPAIR_KEY
											: STEP_REPAIR_SIGNATURE;
}

static enum step_kind repair_of(const struct work *w, const struct sender *s)
{
	const struct named_source *source = &w->sources[s->source];
	const struct path *path = &w->paths[s->worst];
	bool service = source->row != NULL;

	if (s->fate == FATE_UNDECIDED)
		return STEP_DECIDE;
	switch (s->subclass) {
	case SUB_OWN_BROKEN:
		return repair_of_key(w, s);
	case SUB_OWN_THIRD_PARTY:
		return path->features.tenant == TENANT_OWN ? STEP_DEFAULT_KEY : STEP_ENABLE_DKIM;
	case SUB_OWN_UNSIGNED:
		if (!service)
			return STEP_SIGN_HOST;
		return source->row->own_dkim == CAN_NO ? STEP_SEPARATE : STEP_ENABLE_DKIM_UNSIGNED;
	default:
		return path->broken * 2 > path->messages - path->dkim_ok ? repair_of_key(w, s) : STEP_ADD_DKIM;
	}
}

static struct step *add(struct steps *steps, enum step_kind kind, unsigned gates, bool later)
{
	struct step *rows = array_grow(steps->w->arena, steps->rows, steps->n, &steps->room, sizeof *rows);
	struct step *step = rows ? &rows[steps->n++] : &steps->spare;

	if (rows)
		steps->rows = rows;
	*step = (struct step){ .kind = kind, .gates = gates, .later = later, .sender = NO_INDEX, .since = MOMENT_NONE,
		.until = MOMENT_NONE };
	return step;
}

/* A sender has one step; another gate it fails for the target is only noted there. */
static bool has_sender(struct steps *steps, uint32_t sender, unsigned gate)
{
	uint32_t at = steps->step_of[sender];

	if (at == NO_INDEX)
		return false;
	if (!steps->rows[at].later)
		steps->rows[at].gates |= gate;
	return true;
}

static void add_sender(struct steps *steps, uint32_t index, unsigned gate, bool later)
{
	const struct work *w = steps->w;
	const struct sender *s = &w->senders[index];
	uint64_t n = s->fails ? s->fails : s->messages - s->dkim_ok;
	struct step *step;

	if (has_sender(steps, index, gate))
		return;
	step = add(steps, repair_of(w, s), gate, later);
	steps->step_of[index] = step == &steps->spare ? NO_INDEX : (uint32_t)steps->n - 1;
	step->sender = index;
	step->subject = s->subject;
	step->messages = s->messages;
	step->fails = s->fails;
	step->per_week = verdict_per_week(w->v, n);
	step->guess = s->fate == FATE_UNDECIDED ? guess_of(w, s) : GUESS_NONE;
	if (step->kind == STEP_REPAIR_KEY || step->kind == STEP_REPAIR_SIGNATURE)
		step->since = s->unsigned_since;
	if (step->kind != STEP_DECIDE)
		step->until = s->fails ? s->fails_until : s->unsigned_until;
}

static bool counts_for(const struct sender *s, enum fate fate)
{
	return s->fate == fate && !s->accepted && !s->spared;
}

/* Senders of one fate by failing messages, largest first, until the rest is within `most` of `whole`. */
static void add_largest(struct steps *steps, enum fate fate, unsigned gate, bool later, double most, uint64_t whole)
{
	const struct work *w = steps->w;
	uint64_t left = 0;

	for (size_t i = 0; i < w->senders_n; i++)
		left += counts_for(&w->senders[i], fate) ? w->senders[i].fails : 0;
	for (size_t i = 0; i < w->senders_n && (double)left > most * (double)whole; i++) {
		const struct sender *s = &w->senders[steps->by_fails[i]];

		if (!counts_for(s, fate) || !s->fails)
			continue;
		add_sender(steps, steps->by_fails[i], gate, later);
		left -= s->fails;
	}
}

/* The first place among `senders_by_subject` that is not before `subject`. */
static size_t subject_place(const struct verdict *v, struct span subject)
{
	size_t low = 0, high = v->senders_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (span_compare(v->senders[v->senders_by_subject[middle]].subject, subject) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t verdict_sender(const struct verdict *v, struct span subject)
{
	size_t at = subject_place(v, subject);

	return at < v->senders_n && span_is(v->senders[v->senders_by_subject[at]].subject, subject) ?
		       v->senders_by_subject[at] :
		       NO_INDEX;
}

static void add_by_subject(struct steps *steps, const struct gate *gate, enum fate fate, bool later)
{
	const struct verdict *v = steps->w->v;

	for (size_t i = subject_place(v, gate->subject); i < v->senders_n; i++) {
		const struct sender *s = &v->senders[v->senders_by_subject[i]];

		if (!span_is(s->subject, gate->subject))
			break;
		if (s->fate == fate)
			add_sender(steps, v->senders_by_subject[i], 1u << gate->number, later);
	}
}

/* It waits with its senders where all that fail are mended. */
static void take_senders(const struct work *w, struct step *step)
{
	for (size_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];

		if (s->fate != FATE_OWN || !s->fails || !span_is_nocase(s->header_from, step->subject))
			continue;
		step->until = s->fails_until > step->until ? s->fails_until : step->until;
		if (s->fails_until == MOMENT_NONE) {
			step->until = MOMENT_NONE;
			return;
		}
	}
}

static void add_plain(struct steps *steps, const struct gate *gate, enum step_kind kind, bool later)
{
	struct step *step;

	for (size_t i = 0; i < steps->n; i++) {
		step = &steps->rows[i];
		if (step->kind != kind || step->sender != NO_INDEX || !span_is(step->subject, gate->subject))
			continue;
		step->gates |= step->later ? 0 : 1u << gate->number;
		return;
	}
	step = add(steps, kind, 1u << gate->number, later);
	step->subject = gate->subject;
	if (gate->values_n) {
		step->value = gate->values[0].value;
		step->limit = gate->values[0].limit;
	}
	if (kind == STEP_SUBDOMAIN)
		take_senders(steps->w, step);
	if (kind == STEP_GATHER) {
		const struct measures *m = &steps->w->v->measures;
		const struct target_limits *t = limits_of(&steps->w->options->limits, steps->w->v->target);
		uint64_t needed =
			bound_needed((uint64_t)(m->own_loss * (double)m->own_evidence + 0.999999999), t->own_upper);

		needed = (double)needed < t->evidence ? (uint64_t)t->evidence : needed;
		step->needed = needed > m->own_evidence ? needed - m->own_evidence : 0;
	}
}

static void add_gate(struct steps *steps, const struct gate *gate, enum target target, bool later)
{
	const struct work *w = steps->w;
	const struct measures *m = &w->v->measures;
	const struct target_limits *t = limits_of(&w->options->limits, target);

	if (gate->state == GATE_NO_DATA) {
		add_plain(steps, gate, STEP_GATHER, later);
		return;
	}
	switch (gate->number) {
	case 3:
		add_largest(steps, FATE_OWN, 1u << 3, later, t->own_loss, m->own);
		break;
	case 4:
		add_by_subject(steps, gate, FATE_OWN, later);
		break;
	case 5:
		if (gate->subject.n)
			add_by_subject(steps, gate, FATE_OWN, later);
		else
			for (uint32_t i = 0; i < w->senders_n; i++)
				if (counts_for(&w->senders[i], FATE_OWN) &&
					(double)w->senders[i].dkim_ok < t->dkim_share * (double)w->senders[i].messages)
					add_sender(steps, i, 1u << 5, later);
		break;
	case 6:
		if (gate->subject.n)
			add_by_subject(steps, gate, FATE_UNDECIDED, later);
		else
			add_largest(steps, FATE_UNDECIDED, 1u << 6, later, t->undecided_share,
				m->own + m->forwarded + m->undecided);
		break;
	case 7:
		add_plain(steps, gate, STEP_FORWARDING, later);
		break;
	case 8:
		add_plain(steps, gate, STEP_WAIT_STAGE, later);
		break;
	case 9:
		add_plain(steps, gate, m->critical_alert ? STEP_ALERT : STEP_WAIT_QUIET, later);
		break;
	case 10:
		add_plain(steps, gate, STEP_FIX_RECORD, later);
		break;
	case 11:
		add_plain(steps, gate, STEP_SUBDOMAIN, later);
		break;
	default:
		add_plain(steps, gate, STEP_ACCEPTED, later);
	}
}

/* A broken sender explains its own alert and its subdomain; gates are walked so that senders come first. */
static void add_gates(struct steps *steps, const struct decision *d, enum target target, bool later)
{
	for (int subjects = 1; subjects >= 0; subjects--)
		for (size_t i = 0; i < d->gates_n; i++) {
			bool open = d->gates[i].state == GATE_FAILS || (!later && d->gates[i].state == GATE_NO_DATA);

			if (open && (d->gates[i].subject.n > 0) == subjects)
				add_gate(steps, &d->gates[i], target, later);
		}
}

static uint64_t weight(const struct work *w, const struct step *step)
{
	uint64_t n = step->fails;

	if (step->sender == NO_INDEX)
		return 0;
	if (!n)
		n = step->messages - w->senders[step->sender].dkim_ok;
	return w->senders[step->sender].critical ? n * CRITICAL_WEIGHT : n;
}

/* Repairs bring the loss down; what to decide comes behind them, what is about no sender behind that. */
static int step_class(const struct step *step)
{
	return step->sender == NO_INDEX ? 2 : step->kind == STEP_DECIDE;
}

static int step_order(const void *a, const void *b, void *arg)
{
	const struct step *x = a, *y = b;
	const struct work *w = arg;
	uint64_t i = weight(w, x), k = weight(w, y);

	if (x->later != y->later)
		return x->later ? 1 : -1;
	if (step_class(x) != step_class(y))
		return step_class(x) - step_class(y);
	if ((x->until == MOMENT_NONE) != (y->until == MOMENT_NONE))
		return x->until == MOMENT_NONE ? -1 : 1; /* what is mended only needs time */
	if (i != k)
		return i > k ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	if (x->gates != y->gates)
		return x->gates < y->gates ? -1 : 1;
	return span_compare(x->subject, y->subject);
}

/* Each step with all before it taken as done: what its sender sends passes then, and is as much as before. `reject` says what
 * p=reject asks of the records. */
static bool climb(struct work *w, const struct measures *reject, struct step *rows, size_t n)
{
	struct arena_mark before = arena_mark(w->arena);
	bool *mended = arena_take(w->arena, w->senders_n * sizeof *mended), ok;
	uint32_t senders[STEPS_MOST];
	double loss = w->v->measures.own_loss;
	struct mending *mending;
	struct measures m;
	size_t senders_n = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].sender != NO_INDEX)
			senders[senders_n++] = rows[i].sender;
	mending = work_mending(w, senders, senders_n);
	ok = mended && mending;
	for (size_t i = 0; ok && i < n; i++) {
		enum target target = rows[i].later ? TARGET_REJECT : w->v->target;

		if (rows[i].sender != NO_INDEX)
			mended[rows[i].sender] = true;
		work_measures_mended(w, mending, mended, &m);
		if (rows[i].later) {
			m.record_errors = reject->record_errors;
			m.record_errors_n = reject->record_errors_n;
		}
		rows[i].loss_now = loss;
		rows[i].loss_after = loss = m.own_loss;
		rows[i].after = gate_decide(&m, &w->options->limits, target, w->scratch).word;
		if (!w->v->turns_at && !rows[i].later && rows[i].after <= VERDICT_READY_WITH_EXCEPTIONS)
			w->v->turns_at = (unsigned)i + 1;
		ok = !w->scratch->failed;
		if (ok)
			arena_clear(w->scratch);
	}
	arena_rewind(w->arena, before);
	return ok;
}

static int subject_order(const void *a, const void *b, void *arg)
{
	const struct work *w = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = span_compare(w->senders[x].subject, w->senders[y].subject);

	return order ? order : x < y ? -1 : x > y;
}

static uint64_t subject_key(const void *of, uint32_t sender)
{
	return text_key(((const struct work *)of)->senders[sender].subject);
}

/* Most failing first; the rest in the order they have. */
static uint64_t fails_key(const void *of, uint32_t sender)
{
	return UINT64_MAX - ((const struct work *)of)->senders[sender].fails;
}

static bool steps_begin(struct steps *steps, struct work *w)
{
	size_t n = w->senders_n;
	uint32_t *by_subject;

	steps->w = w;
	steps->step_of = arena_take(w->scratch, n * sizeof *steps->step_of);
	by_subject = arena_take(w->arena, n * sizeof *by_subject);
	steps->by_fails = arena_take(w->scratch, n * sizeof *steps->by_fails);
	if (!steps->step_of || !by_subject || !steps->by_fails)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		steps->step_of[i] = NO_INDEX;
		by_subject[i] = steps->by_fails[i] = i;
	}
	if (!order_indexes(w->scratch, by_subject, n, subject_key, subject_order, w) ||
		!order_indexes(w->scratch, steps->by_fails, n, fails_key, NULL, w))
		return false;
	w->v->senders = w->senders;
	w->v->senders_n = n;
	w->v->senders_by_subject = by_subject;
	return true;
}

bool work_steps(struct work *w)
{
	struct steps steps = { 0 };
	struct measures later = w->v->measures;
	struct decision reject;

	if (!steps_begin(&steps, w))
		return false;
	add_gates(&steps, &w->v->decision, w->v->target, false);
	if (w->v->target == TARGET_QUARANTINE && w->v->decision.word != VERDICT_NOT_ENOUGH_DATA) {
		if (!work_records(w, TARGET_REJECT, &later))
			return false;
		reject = gate_decide(&later, &w->options->limits, TARGET_REJECT, w->arena);
		add_gates(&steps, &reject, TARGET_REJECT, true);
	}
	if (w->arena->failed)
		return false;
	if (steps.n)
		qsort_r(steps.rows, steps.n, sizeof *steps.rows, step_order, w);
	for (size_t i = 0; i < steps.n; i++)
		steps.rows[i].rank = (unsigned)i + 1;
	w->v->steps = steps.rows;
	w->v->steps_n = steps.n < STEPS_MOST ? steps.n : STEPS_MOST;
	return climb(w, &later, steps.rows, w->v->steps_n);
}
