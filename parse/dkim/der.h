/* The two DER forms of an RSA public key, walked by hand: SubjectPublicKeyInfo (RFC 5280 4.1) with rsaEncryption, and
 * the bare RSAPublicKey (RFC 8017 A.1.1), which is what RFC 6376 3.6.1 names by the letter. (OpenSSL's own decoder
 * costs eight RSA verifications.) */
#ifndef PARSE_DKIM_DER_H
#define PARSE_DKIM_DER_H

#include "base/span.h"

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

#endif
