#include "base/deflate.h"
#include "base/shortage.h"

#include <libdeflate.h>
#include <stdlib.h>

#define LEVEL 1 /* higher ones save one hundredth more of a mail header, and cost half as much again */

struct deflate {
	struct libdeflate_compressor *pack;
	struct libdeflate_decompressor *unpack;
};

struct deflate *deflate_new(void)
{
	struct deflate *d = shortage_noted(calloc(1, sizeof *d));

	if (!d)
		return NULL;
	d->pack = libdeflate_alloc_compressor(LEVEL);
	d->unpack = libdeflate_alloc_decompressor();
	if (!d->pack || !d->unpack) {
		deflate_free(d);
		return NULL;
	}
	return d;
}

void deflate_free(struct deflate *d)
{
	if (!d)
		return;
	libdeflate_free_compressor(d->pack);
	libdeflate_free_decompressor(d->unpack);
	free(d);
}

bool deflate_pack(struct deflate *d, struct span octets, struct buf *out)
{
	size_t n, room = octets.n - octets.n / 8;

	if (octets.n < 64 || !buf_reserve(out, room))
		return false;
	n = libdeflate_zlib_compress(d->pack, octets.p, octets.n, out->p + out->n, room);
	if (n)
		buf_grew(out, n);
	return n > 0;
}

bool deflate_unpack(struct deflate *d, struct span packed, size_t octets, struct buf *out)
{
	size_t used;

	if (!buf_reserve(out, octets) ||
		libdeflate_zlib_decompress_ex(d->unpack, packed.p, packed.n, out->p + out->n, octets, &used, NULL) !=
			LIBDEFLATE_SUCCESS ||
		used != packed.n)
		return false;
	buf_grew(out, octets);
	return true;
}
