/* The rules of looks: numbers, shares, periods, what may reach a terminal, tables, CSV cells; what writers refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/moment.h"
#include "report/csv.h"
#include "report/export.h"
#include "report/facts.h"
#include "report/mask.h"
#include "report/pen.h"
#include "report/sample_words.h"
#include "report/show.h"
#include "report/summary.h"
#include "report/table.h"

#include <stdlib.h>

static const struct style plain = { .utf8 = true, .width = 80 };
static const struct style ascii = { .width = 80 };

static void counts_have_commas(void **state)
{
	(void)state;
	assert_string_equal(count_text(0).p, "0");
	assert_string_equal(count_text(999).p, "999");
	assert_string_equal(count_text(1000).p, "1,000");
	assert_string_equal(count_text(123456).p, "123,456");
	assert_string_equal(count_text(UINT64_MAX).p, "18,446,744,073,709,551,615");
	assert_string_equal(counted_text(1, "row", "rows").p, "1 row");
	assert_string_equal(counted_text(2000, "row", "rows").p, "2,000 rows");
}

static void percents_never_round_to_the_ends(void **state)
{
	(void)state;
	assert_string_equal(percent_text(0, 10).p, "0 %");
	assert_string_equal(percent_text(10, 10).p, "100 %");
	assert_string_equal(percent_text(11, 10).p, "100 %");
	assert_string_equal(percent_text(1, 2001).p, "< 0.1 %");
	assert_string_equal(percent_text(1, 2000).p, "0.1 %");
	assert_string_equal(percent_text(1999, 2000).p, "> 99.9 %");
	assert_string_equal(percent_text(9994, 10000).p, "99.9 %");
	assert_string_equal(percent_text(1204, 1310).p, "91.9 %");
	assert_string_equal(percent_text(1, 0).p, "");
	assert_string_equal(percent_text(UINT64_MAX - 1, UINT64_MAX).p, "> 99.9 %");
}

static void shares_of_few_have_no_percent(void **state)
{
	(void)state;
	assert_string_equal(share_text(1204, 1310).p, "1,204 of 1,310 messages (91.9 %)");
	assert_string_equal(share_text(19, 19).p, "19 of 19 messages");
	assert_string_equal(share_text(20, 20).p, "20 of 20 messages (100 %)");
	assert_string_equal(share_text(0, 1).p, "0 of 1 message");
}

static void periods_say_each_part_once(void **state)
{
	(void)state;
	int64_t day = moment_day(moment_from_civil(2026, 4, 3));

	assert_string_equal(period_text(&ascii, day, day).p, "3 Apr 2026");
	assert_string_equal(period_text(&ascii, day, day + 6).p, "3 - 9 Apr 2026");
	assert_string_equal(period_text(&ascii, day - 6, day).p, "28 Mar - 3 Apr 2026");
	assert_string_equal(period_text(&ascii, day - 100, day).p, "24 Dec 2025 - 3 Apr 2026");
	assert_string_equal(period_text(&plain, day, day + 6).p, "3 \xe2\x80\x93 9 Apr 2026");
	assert_string_equal(period_text(&plain, INT64_MIN, day).p, "an unknown time");
	assert_string_equal(day_text(day).p, "3 Apr");
	assert_string_equal(day_text(INT64_MAX).p, "?");
}

static void style_follows_the_environment(void **state)
{
	struct style_facts facts = { .color = COLOR_AUTO, .terminal = true, .lang = "de_DE.UTF-8" };

	(void)state;
	assert_true(style_choose(&facts).color);
	assert_true(style_choose(&facts).utf8);
	assert_int_equal(style_choose(&facts).width, 80);
	facts.no_color = "";
	assert_true(style_choose(&facts).color);
	facts.no_color = "1";
	assert_false(style_choose(&facts).color);
	facts.color = COLOR_ALWAYS;
	assert_true(style_choose(&facts).color);
	facts = (struct style_facts){ .color = COLOR_AUTO, .terminal = true, .term = "dumb", .columns = 250 };
	assert_false(style_choose(&facts).color);
	assert_false(style_choose(&facts).utf8);
	assert_int_equal(style_choose(&facts).width, 100);
	facts = (struct style_facts){ .color = COLOR_AUTO, .lc_all = "C", .lang = "en_US.utf8", .columns = 90 };
	assert_false(style_choose(&facts).color);
	assert_false(style_choose(&facts).utf8);
	assert_int_equal(style_choose(&facts).width, 90);
	facts.lc_all = "";
	assert_true(style_choose(&facts).utf8);
	facts.color = COLOR_NEVER;
	facts.terminal = true;
	assert_false(style_choose(&facts).color);
}

static void nothing_unsafe_is_shown(void **state)
{
	struct buf shown = BUF(4096);
	char text[1000];

	(void)state;
	style_text(&shown, &plain, SPAN("a\033[2J\xc3\xa9\xe2\x80\xae\xff"));
	assert_string_equal(buf_text(&shown), "a\\x1B[2J\xc3\xa9\\u{202E}\\xFF");
	buf_clear(&shown);
	style_text(&shown, &ascii, SPAN("a\033\xc3\xa9\xe2\x80\xae\xff\n"));
	assert_string_equal(buf_text(&shown), "a\\x1B\\u{E9}\\u{202E}\\xFF\\x0A");
	buf_clear(&shown);
	style_text(&shown, &plain, SPAN("a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x82"
					"b\xcc\x81\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb9\x88"));
	assert_string_equal(buf_text(&shown), "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u{301}\\u{302}"
					      "b\xcc\x81\xe0\xb8\x81\xe0\xb8\xb5\xe0\xb9\x88");
	buf_clear(&shown);
	html_text(&shown, SPAN("<\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81>"));
	assert_string_equal(buf_text(&shown), "&lt;\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u{301}&gt;");
	buf_clear(&shown);
	memset(text, 'x', sizeof text);
	text[STYLE_BRIEF - 1] = '\xc3';
	text[STYLE_BRIEF] = '\xa9';
	style_brief(&shown, &ascii, (struct span){ text, sizeof text });
	assert_int_equal(shown.n, STYLE_BRIEF - 1 + 3);
	buf_release(&shown);
}

static char *printed(FILE *out, char **text)
{
	fclose(out);
	return *text;
}

static void paragraphs_wrap(void **state)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct style narrow = { .utf8 = true, .width = 12 };

	(void)state;
	style_paragraph(out, &narrow, 2, SPAN("one  two three \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 averyverylongword x"));
	assert_string_equal(printed(out, &text), "  one two\n  three \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n"
						 "  averyveryl\n  ongword x\n");
	free(text);
	out = open_memstream(&text, &n);
	style_labelled(
		out, &narrow, (struct style_label){ "k", INK_QUIET, 1, 4 }, SPAN("one two three \xc3\xa9\xc3\xa9"));
	assert_string_equal(printed(out, &text), " k  one two\n    three \xc3\xa9\xc3\xa9\n");
	free(text);
}

static void tables_fit_and_go_on(void **state)
{
	static const struct table_column columns[] = { { "name", .flexible = true }, { "n", .right = true },
		{ "last" } };
	struct style narrow = { .utf8 = true, .width = 30 };
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct table *table = table_new(out, &narrow, columns, 3);

	(void)state;
	table_row(table);
	table_cell_text(table, INK_PLAIN, "abcdefghijklmnopqrstuvwxyz");
	table_cell_count(table, INK_BAD, 12345);
	table_cell_text(table, INK_PLAIN, "yes");
	table_row(table);
	table_cell(table, INK_PLAIN, SPAN("\xe6\x97\xa5\xe6\x9c\xac"));
	assert_int_equal(table_rows(table), 2);
	assert_true(table_print(table));
	assert_int_equal(table_rows(table), 0);
	table_row(table);
	table_cell_text(table, INK_PLAIN, "b");
	table_cell_count(table, INK_PLAIN, 1);
	table_cell_text(table, INK_PLAIN, "no");
	assert_true(table_print(table));
	table_free(table);
	assert_string_equal(printed(out, &text), "  name                 n  last\n"
						 "  abcdefg\xe2\x80\xa6uvwxyz  12,345  yes\n"
						 "  \xe6\x97\xa5\xe6\x9c\xac\n"
						 "  b                    1  no\n");
	free(text);
}

static void tables_refuse_misuse(void **state)
{
	static const struct table_column columns[] = { { "one" } };
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct table *table = table_new(out, &plain, columns, 1);

	(void)state;
	assert_null(table_new(out, &plain, columns, TABLE_COLUMNS + 1));
	table_cell_text(table, INK_PLAIN, "before any row");
	assert_false(table_print(table));
	table_free(table);
	table_free(NULL);
	printed(out, &text);
	free(text);
}

static const char *cell(struct buf *row, struct span text)
{
	struct csv csv;

	buf_clear(row);
	csv_begin(&csv, row);
	csv_text(&csv, text);
	csv_release(&csv);
	return buf_text(row);
}

static void csv_cells_are_harmless(void **state)
{
	struct buf row = BUF(4096);

	(void)state;
	assert_string_equal(cell(&row, SPAN("plain")), "plain");
	assert_string_equal(cell(&row, SPAN_ABSENT), "");
	assert_string_equal(cell(&row, SPAN("a,b")), "\"a,b\"");
	assert_string_equal(cell(&row, SPAN("say \"x\"")), "\"say \"\"x\"\"\"");
	assert_string_equal(cell(&row, SPAN("\"")), "\"\"\"\"");
	assert_string_equal(cell(&row, SPAN("=1+1")), "'=1+1");
	assert_string_equal(cell(&row, SPAN("+1")), "'+1");
	assert_string_equal(cell(&row, SPAN("-1,2")), "\"'-1,2\"");
	assert_string_equal(cell(&row, SPAN("@SUM(A1)")), "'@SUM(A1)");
	assert_string_equal(cell(&row, SPAN("\t=1")), "\\x09=1");
	assert_string_equal(cell(&row, SPAN("\r\n")), "\\x0D\\x0A");
	assert_string_equal(cell(&row, SPAN("\0=1")), "\\x00=1");
	assert_string_equal(cell(&row, SPAN("1=1")), "1=1");
	buf_release(&row);
}

static void silence_is_no_contradiction(void **state)
{
	struct report strict = { .adkim = SPAN("s") };
	struct record record = { .aligned = ALIGNED_DKIM_RELAXED | ALIGNED_SPF_RELAXED };
	struct report modes = report_modes(&strict);

	(void)state;
	assert_int_equal(record_disagrees(&record, &modes), 0);
	record.dkim = SPAN("fail");
	record.spf = SPAN("fail");
	assert_int_equal(record_disagrees(&record, &modes), DISAGREES_SPF);
	modes = report_modes(&(struct report){ .adkim = SPAN("R") });
	assert_int_equal(record_disagrees(&record, &modes), DISAGREES_DKIM | DISAGREES_SPF);
	record.dkim = record.spf = SPAN("pass");
	record.dkim_pass = record.spf_pass = true;
	assert_int_equal(record_disagrees(&record, &modes), 0);
}

static void facts_out_of_order_are_refused(void **state)
{
	struct fact record = { .kind = FACT_RECORD }, report = { .kind = FACT_REPORT },
		    end = { .kind = FACT_REPORT_END };
	struct fact failure = { .kind = FACT_FAILURE };
	struct show_writer show;
	struct export_writer export;
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	for (int text = 0; text < 2; text++) {
		assert_true(text ? show_text_open(&show, out, &plain) : show_json_open(&show, out));
		assert_true(show.begin(show.self, SPAN("x")));
		assert_false(show.take(show.self, &record));
		assert_false(show.take(show.self, &end));
		show.close(show.self);
	}
	assert_true(show_json_open(&show, out));
	assert_true(show.begin(show.self, SPAN("x")));
	assert_true(show.take(show.self, &failure));
	assert_false(show.take(show.self, &report));
	assert_false(show.close(show.self));
	assert_true(export_json_open(&export, out, EXPORT_RECORDS));
	assert_false(export.take(export.self, &record));
	assert_true(export.take(export.self, &report));
	assert_false(export.take(export.self, &failure));
	assert_false(export.close(export.self));
	assert_true(export_csv_open(&export, out, EXPORT_RECORDS));
	assert_false(export.take(export.self, &record));
	export.close(export.self);
	fclose(out);
}

static void a_full_disk_is_noticed(void **state)
{
	struct fact report = { .kind = FACT_REPORT }, end = { .kind = FACT_REPORT_END };
	struct show_writer show;
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	if (!out)
		skip();
	for (int text = 0; text < 2; text++) {
		assert_true(text ? show_text_open(&show, out, &plain) : show_json_open(&show, out));
		show.begin(show.self, SPAN("x"));
		show.take(show.self, &report);
		show.take(show.self, &end);
		show.end(show.self);
		assert_false(show.close(show.self));
		clearerr(out);
	}
	fclose(out);
}

/* The longest value that the parser lets through, all of it to be escaped, in every place of a record. */
static void the_longest_values_pass(void **state)
{
	static char octets[131072];
	struct span longest = { octets, sizeof octets };
	struct auth_result result = { longest, longest, longest, longest, RESULT_OTHER };
	struct override_reason reason = { longest, longest };
	struct fact facts[] = { { .kind = FACT_REPORT }, { .kind = FACT_RECORD }, { .kind = FACT_REPORT_END },
		{ .kind = FACT_PROBLEM } };
	struct export_writer export;
	struct show_writer show;
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	memset(octets, 0xff, sizeof octets);
	facts[0].report = (struct report){ .org_name = longest,
		.domain = longest,
		.p = longest,
		.namespace = longest,
		.errors = &longest,
		.errors_n = 1 };
	facts[1].record = (struct record){ .source_ip = longest,
		.disposition = longest,
		.dkim = longest,
		.spf = longest,
		.reasons = &reason,
		.reasons_n = 1,
		.header_from = longest,
		.dkim_results = &result,
		.dkim_n = 1,
		.spf_results = &result,
		.spf_n = 1 };
	facts[3].problem = (struct problem){ longest, longest };
	for (int text = 0; text < 2; text++) {
		assert_true(text ? show_text_open(&show, out, &ascii) : show_json_open(&show, out));
		assert_true(show.begin(show.self, longest));
		for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
			assert_true(show.take(show.self, &facts[i]));
		assert_true(show.end(show.self));
		assert_true(show.close(show.self));
	}
	assert_true(export_csv_open(&export, out, EXPORT_RECORDS));
	for (size_t i = 0; i < 3; i++)
		assert_true(export.take(export.self, &facts[i]));
	assert_true(export.close(export.self));
	fclose(out);
}

static void domains_match_without_case(void **state)
{
	struct summary_head head = { .domain = "Example.com." };

	(void)state;
	assert_true(summary_wants(&head, SPAN("example.com")));
	assert_false(summary_wants(&head, SPAN("www.example.com")));
	head.domain = NULL;
	assert_true(summary_wants(&head, SPAN("any")));
}

static void addresses_are_masked(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{ "john@example.com", "j***@example.com" },
		{ "j@example.com", "***@example.com" },
		{ "@example.com", "@example.com" },
		{ "no address", "no address" },
		{ "A B <a.b+c@x.example>, <d@y.example>", "A B <a***@x.example>, <***@y.example>" },
		{ "<\"john doe\"@example.com>", "<j***@example.com>" },
		{ "\"@example.com", "***@example.com" },
		{ "<john\"@example.com>", "<j***@example.com>" },
		{ "A <john(private)@example.com>", "A <j***@example.com>" },
		{ "A <john @example.com>", "A <j***@example.com>" },
		{ "bounce+john=example.com@list.example", "b***@list.example" },
		{ "a@b@c", "***@***@c" },
		{ "https://x.example/?to=john%40example.com&x=1", "https://x.example/?to=j***%40example.com&x=1" },
		{ "https://john@x.example/", "https://j***@x.example/" },
		{ "\xc3\xa9ric@example.com", "\xc3\xa9***@example.com" },
		{ "mailto:john@example.com", "mailto:j***@example.com" },
		{ "john@", "j***@" },
	};
	struct mask mask = MASK(false), open = MASK(true);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(mask_text(&mask, span_of(cases[i].text)).p, cases[i].masked);
		assert_string_equal(mask_text(&open, span_of(cases[i].text)).p, cases[i].text);
	}
	assert_null(mask_text(&mask, SPAN_ABSENT).p);
	arena_release(&mask.arena);
	arena_release(&open.arena);
}

/* What does not fit is left out, never shown unmasked. */
static void a_full_mask_hides(void **state)
{
	static char text[4096];
	struct mask mask = { ARENA(1024), false };
	struct sample_row row = { .from = { text, sizeof text } };

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 2] = '@';
	assert_string_equal(mask_text(&mask, (struct span){ text, sizeof text }).p, "a***@a");
	memset(text, '@', sizeof text);
	assert_null(mask_text(&mask, (struct span){ text, sizeof text }).p);
	assert_true(mask.arena.failed);
	assert_null(mask_row(&mask, &row));
	arena_release(&mask.arena);
}

static void identity_is_read_by_both_rules(void **state)
{
	static const struct {
		struct span list;
		enum identity_rule rule;
		const char *says;
	} cases[] = {
		{ SPAN("none"), IDENTITY_RFC7489, "none aligned" },
		{ SPAN("dkim"), IDENTITY_RFC7489, "aligned: dkim" },
		{ SPAN("spf, dkim"), IDENTITY_RFC9991, "failed: spf, dkim" },
		{ SPAN("none"), IDENTITY_RFC9991, "none failed" },
		{ SPAN("none"), IDENTITY_UNKNOWN, "none?" },
		{ SPAN("dkim"), IDENTITY_AMBIGUOUS, "dkim?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = BUF(100);

		identity_put(&out, cases[i].list, cases[i].rule);
		assert_string_equal(buf_text(&out), cases[i].says);
		assert_int_equal(identity_rule_of_word(span_of(identity_rule_word(cases[i].rule))), cases[i].rule);
		buf_release(&out);
	}
}

static void sentences_are_shortened(void **state)
{
	struct span brief = sentence_brief(SPAN("valid once the subject tag `[x] ` is removed: typical of a list"));

	(void)state;
	assert_true(span_is(brief, SPAN("subject tag `[x] `")));
	assert_true(span_is(sentence_brief(SPAN("valid once ")), SPAN("")));
	assert_true(span_is(sentence_brief(SPAN("")), SPAN("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_commas),
		cmocka_unit_test(percents_never_round_to_the_ends),
		cmocka_unit_test(shares_of_few_have_no_percent),
		cmocka_unit_test(periods_say_each_part_once),
		cmocka_unit_test(style_follows_the_environment),
		cmocka_unit_test(nothing_unsafe_is_shown),
		cmocka_unit_test(paragraphs_wrap),
		cmocka_unit_test(addresses_are_masked),
		cmocka_unit_test(a_full_mask_hides),
		cmocka_unit_test(identity_is_read_by_both_rules),
		cmocka_unit_test(sentences_are_shortened),
		cmocka_unit_test(tables_fit_and_go_on),
		cmocka_unit_test(tables_refuse_misuse),
		cmocka_unit_test(csv_cells_are_harmless),
		cmocka_unit_test(silence_is_no_contradiction),
		cmocka_unit_test(facts_out_of_order_are_refused),
		cmocka_unit_test(a_full_disk_is_noticed),
		cmocka_unit_test(the_longest_values_pass),
		cmocka_unit_test(domains_match_without_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
