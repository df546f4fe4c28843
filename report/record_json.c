/* record --json: one document, `dmarcgate-record/1` (dmarcgate-json(5)). */
#include "report/lint_json.h"
#include "report/record.h"

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

static const char *consent_word(enum dmarc_consent_state state)
{
	switch (state) {
	case DMARC_CONSENT_GIVEN:
	case DMARC_CONSENT_OVERRIDE:
		return "given";
	case DMARC_CONSENT_UNKNOWN:
		return "unknown";
	case DMARC_CONSENT_LONG:
		return "impossible";
	default:
		return "missing";
	}
}

static void consent_object(struct json *j, const struct record_consent *consent)
{
	json_object(j);
	text_member(j, "host", consent->host);
	text_member(j, "state", span_of(consent_word(consent->state)));
	text_member(j, "name", consent->name);
	text_member(j, "record", consent->name.p ? SPAN("v=DMARC1") : SPAN_ABSENT);
	text_member(j, "zone", consent->zone);
	json_close(j, '}');
}

bool record_json(FILE *out, const struct record_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	text_member(&j, "schema", SPAN("dmarcgate-record/1"));
	text_member(&j, "domain", page->domain);
	text_member(&j, "name", page->name);
	text_member(&j, "record", page->record);
	text_member(&j, "zone", page->zone);
	json_name(&j, "ttl");
	json_count(&j, page->ttl);
	text_member(&j, "published", span_of(record_published_word(page->published)));
	text_member(&j, "published_record", page->published == RECORD_ONE ? page->before : SPAN_ABSENT);
	json_name(&j, "address_proposed");
	json_bool(&j, page->made_up);
	json_name(&j, "pct_left_out");
	if (page->pct_left_out)
		json_count(&j, page->pct_left_out);
	else
		json_null(&j);
	json_name(&j, "consents");
	json_array(&j);
	for (size_t i = 0; i < page->consents_n; i++)
		consent_object(&j, &page->consents[i]);
	json_close(&j, ']');
	findings_json(&j, page->findings);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
