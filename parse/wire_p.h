/* Inside the codecs only (wire.c, border.c): the pieces a payload is made of. */
#ifndef PARSE_WIRE_P_H
#define PARSE_WIRE_P_H

#include "parse/wire.h"

#define SPAN_LONG 254
#define SPAN_NONE 255

/* ------------------------------------------------------------------ writing */

/* Makes room without a call in the usual case; the NUL that struct buf promises is set when the frame is closed. */
static inline char *put_room(struct buf *out, size_t n)
{
	if ((out->failed || out->n + n >= out->room) && !buf_reserve(out, n))
		return NULL;
	return out->p + out->n;
}

static inline void put_octets(struct buf *out, const void *octets, size_t n)
{
	char *p = put_room(out, n);

	if (!p)
		return;
	if (n)
		memcpy(p, octets, n);
	out->n += n;
}

static inline void put_u8(struct buf *out, unsigned value)
{
	uint8_t octet = (uint8_t)value;

	put_octets(out, &octet, 1);
}

static inline void put_u32(struct buf *out, uint32_t value)
{
	uint8_t octets[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	put_octets(out, octets, sizeof octets);
}

static inline void put_u64(struct buf *out, uint64_t value)
{
	put_u32(out, (uint32_t)value);
	put_u32(out, (uint32_t)(value >> 32));
}

static inline void put_i64(struct buf *out, int64_t value)
{
	put_u64(out, (uint64_t)value);
}

static inline void put_length(struct buf *out, size_t n)
{
	if (n < SPAN_LONG) {
		put_u8(out, (unsigned)n);
	} else if (n <= FRAME_MAX) {
		put_u8(out, SPAN_LONG);
		put_u32(out, (uint32_t)n);
	} else {
		out->failed = true;
	}
}

static inline void put_count(struct buf *out, size_t n)
{
	if (n > WIRE_COUNT_MAX)
		out->failed = true;
	put_length(out, n);
}

static inline void put_span(struct buf *out, struct span s)
{
	if (!s.p) {
		put_u8(out, SPAN_NONE);
		return;
	}
	put_length(out, s.n);
	put_octets(out, s.p, s.n);
}

/* frame_begin returns where the frame starts; frame_close fills in the length, or takes the frame back. */
static inline size_t frame_begin(struct buf *out, enum frame_kind kind)
{
	size_t start = out->n;

	put_u32(out, 0);
	put_u8(out, kind);
	return start;
}

bool frame_close(struct buf *out, size_t start);

/* ------------------------------------------------------------------ reading: one sticky failure */

struct get {
	const uint8_t *p;
	size_t n;
	bool failed;
};

#define GET(payload) ((struct get){ (const uint8_t *)(payload).p, (payload).n, false })

static inline const uint8_t *get_octets(struct get *in, size_t n)
{
	const uint8_t *p = in->p;

	if (in->failed || n > in->n) {
		in->failed = true;
		return NULL;
	}
	in->p += n;
	in->n -= n;
	return p;
}

static inline uint8_t get_u8(struct get *in)
{
	const uint8_t *p = get_octets(in, 1);

	return p ? *p : 0;
}

static inline uint32_t get_u32(struct get *in)
{
	const uint8_t *p = get_octets(in, 4);

	return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static inline uint64_t get_u64(struct get *in)
{
	uint64_t low = get_u32(in);

	return low | (uint64_t)get_u32(in) << 32;
}

static inline int64_t get_i64(struct get *in)
{
	return (int64_t)get_u64(in);
}

/* A value below `count`: enums and bit sets. */
static inline unsigned get_below(struct get *in, unsigned count)
{
	unsigned value = get_u8(in);

	if (value >= count) {
		in->failed = true;
		return 0;
	}
	return value;
}

static inline bool get_bool(struct get *in)
{
	return get_below(in, 2) == 1;
}

/* SIZE_MAX stands for "absent", which only a span may be. */
static inline size_t get_length(struct get *in)
{
	size_t n = get_u8(in);

	if (n == SPAN_NONE)
		return SIZE_MAX;
	return n == SPAN_LONG ? get_u32(in) : n;
}

/* A number of elements of which each takes at least `least` octets, so that a lie cannot size an allocation. */
static inline size_t get_count(struct get *in, size_t least)
{
	size_t n = get_length(in);

	if (n > WIRE_COUNT_MAX || n > in->n / least) {
		in->failed = true;
		return 0;
	}
	return n;
}

static inline struct span get_span(struct get *in)
{
	size_t n = get_length(in);
	const uint8_t *p;

	if (n == SIZE_MAX)
		return SPAN_ABSENT;
	p = get_octets(in, n);
	return p ? (struct span){ (const char *)p, n } : SPAN_ABSENT;
}

static inline void *get_array(struct get *in, struct arena *arena, size_t n, size_t size)
{
	void *array = n && !in->failed ? arena_take(arena, n * size) : NULL;

	if (n && !array)
		in->failed = true;
	return array;
}

struct span get_text(struct get *in); /* a span that is UTF-8 */

/* Read whole, and nothing left over? */
static inline bool get_done(const struct get *in)
{
	return !in->failed && in->n == 0;
}

#endif
