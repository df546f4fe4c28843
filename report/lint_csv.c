/* lint --csv: a row per finding. */
#include "report/csv.h"
#include "report/lint.h"

#define ROW_OCTETS ((size_t)4 * 1024 * 1024)

static const char *const columns[] = { "domain", "severity", "code", "name", "record", "at", "length", "what", "why", "fix_name",
	"fix", "fix_zone" };

static void finding_cells(struct csv *csv, const struct finding *finding)
{
	csv_text(csv, span_of(severity_word(finding->severity)));
	csv_text(csv, span_of(finding_word(finding->code)));
	csv_text(csv, finding->name);
	csv_text(csv, finding->record);
	csv_count(csv, finding->at);
	csv_count(csv, finding->n);
	csv_text(csv, finding->what);
	csv_text(csv, finding->why);
	csv_text(csv, !finding->fix.p ? SPAN_ABSENT : finding->fix_name.n ? finding->fix_name : finding->name);
	csv_text(csv, finding->fix);
	csv_text(csv, finding->fix_zone);
}

/* Nobody should take a list that was cut for a whole one. */
static void left_out_cells(struct csv *csv, size_t left_out)
{
	char what[64];

	snprintf(what, sizeof what, "%zu more, left out", left_out);
	for (size_t i = 1; i < sizeof columns / sizeof *columns; i++)
		if (strcmp(columns[i], "what") == 0)
			csv_text(csv, span_of(what));
		else
			csv_empty(csv);
}

static bool page_take(void *self, const struct lint_page *page)
{
	struct csv_list *list = self;
	const struct findings *findings = page->findings;
	bool good = true;

	for (size_t i = 0; good && i < findings->n; i++) {
		csv_text(&list->csv, page->subject);
		finding_cells(&list->csv, &findings->rows[i]);
		good = csv_list_write(list);
	}
	if (good && findings->left_out) {
		csv_text(&list->csv, page->subject);
		left_out_cells(&list->csv, findings->left_out);
		good = csv_list_write(list);
	}
	return good;
}

bool lint_csv_open(struct lint_writer *writer, FILE *out)
{
	struct csv_list *list = csv_list_new(out, ROW_OCTETS, columns, sizeof columns / sizeof *columns);

	*writer = (struct lint_writer){ list, page_take, csv_list_close };
	return list;
}
