#include "base/inflate.h"
#include "base/shortage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct inflate {
	int fd;
	uint64_t position;
	bool ended;  /* nothing more will come out */
	bool inside; /* a member has begun and not ended */
	z_stream stream;
	unsigned char in[32768];
};

bool inflate_begins(const void *octets, size_t n)
{
	const unsigned char *p = octets;

	return n >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == Z_DEFLATED;
}

struct inflate *inflate_new(int fd)
{
	struct inflate *gzip = shortage_noted(calloc(1, sizeof *gzip));

	if (!gzip)
		return NULL;
	gzip->fd = fd;
	gzip->inside = true;
	if (inflateInit2(&gzip->stream, 15 + 16) != Z_OK) {
		free(gzip);
		return NULL;
	}
	return gzip;
}

void inflate_free(struct inflate *gzip)
{
	if (!gzip)
		return;
	inflateEnd(&gzip->stream);
	free(gzip);
}

/* At least `wanted` octets of input at hand, unless the file ends before. */
static bool inflate_fill(struct inflate *gzip, size_t wanted)
{
	z_stream *z = &gzip->stream;
	size_t have = z->avail_in;

	if (have >= wanted)
		return true;
	if (have)
		memmove(gzip->in, z->next_in, have);
	while (have < wanted) {
		ssize_t n = read(gzip->fd, gzip->in + have, sizeof gzip->in - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		have += (size_t)n;
		gzip->position += (size_t)n;
	}
	z->next_in = gzip->in;
	z->avail_in = (uInt)have;
	return true;
}

/* Behind a member: another one, or octets that are none (padding, a line end) and end the file for us. */
static bool inflate_next_member(struct inflate *gzip)
{
	z_stream *z = &gzip->stream;

	if (!inflate_fill(gzip, 3))
		return false;
	gzip->inside = inflate_begins(z->next_in, z->avail_in) && inflateReset(z) == Z_OK;
	gzip->ended = !gzip->inside;
	return true;
}

ssize_t inflate_read(struct inflate *gzip, void *out, size_t room)
{
	z_stream *z = &gzip->stream;

	z->next_out = out;
	z->avail_out = (uInt)(room < 1u << 30 ? room : 1u << 30);
	room = z->avail_out;
	while (!gzip->ended && z->avail_out == room) {
		int got;

		if (!gzip->inside && !inflate_next_member(gzip))
			return -1;
		if (gzip->ended)
			break;
		if (!inflate_fill(gzip, 1))
			return -1;
		got = inflate(z, Z_NO_FLUSH);
		if (got == Z_STREAM_END) {
			gzip->inside = false;
		} else if (got != Z_OK) { /* with room to write, Z_BUF_ERROR says that the input is cut */
			errno = got == Z_MEM_ERROR ? ENOMEM : EBADMSG;
			gzip->ended = true;
			return -1;
		}
	}
	return (ssize_t)(room - z->avail_out);
}

uint64_t inflate_position(const struct inflate *gzip)
{
	return gzip->position;
}
