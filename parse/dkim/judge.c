#include "base/moment.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/inner.h"
#include "parse/dkim/mailbox.h"
#include "parse/dkim/words.h"
#include "parse/dns/orgdomain.h"

#define CLOCK_TOLERANCE 300 /* seconds; t= may lie that far in the future (RFC 6376 3.5) */

/* The data that b= signs, header part (RFC 6376 3.7), into dkim->input. */
static bool dkim_header_input(struct dkim *dkim, const struct signature *signature)
{
	buf_clear(&dkim->input);
	for (size_t i = 0; i < signature->names_n; i++) {
		if (signature->slots[i] == HEADER_NO_FIELD)
			continue;
		canon_header(&dkim->input, signature->header_canon, dkim->header.fields[signature->slots[i]].raw);
		buf_put(&dkim->input, "\r\n", 2);
	}
	return signature_put_own(&dkim->input, signature, &dkim->header, &dkim->scratch) && !dkim->input.failed;
}

static enum dkim_fact body_fact(const struct dkim *dkim, const struct signature *signature)
{
	const uint8_t *digest = signature->body_known ?
		bodyhash_find(&dkim->bodyhash, signature->body_canon, signature->hash,
			signature->has_length ? signature->length : BODYHASH_WHOLE) :
		NULL;

	if (!digest)
		return DKIM_UNKNOWN;
	return memcmp(digest, signature->bh.p, signature->bh.n) == 0 ? DKIM_MATCH : DKIM_MISMATCH;
}

static bool signature_is_rsa(const struct signature *signature)
{
	return signature->algorithm != ALGORITHM_ED25519_SHA256;
}

/* The body's part of the verdict, then the header's (RFC 6376 6.1.3). */
static void hashes_rule(const struct dkim *dkim, const struct signature *signature, enum dkim_fact body,
	enum dkim_fact header, struct arena *arena, struct ruling *ruling)
{
	uint64_t octets = dkim->bodyhash.octets[signature->body_canon];

	if (signature->body_known && signature->has_length && signature->length > octets)
		ruling_fault(ruling, DKIM_REASON_BODY_TOO_SHORT, false,
			words_printf(arena, "l=%.*s, but the body has %llu octets", (int)signature->l.n, signature->l.p,
				(unsigned long long)octets));
	if (body == DKIM_MISMATCH)
		ruling_fault(ruling, DKIM_REASON_BODY_HASH_MISMATCH, false, SPAN_ABSENT);
	if (header == DKIM_MISMATCH)
		ruling_fault(ruling, DKIM_REASON_SIGNATURE_MISMATCH, false, SPAN_ABSENT);
	if (header == DKIM_UNDECODABLE)
		ruling_fault(ruling, DKIM_REASON_SIGNATURE_MISMATCH, false,
			SPAN("wrong key, or b= damaged: no PKCS#1 v1.5 block in it"));
}

/* One signature under one key record. `digest`: of the header input. */
static void key_rule(const struct dkim *dkim, const struct signature *signature, const struct cached_key *key,
	const uint8_t *digest, enum dkim_fact body, struct arena *arena, struct judged *judged)
{
	const struct key_record *record = &key->record;
	enum key_type wanted = signature_is_rsa(signature) ? KEY_RSA : KEY_ED25519;
	bool sha1 = signature->hash == HASH_SHA1;
	struct ruling *ruling = &judged->ruling;
	struct span detail = SPAN_ABSENT;
	enum dkim_reason reason;

	*judged = (struct judged){ .key = key, .ruling = signature->ruling };
	if (key->key && record->type == wanted && digest)
		judged->header_hash = public_key_check(
			key->key, signature->hash, digest, signature->b, judged->signed_digest, &judged->has_signed);
	reason = keyrecord_serves(record, wanted, sha1, signature->subdomain, arena, &detail);
	if (!record->fault && !keyrecord_granted(record, signature->local_part)) {
		if (dkim->options.enforce_granularity && reason == DKIM_REASON_OK)
			ruling_fault(
				ruling, DKIM_REASON_GRANULARITY, false, words_join(arena, "key has g=", record->g));
		else
			ruling_historic(ruling, DKIM_REASON_GRANULARITY);
	}
	if (reason == DKIM_REASON_OK && !key->key) {
		reason = DKIM_REASON_KEY_SYNTAX;
		detail = SPAN("p= holds no usable key");
	}
	if (reason != DKIM_REASON_OK) {
		ruling_fault(ruling, reason, false, detail);
		return;
	}
	if (sha1)
		ruling_fault(
			ruling, DKIM_REASON_HISTORIC_ALGORITHM, true, SPAN("rsa-sha1 must not be used (RFC 8301)"));
	if (wanted == KEY_RSA && record->bits < KEYRECORD_RSA_BITS_MIN)
		ruling_fault(ruling, DKIM_REASON_KEY_TOO_SHORT, true, words_printf(arena, "%u bits", record->bits));
	hashes_rule(dkim, signature, body, judged->header_hash, arena, ruling);
}

static unsigned judged_rank(const struct judged *judged)
{
	static const unsigned facts[DKIM_FACT_COUNT] = { 3, 0, 1, 2 };

	return dkim_reason_rows[judged->ruling.strict].result * 4U + facts[judged->header_hash];
}

/* Several TXT records: undefined (RFC 6376 3.6.2.2); each is tried, the best counts (6.1.2). */
static bool keys_rule(
	struct dkim *dkim, size_t index, const struct asked *asked, enum dkim_fact body, struct arena *arena)
{
	const struct signature *signature = &dkim->signatures[index];
	uint8_t digest[HASH_OCTETS_MAX];

	if (!dkim_header_input(dkim, signature))
		return false;
	hash_begin(dkim->hash, signature->hash);
	hash_add(dkim->hash, dkim->input.p, dkim->input.n);
	hash_end(dkim->hash, digest);
	for (size_t i = 0; i < asked->n; i++) {
		struct judged judged;

		key_rule(dkim, signature, asked->keys[i], digest, body, arena, &judged);
		if (i == 0 || judged_rank(&judged) < judged_rank(&dkim->judged[index]))
			dkim->judged[index] = judged;
	}
	return true;
}

static bool signature_judge(struct dkim *dkim, size_t index, int64_t at, enum dkim_fact body, struct arena *arena)
{
	struct signature *signature = &dkim->signatures[index];
	struct judged *judged = &dkim->judged[index];
	struct ruling read = signature->ruling;
	const struct asked *asked;
	bool good = true;

	if (signature->x != MOMENT_NONE && at != MOMENT_NONE && at > signature->x)
		ruling_fault(&signature->ruling, DKIM_REASON_EXPIRED, false,
			words_printf(arena, "%lld seconds before", (long long)(at - signature->x)));
	*judged = (struct judged){ .ruling = signature->ruling };
	if (dkim->name_of[index] == DKIM_NAME_LEFT_OUT) {
		ruling_fault(&judged->ruling, DKIM_REASON_LIMIT, false, SPAN("too many different keys in one message"));
	} else if (dkim->name_of[index] == DKIM_NO_NAME) {
		ruling_fault(&judged->ruling, DKIM_REASON_NO_KEY, false, SPAN("not a name that DNS can hold"));
	} else {
		asked = &dkim->asked[dkim->name_of[index]];
		if (!asked->answered || asked->kind == DKIM_ANSWER_TEMPFAIL)
			ruling_fault(&judged->ruling, DKIM_REASON_DNS_ERROR, false, SPAN_ABSENT);
		else if (asked->kind != DKIM_ANSWER_RECORDS)
			ruling_fault(&judged->ruling, DKIM_REASON_NO_KEY, false,
				asked->kind == DKIM_ANSWER_NXDOMAIN ? SPAN("NXDOMAIN") : SPAN("no TXT record"));
		else
			good = keys_rule(dkim, index, asked, body, arena);
	}
	signature->ruling = read;
	return good;
}

static struct span copy(struct dkim_verdicts *verdicts, struct span text)
{
	return arena_copy(&verdicts->arena, text);
}

static void key_show(
	const struct dkim *dkim, size_t index, struct dkim_verdicts *verdicts, struct dkim_verdict *verdict)
{
	const struct cached_key *key = dkim->judged[index].key;

	if (dkim->name_of[index] < dkim->names_n)
		verdict->key_records = dkim->asked[dkim->name_of[index]].n;
	if (!key)
		return;
	verdict->key_bits = key->record.bits;
	verdict->key_bare = key->record.bare;
	verdict->testing = key->record.testing;
	verdict->g = copy(verdicts, key->record.g);
}

/* c= with what a missing word means. */
static struct span canon_show(struct dkim_verdicts *verdicts, const struct signature *signature)
{
	const char *slash = signature->c.n ? memchr(signature->c.p, '/', signature->c.n) : NULL;

	if (!signature->c.p)
		return SPAN("simple/simple");
	if (slash || !signature->canon_known)
		return copy(verdicts, signature->c);
	return words_printf(&verdicts->arena, "%.*s/simple", (int)signature->c.n, signature->c.p);
}

static struct span identity_show(struct dkim_verdicts *verdicts, const struct signature *signature)
{
	if (signature->i.p || !signature->d.p)
		return copy(verdicts, signature->i);
	return words_printf(&verdicts->arena, "@%.*s", (int)signature->d.n, signature->d.p);
}

/* Fields that RFC 5322 3.6 and RFC 2045 want once: an unsigned second one is what a reader may be shown (RFC
 * 6376 8.15). */
static void instances_show(const struct dkim *dkim, const struct signature *signature, struct dkim_verdicts *verdicts,
	struct dkim_verdict *verdict)
{
	static const char *const once[] = { "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id",
		"mime-version", "content-type", "content-transfer-encoding" };
	char text[160];
	size_t n = 0;

	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
		size_t named = 0, length = strlen(once[i]);

		for (size_t k = 0; k < signature->names_n; k++)
			named += span_is_nocase(signature->names[k], span_of(once[i]));
		verdict->subject_unsigned =
			verdict->subject_unsigned || (strcmp(once[i], "subject") == 0 && named == 0);
		if (named == 0 || header_count(&dkim->header, once[i]) <= named)
			continue;
		if (n)
			text[n++] = ' ';
		memcpy(text + n, once[i], length);
		n += length;
	}
	if (n)
		verdict->extra_instances = copy(verdicts, (struct span){ text, n });
}

static void align(const struct dkim *dkim, const struct dkim_verdicts *verdicts, struct dkim_verdict *verdict)
{
	struct span a = verdict->domain, b = verdicts->from_domain;

	if (!a.p || !b.p)
		return;
	verdict->strict = span_is(a, b) ? DKIM_ALIGNED_YES : DKIM_ALIGNED_NO;
	if (verdict->strict == DKIM_ALIGNED_YES)
		verdict->relaxed = DKIM_ALIGNED_YES;
	else if (dkim->options.aligned)
		verdict->relaxed = dkim->options.aligned(a, b, false) ? DKIM_ALIGNED_YES : DKIM_ALIGNED_NO;
}

static void verdict_fill(
	struct dkim *dkim, size_t index, int64_t at, enum dkim_fact body, struct dkim_verdicts *verdicts)
{
	const struct signature *signature = &dkim->signatures[index];
	const struct judged *judged = &dkim->judged[index];
	struct dkim_verdict *verdict = &verdicts->signatures[index];

	*verdict = (struct dkim_verdict){ .position = index,
		.t = signature->t,
		.x = signature->x,
		.body_hash = body,
		.header_hash = judged->header_hash,
		.reason = judged->ruling.strict };
	verdict->d = copy(verdicts, signature->d);
	verdict->s = copy(verdicts, signature->s);
	verdict->a = copy(verdicts, signature->a);
	verdict->l = copy(verdicts, signature->l);
	verdict->c = canon_show(verdicts, signature);
	verdict->i = identity_show(verdicts, signature);
	verdict->domain = copy(verdicts, signature->domain);
	verdict->name = dkim->name_of[index] < dkim->names_n ? copy(verdicts, signature->name) : SPAN_ABSENT;
	verdict->detail = copy(verdicts, judged->ruling.detail);
	verdict->historic = judged->ruling.historic;
	verdict->has_historic = judged->ruling.historic != judged->ruling.strict;
	verdict->t_in_future = signature->t != MOMENT_NONE && at != MOMENT_NONE && signature->t > at &&
		signature->t - at > CLOCK_TOLERANCE;
	if (signature->body_known) {
		verdict->has_body_length = true;
		verdict->body_length = dkim->bodyhash.octets[signature->body_canon];
		if (signature->has_length && signature->length < verdict->body_length)
			verdict->unsigned_octets = verdict->body_length - signature->length;
	}
	key_show(dkim, index, verdicts, verdict);
	if (signature->names_n)
		instances_show(dkim, signature, verdicts, verdict);
	align(dkim, verdicts, verdict);
}

/* Empty: nobody can say for certain. */
static struct span author_domain(const struct mailbox *mailbox, char text[DOMAINNAME_TEXT])
{
	if (mailbox->ambiguous || domain_labels(domainname_bare(mailbox->domain)) == 0)
		return SPAN_ABSENT;
	return (struct span){ text, domain_alabels(mailbox->domain, text) };
}

/* The author's domain (RFC 5322 3.6.2): known when all From fields together name exactly one. */
static void author_show(const struct dkim *dkim, struct dkim_verdicts *verdicts)
{
	size_t first, n = header_group(&dkim->header, SPAN("from"), &first);
	char text[DOMAINNAME_TEXT];
	struct span unreadable = SPAN_ABSENT;

	verdicts->from_fields = n;
	for (size_t i = 0; i < n; i++) {
		struct mailbox mailboxes[MAILBOX_MAX];
		size_t count =
			mailbox_list(dkim->header.fields[dkim->header.sorted[first + i]].value, mailboxes, MAILBOX_MAX);

		for (size_t k = 0; k < count; k++) {
			struct span domain = author_domain(&mailboxes[k], text);

			if (domain.n && verdicts->from_domain.p && span_is(domain, verdicts->from_domain))
				continue;
			verdicts->from_domains++;
			verdicts->from_domain = domain.n ? copy(verdicts, domain) : unreadable;
		}
	}
	if (verdicts->from_domains != 1)
		verdicts->from_domain = SPAN_ABSENT;
}

/* RFC 4870 3.3 */
static void domainkeys_show(const struct dkim *dkim, struct dkim_verdicts *verdicts)
{
	size_t first, n = header_group(&dkim->header, SPAN("domainkey-signature"), &first);

	n = n < DKIM_SIGNATURES_MAX ? n : DKIM_SIGNATURES_MAX;
	verdicts->domainkeys = arena_take(&verdicts->arena, n * sizeof *verdicts->domainkeys);
	for (size_t i = 0; verdicts->domainkeys && i < n; i++) {
		struct dkim_domainkey *shown = &verdicts->domainkeys[verdicts->domainkeys_n++];
		struct taglist tags;

		if (!taglist_parse(dkim->header.fields[dkim->header.sorted[first + i]].value, false, &tags))
			continue;
		shown->a = span_compact(taglist_value(&tags, "a"), &verdicts->arena);
		shown->c = span_compact(taglist_value(&tags, "c"), &verdicts->arena);
		shown->d = span_compact(taglist_value(&tags, "d"), &verdicts->arena);
		shown->s = span_compact(taglist_value(&tags, "s"), &verdicts->arena);
		shown->q = span_compact(taglist_value(&tags, "q"), &verdicts->arena);
		shown->h = span_compact(taglist_value(&tags, "h"), &verdicts->arena);
	}
}

bool dkim_verdicts(struct dkim *dkim, int64_t at, struct dkim_verdicts *verdicts)
{
	*verdicts = (struct dkim_verdicts){
		.arena = ARENA(MESSAGE_ARENA), .total = dkim->signatures_total, .header_too_long = dkim->header_too_long
	};
	if (dkim->phase != PHASE_ENDED || dkim->failed)
		return false;
	verdicts->signatures = arena_take(&verdicts->arena, dkim->signatures_n * sizeof *verdicts->signatures);
	if (!verdicts->signatures)
		return false;
	author_show(dkim, verdicts);
	domainkeys_show(dkim, verdicts);
	verdicts->result = dkim->header_too_long ? DKIM_NEUTRAL : DKIM_NONE;
	for (size_t i = 0; i < dkim->signatures_n; i++) {
		enum dkim_fact body = body_fact(dkim, &dkim->signatures[i]);
		enum dkim_result result;

		if (!signature_judge(dkim, i, at, body, &verdicts->arena))
			return false;
		verdict_fill(dkim, i, at, body, verdicts);
		verdicts->n++;
		result = dkim_reason_rows[verdicts->signatures[i].reason].result;
		if (verdicts->result == DKIM_NONE || result < verdicts->result)
			verdicts->result = result;
	}
	return !verdicts->arena.failed;
}
