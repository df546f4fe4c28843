/* reports --format json: one document, `dmarcgate-reports/1` of dmarcgate-json(5). */
#include "base/json.h"
#include "report/reports.h"

#include <stdlib.h>

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

static void date_member(struct json *j, const char *name, int64_t moment)
{
	char text[MOMENT_TEXT] = "";

	if (moment != MOMENT_NONE)
		moment_format(moment, text);
	text_member(j, name, *text ? span_of(text) : SPAN_ABSENT);
}

static void count_member(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	json_count(j, n);
}

/* Members of a report, null for a mail that gave none, so that every row has the same shape. */
static void report_members(struct json *j, const struct stored_report *row)
{
	static const char *const names[] = { "id", "org_name", "domain", "report_id", "begin_date", "end_date",
		"records", "messages", "recovered" };

	if (row->broken) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			text_member(j, names[i], SPAN_ABSENT);
		return;
	}
	json_name(j, "id");
	json_number(j, row->id);
	text_member(j, "org_name", row->org_name);
	text_member(j, "domain", row->domain);
	text_member(j, "report_id", row->report_id);
	date_member(j, "begin_date", row->begin);
	date_member(j, "end_date", row->end);
	count_member(j, "records", row->records);
	count_member(j, "messages", row->messages);
	json_name(j, "recovered");
	json_bool(j, row->recovered);
}

static void proof_members(struct json *j, const struct stored_report *row)
{
	json_name(j, "trust");
	if (row->broken)
		json_null(j);
	else
		json_number(j, row->trust);
	text_member(j, "signer", row->signer);
	json_name(j, "repaired");
	if (row->broken)
		json_null(j);
	else
		json_bool(j, row->repaired);
}

static bool reports_json_take(void *self, const struct stored_report *row)
{
	struct json *j = self;

	json_object(j);
	report_members(j, row);
	text_member(j, "state", span_of(stored_report_word(row)));
	count_member(j, "problems", row->problems);
	text_member(j, "mail", row->mail);
	date_member(j, "arrived", row->arrived);
	text_member(j, "reason", row->broken ? row->reason : SPAN_ABSENT);
	proof_members(j, row);
	json_close(j, '}');
	return !j->failed && !ferror(j->out);
}

static bool reports_json_close(void *self)
{
	struct json *j = self;
	bool done;

	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j) && fflush(j->out) == 0;
	free(j);
	return done;
}

bool reports_json_open(struct reports_writer *writer, FILE *out)
{
	struct json *j = calloc(1, sizeof *j);

	if (!j)
		return false;
	json_begin(j, out);
	json_object(j);
	text_member(j, "schema", SPAN("dmarcgate-reports/1"));
	json_name(j, "reports");
	json_array(j);
	*writer = (struct reports_writer){ .self = j, .take = reports_json_take, .close = reports_json_close };
	return true;
}
