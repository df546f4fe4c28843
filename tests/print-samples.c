/* Cases of print-report: signatures checked again, and failure samples. */
#include "base/json.h"
#include "base/moment.h"
#include "report/samples.h"
#include "report/verdict_json.h"
#include "report/verdict_text.h"
#include "tests/print-report.h"

#define ARRIVED 1794475640

static struct dkim_step list_steps[] = {
	{ DKIM_EDIT_SUBJECT_PREFIX, SPAN("Subject"), SPAN("[for joe@example.net] "), { NULL, 0 }, 22 },
	{ DKIM_EDIT_REDACTED, SPAN("To"), SPAN("x@example.org"), SPAN("ann@example.org"), 0 },
	{ DKIM_EDIT_FOOTER, SPAN("body"), SPAN("_____"), { NULL, 0 }, 312 },
};
static struct dkim_diagnosis list_diagnosis = { .undone = true,
	.header_undone = true,
	.body_undone = true,
	.steps = list_steps,
	.steps_n = 3,
	.added_octets = 334,
	.sentence = SPAN("valid once the subject tag `[for joe@example.net] ` and the last 312 octets are removed: "
			 "typical of a mailing list"),
	.has_reconstruction = true,
	.reconstruction_sha256 = { 0xab, 0xcd },
	.reconstruction_octets = 983,
	.candidates = 9 };

#define SIGNED_BY(domain_, selector_)                                                               \
	.d = SPAN(domain_), .domain = SPAN(domain_), .s = SPAN(selector_), .a = SPAN("rsa-sha256"), \
	.c = SPAN("relaxed/relaxed"), .t = ARRIVED - 40, .name = SPAN(selector_ "._domainkey." domain_)
#define SIGNED(domain_, selector_) SIGNED_BY(domain_, selector_), .x = MOMENT_NONE, .key_bits = 2048, .key_records = 1

static struct dkim_verdict list_signatures[] = {
	{ SIGNED("example.com", "mail"), .i = SPAN("john.doe@example.com"), .reason = DKIM_REASON_BODY_HASH_MISMATCH,
		.body_hash = DKIM_MISMATCH, .header_hash = DKIM_MISMATCH, .strict = DKIM_ALIGNED_YES,
		.relaxed = DKIM_ALIGNED_YES, .diagnosis = &list_diagnosis },
	{ SIGNED("list.example", "l1"), .i = SPAN("@list.example"), .position = 1, .body_hash = DKIM_MATCH,
		.header_hash = DKIM_MATCH, .strict = DKIM_ALIGNED_NO, .relaxed = DKIM_ALIGNED_NO },
};
static struct key_source list_keys[] = {
	{ SPAN("mail._domainkey.example.com"), KEY_ARCHIVED, ARRIVED - 864000, false },
	{ SPAN("l1._domainkey.list.example"), KEY_PUBLISHED, ARRIVED, true },
};
static const struct dkim_verdicts list_verdicts = { .result = DKIM_PASS,
	.signatures = list_signatures,
	.n = 2,
	.total = 2,
	.from_domain = SPAN("example.com"),
	.from_fields = 1,
	.from_domains = 1 };
static const struct verification list_mail = { VERIFIED_SAMPLE, ARRIVED, &list_verdicts, list_keys, 2 };

/* Everything a person should be warned of, in one mail. */
static struct dkim_diagnosis key_diagnosis = {
	.sentence = SPAN("wrong or rotated key, or a damaged b=: no edit of the header does that; the body fits the signature")
};
static struct dkim_verdict poor_signatures[] = {
	{ SIGNED_BY("mail.example.com", "old"), .i = SPAN("@mail.example.com"), .l = SPAN("100"),
		.body_hash = DKIM_MATCH, .header_hash = DKIM_MATCH, .strict = DKIM_ALIGNED_NO,
		.relaxed = DKIM_ALIGNED_YES, .key_bits = 1024, .key_records = 2, .testing = true, .x = ARRIVED + 864000,
		.has_body_length = true, .body_length = 205, .unsigned_octets = 105, .t_in_future = true,
		.subject_unsigned = true, .extra_instances = SPAN("from to") },
	{ SIGNED("example.com", "s2"), .position = 1, .reason = DKIM_REASON_SIGNATURE_MISMATCH,
		.detail = SPAN("no PKCS#1 v1.5 block in it"), .body_hash = DKIM_MATCH, .header_hash = DKIM_UNDECODABLE,
		.strict = DKIM_ALIGNED_YES, .relaxed = DKIM_ALIGNED_YES, .diagnosis = &key_diagnosis },
	{ SIGNED_BY("example.com", "s3"), .x = MOMENT_NONE, .position = 2, .reason = DKIM_REASON_KEY_TOO_SHORT,
		.has_historic = true, .historic = DKIM_REASON_OK, .body_hash = DKIM_MATCH, .header_hash = DKIM_MATCH,
		.key_bits = 512, .strict = DKIM_ALIGNED_YES, .relaxed = DKIM_ALIGNED_YES },
	{ .d = SPAN(HOSTILE),
		.s = SPAN(HOSTILE),
		.a = SPAN(HOSTILE),
		.c = SPAN(HOSTILE),
		.t = INT64_MAX,
		.x = MOMENT_NONE,
		.position = 3,
		.reason = DKIM_REASON_SIG_SYNTAX,
		.detail = SPAN(HOSTILE) },
};
static struct key_source poor_keys[] = { { SPAN("old._domainkey.mail.example.com"), KEY_ARCHIVED, ARRIVED, false } };
static struct dkim_domainkey poor_domainkeys[] = { { .a = SPAN("rsa-sha1"), .d = SPAN("example.com") } };
static const struct dkim_verdicts poor_verdicts = { .result = DKIM_PASS,
	.signatures = poor_signatures,
	.n = COUNT(poor_signatures),
	.total = 27,
	.domainkeys = poor_domainkeys,
	.domainkeys_n = 1,
	.from_domain = SPAN("example.com"),
	.from_fields = 1,
	.from_domains = 1 };
static const struct verification poor_mail = { VERIFIED_MAIL, MOMENT_NONE, &poor_verdicts, poor_keys, 1 };

static const struct dkim_verdicts bare_verdicts = { .from_fields = 2, .from_domains = 3 };
static const struct verification bare_mail = { VERIFIED_MAIL, ARRIVED, &bare_verdicts, NULL, 0 };

static struct dkim_verdict silent_signatures[] = {
	{ SIGNED_BY("example.com", "s4"), .x = MOMENT_NONE, .reason = DKIM_REASON_DNS_ERROR, .body_hash = DKIM_MATCH,
		.strict = DKIM_ALIGNED_YES, .relaxed = DKIM_ALIGNED_YES },
};
static const struct dkim_verdicts silent_verdicts = { .result = DKIM_TEMPERROR,
	.signatures = silent_signatures,
	.n = 1,
	.total = 1,
	.from_domain = SPAN("example.com"),
	.from_fields = 1,
	.from_domains = 1 };
static struct key_source silent_keys[] = { { SPAN("s4._domainkey.example.com"), KEY_REPORTED, MOMENT_NONE, false } };
static const struct verification silent_mail = { VERIFIED_MAIL, ARRIVED, &silent_verdicts, silent_keys, 1 };

static const struct verification *const mails[] = { &list_mail, &poor_mail, &bare_mail, &silent_mail };
static const struct span names[] = { SPAN("list.eml"), SPAN(HOSTILE), SPAN("bare.eml"), SPAN("silent.eml") };

static void verify_print(const struct style *style)
{
	for (size_t i = 0; i < COUNT(mails); i++)
		need(verdict_text(stdout, style, names[i], mails[i]));
}

void print_verify_text(void)
{
	verify_print(&plain);
}

void print_verify_ascii(void)
{
	verify_print(&ascii);
}

void print_verify_json(void)
{
	struct json json;

	json_begin(&json, stdout);
	for (size_t i = 0; i < COUNT(mails); i++) {
		verdict_json(&json, names[i], mails[i]);
		json_newline(&json);
	}
	need(json_done(&json));
}

static struct field fields[] = {
	{ SPAN("feedback-type"), SPAN("auth-failure") },
	{ SPAN("original-mail-from"), SPAN("<bounce+john=example.com@list.example>") },
	{ SPAN("original-rcpt-to"), SPAN("<\"ann b\"@example.org>") },
	{ SPAN("original-rcpt-to"), SPAN("ann") },
	{ SPAN("authentication-results"), SPAN("mx.example.net; dmarc=fail header.from=example.com") },
	{ SPAN("dkim-canonicalized-body"), SPAN("am9obkBleGFtcGxlLmNvbQ==") },
	{ SPAN("reported-uri"), SPAN("https://example.net/u?x=john%40example.com") },
	{ SPAN("x-hostile"), SPAN(HOSTILE) },
};
static const struct failure list_failure = { .fields = fields,
	.fields_n = COUNT(fields),
	.feedback_type = SPAN("auth-failure"),
	.source_ip = SPAN("192.0.2.140"),
	.reported_domain = SPAN("example.com"),
	.auth_failure = SPAN("dmarc"),
	.delivery_result = SPAN("delivered"),
	.identity_alignment = SPAN("spf, dkim"),
	.arrived = ARRIVED,
	.incidents = 3,
	.dmarc = true,
	.identity_rule = IDENTITY_RFC9991,
	.has_sample = true,
	.sample_octets = 1234,
	.sample_subject = SPAN("[for joe@example.net] minutes for Ann <ann@example.org>, bob@example.org"),
	.sample_from = SPAN("John Doe <john.doe@example.com>") };
static const struct failure bare_failure = { .arrived = MOMENT_NONE, .incidents = 1, .dmarc = true };
static const struct failure doubtful_failure = { .source_ip = SPAN(HOSTILE),
	.reported_domain = SPAN(HOSTILE "@example.com"),
	.auth_failure = SPAN(FORMULA),
	.identity_alignment = SPAN("dkim"),
	.identity_rule = IDENTITY_AMBIGUOUS,
	.arrived = ARRIVED + 1,
	.incidents = 1,
	.has_sample = true,
	.headers_only = true,
	.sample_octets = 1,
	.sample_subject = SPAN(HOSTILE),
	.sample_from = SPAN(HOSTILE) };

static const struct sample_row rows[] = {
	{ .id = SPAN("3f9c21"),
		.mail = SPAN("in/failure.eml"),
		.arrived = ARRIVED,
		.day = ARRIVED / DAY_SECONDS,
		.reporter = SPAN("mailhaus.example"),
		.trust = 3,
		.signer = SPAN("mailhaus.example"),
		.domain = SPAN("example.com"),
		.from = SPAN("John Doe <john.doe@example.com>"),
		.subject = SPAN("[for joe@example.net] minutes for Ann <ann@example.org>, bob@example.org"),
		.source = SPAN("192.0.2.140"),
		.auth_failure = SPAN("dmarc"),
		.identity_alignment = SPAN("spf, dkim"),
		.identity_rule = SPAN("rfc9991"),
		.delivery_result = SPAN("delivered"),
		.dmarc = true,
		.has_sample = true,
		.octets = 1234,
		.sha256 = { 0xab },
		.result = SPAN("fail"),
		.sentence =
			SPAN("valid once the subject tag `[for joe@example.net] ` and the last 312 octets are removed: "
			     "typical of a mailing list"),
		.undone = true },
	{ .id = SPAN("000000"),
		.mail = SPAN("in/a.eml"),
		.arrived = MOMENT_NONE,
		.trust = 1,
		.dmarc = true,
		.identity_rule = SPAN("unknown") },
	{ .id = SPAN("deadbeef"),
		.mail = SPAN(HOSTILE),
		.arrived = ARRIVED + 1,
		.day = ARRIVED / DAY_SECONDS,
		.reporter = SPAN(HOSTILE),
		.trust = 1,
		.domain = SPAN(HOSTILE "@example.com"),
		.from = SPAN(HOSTILE),
		.subject = SPAN(HOSTILE),
		.source = SPAN(HOSTILE),
		.auth_failure = SPAN(FORMULA),
		.identity_alignment = SPAN("dkim"),
		.identity_rule = SPAN("ambiguous"),
		.delivery_result = SPAN(HOSTILE),
		.dmarc_passed = true,
		.has_sample = true,
		.headers_only = true,
		.octets = 1,
		.result = SPAN("pass"),
		.aligned = true },
	{ .id = SPAN("111111"),
		.mail = SPAN("in/b.eml"),
		.arrived = ARRIVED,
		.day = ARRIVED / DAY_SECONDS,
		.trust = 2,
		.signer = SPAN("b.example"),
		.repaired = true,
		.dmarc = true,
		.domain = SPAN("example.com"),
		.source = SPAN("2001:db8:10::25"),
		.auth_failure = SPAN("dmarc"),
		.identity_alignment = SPAN("none"),
		.identity_rule = SPAN("rfc7489"),
		.has_sample = true,
		.result = SPAN("temperror"),
		.sentence = SPAN("cannot be decided: the key could not be looked up") },
};
static const struct failure *const failures[] = { &list_failure, &bare_failure, &doubtful_failure, &bare_failure };
static const struct verification *const verifications[] = { &list_mail, NULL, &poor_mail, &silent_mail };

static void list(struct samples_writer writer, size_t n)
{
	for (size_t i = 0; i < n; i++)
		need(writer.take(writer.self, &rows[i]));
	need(writer.close(writer.self));
}

void print_samples_text(void)
{
	struct samples_writer writer;

	need(samples_text_open(&writer, stdout, &plain, false));
	list(writer, COUNT(rows));
}

void print_samples_none(void)
{
	struct samples_writer writer;

	need(samples_text_open(&writer, stdout, &plain, false));
	list(writer, 0);
}

void print_samples_json(void)
{
	struct samples_writer writer;

	need(samples_json_open(&writer, stdout, false));
	list(writer, COUNT(rows));
}

void print_samples_csv(void)
{
	struct samples_writer writer;

	need(samples_csv_open(&writer, stdout, false));
	list(writer, COUNT(rows));
}

/* A NULL style: as JSON. */
static void page_print(const struct style *style, bool show_addresses, size_t i)
{
	struct sample_page page = SAMPLE_PAGE(show_addresses);

	need(sample_page_row(&page, &rows[i]));
	need(sample_page_fact(&page, &(struct fact){ .kind = FACT_FAILURE, .failure = *failures[i] }));
	if (verifications[i])
		need(sample_page_fact(
			&page, &(struct fact){ .kind = FACT_VERIFICATION, .verification = *verifications[i] }));
	need(style ? sample_page_text(stdout, style, &page) && sample_page_note(stdout, &page) : sample_page_json(stdout, &page));
	sample_page_release(&page);
}

void print_sample_text(void)
{
	page_print(&plain, false, 0);
}

void print_sample_color(void)
{
	page_print(&color, false, 3);
}

void print_sample_addresses(void)
{
	page_print(&ascii, true, 0);
}

void print_sample_hostile(void)
{
	page_print(&plain, false, 2);
}

void print_sample_bare(void)
{
	page_print(&plain, false, 1);
}

void print_sample_json(void)
{
	page_print(NULL, false, 0);
}
