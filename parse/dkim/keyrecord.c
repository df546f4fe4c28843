#include "parse/dkim/keyrecord.h"
#include "parse/dkim/der.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/words.h"

const struct key_problem_row key_problem_rows[KEY_PROBLEM_COUNT] = {
#define X(name, word, error, sentence) { word, error, sentence },
	KEY_PROBLEMS(X)
#undef X
};

static void note(struct key_record *record, enum key_problem problem, struct span where)
{
	if (record->notes_n < KEY_NOTES_MAX)
		record->notes[record->notes_n++] = (struct key_note){ problem, where };
}

static void fault(struct key_record *record, enum key_problem problem, const char *text, struct span where)
{
	record->fault = text;
	record->where = where;
	note(record, problem, where);
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
		size_t k = 0;

		while (k < KNOWN_TAGS && !span_is(tag->name, span_of(known_tags[k].name)))
			k++;
		if (k < KNOWN_TAGS)
			*(struct span *)((char *)record + known_tags[k].offset) = tag->value;
		else
			note(record, KEY_PROBLEM_UNKNOWN_TAG, tag->name);
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
	if (rsa.bare)
		note(record, KEY_PROBLEM_BARE, record->p);
	if (rsa.trailing)
		note(record, KEY_PROBLEM_TRAILING, record->p);
	if (!span_is(rsa.exponent, SPAN("\x01\x00\x01")))
		note(record, KEY_PROBLEM_EXPONENT, record->p);
	if (record->bits < KEYRECORD_RSA_BITS_MIN)
		note(record, KEY_PROBLEM_SHORT, record->p);
	else if (record->bits < 2048)
		note(record, KEY_PROBLEM_WEAK, record->p);
	else if (record->bits > 4096)
		note(record, KEY_PROBLEM_LARGE, record->p);
}

static void material_read(struct key_record *record)
{
	if (record->type == KEY_RSA)
		rsa_read(record);
	else if (record->type == KEY_ED25519 && record->key.n == 32)
		record->bits = 256;
	else if (record->type == KEY_ED25519)
		record->material_fault = "an ed25519 key has 32 octets";
	if (record->material_fault)
		note(record, KEY_PROBLEM_MATERIAL, record->p);
}

static size_t digits_count(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += fws_length(text, i) == 0 && text.p[i] != '\n';
	return n;
}

static void key_read(struct key_record *record, struct arena *arena)
{
	if (record->p.n == 0) {
		record->revoked = true;
		note(record, KEY_PROBLEM_REVOKED, record->p);
		return;
	}
	record->key = base64_decode(record->p, arena);
	if (!record->key.p || record->key.n == 0) {
		fault(record, KEY_PROBLEM_NOT_BASE64, "p= is not base64", SPAN_ABSENT);
		return;
	}
	if (digits_count(record->p) % 4)
		note(record, KEY_PROBLEM_PADDING, record->p);
	material_read(record);
}

static bool allows_hash(const struct key_record *record, const char *name)
{
	return !record->h.p || taglist_has_member(record->h, name);
}

static bool allows_email(const struct key_record *record)
{
	return !record->s.p || taglist_has_member(record->s, "*") || taglist_has_member(record->s, "email");
}

static void rules_note(struct key_record *record)
{
	if (!allows_hash(record, "sha256"))
		note(record, KEY_PROBLEM_HASHES, record->h);
	if (!allows_email(record))
		note(record, KEY_PROBLEM_SERVICE, record->s);
	if (!record->v.p)
		note(record, KEY_PROBLEM_NO_VERSION, SPAN_ABSENT);
	if (record->testing)
		note(record, KEY_PROBLEM_TESTING, record->t);
	if (record->h.p && allows_hash(record, "sha1"))
		note(record, KEY_PROBLEM_SHA1, record->h);
	if (record->g.p)
		note(record, KEY_PROBLEM_OBSOLETE_G, record->g);
}

void keyrecord_parse(struct span text, struct arena *arena, struct key_record *record)
{
	memset(record, 0, sizeof *record);
	if (!taglist_parse(text, false, &record->tags)) {
		fault(record, KEY_PROBLEM_SYNTAX, record->tags.fault, record->tags.where);
		return;
	}
	tags_assign(record);
	record->testing = record->t.p && taglist_has_member(record->t, "y");
	record->strict = record->t.p && taglist_has_member(record->t, "s");
	record->type = !record->k.p || span_is(record->k, SPAN("rsa")) ? KEY_RSA :
		span_is(record->k, SPAN("ed25519"))                    ? KEY_ED25519 :
									 KEY_OTHER;
	if (record->v.p && (!span_is(record->tags.tags[0].name, SPAN("v")) || !span_is(record->v, SPAN("DKIM1")))) {
		fault(record, KEY_PROBLEM_VERSION, "v= must be first and DKIM1", SPAN_ABSENT);
		return;
	}
	if (!record->p.p) {
		fault(record, KEY_PROBLEM_NO_KEY, "no p=", SPAN_ABSENT);
		return;
	}
	if (record->type == KEY_OTHER)
		note(record, KEY_PROBLEM_TYPE, record->k);
	key_read(record, arena);
	rules_note(record);
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
