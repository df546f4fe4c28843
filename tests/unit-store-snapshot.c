/* store: what names were seen to publish. */
#include "parse/dns/zonefile.h"
#include "store/store_private.h"
#include "tests/store_fixture.h"

static struct zonefile *zone;

static void zone_set(const char *text)
{
	struct fault fault = { 0 };

	zonefile_free(zone);
	zone = zonefile_read(span_of(text), &fault);
	if (!zone)
		fail_msg("%s", fault.text);
}

static int close_all(void **state)
{
	zonefile_free(zone);
	zone = NULL;
	return fixture_close(state);
}

static void learn(struct fixture *b, const char *name, enum dns_type type, int64_t seen)
{
	struct arena arena = ARENA((size_t)1 << 24);
	struct dns_answer answer = dns_ask((struct dns){ zonefile_ask, zone }, span_of(name), type, &arena);
	struct fault fault = { 0 };

	if (!store_learn_dns(b->store, &answer, seen, &fault))
		fail_msg("%s", fault.text);
	arena_release(&arena);
}

struct telling {
	struct buf text;
	size_t rows, most;
};

static void answer_print(struct buf *out, const struct dns_answer *answer)
{
	char text[ADDRESS_TEXT];

	buf_printf(out, "%.*s %s %s", (int)answer->name.n, answer->name.p, dns_type_word(answer->type),
		dns_status_word(answer->status));
	if (answer->aliases)
		buf_printf(out, " at %.*s", (int)answer->owner.n, answer->owner.p);
	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_data *data = &answer->data[i];

		buf_put_text(out, " [");
		for (size_t k = 0, start = 0; k < data->strings; start = data->string_end[k++])
			buf_printf(out, "%s%.*s", k ? "|" : "", (int)(data->string_end[k] - start), data->text.p + start);
		if (data->text.p && !data->strings)
			buf_printf(out, "?%.*s", (int)data->text.n, data->text.p);
		if (answer->type == DNS_TYPE_A || answer->type == DNS_TYPE_AAAA)
			buf_put_text(out, address_format(&data->address, text));
		if (answer->type == DNS_TYPE_MX)
			buf_printf(out, "%u ", data->preference);
		if (data->name.p)
			buf_put_span(out, data->name);
		buf_put_text(out, "]");
	}
}

static bool state_print(void *arg, const struct snapshot_row *row)
{
	struct telling *t = arg;

	answer_print(&t->text, &row->answer);
	buf_printf(&t->text, " %d-%d %u%s\n", (int)row->first_seen, (int)row->last_seen, row->answer.ttl,
		row->answer.security == DNS_SECURE ? " secure" : "");
	return ++t->rows != t->most;
}

static void states_are(struct fixture *b, const char *name, enum dns_type type, const char *wanted)
{
	struct telling t = { .text = BUF(1 << 20) };
	struct fault fault = { 0 };
	char got[4096];

	if (!store_ask_dns(b->store, span_of(name), type, state_print, &t, &fault))
		fail_msg("%s", fault.text);
	snprintf(got, sizeof got, "%s", buf_text(&t.text));
	buf_release(&t.text);
	assert_string_equal(got, wanted);
}

static void below_are(struct fixture *b, const char *domain, bool newest, size_t most, const char *wanted)
{
	struct telling t = { .text = BUF(1 << 20), .most = most };
	char got[4096];

	assert_true(store_ask_dns_below(b->store, span_of(domain), newest, state_print, &t, NULL));
	snprintf(got, sizeof got, "%s", buf_text(&t.text));
	buf_release(&t.text);
	assert_string_equal(got, wanted);
}

static void test_states(void **state)
{
	struct fixture *b = *state;

	states_are(b, "_dmarc.example.org", DNS_TYPE_TXT, "");
	zone_set("_dmarc.example.org 300 TXT \"v=DMARC1; p=none\"\n");
	learn(b, "_DMARC.Example.org", DNS_TYPE_TXT, 100);
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 200);
	states_are(b, "_dmarc.EXAMPLE.org", DNS_TYPE_TXT, "_dmarc.example.org TXT ok [v=DMARC1; p=none] 100-200 300\n");
	zone_set("_dmarc.example.org 60 IN SECURE TXT \"v=DMARC1; p=none\"\n");
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 300); /* no other state, but newer facts beside it */
	zone_set("_dmarc.example.org 60 TXT \"v=DMARC1;\" \" p=none\"\n");
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 400); /* cut otherwise */
	zone_set("example.org A 192.0.2.1\n");
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 500);
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 600);
	zone_set("_dmarc.example.org TIMEOUT\n");
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 700); /* no answer, no state */
	zone_set("_dmarc.example.org 300 TXT \"v=DMARC1; p=none\"\n");
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 550); /* older than the last sight */
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 800);
	states_are(b, "_dmarc.example.org", DNS_TYPE_TXT,
		"_dmarc.example.org TXT ok [v=DMARC1; p=none] 800-800 300\n"
		"_dmarc.example.org TXT nxdomain 500-600 0\n"
		"_dmarc.example.org TXT ok [v=DMARC1;| p=none] 400-400 60\n"
		"_dmarc.example.org TXT ok [v=DMARC1; p=none] 100-300 60 secure\n");
	states_are(b, "_dmarc.example.org", DNS_TYPE_MX, "");
	commit(b);
	states_are(b, "example.org", DNS_TYPE_TXT, "");
}

static void test_every_type(void **state)
{
	struct fixture *b = *state;

	zone_set("d.example 60 TXT \"b\"\nd.example 60 TXT \"\"\nd.example 60 TXT \"a\" \"\\000\"\nd.example 60 A 192.0.2.2\n"
		 "d.example 60 A 192.0.2.1\nd.example 60 AAAA 2001:db8::1\nd.example 60 MX 20 b.example\nd.example 60 MX 10 a.example\n"
		 "n.example 60 MX 0 .\nc.example 60 CNAME d.example\n4.3.2.1.in-addr.arpa 60 PTR host.example\n");
	learn(b, "d.example", DNS_TYPE_A, 1);
	learn(b, "d.example", DNS_TYPE_AAAA, 1);
	learn(b, "d.example", DNS_TYPE_MX, 1);
	learn(b, "n.example", DNS_TYPE_MX, 1);
	learn(b, "n.example", DNS_TYPE_TXT, 1);
	learn(b, "c.example", DNS_TYPE_A, 1);
	learn(b, "4.3.2.1.in-addr.arpa", DNS_TYPE_PTR, 1);
	states_are(b, "d.example", DNS_TYPE_A, "d.example A ok [192.0.2.1] [192.0.2.2] 1-1 60\n");
	states_are(b, "d.example", DNS_TYPE_AAAA, "d.example AAAA ok [2001:db8::1] 1-1 60\n");
	states_are(b, "d.example", DNS_TYPE_MX, "d.example MX ok [10 a.example] [20 b.example] 1-1 60\n");
	states_are(b, "n.example", DNS_TYPE_MX, "n.example MX ok [0 ] 1-1 60\n");
	states_are(b, "n.example", DNS_TYPE_TXT, "n.example TXT nodata 1-1 0\n");
	states_are(b, "c.example", DNS_TYPE_A, "c.example A ok at d.example [192.0.2.1] [192.0.2.2] 1-1 60\n");
	states_are(b, "4.3.2.1.in-addr.arpa", DNS_TYPE_PTR, "4.3.2.1.in-addr.arpa PTR ok [host.example] 1-1 60\n");
	/* another order of the same records is the same state */
	zone_set("d.example 60 A 192.0.2.1\nd.example 60 A 192.0.2.2\n");
	learn(b, "d.example", DNS_TYPE_A, 2);
	states_are(b, "d.example", DNS_TYPE_A, "d.example A ok [192.0.2.1] [192.0.2.2] 1-2 60\n");
}

static void test_below(void **state)
{
	struct fixture *b = *state;

	zone_set("example.org 1 TXT \"apex\"\n_dmarc.example.org 1 TXT \"d\"\ns._domainkey.example.org 1 TXT \"k\"\n"
		 "example-shop.org 1 TXT \"x\"\nmyexample.org 1 TXT \"x\"\nexample.organic 1 TXT \"x\"\nm.example.org 1 MX 1 m.example.org\n");
	learn(b, "m.example.org", DNS_TYPE_MX, 3);
	learn(b, "example-shop.org", DNS_TYPE_TXT, 3);
	learn(b, "example.organic", DNS_TYPE_TXT, 3);
	learn(b, "myexample.org", DNS_TYPE_TXT, 3);
	learn(b, "s._domainkey.example.org", DNS_TYPE_TXT, 4);
	learn(b, "_dmarc.example.org", DNS_TYPE_TXT, 4);
	learn(b, "example.org", DNS_TYPE_TXT, 5);
	zone_set("example.org 1 TXT \"apex 2\"\n");
	learn(b, "example.org", DNS_TYPE_TXT, 6);
	below_are(b, "Example.org", false, 0,
		"example.org TXT ok [apex] 5-5 1\nexample.org TXT ok [apex 2] 6-6 1\n"
		"_dmarc.example.org TXT ok [d] 4-4 1\ns._domainkey.example.org TXT ok [k] 4-4 1\n"
		"m.example.org MX ok [1 m.example.org] 3-3 1\n");
	below_are(b, "example.org", false, 1, "example.org TXT ok [apex] 5-5 1\n");
	below_are(b, "_domainkey.example.org", false, 0, "s._domainkey.example.org TXT ok [k] 4-4 1\n");
	below_are(b, "other.example", false, 0, "");
	below_are(b, "example.org", true, 2, "example.org TXT ok [apex 2] 6-6 1\n_dmarc.example.org TXT ok [d] 4-4 1\n");
}

static void test_bounds(void **state)
{
	struct fixture *b = *state;
	struct dns_answer answer = { .type = DNS_TYPE_TXT, .status = DNS_OK };
	struct telling t = { .text = BUF(1 << 20) };
	struct dns_data data[5];
	struct fault fault = { 0 };
	char name[254], zone_text[100];
	static char longest[65535];

	for (int i = 0; i < 100; i++) {
		snprintf(zone_text, sizeof zone_text, "s.example 1 TXT \"%03d\"\n", i);
		zone_set(zone_text);
		learn(b, "s.example", DNS_TYPE_TXT, i);
	}
	assert_true(store_ask_dns(b->store, SPAN("s.example"), DNS_TYPE_TXT, state_print, &t, NULL));
	assert_int_equal(t.rows, 64);
	assert_non_null(strstr(buf_text(&t.text), "[099]"));
	assert_null(strstr(buf_text(&t.text), "[035]"));
	buf_release(&t.text);

	memset(name, 'n', sizeof name);
	answer.name = answer.owner = (struct span){ name, 253 };
	assert_true(store_learn_dns(b->store, &answer, 1, &fault));
	answer.name.n = 254;
	assert_false(store_learn_dns(b->store, &answer, 1, &fault));
	assert_int_equal(fault.kind, FAULT_INPUT);
	answer.name.n = 0;
	assert_false(store_learn_dns(b->store, &answer, 1, &fault));
	assert_false(store_ask_dns(b->store, SPAN(""), DNS_TYPE_TXT, state_print, &t, &fault));
	assert_false(store_ask_dns_below(b->store, SPAN(""), false, state_print, &t, &fault));

	/* more than a name may sensibly say is let pass */
	for (size_t i = 0; i < 5; i++)
		data[i] = (struct dns_data){ .text = { longest, sizeof longest } };
	answer.name = SPAN("large.example");
	answer.data = data;
	answer.n = 5;
	assert_true(store_learn_dns(b->store, &answer, 1, &fault));
	states_are(b, "large.example", DNS_TYPE_TXT, "");
	answer.n = 1;
	assert_true(store_learn_dns(b->store, &answer, 1, &fault));
	t = (struct telling){ .text = BUF(1 << 20) };
	assert_true(store_ask_dns(b->store, SPAN("large.example"), DNS_TYPE_TXT, state_print, &t, NULL));
	assert_int_equal(t.rows, 1);
	buf_release(&t.text);
}

static void test_expiry(void **state)
{
	struct fixture *b = *state;
	struct expired expired;

	zone_set("a.example 1 TXT \"a\"\nb.example 1 TXT \"b\"\n");
	learn(b, "a.example", DNS_TYPE_TXT, 100);
	learn(b, "b.example", DNS_TYPE_TXT, 100);
	learn(b, "b.example", DNS_TYPE_TXT, 300);
	assert_true(store_expire(b->store, 200, ARRIVED, &expired, NULL));
	states_are(b, "a.example", DNS_TYPE_TXT, "");
	states_are(b, "b.example", DNS_TYPE_TXT, "b.example TXT ok [b] 100-300 1\n");
}

static void answer_is(struct store_dns *from, const char *name, enum dns_type type, const char *wanted)
{
	struct arena arena = ARENA(1 << 20);
	struct dns_answer answer = dns_ask((struct dns){ store_dns_ask, from }, span_of(name), type, &arena);
	struct buf text = BUF(4096);
	char got[4096];

	answer_print(&text, &answer);
	snprintf(got, sizeof got, "%s", buf_text(&text));
	buf_release(&text);
	arena_release(&arena);
	assert_string_equal(got, wanted);
}

static void key_learn(struct fixture *b, const char *record, int64_t seen)
{
	struct archived_key key = { .name = SPAN("s._domainkey.example.org"), .record = span_of(record), .first_seen = seen,
		.last_seen = seen, .fresh_until = seen };

	assert_true(store_learn_key(b->store, &key, NULL));
}

static void test_in_the_place_of_the_dns(void **state)
{
	struct fixture *b = *state;
	struct store_dns from = { .store = b->store };

	answer_is(&from, "example.org", DNS_TYPE_TXT, "example.org TXT unasked");
	assert_int_equal(from.unknown, 1);
	assert_int_equal(from.answers, 0);
	zone_set("example.org 1 TXT \"old\"\ns._domainkey.example.org 1 TXT \"snapshot\"\n");
	learn(b, "example.org", DNS_TYPE_TXT, 100);
	learn(b, "s._domainkey.example.org", DNS_TYPE_TXT, 200);
	zone_set("example.org 1 TXT \"new\"\n");
	learn(b, "example.org", DNS_TYPE_TXT, 300);
	learn(b, "nothing.example.org", DNS_TYPE_TXT, 50);
	answer_is(&from, "Example.org", DNS_TYPE_TXT, "Example.org TXT ok [new]");
	answer_is(&from, "nothing.example.org", DNS_TYPE_TXT, "nothing.example.org TXT nxdomain");
	answer_is(&from, "s._domainkey.example.org", DNS_TYPE_TXT, "s._domainkey.example.org TXT ok [snapshot]");
	assert_int_equal(from.oldest, 50);
	assert_int_equal(from.newest, 300);
	assert_int_equal(from.answers, 3);
	/* of a key the newer of both counts */
	key_learn(b, "p=early", 150);
	answer_is(&from, "s._domainkey.example.org", DNS_TYPE_TXT, "s._domainkey.example.org TXT ok [snapshot]");
	key_learn(b, "p=b", 400);
	key_learn(b, "p=a", 400);
	answer_is(&from, "s._domainkey.example.org", DNS_TYPE_TXT, "s._domainkey.example.org TXT ok [?p=a] [?p=b]");
	assert_int_equal(from.newest, 400);
	key_learn(b, NULL, 500);
	answer_is(&from, "s._domainkey.example.org", DNS_TYPE_TXT, "s._domainkey.example.org TXT nxdomain");
	assert_false(from.failed);
	answer_is(&from, "", DNS_TYPE_TXT, " TXT servfail");
	assert_true(from.failed);
}

static void test_within_a_mail(void **state)
{
	struct fixture *b = *state;
	struct store *reader;
	struct fault fault = { 0 };
	struct dns_answer answer = { .name = SPAN("x.example"), .type = DNS_TYPE_TXT, .status = DNS_NODATA };

	zone_set("a.example 1 TXT \"a\"\nb.example 1 TXT \"b\"\n");
	learn(b, "a.example", DNS_TYPE_TXT, 1);
	begin(b, 1);
	states_are(b, "a.example", DNS_TYPE_TXT, "a.example TXT ok [a] 1-1 1\n");
	learn(b, "b.example", DNS_TYPE_TXT, 1);
	store_mail_abort(b->store);
	commit(b);
	states_are(b, "a.example", DNS_TYPE_TXT, "a.example TXT ok [a] 1-1 1\n");
	states_are(b, "b.example", DNS_TYPE_TXT, "");
	reader = store_open(b->path, STORE_READ, 0, NULL);
	assert_non_null(reader);
	assert_false(store_learn_dns(reader, &answer, 1, &fault));
	assert_int_equal(fault.kind, FAULT_BROKEN);
	store_close(reader);
}

/* A database that somebody damaged gives a fault, never an answer. */
static void test_damage(void **state)
{
	static const char *const harms[] = { "answer=x''", "answer=x'00'", "answer=x'0905'", "answer=x'000000ff01'",
		"answer=x'0000000102ff'", "answer=x'00000001050201ffff00'", "security=3", "security=-1", "security=2147483648" };
	struct fixture *b = *state;
	struct fault fault = { 0 };
	char sql[200];

	zone_set("a.example 1 TXT \"a\"\n");
	learn(b, "a.example", DNS_TYPE_TXT, 1);
	commit(b);
	assert_int_equal(sqlite3_exec(b->store->db, "CREATE TEMP TABLE good AS SELECT * FROM snapshot", NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
		struct telling t = { .text = BUF(4096) };

		snprintf(sql, sizeof sql, "DELETE FROM snapshot; INSERT INTO snapshot SELECT * FROM good; UPDATE snapshot SET %s", harms[i]);
		assert_int_equal(sqlite3_exec(b->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
		assert_false(store_ask_dns(b->store, SPAN("a.example"), DNS_TYPE_TXT, state_print, &t, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
		buf_release(&t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_states, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_every_type, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_below, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_bounds, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_expiry, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_in_the_place_of_the_dns, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_within_a_mail, fixture_open, close_all),
		cmocka_unit_test_setup_teardown(test_damage, fixture_open, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
