#include "base/moment.h"

#include <inttypes.h>
#include <stdio.h>

#define YEAR_MAX 9999

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

const char *moment_month_name(unsigned month)
{
	return month >= 1 && month <= 12 ? months[month - 1] : "?";
}

const char *moment_weekday_name(int64_t day)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };

	return days[(day % 7 + 7) % 7];
}

/* Days since 1970-01-01 of a civil date; the era method, years counted from March so that leap days come last. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t era, shifted = year - (month <= 2);
	unsigned year_of_era, day_of_year;

	era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	year_of_era = (unsigned)(shifted - era * 400);
	day_of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
	return era * 146097 + (int64_t)(year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year) - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t era;
	unsigned day_of_era, year_of_era, day_of_year, shifted_month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = (unsigned)(days - era * 146097);
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted_month = (5 * day_of_year + 2) / 153;
	*day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
	*month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	*year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

int64_t moment_day(int64_t moment)
{
	return moment >= 0 ? moment / DAY_SECONDS : -((-(moment + 1)) / DAY_SECONDS) - 1;
}

int64_t moment_from_civil(int64_t year, unsigned month, unsigned day)
{
	return days_from_civil(year, month, day) * DAY_SECONDS;
}

void moment_to_civil(int64_t moment, int64_t *year, unsigned *month, unsigned *day)
{
	civil_from_days(moment_day(moment), year, month, day);
}

static bool moment_split(int64_t moment, int64_t *year, unsigned *month, unsigned *day, unsigned *second)
{
	int64_t days = moment_day(moment);

	civil_from_days(days, year, month, day);
	*second = (unsigned)(moment - days * DAY_SECONDS);
	return *year >= 1 && *year <= YEAR_MAX;
}

const char *moment_format(int64_t moment, char text[MOMENT_TEXT])
{
	int64_t year = 0;
	unsigned month, day, s;

	text[0] = '\0';
	if (moment != MOMENT_NONE && moment_split(moment, &year, &month, &day, &s))
		snprintf(text, MOMENT_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year, month, day, s / 3600,
			s / 60 % 60, s % 60);
	return text;
}

const char *moment_format_day(int64_t moment, char text[MOMENT_TEXT])
{
	moment_format(moment, text);
	if (text[0])
		text[10] = '\0';
	return text;
}

/* Takes up to `most` digits from the front of *text; false when there is none. */
static bool take_number(struct span *text, unsigned most, unsigned *number)
{
	unsigned n = 0;

	*number = 0;
	while (n < most && n < text->n && text->p[n] >= '0' && text->p[n] <= '9')
		*number = *number * 10 + (unsigned)(text->p[n++] - '0');
	text->p += n;
	text->n -= n;
	return n > 0;
}

static bool take_char(struct span *text, const char *set)
{
	if (text->n == 0 || text->p[0] == '\0' || !strchr(set, text->p[0]))
		return false;
	text->p++;
	text->n--;
	return true;
}

static unsigned month_days(int64_t year, unsigned month)
{
	static const unsigned char days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool moment_join(unsigned year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s, int64_t *moment)
{
	if (year < 1 || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	if (h > 24 || m > 59 || s > 60)
		return false;
	*moment = moment_from_civil(year, month, day) + h * 3600 + m * 60 + s;
	return true;
}

static unsigned take_word(struct span *text, const char *const *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct span word = span_of(words[i]);

		if (span_starts_nocase(*text, word)) {
			text->p += word.n;
			text->n -= word.n;
			return i + 1;
		}
	}
	return 0;
}

static bool take_utc(struct span *text)
{
	static const char *const names[] = { "UTC", "GMT" };

	return take_word(text, names, 2);
}

static void skip_blanks(struct span *text)
{
	while (take_char(text, " \t"))
		;
}

/* `Z`, `UTC`, `GMT`, `+02:00`, `+0200`, the last two perhaps with `UTC` behind; nothing means UTC. */
static bool take_zone(struct span *text, int64_t *offset)
{
	unsigned h, m;
	bool west;

	*offset = 0;
	skip_blanks(text);
	if (text->n == 0 || take_char(text, "Zz") || take_utc(text))
		return true;
	west = text->p[0] == '-';
	if (!take_char(text, "+-") || !take_number(text, 2, &h))
		return false;
	take_char(text, ":");
	if (!take_number(text, 2, &m))
		return false;
	*offset = (int64_t)(h * 3600 + m * 60) * (west ? -1 : 1);
	skip_blanks(text);
	take_utc(text);
	return true;
}

bool moment_parse(struct span text, int64_t *moment)
{
	unsigned year, month, day, h = 0, m = 0, s = 0, fraction;
	unsigned long long epoch;
	int64_t offset = 0;

	text = span_trim(text);
	if (span_number(text, INT64_MAX, &epoch)) {
		*moment = (int64_t)epoch;
		return true;
	}
	if (!take_number(&text, 4, &year) || !take_char(&text, "-") || !take_number(&text, 2, &month) ||
		!take_char(&text, "-") || !take_number(&text, 2, &day))
		return false;
	if (take_char(&text, "Tt ")) {
		if (!take_number(&text, 2, &h) || !take_char(&text, ":") || !take_number(&text, 2, &m))
			return false;
		if (take_char(&text, ":") && !take_number(&text, 2, &s))
			return false;
		if (take_char(&text, ".") && !take_number(&text, 9, &fraction))
			return false;
		if (!take_zone(&text, &offset))
			return false;
	}
	if (text.n || !moment_join(year, month, day, h, m, s, moment))
		return false;
	*moment -= offset;
	return true;
}

bool moment_parse_span(struct span text, int64_t *seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 'd', DAY_SECONDS }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }, { 'w', 7 * DAY_SECONDS } };
	int64_t unit = DAY_SECONDS;
	unsigned long long number;

	text = span_trim(text);
	for (size_t i = 0; text.n && i < sizeof units / sizeof *units; i++) {
		if (text.p[text.n - 1] == units[i].letter) {
			unit = units[i].seconds;
			text.n--;
			break;
		}
	}
	if (!span_number(text, 1000000000, &number))
		return false;
	*seconds = (int64_t)number * unit;
	return true;
}

/* White space and comments (RFC 5322 3.2.2) at the front; comments nest. */
static void skip_cfws(struct span *text)
{
	unsigned depth = 0;

	while (text->n) {
		char c = text->p[0];

		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (c == '\\' && depth && text->n > 1)
			take_char(text, "\\");
		else if (!depth && !strchr(" \t\r\n", c))
			return;
		text->p++;
		text->n--;
	}
}

/* Numeric, also with a colon, or a name of RFC 5322 4.3; an unknown name means an unknown offset, which is to be read as
 * UTC. */
static int64_t mail_zone(struct span text)
{
	static const char *const names[] = { "EDT", "EST", "CDT", "CST", "MDT", "MST", "PDT", "PST" };
	static const int hours[] = { -4, -5, -5, -6, -6, -7, -7, -8 };
	unsigned name, number, minutes;
	struct span behind = text;
	bool west;

	if (take_utc(&behind) && behind.n && strchr("+-", behind.p[0])) /* `GMT+0200`, as JavaScript writes it */
		text = behind;
	west = text.n && text.p[0] == '-';
	if (take_char(&text, "+-")) {
		struct span digits = text;

		if (!take_number(&text, 4, &number))
			return 0;
		if (digits.n - text.n == 2 && take_char(&text, ":") && take_number(&text, 2, &minutes))
			number = number * 100 + minutes;
		else if (digits.n - text.n != 4)
			return 0;
		return (int64_t)(number / 100 * 3600 + number % 100 * 60) * (west ? -1 : 1);
	}
	name = take_word(&text, names, sizeof names / sizeof *names);
	return name ? hours[name - 1] * 3600 : 0;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* 1 to 12 for `Nov` or `November`, 0 for no month. */
static unsigned take_month(struct span *text)
{
	unsigned month = take_word(text, months, 12);

	while (month && take_char(text, LETTERS))
		;
	return month;
}

static bool take_clock(struct span *text, unsigned *h, unsigned *m, unsigned *s)
{
	*s = 0;
	return take_number(text, 2, h) && take_char(text, ":") && take_number(text, 2, m) &&
	       (!take_char(text, ":") || take_number(text, 2, s));
}

bool moment_parse_mail(struct span text, int64_t *moment)
{
	unsigned day, month, year, h, m, s;
	struct span digits;

	skip_cfws(&text);
	while (text.n && (text.p[0] < '0' || text.p[0] > '9'))
		if (!take_char(&text, LETTERS "., \t"))
			return false;
	if (!take_number(&text, 2, &day))
		return false;
	skip_cfws(&text);
	take_char(&text, "-");
	month = take_month(&text);
	if (!month)
		return false;
	take_char(&text, "-");
	skip_cfws(&text);
	digits = text;
	if (!take_number(&text, 4, &year))
		return false;
	if (digits.n - text.n < 4)
		year += year < 50 ? 2000 : 1900;
	skip_cfws(&text);
	if (!take_clock(&text, &h, &m, &s))
		return false;
	skip_cfws(&text);
	if (!moment_join(year, month, day, h, m, s, moment))
		return false;
	*moment -= mail_zone(text);
	return true;
}

/* `Fri Nov  6 00:00:00 2026`, also with `UTC` before the year: what C's asctime and date(1) write. */
static bool moment_parse_asctime(struct span text, int64_t *moment)
{
	unsigned month, day, year, h, m, s;

	text = span_trim(text);
	while (!(month = take_month(&text)))
		if (!take_char(&text, LETTERS ", \t"))
			return false;
	skip_blanks(&text);
	if (!take_number(&text, 2, &day))
		return false;
	skip_blanks(&text);
	if (!take_clock(&text, &h, &m, &s))
		return false;
	skip_blanks(&text);
	take_utc(&text);
	skip_blanks(&text);
	return take_number(&text, 4, &year) && text.n == 0 && moment_join(year, month, day, h, m, s, moment);
}

bool moment_parse_packed(struct span text, int64_t *moment)
{
	unsigned year, month, day, h, m, s;
	bool slashes;
	int64_t offset;

	text = span_trim(text);
	if (!take_number(&text, 4, &year))
		return false;
	slashes = take_char(&text, "/");
	if (!take_number(&text, 2, &month) || take_char(&text, "/") != slashes || !take_number(&text, 2, &day))
		return false;
	if (slashes ? !take_char(&text, " ") || !take_clock(&text, &h, &m, &s) :
		      (take_char(&text, "Tt"), text.n < 6 || !take_number(&text, 2, &h) || !take_number(&text, 2, &m) ||
				      !take_number(&text, 2, &s)))
		return false;
	if (!take_zone(&text, &offset) || text.n || !moment_join(year, month, day, h, m, s, moment))
		return false;
	*moment -= offset;
	return true;
}

bool moment_parse_any(struct span text, int64_t *moment)
{
	return moment_parse_mail(text, moment) || moment_parse_packed(text, moment) || moment_parse(text, moment) ||
	       moment_parse_asctime(text, moment);
}
