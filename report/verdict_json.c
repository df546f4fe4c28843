#include "report/verdict_json.h"
#include "base/moment.h"
#include "report/verdict_words.h"

static void put_text(struct json *json, const char *name, struct span text)
{
	json_name(json, name);
	json_text(json, text);
}

static void put_word(struct json *json, const char *name, const char *word)
{
	put_text(json, name, span_of(word));
}

static void put_count(struct json *json, const char *name, uint64_t count)
{
	json_name(json, name);
	json_count(json, count);
}

static void put_bool(struct json *json, const char *name, bool yes)
{
	json_name(json, name);
	json_bool(json, yes);
}

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
	put_word(json, "edit", dkim_edit_rows[step->edit].word);
	put_text(json, "where", step->where);
	if (step->found.p)
		put_text(json, "found", step->found);
	if (step->before.p)
		put_text(json, "before", step->before);
	if (step->octets)
		put_count(json, "octets", step->octets);
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
	put_bool(json, "undone", diagnosis->undone);
	put_bool(json, "header_undone", diagnosis->header_undone);
	put_bool(json, "body_undone", diagnosis->body_undone);
	json_name(json, "steps");
	json_array(json);
	for (size_t i = 0; i < diagnosis->steps_n; i++)
		put_step(json, &diagnosis->steps[i]);
	json_close(json, ']');
	put_text(json, "sentence", diagnosis->sentence);
	put_count(json, "added_octets", diagnosis->added_octets);
	json_name(json, "reconstruction_sha256");
	if (diagnosis->has_reconstruction) {
		digest_hex(diagnosis->reconstruction_sha256, hex);
		json_text(json, span_of(hex));
	} else {
		json_null(json);
	}
	if (diagnosis->has_reconstruction)
		put_count(json, "reconstruction_octets", diagnosis->reconstruction_octets);
	if (diagnosis->reported_header != DKIM_UNKNOWN)
		put_word(json, "reported_header", dkim_fact_word(diagnosis->reported_header));
	if (diagnosis->reported_body != DKIM_UNKNOWN)
		put_word(json, "reported_body", dkim_fact_word(diagnosis->reported_body));
	put_bool(json, "exhausted", diagnosis->exhausted);
	put_count(json, "candidates", diagnosis->candidates);
	json_close(json, '}');
}

static void put_reason(struct json *json, enum dkim_reason reason)
{
	put_word(json, "result", dkim_result_word(dkim_reason_rows[reason].result));
	put_word(json, "state", dkim_state_word(dkim_reason_rows[reason].state));
	put_word(json, "reason", dkim_reason_rows[reason].word);
}

static void put_tags(struct json *json, const struct dkim_verdict *verdict)
{
	put_text(json, "d", verdict->d);
	put_text(json, "s", verdict->s);
	put_text(json, "a", verdict->a);
	put_text(json, "c", verdict->c);
	put_text(json, "i", verdict->i);
	put_length(json, verdict->l);
	put_moment(json, "t", verdict->t);
	put_moment(json, "x", verdict->x);
}

/* Where the key was found, and, for one of the archive, when it was last seen. */
static void put_origin(struct json *json, const struct key_source *key)
{
	char seen[MOMENT_TEXT] = "";

	put_word(json, "key_origin", key ? key_origin_word(key->origin) : NULL);
	if (key && key->seen != MOMENT_NONE)
		moment_format(key->seen, seen);
	put_word(json, "key_seen", *seen ? seen : NULL);
	put_bool(json, "key_secure", key && key->secure);
}

static void put_key(struct json *json, const struct dkim_verdict *verdict, const struct key_source *key)
{
	put_text(json, "key_name", verdict->name);
	put_origin(json, key);
	json_name(json, "key_bits");
	if (verdict->key_bits)
		json_count(json, verdict->key_bits);
	else
		json_null(json);
	put_word(json, "key_form", verdict->key_bare ? "RSAPublicKey" : NULL);
	put_count(json, "key_records", verdict->key_records);
	put_bool(json, "testing", verdict->testing);
	put_text(json, "g", verdict->g);
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
	put_text(json, "detail", verdict->detail);
	put_word(json, "body_hash", dkim_fact_word(verdict->body_hash));
	put_word(json, "header_hash", dkim_fact_word(verdict->header_hash));
	put_key(json, verdict, verdict_key(verification, verdict));
	put_historic(json, verdict);
	json_name(json, "body_len");
	if (verdict->has_body_length)
		json_count(json, verdict->body_length);
	else
		json_null(json);
	put_count(json, "unsigned_octets", verdict->unsigned_octets);
	put_bool(json, "t_in_future", verdict->t_in_future);
	put_bool(json, "subject_unsigned", verdict->subject_unsigned);
	put_text(json, "extra_unsigned_instances", verdict->extra_instances);
	put_aligned(json, "aligned_strict", verdict->strict);
	put_aligned(json, "aligned_relaxed", verdict->relaxed);
	put_diagnosis(json, verdict->diagnosis);
	json_close(json, '}');
}

static void put_domainkey(struct json *json, const struct dkim_domainkey *domainkey)
{
	json_object(json);
	put_text(json, "a", domainkey->a);
	put_text(json, "c", domainkey->c);
	put_text(json, "d", domainkey->d);
	put_text(json, "s", domainkey->s);
	put_text(json, "q", domainkey->q);
	put_text(json, "h", domainkey->h);
	json_close(json, '}');
}

void verdict_json(struct json *json, struct span name, const struct verification *verification)
{
	const struct dkim_verdicts *verdicts = verification->verdicts;

	json_object(json);
	if (name.p)
		put_text(json, "input", name);
	put_moment(json, "time", verification->at);
	put_word(json, "message_result", dkim_result_word(verdicts->result));
	put_text(json, "from_domain", verdicts->from_domain);
	put_count(json, "from_fields", verdicts->from_fields);
	put_count(json, "from_domains", verdicts->from_domains);
	put_count(json, "signatures_total", verdicts->total);
	if (verdicts->header_too_long)
		put_bool(json, "header_too_long", true);
	json_name(json, "signatures");
	json_array(json);
	for (size_t i = 0; i < verdicts->n; i++)
		put_signature(json, verification, &verdicts->signatures[i]);
	json_close(json, ']');
	json_name(json, "domainkeys");
	json_array(json);
	for (size_t i = 0; i < verdicts->domainkeys_n; i++)
		put_domainkey(json, &verdicts->domainkeys[i]);
	json_close(json, ']');
	json_close(json, '}');
}
