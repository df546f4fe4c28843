#include "report/style.h"
#include "base/escape.h"
#include "base/moment.h"

#include <inttypes.h>
#include <strings.h>

/* The longest value a parser lets through is 128 kB; each octet becomes at most nine. */
#define STYLE_VALUE_OCTETS ((size_t)2 * 1024 * 1024)

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

/* One column a code point: enough for our own sentences with a name in them. */
static unsigned word_columns(struct span word)
{
	unsigned columns = 0;

	for (size_t i = 0; i < word.n; i++)
		columns += ((unsigned char)word.p[i] & 0xc0) != 0x80;
	return columns;
}

/* As much of a word as fills the columns. */
static struct span word_head(struct span word, unsigned columns)
{
	size_t n = 0;

	while (n < word.n && (columns || ((unsigned char)word.p[n] & 0xc0) == 0x80))
		columns -= ((unsigned char)word.p[n++] & 0xc0) != 0x80;
	return (struct span){ word.p, n };
}

static bool is_closed(const struct style *style, unsigned column, unsigned indent, unsigned columns)
{
	return column > indent && column + 1 + columns > style->width;
}

/* Words from `column` on; the next lines begin at `indent`. A word longer than a line is cut. */
static void words_print(FILE *out, const struct style *style, unsigned column, unsigned indent, struct span text)
{
	bool fresh = true;

	while (text.n) {
		const char *blank = memchr(text.p, ' ', text.n);
		struct span word = { text.p, blank ? (size_t)(blank - text.p) : text.n };

		text.p += word.n + (blank != NULL);
		text.n -= word.n + (blank != NULL);
		while (word.n) {
			struct span head = word_head(word, style->width - indent);
			unsigned columns = word_columns(head);

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
	words_print(out, style, indent, indent, text);
}

void style_labelled(FILE *out, const struct style *style, struct style_label label, struct span text)
{
	int room = (int)(label.column - label.indent) - 1;

	fprintf(out, "%*s%s%s%s%*s", (int)label.indent, "", style_ink(style, label.ink), label.text,
		style_off(style, label.ink), room - (int)word_columns(span_of(label.text)) + 1, "");
	words_print(out, style, label.column, label.column, text);
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
	char text[MOMENT_TEXT];

	if (day < INT64_MAX / DAY_SECONDS && day > INT64_MIN / DAY_SECONDS)
		civil.known = sscanf(moment_format_day(day * DAY_SECONDS, text), "%d-%u-%u", &civil.year, &civil.month,
				      &civil.day) == 3;
	return civil;
}

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
	"Dec" };

struct short_text day_text(int64_t day)
{
	struct civil_day civil = civil_of_day(day);
	struct short_text text = { "?" };

	if (civil.known)
		snprintf(text.p, sizeof text.p, "%u %s", civil.day, months[civil.month - 1]);
	return text;
}

struct long_text period_text(const struct style *style, int64_t first_day, int64_t last_day)
{
	struct civil_day a = civil_of_day(first_day), b = civil_of_day(last_day);
	const char *dash = style_symbol(style, SYMBOL_DASH);
	struct long_text text;

	if (!a.known || !b.known)
		snprintf(text.p, sizeof text.p, "an unknown time");
	else if (first_day == last_day)
		snprintf(text.p, sizeof text.p, "%u %s %d", b.day, months[b.month - 1], b.year);
	else if (a.year != b.year)
		snprintf(text.p, sizeof text.p, "%u %s %d %s %u %s %d", a.day, months[a.month - 1], a.year, dash, b.day,
			months[b.month - 1], b.year);
	else if (a.month != b.month)
		snprintf(text.p, sizeof text.p, "%u %s %s %u %s %d", a.day, months[a.month - 1], dash, b.day,
			months[b.month - 1], b.year);
	else
		snprintf(text.p, sizeof text.p, "%u %s %u %s %d", a.day, dash, b.day, months[b.month - 1], b.year);
	return text;
}
