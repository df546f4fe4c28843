/* reports --format csv: a row per report, then one per mail that gave none. */
#include "report/csv.h"
#include "report/reports.h"

#define ROW_OCTETS ((size_t)8 * 1024 * 1024)

static const char *const columns[] = { "id", "org_name", "domain", "report_id", "begin_date", "end_date", "records",
	"messages", "recovered", "state", "problems", "mail", "arrived", "reason", "trust", "signer", "repaired" };

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
	struct csv_list *list = self;
	struct csv *csv = &list->csv;

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
	return csv_list_write(list);
}

bool reports_csv_open(struct reports_writer *writer, FILE *out)
{
	struct csv_list *list = csv_list_new(out, ROW_OCTETS, columns, sizeof columns / sizeof *columns);

	*writer = (struct reports_writer){ .self = list, .take = reports_csv_take, .close = csv_list_close };
	return list;
}
