#include "report/verdict_json.h"
#include "report/member_json.h"
#include "base/moment.h"
#include "report/verdict_words.h"

/* t= and x=: null when absent; beyond twelve digits it stands for "never". */
static void put_moment(struct json *json, const char *name, int64_t moment)
{
	json_name(json, name);
	if (moment == MOMENT_NONE)
		json_null(json);
	else if (moment == INT64_MAX)
		json_text(json, SPAN("never"));
	else
		json_number(json, moment);
}

/* l= has up to 76 digits: a number as long as it fits, else text. */
static void put_length(struct json *json, struct span l)
{
	unsigned long long number;

	json_name(json, "l");
	if (l.p && span_number(l, INT64_MAX, &number))
		json_count(json, number);
	else
		json_text(json, l);
}

static void put_aligned(struct json *json, const char *name, enum dkim_aligned aligned)
{
	json_name(json, name);
	if (aligned == DKIM_ALIGNED_UNKNOWN)
		json_null(json);
	else
		json_bool(json, aligned == DKIM_ALIGNED_YES);
}

static void put_step(struct json *json, const struct dkim_step *step)
{
	json_object(json);
	member_word(json, "edit", dkim_edit_rows[step->edit].word);
	member_text(json, "where", step->where);
	if (step->found.p)
		member_text(json, "found", step->found);
	if (step->before.p)
		member_text(json, "before", step->before);
	if (step->octets)
		member_count(json, "octets", step->octets);
	json_close(json, '}');
}

static void put_diagnosis(struct json *json, const struct dkim_diagnosis *diagnosis)
{
	char hex[DIGEST_HEX];

	json_name(json, "diagnosis");
	if (!diagnosis) {
		json_null(json);
		return;
	}
	json_object(json);
	member_bool(json, "undone", diagnosis->undone);
	member_bool(json, "header_undone", diagnosis->header_undone);
	member_bool(json, "body_undone", diagnosis->body_undone);
	member_array(json, "steps");
	for (size_t i = 0; i < diagnosis->steps_n; i++)
		put_step(json, &diagnosis->steps[i]);
	json_close(json, ']');
	member_text(json, "sentence", diagnosis->sentence);
	member_count(json, "added_octets", diagnosis->added_octets);
	json_name(json, "reconstruction_sha256");
	if (diagnosis->has_reconstruction) {
		digest_hex(diagnosis->reconstruction_sha256, hex);
		json_text(json, span_of(hex));
	} else {
		json_null(json);
	}
	if (diagnosis->has_reconstruction)
		member_count(json, "reconstruction_octets", diagnosis->reconstruction_octets);
	if (diagnosis->reported_header != DKIM_UNKNOWN)
		member_word(json, "reported_header", dkim_fact_word(diagnosis->reported_header));
	if (diagnosis->reported_body != DKIM_UNKNOWN)
		member_word(json, "reported_body", dkim_fact_word(diagnosis->reported_body));
	member_bool(json, "exhausted", diagnosis->exhausted);
	member_count(json, "candidates", diagnosis->candidates);
	json_close(json, '}');
}

static void put_reason(struct json *json, enum dkim_reason reason)
{
	member_word(json, "result", dkim_result_word(dkim_reason_rows[reason].result));
	member_word(json, "state", dkim_state_word(dkim_reason_rows[reason].state));
	member_word(json, "reason", dkim_reason_rows[reason].word);
}

static void put_tags(struct json *json, const struct dkim_verdict *verdict)
{
	member_text(json, "d", verdict->d);
	member_text(json, "s", verdict->s);
	member_text(json, "a", verdict->a);
	member_text(json, "c", verdict->c);
	member_text(json, "i", verdict->i);
	put_length(json, verdict->l);
	put_moment(json, "t", verdict->t);
	put_moment(json, "x", verdict->x);
}

/* Where the key was found, and, for one of the archive, when it was last seen. */
static void put_origin(struct json *json, const struct key_source *key)
{
	member_word(json, "key_origin", key ? key_origin_word(key->origin) : NULL);
	member_moment(json, "key_seen", key ? key->seen : MOMENT_NONE);
	member_bool(json, "key_secure", key && key->secure);
}

static void put_key(struct json *json, const struct dkim_verdict *verdict, const struct key_source *key)
{
	member_text(json, "key_name", verdict->name);
	put_origin(json, key);
	member_known(json, "key_bits", verdict->key_bits);
	member_word(json, "key_form", verdict->key_bare ? "RSAPublicKey" : NULL);
	member_count(json, "key_records", verdict->key_records);
	member_bool(json, "testing", verdict->testing);
	member_text(json, "g", verdict->g);
}

static void put_historic(struct json *json, const struct dkim_verdict *verdict)
{
	json_name(json, "historic");
	if (!verdict->has_historic) {
		json_null(json);
		return;
	}
	json_object(json);
	put_reason(json, verdict->historic);
	json_close(json, '}');
}

static void put_signature(
	struct json *json, const struct verification *verification, const struct dkim_verdict *verdict)
{
	json_object(json);
	put_tags(json, verdict);
	put_reason(json, verdict->reason);
	member_text(json, "detail", verdict->detail);
	member_word(json, "body_hash", dkim_fact_word(verdict->body_hash));
	member_word(json, "header_hash", dkim_fact_word(verdict->header_hash));
	put_key(json, verdict, verdict_key(verification, verdict));
	put_historic(json, verdict);
	json_name(json, "body_len");
	if (verdict->has_body_length)
		json_count(json, verdict->body_length);
	else
		json_null(json);
	member_count(json, "unsigned_octets", verdict->unsigned_octets);
	member_bool(json, "t_in_future", verdict->t_in_future);
	member_bool(json, "subject_unsigned", verdict->subject_unsigned);
	member_text(json, "extra_unsigned_instances", verdict->extra_instances);
	put_aligned(json, "aligned_strict", verdict->strict);
	put_aligned(json, "aligned_relaxed", verdict->relaxed);
	put_diagnosis(json, verdict->diagnosis);
	json_close(json, '}');
}

static void put_domainkey(struct json *json, const struct dkim_domainkey *domainkey)
{
	json_object(json);
	member_text(json, "a", domainkey->a);
	member_text(json, "c", domainkey->c);
	member_text(json, "d", domainkey->d);
	member_text(json, "s", domainkey->s);
	member_text(json, "q", domainkey->q);
	member_text(json, "h", domainkey->h);
	json_close(json, '}');
}

void verdict_json(struct json *json, struct span name, const struct verification *verification)
{
	const struct dkim_verdicts *verdicts = verification->verdicts;

	json_object(json);
	if (name.p)
		member_text(json, "input", name);
	put_moment(json, "time", verification->at);
	member_word(json, "message_result", dkim_result_word(verdicts->result));
	member_text(json, "from_domain", verdicts->from_domain);
	member_count(json, "from_fields", verdicts->from_fields);
	member_count(json, "from_domains", verdicts->from_domains);
	member_count(json, "signatures_total", verdicts->total);
	if (verdicts->header_too_long)
		member_bool(json, "header_too_long", true);
	member_array(json, "signatures");
	for (size_t i = 0; i < verdicts->n; i++)
		put_signature(json, verification, &verdicts->signatures[i]);
	json_close(json, ']');
	member_array(json, "domainkeys");
	for (size_t i = 0; i < verdicts->domainkeys_n; i++)
		put_domainkey(json, &verdicts->domainkeys[i]);
	json_close(json, ']');
	json_close(json, '}');
}
