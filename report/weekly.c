#include "report/weekly_p.h"

#include <stdlib.h>

#define WEEK 7
#define SUBJECT_OCTETS 200 /* what a person sees of one, and far from the 998 of RFC 5322 2.1.1 */

const struct style weekly_plain = { .width = WEEKLY_COLUMNS }, weekly_utf8 = { .utf8 = true, .width = WEEKLY_COLUMNS };

struct weekly *weekly_new(const struct weekly_plan *plan)
{
	struct weekly *weekly = calloc(1, sizeof *weekly);

	if (!weekly)
		return NULL;
	weekly->plan = *plan;
	weekly->worst = VERDICT_NOT_ENOUGH_DATA;
	weekly->subject = weekly->verdict = BUF(4096);
	weekly->text = weekly->html = BUF(4 * WEEKLY_OCTETS);
	weekly->text_index = weekly->html_index = weekly->text_quiet = weekly->html_quiet = BUF(WEEKLY_OCTETS);
	weekly->text_parts = weekly->html_parts = BUF(WEEKLY_OCTETS);
	return weekly;
}

void weekly_free(struct weekly *weekly)
{
	if (!weekly)
		return;
	buf_release(&weekly->subject);
	buf_release(&weekly->verdict);
	buf_release(&weekly->text);
	buf_release(&weekly->html);
	buf_release(&weekly->text_index);
	buf_release(&weekly->html_index);
	buf_release(&weekly->text_quiet);
	buf_release(&weekly->html_quiet);
	buf_release(&weekly->text_parts);
	buf_release(&weekly->html_parts);
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
		digest_add_field(d, v->alerts[i].key);
	}
	digest_finish(d, state);
	digest_free(d);
	return true;
}

void weekly_say_closed_name(const struct pen *pen, const struct assessment *a, const struct closed_alert *closed)
{
	const struct alert was = { .kind = closed->kind, .subject = closed->subject, .key = closed->key, .sender = NO_INDEX };

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

bool weekly_has_step(enum step_list list, const struct step *step)
{
	return step_list(step) == list && step->kind != STEP_GATHER && step->kind != STEP_ALERT;
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

void weekly_say_state(const struct pen *pen, const struct weekly *weekly, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	if (weekly_is_silent(v, weekly->plan.today)) {
		pen_say(pen, "no report arrived");
		return;
	}
	say_lower(pen, words_verdict(v->decision.word));
	pen_say(pen, " ");
	words_status(pen, a);
}

void weekly_say_silence(const struct pen *pen, const struct weekly *weekly, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	pen_say(pen, "Nothing arrived: no report that counts covers a day of this week.");
	if (v->history_first == MOMENT_NONE)
		pen_say(pen, " None ever has.");
	else
		pen_say(pen, " The last one is about %s, %s ago.", weekday_text(v->last_day).p,
			counted_text((uint64_t)(weekly->plan.today - v->last_day), "day", "days").p);
	pen_say(pen, " Is the rua address of the record still right, is its mailbox full, does dmarcgate ingest run?"
		     " Silence is no reason to change the record.");
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

/* ---- a domain, and the end */

/* 2, 3, 1, 0: known bad is worse than thin data. */
static unsigned badness(enum verdict_word word)
{
	static const unsigned order[VERDICT_COUNT] = { [VERDICT_READY] = 0,
		[VERDICT_READY_WITH_EXCEPTIONS] = 1,
		[VERDICT_NOT_ENOUGH_DATA] = 2,
		[VERDICT_NOT_READY] = 3 };

	return order[word];
}

static void count(struct weekly *weekly, const struct weekly_domain *domain)
{
	const struct verdict *v = domain->assessment->verdict;

	if (!weekly->added || badness(v->decision.word) > badness(weekly->worst)) {
		weekly->worst = v->decision.word;
		weekly->worst_target = v->target;
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

bool weekly_has_section(const struct weekly *weekly, const struct weekly_domain *domain)
{
	bool silent = weekly_is_silent(domain->assessment->verdict, weekly->plan.today);

	if (weekly->plan.domains == 1)
		return true;
	if (weekly->sections >= WEEKLY_SECTIONS)
		return false;
	if (weekly->plan.alert)
		return true;
	return silent ? weekly->silent <= WEEKLY_QUIET_SECTIONS : !domain->unchanged;
}

bool weekly_add(struct weekly *weekly, const struct weekly_domain *domain)
{
	count(weekly, domain);
	if (weekly->plan.domains == 1)
		subject_of_one(weekly, domain);
	weekly_text_part(weekly, domain);
	weekly_html_part(weekly, domain);
	weekly->sections += weekly_has_section(weekly, domain);
	return !weekly->text_parts.failed && !weekly->html_parts.failed;
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
	if (weekly->plan.domains != 1)
		subject_of_many(weekly);
	if (weekly->subject.n > SUBJECT_OCTETS) {
		weekly->subject.n = SUBJECT_OCTETS;
		buf_put_text(&weekly->subject, "...");
	}
	buf_printf(&weekly->verdict, "%s; target=%s; exit=%d", verdict_word(weekly->worst),
		target_word(weekly->worst_target), verdict_exit(weekly->worst));
	weekly_text_whole(weekly);
	weekly_html_whole(weekly);
	return line_is_safe(&weekly->subject) && line_is_safe(&weekly->verdict) && !weekly->text.failed &&
	       !weekly->html.failed && !weekly->text_parts.failed && !weekly->html_parts.failed &&
	       !weekly->text_index.failed && !weekly->html_index.failed && !weekly->text_quiet.failed &&
	       !weekly->html_quiet.failed;
}
