#include "base/buf.h"
#include "parse/dns/zonefile.h"

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

static struct dns_answer ask(struct zonefile *zone, const char *name, enum dns_type type)
{
	return dns_ask((struct dns){ zonefile_ask, zone }, span_of(name), type, &arena);
}

static void assert_span(struct span got, const char *want)
{
	if (!span_is(got, span_of(want)))
		fail_msg("got `%.*s`, want `%s`", (int)got.n, got.p ? got.p : "", want);
}

static const char zone_text[] =
	"; a comment\n"
	"Example.COM. 300 IN TXT \"v=spf1 -all\"\n"
	"\tIN 1h MX 10 Mail.example.com.\n"
	"example.com A 192.0.2.1 ; behind it\n"
	"example.com AAAA 2001:DB8::1\n"
	"example.com CAA 0 issue \"ca.example\"\n"
	"_dmarc.example.com TXT ( \"v=DMARC1; \"\n\t\"p=none\" ) \n"
	"esc.example.com TXT \"a\\\"b\\\\c\\001\\255;\" word\n"
	"$ORIGIN sub.example.net.\n$TTL 2d\n"
	"@ TXT origin\nwww CNAME @\nfar CNAME other.example.org.\n"
	"$ORIGIN .\n"
	"*.wild.example TXT \"anything\"\n"
	"deep.a.b.wild.example TXT \"itself\"\n"
	"broken.example SERVFAIL\nslow.example TXT TIMEOUT\nslow.example A 192.0.2.2\n"
	"forged.example BOGUS\nempty.example NODATA\ngone.example NXDOMAIN\nquoted.example TXT \"NXDOMAIN\"\n"
	"signed.example SECURE TXT \"x\"\n"
	"null.example MX 0 .\n"
	"x.ent.example A 192.0.2.9\n";

static void answers(void **state)
{
	struct fault fault = { 0 };
	struct zonefile *zone = zonefile_read(span_of(zone_text), &fault);
	struct dns_answer answer;

	(void)state;
	assert_string_equal(fault.text, "");
	assert_non_null(zone);
	answer = ask(zone, "EXAMPLE.com.", DNS_TYPE_TXT);
	assert_int_equal(answer.status, DNS_OK);
	assert_int_equal(answer.ttl, 300);
	assert_span(answer.data[0].text, "v=spf1 -all");
	answer = ask(zone, "example.com", DNS_TYPE_MX);
	assert_int_equal(answer.ttl, 3600);
	assert_int_equal(answer.data[0].preference, 10);
	assert_span(answer.data[0].name, "mail.example.com");
	assert_int_equal(ask(zone, "example.com", DNS_TYPE_A).n, 1);
	assert_int_equal(ask(zone, "example.com", DNS_TYPE_AAAA).n, 1);
	assert_int_equal(ask(zone, "example.com", DNS_TYPE_PTR).status, DNS_NODATA);
	answer = ask(zone, "_dmarc.example.com", DNS_TYPE_TXT);
	assert_span(answer.data[0].text, "v=DMARC1; p=none");
	assert_int_equal(answer.data[0].strings, 2);
	assert_int_equal(answer.data[0].string_end[0], 10);
	assert_int_equal(answer.data[0].string_end[1], 16);
	answer = ask(zone, "esc.example.com", DNS_TYPE_TXT);
	assert_span(answer.data[0].text, "a\"b\\c\001\377;word");
	answer = ask(zone, "www.sub.example.net", DNS_TYPE_TXT);
	assert_span(answer.data[0].text, "origin");
	assert_int_equal(answer.aliases, 1);
	assert_int_equal(answer.ttl, 172800);
	assert_span(answer.owner, "sub.example.net");
	assert_int_equal(ask(zone, "far.sub.example.net", DNS_TYPE_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(zone, "null.example", DNS_TYPE_MX).data[0].name.n, 0);
	zonefile_free(zone);
}

static void statuses_and_wildcards(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum dns_status status;
	} rows[] = {
		{ "broken.example", DNS_TYPE_A, DNS_SERVFAIL },
		{ "slow.example", DNS_TYPE_TXT, DNS_TIMEOUT },
		{ "slow.example", DNS_TYPE_A, DNS_OK },
		{ "forged.example", DNS_TYPE_TXT, DNS_BOGUS },
		{ "empty.example", DNS_TYPE_TXT, DNS_NODATA },
		{ "gone.example", DNS_TYPE_TXT, DNS_NXDOMAIN },
		{ "quoted.example", DNS_TYPE_TXT, DNS_OK },
		{ "nowhere.example", DNS_TYPE_TXT, DNS_NXDOMAIN },
		{ "ent.example", DNS_TYPE_A, DNS_NODATA },
		{ "nt.example", DNS_TYPE_A, DNS_NXDOMAIN },
		{ "one.wild.example", DNS_TYPE_TXT, DNS_OK },
		{ "one.two.wild.example", DNS_TYPE_TXT, DNS_OK },
		{ "one.wild.example", DNS_TYPE_A, DNS_NODATA },
		{ "x.b.wild.example", DNS_TYPE_TXT, DNS_NXDOMAIN },
		{ "b.wild.example", DNS_TYPE_TXT, DNS_NODATA },
		{ "", DNS_TYPE_TXT, DNS_SERVFAIL },
	};
	struct zonefile *zone = zonefile_read(span_of(zone_text), NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (ask(zone, rows[i].name, rows[i].type).status != rows[i].status)
			fail_msg("%s: %s", rows[i].name, dns_status_word(ask(zone, rows[i].name, rows[i].type).status));
	assert_int_equal(ask(zone, "signed.example", DNS_TYPE_TXT).security, DNS_SECURE);
	assert_int_equal(ask(zone, "quoted.example", DNS_TYPE_TXT).security, DNS_UNSIGNED);
	zonefile_free(zone);
}

static void alias_chains(void **state)
{
	struct buf text = BUF(65536);
	struct zonefile *zone;

	(void)state;
	for (int i = 0; i < 20; i++)
		buf_printf(&text, "c%d.example CNAME c%d.example\n", i, i + 1);
	buf_put_text(&text, "c20.example TXT end\nloop.example CNAME pool.example\npool.example CNAME loop.example\n");
	zone = zonefile_read(buf_span(&text), NULL);
	assert_int_equal(ask(zone, "c9.example", DNS_TYPE_TXT).status, DNS_OK);
	assert_int_equal(ask(zone, "c9.example", DNS_TYPE_TXT).aliases, DNS_ALIASES);
	assert_int_equal(ask(zone, "c8.example", DNS_TYPE_TXT).status, DNS_SERVFAIL);
	assert_int_equal(ask(zone, "loop.example", DNS_TYPE_TXT).status, DNS_SERVFAIL);
	assert_int_equal(ask(zone, "loop.example", DNS_TYPE_CNAME).status, DNS_OK);
	zonefile_free(zone);
	buf_release(&text);
}

static void keys_form(void **state)
{
	struct zonefile *zone = zonefile_read_keys(SPAN("s1._domainkey.example.com  p=x \ns2._domainkey.example.com NXDOMAIN\r\n"
							"s3._domainkey.example.com TEMPFAIL\ns4._domainkey.example.com NODATA\n"
							"s5._domainkey.example.com one\ns5._domainkey.example.com two\n"
							"s6._domainkey.example.com \ns7._domainkey.example.com"),
		NULL);

	(void)state;
	assert_span(ask(zone, "S1._domainkey.example.com", DNS_TYPE_TXT).data[0].text, " p=x ");
	assert_int_equal(ask(zone, "s2._domainkey.example.com", DNS_TYPE_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(zone, "s3._domainkey.example.com", DNS_TYPE_TXT).status, DNS_SERVFAIL);
	assert_int_equal(ask(zone, "s4._domainkey.example.com", DNS_TYPE_TXT).status, DNS_NODATA);
	assert_int_equal(ask(zone, "s5._domainkey.example.com", DNS_TYPE_TXT).n, 2);
	assert_span(ask(zone, "s5._domainkey.example.com", DNS_TYPE_TXT).data[1].text, "two");
	assert_span(ask(zone, "s6._domainkey.example.com", DNS_TYPE_TXT).data[0].text, "");
	assert_span(ask(zone, "s7._domainkey.example.com", DNS_TYPE_TXT).data[0].text, "");
	assert_int_equal(ask(zone, "s8._domainkey.example.com", DNS_TYPE_TXT).status, DNS_NXDOMAIN);
	zonefile_free(zone);
}

static void faults_name_the_line(void **state)
{
	static const char *const rows[][2] = {
		{ "a.example TXT \"open\n", "line 1: a quote, parenthesis or escape is not complete" },
		{ "a.example TXT x\na.example A 2001:db8::1\n", "line 2: not an address of the record's type" },
		{ "a.example A\n", "line 1: a record needs a type and a value" },
		{ " TXT x\n", "line 1: the first record needs a name" },
		{ "a.example MX mail.example\n", "line 1: MX needs a preference from 0 to 65535" },
		{ "a.example TXT ( x\n", "line 1: a quote, parenthesis or escape is not complete" },
		{ "a.example TXT \\25\n", "line 1: a quote, parenthesis or escape is not complete" },
		{ "$INCLUDE /etc/passwd\n", "line 1: only $ORIGIN and $TTL are known" },
		{ "a.example CNAME\n", "line 1: a record needs a type and a value" },
		{ "a.example\n", "line 1: a record needs a type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fault fault = { 0 };

		assert_null(zonefile_read(span_of(rows[i][0]), &fault));
		assert_string_equal(fault.text, rows[i][1]);
	}
}

static void large_and_hostile(void **state)
{
	struct buf text = BUF((size_t)2 * 1024 * 1024);
	struct fault fault = { 0 };
	struct zonefile *zone;
	struct dns_answer answer;

	(void)state;
	buf_put_text(&text, "big.example TXT ");
	for (int i = 0; i < 257; i++) {
		buf_put_byte(&text, '"');
		for (int k = 0; k < 255; k++)
			buf_put_byte(&text, 'x');
		buf_put_text(&text, "\" ");
	}
	zone = zonefile_read(buf_span(&text), &fault);
	assert_non_null(zone);
	answer = ask(zone, "big.example", DNS_TYPE_TXT);
	assert_int_equal(answer.data[0].text.n, 65535);
	assert_int_equal(answer.data[0].strings, 257);
	zonefile_free(zone);
	buf_put_text(&text, "y");
	assert_null(zonefile_read(buf_span(&text), &fault));
	assert_string_equal(fault.text, "line 1: a text of more than 65535 octets");
	buf_clear(&text);
	for (int i = 0; i < 3000; i++)
		buf_printf(&text, "many.example TXT %d\n", i);
	zone = zonefile_read(buf_span(&text), &fault);
	assert_int_equal(ask(zone, "many.example", DNS_TYPE_TXT).n, DNS_DATA_MAX);
	zonefile_free(zone);
	assert_null(zonefile_read((struct span){ text.p, ZONEFILE_OCTETS + 1 }, &fault));
	zone = zonefile_read(SPAN(""), &fault);
	assert_int_equal(ask(zone, "x.example", DNS_TYPE_TXT).status, DNS_NXDOMAIN);
	zonefile_free(zone);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers, setup, teardown),
		cmocka_unit_test_setup_teardown(statuses_and_wildcards, setup, teardown),
		cmocka_unit_test_setup_teardown(alias_chains, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_form, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_name_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(large_and_hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
