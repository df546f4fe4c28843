#include "report/member_json.h"

#include "base/moment.h"

void member_text(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

void member_filled(struct json *j, const char *name, struct span text)
{
	member_text(j, name, text.n ? text : SPAN_ABSENT);
}

void member_word(struct json *j, const char *name, const char *word)
{
	member_text(j, name, word && *word ? span_of(word) : SPAN_ABSENT);
}

void member_number(struct json *j, const char *name, int64_t number)
{
	json_name(j, name);
	json_number(j, number);
}

void member_count(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	json_count(j, n);
}

void member_known(struct json *j, const char *name, uint64_t n)
{
	if (n)
		member_count(j, name, n);
	else
		member_null(j, name);
}

void member_share(struct json *j, const char *name, double share)
{
	json_name(j, name);
	json_share(j, share);
}

void member_bool(struct json *j, const char *name, bool yes)
{
	json_name(j, name);
	json_bool(j, yes);
}

void member_null(struct json *j, const char *name)
{
	json_name(j, name);
	json_null(j);
}

void member_day(struct json *j, const char *name, int64_t day)
{
	char text[MOMENT_TEXT] = "";

	if (day != MOMENT_NONE)
		moment_format_day(day * DAY_SECONDS, text);
	member_word(j, name, text);
}

void member_moment(struct json *j, const char *name, int64_t moment)
{
	char text[MOMENT_TEXT] = "";

	if (moment != MOMENT_NONE)
		moment_format(moment, text);
	member_word(j, name, text);
}

void member_seconds(struct json *j, const char *name, int64_t moment)
{
	if (moment == MOMENT_NONE)
		member_null(j, name);
	else
		member_number(j, name, moment);
}

void member_object(struct json *j, const char *name)
{
	json_name(j, name);
	json_object(j);
}

void member_array(struct json *j, const char *name)
{
	json_name(j, name);
	json_array(j);
}
