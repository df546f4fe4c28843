/* senders --format csv: a row per sender. */
#include "report/csv.h"
#include "report/senders.h"

#include "base/moment.h"

#include <stdlib.h>

#define ROW_OCTETS ((size_t)8 * 1024 * 1024)

struct senders_csv {
	struct csv_list list;
	struct senders_view view;
	struct buf text;
};

static const char *const columns[] = { "domain", "header_from", "source_id", "source_name", "name_method", "kind",
	"class", "subclass", "confidence", "own_points", "fwd_points", "forged_points", "evidence", "messages", "week",
	"dkim_ok", "spf_ok", "fail", "addresses", "reporters", "first_seen", "last_seen", "weeks_seen",
	"selectors", "selector_home", "periodic_next", "mark", "step",
	"week_unsigned", "countries" };
#define COLUMNS (sizeof columns / sizeof *columns) /* the last one only where it is asked for */

static void class_cells(struct senders_csv *senders, const struct listed_sender *row)
{
	const struct classification *class = &row->path->class;
	struct csv *csv = &senders->list.csv;

	csv_text(csv, span_of(fate_word(row->fate)));
	csv_text(csv, span_of(subclass_word(row->subclass)));
	csv_text(csv, span_of(confidence_word(class->confidence)));
	for (int side = 0; side < SIDE_COUNT; side++)
		csv_count(csv, class->points[side]);
	for (size_t i = 0; i < class->items_n; i++)
		buf_printf(&senders->text, "%s%s", i ? " " : "", evidence_items[class->items[i]].id);
	csv_text(csv, buf_span(&senders->text));
	buf_clear(&senders->text);
}

static void seen_cells(struct csv *csv, const struct listed_sender *row)
{
	const uint64_t counts[] = { row->window.messages, row->week.messages,
		row->window.messages - row->window.not_signed, row->window.messages - row->window.not_spf,
		row->window.fails, row->addresses, row->reporters };

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		csv_count(csv, counts[i]);
	csv_day(csv, row->first_day);
	csv_day(csv, row->last_day);
	csv_count(csv, row->weeks_seen);
}

static void countries_cell(struct senders_csv *senders, const struct assessment *a, const struct listed_sender *row)
{
	struct listed_country countries[COUNTRIES_MOST];
	size_t n = listed_countries(a, row, countries);

	for (size_t i = 0; i < n; i++)
		buf_printf(&senders->text, "%s%s", i ? " " : "", countries[i].country);
	csv_text(&senders->list.csv, buf_span(&senders->text));
	buf_clear(&senders->text);
}

static bool row_csv(struct senders_csv *senders, const struct assessment *a, const struct listed_sender *row)
{
	const struct verdict *v = a->verdict;
	const struct named_source *source = &v->sources[row->source];
	const struct step *step = listed_step(v, row);
	struct csv *csv = &senders->list.csv;

	csv_text(csv, v->domain);
	csv_text(csv, row->header_from);
	csv_text(csv, source->id);
	csv_text(csv, source->name);
	csv_text(csv, span_of(name_method_word(source->method)));
	csv_text(csv, span_of(sender_kind_word(source->kind)));
	class_cells(senders, row);
	seen_cells(csv, row);
	listed_selectors(&senders->text, v, row);
	csv_text(csv, buf_span(&senders->text));
	buf_clear(&senders->text);
	csv_text(csv, listed_home(v, row));
	csv_day(csv, row->sender ? row->sender->next_day : MOMENT_NONE);
	listed_marks(&senders->text, row);
	csv_text(csv, buf_span(&senders->text));
	buf_clear(&senders->text);
	csv_text(csv, step ? span_of(step_kind_word(step->kind)) : SPAN_ABSENT);
	csv_count(csv, row->week.not_signed);
	if (senders->view.country)
		countries_cell(senders, a, row);
	return csv_list_write(&senders->list);
}

static bool senders_domain(void *self, const struct assessment *assessment)
{
	struct senders_csv *senders = self;
	struct sender_list list;
	bool done = sender_list_make(assessment->verdict, &senders->view, &list);

	for (size_t i = 0; done && i < list.n; i++)
		done = row_csv(senders, assessment, &list.rows[i]);
	sender_list_release(&list);
	return done && !senders->text.failed;
}

static bool senders_close(void *self)
{
	struct senders_csv *senders = self;
	bool done = csv_list_end(&senders->list) && !senders->text.failed;

	buf_release(&senders->text);
	free(senders);
	return done;
}

bool senders_csv_open(struct senders_writer *writer, FILE *out, const struct senders_view *view)
{
	struct senders_csv *senders = calloc(1, sizeof *senders);

	if (!senders)
		return false;
	*senders = (struct senders_csv){ .view = *view, .text = BUF(ROW_OCTETS) };
	*writer = (struct senders_writer){ senders, senders_domain, senders_close };
	if (csv_list_begin(&senders->list, out, ROW_OCTETS, columns, view->country ? COLUMNS : COLUMNS - 1))
		return true;
	senders_close(senders);
	return false;
}
