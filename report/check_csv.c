/* check --format csv. */
#include "report/check.h"
#include "report/csv.h"

#include "base/moment.h"

#define ROW_OCTETS ((size_t)1024 * 1024)

static const char *const columns[] = { "run", "domain", "target", "gate", "state", "subject", "name", "value", "limit", "at_least" };

bool check_csv_head(FILE *out)
{
	struct buf row = BUF(ROW_OCTETS);
	struct csv csv;
	bool ok;

	csv_begin(&csv, &row);
	csv_names(&csv, columns, sizeof columns / sizeof *columns);
	ok = csv_row_write(&csv, out);
	csv_release(&csv);
	buf_release(&row);
	return ok;
}

static void gate_cells(struct csv *csv, const struct assessment *a, const struct gate *gate)
{
	const struct verdict *v = a->verdict;
	char id[8], day[MOMENT_TEXT];

	snprintf(id, sizeof id, "G%u", gate->number);
	csv_text(csv, span_of(moment_format_day(a->options->today * DAY_SECONDS, day)));
	csv_text(csv, v->domain);
	csv_text(csv, span_of(target_word(v->target)));
	csv_text(csv, span_of(id));
	csv_text(csv, span_of(gate_state_word(gate->state)));
	csv_text(csv, gate->subject);
}

bool check_csv(FILE *out, const struct assessment *a)
{
	const struct decision *d = &a->verdict->decision;
	struct buf row = BUF(ROW_OCTETS);
	struct csv csv;
	bool ok = true;

	csv_begin(&csv, &row);
	for (size_t i = 0; ok && i < d->gates_n; i++) {
		const struct gate *gate = &d->gates[i];

		for (size_t k = 0; ok && k < (gate->values_n ? gate->values_n : 1); k++) {
			gate_cells(&csv, a, gate);
			if (gate->values_n) {
				csv_text(&csv, span_of(gate->values[k].name));
				csv_share(&csv, gate->values[k].value);
				csv_share(&csv, gate->values[k].limit);
				csv_bool(&csv, gate->values[k].at_least);
			} else {
				for (int empty = 0; empty < 4; empty++)
					csv_empty(&csv);
			}
			ok = csv_row_write(&csv, out);
		}
	}
	csv_release(&csv);
	buf_release(&row);
	return ok;
}
