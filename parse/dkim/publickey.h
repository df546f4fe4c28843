/* A public key ready to be used, and the signature arithmetic (libcrypto). RSA is the bare public operation: the PKCS#1
 * v1.5 block is built and compared here, all octets of it, so that keys and hashes which a platform's policy forbids
 * can still be told apart, and so that the digest the signer meant can be read from the signature (RFC
 * 8017 8.2.2, 9.2). */
#ifndef PARSE_DKIM_PUBLICKEY_H
#define PARSE_DKIM_PUBLICKEY_H

#include "parse/dkim/hash.h"
#include "parse/dkim/keyrecord.h"

struct public_key;

struct public_key *public_key_new(const struct key_record *record); /* NULL: no memory, or libcrypto refuses the key */
void public_key_free(struct public_key *key);

/* Does `signature` sign `digest`? For RSA, *signed_digest (may be NULL) gets the digest inside a well-formed block, and
 * *has_signed says whether there is one. */
enum dkim_fact public_key_check(struct public_key *key, enum hash_kind kind, const uint8_t *digest,
	struct span signature, uint8_t *signed_digest, bool *has_signed);

bool public_key_is_rsa(const struct public_key *key);

#endif
