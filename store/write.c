/* Reports and records, as they come. The head of a report comes first, but its row is written last, when its sums are
 * known: one write instead of two. */
#include "store/store_private.h"

#define TRUST_NOT_BELIEVED 0
#define TRUST_UNCHECKED 1

const size_t report_texts[REPORT_TEXTS] = {
	offsetof(struct report, org_name),
	[REPORT_EMAIL] = offsetof(struct report, org_email),
	offsetof(struct report, org_extra_contact_info),
	offsetof(struct report, generator),
	offsetof(struct report, version),
	offsetof(struct report, namespace),
	offsetof(struct report, p),
	offsetof(struct report, sp),
	offsetof(struct report, np),
	offsetof(struct report, adkim),
	offsetof(struct report, aspf),
	offsetof(struct report, pct),
	offsetof(struct report, fo),
	offsetof(struct report, testing),
	offsetof(struct report, discovery_method),
};

/* Override reasons that say "not authenticated, but let through for what it is" (RFC 7489 appendix C, RFC 9990). Not:
 * sampled_out and policy_test_mode, which speak of the published record, and words we do not know, since the unknown is
 * never read in anybody's favour. */
static const char *const sparing_reasons[] = { "forwarded", "local_policy", "mailing_list", "other",
	"trusted_forwarder" };

static bool reason_spares(struct span type)
{
	for (size_t i = 0; i < sizeof sparing_reasons / sizeof *sparing_reasons; i++)
		if (span_is(type, span_of(sparing_reasons[i])))
			return true;
	return false;
}

static unsigned record_flags(const struct record *record)
{
	unsigned flags = (unsigned)record->disposed & FLAG_DISPOSED;

	if (record->dkim_pass)
		flags |= FLAG_DKIM;
	if (record->spf_pass)
		flags |= FLAG_SPF;
	flags |= (record->aligned & 0xf) << FLAG_ALIGNED_SHIFT;
	for (size_t i = 0; i < record->reasons_n && !(flags & (FLAG_DKIM | FLAG_SPF)); i++)
		if (reason_spares(record->reasons[i].type))
			flags |= FLAG_SPARED;
	return flags;
}

void counts_add_record(struct counts *c, uint64_t messages, unsigned flags)
{
	uint64_t *disposed = &c->other;

	switch ((enum disposition)(flags & FLAG_DISPOSED)) {
	case DISPOSITION_NONE:
	case DISPOSITION_PASS:
		disposed = &c->none;
		break;
	case DISPOSITION_QUARANTINE:
		disposed = &c->quarantine;
		break;
	case DISPOSITION_REJECT:
		disposed = &c->reject;
		break;
	case DISPOSITION_ABSENT:
	case DISPOSITION_OTHER:
	case DISPOSITION_COUNT:
		break;
	}
	c->messages = add_up(c->messages, messages);
	*disposed = add_up(*disposed, messages);
	if (flags & FLAG_DKIM)
		c->dkim = add_up(c->dkim, messages);
	if (flags & FLAG_SPF)
		c->spf = add_up(c->spf, messages);
	if ((flags & FLAG_DKIM) && (flags & FLAG_SPF))
		c->both = add_up(c->both, messages);
	if (flags & FLAG_SPARED)
		c->spared = add_up(c->spared, messages);
}

void counts_add(struct counts *sum, const struct counts *more)
{
	sum->messages = add_up(sum->messages, more->messages);
	sum->dkim = add_up(sum->dkim, more->dkim);
	sum->spf = add_up(sum->spf, more->spf);
	sum->both = add_up(sum->both, more->both);
	sum->none = add_up(sum->none, more->none);
	sum->quarantine = add_up(sum->quarantine, more->quarantine);
	sum->reject = add_up(sum->reject, more->reject);
	sum->other = add_up(sum->other, more->other);
	sum->spared = add_up(sum->spared, more->spared);
}

struct span fold_case(struct buf *out, struct span text)
{
	if (!text.p)
		return SPAN_ABSENT;
	buf_clear(out);
	if (!buf_put_span(out, text))
		return SPAN_ABSENT;
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] >= 'A' && out->p[i] <= 'Z')
			out->p[i] = (char)(out->p[i] + ('a' - 'A'));
	return buf_span(out);
}

struct span fold_domain(struct buf *out, struct span text)
{
	char name[DOMAINNAME_TEXT];
	size_t n = domain_alabels(text, name);

	return fold_case(out, n ? (struct span){ name, n } : text);
}

/* The day in the middle of the range; of arrival when there is none. In 128 bits, because ends may be any number. */
static int64_t report_day(const struct report *report, int64_t arrived)
{
	int64_t begin = report->begin, end = report->end;

	if (begin == MOMENT_NONE)
		begin = end;
	if (end == MOMENT_NONE)
		end = begin;
	if (begin == MOMENT_NONE)
		return moment_day(arrived);
	return moment_day((int64_t)(((__int128)begin + end) / 2));
}

static struct span errors_copy(struct store *s, const struct report *report)
{
	struct list list = { .out = &s->list };

	if (report->errors_n == 0)
		return SPAN_ABSENT;
	buf_clear(&s->list);
	list_put_number(&list, report->errors_n);
	for (size_t i = 0; i < report->errors_n; i++)
		list_put_text(&list, report->errors[i]);
	if (s->list.failed)
		store_fail_memory(s);
	return arena_copy(&s->taking.arena, buf_span(&s->list));
}

bool report_begin(struct store *s, const struct report *report)
{
	struct taking *t = &s->taking;
	struct report_row *row = &t->report;

	if (t->in_report)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: a report within a report", s->path);
	if (!report_write(s))
		return false;
	arena_clear(&t->arena);
	*row = (struct report_row){
		.id = s->next_report, .mail = t->mail, .recovered = report->recovered, .arrived = MOMENT_NONE
	};
	row->trust = report->recovered || !range_is_possible(report->begin, report->end) ? TRUST_NOT_BELIEVED : TRUST_UNCHECKED;
	row->day = report_day(report, t->arrived);
	row->begin = report->begin;
	row->end = report->end;
	row->report_id = arena_copy(&t->arena, report->report_id);
	row->errors = errors_copy(s, report);
	row->records = report->records;
	row->uncounted = report->uncounted;
	memcpy(row->content, report->content, sizeof row->content);
	for (int i = 0; i < REPORT_TEXTS; i++)
		if (!intern_text(s, *(const struct span *)((const char *)report + report_texts[i]), &row->texts[i]))
			return false;
	if (!intern_text(s, report->domain, &row->domain) ||
		!intern_text(s, fold_case(&s->text, report->org_name), &row->reporter) ||
		!identity_compute(s, report, row->identity))
		return false;
	if (s->failed || t->arena.failed)
		return store_fail_memory(s);
	if (!identity_recognise(s, row) || !records_begin(s))
		return false;
	if (!t->again)
		row->first_record = s->next_record;
	t->in_report = true;
	t->records_seen = 0;
	t->records_said = report->records;
	t->messages_said = report->messages;
	return true;
}

static void write_words(struct list *list, const struct record *record)
{
	list_put_text(list, record->disposition);
	list_put_text(list, record->dkim);
	list_put_text(list, record->spf);
}

static void write_reasons(struct list *list, const struct record *record)
{
	list_put_number(list, record->reasons_n);
	for (size_t i = 0; i < record->reasons_n; i++) {
		list_put_text(list, record->reasons[i].type);
		list_put_text(list, record->reasons[i].comment);
	}
}

static void write_results(struct list *list, const struct auth_result *results, size_t n)
{
	list_put_number(list, n);
	for (size_t i = 0; i < n; i++) {
		list_put_text(list, results[i].domain);
		list_put_text(list, results[i].key);
		list_put_text(list, results[i].result);
		list_put_text(list, results[i].human_result);
		list_put_number(list, (uint64_t)results[i].means);
	}
}

static void write_auth(struct list *list, const struct record *record)
{
	write_results(list, record->dkim_results, record->dkim_n);
	write_results(list, record->spf_results, record->spf_n);
}

bool report_record(struct store *s, const struct record *record)
{
	struct taking *t = &s->taking;
	unsigned flags = record_flags(record);
	struct record_shape shape = { .flags = flags };
	struct packed_record packed = { .messages = record->count, .source = record->source_ip };

	if (!t->in_report || t->records_seen >= t->records_said)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: a record outside of its report", s->path);
	t->records_seen++;
	if (t->again)
		return true;
	if (!intern_list(s, INTERN_WORDS, write_words, record, &shape.words) ||
		(record->reasons_n && !intern_list(s, INTERN_REASONS, write_reasons, record, &shape.reasons)) ||
		((record->dkim_n || record->spf_n) && !intern_list(s, INTERN_AUTH, write_auth, record, &shape.auth)) ||
		!intern_text(s, record->header_from, &shape.header_from) ||
		!intern_text(s, record->envelope_from, &shape.envelope_from) ||
		!intern_text(s, record->envelope_to, &shape.envelope_to))
		return false;
	counts_add_record(&t->report.counts, record->count, flags);
	packed.has_address = record->has_address && source_is_usual(record->source_ip, &record->address);
	packed.address = record->address;
	return records_put(s, &shape, &packed);
}

bool report_end(struct store *s)
{
	struct taking *t = &s->taking;

	if (!t->in_report || t->records_seen != t->records_said ||
		(!t->again && t->report.counts.messages != t->messages_said))
		return fault_set(&s->fault, FAULT_BROKEN, "%s: a report's records are not what its head says", s->path);
	if (!t->again && !records_flush(s))
		return false;
	t->in_report = false;
	t->last_report = t->report.id;
	s->next_report++;
	t->result.reports++;
	t->result.duplicates += t->again;
	t->result.records += t->again ? 0 : t->report.records;
	t->waiting = true;
	return true;
}

bool report_write(struct store *s)
{
	bool waiting = s->taking.waiting;

	s->taking.waiting = false;
	return !waiting || identity_add(s, &s->taking.report);
}
