/* check in a few lines, and in one. */
#include "report/check.h"

#include "base/decimal.h"
#include "report/readiness_words.h"

#define LINE_OCTETS ((size_t)256 * 1024)
#define STEPS_SHOWN 10

struct checking {
	FILE *out;
	const struct style *style;
	const struct assessment *a;
	struct buf line;
	struct pen pen;
	bool failed;
};

/* The line in hand, its next ones `hanging` columns further in. */
static void line_end(struct checking *c, unsigned indent, unsigned hanging)
{
	fprintf(c->out, "%*s", (int)indent, "");
	style_continue(c->out, c->style, indent, indent + hanging, buf_span(&c->line));
	c->failed |= c->line.failed;
	buf_clear(&c->line);
}

static void head(struct checking *c)
{
	enum verdict_word word = c->a->verdict->decision.word;

	pen_begin(&c->pen, INK_STRONG);
	pen_host(&c->pen, c->a->verdict->domain);
	pen_end(&c->pen, INK_STRONG);
	pen_say(&c->pen, ": ");
	pen_begin(&c->pen, words_verdict_ink(word));
	pen_say(&c->pen, "%s", words_verdict(word));
	pen_end(&c->pen, words_verdict_ink(word));
	pen_say(&c->pen, " ");
	words_status(&c->pen, c->a);
	line_end(c, 0, 2);
	words_cost(&c->pen, c->a);
	if (word == VERDICT_NOT_ENOUGH_DATA) {
		pen_say(&c->pen, " ");
		words_missing(&c->pen, c->a);
	}
	line_end(c, 2, 0);
}

static void gates(struct checking *c)
{
	for (unsigned number = 1; number <= GATES; number++) {
		enum gate_state state = words_gate_state(c->a->verdict, number);

		if (state != GATE_FAILS && state != GATE_NO_DATA)
			continue;
		pen_say(&c->pen, "G%u %s: ", number, words_gate(number));
		words_gate_found(&c->pen, c->a, number);
		pen_say(&c->pen, ", wanted: ");
		words_gate_limit(&c->pen, c->a, number);
		line_end(c, 2, 3);
	}
}

static void steps(struct checking *c)
{
	const struct verdict *v = c->a->verdict;
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < v->steps_n; i++) {
		if (v->steps[i].later)
			continue;
		if (shown == STEPS_SHOWN) {
			more++;
			continue;
		}
		shown++;
		pen_say(&c->pen, "%u ", v->steps[i].rank);
		words_step_title(&c->pen, c->a, &v->steps[i]);
		words_step_figure_behind(&c->pen, ": ", c->a, &v->steps[i]);
		line_end(c, 2, 2);
	}
	if (more)
		fprintf(c->out, "  and %zu more\n", more);
}

/* What a step calls the critical alert below. */
static void alerts(struct checking *c)
{
	const struct verdict *v = c->a->verdict;

	for (size_t i = 0; i < v->alerts_n; i++) {
		if (v->alerts[i].level != LEVEL_CRITICAL)
			continue;
		pen_say(&c->pen, "! ");
		words_alert_name(&c->pen, c->a, &v->alerts[i]);
		pen_say(&c->pen, ": ");
		words_alert(&c->pen, c->a, &v->alerts[i]);
		line_end(c, 2, 2);
	}
}

static void next(struct checking *c)
{
	words_next(&c->pen, c->a);
	line_end(c, 2, 0);
	if (!c->a->verdict->next.zone.n)
		return;
	pen_code(&c->pen, c->a->verdict->next.zone);
	fprintf(c->out, "%s\n", buf_text(&c->line));
	c->failed |= c->line.failed;
	buf_clear(&c->line);
}

static void exceptions(struct checking *c)
{
	const struct decision *d = &c->a->verdict->decision;

	for (size_t i = 0; i < d->exceptions_n; i++) {
		pen_say(&c->pen, "except ");
		words_exception(&c->pen, c->a, &d->exceptions[i]);
		line_end(c, 2, 2);
	}
}

bool check_text(FILE *out, const struct style *style, const struct assessment *a)
{
	struct checking c = { .out = out, .style = style, .a = a, .line = BUF(LINE_OCTETS) };

	c.pen = (struct pen){ &c.line, style, PEN_TERMINAL };
	head(&c);
	gates(&c);
	steps(&c);
	alerts(&c);
	exceptions(&c);
	if (a->verdict->loosened_n) {
		words_loosened(&c.pen, a->verdict);
		line_end(&c, 2, 0);
	}
	next(&c);
	buf_release(&c.line);
	return !c.failed && !ferror(out);
}

/* `2.2%`; below 0.1 % as exactly as there is something to say. */
static void percent_put(struct buf *line, double share)
{
	char text[DECIMAL_TEXT];
	double percent = share * 100;

	if (percent >= 0.1)
		percent = (double)(int64_t)(percent * 10 + 0.5) / 10;
	buf_printf(line, "%s%%", decimal_format(percent, text));
}

bool check_line(FILE *out, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	struct step_counts counts = steps_count(v);
	struct buf line = BUF(LINE_OCTETS);
	bool ok;

	buf_put_span(&line, v->domain);
	buf_printf(&line, " %s %s own-loss=", verdict_word(v->decision.word), target_word(v->target));
	percent_put(&line, v->measures.own_loss);
	buf_put_text(&line, "<=");
	percent_put(&line, v->measures.own_upper);
	buf_printf(&line, " fix=%u decide=%u next=%s", counts.fix, counts.decide, next_kind_word(v->next.kind));
	ok = !line.failed;
	fprintf(out, "%s\n", buf_text(&line));
	buf_release(&line);
	return ok && !ferror(out);
}
