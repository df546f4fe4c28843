#include "cli/digest.h"

#include "cli/attached.h"

#include <stdlib.h>

#define RESULT_OCTETS ((size_t)256 * 1024 * 1024)
#define MAIL_OCTETS ((size_t)64 * 1024 * 1024)
#define STATE_OCTETS 16 /* of a domain within a sending's state: half its name's hash, half of what was said */
#define ALERTS_MOST 1000
#define CLOSED_MOST 100 /* of a domain */
#define WEEK_DAYS 7
#define ID_DOMAIN 100 /* a longer name goes into the id by its hash */

/* What is kept of a domain that was judged. */
struct judged {
	struct overview_line line;
	uint8_t state[STATE_OCTETS];
	size_t alerts_first, alerts_n;
};

struct making {
	const struct digest_plan *plan;
	struct store *store;
	struct digest_result *result;
	struct readiness readiness;
	struct domain_list domains;
	struct judged *judged; /* as domains */
	struct span home;	    /* the domain of addresses nobody chose */
	struct weekly *weekly;
	struct buf states;  /* one behind the other, worst first */
	struct buf before;  /* those of the week before; empty when there was none */
	struct span reply;  /* its id */
	int64_t told_to;    /* the last day of the week before, or of the mail before */
	struct attached attached;
};

static bool memory_short(struct fault *fault)
{
	return fault_set(fault, FAULT_LATER, "out of memory");
}

static bool domain_hash(struct span domain, uint8_t hash[DIGEST_OCTETS])
{
	struct digest *d = digest_new();

	if (!d)
		return false;
	digest_add_field(d, domain);
	digest_finish(d, hash);
	digest_free(d);
	return true;
}

/* ---- what was said before */

static void take_before(void *arg, const struct sending *sending)
{
	struct making *m = arg;

	buf_put_span(&m->before, sending->state);
	m->reply = arena_copy(&m->result->arena, sending->message_id);
	m->told_to = sending->day;
}

/* The domains of a series tell it from others; their order does not. */
static int name_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* `harborlight.example`, or for several how many and a hash. */
static bool series_name(struct making *m, struct buf *name)
{
	size_t n = m->domains.n;
	struct span *sorted = arena_take(&m->result->arena, (n + 1) * sizeof *sorted);
	struct digest *d = digest_new();
	uint8_t hash[DIGEST_OCTETS];
	char hex[DIGEST_HEX];
	bool plain = n == 1;

	if (!sorted || !d) {
		digest_free(d);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = m->domains.names[i];
	if (n)
		qsort(sorted, n, sizeof *sorted, name_order);
	for (size_t i = 0; i < n; i++)
		digest_add_field(d, sorted[i]);
	digest_finish(d, hash);
	digest_free(d);
	digest_hex(hash, hex);
	hex[16] = '\0';
	for (size_t i = 0; plain && i < sorted[0].n; i++) {
		char c = sorted[0].p[i];

		plain = sorted[0].n <= ID_DOMAIN && (((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') ||
							    c == '-' || c == '.');
	}
	if (plain)
		buf_put_span(name, sorted[0]);
	else
		buf_printf(name, "%zu-domains.%s", n, hex);
	return !name->failed;
}

/* ISO 8601: the year of the week's Thursday. */
static int64_t week_year(int64_t day)
{
	int64_t year, thursday = day - ((day + 3) % 7 + 7) % 7 + 3;
	unsigned month, of_month;

	moment_to_civil(thursday * DAY_SECONDS, &year, &month, &of_month);
	return year;
}

static struct span from_host(struct span from)
{
	const char *at = memchr(from.p, '@', from.n);

	return at ? (struct span){ at + 1, from.n - (size_t)(at + 1 - from.p) } : SPAN("localhost");
}

static struct span address_at(struct making *m, const char *local)
{
	struct span address;
	struct buf text = BUF(1024);

	buf_printf(&text, "%s@", local);
	buf_put_span(&text, m->home);
	address = text.failed ? SPAN("") : arena_copy(&m->result->arena, buf_span(&text));
	buf_release(&text);
	return address;
}

static bool name_sending(struct making *m, struct fault *fault)
{
	struct sending *sending = &m->result->sending;
	struct arena *arena = &m->result->arena;
	int64_t last = moment_day(m->plan->now) - 1;
	struct buf name = BUF(1024), id = BUF(2048), thread = BUF(2048);
	struct span host = from_host(m->result->from);
	bool good = series_name(m, &name);

	if (m->plan->alert) {
		uint8_t hash[DIGEST_OCTETS];
		char hex[DIGEST_HEX], day[MOMENT_TEXT];
		struct buf all = BUF(MAIL_OCTETS);

		for (size_t i = 0; i < m->result->alerts_n; i++)
			if (!m->result->alerts[i].told)
				buf_printf(&all, "%.*s\t%.*s\n", (int)m->result->alerts[i].domain.n,
					m->result->alerts[i].domain.p, (int)m->result->alerts[i].text.n,
					m->result->alerts[i].text.p);
		good = good && !all.failed && domain_hash(buf_span(&all), hash);
		buf_release(&all);
		if (good)
			digest_hex(hash, hex);
		hex[good ? 16 : 0] = '\0';
		buf_printf(&id, "<dmarc-alert.%s.%s@", moment_format_day(m->plan->now, day), hex);
		buf_printf(&thread, "alert %s", buf_text(&name));
	} else {
		buf_printf(&id, "<dmarc-week.%d-W%02u.%s@", (int)week_year(last), day_week(last), buf_text(&name));
		buf_printf(&thread, "week %s", buf_text(&name));
	}
	buf_put_span(&id, host);
	buf_put_byte(&id, '>');
	*sending = (struct sending){ .message_id = arena_copy(arena, buf_span(&id)),
		.recipients = m->plan->recipients,
		.thread = arena_copy(arena, buf_span(&thread)),
		.day = last,
		.begun = m->plan->cli->now,
		.done = MOMENT_NONE };
	good = good && !name.failed && !id.failed && !thread.failed && !arena->failed;
	buf_release(&name);
	buf_release(&id);
	buf_release(&thread);
	return good || memory_short(fault);
}

/* ---- a domain */

static bool is_unchanged(const struct making *m, const uint8_t state[STATE_OCTETS])
{
	for (size_t at = 0; at + STATE_OCTETS <= m->before.n; at += STATE_OCTETS)
		if (memcmp(m->before.p + at, state, STATE_OCTETS) == 0)
			return true;
	return false;
}

static bool domain_state(const struct verdict *v, uint8_t state[STATE_OCTETS])
{
	uint8_t name[DIGEST_OCTETS], said[DIGEST_OCTETS];

	if (!domain_hash(v->domain, name) || !weekly_state(v, said))
		return false;
	memcpy(state, name, STATE_OCTETS / 2);
	memcpy(state + STATE_OCTETS / 2, said, STATE_OCTETS / 2);
	return true;
}

/* Kind, subject and key as one text, in the result's arena. A sender's alert is the same whichever of its keys is named. */
static struct span alert_text(struct making *m, const struct alert *alert)
{
	struct buf text = BUF(MAIL_OCTETS);
	struct span copy;

	buf_printf(&text, "%s\t", alert_kind_word(alert->kind));
	buf_put_span(&text, alert->subject);
	buf_put_byte(&text, '\t');
	if (alert->sender == NO_INDEX)
		buf_put_span(&text, alert->key);
	copy = text.failed ? SPAN_ABSENT : arena_copy(&m->result->arena, buf_span(&text));
	buf_release(&text);
	return copy;
}

static bool alert_note(struct making *m, struct span domain, const struct alert *alert, bool *told, struct fault *fault)
{
	struct digest_result *result = m->result;
	struct open_alert *open = &result->alerts[result->alerts_n];

	*open = (struct open_alert){ domain, alert_text(m, alert), false };
	if (!open->text.p)
		return memory_short(fault);
	if (m->store && !store_ask_told(m->store, domain, open->text, m->plan->now - ALERT_CLOSED_SECONDS, &open->told, fault))
		return false;
	*told = open->told;
	result->alerts_n++;
	return true;
}

/* Notes the open alerts of the verdict in hand; the new ones are put into `fresh`. Where nothing was reported none is
 * seen, which closes none. */
static bool note_alerts(
	struct making *m, const struct alert **fresh, size_t *fresh_n, struct fault *fault)
{
	const struct verdict *v = &m->readiness.verdict;
	struct digest_result *result = m->result;
	struct span domain = arena_copy(&result->arena, v->domain);
	size_t room = ALERTS_MOST + m->domains.n;
	bool told = false;

	*fresh_n = 0;
	if (result->arena.failed)
		return memory_short(fault);
	if (weekly_is_silent(v, moment_day(m->plan->now)) && result->alerts_n < room)
		result->alerts[result->alerts_n++] = (struct open_alert){ domain, SPAN_ABSENT, true };
	for (size_t i = 0; i < v->alerts_n && result->alerts_n < room && *fresh_n < ALERTS_MOST; i++) {
		if (v->alerts[i].level == LEVEL_INFO)
			continue;
		if (!alert_note(m, domain, &v->alerts[i], &told, fault))
			return false;
		if (!told)
			fresh[(*fresh_n)++] = &v->alerts[i];
	}
	result->new_alerts += *fresh_n;
	return true;
}

/* ---- what is over */

struct closing {
	struct making *m;
	size_t first; /* of the domain's open alerts */
	struct closed_alert closed[CLOSED_MOST];
	size_t n;
};

/* The parts of alert_text again. Only the subject may hold a tab: it is taken for what lies between the first and last. */
static bool alert_read(struct span text, struct closed_alert *closed)
{
	struct span rest = text, word;
	size_t end;

	if (!span_take(&rest, '\t', &word) || !rest.p)
		return false;
	for (end = rest.n; end && rest.p[end - 1] != '\t'; end--)
		;
	if (!end)
		return false;
	closed->subject = (struct span){ rest.p, end - 1 };
	closed->key = (struct span){ rest.p + end, rest.n - end };
	for (int kind = 0; kind < ALERT_COUNT; kind++) {
		closed->kind = (enum alert_kind)kind;
		if (span_is(word, span_of(alert_kind_word(closed->kind))))
			return true;
	}
	return false;
}

static void take_closed(void *arg, struct span text, int64_t last_open)
{
	struct closing *c = arg;
	const struct digest_result *result = c->m->result;
	struct closed_alert *closed = &c->closed[c->n];

	for (size_t i = c->first; i < result->alerts_n; i++)
		if (result->alerts[i].text.p && span_is(result->alerts[i].text, text))
			return;
	if (c->n < CLOSED_MOST && alert_read(arena_copy(&c->m->result->arena, text), closed)) {
		closed->last_open = last_open;
		c->n++;
	}
}

/* Those that closed since the mail before, or in the week where there was none: each is in one mail of a series. */
static bool closed_find(struct closing *c, struct fault *fault)
{
	struct making *m = c->m;
	int64_t today = moment_day(m->plan->now), before = m->told_to + 1;

	if (!m->store || m->plan->alert || weekly_is_silent(&m->readiness.verdict, today))
		return true;
	if (!store_ask_told_between(m->store, m->readiness.verdict.domain, before * DAY_SECONDS - ALERT_CLOSED_SECONDS,
		    today * DAY_SECONDS - ALERT_CLOSED_SECONDS, take_closed, c, fault))
		return false;
	return !m->result->arena.failed || memory_short(fault);
}

/* Each domain is judged here and nowhere else: what the mail, its alerts and its state need of it is taken at once. */
static bool domain_add(struct making *m, size_t which, struct fault *fault)
{
	struct readiness *r = &m->readiness;
	struct judged *judged = &m->judged[which];
	const struct alert *fresh[ALERTS_MOST];
	struct assessment assessment = { &r->rows, &r->options, &r->verdict };
	struct closing closing = { .m = m, .first = m->result->alerts_n };
	struct weekly_domain part = { .assessment = &assessment, .alerts = fresh, .closed = closing.closed };

	if (!readiness_assess(r, m->domains.names[which], TARGET_AUTO, fault) ||
		!note_alerts(m, fresh, &part.alerts_n, fault) || !closed_find(&closing, fault))
		return false;
	part.closed_n = closing.n;
	judged->line = overview_line_of(&assessment);
	judged->line.domain = arena_copy(&m->result->arena, judged->line.domain);
	judged->alerts_first = closing.first;
	judged->alerts_n = m->result->alerts_n - closing.first;
	if (m->result->arena.failed || !domain_state(&r->verdict, judged->state))
		return memory_short(fault);
	m->result->trouble |= weekly_is_trouble(&r->verdict, r->options.today);
	part.unchanged = is_unchanged(m, judged->state);
	if (m->plan->alert && !part.alerts_n)
		return true;
	if (m->plan->attach && !attached_add(&m->attached, r, &judged->line, fault))
		return false;
	return weekly_add(m->weekly, &part) || memory_short(fault);
}

static int judged_order(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	return overview_order(&x->line, &y->line);
}

/* Alerts and states of the worst domain come first, as its section does. */
static bool domains_sort(struct making *m, struct fault *fault)
{
	struct digest_result *result = m->result;
	struct open_alert *sorted = arena_take(&result->arena, (result->alerts_n + 1) * sizeof *sorted);
	size_t n = 0;

	if (!sorted)
		return memory_short(fault);
	if (m->domains.n)
		qsort(m->judged, m->domains.n, sizeof *m->judged, judged_order);
	for (size_t i = 0; i < m->domains.n; i++) {
		const struct judged *judged = &m->judged[i];

		for (size_t k = 0; k < judged->alerts_n; k++)
			sorted[n++] = result->alerts[judged->alerts_first + k];
		buf_put(&m->states, judged->state, STATE_OCTETS);
	}
	result->alerts = sorted;
	return !m->states.failed || memory_short(fault);
}

/* ---- the mail */

static bool mail_write(struct making *m, struct fault *fault)
{
	struct digest_result *result = m->result;
	struct span reader = address_at(m, "postmaster");
	struct outgoing outgoing = { .from = result->from,
		.name = SPAN("DMARC weekly"),
		.to = m->plan->to_n ? m->plan->to : &reader,
		.to_n = m->plan->to_n ? m->plan->to_n : 1,
		.message_id = result->sending.message_id,
		.in_reply_to = m->reply,
		.date = m->plan->cli->now };

	outgoing.pages_n = m->attached.n;
	outgoing.pages = attached_pages(&m->attached, m->domains.n == 1, &result->arena);
	weekly_pages(m->weekly, m->attached.n, m->attached.left_out);
	if (!weekly_finish(m->weekly))
		return memory_short(fault);
	if (m->plan->alert)
		outgoing.name = SPAN("DMARC alert");
	outgoing.subject = result->subject = arena_copy(&result->arena, weekly_subject(m->weekly));
	outgoing.verdict = weekly_verdict(m->weekly);
	outgoing.text = weekly_text(m->weekly);
	outgoing.html = weekly_html(m->weekly);
	result->sending.state = arena_copy(&result->arena, buf_span(&m->states));
	if (result->arena.failed)
		return memory_short(fault);
	return outgoing_write(&result->octets, &outgoing, "\n") ||
	       (result->octets.failed ? memory_short(fault)
				      : fault_set(fault, FAULT_SETUP,
						"[digest] from: %.*s cannot stand in a mail; set it to an address",
						(int)(result->from.n < 200 ? result->from.n : 200), result->from.p));
}

/* Of a mail about alerts the name depends on them. */
static bool before_find(struct making *m, struct fault *fault)
{
	const struct sending *sending = &m->result->sending;

	if (m->plan->alert)
		return true;
	return name_sending(m, fault) &&
	       (!m->store || store_ask_sending_before(m->store, sending->thread, m->plan->recipients, sending->day,
				    take_before, m, fault));
}

static bool making_run(struct making *m, struct fault *fault)
{
	struct weekly_plan plan = { .today = moment_day(m->plan->now), .alert = m->plan->alert };
	struct digest_result *result = m->result;

	m->home = m->domains.n ? m->domains.names[0] : SPAN("localhost");
	m->told_to = moment_day(m->plan->now) - 1 - WEEK_DAYS;
	result->from = m->plan->from.p ? m->plan->from : address_at(m, "dmarc");
	result->alerts = arena_take(&result->arena, (ALERTS_MOST + m->domains.n) * sizeof *result->alerts);
	m->judged = arena_take(&result->arena, (m->domains.n + 1) * sizeof *m->judged);
	m->weekly = weekly_new(&plan);
	if (!m->weekly || result->arena.failed)
		return memory_short(fault);
	if (!before_find(m, fault))
		return false;
	for (size_t i = 0; i < m->domains.n; i++)
		if (!domain_add(m, i, fault))
			return false;
	if (!domains_sort(m, fault))
		return false;
	if (m->plan->alert && !result->new_alerts)
		return true;
	return (!m->plan->alert || name_sending(m, fault)) && mail_write(m, fault);
}

bool digest_make(const struct digest_plan *plan, struct store *store, struct digest_result *result, struct fault *fault)
{
	struct making m = { .plan = plan,
		.store = store,
		.result = result,
		.domains = DOMAIN_LIST,
		.states = BUF(MAIL_OCTETS),
		.before = BUF(MAIL_OCTETS) };
	struct cli then = *plan->cli;
	bool good;

	then.now = plan->now;
	*result = (struct digest_result){ .arena = ARENA(RESULT_OCTETS), .octets = BUF(MAIL_OCTETS) };
	good = domains_choose(&then, store, plan->cli->options.args, plan->cli->options.args_n, &m.domains, fault) &&
	       readiness_open(&m.readiness, &then, store, fault);
	if (good) {
		good = making_run(&m, fault);
		readiness_close(&m.readiness);
	}
	weekly_free(m.weekly);
	buf_release(&m.states);
	buf_release(&m.before);
	attached_release(&m.attached);
	domains_release(&m.domains);
	return good;
}

void digest_result_release(struct digest_result *result)
{
	arena_release(&result->arena);
	buf_release(&result->octets);
}
