#include "tests/world.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM 50000

static const struct span google_hosts[] = { SPAN("google.com") }, google_includes[] = { SPAN("_spf.google.com") };
static const struct span mailchimp_hosts[] = { SPAN("mcsv.net") }, hubspot_hosts[] = { SPAN("hubspotemail.net") };
static const struct span zendesk_hosts[] = { SPAN("zdsys.com") }, zendesk_includes[] = { SPAN("mail.zendesk.com") };
static const struct span ses_hosts[] = { SPAN("amazonses.com") },
			 xforward_hosts[] = { SPAN("mout-xforward.kundenserver.de") };
static const struct span groups_hosts[] = { SPAN("groups.io") }, gateway_hosts[] = { SPAN("mimecast.com") };

#define ROW(i, n, k, h) .id = SPAN(i), .name = SPAN(n), .kind = k, .hosts = h, .hosts_n = 1, .own_dkim = CAN_YES
static const struct sender_row sender_rows[] = {
	{ ROW("google", "Google Workspace / Gmail", SENDER_MAILBOX, google_hosts), .includes = google_includes,
		.includes_n = 1 },
	{ ROW("mailchimp", "Mailchimp", SENDER_SENDER, mailchimp_hosts) },
	{ ROW("hubspot", "HubSpot", SENDER_SENDER, hubspot_hosts) },
	{ ROW("zendesk", "Zendesk", SENDER_SENDER, zendesk_hosts), .includes = zendesk_includes, .includes_n = 1 },
	{ ROW("amazonses", "Amazon SES", SENDER_SENDER, ses_hosts) },
	{ ROW("ionosfwd", "IONOS forwarding", SENDER_FORWARDER, xforward_hosts) },
	{ ROW("groupsio", "groups.io", SENDER_LIST, groups_hosts) },
	{ ROW("mimecast", "Mimecast", SENDER_GATEWAY, gateway_hosts) },
};

static const struct span google_names[] = { SPAN("google.com") }, outlook_names[] = { SPAN("Outlook*") };
static const struct known_reporter reporter_rows[] = {
	{ SPAN("Google"), SPAN("google.com"), google_names, 1 },
	{ SPAN("Microsoft"), SPAN("microsoft.com"), outlook_names, 1 },
	{ SPAN("Yahoo"), SPAN("yahoo.com"), NULL, 0 },
	{ SPAN("Comcast"), SPAN("comcast.net"), NULL, 0 },
	{ SPAN("GMX"), SPAN("gmx.net"), NULL, 0 },
	{ SPAN("Mail.ru"), SPAN("mail.ru"), NULL, 0 },
	{ SPAN("Fastmail"), SPAN("fastmail.com"), NULL, 0 },
	{ SPAN("Zoho"), SPAN("zoho.com"), NULL, 0 },
	{ SPAN("Seznam"), SPAN("seznam.cz"), NULL, 0 },
	{ SPAN("Mimecast"), SPAN("mimecast.com"), NULL, 0 },
};

static void *take(struct world *world, size_t n)
{
	void *p = arena_take(&world->arena, n);

	if (!p)
		abort();
	return p;
}

static struct span copy(struct world *world, const char *text)
{
	return text ? arena_copy(&world->arena, span_of(text)) : SPAN_ABSENT;
}

/* The organisational domain is the last two labels here. */
static struct domain_name name_of(struct world *world, const char *text)
{
	struct domain_name name = { copy(world, text), SPAN_ABSENT };
	unsigned dots = 0;

	name.org = name.name;
	for (size_t i = name.name.n; i-- > 0;) {
		if (name.name.p[i] == '.' && ++dots == 2) {
			name.org = (struct span){ name.name.p + i + 1, name.name.n - i - 1 };
			break;
		}
	}
	return name;
}

void world_begin(struct world *world, const char *domain, int64_t today)
{
	*world = (struct world){ .arena = ARENA((size_t)1 << 30), .room = ROOM, .options = OPTIONS_DEFAULT };
	world->reports = take(world, ROOM * sizeof *world->reports);
	world->sources = take(world, ROOM * sizeof *world->sources);
	world->auths = take(world, ROOM * sizeof *world->auths);
	world->traffic = take(world, ROOM * sizeof *world->traffic);
	world->marks = take(world, 100 * sizeof *world->marks);
	world->samples = take(world, 100 * sizeof *world->samples);
	world->options.domain = name_of(world, domain);
	world->options.today = today;
	world->policy = (struct policy){ .p = REQUEST_NONE, .pct = 100 };
	world->rows.senders = sender_rows;
	world->rows.senders_n = sizeof sender_rows / sizeof *sender_rows;
	world->rows.reporters = reporter_rows;
	world->rows.reporters_n = sizeof reporter_rows / sizeof *reporter_rows;
}

static uint32_t report_of(struct world *world, const struct line *line)
{
	int64_t begin = line->day * DAY_SECONDS, end = begin + (line->days ? line->days : 1) * DAY_SECONDS - 1;
	enum carriage carriage = line->plain ? CARRIAGE_FILE : line->carriage ? line->carriage : CARRIAGE_SIGNED;
	struct rows *rows = &world->rows;
	struct observed_report *r;
	char id[128];

	for (size_t i = rows->reports_n; i-- > 0;)
		if (world->reports[i].begin == begin && world->reports[i].end == end &&
			span_is(world->reports[i].org_name, span_of(line->reporter)) &&
			world->reports[i].carriage == carriage)
			return (uint32_t)i;
	r = &world->reports[rows->reports_n];
	snprintf(id, sizeof id, "%s-%lld", line->reporter, (long long)line->day);
	*r = (struct observed_report){ .org_name = copy(world, line->reporter),
		.report_id = copy(world, id),
		.email = name_of(world, line->reporter),
		.domain = world->options.domain.name,
		.policy = world->policy,
		.has_policy = true,
		.begin = begin,
		.end = end,
		.taken = end + 3600,
		.arrived = end + 3600,
		.carriage = carriage };
	r->author = r->email;
	if (line->plain)
		r->arrived = MOMENT_NONE;
	return (uint32_t)rows->reports_n++;
}

static uint32_t source_of(struct world *world, const struct line *line)
{
	struct rows *rows = &world->rows;
	struct observed_source *s = &world->sources[rows->sources_n];
	struct address address;

	if (!address_parse(span_of(line->address), &address))
		abort();
	for (size_t i = 0; i < rows->sources_n; i++)
		if (memcmp(&world->sources[i].address, &address, sizeof address) == 0)
			return (uint32_t)i;
	*s = (struct observed_source){ .address = address, .has_address = true, .host_state = HOST_CONFIRMED };
	if (!line->host)
		s->host_state = HOST_UNKNOWN;
	else if (line->host[0] == '-')
		s->host_state = HOST_NONE;
	else if (line->host[0] == '?')
		s->host_state = HOST_UNCONFIRMED;
	if (line->host && line->host[0] != '-')
		s->host = name_of(world, line->host + (line->host[0] == '?'));
	return (uint32_t)rows->sources_n++;
}

static size_t read_signatures(struct world *world, const char *text, struct signature_row *facts)
{
	char parts[256], *rest = NULL, *inner = NULL;
	size_t n = 0;

	if (!text || !*text)
		return 0;
	snprintf(parts, sizeof parts, "%s", text);
	for (char *one = strtok_r(parts, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		char *domain = strtok_r(one, "/", &inner), *selector = strtok_r(NULL, "/", &inner);

		facts[n].domain = name_of(world, domain);
		facts[n].selector = copy(world, selector);
		facts[n++].result = result_of(span_of(strtok_r(NULL, "/", &inner)));
	}
	return n;
}

static uint32_t auth_of(struct world *world, const struct line *line)
{
	struct rows *rows = &world->rows;
	struct observed_auth *a = &world->auths[rows->auths_n];
	struct signature_row *dkim = take(world, 8 * sizeof *dkim);
	struct spf_row *spf = take(world, sizeof *spf);
	struct override_reason *reason = take(world, sizeof *reason);

	*a = (struct observed_auth){
		.header_from = name_of(world, line->from), .dkim = dkim, .spf = spf, .reasons = reason
	};
	a->evaluated = line->says != WORD_NONE;
	a->dkim_aligned = line->says == WORD_PASS;
	a->dkim_n = read_signatures(world, line->dkim, dkim);
	if (line->spf) {
		*spf = (struct spf_row){ name_of(world, line->spf), false, result_of(span_of(line->spf_result)) };
		a->spf_n = 1;
	}
	if (line->reason) {
		*reason = (struct override_reason){ copy(world, line->reason), copy(world, line->comment) };
		a->reasons_n = 1;
	}
	return (uint32_t)rows->auths_n++;
}

void world_add(struct world *world, const struct line *line)
{
	struct rows *rows = &world->rows;

	if (rows->traffic_n == world->room)
		abort();
	world->traffic[rows->traffic_n] = (struct observed_traffic){ report_of(world, line), source_of(world, line),
		auth_of(world, line), line->n };
	rows->traffic_n++;
}

void world_mark(struct world *world, enum mark_kind kind, const char *subject)
{
	world->marks[world->rows.marks_n++] = (struct mark_row){
		.kind = kind, .subject = copy(world, subject), .day = world->options.today - 1, .expires = MOMENT_NONE
	};
}

const struct rows *world_rows(struct world *world)
{
	world->rows.reports = world->reports;
	world->rows.sources = world->sources;
	world->rows.auths = world->auths;
	world->rows.traffic = world->traffic;
	world->rows.marks = world->marks;
	world->rows.samples = world->samples;
	return &world->rows;
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A permutation of n places. */
static uint32_t *permutation(struct world *world, size_t n, uint32_t *state)
{
	uint32_t *places = take(world, n * sizeof *places);

	for (uint32_t i = 0; i < n; i++)
		places[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = random_next(state) % i;
		uint32_t swap = places[i - 1];

		places[i - 1] = places[k];
		places[k] = swap;
	}
	return places;
}

#define PERMUTE(field, count, places)                                                                \
	do {                                                                                         \
		void *old = take(world, (count) * sizeof *world->field);                             \
		memcpy(old, world->field, (count) * sizeof *world->field);                           \
		for (size_t at = 0; at < (count); at++)                                              \
			memcpy(&world->field[(places)[at]], (char *)old + at * sizeof *world->field, \
				sizeof *world->field);                                               \
	} while (0)

void world_shuffle(struct world *world, uint32_t seed)
{
	struct rows *rows = &world->rows;
	uint32_t state = seed ? seed : 1;
	uint32_t *reports = permutation(world, rows->reports_n, &state),
		 *sources = permutation(world, rows->sources_n, &state);
	uint32_t *auths = permutation(world, rows->auths_n, &state),
		 *traffic = permutation(world, rows->traffic_n, &state);

	for (size_t i = 0; i < rows->traffic_n; i++) {
		world->traffic[i].report = reports[world->traffic[i].report];
		world->traffic[i].source = sources[world->traffic[i].source];
		world->traffic[i].auth = auths[world->traffic[i].auth];
	}
	PERMUTE(reports, rows->reports_n, reports);
	PERMUTE(sources, rows->sources_n, sources);
	PERMUTE(auths, rows->auths_n, auths);
	PERMUTE(traffic, rows->traffic_n, traffic);
}

void world_end(struct world *world)
{
	arena_release(&world->arena);
}

static void put_span(struct buf *b, struct span s)
{
	buf_put_span(b, s.p ? s : SPAN("-"));
	buf_put_byte(b, ' ');
}

static void print_gates(struct buf *b, const struct decision *d)
{
	for (size_t i = 0; i < d->gates_n; i++) {
		const struct gate *g = &d->gates[i];

		buf_printf(b, "gate G%u %s ", g->number, gate_state_word(g->state));
		put_span(b, g->subject);
		for (size_t k = 0; k < g->values_n; k++)
			buf_printf(b, "%s=%.4f/%.4f ", g->values[k].name, g->values[k].value, g->values[k].limit);
		buf_put_byte(b, '\n');
	}
	for (size_t i = 0; i < d->exceptions_n; i++) {
		buf_printf(b, "except %s ", exception_word(d->exceptions[i].kind));
		put_span(b, d->exceptions[i].subject);
		buf_put_byte(b, '\n');
	}
}

static void print_paths(struct buf *b, const struct verdict *v)
{
	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *p = &v->paths[i];

		if (!p->messages)
			continue;
		buf_put_text(b, "path ");
		put_span(b, p->header_from);
		put_span(b, v->sources[p->source].id);
		buf_printf(b, "%s%s %s %s n=%llu ev=%llu dkim=%llu %u/%u/%u %s", path_kind_word(p->kind),
			p->relayed ? "-relayed" : "", fate_word(p->fate), subclass_word(p->subclass),
			(unsigned long long)p->messages, (unsigned long long)p->evidence,
			(unsigned long long)p->dkim_ok, p->class.points[0], p->class.points[1], p->class.points[2],
			confidence_word(p->class.confidence));
		for (size_t k = 0; k < p->class.items_n; k++)
			buf_printf(b, " %s", evidence_items[p->class.items[k]].id);
		buf_put_byte(b, '\n');
	}
}

static void print_rest(struct buf *b, const struct verdict *v)
{
	char day[MOMENT_TEXT];

	for (size_t i = 0; i < v->senders_n; i++) {
		const struct sender *s = &v->senders[i];

		buf_put_text(b, "sender ");
		put_span(b, s->subject);
		put_span(b, s->mark);
		buf_printf(b, "%s %s n=%llu fails=%llu week=%llu unsigned=%llu fwd=%llu due=%s\n", fate_word(s->fate),
			subclass_word(s->subclass), (unsigned long long)s->messages, (unsigned long long)s->fails,
			(unsigned long long)s->week.messages, (unsigned long long)s->week.not_signed,
			(unsigned long long)s->forwarded_fails,
			moment_format_day(s->next_day == MOMENT_NONE ? MOMENT_NONE : s->next_day * DAY_SECONDS, day));
	}
	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *s = &v->steps[i];

		buf_printf(b, "step %u%s %s gates=%x ", s->rank, s->later ? " later" : "", step_kind_word(s->kind),
			s->gates);
		put_span(b, s->subject);
		buf_printf(b, "%s week=%llu loss=%.4f->%.4f %s\n", guess_word(s->guess),
			(unsigned long long)s->per_week, s->loss_now, s->loss_after, verdict_word(s->after));
	}
	for (size_t i = 0; i < v->alerts_n; i++) {
		const struct alert *a = &v->alerts[i];

		buf_printf(b, "alert %s %s ", level_word(a->level), alert_kind_word(a->kind));
		put_span(b, a->subject);
		put_span(b, a->key);
		buf_printf(b, "n=%llu %.3f->%.3f since=%s\n", (unsigned long long)a->messages, a->before, a->now,
			moment_format_day(a->since == MOMENT_NONE ? MOMENT_NONE : a->since * DAY_SECONDS, day));
	}
	for (size_t i = 0; i < v->simulations_n; i++) {
		const struct simulation *s = &v->simulations[i];

		buf_printf(b, "if p=%s aspf=%d adkim=%d after=%u", request_word(s->policy.p), s->policy.aspf_strict,
			s->policy.adkim_strict, s->after_steps);
		for (int f = 0; f < FATE_COUNT; f++)
			buf_printf(b, " %s %llu+%llu", fate_word((enum fate)f), (unsigned long long)s->now.spam[f],
				(unsigned long long)s->now.refused[f]);
		buf_put_byte(b, '\n');
	}
	for (size_t i = 0; i < v->keys_n; i++) {
		put_span(b, SPAN("key"));
		put_span(b, v->keys[i].selector);
		put_span(b, v->keys[i].home_own		  ? SPAN("(own)")
			    : v->keys[i].home == NO_INDEX ? SPAN("(none)")
							  : v->sources[v->keys[i].home].id);
		buf_printf(b, "valid=%llu broken=%llu\n", (unsigned long long)v->keys[i].valid,
			(unsigned long long)v->keys[i].broken);
	}
	for (size_t i = 0; i < v->reporters_n; i++) {
		put_span(b, SPAN("reporter"));
		put_span(b, v->reporters[i].identity);
		buf_printf(b, "%s n=%llu\n", standing_word(v->reporters[i].standing),
			(unsigned long long)v->reporters[i].messages);
	}
}

bool verdict_excepts(const struct verdict *v, enum exception_kind kind)
{
	for (size_t i = 0; i < v->decision.exceptions_n; i++)
		if (v->decision.exceptions[i].kind == kind)
			return true;
	return false;
}

struct span world_print(const struct verdict *v, struct arena *arena)
{
	const struct measures *m = &v->measures;
	struct buf b = BUF((size_t)16 << 20);
	struct span text;

	buf_printf(&b, "verdict %s for %s turns_at=%u\n", verdict_word(v->decision.word), target_word(v->target),
		v->turns_at);
	buf_printf(&b, "own %llu fails %llu evidence %llu dkim %.4f loss %.4f <= %.4f\n", (unsigned long long)m->own,
		(unsigned long long)m->own_fails, (unsigned long long)m->own_evidence, m->dkim_share, m->own_loss,
		m->own_upper);
	buf_printf(&b, "forwarded %llu fails %llu spared %llu undecided %llu forged %llu worst %.4f\n",
		(unsigned long long)m->forwarded, (unsigned long long)m->forwarded_fails, (unsigned long long)m->spared,
		(unsigned long long)m->undecided, (unsigned long long)m->forged, m->worst_loss);
	buf_printf(&b, "history %lld days %lld age %lld reporters %llu stage %lld quiet %lld window %u counted %llu\n",
		(long long)m->history, (long long)m->days, (long long)m->age, (unsigned long long)m->reporters,
		(long long)m->stage_days, (long long)m->quiet_days, v->window, (unsigned long long)v->counted);
	print_gates(&b, &v->decision);
	print_paths(&b, v);
	print_rest(&b, v);
	buf_printf(&b, "next %s at %s: ", next_kind_word(v->next.kind), stage_word(v->next.stage));
	put_span(&b, v->next.record);
	buf_put_byte(&b, '\n');
	text = arena_copy(arena, buf_span(&b));
	buf_release(&b);
	return text;
}
