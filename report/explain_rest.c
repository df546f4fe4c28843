/* explain for gates, items of evidence, and reports. */
#include "report/explain.h"

#include "base/moment.h"
#include "report/explain_words.h"
#include "report/sheet.h"
#include "report/table.h"

#define ROWS_SHOWN 20

struct page {
	struct sheet sheet;
	const struct assessment *a;
};

static void labelled(struct page *page, const char *label)
{
	sheet_labelled(&page->sheet, (struct style_label){ label, INK_QUIET, 2, 12 });
}

/* ---- gates */

static bool is_share(const char *name)
{
	static const char *const shares[] = { "loss", "share", "signed", "upper95" };

	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		if (strcmp(name, shares[i]) == 0)
			return true;
	return false;
}

static struct short_text number_text(const char *name, double value)
{
	return is_share(name) ? ratio_text(value) : count_text((uint64_t)(value + 0.5));
}

/* Counts are whole. `Must be below 117` would be wrong of a limit of 117.6, which 117 keeps: the next one is meant. */
static struct short_text limit_text(const struct gate_value *value, bool at_most)
{
	uint64_t whole = (uint64_t)value->limit;

	if (is_share(value->name))
		return ratio_text(value->limit);
	return count_text(whole + (!at_most && (double)whole < value->limit));
}

/* A gate that stands for several senders: each of them. */
static void put_gate_rows(struct page *page, unsigned number)
{
	const struct verdict *v = page->a->verdict;

	for (size_t i = 0; i < v->decision.gates_n; i++) {
		const struct gate *gate = &v->decision.gates[i];
		uint32_t sender = 0;

		if (gate->number != number || !gate->subject.n)
			continue;
		while (sender < v->senders_n && !span_is(v->senders[sender].subject, gate->subject))
			sender++;
		words_subject(&page->sheet.pen, page->a, gate->subject, sender < v->senders_n ? sender : NO_INDEX);
		if (gate->values_n) {
			const struct gate_value *value = &gate->values[0];

			pen_say(&page->sheet.pen, ": %s %s, %s %s", value->name,
				number_text(value->name, value->value).p,
				value->at_least ? "at least"
				: number == 6	? "must be below"
						: "at most",
				limit_text(value, !value->at_least && number != 6).p);
		}
		labelled(page, "fails");
	}
}

bool explain_gate(FILE *out, const struct style *style, const struct assessment *a, unsigned number)
{
	static const char *const states[GATE_STATE_COUNT] = { "holds", "fails", "too little data",
		"not asked for this target" };
	struct page page = { .a = a };
	enum gate_state state = words_gate_state(a->verdict, number);

	sheet_begin(&page.sheet, out, style);
	pen_begin(&page.sheet.pen, INK_STRONG);
	pen_say(&page.sheet.pen, "G%u  %s", number, words_gate(number));
	pen_end(&page.sheet.pen, INK_STRONG);
	pen_say(&page.sheet.pen, ", for ");
	pen_host(&page.sheet.pen, a->verdict->domain);
	pen_say(&page.sheet.pen, " and %s: ", words_target(a->verdict->target));
	pen_begin(&page.sheet.pen, state == GATE_FAILS ? INK_BAD : INK_PLAIN);
	pen_say(&page.sheet.pen, "%s", states[state]);
	pen_end(&page.sheet.pen, state == GATE_FAILS ? INK_BAD : INK_PLAIN);
	sheet_paragraph(&page.sheet, 0);
	putc('\n', out);
	pen_say(&page.sheet.pen, "%s", words_gate_why(number));
	sheet_paragraph(&page.sheet, 2);
	putc('\n', out);
	words_gate_found(&page.sheet.pen, a, number);
	labelled(&page, "found");
	words_gate_limit(&page.sheet.pen, a, number);
	labelled(&page, "limit");
	put_gate_rows(&page, number);
	return sheet_end(&page.sheet);
}

/* ---- evidence */

static void put_found(struct page *page, enum evidence_id id)
{
	const struct verdict *v = page->a->verdict;
	size_t n = 0;

	for (uint32_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];

		if (!words_has_item(path, id))
			continue;
		if (n++ >= ROWS_SHOWN)
			continue;
		words_source(&page->sheet.pen, page->a, i);
		pen_say(&page->sheet.pen, ": %s, ", counted_text(path->messages, "message", "messages").p);
		words_path(&page->sheet.pen, page->a, path);
		labelled(page, n == 1 ? "found at" : "");
	}
	if (n > ROWS_SHOWN)
		fprintf(page->sheet.out, "  and %zu more\n", n - ROWS_SHOWN);
	if (!n)
		fputs("  Not found at any failing source in the days looked at.\n", page->sheet.out);
}

bool explain_evidence(FILE *out, const struct style *style, const struct assessment *a, enum evidence_id id)
{
	const struct evidence_item *item = &evidence_items[id];
	struct page page = { .a = a };
	const char *before = "";

	sheet_begin(&page.sheet, out, style);
	pen_begin(&page.sheet.pen, INK_STRONG);
	pen_say(&page.sheet.pen, "%s  %s", item->id, item->why);
	pen_end(&page.sheet.pen, INK_STRONG);
	sheet_paragraph(&page.sheet, 0);
	for (int side = 0; side < SIDE_COUNT; side++) {
		if (!item->points[side])
			continue;
		pen_say(&page.sheet.pen, "%s%u for %s", before, item->points[side], words_side((enum side)side));
		before = ", ";
	}
	labelled(&page, "points");
	pen_say(&page.sheet.pen,
		"Points of failing mail are added up; a class needs 40 and 20 more than the next, and one item of 50 "
		"to be sure. Passing mail is proof by itself. What stays unsure is put to you.");
	sheet_paragraph(&page.sheet, 2);
	if (a) {
		putc('\n', out);
		put_found(&page, id);
	}
	return sheet_end(&page.sheet);
}

/* ---- reports */

size_t explain_find_reports(const struct assessment *a, struct span id, uint32_t reports[EXPLAIN_REPORTS])
{
	unsigned long long number;
	size_t n = 0;

	for (uint32_t i = 0; i < a->rows->reports_n && n < EXPLAIN_REPORTS; i++)
		if (span_is(a->rows->reports[i].report_id, id))
			reports[n++] = i;
	if (!n && span_number(id, INT64_MAX, &number))
		for (uint32_t i = 0; i < a->rows->reports_n && !n; i++)
			if (a->rows->reports[i].id == (int64_t)number)
				reports[n++] = i;
	return n;
}

static void put_use(struct page *page, const struct judged_report *r)
{
	if (r->use == USE_COUNTED)
		pen_say(&page->sheet.pen, "It counts.");
	else
		pen_say(&page->sheet.pen, "It does not count: %s.", words_report_use(r->use));
	if (r->sees_other_policy)
		pen_say(&page->sheet.pen, " It saw another policy than all others.");
	if (r->undone)
		pen_say(&page->sheet.pen, " It is authenticated once a banner of your own gateway is undone.");
	sheet_paragraph(&page->sheet, 2);
}

static void put_report_rows(struct page *page, uint32_t report)
{
	static const struct table_column columns[] = { { "address", .flexible = true, .least = TABLE_LEAST_ADDRESS },
		{ "from", .flexible = true, .least = 16 }, { "messages", .right = true }, { "DMARC" }, { "action" } };
	struct table *table = table_new(page->sheet.out, page->sheet.style, columns, sizeof columns / sizeof *columns);
	const struct rows *rows = page->a->rows;
	size_t n = 0;

	if (!table) {
		page->sheet.failed = true;
		return;
	}
	putc('\n', page->sheet.out);
	for (size_t i = 0; i < rows->traffic_n; i++) {
		const struct observed_traffic *row = &rows->traffic[i];
		const struct observed_source *source = &rows->sources[row->source];
		const struct observed_auth *auth = &rows->auths[row->auth];
		bool pass = auth->dkim_aligned || auth->spf_aligned;
		char address[ADDRESS_TEXT];

		if (row->report != report || n++ >= ROWS_SHOWN)
			continue;
		table_row(table);
		table_cell(table, INK_PLAIN,
			source->has_address ? span_of(address_format(&source->address, address)) : source->text);
		table_cell(table, INK_PLAIN, auth->header_from.name);
		table_cell_count(table, INK_PLAIN, row->count);
		table_cell_text(table, pass ? INK_PLAIN : INK_WARN, pass ? "pass" : "fail");
		table_cell_text(table, INK_PLAIN, disposition_word(auth->disposition));
	}
	page->sheet.failed |= !table_print(table);
	table_free(table);
	if (n > ROWS_SHOWN)
		fprintf(page->sheet.out, "  and %s\n", counted_text(n - ROWS_SHOWN, "more row", "more rows").p);
}

bool explain_report(FILE *out, const struct style *style, const struct assessment *a, uint32_t report)
{
	const struct observed_report *r = &a->rows->reports[report];
	const struct judged_report *judged = &a->verdict->reports[report];
	struct page page = { .a = a };
	char begin[MOMENT_TEXT] = "?", end[MOMENT_TEXT] = "?";

	sheet_begin(&page.sheet, out, style);
	pen_begin(&page.sheet.pen, INK_STRONG);
	pen_say(&page.sheet.pen, "report:");
	pen_host(&page.sheet.pen, r->report_id);
	pen_end(&page.sheet.pen, INK_STRONG);
	pen_say(&page.sheet.pen, "  from ");
	pen_host(&page.sheet.pen, r->org_name);
	pen_say(&page.sheet.pen, ", about ");
	pen_host(&page.sheet.pen, r->domain);
	sheet_paragraph(&page.sheet, 0);
	put_use(&page, judged);
	putc('\n', out);
	pen_say(&page.sheet.pen, "%s to %s", r->begin == MOMENT_NONE ? "?" : moment_format(r->begin, begin),
		r->end == MOMENT_NONE ? "?" : moment_format(r->end, end));
	labelled(&page, "covers");
	pen_say(&page.sheet.pen, "%s", words_trust_level(judged->trust));
	if (r->author.name.n) {
		pen_say(&page.sheet.pen, ", by ");
		pen_host(&page.sheet.pen, r->author.name);
	}
	pen_say(&page.sheet.pen, "; its sender is %s", standing_word(a->verdict->reporters[judged->reporter].standing));
	labelled(&page, "proof");
	if (r->has_policy) {
		words_record(&page.sheet.pen, &r->policy);
		labelled(&page, "policy");
	}
	put_report_rows(&page, report);
	return sheet_end(&page.sheet);
}
