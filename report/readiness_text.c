/* The page of one domain: verdict, cost and what to do first within ten lines; then why; the basis last. */
#include "report/readiness_text.h"

#include "report/readiness_words.h"
#include "report/table.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)256 * 1024)
#define LIST_SHOWN 5
#define FIGURE_COLUMNS 42 /* what the figures behind the names of a list need at least */
#define TREND_MOST 53

struct page {
	FILE *out;
	const struct style *style;
	const struct assessment *a;
	const struct readiness_page *look;
	struct buf line;
	struct pen pen;
	unsigned names; /* where figures begin in lists */
	bool failed;
};

static void line_end(struct page *page)
{
	page->failed |= page->line.failed;
	buf_clear(&page->line);
}

static void paragraph(struct page *page, unsigned indent)
{
	if (page->line.n)
		style_paragraph(page->out, page->style, indent, buf_span(&page->line));
	line_end(page);
}

static void heading(struct page *page, const char *text, const char *remark)
{
	fprintf(page->out, "\n%s%s%s%s\n", style_ink(page->style, INK_STRONG), text, style_off(page->style, INK_STRONG),
		remark);
}

/* ---- the head: all that matters */

static void title(struct page *page)
{
	struct buf right = BUF(LINE_OCTETS);
	struct pen pen = { &right, page->style, PEN_TERMINAL };
	unsigned used, room = page->style->width;

	pen_begin(&page->pen, INK_STRONG);
	pen_host(&page->pen, page->a->verdict->domain);
	pen_end(&page->pen, INK_STRONG);
	words_week(&pen, page->a);
	pen_say(&pen, " ");
	pen_symbol(&pen, SYMBOL_DOT);
	pen_say(&pen, " now ");
	words_now(&pen, page->a);
	used = style_columns(buf_span(&page->line)) + style_columns(buf_span(&right));
	if (used + 2 <= room) {
		buf_printf(&page->line, "%*s", (int)(room - used), "");
		buf_put_span(&page->line, buf_span(&right));
		fprintf(page->out, "%s\n", buf_text(&page->line));
		line_end(page);
	} else {
		paragraph(page, 0);
		buf_put_span(&page->line, buf_span(&right));
		paragraph(page, 2);
	}
	page->failed |= right.failed;
	buf_release(&right);
}

static void verdict_line(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	enum ink ink = words_verdict_ink(v->decision.word);
	const struct pen *pen = &page->pen;

	pen_begin(pen, ink);
	for (const char *c = words_verdict(v->decision.word); *c; c++)
		buf_put_byte(&page->line, (unsigned char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
	pen_end(pen, ink);
	pen_say(pen, " ");
	words_status(pen, page->a);
	pen_say(pen, ".");
	putc('\n', page->out);
	paragraph(page, 2);
}

static void head(struct page *page)
{
	const struct assessment *a = page->a;
	const struct pen *pen = &page->pen;

	title(page);
	verdict_line(page);
	putc('\n', page->out);
	words_cost(pen, a);
	paragraph(page, 2);
	if (a->verdict->decision.word == VERDICT_NOT_ENOUGH_DATA) {
		words_missing(pen, a);
		paragraph(page, 2);
	}
	if (!words_holds(a)) {
		pen_begin(pen, INK_STRONG);
		pen_say(pen, "First:");
		pen_end(pen, INK_STRONG);
		pen_say(pen, " ");
	}
	words_first(pen, a);
	paragraph(page, 2);
}

static void exceptions(struct page *page)
{
	const struct decision *d = &page->a->verdict->decision;
	size_t most = page->look->all ? d->exceptions_n : LIST_SHOWN;

	if (!d->exceptions_n || (!page->look->all && d->word != VERDICT_READY_WITH_EXCEPTIONS))
		return;
	heading(page, "EXCEPTIONS", ", which you accept by going on");
	for (size_t i = 0; i < d->exceptions_n && i < most; i++) {
		pen_symbol(&page->pen, SYMBOL_DOT);
		pen_say(&page->pen, " ");
		words_exception(&page->pen, page->a, &d->exceptions[i]);
		fputs("  ", page->out);
		style_continue(page->out, page->style, 2, 4, buf_span(&page->line));
		line_end(page);
	}
	if (d->exceptions_n > most)
		fprintf(page->out, "  and %zu more, with -v\n", d->exceptions_n - most);
}

/* ---- the measures */

/* A cell made by the pen, without colours: the table has its own. */
static void cell(struct page *page, struct table *table, enum ink ink)
{
	table_cell(table, ink, buf_span(&page->line));
	line_end(page);
}

static void weeks_of(const struct verdict *v, enum fate fate, uint64_t *weeks, unsigned n)
{
	memset(weeks, 0, n * sizeof *weeks);
	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];

		for (size_t k = 0; path->fate == fate && path->pooled == NO_INDEX && k < path->days_n; k++) {
			int64_t back = (v->last_day - path->days[k].day) / 7;

			if (path->days[k].day <= v->last_day && back < (int64_t)n)
				weeks[(int64_t)n - 1 - back] += path->days[k].messages;
		}
	}
}

static void measure_row(struct page *page, struct table *table, enum fate fate, unsigned weeks_n)
{
	const struct measures *m = &page->a->verdict->measures;
	const uint64_t messages[FATE_COUNT] = { m->own, m->forwarded, m->undecided, m->forged };
	const uint64_t fails[FATE_COUNT] = { m->own_fails, m->forwarded_fails, m->undecided, m->forged };
	enum ink ink = fate == FATE_FORGED ? INK_QUIET : INK_PLAIN;
	uint64_t weeks[TREND_MOST];

	weeks_of(page->a->verdict, fate, weeks, weeks_n);
	table_row(table);
	table_cell_text(table, ink, words_fate_name(fate));
	table_cell_count(table, ink, messages[fate]);
	table_cell_count(table, ink, weeks[weeks_n - 1]);
	style_spark(&page->line, page->style, weeks, weeks_n);
	cell(page, table, ink);
	table_cell_count(table, fate == FATE_OWN && fails[fate] ? INK_BAD : ink, fails[fate]);
	words_fate(&(struct pen){ &page->line, &(struct style){ .utf8 = page->style->utf8 }, PEN_TERMINAL }, page->a,
		fate);
	cell(page, table, ink);
}

static void measures(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	unsigned weeks_n = page->look->weeks ? page->look->weeks : v->weeks_n;
	struct short_text window;
	struct table_column columns[] = { { "" }, { NULL, .right = true }, { "this week", .right = true }, { "trend" },
		{ "would fail", .right = true }, { "", .flexible = true } };
	struct table *table;

	if (v->history_first == MOMENT_NONE)
		return;
	weeks_n = weeks_n > TREND_MOST ? TREND_MOST : weeks_n ? weeks_n : 1;
	if (v->window % 7 == 0)
		snprintf(window.p, sizeof window.p, "%u weeks", v->window / 7);
	else
		snprintf(window.p, sizeof window.p, "%u days", v->window);
	columns[1].name = window.p;
	table = table_new(page->out, page->style, columns, sizeof columns / sizeof *columns);
	if (!table) {
		page->failed = true;
		return;
	}
	putc('\n', page->out);
	for (int fate = 0; fate < FATE_COUNT; fate++)
		measure_row(page, table, (enum fate)fate, weeks_n);
	page->failed |= !table_print(table);
	table_free(table);
}

/* ---- lists: a name, a figure behind it, sentences below */

static void put_row(struct page *page, const char *number, struct buf *name)
{
	unsigned used = 4 + style_columns(buf_span(name));

	fprintf(page->out, "%*s%s ", 3 - (int)style_columns(span_of(number)), "", number);
	if (!page->line.n) {
		style_continue(page->out, page->style, 4, 4, buf_span(name));
	} else if (used + 2 <= page->names) {
		fprintf(page->out, "%s%*s", buf_text(name), (int)(page->names - used), "");
		style_continue(page->out, page->style, page->names, page->names, buf_span(&page->line));
	} else {
		style_continue(page->out, page->style, 4, 4, buf_span(name));
		style_paragraph(page->out, page->style, page->names, buf_span(&page->line));
	}
	page->failed |= name->failed;
	buf_release(name);
	line_end(page);
}

static void measure_name(struct page *page)
{
	unsigned used = 4 + style_columns(buf_span(&page->line)) + 2;

	if (used > page->names && used + FIGURE_COLUMNS <= page->style->width)
		page->names = used;
	line_end(page);
}

/* One column for all lists: as wide as their names need, where they leave room for the figures. */
static void measure_names(struct page *page)
{
	const struct verdict *v = page->a->verdict;

	page->names = 4;
	for (size_t i = 0; i < v->steps_n; i++) {
		words_step_name(&page->pen, page->a, &v->steps[i]);
		measure_name(page);
	}
	for (size_t i = 0; i < v->alerts_n; i++) {
		words_alert_name(&page->pen, page->a, &v->alerts[i]);
		measure_name(page);
	}
}

static void step_row(struct page *page, const struct step *step)
{
	struct buf name = BUF(LINE_OCTETS), effect = BUF(LINE_OCTETS);
	char number[12];

	snprintf(number, sizeof number, "%u", step->rank);
	words_step_name(&(struct pen){ &name, page->style, PEN_TERMINAL }, page->a, step);
	words_step_figure(&page->pen, page->a, step);
	if (!step->later)
		words_step_effect(&(struct pen){ &effect, page->style, PEN_TERMINAL }, step);
	if (effect.n)
		buf_printf(&page->line, "%s%s", page->line.n ? "; " : "", buf_text(&effect));
	page->failed |= effect.failed;
	buf_release(&effect);
	put_row(page, number, &name);
}

static void step_rest(struct page *page, const struct step *step)
{
	const struct pen *pen = &page->pen;
	size_t before;

	words_step_reason(pen, page->a, step);
	paragraph(page, 4);
	pen_begin(pen, INK_STEP);
	pen_symbol(pen, SYMBOL_ARROW);
	pen_say(pen, " ");
	before = page->line.n;
	words_step_action(pen, page->a, step);
	if (page->line.n == before) {
		line_end(page);
		return;
	}
	pen_end(pen, INK_STEP);
	fputs("    ", page->out);
	style_continue(page->out, page->style, 4, 6, buf_span(&page->line));
	line_end(page);
}

static void steps(struct page *page, const char *name, const char *remark, bool later, bool decide)
{
	const struct verdict *v = page->a->verdict;
	unsigned n = 0, most = page->look->all ? UINT32_MAX : LIST_SHOWN;

	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *step = &v->steps[i];

		if (step->later != later || (!later && (step->kind == STEP_DECIDE) != decide) || n++ >= most)
			continue;
		if (n == 1)
			heading(page, name, remark);
		step_row(page, step);
		if (!later)
			step_rest(page, step);
	}
	if (n > most)
		fprintf(page->out, "    and %u more, with -v\n", n - most);
}

static void changes(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	size_t most = page->look->all ? v->alerts_n : LIST_SHOWN;
	const struct pen *pen = &page->pen;

	if (v->history_first == MOMENT_NONE || (!v->alerts_n && v->measures.quiet_days < 7))
		return;
	heading(page, "CHANGED THIS WEEK", "");
	for (size_t i = 0; i < v->alerts_n && i < most; i++) {
		const struct alert *alert = &v->alerts[i];
		struct buf name = BUF(LINE_OCTETS);

		words_alert_name(&(struct pen){ &name, page->style, PEN_TERMINAL }, page->a, alert);
		words_alert(pen, page->a, alert);
		put_row(page, alert->level == LEVEL_INFO ? style_symbol(page->style, SYMBOL_DOT) : "!", &name);
	}
	if (v->alerts_n > most)
		fprintf(page->out, "    and %zu more, with -v\n", v->alerts_n - most);
	if (v->measures.quiet_days < 7)
		return;
	pen_symbol(pen, SYMBOL_DOT);
	pen_say(pen, " no new unsigned sender of your own %s %s", v->measures.never_surprised ? "in all" : "for",
		counted_text((uint64_t)v->measures.quiet_days, "day", "days").p);
	paragraph(page, 2);
}

/* ---- what if */

static bool same_counts(const struct simulation *a, const struct simulation *b)
{
	return memcmp(&a->now, &b->now, sizeof a->now) == 0;
}

/* A stricter mode that costs nothing is one sentence, not a row. */
static bool costs_nothing(const struct verdict *v, size_t i)
{
	return i >= 2 && !v->simulations[i].after_steps && same_counts(&v->simulations[i], &v->simulations[1]);
}

static void simulation_row(struct page *page, struct table *table, const struct simulation *s)
{
	struct pen pen = { &page->line, &(struct style){ .utf8 = page->style->utf8 }, PEN_TERMINAL };

	table_row(table);
	words_record(&pen, &s->policy);
	if (s->after_steps) {
		pen_say(&pen, " after 1");
		if (s->after_steps > 1) {
			pen_dash(&pen);
			pen_say(&pen, "%u", s->after_steps);
		}
	}
	cell(page, table, INK_PLAIN);
	table_cell_text(table, INK_PLAIN, words_treatment(s));
	for (int fate = 0; fate < FATE_COUNT; fate++) {
		uint64_t n = s->now.spam[fate] + s->now.refused[fate];
		enum ink ink = fate == FATE_FORGED ? INK_QUIET : fate == FATE_OWN && n ? INK_BAD : INK_PLAIN;

		table_cell_count(table, ink, n);
	}
}

static void say_honoured(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	uint64_t failing = 0, honoured = 0, spared = 0;

	for (size_t i = 0; i < v->reporters_n; i++) {
		failing += v->reporters[i].failing;
		honoured += v->reporters[i].honoured;
		spared += v->reporters[i].spared;
	}
	if (failing)
		pen_say(&page->pen,
			"In truth receivers applied the policy to %s of failing mail and spared %s as list "
			"or forwarded mail. ",
			percent_text(honoured, failing).p, percent_text(spared, failing).p);
}

static void simulation_remarks(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	const struct policy *now = &v->simulations[1].policy;
	const struct pen *pen = &page->pen;
	const char *free_modes[2] = { NULL, NULL };
	size_t n = 0;

	if (v->measures.spared)
		pen_say(pen, "Receivers marked %s of the forwarded ones as list or ARC mail. ",
			count_text(v->measures.spared).p);
	say_honoured(page);
	for (size_t i = 2; i < v->simulations_n && n < 2; i++)
		if (costs_nothing(v, i) && v->simulations[i].policy.aspf_strict != now->aspf_strict)
			free_modes[n++] = "aspf=s";
		else if (costs_nothing(v, i) && v->simulations[i].policy.adkim_strict != now->adkim_strict)
			free_modes[n++] = "adkim=s";
	if (n && v->measures.own)
		pen_say(pen, "%s%s%s would cost nothing more, and gain little.", free_modes[0], n > 1 ? " or " : "",
			n > 1 ? free_modes[1] : "");
	while (page->line.n && page->line.p[page->line.n - 1] == ' ')
		page->line.p[--page->line.n] = '\0';
	paragraph(page, 2);
}

static void simulations(struct page *page)
{
	static const struct table_column columns[] = { { "", .flexible = true, .least = 20 }, { "" },
		{ "own", .right = true }, { "forwarded", .right = true }, { "undecided", .right = true },
		{ "forged", .right = true } };
	const struct verdict *v = page->a->verdict;
	struct table *table;
	char name[64];

	if (v->history_first == MOMENT_NONE || v->simulations_n < 2)
		return;
	snprintf(name, sizeof name, "IF PUBLISHED FOR THE LAST %u DAYS", v->window);
	heading(page, name, "");
	table = table_new(page->out, page->style, columns, sizeof columns / sizeof *columns);
	if (!table) {
		page->failed = true;
		return;
	}
	for (size_t i = 0; i < v->simulations_n; i++)
		if (!costs_nothing(v, i))
			simulation_row(page, table, &v->simulations[i]);
	page->failed |= !table_print(table);
	table_free(table);
	simulation_remarks(page);
}

/* ---- how it was reached (-v) */

static void gates(struct page *page)
{
	static const enum ink inks[GATE_STATE_COUNT] = { INK_GOOD, INK_BAD, INK_WARN, INK_QUIET };
	static const char *const states[GATE_STATE_COUNT] = { "holds", "fails", "no data", "later" };

	if (!page->look->all || !page->a->verdict->decision.gates_n)
		return;
	heading(page, "HOW THE VERDICT WAS REACHED", "");
	for (unsigned number = 1; number <= GATES; number++) {
		enum gate_state state = words_gate_state(page->a->verdict, number);

		fprintf(page->out, "  G%-3u%s%-9s%s", number, style_ink(page->style, inks[state]), states[state],
			style_off(page->style, inks[state]));
		pen_say(&page->pen, "%s: ", words_gate(number));
		words_gate_found(&page->pen, page->a, number);
		pen_say(&page->pen, "; limit: ");
		words_gate_limit(&page->pen, page->a, number);
		style_continue(page->out, page->style, 15, 15, buf_span(&page->line));
		line_end(page);
	}
}

/* ---- what to publish, and what it all rests on */

/* A line to be copied: whole, however wide the terminal is. */
static void copy_line(struct page *page)
{
	fprintf(page->out, "%s%s%s\n", style_ink(page->style, INK_STEP), buf_text(&page->line),
		style_off(page->style, INK_STEP));
	line_end(page);
}

static void parked_records(struct page *page)
{
	const struct next_record *next = &page->a->verdict->next;
	const struct pen *pen = &page->pen;

	if (!next->spf.n)
		return;
	pen_name(pen, page->a->verdict->domain);
	pen_say(pen, ". %u IN TXT \"", next->ttl);
	pen_name(pen, next->spf);
	pen_say(pen, "\"");
	copy_line(page);
	pen_name(pen, page->a->verdict->domain);
	pen_say(pen, ". %u IN MX 0 .", next->ttl);
	copy_line(page);
	pen_say(pen, "*._domainkey.");
	pen_name(pen, page->a->verdict->domain);
	pen_say(pen, ". %u IN TXT \"v=DKIM1; p=\"", next->ttl);
	copy_line(page);
}

static void next_record(struct page *page)
{
	const struct next_record *next = &page->a->verdict->next;

	putc('\n', page->out);
	words_next(&page->pen, page->a);
	style_labelled(page->out, page->style, (struct style_label){ "NEXT", INK_STRONG, 0, 6 }, buf_span(&page->line));
	line_end(page);
	if (next->zone.n) {
		pen_code(&page->pen, next->zone);
		copy_line(page);
	}
	parked_records(page);
	if (next->record.n && (page->look->all || !page->a->rows->published.checked)) {
		words_next_why(&page->pen, page->a);
		paragraph(page, 6);
	}
}

static void basis(struct page *page)
{
	fprintf(page->out, "\n%s", style_ink(page->style, INK_QUIET));
	words_basis(&page->pen, page->a);
	style_labelled(page->out, page->style, (struct style_label){ "BASIS", INK_PLAIN, 0, 6 }, buf_span(&page->line));
	line_end(page);
	fputs(style_off(page->style, INK_QUIET), page->out);
}

bool readiness_text(FILE *out, const struct style *style, const struct assessment *a, const struct readiness_page *look)
{
	struct page page = { .out = out, .style = style, .a = a, .look = look, .line = BUF(LINE_OCTETS) };
	struct step_counts n = steps_count(a->verdict);

	page.pen = (struct pen){ &page.line, style, PEN_TERMINAL };
	measure_names(&page);
	head(&page);
	exceptions(&page);
	measures(&page);
	steps(&page, n.fix || n.other ? "DO FIRST" : "DO", "", false, false);
	steps(&page, "DECIDE", "", false, true);
	steps(&page, "BEFORE p=reject", ", not needed for quarantine", true, false);
	changes(&page);
	simulations(&page);
	gates(&page);
	next_record(&page);
	basis(&page);
	buf_release(&page.line);
	return !page.failed && fflush(out) == 0 && !ferror(out);
}
