/* selectors --format json: one document, `dmarcgate-selectors/1`. */
#include "report/member_json.h"
#include "report/selectors.h"

static void key_json(struct json *j, const struct selector_line *line)
{
	member_object(j, "key");
	member_text(j, "state", span_of(selector_key_word(line->key)));
	member_text(j, "type", *line->key_type ? span_of(line->key_type) : SPAN_ABSENT);
	member_known(j, "bits", line->key_bits);
	member_bool(j, "testing", line->key_testing);
	member_moment(j, "seen", line->key_seen);
	json_close(j, '}');
}

static void line_json(struct json *j, const struct selector_line *line)
{
	json_object(j);
	member_text(j, "selector", line->selector);
	member_text(j, "domain", line->domain);
	member_bool(j, "listed", line->listed);
	member_text(j, "home", line->home);
	member_bool(j, "home_own", line->home_own);
	member_bool(j, "shared", line->shared);
	member_count(j, "valid", line->valid);
	member_count(j, "broken", line->broken);
	member_day(j, "first_day", line->first_day);
	member_day(j, "last_day", line->last_day);
	member_count(j, "checked_valid", line->checked_valid);
	member_count(j, "checked_broken", line->checked_broken);
	member_day(j, "checked_day", line->checked_day);
	key_json(j, line);
	member_array(j, "flags");
	for (enum selector_flag flag = 0; flag < SELECTOR_FLAG_COUNT; flag++)
		if (line->flags & 1u << flag)
			json_text(j, span_of(selector_flag_word(flag)));
	json_close(j, ']');
	json_close(j, '}');
}

bool selectors_json(FILE *out, const struct selectors_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_text(&j, "schema", SPAN("dmarcgate-selectors/1"));
	member_text(&j, "domain", page->domain);
	member_day(&j, "first_day", page->first_day);
	member_day(&j, "last_day", page->last_day);
	member_array(&j, "selectors");
	for (size_t i = 0; i < page->n; i++)
		line_json(&j, &page->lines[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
