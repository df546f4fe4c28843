#include "parse/widetext.h"
#include "base/escape.h"

#define CHUNK 4096

/* A byte order mark, or zero octets beside the first two characters, which in any report are ASCII. */
static void order_find(struct widetext *w)
{
	struct span front = peeked_look(&w->from);
	const char *p = front.p;

	w->order = WIDE_NOT;
	if (front.n < 4)
		return;
	if (memcmp(p, "\xff\xfe", 2) == 0 || (p[0] && !p[1] && p[2] && !p[3]))
		w->order = WIDE_LITTLE;
	else if (memcmp(p, "\xfe\xff", 2) == 0 || (!p[0] && p[1] && !p[2] && p[3]))
		w->order = WIDE_BIG;
}

/* RFC 2781 2.2; half a pair is U+FFFD. */
static void unit_take(struct widetext *w, uint32_t unit)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000;

	if (w->high && is_low) {
		utf8_put(&w->out, 0x10000 + ((w->high - 0xd800) << 10) + (unit - 0xdc00));
		w->high = 0;
		return;
	}
	if (w->high)
		utf8_put(&w->out, 0xfffd);
	w->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
	if (is_low)
		utf8_put(&w->out, 0xfffd);
	else if (!w->high && unit != 0xfeff)
		utf8_put(&w->out, unit);
}

static void octet_take(struct widetext *w, unsigned char octet)
{
	if (w->has_half)
		unit_take(w, w->order == WIDE_LITTLE ? (uint32_t)(octet << 8 | w->half) : (uint32_t)(w->half << 8 | octet));
	w->half = octet;
	w->has_half = !w->has_half;
}

static ssize_t widetext_read(struct stream *s, void *buffer, size_t room)
{
	struct widetext *w = (struct widetext *)s;
	unsigned char in[CHUNK];
	ssize_t got = 1;
	size_t n;

	if (w->order == WIDE_UNKNOWN)
		order_find(w);
	if (w->order == WIDE_NOT) {
		got = w->from.stream.read(&w->from.stream, buffer, room);
		s->fault = w->from.stream.fault;
		return got;
	}
	while (w->given == w->out.n) {
		buf_clear(&w->out);
		w->given = 0;
		got = w->from.stream.read(&w->from.stream, in, sizeof in);
		if (got <= 0) {
			s->fault = w->from.stream.fault;
			return got;
		}
		for (ssize_t i = 0; i < got; i++)
			octet_take(w, in[i]);
	}
	n = w->out.n - w->given < room ? w->out.n - w->given : room;
	memcpy(buffer, w->out.p + w->given, n);
	w->given += n;
	return (ssize_t)n;
}

void widetext_init(struct widetext *w, struct stream *from)
{
	*w = (struct widetext){ .stream = { .read = widetext_read }, .out = BUF(4 * CHUNK) };
	peeked_init(&w->from, from);
}

void widetext_release(struct widetext *w)
{
	buf_release(&w->out);
}

bool widetext_was_wide(const struct widetext *w)
{
	return w->order == WIDE_LITTLE || w->order == WIDE_BIG;
}
