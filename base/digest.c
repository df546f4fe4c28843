#include "base/digest.h"
#include "base/shortage.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* EVP_DigestUpdate has a price per call; a report is hashed in fields of a few octets, so they are gathered first. */
struct digest {
	EVP_MD_CTX *context;
	size_t n;
	uint8_t gathered[4096];
};

/* Fetched once and never given back: looking for it costs more than hashing a small mail. */
static const EVP_MD *digest_method(void)
{
	static EVP_MD *method;

	if (!method)
		method = EVP_MD_fetch(NULL, "SHA256", NULL);
	return method;
}

struct digest *digest_new(void)
{
	struct digest *d = shortage_noted(calloc(1, sizeof *d));

	if (!d)
		return NULL;
	d->context = EVP_MD_CTX_new();
	if (!d->context || !digest_method()) {
		digest_free(d);
		return NULL;
	}
	digest_reset(d);
	return d;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->context);
	free(d);
}

void digest_reset(struct digest *d)
{
	d->n = 0;
	EVP_DigestInit_ex2(d->context, digest_method(), NULL);
}

static void digest_flush(struct digest *d)
{
	EVP_DigestUpdate(d->context, d->gathered, d->n);
	d->n = 0;
}

void digest_add(struct digest *d, const void *octets, size_t n)
{
	if (n > sizeof d->gathered - d->n)
		digest_flush(d);
	if (n > sizeof d->gathered) {
		EVP_DigestUpdate(d->context, octets, n);
		return;
	}
	if (n)
		memcpy(d->gathered + d->n, octets, n);
	d->n += n;
}

void digest_add_number(struct digest *d, uint64_t number)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(number >> (56 - 8 * i));
	digest_add(d, octets, sizeof octets);
}

void digest_add_field(struct digest *d, struct span field)
{
	digest_add_number(d, field.p ? field.n + 1 : 0);
	digest_add(d, field.p, field.n);
}

void digest_finish(struct digest *d, uint8_t result[DIGEST_OCTETS])
{
	digest_flush(d);
	EVP_DigestFinal_ex(d->context, result, NULL);
	digest_reset(d);
}

void digest_hex(const uint8_t octets[DIGEST_OCTETS], char text[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < DIGEST_OCTETS; i++) {
		text[2 * i] = digits[octets[i] >> 4];
		text[2 * i + 1] = digits[octets[i] & 15];
	}
	text[2 * DIGEST_OCTETS] = '\0';
}

const char *digest_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
