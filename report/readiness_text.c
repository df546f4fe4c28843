/* The page of one domain: verdict, cost and what to do first within ten lines; then why; the basis last. */
#include "report/readiness_text.h"

#include "report/readiness_words.h"
#include "report/sheet.h"
#include "report/table.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)256 * 1024)
#define LIST_SHOWN 5
#define FIGURE_COLUMNS 42 /* what the figures behind the names of a list need at least */
#define TREND_MOST 53

struct page {
	struct sheet sheet;
	const struct assessment *a;
	const struct readiness_page *look;
	unsigned names; /* where figures begin in lists */
};

/* ---- the head: all that matters */

static void title(struct page *page)
{
	struct buf right = BUF(LINE_OCTETS);
	struct pen pen = { &right, page->sheet.style, PEN_TERMINAL };
	unsigned used, room = page->sheet.style->width;

	pen_begin(&page->sheet.pen, INK_STRONG);
	pen_host(&page->sheet.pen, page->a->verdict->domain);
	pen_end(&page->sheet.pen, INK_STRONG);
	words_week(&pen, page->a);
	pen_say(&pen, " ");
	pen_symbol(&pen, SYMBOL_DOT);
	pen_say(&pen, " now ");
	words_now(&pen, page->a);
	used = style_columns(buf_span(&page->sheet.line)) + style_columns(buf_span(&right));
	if (used + 2 <= room) {
		buf_printf(&page->sheet.line, "%*s", (int)(room - used), "");
		buf_put_span(&page->sheet.line, buf_span(&right));
		fprintf(page->sheet.out, "%s\n", buf_text(&page->sheet.line));
		sheet_forget(&page->sheet);
	} else {
		sheet_paragraph(&page->sheet, 0);
		buf_put_span(&page->sheet.line, buf_span(&right));
		sheet_paragraph(&page->sheet, 2);
	}
	page->sheet.failed |= right.failed;
	buf_release(&right);
}

static void verdict_line(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	enum ink ink = words_verdict_ink(v->decision.word);
	const struct pen *pen = &page->sheet.pen;

	pen_begin(pen, ink);
	for (const char *c = words_verdict(v->decision.word); *c; c++)
		buf_put_byte(&page->sheet.line, (unsigned char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
	pen_end(pen, ink);
	pen_say(pen, " ");
	words_status(pen, page->a);
	pen_say(pen, ".");
	putc('\n', page->sheet.out);
	sheet_paragraph(&page->sheet, 2);
}

static void head(struct page *page)
{
	const struct assessment *a = page->a;
	const struct pen *pen = &page->sheet.pen;

	title(page);
	verdict_line(page);
	putc('\n', page->sheet.out);
	words_cost(pen, a);
	sheet_paragraph(&page->sheet, 2);
	if (a->verdict->decision.word == VERDICT_NOT_ENOUGH_DATA) {
		words_missing(pen, a);
		sheet_paragraph(&page->sheet, 2);
	}
	if (!words_holds(a)) {
		pen_begin(pen, INK_STRONG);
		pen_say(pen, "First:");
		pen_end(pen, INK_STRONG);
		pen_say(pen, " ");
	}
	words_first(pen, a);
	sheet_paragraph(&page->sheet, 2);
}

static void exceptions(struct page *page)
{
	const struct decision *d = &page->a->verdict->decision;
	size_t most = page->look->all ? d->exceptions_n : LIST_SHOWN;

	if (!d->exceptions_n || (!page->look->all && d->word != VERDICT_READY_WITH_EXCEPTIONS))
		return;
	sheet_heading(&page->sheet, "EXCEPTIONS", ", which you accept by going on");
	for (size_t i = 0; i < d->exceptions_n && i < most; i++) {
		pen_symbol(&page->sheet.pen, SYMBOL_DOT);
		pen_say(&page->sheet.pen, " ");
		words_exception(&page->sheet.pen, page->a, &d->exceptions[i]);
		fputs("  ", page->sheet.out);
		sheet_continue(&page->sheet, 2, 4);
	}
	if (d->exceptions_n > most)
		fprintf(page->sheet.out, "  and %zu more, with -v\n", d->exceptions_n - most);
}

/* ---- the measures */

/* A cell made by the pen, without colours: the table has its own. */
static void cell(struct page *page, struct table *table, enum ink ink)
{
	table_cell(table, ink, buf_span(&page->sheet.line));
	sheet_forget(&page->sheet);
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
	style_spark(&page->sheet.line, page->sheet.style, weeks, weeks_n);
	cell(page, table, ink);
	table_cell_count(table, fate == FATE_OWN && fails[fate] ? INK_BAD : ink, fails[fate]);
	words_fate(&(struct pen){ &page->sheet.line, &(struct style){ .utf8 = page->sheet.style->utf8 }, PEN_TERMINAL },
		page->a, fate);
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
	table = table_new(page->sheet.out, page->sheet.style, columns, sizeof columns / sizeof *columns);
	if (!table) {
		page->sheet.failed = true;
		return;
	}
	putc('\n', page->sheet.out);
	for (int fate = 0; fate < FATE_COUNT; fate++)
		measure_row(page, table, (enum fate)fate, weeks_n);
	page->sheet.failed |= !table_print(table);
	table_free(table);
}

/* ---- lists: a name, a figure behind it, sentences below */

static void put_row(struct page *page, const char *number, struct buf *name)
{
	unsigned used = 4 + style_columns(buf_span(name));

	fprintf(page->sheet.out, "%*s%s ", 3 - (int)style_columns(span_of(number)), "", number);
	if (!page->sheet.line.n) {
		style_continue(page->sheet.out, page->sheet.style, 4, 4, buf_span(name));
	} else if (used + 2 <= page->names) {
		fprintf(page->sheet.out, "%s%*s", buf_text(name), (int)(page->names - used), "");
		style_continue(
			page->sheet.out, page->sheet.style, page->names, page->names, buf_span(&page->sheet.line));
	} else {
		style_continue(page->sheet.out, page->sheet.style, 4, 4, buf_span(name));
		style_paragraph(page->sheet.out, page->sheet.style, page->names, buf_span(&page->sheet.line));
	}
	page->sheet.failed |= name->failed;
	buf_release(name);
	sheet_forget(&page->sheet);
}

static void measure_name(struct page *page)
{
	unsigned used = 4 + style_columns(buf_span(&page->sheet.line)) + 2;

	if (used > page->names && used + FIGURE_COLUMNS <= page->sheet.style->width)
		page->names = used;
	sheet_forget(&page->sheet);
}

/* One column for all lists: as wide as their names need, where they leave room for the figures. */
static void measure_names(struct page *page)
{
	const struct verdict *v = page->a->verdict;

	page->names = 4;
	for (size_t i = 0; i < v->steps_n; i++) {
		words_step_name(&page->sheet.pen, page->a, &v->steps[i]);
		measure_name(page);
	}
	for (size_t i = 0; i < v->alerts_n; i++) {
		words_alert_name(&page->sheet.pen, page->a, &v->alerts[i]);
		measure_name(page);
	}
}

static void step_row(struct page *page, const struct step *step)
{
	struct buf name = BUF(LINE_OCTETS), effect = BUF(LINE_OCTETS);
	char number[12];

	snprintf(number, sizeof number, "%u", step->rank);
	words_step_name(&(struct pen){ &name, page->sheet.style, PEN_TERMINAL }, page->a, step);
	words_step_figure(&page->sheet.pen, page->a, step);
	if (!step->later)
		words_step_effect(&(struct pen){ &effect, page->sheet.style, PEN_TERMINAL }, step);
	if (effect.n)
		buf_printf(&page->sheet.line, "%s%s", page->sheet.line.n ? "; " : "", buf_text(&effect));
	page->sheet.failed |= effect.failed;
	buf_release(&effect);
	put_row(page, number, &name);
}

static void step_rest(struct page *page, const struct step *step)
{
	const struct pen *pen = &page->sheet.pen;
	size_t before;

	words_step_reason(pen, page->a, step);
	sheet_paragraph(&page->sheet, 4);
	pen_begin(pen, INK_STEP);
	pen_symbol(pen, SYMBOL_ARROW);
	pen_say(pen, " ");
	before = page->sheet.line.n;
	words_step_action(pen, page->a, step);
	if (page->sheet.line.n == before) {
		sheet_forget(&page->sheet);
		return;
	}
	pen_end(pen, INK_STEP);
	fputs("    ", page->sheet.out);
	sheet_continue(&page->sheet, 4, 6);
}

static void steps(struct page *page, enum step_list list, const char *name, const char *remark)
{
	const struct verdict *v = page->a->verdict;
	unsigned n = 0, most = page->look->all ? UINT32_MAX : LIST_SHOWN;

	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *step = &v->steps[i];

		if (step_list(step) != list || n++ >= most)
			continue;
		if (n == 1)
			sheet_heading(&page->sheet, name, remark);
		step_row(page, step);
		if (list != STEPS_LATER)
			step_rest(page, step);
	}
	if (n > most)
		fprintf(page->sheet.out, "    and %u more, with -v\n", n - most);
}

static void changes(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	size_t most = page->look->all ? v->alerts_n : LIST_SHOWN;
	const struct pen *pen = &page->sheet.pen;

	if (v->history_first == MOMENT_NONE || (!v->alerts_n && !words_is_quiet(v)))
		return;
	sheet_heading(&page->sheet, "CHANGED THIS WEEK", "");
	for (size_t i = 0; i < v->alerts_n && i < most; i++) {
		const struct alert *alert = &v->alerts[i];
		struct buf name = BUF(LINE_OCTETS);

		words_alert_name(&(struct pen){ &name, page->sheet.style, PEN_TERMINAL }, page->a, alert);
		words_alert(pen, page->a, alert);
		put_row(page, alert->level == LEVEL_INFO ? style_symbol(page->sheet.style, SYMBOL_DOT) : "!", &name);
	}
	if (v->alerts_n > most)
		fprintf(page->sheet.out, "    and %zu more, with -v\n", v->alerts_n - most);
	if (!words_is_quiet(v))
		return;
	pen_symbol(pen, SYMBOL_DOT);
	pen_say(pen, " n");
	words_quiet(pen, v);
	sheet_paragraph(&page->sheet, 2);
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
	struct pen pen = { &page->sheet.line, &(struct style){ .utf8 = page->sheet.style->utf8 }, PEN_TERMINAL };

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
		pen_say(&page->sheet.pen,
			"So far receivers applied the policy in force to %s of failing mail and spared %s as list "
			"or forwarded mail. ",
			percent_text(honoured, failing).p, percent_text(spared, failing).p);
}

static void simulation_remarks(struct page *page)
{
	const struct verdict *v = page->a->verdict;
	const struct policy *now = &v->simulations[1].policy;
	const struct pen *pen = &page->sheet.pen;
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
	while (page->sheet.line.n && page->sheet.line.p[page->sheet.line.n - 1] == ' ')
		page->sheet.line.p[--page->sheet.line.n] = '\0';
	sheet_paragraph(&page->sheet, 2);
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
	sheet_heading(&page->sheet, name, "");
	table = table_new(page->sheet.out, page->sheet.style, columns, sizeof columns / sizeof *columns);
	if (!table) {
		page->sheet.failed = true;
		return;
	}
	for (size_t i = 0; i < v->simulations_n; i++)
		if (!costs_nothing(v, i))
			simulation_row(page, table, &v->simulations[i]);
	page->sheet.failed |= !table_print(table);
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
	sheet_heading(&page->sheet, "HOW THE VERDICT WAS REACHED", "");
	for (unsigned number = 1; number <= GATES; number++) {
		enum gate_state state = words_gate_state(page->a->verdict, number);

		fprintf(page->sheet.out, "  G%-3u%s%-9s%s", number, style_ink(page->sheet.style, inks[state]),
			states[state], style_off(page->sheet.style, inks[state]));
		pen_say(&page->sheet.pen, "%s: ", words_gate(number));
		words_gate_found(&page->sheet.pen, page->a, number);
		pen_say(&page->sheet.pen, "; limit: ");
		words_gate_limit(&page->sheet.pen, page->a, number);
		sheet_continue(&page->sheet, 15, 15);
	}
}

/* ---- what to publish, and what it all rests on */

static void parked_records(struct page *page)
{
	const struct next_record *next = &page->a->verdict->next;
	const struct pen *pen = &page->sheet.pen;

	if (!next->spf.n)
		return;
	pen_name(pen, page->a->verdict->domain);
	pen_say(pen, ". %u IN TXT \"", next->ttl);
	pen_name(pen, next->spf);
	pen_say(pen, "\"");
	sheet_copy(&page->sheet);
	pen_name(pen, page->a->verdict->domain);
	pen_say(pen, ". %u IN MX 0 .", next->ttl);
	sheet_copy(&page->sheet);
	pen_say(pen, "*._domainkey.");
	pen_name(pen, page->a->verdict->domain);
	pen_say(pen, ". %u IN TXT \"v=DKIM1; p=\"", next->ttl);
	sheet_copy(&page->sheet);
}

static void next_record(struct page *page)
{
	const struct next_record *next = &page->a->verdict->next;

	putc('\n', page->sheet.out);
	words_next(&page->sheet.pen, page->a);
	sheet_labelled(&page->sheet, (struct style_label){ "NEXT", INK_STRONG, 0, 6 });
	if (next->zone.n) {
		pen_code(&page->sheet.pen, next->zone);
		sheet_copy(&page->sheet);
	}
	parked_records(page);
	if (next->record.n && page->look->all) {
		words_next_why(&page->sheet.pen, page->a);
		sheet_paragraph(&page->sheet, 6);
	}
}

static void basis(struct page *page)
{
	fprintf(page->sheet.out, "\n%s", style_ink(page->sheet.style, INK_QUIET));
	words_basis(&page->sheet.pen, page->a);
	sheet_labelled(&page->sheet, (struct style_label){ "BASIS", INK_PLAIN, 0, 6 });
	fputs(style_off(page->sheet.style, INK_QUIET), page->sheet.out);
}

bool readiness_text(FILE *out, const struct style *style, const struct assessment *a, const struct readiness_page *look)
{
	struct page page = { .a = a, .look = look };
	struct step_counts n = steps_count(a->verdict);

	sheet_begin(&page.sheet, out, style);
	measure_names(&page);
	head(&page);
	exceptions(&page);
	measures(&page);
	steps(&page, STEPS_FIX, "DO FIRST", "");
	steps(&page, STEPS_DECIDE, "DECIDE", "");
	steps(&page, STEPS_OTHER, n.fix || n.decide ? "ALSO NEEDED" : "DO FIRST", "");
	steps(&page, STEPS_LATER, "BEFORE p=reject", ", not needed for quarantine");
	changes(&page);
	simulations(&page);
	gates(&page);
	next_record(&page);
	basis(&page);
	return sheet_end(&page.sheet);
}
