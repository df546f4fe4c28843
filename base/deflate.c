#include "base/deflate.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct deflate {
	z_stream pack, unpack;
	bool packs, unpacks; /* set up */
};

struct deflate *deflate_new(void)
{
	struct deflate *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->packs = deflateInit(&d->pack, Z_BEST_SPEED) == Z_OK;
	d->unpacks = inflateInit(&d->unpack) == Z_OK;
	if (!d->packs || !d->unpacks) {
		deflate_free(d);
		return NULL;
	}
	return d;
}

void deflate_free(struct deflate *d)
{
	if (!d)
		return;
	if (d->packs)
		deflateEnd(&d->pack);
	if (d->unpacks)
		inflateEnd(&d->unpack);
	free(d);
}

static bool stream_aim(z_stream *z, struct span in, struct buf *out, size_t room)
{
	if (in.n > UINT_MAX || room > UINT_MAX || !buf_reserve(out, room))
		return false;
	z->next_in = (Bytef *)in.p;
	z->avail_in = (uInt)in.n;
	z->next_out = (Bytef *)out->p + out->n;
	z->avail_out = (uInt)room;
	return true;
}

static void buf_grew(struct buf *out, size_t n)
{
	out->n += n;
	out->p[out->n] = '\0';
}

bool deflate_pack(struct deflate *d, struct span octets, struct buf *out)
{
	size_t room = octets.n - octets.n / 8;

	if (octets.n < 64 || deflateReset(&d->pack) != Z_OK || !stream_aim(&d->pack, octets, out, room))
		return false;
	if (deflate(&d->pack, Z_FINISH) != Z_STREAM_END)
		return false;
	buf_grew(out, room - d->pack.avail_out);
	return true;
}

bool deflate_unpack(struct deflate *d, struct span packed, size_t octets, struct buf *out)
{
	if (inflateReset(&d->unpack) != Z_OK || !stream_aim(&d->unpack, packed, out, octets))
		return false;
	if (inflate(&d->unpack, Z_FINISH) != Z_STREAM_END || d->unpack.avail_out != 0 || d->unpack.avail_in != 0)
		return false;
	buf_grew(out, octets);
	return true;
}
