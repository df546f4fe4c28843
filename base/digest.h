/* SHA-256 for identity and fingerprints (libcrypto). Signature arithmetic is parse/dkim's business, not this file's. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/span.h"

#include <stdint.h>

#define DIGEST_OCTETS 32
#define DIGEST_HEX (2 * DIGEST_OCTETS + 1)

struct digest; /* a running hash, owned by its creator */

struct digest *digest_new(void); /* NULL when memory is short */
void digest_free(struct digest *d);
void digest_reset(struct digest *d);
void digest_add(struct digest *d, const void *octets, size_t n);
/* A field with its length in front, so that neighbours cannot run together; absent differs from empty. */
void digest_add_field(struct digest *d, struct span field);
void digest_add_number(struct digest *d, uint64_t number);
void digest_finish(struct digest *d, uint8_t result[DIGEST_OCTETS]); /* ready for a new hash afterwards */

const char *digest_library(void); /* name and version of what computes it */

void digest_hex(const uint8_t octets[DIGEST_OCTETS], char text[DIGEST_HEX]);

#endif
