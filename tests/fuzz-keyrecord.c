/* Any octets as a key record: read, judged, made into a key and used. */
#include "parse/dkim/publickey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char signature[256];
	static const uint8_t digest[HASH_OCTETS_MAX];
	struct arena arena = ARENA(1 << 20);
	struct key_record record;
	struct public_key *key;
	struct span detail = SPAN_ABSENT;

	keyrecord_parse((struct span){ (const char *)data, n }, &arena, &record);
	keyrecord_serves(&record, KEY_RSA, false, true, &arena, &detail);
	keyrecord_serves(&record, KEY_ED25519, true, false, &arena, &detail);
	keyrecord_granted(&record, SPAN("local"));
	key = record.bits ? public_key_new(&record) : NULL;
	if (key) {
		size_t octets = public_key_is_rsa(key) ? record.modulus.n : 64;

		public_key_check(
			key, HASH_SHA256, digest, (struct span){ signature, octets < 256 ? octets : 256 }, NULL, NULL);
	}
	public_key_free(key);
	arena_release(&arena);
	return 0;
}
