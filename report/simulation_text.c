/* simulate for people: what would have become of the mail, and what a strict mode alone costs. */
#include "report/readiness_words.h"
#include "report/simulation.h"
#include "report/table.h"

#define LINE_OCTETS ((size_t)256 * 1024)

struct page {
	FILE *out;
	const struct style *style;
	struct buf line;
	struct pen pen;
	bool failed;
};

static void paragraph(struct page *page, unsigned indent)
{
	style_paragraph(page->out, page->style, indent, buf_span(&page->line));
	page->failed |= page->line.failed;
	buf_clear(&page->line);
}

static void fate_row(struct table *table, enum fate fate, const struct fate_counts *c)
{
	uint64_t caught = c->spam[fate] + c->refused[fate], all = c->delivered[fate] + caught;
	enum ink ink = fate == FATE_FORGED ? INK_QUIET : INK_PLAIN, lost = fate == FATE_OWN && caught ? INK_BAD : ink;

	table_row(table);
	table_cell_text(table, ink, words_fate_name(fate));
	table_cell_count(table, ink, all);
	table_cell_count(table, ink, c->delivered[fate]);
	table_cell_count(table, c->spam[fate] ? lost : ink, c->spam[fate]);
	table_cell_count(table, c->refused[fate] ? lost : ink, c->refused[fate]);
	table_cell_text(table, lost, all ? percent_text(caught, all).p : "");
}

static void counts_table(struct page *page, const struct fate_counts *c)
{
	static const struct table_column columns[] = { { "" }, { "messages", .right = true },
		{ "delivered", .right = true }, { "to spam", .right = true }, { "refused", .right = true },
		{ "caught", .right = true } };
	struct table *table = table_new(page->out, page->style, columns, sizeof columns / sizeof *columns);

	if (!table) {
		page->failed = true;
		return;
	}
	for (int fate = 0; fate < FATE_COUNT; fate++)
		fate_row(table, (enum fate)fate, c);
	page->failed |= !table_print(table);
	table_free(table);
}

static void head(struct page *page, const struct simulated *s)
{
	const struct pen *pen = &page->pen;

	pen_begin(pen, INK_STRONG);
	pen_host(pen, s->domain);
	pen_end(pen, INK_STRONG);
	pen_say(pen, "   the mail of ");
	buf_put_text(&page->line, period_text(page->style, s->first_day, s->last_day).p);
	pen_say(pen, " under");
	fprintf(page->out, "%s\n", buf_text(&page->line));
	buf_clear(&page->line);
	pen_name(pen, s->record);
	paragraph(page, 0);
	if (s->asked && s->asked->n) {
		pen_say(pen, "with these repaired: ");
		for (size_t i = 0; i < s->asked->n; i++) {
			pen_say(pen, "%s", i ? ", " : "");
			pen_host(pen, s->asked->words[i]);
		}
		paragraph(page, 0);
	}
	putc('\n', page->out);
}

static uint64_t caught(const struct fate_counts *c, enum fate fate)
{
	return c->spam[fate] + c->refused[fate];
}

static uint64_t more(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static const char *strict_modes(const struct policy *policy)
{
	if (policy->adkim_strict && policy->aspf_strict)
		return "adkim=s and aspf=s";
	return policy->adkim_strict ? "adkim=s" : "aspf=s";
}

/* A strict mode is paid with one's own mail, and stops what relaxed alignment lets pass. */
static void strict_cost(struct page *page, const struct simulated *s)
{
	const struct policy *policy = &s->result.policy;
	const struct fate_counts *strict = &s->result.now, *relaxed = &s->relaxed.now;
	uint64_t own = more(caught(strict, FATE_OWN), caught(relaxed, FATE_OWN));
	uint64_t forged = more(caught(strict, FATE_FORGED), caught(relaxed, FATE_FORGED));
	const struct pen *pen = &page->pen;

	if (!policy->adkim_strict && !policy->aspf_strict)
		return;
	putc('\n', page->out);
	if (!own && !forged && caught(strict, FATE_FORWARDED) == caught(relaxed, FATE_FORWARDED)) {
		pen_say(pen, "%s would cost nothing more, and gain nothing.", strict_modes(policy));
	} else {
		pen_say(pen, "Because of %s alone: ", strict_modes(policy));
		pen_count(pen, own ? INK_BAD : INK_PLAIN, own);
		pen_say(pen, " more of your own, %s ",
			count_text(more(caught(strict, FATE_FORWARDED), caught(relaxed, FATE_FORWARDED))).p);
		pen_say(pen, "more of the forwarded and %s more of the forged messages would be caught.",
			count_text(forged).p);
	}
	paragraph(page, 2);
}

static void compared_with_now(struct page *page, const struct simulated *s)
{
	uint64_t before = caught(&s->now.now, FATE_OWN), after = caught(&s->result.now, FATE_OWN);
	const struct pen *pen = &page->pen;

	putc('\n', page->out);
	pen_say(pen, "The record that receivers see now, ");
	words_record(pen, &s->now.policy);
	pen_say(pen, ", catches %s of your own and ", count_text(before).p);
	pen_say(pen, "%s forged messages.", count_text(caught(&s->now.now, FATE_FORGED)).p);
	if (after > before)
		pen_say(pen, " This one would catch %s more of your own.", count_text(after - before).p);
	paragraph(page, 2);
}

bool simulation_text(FILE *out, const struct style *style, const struct simulated *s)
{
	struct page page = { .out = out, .style = style, .line = BUF(LINE_OCTETS) };

	page.pen = (struct pen){ &page.line, style, PEN_TERMINAL };
	head(&page, s);
	counts_table(&page, &s->result.now);
	if (s->result.differs) {
		fputs("\n  Receivers that still keep to RFC 7489, which know pct and neither t nor np:\n\n", out);
		counts_table(&page, &s->result.old);
	}
	strict_cost(&page, s);
	compared_with_now(&page, s);
	pen_say(&page.pen, "These are upper bounds: receivers may be milder than a policy asks.");
	paragraph(&page, 2);
	buf_release(&page.line);
	return !page.failed && fflush(out) == 0 && !ferror(out);
}
