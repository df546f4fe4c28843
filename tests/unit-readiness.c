/* What people read of a verdict: shares and days in words, what a pen lets through, the rows behind a source, what an
 * id finds, the order of all domains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/moment.h"
#include "report/assess/detail.h"
#include "report/explain.h"
#include "report/overview.h"
#include "report/pen.h"
#include "report/readiness_words.h"
#include "report/reporters.h"
#include "tests/readiness-worlds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct style plain = { .utf8 = true, .width = 80 };
static const struct style ascii = { .width = 80 };
static const struct style color = { .color = true, .utf8 = true, .width = 80 };

struct scene {
	struct world world;
	struct arena arena;
	struct verdict verdict;
	struct assessment a;
};

static void scene_begin(struct scene *scene, void (*make)(struct world *world))
{
	scene->arena = ARENA((size_t)1 << 30);
	make(&scene->world);
	assert_true(assess(world_rows(&scene->world), &scene->world.options, &scene->arena, &scene->verdict));
	scene->a = (struct assessment){ &scene->world.rows, &scene->world.options, &scene->verdict };
}

static void scene_end(struct scene *scene)
{
	arena_release(&scene->arena);
	world_end(&scene->world);
}

static void ratios_never_round_to_nothing(void **state)
{
	(void)state;
	assert_string_equal(ratio_text(0).p, "0 %");
	assert_string_equal(ratio_text(1e-9).p, "0.01 %");
	assert_string_equal(ratio_text(0.00074).p, "0.08 %");
	assert_string_equal(ratio_text(0.001).p, "0.1 %");
	assert_string_equal(ratio_text(0.0221).p, "2.2 %");
	assert_string_equal(ratio_text(0.99999).p, "> 99.9 %");
	assert_string_equal(ratio_text(1).p, "100 %");
	assert_string_equal(ratio_text(-1).p, "0 %");
}

static int64_t day_of(int64_t year, unsigned month, unsigned day)
{
	return moment_day(moment_from_civil(year, month, day));
}

static void weeks_are_those_of_the_calendar(void **state)
{
	(void)state;
	assert_string_equal(weekday_text(day_of(2026, 11, 20)).p, "Fri 20 Nov");
	assert_string_equal(weekday_text(day_of(1969, 12, 31)).p, "Wed 31 Dec");
	assert_string_equal(weekday_text(INT64_MAX).p, "?");
	assert_int_equal(day_week(day_of(2026, 11, 20)), 47);
	assert_int_equal(day_week(day_of(2027, 1, 1)), 53); /* a Friday: still in the last week of 2026 */
	assert_int_equal(day_week(day_of(2024, 12, 30)), 1);
	assert_int_equal(day_week(day_of(2026, 1, 1)), 1);
	assert_int_equal(day_week(INT64_MIN), 0);
}

static void flat_rows_look_flat(void **state)
{
	static const uint64_t flat[] = { 7, 7, 7 }, rising[] = { 0, 1, 2, UINT64_MAX }, nothing[] = { 0, 0 };
	struct buf out = BUF(256);

	(void)state;
	style_spark(&out, &plain, flat, 3);
	assert_string_equal(buf_text(&out), "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88");
	buf_clear(&out);
	style_spark(&out, &ascii, rising, 4);
	assert_string_equal(buf_text(&out), "...#");
	buf_clear(&out);
	style_spark(&out, &ascii, nothing, 2);
	assert_string_equal(buf_text(&out), "..");
	buf_release(&out);
}

static void columns_are_what_a_terminal_shows(void **state)
{
	(void)state;
	assert_int_equal(style_columns(SPAN("abc")), 3);
	assert_int_equal(style_columns(SPAN("\033[1;31mabc\033[0m")), 3);
	assert_int_equal(style_columns(SPAN("\xe6\x97\xa5\xe6\x9c\xac")), 4);
	assert_int_equal(style_columns(SPAN("e\xcc\x81")), 1);
	assert_int_equal(style_columns(SPAN("\xff\xfe")), 2);
	assert_int_equal(style_columns(SPAN("\033[")), 0);
}

/* A colour takes no room, a number keeps its `%`, a word that fits no line is cut. */
static void paragraphs_know_colours_and_shares(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct style narrow = { .color = true, .width = 12 };

	(void)state;
	style_paragraph(out, &narrow, 2, SPAN("\033[1;31m1234567\033[0m x 2.2 % abcdefghijklmnopq"));
	fclose(out);
	assert_string_equal(text, "  \033[1;31m1234567\033[0m x\n  2.2 %\n  abcdefghij\n  klmnopq\n");
	free(text);
}

static void a_pen_escapes_in_its_own_way(void **state)
{
	struct buf out = BUF(4096);
	struct pen page = { &out, &plain, PEN_HTML }, terminal = { &out, &plain, PEN_TERMINAL };
	struct pen bare = { &out, &ascii, PEN_TERMINAL };

	(void)state;
	pen_name(&page, SPAN("<b a=\"'&\">\033\xe2\x80\xae\xff\xe6\x97\xa5"));
	assert_string_equal(buf_text(&out), "&lt;b a=&quot;&#39;&amp;&quot;&gt;\\x1B\\u{202E}\\xFF\xe6\x97\xa5");
	buf_clear(&out);
	pen_say(&page, "2.2 %% of <all>");
	assert_string_equal(buf_text(&out), "2.2&nbsp;% of &lt;all&gt;");
	buf_clear(&out);
	pen_code(&page, SPAN("p=none"));
	pen_begin(&page, INK_BAD);
	pen_end(&page, INK_BAD);
	assert_string_equal(buf_text(&out), "<code>p=none</code><b class=\"lost\"></b>");
	buf_clear(&out);
	pen_name(&terminal, SPAN("a\033[31m\xe6\x97\xa5"));
	assert_string_equal(buf_text(&out), "a\\x1B[31m\xe6\x97\xa5");
	buf_clear(&out);
	pen_name(&bare, SPAN("\xe6\x97\xa5"));
	pen_path(&bare, SPAN("A > B >"));
	assert_string_equal(buf_text(&out), "\\u{65E5}A > B >");
	buf_clear(&out);
	pen_path(&page, SPAN("A > B<C > D"));
	assert_string_equal(buf_text(&out), "A \xe2\x80\xba B&lt;C \xe2\x80\xba D");
	buf_release(&out);
}

static void long_names_are_cut_between_characters(void **state)
{
	struct buf out = BUF(4096);
	struct pen pen = { &out, &color, PEN_TERMINAL };
	char name[PEN_NAME_OCTETS + 2];

	(void)state;
	memset(name, 'x', sizeof name);
	memcpy(name + PEN_NAME_OCTETS - 1, "\xe6\x97\xa5", 3);
	pen_host(&pen, (struct span){ name, sizeof name });
	assert_int_equal(out.n, PEN_NAME_OCTETS - 1 + 3);
	assert_memory_equal(buf_text(&out) + PEN_NAME_OCTETS - 1, "\xe2\x80\xa6", 3);
	buf_release(&out);
}

/* Whatever way the rows behind the sources are added up, it is the same mail. */
static void details_add_up(void **state)
{
	struct scene scene;
	struct arena arena = ARENA((size_t)1 << 28);
	struct detailer *detailer;
	uint64_t all = 0, fails = 0, paths = 0, failing = 0;

	(void)state;
	scene_begin(&scene, world_manifold);
	detailer = detail_begin(&scene.world.rows, &scene.verdict, &arena);
	assert_non_null(detailer);
	for (uint32_t i = 0; i < scene.verdict.sources_n; i++) {
		struct detail d, again;
		uint64_t reports = 0, addresses = 0;

		assert_true(detail_take(detailer, i, SPAN_ABSENT, &arena, &d));
		assert_true(detail_take(detailer, i, SPAN_ABSENT, &arena, &again));
		assert_int_equal(d.messages, again.messages);
		for (size_t k = 0; k < d.reports_n; k++)
			reports += d.reports[k].messages;
		for (size_t k = 0; k < d.addresses_n; k++)
			addresses += d.addresses[k].messages;
		assert_int_equal(reports, d.messages);
		assert_int_equal(addresses, d.messages);
		assert_int_equal(d.delivered + d.spam + d.refused, d.fails);
		all += d.messages;
		fails += d.fails;
	}
	for (size_t i = 0; i < scene.verdict.paths_n; i++) {
		const struct path *path = &scene.verdict.paths[i];

		paths += path->pooled == NO_INDEX ? path->messages : 0;
		failing += path->pooled == NO_INDEX && path_kind_fails(path->kind) ? path->messages : 0;
	}
	assert_true(all > 0 && fails > 0);
	assert_int_equal(all, paths);
	assert_int_equal(fails, failing);
	scene_end(&scene);
	arena_release(&arena);
}

static void keys_and_receivers_have_their_days(void **state)
{
	struct scene scene;
	struct arena arena = ARENA((size_t)1 << 28);
	const struct key_days *days;
	struct detailer *detailer;
	bool there[180];
	uint64_t valid = 0, broken = 0;

	(void)state;
	scene_begin(&scene, world_breaking);
	detailer = detail_begin(&scene.world.rows, &scene.verdict, &arena);
	days = detail_keys(detailer, &arena);
	assert_non_null(days);
	for (size_t i = 0; i < scene.verdict.keys_n; i++) {
		for (unsigned k = 0; k < scene.verdict.window; k++) {
			valid += days[i].valid[k];
			broken += days[i].broken[k];
		}
		if (span_is(scene.verdict.keys[i].selector, SPAN("shop"))) {
			assert_true(days[i].valid[scene.verdict.window - 6] > 0);
			assert_int_equal(days[i].broken[scene.verdict.window - 6], 0);
			assert_int_equal(days[i].valid[scene.verdict.window - 5], 0);
			assert_true(days[i].broken[scene.verdict.window - 5] > 0);
		}
	}
	assert_int_equal(valid + broken, scene.verdict.measures.own);
	assert_int_equal(broken, scene.verdict.measures.own_fails);
	detail_reporter_days(detailer, 0, there);
	for (unsigned k = 0; k < scene.verdict.window; k++)
		assert_true(there[k]);
	scene_end(&scene);
	arena_release(&arena);
}

static void whatever_is_printed_can_be_asked_for(void **state)
{
	static const struct span asked[] = { SPAN("zendesk"), SPAN("ZENDESK"), SPAN("203.0.113.20"),
		SPAN("::ffff:203.0.113.20"), SPAN("out1.zdsys.com") };
	uint32_t sources[EXPLAIN_SOURCES], reports[EXPLAIN_REPORTS];
	struct span header_from;
	struct scene scene;

	(void)state;
	scene_begin(&scene, world_manifold);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		assert_int_equal(explain_find_sources(&scene.a, asked[i], sources, &header_from), 1);
		assert_true(span_is(scene.verdict.sources[sources[0]].id, SPAN("zendesk")));
	}
	assert_int_equal(explain_find_sources(&scene.a, SPAN("nobody"), sources, &header_from), 0);
	assert_int_equal(explain_find_sources(&scene.a, SPAN(""), sources, &header_from), 0);
	for (size_t i = 0; i < scene.verdict.senders_n; i++)
		assert_true(
			explain_find_sources(&scene.a, scene.verdict.senders[i].subject, sources, &header_from) > 0);
	assert_int_equal(explain_find_reports(&scene.a, scene.world.reports[0].report_id, reports), 1);
	assert_int_equal(reports[0], 0);
	scene_end(&scene);
}

static void the_worst_comes_first(void **state)
{
	static void (*const makes[])(struct world *) = { world_in_force, world_thin, world_ready, world_breaking };
	static const enum verdict_word order[] = { VERDICT_NOT_READY, VERDICT_NOT_ENOUGH_DATA,
		VERDICT_READY_WITH_EXCEPTIONS, VERDICT_READY };
	struct overview overview = OVERVIEW;

	(void)state;
	for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
		struct scene scene;

		scene_begin(&scene, makes[i]);
		assert_true(overview_add(&overview, &scene.a));
		scene_end(&scene);
	}
	overview_sort(&overview);
	assert_int_equal(overview.n, 4);
	for (size_t i = 0; i < overview.n; i++)
		assert_int_equal(overview.lines[i].word, order[i]);
	assert_int_equal(overview.lines[0].own_fails, 300);
	assert_true(overview.lines[3].in_force);
	overview_release(&overview);
}

/* A full disk is not printed over. */
/* A service that signs nine of ten messages as its owner. */
static void make_partly_signed(struct world *world)
{
	world_begin(world, "example.com", WORLD_TODAY);
	for (int64_t day = WORLD_TODAY - 60; day < WORLD_TODAY; day++)
		for (int i = 0; i < 2; i++)
			world_add(world, &(struct line){ day, "google.com", "198.2.128.77", "mail77.mcsv.net", "example.com",
						 "mail77.mcsv.net", "pass",
						 i ? "mcsv.net/m/pass" : "example.com/k2/pass,mcsv.net/m/pass", i ? 3 : 27,
						 NULL, NULL, 0, 0, false });
}

static void nobody_is_told_that_he_never_signs_who_does(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_partly_signed);
	assert_int_equal(scene.verdict.steps[0].kind, STEP_ENABLE_DKIM);
	words_step_title(&pen, &scene.a, &scene.verdict.steps[0]);
	buf_put_text(&text, ". ");
	words_step_reason(&pen, &scene.a, &scene.verdict.steps[0]);
	assert_string_equal(buf_text(&text), "Switch on DKIM for your domain at Mailchimp, for all of its mail. "
					     "105 of its 1,050 messages are not signed by you.");
	buf_release(&text);
	scene_end(&scene);
}

/* A service that nobody knows; it signs as its owner since ten days before the end, or not at all. */
static void unknown_service(struct world *world, bool mended)
{
	world_begin(world, "example.com", WORLD_TODAY);
	for (int64_t day = WORLD_TODAY - 60; day < WORLD_TODAY; day++)
		for (int i = 0; i < 2; i++)
			world_add(world, &(struct line){ day, i ? "google.com" : "yahoo.com", "198.51.100.130", "out.crm.example",
						 "example.com", "crm.example", "pass",
						 mended && day >= WORLD_TODAY - 10 ? "example.com/k2/pass,crm.example/m/pass"
										   : "crm.example/m/pass",
						 20, NULL, NULL, 0, 0, false });
	world_mark(world, MARK_OWN, "crm.example");
}

static void make_unmended(struct world *world)
{
	unknown_service(world, false);
}

static void make_mended(struct world *world)
{
	unknown_service(world, true);
}

/* As the lists, the mail and the page put it together. */
static void say_step(const struct pen *pen, const struct scene *scene)
{
	const struct step *step = &scene->verdict.steps[0];

	words_status(pen, &scene->a);
	pen_say(pen, ". ");
	words_step_title(pen, &scene->a, step);
	pen_say(pen, ". ");
	words_step_figure(pen, &scene->a, step);
	pen_say(pen, ". ");
	words_step_reason(pen, &scene->a, step);
	pen_say(pen, " ");
	words_step_action(pen, &scene->a, step);
}

static void a_service_has_settings_and_no_daemon(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_unmended);
	say_step(&pen, &scene);
	assert_string_equal(buf_text(&text),
		"for p=quarantine: 1 sender to fix. Switch on DKIM for your domain at crm.example. 280 a week, all fail. "
		"Signs and bounces as crm.example, never as you. "
		"Look for DKIM or domain authentication in its settings, or ask who runs it; publish the records it shows.");
	buf_release(&text);
	scene_end(&scene);
}

static void what_is_repaired_only_needs_time(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_mended);
	say_step(&pen, &scene);
	assert_string_equal(buf_text(&text),
		"for p=quarantine: 1 repaired sender to wait for. "
		"Wait: crm.example seems repaired. 1,000 of 1,400 failed, the last on Tue 10 Nov.  "
		"Only time is needed: its old mail counts until Wed 16 Dec.");
	buf_clear(&text);
	words_first(&pen, &scene.a);
	assert_string_equal(buf_text(&text), "Wait: crm.example seems repaired. Only time is needed: its old mail counts until "
					     "Wed 16 Dec. Until then keep p=none.");
	buf_release(&text);
	scene_end(&scene);
}

static void make_payroll(struct world *world)
{
	world_begin(world, "example.com", WORLD_TODAY);
	for (int64_t day = WORLD_TODAY - 120; day < WORLD_TODAY; day++)
		world_add(world, &(struct line){ day, "google.com", "192.0.2.10", "mail.example.com", "example.com", "example.com",
					 "pass", "example.com/k1/pass", 30, NULL, NULL, 0, 0, false });
	for (int i = 0; i < 4; i++)
		world_add(world, &(struct line){ day_of(2026, 11 - (unsigned)i, 17), "google.com", "192.0.2.200", "pay.example",
					 "example.com", NULL, NULL, NULL, 60, NULL, NULL, 0, 0, false });
	world_mark(world, MARK_OWN, "192.0.2.200");
}

/* Two runs are in the window; neither is "24 a week", and one has not twice its mail. */
static void monthly_mail_has_days_and_no_rate(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_payroll);
	words_step_figure(&pen, &scene.a, &scene.verdict.steps[0]);
	assert_string_equal(buf_text(&text), "60 on 17 Nov, as on 17 Oct and 17 Sep, all fail");
	buf_release(&text);
	scene_end(&scene);
}

/* Two days ago the key went: too little is unsigned yet for a step of its own. */
static void make_keyless(struct world *world)
{
	static const struct published_key key = { .domain = SPAN("example.com"), .selector = SPAN("k1"), .missing = true };

	world_begin(world, "example.com", WORLD_TODAY);
	for (int64_t day = WORLD_TODAY - 60; day < WORLD_TODAY; day++)
		world_add(world, &(struct line){ day, "google.com", "192.0.2.10", "mail.example.com", "example.com", "example.com",
					 "pass", day < WORLD_TODAY - 2 ? "example.com/k1/pass" : "example.com/k1/permerror", 30,
					 NULL, NULL, 0, 0, false });
	world->rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = { .p = REQUEST_NONE, .pct = 100 },
		.spf_records = 1,
		.keys = &key,
		.keys_n = 1 };
}

static void an_alert_says_what_to_do(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_keyless);
	assert_int_equal(scene.verdict.alerts[0].kind, ALERT_DKIM_LOST);
	words_alert_action(&pen, &scene.a, &scene.verdict.alerts[0]);
	assert_string_equal(buf_text(&text), "Publish k1._domainkey.example.com, or sign with a key that is there.");
	buf_release(&text);
	scene_end(&scene);
}

/* Bills are sent every 91 days, and fail each time. */
static void make_quarterly(struct world *world)
{
	world_begin(world, "example.com", WORLD_TODAY);
	world->policy = (struct policy){ .p = REQUEST_QUARANTINE, .pct = 100 };
	for (int64_t day = WORLD_TODAY - 300; day < WORLD_TODAY; day++) {
		world_add(world, &(struct line){ day, "google.com", "192.0.2.10", "mail.example.com", "example.com", "example.com", "pass",
					 "example.com/k1/pass", 30, NULL, NULL, 0, 0, false });
		if ((WORLD_TODAY - day) % 91 == 3)
			world_add(world, &(struct line){ day, "google.com", "192.0.2.30", "bills.example.com", "example.com", NULL, NULL, NULL, 40,
						 NULL, NULL, 0, 0, false });
	}
	world_mark(world, MARK_OWN, "192.0.2.30");
}

static void a_run_is_compared_with_nothing(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_quarterly);
	assert_int_equal(scene.verdict.alerts[0].kind, ALERT_FAIL_RISE);
	words_alert(&pen, &scene.a, &scene.verdict.alerts[0]);
	assert_string_equal(buf_text(&text), "failing 100 %, since Wed 18 Nov, 40 messages under an enforced policy");
	buf_release(&text);
	scene_end(&scene);
}

static void make_strict(struct world *world)
{
	world_begin(world, "example.com", WORLD_TODAY);
	world->policy.adkim_strict = true;
	for (int64_t day = WORLD_TODAY - 60; day < WORLD_TODAY; day++)
		world_add(world, &(struct line){ day, "google.com", "198.2.128.77", "mail77.mcsv.net", "example.com",
					 "mail77.mcsv.net", "pass", "mail.example.com/k2/pass", 30, NULL, NULL, 0, 0,
					 false });
}

static void a_valid_signature_is_not_called_broken(void **state)
{
	struct buf text = BUF(4096);
	struct pen pen = { &text, &ascii, PEN_TERMINAL };
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_strict);
	assert_int_equal(scene.verdict.steps[0].kind, STEP_REPAIR_SIGNATURE);
	words_step_figure(&pen, &scene.a, &scene.verdict.steps[0]);
	buf_put_text(&text, ". ");
	words_step_action(&pen, &scene.a, &scene.verdict.steps[0]);
	assert_string_equal(buf_text(&text), "key k2 is valid, but not that of example.com itself, as adkim=s wants. "
					     "Let it sign with d=example.com, or publish adkim=r.");
	buf_release(&text);
	scene_end(&scene);
}

/* Two reports; the one of receiver.example ends before it begins, and is all that this receiver sent. */
static void make_clockless(struct world *world)
{
	world_ready(world);
	world_add(world, &(struct line){ WORLD_TODAY - 1, "receiver.example", "198.2.128.77", "mail77.mcsv.net", "example.com",
				 "mail77.mcsv.net", "pass", "example.com/k2/pass", 30, NULL, NULL, 0, 0, false });
	world->reports[world->rows.reports_n - 1].end = 0;
}

static void who_sends_impossible_dates_is_listed(void **state)
{
	const struct problem_list none = PROBLEM_LIST;
	const struct listed_reporter *row = NULL;
	struct reporter_list list;
	uint64_t impossible = 0;
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_clockless);
	assert_true(reporter_list_make(&scene.a, &none, &list));
	for (size_t i = 0; i < list.n; i++) {
		impossible += list.rows[i].uses[USE_IMPOSSIBLE];
		if (span_is(list.rows[i].reporter->identity, SPAN("receiver.example")))
			row = &list.rows[i];
	}
	assert_int_equal(impossible, 1);
	assert_int_equal(impossible, scene.verdict.not_counted[USE_IMPOSSIBLE]);
	assert_non_null(row);
	assert_int_equal(row->reports, 1);
	assert_int_equal(row->days, 0);
	assert_int_equal(row->unproven, 0);
	reporter_list_release(&list);
	scene_end(&scene);
}

static void what_was_not_written_is_noticed(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct scene scene;

	(void)state;
	assert_non_null(full);
	scene_begin(&scene, world_ready);
	assert_false(explain_source(full, &plain, &scene.a, 0, SPAN_ABSENT, true));
	assert_false(explain_gate(full, &plain, &scene.a, 3));
	fclose(full);
	scene_end(&scene);
}

/* One row that is a large part of the own mail is named; not where it is few messages, nor where it is a fifth. */
static void make_large(struct world *w, uint64_t most, uint64_t others)
{
	world_begin(w, "shop.example", 20778);
	for (int64_t day = 20778 - 10; day < 20778; day++)
		world_add(w, &(struct line){ .day = day, .reporter = "google.com", .address = "192.0.2.10", .host = "mail.shop.example",
					.from = "shop.example", .dkim = "shop.example/k1/pass", .n = day == 20778 - 4 ? most : others });
}

static void make_large_row(struct world *w)
{
	make_large(w, 300, 100);
}

static void make_row_of_a_fifth(struct world *w)
{
	make_large(w, 225, 100);
}

static void make_row_of_few(struct world *w)
{
	make_large(w, 99, 1);
}

static void a_large_row_is_named(void **state)
{
	static const struct {
		void (*make)(struct world *w);
		const char *said;
	} rows[] = { { make_large_row, "One row of a report is 25.0 % of your own mail: 300 messages from 192.0.2.10 on Tue 17 Nov, by google.com." },
		{ make_row_of_a_fifth, NULL }, { make_row_of_few, NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = BUF(4096);
		struct scene scene;

		scene_begin(&scene, rows[i].make);
		words_basis(&(struct pen){ &out, &plain, PEN_TERMINAL }, &scene.a);
		if (rows[i].said ? !strstr(buf_text(&out), rows[i].said) : strstr(buf_text(&out), "One row") != NULL)
			fail_msg("%zu: %s", i, buf_text(&out));
		buf_release(&out);
		scene_end(&scene);
	}
}

/* Receivers that saw nothing but forged mail are no witnesses: none is not `only 0`. */
static void make_only_forged(struct world *w)
{
	world_begin(w, "shop.example", 20778);
	for (int64_t day = 20778 - 10; day < 20778; day++)
		world_add(w, &(struct line){ .day = day, .reporter = "google.com", .address = "203.0.113.9", .host = "-",
					.from = "shop.example", .n = 40 });
	world_mark(w, MARK_NOT_OURS, "203.0.113.9");
}

static void none_is_not_only_0(void **state)
{
	struct buf out = BUF(4096);
	struct scene scene;

	(void)state;
	scene_begin(&scene, make_only_forged);
	words_missing(&(struct pen){ &out, &plain, PEN_TERMINAL }, &scene.a);
	if (strstr(buf_text(&out), "only 0") || !strstr(buf_text(&out), "No receiver has told of mail of yours: 2 receivers are needed.") ||
		!strstr(buf_text(&out), "Reports hold no evidence about your own mail: 300 pieces of evidence are needed."))
		fail_msg("%s", buf_text(&out));
	buf_release(&out);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratios_never_round_to_nothing),
		cmocka_unit_test(weeks_are_those_of_the_calendar),
		cmocka_unit_test(flat_rows_look_flat),
		cmocka_unit_test(columns_are_what_a_terminal_shows),
		cmocka_unit_test(paragraphs_know_colours_and_shares),
		cmocka_unit_test(a_pen_escapes_in_its_own_way),
		cmocka_unit_test(long_names_are_cut_between_characters),
		cmocka_unit_test(details_add_up),
		cmocka_unit_test(keys_and_receivers_have_their_days),
		cmocka_unit_test(whatever_is_printed_can_be_asked_for),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(nobody_is_told_that_he_never_signs_who_does),
		cmocka_unit_test(a_service_has_settings_and_no_daemon),
		cmocka_unit_test(what_is_repaired_only_needs_time),
		cmocka_unit_test(monthly_mail_has_days_and_no_rate),
		cmocka_unit_test(an_alert_says_what_to_do),
		cmocka_unit_test(a_run_is_compared_with_nothing),
		cmocka_unit_test(a_valid_signature_is_not_called_broken),
		cmocka_unit_test(who_sends_impossible_dates_is_listed),
		cmocka_unit_test(a_large_row_is_named),
		cmocka_unit_test(none_is_not_only_0),
		cmocka_unit_test(what_was_not_written_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
