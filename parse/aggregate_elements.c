#include "parse/aggregate_private.h"

#include <stddef.h>

#define REPORT(member) HOLDER_REPORT, FOLD_NONE, offsetof(struct report, member)
#define REPORT_WORD(member) HOLDER_REPORT, FOLD_WORD, offsetof(struct report, member)
#define REPORT_DOMAIN(member) HOLDER_REPORT, FOLD_DOMAIN, offsetof(struct report, member)
#define RECORD(member) HOLDER_RECORD, FOLD_NONE, offsetof(struct record, member)
#define RECORD_WORD(member) HOLDER_RECORD, FOLD_WORD, offsetof(struct record, member)
#define RECORD_DOMAIN(member) HOLDER_RECORD, FOLD_DOMAIN, offsetof(struct record, member)
#define RESULT(fold, member) HOLDER_RESULT, fold, offsetof(struct auth_result, member)
#define REASON(fold, member) HOLDER_REASON, fold, offsetof(struct override_reason, member)
#define NUMBER(which) HOLDER_NUMBER, FOLD_NONE, which
#define GROUP HOLDER_NONE, FOLD_NONE, 0

/* Every element of both RFCs and the drafts (the rows of one parent stand together), and the other spellings seen (QUIRKS S4, S9). spec: aggregate-report.md 2. */
static const struct element_row rows[] = {
	{ ELEMENT_DOCUMENT, "feedback", ELEMENT_FEEDBACK, GROUP },

	{ ELEMENT_FEEDBACK, "record", ELEMENT_RECORD, GROUP, .repeats = true },
	{ ELEMENT_FEEDBACK, "version", ELEMENT_TEXT, REPORT(version) },
	{ ELEMENT_FEEDBACK, "report_metadata", ELEMENT_METADATA, GROUP },
	{ ELEMENT_FEEDBACK, "policy_published", ELEMENT_POLICY, GROUP },
	{ ELEMENT_FEEDBACK, "extension", ELEMENT_EXTENSION, GROUP, .repeats = true },
	{ ELEMENT_FEEDBACK, "extensions", ELEMENT_EXTENSION, GROUP, .repeats = true }, /* drafts of RFC 9990 */

	{ ELEMENT_METADATA, "org_name", ELEMENT_TEXT, REPORT(org_name) },
	{ ELEMENT_METADATA, "email", ELEMENT_TEXT, REPORT(org_email) },
	{ ELEMENT_METADATA, "extra_contact_info", ELEMENT_TEXT, REPORT(org_extra_contact_info) },
	{ ELEMENT_METADATA, "report_id", ELEMENT_TEXT, REPORT(report_id) },
	{ ELEMENT_METADATA, "date_range", ELEMENT_DATE_RANGE, GROUP },
	{ ELEMENT_METADATA, "data_range", ELEMENT_DATE_RANGE, GROUP, .alias = "date_range" },
	{ ELEMENT_METADATA, "error", ELEMENT_TEXT, HOLDER_ERRORS, FOLD_NONE, 0, .repeats = true },
	{ ELEMENT_METADATA, "generator", ELEMENT_TEXT, REPORT(generator) },
	{ ELEMENT_METADATA, "genertor", ELEMENT_TEXT, REPORT(generator), .alias = "generator" },
	{ ELEMENT_DATE_RANGE, "begin", ELEMENT_TEXT, NUMBER(NUMBER_BEGIN) },
	{ ELEMENT_DATE_RANGE, "end", ELEMENT_TEXT, NUMBER(NUMBER_END) },

	{ ELEMENT_POLICY, "domain", ELEMENT_TEXT, REPORT_DOMAIN(domain) },
	{ ELEMENT_POLICY, "p", ELEMENT_TEXT, REPORT_WORD(p) },
	{ ELEMENT_POLICY, "sp", ELEMENT_TEXT, REPORT_WORD(sp) },
	{ ELEMENT_POLICY, "np", ELEMENT_TEXT, REPORT_WORD(np) },
	{ ELEMENT_POLICY, "adkim", ELEMENT_TEXT, REPORT_WORD(adkim) },
	{ ELEMENT_POLICY, "aspf", ELEMENT_TEXT, REPORT_WORD(aspf) },
	{ ELEMENT_POLICY, "pct", ELEMENT_TEXT, REPORT(pct) },
	{ ELEMENT_POLICY, "fo", ELEMENT_TEXT, REPORT(fo) },
	{ ELEMENT_POLICY, "testing", ELEMENT_TEXT, REPORT_WORD(testing) },
	{ ELEMENT_POLICY, "discovery_method", ELEMENT_TEXT, REPORT_WORD(discovery_method) },

	{ ELEMENT_RECORD, "row", ELEMENT_ROW, GROUP },
	{ ELEMENT_RECORD, "identifiers", ELEMENT_IDENTIFIERS, GROUP },
	{ ELEMENT_RECORD, "identities", ELEMENT_IDENTIFIERS, GROUP },
	{ ELEMENT_RECORD, "auth_results", ELEMENT_AUTH_RESULTS, GROUP, .repeats = true }, /* all in it does, so it goes on */
	{ ELEMENT_ROW, "source_ip", ELEMENT_TEXT, RECORD(source_ip) },
	{ ELEMENT_ROW, "count", ELEMENT_TEXT, NUMBER(NUMBER_COUNT) },
	{ ELEMENT_ROW, "policy_evaluated", ELEMENT_EVALUATED, GROUP },
	{ ELEMENT_EVALUATED, "disposition", ELEMENT_TEXT, RECORD_WORD(disposition) },
	{ ELEMENT_EVALUATED, "dkim", ELEMENT_TEXT, RECORD_WORD(dkim) },
	{ ELEMENT_EVALUATED, "spf", ELEMENT_TEXT, RECORD_WORD(spf) },
	{ ELEMENT_EVALUATED, "reason", ELEMENT_REASON, GROUP, .repeats = true },
	{ ELEMENT_REASON, "type", ELEMENT_TEXT, REASON(FOLD_WORD, type) },
	{ ELEMENT_REASON, "comment", ELEMENT_TEXT, REASON(FOLD_NONE, comment) },

	{ ELEMENT_IDENTIFIERS, "header_from", ELEMENT_TEXT, RECORD_DOMAIN(header_from) },
	{ ELEMENT_IDENTIFIERS, "envelope_from", ELEMENT_TEXT, RECORD_DOMAIN(envelope_from), .mailbox = true },
	{ ELEMENT_IDENTIFIERS, "envelope_to", ELEMENT_TEXT, RECORD_DOMAIN(envelope_to), .mailbox = true },

	{ ELEMENT_AUTH_RESULTS, "dkim", ELEMENT_DKIM, GROUP, .repeats = true },
	{ ELEMENT_AUTH_RESULTS, "spf", ELEMENT_SPF, GROUP, .repeats = true },
	{ ELEMENT_DKIM, "domain", ELEMENT_TEXT, RESULT(FOLD_DOMAIN, domain) },
	{ ELEMENT_DKIM, "selector", ELEMENT_TEXT, RESULT(FOLD_NONE, key) },
	{ ELEMENT_DKIM, "result", ELEMENT_TEXT, RESULT(FOLD_WORD, result) },
	{ ELEMENT_DKIM, "human_result", ELEMENT_TEXT, RESULT(FOLD_NONE, human_result) },
	{ ELEMENT_SPF, "domain", ELEMENT_TEXT, RESULT(FOLD_DOMAIN, domain) },
	{ ELEMENT_SPF, "scope", ELEMENT_TEXT, RESULT(FOLD_WORD, key) },
	{ ELEMENT_SPF, "result", ELEMENT_TEXT, RESULT(FOLD_WORD, result) },
	{ ELEMENT_SPF, "human_result", ELEMENT_TEXT, RESULT(FOLD_NONE, human_result) },
};

const struct element_row *element_children(enum element parent)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].parent == parent)
			return &rows[i];
	return NULL;
}

const struct element_row *element_find(const struct element_row *first, struct span name)
{
	const struct element_row *folded = NULL;

	for (const struct element_row *row = first; row && row < rows + sizeof rows / sizeof *rows && row->parent == first->parent; row++) {
		if (row->name[0] == (name.n ? name.p[0] : '\0') && span_is(name, span_of(row->name)))
			return row;
		if (span_is_nocase(name, span_of(row->name)))
			folded = row;
	}
	return folded;
}

bool element_is_known(struct span name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_is_nocase(name, span_of(rows[i].name)))
			return true;
	return false;
}

/* spec: aggregate-report.md 1; the third is a typo seen in the wild. */
bool namespace_is_dmarc(struct span uri)
{
	static const char *const prefixes[] = { "urn:ietf:params:xml:ns:dmarc-", "http://dmarc.org/dmarc-xml/",
		"http//dmarc.org/dmarc-xml/", "https://dmarc.org/dmarc-xml/" };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (span_starts_nocase(uri, span_of(prefixes[i])))
			return true;
	return false;
}
