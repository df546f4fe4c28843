/* store: what a mail's own signatures prove, and which report counts because of it. */
#include "tests/store_fixture.h"

#include "report/assess/assess.h"
#include "store/care.h"

#include <stdlib.h>

/* A mail's verification, in the simplest form that decides anything. */
struct signing {
	struct dkim_step step;
	struct dkim_diagnosis diagnosis;
	struct dkim_verdict signature;
	struct dkim_verdicts verdicts;
	struct verification verification;
};

static struct verification *signing_make(struct signing *g, const char *from, enum dkim_reason reason)
{
	*g = (struct signing){ .signature = { .d = span_of(from), .domain = span_of(from), .s = SPAN("s"),
				       .reason = reason, .relaxed = DKIM_ALIGNED_YES, .t = MOMENT_NONE,
				       .x = MOMENT_NONE } };
	g->verdicts = (struct dkim_verdicts){ .result = dkim_reason_rows[reason].result, .signatures = &g->signature,
		.n = 1, .total = 1, .from_domain = span_of(from), .from_fields = 1, .from_domains = 1 };
	g->verification = (struct verification){ .of = VERIFIED_MAIL, .at = MOMENT_NONE, .verdicts = &g->verdicts };
	return &g->verification;
}

static void signing_undo(struct signing *g, enum dkim_edit edit)
{
	g->step = (struct dkim_step){ .edit = edit };
	g->diagnosis = (struct dkim_diagnosis){ .undone = true, .steps = &g->step, .steps_n = 1,
		.sentence = SPAN("valid once it is undone") };
	g->signature.diagnosis = &g->diagnosis;
}

struct seen {
	int trust;
	bool repaired;
	char signer[64];
	size_t rows;
};

static bool report_see(void *arg, const struct stored_report *row)
{
	struct seen *seen = arg;

	seen->trust = row->trust;
	seen->repaired = row->repaired;
	snprintf(seen->signer, sizeof seen->signer, "%.*s", (int)row->signer.n, row->signer.p ? row->signer.p : "");
	seen->rows++;
	return true;
}

static void mail_put(struct fixture *b, uint64_t seed, const char *subject, const struct made_report *made,
	const struct verification *verification)
{
	struct mail mail = mail_make("m", seed);
	struct fact fact = { .kind = FACT_BEGIN };

	fact.begin.outcome = OUTCOME_REPORT;
	fact.begin.head.from = SPAN("Reports <noreply@reporter.example>");
	fact.begin.head.subject = span_of(subject);
	fact.begin.head.date = MOMENT_NONE;
	assert_true(store_mail_begin(b->store, &mail, ARRIVED, NULL));
	assert_true(store_take(b->store, &fact));
	assert_true(take_report(b->store, made));
	assert_true(!verification || take_verification(b->store, verification));
	finish(b);
}

static struct made_report plain(const char *email)
{
	struct made_report made = { .head = { .org_name = SPAN("Reporter"), .domain = SPAN("example.org"),
					    .report_id = SPAN("1"), .begin = 0, .end = 1 } };

	made.head.org_email = span_of(email);
	return made;
}

/* What reports repeat of their mails is what the mails say, as doctor asks. */
static bool reports_repeat_mails(struct store *store)
{
	struct health health;

	return store_examine(store, true, &health, NULL) && health.orphans == 0;
}

/* The verdict is told how the mail was carried, and comes to the same. */
static void carriage_tells(struct fixture *b, int trust, bool repaired)
{
	struct assess_options options = OPTIONS_DEFAULT;
	struct observed observed;
	struct verdict verdict;
	struct rows rows = { .reports = NULL };

	assert_true(store_ask_observed(b->store, "example.org", &ALWAYS, &b->arena, &observed, NULL));
	rows_observe(&rows, &observed);
	options.domain = (struct domain_name){ SPAN("example.org"), SPAN("example.org") };
	options.today = 20000;
	assert_true(assess(&rows, &options, &b->arena, &verdict));
	assert_int_equal(verdict.reports_n, 1);
	assert_int_equal(verdict.reports[0].trust, trust);
	assert_int_equal(verdict.reports[0].undone, repaired);
	assert_true(reports_repeat_mails(b->store));
	assert_true(trust > 0 || verdict.reports[0].use == USE_REFUSED || verdict.reports[0].use == USE_IMPOSSIBLE);
}

static void trust_is(struct fixture *b, const char *subject, const char *email, struct signing *g, int trust, bool repaired)
{
	struct made_report made = plain(email);
	struct seen seen = { 0 };

	fixture_anew(b);
	mail_put(b, 1, subject, &made, g ? &g->verification : NULL);
	commit(b);
	assert_true(store_ask_reports(b->store, NULL, report_see, &seen, NULL));
	assert_int_equal(seen.rows, 1);
	assert_int_equal(seen.trust, trust);
	assert_int_equal(seen.repaired, repaired);
	assert_string_equal(seen.signer, trust > 1 ? "reporter.example" : "");
	carriage_tells(b, trust, repaired);
}

#define OTHER "x@other.example"
static void test_levels(void **state)
{
	struct fixture *b = *state;
	struct signing g;
	static const char subject[] = "Report Domain: example.org Submitter: Reporter.example Report-ID: <1>";

	trust_is(b, subject, "noreply@reporter.example", NULL, 1, false);
	signing_make(&g, "mail.reporter.example", DKIM_REASON_OK);
	trust_is(b, "", "noreply@reporter.example", &g, 3, false);
	trust_is(b, "", "mailto:noreply@dmarc.REPORTER.example", &g, 3, false);
	trust_is(b, subject, OTHER, &g, 3, false);
	trust_is(b, "Submitter: other.example", OTHER, &g, 2, false);
	trust_is(b, "", NULL, &g, 2, false);
	trust_is(b, "reporter.example", "no address", &g, 2, false);
	trust_is(b, "", "x@notreporter.example", &g, 2, false);
	g.signature.subject_unsigned = true;
	trust_is(b, subject, OTHER, &g, 2, false);
	g.signature.subject_unsigned = false;
	g.signature.extra_instances = SPAN("from subject");
	trust_is(b, subject, OTHER, &g, 2, false);

	/* what proves nothing */
	signing_make(&g, "reporter.example", DKIM_REASON_OK);
	g.signature.relaxed = DKIM_ALIGNED_NO;
	trust_is(b, subject, "noreply@reporter.example", &g, 1, false);
	signing_make(&g, "reporter.example", DKIM_REASON_OK);
	g.signature.testing = true;
	trust_is(b, subject, "noreply@reporter.example", &g, 1, false);
	signing_make(&g, "reporter.example", DKIM_REASON_OK);
	g.signature.unsigned_octets = 1;
	trust_is(b, subject, "noreply@reporter.example", &g, 1, false);
	for (int reason = DKIM_REASON_BODY_HASH_MISMATCH; reason < DKIM_REASON_COUNT; reason++) {
		signing_make(&g, "reporter.example", (enum dkim_reason)reason);
		trust_is(b, subject, "noreply@reporter.example", &g, 1, false);
	}
}

/* Who sends dates that cannot be is not believed, however well it is signed. */
static void test_dates(void **state)
{
	static const struct {
		int64_t begin, end;
		int trust;
	} rows[] = { { 0, 86400, 3 }, { 0, 8 * 86400, 3 }, { 0, 8 * 86400 + 1, 0 }, { 86400, 86400, 0 }, { 2, 1, 0 },
		{ MOMENT_NONE, 1, 0 }, { 1, MOMENT_NONE, 0 }, { -1, 1, 0 } };
	struct fixture *b = *state;
	struct signing g;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made_report made = plain("noreply@reporter.example");
		struct seen seen = { 0 };

		made.head.begin = rows[i].begin;
		made.head.end = rows[i].end;
		fixture_anew(b);
		mail_put(b, 1, "", &made, signing_make(&g, "reporter.example", DKIM_REASON_OK));
		commit(b);
		assert_true(store_ask_reports(b->store, NULL, report_see, &seen, NULL));
		assert_int_equal(seen.rows, 1);
		assert_int_equal(seen.trust, rows[i].trust);
	}
}

/* What one's own border found counts, and only when it is one's own. */
static void test_border(void **state)
{
	static const char email[] = "noreply@reporter.example";
	static const struct {
		struct authresults said;
		int own, anybody; /* trust where mx.example.org is believed, and where nobody is */
	} rows[] = {
		{ { SPAN("mx.example.org"), true, false, false }, 3, 1 },
		{ { SPAN("MX.example.org"), true, true, false }, 3, 1 },
		{ { SPAN("mx.example.org"), false, true, false }, 2, 1 },
		{ { SPAN("mx.example.org"), false, false, false }, 1, 1 },
		{ { SPAN("mx.example.org"), false, false, true }, 0, 1 },
		{ { SPAN("mx.example.org"), true, true, true }, 0, 1 },
		{ { SPAN("mx.example.or"), true, true, true }, 1, 1 },
		{ { SPAN("example.org"), true, true, true }, 1, 1 },
		{ { SPAN_ABSENT, true, true, true }, 1, 1 },
		{ { SPAN(""), true, true, true }, 1, 1 },
	};
	struct fixture *b = *state;
	struct signing g;

	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		b->believed = i % 2 ? "" : "first.example,, mx.example.org ";
		signing_make(&g, "reporter.example", DKIM_REASON_NO_KEY);
		g.verification.border = rows[i / 2].said;
		trust_is(b, "", email, &g, i % 2 ? rows[i / 2].anybody : rows[i / 2].own, false);
	}
	b->believed = "mx.example.org";
	signing_make(&g, "reporter.example", DKIM_REASON_OK);
	g.verification.border = (struct authresults){ SPAN("mx.example.org"), false, true, false };
	trust_is(b, "", email, &g, 3, false);
	trust_is(b, "", OTHER, &g, 2, false);
	g.verification.border.refused = true;
	trust_is(b, "", email, &g, 0, false);
	b->believed = NULL;
}

/* A tag in the subject hurts nobody; whatever leaves room for another report does. */
static void test_repaired(void **state)
{
	static const enum dkim_edit refused[] = { DKIM_EDIT_FOOTER, DKIM_EDIT_BANNER, DKIM_EDIT_PART_ADDED,
		DKIM_EDIT_TEXT_INSERTED, DKIM_EDIT_WRAPPED, DKIM_EDIT_FROM_REWRITTEN, DKIM_EDIT_HEADER_ADDED };
	struct fixture *b = *state;
	struct signing g;

	signing_make(&g, "reporter.example", DKIM_REASON_SIGNATURE_MISMATCH);
	signing_undo(&g, DKIM_EDIT_SUBJECT_PREFIX);
	trust_is(b, "", "noreply@reporter.example", &g, 3, true);
	trust_is(b, "[x] Submitter: reporter.example", OTHER, &g, 2, true);
	g.diagnosis.undone = false;
	trust_is(b, "", "noreply@reporter.example", &g, 1, false);
	signing_make(&g, "reporter.example", DKIM_REASON_EXPIRED);
	signing_undo(&g, DKIM_EDIT_SUBJECT_PREFIX);
	trust_is(b, "", "noreply@reporter.example", &g, 1, false);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		signing_make(&g, "reporter.example", DKIM_REASON_BODY_HASH_MISMATCH);
		signing_undo(&g, refused[i]);
		trust_is(b, "", "noreply@reporter.example", &g, 1, false);
	}
}

static bool domain_sum(void *arg, const struct domain_row *row)
{
	*(uint64_t *)arg += row->counts.messages;
	return true;
}

/* Every order of five mails: content A with 10 messages, signed by its reporter, comes again unsigned; B with 20, signed
 * by somebody else; C with 90, unsigned; D with 95, signed but only recovered. A counts. */
static void test_orders(void **state)
{
	static const struct {
		uint8_t content;
		uint64_t messages;
		const char *from;
		bool recovered;
	} parts[5] = { { 1, 10, "reporter.example", false }, { 1, 10, NULL, false }, { 2, 20, "host.example", false },
		{ 3, 90, NULL, false }, { 4, 95, "reporter.example", true } };
	struct fixture *b = *state;
	const char *first = NULL;

	for (int n = 0; n < 120; n++) {
		int order[5] = { 0, 1, 2, 3, 4 }, left = n;
		uint64_t messages = 0;
		const char *text;

		for (int i = 5; i > 1; i--) {
			int with = left % i, kept = order[i - 1];

			left /= i;
			order[i - 1] = order[with];
			order[with] = kept;
		}
		fixture_anew(b);
		for (int i = 0; i < 5; i++) {
			int at = order[i];
			struct made_report made = plain("x@reporter.example");
			struct record record = { .count = parts[at].messages };
			struct signing g;

			made.records = &record;
			made.head.records = 1;
			made.head.messages = record.count;
			made.head.content[0] = parts[at].content;
			made.head.recovered = parts[at].recovered;
			mail_put(b, (uint64_t)at, "", &made,
				parts[at].from ? signing_make(&g, parts[at].from, DKIM_REASON_OK) : NULL);
		}
		text = dump(b);
		assert_true(store_ask_domains(b->store, &ALWAYS, domain_sum, &messages, NULL));
		assert_int_equal(messages, 10);
		if (first)
			assert_string_equal(first, text);
		else
			first = text;
	}
}

static bool mail_of(void *arg, const struct stored_report *row)
{
	*(int64_t *)arg = row->mail_id;
	return true;
}

/* Reading a mail anew, without the octets that were signed or without a key, leaves what was proved. */
static void test_outlives(void **state)
{
	struct fixture *b = *state;
	struct made_report made = plain("x@reporter.example");
	struct signing good, silent;
	const char *before, *after;
	int64_t mail = 0;

	signing_make(&good, "reporter.example", DKIM_REASON_OK);
	signing_make(&silent, "reporter.example", DKIM_REASON_DNS_ERROR);
	mail_put(b, 1, "", &made, &good.verification);
	before = dump(b);
	assert_true(store_ask_reports(b->store, NULL, mail_of, &mail, NULL));
	for (int i = 0; i < 2; i++) {
		assert_true(store_mail_forget(b->store, mail, NULL));
		mail_put(b, 1, "", &made, i ? &silent.verification : NULL);
		after = dump(b);
		assert_string_equal(before, after);
	}
}

/* A later look: the key that was missing is there, and now the smaller report counts; and the other way round. */
static void test_again(void **state)
{
	struct fixture *b = *state;
	struct made_report small = plain("x@reporter.example"), big = small;
	struct record one = { .count = 1 }, two = { .count = 2 };
	struct signing silent, now;
	uint64_t messages = 0;
	const char *waiting, *after;
	int64_t mail = 0;

	small.records = &one;
	big.records = &two;
	small.head.records = big.head.records = 1;
	small.head.messages = 1;
	big.head.messages = 2;
	big.head.content[0] = 1;
	signing_make(&silent, "reporter.example", DKIM_REASON_DNS_ERROR);
	mail_put(b, 1, "", &big, NULL);
	mail_put(b, 2, "", &small, &silent.verification);
	waiting = dump(b);
	struct condition loser = { .what = CONDITION_CONFLICT };
	assert_true(store_ask_reports(b->store, &(struct report_filter){ &loser, 1 }, mail_of, &mail, NULL));
	signing_make(&now, "reporter.example", DKIM_REASON_OK);
	assert_true(store_verify_again(b->store, mail, 0, &now.verification, NULL));
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_sum, &messages, NULL));
	assert_int_equal(messages, 1);
	/* what is settled stays so */
	assert_true(store_verify_again(b->store, mail, 0, &silent.verification, NULL));
	messages = 0;
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_sum, &messages, NULL));
	assert_int_equal(messages, 1);
	signing_make(&now, "reporter.example", DKIM_REASON_BODY_HASH_MISMATCH);
	assert_true(store_verify_again(b->store, mail, 0, &now.verification, NULL));
	messages = 0;
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_sum, &messages, NULL));
	assert_int_equal(messages, 2);
	assert_true(reports_repeat_mails(b->store));
	after = dump(b);
	assert_string_not_equal(waiting, after);
	assert_false(store_verify_again(b->store, mail, 1, &now.verification, NULL));
}

/* The database after two mails with `made`, of which the `which`th is verified, at once or by a later look. */
static const char *verified_dump(struct fixture *b, const struct made_report *made, int64_t which, enum dkim_reason reason, bool later)
{
	struct signing silent, known;

	signing_make(&silent, "reporter.example", DKIM_REASON_DNS_ERROR);
	signing_make(&known, "reporter.example", reason);
	fixture_anew(b);
	for (int64_t mail = 1; mail <= 2; mail++)
		mail_put(b, (uint64_t)mail, "", made,
			mail != which ? NULL : later ? &silent.verification : &known.verification);
	assert_true(!later || store_verify_again(b->store, which, 0, &known.verification, NULL));
	return dump(b);
}

/* A later look proves as much as the first would have: of either of two deliveries, and nothing of what is not believed. */
static void test_later_as_at_once(void **state)
{
	static const enum dkim_reason reasons[] = { DKIM_REASON_OK, DKIM_REASON_BODY_HASH_MISMATCH };
	struct fixture *b = *state;

	for (int kind = 0; kind < 3; kind++) {
		struct made_report made = plain("x@reporter.example");

		made.head.recovered = kind == 1;
		made.head.end = kind == 2 ? -1 : made.head.end;
		for (int64_t which = 1; which <= 2; which++)
			for (int i = 0; i < 2; i++) {
				const char *at_once = verified_dump(b, &made, which, reasons[i], false);
				const char *later = verified_dump(b, &made, which, reasons[i], true);

				assert_string_equal(at_once, later);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_dates, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_border, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_repaired, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_orders, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_outlives, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_again, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_later_as_at_once, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
