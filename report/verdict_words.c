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

/* The name of a change as a noun, for a list of few words. */
static const char *const nouns[DKIM_EDIT_COUNT] = {
	[DKIM_EDIT_SUBJECT_PREFIX] = "subject tag",
	[DKIM_EDIT_SUBJECT_SUFFIX] = "subject end",
	[DKIM_EDIT_HEADER_REFOLDED] = "line breaks",
	[DKIM_EDIT_HEADER_SPACING] = "header spacing",
	[DKIM_EDIT_HEADER_ENCODED] = "header encoding",
	[DKIM_EDIT_HEADER_DECODED] = "header encoding",
	[DKIM_EDIT_HEADER_REENCODED] = "header encoding",
	[DKIM_EDIT_HEADER_ADDED] = "added field",
	[DKIM_EDIT_HEADER_REMOVED] = "lost field",
	[DKIM_EDIT_HEADER_ORDER] = "order of fields",
	[DKIM_EDIT_HEADER_REPLACED] = "replaced field",
	[DKIM_EDIT_FROM_REWRITTEN] = "rewritten address",
	[DKIM_EDIT_QUOTES_CHANGED] = "quotes",
	[DKIM_EDIT_ADDRESS_SPACING] = "address spacing",
	[DKIM_EDIT_REDACTED] = "redaction",
	[DKIM_EDIT_PARAMETER_CASE] = "parameter case",
	[DKIM_EDIT_PARAMETER_QUOTES] = "parameter quotes",
	[DKIM_EDIT_CTE_CHANGED] = "transfer encoding",
	[DKIM_EDIT_DATE_ZONE] = "date format",
	[DKIM_EDIT_SIGNATURE_REFOLDED] = "signature spacing",
	[DKIM_EDIT_FOOTER] = "footer",
	[DKIM_EDIT_BANNER] = "banner",
	[DKIM_EDIT_TEXT_INSERTED] = "inserted lines",
	[DKIM_EDIT_PART_ADDED] = "added part",
	[DKIM_EDIT_WRAPPED] = "added multipart",
	[DKIM_EDIT_TO_QP] = "transfer encoding",
	[DKIM_EDIT_TO_BASE64] = "transfer encoding",
	[DKIM_EDIT_QP_DECODED] = "transfer encoding",
	[DKIM_EDIT_BASE64_DECODED] = "transfer encoding",
	[DKIM_EDIT_REWRAPPED] = "line breaks",
	[DKIM_EDIT_BASE64_REWRAPPED] = "base64 wrapping",
	[DKIM_EDIT_LINES_DOUBLED] = "doubled line ends",
	[DKIM_EDIT_FROM_ESCAPED] = ">From",
	[DKIM_EDIT_DOT_STUFFED] = "doubled dots",
	[DKIM_EDIT_DOT_UNSTUFFED] = "lost dots",
	[DKIM_EDIT_LEADING_LOST] = "blank lines",
	[DKIM_EDIT_LEADING_ADDED] = "blank lines",
	[DKIM_EDIT_URL_REWRITTEN] = "rewritten links",
	[DKIM_EDIT_TRAILING_SPACE] = "white space",
	[DKIM_EDIT_BODY_SPACE] = "white space",
	[DKIM_EDIT_PREAMBLE_LOST] = "lost preamble",
	[DKIM_EDIT_REPORTED_BODY] = "body withheld",
	[DKIM_EDIT_REPORTED_HEADER] = "header withheld",
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
	static const char *const texts[VERDICT_ANSWER_COUNT] = { "aligned signature passes", "no aligned signature passes",
		"cannot be decided now" };

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

static void edits_brief(struct buf *out, const struct dkim_diagnosis *d)
{
	for (size_t i = 0; i < d->steps_n; i++) {
		struct span noun = span_of(nouns[d->steps[i].edit]);
		bool said = false;

		for (size_t k = 0; k < i; k++)
			said = said || span_is(noun, span_of(nouns[d->steps[k].edit]));
		if (!said)
			buf_printf(out, "%s%s", out->n ? ", " : "", noun.p);
	}
}

static const char *half_brief(const struct dkim_diagnosis *d)
{
	if (d->header_undone)
		return "body changed or withheld";
	return d->body_undone ? "header changed" : "header and body changed";
}

void diagnosis_brief(struct buf *out, const struct dkim_verdict *v)
{
	const struct dkim_diagnosis *d = v->diagnosis;
	bool judged = v->reason == DKIM_REASON_BODY_HASH_MISMATCH || v->reason == DKIM_REASON_SIGNATURE_MISMATCH ||
		      v->reason == DKIM_REASON_BODY_TOO_SHORT;

	if (v->reason == DKIM_REASON_HEADERS_ONLY)
		buf_put_text(out, "headers only");
	else if (v->header_hash == DKIM_UNDECODABLE)
		buf_put_text(out, "wrong key");
	else if (d && d->undone)
		edits_brief(out, d);
	else if (d && judged)
		buf_put_text(out, half_brief(d));
	else if (!verdict_passes(v))
		buf_put_text(out, dkim_reason_rows[v->reason].text);
}

const struct key_source *verdict_key(const struct verification *verification, const struct dkim_verdict *verdict)
{
	for (size_t i = 0; verdict->name.n && i < verification->keys_n; i++)
		if (span_is_nocase(verification->keys[i].name, verdict->name))
			return &verification->keys[i];
	return NULL;
}
