/* What the octets behind p= of a key record are, whatever its k= says, and how they should be written. For linting and
 * for comparing keys; verification reads them by itself (keyrecord.h). Spans point into the octets given. */
#ifndef PARSE_DKIM_KEYMATERIAL_H
#define PARSE_DKIM_KEYMATERIAL_H

#include "base/buf.h"

enum key_form {
	KEY_FORM_UNKNOWN,
	KEY_FORM_RSA,             /* SubjectPublicKeyInfo */
	KEY_FORM_RSA_BARE,        /* RSAPublicKey */
	KEY_FORM_ED25519,         /* its 32 octets (RFC 8463 4) */
	KEY_FORM_ED25519_WRAPPED, /* SubjectPublicKeyInfo (RFC 8410 4), which verifiers do not read */
	KEY_FORM_PRIVATE,
	KEY_FORM_CUT, /* ends before it says it does */
};

struct key_material {
	enum key_form form;
	const char *fault;             /* of KEY_FORM_UNKNOWN, in a few words */
	struct span modulus, exponent; /* RSA, without leading zeros */
	struct span point;             /* ed25519 */
	uint32_t bits;                 /* 256 for ed25519; 0 when there is no key */
	bool trailing;                 /* something stands behind the key */
	size_t octets_wanted;          /* of KEY_FORM_CUT */
};

struct key_material keymaterial_of(struct span octets);

bool keymaterial_is_rsa(const struct key_material *material);
bool keymaterial_is_ed25519(const struct key_material *material);
bool keymaterial_same(const struct key_material *a, const struct key_material *b); /* the same public key */

/* The value of p= in the form that everybody reads. False: there is no key, or no room. */
bool keymaterial_put(struct buf *out, const struct key_material *material);

#endif
