/* reporters --format csv: a row per reporter. */
#include "report/csv.h"
#include "report/reporters.h"

#include "base/moment.h"

#include <stdlib.h>

#define ROW_OCTETS ((size_t)8 * 1024 * 1024)

static const char *const columns[] = { "domain", "identity", "name", "email", "standing", "messages", "days", "reports",
	"counted", "trust3", "trust2", "trust1", "trust0", "judged", "disagreements", "failing_enforced", "honoured",
	"spared", "defects", "defective_reports", "first_seen", "last_seen" };

static bool row_csv(struct csv_list *reporters, struct span domain, const struct listed_reporter *row)
{
	const struct reporter *r = row->reporter;
	uint64_t most = row->defects_n ? row->defects[0].reports : 0;
	const uint64_t counts[] = { r->messages, row->days, row->reports, row->uses[USE_COUNTED], row->trusts[TRUST_3],
		row->trusts[TRUST_2], row->trusts[TRUST_1], row->trusts[TRUST_0], r->judged, r->disagreements,
		r->failing, r->honoured, r->spared, row->defects_n, most };
	struct csv *csv = &reporters->csv;

	csv_text(csv, domain);
	csv_text(csv, r->identity);
	csv_text(csv, r->name);
	csv_text(csv, row->email);
	csv_text(csv, span_of(standing_word(r->standing)));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		csv_count(csv, counts[i]);
	csv_day(csv, r->first_day);
	csv_day(csv, r->last_day);
	return csv_list_write(reporters);
}

static bool reporters_domain(void *self, const struct assessment *assessment, const struct problem_list *problems)
{
	struct csv_list *reporters = self;
	struct reporter_list list;
	bool done = reporter_list_make(assessment, problems, &list);

	for (size_t i = 0; done && i < list.n; i++)
		done = row_csv(reporters, assessment->verdict->domain, &list.rows[i]);
	reporter_list_release(&list);
	return done;
}

bool reporters_csv_open(struct reporters_writer *writer, FILE *out)
{
	struct csv_list *list = csv_list_new(out, ROW_OCTETS, columns, sizeof columns / sizeof *columns);

	*writer = (struct reporters_writer){ list, reporters_domain, csv_list_close };
	return list;
}
