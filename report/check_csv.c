/* check --format csv. */
#include "report/check.h"
#include "report/csv.h"

#include "base/moment.h"

#define ROW_OCTETS ((size_t)1024 * 1024)

static const char *const columns[] = { "run", "domain", "target", "gate", "subject", "ok", "value", "limit",
	"state", "name", "at_least" };

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
	csv_text(csv, gate->subject);
	csv_bool(csv, gate->state == GATE_HOLDS);
}

/* `value` is NULL for a gate that is not a number. */
static void value_cells(struct csv *csv, const struct gate *gate, const struct gate_value *value)
{
	if (value) {
		csv_share(csv, value->value);
		csv_share(csv, value->limit);
	} else {
		csv_empty(csv);
		csv_empty(csv);
	}
	csv_text(csv, span_of(gate_state_word(gate->state)));
	csv_text(csv, value ? span_of(value->name) : SPAN_ABSENT);
	if (value)
		csv_bool(csv, value->at_least);
	else
		csv_empty(csv);
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
			value_cells(&csv, gate, gate->values_n ? &gate->values[k] : NULL);
			ok = csv_row_write(&csv, out);
		}
	}
	csv_release(&csv);
	buf_release(&row);
	return ok;
}
