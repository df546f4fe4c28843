#include "report/member_json.h"

#include "base/moment.h"

void member_text(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

void member_word(struct json *j, const char *name, const char *word)
{
	member_text(j, name, word && *word ? span_of(word) : SPAN_ABSENT);
}

void member_count(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	json_count(j, n);
}

void member_bool(struct json *j, const char *name, bool yes)
{
	json_name(j, name);
	json_bool(j, yes);
}

void member_day(struct json *j, const char *name, int64_t day)
{
	char text[MOMENT_TEXT] = "";

	if (day != MOMENT_NONE)
		moment_format_day(day * DAY_SECONDS, text);
	member_word(j, name, text);
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
