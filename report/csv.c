#include "report/csv.h"
#include "base/decimal.h"
#include "base/escape.h"
#include "base/moment.h"

#include <inttypes.h>
#include <stdlib.h>

/* Values are at most 128 kB, lists of them at most 1,000; what is larger fails instead of growing without end. */
#define CSV_CELL_OCTETS ((size_t)256 * 1024 * 1024)

static bool guarded = true;

void csv_guard(bool guard)
{
	guarded = guard;
}

void csv_begin(struct csv *csv, struct buf *out)
{
	*csv = (struct csv){ .out = out, .scratch = BUF(CSV_CELL_OCTETS) };
}

void csv_release(struct csv *csv)
{
	buf_release(&csv->scratch);
}

static void csv_comma(struct csv *csv)
{
	if (csv->some)
		buf_put_byte(csv->out, ',');
	csv->some = true;
}

static void csv_quoted(struct buf *out, struct span text)
{
	buf_put_byte(out, '"');
	while (text.n) {
		const char *quote = memchr(text.p, '"', text.n);
		size_t n = quote ? (size_t)(quote - text.p) + 1 : text.n;

		buf_put(out, text.p, n);
		if (quote)
			buf_put_byte(out, '"');
		text.p += n;
		text.n -= n;
	}
	buf_put_byte(out, '"');
}

/* OWASP "CSV Injection"; it also names tab and CR: those are spelt out, so that they cannot come first. */
static bool looks_like_formula(struct span text)
{
	static const char *const starts[] = { "=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
		"\xef\xbc\xa0" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (span_starts_nocase(text, span_of(starts[i])))
			return true;
	return false;
}

void csv_text(struct csv *csv, struct span text)
{
	struct span shown;

	csv_comma(csv);
	if (text.n == 0)
		return;
	buf_clear(&csv->scratch);
	if (guarded && looks_like_formula(text))
		buf_put_byte(&csv->scratch, '\'');
	if (!escape_terminal(&csv->scratch, text))
		csv->out->failed = true;
	shown = buf_span(&csv->scratch);
	if (memchr(shown.p, ',', shown.n) || memchr(shown.p, '"', shown.n))
		csv_quoted(csv->out, shown);
	else
		buf_put_span(csv->out, shown);
}

void csv_names(struct csv *csv, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		csv_text(csv, span_of(names[i]));
}

void csv_count(struct csv *csv, uint64_t n)
{
	csv_comma(csv);
	buf_printf(csv->out, "%" PRIu64, n);
}

void csv_share(struct csv *csv, double number)
{
	char text[DECIMAL_TEXT];

	csv_comma(csv);
	buf_put_text(csv->out, decimal_format(number, text));
}

void csv_bool(struct csv *csv, bool yes)
{
	csv_comma(csv);
	buf_put_text(csv->out, yes ? "True" : "False");
}

void csv_date(struct csv *csv, int64_t moment)
{
	char text[MOMENT_TEXT];

	csv_comma(csv);
	if (moment != MOMENT_NONE)
		buf_put_text(csv->out, moment_format(moment, text));
}

void csv_day(struct csv *csv, int64_t day)
{
	char text[MOMENT_TEXT];

	csv_comma(csv);
	if (day != MOMENT_NONE)
		buf_put_text(csv->out, moment_format_day(day * DAY_SECONDS, text));
}

void csv_empty(struct csv *csv)
{
	csv_comma(csv);
}

bool csv_row_write(struct csv *csv, FILE *file)
{
	buf_put_byte(csv->out, '\n');
	csv->some = false;
	fwrite(buf_text(csv->out), 1, csv->out->n, file);
	if (csv->out->failed)
		return false;
	buf_clear(csv->out);
	return !ferror(file);
}

bool csv_list_begin(struct csv_list *list, FILE *out, size_t row_octets, const char *const *names, size_t n)
{
	list->out = out;
	list->row = BUF(row_octets);
	csv_begin(&list->csv, &list->row);
	csv_names(&list->csv, names, n);
	return csv_list_write(list);
}

bool csv_list_write(struct csv_list *list)
{
	return csv_row_write(&list->csv, list->out);
}

bool csv_list_end(struct csv_list *list)
{
	bool done = !list->row.failed && fflush(list->out) == 0 && !ferror(list->out);

	csv_release(&list->csv);
	buf_release(&list->row);
	return done;
}

struct csv_list *csv_list_new(FILE *out, size_t row_octets, const char *const *names, size_t n)
{
	struct csv_list *list = calloc(1, sizeof *list);

	if (list)
		csv_list_begin(list, out, row_octets, names, n);
	return list;
}

bool csv_list_close(void *list)
{
	bool done = csv_list_end(list);

	free(list);
	return done;
}
