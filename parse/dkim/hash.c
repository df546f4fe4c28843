#include "parse/dkim/hash.h"
#include "base/shortage.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct hash {
	EVP_MD_CTX *context;
	EVP_MD *methods[HASH_COUNT];
};

size_t hash_octets(enum hash_kind kind)
{
	return kind == HASH_SHA1 ? 20 : 32;
}

struct hash *hash_new(void)
{
	static const char *const names[HASH_COUNT] = { "SHA1", "SHA256" };
	struct hash *hash = shortage_noted(calloc(1, sizeof *hash));
	bool good = hash && (hash->context = EVP_MD_CTX_new());

	for (int i = 0; good && i < HASH_COUNT; i++)
		good = (hash->methods[i] = EVP_MD_fetch(NULL, names[i], NULL));
	if (good)
		return hash;
	hash_free(hash);
	return NULL;
}

void hash_free(struct hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	for (int i = 0; i < HASH_COUNT; i++)
		EVP_MD_free(hash->methods[i]);
	free(hash);
}

void hash_begin(struct hash *hash, enum hash_kind kind)
{
	EVP_DigestInit_ex2(hash->context, hash->methods[kind], NULL);
}

void hash_add(struct hash *hash, const void *octets, size_t n)
{
	if (n)
		EVP_DigestUpdate(hash->context, octets, n);
}

void hash_copy(struct hash *to, const struct hash *from)
{
	EVP_MD_CTX_copy_ex(to->context, from->context);
}

void hash_end(struct hash *hash, uint8_t digest[HASH_OCTETS_MAX])
{
	EVP_DigestFinal_ex(hash->context, digest, NULL);
}
