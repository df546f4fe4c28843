#include "report/style.h"
#include "base/escape.h"
#include "base/moment.h"

#include <inttypes.h>
#include <strings.h>

/* The longest value a parser lets through is 128 kB; each octet becomes at most nine. */
#define STYLE_VALUE_OCTETS ((size_t)2 * 1024 * 1024)
#define YEAR_MOST 9999 /* as moment_format */

static const char *const ink_sequences[INK_COUNT] = {
	[INK_PLAIN] = NULL,
	[INK_STRONG] = "\033[1m",
	[INK_BAD] = "\033[1;31m",
	[INK_WARN] = "\033[33m",
	[INK_GOOD] = "\033[34m",
	[INK_QUIET] = "\033[90m",
	[INK_STEP] = "\033[36m",
};

static const struct {
	const char *utf8, *ascii;
} symbols[SYMBOL_COUNT] = {
	[SYMBOL_DASH] = { "\xe2\x80\x93", "-" },
	[SYMBOL_DOT] = { "\xc2\xb7", "-" },
	[SYMBOL_ELLIPSIS] = { "\xe2\x80\xa6", "..." },
	[SYMBOL_ARROW] = { "\xe2\x86\x92", "->" },
	[SYMBOL_INTO] = { "\xe2\x80\xba", ">" },
	[SYMBOL_MINUS] = { "\xe2\x88\x92", "-" },
	[SYMBOL_DOWN] = { "\xe2\x86\x93", "v" },
	[SYMBOL_FULL] = { "\xe2\x96\x88", "#" },
	[SYMBOL_EMPTY] = { "\xc2\xb7", "." },
};

/* The first variable that is set and not empty decides (POSIX 8.2). */
static bool facts_say_utf8(const struct style_facts *facts)
{
	const char *const values[] = { facts->lc_all, facts->lc_ctype, facts->lang };

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct span value = span_of(values[i]);

		if (value.n)
			return span_find_nocase(value, SPAN(".UTF-8")) >= 0 ||
			       span_find_nocase(value, SPAN(".utf8")) >= 0;
	}
	return false;
}

struct style style_choose(const struct style_facts *facts)
{
	struct style style = { .utf8 = facts_say_utf8(facts), .width = facts->columns };
	bool refused = (facts->no_color && *facts->no_color) || (facts->term && strcmp(facts->term, "dumb") == 0);

	style.color = facts->color == COLOR_ALWAYS || (facts->color == COLOR_AUTO && facts->terminal && !refused);
	if (style.width < STYLE_WIDTH_LEAST)
		style.width = STYLE_WIDTH_LEAST;
	if (style.width > STYLE_WIDTH_MOST)
		style.width = STYLE_WIDTH_MOST;
	return style;
}

const char *ink_sequence(enum ink ink)
{
	return ink_sequences[ink];
}

const char *style_ink(const struct style *style, enum ink ink)
{
	return style->color && ink_sequences[ink] ? ink_sequences[ink] : "";
}

const char *style_off(const struct style *style, enum ink ink)
{
	return style->color && ink_sequences[ink] ? "\033[0m" : "";
}

const char *style_symbol(const struct style *style, enum symbol symbol)
{
	return style->utf8 ? symbols[symbol].utf8 : symbols[symbol].ascii;
}

bool style_text(struct buf *out, const struct style *style, struct span text)
{
	if (style->utf8)
		return escape_terminal(out, text);
	while (text.n) {
		uint32_t code;
		size_t n = utf8_next(text, &code);

		if (n <= 1 || code_is_unsafe(code)) {
			n = n ? n : 1;
			escape_terminal(out, (struct span){ text.p, n });
		} else {
			buf_printf(out, "\\u{%X}", (unsigned)code);
		}
		text.p += n;
		text.n -= n;
	}
	return !out->failed;
}

bool style_brief(struct buf *out, const struct style *style, struct span text)
{
	size_t n = STYLE_BRIEF;

	if (text.n <= n)
		return style_text(out, style, text);
	while (n > STYLE_BRIEF - 4 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	style_text(out, style, (struct span){ text.p, n });
	return buf_put_text(out, style_symbol(style, SYMBOL_ELLIPSIS));
}

void style_print(FILE *out, const struct style *style, struct span text)
{
	struct buf shown = BUF(STYLE_VALUE_OCTETS);

	style_text(&shown, style, text);
	fwrite(buf_text(&shown), 1, shown.n, out);
	buf_release(&shown);
}

/* Columns of one code point; what is not listed takes one. Wide are the East Asian blocks and pictures, none the marks
 * that are written over the character before. */
static unsigned code_columns(uint32_t code)
{
	static const struct {
		uint32_t first, last;
		unsigned columns;
	} blocks[] = {
		{ 0x1100, 0x115f, 2 },	 { 0x2e80, 0x303e, 2 },	  { 0x3041, 0xa4cf, 2 },   { 0xa960, 0xa97f, 2 },
		{ 0xac00, 0xd7a3, 2 },	 { 0xf900, 0xfaff, 2 },	  { 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },
		{ 0xffe0, 0xffe6, 2 },	 { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 },
		{ 0x20000, 0x3fffd, 2 },
	};

	if (code_is_mark(code))
		return 0;
	for (size_t i = 0; code >= blocks[0].first && i < sizeof blocks / sizeof *blocks; i++)
		if (code >= blocks[i].first && code <= blocks[i].last)
			return blocks[i].columns;
	return 1;
}

/* Octets and columns of what stands first: a character, or a colour, which only we can have written. */
static size_t glyph_next(struct span text, unsigned *columns)
{
	uint32_t code = 0;
	size_t n;

	*columns = 0;
	if (text.p[0] == '\033') {
		const char *end = memchr(text.p, 'm', text.n);

		return end ? (size_t)(end - text.p) + 1 : text.n;
	}
	n = utf8_next(text, &code);
	*columns = n ? code_columns(code) : 1;
	return n ? n : 1;
}

unsigned style_columns(struct span text)
{
	unsigned all = 0, columns;

	while (text.n) {
		size_t n = glyph_next(text, &columns);

		all += columns;
		text.p += n;
		text.n -= n;
	}
	return all;
}

/* As much of a word as fills the columns; one character at least. */
static struct span word_head(struct span word, unsigned columns)
{
	size_t at = 0;

	while (at < word.n) {
		unsigned taken;
		size_t n = glyph_next((struct span){ word.p + at, word.n - at }, &taken);

		if (taken > columns && at)
			break;
		columns -= taken < columns ? taken : columns;
		at += n;
	}
	return (struct span){ word.p, at };
}

/* Up to the blank where a line may end; `2.2 %` is one word. */
static struct span word_next(struct span text)
{
	size_t at = 0;

	while (at < text.n && (text.p[at] != ' ' || (at + 1 < text.n && text.p[at + 1] == '%')))
		at++;
	return (struct span){ text.p, at };
}

static bool is_closed(const struct style *style, unsigned column, unsigned indent, unsigned columns)
{
	return column > indent && column + 1 + columns > style->width;
}

/* A word longer than a line is cut. */
void style_continue(FILE *out, const struct style *style, unsigned column, unsigned indent, struct span text)
{
	bool fresh = true;

	while (text.n) {
		struct span word = word_next(text);
		bool more = word.n < text.n;

		text.p += word.n + more;
		text.n -= word.n + more;
		while (word.n) {
			struct span head = word_head(word, style->width - indent);
			unsigned columns = style_columns(head);

			if (!fresh && is_closed(style, column, indent, columns)) {
				fprintf(out, "\n%*s", (int)indent, "");
				column = indent;
				fresh = true;
			}
			fprintf(out, "%s%.*s", fresh ? "" : " ", (int)head.n, head.p);
			column += columns + !fresh;
			fresh = false;
			word.p += head.n;
			word.n -= head.n;
		}
	}
	putc('\n', out);
}

void style_paragraph(FILE *out, const struct style *style, unsigned indent, struct span text)
{
	fprintf(out, "%*s", (int)indent, "");
	style_continue(out, style, indent, indent, text);
}

void style_labelled(FILE *out, const struct style *style, struct style_label label, struct span text)
{
	int room = (int)(label.column - label.indent) - 1;

	fprintf(out, "%*s%s%s%s%*s", (int)label.indent, "", style_ink(style, label.ink), label.text,
		style_off(style, label.ink), room - (int)style_columns(span_of(label.text)) + 1, "");
	style_continue(out, style, label.column, label.column, text);
}

struct short_text count_text(uint64_t n)
{
	struct short_text text;
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
	size_t at = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text.p[at++] = ',';
		text.p[at++] = digits[i];
	}
	text.p[at] = '\0';
	return text;
}

struct short_text percent_text(uint64_t part, uint64_t whole)
{
	struct short_text text = { "" };
	unsigned tenths;

	if (whole == 0)
		return text;
	if (part >= whole) {
		snprintf(text.p, sizeof text.p, "100 %%");
		return text;
	}
	tenths = (unsigned)(((unsigned __int128)part * 1000 + whole / 2) / whole);
	if (part == 0)
		snprintf(text.p, sizeof text.p, "0 %%");
	else if (tenths == 0)
		snprintf(text.p, sizeof text.p, "< 0.1 %%");
	else if (tenths >= 1000)
		snprintf(text.p, sizeof text.p, "> 99.9 %%");
	else
		snprintf(text.p, sizeof text.p, "%u.%u %%", tenths / 10, tenths % 10);
	return text;
}

struct short_text ratio_text(double ratio)
{
	struct short_text text;
	double percent = ratio * 100;

	if (!(ratio > 0))
		snprintf(text.p, sizeof text.p, "0 %%");
	else if (ratio >= 1)
		snprintf(text.p, sizeof text.p, "100 %%");
	else if (percent < 0.1)
		snprintf(text.p, sizeof text.p, "0.%02u %%", (unsigned)(percent * 100 + 0.999999));
	else if (percent >= 99.95)
		snprintf(text.p, sizeof text.p, "> 99.9 %%");
	else
		snprintf(text.p, sizeof text.p, "%.1f %%", percent);
	return text;
}

struct long_text share_text(uint64_t part, uint64_t whole)
{
	struct long_text text;
	const char *things = plural(whole, "message", "messages");

	if (whole < SHARE_FEW)
		snprintf(text.p, sizeof text.p, "%s of %s %s", count_text(part).p, count_text(whole).p, things);
	else
		snprintf(text.p, sizeof text.p, "%s of %s %s (%s)", count_text(part).p, count_text(whole).p, things,
			percent_text(part, whole).p);
	return text;
}

const char *plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

struct long_text counted_text(uint64_t n, const char *one, const char *many)
{
	struct long_text text;

	snprintf(text.p, sizeof text.p, "%s %s", count_text(n).p, plural(n, one, many));
	return text;
}

struct civil_day {
	int year;
	unsigned month, day;
	bool known;
};

static struct civil_day civil_of_day(int64_t day)
{
	struct civil_day civil = { 0 };
	int64_t year = 0;

	if (day < INT64_MAX / DAY_SECONDS && day > INT64_MIN / DAY_SECONDS)
		moment_to_civil(day * DAY_SECONDS, &year, &civil.month, &civil.day);
	civil.known = year >= 1 && year <= YEAR_MOST;
	civil.year = civil.known ? (int)year : 0;
	return civil;
}

struct short_text day_text(int64_t day)
{
	struct civil_day civil = civil_of_day(day);
	struct short_text text = { "?" };

	if (civil.known)
		snprintf(text.p, sizeof text.p, "%u %s", civil.day, moment_month_name(civil.month));
	return text;
}

struct short_text weekday_text(int64_t day)
{
	struct short_text text = { "?" };

	if (civil_of_day(day).known)
		snprintf(text.p, sizeof text.p, "%s %.20s", moment_weekday_name(day), day_text(day).p);
	return text;
}

/* The week that the Thursday of these seven days, Monday first, lies in. */
unsigned day_week(int64_t day)
{
	struct civil_day civil = civil_of_day(day);
	int64_t thursday;

	if (!civil.known)
		return 0;
	thursday = day - ((day + 3) % 7 + 7) % 7 + 3;
	civil = civil_of_day(thursday);
	return (unsigned)((thursday - moment_day(moment_from_civil(civil.year, 1, 1))) / 7) + 1;
}

struct long_text period_text(const struct style *style, int64_t first_day, int64_t last_day)
{
	struct civil_day a = civil_of_day(first_day), b = civil_of_day(last_day);
	const char *dash = style_symbol(style, SYMBOL_DASH);
	struct long_text text;

	if (!a.known || !b.known)
		snprintf(text.p, sizeof text.p, "an unknown time");
	else if (first_day == last_day)
		snprintf(text.p, sizeof text.p, "%u %s %d", b.day, moment_month_name(b.month), b.year);
	else if (a.year != b.year)
		snprintf(text.p, sizeof text.p, "%u %s %d %s %u %s %d", a.day, moment_month_name(a.month), a.year, dash, b.day,
			moment_month_name(b.month), b.year);
	else if (a.month != b.month)
		snprintf(text.p, sizeof text.p, "%u %s %s %u %s %d", a.day, moment_month_name(a.month), dash, b.day,
			moment_month_name(b.month), b.year);
	else
		snprintf(text.p, sizeof text.p, "%u %s %u %s %d", a.day, dash, b.day, moment_month_name(b.month), b.year);
	return text;
}

void style_spark(struct buf *out, const struct style *style, const uint64_t *values, size_t n)
{
	static const char *const blocks[] = { "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
		"\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88" };
	static const char ascii[] = "._-=#";
	uint64_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = values[i] > most ? values[i] : most;
	for (size_t i = 0; i < n; i++) {
		unsigned __int128 part = most ? values[i] : 0;
		unsigned steps = style->utf8 ? 7 : 4;
		unsigned level = most ? (unsigned)(part * steps / most) : 0;

		if (style->utf8)
			buf_put_text(out, blocks[level]);
		else
			buf_put_byte(out, (unsigned char)ascii[level]);
	}
}
