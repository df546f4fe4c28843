/* How text for people looks everywhere: colours, symbols, numbers, shares, periods. Pure: what it must know of terminal
 * and environment is handed in; every colour is doubled by a word, so that nothing is lost without it. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

#define STYLE_WIDTH_LEAST 80
#define STYLE_WIDTH_MOST 100

struct style {
	bool color, utf8;
	unsigned width; /* columns, STYLE_WIDTH_LEAST..STYLE_WIDTH_MOST */
};

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What cli found out; NULL where a variable is not set. */
struct style_facts {
	enum color_mode color;
	bool terminal;        /* is the output one? */
	unsigned columns;     /* of the terminal; 0 when unknown */
	const char *no_color; /* NO_COLOR: any value but an empty one switches colours off (no-color.org) */
	const char *term;     /* TERM: `dumb` has no colours */
	const char *lc_all, *lc_ctype, *lang;
};
struct style style_choose(const struct style_facts *facts);

enum ink { INK_PLAIN, INK_STRONG, INK_BAD, INK_WARN, INK_GOOD, INK_QUIET, INK_STEP, INK_COUNT };
const char *style_ink(const struct style *style, enum ink ink); /* starts a colour; "" when there are none */
const char *style_off(const struct style *style, enum ink ink); /* ends it */
const char *ink_sequence(enum ink ink);                         /* NULL for INK_PLAIN */

enum symbol {
	SYMBOL_DASH,
	SYMBOL_DOT,
	SYMBOL_ELLIPSIS,
	SYMBOL_ARROW,
	SYMBOL_INTO, /* from a menu into the next */
	SYMBOL_MINUS,
	SYMBOL_DOWN, /* less than before */
	SYMBOL_FULL,
	SYMBOL_EMPTY,
	SYMBOL_COUNT
};
const char *style_symbol(const struct style *style, enum symbol symbol);

/* Text from outside, fit for a terminal: escape_terminal, and without UTF-8 nothing but ASCII. */
bool style_text(struct buf *out, const struct style *style, struct span text);

/* The same, cut where it is longer than anyone reads (STYLE_BRIEF octets of it), with an ellipsis. */
#define STYLE_BRIEF 300
bool style_brief(struct buf *out, const struct style *style, struct span text);
void style_print(FILE *out, const struct style *style, struct span text);

/* Columns of text that is fit for a terminal; colours take none. */
unsigned style_columns(struct span text);

/* Words wrapped at blanks to the style's width, each line indented; a number and its `%` stay together. `text` must be
 * fit for a terminal. */
void style_paragraph(FILE *out, const struct style *style, unsigned indent, struct span text);

/* The same where `column` columns of the first line are written already; the next lines begin at `indent`. */
void style_continue(FILE *out, const struct style *style, unsigned column, unsigned indent, struct span text);

/* The same behind a label (ours, shorter than the columns between indent and column), the lines one below the other. */
struct style_label {
	const char *text;
	enum ink ink;
	unsigned indent, column;
};
void style_labelled(FILE *out, const struct style *style, struct style_label label, struct span text);

/* Texts by value, to be used within the expression that made them: printf("%s", count_text(n).p). */
struct short_text {
	char p[32];
};
struct long_text {
	char p[160];
};
struct short_text count_text(uint64_t n); /* 1,234,567 */

/* `91.9 %`. Rounded to one decimal, but never to 0 % or 100 % unless that is exact: `< 0.1 %`, `> 99.9 %`.
 * A part above the whole counts as the whole; of nothing: empty. */
struct short_text percent_text(uint64_t part, uint64_t whole);

/* The same of a share 0..1; below 0.1 % with two decimals, rounded up: `0.01 %`. */
struct short_text ratio_text(double ratio);

/* `1,204 of 1,310 messages (91.9 %)`; of fewer than SHARE_FEW without the percentage: it would pretend precision. */
#define SHARE_FEW 20
struct long_text share_text(uint64_t part, uint64_t whole);

const char *plural(uint64_t n, const char *one, const char *many);
struct long_text counted_text(uint64_t n, const char *one, const char *many); /* `1 report`, `1,204 reports` */

/* `3 Apr 2026`, `3 - 9 Apr 2026`, `28 Mar - 3 Apr 2026`, with an en dash where there is UTF-8; days since the epoch. */
struct short_text day_text(int64_t day);     /* `3 Apr` */
struct short_text weekday_text(int64_t day); /* `Fri 3 Apr` */
unsigned day_week(int64_t day);		     /* 1..53, ISO 8601; 0 for a day no calendar knows */
struct long_text period_text(const struct style *style, int64_t first_day, int64_t last_day);

/* A line of small columns from zero to the largest value, so that a flat row looks flat. */
void style_spark(struct buf *out, const struct style *style, const uint64_t *values, size_t n);

#endif
