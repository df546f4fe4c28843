/* store: samples of failure reports: the list, one of them, their octets, a later look; and selectors to ask for. */
#include "store/store_private.h"
#include "tests/store_fixture.h"

#include <stdlib.h>
#include <unistd.h>

struct listing {
	char text[4096];
	char ids[8][40];
	size_t rows, facts, verifications;
	int64_t mail_id;
};

static const char *text_of_span(struct span span, char text[128])
{
	snprintf(text, 128, "%.*s", span.p ? (int)span.n : 1, span.p ? span.p : "-");
	return text;
}

static bool sample_list(void *arg, const struct sample_row *row)
{
	struct listing *l = arg;
	char line[1000], a[128], b[128], c[128], d[128], e[128];

	snprintf(line, sizeof line, "%s %s from %s %s%s%s%s: %s%s\n", text_of_span(row->mail, a), text_of_span(row->domain, b),
		text_of_span(row->reporter, c), text_of_span(row->result, d), row->aligned ? " aligned" : "",
		row->dmarc_passed ? " passed" : "", row->has_sample ? "" : " no sample", text_of_span(row->sentence, e),
		row->undone ? " (undone)" : "");
	strcat(l->text, line);
	assert_true(row->id.n >= 6);
	text_of_span(row->id, a);
	snprintf(l->ids[l->rows % 8], sizeof l->ids[0], "%.39s", a);
	l->mail_id = row->mail_id;
	l->rows++;
	return true;
}

static bool fact_count(void *arg, const struct fact *fact)
{
	struct listing *l = arg;

	assert_int_equal(fact->kind, l->facts ? FACT_VERIFICATION : FACT_FAILURE);
	l->facts++;
	l->verifications += fact->kind == FACT_VERIFICATION;
	return true;
}

struct signing {
	struct dkim_diagnosis diagnosis;
	struct dkim_verdict signatures[2];
	struct dkim_verdicts verdicts;
	struct verification verification;
};

/* The first signature is the list's own, the second is the author's. */
static struct verification *signing_make(struct signing *g, enum dkim_reason reason, const char *sentence)
{
	*g = (struct signing){ .diagnosis = { .undone = true, .sentence = span_of(sentence) } };
	for (int i = 0; i < 2; i++)
		g->signatures[i] = (struct dkim_verdict){ .reason = i ? reason : DKIM_REASON_BODY_HASH_MISMATCH,
			.relaxed = i ? DKIM_ALIGNED_YES : DKIM_ALIGNED_NO, .t = MOMENT_NONE, .x = MOMENT_NONE };
	g->signatures[1].diagnosis = sentence ? &g->diagnosis : NULL;
	g->verdicts = (struct dkim_verdicts){ .result = dkim_reason_rows[reason].result, .signatures = g->signatures, .n = 2,
		.total = 2, .from_domain = SPAN("example.org"), .from_fields = 1, .from_domains = 1 };
	g->verification = (struct verification){ .of = VERIFIED_SAMPLE, .at = 5, .verdicts = &g->verdicts };
	return &g->verification;
}

static struct failure plain(const char *domain, int64_t day, struct span sample)
{
	struct failure f = { .reported_domain = span_of(domain), .dmarc = true, .arrived = day * DAY_SECONDS,
		.incidents = 1, .has_sample = sample.p, .sample_octets = sample.n };
	struct digest *digest = digest_new();

	if (sample.p) {
		digest_add(digest, sample.p, sample.n);
		digest_finish(digest, f.sample_sha256);
	}
	digest_free(digest);
	return f;
}

static void mail_put(struct fixture *b, uint64_t seed, int64_t arrived, const struct failure *failures, size_t n,
	const struct verification *verification, struct span sample)
{
	char name[20];

	snprintf(name, sizeof name, "mail-%d", (int)seed);
	struct mail mail = mail_make(name, seed);
	assert_true(store_mail_begin(b->store, &mail, arrived, NULL));
	take_begin(b->store, OUTCOME_REPORT);
	assert_true(take_octets(b->store, OCTETS_MESSAGE, 0, SPAN("From: x\n\nwhole")));
	for (size_t i = 0; i < n; i++) {
		assert_true(take_failure(b->store, &failures[i]));
		assert_true(!verification || take_verification(b->store, verification));
	}
	assert_true(!sample.p || take_octets(b->store, OCTETS_SAMPLE, 1, SPAN("another sample")));
	assert_true(!sample.p || take_octets(b->store, OCTETS_SAMPLE, 2, sample));
	finish(b);
}

static bool failures_see(void *arg, const struct domain_row *row)
{
	*(uint64_t *)arg = row->failures;
	return true;
}

static void test_list(void **state)
{
	struct fixture *b = *state;
	struct failure one = plain("example.org", 100, SPAN("sample one")), two = plain("example.org", 101, SPAN("sample two")),
		       three = plain("other.example", 102, SPAN_ABSENT);
	struct signing g;
	struct window window = { 100, 101 };
	struct listing l = { 0 };
	uint64_t failures = 0;

	mail_put(b, 1, 7, &one, 1, signing_make(&g, DKIM_REASON_BODY_HASH_MISMATCH, "a list did it"), SPAN_ABSENT);
	two.dmarc = true;
	mail_put(b, 2, 8, &two, 1, signing_make(&g, DKIM_REASON_OK, NULL), SPAN_ABSENT);
	three.passed = true;
	mail_put(b, 3, 9, &three, 1, NULL, SPAN_ABSENT);
	assert_true(store_ask_samples(b->store, "Example.org", &window, sample_list, &l, NULL));
	assert_string_equal(l.text, "mail-2 example.org from reporter.example pass aligned passed: -\n"
				    "mail-1 example.org from reporter.example fail: a list did it (undone)\n");
	l = (struct listing){ 0 };
	assert_true(store_ask_samples(b->store, NULL, &ALWAYS, sample_list, &l, NULL));
	assert_int_equal(l.rows, 3);
	assert_non_null(strstr(l.text, "mail-3 other.example from reporter.example - passed no sample: -\n"));
	l = (struct listing){ 0 };
	assert_true(store_ask_samples(b->store, "unknown.example", &ALWAYS, sample_list, &l, NULL));
	assert_int_equal(l.rows, 0);
	/* mail that passed DMARC is no failure */
	assert_true(store_ask_domains(b->store, &ALWAYS, failures_see, &failures, NULL));
	assert_int_equal(failures, 1);
	three.passed = false;
	mail_put(b, 4, 9, &three, 1, NULL, SPAN_ABSENT);
	struct window last = { 102, 102 };
	assert_true(store_ask_domains(b->store, &last, failures_see, &failures, NULL));
	assert_int_equal(failures, 1);
}

static bool id_store(void *arg, const struct sample_row *row)
{
	struct span *ids = arg, *id = ids;

	while (id->p)
		id++;
	*id = (struct span){ strndup(row->id.p, row->id.n), row->id.n };
	return true;
}

static bool id_is(void *arg, const struct sample_row *row)
{
	assert_true(span_is(row->id, *(struct span *)arg));
	return true;
}

/* Every id names one, whatever is in the database, and so does every longer beginning of the name. */
static void test_ids(void **state)
{
	static struct span ids[1001];
	struct fixture *b = *state;
	struct failure many[10];
	struct fault fault = { 0 };
	char text[80];

	for (uint64_t i = 0; i < 100; i++) {
		for (int k = 0; k < 10; k++)
			many[k] = plain("example.org", 100, SPAN("the same"));
		mail_put(b, i, 1, many, 10, NULL, SPAN_ABSENT);
	}
	assert_true(store_ask_samples(b->store, NULL, &ALWAYS, id_store, ids, NULL));
	assert_non_null(ids[999].p);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%s%s", i % 2 ? "sample:" : "", ids[i].p);
		assert_true(store_ask_sample(b->store, text, id_is, NULL, &ids[i], NULL));
	}
	assert_false(store_ask_sample(b->store, "a", id_is, NULL, ids, &fault));
	assert_int_equal(fault.kind, FAULT_INPUT);
	assert_non_null(strstr(fault.text, "several"));
	assert_false(store_ask_sample(b->store, "000000000000", id_is, NULL, ids, &fault));
	assert_non_null(strstr(fault.text, "no such"));
	static const char *const bad[] = { "", "sample:", "xyz", "3f9c2g", "000000000000000000000000000000000" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(store_ask_sample(b->store, bad[i], id_is, NULL, ids, &fault));
		assert_non_null(strstr(fault.text, "not the id"));
	}
	for (int i = 0; i < 1000; i++)
		free((char *)ids[i].p);
}

static void octets_are(struct fixture *b, const char *id, const char *wanted)
{
	char text[100] = "";
	int fd;

	assert_true(store_sample_octets(b->store, id, &fd, NULL));
	if (!wanted) {
		assert_int_equal(fd, -1);
		return;
	}
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof text - 1), (ssize_t)strlen(wanted));
	assert_string_equal(text, wanted);
	close(fd);
}

static bool kept_count(void *arg, const struct kept_mail *mail)
{
	char *names = arg, line[40];

	snprintf(line, sizeof line, "%.*s ", (int)mail->name.n, mail->name.p);
	strcat(names, line);
	return true;
}

static void test_octets(void **state)
{
	struct fixture *b = *state;
	struct failure one = plain("example.org", 100, SPAN("sample one")), two = plain("example.org", 101, SPAN("sample two"));
	struct signing g;
	struct listing l = { 0 };
	char names[100] = "";
	uint64_t mails;

	mail_put(b, 1, 1000, &one, 1, signing_make(&g, DKIM_REASON_BODY_HASH_MISMATCH, "x"), SPAN("sample one"));
	mail_put(b, 2, 2000, &two, 1, NULL, SPAN("sample two"));
	commit(b);
	assert_true(store_ask_samples(b->store, NULL, &ALWAYS, sample_list, &l, NULL));
	octets_are(b, l.ids[0], "sample two");
	octets_are(b, l.ids[1], "sample one");
	assert_true(store_ask_sample(b->store, l.ids[1], NULL, fact_count, &l, NULL));
	assert_int_equal(l.facts, 2);
	assert_int_equal(l.verifications, 1);

	assert_true(store_expire_samples(b->store, 1500, &mails, NULL));
	assert_int_equal(mails, 1);
	assert_true(store_expire_samples(b->store, 1500, &mails, NULL));
	assert_int_equal(mails, 0);
	octets_are(b, l.ids[0], "sample two");
	octets_are(b, l.ids[1], NULL);
	assert_true(store_ask_kept(b->store, kept_count, names, NULL));
	assert_string_equal(names, "mail-2 ");
	l.facts = 0;
	assert_true(store_ask_sample(b->store, l.ids[1], NULL, fact_count, &l, NULL)); /* the verdict stays */
	assert_int_equal(l.facts, 2);
}

/* Whoever asks looks the kind up in tables. */
static void test_unknown_kind(void **state)
{
	static const char *const kinds[] = { "5", "-1", "4294967298" };
	struct fixture *b = *state;
	struct failure f = plain("example.org", 100, SPAN("sample"));
	char names[100] = "", update[100];
	struct fault fault;

	mail_put(b, 1, 1000, &f, 1, NULL, SPAN("sample"));
	commit(b);
	assert_true(store_ask_kept(b->store, kept_count, names, &fault));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		snprintf(update, sizeof update, "UPDATE kept SET kind=%s WHERE kind<>3", kinds[i]);
		assert_int_equal(sqlite3_exec(b->store->db, update, NULL, NULL, NULL), SQLITE_OK);
		assert_false(store_ask_kept(b->store, kept_count, names, &fault));
		assert_non_null(strstr(fault.text, "kind"));
	}
}

/* Two of one name are damage; all its digits are shown then, and no more. */
static void test_same_names(void **state)
{
	struct fixture *b = *state;
	struct failure one = plain("example.org", 100, SPAN("sample one")), two = plain("example.org", 101, SPAN("sample two"));
	struct listing l = { 0 };

	mail_put(b, 1, 1000, &one, 1, NULL, SPAN("sample one"));
	mail_put(b, 2, 2000, &two, 1, NULL, SPAN("sample two"));
	commit(b);
	assert_int_equal(sqlite3_exec(b->store->db, "UPDATE failure SET name=zeroblob(15+id%2)", NULL, NULL, NULL), SQLITE_OK);
	assert_true(store_ask_samples(b->store, NULL, &ALWAYS, sample_list, &l, NULL));
	assert_int_equal(l.rows, 2);
	assert_string_equal(l.ids[0], "00000000000000000000000000000000");
	assert_string_equal(l.ids[1], l.ids[0]);
}

static void test_unsettled(void **state)
{
	struct fixture *b = *state;
	struct failure f = plain("example.org", 100, SPAN("sample"));
	struct signing silent, now;
	struct listing l = { 0 };
	char names[200] = "";

	signing_make(&silent, DKIM_REASON_DNS_ERROR, NULL);
	mail_put(b, 3, 3000, &f, 1, &silent.verification, SPAN_ABSENT);
	mail_put(b, 1, 2000, &f, 1, &silent.verification, SPAN_ABSENT);
	mail_put(b, 2, 1000, &f, 1, &silent.verification, SPAN_ABSENT);
	mail_put(b, 4, 2500, &f, 1, signing_make(&now, DKIM_REASON_OK, NULL), SPAN_ABSENT);
	begin(b, 5); /* not kept whole */
	assert_true(take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: x\n")));
	silent.verification.of = VERIFIED_MAIL;
	assert_true(take_verification(b->store, &silent.verification));
	finish(b);
	assert_true(store_ask_unsettled(b->store, 0, kept_count, names, NULL));
	assert_string_equal(names, "mail-3 mail-1 mail-2 ");
	names[0] = '\0';
	assert_true(store_ask_unsettled(b->store, 3000, kept_count, names, NULL));
	assert_string_equal(names, "mail-3 ");
	names[0] = '\0';
	silent.verification.of = VERIFIED_SAMPLE;
	assert_true(store_verify_again(b->store, 1, 1, &silent.verification, NULL)); /* the first of them: mail-3 */
	assert_true(store_ask_unsettled(b->store, 0, kept_count, names, NULL));
	assert_string_equal(names, "mail-1 mail-2 mail-3 ");
	assert_true(store_ask_samples(b->store, NULL, &ALWAYS, sample_list, &l, NULL));
	assert_non_null(strstr(l.text, "mail-3 example.org from reporter.example temperror: -"));
	for (int i = 0; i < 4 && l.rows; i++)
		assert_true(store_verify_again(b->store, i + 1, 1, &now.verification, NULL));
	names[0] = '\0';
	assert_true(store_ask_unsettled(b->store, 0, kept_count, names, NULL));
	assert_string_equal(names, "");
	l = (struct listing){ 0 };
	assert_true(store_ask_samples(b->store, NULL, &ALWAYS, sample_list, &l, NULL));
	assert_non_null(strstr(l.text, "mail-3 example.org from reporter.example pass aligned passed: -"));
}

/* --- selectors --- */

static bool selector_list(void *arg, const struct selector_row *row)
{
	char line[600], *text = arg, a[128], b[128];

	snprintf(line, sizeof line, "%s %s %d: %d %d %d\n", text_of_span(row->name, a), text_of_span(row->domain, b),
		(int)row->records, (int)row->valid, (int)row->broken, row->valid ? (int)row->valid_day : 0);
	strcat(text, line);
	return true;
}

static void test_selectors(void **state)
{
	struct fixture *b = *state;
	struct auth_result results[] = { { SPAN("example.org"), SPAN("S1"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("mail.example.org"), SPAN("s2"), SPAN("fail"), SPAN_ABSENT, RESULT_FAIL },
		{ SPAN("badexample.org"), SPAN("s3"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("example.org"), SPAN("s 4"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("example.org"), SPAN(".s5"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("example.org"), SPAN_ABSENT, SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("example.org"), SPAN("s6"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS } };
	struct record records[] = { { .count = 5, .dkim_results = results, .dkim_n = 7 },
		{ .count = UINT64_MAX, .dkim_results = results, .dkim_n = 7 }, { .count = 1, .dkim_results = results + 6, .dkim_n = 1 } };
	struct made_report made = { .records = records };
	struct window window = { 100, 100 }, before = { 99, 99 };
	struct archived_key key = { .name = SPAN("s6._domainkey.example.org"), .record = SPAN("p="), .first_seen = 50,
		.last_seen = 50, .fresh_until = 100 };
	char text[1000] = "";

	made.head = (struct report){ .domain = SPAN("example.org"), .begin = 100 * DAY_SECONDS, .end = 100 * DAY_SECONDS,
		.records = 3, .messages = UINT64_MAX };
	put(b, 1, &made);
	assert_true(store_ask_selectors(b->store, SPAN_ABSENT, &window, 70, selector_list, text, NULL));
	assert_string_equal(text, "s6._domainkey.example.org example.org 3: 6 0 100\n"
				  "s1._domainkey.example.org example.org 2: 5 0 100\n"
				  "s2._domainkey.mail.example.org example.org 2: 0 5 0\n");
	text[0] = '\0';
	assert_true(store_ask_selectors(b->store, SPAN("mail.example.org"), &window, 70, selector_list, text, NULL));
	assert_non_null(strstr(text, "s2._domainkey.mail.example.org"));
	text[0] = '\0';
	assert_true(store_ask_selectors(b->store, SPAN("other.example"), &window, 70, selector_list, text, NULL));
	assert_string_equal(text, "");
	assert_true(store_ask_selectors(b->store, SPAN_ABSENT, &before, 70, selector_list, text, NULL));
	assert_string_equal(text, "");
	assert_true(store_learn_key(b->store, &key, NULL));
	assert_true(store_ask_selectors(b->store, SPAN_ABSENT, &window, 100, selector_list, text, NULL));
	assert_null(strstr(text, "s6"));
	text[0] = '\0';
	assert_true(store_ask_selectors(b->store, SPAN_ABSENT, &window, 101, selector_list, text, NULL));
	assert_non_null(strstr(text, "s6"));
}

static bool checked_list(void *arg, const struct checked_selector_row *row)
{
	char line[400], *text = arg, a[128], b[128];

	snprintf(line, sizeof line, "%s %s %s: %d %d, %d-%d\n", row->mail ? "mail" : "sample", text_of_span(row->d, a),
		text_of_span(row->selector, b), (int)row->valid, (int)row->broken, (int)row->first_seen, (int)row->last_seen);
	strcat(text, line);
	return true;
}

static void signed_by(struct signing *g, const char *d, const char *selector, enum dkim_reason reason, int64_t at)
{
	signing_make(g, reason, NULL);
	for (int i = 0; i < 2; i++) {
		g->signatures[i].d = g->signatures[i].domain = span_of(i ? d : "list.example");
		g->signatures[i].s = span_of(i ? selector : "l1");
	}
	g->verification.at = at;
}

static void test_checked_selectors(void **state)
{
	struct fixture *b = *state;
	struct failure f = plain("example.org", 100, SPAN_ABSENT);
	struct signing g;
	char text[1000] = "";

	signed_by(&g, "example.org", "s1", DKIM_REASON_OK, 500);
	mail_put(b, 1, 1000, &f, 1, &g.verification, SPAN_ABSENT);
	signed_by(&g, "example.org", "s1", DKIM_REASON_BODY_HASH_MISMATCH, MOMENT_NONE);
	mail_put(b, 2, 2000, &f, 1, &g.verification, SPAN_ABSENT);
	signed_by(&g, "mail.example.org", "s2", DKIM_REASON_NO_KEY, 700);
	g.verification.of = VERIFIED_MAIL;
	assert_true(store_mail_begin(b->store, &(struct mail){ .name = "own", .sha256 = { 9 } }, 3000, NULL));
	take_begin(b->store, OUTCOME_REPORT);
	assert_true(take_verification(b->store, &g.verification));
	finish(b);
	signed_by(&g, "badexample.org", "s3", DKIM_REASON_OK, 500);
	mail_put(b, 4, 1000, &f, 1, &g.verification, SPAN_ABSENT);
	signed_by(&g, "example.org", "bad name", DKIM_REASON_OK, 500);
	mail_put(b, 5, 1000, &f, 1, &g.verification, SPAN_ABSENT);
	assert_true(store_ask_checked_selectors(b->store, SPAN("example.org"), checked_list, text, NULL));
	assert_string_equal(text, "sample example.org s1: 1 1, 500-2000\nmail mail.example.org s2: 0 1, 700-700\n");
	text[0] = '\0';
	assert_true(store_ask_checked_selectors(b->store, SPAN("other.example"), checked_list, text, NULL));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_ids, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_octets, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_unknown_kind, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_same_names, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_unsettled, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_selectors, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_checked_selectors, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
