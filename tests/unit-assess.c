#include "tests/world.h"

#include "report/assess/bound.h"
#include "report/assess/gate.h"
#include "report/assess/policy.h"
#include "report/assess/senders.h"
#include "report/assess/work.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TODAY 20778 /* a Saturday, 2026-11-21 */
#define DOMAIN "shop.example"

static void bounds(void **state)
{
	/* From sums of exact fractions. */
	static const struct {
		uint64_t x, n;
		double upper;
	} rows[] = { { 0, 0, 1 }, { 5, 5, 1 }, { 0, 1, 0.95 }, { 0, 2, 0.7763932 }, { 1, 2, 0.9746794 },
		{ 0, 59, 0.0495076 }, { 0, 299, 0.0099691 }, { 3, 10, 0.6066242 }, { 7, 60, 0.2079909 },
		{ 200, 400, 0.5422695 }, { 0, UINT64_C(1) << 40, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (fabs(bound_upper(rows[i].x, rows[i].n) - rows[i].upper) >= 1e-6)
			fail_msg("%llu of %llu gives %.9f", (unsigned long long)rows[i].x,
				(unsigned long long)rows[i].n, bound_upper(rows[i].x, rows[i].n));
	assert_true(fabs(bound_wilson(5, 10).low + bound_wilson(5, 10).high - 1) < 1e-12);
	assert_true(bound_wilson(0, 0).low == 0 && bound_wilson(0, 0).high == 1);
	assert_int_equal(bound_needed(0, 0.005), 598);
	assert_true(bound_upper(0, 598) <= 0.005 && bound_upper(0, 597) > 0.005);
	assert_int_equal(bound_needed(0, 0), 0);
	assert_true(bound_rose(40, 100, 0, 400));
	assert_false(bound_rose(9, 9, 0, 400));
	assert_false(bound_rose(10, 1000, 0, 4000));
}

static void classes(void **state)
{
	static const struct {
		struct features f;
		enum path_class class;
		enum confidence confidence;
		unsigned own, forward, forged;
	} rows[] = {
		/* A host of your own, unsigned. */
		{ { .kind = KIND_BARE, .ptr_own = true, .messages = 5, .addresses = 1 }, CLASS_OWN, CONFIDENCE_HIGH, 70,
			0, 0 },
		/* Weak items never add up to high. */
		{ { .kind = KIND_THIRD,
			  .table = SENDER_SENDER,
			  .spf_reaches = true,
			  .messages = 90,
			  .weeks = 5,
			  .weeks_seen = 5,
			  .weekday_share = 1,
			  .addresses = 2 },
			CLASS_OWN, CONFIDENCE_MEDIUM, 105, 0, 5 },
		/* A copied selector from one host stays undecided. */
		{ { .kind = KIND_BROKEN,
			  .home = HOME_ELSEWHERE,
			  .ptr_bad = true,
			  .burst = true,
			  .messages = 50,
			  .addresses = 1 },
			CLASS_UNKNOWN, CONFIDENCE_LOW, 0, 30, 45 },
		/* The same with a sample that verifies once its footer is undone. */
		{ { .kind = KIND_BROKEN,
			  .home = HOME_ELSEWHERE,
			  .samples = SAMPLE_UNDONE,
			  .messages = 3,
			  .addresses = 1 },
			CLASS_FORWARD, CONFIDENCE_HIGH, 0, 120, 0 },
		{ { .kind = KIND_BARE, .mark = MARK_NOT_OURS, .ptr_own = true }, CLASS_FORGED, CONFIDENCE_OPERATOR, 0,
			0, 100 },
		{ { .kind = KIND_BARE, .messages = 1, .addresses = 1 }, CLASS_UNKNOWN, CONFIDENCE_LOW, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct classification c = evidence_weigh(&rows[i].f);

		assert_int_equal(c.class, rows[i].class);
		assert_int_equal(c.confidence, rows[i].confidence);
		assert_int_equal(c.points[SIDE_OWN], rows[i].own);
		assert_int_equal(c.points[SIDE_FORWARD], rows[i].forward);
		assert_int_equal(c.points[SIDE_FORGED], rows[i].forged);
	}
}

static void evidence_table_is_whole(void **state)
{
	enum evidence_id id;

	(void)state;
	for (enum evidence_id i = 0; i < EVIDENCE_COUNT; i++) {
		assert_non_null(evidence_items[i].id);
		assert_true(evidence_find(span_of(evidence_items[i].id), &id) && id == i);
		assert_true(strlen(evidence_items[i].why) > 10);
	}
	assert_false(evidence_find(SPAN("E99"), &id));
}

static void policies(void **state)
{
	static const struct {
		struct policy policy;
		enum policy_place place;
		bool old;
		unsigned none, quarantine, reject;
	} rows[] = {
		{ { .p = REQUEST_QUARANTINE, .testing = true, .pct = 0 }, PLACE_DOMAIN, false, 100, 0, 0 },
		{ { .p = REQUEST_QUARANTINE, .testing = true, .pct = 0 }, PLACE_DOMAIN, true, 100, 0, 0 },
		{ { .p = REQUEST_QUARANTINE, .testing = true, .pct = 100 }, PLACE_DOMAIN, true, 0, 100, 0 },
		{ { .p = REQUEST_REJECT, .pct = 10 }, PLACE_DOMAIN, true, 0, 90, 10 },
		{ { .p = REQUEST_REJECT, .pct = 10 }, PLACE_DOMAIN, false, 0, 0, 100 },
		{ { .p = REQUEST_REJECT, .sp = REQUEST_NONE, .np = REQUEST_REJECT, .pct = 100 }, PLACE_SUBDOMAIN, false,
			100, 0, 0 },
		{ { .p = REQUEST_REJECT, .sp = REQUEST_NONE, .np = REQUEST_REJECT, .pct = 100 }, PLACE_NONEXISTENT,
			false, 0, 0, 100 },
		{ { .p = REQUEST_REJECT, .sp = REQUEST_NONE, .np = REQUEST_REJECT, .pct = 100 }, PLACE_NONEXISTENT,
			true, 100, 0, 0 },
		{ { .pct = 100 }, PLACE_DOMAIN, false, 100, 0, 0 },
	};
	struct policy trial = { .p = REQUEST_REJECT, .testing = true, .pct = 0, .aspf_strict = true };
	struct published rest = { .rua = SPAN("mailto:a@b.example") };
	struct buf text = BUF(1000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct treatment t = policy_treat(&rows[i].policy, rows[i].place, rows[i].old);

		assert_int_equal(t.none, rows[i].none);
		assert_int_equal(t.quarantine, rows[i].quarantine);
		assert_int_equal(t.reject, rows[i].reject);
	}
	assert_int_equal(policy_effective(&trial), REQUEST_QUARANTINE);
	assert_true(policy_text(&text, &trial, &rest));
	assert_string_equal(buf_text(&text), "v=DMARC1; p=reject; t=y; pct=0; aspf=s; rua=mailto:a@b.example");
	buf_release(&text);
}

static void limits_are_settable_and_shown(void **state)
{
	struct arena arena = ARENA(10000);
	struct assess_limits limits = LIMITS_DEFAULT;
	const struct loosened *loose;
	uint8_t before[DIGEST_OCTETS], after[DIGEST_OCTETS];

	(void)state;
	assert_true(limits_digest(&limits, before));
	assert_int_equal(limits_loosened(&limits, &arena, &loose), 0);
	assert_true(limit_set(&limits, SPAN("reject.own_loss"), SPAN("0.1%")));
	assert_true(fabs(limits.reject.own_loss - 0.001) < 1e-12);
	assert_int_equal(limits_loosened(&limits, &arena, &loose), 0);
	assert_true(limit_set(&limits, SPAN("reject.stage_days"), SPAN("7")));
	assert_true(limit_set(&limits, SPAN("quarantine.own_upper"), SPAN("0.05")));
	assert_int_equal(limits_loosened(&limits, &arena, &loose), 2);
	assert_string_equal(loose[0].name, "quarantine.own_upper");
	assert_string_equal(loose[1].name, "reject.stage_days");
	assert_true(limits_digest(&limits, after) && memcmp(before, after, sizeof before) != 0);
	assert_false(limit_set(&limits, SPAN("reject.own_loss"), SPAN("2")));
	assert_false(limit_set(&limits, SPAN("reject.own_loss"), SPAN("1e-3")));
	assert_false(limit_set(&limits, SPAN("reject.own_loss"), SPAN("")));
	assert_false(limit_set(&limits, SPAN("reject.nothing"), SPAN("1")));
	arena_release(&arena);
}

/* A small shop: its own signed server, 40 a day at two known receivers, for `days` days up to yesterday. */
static void shop(struct world *w, int64_t days)
{
	world_begin(w, DOMAIN, TODAY);
	for (int64_t day = TODAY - days; day < TODAY; day++) {
		world_add(w, &(struct line){ day, "google.com", "192.0.2.10", "mail.shop.example", DOMAIN, DOMAIN,
				     "pass", "shop.example/k1/pass", 25, NULL, NULL, 0, 0, false });
		world_add(w, &(struct line){ day, "yahoo.com", "192.0.2.10", "mail.shop.example", DOMAIN, DOMAIN,
				     "pass", "shop.example/k1/pass", 15, NULL, NULL, 0, 0, false });
	}
}

static void run(struct world *w, struct arena *arena, struct verdict *v)
{
	arena_clear(arena);
	assert_true(assess(world_rows(w), &w->options, arena, v));
}

static const struct path *path_named(const struct verdict *v, const char *source, enum path_kind kind)
{
	for (size_t i = 0; i < v->paths_n; i++)
		if (span_is(v->sources[v->paths[i].source].id, span_of(source)) && v->paths[i].kind == kind &&
			v->paths[i].messages)
			return &v->paths[i];
	return NULL;
}

static const struct alert *alert_of(const struct verdict *v, enum alert_kind kind)
{
	for (size_t i = 0; i < v->alerts_n; i++)
		if (v->alerts[i].kind == kind)
			return &v->alerts[i];
	return NULL;
}

static void steady_shop_is_ready(void **state)
{
	static const struct attest_row attests[] = { { SPAN("quarterly"), TODAY - 5 }, { SPAN("lists"), TODAY - 5 } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 60);
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_READY_WITH_EXCEPTIONS);
	assert_true(verdict_excepts(&v, EXCEPT_UNCHECKED) && verdict_excepts(&v, EXCEPT_QUARTERLY));
	assert_int_equal(v.measures.own, 40 * 35);
	assert_int_equal(v.measures.days, 25);
	assert_int_equal(v.measures.history, 60);
	w.rows.attests = attests;
	w.rows.attests_n = 2;
	w.rows.published =
		(struct published){ .checked = true, .dmarc_records = 1, .policy = w.policy, .spf_records = 1 };
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_READY);
	assert_int_equal(v.next.kind, NEXT_FORWARD);
	assert_true(span_is(v.next.record, SPAN("v=DMARC1; p=quarantine; t=y; pct=0; np=reject")));
	assert_true(span_is(v.next.zone,
		SPAN("_dmarc.shop.example. 3600 IN TXT \"v=DMARC1; p=quarantine; t=y; pct=0; np=reject\"")));
	world_end(&w);
	arena_release(&arena);
}

static void reject_needs_the_stage_and_the_owners_word_on_lists(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 60);
	for (size_t i = 0; i < w.rows.reports_n; i++)
		if (w.reports[i].begin >= (int64_t)(TODAY - 31) * DAY_SECONDS)
			w.reports[i].policy.p = REQUEST_QUARANTINE;
	run(&w, &arena, &v);
	assert_int_equal(v.target, TARGET_REJECT);
	assert_int_equal(v.measures.stage_days, 31);
	assert_int_equal(v.decision.word, VERDICT_READY_WITH_EXCEPTIONS);
	assert_true(verdict_excepts(&v, EXCEPT_LISTS)); /* RFC 9989 7.4 */
	w.options.profile = PROFILE_TRANSACTIONAL;
	run(&w, &arena, &v);
	assert_false(verdict_excepts(&v, EXCEPT_LISTS));
	w.options.profile = PROFILE_PEOPLE;
	for (size_t i = 0; i < w.rows.reports_n; i++)
		w.reports[i].policy.testing = w.reports[i].begin < (int64_t)(TODAY - 10) * DAY_SECONDS;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.stage_days, 10);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	world_end(&w);
	arena_release(&arena);
}

static void nothing_is_never_ready(void **state)
{
	struct arena arena = ARENA((size_t)1 << 26);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_ENOUGH_DATA);
	assert_int_equal(v.measures.own, 0);
	assert_int_equal(v.next.kind, NEXT_SILENT); /* whether there is a record nobody has looked */
	assert_false(v.next.record.p);
	w.rows.published.checked = true;
	run(&w, &arena, &v);
	assert_int_equal(v.next.kind, NEXT_FIRST);
	assert_true(span_is(v.next.record, SPAN("v=DMARC1; p=none; rua=mailto:dmarc@" DOMAIN)));
	w.rows.published = (struct published){
		.checked = true, .dmarc_records = 1, .spf_records = 1, .policy = { .p = REQUEST_REJECT, .pct = 100 }
	};
	run(&w, &arena, &v);
	assert_int_equal(v.next.kind, NEXT_SILENT);
	assert_false(v.next.record.p);
	world_end(&w);
	arena_release(&arena);
}

/* A subdomain that fails is spared by sp=none, and stays so: what is spared must not look as if it passed. But nothing of it is
 * lost, be it yours or not decided, so it is in nobody's way. */
static void a_failing_subdomain_is_spared(void **state)
{
	static const struct line senders[] = {
		{ .reporter = "google.com", .address = "198.51.100.9", .host = "mail.news." DOMAIN, .spf = "x.example", .spf_result = "none" },
		{ .reporter = "google.com", .address = "203.0.113.77", .host = "static-77.isp.example" },
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (int run_n = 0; run_n < 4; run_n++) {
		struct line line = senders[run_n / 2];
		bool spared = run_n % 2, fails = false;

		shop(&w, 40);
		line.from = "news." DOMAIN;
		line.n = 30;
		for (line.day = TODAY - 40; line.day < TODAY; line.day++)
			world_add(&w, &line);
		w.rows.published = (struct published){
			.checked = true, .dmarc_records = 1, .spf_records = 1, .spf_all = '~', .policy = { .p = REQUEST_NONE, .pct = 100 }
		};
		w.rows.published.policy.sp = spared ? REQUEST_NONE : REQUEST_ABSENT;
		run(&w, &arena, &v);
		for (size_t i = 0; i < v.decision.gates_n; i++)
			fails |= v.decision.gates[i].number == 11 && v.decision.gates[i].state == GATE_FAILS;
		assert_int_equal(fails, !spared && run_n < 2);
		assert_int_equal(v.decision.word <= VERDICT_READY_WITH_EXCEPTIONS, spared);
		assert_int_equal(v.measures.own_fails + v.measures.undecided == 0, spared);
		assert_int_equal(v.simulations[1].now.refused[run_n / 2 ? FATE_UNDECIDED : FATE_OWN] == 0, spared);
		assert_int_equal(v.next.sp_none, spared || run_n < 2);
		if (v.next.sp_none)
			assert_true(span_starts_nocase(v.next.record, SPAN("v=DMARC1; p=quarantine; sp=none;")));
		world_end(&w);
	}
	arena_release(&arena);
}

/* E71: a sample that passed the shop's own server before a host that nothing else is known of. */
static void samples_that_passed_ones_own_server(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct address hop;
	struct verdict v;
	struct world w;

	(void)state;
	for (int round = 0; round < 3; round++) {
		bool found = false;

		shop(&w, 40);
		world_add(&w, &(struct line){ TODAY - 3, "google.com", "198.51.100.77", "-", DOMAIN, "x.example", "none",
				      NULL, 30, NULL, NULL, 0, 0, false });
		assert_true(address_parse(round == 1 ? SPAN("203.0.113.9") : SPAN("192.0.2.10"), &hop));
		w.samples[w.rows.samples_n++] = (struct observed_sample){ .source = (uint32_t)w.rows.sources_n - 1,
			.header_from = { SPAN(DOMAIN), SPAN(DOMAIN) },
			.trust = round == 2 ? TRUST_1 : TRUST_3,
			.reporter = SPAN("google.com"),
			.hops = &hop,
			.hops_n = 1 };
		run(&w, &arena, &v);
		for (size_t i = 0; i < v.paths_n; i++)
			for (size_t k = 0; k < v.paths[i].class.items_n; k++)
				found |= v.paths[i].class.items[k] == E71;
		assert_int_equal(found, round == 0); /* neither another's server, nor an unauthenticated reporter's word */
		world_end(&w);
	}
	arena_release(&arena);
}

static void a_short_history_is_not_bad_news(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 10);
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_ENOUGH_DATA);
	assert_true(v.measures.never_surprised);
	world_end(&w);
	/* A sender that turned up unsigned six days ago is. */
	shop(&w, 60);
	for (int64_t day = TODAY - 6; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "google.com", "192.0.2.99", "new.shop.example", DOMAIN, DOMAIN,
				      "pass", NULL, 20, NULL, NULL, 0, 0, false });
	run(&w, &arena, &v);
	assert_false(v.measures.never_surprised);
	assert_int_equal(v.measures.quiet_days, 5);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_non_null(alert_of(&v, ALERT_NEW_UNSIGNED));
	world_end(&w);
	arena_release(&arena);
}

static void parked(void **state)
{
	struct arena arena = ARENA((size_t)1 << 26);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	w.options.profile = PROFILE_PARKED;
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_READY);
	assert_true(span_is(v.next.record, SPAN("v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s")));
	world_end(&w);
	shop(&w, 3);
	w.options.profile = PROFILE_PARKED;
	run(&w, &arena, &v);
	assert_non_null(alert_of(&v, ALERT_PARKED_SENDS));
	assert_int_equal(alert_of(&v, ALERT_PARKED_SENDS)->level, LEVEL_CRITICAL);
	assert_false(v.measures.parked);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	world_end(&w);
	arena_release(&arena);
}

static void trust_and_standing(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;
	size_t first;

	(void)state;
	shop(&w, 40);
	first = w.rows.reports_n;
	/* Authenticated but unknown, and seen on too few days; a file; one our border refused; one that cannot be. */
	for (int64_t day = TODAY - 10; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "stranger.example", "198.51.100.66", "-", DOMAIN, NULL, NULL, NULL,
				      900, NULL, NULL, 0, 0, false });
	world_add(&w, &(struct line){ TODAY - 3, "google.com", "198.51.100.66", "-", DOMAIN, NULL, NULL, NULL, 900,
			      NULL, NULL, 0, 0, true });
	world_add(&w, &(struct line){ TODAY - 4, "yahoo.com", "198.51.100.66", "-", DOMAIN, NULL, NULL, NULL, 900, NULL,
			      NULL, 2, CARRIAGE_REFUSED, false });
	world_add(&w, &(struct line){ TODAY - 20, "gmx.net", "198.51.100.66", "-", DOMAIN, NULL, NULL, NULL, 900, NULL,
			      NULL, 12, 0, false });
	w.reports[first + 10].taken = TODAY * DAY_SECONDS;
	run(&w, &arena, &v);
	assert_int_equal(v.reports[first].use, USE_LEAD_STANDING);
	assert_int_equal(v.reports[first].trust, TRUST_3);
	assert_int_equal(v.reports[first + 10].use, USE_LEAD_TRUST);
	assert_int_equal(v.reports[first + 10].trust, TRUST_1);
	assert_int_equal(v.reports[first + 11].use, USE_REFUSED);
	assert_int_equal(v.reports[first + 12].use, USE_IMPOSSIBLE);
	assert_int_equal(v.measures.undecided + v.measures.forged, 0);
	assert_non_null(alert_of(&v, ALERT_UNVERIFIED_LEAD));
	world_end(&w);
	arena_release(&arena);
}

static void an_archive_of_files_counts_but_is_named(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 40; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "google.com", "192.0.2.10", "mail.shop.example", DOMAIN, DOMAIN,
				      "pass", "shop.example/k1/pass", 250, NULL, NULL, 0, 0, true });
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 250 * 35);
	assert_true(verdict_excepts(&v, EXCEPT_UNAUTHENTICATED));
	w.options.trust_strict = true;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 0);
	world_end(&w);
	arena_release(&arena);
}

static void one_receiver_is_one_however_it_came(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 30; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "google.com", "192.0.2.10", "mail.shop.example", DOMAIN, DOMAIN,
				      "pass", "shop.example/k1/pass", 25, NULL, NULL, 0, 0, day < TODAY - 15 });
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 25 * 30);
	assert_int_equal(v.reporters_n, 2);
	assert_int_equal(v.measures.reporters, 1);
	world_end(&w);
	arena_release(&arena);
}

static void repeats_count_once(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;
	size_t first, rows;

	(void)state;
	shop(&w, 40);
	first = w.rows.reports_n;
	rows = w.rows.traffic_n;
	/* Sent again; sent under another id; the same id with a smaller part of the content. */
	for (int i = 0; i < 3; i++) {
		w.reports[first + (size_t)i] = w.reports[first - 2];
		w.traffic[rows + (size_t)i] = w.traffic[rows - 2];
		w.traffic[rows + (size_t)i].report = (uint32_t)first + (uint32_t)i;
	}
	w.reports[first + 1].report_id = SPAN("another");
	w.traffic[rows + 2].count = 7;
	w.rows.reports_n += 3;
	w.rows.traffic_n += 3;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 40 * 35);
	assert_int_equal(v.not_counted[USE_REPEAT], 2);
	assert_int_equal(v.not_counted[USE_CONFLICT], 1);
	world_end(&w);
	arena_release(&arena);
}

static void a_huge_row_is_a_lead(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 40);
	world_add(&w, &(struct line){ TODAY - 2, "google.com", "198.51.100.66", "-", DOMAIN, NULL, NULL, NULL, 5000000,
			      NULL, NULL, 0, 0, false });
	run(&w, &arena, &v);
	assert_int_equal(v.suspicious, 1);
	assert_int_equal(v.measures.undecided + v.measures.forged, 0);
	world_end(&w);
	arena_release(&arena);
}

static void names_need_confirmation(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 40);
	for (int64_t day = TODAY - 30; day < TODAY; day++) {
		world_add(&w, &(struct line){ day, "google.com", "198.51.100.1", "?mail7.mcsv.net", DOMAIN,
				      "evil.example", "pass", NULL, 9, NULL, NULL, 0, 0, false });
		world_add(&w, &(struct line){ day, "google.com", "198.51.100.2", "mail7.mcsv.net", DOMAIN,
				      "mail7.mcsv.net", "pass", NULL, 9, NULL, NULL, 0, 0, false });
		world_add(
			&w, &(struct line){ day, "google.com", "198.51.101.2", "lists.club.example", DOMAIN,
				    "lists.club.example", "pass", "shop.example/k1/fail", 9, NULL, NULL, 0, 0, false });
		world_add(&w, &(struct line){ day, "google.com", "203.0.113.9", "9-113-0-203.dyn.isp.example", DOMAIN,
				      NULL, NULL, NULL, 9, NULL, NULL, 0, 0, false });
	}
	run(&w, &arena, &v);
	assert_non_null(path_named(&v, "evil.example", KIND_THIRD));
	assert_non_null(path_named(&v, "mailchimp", KIND_THIRD));
	assert_non_null(path_named(&v, "203.0.113.0/24", KIND_BARE));
	assert_int_equal(path_named(&v, "club.example", KIND_BROKEN)->fate, FATE_FORWARDED);
	assert_int_equal(path_named(&v, "192.0.2.10", KIND_DIRECT)->fate, FATE_OWN);
	assert_false(path_named(&v, "evil.example", KIND_THIRD)->host_confirmed);
	world_end(&w);
	arena_release(&arena);
}

static void marks_are_final(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 40);
	for (int64_t day = TODAY - 35; day < TODAY; day++)
		world_add(&w, &(struct line){ day, "google.com", "198.51.100.2", "printer.isp.example", DOMAIN, NULL,
				      NULL, NULL, 3, NULL, NULL, 0, 0, false });
	run(&w, &arena, &v);
	assert_int_equal(v.measures.undecided, 105);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_true(v.steps_n && v.steps[0].kind == STEP_DECIDE);
	assert_true(span_is(v.senders[v.steps[0].sender].mark, SPAN("198.51.100.2")));
	world_mark(&w, MARK_OWN, "198.51.100.2");
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own_fails, 105);
	assert_int_equal(v.steps[0].kind, STEP_SIGN_HOST);
	world_mark(&w, MARK_ACCEPT, "isp.example");
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY); /* 7 % are above the budget of G12 */
	w.marks[0].kind = MARK_NOT_OURS;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.forged, 105);
	w.marks[0].expires = TODAY;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.undecided, 105);
	world_end(&w);
	arena_release(&arena);
}

static void a_dead_key_under_enforcement_steps_back(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	w.policy.p = REQUEST_REJECT;
	for (int64_t day = TODAY - 60; day < TODAY; day++)
		world_add(&w, &(struct line){ day, day % 2 ? "google.com" : "yahoo.com", "192.0.2.10", "out.mcsv.net",
				      DOMAIN, "bounce.mcsv.net", "pass",
				      day >= TODAY - 4 ? "shop.example/k1/fail" : "shop.example/k1/pass", 80, NULL,
				      NULL, 0, 0, false });
	run(&w, &arena, &v);
	assert_non_null(alert_of(&v, ALERT_DKIM_LOST));
	assert_int_equal(alert_of(&v, ALERT_DKIM_LOST)->level, LEVEL_CRITICAL);
	assert_int_equal(alert_of(&v, ALERT_DKIM_LOST)->since, TODAY - 4);
	assert_non_null(alert_of(&v, ALERT_FAIL_RISE));
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_int_equal(v.next.kind, NEXT_BACK);
	assert_true(span_is(v.next.record, SPAN("v=DMARC1; p=reject; t=y; pct=0")));
	assert_int_equal(v.steps[0].kind, STEP_REPAIR_SIGNATURE);
	assert_int_equal(v.steps[0].since, TODAY - 4);
	world_end(&w);
	arena_release(&arena);
}

static void records_that_are_wrong(void **state)
{
	static const struct published_key keys[] = { { .domain = SPAN("shop.example"), .selector = SPAN("k1"), .bits = 1024 },
		{ .selector = SPAN("old"), .bits = 512 } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	shop(&w, 60);
	w.rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = w.policy,
		.spf_records = 1,
		.spf_lookups = 11,
		.keys = keys,
		.keys_n = 2 };
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_int_equal(v.measures.record_errors_n, 1);
	assert_true(span_is(v.measures.record_errors[0], SPAN("SPF: more than 10 look-ups")));
	assert_int_equal(v.measures.record_warnings_n, 1); /* `old` is not in use */
	assert_true(span_is(v.measures.record_warnings[0], SPAN("s=k1 1024-bit")));
	world_end(&w);
	arena_release(&arena);
}

static void simulate_strict_and_fixed(void **state)
{
	static const struct span fixed[] = { SPAN("zendesk") };
	const struct policy strict = { .p = REQUEST_REJECT, .pct = 100, .aspf_strict = true };
	const struct words words = { fixed, 1 };
	struct arena arena = ARENA((size_t)1 << 28);
	struct simulation s;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 40; day < TODAY; day++) {
		world_add(&w, &(struct line){ day, "google.com", "192.0.2.10", "mail.shop.example", DOMAIN,
				      "b.shop.example", "pass", NULL, 10, NULL, NULL, 0, 0, false });
		world_add(&w, &(struct line){ day, "yahoo.com", "192.0.3.10", "out.zdsys.com", DOMAIN, "zendesk.com",
				      "pass", NULL, 4, NULL, NULL, 0, 0, false });
	}
	world_mark(&w, MARK_OWN, "zendesk");
	assert_true(assess_simulate(world_rows(&w), &w.options, &strict, 0, NULL, &arena, &s));
	assert_int_equal(s.now.refused[FATE_OWN], 35 * 14);
	assert_true(assess_simulate(world_rows(&w), &w.options, &strict, 7, &words, &arena, &s));
	assert_int_equal(s.now.refused[FATE_OWN], 7 * 10);
	world_end(&w);
	arena_release(&arena);
}

static void reports_over_days_are_spread(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	world_add(&w, &(struct line){ TODAY - 3, "google.com", "192.0.2.10", "mail.shop.example", DOMAIN, DOMAIN,
			      "pass", NULL, 8, NULL, NULL, 3, 0, false });
	run(&w, &arena, &v);
	assert_int_equal(v.days_n, 35);
	assert_int_equal(v.days[32].pass[FATE_OWN], 3);
	assert_int_equal(v.days[33].pass[FATE_OWN], 3);
	assert_int_equal(v.days[34].pass[FATE_OWN], 2);
	assert_int_equal(v.days[34].reporters, 1);
	world_end(&w);
	arena_release(&arena);
}

static void tables_are_read_or_refused(void **state)
{
	static const char *const wrong[] = { "a\tsender\tA\n", "a\tnothing\tA\ta.example\t\t\t\tyes\tno\t\tr\td\n",
		"\tsender\tA\ta.example\t\t\t\tyes\tno\t\tr\td\n", "a\tsender\tA\ta\t\t\t\tyes\tno\t\tr\td\textra\n" };
	struct arena arena = ARENA(10000);
	const struct sender_row *senders;
	const struct known_reporter *reporters;
	struct fault fault;
	size_t n;

	(void)state;
	assert_true(senders_read(
		SPAN("# c\n\na\tgateway\tA b\ta.example, b.example\t_spf.a.example\t\t\tno\t?\there\tr\td"), &arena,
		&senders, &n, &fault));
	assert_int_equal(n, 1);
	assert_int_equal(senders[0].kind, SENDER_GATEWAY);
	assert_int_equal(senders[0].hosts_n, 2);
	assert_true(span_is(senders[0].hosts[1], SPAN("b.example")));
	assert_int_equal(senders[0].own_dkim, CAN_NO);
	assert_int_equal(senders[0].own_bounce, CAN_UNKNOWN);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		fault.kind = FAULT_NONE;
		assert_false(senders_read(span_of(wrong[i]), &arena, &senders, &n, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
	}
	assert_true(reporters_read(SPAN("Op\top.example\tOp*,other\tr\td\r\n"), &arena, &reporters, &n, &fault));
	assert_true(n == 1 && reporters[0].org_names_n == 2);
	assert_false(reporters_read(SPAN("Op\t\t\tr\td\n"), &arena, &reporters, &n, &fault));
	arena_release(&arena);
}

/* A sender of 40 messages on each of these days, counted back from today, beside the shop's own. */
static const struct sender *periodic(
	struct world *w, struct arena *arena, struct verdict *v, const int64_t *ago, size_t n)
{
	shop(w, 300);
	for (size_t i = 0; i < n; i++)
		world_add(w, &(struct line){ TODAY - ago[i], "google.com", "198.51.100.40", "mta.pay.example", DOMAIN,
				     "pay.example", "pass", NULL, 40, NULL, NULL, 0, 0, false });
	run(w, arena, v);
	for (size_t i = 0; i < v->senders_n; i++)
		if (span_is(v->senders[i].subject, SPAN("pay.example")))
			return &v->senders[i];
	return NULL;
}

static void periodic_senders_are_expected(void **state)
{
	/* The 30th: 30 October, 30 September, 31 August; then 5 October, 5 July, 5 April; then weekly, which is
	 * neither. */
	static const int64_t monthly[] = { 22, 52, 82 }, quarterly[] = { 47, 139, 230 },
			     weekly[] = { 1, 8, 15, 22, 29, 36, 43, 50, 57, 64 };
	struct arena arena = ARENA((size_t)1 << 28);
	const struct sender *s;
	struct verdict v;
	struct world w;

	(void)state;
	s = periodic(&w, &arena, &v, monthly, 3);
	assert_true(s && s->monthly && !s->missed);
	assert_int_equal(s->next_day, TODAY + 9); /* 30 November */
	assert_int_equal(s->fate, FATE_UNDECIDED);
	assert_true(v.steps_n && v.steps[0].guess == GUESS_PAYROLL);
	world_end(&w);
	s = periodic(&w, &arena, &v, quarterly, 3);
	assert_true(s && s->quarterly && !s->monthly && s->dates_n == 3);
	assert_int_equal(s->next_day, TODAY - 47 + 91);
	world_end(&w);
	s = periodic(&w, &arena, &v, weekly, 10);
	assert_true(s && !s->quarterly && !s->monthly && s->next_day == MOMENT_NONE);
	world_end(&w);
	s = periodic(&w, &arena, &v, (const int64_t[]){ 45, 75, 106 }, 3);
	assert_true(s && s->monthly && s->missed);
	assert_non_null(alert_of(&v, ALERT_MISSED));
	world_end(&w);
	arena_release(&arena);
}

static void broken_rows_are_refused(void **state)
{
	static const struct observed_traffic traffic[] = { { 7, 0, 0, 1 } };
	struct arena arena = ARENA((size_t)1 << 20);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	w.rows.traffic = traffic;
	w.rows.traffic_n = 1;
	assert_false(assess(&w.rows, &w.options, &arena, &v));
	world_end(&w);
	shop(&w, 40);
	arena = ARENA(20000);
	assert_false(assess(world_rows(&w), &w.options, &arena, &v));
	arena_release(&arena);
	world_end(&w);
}

#define TEXTS 3000

static uint64_t key_of_text(const void *texts, uint32_t index)
{
	return text_key(((const struct span *)texts)[index]);
}

static int order_of_texts(const void *a, const void *b, void *texts)
{
	const struct span *all = texts;

	return span_compare(all[*(const uint32_t *)a], all[*(const uint32_t *)b]);
}

/* Of any number, long and short texts, many of them equal, some only behind what their keys say. */
static void indexes_are_ordered(void **state)
{
	static char octets[TEXTS][12];
	static struct span texts[TEXTS];
	static uint32_t order[TEXTS];
	struct arena scratch = ARENA((size_t)1 << 20);
	uint32_t dice = 1;

	(void)state;
	for (size_t n = 0; n <= TEXTS; n = n < 4 ? n + 1 : n * 3 / 2) {
		for (uint32_t i = 0; i < n; i++) {
			for (size_t k = 0; k < sizeof octets[i]; k++) {
				dice = dice * 1664525 + 1013904223;
				octets[i][k] = k < 7 ? "a\xff"[dice >> 31] : "aab\xff"[dice >> 30];
			}
			dice = dice * 1664525 + 1013904223;
			texts[i] = (struct span){ octets[i], dice >> 24 & 1 ? sizeof octets[i] : dice >> 28 & 7 };
			order[i] = i;
		}
		assert_true(order_indexes(&scratch, order, n, key_of_text, order_of_texts, texts));
		for (size_t i = 1; i < n; i++) {
			int before = span_compare(texts[order[i - 1]], texts[order[i]]);

			assert_true(before < 0 || (before == 0 && order[i - 1] < order[i]));
		}
		arena_clear(&scratch);
	}
	arena_release(&scratch);
	assert_true(key_halves(1, UINT64_MAX) < key_halves(2, 0));
	assert_true(key_halves(UINT32_MAX, 5) == key_halves(UINT64_MAX, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),
		cmocka_unit_test(classes),
		cmocka_unit_test(evidence_table_is_whole),
		cmocka_unit_test(policies),
		cmocka_unit_test(limits_are_settable_and_shown),
		cmocka_unit_test(steady_shop_is_ready),
		cmocka_unit_test(reject_needs_the_stage_and_the_owners_word_on_lists),
		cmocka_unit_test(nothing_is_never_ready),
		cmocka_unit_test(a_failing_subdomain_is_spared),
		cmocka_unit_test(samples_that_passed_ones_own_server),
		cmocka_unit_test(a_short_history_is_not_bad_news),
		cmocka_unit_test(parked),
		cmocka_unit_test(trust_and_standing),
		cmocka_unit_test(an_archive_of_files_counts_but_is_named),
		cmocka_unit_test(one_receiver_is_one_however_it_came),
		cmocka_unit_test(repeats_count_once),
		cmocka_unit_test(a_huge_row_is_a_lead),
		cmocka_unit_test(names_need_confirmation),
		cmocka_unit_test(marks_are_final),
		cmocka_unit_test(a_dead_key_under_enforcement_steps_back),
		cmocka_unit_test(records_that_are_wrong),
		cmocka_unit_test(simulate_strict_and_fixed),
		cmocka_unit_test(reports_over_days_are_spread),
		cmocka_unit_test(tables_are_read_or_refused),
		cmocka_unit_test(periodic_senders_are_expected),
		cmocka_unit_test(broken_rows_are_refused),
		cmocka_unit_test(indexes_are_ordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
