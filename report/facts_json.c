#include "report/facts_json.h"
#include "base/moment.h"
#include "report/facts.h"

#define NAMESPACE_OCTETS ((size_t)1024 * 1024)

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

/* Epoch seconds and RFC 3339 side by side; a moment that cannot be told is null in both. */
static void seconds_member(struct json *j, const char *name, int64_t moment)
{
	json_name(j, name);
	if (moment == MOMENT_NONE)
		json_null(j);
	else
		json_number(j, moment);
}

static void date_member(struct json *j, const char *name, int64_t moment)
{
	char text[MOMENT_TEXT] = "";

	if (moment != MOMENT_NONE)
		moment_format(moment, text);
	text_member(j, name, *text ? span_of(text) : SPAN_ABSENT);
}

static void metadata_json(struct json *j, const struct report *report)
{
	json_object(j);
	text_member(j, "org_name", report->org_name);
	text_member(j, "org_email", report->org_email);
	text_member(j, "org_extra_contact_info", report->org_extra_contact_info);
	text_member(j, "report_id", report->report_id);
	seconds_member(j, "begin", report->begin);
	seconds_member(j, "end", report->end);
	date_member(j, "begin_date", report->begin);
	date_member(j, "end_date", report->end);
	json_name(j, "errors");
	json_array(j);
	for (size_t i = 0; i < report->errors_n; i++)
		json_text(j, report->errors[i]);
	json_close(j, ']');
	text_member(j, "generator", report->generator);
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
		text_member(j, members[i].name, members[i].text);
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
	text_member(j, "xml_schema", report_schema(report));
	json_name(j, "policy_published");
	policy_json(j, report);
	json_name(j, "records");
	json_array(j);
}

void report_json_end(struct json *j, struct report_json *state)
{
	json_close(j, ']');
	text_member(j, "xml_namespace", state->has_namespace ? buf_span(&state->namespace) : SPAN_ABSENT);
	json_name(j, "recovered");
	json_bool(j, state->recovered);
	if (state->uncounted) {
		json_name(j, "records_uncounted");
		json_count(j, state->uncounted);
	}
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
	text_member(j, "ip_address", address);
	json_close(j, '}');
}

static void evaluated_json(struct json *j, const struct record *record)
{
	json_object(j);
	text_member(j, "disposition", record->disposition);
	text_member(j, "dkim", record->dkim);
	text_member(j, "spf", record->spf);
	json_name(j, "policy_override_reasons");
	json_array(j);
	for (size_t i = 0; i < record->reasons_n; i++) {
		json_object(j);
		text_member(j, "type", record->reasons[i].type);
		text_member(j, "comment", record->reasons[i].comment);
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
		text_member(j, "domain", result->domain);
		text_member(j, key, result->key);
		text_member(j, "result", result->result);
		text_member(j, "human_result", result->human_result);
		if (result->result.n && !span_is_nocase(result->result, means))
			text_member(j, "means", means);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void disagreements_json(struct json *j, unsigned disagrees)
{
	if (!disagrees)
		return;
	json_name(j, "disagrees");
	json_array(j);
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
	json_name(j, "count");
	json_count(j, record->count);
	json_name(j, "alignment");
	json_object(j);
	json_name(j, "spf");
	json_bool(j, spf);
	json_name(j, "dkim");
	json_bool(j, dkim);
	json_name(j, "dmarc");
	json_bool(j, dkim || spf);
	json_close(j, '}');
	json_name(j, "policy_evaluated");
	evaluated_json(j, record);
	json_name(j, "identifiers");
	json_object(j);
	text_member(j, "header_from", record->header_from);
	text_member(j, "envelope_from", record->envelope_from);
	text_member(j, "envelope_to", record->envelope_to);
	json_close(j, '}');
	json_name(j, "auth_results");
	json_object(j);
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
	json_name(j, "headers_only");
	json_bool(j, failure->headers_only);
	json_name(j, "octets");
	json_count(j, failure->sample_octets);
	text_member(j, "sha256", span_of(sha256));
	text_member(j, "subject", failure->sample_subject);
	text_member(j, "from", failure->sample_from);
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
	text_member(j, "feedback_type", failure->feedback_type);
	text_member(j, "source_ip", failure_source(failure, address));
	text_member(j, "arrival_date", failure->arrival_date);
	date_member(j, "arrival_date_utc", failure->arrived);
	text_member(j, "reported_domain", failure->reported_domain);
	text_member(j, "auth_failure", failure->auth_failure);
	text_member(j, "delivery_result", failure->delivery_result);
	text_member(j, "identity_alignment", failure->identity_alignment);
	text_member(j, "identity_rule", span_of(identity_rule_word(failure->identity_rule)));
	json_name(j, "incidents");
	json_count(j, failure->incidents);
	json_name(j, "counted");
	json_bool(j, failure->dmarc);
	json_name(j, "non_arf");
	json_bool(j, failure->plain_text);
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
	text_member(j, "where", problem->where);
	text_member(j, "what", problem->what);
	json_close(j, '}');
}
