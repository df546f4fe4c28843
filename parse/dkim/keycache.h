/* Key records read and prepared once, found again by their text: preparing costs more than verifying. */
#ifndef PARSE_DKIM_KEYCACHE_H
#define PARSE_DKIM_KEYCACHE_H

#include "parse/dkim/publickey.h"

struct cached_key {
	struct key_record record;
	struct public_key *key; /* NULL when there is no usable material */
	struct arena arena;     /* of the record and its text */
	struct span text;
	uint64_t hash, used;
};

struct key_cache;

struct key_cache *keycache_new(void);
void keycache_free(struct key_cache *cache);

/* Entries got since the last keycache_begin stay valid until the next one. NULL: memory is short or too many in use. */
void keycache_begin(struct key_cache *cache);
struct cached_key *keycache_get(struct key_cache *cache, struct span text);

#endif
