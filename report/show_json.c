/* show --json: one object per input, one line each. Records are written as they come. */
#include "report/facts_json.h"
#include "report/member_json.h"
#include "report/show.h"

#include <stdlib.h>

enum section { SECTION_NONE, SECTION_REPORTS, SECTION_FAILURES, SECTION_PROBLEMS, SECTION_COUNT };

static const char *const section_names[SECTION_COUNT] = {
	[SECTION_REPORTS] = "reports",
	[SECTION_FAILURES] = "failures",
	[SECTION_PROBLEMS] = "problems",
};

struct show_json {
	struct json json;
	struct report_json report;
	enum section section;
	bool outcome_known;
};

static bool show_is_well(const struct show_json *show)
{
	return !show->json.failed && !ferror(show->json.out);
}

static void outcome_put(struct show_json *show, enum outcome outcome)
{
	if (show->outcome_known)
		return;
	member_text(&show->json, "outcome", span_of(outcome_word(outcome)));
	show->outcome_known = true;
}

/* Every list is written, also the empty ones between and behind those that have something. */
static void section_enter(struct show_json *show, enum section section)
{
	outcome_put(show, OUTCOME_BROKEN);
	if (section < show->section || show->report.open)
		show->json.failed = true;
	while (show->section < section) {
		if (show->section != SECTION_NONE)
			json_close(&show->json, ']');
		show->section++;
		member_array(&show->json, section_names[show->section]);
	}
}

static bool show_json_begin(void *self, struct span file)
{
	struct show_json *show = self;

	show->section = SECTION_NONE;
	show->outcome_known = false;
	json_object(&show->json);
	member_text(&show->json, "file", file);
	return show_is_well(show);
}

static bool show_json_take(void *self, const struct fact *fact)
{
	struct show_json *show = self;

	switch (fact->kind) {
	case FACT_BEGIN:
		outcome_put(show, fact->begin.outcome);
		break;
	case FACT_VERIFICATION: /* `verify` and `samples` show signatures; `show` is about reports */
		break;
	case FACT_REPORT:
		section_enter(show, SECTION_REPORTS);
		report_json_begin(&show->json, &show->report, &fact->report);
		break;
	case FACT_RECORD:
	case FACT_REPORT_END:
		if (!show->report.open)
			return false;
		if (fact->kind == FACT_RECORD)
			report_json_record(&show->json, &show->report, &fact->record);
		else
			report_json_end(&show->json, &show->report);
		break;
	case FACT_FAILURE:
		section_enter(show, SECTION_FAILURES);
		failure_json(&show->json, &fact->failure);
		break;
	case FACT_PROBLEM:
		section_enter(show, SECTION_PROBLEMS);
		problem_json(&show->json, &fact->problem);
		break;
	case FACT_OCTETS:
	case FACT_END:
	case FACT_COUNT:
		break;
	}
	return show_is_well(show);
}

static bool show_json_end(void *self)
{
	struct show_json *show = self;

	section_enter(show, SECTION_PROBLEMS);
	json_close(&show->json, ']');
	json_close(&show->json, '}');
	json_newline(&show->json);
	return show_is_well(show);
}

static bool show_json_close(void *self)
{
	struct show_json *show = self;
	bool done = json_done(&show->json);

	report_json_release(&show->report);
	free(show);
	return done;
}

bool show_json_open(struct show_writer *writer, FILE *out)
{
	struct show_json *show = calloc(1, sizeof *show);

	if (!show)
		return false;
	json_begin(&show->json, out);
	*writer = (struct show_writer){
		.self = show,
		.begin = show_json_begin,
		.take = show_json_take,
		.end = show_json_end,
		.close = show_json_close,
	};
	return true;
}
