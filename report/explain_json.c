/* explain --json: one document, `dmarcgate-explain/1` of dmarcgate-json(5). What the text cuts off is here whole. */
#include "report/explain.h"

#include "report/explain_words.h"
#include "report/member_json.h"
#include "report/readiness_json.h"

#define ARENA_OCTETS ((size_t)1024 * 1024 * 1024)

static void document_begin(struct json *j, FILE *out, const struct assessment *a, const char *kind)
{
	json_begin(j, out);
	json_object(j);
	member_word(j, "schema", "dmarcgate-explain/1");
	member_word(j, "kind", kind);
	member_filled(j, "domain", a ? a->verdict->domain : SPAN_ABSENT);
	member_day(j, "first_day", a ? a->verdict->first_day : MOMENT_NONE);
	member_day(j, "last_day", a ? a->verdict->last_day : MOMENT_NONE);
}

static bool document_end(struct json *j)
{
	json_close(j, '}');
	json_newline(j);
	return json_done(j);
}

static void points_members(struct json *j, const unsigned points[SIDE_COUNT])
{
	for (int side = 0; side < SIDE_COUNT; side++)
		member_count(j, words_side((enum side)side), points[side]);
}

static void item_json(struct json *j, enum evidence_id id)
{
	const struct evidence_item *item = &evidence_items[id];

	json_object(j);
	member_word(j, "id", item->id);
	member_word(j, "why", item->why);
	points_members(j, (const unsigned[SIDE_COUNT]){ item->points[SIDE_OWN], item->points[SIDE_FORWARD],
				  item->points[SIDE_FORGED] });
	json_close(j, '}');
}

/* ---- sources */

static void path_class_members(struct json *j, const struct verdict *v, const struct path *path)
{
	bool fails = path_kind_fails(path->kind);

	member_word(j, "class", fate_word(path->fate));
	member_word(j, "subclass", subclass_word(path->subclass));
	member_word(j, "confidence", fails ? confidence_word(path->class.confidence) : NULL);
	if (fails) {
		member_object(j, "points");
		points_members(j, path->class.points);
		json_close(j, '}');
	} else {
		member_null(j, "points");
	}
	member_array(j, "evidence");
	for (size_t i = 0; fails && i < path->class.items_n; i++)
		item_json(j, path->class.items[i]);
	json_close(j, ']');
	member_filled(j, "selector", path->key);
	member_filled(j, "began_at", path->origin == NO_INDEX ? SPAN_ABSENT : v->sources[path->origin].id);
	member_filled(j, "mark_as",
		path->sender == NO_INDEX ? v->sources[path->source].id : v->senders[path->sender].mark);
}

static void path_json(struct json *j, const struct verdict *v, const struct path *path)
{
	json_object(j);
	member_filled(j, "header_from", path->header_from);
	member_word(j, "path", path_kind_word(path->kind));
	member_bool(j, "passes", !path_kind_fails(path->kind));
	path_class_members(j, v, path);
	member_count(j, "messages", path->messages);
	member_count(j, "dkim_ok", path->dkim_ok);
	member_count(j, "spf_ok", path->spf_ok);
	member_count(j, "spared", path->spared);
	member_count(j, "addresses", path->addresses);
	member_count(j, "reporters", path->reporters);
	member_bool(j, "corroborated", path->corroborated);
	member_bool(j, "rose", path->rose);
	member_array(j, "weeks");
	for (unsigned i = 0; i < v->weeks_n && i < WEEKS_MOST; i++)
		json_count(j, path->weeks[i]);
	json_close(j, ']');
	member_day(j, "first_day", path->days_n ? path->first_day : MOMENT_NONE);
	member_day(j, "last_day", path->days_n ? path->last_day : MOMENT_NONE);
	json_close(j, '}');
}

static void results_members(struct json *j, const struct detail *d)
{
	member_array(j, "results");
	for (size_t i = 0; i < d->results_n; i++) {
		const struct seen_result *r = &d->results[i];

		json_object(j);
		member_word(j, "method", r->what == SEEN_SPF ? "spf" : "dkim");
		member_filled(j, "domain", r->domain);
		member_filled(j, "selector", r->selector);
		member_word(j, "result", result_word(r->result));
		member_bool(j, "aligned", r->aligned);
		member_count(j, "messages", r->messages);
		json_close(j, '}');
	}
	json_close(j, ']');
	member_count(j, "results_left_out", d->more_results);
}

static void address_member(struct json *j, const struct observed_source *source)
{
	char text[ADDRESS_TEXT];

	member_filled(j, "ip_address",
		source->has_address ? span_of(address_format(&source->address, text)) : source->text);
}

static void addresses_members(struct json *j, const struct assessment *a, const struct detail *d)
{
	static const char *const states[HOST_STATE_COUNT] = { NULL, "none", "unconfirmed", "confirmed" };

	member_array(j, "addresses");
	for (size_t i = 0; i < d->addresses_n; i++) {
		const struct observed_source *source = &a->rows->sources[d->addresses[i].source];

		json_object(j);
		address_member(j, source);
		member_filled(j, "host", source->host.name);
		member_word(j, "host_state", states[source->host_state]);
		member_filled(j, "as_org", source->as_org);
		member_word(j, "country", source->country);
		member_count(j, "messages", d->addresses[i].messages);
		member_count(j, "fail", d->addresses[i].fails);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void report_members(struct json *j, const struct assessment *a, uint32_t report)
{
	const struct observed_report *r = &a->rows->reports[report];
	const struct judged_report *judged = &a->verdict->reports[report];

	member_filled(j, "report_id", r->report_id);
	member_filled(j, "org_name", r->org_name);
	member_day(j, "first_day", judged->first_day);
	member_day(j, "last_day", judged->last_day);
	member_count(j, "trust", judged->trust);
	member_word(j, "standing", standing_word(a->verdict->reporters[judged->reporter].standing));
	member_word(j, "use", report_use_word(judged->use));
}

static void reports_members(struct json *j, const struct assessment *a, const struct detail *d)
{
	member_array(j, "reports");
	for (size_t i = 0; i < d->reports_n; i++) {
		json_object(j);
		report_members(j, a, d->reports[i].report);
		member_count(j, "messages", d->reports[i].messages);
		member_count(j, "fail", d->reports[i].fails);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void steps_members(struct json *j, const struct verdict *v, uint32_t source, struct span header_from)
{
	member_array(j, "steps");
	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *step = &v->steps[i];
		const struct sender *sender = step->sender == NO_INDEX ? NULL : &v->senders[step->sender];

		if (!sender || sender->source != source ||
			(header_from.p && !span_is(sender->header_from, header_from)))
			continue;
		json_object(j);
		member_count(j, "rank", step->rank);
		member_word(j, "kind", step_kind_word(step->kind));
		member_bool(j, "later", step->later);
		member_filled(j, "subject", step->subject);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static uint64_t samples_count(const struct assessment *a, const struct detail *d)
{
	const struct rows *rows = a->rows;
	uint64_t n = 0;

	for (size_t i = 0; i < rows->samples_n; i++)
		for (size_t k = 0; k < d->addresses_n; k++)
			n += rows->samples[i].source == d->addresses[k].source;
	return n;
}

static bool is_path_of(const struct path *path, uint32_t source, struct span header_from)
{
	return path->source == source && path->messages && path->pooled == NO_INDEX &&
	       (!header_from.p || span_is(path->header_from, header_from));
}

static void source_json(struct json *j, const struct assessment *a, uint32_t index, struct span header_from,
	const struct detail *d)
{
	const struct verdict *v = a->verdict;
	const struct named_source *source = &v->sources[index];

	json_object(j);
	member_filled(j, "source_id", source->id);
	member_filled(j, "source_name", source->name);
	member_word(j, "name_method", name_method_word(source->method));
	member_word(j, "kind", sender_kind_word(source->kind));
	member_filled(j, "header_from", header_from);
	member_count(j, "messages", d->messages);
	member_count(j, "fail", d->fails);
	member_count(j, "unsigned_by_you", d->unsigned_by_you);
	member_object(j, "failing");
	member_count(j, "delivered", d->delivered);
	member_count(j, "spam", d->spam);
	member_count(j, "refused", d->refused);
	member_count(j, "with_reason", d->reasons);
	json_close(j, '}');
	member_array(j, "paths");
	for (size_t i = 0; i < v->paths_n; i++)
		if (is_path_of(&v->paths[i], index, header_from))
			path_json(j, v, &v->paths[i]);
	json_close(j, ']');
	results_members(j, d);
	addresses_members(j, a, d);
	reports_members(j, a, d);
	member_count(j, "samples", samples_count(a, d));
	steps_members(j, v, index, header_from);
	json_close(j, '}');
}

bool explain_sources_json(
	FILE *out, const struct assessment *a, const uint32_t *sources, size_t n, struct span header_from)
{
	struct arena arena = ARENA(ARENA_OCTETS), scratch = ARENA(ARENA_OCTETS);
	struct detailer *detailer = detail_begin(a->rows, a->verdict, &arena);
	bool good = detailer != NULL;
	struct json j;

	document_begin(&j, out, a, "source");
	member_array(&j, "sources");
	for (size_t i = 0; good && i < n; i++) {
		struct detail d;

		good = detail_take(detailer, sources[i], header_from, &scratch, &d);
		if (good)
			source_json(&j, a, sources[i], header_from, &d);
		arena_clear(&scratch);
	}
	json_close(&j, ']');
	arena_release(&scratch);
	arena_release(&arena);
	return document_end(&j) && good;
}

/* ---- gates, evidence */

bool explain_gate_json(FILE *out, const struct assessment *a, unsigned number)
{
	const struct decision *d = &a->verdict->decision;
	struct json j;
	char id[8];

	snprintf(id, sizeof id, "G%u", number);
	document_begin(&j, out, a, "gate");
	member_word(&j, "target", target_word(a->verdict->target));
	member_word(&j, "id", id);
	member_word(&j, "name", gate_names[number]);
	member_word(&j, "condition", words_gate(number));
	member_word(&j, "why", words_gate_why(number));
	member_word(&j, "state", gate_state_word(words_gate_state(a->verdict, number)));
	member_array(&j, "gates");
	for (size_t i = 0; i < d->gates_n; i++)
		if (d->gates[i].number == number)
			gate_json(&j, &d->gates[i]);
	json_close(&j, ']');
	return document_end(&j);
}

bool explain_evidence_json(FILE *out, const struct assessment *a, enum evidence_id id)
{
	struct json j;

	document_begin(&j, out, a, "evidence");
	json_name(&j, "item");
	item_json(&j, id);
	member_array(&j, "found");
	for (size_t i = 0; a && i < a->verdict->paths_n; i++) {
		const struct path *path = &a->verdict->paths[i];

		if (!words_has_item(path, id))
			continue;
		json_object(&j);
		member_filled(&j, "source_id", a->verdict->sources[path->source].id);
		member_filled(&j, "header_from", path->header_from);
		member_word(&j, "class", fate_word(path->fate));
		member_word(&j, "subclass", subclass_word(path->subclass));
		member_count(&j, "messages", path->messages);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	return document_end(&j);
}

/* ---- reports */

static void record_json(struct json *j, const struct assessment *a, const struct observed_traffic *row)
{
	const struct observed_auth *auth = &a->rows->auths[row->auth];

	json_object(j);
	address_member(j, &a->rows->sources[row->source]);
	member_filled(j, "header_from", auth->header_from.name);
	member_count(j, "messages", row->count);
	member_bool(j, "dkim", auth->dkim_aligned);
	member_bool(j, "spf", auth->spf_aligned);
	member_word(j, "disposition", disposition_word(auth->disposition));
	json_close(j, '}');
}

static void report_json(struct json *j, const struct assessment *a, uint32_t report)
{
	const struct observed_report *r = &a->rows->reports[report];
	const struct judged_report *judged = &a->verdict->reports[report];

	json_object(j);
	report_members(j, a, report);
	member_filled(j, "about", r->domain);
	member_moment(j, "begin_date", r->begin);
	member_moment(j, "end_date", r->end);
	member_filled(j, "signer", r->author.name);
	member_bool(j, "sees_other_policy", judged->sees_other_policy);
	member_bool(j, "repaired", judged->undone);
	json_name(j, "policy");
	policy_json(j, r->has_policy ? &r->policy : NULL);
	member_array(j, "records");
	for (size_t i = 0; i < a->rows->traffic_n; i++)
		if (a->rows->traffic[i].report == report)
			record_json(j, a, &a->rows->traffic[i]);
	json_close(j, ']');
	json_close(j, '}');
}

bool explain_reports_json(FILE *out, const struct assessment *a, const uint32_t *reports, size_t n)
{
	struct json j;

	document_begin(&j, out, a, "report");
	member_array(&j, "reports");
	for (size_t i = 0; i < n; i++)
		report_json(&j, a, reports[i]);
	json_close(&j, ']');
	return document_end(&j);
}
