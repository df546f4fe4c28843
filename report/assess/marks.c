#include "report/assess/marks.h"
#include "base/escape.h"
#include "base/moment.h"
#include "report/assess/work.h"

#include <stdio.h>

#define WORDS_MOST 8

enum mark_kind mark_kind_of(struct span word)
{
	for (enum mark_kind kind = MARK_OWN; kind < MARK_KIND_COUNT; kind++)
		if (span_is(word, span_of(mark_kind_word(kind))))
			return kind;
	return MARK_NONE;
}

static enum sender_kind sender_kind_of(struct span word)
{
	for (enum sender_kind kind = SENDER_SENDER; kind < SENDER_KIND_COUNT; kind++)
		if (span_is(word, span_of(sender_kind_word(kind))))
			return kind;
	return SENDER_NONE;
}

/* ---- words of a line */

struct line {
	struct span rest;
	unsigned number;
	struct span words[WORDS_MOST];
	size_t words_n;
	struct span domain, until, by, why;
	struct fault *fault;
};

static bool refuse(const struct line *line, const char *rule)
{
	return fault_set(line->fault, FAULT_SETUP, "%u: %s", line->number, rule);
}

static void skip_blanks(struct line *line)
{
	while (line->rest.n && (line->rest.p[0] == ' ' || line->rest.p[0] == '\t')) {
		line->rest.p++;
		line->rest.n--;
	}
}

/* Between quotation marks; without its backslashes it lies in the arena. */
static bool quoted(struct line *line, struct arena *arena, struct span *word)
{
	char *out = arena_take(arena, line->rest.n);
	size_t n = 0;

	if (!out)
		return fault_set(line->fault, FAULT_LATER, "out of memory");
	for (size_t i = 1; i < line->rest.n; i++) {
		char c = line->rest.p[i];

		if (c == '"') {
			*word = (struct span){ out, n };
			line->rest.p += i + 1;
			line->rest.n -= i + 1;
			return line->rest.n == 0 || line->rest.p[0] == ' ' || line->rest.p[0] == '\t' ||
			       refuse(line, "a blank belongs behind a closing quotation mark");
		}
		if (c == '\\' && i + 1 < line->rest.n)
			c = line->rest.p[++i];
		out[n++] = c;
	}
	return refuse(line, "a quotation mark is not closed");
}

static bool word_next(struct line *line, struct arena *arena, struct span *word)
{
	size_t n = 0;

	if (line->rest.p[0] == '"')
		return quoted(line, arena, word);
	while (n < line->rest.n && line->rest.p[n] != ' ' && line->rest.p[n] != '\t')
		n++;
	*word = (struct span){ line->rest.p, n };
	line->rest.p += n;
	line->rest.n -= n;
	return true;
}

/* `name=value`, but not as part of a subject such as `d=example.org`. */
static struct span *field_of(struct line *line, struct span word, struct span *value)
{
	static const struct span names[] = { SPAN("domain="), SPAN("until="), SPAN("by=") };
	struct span *const places[] = { &line->domain, &line->until, &line->by };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_starts_nocase(word, names[i])) {
			*value = (struct span){ word.p + names[i].n, word.n - names[i].n };
			return places[i];
		}
	return NULL;
}

static bool words_read(struct line *line, struct arena *arena)
{
	for (skip_blanks(line); line->rest.n; skip_blanks(line)) {
		bool quotes = line->rest.p[0] == '"';
		struct span word, value, *field;

		if (line->rest.p[0] == '#') {
			line->why = span_trim((struct span){ line->rest.p + 1, line->rest.n - 1 });
			return true;
		}
		if (!word_next(line, arena, &word))
			return false;
		field = quotes ? NULL : field_of(line, word, &value);
		if (field && (field->p || !value.n))
			return refuse(line, "domain=, until= and by= stand once, with something behind them");
		if (field)
			*field = value;
		else if (line->words_n == WORDS_MOST)
			return refuse(line, "too many words; the reason stands behind a #");
		else
			line->words[line->words_n++] = word;
	}
	return true;
}

/* ---- what they mean */

static bool day_read(const struct line *line, struct span text, const char *rule, int64_t *day)
{
	int64_t moment;

	if (text.n != sizeof "2026-11-21" - 1 || !moment_parse(text, &moment))
		return refuse(line, rule);
	*day = moment_day(moment);
	return true;
}

static bool attest_read(const struct line *line, struct statement *s)
{
	s->kind = STATEMENT_ATTEST;
	s->attest = (struct attest_row){ .what = line->words[2], .day = s->mark.day };
	return (line->words_n == 3 && (span_is(line->words[2], SPAN("quarterly")) || span_is(line->words[2], SPAN("lists")))) ||
	       refuse(line, "attest wants quarterly or lists");
}

static bool sent_read(const struct line *line, struct statement *s)
{
	unsigned long long messages = 0;

	s->kind = STATEMENT_SENT;
	if (line->words_n != 4 || !span_number(line->words[3], INT64_MAX, &messages))
		return refuse(line, "sent wants a source and a number of messages");
	s->sent = (struct sent_row){ .source = line->words[2], .messages = messages };
	return true;
}

static bool mark_read(const struct line *line, struct statement *s)
{
	struct mark_row *m = &s->mark;

	s->kind = STATEMENT_MARK;
	m->kind = mark_kind_of(line->words[1]);
	m->subject = line->words[2];
	if (m->kind == MARK_HOME) {
		m->value = line->words_n == 4 ? line->words[3] : SPAN_ABSENT;
		return m->value.n || refuse(line, "home wants a selector and the id of a source");
	}
	if (m->kind == MARK_NAME) {
		m->value = line->words_n > 3 ? line->words[3] : SPAN_ABSENT;
		m->named = line->words_n == 5 ? sender_kind_of(line->words[4]) : SENDER_NONE;
		return (m->value.n && (line->words_n == 4 || m->named != SENDER_NONE)) ||
		       refuse(line, "name wants a source, its name, and perhaps sender, mailbox, forwarder, list or gateway");
	}
	return line->words_n == 3 || refuse(line, "one source a line; the reason stands behind a #");
}

static bool statement_read(struct line *line, struct arena *arena, struct statement *s)
{
	*s = (struct statement){ .mark.expires = MOMENT_NONE };
	if (!words_read(line, arena))
		return false;
	if (line->words_n < 3)
		return refuse(line, "a day, a word and what it is about are wanted");
	if (!day_read(line, line->words[0], "a line begins with a day such as 2026-11-21", &s->mark.day))
		return false;
	if (!line->words[2].n)
		return refuse(line, "what it is about is empty");
	s->domain = line->domain;
	s->mark.who = line->by;
	s->mark.why = line->why;
	if (span_is(line->words[1], SPAN("attest")))
		return attest_read(line, s);
	if (span_is(line->words[1], SPAN("sent")))
		return sent_read(line, s);
	if (mark_kind_of(line->words[1]) == MARK_NONE)
		return refuse(line, "the second word is none of own, forwarder, notours, accept, critical, reviewed, home, "
				    "name, attest, sent");
	if (line->until.p && !day_read(line, line->until, "until= wants a day such as 2026-11-21", &s->mark.expires))
		return false;
	if (!line->until.p && mark_kind_of(line->words[1]) == MARK_ACCEPT)
		s->mark.expires = s->mark.day + ACCEPT_DAYS;
	return mark_read(line, s);
}

/* Of control characters only the tab. */
static bool line_is_text(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return false;
	return utf8_valid(line);
}

static size_t lines_count(struct span text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

bool marks_read(
	struct span text, struct arena *arena, const struct statement **statements, size_t *n, struct fault *fault)
{
	size_t lines = lines_count(text), room = lines < MARKS_MOST ? lines : MARKS_MOST;
	struct statement *all = arena_take(arena, room * sizeof *all);
	unsigned number = 0;

	*statements = all;
	*n = 0;
	while (all && text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		struct span one = { text.p, end ? (size_t)(end - text.p) : text.n };
		struct line line = { .rest = span_trim(one), .number = ++number, .fault = fault };

		text.p += one.n + (end != NULL);
		text.n -= one.n + (end != NULL);
		if (one.n > MARKS_LINE)
			return fault_set(fault, FAULT_SETUP, "%u: a line has at most %d octets", number, MARKS_LINE);
		if (!line_is_text(line.rest))
			return refuse(&line, "neither control characters nor anything but UTF-8");
		if (!line.rest.n || line.rest.p[0] == '#')
			continue;
		if (*n == MARKS_MOST)
			return fault_set(fault, FAULT_SETUP, "%u: more than %d statements", number, MARKS_MOST);
		if (!statement_read(&line, arena, &all[*n]))
			return false;
		++*n;
	}
	return !arena->failed || fault_set(fault, FAULT_LATER, "out of memory");
}

bool marks_select(const struct statement *statements, size_t n, struct span domain, int64_t today, unsigned window,
	struct arena *arena, struct rows *rows)
{
	struct mark_row *marks = arena_take(arena, n * sizeof *marks);
	struct attest_row *attests = arena_take(arena, n * sizeof *attests);
	struct sent_row *sent = arena_take(arena, n * sizeof *sent);

	rows->marks_n = rows->attests_n = rows->sent_n = 0;
	for (size_t i = 0; marks && attests && sent && i < n; i++) {
		const struct statement *s = &statements[i];

		if (s->domain.p && !span_is_nocase(s->domain, domain))
			continue;
		if (s->kind == STATEMENT_MARK)
			marks[rows->marks_n++] = s->mark;
		else if (s->kind == STATEMENT_ATTEST)
			attests[rows->attests_n++] = s->attest;
		else if (s->mark.day <= today && s->mark.day > today - (int64_t)window)
			sent[rows->sent_n++] = s->sent;
	}
	rows->marks = marks;
	rows->attests = attests;
	rows->sent = sent;
	return marks && attests && sent;
}

/* ---- writing */

static void put_word(struct buf *out, struct span word)
{
	bool plain = word.n && word.p[0] != '"' && word.p[0] != '#';

	buf_put_byte(out, ' ');
	for (size_t i = 0; i < word.n; i++)
		plain &= word.p[i] != ' ' && word.p[i] != '\t' && word.p[i] != '=';
	if (span_starts_nocase(word, SPAN("d=")) || span_starts_nocase(word, SPAN("bounce=")))
		plain = !memchr(word.p, ' ', word.n);
	if (plain) {
		buf_put_span(out, word);
		return;
	}
	buf_put_byte(out, '"');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '"' || word.p[i] == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, (unsigned char)word.p[i]);
	}
	buf_put_byte(out, '"');
}

static void put_day(struct buf *out, int64_t day)
{
	char text[MOMENT_TEXT];

	buf_put_text(out, moment_format_day(day * DAY_SECONDS, text));
}

static void put_field(struct buf *out, const char *name, struct span value)
{
	if (!value.n)
		return;
	buf_printf(out, " %s=", name);
	buf_put_span(out, value);
}

static void put_statement(struct buf *out, const struct statement *s)
{
	char number[32];

	put_day(out, s->mark.day);
	switch (s->kind) {
	case STATEMENT_MARK:
		put_word(out, span_of(mark_kind_word(s->mark.kind)));
		put_word(out, s->mark.subject);
		if (s->mark.value.n)
			put_word(out, s->mark.value);
		if (s->mark.named != SENDER_NONE)
			put_word(out, span_of(sender_kind_word(s->mark.named)));
		break;
	case STATEMENT_ATTEST:
		put_word(out, SPAN("attest"));
		put_word(out, s->attest.what);
		break;
	case STATEMENT_SENT:
		snprintf(number, sizeof number, "%llu", (unsigned long long)s->sent.messages);
		put_word(out, SPAN("sent"));
		put_word(out, s->sent.source);
		put_word(out, span_of(number));
		break;
	}
	put_field(out, "domain", s->domain);
	if (s->mark.expires != MOMENT_NONE) {
		buf_put_text(out, " until=");
		put_day(out, s->mark.expires);
	}
	put_field(out, "by", s->mark.who);
	if (s->mark.why.n) {
		buf_put_text(out, " # ");
		buf_put_span(out, s->mark.why);
	}
}

/* What is written is read again: the reader knows the rules. */
bool mark_write(struct buf *out, const struct statement *statement, struct fault *fault)
{
	const struct statement *again;
	struct arena arena = ARENA((size_t)64 * MARKS_LINE);
	struct buf line = BUF(2 * MARKS_LINE);
	struct fault inner = { 0 };
	size_t n = 0;
	bool ok;

	put_statement(&line, statement);
	ok = !line.failed && !memchr(buf_text(&line), '\n', line.n) &&
	     marks_read(buf_span(&line), &arena, &again, &n, &inner) && n == 1 && again[0].kind == statement->kind &&
	     span_is(again[0].domain, statement->domain);
	if (ok && statement->kind == STATEMENT_MARK)
		ok = again[0].mark.kind == statement->mark.kind && span_is(again[0].mark.subject, statement->mark.subject);
	if (!ok)
		fault_set(fault, FAULT_SETUP, "%s", inner.kind ? inner.text + (inner.text[0] == '1' ? 3 : 0) :
								 "a line feed, or too long for one line");
	if (ok)
		ok = (buf_put_span(out, buf_span(&line)) && buf_put_byte(out, '\n')) ||
		     fault_set(fault, FAULT_LATER, "out of memory");
	buf_release(&line);
	arena_release(&arena);
	return ok;
}

/* No host name ends in a label of digits (RFC 3696 section 2) or holds a colon or slash: a typing error in an address
 * would be a mark that no mail ever meets. */
static bool is_name(struct span text)
{
	size_t end = text.n;

	while (end && text.p[end - 1] >= '0' && text.p[end - 1] <= '9')
		end--;
	return memchr(text.p, '.', text.n) && !memchr(text.p, ':', text.n) && !memchr(text.p, '/', text.n) &&
	       (end == text.n || (end && text.p[end - 1] != '.'));
}

bool mark_subject_is_possible(struct span subject, const struct rows *tables)
{
	struct network network;

	if (!subject.n)
		return false;
	if (memchr(subject.p, ' ', subject.n) || is_name(subject) || network_parse(subject, &network))
		return true;
	for (size_t i = 0; i < tables->senders_n; i++)
		if (span_is_nocase(tables->senders[i].id, subject) || span_is_nocase(tables->senders[i].name, subject))
			return true;
	for (size_t i = 0; i < tables->marks_n; i++)
		if (tables->marks[i].kind == MARK_NAME && span_is_nocase(tables->marks[i].value, subject))
			return true;
	return span_is(subject, SPAN("scatter"));
}
