/* What the verdict is told of a domain's records out of the store: what was seen, unless too long ago. */
#include "cli/snapshot.h"
#include "parse/dns/lint.h"
#include "parse/dns/zonefile.h"
#include "tests/store_fixture.h"

#include <stdlib.h>

#define NOW INT64_C(1700000000)

static struct zonefile *zone;
static int64_t moment;

static int close_all(void **state)
{
	zonefile_free(zone);
	zone = NULL;
	return fixture_close(state);
}

/* A resolver that remembers, as the one who looks does. */
static void ask_and_learn(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	struct fixture *b = arg;

	zonefile_ask(zone, name, type, arena, answer);
	assert_true(store_learn_dns(b->store, answer, moment, NULL));
}

static void look(struct fixture *b, int64_t when, const char *text)
{
	static const char *const more[] = { "k1._domainkey.example.org", "k2._domainkey.example.org", "old._domainkey.example.org",
		"shop.example.org", "none.example.org", "_dmarc.shop.example.org", "_dmarc.none.example.org" };
	struct findings findings = { .arena = &b->arena };
	struct lint_domain *seen = arena_take(&b->arena, sizeof *seen);
	struct dns dns = { ask_and_learn, b };
	struct fault fault = { 0 };

	zonefile_free(zone);
	zone = zonefile_read(span_of(text), &fault);
	if (!zone)
		fail_msg("%s", fault.text);
	moment = when;
	assert_true(lint_domain(dns, SPAN("example.org"), &findings, seen));
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		dns_ask(dns, span_of(more[i]), DNS_TYPE_TXT, &b->arena);
		dns_ask(dns, span_of(more[i]), DNS_TYPE_A, &b->arena);
	}
	commit(b);
}

static struct published snapshot(struct fixture *b, int64_t now)
{
	static const struct signature_row signatures[] = {
		{ { SPAN("example.org"), SPAN("example.org") }, SPAN("k1"), RESULT_PASS },
		{ { SPAN("example.org"), SPAN("example.org") }, SPAN("k2"), RESULT_PASS },
		{ { SPAN("example.org"), SPAN("example.org") }, SPAN("unseen"), RESULT_PASS },
		{ { SPAN("example.org"), SPAN("example.org") }, SPAN("old"), RESULT_FAIL },
		{ { SPAN("other.example"), SPAN("other.example") }, SPAN("k1"), RESULT_PASS },
	};
	static const struct observed_auth auths[] = {
		{ .header_from = { SPAN("example.org"), SPAN("example.org") }, .dkim = signatures, .dkim_n = 5 },
		{ .header_from = { SPAN("shop.example.org"), SPAN("example.org") }, .dkim = signatures, .dkim_n = 2 },
		{ .header_from = { SPAN("none.example.org"), SPAN("example.org") } },
		{ .header_from = { SPAN("dark.example.org"), SPAN("example.org") } },
	};
	const struct observed observed = { .auths = auths, .auths_n = 4 };
	const struct domain_name domain = { SPAN("example.org"), SPAN("example.org") };
	struct published published;
	struct fault fault = { 0 };

	if (!snapshot_read(b->store, NULL, &domain, &observed, now, &b->arena, &published, &fault))
		fail_msg("%s", fault.text);
	return published;
}

#define KEY "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
#define ZONE                                                                              \
	"example.org TXT \"v=spf1 include:a.example -all\"\na.example TXT \"v=spf1 ~all\"\n" \
	"_dmarc.example.org TXT \"v=DMARC1; p=quarantine; rua=mailto:d@example.org\"\n"      \
	"k1._domainkey.example.org TXT \"v=DKIM1; t=y; p=" KEY "\"\n"                        \
	"k2._domainkey.example.org TXT \"v=DKIM1; p=\"\n"                                    \
	"shop.example.org A 192.0.2.1\n_dmarc.shop.example.org TXT \"v=DMARC1; p=none\"\n"

static void what_was_seen(void **state)
{
	struct fixture *b = *state;
	struct published p;

	look(b, NOW - DAY_SECONDS, ZONE);
	p = snapshot(b, NOW);
	assert_true(p.checked);
	assert_int_equal(p.policy.p, REQUEST_QUARANTINE);
	assert_true(span_is(p.rua, SPAN("mailto:d@example.org")));
	assert_int_equal(p.spf_all, '-');
	assert_int_equal(p.spf_reaches_n, 1);

	assert_int_equal(p.keys_n, 3); /* of `unseen` nothing is known */
	assert_true(span_is(p.keys[0].selector, SPAN("k1")) && span_is(p.keys[0].domain, SPAN("example.org")));
	assert_true(p.keys[0].bits == 1024 && p.keys[0].testing && !p.keys[0].missing && !p.keys[0].revoked);
	assert_true(span_is(p.keys[1].selector, SPAN("k2")) && p.keys[1].revoked && !p.keys[1].missing);
	assert_true(span_is(p.keys[2].selector, SPAN("old"))); /* never valid: behind all that were */

	assert_int_equal(p.names_n, 2); /* nothing is known of `dark` */
	assert_true(span_is(p.names[0].name, SPAN("none.example.org")));
	assert_int_equal(p.names[0].exists, NAME_NXDOMAIN);
	assert_true(span_is(p.names[1].name, SPAN("shop.example.org")) && p.names[1].own_record);
	assert_int_equal(p.names[1].exists, NAME_EXISTS);
}

static void a_key_that_is_gone(void **state)
{
	struct fixture *b = *state;
	struct published p;

	look(b, NOW - 2 * DAY_SECONDS, ZONE);
	look(b, NOW, "_dmarc.example.org TXT \"v=DMARC1; p=none\"\nexample.org TXT \"v=spf1 ~all\"\n");
	p = snapshot(b, NOW);
	assert_true(p.checked);
	assert_int_equal(p.policy.p, REQUEST_NONE);
	assert_int_equal(p.keys_n, 3);
	assert_true(p.keys[0].missing && p.keys[1].missing && p.keys[2].missing);
}

static void what_says_nothing(void **state)
{
	struct fixture *b = *state;

	assert_false(snapshot(b, NOW).checked);
	look(b, NOW, ZONE);
	assert_true(snapshot(b, NOW + SNAPSHOT_DAYS * DAY_SECONDS).checked);
	assert_false(snapshot(b, NOW + SNAPSHOT_DAYS * DAY_SECONDS + 1).checked);
}

#define INVENTED 600

/* In one forged report more selectors are called valid, all of them looked up in vain by now, than keys are read; real is what a
 * signed report names. */
static void invented_selectors(void **state)
{
	struct fixture *b = *state;
	static struct signature_row signatures[INVENTED + 1];
	static char names[INVENTED][8];
	static const struct observed_report reports[] = { { .carriage = CARRIAGE_UNSIGNED }, { .carriage = CARRIAGE_SIGNED } };
	static const struct observed_auth auths[] = { { .dkim = signatures, .dkim_n = INVENTED },
		{ .dkim = signatures + INVENTED, .dkim_n = 1 } };
	static const struct observed_traffic traffic[] = { { .report = 0, .auth = 0, .count = 9 }, { .report = 1, .auth = 1, .count = 1 } };
	const struct observed observed = {
		.reports = reports, .reports_n = 2, .auths = auths, .auths_n = 2, .traffic = traffic, .traffic_n = 2
	};
	const struct domain_name domain = { SPAN("example.org"), SPAN("example.org") };
	struct published published;
	struct fault fault = { 0 };

	look(b, NOW - DAY_SECONDS, ZONE);
	for (size_t i = 0; i < INVENTED; i++) {
		char place[64];

		snprintf(names[i], sizeof names[i], "a%03zu", i);
		snprintf(place, sizeof place, "%s._domainkey.example.org", names[i]);
		signatures[i] = (struct signature_row){ domain, span_of(names[i]), RESULT_PASS };
		dns_ask((struct dns){ ask_and_learn, b }, span_of(place), DNS_TYPE_TXT, &b->arena);
	}
	signatures[INVENTED] = (struct signature_row){ domain, SPAN("k1"), RESULT_PASS };
	commit(b);
	assert_true(snapshot_read(b->store, NULL, &domain, &observed, NOW, &b->arena, &published, &fault));
	assert_int_equal(published.keys_n, 500);
	assert_true(span_is(published.keys[0].selector, SPAN("k1")) && published.keys[0].testing);
	assert_true(span_is(published.keys[1].selector, SPAN("a000")) && published.keys[1].missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_seen, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(a_key_that_is_gone, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(what_says_nothing, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(invented_selectors, fixture_open, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
