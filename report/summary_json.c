/* summary --format json: one document, `dmarcgate-summary/1` of dmarcgate-json(5). */
#include "base/json.h"
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

static void day_member(struct json *j, const char *name, int64_t day)
{
	char text[MOMENT_TEXT];

	text_member(j, name, span_of(moment_format_day(day * DAY_SECONDS, text)));
}

static void date_member(struct json *j, const char *name, int64_t moment)
{
	char text[MOMENT_TEXT];

	text_member(j, name, moment == MOMENT_NONE ? SPAN_ABSENT : span_of(moment_format(moment, text)));
}

static void counts_members(struct json *j, const struct counts *c)
{
	count_member(j, "messages", c->messages);
	count_member(j, "dkim_aligned", c->dkim);
	count_member(j, "spf_aligned", c->spf);
	count_member(j, "both", c->both);
	count_member(j, "neither", counts_neither(c));
	count_member(j, "spared", c->spared);
	json_name(j, "dispositions");
	json_object(j);
	count_member(j, "none", c->none);
	count_member(j, "quarantine", c->quarantine);
	count_member(j, "reject", c->reject);
	count_member(j, "other", c->other);
	json_close(j, '}');
}

static void list_enter(struct summary_json *summary, enum list list)
{
	while (summary->list < list) {
		if (summary->list != LIST_NONE)
			json_close(&summary->json, ']');
		summary->list++;
		json_name(&summary->json, summary->list == LIST_SOURCES ? "by_source" : "by_reporter");
		json_array(&summary->json);
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
	text_member(j, "domain", row->domain);
	counts_members(j, &row->counts);
	json_name(j, "would_be_caught");
	json_object(j);
	count_member(j, "quarantine", counts_neither(&row->counts));
	count_member(j, "reject", counts_neither(&row->counts));
	json_close(j, '}');
	json_name(j, "policy_seen");
	json_object(j);
	text_member(j, "p", row->p);
	text_member(j, "sp", row->sp);
	text_member(j, "np", row->np);
	text_member(j, "pct", row->pct);
	json_close(j, '}');
	count_member(j, "reports", row->reports);
	count_member(j, "reporters", row->reporters);
	count_member(j, "failures", row->failures);
	count_member(j, "days_covered", row->days);
	date_member(j, "begin_date", row->begin);
	date_member(j, "end_date", row->end);
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
	text_member(j, "ip_address", row->source);
	counts_members(j, &row->counts);
	text_member(j, "dkim_domain", row->dkim_domain);
	text_member(j, "dkim_selector", row->dkim_selector);
	text_member(j, "spf_domain", row->spf_domain);
	count_member(j, "reporters", row->reporters);
	day_member(j, "first_day", row->first_day);
	day_member(j, "last_day", row->last_day);
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
	text_member(j, "org_name", row->org_name);
	count_member(j, "messages", row->messages);
	count_member(j, "reports", row->reports);
	count_member(j, "days_covered", row->days);
	count_member(j, "problems", row->problems);
	date_member(j, "begin_date", row->begin);
	date_member(j, "end_date", row->end);
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
	done = json_done(j) && fflush(j->out) == 0;
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
	text_member(j, "schema", SPAN("dmarcgate-summary/1"));
	json_name(j, "window");
	json_object(j);
	day_member(j, "first_day", head->window.first_day);
	day_member(j, "last_day", head->window.last_day);
	json_name(j, "days");
	json_number(j, head->window.last_day - head->window.first_day + 1);
	json_close(j, '}');
	json_name(j, "domains");
	json_array(j);
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
