/* Which reports count: every rule just within its limit, and just beyond. */
#include "tests/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TODAY 20778
#define DOMAIN "shop.example"

/* A report of one row, so many days back; the index of the report. */
static size_t report_add(struct world *w, const char *reporter, int64_t back, uint64_t n)
{
	size_t before = w->rows.reports_n;

	world_add(w, &(struct line){ TODAY - back, reporter, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN, "pass",
			     DOMAIN "/k1/pass", n, NULL, NULL, 0, 0, false });
	return w->rows.reports_n > before ? before : w->rows.reports_n - 1;
}

/* What the receiver says it made of the row last added: the other way round from what its results say. */
static void row_disagrees(struct world *w)
{
	w->auths[w->rows.auths_n - 1].evaluated = true;
}

static void run(struct world *w, struct arena *arena, struct verdict *v)
{
	arena_clear(arena);
	assert_true(assess(world_rows(w), &w->options, arena, v));
}

static enum standing standing_of(const struct verdict *v, const char *name)
{
	for (size_t i = 0; i < v->reporters_n; i++)
		if (span_is(v->reporters[i].identity, span_of(name)))
			return v->reporters[i].standing;
	fail_msg("no reporter %s", name);
	return STANDING_NEW;
}

/* Days back of a stranger's reports, and the standing they give it. */
static void standing_takes_days(void **state)
{
	static const struct {
		int64_t back[6];
		enum standing standing;
	} rows[] = {
		{ { 14, 10, 5, 1 }, STANDING_ESTABLISHED },
		{ { 13, 10, 5, 1 }, STANDING_NEW }, /* thirteen days */
		{ { 14, 5, 1 }, STANDING_NEW },	    /* three of them */
		{ { 14, 5, 5, 1 }, STANDING_NEW },
		{ { 1, 5, 14, 10 }, STANDING_ESTABLISHED },
		{ { 200, 190, 180, 170 }, STANDING_ESTABLISHED },
	};
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		for (size_t k = 0; k < 6 && rows[i].back[k]; k++)
			report_add(&w, "stranger.example", rows[i].back[k], 10);
		run(&w, &arena, &v);
		if (standing_of(&v, "stranger.example") != rows[i].standing)
			fail_msg("%zu: %s", i, standing_word(standing_of(&v, "stranger.example")));
		world_end(&w);
	}
	arena_release(&arena);
}

/* One report that cannot be, and its reporter has no standing; one that came damaged or late is only left out. Who is
 * refused at one's own border only claims to be that reporter. */
static void standing_is_lost_by_one(void **state)
{
	static const struct {
		int64_t arrived, end; /* days after its begin */
		bool recovered;
		enum carriage carriage;
		enum report_use use;
		enum standing standing;
	} rows[] = {
		{ 60, 1, false, CARRIAGE_SIGNED, USE_COUNTED, STANDING_ESTABLISHED },
		{ 61, 1, false, CARRIAGE_SIGNED, USE_IMPOSSIBLE, STANDING_ESTABLISHED },
		{ 1, 1, true, CARRIAGE_SIGNED, USE_IMPOSSIBLE, STANDING_ESTABLISHED },
		{ 1, 3, false, CARRIAGE_SIGNED, USE_IMPOSSIBLE, STANDING_NEW },
		{ 1, 0, false, CARRIAGE_SIGNED, USE_IMPOSSIBLE, STANDING_NEW },
		{ 61, 0, false, CARRIAGE_SIGNED, USE_IMPOSSIBLE, STANDING_NEW },
		{ 1, 3, false, CARRIAGE_UNSIGNED, USE_IMPOSSIBLE, STANDING_ESTABLISHED },
		{ 1, 1, false, CARRIAGE_REFUSED, USE_REFUSED, STANDING_ESTABLISHED },
	};
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct observed_report *r;
		struct verdict v;
		struct world w;
		size_t report;

		world_begin(&w, DOMAIN, TODAY);
		for (int64_t back = 1; back <= 20; back++)
			report_add(&w, "stranger.example", back, 10);
		report = report_add(&w, "stranger.example", 25, 10);
		r = &w.reports[report];
		r->carriage = rows[i].carriage;
		r->recovered = rows[i].recovered;
		r->arrived = r->begin + rows[i].arrived * DAY_SECONDS;
		r->end = r->begin + rows[i].end * DAY_SECONDS;
		if (rows[i].carriage != CARRIAGE_SIGNED)
			r->author = (struct domain_name){ SPAN_ABSENT, SPAN_ABSENT };
		run(&w, &arena, &v);
		assert_int_equal(v.reports[report].use, rows[i].use);
		assert_int_equal(standing_of(&v, "stranger.example"), rows[i].standing);
		world_end(&w);
	}
	arena_release(&arena);
}

/* One in twenty may be judged otherwise than its results say; the rows of others do not matter. */
static void standing_takes_agreement(void **state)
{
	static const struct {
		uint64_t otherwise;
		enum standing standing;
	} rows[] = { { 0, STANDING_ESTABLISHED }, { 10, STANDING_ESTABLISHED }, { 11, STANDING_NEW } };
	static const char *const names[] = { "aardvark.example", "stranger.example", "zebra.example" };
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t bad = 0; bad < 3; bad++) {
			struct verdict v;
			struct world w;

			world_begin(&w, DOMAIN, TODAY);
			for (int64_t back = 20; back >= 1; back--)
				for (size_t k = 0; k < 3; k++) {
					bool other = k == bad && back == 3 && rows[i].otherwise;

					report_add(&w, names[k], back, other ? 10 - (rows[i].otherwise - 1) % 10 : 10);
					if (other)
						report_add(&w, names[k], back, rows[i].otherwise), row_disagrees(&w);
				}
			run(&w, &arena, &v);
			for (size_t k = 0; k < 3; k++)
				assert_int_equal(standing_of(&v, names[k]),
					k == bad ? rows[i].standing : STANDING_ESTABLISHED);
			world_end(&w);
		}
	arena_release(&arena);
}

/* A report is about the past, and not about a past that is too long ago. */
static void times_are_possible(void **state)
{
	static const struct {
		int64_t begin, end, arrived; /* seconds after the day began */
		bool possible;
	} rows[] = {
		{ 0, DAY_SECONDS, DAY_SECONDS, true },
		{ 0, DAY_SECONDS, 0, true },
		{ 0, DAY_SECONDS, -1, false }, /* ends more than a day after it came */
		{ 0, DAY_SECONDS, 60 * DAY_SECONDS, true },
		{ 0, DAY_SECONDS, 60 * DAY_SECONDS + 1, false },
		{ 0, DAY_SECONDS, MOMENT_NONE, true },
		{ 0, 8 * DAY_SECONDS, 8 * DAY_SECONDS, true },
		{ 0, 8 * DAY_SECONDS + 1, 8 * DAY_SECONDS, false },
		{ 0, 1, DAY_SECONDS, true },
		{ 0, 0, DAY_SECONDS, false },
		{ 1, 0, DAY_SECONDS, false },
		{ MOMENT_NONE, DAY_SECONDS, DAY_SECONDS, false },
		{ 0, MOMENT_NONE, DAY_SECONDS, false },
	};
	struct arena arena = ARENA((size_t)1 << 28);
	const int64_t day = (TODAY - 100) * (int64_t)DAY_SECONDS;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		report_add(&w, "google.com", 100, 10);
		w.reports[0].begin = rows[i].begin == MOMENT_NONE ? MOMENT_NONE : day + rows[i].begin;
		w.reports[0].end = rows[i].end == MOMENT_NONE ? MOMENT_NONE : day + rows[i].end;
		w.reports[0].arrived = rows[i].arrived == MOMENT_NONE ? MOMENT_NONE : day + rows[i].arrived;
		run(&w, &arena, &v);
		if (v.reports[0].use != (rows[i].possible ? USE_COUNTED : USE_IMPOSSIBLE))
			fail_msg("%zu: %s", i, report_use_word(v.reports[0].use));
		world_end(&w);
	}
	arena_release(&arena);
}

/* More than a million, and more than fifty times the busiest day before, is a lead. */
static void counts_are_plausible(void **state)
{
	static const struct {
		uint64_t before, count;
		bool lead;
	} rows[] = {
		{ 0, 1000000, false },
		{ 0, 1000001, true },
		{ 20000, 1000001, true },
		{ 20001, 1000001, false },
		{ 30000, 1500000, false },
		{ 30000, 1500001, true },
	};
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		report_add(&w, "yahoo.com", 30, 40000);
		report_add(&w, "google.com", 20, 5);
		if (rows[i].before) {
			report_add(&w, "google.com", 12, rows[i].before - 1);
			report_add(&w, "google.com", 12, 1);
			report_add(&w, "google.com", 11, 5);
		}
		report_add(&w, "google.com", 10, rows[i].count);
		run(&w, &arena, &v);
		if (v.suspicious != rows[i].lead)
			fail_msg("%zu: %llu", i, (unsigned long long)v.suspicious);
		world_end(&w);
	}
	arena_release(&arena);
}

/* Files count until the first authenticated report was taken: not those taken with it, nor after it. */
static void files_count_until_something_better_comes(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t back = 6; back >= 4; back--)
		w.reports[report_add(&w, "Outlook.com", back, 10)].carriage = CARRIAGE_FILE;
	report_add(&w, "google.com", 3, 10);
	w.reports[0].taken = w.reports[3].taken - 1;
	w.reports[1].taken = w.reports[3].taken;
	w.reports[2].taken = w.reports[3].taken + 1;
	run(&w, &arena, &v);
	assert_int_equal(v.reports[0].use, USE_COUNTED);
	assert_int_equal(v.reports[1].use, USE_LEAD_TRUST);
	assert_int_equal(v.reports[2].use, USE_LEAD_TRUST);
	assert_int_equal(v.reports[3].use, USE_COUNTED);
	/* A stranger's signature ends nothing. */
	w.reports[3].author = w.reports[3].email = (struct domain_name){ SPAN("x.example"), SPAN("x.example") };
	run(&w, &arena, &v);
	assert_int_equal(v.reports[2].use, USE_COUNTED);
	assert_int_equal(v.reports[3].use, USE_LEAD_STANDING);
	w.options.trust_strict = true;
	run(&w, &arena, &v);
	assert_int_equal(v.reports[2].use, USE_LEAD_TRUST);
	world_end(&w);
	arena_release(&arena);
}

static void send(struct world *w, int every, const char *reporter, const char *address, const char *host, bool sound, uint64_t n)
{
	for (int64_t day = TODAY - 120; day < TODAY; day += every)
		world_add(w, &(struct line){ day, reporter, address, host, DOMAIN, DOMAIN, sound ? "pass" : "fail",
				     sound ? DOMAIN "/k1/pass" : NULL, n, NULL, NULL, 0, 0, false });
}

/* A fifth of the evidence at most; in what a step promises, too. */
static void a_stranger_is_no_crowd(void **state)
{
	static const struct {
		const char *reporter;
		uint64_t evidence;
	} rows[] = { { "yahoo.com", 2100 }, { "stranger.example", 1050 + 1050 / 4 } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_begin(&w, DOMAIN, TODAY);
		send(&w, 1, "google.com", "192.0.2.10", "mail." DOMAIN, true, 30);
		send(&w, 1, rows[i].reporter, "192.0.2.10", "mail." DOMAIN, true, 30);
		w.options.window_fixed = true;
		run(&w, &arena, &v);
		assert_int_equal(v.measures.own_evidence, rows[i].evidence);
		world_end(&w);
	}
	world_begin(&w, DOMAIN, TODAY);
	send(&w, 1, "google.com", "192.0.2.10", "mail." DOMAIN, true, 30);
	send(&w, 1, "yahoo.com", "192.0.2.10", "mail." DOMAIN, true, 30);
	send(&w, 1, "google.com", "192.0.2.20", "billing." DOMAIN, false, 10);
	send(&w, 7, "stranger.example", "192.0.2.30", "printer." DOMAIN, false, 1);
	run(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_true(v.steps_n > 1);
	assert_true(span_is(v.steps[0].subject, SPAN("192.0.2.20")));
	assert_int_equal(v.steps[0].after, VERDICT_READY_WITH_EXCEPTIONS);
	assert_true(v.steps[1].later && span_is(v.steps[1].subject, SPAN("192.0.2.30")));
	world_end(&w);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standing_takes_days),
		cmocka_unit_test(standing_is_lost_by_one),
		cmocka_unit_test(standing_takes_agreement),
		cmocka_unit_test(times_are_possible),
		cmocka_unit_test(counts_are_plausible),
		cmocka_unit_test(a_stranger_is_no_crowd),
		cmocka_unit_test(files_count_until_something_better_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
