#include "report/facts_json.h"
#include "report/member_json.h"
#include "base/moment.h"
#include "report/facts.h"

#define NAMESPACE_OCTETS ((size_t)1024 * 1024)

static void metadata_json(struct json *j, const struct report *report)
{
	json_object(j);
	member_text(j, "org_name", report->org_name);
	member_text(j, "org_email", report->org_email);
	member_text(j, "org_extra_contact_info", report->org_extra_contact_info);
	member_text(j, "report_id", report->report_id);
	member_seconds(j, "begin", report->begin);
	member_seconds(j, "end", report->end);
	member_moment(j, "begin_date", report->begin);
	member_moment(j, "end_date", report->end);
	member_array(j, "errors");
	for (size_t i = 0; i < report->errors_n; i++)
		json_text(j, report->errors[i]);
	json_close(j, ']');
	member_text(j, "generator", report->generator);
	json_close(j, '}');
}

static void policy_json(struct json *j, const struct report *report)
{
	const struct {
		const char *name;
		struct span text;
	} members[] = {
		{ "domain", report->domain },
		{ "p", report->p },
		{ "sp", report->sp },
		{ "np", report->np },
		{ "adkim", report->adkim },
		{ "aspf", report->aspf },
		{ "pct", report->pct },
		{ "fo", report->fo },
		{ "testing", report->testing },
		{ "discovery_method", report->discovery_method },
	};

	json_object(j);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		member_text(j, members[i].name, members[i].text);
	json_close(j, '}');
}

void report_json_begin(struct json *j, struct report_json *state, const struct report *report)
{
	state->open = true;
	state->modes = report_modes(report);
	state->namespace.max = NAMESPACE_OCTETS;
	buf_clear(&state->namespace);
	buf_put_span(&state->namespace, report->namespace);
	state->has_namespace = report->namespace.p != NULL;
	state->recovered = report->recovered;
	state->uncounted = report->uncounted;
	if (state->namespace.failed)
		j->failed = true;

	json_object(j);
	json_name(j, "report_metadata");
	metadata_json(j, report);
	member_text(j, "xml_schema", report_schema(report));
	json_name(j, "policy_published");
	policy_json(j, report);
	member_array(j, "records");
}

void report_json_end(struct json *j, struct report_json *state)
{
	json_close(j, ']');
	member_text(j, "xml_namespace", state->has_namespace ? buf_span(&state->namespace) : SPAN_ABSENT);
	member_bool(j, "recovered", state->recovered);
	if (state->uncounted)
		member_count(j, "records_uncounted", state->uncounted);
	json_close(j, '}');
	state->open = false;
}

void report_json_release(struct report_json *state)
{
	buf_release(&state->namespace);
}

static void source_json(struct json *j, struct span address)
{
	json_object(j);
	member_text(j, "ip_address", address);
	json_close(j, '}');
}

static void evaluated_json(struct json *j, const struct record *record)
{
	json_object(j);
	member_text(j, "disposition", record->disposition);
	member_text(j, "dkim", record->dkim);
	member_text(j, "spf", record->spf);
	member_array(j, "policy_override_reasons");
	for (size_t i = 0; i < record->reasons_n; i++) {
		json_object(j);
		member_text(j, "type", record->reasons[i].type);
		member_text(j, "comment", record->reasons[i].comment);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void results_json(struct json *j, const struct auth_result *results, size_t n, const char *key)
{
	json_array(j);
	for (size_t i = 0; i < n; i++) {
		const struct auth_result *result = &results[i];
		struct span means = span_of(result_word(result_of(result->result)));

		json_object(j);
		member_text(j, "domain", result->domain);
		member_text(j, key, result->key);
		member_text(j, "result", result->result);
		member_text(j, "human_result", result->human_result);
		if (result->result.n && !span_is_nocase(result->result, means))
			member_text(j, "means", means);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void disagreements_json(struct json *j, unsigned disagrees)
{
	if (!disagrees)
		return;
	member_array(j, "disagrees");
	if (disagrees & DISAGREES_DKIM)
		json_text(j, SPAN("dkim"));
	if (disagrees & DISAGREES_SPF)
		json_text(j, SPAN("spf"));
	json_close(j, ']');
}

void report_json_record(struct json *j, const struct report_json *state, const struct record *record)
{
	bool dkim = record_dkim_aligned(record, &state->modes), spf = record_spf_aligned(record, &state->modes);
	char address[ADDRESS_TEXT];

	json_object(j);
	json_name(j, "source");
	source_json(j, record_source(record, address));
	member_count(j, "count", record->count);
	member_object(j, "alignment");
	member_bool(j, "spf", spf);
	member_bool(j, "dkim", dkim);
	member_bool(j, "dmarc", dkim || spf);
	json_close(j, '}');
	json_name(j, "policy_evaluated");
	evaluated_json(j, record);
	member_object(j, "identifiers");
	member_text(j, "header_from", record->header_from);
	member_text(j, "envelope_from", record->envelope_from);
	member_text(j, "envelope_to", record->envelope_to);
	json_close(j, '}');
	member_object(j, "auth_results");
	json_name(j, "dkim");
	results_json(j, record->dkim_results, record->dkim_n, "selector");
	json_name(j, "spf");
	results_json(j, record->spf_results, record->spf_n, "scope");
	json_close(j, '}');
	disagreements_json(j, record_disagrees(record, &state->modes));
	json_close(j, '}');
}

/* null, the value, or the values of a name that came several times. */
static void field_values(struct json *j, const struct failure *failure, struct span name)
{
	const struct field *first = NULL;
	bool several = false;

	for (size_t i = 0; i < failure->fields_n; i++) {
		const struct field *field = &failure->fields[i];

		if (!span_is(field->name, name))
			continue;
		if (first && !several) {
			several = true;
			json_array(j);
			json_text(j, first->value);
		}
		if (several)
			json_text(j, field->value);
		first = first ? first : field;
	}
	if (several)
		json_close(j, ']');
	else
		json_text(j, first ? first->value : SPAN_ABSENT);
}

static bool field_is_first(const struct failure *failure, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (span_is(failure->fields[i].name, failure->fields[at].name))
			return false;
	return true;
}

static void fields_json(struct json *j, const struct failure *failure)
{
	json_object(j);
	for (size_t i = 0; i < failure->fields_n; i++) {
		if (!field_is_first(failure, i))
			continue;
		json_name_span(j, failure->fields[i].name);
		field_values(j, failure, failure->fields[i].name);
	}
	json_close(j, '}');
}

static void sample_json(struct json *j, const struct failure *failure)
{
	char sha256[DIGEST_HEX];

	if (!failure->has_sample) {
		json_null(j);
		return;
	}
	digest_hex(failure->sample_sha256, sha256);
	json_object(j);
	member_bool(j, "headers_only", failure->headers_only);
	member_count(j, "octets", failure->sample_octets);
	member_text(j, "sha256", span_of(sha256));
	member_text(j, "subject", failure->sample_subject);
	member_text(j, "from", failure->sample_from);
	json_close(j, '}');
}

/* Names that parsedmarc has; each is the ARF field with hyphens. */
static void known_fields_json(struct json *j, const struct failure *failure)
{
	static const struct {
		const char *name, *field;
	} known[] = {
		{ "user_agent", "user-agent" },
		{ "version", "version" },
		{ "original_envelope_id", "original-envelope-id" },
		{ "original_mail_from", "original-mail-from" },
		{ "original_rcpt_to", "original-rcpt-to" },
		{ "message_id", "message-id" },
		{ "authentication_results", "authentication-results" },
		{ "dkim_domain", "dkim-domain" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		json_name(j, known[i].name);
		field_values(j, failure, span_of(known[i].field));
	}
}

void failure_json(struct json *j, const struct failure *failure)
{
	char address[ADDRESS_TEXT];

	json_object(j);
	member_text(j, "feedback_type", failure->feedback_type);
	member_text(j, "source_ip", failure_source(failure, address));
	member_text(j, "arrival_date", failure->arrival_date);
	member_moment(j, "arrival_date_utc", failure->arrived);
	member_text(j, "reported_domain", failure->reported_domain);
	member_text(j, "auth_failure", failure->auth_failure);
	member_text(j, "delivery_result", failure->delivery_result);
	member_text(j, "identity_alignment", failure->identity_alignment);
	member_text(j, "identity_rule", span_of(identity_rule_word(failure->identity_rule)));
	member_count(j, "incidents", failure->incidents);
	member_bool(j, "counted", failure->dmarc && !failure->passed);
	member_bool(j, "non_arf", failure->plain_text);
	known_fields_json(j, failure);
	json_name(j, "source");
	source_json(j, failure_source(failure, address));
	json_name(j, "fields");
	fields_json(j, failure);
	json_name(j, "sample");
	sample_json(j, failure);
	json_close(j, '}');
}

void problem_json(struct json *j, const struct problem *problem)
{
	json_object(j);
	member_text(j, "where", problem->where);
	member_text(j, "what", problem->what);
	json_close(j, '}');
}
