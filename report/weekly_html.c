/* The HTML of the weekly mail: one table of 600 pixels that shrinks, styles beside their elements because many mail
 * programs drop the others, no image, no link, no script. What stands in <style> only mends dark screens. */
#include "report/weekly_p.h"

#include <stdlib.h>

#define INK_MUTED "color:#626b72;"
#define CELL "padding:4px 24px 0"

static const char html_head[] =
	"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	"<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">"
	"<title>";
static const char html_style[] =
	"</title><style>"
	"b.lost{color:#c0392b}b.good{color:#2e7d4f}code{font-family:Menlo,Consolas,'Liberation Mono',monospace;font-size:13px;"
	"overflow-wrap:anywhere}"
	"@media(prefers-color-scheme:dark){.page{background:#15181b!important;color:#e6e4df!important}"
	".card{background:#1c2125!important;border-color:#2d3338!important}.rule{border-color:#2d3338!important}"
	".fg{color:#e6e4df!important}.mut{color:#98a1a8!important}"
	".bad,b.lost{color:#f0806f!important}.dec{color:#b99be0!important}.good,b.good{color:#5fb583!important}}"
	"</style></head>"
	"<body class=\"page\" style=\"margin:0;padding:0;background:#f4f2ed;color:#1d2226;"
	"font:16px/1.5 -apple-system,'Segoe UI','Liberation Sans',Helvetica,Arial,sans-serif\">"
	"<table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\""
	" style=\"background:#f4f2ed\"><tr><td align=\"center\" style=\"padding:24px 12px\">";
static const char html_foot[] = "</td></tr></table></body></html>\n";
static const char card_open[] =
	"<table role=\"presentation\" class=\"card\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\""
	" style=\"max-width:600px;width:100%;table-layout:fixed;background:#ffffff;border:1px solid #dfdcd4;"
	"margin:0 0 16px;text-align:left;overflow-wrap:anywhere\">";
static const char card_close[] = "<tr><td style=\"padding:0 0 20px\"></td></tr></table>";

struct part {
	struct weekly *weekly;
	const struct assessment *a;
	struct buf *out;
	struct pen pen;
};

static void put(const struct part *part, const char *text)
{
	buf_put_text(part->out, text);
}

static void row_open(const struct part *part, const char *style)
{
	buf_printf(part->out, "<tr><td style=\"%s\">", style);
}

static void row_close(const struct part *part)
{
	put(part, "</td></tr>");
}

static void title(const struct part *part)
{
	row_open(part, "padding:18px 24px 0");
	put(part, "<h1 class=\"fg\" style=\"margin:0;font-size:18px;line-height:1.4;color:#1d2226\">");
	pen_host(&part->pen, part->a->verdict->domain);
	put(part, "</h1><span class=\"mut\" style=\"" INK_MUTED "font-size:14px\">");
	weekly_say_week(&part->pen, part->weekly);
	put(part, " \xc2\xb7 now ");
	words_now(&part->pen, part->a);
	put(part, "</span>");
	row_close(part);
}

static const char *verdict_colour(enum verdict_word word)
{
	return word == VERDICT_NOT_READY ? "#c0392b" : word == VERDICT_NOT_ENOUGH_DATA ? "#b9770e" : "#2e7d4f";
}

/* A bar at the side whose colour is doubled by the words beside it. */
static void verdict_open(const struct part *part, const char *colour, const char *words)
{
	row_open(part, "padding:14px 24px 4px");
	buf_printf(part->out,
		"<table role=\"presentation\" width=\"100%%\" cellpadding=\"0\" cellspacing=\"0\"><tr>"
		"<td width=\"8\" style=\"width:8px;background:%s\"></td><td style=\"padding:4px 0 4px 14px\">"
		"<h2 style=\"margin:0;font-size:21px;line-height:1.4\">%s",
		colour, words);
}

static void verdict_close(const struct part *part)
{
	put(part, "</td></tr></table>");
	row_close(part);
}

static void verdict_card(const struct part *part)
{
	const struct verdict *v = part->a->verdict;

	verdict_open(part, verdict_colour(v->decision.word), words_verdict(v->decision.word));
	put(part, " ");
	words_status(&part->pen, part->a);
	put(part, "</h2>");
	words_cost(&part->pen, part->a);
	if (v->decision.word == VERDICT_NOT_ENOUGH_DATA) {
		put(part, " ");
		words_missing(&part->pen, part->a);
	}
	put(part, "<br><b>First:</b> ");
	words_first(&part->pen, part->a);
	verdict_close(part);
}

static void numbers(const struct part *part)
{
	static const char *const names[FATE_COUNT] = { "your own", "forwarded", "to decide", "forged" };
	struct weekly_sums sums = weekly_sums(part->a->verdict);

	row_open(part, "padding:14px 24px 0");
	put(part, "<span class=\"mut\" style=\"" INK_MUTED "font-size:13px\">Messages this week</span>");
	put(part, "<table role=\"presentation\" class=\"rule\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\""
		  " style=\"border-top:1px solid #dfdcd4;border-bottom:1px solid #dfdcd4\"><tr><td>");
	/* Tables beside each other, which fall below each other where the screen is narrow. */
	for (int fate = 0; fate < FATE_COUNT; fate++) {
		bool forged = fate == FATE_FORGED;

		buf_printf(part->out,
			"<table role=\"presentation\" align=\"left\" cellpadding=\"0\" cellspacing=\"0\"><tr><td"
			" style=\"padding:10px 12px 10px 0;white-space:nowrap\">"
			"<b%s style=\"font-size:20px%s\">%s</b><br>",
			forged ? " class=\"mut\"" : "", forged ? ";color:#626b72" : "",
			count_text(sums.messages[fate]).p);
		buf_printf(part->out,
			"<span class=\"mut\" style=\"" INK_MUTED "font-size:13px\">%s</span></td></tr></table>",
			names[fate]);
	}
	put(part, "</td></tr></table>");
	row_close(part);
}

static void heading(const struct part *part, unsigned level, const char *words, const char *class, const char *colour)
{
	row_open(part, "padding:18px 24px 0");
	buf_printf(part->out, "<h%u class=\"%s\" style=\"margin:0;font-size:16px;color:%s\">%s</h%u>", level, class,
		colour, words, level);
	row_close(part);
}

static void small_open(const struct part *part)
{
	put(part, "<br><span class=\"mut\" style=\"" INK_MUTED "font-size:14px\">");
}

static void step(const struct part *part, const struct step *s)
{
	const struct pen *pen = &part->pen;
	size_t before;

	row_open(part, CELL);
	buf_printf(part->out, "<b>%u. ", s->rank);
	words_step_name(pen, part->a, s);
	put(part, "</b>");
	words_step_figure_behind(pen, " \xe2\x80\x93 ", part->a, s);
	put(part, ". ");
	words_step_reason(pen, part->a, s);
	small_open(part);
	before = part->out->n;
	words_step_action(pen, part->a, s);
	if (s->loss_now > s->loss_after) {
		put(part, part->out->n > before ? "<br>This step: " : "This step: ");
		words_step_effect(pen, s);
		put(part, ".");
	}
	put(part, "</span>");
	row_close(part);
}

static void more(const struct part *part, size_t n)
{
	row_open(part, CELL);
	buf_printf(part->out,
		"<span class=\"mut\" style=\"" INK_MUTED "font-size:14px\">and %zu more: <code>dmarcgate summary ", n);
	pen_host(&part->pen, part->a->verdict->domain);
	put(part, " -v</code></span>");
	row_close(part);
}

static void steps(const struct part *part, enum step_list list)
{
	const struct verdict *v = part->a->verdict;
	unsigned n = 0;

	for (size_t i = 0; i < v->steps_n; i++) {
		if (!weekly_has_step(list, &v->steps[i]) || n++ >= WEEKLY_STEPS)
			continue;
		if (n == 1 && list == STEPS_FIX)
			heading(part, 3, "Fix", "bad", "#c0392b");
		else if (n == 1 && list == STEPS_OTHER)
			heading(part, 3, "Also needed", "fg", "#1d2226");
		else if (n == 1)
			heading(part, 3, "Decide: run the command, or ask whoever owns the system", "dec", "#7d5ba6");
		step(part, &v->steps[i]);
	}
	if (n > WEEKLY_STEPS)
		more(part, n - WEEKLY_STEPS);
}

static void alert(const struct part *part, const struct alert *alert, bool action)
{

	row_open(part, CELL);
	put(part, alert->level == LEVEL_INFO ? "" : "<b class=\"bad\" style=\"color:#c0392b\">!</b> ");
	put(part, "<b>");
	words_alert_name(&part->pen, part->a, alert);
	put(part, "</b> \xe2\x80\x93 ");
	words_alert(&part->pen, part->a, alert);
	put(part, ".");
	if (action) {
		size_t without = part->out->n, with;

		small_open(part);
		with = part->out->n;
		words_alert_action(&part->pen, part->a, alert);
		if (part->out->n == with)
			part->out->n = without;
		else
			put(part, "</span>");
	}
	row_close(part);
}

static void news(const struct part *part)
{
	const struct verdict *v = part->a->verdict;

	if (v->alerts_n || words_is_quiet(v))
		heading(part, 3, "New this week", "fg", "#1d2226");
	for (size_t i = 0; i < v->alerts_n && i < WEEKLY_ALERTS; i++)
		alert(part, &v->alerts[i], false);
	if (v->alerts_n > WEEKLY_ALERTS)
		more(part, v->alerts_n - WEEKLY_ALERTS);
	if (!words_is_quiet(v))
		return;
	row_open(part, CELL);
	weekly_say_quiet(&part->pen, v);
	row_close(part);
}

static void closed(const struct part *part, const struct weekly_domain *domain)
{
	if (!domain->closed_n)
		return;
	heading(part, 3, "Closed alerts", "fg", "#1d2226");
	for (size_t i = 0; i < domain->closed_n && i < WEEKLY_ALERTS; i++) {
		row_open(part, CELL);
		put(part, "<b>");
		weekly_say_closed_name(&part->pen, part->a, &domain->closed[i]);
		put(part, "</b> \xe2\x80\x93 ");
		weekly_say_closed(&part->pen, &domain->closed[i]);
		put(part, ".");
		row_close(part);
	}
	row_open(part, CELL);
	if (domain->closed_n > WEEKLY_ALERTS)
		pen_say(&part->pen, "And %zu more. ", domain->closed_n - WEEKLY_ALERTS);
	put(part, domain->unchanged ? WEEKLY_CLOSED_NOTE_SHORT : WEEKLY_CLOSED_NOTE);
	row_close(part);
}

static void next(const struct part *part)
{
	const struct next_record *n = &part->a->verdict->next;

	if (!n->zone.n || n->kind == NEXT_KEEP)
		return;
	heading(part, 3, "Next", "fg", "#1d2226");
	row_open(part, CELL);
	words_next(&part->pen, part->a);
	put(part, "<br>");
	pen_code(&part->pen, n->zone);
	row_close(part);
}

static void basis(const struct part *part)
{
	row_open(part, "padding:20px 24px 0;" INK_MUTED "font-size:13px");
	put(part, "<span class=\"mut\">Rests on ");
	words_basis(&part->pen, part->a);
	put(part, "</span>");
	row_close(part);
}

static void exceptions(const struct part *part)
{
	const struct decision *d = &part->a->verdict->decision;

	if (d->word != VERDICT_READY_WITH_EXCEPTIONS)
		return;
	heading(part, 3, "Exceptions, which you accept by going on", "fg", "#1d2226");
	for (size_t i = 0; i < d->exceptions_n && i < WEEKLY_STEPS; i++) {
		row_open(part, CELL);
		words_exception(&part->pen, part->a, &d->exceptions[i]);
		put(part, ".");
		row_close(part);
	}
	if (d->exceptions_n > WEEKLY_STEPS)
		more(part, d->exceptions_n - WEEKLY_STEPS);
}

static void short_part(const struct part *part, const struct weekly_domain *domain, bool silent)
{
	const struct verdict *v = part->a->verdict;

	verdict_open(part, silent ? "#b9770e" : verdict_colour(v->decision.word),
		silent ? "Nothing arrived</h2>" : "Unchanged</h2>");
	if (silent) {
		weekly_say_silence(&part->pen, part->weekly, part->a);
	} else {
		put(part, "As the week before: ");
		weekly_say_state(&part->pen, part->weekly, part->a);
		put(part, ".");
	}
	verdict_close(part);
	if (silent)
		return;
	numbers(part);
	closed(part, domain);
}

static void alert_part(const struct part *part, const struct weekly_domain *domain)
{
	heading(part, 2, domain->alerts_n == 1 ? "New alert" : "New alerts", "bad", "#c0392b");
	for (size_t i = 0; i < domain->alerts_n; i++)
		alert(part, domain->alerts[i], weekly_says_action(domain, i));
	row_open(part, "padding:14px 24px 0");
	put(part, "The verdict now: ");
	weekly_say_state(&part->pen, part->weekly, part->a);
	put(part, ".");
	row_close(part);
	next(part);
}

static void whole_part(const struct part *part, const struct weekly_domain *domain)
{
	verdict_card(part);
	numbers(part);
	exceptions(part);
	steps(part, STEPS_FIX);
	steps(part, STEPS_DECIDE);
	steps(part, STEPS_OTHER);
	news(part);
	closed(part, domain);
	next(part);
	basis(part);
}

static struct part part_of(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into)
{
	return (struct part){ .weekly = weekly,
		.a = domain ? domain->assessment : NULL,
		.out = into,
		.pen = { into, &weekly_utf8, PEN_HTML } };
}

void weekly_html_line(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into)
{
	const struct part part = part_of(weekly, domain, into);
	bool silent = weekly_is_silent(part.a->verdict, weekly->plan.today);
	bool short_form = domain->unchanged && !silent && !weekly->plan.alert;

	row_open(&part, CELL);
	put(&part, "<b>");
	pen_host(&part.pen, part.a->verdict->domain);
	put(&part, short_form ? "</b> \xe2\x80\x93 unchanged, " : "</b> \xe2\x80\x93 ");
	weekly_say_state(&part.pen, weekly, part.a);
	row_close(&part);
}

void weekly_html_section(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into)
{
	const struct part part = part_of(weekly, domain, into);
	bool silent = weekly_is_silent(part.a->verdict, weekly->plan.today);
	bool short_form = domain->unchanged && !silent && !weekly->plan.alert;

	put(&part, card_open);
	title(&part);
	if (weekly->plan.alert)
		alert_part(&part, domain);
	else if (silent || short_form)
		short_part(&part, domain, silent);
	else
		whole_part(&part, domain);
	put(&part, card_close);
}

static void lines_put(const struct part *part, const struct weekly_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		buf_put_span(part->out, buf_span(&list->pieces[i].html));
}

static void index_put(const struct part *part)
{
	const struct weekly *weekly = part->weekly;

	put(part, card_open);
	row_open(part, "padding:18px 24px 0");
	put(part, "<h1 class=\"fg\" style=\"margin:0;font-size:18px;line-height:1.4;color:#1d2226\">DMARC, ");
	weekly_say_week(&part->pen, weekly);
	buf_printf(part->out, "</h1><span class=\"mut\" style=\"" INK_MUTED "font-size:14px\">%s</span>",
		counted_text(weekly->added, "domain", "domains").p);
	row_close(part);
	lines_put(part, &weekly->lines);
	lines_put(part, &weekly->quiet_lines);
	if (weekly->silent > WEEKLY_QUIET_LINES) {
		row_open(part, CELL);
		pen_say(&part->pen, "and %s more without a report", count_text(weekly->silent - WEEKLY_QUIET_LINES).p);
		row_close(part);
	}
	if (weekly->left_out) {
		row_open(part, "padding:14px 24px 0");
		weekly_say_pages(&part->pen, weekly);
		row_close(part);
	}
	if (!weekly->added) {
		row_open(part, CELL);
		put(part, "Nothing arrived: no domain was reported about. Does dmarcgate ingest run?");
		row_close(part);
	}
	put(part, card_close);
}

void weekly_html_whole(struct weekly *weekly)
{
	const struct part part = part_of(weekly, NULL, &weekly->html);
	const struct weekly_piece *piece;
	struct weekly_walk at = { 0 };

	put(&part, html_head);
	html_text(&weekly->html, buf_span(&weekly->subject));
	put(&part, html_style);
	if (weekly->added != 1)
		index_put(&part);
	while ((piece = weekly_walk(weekly, &at)))
		buf_put_span(&weekly->html, buf_span(&piece->html));
	put(&part, html_foot);
}
