#include "parse/dns/orgdomain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_span(struct span got, const char *want)
{
	if (!span_is(got, span_of(want)))
		fail_msg("got `%.*s`, want `%s`", (int)got.n, got.p ? got.p : "", want);
}

static void organisational_domains(void **state)
{
	static const char *const rows[][2] = {
		{ "a.b.c.d.example.com", "example.com" },
		{ "Mail.Example.CO.UK", "Example.CO.UK" },
		{ "example.com.", "example.com" },
		{ "mail.example.com.", "example.com" },
		{ "example.com", "example.com" },
		{ "com", "com" },
		{ "co.uk", "co.uk" },
		{ "localhost", "localhost" },
		{ "mail.corp.unlisted-tld", "corp.unlisted-tld" },
		{ "a.b.ck", "a.b.ck" },
		{ "x.www.ck", "www.ck" },
		{ "_dmarc.mail.example.com", "example.com" },
		{ "post.b\xc3\xbc"
		  "cher.de",
			"b\xc3\xbc"
			"cher.de" },
		{ "b.a.\xe5\x85\xac\xe5\x8f\xb8.cn", "a.\xe5\x85\xac\xe5\x8f\xb8.cn" },
		{ "b.a.xn--55qx5d.cn", "a.xn--55qx5d.cn" },
		/* no domain names: as they stand */
		{ "192.0.2.1", "192.0.2.1" },
		{ "[192.0.2.1]", "[192.0.2.1]" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "a..example.com", "a..example.com" },
		{ ".example.com", ".example.com" },
		{ "a b.example.com", "a b.example.com" },
		{ "user@example.com", "user@example.com" },
		{ "", "" },
		{ ".", "." },
		{ "\xff\xfe.example.com", "\xff\xfe.example.com" },
	};

	(void)state;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			assert_span(orgdomain_of(span_of(rows[i][0])), rows[i][1]);
	assert_null(orgdomain_of(SPAN_ABSENT).p);
}

static void result_points_into_the_input(void **state)
{
	char first[] = "mail.example.net", second[] = "MAIL.example.net";

	(void)state;
	assert_ptr_equal(orgdomain_of(span_of(first)).p, first + 5);
	assert_ptr_equal(orgdomain_of(span_of(second)).p, second + 5);
}

static void hostile_lengths(void **state)
{
	char *text = malloc(70000);
	struct span all = { text, 70000 };
	char name[DOMAINNAME_MAX + 2];

	(void)state;
	assert_non_null(text);
	for (int pattern = 0; pattern < 3; pattern++) {
		for (size_t i = 0; i < all.n; i++)
			text[i] = pattern == 0 ? 'a' : pattern == 1 ? (i % 2 ? '.' : 'a') : '.';
		assert_ptr_equal(orgdomain_of(all).p, text);
		assert_int_equal(orgdomain_of(all).n, all.n);
		assert_false(domain_aligned(all, all, false));
	}
	memset(name, 'a', sizeof(name));
	memcpy(name + DOMAINNAME_MAX - 4, ".com", 4);
	name[100] = '.';
	assert_int_equal(orgdomain_of((struct span){ name, DOMAINNAME_MAX }).n, DOMAINNAME_MAX - 101);
	assert_int_equal(orgdomain_of((struct span){ name, DOMAINNAME_MAX + 1 }).n, DOMAINNAME_MAX + 1);
	for (size_t i = 0; i < DOMAINNAME_MAX; i++)
		name[i] = i % 2 ? '.' : 'a';
	assert_int_equal(orgdomain_of((struct span){ name, DOMAINNAME_MAX }).n, 3);
	assert_false(domain_aligned((struct span){ "a\0b.com", 7 }, (struct span){ "a\0b.com", 7 }, true));
	free(text);
}

static void many_names_share_the_cache(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			char name[64], want[64];

			snprintf(name, sizeof(name), "host%d.dept.example%d.org", i, i % 700);
			snprintf(want, sizeof(want), "example%d.org", i % 700);
			assert_span(orgdomain_of(span_of(name)), want);
		}
}

static void alignment(void **state)
{
	static const struct {
		const char *a, *b;
		bool relaxed, strict;
	} rows[] = {
		{ "foo.example.com", "news.example.com", true, false },
		{ "example.com", "EXAMPLE.com.", true, true },
		{ "cbg.bounces.example.com", "example.com", true, false },
		{ "foo.example.net", "news.example.com", false, false },
		{ "com", "example.com", false, false },
		{ "co.uk", "example.co.uk", false, false },
		{ "one.co.uk", "two.co.uk", false, false },
		{ "notexample.com", "example.com", false, false },
		{ "example.com.evil.net", "example.com", false, false },
		{ "b\xc3\xbc"
		  "cher.example",
			"xn--bcher-kva.example", true, true },
		{ "B\xc3\x9c"
		  "CHER.example",
			"xn--bcher-kva.example", true, true },
		{ "post.b\xc3\xbc"
		  "cher.de",
			"xn--bcher-kva.de", true, false },
		{ "192.0.2.1", "192.0.2.1", false, false },
		{ "[192.0.2.1]", "[192.0.2.1]", false, false },
		{ "", "", false, false },
		{ "a..com", "a..com", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span a = span_of(rows[i].a), b = span_of(rows[i].b);

		assert_int_equal(domain_aligned(a, b, false), rows[i].relaxed);
		assert_int_equal(domain_aligned(b, a, false), rows[i].relaxed);
		assert_int_equal(domain_aligned(a, b, true), rows[i].strict);
	}
	assert_false(domain_aligned(SPAN_ABSENT, SPAN_ABSENT, false));
}

static void a_labels(void **state)
{
	static const char *const rows[][2] = {
		{ "Example.COM.", "example.com" },
		{ "b\xc3\xbc"
		  "cher.example",
			"xn--bcher-kva.example" },
		{ "www.\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95", "www.xn--fsqu00a.xn--0zwm56d" },
		{ "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84", "xn--e1afmkfd.xn--p1ai" },
		{ "ma\xc3\xb1"
		  "ana.com",
			"xn--maana-pta.com" },
		{ "a..b", "" },
		{ "\xc3.example", "" },
	};
	char text[DOMAINNAME_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(domain_alabels(span_of(rows[i][0]), text), strlen(rows[i][1]));
		if (*rows[i][1])
			assert_string_equal(text, rows[i][1]);
	}
}

static void suffixes(void **state)
{
	(void)state;
	assert_true(orgdomain_is_suffix(SPAN("co.uk")));
	assert_true(orgdomain_is_suffix(SPAN("COM.")));
	assert_false(orgdomain_is_suffix(SPAN("example.com")));
	assert_false(orgdomain_is_suffix(SPAN("192.0.2.1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(organisational_domains),
		cmocka_unit_test(result_points_into_the_input),
		cmocka_unit_test(hostile_lengths),
		cmocka_unit_test(many_names_share_the_cache),
		cmocka_unit_test(alignment),
		cmocka_unit_test(a_labels),
		cmocka_unit_test(suffixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
