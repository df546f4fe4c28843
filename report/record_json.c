/* record --json: one document, `dmarcgate-record/1` (dmarcgate-json(5)). */
#include "report/lint_json.h"
#include "report/member_json.h"
#include "report/record.h"

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
	member_text(j, "host", consent->host);
	member_text(j, "state", span_of(consent_word(consent->state)));
	member_text(j, "name", consent->name);
	member_text(j, "record", consent->name.p ? SPAN("v=DMARC1") : SPAN_ABSENT);
	member_text(j, "zone", consent->zone);
	json_close(j, '}');
}

bool record_json(FILE *out, const struct record_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_text(&j, "schema", SPAN("dmarcgate-record/1"));
	member_text(&j, "domain", page->domain);
	member_text(&j, "name", page->name);
	member_text(&j, "record", page->record);
	member_text(&j, "zone", page->zone);
	member_count(&j, "ttl", page->ttl);
	member_text(&j, "published", span_of(record_published_word(page->published)));
	member_text(&j, "published_record", page->published == RECORD_ONE ? page->before : SPAN_ABSENT);
	member_text(&j, "inherited_from", page->above);
	member_text(&j, "inherited_policy", page->above.p ? span_of(dmarc_request_word(page->above_policy)) : SPAN_ABSENT);
	member_bool(&j, "address_proposed", page->made_up);
	member_known(&j, "pct_left_out", page->pct_left_out);
	member_array(&j, "consents");
	for (size_t i = 0; i < page->consents_n; i++)
		consent_object(&j, &page->consents[i]);
	json_close(&j, ']');
	findings_json(&j, page->findings);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
