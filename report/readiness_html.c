/* The page from the top: verdict, what to do, mail a day, what if. The rest is in files of its own. */
#include "report/readiness_page.h"

#include <stdlib.h>

#define ARENA_OCTETS ((size_t)2 * 1024 * 1024 * 1024)

static void open_p(struct html *html)
{
	html_raw(html, "<p>");
}

static void close_p(struct html *html)
{
	html_raw(html, "</p>\n");
}

/* Opened only where something is said: then it is the caller's to close. */
static bool said_within(struct readiness_page_html *page, const char *open,
	void (*say)(const struct pen *pen, const struct assessment *a, const struct step *step),
	const struct step *step)
{
	struct html *html = &page->html;
	size_t before = html->out->n, after;

	html_raw(html, open);
	after = html->out->n;
	say(&html->pen, page->a, step);
	if (html->out->n > after || html->out->failed)
		return true;
	html->out->n = before;
	return false;
}

/* A paragraph that is only there when something is in it. */
static void sentence(struct readiness_page_html *page, const char *open,
	void (*say)(const struct pen *pen, const struct assessment *a, const struct step *step),
	const struct step *step)
{
	if (said_within(page, open, say, step))
		close_p(&page->html);
}

/* ---- 1: the verdict */

static void say_missing(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	(void)step;
	words_missing(pen, a);
}

static void put_number(struct html *html, uint64_t n, const char *what)
{
	html_rawf(html, "<li class=\"card\"><b>%s</b> <span>", count_text(n).p);
	pen_say(&html->pen, "%s", what);
}

static void put_numbers(struct readiness_page_html *page)
{
	const struct measures *m = &page->a->verdict->measures;
	struct html *html = &page->html;

	html_raw(html, "<ul class=\"nums\">");
	put_number(html, m->own, "of your own");
	if (m->own)
		pen_say(&html->pen, ", %s signed by you; %s fail", ratio_text(m->dkim_share).p, count_text(m->own_fails).p);
	html_raw(html, "</span></li>");
	put_number(html, m->forwarded, "of yours, forwarded by others; ");
	pen_say(&html->pen, "%s fail", count_text(m->forwarded_fails).p);
	html_raw(html, "</span></li>");
	put_number(html, m->undecided, "not decided: yours or not?");
	html_raw(html, "</span></li>");
	put_number(html, m->forged, "forged, stopped by enforcement");
	html_raw(html, "</span></li></ul>\n");
}

static void put_head(struct readiness_page_html *page)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;

	html_raw(html, "<header><h1>");
	pen_host(&html->pen, v->domain);
	html_raw(html, "</h1><span>");
	words_week(&html->pen, page->a);
	pen_say(&html->pen, ", now ");
	words_now(&html->pen, page->a);
	html_rawf(
		html, "</span></header>\n<div class=\"card verdict v%d\"><p><strong>", verdict_exit(v->decision.word));
	pen_say(&html->pen, "%s ", words_verdict(v->decision.word));
	words_status(&html->pen, page->a);
	html_raw(html, "</strong></p>\n<p>");
	words_cost(&html->pen, page->a);
	close_p(html);
	if (v->decision.word == VERDICT_NOT_ENOUGH_DATA)
		sentence(page, "<p>", say_missing, NULL);
	html_raw(html, words_holds(page->a) ? "<p>" : "<p><b>First:</b> ");
	words_first(&html->pen, page->a);
	html_raw(html, "</p></div>\n");
	put_numbers(page);
	html_raw(html,
		"<p class=\"soft\">&#8220;At most&#8221; is the upper end of what the loss may be in truth, with 95 % "
		"confidence. Forged mail is in no share.</p>\n");
}

static void put_contents(struct readiness_page_html *page)
{
	static const char *const sections[][2] = { { "todo", "What to do" }, { "days", "Mail a day" },
		{ "senders", "Senders" }, { "whatif", "If published" }, { "gates", "How it was reached" },
		{ "basis", "What it rests on" } };

	struct html *html = &page->html;

	html_raw(html, "<nav aria-label=\"Sections\">");
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		bool gates = strcmp(sections[i][0], "gates") == 0;

		if (gates && !page->a->verdict->decision.gates_n) /* a parked domain is asked nothing */
			continue;
		html_rawf(html, "<a href=\"#%s\">%s</a> ", sections[i][0], sections[i][1]);
	}
	html_raw(html, "</nav>\n");
}

/* ---- 2: what to do */

static void put_step(struct readiness_page_html *page, const struct step *step)
{
	struct html *html = &page->html;

	html_rawf(html, "<li class=\"card\"><span class=\"rank\" aria-hidden=\"true\">%u</span><b>", step->rank);
	html_rawf(html, "<span class=\"gone\">Step %u: </span>", step->rank);
	words_step_title(&html->pen, page->a, step);
	html_raw(html, ".</b>\n");
	sentence(page, "<p class=\"figure\">", words_step_figure, step);
	sentence(page, "<p>", words_step_reason, step);
	sentence(page, "<p>", words_step_action, step);
	if (step->loss_now > step->loss_after) {
		html_raw(html, "<p class=\"figure\">");
		words_step_effect(&html->pen, step);
		close_p(html);
	}
	if (step->sender != NO_INDEX && page->listed && page->listed[step->sender]) {
		html_raw(html, "<p class=\"figure\"><a href=\"");
		if (page->in_pages)
			page_sender_file(html->out, page->a->verdict, step->sender);
		else
			html_rawf(html, "#sender-%u", step->sender);
		html_raw(html, "\">Why, and who saw it<span class=\"gone\">: ");
		words_step_name(&html->pen, page->a, step);
		html_raw(html, "</span></a></p>");
	}
	html_raw(html, "</li>\n");
}

static void put_later(struct readiness_page_html *page)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	bool some = false;

	for (size_t i = 0; i < v->steps_n; i++) {
		if (!v->steps[i].later)
			continue;
		if (!some)
			html_raw(html, "<h3>Before p=reject, not needed for quarantine</h3>\n<ul class=\"plain\">\n");
		some = true;
		html_raw(html, "<li>");
		words_step_title(&html->pen, page->a, &v->steps[i]);
		if (said_within(page, " <span class=\"soft\">", words_step_figure, &v->steps[i]))
			html_raw(html, "</span>");
		html_raw(html, "</li>\n");
	}
	if (some)
		html_raw(html, "</ul>\n");
}

static void put_exceptions(struct readiness_page_html *page)
{
	const struct decision *d = &page->a->verdict->decision;
	struct html *html = &page->html;

	if (!d->exceptions_n)
		return;
	html_raw(html, "<h3>Exceptions, accepted by going on</h3>\n<ul class=\"plain\">\n");
	for (size_t i = 0; i < d->exceptions_n && i < SENDERS_SHOWN; i++) {
		html_raw(html, "<li>");
		words_exception(&html->pen, page->a, &d->exceptions[i]);
		html_raw(html, "</li>\n");
	}
	html_raw(html, "</ul>\n");
}

static void put_parked(struct html *html, const struct verdict *v)
{
	html_raw(html, "\n");
	pen_name(&html->pen, v->domain);
	pen_say(&html->pen, ". %u IN TXT \"", v->next.ttl);
	pen_name(&html->pen, v->next.spf);
	pen_say(&html->pen, "\"\n");
	pen_name(&html->pen, v->domain);
	pen_say(&html->pen, ". %u IN MX 0 .\n*._domainkey.", v->next.ttl);
	pen_name(&html->pen, v->domain);
	pen_say(&html->pen, ". %u IN TXT \"v=DKIM1; p=\"", v->next.ttl);
}

static void put_next(struct readiness_page_html *page)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;

	html_raw(html, "<h3 id=\"next\">The next record</h3>\n<p>");
	words_next(&html->pen, page->a);
	close_p(html);
	if (!v->next.zone.n)
		return;
	html_raw(html, "<pre tabindex=\"0\">");
	html_text(html->out, v->next.zone);
	if (v->next.spf.n)
		put_parked(html, v);
	html_raw(html, "</pre>\n<p class=\"soft\">");
	words_next_why(&html->pen, page->a);
	close_p(html);
}

static void put_todo(struct readiness_page_html *page)
{
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	bool some = false;

	html_section(html, "todo", "What to do", NULL);
	for (size_t i = 0; i < v->steps_n && i < SENDERS_SHOWN; i++) {
		if (v->steps[i].later)
			continue;
		if (!some)
			html_raw(html, "<ol class=\"do\">\n");
		some = true;
		put_step(page, &v->steps[i]);
	}
	html_raw(html, some ? "</ol>\n" : "<p>Nothing stands in the way.</p>\n");
	put_later(page);
	put_next(page);
	put_exceptions(page);
	html_section_end(html);
}

static void put_changes(struct readiness_page_html *page)
{
	static const char *const levels[LEVEL_COUNT][2] = { { "", "for information" }, { "warn", "high" },
		{ "bad", "critical" } };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;

	if (!v->alerts_n)
		return;
	html_section(html, "changes", "Changed this week", NULL);
	html_raw(html, "<ul class=\"plain\">\n");
	for (size_t i = 0; i < v->alerts_n && i < SENDERS_SHOWN; i++) {
		const struct alert *alert = &v->alerts[i];

		html_raw(html, "<li><b>");
		words_alert_name(&html->pen, page->a, alert);
		html_raw(html, "</b>: ");
		words_alert(&html->pen, page->a, alert);
		html_rawf(html, " <span class=\"tag %s\">%s</span></li>\n", levels[alert->level][0],
			levels[alert->level][1]);
	}
	html_raw(html, "</ul>\n");
	html_section_end(html);
}

/* ---- 3, 4: mail a day */

enum layer { OWN_PASS, FWD_PASS, OWN_FAIL, FWD_FAIL, UNDECIDED, FORGED, LAYERS };

static const struct html_layer layers[LAYERS] = { { "own", "own, passing" }, { "fwd", "forwarded, passing" },
	{ "ownf", "own, failing" }, { "fwdf", "forwarded, failing" }, { "dec", "not decided" }, { "forg", "forged" } };

static uint64_t layer_of(const struct day_totals *day, enum layer layer)
{
	switch (layer) {
	case OWN_PASS:
		return day->pass[FATE_OWN];
	case FWD_PASS:
		return day->pass[FATE_FORWARDED];
	case OWN_FAIL:
		return day->fail[FATE_OWN];
	case FWD_FAIL:
		return day->fail[FATE_FORWARDED];
	case UNDECIDED:
		return day->pass[FATE_UNDECIDED] + day->fail[FATE_UNDECIDED];
	default:
		return day->pass[FATE_FORGED] + day->fail[FATE_FORGED];
	}
}

#define NOTES_MOST 2

static size_t notes_of(const struct verdict *v, struct html_note notes[NOTES_MOST])
{
	size_t n = 0;

	if (v->seen_any && v->seen_since > v->first_day && v->seen_since <= v->last_day &&
		v->seen_since > v->history_first) {
		notes[n].column = (size_t)(v->seen_since - v->first_day);
		snprintf(notes[n++].text, sizeof notes->text, "%s: policy changed to p=%s", day_text(v->seen_since).p,
			request_word(v->seen.p));
	}
	for (size_t i = 0; i < v->alerts_n && n < NOTES_MOST; i++) {
		const struct alert *alert = &v->alerts[i];

		if (alert->kind != ALERT_FORGED_BURST || alert->since == MOMENT_NONE || alert->since < v->first_day)
			continue;
		notes[n].column = (size_t)(alert->since - v->first_day);
		snprintf(notes[n++].text, sizeof notes->text, "%s: %s forged", day_text(alert->since).p,
			count_text(alert->messages).p);
		break;
	}
	return n;
}

/* Layers `from` up to `to` of every day. */
static void put_days(struct readiness_page_html *page, const char *label, enum layer from, enum layer to,
	unsigned height, bool notes)
{
	const struct verdict *v = page->a->verdict;
	size_t n = (size_t)(to - from);
	struct html_note events[NOTES_MOST];
	struct html_chart chart = { .label = label,
		.layers = layers + from,
		.layers_n = n,
		.first_day = v->first_day,
		.days_n = v->days_n,
		.height = height,
		.notes = events };
	uint64_t *values = arena_take(&page->scratch, v->days_n * n * sizeof *values);

	if (!values) {
		page->failed = true;
		return;
	}
	for (size_t day = 0; day < v->days_n; day++)
		for (size_t k = 0; k < n; k++)
			values[day * n + k] = layer_of(&v->days[day], (enum layer)(from + k));
	chart.values = values;
	chart.notes_n = notes ? notes_of(v, events) : 0;
	html_chart(&page->html, &chart);
	arena_clear(&page->scratch);
}

static void put_charts(struct readiness_page_html *page)
{
	struct html *html = &page->html;

	html_section(html, "days", "Mail a day",
		"Everything that claimed to come from you, as the receivers saw it that report.");
	put_days(page, "Messages a day, by kind", OWN_PASS, LAYERS, 250, true);
	html_section_end(html);
	html_section(html, "failing", "Failing mail that may be yours",
		"The same days without passing and forged mail: what enforcement would cost. Its scale is its own.");
	put_days(page, "Failing messages a day that may be yours", OWN_FAIL, FORGED, 190, false);
	html_section_end(html);
}

/* ---- 6: what if */

static void put_simulation(struct readiness_page_html *page, const struct simulation *s)
{
	struct html *html = &page->html;

	html_raw(html, "<tr><th scope=\"row\">");
	words_record(&html->pen, &s->policy);
	if (s->after_steps == 1)
		pen_say(&html->pen, " after step 1");
	else if (s->after_steps)
		pen_say(&html->pen, " after steps 1 to %u", s->after_steps);
	html_rawf(html, "</th><td>%s</td>", words_treatment(s));
	for (int fate = 0; fate < FATE_COUNT; fate++) {
		uint64_t n = s->now.spam[fate] + s->now.refused[fate];
		uint64_t old = s->old.spam[fate] + s->old.refused[fate];

		html_cell_open(html, true);
		pen_count(&html->pen, fate == FATE_OWN && n ? INK_BAD : INK_PLAIN, n);
		if (old != n) {
			html_raw(html, "<br><small>");
			pen_say(&html->pen, "%s by older receivers", count_text(old).p);
			html_raw(html, "</small>");
		}
		html_cell_close(html);
	}
	html_raw(html, "</tr>\n");
}

static void put_rung(struct html *html, double loss, double most)
{
	html_raw(html, "</th><td class=\"nw\">");
	html_rawf(html,
		"<span class=\"bar\"><svg width=\"160\" height=\"10\" aria-hidden=\"true\"><rect class=\"ownf\" "
		"width=\"%.1f\" height=\"10\" rx=\"2\"/></svg>%s</span></td></tr>\n",
		most > 0 ? 160 * loss / most : 0, ratio_text(loss).p);
}

/* What every repair leaves of the loss; with one repair the steps say it already. */
static void put_ladder(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Done", "own mail still lost" };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	unsigned n = 0;

	for (size_t i = 0; i < v->steps_n; i++)
		n += !v->steps[i].later && v->steps[i].loss_after < v->steps[i].loss_now;
	if (n < 2)
		return;
	html_raw(html, "<h3>Loss after each repair</h3>\n");
	html_table(html, "Own mail lost after each repair", headings, 2);
	html_raw(html, "<tr><th scope=\"row\">nothing yet");
	put_rung(html, v->measures.own_loss, v->measures.own_loss);
	for (size_t i = 0; i < v->steps_n && i < SENDERS_SHOWN; i++) {
		const struct step *step = &v->steps[i];

		if (step->later || step->loss_after >= step->loss_now)
			continue;
		html_rawf(html, "<tr><th scope=\"row\">%u ", step->rank);
		words_step_name(&html->pen, page->a, step);
		put_rung(html, step->loss_after, v->measures.own_loss);
	}
	html_table_end(html);
}

static void put_whatif(struct readiness_page_html *page)
{
	static const char *const headings[] = { "Record", "failing mail is", ">own", ">forwarded", ">not decided",
		">forged" };
	const struct verdict *v = page->a->verdict;
	struct html *html = &page->html;
	char name[64];

	if (!v->simulations_n)
		return;
	snprintf(name, sizeof name, "If this had been published for the last %u days", v->window);
	html_section(html, "whatif", name,
		"Messages that would have gone to spam or been refused. At most: receivers may be "
		"milder than the record.");
	html_table(html, "Messages caught by each record", headings, 6);
	for (size_t i = 0; i < v->simulations_n; i++)
		put_simulation(page, &v->simulations[i]);
	html_table_end(html);
	if (v->measures.spared) {
		open_p(html);
		pen_say(&html->pen, "Receivers marked %s of the forwarded ones as list or ARC mail.",
			count_text(v->measures.spared).p);
		close_p(html);
	}
	put_ladder(page);
	html_section_end(html);
}

static bool senders_list(struct readiness_page_html *page)
{
	const struct verdict *v = page->a->verdict;
	size_t n, most = page->in_pages ? SENDERS_PAGES : SENDERS_SHOWN;
	uint32_t *order = page_sender_order(v, &page->arena, &n);

	page->listed = arena_take(&page->arena, (v->senders_n + 1) * sizeof *page->listed);
	if (!order || !page->listed)
		return false;
	memset(page->listed, 0, (v->senders_n + 1) * sizeof *page->listed);
	for (size_t i = 0; i < n && i < most; i++)
		page->listed[order[i]] = true;
	return true;
}

static bool page_open(struct readiness_page_html *page, struct buf *out, const struct assessment *a,
	const struct html_samples *samples, bool in_pages)
{
	*page = (struct readiness_page_html){ .html = HTML(out),
		.a = a,
		.samples = samples,
		.arena = ARENA(ARENA_OCTETS),
		.scratch = ARENA(ARENA_OCTETS),
		.in_pages = in_pages };
	page->detailer = detail_begin(a->rows, a->verdict, &page->arena);
	page->failed = !page->detailer || !senders_list(page);
	return !page->failed;
}

static void page_close(struct readiness_page_html *page)
{
	arena_release(&page->arena);
	arena_release(&page->scratch);
}

static void put_all(struct readiness_page_html *page)
{
	const struct verdict *v = page->a->verdict;
	bool any = v->history_first != MOMENT_NONE;

	html_begin(&page->html, v->domain);
	put_head(page);
	if (any)
		put_contents(page);
	put_todo(page);
	put_changes(page);
	if (any && !page->failed) {
		put_charts(page);
		page_senders(page);
		put_whatif(page);
		page_forwarding(page);
		page_subdomains(page);
		page_keys(page);
		page_forged(page);
	}
	page_samples(page);
	page_gates(page);
	page_basis(page);
	html_end(&page->html);
}

bool readiness_html(struct buf *out, const struct assessment *a, const struct html_samples *samples)
{
	struct readiness_page_html page;

	page_open(&page, out, a, samples, false);
	put_all(&page);
	page_close(&page);
	return !page.failed && !out->failed;
}

static bool page_hand(struct readiness_page_html *page, const char *file, page_taker *take, void *arg)
{
	struct buf *out = page->html.out;
	bool ok = !page->failed && !out->failed && take(arg, file, buf_span(out));

	buf_clear(out);
	return ok;
}

static bool senders_hand(struct readiness_page_html *page, page_taker *take, void *arg)
{
	struct arena arena = ARENA((size_t)64 * 1024 * 1024);
	size_t n;
	uint32_t *order = page_sender_order(page->a->verdict, &arena, &n);
	bool ok = order != NULL;

	for (size_t i = 0; ok && i < n && i < SENDERS_PAGES; i++) {
		struct buf file = BUF(1024);

		page_sender_file(&file, page->a->verdict, order[i]);
		page_sender(page, order[i]);
		ok = !file.failed && page_hand(page, buf_text(&file), take, arg);
		buf_release(&file);
	}
	arena_release(&arena);
	return ok;
}

/* The index comes last: what it leads to is there then. */
bool readiness_html_pages(
	const struct assessment *a, const struct html_samples *samples, page_taker *take, void *arg)
{
	struct buf out = BUF(HTML_OCTETS);
	struct readiness_page_html page;
	bool ok = page_open(&page, &out, a, samples, true);

	ok = ok && senders_hand(&page, take, arg);
	if (ok) {
		put_all(&page);
		ok = page_hand(&page, "index.html", take, arg);
	}
	page_close(&page);
	buf_release(&out);
	return ok;
}
