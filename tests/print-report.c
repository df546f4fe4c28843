/* Prints made-up facts and answers in every format, for the golden files: print-report NAME.EXT >
 * golden/report-NAME.EXT. Without an argument it lists the names. Hostile text is part of every case. */
#include "base/moment.h"
#include "report/export.h"
#include "report/ingested.h"
#include "report/reports.h"
#include "report/show.h"
#include "report/summary.h"
#include "tests/print-report.h"

#include <stdlib.h>

const struct style plain = { .color = false, .utf8 = true, .width = 80 };
const struct style ascii = { .color = false, .utf8 = false, .width = 80 };
const struct style color = { .color = true, .utf8 = true, .width = 100 };

void need(bool done)
{
	if (!done) {
		fputs("print-report: a writer refused\n", stderr);
		exit(1);
	}
}

/* --- facts --- */

static struct address address_of(const char *text)
{
	struct address address = { { 0 } };

	need(address_parse(span_of(text), &address));
	return address;
}

static struct report report_good(void)
{
	static struct span errors[1];

	errors[0] = SPAN("one message was too large");
	return (struct report){
		.org_name = SPAN("google.com"),
		.org_email = SPAN("noreply-dmarc-support@google.com"),
		.report_id = SPAN("5678901234"),
		.begin = 1538697600,
		.end = 1538783999,
		.errors = errors,
		.errors_n = 1,
		.version = SPAN("1.0"),
		.domain = SPAN("example.com"),
		.p = SPAN("none"),
		.sp = SPAN("quarantine"),
		.adkim = SPAN("r"),
		.aspf = SPAN("s"),
		.pct = SPAN("100"),
		.records = 3,
		.messages = 1310,
	};
}

static struct report report_hostile(void)
{
	struct report report = report_good();

	report.org_name = SPAN(HOSTILE);
	report.org_email = SPAN(FORMULA);
	report.org_extra_contact_info = SPAN("a,b\"c\"\nd");
	report.report_id = SPAN("+1+1\t");
	report.namespace = SPAN("urn:ietf:params:xml:ns:dmarc-2.0");
	report.version = SPAN_ABSENT;
	report.generator = SPAN("@SUM(A1)");
	report.begin = report.end = MOMENT_NONE;
	report.errors = NULL;
	report.errors_n = 0;
	report.domain = SPAN("b\xc3\xbc"
			     "cher.example");
	report.aspf = SPAN_ABSENT;
	report.recovered = true;
	report.uncounted = 2;
	return report;
}

/* Longer than anything is shown; unit-report has the longest that a parser lets through. */
static struct span very_long(void)
{
	static char text[3000];

	memset(text, 'x', sizeof text);
	memcpy(text, "=begin", 6);
	memcpy(text + sizeof text - 3, "end", 3);
	return (struct span){ text, sizeof text };
}

static struct auth_result auth_results[] = {
	{ .domain = SPAN("example.com"), .key = SPAN("mail"), .result = SPAN("pass"), .means = RESULT_PASS },
	{ .domain = SPAN("esp.example"),
		.key = SPAN("s1"),
		.result = SPAN("hardfail"),
		.human_result = SPAN("bad, really"),
		.means = RESULT_FAIL },
	{ .domain = SPAN("bounce.example.com"), .key = SPAN("mfrom"), .result = SPAN("pass"), .means = RESULT_PASS },
	{ .domain = SPAN(FORMULA),
		.key = SPAN("-1"),
		.result = SPAN(HOSTILE),
		.human_result = SPAN(HOSTILE),
		.means = RESULT_OTHER },
	{ .domain = SPAN("\xe6\x97\xa5\xe6\x9c\xac.example"), .result = SPAN("softfail"), .means = RESULT_SOFTFAIL },
};
static struct override_reason reasons[] = {
	{ SPAN("forwarded"), SPAN("looks forwarded, downgrade to none") },
	{ SPAN("local_policy"), SPAN(HOSTILE) },
};

static struct record record_passing(void)
{
	return (struct record){
		.source_ip = SPAN("192.0.2.1"),
		.address = address_of("192.0.2.1"),
		.has_address = true,
		.count = 1204,
		.disposition = SPAN("none"),
		.dkim = SPAN("pass"),
		.spf = SPAN("fail"),
		.disposed = DISPOSITION_NONE,
		.dkim_pass = true,
		.header_from = SPAN("example.com"),
		.envelope_from = SPAN("bounce.example.com"),
		.envelope_to = SPAN("receiver.example"),
		.dkim_results = auth_results,
		.dkim_n = 2,
		.spf_results = auth_results + 2,
		.spf_n = 1,
		.aligned = ALIGNED_DKIM_RELAXED | ALIGNED_DKIM_STRICT | ALIGNED_SPF_RELAXED,
	};
}

static struct record record_failing(void)
{
	return (struct record){
		.source_ip = SPAN("2001:DB8::0:1"),
		.address = address_of("2001:DB8::0:1"),
		.has_address = true,
		.count = 100,
		.disposition = SPAN("none"),
		.dkim = SPAN("fail"),
		.spf = SPAN("fail"),
		.disposed = DISPOSITION_NONE,
		.reasons = reasons,
		.reasons_n = 1,
		.header_from = SPAN("example.com"),
		.envelope_from = SPAN(""),
		.spf_results = auth_results + 4,
		.spf_n = 1,
	};
}

static struct record record_disagreeing(void)
{
	struct record record = record_passing();

	record.count = 6;
	record.dkim_pass = false;
	record.dkim = SPAN("fail");
	record.spf = SPAN_ABSENT;
	record.disposition = SPAN("quarantine");
	record.disposed = DISPOSITION_QUARANTINE;
	return record;
}

static struct record record_hostile(void)
{
	return (struct record){
		.source_ip = SPAN(HOSTILE),
		.count = UINT64_MAX,
		.disposition = SPAN("sampled\033[0m_out"),
		.disposed = DISPOSITION_OTHER,
		.reasons = reasons,
		.reasons_n = 2,
		.header_from = very_long(),
		.envelope_from = SPAN("-2+3"),
		.dkim_results = auth_results + 3,
		.dkim_n = 1,
		.spf_results = auth_results + 3,
		.spf_n = 2,
	};
}

static struct field fields[] = {
	{ SPAN("feedback-type"), SPAN("auth-failure") },
	{ SPAN("user-agent"), SPAN("SomeGenerator/1.0") },
	{ SPAN("version"), SPAN("1") },
	{ SPAN("original-rcpt-to"), SPAN("<a@receiver.example>") },
	{ SPAN("authentication-results"), SPAN("receiver.example; dmarc=fail header.from=example.com") },
	{ SPAN("original-rcpt-to"), SPAN("<b@receiver.example>") },
	{ SPAN("original-mail-from"), SPAN(FORMULA) },
	{ SPAN("x-hostile\033[2J"), SPAN(HOSTILE) },
	{ SPAN("dkim-domain"), SPAN("example.com") },
	{ SPAN("original-rcpt-to"), SPAN("<c@receiver.example>") },
};

static struct failure failure_full(void)
{
	struct failure failure = {
		.fields = fields,
		.fields_n = COUNT(fields),
		.feedback_type = SPAN("auth-failure"),
		.source_ip = SPAN("IPv6:2001:db8::25"),
		.arrival_date = SPAN("Sat, 6 Oct 2018 12:00:00 +0200"),
		.reported_domain = SPAN("example.com"),
		.auth_failure = SPAN("dmarc"),
		.delivery_result = SPAN("delivered"),
		.identity_alignment = SPAN("dkim"),
		.address = address_of("2001:db8::25"),
		.has_address = true,
		.arrived = 1538820000,
		.incidents = 3,
		.dmarc = true,
		.identity_rule = IDENTITY_RFC9991,
		.has_sample = true,
		.headers_only = true,
		.sample_octets = 12345,
		.sample_subject = SPAN(HOSTILE),
		.sample_from = SPAN("\"A, B\" <ceo@example.com>"),
	};

	memset(failure.sample_sha256, 0xab, sizeof failure.sample_sha256);
	return failure;
}

static struct failure failure_bare(void)
{
	return (struct failure){
		.arrived = MOMENT_NONE,
		.incidents = 1,
		.plain_text = true,
		.identity_rule = IDENTITY_UNKNOWN,
	};
}

typedef void facts(fact_taker *take, void *self);

static void give(fact_taker *take, void *self, const struct fact *fact)
{
	need(take(self, fact));
}

static void give_report(
	fact_taker *take, void *self, struct report report, struct record (*const *records)(void), size_t n)
{
	give(take, self, &(struct fact){ .kind = FACT_REPORT, .report = report });
	for (size_t i = 0; i < n; i++)
		give(take, self, &(struct fact){ .kind = FACT_RECORD, .record = records[i]() });
	give(take, self, &(struct fact){ .kind = FACT_REPORT_END });
}

static void reports(fact_taker *take, void *self)
{
	static struct record (*const good[])(void) = { record_passing, record_failing, record_disagreeing };
	static struct record (*const hostile[])(void) = { record_hostile, record_failing };

	give_report(take, self, report_good(), good, COUNT(good));
	give_report(take, self, report_hostile(), hostile, COUNT(hostile));
	give_report(take, self, report_good(), NULL, 0);
}

/* More rows than are shown, with messages in no order. */
static void long_report(fact_taker *take, void *self)
{
	struct report report = report_good();

	give(take, self, &(struct fact){ .kind = FACT_REPORT, .report = report });
	for (unsigned i = 0; i < 60; i++) {
		struct record record = i % 10 == 3 ? record_failing() : record_passing();

		record.count = i * 37 % 61 + 1;
		record.address.octets[15] = (uint8_t)i;
		give(take, self, &(struct fact){ .kind = FACT_RECORD, .record = record });
	}
	give(take, self, &(struct fact){ .kind = FACT_REPORT_END });
}

static void failures(fact_taker *take, void *self)
{
	give(take, self, &(struct fact){ .kind = FACT_FAILURE, .failure = failure_full() });
	give(take, self, &(struct fact){ .kind = FACT_FAILURE, .failure = failure_bare() });
}

static void problems(fact_taker *take, void *self)
{
	give(take, self,
		&(struct fact){ .kind = FACT_PROBLEM,
			.problem = { SPAN("google.xml: record 2/row/count"), SPAN("\"twelve\" is not a number") } });
	give(take, self, &(struct fact){ .kind = FACT_PROBLEM, .problem = { SPAN(HOSTILE), SPAN(HOSTILE) } });
	give(take, self, &(struct fact){ .kind = FACT_PROBLEM, .problem = { SPAN_ABSENT, very_long() } });
}

static void many_problems(fact_taker *take, void *self)
{
	for (int i = 0; i < 10; i++)
		problems(take, self);
}

static void refusal(fact_taker *take, void *self)
{
	give(take, self,
		&(struct fact){ .kind = FACT_PROBLEM,
			.problem = { SPAN("big.zip"), SPAN("unpacks to more than 1,000 times its size") } });
}

/* --- show --- */

static const struct {
	const char *name;
	enum outcome outcome;
	facts *parts[3];
} inputs[] = {
	{ "google.xml", OUTCOME_REPORT, { reports, NULL, problems } },
	{ "long.xml.gz", OUTCOME_REPORT, { long_report, NULL, many_problems } },
	{ "failure.eml", OUTCOME_REPORT, { NULL, failures, NULL } },
	{ "evil\033[2J\n.eml", OUTCOME_BROKEN, { NULL, NULL, refusal } },
	{ "holiday.jpg", OUTCOME_NOT_A_REPORT, { NULL, NULL, NULL } },
	{ "two-reasons.eml", OUTCOME_NOT_A_REPORT, { NULL, NULL, problems } },
	{ "tls.json.gz", OUTCOME_TLS_REPORT, { NULL, NULL, NULL } },
	{ "empty", OUTCOME_BROKEN, { NULL, NULL, NULL } },
};

static void show(struct show_writer writer)
{
	for (size_t i = 0; i < COUNT(inputs); i++) {
		need(writer.begin(writer.self, span_of(inputs[i].name)));
		for (size_t j = 0; j < COUNT(inputs[i].parts); j++) {
			give(writer.take, writer.self,
				&(struct fact){ .kind = FACT_BEGIN, .begin = { .outcome = inputs[i].outcome } });
			if (inputs[i].parts[j])
				inputs[i].parts[j](writer.take, writer.self);
			give(writer.take, writer.self, &(struct fact){ .kind = FACT_END });
		}
		need(writer.end(writer.self));
	}
	need(writer.close(writer.self));
}

static void show_styled(const struct style *style)
{
	struct show_writer writer;

	need(show_text_open(&writer, stdout, style));
	show(writer);
}

static void print_show_text(void)
{
	show_styled(&plain);
}

static void print_show_ascii(void)
{
	show_styled(&ascii);
}

static void print_show_color(void)
{
	show_styled(&color);
}

static void print_show_json(void)
{
	struct show_writer writer;

	need(show_json_open(&writer, stdout));
	show(writer);
}

/* --- export --- */

static void export(struct export_writer writer)
{
	reports(writer.take, writer.self);
	failures(writer.take, writer.self);
	need(writer.close(writer.self));
}

static void print_export_json(void)
{
	struct export_writer writer;

	need(export_json_open(&writer, stdout, EXPORT_RECORDS));
	export(writer);
}

static void print_export_records(void)
{
	struct export_writer writer;

	need(export_csv_open(&writer, stdout, EXPORT_RECORDS));
	export(writer);
}

static void print_export_failures(void)
{
	struct export_writer writer;

	need(export_csv_open(&writer, stdout, EXPORT_FAILURES));
	export(writer);
}

/* --- summary --- */

#define DAY_17_OCT_2026 INT64_C(20743)
static const struct window window = { DAY_17_OCT_2026, DAY_17_OCT_2026 + 34 };

static const struct domain_row domain_rows[] = {
	{ .domain = SPAN("example.com"),
		.counts = { .messages = 1310,
			.dkim = 1100,
			.spf = 1104,
			.both = 1000,
			.none = 1300,
			.quarantine = 6,
			.other = 4,
			.spared = 40 },
		.reports = 120,
		.reporters = 9,
		.failures = 2,
		.days = 31,
		.begin = 1792195200,
		.end = 1795219199,
		.p = SPAN("none"),
		.sp = SPAN("none") },
	{ .domain = SPAN(HOSTILE),
		.counts = { .messages = 2000000000,
			.dkim = 1999999999,
			.spf = 1999999998,
			.both = 1999999998,
			.none = 2000000000 },
		.reports = 1,
		.reporters = 1,
		.days = 1,
		.begin = 1792195200,
		.end = 1792281599,
		.p = SPAN(FORMULA) },
	{ .domain = SPAN("b\xc3\xbc"
			 "cher.example"),
		.counts = { .messages = 7, .spf = 7, .none = 7 },
		.reports = 1,
		.reporters = 1,
		.days = 1,
		.begin = 1792195200,
		.end = 1792281599,
		.p = SPAN("reject"),
		.pct = SPAN("10") },
	{ .domain = SPAN("one.example"),
		.counts = { .messages = 1, .reject = 1 },
		.reports = 1,
		.reporters = 1,
		.days = 1,
		.begin = 1792195200,
		.end = 1792281599 },
	{ .domain = SPAN("quiet.example"),
		.days = 2,
		.reports = 2,
		.reporters = 1,
		.begin = MOMENT_NONE,
		.end = MOMENT_NONE },
};

static void summary_domains(const struct summary_writer *writer)
{
	for (size_t i = 0; i < COUNT(domain_rows); i++)
		need(writer->domain(writer->self, &domain_rows[i]));
}

static void summary_sources(const struct summary_writer *writer)
{
	for (unsigned i = 0; i < 26; i++) {
		struct source_row row = {
			.counts = { .messages = 260 - i * 10, .dkim = i / 2 * 3, .spf = i, .both = i / 2 },
			.first_day = window.first_day,
			.last_day = window.last_day - i,
			.reporters = i + 1
		};
		char text[ADDRESS_TEXT];

		row.address = address_of(i % 3 ? "2001:db8:1111:2222:3333:4444:5555:0" : "192.0.2.0");
		row.address.octets[15] = (uint8_t)(i + 1);
		row.has_address = i != 4;
		row.source = row.has_address ? span_of(address_format(&row.address, text)) : SPAN(HOSTILE);
		if (i == 5)
			row.dkim_domain = very_long();
		else if (i % 2)
			row.dkim_domain = SPAN("mail.example.com");
		row.dkim_selector = i % 2 ? SPAN("-s1") : SPAN_ABSENT;
		row.spf_domain = i ? SPAN("bounce.example.com") : SPAN_ABSENT;
		need(writer->source(writer->self, &row));
	}
}

static void summary_reporters(const struct summary_writer *writer)
{
	static const struct span names[] = { SPAN("google.com"), SPAN("Enterprise Outlook"), SPAN(HOSTILE),
		SPAN_ABSENT };

	for (unsigned i = 0; i < 13; i++) {
		struct reporter_row row = { .org_name = names[i % COUNT(names)],
			.reports = 40 - i,
			.messages = 700 - i,
			.days = 31 - i,
			.problems = i % 5,
			.begin = 1792195200,
			.end = 1795219199 };

		need(writer->reporter(writer->self, &row));
	}
}

static void summary(const struct summary_writer *writer, const char *domain, bool found)
{
	if (found || domain)
		summary_domains(writer);
	if (domain && found && domain[1] == 'x') {
		summary_sources(writer);
		summary_reporters(writer);
	}
	need(writer->found(writer->self) == found);
	need(writer->close(writer->self));
}

static void summary_styled(const struct style *style, const char *domain, bool found)
{
	struct summary_head head = { .window = window, .domain = domain };
	struct summary_writer writer;

	need(summary_text_open(&writer, stdout, style, &head));
	summary(&writer, domain, found);
}

static void print_summary_text(void)
{
	summary_styled(&plain, "Example.COM.", true);
}

static void print_summary_ascii(void)
{
	summary_styled(&ascii, "example.com", true);
}

static void print_summary_color(void)
{
	summary_styled(&color, "example.com", true);
}

static void print_summary_others(void)
{
	summary_styled(&plain, HOSTILE, true);
	putchar('\n');
	summary_styled(&plain,
		"b\xc3\xbc"
		"cher.example",
		true);
	putchar('\n');
	summary_styled(&plain, "one.example", true);
	putchar('\n');
	summary_styled(&plain, "quiet.example", true);
}

static void print_summary_all(void)
{
	summary_styled(&plain, NULL, true);
}

static void print_summary_none(void)
{
	summary_styled(&plain, NULL, false);
	summary_styled(&plain, HOSTILE "x", false);
	need(summary_first_steps(stdout, &plain, "/var/lib/dmarcgate/" HOSTILE ".db"));
	need(summary_first_steps(stdout, &color, "/var/lib/dmarcgate/dmarcgate.db"));
}

static void print_summary_json(void)
{
	struct summary_head head = { .window = window, .domain = "example.com" };
	struct summary_writer writer;

	need(summary_json_open(&writer, stdout, &head));
	summary(&writer, head.domain, true);
}

static void print_summary_all_json(void)
{
	struct summary_head head = { .window = window };
	struct summary_writer writer;

	need(summary_json_open(&writer, stdout, &head));
	summary(&writer, NULL, true);
}

static void print_summary_csv(void)
{
	struct summary_head head = { .window = window, .domain = "example.com" };
	struct summary_writer writer;

	need(summary_csv_open(&writer, stdout, &head));
	summary(&writer, head.domain, true);
}

static void print_summary_all_csv(void)
{
	struct summary_head head = { .window = window };
	struct summary_writer writer;

	need(summary_csv_open(&writer, stdout, &head));
	summary(&writer, NULL, true);
}

/* --- reports --- */

static const struct stored_report report_rows[] = {
	{ .id = 1,
		.mail_id = 1,
		.mail = SPAN("in/google.com!example.com!1538697600!1538783999.xml.gz"),
		.org_name = SPAN("google.com"),
		.domain = SPAN("example.com"),
		.report_id = SPAN("5678901234"),
		.begin = 1538697600,
		.end = 1538784000,
		.arrived = 1538790000,
		.records = 3,
		.messages = 1310,
		.trust = 3,
		.signer = SPAN("google.com"),
		.signatures = 1 },
	{ .id = 2,
		.mail_id = 2,
		.mail = SPAN("in/again.xml"),
		.org_name = SPAN("google.com"),
		.domain = SPAN("example.com"),
		.report_id = SPAN("5678901234"),
		.begin = 1538697600,
		.end = 1538784000,
		.arrived = 1538790001,
		.records = 3,
		.messages = 1310,
		.state = REPORT_DUPLICATE,
		.problems = 1,
		.trust = 1,
		.signatures = 2 },
	{ .id = 9,
		.mail_id = 6,
		.mail = SPAN("in/forged.eml"),
		.org_name = SPAN("google.com"),
		.domain = SPAN("example.org"),
		.report_id = SPAN("1"),
		.begin = 1538463600,
		.end = 1538549999,
		.arrived = 1538600000,
		.records = 1,
		.messages = 99,
		.state = REPORT_CONFLICT,
		.signatures = 1 },
	{ .id = 10,
		.mail_id = 7,
		.mail = SPAN("in/backwards.eml"),
		.org_name = SPAN("google.com"),
		.domain = SPAN("example.org"),
		.report_id = SPAN("2"),
		.begin = 1538549999,
		.end = 1538463600,
		.arrived = 1538600000,
		.records = 1,
		.messages = 1,
		.signer = SPAN("google.com"),
		.signatures = 1 },
	{ .id = 31337,
		.mail_id = 3,
		.mail = SPAN(HOSTILE),
		.org_name = SPAN(HOSTILE),
		.domain = SPAN(FORMULA),
		.report_id = SPAN("@x"),
		.begin = MOMENT_NONE,
		.end = MOMENT_NONE,
		.arrived = 1538790002,
		.records = 5000000,
		.messages = UINT64_MAX,
		.problems = 200,
		.state = REPORT_CONFLICT,
		.recovered = true,
		.trust = 2,
		.signer = SPAN(HOSTILE),
		.repaired = true },
	{ .mail_id = 4,
		.mail = SPAN("in/" HOSTILE ".zip"),
		.arrived = 1538790003,
		.broken = true,
		.reason = SPAN("big.zip: unpacks to more than 1,000 times its size") },
	{ .mail_id = 5, .mail = SPAN("in/b.eml"), .arrived = MOMENT_NONE, .broken = true },
};

static void list(struct reports_writer writer, size_t n)
{
	for (size_t i = 0; i < n; i++)
		need(writer.take(writer.self, &report_rows[i]));
	need(writer.close(writer.self));
}

static void print_reports_text(void)
{
	const size_t some[] = { COUNT(report_rows), 2, 0 };

	for (size_t i = 0; i < COUNT(some); i++) {
		struct reports_writer writer;

		need(reports_text_open(&writer, stdout, i == 0 ? &color : &ascii, NULL));
		list(writer, some[i]);
	}
}

static void print_reports_json(void)
{
	struct reports_writer writer;

	need(reports_json_open(&writer, stdout, NULL));
	list(writer, COUNT(report_rows));
}

static void print_reports_csv(void)
{
	struct reports_writer writer;

	need(reports_csv_open(&writer, stdout, NULL));
	list(writer, COUNT(report_rows));
}

/* --- ingest --- */

static const struct ingested usual = {
	.seen = 37, .added = 35, .duplicate = 1, .not_a_report = 1, .reports = 36, .records = 4711, .milliseconds = 383
};
static const struct ingested unusual = { .seen = 12345,
	.added = 12000,
	.duplicate = 300,
	.not_a_report = 2,
	.tls_report = 41,
	.broken = 2,
	.conflicts = 1,
	.reports = 12000,
	.failures = 7,
	.records = 987654321,
	.milliseconds = 123456 };

static void print_ingested_text(void)
{
	struct ingested_writer writer;

	need(ingested_text_open(&writer, stdout, &plain, stdout, &plain));
	need(writer.close(writer.self, &usual));
	need(ingested_text_open(&writer, stdout, &color, stdout, &color));
	need(writer.broken(writer.self, SPAN("a\nb" HOSTILE ".eml"), SPAN("report.xml: DOCTYPE is refused" HOSTILE)));
	need(writer.broken(writer.self, SPAN("mbox#17"), SPAN_ABSENT));
	need(writer.close(writer.self, &unusual));
	progress_print(stdout, &plain, 0, 1000, 0);
	progress_print(stdout, &plain, 999, 1000, 1234);
	progress_print(stdout, &ascii, 2000, 1000, 1235);
	progress_print(stdout, &ascii, 5, 0, 1);
	progress_clear(stdout);
}

static void print_ingested_json(void)
{
	struct ingested_writer writer;

	need(ingested_json_open(&writer, stdout));
	need(writer.broken(writer.self, SPAN("a\nb" HOSTILE ".eml"), SPAN("report.xml: DOCTYPE is refused")));
	need(writer.broken(writer.self, SPAN("mbox#17"), SPAN_ABSENT));
	need(writer.close(writer.self, &unusual));
}

static const struct {
	const char *name;
	void (*print)(void);
} cases[] = {
	{ "show.txt", print_show_text },
	{ "show-ascii.txt", print_show_ascii },
	{ "show-color.txt", print_show_color },
	{ "show.json", print_show_json },
	{ "export.json", print_export_json },
	{ "export-records.csv", print_export_records },
	{ "export-failures.csv", print_export_failures },
	{ "summary.txt", print_summary_text },
	{ "summary-ascii.txt", print_summary_ascii },
	{ "summary-color.txt", print_summary_color },
	{ "summary-others.txt", print_summary_others },
	{ "summary-all.txt", print_summary_all },
	{ "summary-none.txt", print_summary_none },
	{ "summary.json", print_summary_json },
	{ "summary-all.json", print_summary_all_json },
	{ "summary.csv", print_summary_csv },
	{ "summary-all.csv", print_summary_all_csv },
	{ "reports.txt", print_reports_text },
	{ "reports.json", print_reports_json },
	{ "reports.csv", print_reports_csv },
	{ "verify.txt", print_verify_text },
	{ "verify-ascii.txt", print_verify_ascii },
	{ "verify.json", print_verify_json },
	{ "samples.txt", print_samples_text },
	{ "samples-none.txt", print_samples_none },
	{ "samples.json", print_samples_json },
	{ "samples.csv", print_samples_csv },
	{ "sample.txt", print_sample_text },
	{ "sample-color.txt", print_sample_color },
	{ "sample-addresses.txt", print_sample_addresses },
	{ "sample-hostile.txt", print_sample_hostile },
	{ "sample-bare.txt", print_sample_bare },
	{ "sample.json", print_sample_json },
	{ "snapshots.txt", print_snapshots_text },
	{ "snapshots-color.txt", print_snapshots_color },
	{ "snapshots-none.txt", print_snapshots_none },
	{ "snapshots.json", print_snapshots_json },
	{ "snapshots.csv", print_snapshots_csv },
	{ "selectors.txt", print_selectors_text },
	{ "selectors-color.txt", print_selectors_color },
	{ "selectors-none.txt", print_selectors_none },
	{ "selectors.json", print_selectors_json },
	{ "selectors.csv", print_selectors_csv },
	{ "ingested.txt", print_ingested_text },
	{ "ingested.json", print_ingested_json },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (argc < 2)
			puts(cases[i].name);
		else if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].print();
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}
