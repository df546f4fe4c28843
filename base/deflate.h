/* Making octets smaller and back (zlib format, RFC 1950), for what is kept in small pieces, whole in memory.
 * libdeflate's only home: on mail headers it takes a third of the time that zlib needs for the same result. */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include "base/buf.h"

struct deflate;

struct deflate *deflate_new(void); /* NULL when memory is short */
void deflate_free(struct deflate *d);

/* Appends the packed octets. False, with nothing appended, when that would not save at least an eighth or `out` is
 * full: then the octets are better kept as they are. */
bool deflate_pack(struct deflate *d, struct span octets, struct buf *out);

/* Appends exactly `octets` unpacked octets; false when `packed` does not hold just that. */
bool deflate_unpack(struct deflate *d, struct span packed, size_t octets, struct buf *out);

#endif
