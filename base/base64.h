/* Octets as printable text (RFC 4648 4), with padding, without line breaks. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

bool base64_put(struct buf *out, struct span octets); /* appends; false: out->failed */

#endif
