#include "parse/transfer.h"
#include "parse/container.h"

static ssize_t gmime_read(struct stream *s, void *buffer, size_t room)
{
	struct gmime_stream *g = (struct gmime_stream *)s;
	ssize_t got;

	/* At its bound a descriptor's stream gives -1 and EINVAL, unlike one over memory; a filter may swallow all it read. */
	do
		got = g_mime_stream_eos(g->from) ? 0 : g_mime_stream_read(g->from, buffer, room);
	while (got == 0 && !g_mime_stream_eos(g->from));
	if (got < 0)
		s->fault = "mail part cannot be read";
	return got;
}

/* RFC 4648 section 4; what is no digit is -1. */
static const signed char sextets[256] = {
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
	-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
	-1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

bool base64_digit(char c)
{
	return sextets[(unsigned char)c] >= 0;
}

/* Octets of a group that ends early: two sextets hold one, three hold two. */
static size_t base64_flush(struct base64_stream *b, unsigned char *out)
{
	size_t n = 0;

	if (b->sextets >= 2)
		out[n++] = (unsigned char)(b->bits >> (b->sextets * 6 - 8));
	if (b->sextets == 3)
		out[n++] = (unsigned char)(b->bits >> 2);
	b->sextets = 0;
	b->bits = 0;
	return n;
}

static size_t base64_take(struct base64_stream *b, unsigned char c, unsigned char *out)
{
	int sextet = sextets[c];

	if (sextet < 0)
		return c == '=' ? base64_flush(b, out) : 0;
	b->bits = b->bits << 6 | (unsigned)sextet;
	if (++b->sextets < 4)
		return 0;
	out[0] = (unsigned char)(b->bits >> 16);
	out[1] = (unsigned char)(b->bits >> 8);
	out[2] = (unsigned char)b->bits;
	b->sextets = 0;
	b->bits = 0;
	return 3;
}

/* Groups of four digits with nothing between them, which nearly all are. Returns the octets written. */
static size_t base64_groups(struct base64_stream *b, unsigned char *out, size_t room)
{
	const unsigned char *in = b->in + b->at, *last = b->in + b->n - 4;
	unsigned char *p = out, *end = out + room - 3;

	while (in <= last && p <= end) {
		int32_t first = sextets[in[0]], second = sextets[in[1]], third = sextets[in[2]], fourth = sextets[in[3]];

		if ((first | second | third | fourth) < 0)
			break;
		p[0] = (unsigned char)(first << 2 | second >> 4);
		p[1] = (unsigned char)(second << 4 | third >> 2);
		p[2] = (unsigned char)(third << 6 | fourth);
		in += 4;
		p += 3;
	}
	b->at = (size_t)(in - b->in);
	return (size_t)(p - out);
}

static bool octets_are_plain(struct span front)
{
	const char *name;

	if (container_recognise(front, &name) != CONTAINER_NONE)
		return true;
	if (front.n >= 3 && memcmp(front.p, "\xef\xbb\xbf", 3) == 0)
		front = (struct span){ front.p + 3, front.n - 3 };
	front = span_trim(front);
	return front.n && front.p[0] == '<';
}

static ssize_t base64_pull(struct base64_stream *b, size_t at)
{
	ssize_t got = b->from->read(b->from, b->in + at, sizeof b->in - at);

	if (got < 0)
		b->stream.fault = b->from->fault;
	return got;
}

/* The first octets decide whether it is base64 at all, so they are waited for. */
static bool base64_fill(struct base64_stream *b)
{
	size_t wanted = b->begun ? 1 : 512;
	ssize_t got = 1;

	for (b->at = b->n = 0; b->n < wanted && (got = base64_pull(b, b->n)) > 0;)
		b->n += (size_t)got;
	if (!b->begun)
		b->plain = octets_are_plain((struct span){ (const char *)b->in, b->n });
	b->begun = true;
	return b->n > 0;
}

static size_t plain_take(struct base64_stream *b, unsigned char *out, size_t room)
{
	size_t n = b->n - b->at < room ? b->n - b->at : room;

	memcpy(out, b->in + b->at, n);
	b->at += n;
	return n;
}

/* Every reader in parse/ offers kilobytes of room; fewer than three octets would read as the end. */
static ssize_t base64_read(struct stream *s, void *buffer, size_t room)
{
	struct base64_stream *b = (struct base64_stream *)s;
	unsigned char *out = buffer;
	size_t n = 0;

	while (n + 3 <= room && !b->ended) {
		if (b->at == b->n && !base64_fill(b)) {
			b->ended = true;
			n += base64_flush(b, out + n);
			break;
		}
		if (b->plain) {
			n += plain_take(b, out + n, room - n);
			continue;
		}
		if (b->sextets == 0 && b->n - b->at >= 4)
			n += base64_groups(b, out + n, room - n);
		if (b->at < b->n && n + 3 <= room)
			n += base64_take(b, b->in[b->at++], out + n);
	}
	return s->fault ? -1 : (ssize_t)n;
}

void base64_stream_init(struct base64_stream *b, struct stream *from)
{
	b->stream = (struct stream){ .read = base64_read };
	b->from = from;
	b->bits = b->sextets = 0;
	b->at = b->n = 0;
	b->begun = b->plain = b->ended = false;
}

GMimeStream *part_content(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;

	if (!stream || g_mime_stream_reset(stream) != 0)
		return NULL;
	return g_object_ref(stream);
}

static GMimeContentEncoding part_encoding(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);

	return content ? g_mime_data_wrapper_get_encoding(content) : GMIME_CONTENT_ENCODING_DEFAULT;
}

bool part_is_encoded(GMimePart *part)
{
	GMimeContentEncoding encoding = part_encoding(part);

	return encoding == GMIME_CONTENT_ENCODING_BASE64 || encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
	       encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

bool part_open(struct part_stream *p, GMimePart *part)
{
	GMimeStream *content = part_content(part);

	if (!content)
		return false;
	if (part_is_encoded(part) && part_encoding(part) != GMIME_CONTENT_ENCODING_BASE64) {
		GMimeStream *filtered = g_mime_stream_filter_new(content);
		GMimeFilter *filter = g_mime_filter_basic_new(part_encoding(part), FALSE);

		g_mime_stream_filter_add((GMimeStreamFilter *)filtered, filter);
		g_object_unref(filter);
		g_object_unref(content);
		content = filtered;
	}
	p->raw = (struct gmime_stream){ { .read = gmime_read }, content };
	p->decoded = &p->raw.stream;
	if (part_encoding(part) == GMIME_CONTENT_ENCODING_BASE64) {
		base64_stream_init(&p->base64, &p->raw.stream);
		p->decoded = &p->base64.stream;
	}
	return true;
}

void part_close(struct part_stream *p)
{
	g_object_unref(p->raw.from);
}
