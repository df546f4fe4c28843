/* show for people: who reports about whom and when, which rows fail, what was odd. */
#include "report/show.h"
#include "base/moment.h"
#include "base/sum.h"
#include "report/facts.h"
#include "report/table.h"

#include <stdlib.h>

#define ROWS_SHOWN 40
#define PROBLEMS_SHOWN 20
#define VALUE_OCTETS ((size_t)256 * 1024)
#define LINE_OCTETS ((size_t)64 * 1024) /* a dozen brief values */
#define PROBLEMS_OCTETS ((size_t)256 * 1024)
#define CELL_KEPT 512 /* octets of a value that are kept for the table */

enum { CELL_SOURCE, CELL_ACTION, CELL_DKIM, CELL_SPF, CELL_FROM, CELL_SIGNED, CELL_COUNT };

/* A record as far as its row needs it. */
struct shown_row {
	uint64_t count;
	bool fails, differs, dkim, spf; /* dkim, spf: aligned by our own reckoning */
	char *cells[CELL_COUNT];	/* owned */
};

/* Sums over all records of the open report, as the receiver evaluated them. */
struct shown_sums {
	uint64_t rows, messages, passed, spared, differing_rows, differing;
	uint64_t disposed[DISPOSITION_COUNT];
};

struct show_text {
	FILE *out;
	struct style style;
	bool outcome_known;
	enum outcome outcome;
	uint64_t shown; /* reports and failures so far */

	bool open;
	struct report modes;
	struct shown_sums sums;
	struct shown_row rows[ROWS_SHOWN]; /* failing first, then most messages, then as sent */
	size_t rows_n;
	struct buf from; /* the header_from of the first record */
	bool one_from;

	struct buf file, problems;
	struct buf first_what; /* of the first problem: the reason when there is nothing else to show */
	uint64_t problems_n;
	bool failed;
};

static bool show_is_well(const struct show_text *show)
{
	return !show->failed && !ferror(show->out);
}

/* --- one line per input --- */

static void file_name(struct show_text *show)
{
	fputs(style_ink(&show->style, INK_STRONG), show->out);
	style_print(show->out, &show->style, buf_span(&show->file));
	fputs(style_off(&show->style, INK_STRONG), show->out);
}

/* Then the first problem is the reason, and there is nothing else to show. */
static bool outcome_is_reason(enum outcome outcome)
{
	return outcome == OUTCOME_BROKEN || outcome == OUTCOME_NOT_A_REPORT;
}

static void outcome_line(struct show_text *show)
{
	static const struct {
		enum ink ink;
		const char *says;
	} lines[OUTCOME_COUNT] = {
		[OUTCOME_NOT_A_REPORT] = { INK_WARN, "not a report" },
		[OUTCOME_REPORT] = { INK_GOOD, "report" },
		[OUTCOME_TLS_REPORT] = { INK_WARN, "SMTP TLS report: recognised, its figures are not read yet" },
		[OUTCOME_BROKEN] = { INK_BAD, "broken" },
	};
	enum outcome outcome = show->outcome;

	if (show->shown)
		return;
	file_name(show);
	fprintf(show->out, "%s%s%s%s", show->file.n ? "  " : "", style_ink(&show->style, lines[outcome].ink), lines[outcome].says,
		style_off(&show->style, lines[outcome].ink));
	if (outcome_is_reason(outcome))
		fprintf(show->out, ": %s",
			show->first_what.n	    ? buf_text(&show->first_what)
			: outcome == OUTCOME_BROKEN ? "no reason given"
						    : "nothing in it reports about DMARC");
	putc('\n', show->out);
}

/* The name stands once above the first thing shown. */
static void shown_begin(struct show_text *show)
{
	if (show->shown++ == 0) {
		file_name(show);
		putc('\n', show->out);
	}
	putc('\n', show->out);
}

/* --- a report's head --- */

static void put_text(const struct show_text *show, struct buf *line, struct span text, const char *instead)
{
	if (text.n)
		style_brief(line, &show->style, text);
	else
		buf_put_text(line, instead);
}

static void put_policy(const struct show_text *show, struct buf *line, const struct report *report)
{
	const struct {
		const char *name;
		struct span text;
	} tags[] = {
		{ "p", report->p },
		{ "sp", report->sp },
		{ "np", report->np },
		{ "adkim", report->adkim },
		{ "aspf", report->aspf },
		{ "pct", report->pct },
		{ "t", report->testing },
		{ "fo", report->fo },
	};
	const char *before = "";

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		if (tags[i].text.n == 0)
			continue;
		buf_printf(line, "%s%s=", before, tags[i].name);
		style_brief(line, &show->style, tags[i].text);
		before = "; ";
	}
	if (!*before)
		buf_put_text(line, "none told");
}

static void put_period(const struct show_text *show, struct buf *line, int64_t begin, int64_t end)
{
	char from[MOMENT_TEXT], to[MOMENT_TEXT];

	if (begin == MOMENT_NONE || end == MOMENT_NONE) {
		buf_put_text(line, "unknown");
		return;
	}
	moment_format(begin, from);
	moment_format(end, to);
	buf_printf(line, "%s (%s %s %s)", period_text(&show->style, moment_day(begin), moment_day(end)).p,
		*from ? from : "?", style_symbol(&show->style, SYMBOL_DASH), *to ? to : "?");
}

static void labelled(const struct show_text *show, const char *label, struct buf *line)
{
	fprintf(show->out, "  %-10s %s\n", label, buf_text(line));
	buf_clear(line);
}

static void report_head(struct show_text *show, const struct report *report)
{
	struct buf line = BUF(LINE_OCTETS);

	put_text(show, &line, report->org_name, "Someone who gives no name");
	buf_put_text(&line, " reports about ");
	put_text(show, &line, report->domain, "a domain that is not named");
	fprintf(show->out, "  %s%s%s\n", style_ink(&show->style, INK_STRONG), buf_text(&line),
		style_off(&show->style, INK_STRONG));
	buf_clear(&line);
	put_period(show, &line, report->begin, report->end);
	labelled(show, "period", &line);
	put_policy(show, &line, report);
	labelled(show, "policy", &line);
	put_text(show, &line, report->report_id, "none");
	labelled(show, "report id", &line);
	if (report->org_email.n) {
		style_brief(&line, &show->style, report->org_email);
		labelled(show, "contact", &line);
	}
	for (size_t i = 0; i < report->errors_n && i < 3; i++) {
		style_brief(&line, &show->style, report->errors[i]);
		labelled(show, "error", &line);
	}
	if (report->recovered)
		fprintf(show->out, "  %sRead only by repairing its XML: what it says is less certain.%s\n",
			style_ink(&show->style, INK_WARN), style_off(&show->style, INK_WARN));
	if (report->uncounted)
		fprintf(show->out, "  %s%s without a usable count, taken as 0 messages.%s\n", style_ink(&show->style, INK_WARN),
			counted_text(report->uncounted, "row", "rows").p, style_off(&show->style, INK_WARN));
	buf_release(&line);
}

static void report_begin(struct show_text *show, const struct report *report)
{
	shown_begin(show);
	report_head(show, report);
	show->open = true;
	show->modes = report_modes(report);
	show->sums = (struct shown_sums){ 0 };
	show->one_from = true;
}

/* --- its records --- */

static bool row_before(const struct shown_row *a, const struct shown_row *b)
{
	return a->fails != b->fails ? a->fails : a->count > b->count;
}

static void row_release(struct shown_row *row)
{
	for (size_t i = 0; i < CELL_COUNT; i++)
		free(row->cells[i]);
}

/* Cut at a whole character; the table shows far less of it. */
static char *cell_keep(struct show_text *show, struct span text)
{
	size_t n = text.n < CELL_KEPT ? text.n : CELL_KEPT;
	char *kept;

	while (n < text.n && n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	kept = strndup(text.n ? text.p : "", n);
	if (!kept)
		show->failed = true;
	return kept;
}

/* Who signed: the signature that passed, else the first one with its result. */
static char *signer_keep(struct show_text *show, const struct record *record)
{
	const struct auth_result *best = NULL;
	struct buf text = BUF(VALUE_OCTETS * 4);
	char *kept;

	for (size_t i = 0; i < record->dkim_n; i++)
		if (!best || (best->means != RESULT_PASS && record->dkim_results[i].means == RESULT_PASS))
			best = &record->dkim_results[i];
	if (best && best->domain.n && best->means != RESULT_NONE) {
		buf_put_span(&text, best->domain);
		if (best->means != RESULT_PASS) {
			buf_put_text(&text, ": ");
			buf_put_span(&text, best->result.n ? best->result : SPAN("no result"));
		}
	} else {
		buf_put_text(&text, "nobody");
	}
	kept = cell_keep(show, buf_span(&text));
	buf_release(&text);
	return kept;
}

static void row_fill(struct show_text *show, struct shown_row *row, const struct record *record)
{
	char address[ADDRESS_TEXT];

	row->cells[CELL_SOURCE] = cell_keep(show, record_source(record, address));
	row->cells[CELL_ACTION] = cell_keep(show, record->disposition);
	row->cells[CELL_DKIM] = cell_keep(show, record->dkim);
	row->cells[CELL_SPF] = cell_keep(show, record->spf);
	row->cells[CELL_FROM] = cell_keep(show, record->header_from);
	row->cells[CELL_SIGNED] = signer_keep(show, record);
}

static void row_keep(struct show_text *show, const struct record *record, struct shown_row row)
{
	size_t at = show->rows_n;

	while (at && row_before(&row, &show->rows[at - 1]))
		at--;
	if (at == ROWS_SHOWN)
		return;
	row_fill(show, &row, record);
	if (show->rows_n == ROWS_SHOWN)
		row_release(&show->rows[--show->rows_n]);
	memmove(&show->rows[at + 1], &show->rows[at], (show->rows_n - at) * sizeof row);
	show->rows[at] = row;
	show->rows_n++;
}

static void record_take(struct show_text *show, const struct record *record)
{
	struct shown_sums *sums = &show->sums;
	struct shown_row row = {
		.count = record->count,
		.fails = !record->dkim_pass && !record->spf_pass,
		.dkim = record_dkim_aligned(record, &show->modes),
		.spf = record_spf_aligned(record, &show->modes),
	};

	row.differs = record_disagrees(record, &show->modes) != 0;
	if (sums->rows++ == 0) {
		buf_clear(&show->from);
		buf_put_span(&show->from, record->header_from);
	} else if (!span_is(buf_span(&show->from), record->header_from)) {
		show->one_from = false;
	}
	sums->messages = add_up(sums->messages, record->count);
	sums->disposed[record->disposed] = add_up(sums->disposed[record->disposed], record->count);
	if (!row.fails)
		sums->passed = add_up(sums->passed, record->count);
	else if (record->reasons_n)
		sums->spared = add_up(sums->spared, record->count);
	if (row.differs) {
		sums->differing_rows++;
		sums->differing = add_up(sums->differing, record->count);
	}
	row_keep(show, record, row);
}

/* --- its table and sums --- */

static const char *aligned_word(const struct shown_row *row)
{
	return row->dkim ? row->spf ? "both" : "DKIM" : row->spf ? "SPF" : "neither";
}

static const char *cell_text(const struct shown_row *row, size_t cell)
{
	return row->cells[cell] && *row->cells[cell] ? row->cells[cell] : "-";
}

static void table_put_row(struct table *table, const struct shown_row *row, bool from)
{
	char aligned[16];

	snprintf(aligned, sizeof aligned, "%s%s", aligned_word(row), row->differs ? " !" : "");
	table_row(table);
	table_cell_text(table, INK_PLAIN, cell_text(row, CELL_SOURCE));
	table_cell_count(table, row->fails ? INK_WARN : INK_PLAIN, row->count);
	table_cell_text(table, INK_PLAIN, cell_text(row, CELL_ACTION));
	table_cell_text(table, INK_PLAIN, cell_text(row, CELL_DKIM));
	table_cell_text(table, INK_PLAIN, cell_text(row, CELL_SPF));
	table_cell_text(table, row->differs ? INK_WARN : INK_PLAIN, aligned);
	table_cell_text(table, INK_PLAIN, cell_text(row, CELL_SIGNED));
	if (from)
		table_cell_text(table, INK_PLAIN, cell_text(row, CELL_FROM));
}

static void rows_print(struct show_text *show)
{
	static const struct table_column columns[] = {
		{ "source", .flexible = true, .least = TABLE_LEAST_ADDRESS },
		{ "messages", .right = true },
		{ "action", .flexible = true },
		{ "DKIM", .flexible = true },
		{ "SPF", .flexible = true },
		{ "aligned" },
		{ "signed by", .flexible = true },
		{ "header from", .flexible = true },
	};
	size_t n = sizeof columns / sizeof *columns - (show->one_from ? 1 : 0);
	struct table *table = table_new(show->out, &show->style, columns, n);
	uint64_t messages = 0;

	for (size_t i = 0; i < show->rows_n; i++) {
		if (table)
			table_put_row(table, &show->rows[i], !show->one_from);
		messages = add_up(messages, show->rows[i].count);
		row_release(&show->rows[i]);
	}
	if (!table || !table_print(table))
		show->failed = true;
	table_free(table);
	if (show->sums.rows > show->rows_n)
		fprintf(show->out, "  %s and %s (%s)\n", style_symbol(&show->style, SYMBOL_ELLIPSIS),
			counted_text(show->sums.rows - show->rows_n, "more row", "more rows").p,
			counted_text(show->sums.messages - messages, "message", "messages").p);
	show->rows_n = 0;
}

static void put_dispositions(struct buf *line, const struct shown_sums *sums)
{
	const struct {
		uint64_t n;
		const char *says;
	} parts[] = {
		{ add_up(sums->disposed[DISPOSITION_NONE], sums->disposed[DISPOSITION_PASS]), "delivered" },
		{ sums->disposed[DISPOSITION_QUARANTINE], "quarantined" },
		{ sums->disposed[DISPOSITION_REJECT], "rejected" },
		{ add_up(sums->disposed[DISPOSITION_OTHER], sums->disposed[DISPOSITION_ABSENT]),
			"without a known disposition" },
	};
	const char *before = " The receiver's action: ";

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].n == 0)
			continue;
		buf_printf(line, "%s%s %s", before, count_text(parts[i].n).p, parts[i].says);
		before = ", ";
	}
	if (*before == ',')
		buf_put_byte(line, '.');
}

static void sums_print(struct show_text *show)
{
	const struct shown_sums *sums = &show->sums;
	uint64_t failed = sums->messages - sums->passed;
	struct buf line = BUF(LINE_OCTETS);

	if (show->one_from && show->from.n) {
		buf_put_text(&line, "Header from: ");
		style_brief(&line, &show->style, buf_span(&show->from));
		buf_put_text(&line, " in every row.");
		style_paragraph(show->out, &show->style, 2, buf_span(&line));
		buf_clear(&line);
	}
	if (sums->messages == 0)
		buf_put_text(&line, "The rows count no message.");
	else
		buf_printf(&line, "%s %s DKIM or SPF.", share_text(sums->passed, sums->messages).p,
			plural(sums->messages == 1 ? 1 : sums->passed, "passes", "pass"));
	if (failed)
		buf_printf(&line, " %s %s both.", count_text(failed).p, plural(failed, "fails", "fail"));
	if (sums->spared)
		buf_printf(&line, " For %s%s the receiver gave a reason for an exception.",
			failed == 1 ? "it" : sums->spared == failed ? "all" : count_text(sums->spared).p,
			failed == 1 ? "" : " of these");
	put_dispositions(&line, sums);
	style_paragraph(show->out, &show->style, 2, buf_span(&line));
	if (sums->differing_rows) {
		buf_clear(&line);
		buf_printf(&line, "! In %s (%s) the results that were sent do not lead to the receiver's verdict.",
			counted_text(sums->differing_rows, "row", "rows").p,
			counted_text(sums->differing, "message", "messages").p);
		style_paragraph(show->out, &show->style, 2, buf_span(&line));
	}
	buf_release(&line);
}

static void report_end(struct show_text *show)
{
	show->open = false;
	putc('\n', show->out);
	if (show->sums.rows == 0) {
		fputs("  It has no records: no mail was seen.\n", show->out);
		return;
	}
	rows_print(show);
	putc('\n', show->out);
	sums_print(show);
}

/* --- a failure report --- */

static void failure_value(struct show_text *show, const char *label, struct span text)
{
	struct buf line = BUF(LINE_OCTETS);

	if (text.n) {
		style_brief(&line, &show->style, text);
		labelled(show, label, &line);
	}
	buf_release(&line);
}

/* RFC 7489 lists what was aligned, RFC 9991 what was not; the label says which, so that the words need no explaining. */
static void failure_alignment(struct show_text *show, const struct failure *failure)
{
	struct buf line = BUF(LINE_OCTETS);

	if (failure->identity_alignment.n) {
		style_brief(&line, &show->style, failure->identity_alignment);
		if (failure->identity_rule != IDENTITY_RFC7489 && failure->identity_rule != IDENTITY_RFC9991)
			buf_put_text(&line, " (not certain whether that was aligned or was not)");
		labelled(show, failure->identity_rule == IDENTITY_RFC9991 ? "unaligned" : "aligned", &line);
	}
	buf_release(&line);
}

static void failure_sample(struct show_text *show, const struct failure *failure)
{
	if (!failure->has_sample) {
		fputs("  sample     none attached\n", show->out);
		return;
	}
	fprintf(show->out, "  sample     attached, %s, %s\n", counted_text(failure->sample_octets, "octet", "octets").p,
		failure->headers_only ? "header only" : "whole message");
	failure_value(show, "  from", failure->sample_from);
	failure_value(show, "  subject", failure->sample_subject);
}

static void failure_print(struct show_text *show, const struct failure *failure)
{
	struct buf line = BUF(LINE_OCTETS);
	char text[ADDRESS_TEXT];

	shown_begin(show);
	buf_put_text(&line, !failure->dmarc   ? "Feedback, not counted as a DMARC failure, about " :
			    failure->passed ? "Failure report, not counted as the mail passed DMARC, about " :
					      "Failure report about ");
	put_text(show, &line, failure->reported_domain, "a domain that is not named");
	fprintf(show->out, "  %s%s%s\n", style_ink(&show->style, INK_STRONG), buf_text(&line),
		style_off(&show->style, INK_STRONG));
	buf_clear(&line);
	if (failure->arrived != MOMENT_NONE) {
		char arrived[MOMENT_TEXT];

		failure_value(show, "arrived", span_of(moment_format(failure->arrived, arrived)));
	} else {
		failure_value(show, "arrived", failure->arrival_date);
	}
	failure_value(show, "source", failure_source(failure, text));
	failure_value(show, "type", failure->feedback_type);
	failure_value(show, "failed", failure->auth_failure);
	failure_value(show, "delivery", failure->delivery_result);
	failure_alignment(show, failure);
	if (failure->incidents != 1)
		fprintf(show->out, "  %-10s %s\n", "stands for",
			counted_text(failure->incidents, "message", "messages").p);
	if (failure->plain_text)
		fputs("  A notice in plain text, not in the format for feedback (RFC 5965).\n", show->out);
	failure_sample(show, failure);
	buf_release(&line);
}

/* --- problems, and the frame around it all --- */

static void problem_keep(struct show_text *show, const struct problem *problem)
{
	if (show->problems_n++ == 0)
		style_brief(&show->first_what, &show->style, problem->what);
	if (show->problems_n > PROBLEMS_SHOWN)
		return;
	buf_printf(&show->problems, "  %s!%s ", style_ink(&show->style, INK_WARN), style_off(&show->style, INK_WARN));
	style_brief(&show->problems, &show->style, problem->where);
	buf_put_text(&show->problems, problem->where.n ? ": " : "");
	style_brief(&show->problems, &show->style, problem->what);
	buf_put_byte(&show->problems, '\n');
}

static void problems_print(struct show_text *show)
{
	bool said = !show->shown && outcome_is_reason(show->outcome);

	if (show->problems_n <= (said ? 1 : 0))
		return;
	fprintf(show->out, "\n  %sPROBLEMS%s\n", style_ink(&show->style, INK_STRONG),
		style_off(&show->style, INK_STRONG));
	fputs(buf_text(&show->problems), show->out);
	if (show->problems_n > PROBLEMS_SHOWN)
		fprintf(show->out, "  %s and %s more\n", style_symbol(&show->style, SYMBOL_ELLIPSIS),
			count_text(show->problems_n - PROBLEMS_SHOWN).p);
}

static bool show_text_begin(void *self, struct span file)
{
	struct show_text *show = self;

	buf_clear(&show->file);
	buf_clear(&show->problems);
	buf_clear(&show->first_what);
	buf_put_span(&show->file, file);
	show->problems_n = 0;
	show->shown = 0;
	show->open = false;
	show->outcome_known = false;
	show->outcome = OUTCOME_BROKEN;
	return show_is_well(show);
}

static bool show_text_take(void *self, const struct fact *fact)
{
	struct show_text *show = self;

	switch (fact->kind) {
	case FACT_BEGIN:
		if (!show->outcome_known)
			show->outcome = fact->begin.outcome;
		show->outcome_known = true;
		break;
	case FACT_VERIFICATION: /* `verify` and `samples` show signatures; `show` is about reports */
		break;
	case FACT_REPORT:
		if (show->open)
			return false;
		report_begin(show, &fact->report);
		break;
	case FACT_RECORD:
		if (!show->open)
			return false;
		record_take(show, &fact->record);
		break;
	case FACT_REPORT_END:
		if (!show->open)
			return false;
		report_end(show);
		break;
	case FACT_FAILURE:
		failure_print(show, &fact->failure);
		break;
	case FACT_PROBLEM:
		problem_keep(show, &fact->problem);
		break;
	case FACT_OCTETS:
	case FACT_END:
	case FACT_COUNT:
		break;
	}
	return show_is_well(show);
}

static bool show_text_end(void *self)
{
	struct show_text *show = self;

	outcome_line(show);
	problems_print(show);
	if (show->shown || show->problems_n > 1)
		putc('\n', show->out);
	return show_is_well(show);
}

static bool show_text_close(void *self)
{
	struct show_text *show = self;
	bool done = show_is_well(show) && fflush(show->out) == 0;

	for (size_t i = 0; i < show->rows_n; i++)
		row_release(&show->rows[i]);
	buf_release(&show->from);
	buf_release(&show->file);
	buf_release(&show->problems);
	buf_release(&show->first_what);
	free(show);
	return done;
}

bool show_text_open(struct show_writer *writer, FILE *out, const struct style *style)
{
	struct show_text *show = calloc(1, sizeof *show);

	if (!show)
		return false;
	show->out = out;
	show->style = *style;
	show->from = show->file = BUF(VALUE_OCTETS);
	show->problems = show->first_what = BUF(PROBLEMS_OCTETS);
	*writer = (struct show_writer){
		.self = show,
		.begin = show_text_begin,
		.take = show_text_take,
		.end = show_text_end,
		.close = show_text_close,
	};
	return true;
}
