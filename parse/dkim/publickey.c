#include "parse/dkim/publickey.h"
#include "base/shortage.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define PADDING_OCTETS_MIN 8 /* RFC 8017 9.2 */

struct public_key {
	EVP_PKEY *ed25519;
	EVP_MD_CTX *context;
	BN_CTX *scratch;
	BN_MONT_CTX *montgomery;
	BIGNUM *modulus, *exponent, *number;
	size_t octets; /* of the modulus */
};

static bool rsa_prepare(struct public_key *key, const struct key_record *record)
{
	key->octets = record->modulus.n;
	key->scratch = BN_CTX_new();
	key->montgomery = BN_MONT_CTX_new();
	key->modulus = BN_bin2bn((const unsigned char *)record->modulus.p, (int)record->modulus.n, NULL);
	key->exponent = BN_bin2bn((const unsigned char *)record->exponent.p, (int)record->exponent.n, NULL);
	key->number = BN_new();
	return key->scratch && key->montgomery && key->modulus && key->exponent && key->number &&
		BN_MONT_CTX_set(key->montgomery, key->modulus, key->scratch);
}

static bool ed25519_prepare(struct public_key *key, const struct key_record *record)
{
	key->ed25519 = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)record->key.p, record->key.n);
	key->context = EVP_MD_CTX_new();
	return key->ed25519 && key->context;
}

struct public_key *public_key_new(const struct key_record *record)
{
	struct public_key *key = shortage_noted(calloc(1, sizeof *key));

	if (key && (record->type == KEY_RSA ? rsa_prepare(key, record) : ed25519_prepare(key, record)))
		return key;
	ERR_clear_error();
	public_key_free(key);
	return NULL;
}

void public_key_free(struct public_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->ed25519);
	EVP_MD_CTX_free(key->context);
	BN_MONT_CTX_free(key->montgomery);
	BN_CTX_free(key->scratch);
	BN_free(key->modulus);
	BN_free(key->exponent);
	BN_free(key->number);
	free(key);
}

bool public_key_is_rsa(const struct public_key *key)
{
	return key->modulus;
}

static enum dkim_fact ed25519_check(struct public_key *key, const uint8_t *digest, size_t n, struct span signature)
{
	bool good = signature.n == 64 && EVP_DigestVerifyInit(key->context, NULL, NULL, NULL, key->ed25519) == 1 &&
		EVP_DigestVerify(key->context, (const unsigned char *)signature.p, signature.n, digest, n) == 1;

	if (!good)
		ERR_clear_error();
	return good ? DKIM_MATCH : DKIM_MISMATCH;
}

static bool rsa_open(struct public_key *key, struct span signature, unsigned char *block)
{
	bool good = signature.n == key->octets &&
		BN_bin2bn((const unsigned char *)signature.p, (int)signature.n, key->number) &&
		BN_ucmp(key->number, key->modulus) < 0 &&
		BN_mod_exp_mont(key->number, key->number, key->exponent, key->modulus, key->scratch, key->montgomery) &&
		BN_bn2binpad(key->number, block, (int)key->octets) == (int)key->octets;

	if (!good)
		ERR_clear_error();
	return good;
}

/* DigestInfo without the digest itself (RFC 8017 9.2, notes). */
static struct span digestinfo_prefix(enum hash_kind kind)
{
	static const char sha1[] = "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
	static const char sha256[] = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

	return kind == HASH_SHA1 ? (struct span){ sha1, sizeof sha1 - 1 } : (struct span){ sha256, sizeof sha256 - 1 };
}

/* Where the digest stands in 00 01 FF.. 00 DigestInfo, or 0. A well-formed block has it as its very last octets. */
static size_t digest_find(const unsigned char *block, size_t n, enum hash_kind kind)
{
	struct span prefix = digestinfo_prefix(kind);
	size_t at = 2;

	if (n < 11 || block[0] != 0 || block[1] != 1)
		return 0;
	while (at < n && block[at] == 0xff)
		at++;
	if (at < 2 + PADDING_OCTETS_MIN || at == n || block[at] != 0)
		return 0;
	at++;
	if (n - at < prefix.n + hash_octets(kind) || memcmp(block + at, prefix.p, prefix.n) != 0)
		return 0;
	return at + prefix.n;
}

static enum dkim_fact rsa_check(struct public_key *key, enum hash_kind kind, const uint8_t *digest,
	struct span signature, uint8_t *signed_digest, bool *has_signed)
{
	unsigned char block[KEYRECORD_RSA_BITS_MAX / 8];
	size_t at, octets = hash_octets(kind);

	if (!rsa_open(key, signature, block))
		return DKIM_UNDECODABLE;
	at = digest_find(block, key->octets, kind);
	if (at == 0)
		return DKIM_UNDECODABLE;
	/* Octets behind the digest are the low-exponent forgery (CVE-2006-4339): a block, but never a match. */
	if (at + octets != key->octets)
		return DKIM_MISMATCH;
	if (signed_digest) {
		memcpy(signed_digest, block + at, octets);
		*has_signed = true;
	}
	return memcmp(block + at, digest, octets) == 0 ? DKIM_MATCH : DKIM_MISMATCH;
}

enum dkim_fact public_key_check(struct public_key *key, enum hash_kind kind, const uint8_t *digest,
	struct span signature, uint8_t *signed_digest, bool *has_signed)
{
	if (key->ed25519)
		return ed25519_check(key, digest, hash_octets(kind), signature);
	return rsa_check(key, kind, digest, signature, signed_digest, has_signed);
}
