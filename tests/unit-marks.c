/* The file of marks: what is understood, how each fault reads, and that what is written is read as it was meant. */
#include "report/assess/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY 20778 /* 2026-11-21 */

static const char text[] =
	"# what we know\n"
	"\n"
	"2026-11-21 own paywise.example by=anna # payroll, asked finance\r\n"
	"  2026-11-21\tforwarder  groups.io domain=example.org\n"
	"2026-11-21 accept 192.0.2.210 until=2027-01-31\n"
	"2026-11-21 accept 192.0.2.211 # 180 days\n"
	"2026-11-21 name 198.51.100.0/24 \"Branch \\\"north\\\" office\" sender\n"
	"2026-11-21 name d=mailer.example Mailer\n"
	"2026-11-21 home mta2 198.51.100.31\n"
	"2026-11-21 notours \"domain=odd name\"\n"
	"2026-11-21 attest quarterly domain=example.net\n"
	"2026-11-21 sent zendesk 12000\n"
	"2026-01-01 sent zendesk 1";

static void what_is_understood(void **state)
{
	struct arena arena = ARENA((size_t)1 << 20);
	struct fault fault = { 0 };
	const struct statement *s;
	struct rows rows = { .marks_n = 0 };
	size_t n;

	(void)state;
	if (!marks_read(span_of(text), &arena, &s, &n, &fault))
		fail_msg("%s", fault.text);
	assert_int_equal(n, 11);
	assert_int_equal(s[0].mark.kind, MARK_OWN);
	assert_int_equal(s[0].mark.day, DAY);
	assert_int_equal(s[0].mark.expires, MOMENT_NONE);
	assert_true(span_is(s[0].mark.subject, SPAN("paywise.example")));
	assert_true(span_is(s[0].mark.who, SPAN("anna")) && span_is(s[0].mark.why, SPAN("payroll, asked finance")));
	assert_true(span_is(s[1].domain, SPAN("example.org")) && span_is(s[1].mark.subject, SPAN("groups.io")));
	assert_int_equal(s[2].mark.expires, 20849); /* 2027-01-31 */
	assert_int_equal(s[3].mark.expires, DAY + ACCEPT_DAYS);
	assert_true(span_is(s[4].mark.value, SPAN("Branch \"north\" office")));
	assert_int_equal(s[4].mark.named, SENDER_SENDER);
	assert_true(span_is(s[5].mark.subject, SPAN("d=mailer.example")) && s[5].mark.named == SENDER_NONE);
	assert_true(s[6].mark.kind == MARK_HOME && span_is(s[6].mark.value, SPAN("198.51.100.31")));
	assert_true(span_is(s[7].mark.subject, SPAN("domain=odd name")));
	assert_true(s[8].kind == STATEMENT_ATTEST && span_is(s[8].attest.what, SPAN("quarterly")));
	assert_true(s[9].kind == STATEMENT_SENT && s[9].sent.messages == 12000);

	assert_true(marks_select(s, n, SPAN("example.org"), DAY + 3, 35, &arena, &rows));
	assert_int_equal(rows.marks_n, 8);
	assert_int_equal(rows.attests_n, 0);
	assert_int_equal(rows.sent_n, 1);
	assert_true(marks_select(s, n, SPAN("example.net"), DAY - 1, 35, &arena, &rows));
	assert_int_equal(rows.marks_n, 7);
	assert_int_equal(rows.attests_n, 1);
	assert_int_equal(rows.sent_n, 0); /* nobody knows tomorrow's figures */
	arena_release(&arena);
}

static const struct {
	const char *text, *fault;
} faults[] = {
	{ "2026-11-21 own\n", "1: a day, a word and what it is about are wanted" },
	{ "\n# x\nyesterday own a.example\n", "3: a line begins with a day such as 2026-11-21" },
	{ "2026-11-21T12:00Z own a.example\n", "1: a line begins with a day such as 2026-11-21" },
	{ "2026-02-30 own a.example\n", "1: a line begins with a day such as 2026-11-21" },
	{ "2026-11-21 Own a.example\n",
		"1: the second word is none of own, forwarder, notours, accept, critical, reviewed, home, name, attest, sent" },
	{ "2026-11-21 own a.example b.example\n", "1: one source a line; the reason stands behind a #" },
	{ "2026-11-21 own \"\"\n", "1: what it is about is empty" },
	{ "2026-11-21 own a.example until=soon\n", "1: until= wants a day such as 2026-11-21" },
	{ "2026-11-21 own a.example by=\n", "1: domain=, until= and by= stand once, with something behind them" },
	{ "2026-11-21 own a.example by=a by=b\n", "1: domain=, until= and by= stand once, with something behind them" },
	{ "2026-11-21 own \"a.example\n", "1: a quotation mark is not closed" },
	{ "2026-11-21 own \"a.example\"b\n", "1: a blank belongs behind a closing quotation mark" },
	{ "2026-11-21 own a b c d e f g h\n", "1: too many words; the reason stands behind a #" },
	{ "2026-11-21 home mta2\n", "1: home wants a selector and the id of a source" },
	{ "2026-11-21 name 192.0.2.1 X giant\n",
		"1: name wants a source, its name, and perhaps sender, mailbox, forwarder, list or gateway" },
	{ "2026-11-21 attest everything\n", "1: attest wants quarterly or lists" },
	{ "2026-11-21 sent zendesk many\n", "1: sent wants a source and a number of messages" },
	{ "2026-11-21 own a.example # \033[31m\n", "1: neither control characters nor anything but UTF-8" },
	{ "2026-11-21 own a.example # \xff\n", "1: neither control characters nor anything but UTF-8" },
};

static void how_faults_read(void **state)
{
	struct arena arena = ARENA((size_t)8 << 20);
	struct buf many = BUF(MARKS_OCTETS);
	const struct statement *s;
	struct fault fault = { 0 };
	char line[MARKS_LINE + 2];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		assert_false(marks_read(span_of(faults[i].text), &arena, &s, &n, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
		assert_string_equal(fault.text, faults[i].fault);
	}
	memset(line, '#', sizeof line);
	assert_false(marks_read((struct span){ line, sizeof line }, &arena, &s, &n, &fault));
	assert_string_equal(fault.text, "1: a line has at most 2000 octets");
	for (size_t i = 0; i < MARKS_MOST; i++)
		buf_put_text(&many, "2026-11-21 own a.example\n");
	assert_true(marks_read(buf_span(&many), &arena, &s, &n, &fault));
	assert_int_equal(n, MARKS_MOST);
	buf_put_text(&many, "2026-11-21 own a.example\n");
	assert_false(marks_read(buf_span(&many), &arena, &s, &n, &fault));
	assert_string_equal(fault.text, "20001: more than 20000 statements");
	buf_release(&many);
	arena_release(&arena);
}

static void what_is_written_is_read(void **state)
{
	static const char *const subjects[] = { "a.example", "d=a.example", "by=x", "a \"b\" \\ c", "#x", "\"", "\xc3\xa4", "x=y" };
	struct arena arena = ARENA((size_t)1 << 20);
	struct fault fault = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		for (enum mark_kind kind = MARK_OWN; kind < MARK_KIND_COUNT; kind++) {
			struct statement s = { .kind = STATEMENT_MARK, .domain = SPAN("example.org"),
				.mark = { kind, span_of(subjects[i]), SPAN_ABSENT, SENDER_NONE, DAY, DAY + 9, SPAN("anna"),
					SPAN("why # not") } };
			const struct statement *again;
			struct buf line = BUF(10000);
			size_t n;

			if (kind == MARK_HOME || kind == MARK_NAME)
				s.mark.value = span_of(subjects[i]);
			if (kind == MARK_NAME)
				s.mark.named = SENDER_LIST;
			if (!mark_write(&line, &s, &fault))
				fail_msg("%s: %s", subjects[i], fault.text);
			assert_true(marks_read(buf_span(&line), &arena, &again, &n, &fault));
			assert_int_equal(n, 1);
			assert_int_equal(again->mark.kind, kind);
			assert_true(span_is(again->mark.subject, s.mark.subject) && span_is(again->mark.value, s.mark.value));
			assert_true(span_is(again->mark.who, s.mark.who) && span_is(again->mark.why, s.mark.why));
			assert_true(again->mark.day == DAY && again->mark.expires == DAY + 9);
			assert_int_equal(again->mark.named, s.mark.named);
			assert_true(span_is(again->domain, s.domain));
			buf_release(&line);
		}
	arena_release(&arena);
}

static void what_cannot_be_written(void **state)
{
	static const char *const wrong[] = { "", "a\nb", "a\tb\001", "\xff" };
	struct buf line = BUF(10000);
	struct fault fault = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct statement s = { .mark = { .kind = MARK_OWN, .subject = span_of(wrong[i]), .expires = MOMENT_NONE } };

		assert_false(mark_write(&line, &s, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
	}
	assert_int_equal(line.n, 0);
	buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_understood),
		cmocka_unit_test(how_faults_read),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
