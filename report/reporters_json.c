/* reporters --format json: one document, `dmarcgate-reporters/1` (dmarcgate-json(5)). */
#include "report/member_json.h"
#include "report/reporters.h"

#include <stdlib.h>

static void trust_members(struct json *j, const struct listed_reporter *row)
{
	member_array(j, "reports_by_trust");
	for (enum trust trust = TRUST_0; trust <= TRUST_3; trust++)
		json_count(j, row->trusts[trust]);
	json_close(j, ']');
	member_object(j, "reports_by_use");
	for (enum report_use use = USE_COUNTED; use < USE_COUNT; use++)
		member_count(j, report_use_word(use), row->uses[use]);
	json_close(j, '}');
}

static void defect_members(struct json *j, const struct listed_reporter *row)
{
	member_array(j, "defects");
	for (size_t i = 0; i < row->defects_n; i++) {
		const struct defect *d = &row->defects[i];

		json_object(j);
		member_text(j, "where", d->where);
		member_text(j, "what", d->what);
		member_count(j, "times", d->times);
		member_count(j, "reports", d->reports);
		member_text(j, "example", d->example);
		member_word(j, "rule", defect_rule(d));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void row_json(struct json *j, const struct listed_reporter *row)
{
	const struct reporter *r = row->reporter;

	json_object(j);
	member_text(j, "identity", r->identity);
	member_text(j, "name", r->name);
	member_text(j, "email", row->email);
	member_word(j, "standing", standing_word(r->standing));
	member_count(j, "messages", r->messages);
	member_count(j, "days", row->days);
	member_count(j, "reports", row->reports);
	trust_members(j, row);
	member_count(j, "judged", r->judged);
	member_count(j, "disagreements", r->disagreements);
	member_count(j, "failing_enforced", r->failing);
	member_count(j, "honoured", r->honoured);
	member_count(j, "spared", r->spared);
	member_bool(j, "quiet", r->quiet);
	member_day(j, "first_day", r->first_day);
	member_day(j, "last_day", r->last_day);
	defect_members(j, row);
	json_close(j, '}');
}

static bool reporters_domain(void *self, const struct assessment *assessment, const struct problem_list *problems)
{
	const struct verdict *v = assessment->verdict;
	struct reporter_list list;
	struct json *j = self;
	bool made = reporter_list_make(assessment, problems, &list);

	json_object(j);
	member_text(j, "domain", v->domain);
	member_day(j, "first_day", v->first_day);
	member_day(j, "last_day", v->last_day);
	member_count(j, "days", v->window);
	member_count(j, "days_covered", v->days_covered);
	member_array(j, "reporters");
	for (size_t i = 0; made && i < list.n; i++)
		row_json(j, &list.rows[i]);
	json_close(j, ']');
	json_close(j, '}');
	reporter_list_release(&list);
	return made && !j->failed && !ferror(j->out);
}

static bool reporters_close(void *self)
{
	struct json *j = self;
	bool done;

	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j);
	free(j);
	return done;
}

bool reporters_json_open(struct reporters_writer *writer, FILE *out)
{
	struct json *j = calloc(1, sizeof *j);

	if (!j)
		return false;
	json_begin(j, out);
	json_object(j);
	member_word(j, "schema", "dmarcgate-reporters/1");
	member_array(j, "domains");
	*writer = (struct reporters_writer){ j, reporters_domain, reporters_close };
	return true;
}
