#include "parse/wire_p.h"

/* Members in the order of the wire; the writer and the reader expand the same lists. */

#define STEP_TEXTS(X) X(where) X(found) X(before)
#define DIAGNOSIS_BOOLS(X) X(undone) X(header_undone) X(body_undone) X(exhausted) X(has_reconstruction)
#define DIAGNOSIS_COUNTS(X) X(added_octets) X(reconstruction_octets) X(candidates) X(hashed)
#define VERDICT_TEXTS(X) X(d) X(s) X(i) X(a) X(c) X(l) X(domain) X(name) X(detail) X(g) X(extra_instances)
#define VERDICT_BOOLS(X) \
	X(has_historic) X(key_bare) X(testing) X(has_body_length) X(t_in_future) X(subject_unsigned)
#define VERDICT_COUNTS(X) X(body_length) X(unsigned_octets)
#define DOMAINKEY_TEXTS(X) X(a) X(c) X(d) X(s) X(q) X(h)

#define STEP_LEAST 12    /* octets that one takes at least */
#define VERDICT_LEAST 60
#define KEY_LEAST 11

static void put_diagnosis(struct buf *out, const struct dkim_diagnosis *d)
{
#define X(member) put_u8(out, d->member);
	DIAGNOSIS_BOOLS(X)
#undef X
#define X(member) put_u64(out, d->member);
	DIAGNOSIS_COUNTS(X)
#undef X
	put_octets(out, d->reconstruction_sha256, sizeof d->reconstruction_sha256);
	put_u8(out, d->reported_header);
	put_u8(out, d->reported_body);
	put_span(out, d->sentence);
	put_count(out, d->steps_n);
	for (size_t i = 0; i < d->steps_n; i++) {
		put_u8(out, d->steps[i].edit);
#define X(member) put_span(out, d->steps[i].member);
		STEP_TEXTS(X)
#undef X
		put_u64(out, d->steps[i].octets);
	}
}

static struct dkim_diagnosis *get_diagnosis(struct get *in, struct arena *arena)
{
	struct dkim_diagnosis *d = get_array(in, arena, 1, sizeof *d);
	const uint8_t *sha256;

	if (!d)
		return NULL;
#define X(member) d->member = get_bool(in);
	DIAGNOSIS_BOOLS(X)
#undef X
#define X(member) d->member = get_u64(in);
	DIAGNOSIS_COUNTS(X)
#undef X
	sha256 = get_octets(in, sizeof d->reconstruction_sha256);
	if (sha256)
		memcpy(d->reconstruction_sha256, sha256, sizeof d->reconstruction_sha256);
	d->reported_header = get_below(in, DKIM_FACT_COUNT);
	d->reported_body = get_below(in, DKIM_FACT_COUNT);
	d->sentence = get_text(in);
	d->steps_n = get_count(in, STEP_LEAST);
	d->steps = get_array(in, arena, d->steps_n, sizeof *d->steps);
	for (size_t i = 0; d->steps && i < d->steps_n; i++) {
		d->steps[i].edit = get_below(in, DKIM_EDIT_COUNT);
#define X(member) d->steps[i].member = get_text(in);
		STEP_TEXTS(X)
#undef X
		d->steps[i].octets = get_u64(in);
	}
	return d;
}

static void put_verdict(struct buf *out, const struct dkim_verdict *v)
{
	put_u64(out, v->position);
#define X(member) put_span(out, v->member);
	VERDICT_TEXTS(X)
#undef X
#define X(member) put_u8(out, v->member);
	VERDICT_BOOLS(X)
#undef X
#define X(member) put_u64(out, v->member);
	VERDICT_COUNTS(X)
#undef X
	put_i64(out, v->t);
	put_i64(out, v->x);
	put_u8(out, v->reason);
	put_u8(out, v->historic);
	put_u8(out, v->body_hash);
	put_u8(out, v->header_hash);
	put_u32(out, v->key_bits);
	put_u64(out, v->key_records);
	put_u8(out, v->strict);
	put_u8(out, v->relaxed);
	put_u8(out, v->diagnosis != NULL);
	if (v->diagnosis)
		put_diagnosis(out, v->diagnosis);
}

static void get_verdict(struct get *in, struct arena *arena, struct dkim_verdict *v)
{
	v->position = get_u64(in);
#define X(member) v->member = get_text(in);
	VERDICT_TEXTS(X)
#undef X
#define X(member) v->member = get_bool(in);
	VERDICT_BOOLS(X)
#undef X
#define X(member) v->member = get_u64(in);
	VERDICT_COUNTS(X)
#undef X
	v->t = get_i64(in);
	v->x = get_i64(in);
	v->reason = get_below(in, DKIM_REASON_COUNT);
	v->historic = get_below(in, DKIM_REASON_COUNT);
	v->body_hash = get_below(in, DKIM_FACT_COUNT);
	v->header_hash = get_below(in, DKIM_FACT_COUNT);
	v->key_bits = get_u32(in);
	v->key_records = get_u64(in);
	v->strict = get_below(in, DKIM_ALIGNED_YES + 1);
	v->relaxed = get_below(in, DKIM_ALIGNED_YES + 1);
	if (get_bool(in))
		v->diagnosis = get_diagnosis(in, arena);
}

bool wire_put_verification(struct buf *out, const struct verification *verification)
{
	const struct dkim_verdicts *all = verification->verdicts;
	size_t start = frame_begin(out, FRAME_VERIFICATION);

	put_u8(out, verification->of);
	put_i64(out, verification->at);
	put_count(out, verification->keys_n);
	for (size_t i = 0; i < verification->keys_n; i++) {
		put_span(out, verification->keys[i].name);
		put_u8(out, verification->keys[i].origin);
		put_i64(out, verification->keys[i].seen);
		put_u8(out, verification->keys[i].secure);
	}
	put_span(out, verification->border.authserv_id);
	put_u8(out, verification->border.dkim);
	put_u8(out, verification->border.spf);
	put_u8(out, verification->border.refused);
	put_u8(out, all->result);
	put_u64(out, all->total);
	put_span(out, all->from_domain);
	put_u64(out, all->from_fields);
	put_u64(out, all->from_domains);
	put_u8(out, all->header_too_long);
	put_count(out, all->n);
	for (size_t i = 0; i < all->n; i++)
		put_verdict(out, &all->signatures[i]);
	put_count(out, all->domainkeys_n);
	for (size_t i = 0; i < all->domainkeys_n; i++) {
#define X(member) put_span(out, all->domainkeys[i].member);
		DOMAINKEY_TEXTS(X)
#undef X
	}
	return frame_close(out, start);
}

static void get_keys(struct get *in, struct arena *arena, struct verification *verification)
{
	verification->keys_n = get_count(in, KEY_LEAST);
	verification->keys = get_array(in, arena, verification->keys_n, sizeof *verification->keys);
	for (size_t i = 0; verification->keys && i < verification->keys_n; i++) {
		verification->keys[i].name = get_text(in);
		verification->keys[i].origin = get_below(in, KEY_ORIGIN_COUNT);
		verification->keys[i].seen = get_i64(in);
		verification->keys[i].secure = get_bool(in);
	}
}

bool wire_get_verification(struct span payload, struct arena *arena, struct verification *verification)
{
	struct get in = GET(payload);
	struct dkim_verdicts *all = arena_take(arena, sizeof *all);

	if (!all)
		return false;
	*verification = (struct verification){ .verdicts = all };
	verification->of = get_below(&in, VERIFIED_COUNT);
	verification->at = get_i64(&in);
	get_keys(&in, arena, verification);
	verification->border.authserv_id = get_text(&in);
	verification->border.dkim = get_bool(&in);
	verification->border.spf = get_bool(&in);
	verification->border.refused = get_bool(&in);
	all->result = get_below(&in, DKIM_RESULT_COUNT);
	all->total = get_u64(&in);
	all->from_domain = get_text(&in);
	all->from_fields = get_u64(&in);
	all->from_domains = get_u64(&in);
	all->header_too_long = get_bool(&in);
	all->n = get_count(&in, VERDICT_LEAST);
	all->signatures = get_array(&in, arena, all->n, sizeof *all->signatures);
	for (size_t i = 0; all->signatures && i < all->n; i++)
		get_verdict(&in, arena, &all->signatures[i]);
	all->domainkeys_n = get_count(&in, 6);
	all->domainkeys = get_array(&in, arena, all->domainkeys_n, sizeof *all->domainkeys);
	for (size_t i = 0; all->domainkeys && i < all->domainkeys_n; i++) {
#define X(member) all->domainkeys[i].member = get_text(&in);
		DOMAINKEY_TEXTS(X)
#undef X
	}
	return get_done(&in);
}
