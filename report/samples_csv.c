/* samples --format csv: a row per failure report. */
#include "report/csv.h"
#include "report/sample_words.h"
#include "report/samples.h"

#include <stdlib.h>

#define ROW_OCTETS ((size_t)8 * 1024 * 1024)

struct samples_csv {
	struct csv_list list;
	struct buf id;
	struct mask mask;
};

static const char *const columns[] = { "id", "arrival_date", "source_ip_address", "domain", "from", "subject",
	"reporter", "auth_failure", "identity_alignment", "identity_rule", "delivery_result", "counted", "verdict",
	"result", "undone", "sentence", "mail", "trust", "signer", "repaired" };

static void row_cells(struct samples_csv *list, const struct sample_row *row)
{
	struct csv *csv = &list->list.csv;
	char address[ADDRESS_TEXT];

	buf_put_text(&list->id, "sample:");
	buf_put_span(&list->id, row->id);
	csv_text(csv, buf_span(&list->id));
	buf_clear(&list->id);
	csv_date(csv, row->arrived);
	csv_text(csv, sample_source(row, address));
	csv_text(csv, row->domain);
	csv_text(csv, row->from);
	csv_text(csv, row->subject);
	csv_text(csv, row->reporter);
	csv_text(csv, row->auth_failure);
	csv_text(csv, row->identity_alignment);
	csv_text(csv, row->identity_rule);
	csv_text(csv, row->delivery_result);
	csv_bool(csv, row->dmarc && !row->dmarc_passed);
	csv_text(csv, span_of(sample_verdict_word(sample_verdict(row))));
	csv_text(csv, row->result);
	csv_bool(csv, row->undone);
	csv_text(csv, row->sentence);
	csv_text(csv, row->mail);
	csv_count(csv, (uint64_t)row->trust);
	csv_text(csv, row->signer);
	csv_bool(csv, row->repaired);
}

static bool samples_csv_take(void *self, const struct sample_row *row)
{
	struct samples_csv *list = self;
	const struct sample_row *masked = mask_row(&list->mask, row);

	if (!masked)
		return false;
	row_cells(list, masked);
	arena_clear(&list->mask.arena);
	return csv_list_write(&list->list);
}

static bool samples_csv_close(void *self)
{
	struct samples_csv *list = self;
	bool done = csv_list_end(&list->list);

	buf_release(&list->id);
	arena_release(&list->mask.arena);
	free(list);
	return done;
}

bool samples_csv_open(struct samples_writer *writer, FILE *out, bool show_addresses)
{
	struct samples_csv *list = calloc(1, sizeof *list);

	if (!list)
		return false;
	list->id = BUF(1024);
	list->mask = MASK(show_addresses);
	csv_list_begin(&list->list, out, ROW_OCTETS, columns, sizeof columns / sizeof *columns);
	*writer = (struct samples_writer){ .self = list, .take = samples_csv_take, .close = samples_csv_close };
	return true;
}
