/* dns --csv: a row per record that was seen, or one for a state without any. */
#include "base/moment.h"
#include "report/csv.h"
#include "report/snapshots.h"

/* What is unfit for a line is spelt out, which makes it longer. */
#define ROW_OCTETS (8 * (size_t)DNS_TEXT_MAX + 65536)

static const char *const columns[] = { "name", "type", "first_seen", "last_seen", "status", "security", "ttl", "alias_of",
	"record", "strings" };

/* Texts with the lengths of their strings, because another cut is another state. */
static void record_cells(struct csv *csv, enum dns_type type, const struct dns_data *data)
{
	struct buf text = BUF((size_t)DNS_TEXT_MAX + 1024), strings = BUF((size_t)DNS_TEXT_MAX * 8);

	dns_data_put(&text, type, data);
	for (size_t i = 0, start = 0; i < data->strings; start = data->string_end[i++])
		buf_printf(&strings, "%s%zu", i ? " " : "", data->string_end[i] - start);
	csv_text(csv, buf_span(&text));
	csv_text(csv, buf_span(&strings));
	csv->out->failed |= text.failed || strings.failed;
	buf_release(&text);
	buf_release(&strings);
}

static bool row_write(struct csv_list *list, const struct snapshot_row *row, const struct dns_data *data)
{
	const struct dns_answer *answer = &row->answer;
	struct csv *csv = &list->csv;

	csv_text(csv, answer->name);
	csv_text(csv, span_of(dns_type_word(answer->type)));
	csv_date(csv, row->first_seen);
	csv_date(csv, row->last_seen);
	csv_text(csv, span_of(dns_status_word(answer->status)));
	csv_text(csv, span_of(dns_security_word(answer->security)));
	csv_count(csv, answer->ttl);
	csv_text(csv, answer->aliases ? answer->owner : SPAN_ABSENT);
	if (data) {
		record_cells(csv, answer->type, data);
	} else {
		csv_empty(csv);
		csv_empty(csv);
	}
	return csv_list_write(list);
}

static bool snapshots_csv_take(void *self, const struct snapshot_row *row)
{
	bool good = row->answer.n > 0 || row_write(self, row, NULL);

	for (size_t i = 0; good && i < row->answer.n; i++)
		good = row_write(self, row, &row->answer.data[i]);
	return good;
}

bool snapshots_csv_open(struct snapshots_writer *writer, FILE *out)
{
	struct csv_list *list = csv_list_new(out, ROW_OCTETS, columns, sizeof columns / sizeof *columns);

	*writer = (struct snapshots_writer){ .self = list, .take = snapshots_csv_take, .close = csv_list_close };
	return list;
}
