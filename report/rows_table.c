/* export rows: what a verdict rests on, record by record. */
#include "report/tables.h"

#include "report/csv.h"
#include "report/member_json.h"

#include "base/moment.h"

#include <stdlib.h>

#define ROW_OCTETS ((size_t)64 * 1024 * 1024)

/* Rows in an order that does not depend on when their reports arrived. */
struct ordering {
	uint32_t *order;   /* owned: places in rows.traffic */
	uint32_t *path;	   /* owned: of each row, the verdict's path, or NO_INDEX when it does not count */
	size_t n;
};

struct report_place { /* a report, and where its rows go */
	const struct assessment *a;
	uint32_t report;
	size_t rows;
};

static int report_order(const void *x, const void *y)
{
	const struct report_place *p = x, *q = y;
	const struct assessment *a = p->a;
	const struct judged_report *j = &a->verdict->reports[p->report], *k = &a->verdict->reports[q->report];
	const struct observed_report *r = &a->rows->reports[p->report], *s = &a->rows->reports[q->report];
	int order;

	if (j->last_day != k->last_day)
		return j->last_day < k->last_day ? -1 : 1;
	order = span_compare(a->verdict->reporters[j->reporter].identity, a->verdict->reporters[k->reporter].identity);
	if (!order)
		order = span_compare(r->report_id, s->report_id);
	return order ? order : memcmp(r->content, s->content, sizeof r->content);
}

static bool is_in_window(const struct verdict *v, uint32_t report)
{
	return v->reports[report].last_day >= v->first_day && v->reports[report].first_day <= v->last_day;
}

/* The n-th report of `places` begins at starts[its index]. */
static void rows_place(const struct assessment *a, struct report_place *places, size_t n, size_t *starts,
	struct ordering *o)
{
	size_t next = 0;

	for (size_t i = 0; i < a->rows->traffic_n; i++)
		places[a->rows->traffic[i].report].rows++;
	qsort(places, n, sizeof *places, report_order);
	for (size_t i = 0; i < n; i++) {
		starts[places[i].report] = next;
		if (is_in_window(a->verdict, places[i].report))
			next += places[i].rows;
	}
	o->n = next;
	for (size_t i = 0; i < a->rows->traffic_n; i++)
		if (is_in_window(a->verdict, a->rows->traffic[i].report))
			o->order[starts[a->rows->traffic[i].report]++] = (uint32_t)i;
}

static void paths_find(const struct verdict *v, struct ordering *o, size_t rows)
{
	for (size_t i = 0; i < rows; i++)
		o->path[i] = NO_INDEX;
	for (uint32_t p = 0; p < v->path_rows_n; p++)
		for (uint32_t k = v->path_starts[p]; k < v->path_starts[p + 1]; k++)
			o->path[v->path_rows[k]] = v->paths[p].pooled == NO_INDEX ? p : v->paths[p].pooled;
}

static void ordering_release(struct ordering *o)
{
	free(o->order);
	free(o->path);
}

static bool ordering_make(const struct assessment *a, struct ordering *o)
{
	size_t rows = a->rows->traffic_n, reports = a->rows->reports_n;
	struct report_place *places = calloc(reports + 1, sizeof *places);
	size_t *starts = calloc(reports + 1, sizeof *starts);
	bool ok;

	*o = (struct ordering){ calloc(rows + 1, sizeof *o->order), calloc(rows + 1, sizeof *o->path), 0 };
	ok = places && starts && o->order && o->path;
	for (size_t i = 0; ok && i < reports; i++)
		places[i] = (struct report_place){ a, (uint32_t)i, 0 };
	if (ok) {
		rows_place(a, places, reports, starts, o);
		paths_find(a->verdict, o, rows);
	}
	free(places);
	free(starts);
	return ok;
}

/* ---- the cells of a row, for both formats */

#define CELLS 22
static const char *const names[CELLS] = { "day", "reporter", "trust", "standing", "counted", "source_ip", "ptr",
	"ptr_confirmed", "as_org", "header_from", "envelope_from", "kind", "dkim_d", "dkim_s", "dkim_result", "spf_d",
	"spf_result", "disposition", "reasons", "count", "path_id", "in_window" };

struct row {
	const struct assessment *a;
	const struct observed_traffic *traffic;
	const struct judged_report *report;
	const struct observed_source *source;
	const struct observed_auth *auth;
	const struct path *path; /* NULL: it does not count */
};

static struct row row_of(const struct assessment *a, const struct ordering *o, size_t i)
{
	const struct observed_traffic *traffic = &a->rows->traffic[o->order[i]];
	uint32_t path = o->path[o->order[i]];

	return (struct row){ a, traffic, &a->verdict->reports[traffic->report], &a->rows->sources[traffic->source],
		&a->rows->auths[traffic->auth], path == NO_INDEX ? NULL : &a->verdict->paths[path] };
}

static struct span address_of(const struct row *row, char text[ADDRESS_TEXT])
{
	return row->source->has_address ? span_of(address_format(&row->source->address, text)) : row->source->text;
}

/* ---- CSV: lists are joined by commas, the nth selector goes with the nth domain */

struct rows_csv {
	struct csv csv;
	struct buf row, list;
};

static void list_cell(struct rows_csv *c)
{
	if (c->list.failed)
		c->row.failed = true;
	csv_text(&c->csv, buf_span(&c->list));
	buf_clear(&c->list);
}

static void list_add(struct rows_csv *c, size_t at, struct span text)
{
	if (at)
		buf_put_byte(&c->list, ',');
	buf_put_span(&c->list, text);
}

static void auth_cells(struct rows_csv *c, const struct observed_auth *auth)
{
	for (size_t i = 0; i < auth->dkim_n; i++)
		list_add(c, i, auth->dkim[i].domain.name);
	list_cell(c);
	for (size_t i = 0; i < auth->dkim_n; i++)
		list_add(c, i, auth->dkim[i].selector);
	list_cell(c);
	for (size_t i = 0; i < auth->dkim_n; i++)
		list_add(c, i, span_of(result_word(auth->dkim[i].result)));
	list_cell(c);
	for (size_t i = 0; i < auth->spf_n; i++)
		list_add(c, i, auth->spf[i].domain.name);
	list_cell(c);
	for (size_t i = 0; i < auth->spf_n; i++)
		list_add(c, i, span_of(result_word(auth->spf[i].result)));
	list_cell(c);
	csv_text(&c->csv, span_of(disposition_word(auth->disposition)));
	for (size_t i = 0; i < auth->reasons_n; i++)
		list_add(c, i, auth->reasons[i].type);
	list_cell(c);
}

static void source_cells(struct rows_csv *c, const struct row *row)
{
	char address[ADDRESS_TEXT];
	bool named = row->source->host_state == HOST_CONFIRMED || row->source->host_state == HOST_UNCONFIRMED;

	csv_text(&c->csv, address_of(row, address));
	csv_text(&c->csv, named ? row->source->host.name : SPAN_ABSENT);
	if (row->source->host_state == HOST_UNKNOWN)
		csv_empty(&c->csv);
	else
		csv_bool(&c->csv, row->source->host_state == HOST_CONFIRMED);
	csv_text(&c->csv, row->source->as_org);
}

/* What the verdict counts of it: a report of several days may reach beyond the window. */
static uint64_t in_window(const struct row *row)
{
	const struct verdict *v = row->a->verdict;

	return row->path ? report_part(row->report, row->traffic->count, v->first_day, v->last_day) : 0;
}

static bool row_csv(struct rows_csv *c, FILE *out, const struct row *row)
{
	const struct reporter *reporter = &row->a->verdict->reporters[row->report->reporter];
	char day[MOMENT_TEXT];

	csv_text(&c->csv, row->a->verdict->domain);
	csv_text(&c->csv, span_of(moment_format_day(row->report->last_day * DAY_SECONDS, day)));
	csv_text(&c->csv, reporter->identity);
	csv_count(&c->csv, row->report->trust);
	csv_text(&c->csv, span_of(standing_word(reporter->standing)));
	csv_bool(&c->csv, row->path != NULL);
	source_cells(c, row);
	csv_text(&c->csv, row->auth->header_from.name);
	csv_text(&c->csv, row->auth->envelope_from.name);
	csv_text(&c->csv, row->path ? span_of(path_kind_word(row->path->kind)) : SPAN_ABSENT);
	auth_cells(c, row->auth);
	csv_count(&c->csv, row->traffic->count);
	csv_text(&c->csv, row->path ? row->a->verdict->sources[row->path->source].id : SPAN_ABSENT);
	csv_count(&c->csv, in_window(row));
	return csv_row_write(&c->csv, out);
}

bool rows_csv_head(FILE *out)
{
	struct buf row = BUF(ROW_OCTETS);
	struct csv csv;
	bool ok;

	csv_begin(&csv, &row);
	csv_names(&csv, (const char *const[]){ "domain" }, 1);
	csv_names(&csv, names, CELLS);
	ok = csv_row_write(&csv, out);
	csv_release(&csv);
	buf_release(&row);
	return ok;
}

bool rows_csv(FILE *out, const struct assessment *a)
{
	struct rows_csv c = { .row = BUF(ROW_OCTETS), .list = BUF(ROW_OCTETS) };
	struct ordering o;
	bool ok = ordering_make(a, &o);

	csv_begin(&c.csv, &c.row);
	for (size_t i = 0; ok && i < o.n; i++) {
		struct row row = row_of(a, &o, i);

		ok = row_csv(&c, out, &row);
	}
	csv_release(&c.csv);
	buf_release(&c.row);
	buf_release(&c.list);
	ordering_release(&o);
	return ok;
}

/* ---- JSON */

static void auth_members(struct json *j, const struct observed_auth *auth)
{
	member_array(j, "dkim");
	for (size_t i = 0; i < auth->dkim_n; i++) {
		json_object(j);
		member_filled(j, "domain", auth->dkim[i].domain.name);
		member_filled(j, "selector", auth->dkim[i].selector);
		member_word(j, "result", result_word(auth->dkim[i].result));
		json_close(j, '}');
	}
	json_close(j, ']');
	member_array(j, "spf");
	for (size_t i = 0; i < auth->spf_n; i++) {
		json_object(j);
		member_filled(j, "domain", auth->spf[i].domain.name);
		member_word(j, "result", result_word(auth->spf[i].result));
		json_close(j, '}');
	}
	json_close(j, ']');
	member_word(j, "disposition", disposition_word(auth->disposition));
	member_array(j, "reasons");
	for (size_t i = 0; i < auth->reasons_n; i++)
		json_text(j, auth->reasons[i].type);
	json_close(j, ']');
}

static void row_json(struct json *j, const struct row *row)
{
	const struct reporter *reporter = &row->a->verdict->reporters[row->report->reporter];
	bool named = row->source->host_state == HOST_CONFIRMED || row->source->host_state == HOST_UNCONFIRMED;
	char address[ADDRESS_TEXT];

	json_object(j);
	member_day(j, "day", row->report->last_day);
	member_filled(j, "reporter", reporter->identity);
	member_count(j, "trust", row->report->trust);
	member_word(j, "standing", standing_word(reporter->standing));
	member_bool(j, "counted", row->path != NULL);
	member_filled(j, "source_ip", address_of(row, address));
	member_filled(j, "ptr", named ? row->source->host.name : SPAN_ABSENT);
	if (row->source->host_state == HOST_UNKNOWN)
		member_null(j, "ptr_confirmed");
	else
		member_bool(j, "ptr_confirmed", row->source->host_state == HOST_CONFIRMED);
	member_filled(j, "as_org", row->source->as_org);
	member_filled(j, "header_from", row->auth->header_from.name);
	member_filled(j, "envelope_from", row->auth->envelope_from.name);
	member_word(j, "kind", row->path ? path_kind_word(row->path->kind) : NULL);
	auth_members(j, row->auth);
	member_count(j, "count", row->traffic->count);
	member_filled(j, "path_id", row->path ? row->a->verdict->sources[row->path->source].id : SPAN_ABSENT);
	member_count(j, "in_window", in_window(row));
	json_close(j, '}');
}

bool rows_json(FILE *out, const struct assessment *a)
{
	struct ordering o;
	struct json j;
	bool ok = ordering_make(a, &o);

	json_begin(&j, out);
	json_object(&j);
	member_word(&j, "schema", "dmarcgate-rows/1");
	member_text(&j, "domain", a->verdict->domain);
	member_array(&j, "rows");
	for (size_t i = 0; ok && i < o.n; i++) {
		struct row row = row_of(a, &o, i);

		row_json(&j, &row);
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	ordering_release(&o);
	return json_done(&j) && ok;
}
