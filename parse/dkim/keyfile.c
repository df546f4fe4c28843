#include "parse/dkim/keyfile.h"
#include "parse/dkim/der.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>

bool keyfile_is_pem(struct span text)
{
	return span_find_nocase(text, SPAN("-----BEGIN ")) >= 0;
}

/* There is nobody to ask for a password. */
static int no_password(char *password, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)password;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

static EVP_PKEY *pem_decode(struct span text, bool *locked)
{
	const unsigned char *at = (const unsigned char *)text.p;
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, NULL, 0, NULL, NULL);
	size_t left = text.n;

	*locked = false;
	if (decoder) {
		OSSL_DECODER_CTX_set_pem_password_cb(decoder, no_password, locked);
		if (!OSSL_DECODER_from_data(decoder, &at, &left)) {
			EVP_PKEY_free(key);
			key = NULL;
		}
	}
	OSSL_DECODER_CTX_free(decoder);
	return key;
}

static struct span number_take(const EVP_PKEY *key, const char *name, struct arena *arena)
{
	BIGNUM *number = NULL;
	struct span octets = SPAN_ABSENT;
	unsigned char *out;

	if (EVP_PKEY_get_bn_param(key, name, &number)) {
		octets.n = (size_t)BN_num_bytes(number);
		out = arena_take(arena, octets.n ? octets.n : 1);
		if (out)
			BN_bn2bin(number, out);
		octets.p = (const char *)out;
	}
	BN_free(number);
	return octets;
}

static bool public_half(EVP_PKEY *key, struct arena *arena, struct key_material *material)
{
	size_t n = 32;

	if (EVP_PKEY_is_a(key, "RSA")) {
		material->form = KEY_FORM_RSA;
		material->modulus = number_take(key, OSSL_PKEY_PARAM_RSA_N, arena);
		material->exponent = number_take(key, OSSL_PKEY_PARAM_RSA_E, arena);
		material->bits = der_bits(material->modulus);
		return material->modulus.p && material->exponent.p;
	}
	if (EVP_PKEY_is_a(key, "ED25519")) {
		unsigned char *point = arena_take(arena, n);

		material->form = KEY_FORM_ED25519;
		material->bits = 256;
		material->point = (struct span){ (const char *)point, n };
		return point && EVP_PKEY_get_raw_public_key(key, point, &n) && n == 32;
	}
	return false;
}

bool keyfile_read_pem(struct span text, struct arena *arena, struct key_material *material, struct fault *fault)
{
	bool locked, good;
	EVP_PKEY *key = pem_decode(text, &locked);

	*material = (struct key_material){ .form = KEY_FORM_UNKNOWN };
	ERR_clear_error();
	if (!key)
		return fault_set(fault, FAULT_INPUT,
			locked ? "the key is locked with a password" : "there is no readable key in it");
	good = public_half(key, arena, material);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (arena->failed)
		return fault_set(fault, FAULT_LATER, "no memory");
	return good || fault_set(fault, FAULT_INPUT, "the key is neither RSA nor Ed25519");
}
