/* store: verdicts that were given, and the last one before a day. */
#include "tests/store_fixture.h"

#include <stdlib.h>

static const struct stored_item items[] = { { ITEM_SETTING, SPAN("policy"), SPAN("v=DMARC1; p=none") },
	{ ITEM_GATE, SPAN("G4 zendesk"), SPAN("fails") }, { ITEM_ALERT, SPAN("gone \033[31m"), SPAN("info") } };

static struct stored_verdict given(int64_t day, int asked, uint64_t own)
{
	return (struct stored_verdict){ .domain = SPAN("example.org"), .asked = asked, .day = day, .target = 1, .word = 2,
		.own = own, .own_fails = 2, .forwarded = 3, .forwarded_fails = 4, .undecided = 5, .forged = UINT64_MAX,
		.own_upper = 0.0233, .items = items, .items_n = 3 };
}

static void put_verdict(struct fixture *b, struct stored_verdict v)
{
	struct fault fault = { 0 };

	if (!store_put_verdict(b->store, &v, &fault))
		fail_msg("%s", fault.text);
	commit(b);
}

static uint64_t own_before(struct fixture *b, const char *domain, int asked, int64_t day, struct stored_verdict *v)
{
	bool found;

	assert_true(store_ask_verdict(b->store, domain, asked, day, &b->arena, v, &found, NULL));
	return found ? v->own : 0;
}

static void the_last_one_before_a_day(void **state)
{
	struct fixture *b = *state;
	struct stored_verdict v;

	put_verdict(b, given(100, 0, 7));
	put_verdict(b, given(107, 0, 8));
	put_verdict(b, given(107, 2, 9));
	put_verdict(b, given(107, 0, 10)); /* in the place of the one of that day */
	assert_int_equal(own_before(b, "example.org", 0, 100, &v), 0);
	assert_int_equal(own_before(b, "example.org", 0, 101, &v), 7);
	assert_int_equal(own_before(b, "example.org", 0, 107, &v), 7);
	assert_int_equal(own_before(b, "EXAMPLE.org", 0, 1000, &v), 10);
	assert_int_equal(own_before(b, "example.org", 2, 1000, &v), 9);
	assert_int_equal(own_before(b, "example.org", 1, 1000, &v), 0);
	assert_int_equal(own_before(b, "other.example", 0, 1000, &v), 0);

	own_before(b, "example.org", 0, 1000, &v);
	assert_int_equal(v.day, 107);
	assert_true(v.target == 1 && v.word == 2 && v.own_fails == 2 && v.forwarded == 3 && v.forwarded_fails == 4);
	assert_true(v.undecided == 5 && v.forged == UINT64_MAX && v.own_upper == 0.0233);
	assert_int_equal(v.items_n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(v.items[i].kind, items[i].kind);
		assert_true(span_is(v.items[i].subject, items[i].subject) && span_is(v.items[i].state, items[i].state));
	}
}

static void what_expires(void **state)
{
	struct fixture *b = *state;
	struct stored_verdict v;
	struct expired expired;

	put_verdict(b, given(100, 0, 7));
	put_verdict(b, given(107, 0, 8));
	assert_true(store_expire(b->store, 107 * DAY_SECONDS, ARRIVED, &expired, NULL));
	assert_int_equal(own_before(b, "example.org", 0, 107, &v), 0);
	assert_int_equal(own_before(b, "example.org", 0, 108, &v), 8);
}

static bool address_note(void *arg, const struct address *address, uint64_t messages)
{
	char text[ADDRESS_TEXT];
	char *out = arg;

	snprintf(out + strlen(out), 100, "%s %d\n", address_format(address, text), (int)messages);
	return true;
}

/* Host names: whose name is wanted, and until when. */
static void whose_name_is_wanted(void **state)
{
	struct fixture *b = *state;
	struct record records[3];
	struct made_report made = { .head = { .org_name = SPAN("R"), .domain = SPAN("example.org"), .report_id = SPAN("1"),
					    .begin = 1600000000, .end = 1600086400, .records = 3, .messages = 60 },
		.records = records };
	const char *const sources[] = { "192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1" };
	const int64_t now = 1600100000, week = now - 7 * DAY_SECONDS, day = now - DAY_SECONDS;
	struct window window = { now / DAY_SECONDS - 35, now / DAY_SECONDS + 1 }, earlier = { 0, 100 };
	struct host_row row = { .state = HOST_CONFIRMED, .name = SPAN("mail.example.org"), .seen = week - 1 };
	struct observed observed;
	char text[200] = "";

	for (size_t i = 0; i < 3; i++) {
		records[i] = (struct record){ .source_ip = span_of(sources[i]), .count = 10 * (i + 1) };
		records[i].has_address = address_parse(records[i].source_ip, &records[i].address);
	}
	put(b, 1, &made);
	assert_true(store_ask_unnamed(b->store, &earlier, week, day, address_note, text, NULL));
	assert_true(store_ask_unnamed(b->store, &window, week, day, address_note, text, NULL));
	assert_string_equal(text, "192.0.2.1 30\n2001:db8::1 30\n");

	row.address = records[0].address;
	assert_true(store_learn_host(b->store, &row, NULL));
	*text = '\0';
	assert_true(store_ask_unnamed(b->store, &window, week, day, address_note, text, NULL));
	assert_string_equal(text, "192.0.2.1 30\n2001:db8::1 30\n"); /* too long ago */
	row.seen = week;
	assert_true(store_learn_host(b->store, &row, NULL));
	row = (struct host_row){ .address = records[2].address, .state = HOST_UNKNOWN, .seen = week };
	assert_true(store_learn_host(b->store, &row, NULL));
	*text = '\0';
	assert_true(store_ask_unnamed(b->store, &window, week, day, address_note, text, NULL));
	assert_string_equal(text, "2001:db8::1 30\n"); /* silence is asked again the next day */
	row = (struct host_row){ .address = records[0].address, .state = HOST_NONE, .seen = now + 3 * DAY_SECONDS };
	assert_true(store_learn_host(b->store, &row, NULL));
	*text = '\0';
	assert_true(store_ask_unnamed(b->store, &window, week, day, address_note, text, NULL));
	assert_string_equal(text, "192.0.2.1 30\n2001:db8::1 30\n"); /* and what a clock that was ahead has seen */
	row = (struct host_row){ .address = records[0].address, .state = HOST_CONFIRMED, .name = SPAN("mail.example.org"), .seen = week };
	assert_true(store_learn_host(b->store, &row, NULL));

	assert_true(store_ask_observed(b->store, "example.org", &window, &b->arena, &observed, NULL));
	assert_int_equal(observed.sources_n, 2);
	for (size_t i = 0; i < 2; i++) {
		bool v4 = address_is_v4(&observed.sources[i].address);

		assert_int_equal(observed.sources[i].host_state, v4 ? HOST_CONFIRMED : HOST_UNKNOWN);
		assert_true(!v4 || span_is(observed.sources[i].host.name, SPAN("mail.example.org")));
		assert_true(!v4 || span_is(observed.sources[i].host.org, SPAN("example.org")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_one_before_a_day, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(what_expires, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(whose_name_is_wanted, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
