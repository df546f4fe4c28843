#include "report/weekly_p.h"

#include <stdlib.h>

#define WEEK 7
#define ROOM_FIRST 32
#define NAMES_OCTETS ((size_t)64 * 1024 * 1024)
#define SUBJECT_OCTETS 200 /* what a person sees of one, and far from the 998 of RFC 5322 2.1.1 */

const struct style weekly_plain = { .width = WEEKLY_COLUMNS }, weekly_utf8 = { .utf8 = true, .width = WEEKLY_COLUMNS };

struct weekly *weekly_new(const struct weekly_plan *plan)
{
	struct weekly *weekly = calloc(1, sizeof *weekly);

	if (!weekly)
		return NULL;
	weekly->plan = *plan;
	weekly->worst = (struct overview_line){ .word = VERDICT_NOT_ENOUGH_DATA };
	weekly->names = ARENA(NAMES_OCTETS);
	weekly->subject = weekly->verdict = BUF(4096);
	weekly->text = weekly->html = BUF(4 * WEEKLY_OCTETS);
	weekly->lines.most = SIZE_MAX;
	weekly->quiet_lines.most = WEEKLY_QUIET_LINES;
	weekly->sections.most = WEEKLY_SECTIONS;
	weekly->quiet_sections.most = plan->alert ? WEEKLY_SECTIONS : WEEKLY_QUIET_SECTIONS;
	return weekly;
}

static void piece_release(struct weekly_piece *piece)
{
	buf_release(&piece->text);
	buf_release(&piece->html);
}

static void list_release(struct weekly_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		piece_release(&list->pieces[i]);
	free(list->pieces);
}

void weekly_free(struct weekly *weekly)
{
	if (!weekly)
		return;
	buf_release(&weekly->subject);
	buf_release(&weekly->verdict);
	buf_release(&weekly->text);
	buf_release(&weekly->html);
	list_release(&weekly->lines);
	list_release(&weekly->quiet_lines);
	list_release(&weekly->sections);
	list_release(&weekly->quiet_sections);
	piece_release(&weekly->alone);
	arena_release(&weekly->names);
	free(weekly);
}

struct span weekly_subject(const struct weekly *weekly)
{
	return buf_span(&weekly->subject);
}

struct span weekly_verdict(const struct weekly *weekly)
{
	return buf_span(&weekly->verdict);
}

struct span weekly_text(const struct weekly *weekly)
{
	return buf_span(&weekly->text);
}

struct span weekly_html(const struct weekly *weekly)
{
	return buf_span(&weekly->html);
}

/* ---- what a verdict comes to */

bool weekly_is_silent(const struct verdict *v, int64_t today)
{
	return v->history_first == MOMENT_NONE || v->last_day < today - WEEK;
}

bool weekly_is_trouble(const struct verdict *v, int64_t today)
{
	if (weekly_is_silent(v, today) || v->decision.word > VERDICT_READY_WITH_EXCEPTIONS || v->next.kind == NEXT_BACK)
		return true;
	for (size_t i = 0; i < v->alerts_n; i++)
		if (v->alerts[i].level > LEVEL_INFO)
			return true;
	return false;
}

bool weekly_state(const struct verdict *v, uint8_t state[DIGEST_OCTETS])
{
	struct digest *d = digest_new();

	if (!d)
		return false;
	digest_add_number(d, v->decision.word);
	digest_add_number(d, v->target);
	digest_add_field(d, v->next.record);
	for (size_t i = 0; i < v->steps_n; i++) {
		if (v->steps[i].later)
			continue;
		digest_add_number(d, v->steps[i].kind);
		digest_add_field(d, v->steps[i].subject);
	}
	for (size_t i = 0; i < v->decision.exceptions_n; i++) {
		digest_add_number(d, v->decision.exceptions[i].kind);
		digest_add_field(d, v->decision.exceptions[i].subject);
	}
	for (size_t i = 0; i < v->alerts_n; i++) {
		digest_add_number(d, v->alerts[i].kind);
		digest_add_field(d, v->alerts[i].subject);
		if (v->alerts[i].sender == NO_INDEX)
			digest_add_field(d, v->alerts[i].key);
	}
	digest_finish(d, state);
	digest_free(d);
	return true;
}

void weekly_say_closed_name(const struct pen *pen, const struct assessment *a, const struct closed_alert *closed)
{
	const struct verdict *v = a->verdict;
	const struct alert was = { .kind = closed->kind, .subject = closed->subject, .key = closed->key,
		.sender = closed->key.n ? NO_INDEX : verdict_sender(v, closed->subject) };

	/* By the name under which it was told, as long as its mail is in the window: as forged mail it is no sender any more. */
	for (uint32_t i = 0; was.sender == NO_INDEX && !was.key.n && i < v->paths_n; i++)
		if (span_is(v->sources[v->paths[i].source].id, closed->subject)) {
			words_source(pen, a, i);
			return;
		}
	words_alert_name(pen, a, &was);
}

void weekly_say_closed(const struct pen *pen, const struct closed_alert *closed)
{
	pen_say(pen, "%s; open until %s", words_alert_end(closed->kind),
		weekday_text(moment_day(closed->last_open)).p);
}

struct weekly_sums weekly_sums(const struct verdict *v)
{
	struct weekly_sums sums = { 0 };

	for (size_t i = 0; i < v->days_n; i++)
		for (int fate = 0; fate < FATE_COUNT && v->days[i].day > v->last_day - WEEK; fate++)
			sums.messages[fate] += v->days[i].pass[fate] + v->days[i].fail[fate];
	return sums;
}

bool weekly_says_action(const struct weekly_domain *domain, size_t at)
{
	const struct alert *alert = domain->alerts[at];

	for (size_t i = at + 1; i < domain->alerts_n && alert->sender != NO_INDEX; i++) {
		const struct alert *behind = domain->alerts[i];

		if (behind->sender == alert->sender ||
			(alert->key.n && behind->kind == alert->kind && span_is(behind->key, alert->key)))
			return false;
	}
	return true;
}

bool weekly_has_step(enum step_list list, const struct step *step)
{
	return step_list(step) == list && step->kind != STEP_GATHER; /* the verdict's own sentences say what is lacking */
}

/* ---- sentences */

void weekly_say_week(const struct pen *pen, const struct weekly *weekly)
{
	int64_t last = weekly->plan.today - 1;

	pen_say(pen, "week %u, ", day_week(last));
	buf_put_text(pen->out, period_text(pen->style, last - WEEK + 1, last).p);
}

static void say_lower(const struct pen *pen, const char *words)
{
	char text[64];

	snprintf(text, sizeof text, "%s", words);
	if (text[0] >= 'A' && text[0] <= 'Z')
		text[0] = (char)(text[0] + ('a' - 'A'));
	pen_say(pen, "%s", text);
}

/* Reports came, and nothing can be said of them: that is no silence to look into. */
static bool none_counts(const struct verdict *v)
{
	return v->history_first == MOMENT_NONE && words_came(v) > 0;
}

void weekly_say_state(const struct pen *pen, const struct weekly *weekly, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	if (weekly_is_silent(v, weekly->plan.today)) {
		pen_say(pen, none_counts(v) ? "no report counts yet" : "no report arrived");
		return;
	}
	say_lower(pen, words_verdict(v->decision.word));
	pen_say(pen, " ");
	words_status(pen, a);
}

void weekly_say_silence(const struct pen *pen, const struct weekly *weekly, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	if (none_counts(v)) {
		words_nothing_counts(pen, v);
		pen_say(pen, " ");
		words_gather(pen, a);
		pen_say(pen, ". Until then keep the record.");
		return;
	}
	pen_say(pen, "Nothing arrived: no report that counts covers a day of this week.");
	if (v->history_first == MOMENT_NONE)
		pen_say(pen, " None ever has.");
	else
		pen_say(pen, " The last one is about %s, %s ago.", weekday_text(v->last_day).p,
			counted_text((uint64_t)(weekly->plan.today - v->last_day), "day", "days").p);
	pen_say(pen, " Is the rua address of the record still right, is its mailbox full, does dmarcgate ingest run?"
		     " Silence is no reason to change the record.");
}

void weekly_say_quiet(const struct pen *pen, const struct verdict *v)
{
	pen_say(pen, "N");
	words_quiet(pen, v);
	pen_say(pen, ".");
}

void weekly_say_sums(const struct pen *pen, const struct verdict *v)
{
	struct weekly_sums sums = weekly_sums(v);

	pen_say(pen, "This week: %s of your own, ", count_text(sums.messages[FATE_OWN]).p);
	pen_say(pen, "%s forwarded, ", count_text(sums.messages[FATE_FORWARDED]).p);
	pen_say(pen, "%s undecided, ", count_text(sums.messages[FATE_UNDECIDED]).p);
	pen_say(pen, "%s forged.", count_text(sums.messages[FATE_FORGED]).p);
}

/* ---- the subject: ASCII, whatever names are in it */

static void subject_alert(struct weekly *weekly, const struct pen *pen, const struct weekly_domain *domain)
{
	pen_host(pen, domain->assessment->verdict->domain);
	pen_say(pen, ": ");
	if (domain->alerts_n == 0)
		return;
	words_alert_name(pen, domain->assessment, domain->alerts[0]);
	pen_say(pen, " ");
	words_alert(pen, domain->assessment, domain->alerts[0]);
	if (domain->alerts_n > 1)
		pen_say(pen, ", and %zu more", domain->alerts_n - 1);
	(void)weekly;
}

static void subject_of_one(struct weekly *weekly, const struct weekly_domain *domain)
{
	const struct pen pen = { &weekly->subject, &weekly_plain, PEN_TERMINAL };

	if (weekly->plan.alert) {
		subject_alert(weekly, &pen, domain);
		return;
	}
	pen_host(&pen, domain->assessment->verdict->domain);
	pen_say(&pen, domain->unchanged ? ": unchanged, " : ": ");
	weekly_say_state(&pen, weekly, domain->assessment);
}

static void subject_part(struct weekly *weekly, const char **before, size_t n, const char *words)
{
	if (!n)
		return;
	buf_printf(&weekly->subject, "%s%zu %s", *before, n, words);
	*before = ", ";
}

static void subject_of_many(struct weekly *weekly)
{
	const char *before = ": ";

	buf_printf(&weekly->subject, weekly->plan.alert ? "DMARC" : "DMARC week %u", day_week(weekly->plan.today - 1));
	if (weekly->plan.alert) {
		subject_part(weekly, &before, weekly->added, "domains with a new alert");
		return;
	}
	subject_part(weekly, &before, weekly->fix, "to fix");
	subject_part(weekly, &before, weekly->silent, "silent");
	subject_part(weekly, &before, weekly->thin, "without enough data");
	subject_part(weekly, &before, weekly->ready, "ready");
	subject_part(weekly, &before, weekly->unchanged, "unchanged");
	if (before[0] == ':')
		buf_put_text(&weekly->subject, ": nothing arrived");
}

/* ---- a domain */

static void count(struct weekly *weekly, const struct weekly_domain *domain, const struct overview_line *line)
{
	const struct verdict *v = domain->assessment->verdict;

	if (!weekly->added || overview_order(line, &weekly->worst) < 0) {
		weekly->worst = *line;
		weekly->worst.domain = arena_copy(&weekly->names, line->domain);
	}
	weekly->added++;
	if (weekly_is_silent(v, weekly->plan.today))
		weekly->silent++;
	else if (domain->unchanged)
		weekly->unchanged++;
	else if (v->decision.word == VERDICT_NOT_READY)
		weekly->fix++;
	else if (v->decision.word == VERDICT_NOT_ENOUGH_DATA)
		weekly->thin++;
	else
		weekly->ready++;
}

static bool make_room(struct weekly_list *list)
{
	size_t room = list->room ? 2 * list->room : ROOM_FIRST;
	struct weekly_piece *pieces;

	if (list->n < list->room)
		return true;
	pieces = reallocarray(list->pieces, room, sizeof *pieces);
	if (!pieces)
		return false;
	list->pieces = pieces;
	list->room = room;
	return true;
}

/* An empty piece for the domain of this line, in the place of the least bad one where the list is full. NULL: it is none of
 * the worst, or memory is short. */
static struct weekly_piece *list_take(struct weekly *weekly, struct weekly_list *list, const struct overview_line *line)
{
	struct weekly_piece *piece;

	if (list->n < list->most) {
		weekly->failed |= !make_room(list);
		if (weekly->failed)
			return NULL;
		piece = &list->pieces[list->n++];
	} else {
		piece = &list->pieces[0];
		for (size_t i = 1; i < list->n; i++)
			if (overview_order(&list->pieces[i].of, &piece->of) > 0)
				piece = &list->pieces[i];
		if (overview_order(line, &piece->of) >= 0)
			return NULL;
		piece_release(piece);
	}
	*piece = (struct weekly_piece){ .of = *line, .text = BUF(WEEKLY_OCTETS), .html = BUF(WEEKLY_OCTETS) };
	piece->of.domain = arena_copy(&weekly->names, line->domain);
	return piece;
}

static void line_add(struct weekly *weekly, const struct weekly_domain *domain, const struct overview_line *line, bool silent)
{
	struct weekly_piece *piece = list_take(weekly, silent ? &weekly->quiet_lines : &weekly->lines, line);

	if (!piece)
		return;
	weekly_text_line(weekly, domain, &piece->text);
	weekly_html_line(weekly, domain, &piece->html);
	weekly->line_octets += piece->text.n + piece->html.n;
	weekly->failed |= piece->text.failed || piece->html.failed || weekly->line_octets > 2 * WEEKLY_OCTETS;
}

/* Among several domains one that is unchanged has none; that there are several is known with the second one. */
static void section_add(
	struct weekly *weekly, const struct weekly_domain *domain, const struct overview_line *line, bool silent)
{
	bool short_form = domain->unchanged && !silent && !weekly->plan.alert;
	struct weekly_piece *piece = NULL;

	if (!short_form)
		piece = list_take(weekly, silent ? &weekly->quiet_sections : &weekly->sections, line);
	else if (weekly->added == 1)
		*(piece = &weekly->alone) = (struct weekly_piece){ .text = BUF(WEEKLY_OCTETS), .html = BUF(WEEKLY_OCTETS) };
	if (!piece)
		return;
	weekly_text_section(weekly, domain, &piece->text);
	weekly_html_section(weekly, domain, &piece->html);
	weekly->failed |= piece->text.failed || piece->html.failed;
}

bool weekly_add(struct weekly *weekly, const struct weekly_domain *domain)
{
	const struct overview_line line = overview_line_of(domain->assessment);
	bool silent = weekly_is_silent(domain->assessment->verdict, weekly->plan.today);

	count(weekly, domain, &line);
	if (weekly->added == 1)
		subject_of_one(weekly, domain);
	line_add(weekly, domain, &line, silent);
	section_add(weekly, domain, &line, silent);
	return !weekly->failed && !weekly->names.failed;
}

/* ---- the end */

void weekly_pages(struct weekly *weekly, size_t attached, size_t left_out)
{
	weekly->attached = attached;
	weekly->left_out = left_out;
}

void weekly_say_pages(const struct pen *pen, const struct weekly *weekly)
{
	pen_say(pen, "Attached: the pages of the worst %s. ", counted_text(weekly->attached, "domain", "domains").p);
	pen_say(pen, "With %s more this mail would be too large for many servers. One page: ",
		count_text(weekly->left_out).p);
	pen_code(pen, SPAN("dmarcgate html DOMAIN"));
	pen_say(pen, "; all in a folder: ");
	pen_code(pen, SPAN("dmarcgate html --all -o FOLDER"));
}

static int piece_order(const void *a, const void *b)
{
	const struct weekly_piece *x = a, *y = b;

	return overview_order(&x->of, &y->of);
}

static void list_sort(struct weekly_list *list)
{
	if (list->n)
		qsort(list->pieces, list->n, sizeof *list->pieces, piece_order);
}

const struct weekly_piece *weekly_walk(const struct weekly *weekly, struct weekly_walk *at)
{
	const struct weekly_list *loud = &weekly->sections, *quiet = &weekly->quiet_sections;

	if (at->shown++ == WEEKLY_SECTIONS)
		return NULL;
	if (weekly->added == 1 && weekly->alone.text.n)
		return at->shown == 1 ? &weekly->alone : NULL;
	if (at->quiet < quiet->n &&
		(at->loud == loud->n || piece_order(&quiet->pieces[at->quiet], &loud->pieces[at->loud]) < 0))
		return &quiet->pieces[at->quiet++];
	return at->loud < loud->n ? &loud->pieces[at->loud++] : NULL;
}

/* The pen lets nothing but ASCII through; what no header may hold is looked for all the same. */
static bool line_is_safe(const struct buf *line)
{
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] < ' ' || line->p[i] > '~')
			return false;
	return !line->failed;
}

bool weekly_finish(struct weekly *weekly)
{
	list_sort(&weekly->lines);
	list_sort(&weekly->quiet_lines);
	list_sort(&weekly->sections);
	list_sort(&weekly->quiet_sections);
	if (weekly->added != 1) {
		buf_clear(&weekly->subject);
		subject_of_many(weekly);
	}
	if (weekly->subject.n > SUBJECT_OCTETS) {
		weekly->subject.n = SUBJECT_OCTETS;
		buf_put_text(&weekly->subject, "...");
	}
	buf_printf(&weekly->verdict, "%s; target=%s; exit=%d", verdict_word(weekly->worst.word),
		target_word(weekly->worst.target), verdict_exit(weekly->worst.word));
	weekly_text_whole(weekly);
	weekly_html_whole(weekly);
	return !weekly->failed && !weekly->names.failed && line_is_safe(&weekly->subject) && line_is_safe(&weekly->verdict) &&
	       !weekly->text.failed && !weekly->html.failed;
}
