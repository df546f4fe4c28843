#include "tests/facts.h"
#include "base/moment.h"

#include <inttypes.h>

static struct auth_result results[] = {
	{ SPAN("example.org"), SPAN("s1"), SPAN("pass"), SPAN("d\xc3\xa9j\xc3\xa0 vu"), RESULT_PASS },
	{ SPAN("mail.example.org"), { NULL, 0 }, SPAN("hardfail"), { NULL, 0 }, RESULT_FAIL },
};
static struct override_reason reasons[] = { { SPAN("forwarded"), SPAN("") }, { { NULL, 0 }, SPAN("looks fine") } };
static struct span errors[] = { SPAN("one"), SPAN("") };
static struct field fields[] = { { SPAN("feedback-type"), SPAN("auth-failure") }, { SPAN("x"), SPAN("") } };

struct record facts_record(uint64_t count)
{
	struct record record = { .source_ip = SPAN("192.0.2.1"),
		.count = count,
		.disposition = SPAN("quarantine"),
		.dkim = SPAN("pass"),
		.spf = SPAN("fail"),
		.disposed = DISPOSITION_QUARANTINE,
		.dkim_pass = true,
		.reasons = reasons,
		.reasons_n = 2,
		.header_from = SPAN("example.org"),
		.envelope_from = SPAN(""),
		.dkim_results = results,
		.dkim_n = 2,
		.spf_results = results + 1,
		.spf_n = 1,
		.aligned = ALIGNED_DKIM_RELAXED | ALIGNED_SPF_STRICT };

	record.has_address = address_parse(record.source_ip, &record.address);
	return record;
}

struct report facts_report(uint64_t records, uint64_t messages)
{
	return (struct report){ .org_name = SPAN("Example Org"),
		.org_email = SPAN("noreply@example.com"),
		.report_id = SPAN("id-1"),
		.begin = 1700000000,
		.end = 1700086399,
		.errors = errors,
		.errors_n = 2,
		.version = SPAN("1.0"),
		.domain = SPAN("example.org"),
		.p = SPAN("none"),
		.pct = SPAN("100"),
		.records = records,
		.messages = messages,
		.uncounted = 3,
		.recovered = true,
		.content = { 1, 2, 255 } };
}

struct failure facts_failure(void)
{
	return (struct failure){ .fields = fields,
		.fields_n = 2,
		.feedback_type = SPAN("auth-failure"),
		.source_ip = SPAN("x"),
		.arrived = -5,
		.incidents = 1,
		.dmarc = true,
		.passed = true,
		.identity_rule = IDENTITY_RFC9991,
		.has_sample = true,
		.sample_octets = 99,
		.sample_sha256 = { 9 },
		.sample_subject = SPAN("subject") };
}

struct verification facts_verification(void)
{
	static struct dkim_step steps[] = {
		{ DKIM_EDIT_SUBJECT_PREFIX, SPAN("Subject"), SPAN("[list] "), { NULL, 0 }, 7 },
		{ DKIM_EDIT_REPORTED_HEADER, SPAN("body"), SPAN(""), SPAN("d\xc3\xa9j\xc3\xa0"), UINT64_MAX },
	};
	static struct dkim_diagnosis diagnosis = { .undone = true,
		.header_undone = true,
		.body_undone = true,
		.exhausted = true,
		.steps = steps,
		.steps_n = 2,
		.added_octets = 319,
		.sentence = SPAN("valid once the subject tag is removed"),
		.has_reconstruction = true,
		.reconstruction_sha256 = { 1, 2, 254, 255 },
		.reconstruction_octets = 4711,
		.candidates = 200001,
		.hashed = (uint64_t)1 << 33,
		.reported_header = DKIM_UNDECODABLE,
		.reported_body = DKIM_MISMATCH };
	static struct dkim_verdict signatures[] = {
		{ .position = 3,
			.d = SPAN("Example.ORG"),
			.s = SPAN("s1"),
			.i = SPAN("@example.org"),
			.a = SPAN("rsa-sha1"),
			.c = SPAN("relaxed/simple"),
			.l = SPAN("00012"),
			.t = -1,
			.x = INT64_MAX,
			.domain = SPAN("example.org"),
			.name = SPAN("s1._domainkey.example.org"),
			.reason = DKIM_REASON_LIMIT,
			.detail = SPAN("d\xc3\xa9tail"),
			.has_historic = true,
			.historic = DKIM_REASON_GRANULARITY,
			.body_hash = DKIM_MISMATCH,
			.header_hash = DKIM_UNDECODABLE,
			.key_bits = 4294967295U,
			.key_bare = true,
			.key_records = 2,
			.testing = true,
			.g = SPAN("*"),
			.has_body_length = true,
			.body_length = (uint64_t)1 << 40,
			.unsigned_octets = 77,
			.t_in_future = true,
			.subject_unsigned = true,
			.extra_instances = SPAN("from subject"),
			.strict = DKIM_ALIGNED_NO,
			.relaxed = DKIM_ALIGNED_YES,
			.diagnosis = &diagnosis },
		{ .t = MOMENT_NONE, .x = MOMENT_NONE, .l = SPAN("") },
	};
	static struct dkim_domainkey domainkeys[] = {
		{ SPAN("rsa-sha1"), SPAN("nofws"), SPAN("example.org"), SPAN("dk"), SPAN("dns"), SPAN("from") },
		{ { NULL, 0 }, SPAN(""), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } },
	};
	static struct dkim_verdicts verdicts = { .result = DKIM_NEUTRAL,
		.signatures = signatures,
		.n = 2,
		.total = 30,
		.domainkeys = domainkeys,
		.domainkeys_n = 2,
		.from_domain = SPAN("example.org"),
		.from_fields = 2,
		.from_domains = 3,
		.header_too_long = true };
	static struct key_source keys[] = {
		{ SPAN("s1._domainkey.example.org"), KEY_REPORTED, 1700000002, true },
		{ SPAN("s2._domainkey.example.org"), KEY_ARCHIVED, MOMENT_NONE, false },
	};

	return (struct verification){ VERIFIED_SAMPLE, 1700000003, &verdicts, keys, 2,
		{ SPAN("mx.example.org"), true, false, true } };
}

struct octets facts_octets(unsigned part, unsigned chunk, struct span data)
{
	return (struct octets){ OCTETS_SAMPLE, part, chunk, data };
}

struct mail_head facts_head(void)
{
	return (struct mail_head){ SPAN("a@example.com"), SPAN("Report"), { NULL, 0 }, 1700000001 };
}

bool facts_put_mail(struct feedback *fb, unsigned records)
{
	struct problem problem = { SPAN("report.xml: record 3"), SPAN("count `x` is not a number") };
	struct record record = facts_record(1);
	struct report report = facts_report(records, records);
	struct failure failure = facts_failure();
	struct verification verification = facts_verification();
	struct octets octets = facts_octets(0, 0, SPAN("raw\0\xff octets"));
	struct mail_head head = facts_head();

	feedback_put_report_open(fb);
	feedback_put_problem(fb, &problem);
	for (unsigned i = 0; i < records; i++)
		if (!feedback_put_record(fb, &record))
			return false;
	return feedback_put_report(fb, &report) && feedback_put_failure(fb, &failure) &&
	       feedback_put_verification(fb, &verification) && feedback_put_octets(fb, &octets) &&
	       feedback_put_end(fb, OUTCOME_REPORT, &head);
}

/* ------------------------------------------------------------------ writing facts down */

static void write_span(struct buf *out, struct span s)
{
	if (s.p)
		buf_printf(out, "[%zu:%.*s]", s.n, (int)s.n, s.p);
	else
		buf_put_text(out, "-");
}

static void write_octets(struct buf *out, const uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%02x", octets[i]);
}

static void write_results(struct buf *out, const struct auth_result *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		write_span(out, list[i].domain);
		write_span(out, list[i].key);
		write_span(out, list[i].result);
		write_span(out, list[i].human_result);
		buf_printf(out, "%d;", list[i].means);
	}
}

static void write_record(struct buf *out, const struct record *r)
{
	write_span(out, r->source_ip);
	buf_printf(out, "%d %" PRIu64 " %d %d %d %u ", r->has_address, r->count, r->disposed, r->dkim_pass, r->spf_pass,
		r->aligned);
	write_octets(out, r->address.octets, 16);
	write_span(out, r->disposition);
	write_span(out, r->dkim);
	write_span(out, r->spf);
	for (size_t i = 0; i < r->reasons_n; i++) {
		write_span(out, r->reasons[i].type);
		write_span(out, r->reasons[i].comment);
	}
	write_span(out, r->header_from);
	write_span(out, r->envelope_from);
	write_span(out, r->envelope_to);
	write_results(out, r->dkim_results, r->dkim_n);
	write_results(out, r->spf_results, r->spf_n);
}

static void write_report(struct buf *out, const struct report *r)
{
	const struct span texts[] = { r->org_name, r->org_email, r->org_extra_contact_info, r->report_id, r->generator,
		r->version, r->namespace, r->domain, r->p, r->sp, r->np, r->adkim, r->aspf, r->pct, r->fo, r->testing,
		r->discovery_method };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		write_span(out, texts[i]);
	for (size_t i = 0; i < r->errors_n; i++)
		write_span(out, r->errors[i]);
	buf_printf(out, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d ", r->begin, r->end, r->records,
		r->messages, r->uncounted, r->recovered);
	write_octets(out, r->content, sizeof r->content);
}

static void write_failure(struct buf *out, const struct failure *f)
{
	const struct span texts[] = { f->feedback_type, f->source_ip, f->arrival_date, f->reported_domain,
		f->auth_failure, f->delivery_result, f->identity_alignment, f->sample_subject, f->sample_from,
		f->sample_hops };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		write_span(out, texts[i]);
	for (size_t i = 0; i < f->fields_n; i++) {
		write_span(out, f->fields[i].name);
		write_span(out, f->fields[i].value);
	}
	buf_printf(out, "%d %" PRId64 " %" PRIu64 " %d %d %d %d %d %d %d %d %" PRIu64 " ", f->has_address, f->arrived,
		f->incidents, f->plain_text, f->dmarc, f->passed, f->identity_rule, f->has_sample, f->headers_only, f->sample_relayed,
		f->sample_starts, f->sample_octets);
	write_octets(out, f->address.octets, 16);
	write_octets(out, f->sample_sha256, sizeof f->sample_sha256);
}

static void write_diagnosis(struct buf *out, const struct dkim_diagnosis *d)
{
	if (!d) {
		buf_put_text(out, "none");
		return;
	}
	buf_printf(out, "%d %d %d %d %d %d %d ", d->undone, d->header_undone, d->body_undone, d->exhausted,
		d->has_reconstruction, d->reported_header, d->reported_body);
	buf_printf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " ", d->added_octets, d->reconstruction_octets,
		d->candidates, d->hashed);
	write_span(out, d->sentence);
	write_octets(out, d->reconstruction_sha256, sizeof d->reconstruction_sha256);
	for (size_t i = 0; i < d->steps_n; i++) {
		buf_printf(out, "%d %" PRIu64, d->steps[i].edit, d->steps[i].octets);
		write_span(out, d->steps[i].where);
		write_span(out, d->steps[i].found);
		write_span(out, d->steps[i].before);
	}
}

static void write_verdict(struct buf *out, const struct dkim_verdict *v)
{
	const struct span texts[] = { v->d, v->s, v->i, v->a, v->c, v->l, v->domain, v->name, v->detail, v->g,
		v->extra_instances };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		write_span(out, texts[i]);
	buf_printf(out, "%zu %" PRId64 " %" PRId64 " %d %d %d %d %d %" PRIu32 " %d %zu ", v->position, v->t, v->x,
		v->reason, v->has_historic, v->historic, v->body_hash, v->header_hash, v->key_bits, v->key_bare,
		v->key_records);
	buf_printf(out, "%d %d %" PRIu64 " %" PRIu64 " %d %d %d %d ", v->testing, v->has_body_length, v->body_length,
		v->unsigned_octets, v->t_in_future, v->subject_unsigned, v->strict, v->relaxed);
	write_diagnosis(out, v->diagnosis);
}

static void write_verification(struct buf *out, const struct verification *verification)
{
	const struct dkim_verdicts *all = verification->verdicts;

	buf_printf(out, "%d %" PRId64 " ", verification->of, verification->at);
	for (size_t i = 0; i < verification->keys_n; i++) {
		write_span(out, verification->keys[i].name);
		buf_printf(out, "%d %" PRId64 " %d ", verification->keys[i].origin, verification->keys[i].seen,
			verification->keys[i].secure);
	}
	write_span(out, verification->border.authserv_id);
	buf_printf(out, "%d %d %d ", verification->border.dkim, verification->border.spf, verification->border.refused);
	buf_printf(out, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %d ", all->result, all->total, all->from_fields,
		all->from_domains, all->header_too_long);
	write_span(out, all->from_domain);
	for (size_t i = 0; i < all->n; i++)
		write_verdict(out, &all->signatures[i]);
	for (size_t i = 0; i < all->domainkeys_n; i++) {
		const struct dkim_domainkey *key = &all->domainkeys[i];
		const struct span texts[] = { key->a, key->c, key->d, key->s, key->q, key->h };

		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			write_span(out, texts[k]);
	}
}

bool facts_write(void *arg, const struct fact *fact)
{
	struct buf *out = arg;

	buf_printf(out, "%d ", fact->kind);
	switch (fact->kind) {
	case FACT_BEGIN:
		buf_printf(out, "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64, fact->begin.outcome,
			fact->begin.reports, fact->begin.failures, fact->begin.problems, fact->begin.head.date);
		write_span(out, fact->begin.head.from);
		write_span(out, fact->begin.head.subject);
		write_span(out, fact->begin.head.message_id);
		break;
	case FACT_REPORT:
		write_report(out, &fact->report);
		break;
	case FACT_RECORD:
		write_record(out, &fact->record);
		break;
	case FACT_FAILURE:
		write_failure(out, &fact->failure);
		break;
	case FACT_VERIFICATION:
		write_verification(out, &fact->verification);
		break;
	case FACT_OCTETS:
		buf_printf(out, "%d %u %u ", fact->octets.kind, fact->octets.part, fact->octets.chunk);
		write_octets(out, (const uint8_t *)fact->octets.data.p, fact->octets.data.n);
		break;
	case FACT_PROBLEM:
		write_span(out, fact->problem.where);
		write_span(out, fact->problem.what);
		break;
	default:
		break;
	}
	return buf_put_byte(out, '\n');
}
