#include "parse/dkim/encoding.h"

enum { B64_SPACE = 64, B64_PAD = 65, B64_BAD = 255 };

/* By table: among the hundreds of digits of a signature no branch can tell what kind the next one is. One more than the
 * value; 0: not of the alphabet. */
static const uint8_t base64_values[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63,
	['/'] = 64,
	['='] = 1 + B64_PAD,
	[' '] = 1 + B64_SPACE,
	['\t'] = 1 + B64_SPACE,
	['\r'] = 1 + B64_SPACE,
	['\n'] = 1 + B64_SPACE,
};

static unsigned base64_value(char c)
{
	uint8_t value = base64_values[(unsigned char)c];

	return value ? value - 1u : B64_BAD;
}

struct span base64_decode(struct span text, struct arena *arena)
{
	unsigned char *out = arena_take(arena, text.n / 4 * 3 + 3);
	size_t n = 0, digits = 0, pads = 0;
	uint32_t bits = 0;

	if (!text.p || !out)
		return SPAN_ABSENT;
	for (size_t i = 0; i < text.n; i++) {
		unsigned value = base64_value(text.p[i]);

		if (value == B64_SPACE)
			continue;
		if (value == B64_BAD)
			return SPAN_ABSENT;
		if (value == B64_PAD) {
			pads++;
			continue;
		}
		if (pads)
			return SPAN_ABSENT;
		bits = bits << 6 | value;
		if (++digits % 4 == 0) {
			out[n++] = (unsigned char)(bits >> 16);
			out[n++] = (unsigned char)(bits >> 8);
			out[n++] = (unsigned char)bits;
		}
	}
	if (digits % 4 == 1 || pads > (4 - digits % 4) % 4)
		return SPAN_ABSENT;
	if (digits % 4 >= 2)
		out[n++] = (unsigned char)(digits % 4 == 2 ? bits >> 4 : bits >> 10);
	if (digits % 4 == 3)
		out[n++] = (unsigned char)(bits >> 2);
	return (struct span){ (char *)out, n };
}

int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool span_has_8bit(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return true;
	return false;
}

struct span dkim_qp_decode(struct span text, struct arena *arena)
{
	char *out = arena_take(arena, text.n + 1);
	size_t n = 0;

	if (!text.p || !out)
		return SPAN_ABSENT;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=' && i + 2 < text.n && hex_value(text.p[i + 1]) >= 0 && hex_value(text.p[i + 2]) >= 0) {
			c = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	return (struct span){ out, n };
}

struct span span_compact(struct span text, struct arena *arena)
{
	char *out;
	size_t n = 0;

	if (!text.p)
		return text;
	out = arena_take(arena, text.n + 1);
	if (!out)
		return SPAN_ABSENT;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\r' && text.p[i] != '\n')
			out[n++] = text.p[i];
	return (struct span){ out, n };
}
