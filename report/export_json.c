/* export --json: JSON lines, one report or failure report each. */
#include "report/export.h"
#include "report/member_json.h"
#include "report/facts_json.h"

#include <stdlib.h>

struct export_json {
	struct json json;
	struct report_json report;
	enum export_rows rows;
};

static void line_begin(struct json *j, bool failure)
{
	json_object(j);
	member_array(j, "reports");
	if (!failure)
		return;
	json_close(j, ']');
	member_array(j, "failures");
}

static void line_end(struct json *j, bool failure)
{
	json_close(j, ']');
	if (!failure) {
		member_array(j, "failures");
		json_close(j, ']');
	}
	json_close(j, '}');
	json_newline(j);
}

static bool export_json_take(void *self, const struct fact *fact)
{
	struct export_json *export = self;
	struct json *j = &export->json;

	if (export->rows == EXPORT_FAILURES && fact->kind != FACT_FAILURE)
		return true;
	switch (fact->kind) {
	case FACT_REPORT:
		if (export->report.open)
			return false;
		line_begin(j, false);
		report_json_begin(j, &export->report, &fact->report);
		break;
	case FACT_RECORD:
		if (!export->report.open)
			return false;
		report_json_record(j, &export->report, &fact->record);
		break;
	case FACT_REPORT_END:
		if (!export->report.open)
			return false;
		report_json_end(j, &export->report);
		line_end(j, false);
		break;
	case FACT_FAILURE:
		if (export->report.open)
			return false;
		line_begin(j, true);
		failure_json(j, &fact->failure);
		line_end(j, true);
		break;
	default:
		break;
	}
	return !j->failed && !ferror(j->out);
}

static bool export_json_close(void *self)
{
	struct export_json *export = self;
	bool done = !export->report.open;

	done = json_done(&export->json) && done;
	report_json_release(&export->report);
	free(export);
	return done;
}

bool export_json_open(struct export_writer *writer, FILE *out, enum export_rows rows)
{
	struct export_json *export = calloc(1, sizeof *export);

	if (!export)
		return false;
	json_begin(&export->json, out);
	export->rows = rows;
	*writer = (struct export_writer){ .self = export, .take = export_json_take, .close = export_json_close };
	return true;
}
