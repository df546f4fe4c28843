/* store: questions, filters, expiry. */
#include "store/store_private.h"
#include "tests/store_fixture.h"

#include <sqlite3.h>
#include <stdlib.h>

struct counting {
	struct counts counts;
	uint64_t reports, rows;
};

static bool domain_count(void *arg, const struct domain_row *row)
{
	struct counting *c = arg;

	c->counts = row->counts;
	c->reports += row->reports;
	c->rows++;
	return true;
}

/* --- questions --- */

struct reading {
	char text[4096];
	size_t rows;
};

static bool source_read(void *arg, const struct source_row *row)
{
	struct reading *r = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %d/%d %d-%d r%d %.*s %.*s %.*s\n", (int)row->source.n,
		row->source.p ? row->source.p : "", (int)counts_neither(&row->counts), (int)row->counts.messages,
		(int)row->first_day, (int)row->last_day, (int)row->reporters, (int)row->dkim_domain.n,
		row->dkim_domain.p ? row->dkim_domain.p : "", (int)row->dkim_selector.n,
		row->dkim_selector.p ? row->dkim_selector.p : "", (int)row->spf_domain.n,
		row->spf_domain.p ? row->spf_domain.p : "");
	strcat(r->text, line);
	r->rows++;
	return true;
}

static bool problem_read(void *arg, const struct problem_row *row)
{
	struct reading *r = arg;
	size_t used = strlen(r->text);

	snprintf(r->text + used, sizeof r->text - used, "%.*s %.*s %lld: %.*s: %.*s\n", (int)row->org_name.n,
		row->org_name.p, (int)row->report_id.n, row->report_id.p, (long long)(row->begin / DAY_SECONDS),
		(int)row->where.n, row->where.p, (int)row->what.n, row->what.p);
	r->rows++;
	return true;
}

static bool reporter_read(void *arg, const struct reporter_row *row)
{
	struct reading *r = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %d reports %d messages %d days %d problems\n", (int)row->org_name.n,
		row->org_name.p, (int)row->reports, (int)row->messages, (int)row->days, (int)row->problems);
	strcat(r->text, line);
	r->rows++;
	return true;
}

static bool domain_read(void *arg, const struct domain_row *row)
{
	struct reading *r = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %d messages %d reports %d reporters %d failures %d days p=%.*s\n",
		(int)row->domain.n, row->domain.p, (int)row->counts.messages, (int)row->reports, (int)row->reporters,
		(int)row->failures, (int)row->days, (int)row->p.n, row->p.p ? row->p.p : "");
	strcat(r->text, line);
	r->rows++;
	return true;
}

static struct record plain_record(const char *source, uint64_t count, bool dkim, struct auth_result *results, size_t n)
{
	struct record r = {
		.source_ip = span_of(source), .count = count, .dkim_pass = dkim, .dkim_results = results, .dkim_n = n
	};

	r.has_address = address_parse(r.source_ip, &r.address);
	return r;
}

static void plain_report(struct fixture *b, uint64_t seed, const char *org, const char *domain, int64_t day,
	const char *p, struct record *records, size_t n)
{
	struct made_report made = { .records = records };

	made.head.org_name = span_of(org);
	made.head.domain = span_of(domain);
	made.head.p = span_of(p);
	made.head.report_id = make_text(&b->arena, "%d", (int)seed);
	made.head.begin = day * DAY_SECONDS;
	made.head.end = day * DAY_SECONDS + DAY_SECONDS - 1;
	made.head.records = n;
	for (size_t i = 0; i < n; i++)
		made.head.messages += records[i].count;
	made.head.content[0] = (uint8_t)seed;
	begin(b, seed);
	assert_true(take_report(b->store, &made));
	take_problem(b->store, "x", "y");
	finish(b);
}

static void test_questions(void **state)
{
	struct fixture *b = *state;
	struct auth_result ours = { SPAN("example.org"), SPAN("s1"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS };
	struct auth_result theirs[2] = { { SPAN("esp.example"), SPAN("k2"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("esp.example"), SPAN("k1"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS } };
	struct record one[] = { plain_record("192.0.2.1", 10, true, &ours, 1),
		plain_record("2001:DB8::1", 5, false, NULL, 0) };
	struct record two[] = { plain_record("192.0.2.1", 30, true, theirs, 2),
		plain_record("2001:db8::1", 6, false, NULL, 0), plain_record("garbage", 6, false, NULL, 0) };
	struct record three[] = { plain_record("192.0.2.9", 1000, false, NULL, 0) };
	struct failure failure = {
		.reported_domain = SPAN("only.example"), .dmarc = true, .arrived = 100 * DAY_SECONDS, .incidents = 1
	};
	struct window window = { 99, 102 };
	struct reading r = { 0 };

	plain_report(b, 1, "Google", "example.org", 100, "none", one, 2);
	plain_report(b, 2, "GOOGLE", "example.org", 101, "reject", two, 3);
	plain_report(b, 3, "GMX", "example.org", 100, "quarantine", two, 3);
	plain_report(b, 4, "GMX", "other.example", 102, "none", three, 1);
	plain_report(b, 5, "GMX", "example.org", 200, "none", three, 1);
	begin(b, 6);
	take_failure(b->store, &failure);
	finish(b);
	assert_true(store_ask_sources(b->store, "Example.ORG", &window, source_read, &r, NULL));
	assert_string_equal(r.text, "2001:db8::1 17/17 100-101 r2   \n"
				    "garbage 12/12 100-101 r2   \n"
				    "192.0.2.1 0/70 100-101 r2 esp.example k1 \n");
	r = (struct reading){ 0 };
	assert_true(store_ask_sources(b->store, "unknown.example", &window, source_read, &r, NULL));
	assert_int_equal(r.rows, 0);
	assert_true(store_ask_reporters(b->store, "example.org", &window, reporter_read, &r, NULL));
	assert_string_equal(r.text, "GOOGLE 2 reports 57 messages 2 days 2 problems\n"
				    "GMX 1 reports 42 messages 1 days 1 problems\n");
	r = (struct reading){ 0 };
	assert_true(store_ask_problems(b->store, "example.org", &window, problem_read, &r, NULL));
	assert_string_equal(r.text, "GMX 3 100: x: y\nGOOGLE 2 101: x: y\nGoogle 1 100: x: y\n");
	r = (struct reading){ 0 };
	assert_true(store_ask_problems(b->store, "unknown.example", &window, problem_read, &r, NULL));
	assert_int_equal(r.rows, 0);
	assert_true(store_ask_domains(b->store, &window, domain_read, &r, NULL));
	assert_string_equal(r.text, "other.example 1000 messages 1 reports 1 reporters 0 failures 1 days p=none\n"
				    "example.org 99 messages 3 reports 2 reporters 0 failures 2 days p=reject\n"
				    "only.example 0 messages 0 reports 0 reporters 1 failures 0 days p=\n");
}

static bool pass_read(void *arg, const struct spf_pass_row *row)
{
	struct reading *r = arg;
	char line[100], address[ADDRESS_TEXT];

	address_format(&row->address, address);
	snprintf(line, sizeof line, row->network ? "%s/%u %d\n" : "%s%.0u %d\n", address, row->network, (int)row->messages);
	strcat(r->text, line);
	r->rows++;
	return r->rows < 3;
}

/* Aligned or not; every spelling of the domain; neither results that are no pass nor sources without an address. */
static void test_spf_passes(void **state)
{
	struct fixture *b = *state;
	struct auth_result spf[] = { { SPAN("example.org"), SPAN("mfrom"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("Example.ORG"), SPAN("mfrom"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("esp.example"), SPAN("mfrom"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("example.org"), SPAN("mfrom"), SPAN("softfail"), SPAN_ABSENT, RESULT_SOFTFAIL } };
	struct record records[8];
	static const struct {
		const char *source;
		uint64_t count;
		size_t result;
	} rows[] = { { "192.0.2.1", 10, 0 }, { "192.0.2.1", 5, 1 }, { "2001:DB8::1", 7, 1 }, { "2001:db8::1", 8, 0 },
		{ "192.0.2.2", 100, 2 }, { "192.0.2.3", 100, 3 }, { "garbage", 100, 0 }, { "192.0.2.4", 4, 0 } };
	struct window window = { 99, 102 };
	struct reading r = { 0 };

	for (size_t i = 0; i < 8; i++) {
		records[i] = plain_record(rows[i].source, rows[i].count, false, NULL, 0);
		records[i].spf_results = &spf[rows[i].result];
		records[i].spf_n = 1;
	}
	plain_report(b, 1, "Google", "example.org", 100, "none", records, 8);
	plain_report(b, 2, "Google", "example.org", 200, "none", records, 8);
	plain_report(b, 3, "Google", "other.example", 100, "none", records, 8);
	assert_true(store_ask_spf_passes(b->store, "EXAMPLE.org", SPAN("example.org"), &window, pass_read, &r, NULL));
	assert_string_equal(r.text, "192.0.2.1 15\n2001:db8::1 15\n192.0.2.4 4\n");
	r = (struct reading){ 0 };
	assert_true(store_ask_spf_passes(b->store, "example.org", SPAN("esp.example"), &window, pass_read, &r, NULL));
	assert_string_equal(r.text, "192.0.2.2 100\n");
	r = (struct reading){ 0 };
	assert_true(store_ask_spf_passes(b->store, "example.org", SPAN("none.example"), &window, pass_read, &r, NULL));
	assert_true(store_ask_spf_passes(b->store, "none.example", SPAN("example.org"), &window, pass_read, &r, NULL));
	assert_int_equal(r.rows, 0);
}

/* Whoever reports can name any number of sources, results and reporters: past a ceiling they are taken together, and every
 * message is still counted. */
static void test_crowd(void **state)
{
	static const char *const sources[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "10.0.1.2", "2001:db8::1",
		"2001:db8:0:1::1", "2001:db8:1::1", "garbage", "rubbish" };
	enum { N = sizeof sources / sizeof *sources };
	struct fixture *b = *state;
	struct auth_result results[N];
	struct record records[N];
	struct window window = { 99, 102 };
	struct reading r = { 0 };

	for (unsigned i = 0; i < N; i++) {
		results[i] = (struct auth_result){ make_text(&b->arena, "d%u.example", i), SPAN("s"), SPAN("pass"), SPAN_ABSENT,
			RESULT_PASS };
		records[i] = plain_record(sources[i], 1u << i, false, &results[i], 1);
		records[i].spf_results = &results[0];
		records[i].spf_n = 1;
	}
	plain_report(b, 1, "one", "example.org", 100, "none", records, N);
	plain_report(b, 2, "two", "example.org", 101, "none", records, N);
	b->store->sources_most = N;
	assert_true(store_ask_sources(b->store, "example.org", &window, source_read, &r, NULL));
	assert_int_equal(r.rows, N);
	assert_non_null(strstr(r.text, "10.0.1.2 32/32 100-101 r2 d4.example s d0.example\n"));
	r = (struct reading){ 0 };
	b->store->sources_most = N - 1;
	assert_true(store_ask_sources(b->store, "example.org", &window, source_read, &r, NULL));
	assert_string_equal(r.text, " 1536/1536 100-101 r2 d9.example s d0.example\n"
				    "2001:db8:1::/48 256/256 100-101 r2 d7.example s d0.example\n"
				    "2001:db8::/48 192/192 100-101 r2 d6.example s d0.example\n"
				    "10.0.1.0/24 48/48 100-101 r2 d4.example s d0.example\n"
				    "10.0.0.0/24 14/14 100-101 r2 d2.example s d0.example\n");
	r = (struct reading){ 0 };
	assert_true(store_ask_spf_passes(b->store, "example.org", SPAN("d0.example"), &window, pass_read, &r, NULL));
	assert_string_equal(r.text, "2001:db8:1::/48 256\n2001:db8::/48 192\n10.0.1.0/24 48\n");
	r = (struct reading){ 0 };
	b->store->sources_most = 1; /* nothing is coarser than the last; more results than are noted */
	assert_true(store_ask_sources(b->store, "example.org", &window, source_read, &r, NULL));
	assert_non_null(strstr(r.text, " 1536/1536 100-101 r2 "));
	assert_non_null(strstr(r.text, "2001::/16 448/448 100-101 r2 "));
	assert_non_null(strstr(r.text, "10.0.0.0/8 62/62 100-101 r2 "));
	assert_int_equal(r.rows, 3);
}

static bool author_read(void *arg, struct span name)
{
	struct reading *r = arg;

	snprintf(r->text + strlen(r->text), sizeof r->text - strlen(r->text), "%.*s ", (int)name.n, name.p ? name.p : "");
	r->rows++;
	return true;
}

/* Most messages first, then by name; of very many the first. Records without an author have none. */
static void test_authors(void **state)
{
	static const char *const authors[] = { "b.example.org", "z.example.org", "a.example.org", "m.example.org" };
	static const unsigned counts[] = { 5, 9, 5, 5 };
	struct fixture *b = *state;
	struct window window = { 99, 102 };
	struct record records[5];
	struct reading r = { 0 };

	for (size_t i = 0; i < 5; i++) {
		records[i] = plain_record("10.0.0.1", i < 4 ? counts[i] : 5, false, NULL, 0);
		records[i].header_from = i < 4 ? span_of(authors[i]) : SPAN_ABSENT;
	}
	plain_report(b, 1, "one", "example.org", 100, "none", records, 5);
	assert_true(store_ask_authors(b->store, "example.org", &window, author_read, &r, NULL));
	assert_string_equal(r.text, "z.example.org a.example.org b.example.org m.example.org ");
	r = (struct reading){ 0 };
	b->store->sources_most = 2;
	assert_true(store_ask_authors(b->store, "example.org", &window, author_read, &r, NULL));
	assert_int_equal(r.rows, 2);
	assert_ptr_equal(strstr(r.text, "z.example.org "), r.text);
}

static bool id_read(void *arg, const struct stored_report *row)
{
	struct reading *r = arg;
	char line[100];

	snprintf(line, sizeof line, "%.*s%s ", (int)row->mail.n, row->mail.p, row->broken ? "!" : "");
	strcat(r->text, line);
	return true;
}

static void filter_gives(struct fixture *b, struct condition condition, const char *wanted)
{
	struct report_filter filter = { &condition, 1 };
	struct reading r = { 0 };
	struct fault fault = { 0 };

	if (!store_ask_reports(b->store, &filter, id_read, &r, &fault))
		fail_msg("%s", fault.text);
	assert_string_equal(r.text, wanted);
}

static void test_filters(void **state)
{
	struct fixture *b = *state;
	struct record records[] = { plain_record("192.0.2.1", 10, true, NULL, 0) };
	struct mail broken = mail_make("bad", 9);

	plain_report(b, 3, "Google", "example.org", 100, "none", records, 1);
	plain_report(b, 2, "GMX", "other.example", 101, "none", records, 1);
	plain_report(b, 1, "Yahoo", "example.org", 102, "none", records, 1);
	assert_true(store_mail_begin(b->store, &broken, 101 * DAY_SECONDS, NULL));
	take_begin(b->store, OUTCOME_BROKEN);
	finish(b);
	struct made_report made = { .records = records };
	made.head = (struct report){ .org_name = SPAN("GMX"),
		.domain = SPAN("other.example"),
		.report_id = SPAN("2"),
		.begin = 101 * DAY_SECONDS,
		.end = 102 * DAY_SECONDS - 1,
		.records = 1,
		.messages = 10 };
	made.head.content[0] = 3; /* beaten by content 2 */
	put(b, 5, &made);
	made.head.content[0] = 2;
	put(b, 6, &made);
	assert_true(store_commit(b->store, NULL));

	filter_gives(b, (struct condition){ .what = CONDITION_DOMAIN, .text = "EXAMPLE.org" }, "mail-3 mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_DOMAIN, .text = "example.org", .not = true },
		"mail-6 mail-2 mail-5 bad! ");
	filter_gives(b, (struct condition){ .what = CONDITION_REPORTER, .text = "OO" }, "mail-3 mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_REPORTER, .text = "G", .not = true }, "mail-1 bad! ");
	filter_gives(b, (struct condition){ .what = CONDITION_SINCE, .moment = 102 * DAY_SECONDS }, "mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_UNTIL, .moment = 101 * DAY_SECONDS }, "mail-3 ");
	filter_gives(b, (struct condition){ .what = CONDITION_BROKEN }, "bad! ");
	filter_gives(
		b, (struct condition){ .what = CONDITION_BROKEN, .not = true }, "mail-3 mail-6 mail-2 mail-5 mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_CONFLICT }, "mail-5 ");
	filter_gives(b, (struct condition){ .what = CONDITION_DUPLICATE }, "mail-2 ");
	filter_gives(
		b, (struct condition){ .what = CONDITION_DUPLICATE, .not = true }, "mail-3 mail-6 mail-5 mail-1 bad! ");
}

/* --- expiry --- */

static void test_expire(void **state)
{
	struct fixture *b = *state;
	size_t n = 45000;
	struct record *records = arena_take(&b->arena, n * sizeof *records);
	struct record few[] = { plain_record("192.0.2.1", 10, true, NULL, 0) };
	struct expired expired;
	struct store_totals totals;
	struct failure failure = { .incidents = 1 };
	struct archived_key none = { .name = SPAN("none.example") },
			    some = { .name = SPAN("some.example"), .record = SPAN("p=") };
	struct mail broken = mail_make("bad", 9), big = mail_make("", 1);
	const char *left;

	for (size_t i = 0; i < n; i++)
		records[i] = plain_record("192.0.2.1", 1, true, NULL, 0);
	plain_report(b, 1, "Google", "example.org", 100, "none", records, n);
	plain_report(b, 2, "Google", "example.org", 101, "none", few, 1);
	plain_report(b, 3, "Google", "other.example", 101, "none", few, 1);
	plain_report(b, 50, "GMX", "example.org", 300, "none", few, 1);
	begin(b, 4); /* one report too young for its mail to go */
	take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: x"));
	for (int i = 0; i < 2; i++) {
		struct made_report made = { .records = few };

		made.head = (struct report){ .org_name = SPAN("Two"),
			.domain = SPAN("two.example"),
			.report_id = SPAN("1"),
			.begin = (100 + 500 * i) * DAY_SECONDS,
			.records = 1,
			.messages = 10 };
		made.head.end = made.head.begin + 1;
		assert_true(take_report(b->store, &made));
	}
	finish(b);
	assert_true(store_mail_begin(b->store, &broken, 100 * DAY_SECONDS, NULL));
	take_begin(b->store, OUTCOME_BROKEN);
	take_problem(b->store, "bad", "bad");
	finish(b);
	struct mail old = mail_make("failure", 10);
	assert_true(store_mail_begin(b->store, &old, 100 * DAY_SECONDS, NULL));
	take_begin(b->store, OUTCOME_REPORT);
	take_failure(b->store, &failure);
	assert_true(take_verification(b->store, verification_make(&b->arena, &b->dice, VERIFIED_SAMPLE)));
	assert_true(take_verification(b->store, verification_make(&b->arena, &b->dice, VERIFIED_MAIL)));
	take_octets(b->store, OCTETS_MESSAGE, 0, SPAN("From: x\n\n"));
	finish(b);
	commit(b);

	assert_true(store_learn_key(b->store, &none, NULL) && store_learn_key(b->store, &some, NULL));
	assert_true(store_expire(b->store, 200 * DAY_SECONDS, ARRIVED, &expired, NULL));
	assert_int_equal(expired.reports, 4);
	assert_int_equal(expired.records, n + 3);
	assert_int_equal(expired.failures, 1);
	assert_int_equal(expired.mails, 5);
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.mails, 2);
	assert_int_equal(totals.reports, 2);
	assert_int_equal(totals.records, 2);
	assert_true(store_knows_mail(b->store, big.sha256)); /* not to be counted again */
	assert_true(put(b, 1, report_make(&b->arena, &b->dice, 1)).known);
	assert_true(store_expire(b->store, 700 * DAY_SECONDS, ARRIVED, &expired, NULL));
	assert_int_equal(expired.reports, 2);
	assert_int_equal(expired.mails, 2);
	left = dump(b);
	assert_null(strstr(left, "stored"));
	assert_null(strstr(left, "rollup"));
	assert_null(strstr(left, "kept"));
	assert_null(strstr(left, "verification"));
	assert_null(strstr(left, "key|none")); /* that there was no key is of no use any more; a key is */
	assert_non_null(strstr(left, "key|some"));
	assert_non_null(strstr(left, "records|0|"));
}

#define SET 20500 /* 2026-02-16 */

/* Dates that lie ahead, by mistake or on purpose, keep nothing for ever: no report ends after it came. */
static void test_expire_ahead(void **state)
{
	static const struct {
		int64_t begin, end, arrived; /* days since SET */
		bool goes;
	} rows[] = {
		{ 100, 101, 102, true },
		{ 250, 251, 252, false },
		{ 250, 251, 150, false },	    /* its day is not old yet */
		{ 100, 180, 102, true },
		{ 100, 280, 199, true },	    /* said to end later than it came */
		{ 100, 280, 290, false },	    /* ended 280 */
		{ 1, INT64_MAX / DAY_SECONDS - SET, 199, true }, /* and its day lies ahead */
		{ 5000, 5001, 199, true },
		{ 5000, 5001, 200, false },
		{ 5000, 5001, 290, false },
		{ 250, 251, -20000, false }, /* stored by a clock that was not set */
		{ 5000, 5001, -20000, false },
	};
	struct fixture *b = *state;
	struct record record = plain_record("192.0.2.1", 10, true, NULL, 0);
	struct expired expired;
	struct store_totals totals;
	unsigned goes = 0;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made_report made = { .records = &record };
		struct mail mail = mail_make("ahead", i);

		made.head = (struct report){ .org_name = SPAN("Ahead"),
			.domain = SPAN("example.org"),
			.report_id = make_text(&b->arena, "%u", i),
			.begin = (SET + rows[i].begin) * DAY_SECONDS,
			.end = (SET + rows[i].end) * DAY_SECONDS,
			.records = 1,
			.messages = 10 };
		assert_true(store_mail_begin(b->store, &mail, (SET + rows[i].arrived) * DAY_SECONDS, NULL));
		take_begin(b->store, OUTCOME_REPORT);
		assert_true(take_report(b->store, &made));
		finish(b);
		goes += rows[i].goes;
	}
	commit(b);
	assert_true(store_expire(b->store, (SET + 200) * DAY_SECONDS, (SET + 300) * DAY_SECONDS, &expired, NULL));
	assert_int_equal(expired.reports, goes);
	assert_int_equal(expired.mails, goes);
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.reports, sizeof rows / sizeof *rows - goes);
	assert_true(store_expire(b->store, (SET + 291) * DAY_SECONDS, (SET + 400) * DAY_SECONDS, &expired, NULL));
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.reports, 1); /* about days to come, stored by a clock that was not set */
}

/* An expiry that was cut short: a report without a place, and with only the first of its runs of records. */
static void test_expire_resumes(void **state)
{
	static struct record many[6000];
	struct fixture *b = *state;
	struct record few[] = { plain_record("192.0.2.1", 10, true, NULL, 0),
		plain_record("192.0.2.2", 10, true, NULL, 0) };
	size_t n = sizeof many / sizeof *many;
	struct expired expired;
	struct counting c = { 0 };
	sqlite3 *db;

	for (size_t i = 0; i < n; i++)
		many[i] = plain_record("192.0.2.3", 10, true, NULL, 0);
	plain_report(b, 1, "Google", "example.org", 100, "none", many, n);
	plain_report(b, 2, "Google", "example.org", 300, "none", few, 2);
	commit(b);
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "UPDATE report SET state=3, records=(SELECT n FROM records WHERE id=1) WHERE id=1;"
				 "DELETE FROM records WHERE id>1 AND id<=6000; DELETE FROM rollup WHERE day=100",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_total_changes(db), 3);
	sqlite3_close(db);
	filter_gives(b, (struct condition){ .what = CONDITION_BROKEN, .not = true }, "mail-2 ");
	assert_true(store_expire(b->store, 200 * DAY_SECONDS, ARRIVED, &expired, NULL));
	assert_int_equal(expired.reports, 1);
	assert_int_equal(expired.records, 4096);
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_count, &c, NULL));
	assert_int_equal(c.reports, 1);
	const char *text = dump(b);
	assert_non_null(strstr(text, "records|2|2"));
}

static bool author_pass(void *arg, struct span name)
{
	(void)arg;
	(void)name;
	return true;
}

static bool report_pass(void *arg, const struct stored_report *row)
{
	(void)arg;
	(void)row;
	return true;
}

/* Whoever asks looks states and outcomes up in tables. */
static void test_unknown_words(void **state)
{
	static const char *const harms[] = { "-1", "4", "2147483648" };
	struct record one = plain_record("192.0.2.1", 10, true, NULL, 0);
	struct fixture *b = *state;
	struct mail mail = { .name = NULL, .fd = -1 };
	struct fault fault = { 0 };
	enum outcome outcome;
	char sql[100];
	sqlite3_stmt *st;

	plain_report(b, 1, "Google", "example.org", 100, "none", &one, 1);
	commit(b);
	assert_int_equal(sqlite3_prepare_v2(b->store->db, "SELECT sha256 FROM mail", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	memcpy(mail.sha256, sqlite3_column_blob(st, 0), sizeof mail.sha256);
	sqlite3_finalize(st);
	assert_true(store_knows_outcome(b->store, mail.sha256, &outcome));
	for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
		snprintf(sql, sizeof sql, "UPDATE report SET state=%s; UPDATE mail SET outcome=%s", harms[i], harms[i]);
		assert_int_equal(sqlite3_exec(b->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
		if (harms[i][0] == '-') { /* what is above all states is not listed */
			assert_false(store_ask_reports(b->store, NULL, report_pass, NULL, &fault));
			assert_int_equal(fault.kind, FAULT_SETUP);
		}
		assert_false(store_knows_outcome(b->store, mail.sha256, &outcome));
		assert_false(store_mail_begin(b->store, &mail, ARRIVED, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
	}
}

/* Numbers at the end of all numbers are damage, not where the next ones begin. */
static void test_numbers_end(void **state)
{
	static const char *const harms[] = { "UPDATE report SET id=9223372036854775807", "UPDATE report SET id=-5",
		"UPDATE records SET id=9223372036854775806", "UPDATE records SET n=9223372036854775807" };
	struct record one = plain_record("192.0.2.1", 10, true, NULL, 0);
	static const char *const ranges[] = { "UPDATE report SET first_record=9223372036854775807",
		"UPDATE report SET first_record=-1", "UPDATE report SET records=9223372036854775807",
		"UPDATE report SET records=-1", "UPDATE report SET records=-9223372036854775807-1" };
	struct mail mail = { .name = NULL, .fd = -1, .sha256 = { 7 } };
	struct fixture *b = *state;
	struct fault fault = { 0 };
	struct expired expired;

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		fixture_anew(b);
		plain_report(b, 1, "Google", "example.org", 100, "none", &one, 1);
		commit(b);
		assert_int_equal(sqlite3_exec(b->store->db, ranges[i], NULL, NULL, NULL), SQLITE_OK);
		assert_true(store_ask_authors(b->store, "example.org", &ALWAYS, author_pass, NULL, NULL));
		assert_false(store_expire(b->store, 200 * DAY_SECONDS, ARRIVED, &expired, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
	}
	for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
		fixture_anew(b);
		plain_report(b, 1, "Google", "example.org", 100, "none", &one, 1);
		commit(b);
		assert_int_equal(sqlite3_exec(b->store->db, "PRAGMA foreign_keys=OFF", NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_exec(b->store->db, harms[i], NULL, NULL, NULL), SQLITE_OK);
		assert_false(store_mail_begin(b->store, &mail, ARRIVED, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_questions, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_authors, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_crowd, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_spf_passes, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_filters, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_expire, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_expire_ahead, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_expire_resumes, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_unknown_words, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_numbers_end, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
