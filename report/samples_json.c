/* samples --format json: one document, `dmarcgate-samples/1`; explain --json: `dmarcgate-sample/1` (dmarcgate-json(5)).
 */
#include "base/json.h"
#include "report/facts_json.h"
#include "report/sample_words.h"
#include "report/samples.h"
#include "report/verdict_json.h"

#include <stdlib.h>

struct samples_json {
	struct json json;
	struct mask mask;
};

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

static void bool_member(struct json *j, const char *name, bool yes)
{
	json_name(j, name);
	json_bool(j, yes);
}

static void date_member(struct json *j, const char *name, int64_t moment)
{
	char text[MOMENT_TEXT] = "";

	if (moment != MOMENT_NONE)
		moment_format(moment, text);
	text_member(j, name, *text ? span_of(text) : SPAN_ABSENT);
}

static void id_member(struct json *j, struct span id)
{
	struct buf text = BUF(1024);

	buf_put_text(&text, "sample:");
	buf_put_span(&text, id);
	text_member(j, "id", buf_span(&text));
	buf_release(&text);
}

static void claim_members(struct json *j, const struct sample_row *row)
{
	char address[ADDRESS_TEXT];

	date_member(j, "arrival_date", row->arrived);
	text_member(j, "source_ip", sample_source(row, address));
	text_member(j, "domain", row->domain);
	text_member(j, "from", row->from);
	text_member(j, "subject", row->subject);
	text_member(j, "auth_failure", row->auth_failure);
	text_member(j, "identity_alignment", row->identity_alignment);
	text_member(j, "identity_rule", row->identity_rule);
	text_member(j, "delivery_result", row->delivery_result);
	bool_member(j, "passed", row->dmarc_passed);
	bool_member(j, "counted", row->dmarc && !row->dmarc_passed);
}

static void sample_members(struct json *j, const struct sample_row *row)
{
	char hex[DIGEST_HEX];

	bool_member(j, "has_sample", row->has_sample);
	bool_member(j, "headers_only", row->headers_only);
	json_name(j, "octets");
	json_count(j, row->octets);
	digest_hex(row->sha256, hex);
	text_member(j, "sha256", row->has_sample ? span_of(hex) : SPAN_ABSENT);
	text_member(j, "result", row->result);
	bool_member(j, "aligned", row->aligned);
	bool_member(j, "undone", row->undone);
	text_member(j, "sentence", row->sentence);
}

static void proof_members(struct json *j, const struct sample_row *row)
{
	text_member(j, "reporter", row->reporter);
	json_name(j, "trust");
	json_number(j, row->trust);
	text_member(j, "signer", row->signer);
	bool_member(j, "repaired", row->repaired);
	text_member(j, "mail", row->mail);
}

static void row_members(struct json *j, const struct sample_row *row, enum sample_verdict verdict)
{
	id_member(j, row->id);
	claim_members(j, row);
	text_member(j, "verdict", span_of(sample_verdict_word(verdict)));
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
	done = json_done(j) && fflush(j->out) == 0;
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
	text_member(&list->json, "schema", SPAN("dmarcgate-samples/1"));
	json_name(&list->json, "samples");
	json_array(&list->json);
	*writer = (struct samples_writer){ .self = list, .take = samples_json_take, .close = samples_json_close };
	return true;
}

bool sample_page_json(FILE *out, const struct sample_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	text_member(&j, "schema", SPAN("dmarcgate-sample/1"));
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
	return json_done(&j) && fflush(out) == 0;
}
