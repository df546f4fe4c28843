/* The text of the weekly mail: ASCII, at most 78 columns, the first lines say it all. */
#include "report/weekly_p.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)256 * 1024)

struct part {
	struct weekly *weekly;
	const struct assessment *a;
	struct buf line;
	struct pen pen;
	FILE *out; /* into the part */
};

static void paragraph(struct part *part, unsigned first, unsigned indent)
{
	fprintf(part->out, "%*s", (int)first, "");
	style_continue(part->out, &weekly_plain, first, indent, buf_span(&part->line));
	buf_clear(&part->line);
}

static void title(struct part *part, bool unchanged)
{
	const struct pen *pen = &part->pen;

	pen_host(pen, part->a->verdict->domain);
	pen_say(pen, ", ");
	weekly_say_week(pen, part->weekly);
	pen_say(pen, ", now ");
	words_now(pen, part->a);
	paragraph(part, 0, 2);
	if (!unchanged)
		putc('\n', part->out);
}

static void verdict_line(struct part *part)
{
	const struct verdict *v = part->a->verdict;
	const struct pen *pen = &part->pen;

	for (const char *c = words_verdict(v->decision.word); *c; c++)
		pen_say(pen, "%c", *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	pen_say(pen, " ");
	words_status(pen, part->a);
	pen_say(pen, ".");
	paragraph(part, 0, 0);
	putc('\n', part->out);
	words_cost(pen, part->a);
	paragraph(part, 0, 0);
	if (v->decision.word == VERDICT_NOT_ENOUGH_DATA) {
		words_missing(pen, part->a);
		if (part->line.n)
			paragraph(part, 0, 0);
	}
	pen_say(pen, "First: ");
	words_first(pen, part->a);
	paragraph(part, 0, 0);
}

static void step(struct part *part, const struct step *s)
{
	const struct pen *pen = &part->pen;

	pen_say(pen, "%u. ", s->rank);
	words_step_name(pen, part->a, s);
	words_step_figure_behind(pen, ": ", part->a, s);
	pen_say(pen, ".");
	paragraph(part, 0, 3);
	words_step_reason(pen, part->a, s);
	if (part->line.n)
		paragraph(part, 3, 3);
	words_step_action(pen, part->a, s);
	if (part->line.n)
		paragraph(part, 3, 5);
	if (s->loss_now > s->loss_after) {
		pen_say(pen, "Effect: ");
		words_step_effect(pen, s);
		pen_say(pen, ".");
		paragraph(part, 3, 3);
	}
}

static void more(struct part *part, unsigned indent, size_t n)
{
	pen_say(&part->pen, "... and %zu more: dmarcgate summary ", n);
	pen_host(&part->pen, part->a->verdict->domain);
	pen_say(&part->pen, " -v");
	paragraph(part, indent, indent + 2);
}

static void steps(struct part *part, enum step_list list, const char *heading)
{
	const struct verdict *v = part->a->verdict;
	unsigned n = 0;

	for (size_t i = 0; i < v->steps_n; i++) {
		if (!weekly_has_step(list, &v->steps[i]) || n++ >= WEEKLY_STEPS)
			continue;
		if (n == 1)
			fprintf(part->out, "\n%s\n", heading);
		step(part, &v->steps[i]);
	}
	if (n > WEEKLY_STEPS)
		more(part, 3, n - WEEKLY_STEPS);
}

static void alert(struct part *part, const struct alert *alert)
{
	pen_say(&part->pen, alert->level == LEVEL_INFO ? "- " : "! ");
	words_alert_name(&part->pen, part->a, alert);
	pen_say(&part->pen, ": ");
	words_alert(&part->pen, part->a, alert);
	pen_say(&part->pen, ".");
	paragraph(part, 0, 2);
}

static void news(struct part *part)
{
	const struct verdict *v = part->a->verdict;

	if (v->alerts_n || words_is_quiet(v))
		fputs("\nNEW THIS WEEK\n", part->out);
	for (size_t i = 0; i < v->alerts_n && i < WEEKLY_ALERTS; i++)
		alert(part, &v->alerts[i]);
	if (v->alerts_n > WEEKLY_ALERTS)
		more(part, 2, v->alerts_n - WEEKLY_ALERTS);
	if (!words_is_quiet(v))
		return;
	pen_say(&part->pen, "- ");
	weekly_say_quiet(&part->pen, v);
	paragraph(part, 0, 2);
}

static void closed(struct part *part, const struct weekly_domain *domain)
{
	if (domain->closed_n)
		fputs("\nCLOSED ALERTS\n", part->out);
	for (size_t i = 0; i < domain->closed_n && i < WEEKLY_ALERTS; i++) {
		pen_say(&part->pen, "- ");
		weekly_say_closed_name(&part->pen, part->a, &domain->closed[i]);
		pen_say(&part->pen, ": ");
		weekly_say_closed(&part->pen, &domain->closed[i]);
		pen_say(&part->pen, ".");
		paragraph(part, 0, 2);
	}
	if (domain->closed_n > WEEKLY_ALERTS)
		fprintf(part->out, "  ... and %zu more\n", domain->closed_n - WEEKLY_ALERTS);
	if (domain->closed_n)
		fprintf(part->out, "  %s\n", domain->unchanged ? WEEKLY_CLOSED_NOTE_SHORT : WEEKLY_CLOSED_NOTE);
}

static void next(struct part *part)
{
	const struct next_record *n = &part->a->verdict->next;

	if (!n->zone.n || n->kind == NEXT_KEEP)
		return;
	fputs("\nNEXT\n", part->out);
	words_next(&part->pen, part->a);
	paragraph(part, 0, 0);
	/* To be copied: whole, however long. */
	pen_code(&part->pen, n->zone);
	fprintf(part->out, "%s\n", buf_text(&part->line));
	buf_clear(&part->line);
}

static void foot(struct part *part)
{
	putc('\n', part->out);
	weekly_say_sums(&part->pen, part->a->verdict);
	paragraph(part, 0, 0);
	pen_say(&part->pen, "Rests on ");
	words_basis(&part->pen, part->a);
	paragraph(part, 0, 0);
}

static void exceptions(struct part *part)
{
	const struct decision *d = &part->a->verdict->decision;

	if (d->word != VERDICT_READY_WITH_EXCEPTIONS)
		return;
	fputs("\nEXCEPTIONS, which you accept by going on\n", part->out);
	for (size_t i = 0; i < d->exceptions_n && i < WEEKLY_STEPS; i++) {
		pen_say(&part->pen, "- ");
		words_exception(&part->pen, part->a, &d->exceptions[i]);
		pen_say(&part->pen, ".");
		paragraph(part, 0, 2);
	}
	if (d->exceptions_n > WEEKLY_STEPS)
		more(part, 2, d->exceptions_n - WEEKLY_STEPS);
}

/* Three lines, for a week in which nothing that matters changed. */
static void unchanged_part(struct part *part, const struct weekly_domain *domain)
{
	pen_say(&part->pen, "Unchanged since the week before: ");
	weekly_say_state(&part->pen, part->weekly, part->a);
	pen_say(&part->pen, ".");
	paragraph(part, 0, 0);
	weekly_say_sums(&part->pen, part->a->verdict);
	paragraph(part, 0, 0);
	closed(part, domain);
}

static void silent_part(struct part *part)
{
	weekly_say_silence(&part->pen, part->weekly, part->a);
	paragraph(part, 0, 0);
}

static void alert_part(struct part *part, const struct weekly_domain *domain)
{
	for (size_t i = 0; i < domain->alerts_n; i++) {
		alert(part, domain->alerts[i]);
		if (!weekly_says_action(domain, i))
			continue;
		words_alert_action(&part->pen, part->a, domain->alerts[i]);
		if (part->line.n)
			paragraph(part, 2, 4);
	}
	putc('\n', part->out);
	pen_say(&part->pen, "The verdict now: ");
	weekly_say_state(&part->pen, part->weekly, part->a);
	pen_say(&part->pen, ".");
	paragraph(part, 0, 0);
	next(part);
}

static void whole_part(struct part *part, const struct weekly_domain *domain)
{
	verdict_line(part);
	exceptions(part);
	steps(part, STEPS_FIX, "FIX");
	steps(part, STEPS_DECIDE, "DECIDE (run the command, or ask whoever owns the system)");
	steps(part, STEPS_OTHER, "ALSO NEEDED");
	news(part);
	closed(part, domain);
	next(part);
	foot(part);
}

static void section_write(struct part *part, const struct weekly_domain *domain)
{
	struct weekly *weekly = part->weekly;
	bool silent = weekly_is_silent(part->a->verdict, weekly->plan.today);
	bool short_form = domain->unchanged && !silent && !weekly->plan.alert;

	title(part, short_form);
	if (weekly->plan.alert)
		alert_part(part, domain);
	else if (silent)
		silent_part(part);
	else if (short_form)
		unchanged_part(part, domain);
	else
		whole_part(part, domain);
}

static void line_write(struct part *part, const struct weekly_domain *domain)
{
	bool silent = weekly_is_silent(part->a->verdict, part->weekly->plan.today);

	pen_host(&part->pen, part->a->verdict->domain);
	pen_say(&part->pen, domain->unchanged && !silent ? ": unchanged, " : ": ");
	weekly_say_state(&part->pen, part->weekly, part->a);
	paragraph(part, 2, 4);
}

/* Everything for people goes through a FILE, which wraps its lines; what it held ends up in `into`. */
static void part_collect(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into,
	void (*write)(struct part *part, const struct weekly_domain *domain))
{
	struct part part = { .weekly = weekly, .a = domain ? domain->assessment : NULL, .line = BUF(LINE_OCTETS) };
	char *text = NULL;
	size_t n = 0;

	part.pen = (struct pen){ &part.line, &weekly_plain, PEN_TERMINAL };
	part.out = open_memstream(&text, &n);
	if (part.out)
		write(&part, domain);
	if (!part.out || fclose(part.out) != 0 || part.line.failed || !buf_put_span(into, (struct span){ text, n }))
		into->failed = true;
	free(text);
	buf_release(&part.line);
}

void weekly_text_line(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into)
{
	part_collect(weekly, domain, into, line_write);
}

void weekly_text_section(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into)
{
	part_collect(weekly, domain, into, section_write);
}

static void lines_put(struct weekly *weekly, const struct weekly_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		buf_put_span(&weekly->text, buf_span(&list->pieces[i].text));
}

static void pages_write(struct part *part, const struct weekly_domain *domain)
{
	(void)domain;
	putc('\n', part->out);
	weekly_say_pages(&part->pen, part->weekly);
	paragraph(part, 0, 0);
}

static void index_put(struct weekly *weekly)
{
	const struct pen pen = { &weekly->text, &weekly_plain, PEN_TERMINAL };

	pen_say(&pen, "DMARC, ");
	weekly_say_week(&pen, weekly);
	buf_printf(&weekly->text, ": %s\n\n", counted_text(weekly->added, "domain", "domains").p);
	lines_put(weekly, &weekly->lines);
	lines_put(weekly, &weekly->quiet_lines);
	if (weekly->silent > WEEKLY_QUIET_LINES)
		buf_printf(&weekly->text, "  and %s more without a report\n",
			count_text(weekly->silent - WEEKLY_QUIET_LINES).p);
	if (weekly->left_out)
		part_collect(weekly, NULL, &weekly->text, pages_write);
	if (!weekly->added)
		buf_put_text(&weekly->text, "Nothing arrived: no domain was reported about. Does dmarcgate ingest run?\n");
}

void weekly_text_whole(struct weekly *weekly)
{
	static const char rule[] =
		"\n------------------------------------------------------------------------------\n";
	const struct weekly_piece *piece;
	struct weekly_walk at = { 0 };

	if (weekly->added != 1)
		index_put(weekly);
	while ((piece = weekly_walk(weekly, &at))) {
		buf_put_text(&weekly->text, weekly->added != 1 ? rule : "");
		buf_put_span(&weekly->text, buf_span(&piece->text));
	}
}
