/* The two DER forms of an RSA public key, walked by hand: SubjectPublicKeyInfo (RFC 5280 4.1) with rsaEncryption, and
 * the bare RSAPublicKey (RFC 8017 A.1.1), which is what RFC 6376 3.6.1 names by the letter. (OpenSSL's own decoder
 * costs eight RSA verifications.) */
#ifndef PARSE_DKIM_DER_H
#define PARSE_DKIM_DER_H

#include "base/buf.h"

#include <stdint.h>

struct der_rsa {
	struct span modulus,
		exponent; /* big-endian, no leading zeros; both odd, the exponent 3 or more, 64 bits at most */
	bool bare;        /* RSAPublicKey */
	bool trailing;    /* octets behind the outer sequence: ignored */
};

/* NULL, or what is wrong, in a few words. */
const char *der_rsa_parse(struct span octets, struct der_rsa *rsa);

uint32_t der_bits(struct span integer);

/* Octets that the outermost element says it has, head included; 0 when there is none. More than there are: cut off. */
size_t der_claims(struct span octets);

/* The beginning of a private key in one of its usual forms (RFC 8017 A.1.2, RFC 5958 2, RFC 5915 3). */
bool der_is_private(struct span octets);

/* SubjectPublicKeyInfo of an RSA key, the form that everybody reads. */
bool der_rsa_put(struct buf *out, struct span modulus, struct span exponent);

#endif
