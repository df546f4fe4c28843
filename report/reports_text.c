/* reports for people: a table, printed in parts so that a long list needs no more memory than a short one. */
#include "report/reports.h"
#include "base/sum.h"
#include "parse/feedback.h"
#include "report/readiness_words.h"
#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>

#define ROWS_AT_ONCE 500
#define LINE_OCTETS ((size_t)64 * 1024)
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct reports_text {
	FILE *out;
	struct style style;
	struct table *table;
	struct buf line;
	uint64_t rows, broken, messages, problems;
	const struct uncounted_list *only;
	bool uses[USE_COUNT]; /* reasons that were shown */
	bool wide, failed;
};

static const struct table_column wide_columns[] = {
	{ "id", .right = true }, { "period" }, { "reporter", .flexible = true }, { "domain", .flexible = true },
	{ "rows", .right = true }, { "messages", .right = true }, { "state" },
	{ "proof", .flexible = true, .least = 16 }, { "mail", .flexible = true },
};

/* What fills the columns beside the names is kept short, so that the names can be read. */
static const struct table_column narrow_columns[] = {
	{ "id", .right = true }, { "day" }, { "reporter", .flexible = true }, { "domain", .flexible = true },
	{ "messages", .right = true }, { "state" }, { "proof" },
};

/* Of reports that do not count, why stands where the proof does: what was proven is one of the reasons. */
static const struct table_column wide_uncounted[] = {
	{ "id", .right = true }, { "period" }, { "reporter", .flexible = true }, { "domain", .flexible = true },
	{ "rows", .right = true }, { "messages", .right = true }, { "not counted" }, { "mail", .flexible = true },
};
static const struct table_column narrow_uncounted[] = {
	{ "id", .right = true }, { "day" }, { "reporter", .flexible = true }, { "domain", .flexible = true },
	{ "messages", .right = true }, { "not counted" },
};

bool stored_report_is_shown(
	const struct stored_report *row, const struct uncounted_list *only, enum report_use *use)
{
	*use = USE_COUNTED;
	return !only || (!row->broken && uncounted_find(only, row->id, use));
}

const char *stored_report_word(const struct stored_report *row)
{
	return row->broken ? "broken" : report_state_word(row->state);
}

/* The last second of a range belongs to its last day; many reporters end it at the first second of the next. */
static struct long_text row_period(const struct reports_text *list, const struct stored_report *row)
{
	struct long_text unknown = { "unknown" };
	int64_t first, last;

	if (row->begin == MOMENT_NONE || row->end == MOMENT_NONE)
		return unknown;
	first = moment_day(row->begin);
	last = moment_day(row->end > row->begin ? row->end - 1 : row->end);
	if (!list->wide) /* the day that it counts for, without overflow */
		first = last = moment_day(row->begin / 2 + row->end / 2 + (row->begin % 2 + row->end % 2) / 2);
	return period_text(&list->style, first, last);
}

static void part_print(struct reports_text *list)
{
	if (list->table && !table_print(list->table))
		list->failed = true;
}

static void broken_line(struct reports_text *list, const struct stored_report *row)
{
	struct buf *line = &list->line;
	size_t name;

	if (list->broken++ == 0) {
		part_print(list);
		fprintf(list->out, "%s%sBROKEN%s: mails that gave no report\n", list->rows ? "\n" : "",
			style_ink(&list->style, INK_STRONG), style_off(&list->style, INK_STRONG));
	}
	buf_put_text(line, "  ");
	style_brief(line, &list->style, row->mail);
	buf_put_text(line, ":");
	name = line->n;
	buf_put_text(line, " ");
	style_brief(line, &list->style, row->reason.n ? row->reason : SPAN("no reason kept"));
	if (style_columns(buf_span(line)) <= list->style.width)
		fprintf(list->out, "%s\n", buf_text(line));
	else
		fprintf(list->out, "%.*s\n   %s\n", (int)name, buf_text(line), buf_text(line) + name);
	buf_clear(line);
}

static void put_state(struct buf *line, const struct stored_report *row, bool wide)
{
	buf_put_text(line, stored_report_word(row));
	if (row->problems && wide)
		buf_printf(line, ", %s", counted_text(row->problems, "problem", "problems").p);
	else if (row->problems)
		buf_printf(line, " !%s", count_text(row->problems).p);
}

/* Who sent the report, as far as its mail proves it. Where room is scarce, the signer is not named. */
static enum ink put_proof(struct buf *line, const struct stored_report *row, bool wide)
{
	if (row->trust == 0 && !row->recovered) {
		bool refused = range_is_possible(row->begin, row->end);

		if (refused)
			buf_put_text(line, wide ? "refused at the border" : "refused");
		else
			buf_put_text(line, wide ? "impossible dates" : "bad dates");
		return INK_BAD;
	}
	if (!row->signer.n) {
		buf_put_text(line, row->signatures ? "not proven" : "unsigned");
		return row->signatures ? INK_WARN : INK_QUIET;
	}
	if (row->repaired) {
		buf_put_text(line, "repaired");
	} else if (!wide) {
		buf_put_text(line, row->trust == 3 ? "signed" : row->signatures ? "other's" : "border");
	} else {
		buf_put_text(line, row->signatures ? "signed by " : "from ");
		buf_put_span(line, row->signer);
	}
	return INK_PLAIN;
}

/* What is stored of it: does it count in the store, and who proves it? */
static void state_cells(struct reports_text *list, const struct stored_report *row)
{
	struct table *table = list->table;
	enum ink ink;

	put_state(&list->line, row, list->wide);
	table_cell(table, row->state == REPORT_COUNTS && !row->problems ? INK_PLAIN : INK_WARN, buf_span(&list->line));
	buf_clear(&list->line);
	ink = put_proof(&list->line, row, list->wide);
	table_cell(table, ink, buf_span(&list->line));
	buf_clear(&list->line);
}

/* Why a report does not count: in a column, and what the owner can do about it. */
static const struct {
	const char *brief, *remedy;
} use_words[USE_COUNT] = {
	[USE_LEAD_TRUST] = { "not authenticated", " Ingest the mail that it came in, unchanged, or name your own border: "
						  "authserv_id in dmarcgate.conf(5)." },
	[USE_LEAD_STANDING] = { "unknown receiver", " A receiver that you trust counts at once when it is one of "
						    "known_reporters in dmarcgate.conf(5)." },
	[USE_REPEAT] = { "repeated", "" },
	[USE_CONFLICT] = { "in conflict", " Nothing is lost: of each identity one counts, the best proven." },
	[USE_RESENT] = { "sent again", "" },
	[USE_IMPOSSIBLE] = { "impossible", "" },
	[USE_REFUSED] = { "refused", "" },
	[USE_OTHER_DOMAIN] = { "other domain", "" },
};

static void report_row(struct reports_text *list, const struct stored_report *row, enum report_use use)
{
	struct table *table = list->table;
	struct long_text period = row_period(list, row);
	struct short_text id;

	snprintf(id.p, sizeof id.p, "%" PRId64, row->id);
	table_row(table);
	table_cell_text(table, INK_PLAIN, id.p);
	table_cell_text(table, INK_PLAIN, period.p);
	table_cell(table, INK_PLAIN, row->org_name);
	table_cell(table, INK_PLAIN, row->domain);
	if (list->wide)
		table_cell_count(table, INK_PLAIN, row->records);
	table_cell_count(table, INK_PLAIN, row->messages);
	if (list->only)
		table_cell_text(table, INK_PLAIN, use_words[use].brief);
	else
		state_cells(list, row);
	if (list->wide)
		table_cell(table, INK_PLAIN, row->mail);
	list->rows++;
	list->uses[use] = true;
	list->problems += !list->only && row->problems > 0;
	if (list->only || row->state == REPORT_COUNTS)
		list->messages = add_up(list->messages, row->messages);
	if (table_rows(table) == ROWS_AT_ONCE)
		part_print(list);
}

static bool reports_text_take(void *self, const struct stored_report *row)
{
	struct reports_text *list = self;
	enum report_use use;

	if (!stored_report_is_shown(row, list->only, &use))
		return true;
	if (row->broken)
		broken_line(list, row);
	else
		report_row(list, row, use);
	return !list->failed && !ferror(list->out);
}

/* What the words of the column mean, and what can be done. */
static void uses_explain(struct reports_text *list)
{
	struct buf *line = &list->line;

	for (int use = USE_COUNTED + 1; use < USE_COUNT; use++) {
		if (!list->uses[use])
			continue;
		buf_printf(line, "%s: %s.%s", use_words[use].brief, words_report_use((enum report_use)use), use_words[use].remedy);
		style_paragraph(list->out, &list->style, 2, buf_span(line));
		buf_clear(line);
	}
}

static bool reports_text_close(void *self)
{
	struct reports_text *list = self;
	bool done;

	part_print(list);
	if (list->rows)
		fprintf(list->out, "\n%s, ", counted_text(list->rows, "report", "reports").p);
	if (list->rows)
		fprintf(list->out, "%s in %s.\n", counted_text(list->messages, "message", "messages").p,
			!list->only ? "those that count" : list->rows == 1 ? "it" : "them");
	uses_explain(list);
	if (list->problems && !list->wide)
		fputs("  !2: two deviations from the standards; dmarcgate show names them.\n", list->out);
	if (list->rows == 0 && list->broken == 0 && !(list->only && list->only->n == 0))
		fputs("No report matches.\n", list->out);
	done = !list->failed && !ferror(list->out) && fflush(list->out) == 0;
	table_free(list->table);
	buf_release(&list->line);
	free(list);
	return done;
}

bool reports_text_open(
	struct reports_writer *writer, FILE *out, const struct style *style, const struct uncounted_list *only)
{
	static const struct {
		const struct table_column *columns;
		size_t n;
	} shapes[2][2] = { { { narrow_columns, COUNT(narrow_columns) }, { wide_columns, COUNT(wide_columns) } },
		{ { narrow_uncounted, COUNT(narrow_uncounted) }, { wide_uncounted, COUNT(wide_uncounted) } } };
	struct reports_text *list = calloc(1, sizeof *list);

	if (!list)
		return false;
	list->out = out;
	list->style = *style;
	list->only = only;
	list->line = BUF(LINE_OCTETS);
	list->wide = style->width >= STYLE_WIDTH_MOST;
	list->table = table_new(out, style, shapes[only != NULL][list->wide].columns, shapes[only != NULL][list->wide].n);
	if (!list->table) {
		free(list);
		return false;
	}
	*writer = (struct reports_writer){ .self = list, .take = reports_text_take, .close = reports_text_close };
	return true;
}
