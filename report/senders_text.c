/* senders for people: what is not signed first, what is fine last. */
#include "report/readiness_words.h"
#include "report/senders.h"
#include "report/table.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)256 * 1024)
#define BAR_CELLS 4
#define BAR_WIDTH 94	 /* narrower terminals get the numbers without bars */
#define ROWS_AT_ONCE 200 /* the table is printed in parts */
#define TREND_WEEKS 13

struct senders_text {
	FILE *out;
	struct style style;
	struct senders_view view;
	struct buf line;
	bool some, failed;
};

/* Whole percents; never 0 or 100 unless that is exact. */
static struct short_text whole_percent(uint64_t part, uint64_t whole)
{
	unsigned percent = whole ? (unsigned)(((unsigned __int128)part * 100 + whole / 2) / whole) : 0;
	struct short_text text;

	if (part && percent == 0)
		snprintf(text.p, sizeof text.p, "< 1 %%");
	else if (part < whole && percent == 100)
		snprintf(text.p, sizeof text.p, "> 99 %%");
	else
		snprintf(text.p, sizeof text.p, "%u %%", percent);
	return text;
}

static void put_share(struct senders_text *senders, uint64_t part, uint64_t whole)
{
	unsigned full = (unsigned)(((unsigned __int128)part * BAR_CELLS + whole / 2) / whole);
	struct buf *line = &senders->line;

	for (unsigned i = 0; senders->style.width >= BAR_WIDTH && i < BAR_CELLS; i++)
		buf_put_text(line, style_symbol(&senders->style, i < full ? SYMBOL_FULL : SYMBOL_EMPTY));
	buf_printf(line, "%s%5s", line->n ? "  " : "", whole_percent(part, whole).p);
}

/* The pen's line as a cell; colours are the table's. */
static void cell(struct senders_text *senders, struct table *table, enum ink ink)
{
	table_cell(table, ink, buf_span(&senders->line));
	senders->failed |= senders->line.failed;
	buf_clear(&senders->line);
}

static void name_cell(
	struct senders_text *senders, struct table *table, const struct assessment *a, const struct listed_sender *row)
{
	const struct verdict *v = a->verdict;
	struct style plain = { .utf8 = senders->style.utf8 };
	struct pen pen = { &senders->line, &plain, PEN_TERMINAL };

	if (row->sender)
		words_sender(&pen, a, (uint32_t)(row->sender - v->senders));
	else
		words_source(&pen, a, (uint32_t)(row->path - v->paths));
	cell(senders, table, row->fate == FATE_FORGED ? INK_QUIET : INK_PLAIN);
}

static void signed_cell(
	struct senders_text *senders, struct table *table, const struct listed_sender *row, const struct span_counts *c)
{
	enum ink ink = row->sender && c->not_signed ? INK_WARN : INK_PLAIN;

	if (!c->messages) {
		buf_put_text(&senders->line, style_symbol(&senders->style, SYMBOL_DASH));
	} else {
		put_share(senders, c->messages - c->not_signed, c->messages);
		if (row->sender && row->sender->regressed)
			buf_put_text(&senders->line, style_symbol(&senders->style, SYMBOL_DOWN));
		else
			buf_put_byte(&senders->line, ' ');
	}
	cell(senders, table, ink);
}

/* Mail that passes by its signature needs no SPF: that the bounce domain is another's is no fault. */
static void spf_cell(struct senders_text *senders, struct table *table, const struct span_counts *c)
{
	if (!c->messages)
		buf_put_text(&senders->line, style_symbol(&senders->style, SYMBOL_DASH));
	else if (c->not_spf == c->messages && c->fails < c->messages)
		buf_put_text(&senders->line, senders->style.width < BAR_WIDTH
						     ? style_symbol(&senders->style, SYMBOL_DASH)
						     : "not aligned");
	else
		put_share(senders, c->messages - c->not_spf, c->messages);
	cell(senders, table, INK_PLAIN);
}

static void say_key(const struct pen *pen, const struct path *path)
{
	if (path->broken_key.n) {
		pen_say(pen, "key ");
		pen_host(pen, path->broken_key);
		pen_say(pen, " broken");
	} else {
		pen_say(pen, "broken");
	}
}

static void say_undecided(const struct pen *pen, const struct sender *s)
{
	if (s->missed)
		pen_say(pen, "overdue, %s", day_text(s->next_day).p);
	else if (s->next_day != MOMENT_NONE)
		pen_say(pen, "due about %s", day_text(s->next_day).p);
	else
		pen_say(pen, "decide");
}

/* What to do about it, in two or three words. */
static void say_state(const struct pen *pen, const struct listed_sender *row)
{
	static const char *const words[SUB_COUNT] = { [SUB_OWN] = "fine",
		[SUB_OWN_SPF_ONLY] = "sign it",
		[SUB_OWN_THIRD_PARTY] = "signs as itself",
		[SUB_OWN_UNSIGNED] = "sign it",
		[SUB_FORWARDED] = "forwarded",
		[SUB_FORWARDED_BROKEN] = "forwarded, fails",
		[SUB_FORGED] = "forged" };
	const struct sender *s = row->sender;

	if (s && s->accepted)
		pen_say(pen, "accepted");
	else if (s && row->fate == FATE_UNDECIDED)
		say_undecided(pen, s);
	else if (s && s->missed)
		pen_say(pen, "overdue, %s", day_text(s->next_day).p);
	else if (s && row->fate == FATE_OWN && s->dkim_ok < s->messages && s->unsigned_until != MOMENT_NONE)
		pen_say(pen, "seems repaired");
	else if (row->subclass == SUB_OWN_BROKEN || (s && s->regressed && row->path->broken))
		say_key(pen, row->path);
	else if (row->subclass == SUB_OWN_THIRD_PARTY && s && s->dkim_ok)
		pen_say(pen, "sign all of it");
	else
		pen_say(pen, "%s", words[row->subclass] ? words[row->subclass] : "");
}

#define COUNTRIES_SHOWN 3

static void country_cell(
	struct senders_text *senders, struct table *table, const struct assessment *a, const struct listed_sender *row)
{
	struct listed_country countries[COUNTRIES_MOST];
	size_t n = listed_countries(a, row, countries);

	for (size_t i = 0; i < n && i < COUNTRIES_SHOWN; i++)
		buf_printf(&senders->line, "%s%s", i ? " " : "", countries[i].country);
	if (n > COUNTRIES_SHOWN)
		buf_printf(&senders->line, " +%zu", n - COUNTRIES_SHOWN);
	cell(senders, table, INK_QUIET);
}

static void state_cell(
	struct senders_text *senders, struct table *table, const struct verdict *v, const struct listed_sender *row)
{
	const struct sender_row *service = v->sources[row->source].row;
	struct style plain = { .utf8 = senders->style.utf8 };
	bool fine = row->subclass == SUB_OWN && row->sender && !row->sender->regressed && !row->sender->missed;

	if (row->subclass == SUB_OWN_UNSIGNED && service && service->own_dkim == CAN_NO)
		buf_put_text(&senders->line, "cannot sign");
	else
		say_state(&(struct pen){ &senders->line, &plain, PEN_TERMINAL }, row);
	cell(senders, table, fine ? INK_GOOD : row->sender ? INK_PLAIN : INK_QUIET);
}

static unsigned trend_weeks(const struct verdict *v)
{
	return v->weeks_n > TREND_WEEKS ? TREND_WEEKS : v->weeks_n;
}

static void list_row(
	struct senders_text *senders, struct table *table, const struct assessment *a, const struct listed_sender *row)
{
	const struct span_counts *c = senders->view.week ? &row->week : &row->window;
	unsigned weeks = trend_weeks(a->verdict);

	table_row(table);
	name_cell(senders, table, a, row);
	table_cell_count(table, INK_PLAIN, c->messages);
	signed_cell(senders, table, row, c);
	spf_cell(senders, table, c);
	if (c->messages)
		table_cell_count(table, row->fate == FATE_OWN && c->fails ? INK_BAD : INK_PLAIN, c->fails);
	else
		table_cell_text(table, INK_PLAIN, style_symbol(&senders->style, SYMBOL_DASH));
	style_spark(&senders->line, &senders->style, row->weeks + a->verdict->weeks_n - weeks, weeks);
	cell(senders, table, INK_PLAIN);
	state_cell(senders, table, a->verdict, row);
	if (senders->view.country)
		country_cell(senders, table, a, row);
}

static void list_table(struct senders_text *senders, const struct assessment *a, const struct sender_list *list)
{
	char messages[32], trend[32];
	struct table_column columns[] = { { "", .flexible = true, .least = 18 }, { messages, .right = true },
		{ "signed by you", .right = true }, { "SPF for you", .right = true }, { "fails", .right = true },
		{ trend }, { "", .flexible = true, .least = 16 }, { "country" } };
	size_t columns_n = sizeof columns / sizeof *columns - !senders->view.country;
	struct table *table;

	if (senders->view.week)
		snprintf(messages, sizeof messages, "a week");
	else
		snprintf(messages, sizeof messages, "%u days", a->verdict->window);
	snprintf(trend, sizeof trend, "%u weeks", trend_weeks(a->verdict));
	if (senders->style.width < BAR_WIDTH) {
		columns[2].name = "signed";
		columns[3].name = "SPF";
	}
	table = table_new(senders->out, &senders->style, columns, columns_n);
	for (size_t i = 0; table && i < list->n; i++) {
		list_row(senders, table, a, &list->rows[i]);
		if (table_rows(table) == ROWS_AT_ONCE)
			senders->failed |= !table_print(table);
	}
	senders->failed |= !table || !table_print(table);
	table_free(table);
}

static void nothing(struct senders_text *senders)
{
	const struct senders_view *view = &senders->view;

	fprintf(senders->out, "  No %ssender%s%s%s.\n", view->new ? "new " : "",
		view->undecided ? " to decide about" : "", view->not_signed ? " with unsigned mail" : "",
		view->has_class && view->class == FATE_FORWARDED ? " that forwards"
		: view->has_class && view->class == FATE_FORGED	 ? " of forged mail"
								 : "");
}

static void foot(struct senders_text *senders, const struct sender_list *list)
{
	const struct span_counts *week = &list->week, *last = &list->last;
	struct buf *line = &senders->line;

	if (!week->messages)
		return;
	buf_printf(line, "Unsigned this week: %s of ", count_text(week->not_signed).p);
	buf_printf(line, "%s (%s)", count_text(week->messages).p, whole_percent(week->not_signed, week->messages).p);
	if (list->unsigned_senders)
		buf_printf(line, " from %s", counted_text(list->unsigned_senders, "sender", "senders").p);
	buf_put_byte(line, '.');
	if (last->messages) {
		buf_printf(line, " Last week %s of ", count_text(last->not_signed).p);
		buf_printf(line, "%s (%s).", count_text(last->messages).p,
			whole_percent(last->not_signed, last->messages).p);
	}
	putc('\n', senders->out);
	style_paragraph(senders->out, &senders->style, 2, buf_span(line));
	buf_clear(line);
}

static void heading(struct senders_text *senders, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	struct pen pen = { &senders->line, &senders->style, PEN_TERMINAL };

	if (senders->some)
		putc('\n', senders->out);
	senders->some = true;
	pen_begin(&pen, INK_STRONG);
	pen_host(&pen, v->domain);
	pen_end(&pen, INK_STRONG);
	pen_say(&pen, "   ");
	if (senders->view.week)
		words_week(&pen, a);
	else
		buf_put_text(&senders->line, period_text(&senders->style, v->first_day, v->last_day).p);
	fprintf(senders->out, "%s\n\n", buf_text(&senders->line));
	buf_clear(&senders->line);
}

static bool senders_domain(void *self, const struct assessment *a)
{
	struct senders_text *senders = self;
	struct sender_list list;
	bool made;

	if (a->verdict->history_first == MOMENT_NONE) {
		struct pen pen = { &senders->line, &senders->style, PEN_TERMINAL };

		pen_say(&pen, "No report that counts about ");
		pen_host(&pen, a->verdict->domain);
		pen_say(&pen, " has come yet; dmarcgate reporters says who reported at all.");
		style_paragraph(senders->out, &senders->style, 0, buf_span(&senders->line));
		buf_clear(&senders->line);
		return !senders->failed;
	}
	made = sender_list_make(a->verdict, &senders->view, &list);
	if (made) {
		heading(senders, a);
		if (list.n)
			list_table(senders, a, &list);
		else
			nothing(senders);
		foot(senders, &list);
	}
	sender_list_release(&list);
	return made && !senders->failed && !senders->line.failed && !ferror(senders->out);
}

static bool senders_close(void *self)
{
	struct senders_text *senders = self;
	bool done = !senders->failed && !senders->line.failed && fflush(senders->out) == 0 && !ferror(senders->out);

	buf_release(&senders->line);
	free(senders);
	return done;
}

bool senders_text_open(
	struct senders_writer *writer, FILE *out, const struct style *style, const struct senders_view *view)
{
	struct senders_text *senders = calloc(1, sizeof *senders);

	if (!senders)
		return false;
	*senders = (struct senders_text){ .out = out, .style = *style, .view = *view, .line = BUF(LINE_OCTETS) };
	*writer = (struct senders_writer){ senders, senders_domain, senders_close };
	return true;
}
