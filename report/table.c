#include "report/table.h"
#include "base/escape.h"

#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#define TABLE_INDENT 2
#define TABLE_GAP 2
#define CELL_COLUMNS 120 /* more than any terminal we fill */
#define CELL_OCTETS ((size_t)64 * 1024)
#define INPUT_OCTETS ((size_t)4 * 1024)

struct cell {
	char *text; /* owned; NULL is empty */
	unsigned columns;
	enum ink ink;
};

struct row {
	struct cell cells[TABLE_COLUMNS];
};

struct table {
	FILE *out;
	struct style style;
	const struct table_column *columns;
	size_t columns_n;
	unsigned widest[TABLE_COLUMNS];
	struct row *rows; /* owned */
	size_t rows_n, rows_room;
	size_t at; /* next cell of the last row */
	bool headed, failed;
	struct buf scratch;
	/* libsmartcols measures with the thread's locale: ours, whatever the user's is. Without it, octets are columns.
	 */
	locale_t locale;
};

static unsigned code_columns(uint32_t code)
{
	int columns = wcwidth((wchar_t)code);

	return columns < 0 ? 1 : (unsigned)columns;
}

static unsigned text_columns(struct span text)
{
	unsigned columns = 0;

	while (text.n) {
		uint32_t code = 0;
		size_t n = utf8_next(text, &code);

		columns += n ? code_columns(code) : 1;
		n = n ? n : 1;
		text.p += n;
		text.n -= n;
	}
	return columns;
}

static locale_t table_enter(const struct table *table)
{
	return table->locale ? uselocale(table->locale) : (locale_t)0;
}

static void table_leave(const struct table *table, locale_t before)
{
	if (table->locale)
		uselocale(before);
}

struct table *table_new(FILE *out, const struct style *style, const struct table_column *columns, size_t n)
{
	struct table *table = n <= TABLE_COLUMNS ? calloc(1, sizeof *table) : NULL;

	if (!table)
		return NULL;
	table->out = out;
	table->style = *style;
	table->columns = columns;
	table->columns_n = n;
	table->scratch = BUF(CELL_OCTETS);
	table->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	for (size_t i = 0; i < n; i++)
		table->widest[i] = text_columns(span_of(columns[i].name));
	return table;
}

static void table_forget(struct table *table)
{
	for (size_t i = 0; i < table->rows_n; i++)
		for (size_t j = 0; j < table->columns_n; j++)
			free(table->rows[i].cells[j].text);
	table->rows_n = 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	table_forget(table);
	free(table->rows);
	buf_release(&table->scratch);
	if (table->locale)
		freelocale(table->locale);
	free(table);
}

size_t table_rows(const struct table *table)
{
	return table->rows_n;
}

void table_row(struct table *table)
{
	if (table->rows_n == table->rows_room) {
		size_t room = table->rows_room ? 2 * table->rows_room : 32;
		struct row *rows = reallocarray(table->rows, room, sizeof *rows);

		if (!rows) {
			table->failed = true;
			return;
		}
		table->rows = rows;
		table->rows_room = room;
	}
	table->rows[table->rows_n++] = (struct row){ 0 };
	table->at = 0;
}

/* The first octets that fill at most `columns`. */
static size_t head_octets(struct span text, unsigned columns)
{
	size_t at = 0;

	while (at < text.n) {
		uint32_t code = 0;
		size_t n = utf8_next((struct span){ text.p + at, text.n - at }, &code);
		unsigned width = n ? code_columns(code) : 1;

		if (width > columns)
			break;
		columns -= width;
		at += n ? n : 1;
	}
	return at;
}

/* Where the last octets begin that fill at most `columns`. */
static size_t tail_begin(struct span text, unsigned columns)
{
	unsigned all = text_columns(text);
	size_t at = 0;

	while (at < text.n && all > columns) {
		uint32_t code = 0;
		size_t n = utf8_next((struct span){ text.p + at, text.n - at }, &code);

		all -= n ? code_columns(code) : 1;
		at += n ? n : 1;
	}
	return at;
}

/* Both ends of a name tell more than its beginning alone. */
static void put_cut(struct buf *out, const struct style *style, struct span text, unsigned columns)
{
	const char *gap = style_symbol(style, SYMBOL_ELLIPSIS);
	unsigned kept = columns - text_columns(span_of(gap));
	size_t tail;

	if (text_columns(text) <= columns) {
		buf_put_span(out, text);
		return;
	}
	tail = tail_begin(text, kept / 2);
	buf_put(out, text.p, head_octets(text, kept - kept / 2));
	buf_put_text(out, gap);
	buf_put(out, text.p + tail, text.n - tail);
}

/* What libsmartcols could not measure (unassigned code points) is spelt out. */
static void put_measurable(struct buf *out, struct span text)
{
	while (text.n) {
		uint32_t code = 0;
		size_t n = utf8_next(text, &code);

		if (n > 1 && wcwidth((wchar_t)code) < 0)
			buf_printf(out, "\\u{%X}", (unsigned)code);
		else
			buf_put(out, text.p, n ? n : 1);
		n = n ? n : 1;
		text.p += n;
		text.n -= n;
	}
}

static void cell_set(struct table *table, struct cell *cell, struct span shown)
{
	struct buf measurable = BUF(CELL_OCTETS), cut = BUF(CELL_OCTETS);

	put_measurable(&measurable, shown);
	put_cut(&cut, &table->style, buf_span(&measurable), CELL_COLUMNS);
	cell->text = strdup(buf_text(&cut));
	cell->columns = text_columns(buf_span(&cut));
	if (!cell->text || measurable.failed || cut.failed)
		table->failed = true;
	buf_release(&measurable);
	buf_release(&cut);
}

/* A very long value is shown by both its ends anyway: what lies between need not be escaped first. */
static void put_ends(struct buf *out, const struct style *style, struct span text)
{
	size_t half = INPUT_OCTETS / 2;
	size_t tail = text.n - half;

	if (text.n <= INPUT_OCTETS) {
		style_text(out, style, text);
		return;
	}
	while (half && ((unsigned char)text.p[half] & 0xc0) == 0x80)
		half--;
	while (tail < text.n && ((unsigned char)text.p[tail] & 0xc0) == 0x80)
		tail++;
	style_text(out, style, (struct span){ text.p, half });
	style_text(out, style, (struct span){ text.p + tail, text.n - tail });
}

void table_cell(struct table *table, enum ink ink, struct span text)
{
	struct cell *cell;
	locale_t before;

	if (table->failed || table->rows_n == 0 || table->at >= table->columns_n) {
		table->failed = true;
		return;
	}
	cell = &table->rows[table->rows_n - 1].cells[table->at];
	buf_clear(&table->scratch);
	put_ends(&table->scratch, &table->style, text);
	before = table_enter(table);
	cell_set(table, cell, buf_span(&table->scratch));
	table_leave(table, before);
	cell->ink = ink;
	if (cell->columns > table->widest[table->at])
		table->widest[table->at] = cell->columns;
	table->at++;
}

void table_cell_text(struct table *table, enum ink ink, const char *text)
{
	table_cell(table, ink, span_of(text));
}

void table_cell_count(struct table *table, enum ink ink, uint64_t n)
{
	table_cell(table, ink, span_of(count_text(n).p));
}

static bool column_gives(const struct table_column *column, unsigned width)
{
	return column->flexible && width > (column->least ? column->least : TABLE_LEAST);
}

/* Takes from the widest flexible column, one by one, until the table fits or nothing gives way any more. */
static void table_fit(const struct table *table, unsigned width[TABLE_COLUMNS])
{
	unsigned sum = TABLE_INDENT + TABLE_GAP * (unsigned)(table->columns_n - 1);

	for (size_t i = 0; i < table->columns_n; i++) {
		width[i] = table->widest[i];
		sum += width[i];
	}
	while (sum > table->style.width) {
		size_t widest = table->columns_n;

		for (size_t i = 0; i < table->columns_n; i++)
			if (column_gives(&table->columns[i], width[i]) &&
				(widest == table->columns_n || width[i] > width[widest]))
				widest = i;
		if (widest == table->columns_n)
			return;
		width[widest]--;
		sum--;
	}
}

static bool table_fill(struct table *table, struct libscols_table *cols, const unsigned width[TABLE_COLUMNS])
{
	for (size_t j = 0; j < table->columns_n; j++) {
		const struct table_column *column = &table->columns[j];
		int blanks = (int)width[j] - (int)text_columns(span_of(column->name));

		/* A column is as wide as its heading at least: so the later parts of a table line up with its first. */
		buf_clear(&table->scratch);
		buf_printf(&table->scratch, "%*s%s%*s", column->right ? blanks : 0, "", column->name,
			column->right ? 0 : blanks, "");
		if (!scols_table_new_column(cols, buf_text(&table->scratch), 0, column->right ? SCOLS_FL_RIGHT : 0))
			return false;
	}
	for (size_t i = 0; i < table->rows_n; i++) {
		struct libscols_line *line = scols_table_new_line(cols, NULL);

		for (size_t j = 0; line && j < table->columns_n; j++) {
			const struct cell *cell = &table->rows[i].cells[j];

			buf_clear(&table->scratch);
			put_cut(&table->scratch, &table->style, span_of(cell->text ? cell->text : ""), width[j]);
			if (scols_line_set_data(line, j, buf_text(&table->scratch)) != 0)
				return false;
			if (ink_sequence(cell->ink))
				scols_cell_set_color(scols_line_get_cell(line, j), ink_sequence(cell->ink));
		}
		if (!line)
			return false;
	}
	return true;
}

/* libsmartcols pads the last column and knows no indent. */
static void print_lines(FILE *out, struct span text, bool headed)
{
	bool show = !headed;

	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		size_t shown = n;

		while (shown && text.p[shown - 1] == ' ')
			shown--;
		if (show)
			fprintf(out, "%*s%.*s\n", shown ? TABLE_INDENT : 0, "", (int)shown, text.p);
		show = true;
		n += end != NULL;
		text.p += n;
		text.n -= n;
	}
}

static bool table_draw(struct table *table)
{
	struct libscols_table *cols = scols_new_table();
	unsigned width[TABLE_COLUMNS];
	char *text = NULL;
	bool drawn = false;

	table_fit(table, width);
	if (!cols)
		return false;
	scols_table_enable_noencoding(cols, 1);
	scols_table_enable_colors(cols, table->style.color);
	scols_table_enable_nowrap(cols, 1);
	scols_table_set_column_separator(cols, "  ");
	scols_table_set_termforce(cols, SCOLS_TERMFORCE_NEVER);
	if (table_fill(table, cols, width) && scols_print_table_to_string(cols, &text) == 0 && text) {
		print_lines(table->out, span_of(text), table->headed);
		drawn = true;
	}
	free(text);
	scols_unref_table(cols);
	return drawn;
}

bool table_print(struct table *table)
{
	locale_t before;

	if (table->rows_n && !table->failed) {
		before = table_enter(table);
		table->failed = !table_draw(table);
		table_leave(table, before);
		table->headed = true;
	}
	table_forget(table);
	return !table->failed && !ferror(table->out);
}
