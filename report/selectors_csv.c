/* selectors --format csv: a row per key. */
#include "report/csv.h"
#include "report/selectors.h"

#define ROW_OCTETS ((size_t)1024 * 1024)

static const char *const columns[] = { "selector", "domain", "listed", "home", "home_own", "shared", "valid", "broken",
	"first_day", "last_day", "checked_valid", "checked_broken", "checked_day", "key_state", "key_type", "key_bits",
	"key_testing", "key_seen", "flags" };

static void flags_cell(struct csv *csv, unsigned flags)
{
	struct buf words = BUF(1024);

	for (enum selector_flag flag = 0; flag < SELECTOR_FLAG_COUNT; flag++)
		if (flags & 1u << flag)
			buf_printf(&words, "%s%s", words.n ? " " : "", selector_flag_word(flag));
	csv_text(csv, buf_span(&words));
	buf_release(&words);
}

static void line_csv(struct csv *csv, const struct selector_line *line)
{
	csv_text(csv, line->selector);
	csv_text(csv, line->domain);
	csv_bool(csv, line->listed);
	csv_text(csv, line->home);
	csv_bool(csv, line->home_own);
	csv_bool(csv, line->shared);
	csv_count(csv, line->valid);
	csv_count(csv, line->broken);
	csv_day(csv, line->first_day);
	csv_day(csv, line->last_day);
	csv_count(csv, line->checked_valid);
	csv_count(csv, line->checked_broken);
	csv_day(csv, line->checked_day);
	csv_text(csv, span_of(selector_key_word(line->key)));
	csv_text(csv, span_of(line->key_type));
	if (line->key_bits)
		csv_count(csv, line->key_bits);
	else
		csv_empty(csv);
	csv_bool(csv, line->key_testing);
	csv_date(csv, line->key_seen);
	flags_cell(csv, line->flags);
}

bool selectors_csv(FILE *out, const struct selectors_page *page)
{
	struct buf row = BUF(ROW_OCTETS);
	struct csv csv;
	bool good;

	csv_begin(&csv, &row);
	csv_names(&csv, columns, sizeof columns / sizeof *columns);
	good = csv_row_write(&csv, out);
	for (size_t i = 0; good && i < page->n; i++) {
		line_csv(&csv, &page->lines[i]);
		good = csv_row_write(&csv, out);
	}
	csv_release(&csv);
	buf_release(&row);
	return good && fflush(out) == 0;
}
