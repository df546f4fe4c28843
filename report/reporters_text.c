/* reporters for people, and the letter to one of them. */
#include "report/readiness_words.h"
#include "report/reporters.h"
#include "report/table.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)256 * 1024)
#define ROWS_AT_ONCE 200
#define DEFECTS_SHOWN 10  /* of one reporter */
#define DEFECTIVE_SHOWN 5 /* reporters whose defects are listed */
#define LETTER_WIDTH 72
#define DISAGREES_OFTEN 0.05

struct reporters_text {
	FILE *out;
	struct style style;
	struct buf line;
	bool some, failed;
};

static struct pen pen_of(struct reporters_text *reporters)
{
	return (struct pen){ &reporters->line, &reporters->style, PEN_TERMINAL };
}

static void paragraph(struct reporters_text *reporters, unsigned indent)
{
	style_paragraph(reporters->out, &reporters->style, indent, buf_span(&reporters->line));
	reporters->failed |= reporters->line.failed;
	buf_clear(&reporters->line);
}

static bool disagrees_often(const struct reporter *r)
{
	return (double)r->disagreements > DISAGREES_OFTEN * (double)r->judged;
}

static void say_note(const struct pen *pen, const struct listed_reporter *row)
{
	const struct reporter *r = row->reporter;
	const char *before = "";

	if (r->quiet) {
		pen_say(pen, "silent since %s", day_text(r->last_day).p);
		before = "; ";
	}
	for (int use = USE_COUNTED + 1; use < USE_COUNT; use++) {
		if (!row->uses[use] || use == USE_LEAD_STANDING) /* the column `standing` says so */
			continue;
		pen_say(pen, "%s%s %s", before, count_text(row->uses[use]).p, report_use_word((enum report_use)use));
		before = "; ";
	}
}

static void cell(struct reporters_text *reporters, struct table *table, enum ink ink)
{
	table_cell(table, ink, buf_span(&reporters->line));
	reporters->failed |= reporters->line.failed;
	buf_clear(&reporters->line);
}

static uint64_t messages_of(const struct verdict *v)
{
	uint64_t all = 0;

	for (size_t i = 0; i < v->reporters_n; i++)
		all += v->reporters[i].messages;
	return all;
}

static void list_row(
	struct reporters_text *reporters, struct table *table, const struct listed_reporter *row, uint64_t all)
{
	const struct reporter *r = row->reporter;
	struct style plain = { .utf8 = reporters->style.utf8 };
	struct pen pen = { &reporters->line, &plain, PEN_TERMINAL };

	table_row(table);
	pen_host(&pen, r->name.n ? r->name : r->identity);
	cell(reporters, table, r->messages ? INK_PLAIN : INK_QUIET);
	table_cell_count(table, INK_PLAIN, r->messages);
	table_cell_text(table, INK_PLAIN, percent_text(r->messages, all).p);
	table_cell_count(table, INK_PLAIN, row->days);
	table_cell_count(table, INK_PLAIN, row->reports);
	listed_proof(&reporters->line, row);
	cell(reporters, table, row->trusts[TRUST_3] == row->reports ? INK_GOOD : INK_PLAIN);
	table_cell_text(table, r->standing == STANDING_NEW ? INK_WARN : INK_PLAIN, standing_word(r->standing));
	table_cell_count(table, disagrees_often(r) ? INK_WARN : INK_PLAIN, r->disagreements);
	table_cell_count(table, row->defects_n ? INK_WARN : INK_PLAIN, row->defects_n);
	say_note(&pen, row);
	cell(reporters, table, INK_QUIET);
}

static void list_table(struct reporters_text *reporters, const struct verdict *v, const struct reporter_list *list)
{
	static const struct table_column columns[] = { { "receiver", .flexible = true, .least = 16 },
		{ "messages", .right = true }, { "", .right = true }, { "days", .right = true },
		{ "reports", .right = true }, { "proof", .flexible = true }, { "standing" },
		{ "disagrees", .right = true }, { "defects", .right = true }, { "", .flexible = true, .least = 18 } };
	struct table *table =
		table_new(reporters->out, &reporters->style, columns, sizeof columns / sizeof *columns);
	uint64_t all = messages_of(v);

	for (size_t i = 0; table && i < list->n; i++) {
		list_row(reporters, table, &list->rows[i], all);
		if (table_rows(table) == ROWS_AT_ONCE)
			reporters->failed |= !table_print(table);
	}
	reporters->failed |= !table || !table_print(table);
	table_free(table);
}

static void say_defect(const struct pen *pen, const struct defect *d)
{
	if (d->where.n) {
		pen_name(pen, d->where);
		pen_say(pen, ": ");
	}
	pen_name(pen, d->what);
}

static void defects(struct reporters_text *reporters, const struct verdict *v, const struct reporter_list *list)
{
	struct pen pen = pen_of(reporters);
	const struct listed_reporter *first = NULL;
	unsigned shown = 0, more = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct listed_reporter *row = &list->rows[i];

		if (!row->defects_n)
			continue;
		if (shown == DEFECTIVE_SHOWN) {
			more++;
			continue;
		}
		if (!shown++)
			fprintf(reporters->out, "\n%sDEFECTS%s\n", style_ink(&reporters->style, INK_STRONG),
				style_off(&reporters->style, INK_STRONG));
		first = first ? first : row;
		pen_host(&pen, row->reporter->name);
		paragraph(reporters, 2);
		for (size_t k = 0; k < row->defects_n && k < DEFECTS_SHOWN; k++) {
			say_defect(&pen, &row->defects[k]);
			pen_say(&pen, " (%s)", counted_text(row->defects[k].reports, "report", "reports").p);
			paragraph(reporters, 4);
		}
		if (row->defects_n > DEFECTS_SHOWN)
			fprintf(reporters->out, "    and %zu more: --json\n", row->defects_n - DEFECTS_SHOWN);
	}
	if (more)
		fprintf(reporters->out, "  and those of %u more: --json\n", more);
	if (!first)
		return;
	pen_say(&pen, "A letter to one of them:");
	pen_begin(&pen, INK_STEP);
	pen_say(&pen, " dmarcgate reporters ");
	pen_host(&pen, v->domain);
	pen_say(&pen, " ");
	pen_host(&pen, first->reporter->name);
	pen_end(&pen, INK_STEP);
	putc('\n', reporters->out);
	paragraph(reporters, 2);
}

static bool reporters_domain(void *self, const struct assessment *assessment, const struct problem_list *problems)
{
	struct reporters_text *reporters = self;
	const struct verdict *v = assessment->verdict;
	struct pen pen = pen_of(reporters);
	struct reporter_list list;
	bool made = reporter_list_make(assessment, problems, &list);

	if (!made) {
		reporter_list_release(&list);
		return false;
	}
	if (reporters->some)
		putc('\n', reporters->out);
	reporters->some = true;
	pen_begin(&pen, INK_STRONG);
	pen_host(&pen, v->domain);
	pen_end(&pen, INK_STRONG);
	if (list.n) {
		fprintf(reporters->out, "%s   %s\n\n", buf_text(&reporters->line),
			period_text(&reporters->style, v->first_day, v->last_day).p);
		buf_clear(&reporters->line);
		list_table(reporters, v, &list);
		defects(reporters, v, &list);
	} else {
		pen_say(&pen, ": nobody has reported yet.");
		paragraph(reporters, 0);
	}
	reporter_list_release(&list);
	return !reporters->failed && !ferror(reporters->out);
}

static bool reporters_close(void *self)
{
	struct reporters_text *reporters = self;
	bool done = !reporters->failed && fflush(reporters->out) == 0 && !ferror(reporters->out);

	buf_release(&reporters->line);
	free(reporters);
	return done;
}

bool reporters_text_open(struct reporters_writer *writer, FILE *out, const struct style *style)
{
	struct reporters_text *reporters = calloc(1, sizeof *reporters);

	if (!reporters)
		return false;
	*reporters = (struct reporters_text){ .out = out, .style = *style, .line = BUF(LINE_OCTETS) };
	*writer = (struct reporters_writer){ reporters, reporters_domain, reporters_close };
	return true;
}

/* ---- the letter: ASCII, 72 columns, fit for any mail program */

static void letter_head(struct reporters_text *letter, const struct verdict *v, const struct listed_reporter *row)
{
	struct pen pen = pen_of(letter);

	if (row->email.n) {
		pen_say(&pen, "To: ");
		pen_host(&pen, row->email);
		paragraph(letter, 0);
	}
	pen_say(&pen, "Subject: Your DMARC aggregate reports about ");
	pen_host(&pen, v->domain);
	paragraph(letter, 0);
	putc('\n', letter->out);
	pen_say(&pen, "We own ");
	pen_host(&pen, v->domain);
	pen_say(&pen, " and thank you for your aggregate reports. In the %s ",
		counted_text(row->reports, "report", "reports").p);
	pen_say(&pen, "about %s we found:", period_text(&letter->style, v->first_day, v->last_day).p);
	paragraph(letter, 0);
}

static void letter_defect(struct reporters_text *letter, unsigned number, const struct defect *d)
{
	struct pen pen = pen_of(letter);
	const char *rule = defect_rule(d);

	fprintf(letter->out, "\n%2u. ", number);
	say_defect(&pen, d);
	style_continue(letter->out, &letter->style, 4, 4, buf_span(&letter->line));
	buf_clear(&letter->line);
	pen_say(&pen, "In %s", counted_text(d->reports, "report", "reports").p);
	if (d->example.n) {
		pen_say(&pen, ", for example in the one with report_id ");
		pen_name(&pen, d->example);
	}
	pen_say(&pen, ".%s%s", rule ? " " : "", rule ? rule : "");
	paragraph(letter, 4);
}

static void letter_body(struct reporters_text *letter, const struct listed_reporter *row)
{
	const struct reporter *r = row->reporter;
	struct pen pen = pen_of(letter);
	unsigned number = 0;

	for (size_t i = 0; i < row->defects_n; i++)
		letter_defect(letter, ++number, &row->defects[i]);
	if (r->disagreements) {
		fprintf(letter->out, "\n%2u. ", ++number);
		pen_say(&pen, "policy_evaluated says other than what follows from auth_results for %s ",
			count_text(r->disagreements).p);
		pen_say(&pen, "of %s messages: alignment is judged differently, or passing signatures are left out.",
			count_text(r->judged).p);
		style_continue(letter->out, &letter->style, 4, 4, buf_span(&letter->line));
		buf_clear(&letter->line);
	}
	if (row->unproven) {
		fprintf(letter->out, "\n%2u. ", ++number);
		pen_say(&pen, "The mail of %s of %s reports does not prove who sent it. ", count_text(row->unproven).p,
			count_text(row->reports).p);
		pen_say(&pen, "It should pass DMARC itself (RFC 9990 3.5.2), with a DKIM signature of your domain.");
		style_continue(letter->out, &letter->style, 4, 4, buf_span(&letter->line));
		buf_clear(&letter->line);
	}
	fputs("\nWe would be glad if you looked into it.\n", letter->out);
}

static void letter_write(struct reporters_text *letter, const struct verdict *v, const struct listed_reporter *row)
{
	struct pen pen = pen_of(letter);

	if (row->defects_n || row->reporter->disagreements || row->unproven) {
		letter_head(letter, v, row);
		letter_body(letter, row);
		return;
	}
	pen_say(&pen, "Nothing is wrong with the reports of ");
	pen_host(&pen, row->reporter->name);
	pen_say(&pen, " about ");
	pen_host(&pen, v->domain);
	pen_say(&pen, ".");
	paragraph(letter, 0);
}

static bool is_called(const struct assessment *a, const struct listed_reporter *row, struct span name)
{
	const struct verdict *v = a->verdict;

	if (span_is_nocase(row->reporter->identity, name) || span_is_nocase(row->reporter->name, name))
		return true;
	for (size_t i = 0; i < v->reports_n; i++)
		if (&v->reporters[v->reports[i].reporter] == row->reporter &&
			span_is_nocase(a->rows->reports[i].org_name, name))
			return true;
	return false;
}

bool reporter_letter(FILE *out, const struct assessment *a, const struct problem_list *problems, struct span reporter,
	bool *found)
{
	struct reporters_text letter = { .out = out, .style = { .width = LETTER_WIDTH }, .line = BUF(LINE_OCTETS) };
	struct reporter_list list;
	bool made = reporter_list_make(a, problems, &list);

	*found = false;
	for (size_t i = 0; made && i < list.n && !*found; i++) {
		*found = is_called(a, &list.rows[i], reporter);
		if (*found)
			letter_write(&letter, a->verdict, &list.rows[i]);
	}
	reporter_list_release(&list);
	buf_release(&letter.line);
	return made && !letter.failed && !ferror(out);
}
