/* What the verdict is told of a domain's records: gate G10, evidence E31 and E34, parked domains. */
#include "cli/published.h"
#include "tests/zone_fixture.h"

static struct lint_domain seen;

static struct published fill(const char *name, const char *text)
{
	struct published published;

	zone_set(text);
	assert_true(lint_domain((struct dns){ zonefile_ask, zone }, span_of(name), &findings, &seen));
	memset(&published, 0x55, sizeof published);
	assert_true(published_fill(&seen, &arena, &published));
	assert_int_equal(published.keys_n, 0);
	assert_int_equal(published.names_n, 0);
	return published;
}

#define SPF "\nexample.com TXT \"v=spf1 ~all\""

static void a_sound_record(void **state)
{
	struct published p = fill("Example.com.",
		"_dmarc.example.com TXT \"v=DMARC1; p=quarantine; sp=none; np=reject; t=y; pct=0; adkim=s; aspf=s; psd=n; "
		"rua=mailto:a@example.com,mailto:b@other.example; ruf=mailto:c@example.com; fo=1:d\"\n"
		"example.com._report._dmarc.other.example TXT \"v=DMARC1\"\n"
		"example.com TXT \"v=spf1 include:one.example mx -all\"\none.example TXT \"v=spf1 include:two.example ~all\"\n"
		"two.example TXT \"v=spf1 ip4:192.0.2.0/24 ~all\"\nexample.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1");

	(void)state;
	assert_true(p.checked);
	assert_int_equal(p.dmarc_records, 1);
	assert_false(p.dmarc_invalid);
	assert_int_equal(p.policy.p, REQUEST_QUARANTINE);
	assert_int_equal(p.policy.sp, REQUEST_NONE);
	assert_int_equal(p.policy.np, REQUEST_REJECT);
	assert_true(p.policy.testing && p.policy.adkim_strict && p.policy.aspf_strict);
	assert_int_equal(p.policy.pct, 0);
	assert_true(span_is(p.rua, SPAN("mailto:a@example.com,mailto:b@other.example")));
	assert_true(span_is(p.ruf, SPAN("mailto:c@example.com")));
	assert_true(span_is(p.fo, SPAN("1:d")));
	assert_true(span_is(p.psd, SPAN("n")));
	assert_false(p.rua_refused);
	assert_int_equal(p.spf_records, 1);
	assert_false(p.spf_permerror || p.spf_only_all || p.null_mx);
	assert_int_equal(p.spf_lookups, 3);
	assert_int_equal(p.spf_all, '-');
	assert_int_equal(p.spf_reaches_n, 2);
	assert_true(span_is(p.spf_reaches[0], SPAN("one.example")) && span_is(p.spf_reaches[1], SPAN("two.example")));
}

/* The next record is pasted: what it takes over must not carry the slips on. */
static void slips_in_writing(void **state)
{
	struct published p = fill("example.com",
		"_dmarc.example.com TXT \"v=DMARC1; p=none; rua=mailto:a@example.com!10m,, mailto:x!y@example.com,b@example.com,; fo=1; psd=u\"" SPF);

	(void)state;
	assert_true(span_is(p.rua, SPAN("mailto:a@example.com,mailto:x%21y@example.com,mailto:b@example.com")));
	assert_false(p.ruf.p || p.fo.p || p.psd.p);
	p = fill("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=none; rua=a@example.com; ruf=mailto:b@example.com ; fo=0:1\"" SPF);
	assert_true(span_is(p.rua, SPAN("mailto:a@example.com")));
	assert_true(span_is(p.ruf, SPAN("mailto:b@example.com")));
	assert_true(span_is(p.fo, SPAN("1")));
}

static void dmarc_faults(void **state)
{
	static const struct {
		const char *zone;
		unsigned records;
		bool invalid;
		enum request p, sp;
	} rows[] = {
		{ "x.example TXT a" SPF, 0, false, REQUEST_ABSENT, REQUEST_ABSENT },
		{ "_dmarc.example.com TXT \"v=dmarc1; p=reject\"" SPF, 0, false, REQUEST_ABSENT, REQUEST_ABSENT },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com TXT \"v=DMARC1; p=none\"" SPF, 2,
			false, REQUEST_ABSENT, REQUEST_ABSENT },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=rejct\"" SPF, 1, true, REQUEST_NONE, REQUEST_ABSENT },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=rejct; sp=reject; rua=mailto:a@example.com\"" SPF, 1, false,
			REQUEST_NONE, REQUEST_ABSENT },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=quarantine\"" SPF, 1, false, REQUEST_REJECT,
			REQUEST_QUARANTINE },
		{ "_dmarc.example.com TXT \"v=DMARC1\"" SPF, 1, true, REQUEST_NONE, REQUEST_ABSENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct published p = fill("example.com", rows[i].zone);

		if (!p.checked || p.dmarc_records != rows[i].records || p.dmarc_invalid != rows[i].invalid ||
			p.policy.p != rows[i].p || p.policy.sp != rows[i].sp || p.policy.pct != 100)
			fail_msg("row %zu: records %u, invalid %d, p %d, sp %d", i, p.dmarc_records, p.dmarc_invalid,
				p.policy.p, p.policy.sp);
	}
}

/* What stands above counts where the domain itself has nothing. */
static void a_record_above_covers(void **state)
{
	struct published p = fill("shop.example.com", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\nshop.example.com A 192.0.2.1" SPF);

	(void)state;
	assert_true(p.checked);
	assert_int_equal(p.dmarc_records, 0);
	assert_true(span_is(p.covered_by, SPAN("example.com")));
	p = fill("shop.example.com", "_dmarc.shop.example.com TXT \"v=DMARC1; p=none\"\n"
				     "_dmarc.example.com TXT \"v=DMARC1; p=reject\"" SPF);
	assert_int_equal(p.dmarc_records, 1);
	assert_false(p.covered_by.p);
}

static void spf_faults(void **state)
{
	static const struct {
		const char *zone;
		unsigned records;
		bool permerror;
		unsigned lookups;
		char all;
		size_t reaches;
	} rows[] = {
		{ "x.example TXT a", 0, false, 0, 0, 0 },
		{ "example.com TXT \"v=spf1 -all\"\nexample.com TXT \"v=spf1 ~all\"", 2, true, 0, 0, 0 },
		{ "example.com TXT \"v=spf1 ip5:x -all\"", 1, true, 0, 0, 0 },
		{ "example.com TXT \"v=spf1 include:none.example ?all\"", 1, true, 1, '?', 0 },
		{ "example.com TXT \"v=spf1 include:example.com +all\"", 1, true, 1, '+', 1 },
		{ "example.com TXT \"v=spf1 redirect=a.example\"\na.example TXT \"v=spf1 redirect=b.example\"\n"
		  "b.example TXT \"v=spf1 include:c.example -all\"\nc.example TXT \"v=spf1 ?all\"",
			1, false, 3, '-', 3 },
		{ "example.com TXT \"v=spf1 redirect=none.example\"", 1, true, 1, 0, 0 },
		{ "example.com TXT \"v=spf1 include:a.example include:A.example. include:%{d}.x.example mx\"\n"
		  "a.example TXT \"v=spf1 ~all\"\nexample.com MX 1 m.example\nm.example A 192.0.2.1",
			1, false, 4, 0, 1 },
		{ "example.com TXT \"v=spf1 include:slow.example -all\"\nslow.example TIMEOUT", 1, false, 1, '-', 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct published p = fill("example.com", rows[i].zone);

		if (!p.checked || p.spf_records != rows[i].records || p.spf_permerror != rows[i].permerror ||
			p.spf_lookups != rows[i].lookups || p.spf_all != rows[i].all ||
			p.spf_reaches_n != rows[i].reaches)
			fail_msg("row %zu: records %u, permerror %d, look-ups %u, all `%c`, reaches %zu", i,
				p.spf_records, p.spf_permerror, p.spf_lookups, p.spf_all ? p.spf_all : '0',
				p.spf_reaches_n);
	}
}

static void silence_checks_nothing(void **state)
{
	static const char *const words[] = { "TIMEOUT", "SERVFAIL", "BOGUS" };
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		snprintf(text, sizeof text, "_dmarc.example.com TXT %s" SPF, words[i]);
		assert_false(fill("example.com", text).checked);
		snprintf(text, sizeof text, "_dmarc.example.com TXT \"v=DMARC1; p=none\"\nexample.com TXT %s", words[i]);
		assert_false(fill("example.com", text).checked);
	}
}

static void consent_of_foreign_destinations(void **state)
{
	(void)state;
	assert_true(fill("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=none; rua=mailto:a@other.example\"" SPF)
			    .rua_refused);
	/* Silence is no refusal; ruf is no rua; a subdomain needs no consent. */
	assert_false(fill("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=none; rua=mailto:a@other.example\"\n"
					 "example.com._report._dmarc.other.example TIMEOUT" SPF)
			     .rua_refused);
	assert_false(fill("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=none; ruf=mailto:a@other.example\"" SPF)
			     .rua_refused);
	assert_false(
		fill("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=none; rua=mailto:a@in.example.com\"" SPF)
			.rua_refused);
}

static void parked(void **state)
{
	struct published p = fill("parked.example", "parked.example TXT \"v=spf1 -all\"\nparked.example MX 0 .");

	(void)state;
	assert_true(p.checked && p.spf_only_all && p.null_mx);
	p = fill("parked.example", "parked.example TXT \"v=spf1 a -all\"\nparked.example A 192.0.2.1");
	assert_false(p.spf_only_all || p.null_mx);
}

static void memory_short(void **state)
{
	struct arena small = ARENA(1);
	struct published p = fill("example.com", "example.com TXT \"v=spf1 include:a.example ~all\"\na.example TXT x");

	(void)state;
	assert_true(p.checked);
	assert_false(published_fill(&seen, &small, &p));
	arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sound_record, setup, teardown),
		cmocka_unit_test_setup_teardown(slips_in_writing, setup, teardown),
		cmocka_unit_test_setup_teardown(dmarc_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(a_record_above_covers, setup, teardown),
		cmocka_unit_test_setup_teardown(spf_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_checks_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(consent_of_foreign_destinations, setup, teardown),
		cmocka_unit_test_setup_teardown(parked, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_short, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
