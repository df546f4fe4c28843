/* The page's lower half: forwarding, subdomains, keys, forged mail, samples, gates, basis. */
#include "report/readiness_page.h"

#include "report/assess/policy.h"
#include "report/sample_words.h"

#include <stdlib.h>

#define ROWS_SHOWN 50
#define FORGED_SHOWN 10

/* ---- 7: forwarding */

static int more_messages(const void *a, const void *b, void *arg)
{
	const struct path *paths = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (paths[x].messages != paths[y].messages)
		return paths[x].messages > paths[y].messages ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Paths of one fate, most messages first; NULL when memory is short. */
static uint32_t *paths_with(struct readiness_page_html *page, enum fate fate, size_t *n)
{
	const struct verdict *v = page->a->verdict;
	uint32_t *order = arena_take(&page->scratch, v->paths_n * sizeof *order);

	*n = 0;
	for (uint32_t i = 0; order && i < v->paths_n; i++)
		if (v->paths[i].fate == fate && v->paths[i].messages && v->paths[i].pooled == NO_INDEX)
			order[(*n)++] = i;
	if (order)
		qsort_r(order, *n, sizeof *order, more_messages, (void *)v->paths);
	page->failed |= !order;
	return order;
}

static void put_more(struct html *html, size_t n, size_t shown)
{
	if (n > shown)
		html_rawf(html, "<p class=\"soft\">And %s more.</p>\n", count_text(n - shown).p);
}

static void put_forwarder(struct readiness_page_html *page, uint32_t index)
{
	const struct verdict *v = page->a->verdict;
	const struct path *path = &v->paths[index];
	enum sender_kind kind = v->sources[path->source].kind;
	struct html *html = &page->html;

	html_raw(html, "<tr><th scope=\"row\">");
	words_source(&html->pen, page->a, index);
	html_rawf(html, "</th><td>%s</td><td class=\"any\">",
		kind == SENDER_LIST	 ? "list"
		: kind == SENDER_GATEWAY ? "gateway"
					 : "forwarder");
	if (path->origin != NO_INDEX)
		pen_host(&html->pen, v->sources[path->origin].name);
	html_raw(html, "</td>");
	html_cell_count(html, path->messages);
	html_cell_open(html, true);
	pen_say(&html->pen, "%s", path_kind_fails(path->kind) ? count_text(path->messages).p : "0");
	html_cell_close(html);
	html_cell_count(html, path->spared);
	html_rawf(html, "<td>%s</td></tr>\n",
		path_kind_fails(path->kind) ? confidence_word(path->class.confidence) : "signature holds");
}

void page_forwarding(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Through", "kind", "began at", ">messages", ">fail", ">spared",
		"how sure" };
	struct html *html = &page->html;
	size_t n;
	uint32_t *order = paths_with(page, FATE_FORWARDED, &n);

	if (order && n) {
		html_section(html, "forwarding", "Forwarding",
			"Your mail, passed on by lists, gateways and aliases. On your side there is nothing to repair; "
			"a "
			"signature that survives is the best you can give them.");
		html_table(html, "Forwarders", headings, 7);
		for (size_t i = 0; i < n && i < ROWS_SHOWN; i++)
			put_forwarder(page, order[i]);
		html_table_end(html);
		put_more(html, n, ROWS_SHOWN);
		html_section_end(html);
	}
	arena_clear(&page->scratch);
}

/* ---- 8: subdomains */

static const char *coverage_of(const struct assessment *a, const struct subdomain *s)
{
	if (span_is_nocase(s->name, a->verdict->domain))
		return "this domain";
	if (s->own_record)
		return "a record of its own";
	return s->spared ? "spared by sp or np" : s->nonexistent ? "inherits; does not exist" : "inherits";
}

void page_subdomains(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Author domain", "policy", ">own", ">fail", ">unsigned", ">forwarded",
		">not decided", ">forged", "enforced" };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;

	if (!v->subdomains_n)
		return;
	html_section(html, "subdomains", "Subdomains and what covers them", NULL);
	if (v->seen_any) {
		html_raw(html, "<p class=\"lead\">Receivers saw ");
		words_record(&html->pen, &v->seen);
		if (v->seen_since != MOMENT_NONE)
			pen_say(&html->pen, " since %s", period_text(&html_style, v->seen_since, v->seen_since).p);
		html_raw(html, ".</p>\n");
	}
	html_table(html, "Author domains", headings, 9);
	for (size_t i = 0; i < v->subdomains_n && i < ROWS_SHOWN; i++) {
		const struct subdomain *s = &v->subdomains[i];

		html_raw(html, "<tr><th scope=\"row\">");
		pen_host(&html->pen, s->name);
		html_rawf(html, "</th><td class=\"nw\">%s</td>", coverage_of(page->a, s));
		html_cell_count(html, s->own);
		html_cell_count(html, s->own_fails);
		html_cell_count(html, s->own_unsigned);
		html_cell_count(html, s->forwarded);
		html_cell_count(html, s->undecided);
		html_cell_count(html, s->forged);
		html_rawf(html, "<td>%s</td></tr>\n", !s->failing   ? ""
							: s->spared ? "<span class=\"tag\">would fail</span>"
								    : "<span class=\"tag bad\">fails</span>");
	}
	html_table_end(html);
	put_more(html, v->subdomains_n, ROWS_SHOWN);
	html_section_end(html);
}

/* ---- 9: keys */

static void put_published(struct html *html, const struct key *key)
{
	const struct published_key *p = key->published;

	html_raw(html, "<td>");
	if (!p)
		pen_say(&html->pen, "not looked up");
	else if (p->missing)
		html_raw(html, "<span class=\"tag bad\">missing</span>");
	else if (p->revoked)
		html_raw(html, "<span class=\"tag bad\">revoked</span>");
	else if (p->bits)
		pen_say(&html->pen, "RSA, %u bit", p->bits);
	else
		pen_say(&html->pen, "there");
	if (p && p->testing)
		html_raw(html, " <span class=\"tag warn\">test mode (t=y)</span>");
	if (key->unused)
		html_raw(html, " <span class=\"tag\">not seen for 90 days: revoke it?</span>");
	if (key->shared)
		html_raw(html, " <span class=\"tag\">used by several senders</span>");
	html_raw(html, "</td>");
}

static void put_key_strip(struct readiness_page_html *page, const struct key_days *days)
{
	const struct verdict *v = page->a->verdict;
	unsigned char strip[366];
	unsigned good = 0, bad = 0;
	char label[80];

	for (size_t i = 0; i < v->window && i < sizeof strip; i++) {
		strip[i] = days->broken[i] * 2 > days->valid[i] + days->broken[i] ? 2 : days->valid[i] > 0;
		good += strip[i] == 1;
		bad += strip[i] == 2;
	}
	snprintf(label, sizeof label, "valid on %u days, broken on %u of %u", good, bad, v->window);
	html_raw(&page->html, "<td>");
	html_strip(&page->html, strip, v->window < sizeof strip ? v->window : sizeof strip, label);
	html_raw(&page->html, "</td>");
}

static void put_key(struct readiness_page_html *page, const struct key *key, const struct key_days *days)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;

	html_raw(html, "<tr><th scope=\"row\">");
	pen_host(&html->pen, key->selector);
	if (!span_is_nocase(key->domain, v->domain)) {
		html_raw(html, "<br><small>");
		pen_host(&html->pen, key->domain);
		html_raw(html, "</small>");
	}
	html_raw(html, "</th><td class=\"any\">");
	if (key->home_own)
		pen_say(&html->pen, "your own hosts");
	else if (key->home != NO_INDEX)
		pen_host(&html->pen, v->sources[key->home].name);
	else
		pen_say(&html->pen, "nowhere yet");
	html_rawf(html, "</td><td class=\"nw\">%s</td>",
		key->first_day == MOMENT_NONE ? "" : period_text(&html_style, key->first_day, key->first_day).p);
	put_published(html, key);
	html_cell_count(html, key->valid);
	html_cell_open(html, true);
	pen_count(&html->pen, key->broken ? INK_BAD : INK_PLAIN, key->broken);
	html_cell_close(html);
	put_key_strip(page, days);
	html_raw(html, "</tr>\n");
}

void page_keys(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Selector", "used by", "first seen", "published", ">valid",
		">broken", "days" };
	const struct verdict *v = page->a->verdict;
	const struct key_days *days;
	struct html *html = &page->html;

	if (!v->keys_n)
		return;
	days = detail_keys(page->detailer, &page->scratch);
	if (!days) {
		page->failed = true;
		return;
	}
	html_section(html, "keys", "Signing keys",
		"Every key of yours that receivers saw. Red days: more broken than valid signatures in your own mail.");
	html_table(html, "Signing keys", headings, 7);
	for (size_t i = 0; i < v->keys_n && i < ROWS_SHOWN; i++)
		put_key(page, &v->keys[i], &days[i]);
	html_table_end(html);
	put_more(html, v->keys_n, ROWS_SHOWN);
	html_section_end(html);
	arena_clear(&page->scratch);
}

/* ---- 10: forged */

static void put_forged_row(struct readiness_page_html *page, uint32_t index)
{
	const struct path *path = &page->a->verdict->paths[index];
	struct html *html = &page->html;
	char address[ADDRESS_TEXT];

	html_raw(html, "<tr><th scope=\"row\">");
	words_source(&html->pen, page->a, index);
	html_raw(html, "</th><td class=\"any\">");
	if (path->addresses == 1)
		pen_say(&html->pen, "%s", address_format(&path->address, address));
	else
		pen_say(&html->pen, "%s", counted_text(path->addresses, "address", "addresses").p);
	html_raw(html, "</td><td class=\"any\">");
	pen_host(&html->pen, path->header_from);
	html_raw(html, "</td>");
	html_cell_count(html, path->messages);
	html_raw(html, "<td class=\"any\">");
	for (size_t i = 0; i < path->class.items_n; i++)
		pen_say(&html->pen, "%s%s", i ? "; " : "", evidence_items[path->class.items[i]].why);
	html_raw(html, "</td></tr>\n");
}

static void put_forged_weeks(struct readiness_page_html *page, const uint32_t *order, size_t n)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	uint64_t weeks[WEEKS_MOST] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < v->weeks_n && k < WEEKS_MOST; k++)
			weeks[k] += v->paths[order[i]].weeks[k];
	html_raw(html, "<p>By week, the last one last: ");
	for (unsigned k = 0; k < v->weeks_n && k < WEEKS_MOST; k++)
		pen_say(&html->pen, "%s%s", k ? ", " : "", count_text(weeks[k]).p);
	html_raw(html, ".</p>\n");
}

void page_forged(struct readiness_page_html *page)
{
	static const char *const headings[] = { "From where", "addresses", "author domain", ">messages", "why forged" };
	struct html *html = &page->html;
	size_t n;
	uint32_t *order = paths_with(page, FATE_FORGED, &n);

	if (order && n) {
		html_section(html, "forged", "Forged mail",
			"There is nothing to do about it: enforcement stops it. It is in no share on this page.");
		put_forged_weeks(page, order, n);
		html_table(html, "Forged mail", headings, 5);
		for (size_t i = 0; i < n && i < FORGED_SHOWN; i++)
			put_forged_row(page, order[i]);
		html_table_end(html);
		put_more(html, n, FORGED_SHOWN);
		html_section_end(html);
	}
	arena_clear(&page->scratch);
}

/* ---- 11: samples */

static void put_sample(struct html *html, const struct sample_row *row)
{
	enum sample_verdict verdict = sample_verdict(row);
	char address[ADDRESS_TEXT];

	html_rawf(html, "<tr><td class=\"nw\">%s</td><td class=\"any\">", weekday_text(row->day).p);
	pen_host(&html->pen, sample_source(row, address));
	html_raw(html, "</td><td class=\"any\">");
	pen_name(&html->pen, row->subject);
	html_raw(html, "</td><td class=\"any\">");
	pen_say(&html->pen, "%s",
		verdict != SAMPLE_NONE ? sample_verdict_word(verdict)
		: row->has_sample      ? "not checked"
				       : "no sample");
	if (row->sentence.n && verdict != SAMPLE_ALIGNED) {
		pen_say(&html->pen, ": ");
		pen_name(&html->pen, sentence_brief(row->sentence));
	}
	html_raw(html, "</td><td><code>sample:");
	pen_host(&html->pen, row->id);
	html_raw(html, "</code></td></tr>\n");
}

void page_samples(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Day", "from", "subject", "what its signatures say", "name" };
	const struct html_samples *samples = page->samples;
	struct html *html = &page->html;

	if (!samples || !samples->n)
		return;
	html_section(html, "samples", "Samples of failing mail",
		"Single messages that receivers sent back. dmarcgate explain tells all about each by its name.");
	html_table(html, "Samples", headings, 5);
	for (size_t i = 0; i < samples->n && i < ROWS_SHOWN; i++)
		put_sample(html, samples->rows[i]);
	html_table_end(html);
	put_more(html, samples->n + samples->more, samples->n < ROWS_SHOWN ? samples->n : ROWS_SHOWN);
	html_section_end(html);
}

/* ---- 12: gates */

void page_gates(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Gate", "state", "condition", "found", "limit" };
	static const struct {
		const char *class, *word;
	} tags[GATE_STATE_COUNT] = { { "ok", "holds" }, { "bad", "fails" }, { "warn", "too little data" },
		{ "", "not asked yet" } };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;

	if (!v->decision.gates_n)
		return;
	html_section(html, "gates", "How the verdict was reached",
		"One failing condition makes it not ready; too little data is said only when nothing fails.");
	html_table(html, "Conditions of the verdict", headings, 5);
	for (unsigned number = 1; number <= GATES; number++) {
		enum gate_state state = words_gate_state(v, number);

		html_rawf(html, "<tr><td class=\"soft\">G%u</td><td><span class=\"tag %s\">%s</span></td><td class=\"any\">",
			number, tags[state].class, tags[state].word);
		pen_say(&html->pen, "%s", words_gate(number));
		html_raw(html, "</td><td class=\"any\">");
		words_gate_found(&html->pen, page->a, number);
		html_raw(html, "</td><td class=\"any\">");
		words_gate_limit(&html->pen, page->a, number);
		html_raw(html, "</td></tr>\n");
	}
	html_table_end(html);
	html_section_end(html);
}

/* ---- 13: basis */

static void put_reporter(struct readiness_page_html *page, uint32_t index, uint64_t all)
{
	const struct verdict *v = page->a->verdict;
	const struct reporter *r = &v->reporters[index];
	struct html *html = &page->html;
	bool *there = arena_take(&page->scratch, (v->window ? v->window : 1) * sizeof *there);
	unsigned char strip[366] = { 0 };
	unsigned days = 0;
	char label[64];

	if (!there) {
		page->failed = true;
		return;
	}
	detail_reporter_days(page->detailer, index, there);
	for (size_t i = 0; i < v->window && i < sizeof strip; i++) {
		strip[i] = there[i];
		days += there[i];
	}
	snprintf(label, sizeof label, "reports on %u of %u days", days, v->window);
	html_raw(html, "<tr><th scope=\"row\">");
	pen_host(&html->pen, r->name.n ? r->name : r->identity);
	html_raw(html, "</th>");
	html_cell_count(html, r->messages);
	html_rawf(html, "<td class=\"n\">%s</td><td>", percent_text(r->messages, all).p);
	html_strip(html, strip, v->window < sizeof strip ? v->window : sizeof strip, label);
	html_raw(html, "</td><td>");
	words_trust(&html->pen, page->a, index);
	if (r->disagreements)
		pen_say(&html->pen, "; judges %s otherwise than it reports",
			counted_text(r->disagreements, "message", "messages").p);
	html_raw(html, "</td></tr>\n");
	arena_clear(&page->scratch);
}

static void put_reporters(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Receiver", ">messages", ">share", "days", "proof" };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	uint64_t all = 0;
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < v->reporters_n; i++) {
		all += v->reporters[i].messages;
		n += v->reporters[i].messages > 0;
	}
	if (!n)
		return;
	html_table(html, "Receivers", headings, 5);
	for (uint32_t i = 0; i < v->reporters_n && shown < ROWS_SHOWN; i++) {
		if (!v->reporters[i].messages)
			continue;
		put_reporter(page, i, all);
		shown++;
	}
	html_table_end(html);
	put_more(html, n, shown);
}

void page_basis(struct readiness_page_html *page)
{
	struct html *html = &page->html;

	html_section(html, "basis", "What this rests on", NULL);
	html_raw(html, "<p>");
	words_basis(&html->pen, page->a);
	html_raw(html, "</p>\n");
	if (!page->failed)
		put_reporters(page);
	html_raw(html, "<p class=\"soft\">Receivers that send no reports are not in it, and neither is mail inside one "
		       "provider. Days are those of UTC.</p>\n");
	html_section_end(html);
}
