/* explain for a source: what it counts as and why, what receivers saw, what would have happened, what to do. */
#include "report/explain.h"

#include "report/explain_words.h"
#include "report/sheet.h"
#include "report/table.h"

#include <stdlib.h>

#define ARENA_OCTETS ((size_t)1024 * 1024 * 1024)
#define RESULTS_SHOWN 10
#define ADDRESSES_SHOWN 10
#define REPORTERS_SHOWN 3
#define LABEL 10
#define REPORTS_LISTED 400
#define WAY_LABEL 14 /* as the page of a sample has it */
#define WAYS_SHOWN 4

struct page {
	struct sheet sheet;
	const struct assessment *a;
	bool all; /* the reports one by one, too */
};

/* ---- which source is meant */

static bool has_source(const uint32_t *sources, size_t n, uint32_t source)
{
	for (size_t i = 0; i < n; i++)
		if (sources[i] == source)
			return true;
	return false;
}

static void add_source(const struct verdict *v, uint32_t *sources, size_t *n, uint32_t path)
{
	uint32_t pooled = v->paths[path].pooled;
	uint32_t source = v->paths[pooled == NO_INDEX ? path : pooled].source;

	if (*n < EXPLAIN_SOURCES && !has_source(sources, *n, source))
		sources[(*n)++] = source;
}

static bool is_row_of(const struct observed_source *source, struct span text, const struct address *address)
{
	if (address)
		return source->has_address && memcmp(&source->address, address, sizeof *address) == 0;
	return (source->host.name.n && span_is_nocase(source->host.name, text)) ||
	       (!source->has_address && span_is_nocase(source->text, text));
}

/* By an address, or a host name: through the rows. */
static size_t find_in_rows(const struct assessment *a, struct span text, uint32_t *sources)
{
	const struct verdict *v = a->verdict;
	struct address parsed, *address = address_parse(text, &parsed) ? &parsed : NULL;
	size_t n = 0;

	for (uint32_t i = 0; i < v->path_rows_n; i++)
		for (uint32_t k = v->path_starts[i]; k < v->path_starts[i + 1]; k++)
			if (is_row_of(&a->rows->sources[a->rows->traffic[v->path_rows[k]].source], text, address)) {
				add_source(v, sources, &n, i);
				break;
			}
	return n;
}

size_t explain_find_sources(
	const struct assessment *a, struct span text, uint32_t sources[EXPLAIN_SOURCES], struct span *header_from)
{
	const struct verdict *v = a->verdict;
	size_t n = 0;

	*header_from = SPAN_ABSENT;
	for (size_t i = 0; i < v->sources_n && n < EXPLAIN_SOURCES; i++)
		if (span_is_nocase(v->sources[i].id, text) || span_is_nocase(v->sources[i].name, text))
			sources[n++] = (uint32_t)i;
	for (size_t i = 0; i < v->senders_n && !n; i++)
		if (span_is_nocase(v->senders[i].subject, text)) {
			sources[n++] = v->senders[i].source;
			*header_from = v->senders[i].header_from;
		}
	return n ? n : find_in_rows(a, text, sources);
}

size_t explain_find_addresses(const struct assessment *a, struct span text, struct address *addresses)
{
	const struct verdict *v = a->verdict;
	uint32_t sources[EXPLAIN_SOURCES];
	struct span header_from;
	size_t named = explain_find_sources(a, text, sources, &header_from), n = 0;

	for (uint32_t i = 0; named && i < v->path_rows_n; i++) {
		uint32_t pooled = v->paths[i].pooled;

		if (!has_source(sources, named, v->paths[pooled == NO_INDEX ? i : pooled].source))
			continue;
		for (uint32_t k = v->path_starts[i]; k < v->path_starts[i + 1]; k++) {
			const struct observed_source *source = &a->rows->sources[a->rows->traffic[v->path_rows[k]].source];

			if (source->has_address && addresses)
				addresses[n] = source->address;
			n += source->has_address;
		}
	}
	return n;
}

/* ---- lines */

static void say(struct page *page, const char *label)
{
	sheet_labelled(&page->sheet, (struct style_label){ label, INK_QUIET, 2, 2 + LABEL });
}

/* What id and name do not say already. */
static void put_lone_address(struct page *page, const struct named_source *s, const struct observed_source *row)
{
	const struct pen *pen = &page->sheet.pen;
	char text[ADDRESS_TEXT];
	struct span address = row->has_address ? span_of(address_format(&row->address, text)) : row->text;
	bool host = row->host.name.n && row->host_state != HOST_UNKNOWN && !span_is_nocase(row->host.name, s->name);
	bool number = !span_is(address, s->id);

	if (!host && !number)
		return;
	pen_say(pen, " (");
	if (host) {
		pen_host(pen, row->host.name);
		pen_say(pen, row->host_state == HOST_CONFIRMED ? "" : "?");
	}
	if (number) {
		pen_say(pen, host ? ", " : "");
		pen_host(pen, address);
	}
	pen_say(pen, ")");
}

static void put_head(struct page *page, uint32_t source, const struct detail *d)
{
	const struct named_source *s = &page->a->verdict->sources[source];
	const struct pen *pen = &page->sheet.pen;

	pen_begin(pen, INK_STRONG);
	pen_host(pen, s->id);
	pen_end(pen, INK_STRONG);
	if (!span_is_nocase(s->name, s->id)) {
		pen_say(pen, ", ");
		pen_host(pen, s->name);
	}
	if (d->addresses_n == 1)
		put_lone_address(page, s, &page->a->rows->sources[d->addresses[0].source]);
	pen_say(pen, ", in mail of ");
	pen_host(pen, page->a->verdict->domain);
	sheet_paragraph(&page->sheet, 0);
	pen_say(pen, "Named by %s.", words_method(s->method));
	if (d->addresses_n == 1 && *page->a->rows->sources[d->addresses[0].source].country)
		pen_say(pen, " Country of its address: %s.", page->a->rows->sources[d->addresses[0].source].country);
	sheet_paragraph(&page->sheet, 2);
}

static void put_item(struct page *page, const struct evidence_item *item)
{
	for (int side = 0; side < SIDE_COUNT; side++) {
		if (!item->points[side])
			continue;
		fprintf(page->sheet.out, "    +%-4u%-11s", item->points[side], words_side((enum side)side));
		pen_say(&page->sheet.pen, "%s (%s)", item->why, item->id);
		sheet_continue(&page->sheet, 20, 20);
	}
}

static void put_path(struct page *page, const struct path *path)
{
	const struct pen *pen = &page->sheet.pen;

	putc('\n', page->sheet.out);
	pen_begin(pen, path->fate == FATE_OWN && path_kind_fails(path->kind) ? INK_BAD : INK_STRONG);
	words_path(pen, page->a, path);
	pen_end(pen, path->fate == FATE_OWN && path_kind_fails(path->kind) ? INK_BAD : INK_STRONG);
	pen_say(pen, ": %s", counted_text(path->messages, "message", "messages").p);
	if (!span_is_nocase(path->header_from, page->a->verdict->domain)) {
		pen_say(pen, " from ");
		pen_host(pen, path->header_from);
	}
	sheet_paragraph(&page->sheet, 2);
	words_proof(pen, page->a, path);
	sheet_paragraph(&page->sheet, 4);
	for (size_t i = 0; path_kind_fails(path->kind) && i < path->class.items_n; i++)
		put_item(page, &evidence_items[path->class.items[i]]);
	words_surer(pen, page->a, path);
	sheet_paragraph(&page->sheet, 4);
}

/* ---- what receivers saw */

static void result_row(struct table *table, const struct seen_result *r)
{
	table_row(table);
	table_cell_text(table, INK_PLAIN, words_seen(r));
	table_cell(table, INK_PLAIN, r->domain);
	table_cell(table, INK_PLAIN, r->selector);
	table_cell_text(table, INK_PLAIN, result_word(r->result));
	table_cell_text(table, INK_PLAIN, words_alignment(r));
	table_cell_count(table, INK_PLAIN, r->messages);
}

static void plain_row(struct table *table, const char *what, const char *whom, const char *result, uint64_t n)
{
	table_row(table);
	table_cell_text(table, INK_PLAIN, what);
	table_cell_text(table, INK_PLAIN, whom);
	table_cell_text(table, INK_PLAIN, "");
	table_cell_text(table, INK_PLAIN, result);
	table_cell_text(table, INK_PLAIN, "");
	table_cell_count(table, INK_PLAIN, n);
}

static void put_results(struct page *page, const struct detail *d)
{
	static const struct table_column columns[] = { { "" }, { "domain", .flexible = true, .least = 16 },
		{ "selector", .flexible = true }, { "result" }, { "" }, { "messages", .right = true } };
	struct table *table = table_new(page->sheet.out, page->sheet.style, columns, sizeof columns / sizeof *columns);

	if (!table) {
		page->sheet.failed = true;
		return;
	}
	sheet_heading(&page->sheet, "WHAT RECEIVERS SAW", "");
	for (size_t i = 0; i < d->results_n && i < RESULTS_SHOWN; i++)
		result_row(table, &d->results[i]);
	if (d->unsigned_by_you)
		plain_row(table, "DKIM", "for you", "none", d->unsigned_by_you);
	plain_row(table, "DMARC", "", "pass", d->messages - d->fails);
	plain_row(table, "DMARC", "", "fail", d->fails);
	page->sheet.failed |= !table_print(table);
	table_free(table);
	if (d->results_n > RESULTS_SHOWN)
		fprintf(page->sheet.out, "  and %s\n",
			counted_text(d->results_n - RESULTS_SHOWN + d->more_results, "more result", "more results").p);
}

static void put_addresses(struct page *page, const struct detail *d)
{
	static const struct table_column columns[] = { { "address", .flexible = true, .least = TABLE_LEAST_ADDRESS },
		{ "host", .flexible = true, .least = 20 }, { "messages", .right = true }, { "fail", .right = true },
		{ "country" } };
	struct table *table;
	bool countries = false;

	if (d->addresses_n < 2)
		return;
	for (size_t i = 0; i < d->addresses_n; i++)
		countries |= *page->a->rows->sources[d->addresses[i].source].country != '\0';
	table = table_new(page->sheet.out, page->sheet.style, columns, sizeof columns / sizeof *columns - !countries);
	if (!table) {
		page->sheet.failed = true;
		return;
	}
	sheet_heading(&page->sheet, "FROM WHERE", "");
	for (size_t i = 0; i < d->addresses_n && i < ADDRESSES_SHOWN; i++) {
		const struct observed_source *s = &page->a->rows->sources[d->addresses[i].source];
		char address[ADDRESS_TEXT];

		table_row(table);
		table_cell(table, INK_PLAIN, s->has_address ? span_of(address_format(&s->address, address)) : s->text);
		table_cell(table, s->host_state == HOST_CONFIRMED ? INK_PLAIN : INK_QUIET,
			s->host_state == HOST_CONFIRMED || s->host_state == HOST_UNCONFIRMED ? s->host.name : SPAN(""));
		table_cell_count(table, INK_PLAIN, d->addresses[i].messages);
		table_cell_count(table, INK_PLAIN, d->addresses[i].fails);
		if (countries)
			table_cell_text(table, INK_QUIET, s->country);
	}
	page->sheet.failed |= !table_print(table);
	table_free(table);
	if (d->addresses_n > ADDRESSES_SHOWN)
		fprintf(page->sheet.out, "  and %s\n",
			counted_text(d->addresses_n - ADDRESSES_SHOWN, "more address", "more addresses").p);
}

/* ---- the rest, labelled */

static void put_weeks(struct page *page, uint32_t source, struct span header_from)
{
	const struct verdict *v = page->a->verdict;
	uint64_t weeks[WEEKS_MOST] = { 0 };
	int64_t first = MOMENT_NONE;

	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];

		if (path->source != source || path->pooled != NO_INDEX ||
			(header_from.p && !span_is(path->header_from, header_from)))
			continue;
		for (unsigned k = 0; k < v->weeks_n && k < WEEKS_MOST; k++)
			weeks[k] += path->weeks[k];
		if (path->days_n && (first == MOMENT_NONE || path->first_day < first))
			first = path->first_day;
	}
	for (unsigned k = 0; k < v->weeks_n && k < WEEKS_MOST; k++)
		pen_say(&page->sheet.pen, "%s ", count_text(weeks[k]).p);
	style_spark(&page->sheet.line, page->sheet.style, weeks, v->weeks_n < WEEKS_MOST ? v->weeks_n : WEEKS_MOST);
	if (first != MOMENT_NONE)
		pen_say(&page->sheet.pen, "  first seen %s", period_text(page->sheet.style, first, first).p);
	say(page, "WEEKS");
}

/* The first reporter of the same name: whose early reports came as files speaks under two identities. */
static uint32_t receiver_of(const struct verdict *v, uint32_t reporter)
{
	for (uint32_t i = 0; i < reporter; i++)
		if (span_is(v->reporters[i].name, v->reporters[reporter].name))
			return i;
	return reporter;
}

static void put_reports(struct page *page, const struct detail *d)
{
	const struct verdict *v = page->a->verdict;
	uint64_t *n = calloc(v->reporters_n + 1, sizeof *n);
	size_t some = 0, shown = 0;

	if (!n) {
		page->sheet.failed = true;
		return;
	}
	for (size_t i = 0; i < d->reports_n; i++)
		n[receiver_of(v, v->reports[d->reports[i].report].reporter)]++;
	for (size_t i = 0; i < v->reporters_n; i++)
		some += n[i] > 0;
	for (size_t i = 0; i < v->reporters_n && shown < REPORTERS_SHOWN; i++) {
		if (!n[i])
			continue;
		pen_say(&page->sheet.pen, "%s", shown++ ? ", " : "");
		pen_host(&page->sheet.pen, v->reporters[i].name);
		pen_say(&page->sheet.pen, " %s", count_text(n[i]).p);
	}
	if (some > shown)
		pen_say(&page->sheet.pen, ", %zu more", some - shown);
	pen_say(&page->sheet.pen, page->all ? "" : "; -v lists them");
	say(page, "REPORTS");
	free(n);
}

/* Each with the name that explain takes: in lines, since a table would cut what is to be copied. */
static void put_report_list(struct page *page, const struct detail *d)
{
	const struct verdict *v = page->a->verdict;
	const struct pen *pen = &page->sheet.pen;

	sheet_heading(&page->sheet, "IN WHICH REPORTS", "");
	for (size_t i = 0; i < d->reports_n && i < REPORTS_LISTED; i++) {
		const struct seen_report *r = &d->reports[i];
		const struct judged_report *judged = &v->reports[r->report];

		pen_host(pen, v->reporters[judged->reporter].name);
		pen_say(pen, ", %s: ", words_trust_level(judged->trust));
		pen_say(pen, "%s, %s fail; report:", counted_text(r->messages, "message", "messages").p,
			r->fails ? count_text(r->fails).p : "none");
		pen_host(pen, page->a->rows->reports[r->report].report_id);
		sheet_labelled(&page->sheet, (struct style_label){ weekday_text(judged->last_day).p, INK_QUIET, 2, 2 + LABEL + 2 });
	}
	if (d->reports_n > REPORTS_LISTED)
		fprintf(page->sheet.out, "  and %s\n",
			counted_text(d->reports_n - REPORTS_LISTED, "more report", "more reports").p);
}

static void put_samples(struct page *page, const struct detail *d)
{
	const struct rows *rows = page->a->rows;
	uint64_t n = 0;

	for (size_t i = 0; i < rows->samples_n; i++)
		for (size_t k = 0; k < d->addresses_n; k++)
			n += rows->samples[i].source == d->addresses[k].source;
	if (!n)
		return;
	pen_say(&page->sheet.pen, "%s; dmarcgate samples lists them", counted_text(n, "sample", "samples").p);
	say(page, "SAMPLES");
}

static void put_repair(struct page *page, uint32_t source, struct span header_from)
{
	const struct verdict *v = page->a->verdict;
	const struct pen *pen = &page->sheet.pen;

	for (uint32_t i = 0; i < v->senders_n; i++) {
		const struct step *step = step_of(v, i);
		size_t before;

		if (!step || v->senders[i].source != source ||
			(header_from.p && !span_is(v->senders[i].header_from, header_from)))
			continue;
		words_step_title(pen, page->a, step);
		pen_say(pen, ". ");
		before = page->sheet.line.n;
		words_step_reason(pen, page->a, step);
		pen_say(pen, page->sheet.line.n > before ? " " : "");
		words_step_action(pen, page->a, step);
		if (step->sender != NO_INDEX && step->kind != STEP_DECIDE)
			pen_say(pen, " ");
		words_step_seen(pen, step);
		say(page, "TO DO");
	}
}

static void put_risk(struct page *page, uint32_t source, struct span header_from)
{
	const struct verdict *v = page->a->verdict;

	for (uint32_t i = 0; i < v->senders_n; i++) {
		if (v->senders[i].source != source || (header_from.p && !span_is(v->senders[i].header_from, header_from)))
			continue;
		words_risk(&page->sheet.pen, page->a, i);
		if (page->sheet.line.n)
			say(page, "RISK");
	}
}

static void put_rest(struct page *page, uint32_t source, struct span header_from, const struct detail *d)
{
	putc('\n', page->sheet.out);
	if (d->fails) {
		words_delivered(&page->sheet.pen, d);
		say(page, "DONE");
		pen_say(&page->sheet.pen, "p=quarantine %s to spam, p=reject %s refused", count_text(d->fails).p,
			count_text(d->fails).p);
		say(page, "IF");
	}
	put_weeks(page, source, header_from);
	put_risk(page, source, header_from);
	put_repair(page, source, header_from);
	put_reports(page, d);
	put_samples(page, d);
}

bool explain_source(FILE *out, const struct style *style, const struct assessment *a, uint32_t source,
	struct span header_from, bool all)
{
	struct page page = { .a = a, .all = all };
	struct arena arena = ARENA(ARENA_OCTETS);
	struct detailer *detailer = detail_begin(a->rows, a->verdict, &arena);
	uint32_t paths[PATHS_SHOWN];
	struct detail d;

	sheet_begin(&page.sheet, out, style);
	if (detailer && detail_take(detailer, source, header_from, &arena, &d)) {
		size_t n = paths_of(detailer, a->verdict, source, header_from, paths);

		put_head(&page, source, &d);
		for (size_t i = 0; i < n; i++)
			put_path(&page, &a->verdict->paths[paths[i]]);
		if (d.messages) {
			put_results(&page, &d);
			put_addresses(&page, &d);
			put_rest(&page, source, header_from, &d);
			if (all)
				put_report_list(&page, &d);
		} else {
			fprintf(out, "\n  No message from it in the last %u days.\n", a->verdict->window);
		}
	} else {
		page.sheet.failed = true;
	}
	arena_release(&arena);
	return sheet_end(&page.sheet);
}

/* ---- the way of a sample */

static void put_way(struct page *page, const struct detail *d, const uint32_t *paths, size_t n)
{
	const struct pen *pen = &page->sheet.pen;

	fprintf(page->sheet.out, "\n  %sWHAT COMES THIS WAY%s\n", style_ink(page->sheet.style, INK_STRONG),
		style_off(page->sheet.style, INK_STRONG));
	for (size_t i = 0; i < n && i < WAYS_SHOWN; i++) {
		const struct path *path = &page->a->verdict->paths[paths[i]];

		words_source(pen, page->a, paths[i]);
		pen_say(pen, ": ");
		words_path(pen, page->a, path);
		pen_say(pen, ", %s in %u days. ", counted_text(path->messages, "message", "messages").p,
			page->a->verdict->window);
		words_proof(pen, page->a, path);
		sheet_labelled(&page->sheet, (struct style_label){ i ? "" : "counts as", INK_QUIET, 2, WAY_LABEL });
	}
	if (d->fails)
		pen_say(pen, "%s of %s would be refused", count_text(d->fails).p, count_text(d->messages).p);
	else
		pen_say(pen, "none of %s would be refused", count_text(d->messages).p);
	if (d->reasons)
		pen_say(pen, "; receivers gave a reason to spare %s", count_text(d->reasons).p);
	sheet_labelled(&page->sheet, (struct style_label){ "p=reject", INK_QUIET, 2, WAY_LABEL });
}

bool explain_way(FILE *out, const struct style *style, const struct assessment *a, const struct address *address,
	struct span header_from, bool *some)
{
	struct page page = { .a = a };
	struct arena arena = ARENA(ARENA_OCTETS);
	struct detailer *detailer = detail_begin(a->rows, a->verdict, &arena);
	uint32_t sources[EXPLAIN_SOURCES], paths[PATHS_SHOWN];
	char text[ADDRESS_TEXT];
	struct span of;
	struct detail d;

	*some = false;
	sheet_begin(&page.sheet, out, style);
	if (!detailer) {
		page.sheet.failed = true;
	} else if (explain_find_sources(a, span_of(address_format(address, text)), sources, &of)) {
		size_t n = paths_of(detailer, a->verdict, sources[0], header_from, paths);

		if (!n) {
			header_from = SPAN_ABSENT;
			n = paths_of(detailer, a->verdict, sources[0], header_from, paths);
		}
		page.sheet.failed |= !detail_take(detailer, sources[0], header_from, &arena, &d);
		*some = !page.sheet.failed && n && d.messages;
		if (*some)
			put_way(&page, &d, paths, n);
	}
	arena_release(&arena);
	return sheet_end(&page.sheet);
}
