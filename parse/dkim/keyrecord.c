#include "parse/dkim/keyrecord.h"
#include "parse/dkim/der.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/words.h"

/* The first one stands for the record. */
static void fault(struct key_record *record, const char *text, struct span where)
{
	if (record->fault)
		return;
	record->fault = text;
	record->where = where;
}

static const struct {
	const char *name;
	size_t offset;
} known_tags[] = {
	{ "v", offsetof(struct key_record, v) },
	{ "h", offsetof(struct key_record, h) },
	{ "k", offsetof(struct key_record, k) },
	{ "n", offsetof(struct key_record, n) },
	{ "p", offsetof(struct key_record, p) },
	{ "s", offsetof(struct key_record, s) },
	{ "t", offsetof(struct key_record, t) },
	{ "g", offsetof(struct key_record, g) },
};
#define KNOWN_TAGS (sizeof known_tags / sizeof known_tags[0])

static void tags_assign(struct key_record *record)
{
	for (size_t i = 0; i < record->tags.n; i++) {
		const struct tag *tag = &record->tags.tags[i];

		for (size_t k = 0; k < KNOWN_TAGS; k++)
			if (span_is(tag->name, span_of(known_tags[k].name)))
				*(struct span *)((char *)record + known_tags[k].offset) = tag->value;
	}
}

static void rsa_read(struct key_record *record)
{
	struct der_rsa rsa;

	record->material_fault = der_rsa_parse(record->key, &rsa);
	if (record->material_fault)
		return;
	record->bits = der_bits(rsa.modulus);
	if (record->bits > KEYRECORD_RSA_BITS_MAX) {
		record->material_fault = "RSA modulus above 16384 bits";
		return;
	}
	record->modulus = rsa.modulus;
	record->exponent = rsa.exponent;
	record->bare = rsa.bare;
}

static void key_read(struct key_record *record, struct arena *arena)
{
	if (record->p.n == 0) {
		record->revoked = true;
		return;
	}
	record->key = base64_decode(record->p, arena);
	if (!record->key.p || record->key.n == 0)
		fault(record, "p= is not base64", SPAN_ABSENT);
	else if (record->type == KEY_RSA)
		rsa_read(record);
	else if (record->type == KEY_ED25519 && record->key.n == 32)
		record->bits = 256;
	else if (record->type == KEY_ED25519)
		record->material_fault = "an ed25519 key has 32 octets";
}

static bool allows_hash(const struct key_record *record, const char *name)
{
	return !record->h.p || taglist_has_member(record->h, name);
}

static bool allows_email(const struct key_record *record)
{
	return !record->s.p || taglist_has_member(record->s, "*") || taglist_has_member(record->s, "email");
}

static void record_read(struct span text, struct arena *arena, bool on, struct key_record *record)
{
	memset(record, 0, sizeof *record);
	if (!taglist_parse(text, false, &record->tags))
		fault(record, record->tags.fault, record->tags.where);
	if (record->fault && !on)
		return;
	tags_assign(record);
	record->testing = record->t.p && taglist_has_member(record->t, "y");
	record->strict = record->t.p && taglist_has_member(record->t, "s");
	record->type = !record->k.p || span_is(record->k, SPAN("rsa")) ? KEY_RSA :
		span_is(record->k, SPAN("ed25519"))                    ? KEY_ED25519 :
									 KEY_OTHER;
	if (record->v.p && (!span_is(record->tags.tags[0].name, SPAN("v")) || !span_is(record->v, SPAN("DKIM1"))))
		fault(record, "v= must be first and DKIM1", SPAN_ABSENT);
	if (!record->p.p)
		fault(record, "no p=", SPAN_ABSENT);
	else if (!record->fault || on)
		key_read(record, arena);
}

void keyrecord_parse(struct span text, struct arena *arena, struct key_record *record)
{
	record_read(text, arena, false, record);
}

void keyrecord_parse_on(struct span text, struct arena *arena, struct key_record *record)
{
	record_read(text, arena, true, record);
}

static const char *type_word(enum key_type type)
{
	return type == KEY_RSA ? "rsa" : "ed25519";
}

enum dkim_reason keyrecord_serves(const struct key_record *record, enum key_type wanted, bool sha1, bool subdomain,
	struct arena *arena, struct span *detail)
{
	if (record->fault) {
		*detail = words_join(arena, record->fault, record->where);
		return DKIM_REASON_KEY_SYNTAX;
	}
	if (!allows_email(record)) {
		*detail = words_join(arena, "key has s=", record->s);
		return DKIM_REASON_SERVICE_NOT_ALLOWED;
	}
	if (!allows_hash(record, sha1 ? "sha1" : "sha256")) {
		*detail = words_join(arena, "key has h=", record->h);
		return DKIM_REASON_HASH_NOT_ALLOWED;
	}
	if (record->revoked)
		return DKIM_REASON_REVOKED_KEY;
	if (record->type == KEY_OTHER) {
		*detail = words_join(arena, "key has k=", record->k);
		return DKIM_REASON_UNSUPPORTED_KEY_TYPE;
	}
	if (record->type != wanted) {
		*detail = words_join(arena, "the key is for", span_of(type_word(record->type)));
		return DKIM_REASON_KEY_TYPE_MISMATCH;
	}
	if (record->strict && subdomain) {
		*detail = SPAN("key has t=s, and i= is a subdomain of d=");
		return DKIM_REASON_STRICT_IDENTITY;
	}
	if (record->material_fault) {
		*detail = span_of(record->material_fault);
		return DKIM_REASON_KEY_SYNTAX;
	}
	return DKIM_REASON_OK;
}

bool keyrecord_granted(const struct key_record *record, struct span local_part)
{
	const char *star;
	struct span head, tail;

	if (!record->g.p)
		return true;
	if (record->g.n == 0)
		return false;
	star = memchr(record->g.p, '*', record->g.n);
	if (!star)
		return span_is(record->g, local_part);
	head = (struct span){ record->g.p, (size_t)(star - record->g.p) };
	tail = (struct span){ star + 1, record->g.n - head.n - 1 };
	return local_part.n >= head.n + tail.n && span_is((struct span){ local_part.p, head.n }, head) &&
		span_is((struct span){ local_part.p + (local_part.n - tail.n), tail.n }, tail);
}
