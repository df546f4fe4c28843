#include "base/json.h"
#include "report/doctor.h"

static void text_put(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_text(j, text ? span_of(text) : SPAN_ABSENT);
}

bool doctor_json(FILE *out, const struct doctor_check *checks, size_t n)
{
	enum doctor_state worst = DOCTOR_GOOD;
	struct json j;

	for (size_t i = 0; i < n; i++)
		worst = checks[i].state > worst ? checks[i].state : worst;
	json_begin(&j, out);
	json_object(&j);
	text_put(&j, "schema", "dmarcgate-doctor/1");
	text_put(&j, "state", doctor_words[worst]);
	json_name(&j, "checks");
	json_array(&j);
	for (size_t i = 0; i < n; i++) {
		json_object(&j);
		text_put(&j, "check", checks[i].name);
		text_put(&j, "subject", *checks[i].subject ? checks[i].subject : NULL);
		text_put(&j, "state", doctor_words[checks[i].state]);
		text_put(&j, "text", checks[i].text);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
