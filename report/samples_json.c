/* samples --format json: one document, `dmarcgate-samples/1`; explain --json: `dmarcgate-sample/1` (dmarcgate-json(5)).
 */
#include "report/member_json.h"
#include "report/facts_json.h"
#include "report/sample_words.h"
#include "report/samples.h"
#include "report/verdict_json.h"

#include <stdlib.h>

struct samples_json {
	struct json json;
	struct mask mask;
};

static void id_member(struct json *j, struct span id)
{
	struct buf text = BUF(1024);

	buf_put_text(&text, "sample:");
	buf_put_span(&text, id);
	member_text(j, "id", buf_span(&text));
	buf_release(&text);
}

static void claim_members(struct json *j, const struct sample_row *row)
{
	char address[ADDRESS_TEXT];

	member_moment(j, "arrival_date", row->arrived);
	member_text(j, "source_ip", sample_source(row, address));
	member_text(j, "domain", row->domain);
	member_text(j, "from", row->from);
	member_text(j, "subject", row->subject);
	member_text(j, "auth_failure", row->auth_failure);
	member_text(j, "identity_alignment", row->identity_alignment);
	member_text(j, "identity_rule", row->identity_rule);
	member_text(j, "delivery_result", row->delivery_result);
	member_bool(j, "passed", row->dmarc_passed);
	member_bool(j, "counted", row->dmarc && !row->dmarc_passed);
}

static void sample_members(struct json *j, const struct sample_row *row)
{
	char hex[DIGEST_HEX];

	member_bool(j, "has_sample", row->has_sample);
	member_bool(j, "headers_only", row->headers_only);
	member_count(j, "octets", row->octets);
	digest_hex(row->sha256, hex);
	member_text(j, "sha256", row->has_sample ? span_of(hex) : SPAN_ABSENT);
	member_text(j, "result", row->result);
	member_bool(j, "aligned", row->aligned);
	member_bool(j, "undone", row->undone);
	member_text(j, "sentence", row->sentence);
}

static void proof_members(struct json *j, const struct sample_row *row)
{
	member_text(j, "reporter", row->reporter);
	member_number(j, "trust", row->trust);
	member_text(j, "signer", row->signer);
	member_bool(j, "repaired", row->repaired);
	member_text(j, "mail", row->mail);
}

static void row_members(struct json *j, const struct sample_row *row, enum sample_verdict verdict)
{
	id_member(j, row->id);
	claim_members(j, row);
	member_text(j, "verdict", span_of(sample_verdict_word(verdict)));
	sample_members(j, row);
	proof_members(j, row);
}

static bool samples_json_take(void *self, const struct sample_row *row)
{
	struct samples_json *list = self;
	const struct sample_row *masked = mask_row(&list->mask, row);

	if (!masked)
		return false;
	json_object(&list->json);
	row_members(&list->json, masked, sample_verdict(masked));
	json_close(&list->json, '}');
	arena_clear(&list->mask.arena);
	return !list->json.failed && !ferror(list->json.out);
}

static bool samples_json_close(void *self)
{
	struct samples_json *list = self;
	struct json *j = &list->json;
	bool done;

	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j);
	arena_release(&list->mask.arena);
	free(list);
	return done;
}

bool samples_json_open(struct samples_writer *writer, FILE *out, bool show_addresses)
{
	struct samples_json *list = calloc(1, sizeof *list);

	if (!list)
		return false;
	list->mask = MASK(show_addresses);
	json_begin(&list->json, out);
	json_object(&list->json);
	member_text(&list->json, "schema", SPAN("dmarcgate-samples/1"));
	member_array(&list->json, "samples");
	*writer = (struct samples_writer){ .self = list, .take = samples_json_take, .close = samples_json_close };
	return true;
}

bool sample_page_json(FILE *out, const struct sample_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_text(&j, "schema", SPAN("dmarcgate-sample/1"));
	row_members(
		&j, page->row, page->verification ? sample_verdict_of(page->verification) : sample_verdict(page->row));
	json_name(&j, "report");
	failure_json(&j, page->failure);
	json_name(&j, "verification");
	if (page->verification)
		verdict_json(&j, SPAN_ABSENT, page->verification);
	else
		json_null(&j);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
