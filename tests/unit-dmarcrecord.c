#include "parse/dns/dmarcrecord.h"
#include "parse/dns/recordwriter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena = ARENA((size_t)16 * 1024 * 1024);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct dmarc_record parse(struct span text)
{
	struct dmarc_record record;

	assert_true(dmarc_record_parse(text, &arena, &record));
	for (size_t i = 0; i < record.flaws.n; i++) {
		assert_true(record.flaws.rows[i].at + record.flaws.rows[i].n <= text.n);
		assert_true(i == 0 || record.flaws.rows[i - 1].at <= record.flaws.rows[i].at);
	}
	return record;
}

/* The flaws as `word@place`, places quoted, in one line. */
static const char *flaws_of(const char *text)
{
	static char line[4096];
	struct dmarc_record record = parse(span_of(text));
	size_t n = 0;

	line[0] = '\0';
	for (size_t i = 0; i < record.flaws.n; i++) {
		const struct flaw *flaw = &record.flaws.rows[i];

		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s[%.*s]", i ? " " : "", finding_word(flaw->code), (int)flaw->n,
			text + flaw->at);
	}
	return line;
}

static void records_that_count(void **state)
{
	static const struct {
		const char *text;
		bool counts;
	} rows[] = {
		{ "v=DMARC1", true },
		{ "v=DMARC1;", true },
		{ "v=DMARC1;p=none", true },
		{ "v = DMARC1 ; p=none", true },
		{ "V=DMARC1; p=none", true },
		{ "v=dmarc1; p=none", false },
		{ "v=DMARC1.0; p=none", false },
		{ "v=DMARC10", false },
		{ "v=DMARC1 p=none", false },
		{ " v=DMARC1; p=none", false },
		{ "p=none; v=DMARC1", false },
		{ "\"v=DMARC1; p=none\"", false },
		{ "", false },
		{ ";v=DMARC1", false },
		{ "v=spf1 -all", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (dmarc_text_counts(span_of(rows[i].text)) != rows[i].counts)
			fail_msg("%s", rows[i].text);
	assert_false(dmarc_text_counts(SPAN_ABSENT));
}

static void flaws_and_their_places(void **state)
{
	static const char *const rows[][2] = {
		{ "v=DMARC1; p=none; rua=mailto:a@example.com", "" },
		{ "v=DMARC1; p=Reject; SP=QUARANTINE; np=none; adkim=S; aspf=r; fo=1:d:S; t=Y; psd=N; "
		  "rua=mailto:a@example.com , mailto:b@example.net; ruf=mailto:c@example.com;",
			"" },
		{ "v=dmarc1; p=none", "dmarc-version-wrong[v=dmarc1]" },
		{ " v=DMARC1; p=none", "dmarc-blank-first[ ]" },
		{ "p=none; v=DMARC1", "dmarc-version-late[v=DMARC1]" },
		{ ";v=DMARC1; p=none", "dmarc-version-late[v=DMARC1]" },
		{ "p=none", "dmarc-version-missing[]" },
		{ "v=DMARC1 p=none; rua=mailto:a@example.com", "dmarc-semicolon[p=none]" },
		{ "v=DMARC1; p=none rua=mailto:a@example.com", "dmarc-semicolon[rua=mailto:a@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com fo=1", "dmarc-semicolon[fo=1]" },
		{ "v=DMARC1; p=nonee", "dmarc-p-value[nonee]" },
		{ "v=DMARC1; p=", "dmarc-p-value[]" },
		{ "v=DMARC1; p=none; sp=all", "dmarc-p-value[all]" },
		{ "v=DMARC1; p=none; np=0", "dmarc-p-value[0]" },
		{ "v=DMARC1; rua=mailto:a@example.com; p=none", "dmarc-p-late[p=none]" },
		{ "v=DMARC1; p=none; adkim=strict", "dmarc-value[strict]" },
		{ "v=DMARC1; p=none; aspf=", "dmarc-value[aspf]" },
		{ "v=DMARC1; p=none; fo=2", "dmarc-value[2]" },
		{ "v=DMARC1; p=none; fo=1:", "dmarc-value[1:]" },
		{ "v=DMARC1; p=none; pct=101", "dmarc-value[101]" },
		{ "v=DMARC1; p=none; pct=50%", "dmarc-value[50%]" },
		{ "v=DMARC1; p=none; pct=-1", "dmarc-value[-1]" },
		{ "v=DMARC1; p=none; ri=86400; rf=afrf", "dmarc-tag-retired[ri=86400] dmarc-tag-retired[rf=afrf]" },
		{ "v=DMARC1; p=none; ri=4294967296", "dmarc-tag-retired[ri=4294967296] dmarc-value[4294967296]" },
		{ "v=DMARC1; p=none; t=yes", "dmarc-value[yes]" },
		{ "v=DMARC1; p=none; psd=x", "dmarc-value[x]" },
		{ "v=DMARC1; p=none; policy=reject", "dmarc-tag-unknown[policy]" },
		{ "v=DMARC1; p=none; p=reject", "dmarc-tag-twice[p=reject]" },
		{ "v=DMARC1; p=none; nonsense", "dmarc-term[nonsense]" },
		{ "v=DMARC1; p=none; =x", "dmarc-tag-unknown[=x]" },
		{ "v=DMARC1; p=none; rua=a@example.com", "dmarc-uri-scheme-missing[a@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:example.com", "dmarc-uri[mailto:example.com]" },
		{ "v=DMARC1; p=none; rua=mailto://a@example.com", "dmarc-uri[mailto://a@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com.", "dmarc-uri-dot[mailto:a@example.com.]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com.!10m", "dmarc-uri-dot[mailto:a@example.com.!10m] dmarc-uri-size[!10m]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com.?subject=x", "dmarc-uri-dot[mailto:a@example.com.?subject=x]" },
		{ "v=DMARC1; p=none; rua=mailto:a@localhost", "dmarc-uri[mailto:a@localhost]" },
		{ "v=DMARC1; p=none; rua=mailto:a@b@example.com", "dmarc-uri[mailto:a@b@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a%zz@example.com", "dmarc-uri[mailto:a%zz@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a..b@example.com", "dmarc-uri[mailto:a..b@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:.a@example.com", "dmarc-uri[mailto:.a@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a.@example.com", "dmarc-uri[mailto:a.@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a%2@example.com", "dmarc-uri[mailto:a%2@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a%2z@example.com", "dmarc-uri[mailto:a%2z@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a%z2b@example.com", "dmarc-uri[mailto:a%z2b@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com!x", "dmarc-uri-escape[mailto:a@example.com!x]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com!5m0", "dmarc-uri-escape[mailto:a@example.com!5m0]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com!5", "dmarc-uri-size[!5]" },
		{ "v=DMARC1; p=none; rua=mailto:a(b)@example.com", "dmarc-uri[mailto:a(b)@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@-b.example.com", "dmarc-uri[mailto:a@-b.example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@exam$ple.com", "dmarc-uri[mailto:a@exam$ple.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a%2Cb.c+d=e@x-y.example.com", "" },
		{ "v=DMARC1; p=none; rua=https://example.com/x", "dmarc-uri-scheme[https://example.com/x]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com!10m", "dmarc-uri-size[!10m]" },
		{ "v=DMARC1; p=none; rua=mailto:a!b@example.com", "dmarc-uri-escape[mailto:a!b@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com!10x", "dmarc-uri-escape[mailto:a@example.com!10x]" },
		{ "v=DMARC1; p=none; rua=\"mailto:a@example.com\"", "text-quote[\"]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com mailto:b@example.com", "dmarc-uri-separator[mailto:b@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com; mailto:b@example.com", "dmarc-uri-separator[mailto:b@example.com]" },
		{ "v=DMARC1; p=none; rua=mailto:a@b\xc3\xbc.example", "dmarc-uri-idn[mailto:a@b\xc3\xbc.example]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com\xc2\xa0", "text-octet[\xc2\xa0]" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com,", "dmarc-uri-comma[mailto:a@example.com,]" },
		{ "v=DMARC1; p=none; rua=,", "dmarc-uri[,]" },
		{ "v=DMARC1; p=none; rua=", "dmarc-uri[]" },
		{ "v=DMARC1; p=\xe2\x80\x9cnone\xe2\x80\x9d",
			"text-quote[\xe2\x80\x9c] dmarc-p-value[\xe2\x80\x9cnone\xe2\x80\x9d] text-quote[\xe2\x80\x9d]" },
		{ "v=DMARC1; p=none\x1b[31m", "dmarc-p-value[none\x1b[31m] text-octet[\x1b]" },
		{ "v=DMARC1;; p=none;;", "" },
		{ "", "dmarc-version-missing[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(flaws_of(rows[i][0]), rows[i][1]) != 0)
			fail_msg("%s\n  got  %s\n  want %s", rows[i][0], flaws_of(rows[i][0]), rows[i][1]);
}

static void defaults_and_values(void **state)
{
	struct dmarc_record record = parse(SPAN("v=DMARC1"));

	(void)state;
	assert_int_equal(record.p, DMARC_REQUEST_ABSENT);
	assert_int_equal(record.fo, DMARC_FO_ALL);
	assert_int_equal(record.pct, 100);
	assert_int_equal(record.ri, 86400);
	assert_int_equal(record.psd, 'u');
	assert_false(record.test || record.strict_dkim || record.strict_spf);
	assert_int_equal(record.rua.n + record.ruf.n, 0);

	record = parse(SPAN("v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=s; aspf=s; fo=1:d:s; pct=7; ri=60; t=y; psd=y;"
			    "rua=mailto:a@example.com!1g,mailto:b@Example.NET?subject=x; ruf=mailto:c@example.com"));
	assert_int_equal(record.p, DMARC_REQUEST_REJECT);
	assert_int_equal(record.sp, DMARC_REQUEST_QUARANTINE);
	assert_int_equal(record.np, DMARC_REQUEST_REJECT);
	assert_true(record.test && record.strict_dkim && record.strict_spf);
	assert_int_equal(record.fo, DMARC_FO_ANY | DMARC_FO_DKIM | DMARC_FO_SPF);
	assert_int_equal(record.pct, 7);
	assert_int_equal(record.ri, 60);
	assert_int_equal(record.psd, 'y');
	assert_int_equal(record.rua.n, 2);
	assert_true(span_is(record.rua.rows[0].address, SPAN("a@example.com")));
	assert_true(span_is(record.rua.rows[0].host, SPAN("example.com")));
	assert_true(span_is(record.rua.rows[1].host, SPAN("Example.NET")));
	assert_true(record.rua.rows[0].valid && record.rua.rows[1].valid);

	/* the default holds for a value that cannot be read */
	record = parse(SPAN("v=DMARC1; p=reject; adkim=x; pct=abc; fo=q; t=1; psd=?; ri=no"));
	assert_false(record.strict_dkim || record.test);
	assert_int_equal(record.pct, 100);
	assert_int_equal(record.fo, DMARC_FO_ALL);
	assert_int_equal(record.psd, 'u');
	assert_int_equal(record.ri, 86400);
}

static void readings_of_both_generations(void **state)
{
	static const struct {
		const char *text;
		enum dmarc_use use[2];
		const char *requests[2]; /* domain subdomain nonexistent effective */
	} rows[] = {
		{ "v=DMARC1; p=reject", { DMARC_USE_FULL, DMARC_USE_FULL }, { "reject reject reject reject", "reject reject reject reject" } },
		{ "v=DMARC1; p=reject; sp=none; np=quarantine", { DMARC_USE_FULL, DMARC_USE_FULL },
			{ "reject none none reject", "reject none quarantine reject" } },
		{ "v=DMARC1; p=reject; t=y", { DMARC_USE_FULL, DMARC_USE_FULL },
			{ "reject reject reject reject", "reject reject reject quarantine" } },
		{ "v=DMARC1; p=reject; pct=0", { DMARC_USE_FULL, DMARC_USE_FULL },
			{ "reject reject reject quarantine", "reject reject reject reject" } },
		{ "v=DMARC1; p=quarantine; t=y; pct=0", { DMARC_USE_FULL, DMARC_USE_FULL },
			{ "quarantine quarantine quarantine none", "quarantine quarantine quarantine none" } },
		{ "v=DMARC1; rua=mailto:a@example.com", { DMARC_USE_NONE, DMARC_USE_NONE }, { "none none none none", "none none none none" } },
		{ "v=DMARC1; p=x; rua=mailto:a@example.com", { DMARC_USE_NONE, DMARC_USE_NONE },
			{ "none none none none", "none none none none" } },
		{ "v=DMARC1; p=reject; sp=x; rua=mailto:a@example.com", { DMARC_USE_NONE, DMARC_USE_NONE },
			{ "none none none none", "none none none none" } },
		{ "v=DMARC1; p=reject; np=x", { DMARC_USE_FULL, DMARC_USE_DEAD }, { "reject reject reject reject", "none none none none" } },
		{ "v=DMARC1; p=x; rua=nonsense", { DMARC_USE_DEAD, DMARC_USE_DEAD }, { "none none none none", "none none none none" } },
		{ "v=DMARC1", { DMARC_USE_DEAD, DMARC_USE_DEAD }, { "none none none none", "none none none none" } },
		{ "v=dmarc1; p=reject", { DMARC_USE_INVISIBLE, DMARC_USE_INVISIBLE }, { "none none none none", "none none none none" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum dmarc_generation g = 0; g < DMARC_GENERATIONS; g++) {
			struct dmarc_record record = parse(span_of(rows[i].text));
			struct dmarc_reading reading = dmarc_record_reading(&record, g);
			char line[128];

			snprintf(line, sizeof(line), "%s %s %s %s", dmarc_request_word(reading.domain), dmarc_request_word(reading.subdomain),
				dmarc_request_word(reading.nonexistent),
				dmarc_request_word(dmarc_reading_effective(&reading, reading.domain)));
			assert_string_equal(line, rows[i].requests[g]);
			assert_int_equal(reading.use, rows[i].use[g]);
		}
}

static void corrections(void **state)
{
	static const char *const rows[][2] = {
		{ "v=DMARC1; p=none; rua=mailto:a@example.com", "v=DMARC1; p=none; rua=mailto:a@example.com" },
		{ "V=dmarc1 p=Reject rua=a@example.com", "v=DMARC1; p=reject; rua=mailto:a@example.com" },
		{ " rua=mailto:a@example.com;p=quarantine;v=DMARC1", "v=DMARC1; p=quarantine; rua=mailto:a@example.com" },
		{ "v=DMARC1; p=reject; t=y", "v=DMARC1; p=reject; t=y; pct=0" },
		{ "v=DMARC1; p=none; t=y; pct=100; ri=1; rf=afrf; x=1; fo=1", "v=DMARC1; p=none" },
		{ "v=DMARC1; p=reject; pct=20", "v=DMARC1; p=reject; pct=20" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com; mailto:b@example.com",
			"v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.com" },
		{ "v=DMARC1; p=none; rua=mailto:a@example.com mailto:b@example.com!10m",
			"v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.com" },
		{ "v=DMARC1; p=none; rua=mailto:a@b\xc3\xbc"
		  "cher.example",
			"v=DMARC1; p=none; rua=mailto:a@xn--bcher-kva.example" },
		{ "v=DMARC1; p=\xe2\x80\x9creject\xe2\x80\x9d; ruf=mailto:a!b@example.com; fo=0:1:d",
			"v=DMARC1; p=reject; ruf=mailto:a%21b@example.com; fo=1:d" },
		{ "v=DMARC1; p=reject; p=none; adkim=s; psd=n", "v=DMARC1; p=reject; adkim=s; psd=n" },
		{ "\"v=DMARC1; p=none\"", "v=DMARC1; p=none" },
		{ "v=DMARC1; sp=reject", "v=DMARC1; p=none; sp=reject" },
		{ "v = DMARC1; p = none ; rua = mailto:a@example.com", "v=DMARC1; p=none; rua=mailto:a@example.com" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = BUF(4096), again = BUF(4096);

		assert_true(dmarc_record_correct(span_of(rows[i][0]), &out));
		assert_string_equal(buf_text(&out), rows[i][1]);
		assert_true(dmarc_record_correct(buf_span(&out), &again));
		assert_string_equal(buf_text(&again), rows[i][1]);
		buf_release(&out);
		buf_release(&again);
	}
}

static void enormous_records(void **state)
{
	static const char *const pieces[] = { "a=b;", ";", "p=none ", "rua=mailto:", "mailto:a@b.example,", "v=DMARC1;", " ", "=", "\xff", "%" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct buf text = BUF(65535), out = BUF(200000);
		struct dmarc_record record;

		buf_put_text(&text, i % 2 ? "v=DMARC1;" : "v=DMARC1;rua=");
		while (buf_put_text(&text, pieces[i]))
			;
		record = parse(buf_span(&text));
		assert_true(record.terms_n <= DMARC_TERMS_MAX);
		assert_true(record.flaws.n <= FLAWS_MAX);
		assert_true(record.rua.n <= DMARC_URIS_MAX);
		dmarc_record_correct(buf_span(&text), &out);
		dmarc_text_intended(buf_span(&text));
		buf_release(&text);
		buf_release(&out);
	}
}

static void writing(void **state)
{
	struct span rua[] = { SPAN("reports@example.com"), SPAN("mailto:b@example.net") }, ruf = SPAN("fail,ures!@example.com");
	struct dmarc_choice choice = { .p = DMARC_REQUEST_NONE, .fo = DMARC_FO_ANY, .rua = rua, .rua_n = 2, .ruf = &ruf, .ruf_n = 1 };
	struct buf out = BUF(2000);
	struct fault fault = { 0 };
	char name[600];

	(void)state;
	assert_true(recordwriter_dmarc(&choice, &out, &fault));
	assert_string_equal(buf_text(&out), "v=DMARC1; p=none; rua=mailto:reports@example.com,mailto:b@example.net; "
					    "ruf=mailto:fail%2Cures%21@example.com; fo=1");
	buf_clear(&out);
	choice = (struct dmarc_choice){ .p = DMARC_REQUEST_QUARANTINE, .np = DMARC_REQUEST_REJECT, .trial = true, .strict_spf = true, .psd = 'n' };
	assert_true(recordwriter_dmarc(&choice, &out, &fault));
	assert_string_equal(buf_text(&out), "v=DMARC1; p=quarantine; np=reject; t=y; pct=0; aspf=s; psd=n");
	choice.p = DMARC_REQUEST_NONE;
	assert_false(recordwriter_dmarc(&choice, &out, &fault));
	assert_string_equal(fault.text, "there is nothing to try out with the policy none");
	choice = (struct dmarc_choice){ .p = DMARC_REQUEST_NONE, .fo = DMARC_FO_ANY };
	assert_false(recordwriter_dmarc(&choice, &out, &fault));
	choice = (struct dmarc_choice){ 0 };
	assert_false(recordwriter_dmarc(&choice, &out, &fault));
	rua[0] = SPAN("not an address");
	choice = (struct dmarc_choice){ .p = DMARC_REQUEST_NONE, .rua = rua, .rua_n = 1 };
	assert_false(recordwriter_dmarc(&choice, &out, &fault));
	assert_string_equal(fault.text, "`not an address` is not a mail address");

	buf_clear(&out);
	assert_true(recordwriter_zone_line(SPAN("_dmarc.Example.com."), RECORDWRITER_TTL, SPAN("a\"b\\c\n\xff"), &out));
	assert_string_equal(buf_text(&out), "_dmarc.example.com. 3600 IN TXT \"a\\\"b\\\\c\\010\\255\"\n");
	memset(name, 'k', sizeof(name));
	buf_clear(&out);
	assert_true(recordwriter_zone_line(SPAN("x.example"), 60, (struct span){ name, 511 }, &out));
	assert_int_equal(out.n, strlen("x.example. 60 IN TXT") + 511 + 3 * 3 + 1);
	assert_memory_equal(out.p + strlen("x.example. 60 IN TXT \"") + 255, "\" \"", 3);
	buf_clear(&out);
	assert_true(recordwriter_zone_line(SPAN("x.example"), 60, SPAN(""), &out));
	assert_string_equal(buf_text(&out), "x.example. 60 IN TXT \"\"\n");
	assert_false(recordwriter_zone_line(SPAN("a b"), 60, SPAN(""), &out));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_that_count),
		cmocka_unit_test_setup_teardown(flaws_and_their_places, setup, teardown),
		cmocka_unit_test_setup_teardown(defaults_and_values, setup, teardown),
		cmocka_unit_test_setup_teardown(readings_of_both_generations, setup, teardown),
		cmocka_unit_test(corrections),
		cmocka_unit_test_setup_teardown(enormous_records, setup, teardown),
		cmocka_unit_test(writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
