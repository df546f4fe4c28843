#include "report/verdict_words.h"

static const char *const whys[DKIM_REASON_COUNT] = {
	[DKIM_REASON_OK] = "",
	[DKIM_REASON_BODY_HASH_MISMATCH] = "the body was changed after it was signed",
	[DKIM_REASON_SIGNATURE_MISMATCH] = "a signed header field was changed, or the key is another one",
	[DKIM_REASON_NO_KEY] = "no key is published under this selector",
	[DKIM_REASON_REVOKED_KEY] = "the key was revoked: its record has an empty p=",
	[DKIM_REASON_KEY_SYNTAX] = "the key record cannot be read",
	[DKIM_REASON_SIG_SYNTAX] = "the signature field cannot be read",
	[DKIM_REASON_SIG_VERSION] = "the signature has another version than v=1",
	[DKIM_REASON_EXPIRED] = "the signature had expired when the mail arrived",
	[DKIM_REASON_FROM_NOT_SIGNED] = "the signature does not cover From",
	[DKIM_REASON_DOMAIN_MISMATCH] = "i= names another domain than d=",
	[DKIM_REASON_STRICT_IDENTITY] = "the key (t=s) does not allow a subdomain in i=",
	[DKIM_REASON_UNSUPPORTED_ALGORITHM] = "the algorithm in a= is unknown",
	[DKIM_REASON_UNSUPPORTED_CANON] = "the canonicalization in c= is unknown",
	[DKIM_REASON_QUERY_METHOD] = "q= names no way of asking for the key that is known",
	[DKIM_REASON_HASH_NOT_ALLOWED] = "the key (h=) does not allow this hash",
	[DKIM_REASON_SERVICE_NOT_ALLOWED] = "the key (s=) is not meant for mail",
	[DKIM_REASON_UNSUPPORTED_KEY_TYPE] = "the key is of an unknown kind (k=)",
	[DKIM_REASON_KEY_TYPE_MISMATCH] = "the key is of another kind than the signature",
	[DKIM_REASON_KEY_TOO_SHORT] = "the key is too short to prove anything",
	[DKIM_REASON_HISTORIC_ALGORITHM] = "rsa-sha1 is no longer accepted",
	[DKIM_REASON_BODY_TOO_SHORT] = "the body is shorter than l= says",
	[DKIM_REASON_DNS_ERROR] = "the key could not be looked up for now",
	[DKIM_REASON_GRANULARITY] = "the key (g=) is not meant for this sender",
	[DKIM_REASON_HEADERS_ONLY] = "the body is not at hand",
	[DKIM_REASON_LIMIT] = "not judged: beyond a limit of this program",
};

bool verdict_passes(const struct dkim_verdict *verdict)
{
	return dkim_reason_rows[verdict->reason].result == DKIM_PASS;
}

bool verdict_is_aligned(const struct dkim_verdict *verdict)
{
	return verdict->strict == DKIM_ALIGNED_YES || verdict->relaxed == DKIM_ALIGNED_YES;
}

enum verdict_answer verdicts_answer(const struct dkim_verdicts *verdicts)
{
	enum verdict_answer answer = verdicts->header_too_long ? VERDICT_UNDECIDED : VERDICT_NONE;

	for (size_t i = 0; i < verdicts->n; i++) {
		const struct dkim_verdict *v = &verdicts->signatures[i];

		if (!verdict_is_aligned(v))
			continue;
		if (verdict_passes(v))
			return VERDICT_ALIGNED;
		if (dkim_reason_rows[v->reason].state == DKIM_TEMPFAIL)
			answer = VERDICT_UNDECIDED;
	}
	return answer;
}

const char *verdict_answer_text(enum verdict_answer answer)
{
	static const char *const texts[VERDICT_ANSWER_COUNT] = { "aligned signature passes",
		"no aligned signature passes", "cannot be decided now" };

	return texts[answer];
}

const char *verdict_why(const struct dkim_verdict *verdict)
{
	if (verdict->reason != DKIM_REASON_SIGNATURE_MISMATCH)
		return whys[verdict->reason];
	if (verdict->header_hash == DKIM_UNDECODABLE)
		return "the signature was not made with this key, or is damaged";
	if (verdict->header_hash == DKIM_MISMATCH && verdict->key_bits != 256)
		return "a signed header field was changed after it was signed";
	return whys[verdict->reason];
}

static int weight(const struct dkim_verdict *v)
{
	return 4 * verdict_is_aligned(v) + 2 * verdict_passes(v) + (v->diagnosis != NULL);
}

const struct dkim_verdict *verdict_foremost(const struct dkim_verdicts *verdicts)
{
	const struct dkim_verdict *best = NULL;

	for (size_t i = 0; i < verdicts->n; i++)
		if (!best || weight(&verdicts->signatures[i]) > weight(best))
			best = &verdicts->signatures[i];
	return best;
}

const struct key_source *verdict_key(const struct verification *verification, const struct dkim_verdict *verdict)
{
	for (size_t i = 0; verdict->name.n && i < verification->keys_n; i++)
		if (span_is_nocase(verification->keys[i].name, verdict->name))
			return &verification->keys[i];
	return NULL;
}
