/* SHA-1 and SHA-256 with a state that can be copied, so that all prefixes of a text cost one pass. */
#ifndef PARSE_DKIM_HASH_H
#define PARSE_DKIM_HASH_H

#include "base/span.h"

#include <stdint.h>

enum hash_kind { HASH_SHA1, HASH_SHA256, HASH_COUNT };
#define HASH_OCTETS_MAX 32

size_t hash_octets(enum hash_kind kind); /* 20, 32 */

struct hash;

struct hash *hash_new(void); /* NULL when memory is short or a method is missing */
void hash_free(struct hash *hash);
void hash_begin(struct hash *hash, enum hash_kind kind);
void hash_add(struct hash *hash, const void *octets, size_t n);
void hash_copy(struct hash *to, const struct hash *from);
void hash_end(struct hash *hash, uint8_t digest[HASH_OCTETS_MAX]); /* to be begun again */

#endif
