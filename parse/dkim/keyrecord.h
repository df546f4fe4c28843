/* DKIM key records (RFC 6376 3.6.1; RFC 8463 for ed25519; g= of RFC 4871), read for verification.
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
	const char *material_fault; /* p= cannot be used with k=; NULL when it can */
};

void keyrecord_parse(struct span text, struct arena *arena, struct key_record *record);

/* Reads on behind a fault, as far as there is something to read: for showing what a void record was meant to be. */
void keyrecord_parse_on(struct span text, struct arena *arena, struct key_record *record);

/* The first reason (RFC 6376 6.1.2, in its order; RFC 4871's g= apart) why this record does not serve a signature, or
 * DKIM_REASON_OK. `detail` gets a few words in the arena. */
enum dkim_reason keyrecord_serves(const struct key_record *record, enum key_type wanted, bool sha1, bool subdomain,
	struct arena *arena, struct span *detail);

/* g= of RFC 4871 3.6.1 against the local part of i=: one `*`, case-sensitive; empty matches nothing, absent all. */
bool keyrecord_granted(const struct key_record *record, struct span local_part);

#endif
