/* Senders, least signed first; each opens to its evidence, what receivers saw, and the reports it stands in. */
#include "report/readiness_page.h"

#include "base/digest.h"

#include <stdlib.h>

#define RESULTS_SHOWN 20
#define ADDRESSES_SHOWN 20
#define FILE_LETTERS 40

/* ---- inside a sender */

static void put_items(struct html *html, const struct classification *c)
{
	html_raw(html, "<table class=\"pts\"><caption class=\"gone\">Evidence</caption><tbody>");
	for (size_t i = 0; i < c->items_n; i++) {
		const struct evidence_item *item = &evidence_items[c->items[i]];
		bool said = false;

		for (int side = 0; side < SIDE_COUNT; side++) {
			if (!item->points[side])
				continue;
			html_rawf(html, "<tr><td class=\"n\">+%u</td><td>%s</td><td>", item->points[side],
				words_side((enum side)side));
			if (!said)
				pen_say(&html->pen, "%s", item->why);
			html_rawf(html, "</td><td class=\"soft\">%s</td></tr>", item->id);
			said = true;
		}
	}
	html_raw(html, "</tbody></table>\n");
}

static void put_path(struct readiness_page_html *page, const struct path *path)
{
	struct html *html = &page->html;

	html_raw(html, "<h3>");
	words_path(&html->pen, page->a, path);
	pen_say(&html->pen, ": %s", counted_text(path->messages, "message", "messages").p);
	html_raw(html, "</h3>\n<p>");
	words_proof(&html->pen, page->a, path);
	html_raw(html, "</p>\n");
	if (path_kind_fails(path->kind) && path->class.items_n)
		put_items(html, &path->class);
	if (path_kind_fails(path->kind) && path->class.confidence < CONFIDENCE_HIGH) {
		html_raw(html, "<p class=\"soft\">");
		words_surer(&html->pen, page->a, path);
		html_raw(html, "</p>\n");
	}
}

static void put_results(struct readiness_page_html *page, const struct detail *d)
{
	static const char *const headings[] = { "Check", "domain", "selector", "result", "for you", ">messages" };
	struct html *html = &page->html;

	html_raw(html, "<h3>What receivers saw</h3>\n");
	html_table(html, "What receivers saw", headings, 6);
	for (size_t i = 0; i < d->results_n && i < RESULTS_SHOWN; i++) {
		const struct seen_result *r = &d->results[i];

		html_rawf(html, "<tr><th scope=\"row\">%s</th><td class=\"any\">", words_seen(r));
		pen_host(&html->pen, r->domain);
		html_raw(html, "</td><td class=\"any\">");
		pen_host(&html->pen, r->selector);
		html_rawf(html, "</td><td>%s</td><td class=\"nw\">%s</td>", result_word(r->result), words_alignment(r));
		html_cell_count(html, r->messages);
		html_raw(html, "</tr>\n");
	}
	html_raw(html, "<tr><th scope=\"row\">DKIM</th><td class=\"any\">for you</td><td></td><td>none</td><td></td>");
	html_cell_count(html, d->unsigned_by_you);
	html_raw(html, "</tr>\n<tr><th scope=\"row\">DMARC</th><td></td><td></td><td>fail</td><td></td>");
	html_cell_count(html, d->fails);
	html_raw(html, "</tr>\n");
	html_table_end(html);
	if (d->results_n > RESULTS_SHOWN) {
		html_raw(html, "<p class=\"soft\">");
		pen_say(&html->pen, "And %s more results.",
			count_text(d->results_n - RESULTS_SHOWN + d->more_results).p);
		html_raw(html, "</p>\n");
	}
	if (d->fails) {
		html_raw(html, "<p>Of those failing: ");
		words_delivered(&html->pen, d);
		html_raw(html, ".</p>\n");
	}
}

static void put_host(struct readiness_page_html *page, const struct observed_source *source)
{
	const struct pen *pen = &page->html.pen;

	switch (source->host_state) {
	case HOST_CONFIRMED:
		pen_host(pen, source->host.name);
		break;
	case HOST_UNCONFIRMED:
		pen_host(pen, source->host.name);
		pen_say(pen, "? (does not resolve back)");
		break;
	case HOST_NONE:
		pen_say(pen, "no name");
		break;
	default:
		pen_say(pen, "not looked up");
	}
}

static void put_addresses(struct readiness_page_html *page, const struct detail *d)
{
	static const char *const headings[] = { "Address", "host", ">messages", ">fail" };
	struct html *html = &page->html;
	char text[ADDRESS_TEXT];

	html_raw(html, "<h3>From where</h3>\n");
	html_table(html, "Addresses", headings, 4);
	for (size_t i = 0; i < d->addresses_n && i < ADDRESSES_SHOWN; i++) {
		const struct observed_source *source = &page->a->rows->sources[d->addresses[i].source];

		html_raw(html, "<tr><th scope=\"row\">");
		pen_host(&html->pen,
			source->has_address ? span_of(address_format(&source->address, text)) : source->text);
		html_raw(html, "</th><td class=\"any\">");
		put_host(page, source);
		html_raw(html, "</td>");
		html_cell_count(html, d->addresses[i].messages);
		html_cell_count(html, d->addresses[i].fails);
		html_raw(html, "</tr>\n");
	}
	html_table_end(html);
	if (d->addresses_n > ADDRESSES_SHOWN)
		html_rawf(html, "<p class=\"soft\">And %s.</p>\n",
			counted_text(d->addresses_n - ADDRESSES_SHOWN, "more address", "more addresses").p);
}

static void put_report(struct readiness_page_html *page, const struct seen_report *r)
{
	const struct judged_report *judged = &page->a->verdict->reports[r->report];
	const struct observed_report *report = &page->a->rows->reports[r->report];
	struct html *html = &page->html;

	html_rawf(html, "<tr><td class=\"nw\">%s</td><td class=\"any\">", weekday_text(judged->last_day).p);
	pen_host(&html->pen, report->org_name);
	html_raw(html, "</td><td class=\"any\">");
	pen_host(&html->pen, report->report_id);
	html_raw(html, "</td>");
	html_cell_count(html, r->messages);
	html_cell_count(html, r->fails);
	html_rawf(html, "<td>%s</td></tr>\n", words_trust_level(judged->trust));
}

static void put_reports(struct readiness_page_html *page, const struct detail *d)
{
	static const char *const headings[] = { "Day", "receiver", "report", ">messages", ">fail", "proof" };
	struct html *html = &page->html;
	size_t n = 0;

	html_rawf(html, "<details%s><summary>%s</summary>\n", page->in_pages ? " open" : "",
		counted_text(d->reports_n, "report", "reports").p);
	html_table(html, "Reports", headings, 6);
	while (n < d->reports_n && n < (page->in_pages ? REPORTS_PAGE : REPORTS_SHOWN) && html->out->n < PAGE_SOFT)
		put_report(page, &d->reports[n++]);
	html_table_end(html);
	if (n < d->reports_n)
		html_rawf(html, "<p class=\"soft\">And %s.</p>\n",
			counted_text(d->reports_n - n, "more report", "more reports").p);
	html_raw(html, "</details>\n");
}

static bool is_from(struct readiness_page_html *page, const struct detail *d, const struct sample_row *row)
{
	for (size_t i = 0; row->has_address && i < d->addresses_n; i++) {
		const struct observed_source *source = &page->a->rows->sources[d->addresses[i].source];

		if (source->has_address && memcmp(&source->address, &row->address, sizeof row->address) == 0)
			return true;
	}
	return false;
}

static void put_samples(struct readiness_page_html *page, const struct detail *d)
{
	const struct html_samples *samples = page->samples;
	struct html *html = &page->html;
	bool some = false;

	for (size_t i = 0; samples && i < samples->n; i++) {
		const struct sample_row *row = samples->rows[i];

		if (!is_from(page, d, row))
			continue;
		html_raw(html, some ? ", " : "<p>Samples of it: ");
		some = true;
		html_rawf(html, "<a href=\"%s#samples\"><code>sample:", page->in_pages ? "index.html" : "");
		pen_host(&html->pen, row->id);
		html_raw(html, "</code></a>");
	}
	html_raw(html, some ? ".</p>\n" : "");
}

static void put_repair(struct readiness_page_html *page, uint32_t sender)
{
	const struct step *step = step_of(page->a->verdict, sender);
	struct html *html = &page->html;
	size_t before;

	if (!step)
		return;
	html_raw(html, "<h3>To do</h3>\n<p>");
	words_step_title(&html->pen, page->a, step);
	html_raw(html, ". ");
	before = html->out->n;
	words_step_reason(&html->pen, page->a, step);
	html_raw(html, html->out->n > before ? " " : "");
	words_step_action(&html->pen, page->a, step);
	html_raw(html, " ");
	words_step_seen(&html->pen, step);
	html_raw(html, "</p>\n");
}

static void put_risk(struct readiness_page_html *page, uint32_t sender)
{
	struct html *html = &page->html;
	size_t start = html->out->n, before;

	html_raw(html, "<p>");
	before = html->out->n;
	words_risk(&html->pen, page->a, sender);
	if (html->out->n == before && !html->out->failed)
		html->out->n = start;
	else
		html_raw(html, "</p>\n");
}

static void page_source(struct readiness_page_html *page, const struct sender *s)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	uint32_t paths[PATHS_SHOWN];
	size_t n = paths_of(page->detailer, v, s->source, s->header_from, paths);
	struct detail d;

	if (!detail_take(page->detailer, s->source, s->header_from, &page->scratch, &d)) {
		page->failed = true;
		return;
	}
	html_raw(html, "<p class=\"soft\">From: ");
	pen_host(&html->pen, s->header_from);
	pen_say(&html->pen, ". Named by %s. ", words_method(v->sources[s->source].method));
	if (s->first_day != MOMENT_NONE)
		pen_say(&html->pen, "First seen %s, last %s.", period_text(&html_style, s->first_day, s->first_day).p,
			period_text(&html_style, s->last_day, s->last_day).p);
	html_raw(html, "</p>\n");
	for (size_t i = 0; i < n; i++)
		put_path(page, &v->paths[paths[i]]);
	put_risk(page, (uint32_t)(s - v->senders));
	put_repair(page, (uint32_t)(s - v->senders));
	put_results(page, &d);
	put_addresses(page, &d);
	put_reports(page, &d);
	put_samples(page, &d);
	arena_clear(&page->scratch);
}

/* ---- the list */

struct tag {
	const char *class, *word;
};

static struct tag tag_of(const struct verdict *v, uint32_t sender)
{
	const struct step *step = step_of(v, sender);
	const struct sender *s = &v->senders[sender];

	if (s->accepted)
		return (struct tag){ "warn", "loss accepted" };
	if (!step)
		return s->fails ? (struct tag){ "warn", "small loss" } : (struct tag){ "ok", "fine" };
	if (step->kind == STEP_DECIDE)
		return (struct tag){ "dec", "decide" };
	if (!step->later)
		return (struct tag){ "bad", "fix first" };
	return step->kind == STEP_REPAIR_KEY || step->kind == STEP_REPAIR_SIGNATURE
		       ? (struct tag){ "warn", "repair, for p=reject" }
		       : (struct tag){ "warn", "sign, for p=reject" };
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* What a row says of a sender: of the same shape whether it opens or leads to another page. */
static void put_row(struct readiness_page_html *page, uint32_t index)
{
	const struct verdict *v = page->a->verdict;
	const struct sender *s = &v->senders[index];
	const struct path *path = &v->paths[s->path];
	struct tag tag = tag_of(v, index);
	struct html *html = &page->html;
	char address[ADDRESS_TEXT];

	if (s->addresses == 1)
		pen_say(&html->pen, "%s", address_format(&path->address, address));
	else
		pen_say(&html->pen, "%s", counted_text(s->addresses, "address", "addresses").p);
	html_rawf(html, "</small></span> <span class=\"n\">%s<span class=\"gone word\"> a week</span></span> ",
		count_text(verdict_per_week(v, s->messages)).p);
	html_raw(html, "<span class=\"weeks\">");
	html_spark(html, s->weeks, v->weeks_n < 26 ? v->weeks_n : 26);
	html_raw(html, "</span> <span><span class=\"gone word\">Signed by you </span>");
	html_bar(html, share(s->dkim_ok, s->messages), "own");
	html_raw(html, "</span> <span><span class=\"gone word\">SPF for you </span>");
	html_bar(html, share(s->spf_ok, s->messages), "own");
	html_raw(html, "</span> <span class=\"n\">");
	pen_count(&html->pen, s->fails ? INK_BAD : INK_PLAIN, s->fails);
	html_rawf(html,
		"<span class=\"gone word\"> fail</span></span> <span class=\"todo\"><span class=\"tag "
		"%s\">%s</span></span>",
		tag.class, tag.word);
}

/* As long as the page has room; a sender of its own page is opened there. */
static void put_sender(struct readiness_page_html *page, uint32_t index)
{
	const struct sender *s = &page->a->verdict->senders[index];
	struct html *html = &page->html;

	if (page->in_pages) {
		html_rawf(html, "<div id=\"sender-%u\"><div class=\"row\"><span class=\"name\"><b><a href=\"", index);
		page_sender_file(html->out, page->a->verdict, index);
		html_raw(html, "\">");
	} else {
		html_rawf(html, "<details id=\"sender-%u\"><summary class=\"row\"><span class=\"name\"><b>", index);
	}
	words_sender(&html->pen, page->a, index);
	html_raw(html, page->in_pages ? "</a></b> <small>" : "</b> <small>");
	put_row(page, index);
	html_raw(html, page->in_pages ? "</div></div>\n" : "</summary>\n<div class=\"inside\">\n");
	if (page->in_pages)
		return;
	if (html->out->n < PAGE_FULL) {
		page_source(page, s);
	} else {
		html_raw(html, "<p class=\"soft\">The page is full: <code>dmarcgate explain ");
		pen_host(&html->pen,
			words_argument(s->mark, &page->a->verdict->paths[s->path].address, (char[ADDRESS_TEXT]){ 0 }));
		html_raw(html, "</code>, or <code>html --pages</code>, tells of it.</p>\n");
	}
	html_raw(html, "</div></details>\n");
}

/* ---- a sender's own page */

void page_sender_file(struct buf *file, const struct verdict *v, uint32_t sender)
{
	const struct sender *s = &v->senders[sender];
	struct span id = v->sources[s->source].id;
	uint8_t octets[DIGEST_OCTETS] = { 0 };
	struct digest *digest = digest_new();
	char hex[DIGEST_HEX];

	if (!digest) {
		file->failed = true;
		return;
	}
	digest_add(digest, id.p, id.n);
	digest_add(digest, "", 1);
	digest_add(digest, s->header_from.p, s->header_from.n);
	digest_add(digest, fate_word(s->fate), strlen(fate_word(s->fate)));
	digest_finish(digest, octets);
	digest_free(digest);
	for (size_t i = 0; i < id.n && i < FILE_LETTERS; i++) {
		char c = id.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			     (c == '.' && i > 0);

		buf_put_byte(file, plain ? (unsigned char)c : '_');
	}
	digest_hex(octets, hex);
	buf_printf(file, "-%.12s.html", hex);
}

static void put_figures(struct readiness_page_html *page, const struct sender *s)
{
	const struct {
		uint64_t n;
		const char *what;
	} figures[] = { { s->messages, "messages" }, { s->dkim_ok, "signed by you" }, { s->spf_ok, "SPF for you" },
		{ s->fails, "fail" } };
	struct html *html = &page->html;

	html_raw(html, "<ul class=\"nums\">");
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		html_rawf(html, "<li class=\"card\"><b>%s</b> <span>%s</span></li>", count_text(figures[i].n).p,
			figures[i].what);
	html_rawf(html, "</ul>\n<p class=\"soft\">Of the last %u days.</p>\n", page->a->verdict->window);
}

void page_sender(struct readiness_page_html *page, uint32_t sender)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	struct tag tag = tag_of(v, sender);

	html_begin(html, v->domain);
	html_raw(html, "<header><h1>");
	words_sender(&html->pen, page->a, sender);
	html_raw(html, "</h1><span>");
	words_week(&html->pen, page->a);
	html_raw(html, ", in mail of ");
	pen_host(&html->pen, v->domain);
	html_rawf(html, "</span></header>\n<nav aria-label=\"Pages\"><a href=\"index.html#sender-%u\">", sender);
	pen_say(&html->pen, "All of ");
	pen_host(&html->pen, v->domain);
	html_rawf(html, "</a> <span class=\"tag %s\">%s</span></nav>\n", tag.class, tag.word);
	put_figures(page, &v->senders[sender]);
	html_section(html, "why", "Why it counts as it does, and who saw it", NULL);
	page_source(page, &v->senders[sender]);
	html_section_end(html);
	html_end(html);
}

/* ---- the list of them */

static int least_signed(const void *a, const void *b, void *arg)
{
	const struct sender *senders = arg;
	const struct sender *x = &senders[*(const uint32_t *)a], *y = &senders[*(const uint32_t *)b];
	uint64_t i = x->messages - x->dkim_ok, k = y->messages - y->dkim_ok;

	if (i != k)
		return i > k ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return x < y ? -1 : x > y;
}

uint32_t *page_sender_order(const struct verdict *v, struct arena *arena, size_t *n)
{
	uint32_t *order = arena_take(arena, (v->senders_n + 1) * sizeof *order);

	*n = 0;
	for (uint32_t i = 0; order && i < v->senders_n; i++)
		if (v->senders[i].messages)
			order[(*n)++] = i;
	if (order)
		qsort_r(order, *n, sizeof *order, least_signed, (void *)v->senders);
	return order;
}

void page_senders(struct readiness_page_html *page)
{
	static const char *const heads[] = { "Sender", "a week", "weeks", "signed by you", "SPF for you", "fail",
		"to do" };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	struct arena arena = ARENA((size_t)64 * 1024 * 1024);
	size_t n, most = page->in_pages ? SENDERS_PAGES : SENDERS_SHOWN;
	uint32_t *order = page_sender_order(v, &arena, &n);

	html_section(html, "senders", "Senders, least signed first",
		"Signed means a valid DKIM signature of your own domain. SPF alone does not survive forwarding. Open a "
		"line to see why it counts as yours, what receivers saw, and in which reports.");
	page->failed |= !order;
	html_raw(html, "<div class=\"heads\" aria-hidden=\"true\">");
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		html_rawf(html, "<span%s>%s</span>", i == 1 || i == 5 ? " class=\"n\"" : "", heads[i]);
	html_raw(html, "</div>\n<div class=\"senders\">\n");
	for (size_t i = 0; i < n && i < most; i++)
		put_sender(page, order[i]);
	html_raw(html, "</div>\n");
	if (n > most)
		html_rawf(html, "<p class=\"soft\">And %s more, in <code>dmarcgate senders</code>.</p>\n",
			count_text(n - most).p);
	html_section_end(html);
	arena_release(&arena);
}
