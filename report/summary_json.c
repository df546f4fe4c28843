/* summary --format json: one document, `dmarcgate-summary/1` of dmarcgate-json(5). */
#include "report/member_json.h"
#include "report/summary.h"

#include <stdlib.h>

enum list { LIST_NONE, LIST_SOURCES, LIST_REPORTERS };

struct summary_json {
	struct json json;
	struct summary_head head;
	bool open; /* a domain's object is */
	bool found;
	enum list list;
};

static void counts_members(struct json *j, const struct counts *c)
{
	member_count(j, "messages", c->messages);
	member_count(j, "dkim_aligned", c->dkim);
	member_count(j, "spf_aligned", c->spf);
	member_count(j, "both", c->both);
	member_count(j, "neither", counts_neither(c));
	member_count(j, "spared", c->spared);
	member_object(j, "dispositions");
	member_count(j, "none", c->none);
	member_count(j, "quarantine", c->quarantine);
	member_count(j, "reject", c->reject);
	member_count(j, "other", c->other);
	json_close(j, '}');
}

static void list_enter(struct summary_json *summary, enum list list)
{
	while (summary->list < list) {
		if (summary->list != LIST_NONE)
			json_close(&summary->json, ']');
		summary->list++;
		member_array(&summary->json, summary->list == LIST_SOURCES ? "by_source" : "by_reporter");
	}
}

static void domain_close(struct summary_json *summary)
{
	if (!summary->open)
		return;
	if (summary->head.domain) {
		list_enter(summary, LIST_REPORTERS);
		json_close(&summary->json, ']');
	}
	json_close(&summary->json, '}');
	summary->open = false;
	summary->list = LIST_NONE;
}

static bool summary_is_well(const struct summary_json *summary)
{
	return !summary->json.failed && !ferror(summary->json.out);
}

static bool summary_domain(void *self, const struct domain_row *row)
{
	struct summary_json *summary = self;
	struct json *j = &summary->json;

	if (!summary_wants(&summary->head, row->domain) || (summary->head.domain && summary->found))
		return true;
	domain_close(summary);
	summary->open = summary->found = true;
	json_object(j);
	member_text(j, "domain", row->domain);
	counts_members(j, &row->counts);
	member_object(j, "would_be_caught");
	member_count(j, "quarantine", counts_neither(&row->counts));
	member_count(j, "reject", counts_neither(&row->counts));
	json_close(j, '}');
	member_object(j, "policy_seen");
	member_text(j, "p", row->p);
	member_text(j, "sp", row->sp);
	member_text(j, "np", row->np);
	member_text(j, "pct", row->pct);
	json_close(j, '}');
	member_count(j, "reports", row->reports);
	member_count(j, "reporters", row->reporters);
	member_count(j, "failures", row->failures);
	member_count(j, "days_covered", row->days);
	member_moment(j, "begin_date", row->begin);
	member_moment(j, "end_date", row->end);
	return summary_is_well(summary);
}

static bool summary_source(void *self, const struct source_row *row)
{
	struct summary_json *summary = self;
	struct json *j = &summary->json;

	if (!summary->open || !summary->head.domain)
		return true;
	if (summary->list == LIST_REPORTERS)
		return false;
	list_enter(summary, LIST_SOURCES);
	json_object(j);
	member_text(j, "ip_address", row->source);
	counts_members(j, &row->counts);
	member_text(j, "dkim_domain", row->dkim_domain);
	member_text(j, "dkim_selector", row->dkim_selector);
	member_text(j, "spf_domain", row->spf_domain);
	member_count(j, "reporters", row->reporters);
	member_day(j, "first_day", row->first_day);
	member_day(j, "last_day", row->last_day);
	json_close(j, '}');
	return summary_is_well(summary);
}

static bool summary_reporter(void *self, const struct reporter_row *row)
{
	struct summary_json *summary = self;
	struct json *j = &summary->json;

	if (!summary->open || !summary->head.domain)
		return true;
	list_enter(summary, LIST_REPORTERS);
	json_object(j);
	member_text(j, "org_name", row->org_name);
	member_count(j, "messages", row->messages);
	member_count(j, "reports", row->reports);
	member_count(j, "days_covered", row->days);
	member_count(j, "problems", row->problems);
	member_moment(j, "begin_date", row->begin);
	member_moment(j, "end_date", row->end);
	json_close(j, '}');
	return summary_is_well(summary);
}

static bool summary_found(const void *self)
{
	const struct summary_json *summary = self;

	return summary->found;
}

static bool summary_json_close(void *self)
{
	struct summary_json *summary = self;
	struct json *j = &summary->json;
	bool done;

	domain_close(summary);
	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j);
	free(summary);
	return done;
}

bool summary_json_open(struct summary_writer *writer, FILE *out, const struct summary_head *head)
{
	struct summary_json *summary = calloc(1, sizeof *summary);
	struct json *j;

	if (!summary)
		return false;
	summary->head = *head;
	j = &summary->json;
	json_begin(j, out);
	json_object(j);
	member_text(j, "schema", SPAN("dmarcgate-summary/1"));
	member_object(j, "window");
	member_day(j, "first_day", head->window.first_day);
	member_day(j, "last_day", head->window.last_day);
	member_number(j, "days", head->window.last_day - head->window.first_day + 1);
	json_close(j, '}');
	member_array(j, "domains");
	*writer = (struct summary_writer){
		.self = summary,
		.domain = summary_domain,
		.source = summary_source,
		.reporter = summary_reporter,
		.found = summary_found,
		.close = summary_json_close,
	};
	return true;
}
