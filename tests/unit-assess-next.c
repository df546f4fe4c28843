/* The record to publish next: complete, never beyond the target, never resting on what nobody looked up. */
#include "tests/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TODAY 20778
#define DOMAIN "shop.example"
#define RUA "; rua=mailto:dmarc@" DOMAIN

static const struct attest_row attests[] = { { SPAN("quarterly"), TODAY - 5 }, { SPAN("lists"), TODAY - 5 } };

/* A server of its own, signed and allowed by SPF, for 120 days; signatures are broken for the last `broken` ones. */
static void shop(struct world *w, struct policy policy, int64_t broken)
{
	world_begin(w, DOMAIN, TODAY);
	w->policy = policy;
	for (int64_t day = TODAY - 120; day < TODAY; day++)
		for (int i = 0; i < 2; i++)
			world_add(w, &(struct line){ day, i ? "yahoo.com" : "google.com", "192.0.2.10",
					     "mail." DOMAIN, DOMAIN, DOMAIN, "pass",
					     day < TODAY - broken ? DOMAIN "/k1/pass" : DOMAIN "/k1/fail", 30, NULL,
					     NULL, 0, 0, false });
	w->rows.attests = attests;
	w->rows.attests_n = 2;
	w->rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = policy,
		.spf_records = 1,
		.rua = SPAN("mailto:dmarc@" DOMAIN) };
}

static void run(struct world *w, struct arena *arena, struct verdict *v)
{
	arena_clear(arena);
	assert_true(assess(world_rows(w), &w->options, arena, v));
}

static void expect_record(const struct next_record *next, enum next_kind kind, const char *record)
{
	struct span wanted = record ? span_of(record) : SPAN_ABSENT;

	if (next->kind != kind || !next->record.p != !record || (record && !span_is(next->record, wanted)))
		fail_msg("%s %.*s instead of %s %s", next_kind_word(next->kind), (int)next->record.n, next->record.p,
			next_kind_word(kind), record ? record : "nothing");
}

#define NONE REQUEST_NONE
#define QUARANTINE REQUEST_QUARANTINE
#define REJECT REQUEST_REJECT
#define TRIAL .testing = true, .pct = 0
#define WHOLE .pct = 100

/* Everything is ready; what is published, what one aims at, what comes next. */
static void one_stage_after_the_other(void **state)
{
	static const struct {
		struct policy now;
		enum target target;
		enum next_kind kind;
		const char *record;
	} rows[] = {
		{ { .p = NONE, WHOLE }, TARGET_AUTO, NEXT_FORWARD,
			"v=DMARC1; p=quarantine; t=y; pct=0; np=reject" RUA },
		{ { .p = NONE, WHOLE }, TARGET_REJECT, NEXT_FORWARD,
			"v=DMARC1; p=quarantine; t=y; pct=0; np=reject" RUA },
		{ { .p = QUARANTINE, TRIAL }, TARGET_REJECT, NEXT_FORWARD, "v=DMARC1; p=quarantine; np=reject" RUA },
		{ { .p = QUARANTINE, WHOLE }, TARGET_AUTO, NEXT_FORWARD,
			"v=DMARC1; p=reject; t=y; pct=0; np=reject" RUA },
		/* The gates of p=quarantine say nothing about p=reject. */
		{ { .p = QUARANTINE, .np = REJECT, WHOLE }, TARGET_QUARANTINE, NEXT_KEEP, NULL },
		{ { .p = QUARANTINE, WHOLE }, TARGET_QUARANTINE, NEXT_FORWARD, "v=DMARC1; p=quarantine; np=reject" RUA },
		{ { .p = REJECT, .np = REJECT, TRIAL }, TARGET_QUARANTINE, NEXT_KEEP, NULL },
		{ { .p = REJECT, .np = REJECT, TRIAL }, TARGET_AUTO, NEXT_FORWARD, "v=DMARC1; p=reject; np=reject" RUA },
		{ { .p = REJECT, WHOLE }, TARGET_AUTO, NEXT_FORWARD, "v=DMARC1; p=reject; np=reject" RUA },
		{ { .p = REJECT, .np = REJECT, WHOLE }, TARGET_AUTO, NEXT_KEEP, NULL },
		/* An sp= that repeats p= would lag behind, and on trial spare the subdomains. */
		{ { .p = QUARANTINE, .sp = QUARANTINE, WHOLE }, TARGET_AUTO, NEXT_FORWARD,
			"v=DMARC1; p=reject; t=y; pct=0; np=reject" RUA },
		{ { .p = REJECT, .sp = REJECT, .np = REJECT, WHOLE }, TARGET_AUTO, NEXT_KEEP, NULL },
		{ { .p = REJECT, .sp = REJECT, .np = REJECT, TRIAL }, TARGET_AUTO, NEXT_FORWARD,
			"v=DMARC1; p=reject; sp=reject; np=reject" RUA },
		{ { .p = REJECT, .sp = QUARANTINE, .np = REJECT, WHOLE }, TARGET_AUTO, NEXT_KEEP, NULL },
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		shop(&w, rows[i].now, 0);
		w.options.target = rows[i].target;
		run(&w, &arena, &v);
		expect_record(&v.next, rows[i].kind, rows[i].record);
		world_end(&w);
	}
	arena_release(&arena);
}

/* Whoever aims at p=reject from p=none is told to go to p=quarantine, not to wait for it. */
static void a_far_target_leads_through_the_stage_between(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, (struct policy){ .p = NONE, WHOLE }, 0);
	w.options.target = TARGET_REJECT;
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_int_equal(v.next.kind, NEXT_FORWARD);
	for (int64_t day = TODAY - 30; day < TODAY; day++) /* too much for p=quarantine as well */
		world_add(&w, &(struct line){ day, "google.com", "192.0.2.30", "crm." DOMAIN, DOMAIN, NULL, NULL, NULL, 20,
				      NULL, NULL, 0, 0, false });
	run(&w, &arena, &v);
	assert_int_equal(v.next.kind, NEXT_KEEP);
	world_end(&w);
	arena_release(&arena);
}

/* Receivers may take what a key on trial signed for unsigned: good enough for p=quarantine, and told at once for p=reject. */
static void a_key_on_trial_comes_before_reject(void **state)
{
	struct published_key key = { .domain = SPAN(DOMAIN), .selector = SPAN("k1"), .bits = 2048, .testing = true };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (int testing = 0; testing < 2; testing++) {
		key.testing = testing;
		shop(&w, (struct policy){ .p = QUARANTINE, WHOLE }, 0);
		w.rows.published.keys = &key;
		w.rows.published.keys_n = 1;
		run(&w, &arena, &v);
		assert_int_equal(v.target, TARGET_REJECT);
		assert_int_equal(v.decision.word, testing ? VERDICT_NOT_READY : VERDICT_READY);
		world_end(&w);
		shop(&w, (struct policy){ .p = NONE, WHOLE }, 0);
		w.rows.published.keys = &key;
		w.rows.published.keys_n = 1;
		run(&w, &arena, &v);
		assert_int_equal(v.decision.word, testing ? VERDICT_READY_WITH_EXCEPTIONS : VERDICT_READY);
		assert_int_equal(v.steps_n, 1 + (size_t)testing);
		assert_int_equal(v.steps[0].kind, STEP_WAIT_STAGE);
		if (testing)
			assert_true(v.steps[1].later && span_is(v.steps[1].subject, SPAN("s=k1 in test mode (t=y)")));
		world_end(&w);
	}
	arena_release(&arena);
}

/* The ladder of RFC 7489, for those who ask for it: a tenth, a quarter, a half, all. */
static void the_old_ladder(void **state)
{
	static const struct {
		struct policy now;
		enum next_kind kind;
		const char *record;
	} rows[] = {
		{ { .p = NONE, WHOLE }, NEXT_FORWARD, "v=DMARC1; p=quarantine; pct=10; np=reject" RUA },
		{ { .p = QUARANTINE, .pct = 1 }, NEXT_FORWARD, "v=DMARC1; p=quarantine; pct=10; np=reject" RUA },
		{ { .p = QUARANTINE, .pct = 9 }, NEXT_FORWARD, "v=DMARC1; p=quarantine; pct=10; np=reject" RUA },
		{ { .p = QUARANTINE, .pct = 10 }, NEXT_FORWARD, "v=DMARC1; p=quarantine; pct=25; np=reject" RUA },
		{ { .p = QUARANTINE, .pct = 49 }, NEXT_FORWARD, "v=DMARC1; p=quarantine; pct=50; np=reject" RUA },
		{ { .p = QUARANTINE, .pct = 50 }, NEXT_FORWARD, "v=DMARC1; p=quarantine; np=reject" RUA },
		{ { .p = QUARANTINE, WHOLE }, NEXT_FORWARD, "v=DMARC1; p=reject; pct=10; np=reject" RUA },
		{ { .p = REJECT, .pct = 25 }, NEXT_FORWARD, "v=DMARC1; p=reject; pct=50; np=reject" RUA },
		{ { .p = REJECT, .np = REJECT, WHOLE }, NEXT_KEEP, NULL },
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		shop(&w, rows[i].now, 0);
		w.options.legacy_pct = true;
		run(&w, &arena, &v);
		expect_record(&v.next, rows[i].kind, rows[i].record);
		world_end(&w);
	}
	arena_release(&arena);
}

static void one_step_back_is_one_step(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, (struct policy){ .p = REJECT, WHOLE }, 4);
	run(&w, &arena, &v);
	expect_record(&v.next, NEXT_BACK, "v=DMARC1; p=reject; t=y; pct=0" RUA);
	assert_int_equal(v.steps[0].kind, STEP_REPAIR_SIGNATURE); /* its signatures are broken; it does sign */
	assert_int_equal(v.steps[0].since, TODAY - 4);
	world_end(&w);
	shop(&w, (struct policy){ .p = REJECT, TRIAL }, 4);
	run(&w, &arena, &v);
	expect_record(&v.next, NEXT_BACK, "v=DMARC1; p=quarantine; t=y; pct=0" RUA);
	world_end(&w);
	arena_release(&arena);
}

/* np=reject refuses mail from names that do not exist: each that sends must be known to. */
static void names_nobody_looked_up_may_not_exist(void **state)
{
	static struct published_name names[] = { { .name = SPAN("app." DOMAIN), .exists = NAME_EXISTS } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, (struct policy){ .p = NONE, WHOLE }, 0);
	for (int64_t day = TODAY - 60; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "google.com", "192.0.2.10", "mail." DOMAIN, "app." DOMAIN, DOMAIN,
				      "pass", DOMAIN "/k1/pass", 10, NULL, NULL, 0, 0, false });
	run(&w, &arena, &v);
	expect_record(&v.next, NEXT_FORWARD, "v=DMARC1; p=quarantine; t=y; pct=0" RUA);
	w.rows.published.names = names;
	w.rows.published.names_n = 1;
	run(&w, &arena, &v);
	expect_record(&v.next, NEXT_FORWARD, "v=DMARC1; p=quarantine; t=y; pct=0; np=reject" RUA);
	names[0].exists = NAME_NXDOMAIN;
	run(&w, &arena, &v);
	expect_record(&v.next, NEXT_FORWARD, "v=DMARC1; p=quarantine; t=y; pct=0" RUA);
	world_end(&w);
	arena_release(&arena);
}

/* p=none of its own would take a subdomain out of the enforced policy above it. */
static void what_is_covered_needs_no_record(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, "app." DOMAIN, TODAY);
	w.rows.published = (struct published){
		.checked = true, .spf_records = 1, .policy = { WHOLE }, .covered_by = SPAN(DOMAIN)
	};
	run(&w, &arena, &v);
	expect_record(&v.next, NEXT_SILENT, NULL);
	assert_int_equal(v.decision.word, VERDICT_NOT_ENOUGH_DATA);
	assert_int_equal(v.measures.record_errors_n, 0);
	world_end(&w);
	arena_release(&arena);
}

/* Who only sends receives nothing either: a null MX does not make a stranger's regular mail nobody's. */
static void who_receives_nothing_may_send(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 200; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "google.com", "198.51.100.210", "web210.hostco.example", DOMAIN,
				      "web210.hostco.example", "pass", NULL, 3, NULL, NULL, 0, 0, false });
	w.rows.published = (struct published){
		.checked = true, .dmarc_records = 1, .policy = { .p = NONE, WHOLE }, .spf_records = 1, .null_mx = true
	};
	run(&w, &arena, &v);
	assert_false(v.measures.parked);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	w.rows.published.spf_only_all = true; /* the owner's own word */
	run(&w, &arena, &v);
	assert_true(v.measures.parked);
	w.rows.published.spf_only_all = false;
	world_mark(&w, MARK_NOT_OURS, "198.51.100.210");
	run(&w, &arena, &v);
	assert_true(v.measures.parked);
	world_end(&w);
	arena_release(&arena);
}

/* Nothing is in force where receivers find no record, whatever they found before. */
static void what_nobody_can_read_is_not_in_force(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, (struct policy){ .p = REJECT, WHOLE }, 0);
	for (int i = 0; i < 3; i++) {
		w.rows.published.dmarc_records = i < 2 ? (unsigned)i * 2 : 1;
		w.rows.published.dmarc_invalid = i == 2;
		w.rows.published.policy = (struct policy){ WHOLE };
		w.rows.published.rua = SPAN_ABSENT;
		run(&w, &arena, &v);
		assert_int_equal(v.effective, REQUEST_NONE);
		assert_int_equal(v.target, TARGET_QUARANTINE);
		assert_int_equal(v.decision.word, VERDICT_NOT_READY);
		expect_record(&v.next, i ? NEXT_KEEP : NEXT_FIRST, i ? NULL : "v=DMARC1; p=none" RUA);
		assert_false(v.next.rollback.p);
	}
	world_end(&w);
	arena_release(&arena);
}

/* Reports show it for so many days; 0: they still show p=none. */
static void a_trial_is_held_to_its_end(void **state)
{
	static const struct {
		int64_t days, wait; /* from today; 0: none */
		unsigned pct;
	} rows[] = { { 1, 13, 0 }, { 13, 1, 0 }, { 14, 0, 0 }, { 60, 0, 0 }, { 0, 14, 0 }, { 5, 0, 50 } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct policy trial = { .p = QUARANTINE, .testing = rows[i].pct == 0, .pct = rows[i].pct };

		shop(&w, (struct policy){ .p = NONE, WHOLE }, 0);
		w.rows.published.policy = w.policy = trial;
		for (size_t k = 0; k < w.rows.reports_n; k++)
			if (w.reports[k].begin >= (TODAY - rows[i].days) * 86400)
				w.reports[k].policy = trial;
		run(&w, &arena, &v);
		assert_int_equal(v.next.kind, NEXT_FORWARD);
		assert_int_equal(v.next.not_before, rows[i].wait ? TODAY + rows[i].wait : MOMENT_NONE);
		assert_int_equal(v.next.on_trial, rows[i].wait > 0);
		world_end(&w);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_stage_after_the_other),
		cmocka_unit_test(a_far_target_leads_through_the_stage_between),
		cmocka_unit_test(a_key_on_trial_comes_before_reject),
		cmocka_unit_test(the_old_ladder),
		cmocka_unit_test(one_step_back_is_one_step),
		cmocka_unit_test(names_nobody_looked_up_may_not_exist),
		cmocka_unit_test(what_is_covered_needs_no_record),
		cmocka_unit_test(who_receives_nothing_may_send),
		cmocka_unit_test(what_nobody_can_read_is_not_in_force),
		cmocka_unit_test(a_trial_is_held_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
