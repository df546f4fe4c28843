/* reports --format csv: a row per report, then one per mail that gave none. */
#include "report/csv.h"
#include "report/reports.h"

#include <stdlib.h>

#define ROW_OCTETS ((size_t)8 * 1024 * 1024)

static const char *const columns[] = { "id", "org_name", "domain", "report_id", "begin_date", "end_date", "records",
	"messages", "recovered", "state", "problems", "mail", "arrived", "reason", "trust", "signer", "repaired",
	"not_counted" };
#define COLUMNS (sizeof columns / sizeof *columns) /* the last one only where it is asked for */

struct reports_csv {
	struct csv_list list;
	const struct uncounted_list *only;
};

static void report_cells(struct csv *csv, const struct stored_report *row)
{
	csv_count(csv, (uint64_t)row->id);
	csv_text(csv, row->org_name);
	csv_text(csv, row->domain);
	csv_text(csv, row->report_id);
	csv_date(csv, row->begin);
	csv_date(csv, row->end);
	csv_count(csv, row->records);
	csv_count(csv, row->messages);
	csv_bool(csv, row->recovered);
}

static bool reports_csv_take(void *self, const struct stored_report *row)
{
	struct reports_csv *reports = self;
	struct csv *csv = &reports->list.csv;
	enum report_use use;

	if (!stored_report_is_shown(row, reports->only, &use))
		return true;
	if (row->broken)
		for (int i = 0; i < 9; i++)
			csv_empty(csv);
	else
		report_cells(csv, row);
	csv_text(csv, span_of(stored_report_word(row)));
	csv_count(csv, row->problems);
	csv_text(csv, row->mail);
	csv_date(csv, row->arrived);
	csv_text(csv, row->broken ? row->reason : SPAN_ABSENT);
	if (row->broken) {
		for (int i = 0; i < 3; i++)
			csv_empty(csv);
	} else {
		csv_count(csv, (uint64_t)row->trust);
		csv_text(csv, row->signer);
		csv_bool(csv, row->repaired);
	}
	if (reports->only)
		csv_text(csv, span_of(report_use_word(use)));
	return csv_list_write(&reports->list);
}

static bool reports_csv_close(void *self)
{
	struct reports_csv *reports = self;
	bool done = csv_list_end(&reports->list);

	free(reports);
	return done;
}

bool reports_csv_open(struct reports_writer *writer, FILE *out, const struct uncounted_list *only)
{
	struct reports_csv *reports = calloc(1, sizeof *reports);

	if (!reports)
		return false;
	reports->only = only;
	*writer = (struct reports_writer){ .self = reports, .take = reports_csv_take, .close = reports_csv_close };
	if (csv_list_begin(&reports->list, out, ROW_OCTETS, columns, only ? COLUMNS : COLUMNS - 1))
		return true;
	reports_csv_close(reports);
	return false;
}
