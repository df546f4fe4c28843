/* DKIM key records (RFC 6376 3.6.1; RFC 8463 for ed25519; g= of RFC 4871) read for verification and for linting.
 * Pure calculation on one logical TXT string; its character-strings are joined beforehand, with nothing between.
 *
 * All spans live in the arena given, or point into the record's text. */
#ifndef PARSE_DKIM_KEYRECORD_H
#define PARSE_DKIM_KEYRECORD_H

#include "parse/dkim/taglist.h"
#include "parse/dkim/verdict.h"

#define KEYRECORD_RSA_BITS_MAX 16384
#define KEYRECORD_RSA_BITS_MIN 1024 /* RFC 8301 3.2 */

enum key_type { KEY_RSA, KEY_ED25519, KEY_OTHER };

/* What a linter says of a record; errors make it unusable, the rest is advice. X(name, word, error, sentence) */
#define KEY_PROBLEMS(X)                                                                                      \
	X(SYNTAX, "syntax", true, "not a tag list")                                                          \
	X(VERSION, "version", true, "v= must be the first tag and read DKIM1")                               \
	X(NO_KEY, "no-p", true, "p= is missing")                                                             \
	X(NOT_BASE64, "p-not-base64", true, "p= is not base64")                                              \
	X(MATERIAL, "p-unusable", true, "p= holds no key of the type in k=")                                 \
	X(TYPE, "k-unknown", true, "unknown key type in k=")                                                 \
	X(SHORT, "rsa-short", true, "RSA key below 1024 bits: never valid (RFC 8301)")                       \
	X(HASHES, "h-without-sha256", true, "h= does not allow sha256")                                      \
	X(SERVICE, "s-without-email", true, "s= does not allow email")                                       \
	X(REVOKED, "revoked", false, "p= is empty: the key is revoked")                                      \
	X(WEAK, "rsa-1024", false, "RSA key below 2048 bits: RFC 8301 advises 2048")                         \
	X(LARGE, "rsa-large", false, "RSA key above 4096 bits: verifiers need not support it")               \
	X(EXPONENT, "rsa-exponent", false, "unusual RSA exponent")                                           \
	X(BARE, "rsa-bare", false, "RSAPublicKey instead of SubjectPublicKeyInfo: many verifiers refuse it") \
	X(TRAILING, "p-trailing", false, "octets behind the key in p=")                                      \
	X(PADDING, "p-no-padding", false, "base64 padding is missing in p=")                                 \
	X(NO_VERSION, "no-v", false, "v=DKIM1 is missing (recommended)")                                     \
	X(TESTING, "testing", false, "t=y: verifiers treat this domain's mail as unsigned")                  \
	X(SHA1, "h-sha1", false, "h= lists sha1, which must not be used (RFC 8301)")                         \
	X(OBSOLETE_G, "g-obsolete", false, "g= is obsolete (RFC 6376 dropped it); old verifiers obey it")    \
	X(UNKNOWN_TAG, "unknown-tag", false, "unknown tag")

enum key_problem {
#define X(name, word, error, sentence) KEY_PROBLEM_##name,
	KEY_PROBLEMS(X)
#undef X
		KEY_PROBLEM_COUNT
};

struct key_problem_row {
	const char *word;
	bool error;
	const char *sentence;
};
extern const struct key_problem_row key_problem_rows[KEY_PROBLEM_COUNT];

struct key_note {
	enum key_problem problem;
	struct span where; /* the tag or value meant; may be absent */
};
#define KEY_NOTES_MAX 32

struct key_record {
	struct taglist tags;                /* every tag with its value, as read */
	struct span v, h, k, n, p, s, t, g; /* white space around removed; absent when missing */
	enum key_type type;
	bool testing;                  /* t=y */
	bool strict;                   /* t=s */
	bool revoked;                  /* p= present and empty */
	struct span key;               /* p= decoded */
	struct span modulus, exponent; /* RSA, without leading zeros */
	uint32_t bits;                 /* of the modulus; 256 for ed25519; 0 when there is no usable key */
	bool bare;                     /* RSAPublicKey (PKCS#1) */
	/* Void as a whole (RFC 6376 6.1.2 "key syntax error"): reason of the fault, else NULL. Material is judged
	 * apart. */
	const char *fault;
	struct span where;
	const char *material_fault;           /* p= cannot be used with k=; NULL when it can */
	struct key_note notes[KEY_NOTES_MAX]; /* in the order of KEY_PROBLEMS' table, then of the record */
	size_t notes_n;
};

void keyrecord_parse(struct span text, struct arena *arena, struct key_record *record);

/* The first reason (RFC 6376 6.1.2, in its order; RFC 4871's g= apart) why this record does not serve a signature, or
 * DKIM_REASON_OK. `detail` gets a few words in the arena. */
enum dkim_reason keyrecord_serves(const struct key_record *record, enum key_type wanted, bool sha1, bool subdomain,
	struct arena *arena, struct span *detail);

/* g= of RFC 4871 3.6.1 against the local part of i=: one `*`, case-sensitive; empty matches nothing, absent all. */
bool keyrecord_granted(const struct key_record *record, struct span local_part);

#endif
