/* store: the archive of key records. */
#include "store/store_private.h"
#include "tests/store_fixture.h"

struct telling {
	char text[8192];
	size_t rows;
	size_t most; /* rows; 0: all */
};

static bool key_print(void *arg, const struct archived_key *key)
{
	struct telling *t = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %.*s %d-%d %d%s\n", (int)key->name.n, key->name.p,
		key->record.p ? (int)key->record.n : 4, key->record.p ? key->record.p : "none", (int)key->first_seen,
		(int)key->last_seen, (int)key->fresh_until, key->secure ? " secure" : "");
	if (strlen(t->text) + strlen(line) < sizeof t->text)
		strcat(t->text, line);
	t->rows++;
	return t->rows != t->most;
}

static void keys_are(struct fixture *b, const char *name, const char *wanted)
{
	struct telling t = { 0 };
	struct fault fault = { 0 };

	if (!store_ask_keys(b->store, span_of(name), key_print, &t, &fault))
		fail_msg("%s", fault.text);
	assert_string_equal(t.text, wanted);
}

static void learn(struct fixture *b, const char *name, const char *record, int64_t seen, int64_t ttl, bool secure)
{
	struct archived_key key = { .name = span_of(name), .record = span_of(record), .first_seen = seen,
		.last_seen = seen, .fresh_until = seen + ttl, .secure = secure };
	struct fault fault = { 0 };

	if (!store_learn_key(b->store, &key, &fault))
		fail_msg("%s", fault.text);
}

static void test_archive(void **state)
{
	struct fixture *b = *state;

	keys_are(b, "s._domainkey.example.org", "");
	learn(b, "S._domainkey.Example.ORG", "p=b", 100, 50, false);
	learn(b, "s._domainkey.example.org", "p=a", 100, 50, true);
	learn(b, "s._domainkey.example.org", NULL, 300, 60, false);
	learn(b, "s._domainkey.example.org", "", 200, 9, false); /* an empty record is a record */
	learn(b, "t._domainkey.example.org", "p=t", 100, 50, false);
	keys_are(b, "s._domainkey.EXAMPLE.org",
		"s._domainkey.example.org none 300-300 360\n"
		"s._domainkey.example.org  200-200 209\n"
		"s._domainkey.example.org p=a 100-100 150 secure\n"
		"s._domainkey.example.org p=b 100-100 150\n");
	learn(b, "s._domainkey.example.org", "p=a", 400, 10, false);
	commit(b);
	keys_are(b, "s._domainkey.example.org",
		"s._domainkey.example.org p=a 100-400 410\n"
		"s._domainkey.example.org none 300-300 360\n"
		"s._domainkey.example.org  200-200 209\n"
		"s._domainkey.example.org p=b 100-100 150\n");
}

/* Whatever is told first, the newest sight decides, and of one moment the lesser word. */
static void test_orders(void **state)
{
	static const struct {
		int64_t seen, ttl;
		bool secure;
	} sights[] = { { 100, 500, true }, { 300, 10, true }, { 300, 20, false }, { 200, 900, true } };
	struct fixture *b = *state;
	char name[40], wanted[100];

	for (int n = 0; n < 24; n++) {
		int order[4] = { 0, 1, 2, 3 }, left = n;

		for (int i = 4; i > 1; i--) {
			int with = left % i, kept = order[i - 1];

			left /= i;
			order[i - 1] = order[with];
			order[with] = kept;
		}
		snprintf(name, sizeof name, "s%d._domainkey.example.org", n);
		for (int i = 0; i < 4; i++)
			learn(b, name, "p=", sights[order[i]].seen, sights[order[i]].ttl, sights[order[i]].secure);
		snprintf(wanted, sizeof wanted, "%s p= 100-300 320\n", name);
		keys_are(b, name, wanted);
	}
}

static void test_bounds(void **state)
{
	static char longest[65536];
	struct fixture *b = *state;
	struct telling t = { 0 };
	struct archived_key key = { .name = SPAN("s._domainkey.example.org") };
	struct fault fault = { 0 };
	char record[20], name[255];

	for (int i = 0; i < 100; i++) {
		snprintf(record, sizeof record, "p=%03d", i);
		learn(b, "s._domainkey.example.org", record, 1000 - i, 1, false);
		learn(b, "t._domainkey.example.org", record, 1000 + i, 1, false);
	}
	assert_true(store_ask_keys(b->store, SPAN("s._domainkey.example.org"), key_print, &t, NULL));
	assert_int_equal(t.rows, 64);
	assert_non_null(strstr(t.text, "p=000 1000"));
	assert_non_null(strstr(t.text, "p=063 937"));
	t = (struct telling){ .most = 70 };
	assert_true(store_ask_keys(b->store, SPAN("t._domainkey.example.org"), key_print, &t, NULL));
	assert_int_equal(t.rows, 64);
	assert_non_null(strstr(t.text, "p=099 1099"));
	assert_null(strstr(t.text, "p=035"));
	t = (struct telling){ .most = 3 };
	assert_true(store_ask_keys(b->store, SPAN("t._domainkey.example.org"), key_print, &t, NULL));
	assert_int_equal(t.rows, 3);

	memset(name, 'n', sizeof name);
	key.name = (struct span){ name, 253 };
	assert_true(store_learn_key(b->store, &key, &fault));
	key.name.n = 254;
	assert_false(store_learn_key(b->store, &key, &fault));
	assert_int_equal(fault.kind, FAULT_INPUT);
	key.name.n = 0;
	assert_false(store_learn_key(b->store, &key, &fault));
	assert_false(store_ask_keys(b->store, SPAN(""), key_print, &t, &fault));
	key.name.n = 1;
	key.record = (struct span){ longest, sizeof longest };
	assert_false(store_learn_key(b->store, &key, &fault));
	key.record.n--;
	assert_true(store_learn_key(b->store, &key, &fault));
}

/* Questions come while a mail is being taken; what was learnt goes when the mail it came with goes. */
static void test_within_a_mail(void **state)
{
	struct fixture *b = *state;
	struct store *reader;
	struct archived_key key = { .name = SPAN("x") };
	struct fault fault = { 0 };
	struct made_report *made = report_make(&b->arena, &b->dice, 3);

	learn(b, "a.example", "p=", 1, 1, false);
	begin(b, 1);
	keys_are(b, "a.example", "a.example p= 1-1 2\n");
	assert_true(take_report(b->store, made));
	keys_are(b, "a.example", "a.example p= 1-1 2\n");
	learn(b, "b.example", "p=", 1, 1, false);
	store_mail_abort(b->store);
	commit(b);
	keys_are(b, "a.example", "a.example p= 1-1 2\n");
	keys_are(b, "b.example", "");
	reader = store_open(b->path, STORE_READ, 0, NULL);
	assert_non_null(reader);
	assert_false(store_learn_key(reader, &key, &fault));
	assert_int_equal(fault.kind, FAULT_BROKEN);
	store_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_archive, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_orders, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_bounds, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_within_a_mail, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
