/* store: what a verdict rests on, as arrays. */
#include "store/store_private.h"
#include "tests/store_fixture.h"

#include <sqlite3.h>
#include <stdlib.h>

static void observe(struct fixture *b, const char *domain, struct observed *observed)
{
	struct fault fault = { 0 };

	if (!store_ask_observed(b->store, domain, &ALWAYS, &b->arena, observed, &fault))
		fail_msg("%s", fault.text);
}

/* --- made by hand --- */

static struct record plain_record(const char *source, uint64_t count, const char *from)
{
	struct record r = { .source_ip = span_of(source), .count = count, .header_from = span_of(from) };

	r.has_address = address_parse(r.source_ip, &r.address);
	return r;
}

static struct made_report plain_report(struct record *records, size_t n)
{
	uint64_t messages = 0;

	for (size_t i = 0; i < n; i++)
		messages += records[i].count;
	return (struct made_report){ .head = { .org_name = SPAN("Reporter"),
					     .org_email = SPAN("<noreply@Reports.Reporter.example>"),
					     .report_id = SPAN("id-1"),
					     .domain = SPAN("example.org"),
					     .begin = 1600000000,
					     .end = 1600086399,
					     .p = SPAN("quarantine"),
					     .np = SPAN("reject"),
					     .aspf = SPAN("s"),
					     .pct = SPAN("40"),
					     .testing = SPAN("y"),
					     .records = n,
					     .messages = messages },
		.records = records };
}

static void test_record(void **state)
{
	struct fixture *b = *state;
	struct auth_result dkim[] = { { SPAN("Mail.Example.org"), SPAN("s1"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("192.0.2.1"), SPAN_ABSENT, SPAN("nope"), SPAN_ABSENT, RESULT_OTHER } };
	struct auth_result spf[] = { { SPAN("b\xc3\xbcro.example"), SPAN("helo"), SPAN("fail"), SPAN_ABSENT, RESULT_FAIL } };
	struct override_reason reason = { SPAN("local_policy"), SPAN("arc=pass") };
	struct record records[] = { plain_record("192.0.2.7", 12, "shop.example.org"),
		plain_record("::ffff:192.0.2.7", 3, "example.org"), plain_record("not an address", 1, "co.uk") };
	struct made_report made = plain_report(records, 3);
	const struct observed_auth *a;
	struct observed o;

	records[0].dkim_results = dkim;
	records[0].dkim_n = 2;
	records[0].spf_results = spf;
	records[0].spf_n = 1;
	records[0].reasons = &reason;
	records[0].reasons_n = 1;
	records[0].envelope_from = SPAN("");
	records[0].disposed = DISPOSITION_QUARANTINE;
	records[0].disposition = SPAN("quarantine");
	records[0].dkim = SPAN("pass");
	records[0].dkim_pass = true;
	records[1].envelope_from = SPAN("bounces.shop.example.org");
	put(b, 1, &made);
	observe(b, "EXAMPLE.org", &o);

	assert_int_equal(o.reports_n, 1);
	assert_true(span_is(o.reports[0].domain, SPAN("example.org")));
	assert_true(span_is(o.reports[0].org_name, SPAN("Reporter")));
	assert_true(span_is(o.reports[0].report_id, SPAN("id-1")));
	assert_true(span_is(o.reports[0].email.name, SPAN("reports.reporter.example")));
	assert_true(span_is(o.reports[0].email.org, SPAN("reporter.example")));
	assert_int_equal(o.reports[0].carriage, CARRIAGE_FILE);
	assert_int_equal(o.reports[0].policy.p, REQUEST_QUARANTINE);
	assert_int_equal(o.reports[0].policy.sp, REQUEST_ABSENT);
	assert_int_equal(o.reports[0].policy.np, REQUEST_REJECT);
	assert_true(o.reports[0].policy.aspf_strict && !o.reports[0].policy.adkim_strict && o.reports[0].policy.testing);
	assert_int_equal(o.reports[0].policy.pct, 40);
	assert_int_equal(o.reports[0].begin, 1600000000);
	assert_int_equal(o.reports[0].taken, ARRIVED);
	assert_int_equal(o.reports[0].arrived, MOMENT_NONE);

	assert_int_equal(o.traffic_n, 3);
	assert_int_equal(o.sources_n, 2);
	assert_int_equal(o.traffic[0].count, 12);
	assert_int_equal(o.traffic[0].source, o.traffic[1].source);
	assert_true(o.sources[o.traffic[0].source].has_address);
	assert_true(span_is(o.sources[o.traffic[2].source].text, SPAN("not an address")));
	assert_int_equal(o.sources[0].host_state, HOST_UNKNOWN);

	a = &o.auths[o.traffic[0].auth];
	assert_true(span_is(a->header_from.name, SPAN("shop.example.org")) && span_is(a->header_from.org, SPAN("example.org")));
	assert_true(a->null_sender && !a->envelope_from.name.p);
	assert_int_equal(a->dkim_n, 2);
	assert_true(span_is(a->dkim[0].domain.name, SPAN("mail.example.org")) && span_is(a->dkim[0].selector, SPAN("s1")));
	assert_int_equal(a->dkim[0].result, RESULT_PASS);
	assert_true(span_is(a->dkim[1].domain.name, SPAN("192.0.2.1")) && !a->dkim[1].domain.org.p && !a->dkim[1].selector.p);
	assert_int_equal(a->spf_n, 1);
	assert_true(a->spf[0].helo && span_is(a->spf[0].domain.name, SPAN("xn--bro-hoa.example")));
	assert_true(a->reasons_n == 1 && span_is(a->reasons[0].comment, SPAN("arc=pass")));
	assert_int_equal(a->disposition, DISPOSITION_QUARANTINE);
	assert_true(a->evaluated && a->dkim_aligned && !a->spf_aligned);

	a = &o.auths[o.traffic[1].auth];
	assert_true(!a->null_sender && !a->evaluated && span_is(a->envelope_from.name, SPAN("bounces.shop.example.org")));
	a = &o.auths[o.traffic[2].auth];
	assert_true(span_is(a->header_from.name, SPAN("co.uk")) && !a->header_from.org.p);

	observe(b, "example.net", &o);
	assert_int_equal(o.reports_n + o.traffic_n + o.sources_n + o.auths_n + o.samples_n, 0);
}

static void test_sample(void **state)
{
	struct fixture *b = *state;
	struct record records[] = { plain_record("192.0.2.7", 1, "shop.example.org") };
	struct made_report made = plain_report(records, 1);
	struct dkim_diagnosis undone = { .undone = true, .sentence = SPAN("valid once") };
	struct dkim_verdict signatures[] = { { .reason = DKIM_REASON_BODY_HASH_MISMATCH, .relaxed = DKIM_ALIGNED_YES,
						     .header_hash = DKIM_MATCH, .diagnosis = &undone },
		{ .reason = DKIM_REASON_OK, .relaxed = DKIM_ALIGNED_NO, .header_hash = DKIM_MATCH } };
	struct dkim_verdicts verdicts = { .signatures = signatures, .n = 2, .total = 2 };
	struct verification verification = { .of = VERIFIED_SAMPLE, .verdicts = &verdicts };
	struct failure failure = { .source_ip = SPAN("192.0.2.9"), .has_address = true, .dmarc = true, .has_sample = true,
		.reported_domain = SPAN("shop.example.org"), .sample_from = SPAN("Shop <a@Shop.example.org>") };
	struct dkim_verdicts unsigned_mail = { .n = 0 };
	struct verification carried = { .of = VERIFIED_MAIL, .at = 1600003600, .verdicts = &unsigned_mail };
	char text[ADDRESS_TEXT];
	struct observed o;

	assert_true(address_parse(failure.source_ip, &failure.address));
	begin(b, 1);
	assert_true(take_report(b->store, &made) && take_verification(b->store, &carried));
	assert_true(take_failure(b->store, &failure) && take_verification(b->store, &verification));
	failure.reported_domain = SPAN("other.example");
	assert_true(take_failure(b->store, &failure));
	/* a list's; one that began at its source, unsigned; the same, of which nobody looked for signatures */
	failure.reported_domain = SPAN("example.org");
	failure.sample_relayed = true;
	assert_true(take_failure(b->store, &failure));
	failure.sample_relayed = false;
	failure.sample_starts = true;
	verdicts.n = 0;
	assert_true(take_failure(b->store, &failure) && take_verification(b->store, &verification));
	assert_true(take_failure(b->store, &failure));
	/* hosts before the source: only what the author's own signature 0 covers; 1 is another's, 7 is not there */
	failure.sample_hops = SPAN("192.0.2.1!;1 192.0.2.2;0 2001:db8::1;0,1 192.0.2.3;7 gibberish;0");
	failure.reported_domain = SPAN("shop.example.org");
	verdicts.n = 2;
	assert_true(take_failure(b->store, &failure) && take_verification(b->store, &verification));
	finish(b);
	observe(b, "example.org", &o);
	assert_int_equal(o.reports[0].arrived, 1600003600);
	assert_int_equal(o.samples_n, 5);
	assert_int_equal(o.samples[4].hops_n, 2);
	assert_string_equal(address_format(&o.samples[4].hops[0], text), "192.0.2.2");
	assert_string_equal(address_format(&o.samples[4].hops[1], text), "2001:db8::1");
	assert_int_equal(o.samples[0].shows, SAMPLE_LIST);
	assert_int_equal(o.samples[1].shows, SAMPLE_STARTS_HERE);
	assert_int_equal(o.samples[2].shows, 0);
	o.samples += 3;
	assert_int_equal(o.samples[0].hops_n, 0);
	assert_int_equal(o.sources_n, 2);
	assert_true(span_is(o.samples[0].header_from.name, SPAN("shop.example.org")));
	assert_int_equal(o.samples[0].shows, SAMPLE_UNDONE | SAMPLE_HEADER_VALID);
	assert_int_equal(o.samples[0].trust, 1);
	assert_false(o.samples[0].reporter.p != NULL);
	assert_int_not_equal(o.samples[0].source, o.traffic[0].source);
}

/* --- at random: nothing is lost, nothing is doubled, and order changes nothing --- */

#define REPORTS 60

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *lines_sorted(char **lines, size_t n)
{
	char *text = NULL;
	size_t octets;
	FILE *out = open_memstream(&text, &octets);

	qsort(lines, n, sizeof *lines, line_order);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	fclose(out);
	free(lines);
	return text;
}

static void line_print(char **line, struct span id, struct span source, uint64_t count, size_t dkim, size_t spf, size_t reasons,
	unsigned aligned, unsigned disposed)
{
	assert_true(asprintf(line, "%.*s %.*s %llu %zu/%zu/%zu %u %u", (int)id.n, id.p, (int)source.n, source.p ? source.p : "",
			    (unsigned long long)count, dkim, spf, reasons, aligned, disposed) > 0);
}

static char *observed_lines(const struct observed *o)
{
	char **lines = calloc(o->traffic_n, sizeof *lines);

	for (size_t i = 0; i < o->traffic_n; i++) {
		const struct observed_traffic *t = &o->traffic[i];
		const struct observed_source *s = &o->sources[t->source];
		const struct observed_auth *a = &o->auths[t->auth];
		char text[ADDRESS_TEXT];

		line_print(&lines[i], o->reports[t->report].report_id,
			s->has_address ? span_of(address_format(&s->address, text)) : s->text, t->count, a->dkim_n, a->spf_n,
			a->reasons_n, (unsigned)a->dkim_aligned | (unsigned)a->spf_aligned << 1, a->disposition);
	}
	return lines_sorted(lines, o->traffic_n);
}

static char *made_lines(struct made_report *const *made, size_t reports, const char *domain)
{
	char **lines = calloc(reports * 10, sizeof *lines);
	size_t n = 0;

	for (size_t i = 0; i < reports; i++)
		for (size_t k = 0; k < made[i]->head.records && span_is(made[i]->head.domain, span_of(domain)); k++) {
			const struct record *r = &made[i]->records[k];
			char text[ADDRESS_TEXT];

			line_print(&lines[n++], made[i]->head.report_id,
				r->has_address ? span_of(address_format(&r->address, text)) : r->source_ip, r->count, r->dkim_n,
				r->spf_n, r->reasons_n, (unsigned)r->dkim_pass | (unsigned)r->spf_pass << 1, r->disposed);
		}
	return lines_sorted(lines, n);
}

static void test_whole(void **state)
{
	struct fixture *b = *state;
	struct made_report *made[REPORTS];
	char domain[] = "example0.org", *wanted[5], *found;
	struct observed o;

	for (size_t i = 0; i < REPORTS; i++)
		made[i] = report_make(&b->arena, &b->dice, dice_roll(&b->dice, REPORTS / 2));
	for (unsigned way = 0; way < 3; way++) {
		fixture_anew(b);
		for (size_t i = 0; i < REPORTS; i++) {
			size_t at = way == 1 ? REPORTS - 1 - i : i;

			put(b, at, made[at]);
			if (way == 2)
				put(b, at, made[at]);
		}
		commit(b);
		for (unsigned d = 0; d < 5; d++) {
			domain[7] = (char)('0' + d);
			if (way == 0)
				wanted[d] = made_lines(made, REPORTS, domain);
			observe(b, domain, &o);
			found = observed_lines(&o);
			assert_string_equal(wanted[d], found);
			free(found);
		}
	}
	for (unsigned d = 0; d < 5; d++)
		free(wanted[d]);
}

/* Messages by source, in text: networks are written with zeroes. */
static uint64_t messages_from(const struct observed *o, const char *source)
{
	char text[ADDRESS_TEXT];
	uint64_t sum = 0;

	for (size_t i = 0; i < o->traffic_n; i++) {
		const struct observed_source *s = &o->sources[o->traffic[i].source];

		if (span_is(s->has_address ? span_of(address_format(&s->address, text)) : s->text, span_of(source)))
			sum += o->traffic[i].count;
	}
	return sum;
}

/* More sources than are told apart: the smallest networks of which there are few enough, whatever came first. */
static void test_networks(void **state)
{
	static struct record records[600], backwards[600];
	struct fixture *b = *state;
	struct made_report made, again;
	struct observed o;
	size_t n = 600;

	for (size_t i = 0; i < n; i++) {
		char *text = arena_take(&b->arena, ADDRESS_TEXT);

		snprintf(text, ADDRESS_TEXT, i < 250 ? "10.%zu.%zu.7" : i < 598 ? "2001:db8:%zu:%zu::1" : "no %zu %zu", i % 3, i);
		records[i] = plain_record(text, i + 1, "example.org");
	}
	for (size_t i = 0; i < n; i++)
		backwards[i] = records[n - 1 - i];
	made = plain_report(records, n);
	again = plain_report(backwards, n);
	again.head.domain = SPAN("backwards.example");
	again.head.report_id = SPAN("id-2");
	put(b, 1, &made);
	put(b, 2, &again);
	b->store->sources_most = 600;
	observe(b, "example.org", &o);
	assert_int_equal(o.network_v4, 0);
	assert_int_equal(o.sources_n, 600);
	b->store->sources_most = 599;
	observe(b, "example.org", &o);
	assert_int_equal(o.network_v4, 24);
	assert_int_equal(o.sources_n, 250 + 3 + 1);
	assert_int_equal(messages_from(&o, "10.0.3.0"), 4);
	assert_int_equal(messages_from(&o, ""), 599 + 600);
	for (int i = 0; i < 2; i++) {
		b->store->sources_most = 5;
		observe(b, i ? "backwards.example" : "example.org", &o);
		assert_int_equal(o.network_v4, 16);
		assert_int_equal(o.network_v6, 32);
		assert_int_equal(o.sources_n, 5);
		assert_int_equal(o.traffic_n, 5);
		assert_int_equal(messages_from(&o, "10.0.0.0") + messages_from(&o, "10.1.0.0") + messages_from(&o, "10.2.0.0"),
			250 * 251 / 2);
		assert_int_equal(messages_from(&o, "2001:db8::"), 598 * 599 / 2 - 250 * 251 / 2);
	}
	b->store->sources_most = 1; /* there is nothing coarser than the last */
	observe(b, "example.org", &o);
	assert_int_equal(o.network_v4, 8);
	assert_int_equal(o.sources_n, 3);
}

static void test_faults(void **state)
{
	struct fixture *b = *state;
	struct arena small = ARENA(64);
	struct fault fault = { 0 };
	struct made_report *made;
	struct observed o;
	sqlite3 *db;

	do
		made = report_make(&b->arena, &b->dice, dice_roll(&b->dice, 1000));
	while (made->head.records < 5);
	made->head.domain = SPAN("example.org");
	put(b, 1, made);
	commit(b);
	assert_false(store_ask_observed(b->store, "example.org", &ALWAYS, &small, &o, &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	arena_release(&small);
	store_close(b->store);
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM words", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	b->store = store_open(b->path, STORE_READ, 0, &fault);
	assert_non_null(b->store);
	assert_false(store_ask_observed(b->store, "example.org", &ALWAYS, &b->arena, &o, &fault));
	assert_non_null(strstr(fault.text, "missing"));
}

/* Four reports that claim a quarter of all numbers each: their sum is not 0. */
static void test_claims(void **state)
{
	struct fixture *b = *state;
	struct fault fault = { 0 };
	struct observed o;
	sqlite3 *db;

	for (uint64_t i = 0; i < 4; i++) {
		struct record records[] = { plain_record("192.0.2.7", i + 1, "example.org") };
		struct made_report made = plain_report(records, 1);

		made.head.begin += (int64_t)i * DAY_SECONDS;
		made.head.end += (int64_t)i * DAY_SECONDS;
		put(b, i, &made);
	}
	commit(b);
	store_close(b->store);
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE report SET records=1<<62", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(db), 4);
	sqlite3_close(db);
	b->store = store_open(b->path, STORE_READ, 0, &fault);
	assert_non_null(b->store);
	assert_false(store_ask_observed(b->store, "example.org", &ALWAYS, &b->arena, &o, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_record, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_sample, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_whole, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_networks, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_faults, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_claims, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
