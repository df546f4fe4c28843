/* selectors --format json: one document, `dmarcgate-selectors/1`. */
#include "base/json.h"
#include "report/selectors.h"

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

static void count_member(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	json_count(j, n);
}

static void bool_member(struct json *j, const char *name, bool yes)
{
	json_name(j, name);
	json_bool(j, yes);
}

static struct span day_of(int64_t day, char text[MOMENT_TEXT])
{
	return day == MOMENT_NONE ? SPAN_ABSENT : span_of(moment_format_day(day * DAY_SECONDS, text));
}

static struct span moment_of(int64_t moment, char text[MOMENT_TEXT])
{
	return moment == MOMENT_NONE ? SPAN_ABSENT : span_of(moment_format(moment, text));
}

static void key_json(struct json *j, const struct selector_line *line)
{
	char text[MOMENT_TEXT];

	json_name(j, "key");
	json_object(j);
	text_member(j, "state", span_of(selector_key_word(line->key)));
	text_member(j, "type", *line->key_type ? span_of(line->key_type) : SPAN_ABSENT);
	json_name(j, "bits");
	if (line->key_bits)
		json_count(j, line->key_bits);
	else
		json_null(j);
	bool_member(j, "testing", line->key_testing);
	text_member(j, "seen", moment_of(line->key_seen, text));
	json_close(j, '}');
}

static void line_json(struct json *j, const struct selector_line *line)
{
	char text[MOMENT_TEXT];

	json_object(j);
	text_member(j, "selector", line->selector);
	text_member(j, "domain", line->domain);
	bool_member(j, "listed", line->listed);
	text_member(j, "home", line->home);
	bool_member(j, "home_own", line->home_own);
	bool_member(j, "shared", line->shared);
	count_member(j, "valid", line->valid);
	count_member(j, "broken", line->broken);
	text_member(j, "first_day", day_of(line->first_day, text));
	text_member(j, "last_day", day_of(line->last_day, text));
	count_member(j, "checked_valid", line->checked_valid);
	count_member(j, "checked_broken", line->checked_broken);
	text_member(j, "checked_day", day_of(line->checked_day, text));
	key_json(j, line);
	json_name(j, "flags");
	json_array(j);
	for (enum selector_flag flag = 0; flag < SELECTOR_FLAG_COUNT; flag++)
		if (line->flags & 1u << flag)
			json_text(j, span_of(selector_flag_word(flag)));
	json_close(j, ']');
	json_close(j, '}');
}

bool selectors_json(FILE *out, const struct selectors_page *page)
{
	char text[MOMENT_TEXT];
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	text_member(&j, "schema", SPAN("dmarcgate-selectors/1"));
	text_member(&j, "domain", page->domain);
	text_member(&j, "first_day", day_of(page->first_day, text));
	text_member(&j, "last_day", day_of(page->last_day, text));
	json_name(&j, "selectors");
	json_array(&j);
	for (size_t i = 0; i < page->n; i++)
		line_json(&j, &page->lines[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j) && fflush(out) == 0;
}
