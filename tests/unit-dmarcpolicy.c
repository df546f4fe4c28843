#include "base/buf.h"
#include "parse/dns/discovery.h"
#include "parse/dns/domainname.h"
#include "parse/dns/zonefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;
static struct zonefile *zone;
static struct buf asked; /* the names asked for, one a line */

static int setup(void **state)
{
	(void)state;
	arena = ARENA((size_t)16 * 1024 * 1024);
	asked = BUF(65536);
	zone = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zonefile_free(zone);
	arena_release(&arena);
	buf_release(&asked);
	return 0;
}

static void ask_and_note(void *arg, struct span name, enum dns_type type, struct arena *into, struct dns_answer *answer)
{
	(void)arg;
	buf_printf(&asked, "%.*s\n", (int)name.n, name.p);
	zonefile_ask(zone, name, type, into, answer);
}

static struct dns dns_of(const char *text)
{
	struct fault fault = { 0 };

	zonefile_free(zone);
	zone = zonefile_read(span_of(text), &fault);
	if (!zone)
		fail_msg("%s", fault.text);
	buf_clear(&asked);
	return (struct dns){ ask_and_note, NULL };
}

/* RFC 9989 4.10, 5.1.8, B.4 */
static void walks(void **state)
{
	static const struct {
		const char *zone, *start, *asked, *org;
	} rows[] = {
		{ "", "a.b.c.d.e.f.g.h.i.j.mail.example.com",
			"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com\n_dmarc.g.h.i.j.mail.example.com\n_dmarc.h.i.j.mail.example.com\n"
			"_dmarc.i.j.mail.example.com\n_dmarc.j.mail.example.com\n_dmarc.mail.example.com\n_dmarc.example.com\n_dmarc.com\n",
			"a.b.c.d.e.f.g.h.i.j.mail.example.com" },
		{ "_dmarc.mail.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=none\"", "A.Mail.Example.com.",
			"_dmarc.a.mail.example.com\n_dmarc.mail.example.com\n_dmarc.example.com\n_dmarc.com\n", "example.com" },
		{ "_dmarc.mail.example.com TXT \"v=DMARC1; p=none; psd=n\"", "a.mail.example.com",
			"_dmarc.a.mail.example.com\n_dmarc.mail.example.com\n", "mail.example.com" },
		{ "_dmarc.com TXT \"v=DMARC1; p=none; psd=y\"", "a.mail.example.com",
			"_dmarc.a.mail.example.com\n_dmarc.mail.example.com\n_dmarc.example.com\n_dmarc.com\n", "example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.signing.example.com TXT \"v=DMARC1; p=none\"", "signing.example.com",
			"_dmarc.signing.example.com\n_dmarc.example.com\n_dmarc.com\n", "example.com" },
		{ "_dmarc.giant.bank.example TXT \"v=DMARC1; p=none\"\n_dmarc.bank.example TXT \"v=DMARC1; p=none; psd=y\"",
			"giant.bank.example", "_dmarc.giant.bank.example\n_dmarc.bank.example\n", "giant.bank.example" },
		{ "_dmarc.giant.bank.example TXT \"v=DMARC1; p=none\"\n_dmarc.bank.example TXT \"v=DMARC1; p=none; psd=y\"",
			"mail.mega.bank.example", "_dmarc.mail.mega.bank.example\n_dmarc.mega.bank.example\n_dmarc.bank.example\n",
			"mega.bank.example" },
		{ "_dmarc.bank.example TXT \"v=DMARC1; p=none; psd=y\"", "bank.example", "_dmarc.bank.example\n", "bank.example" },
		{ "_dmarc.b.c.d.e.f.g.example.com TXT \"v=DMARC1; p=none; psd=n\"\n_dmarc.example.com TXT \"v=DMARC1; p=none\"",
			"mail.a.b.c.d.e.f.g.example.com",
			"_dmarc.mail.a.b.c.d.e.f.g.example.com\n_dmarc.c.d.e.f.g.example.com\n_dmarc.d.e.f.g.example.com\n"
			"_dmarc.e.f.g.example.com\n_dmarc.f.g.example.com\n_dmarc.g.example.com\n_dmarc.example.com\n_dmarc.com\n",
			"example.com" },
		{ "", "a.b.c.d.e.f.example.com",
			"_dmarc.a.b.c.d.e.f.example.com\n_dmarc.b.c.d.e.f.example.com\n_dmarc.c.d.e.f.example.com\n_dmarc.d.e.f.example.com\n"
			"_dmarc.e.f.example.com\n_dmarc.f.example.com\n_dmarc.example.com\n_dmarc.com\n",
			"a.b.c.d.e.f.example.com" },
		/* several records at a name are all dropped and the walk goes on; other texts do not count */
		{ "_dmarc.a.example.com TXT \"v=DMARC1; psd=n\"\n_dmarc.a.example.com TXT \"v=DMARC1; psd=n\"\n"
		  "_dmarc.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=spf1 -all\"",
			"a.example.com", "_dmarc.a.example.com\n_dmarc.example.com\n_dmarc.com\n", "example.com" },
		{ "", "localhost", "_dmarc.localhost\n", "localhost" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dmarc_walk walk;

		assert_true(dmarc_walk_take(dns_of(rows[i].zone), span_of(rows[i].start), &arena, &walk));
		assert_string_equal(buf_text(&asked), rows[i].asked);
		assert_true(walk.n <= DMARC_WALK_MAX);
		assert_false(walk.unknown);
		if (!span_is(walk.org, span_of(rows[i].org)))
			fail_msg("row %zu: %.*s", i, (int)walk.org.n, walk.org.p);
	}
}

/* outcome by request>effective of both generations, `older | newer` */
static void policies(void **state)
{
	static const struct {
		const char *zone, *author, *result;
	} rows[] = {
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\nexample.com A 192.0.2.1\nhost.example.com A 192.0.2.1",
			"example.com", "found p reject>reject example.com | found p reject>reject example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\nhost.example.com A 192.0.2.1", "host.example.com",
			"found sp quarantine>quarantine example.com | found sp quarantine>quarantine example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\n", "ghost.example.com",
			"found sp quarantine>quarantine example.com | found np none>none example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; np=none\"\nx.host.example.com A 192.0.2.1", "host.example.com",
			"found sp reject>reject example.com | found sp reject>reject example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; np=none\"\nhost.example.com A SERVFAIL", "host.example.com",
			"found sp reject>reject example.com | unknown sp reject>reject example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=reject; t=y\"", "example.com",
			"found p reject>reject example.com | found p reject>quarantine example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=quarantine; t=y; pct=0\"", "example.com",
			"found p quarantine>none example.com | found p quarantine>none example.com" },
		{ "_dmarc.a.b.example.com TXT \"v=DMARC1; p=reject; sp=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=none\"", "a.b.example.com",
			"found p reject>reject a.b.example.com | found p reject>reject a.b.example.com" },
		/* between author and organisational domain: only found by its own name */
		{ "_dmarc.b.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com TXT \"v=DMARC1; p=none\"\na.b.example.com A 192.0.2.1",
			"a.b.example.com", "found sp none>none example.com | found sp none>none example.com" },
		{ "_dmarc.b.example.com TXT \"v=DMARC1; p=reject\"\na.b.example.com A 192.0.2.1", "a.b.example.com",
			"absent | found sp reject>reject b.example.com" },
		/* two records: the older rules stop, the newer ones go on */
		{ "_dmarc.a.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.a.example.com TXT \"v=DMARC1; p=none\"\n"
		  "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\na.example.com A 192.0.2.1",
			"a.example.com", "absent | found sp reject>reject example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"", "example.com",
			"absent | absent" },
		/* a registry's policy is used only where the registrant has none */
		{ "_dmarc.com TXT \"v=DMARC1; p=reject; psd=y; np=none\"\nexample.com A 192.0.2.1", "example.com",
			"absent | found sp reject>reject com" },
		{ "_dmarc.com TXT \"v=DMARC1; p=reject; psd=y\"\n_dmarc.example.com TXT \"v=DMARC1; p=none\"\nmail.example.com A 192.0.2.1",
			"mail.example.com", "found sp none>none example.com | found sp none>none example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=oops\"", "example.com", "dead p none>none example.com | dead p none>none example.com" },
		{ "_dmarc.example.com TXT \"v=DMARC1; p=oops; rua=mailto:a@example.com\"", "example.com",
			"found p none>none example.com | found p none>none example.com" },
		{ "", "example.com", "absent | absent" },
		/* an answer that did not come is never `no record` */
		{ "_dmarc.example.com SERVFAIL", "example.com", "unknown | unknown" },
		{ "_dmarc.example.com TIMEOUT", "a.example.com", "unknown | unknown" },
		{ "_dmarc.example.com BOGUS", "a.example.com", "unknown | unknown" },
		{ "_dmarc.a.example.com SERVFAIL\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"", "a.example.com", "unknown | unknown" },
		{ "_dmarc.com SERVFAIL\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"", "example.com",
			"found p reject>reject example.com | found p reject>reject example.com" },
		{ "_dmarc.example.com NODATA", "example.com", "absent | absent" },
		{ "_dmarc.example.com CNAME _dmarc.else.example\n_dmarc.else.example TXT \"v=DMARC1; p=reject\"", "example.com",
			"found p reject>reject example.com | found p reject>reject example.com" },
		{ "_dmarc.example.com CNAME _dmarc.example.com", "example.com", "unknown | unknown" },
		{ "_dmarc.xn--bcher-kva.example TXT \"v=DMARC1; p=reject\"", "b\xc3\xbc"
									     "cher.example",
			"found p reject>reject xn--bcher-kva.example | found p reject>reject xn--bcher-kva.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf line = BUF(1000);

		for (enum dmarc_generation g = 0; g < DMARC_GENERATIONS; g++) {
			struct dmarc_policy policy;

			assert_true(dmarc_policy_discover(dns_of(rows[i].zone), span_of(rows[i].author), g, &arena, &policy));
			buf_printf(&line, "%s%s", g ? " | " : "", dmarc_outcome_word(policy.outcome));
			if (policy.source)
				buf_printf(&line, " %s %s>%s %.*s", dmarc_tag_word(policy.by), dmarc_request_word(policy.request),
					dmarc_request_word(policy.effective), (int)policy.source->target.n, policy.source->target.p);
		}
		if (strcmp(buf_text(&line), rows[i].result) != 0)
			fail_msg("row %zu %s: %s", i, rows[i].author, buf_text(&line));
		buf_release(&line);
	}
}

static void no_domain_names(void **state)
{
	struct dmarc_policy policy;
	struct dmarc_walk walk;
	struct dns dns = dns_of("");

	(void)state;
	assert_false(dmarc_policy_discover(dns, SPAN(""), DMARC_RFC9989, &arena, &policy));
	assert_false(dmarc_policy_discover(dns, SPAN("[192.0.2.1]"), DMARC_RFC7489, &arena, &policy));
	assert_false(dmarc_walk_take(dns, SPAN("a..b"), &arena, &walk));
	assert_int_equal(asked.n, 0);
}

static void longest_name(void **state)
{
	struct dmarc_walk walk;
	char name[DOMAINNAME_TEXT];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 1; i < DOMAINNAME_MAX; i += 2)
		name[i] = '.';
	assert_true(dmarc_walk_take(dns_of(""), (struct span){ name, DOMAINNAME_MAX }, &arena, &walk));
	assert_int_equal(walk.n, DMARC_WALK_MAX);
	assert_int_equal(walk.looks[0].answer.status, DNS_NXDOMAIN);
}

static void consent(void **state)
{
	static const struct {
		const char *zone, *host;
		enum dmarc_consent_state rua, ruf;
	} rows[] = {
		{ "", "mail.blue.example.com", DMARC_CONSENT_NOT_NEEDED, DMARC_CONSENT_NOT_NEEDED },
		{ "", "red.example.net", DMARC_CONSENT_MISSING, DMARC_CONSENT_MISSING },
		{ "blue.example.com._report._dmarc.red.example.net TXT \"v=DMARC1\"", "red.example.net", DMARC_CONSENT_GIVEN, DMARC_CONSENT_GIVEN },
		{ "blue.example.com._report._dmarc.red.example.net TXT \"v=DMARC1;\"", "Red.Example.Net", DMARC_CONSENT_GIVEN,
			DMARC_CONSENT_GIVEN },
		{ "*._report._dmarc.red.example.net TXT \"v=DMARC1\"", "red.example.net", DMARC_CONSENT_GIVEN, DMARC_CONSENT_GIVEN },
		{ "blue.example.com._report._dmarc.red.example.net TXT \"yes please\"", "red.example.net", DMARC_CONSENT_MISSING,
			DMARC_CONSENT_MISSING },
		{ "blue.example.com._report._dmarc.red.example.net TXT \"v=DMARC1; rua=mailto:x@red.example.net\"", "red.example.net",
			DMARC_CONSENT_OVERRIDE, DMARC_CONSENT_GIVEN },
		{ "blue.example.com._report._dmarc.red.example.net TXT \"v=DMARC1; ruf=mailto:x@other.example.net\"", "red.example.net",
			DMARC_CONSENT_GIVEN, DMARC_CONSENT_FOREIGN },
		{ "blue.example.com._report._dmarc.red.example.net TIMEOUT", "red.example.net", DMARC_CONSENT_UNKNOWN, DMARC_CONSENT_UNKNOWN },
	};
	struct dmarc_consent found;
	char host[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dns dns = dns_of(rows[i].zone);

		assert_true(dmarc_consent_check(dns, SPAN("blue.example.com"), span_of(rows[i].host), false, &arena, &found));
		assert_int_equal(found.state, rows[i].rua);
		assert_true(dmarc_consent_check(dns, SPAN("blue.example.com"), span_of(rows[i].host), true, &arena, &found));
		assert_int_equal(found.state, rows[i].ruf);
	}
	memset(host, 'h', sizeof(host));
	memcpy(host + 230, ".net", 4);
	assert_true(dmarc_consent_check(dns_of(""), SPAN("blue.example.com"), (struct span){ host, 234 }, false, &arena, &found));
	assert_int_equal(found.state, DMARC_CONSENT_LONG);
	assert_int_equal(asked.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(walks, setup, teardown),
		cmocka_unit_test_setup_teardown(policies, setup, teardown),
		cmocka_unit_test_setup_teardown(no_domain_names, setup, teardown),
		cmocka_unit_test_setup_teardown(longest_name, setup, teardown),
		cmocka_unit_test_setup_teardown(consent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
