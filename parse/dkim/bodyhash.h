/* Body hashes of all signatures in one pass: one canonical stream per form, one running hash per form and method, and a
 * copy of its state wherever some l= ends. Signatures that want the same hash share it. */
#ifndef PARSE_DKIM_BODYHASH_H
#define PARSE_DKIM_BODYHASH_H

#include "parse/dkim/canon.h"
#include "parse/dkim/hash.h"

#define BODYHASH_WANTS_MAX 64
#define BODYHASH_WHOLE UINT64_MAX /* no l= */

struct bodyhash_want {
	enum dkim_canon canon;
	enum hash_kind kind;
	uint64_t length; /* l=, or BODYHASH_WHOLE */
	uint8_t digest[HASH_OCTETS_MAX];
};

struct bodyhash_run {      /* of one form and method */
	struct hash *hash; /* owned */
	bool wanted;
	size_t first, next, end; /* its wants, by length; `next` is the one to be reached */
};

struct bodyhash {
	struct bodyhash_want wants[BODYHASH_WANTS_MAX];
	size_t n;
	struct canon_body streams[CANON_COUNT];
	bool wanted[CANON_COUNT];
	uint64_t octets[CANON_COUNT]; /* canonical length so far */
	struct bodyhash_run runs[CANON_COUNT][HASH_COUNT];
	struct hash *spare; /* owned; finishes copies */
};

bool bodyhash_init(struct bodyhash *bodyhash); /* false when memory is short */
void bodyhash_release(struct bodyhash *bodyhash);

/* For each message: reset, any number of wants, begin, add, end, then find. */
void bodyhash_reset(struct bodyhash *bodyhash);
bool bodyhash_want(struct bodyhash *bodyhash, enum dkim_canon canon, enum hash_kind kind, uint64_t length);
void bodyhash_begin(struct bodyhash *bodyhash);
void bodyhash_add(struct bodyhash *bodyhash, const char *octets, size_t n);
void bodyhash_end(struct bodyhash *bodyhash);

/* A length beyond the body gives the hash of the whole body; compare it with octets[canon]. */
const uint8_t *bodyhash_find(
	const struct bodyhash *bodyhash, enum dkim_canon canon, enum hash_kind kind, uint64_t length);

#endif
