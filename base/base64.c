#include "base/base64.h"

void base64_put(struct buf *out, struct span octets)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < octets.n; i += 3) {
		uint32_t three = 0;
		char four[4];

		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (i + k < octets.n ? (unsigned char)octets.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = i + k > octets.n ? '=' : digits[three >> (18 - 6 * k) & 63];
		buf_put(out, four, sizeof four);
	}
}
