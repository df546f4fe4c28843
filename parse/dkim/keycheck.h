/* A DKIM key record under the eyes of its owner: everything in it that is wrong or worth knowing, with its place, and
 * the record as it should be. Verification does not need this (keyrecord.h). The sentences are in parse/dns/finding.c.
 * Pure calculation on one text; its character-strings are joined beforehand. */
#ifndef PARSE_DKIM_KEYCHECK_H
#define PARSE_DKIM_KEYCHECK_H

#include "parse/dkim/keymaterial.h"
#include "parse/dkim/keyrecord.h"

enum key_problem {
	/* receivers cannot use the record */
	KEY_PROBLEM_QUOTE,         /* a quotation mark */
	KEY_PROBLEM_OCTET,         /* an octet no value may hold */
	KEY_PROBLEM_EMPTY,         /* nothing between two semicolons */
	KEY_PROBLEM_TERM,          /* not of the form name=value */
	KEY_PROBLEM_TWICE,         /* a tag given twice */
	KEY_PROBLEM_MANY,          /* more than TAGLIST_MAX tags */
	KEY_PROBLEM_SEMICOLON,     /* missing before this tag */
	KEY_PROBLEM_VERSION,       /* v= is not DKIM1 */
	KEY_PROBLEM_VERSION_LATE,  /* v= is not first */
	KEY_PROBLEM_NO_KEY,        /* no p= */
	KEY_PROBLEM_BASE64,        /* something in p= that is not base64 */
	KEY_PROBLEM_CUT,           /* p= ends too early */
	KEY_PROBLEM_PRIVATE,       /* p= is a private key */
	KEY_PROBLEM_MATERIAL,      /* p= is no key that k= could mean */
	KEY_PROBLEM_WRAPPED,       /* an ed25519 key in a frame */
	KEY_PROBLEM_TYPE_DIFFERS,  /* p= is a good key of the other type */
	KEY_PROBLEM_TYPE,          /* k= is unknown */
	KEY_PROBLEM_SHORT,         /* below 1024 bits (RFC 8301 3.2) */
	KEY_PROBLEM_HASHES,        /* h= without sha256 */
	KEY_PROBLEM_SERVICE,       /* s= without email */
	/* advice */
	KEY_PROBLEM_SERVICE_OTHER, /* s=tlsrpt (RFC 8460 3): not for mail, on purpose */
	KEY_PROBLEM_REVOKED,       /* p= is empty */
	KEY_PROBLEM_WEAK,          /* below 2048 bits (RFC 8301 3.2) */
	KEY_PROBLEM_LARGE,         /* above 4096 bits: verifiers need not support it (RFC 8301 3.2) */
	KEY_PROBLEM_ED25519,
	KEY_PROBLEM_EXPONENT,
	KEY_PROBLEM_BARE,          /* RSAPublicKey without its frame */
	KEY_PROBLEM_TRAILING,      /* octets behind the key */
	KEY_PROBLEM_PADDING,       /* "=" missing at the end of p= */
	KEY_PROBLEM_BLANKS,        /* white space within p= */
	KEY_PROBLEM_NO_VERSION,
	KEY_PROBLEM_NO_TYPE,       /* k= is missing, and the key is RSA */
	KEY_PROBLEM_TESTING,       /* t=y */
	KEY_PROBLEM_STRICT,        /* t=s */
	KEY_PROBLEM_FLAG,          /* another flag in t= */
	KEY_PROBLEM_SHA1,          /* h= lists sha1 (RFC 8301 3.1) */
	KEY_PROBLEM_GRANULARITY,   /* g= (RFC 4871 only) */
	KEY_PROBLEM_UNKNOWN_TAG,
	KEY_PROBLEM_COUNT
};

struct key_note {
	enum key_problem problem;
	struct span where; /* a piece of the text; absent: the record as a whole */
};
#define KEY_NOTES_MAX 64

struct key_check {
	struct key_record record; /* as far as it can be read, behind a fault too */
	struct key_material material;
	struct key_note notes[KEY_NOTES_MAX]; /* in the order of reading */
	size_t notes_n;
};

/* Is this a text that receivers take for a key record, or was it meant to be one? */
bool keycheck_counts(struct span text);
bool keycheck_intended(struct span text);

void keycheck_read(struct span text, struct arena *arena, struct key_check *check);

/* What was meant, written as it should be: separators, order, spelling, the form of the key; what is repeated, retired
 * or unknown is left out. t=y stays unless `trial_over`. False: no whole key can be found in the text, or no room. */
bool keycheck_correct(struct span text, bool trial_over, struct arena *arena, struct buf *out);

const char *key_type_word(enum key_type type); /* RSA, Ed25519, unknown */

#endif
