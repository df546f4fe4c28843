/* reports --format json: one document, `dmarcgate-reports/1` of dmarcgate-json(5). */
#include "report/member_json.h"
#include "report/reports.h"

#include <stdlib.h>

struct reports_json {
	struct json json;
	const struct uncounted_list *only;
};

/* Members of a report, null for a mail that gave none, so that every row has the same shape. */
static void report_members(struct json *j, const struct stored_report *row)
{
	static const char *const names[] = { "id", "org_name", "domain", "report_id", "begin_date", "end_date",
		"records", "messages", "recovered" };

	if (row->broken) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			member_null(j, names[i]);
		return;
	}
	member_number(j, "id", row->id);
	member_text(j, "org_name", row->org_name);
	member_text(j, "domain", row->domain);
	member_text(j, "report_id", row->report_id);
	member_moment(j, "begin_date", row->begin);
	member_moment(j, "end_date", row->end);
	member_count(j, "records", row->records);
	member_count(j, "messages", row->messages);
	member_bool(j, "recovered", row->recovered);
}

static void proof_members(struct json *j, const struct stored_report *row)
{
	json_name(j, "trust");
	if (row->broken)
		json_null(j);
	else
		json_number(j, row->trust);
	member_text(j, "signer", row->signer);
	json_name(j, "repaired");
	if (row->broken)
		json_null(j);
	else
		json_bool(j, row->repaired);
}

static bool reports_json_take(void *self, const struct stored_report *row)
{
	struct reports_json *list = self;
	struct json *j = &list->json;
	enum report_use use;

	if (!stored_report_is_shown(row, list->only, &use))
		return true;
	json_object(j);
	report_members(j, row);
	member_text(j, "state", span_of(stored_report_word(row)));
	member_count(j, "problems", row->problems);
	member_text(j, "mail", row->mail);
	member_moment(j, "arrived", row->arrived);
	member_text(j, "reason", row->broken ? row->reason : SPAN_ABSENT);
	proof_members(j, row);
	if (list->only)
		member_word(j, "not_counted", report_use_word(use));
	json_close(j, '}');
	return !j->failed && !ferror(j->out);
}

static bool reports_json_close(void *self)
{
	struct reports_json *list = self;
	struct json *j = &list->json;
	bool done;

	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j);
	free(list);
	return done;
}

bool reports_json_open(struct reports_writer *writer, FILE *out, const struct uncounted_list *only)
{
	struct reports_json *list = calloc(1, sizeof *list);
	struct json *j;

	if (!list)
		return false;
	list->only = only;
	j = &list->json;
	json_begin(j, out);
	json_object(j);
	member_text(j, "schema", SPAN("dmarcgate-reports/1"));
	member_array(j, "reports");
	*writer = (struct reports_writer){ .self = list, .take = reports_json_take, .close = reports_json_close };
	return true;
}
