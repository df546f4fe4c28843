#include "ingest/foldername.h"

#include "base/escape.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct shifted {
	uint32_t bits; /* not yet written, right-aligned */
	unsigned n;    /* how many */
};

static void shifted_put(struct buf *out, struct shifted *shifted, uint32_t unit)
{
	shifted->bits = (shifted->bits << 16 | unit) & 0x3fffff;
	shifted->n += 16;
	while (shifted->n >= 6) {
		shifted->n -= 6;
		buf_put_byte(out, (unsigned char)digits[shifted->bits >> shifted->n & 63]);
	}
}

static void shifted_end(struct buf *out, struct shifted *shifted)
{
	if (shifted->n)
		buf_put_byte(out, (unsigned char)digits[shifted->bits << (6 - shifted->n) & 63]);
	buf_put_byte(out, '-');
	*shifted = (struct shifted){ 0 };
}

bool foldername_encode(struct buf *out, struct span name)
{
	struct shifted shifted = { 0 };
	bool inside = false;

	while (name.n) {
		uint32_t code;
		size_t n = utf8_next(name, &code);

		if (n == 0 || code < ' ' || code == 0x7f)
			return false;
		if (code < 0x7f) {
			if (inside)
				shifted_end(out, &shifted);
			inside = false;
			buf_put_byte(out, (unsigned char)code);
			if (code == '&')
				buf_put_byte(out, '-');
		} else {
			if (!inside)
				buf_put_byte(out, '&');
			inside = true;
			if (code >= 0x10000)
				shifted_put(out, &shifted, 0xd800 + ((code - 0x10000) >> 10));
			shifted_put(out, &shifted, code >= 0x10000 ? 0xdc00 + ((code - 0x10000) & 0x3ff) : code);
		}
		name = (struct span){ name.p + n, name.n - n };
	}
	if (inside)
		shifted_end(out, &shifted);
	return !out->failed;
}

bool foldername_quote(struct buf *out, struct span name)
{
	struct buf wire = BUF(out->max);
	bool good = foldername_encode(&wire, name);

	buf_put_byte(out, '"');
	for (size_t i = 0; i < wire.n; i++) {
		if (wire.p[i] == '"' || wire.p[i] == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, (unsigned char)wire.p[i]);
	}
	buf_release(&wire);
	return buf_put_byte(out, '"') && good;
}

/* What stands between `&` and `-`. */
static bool shifted_decode(struct buf *out, struct span text)
{
	uint32_t bits = 0, high = 0;
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *digit = text.p[i] ? strchr(digits, text.p[i]) : NULL;

		if (!digit)
			return false;
		bits = (bits << 6 | (uint32_t)(digit - digits)) & 0x3fffff;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		uint32_t unit = bits >> n & 0xffff;

		if (high ? (unit & 0xfc00) != 0xdc00 : (unit & 0xfc00) == 0xdc00)
			return false;
		if (high)
			utf8_put(out, 0x10000 + ((high & 0x3ff) << 10) + (unit & 0x3ff));
		else if ((unit & 0xfc00) != 0xd800)
			utf8_put(out, unit);
		high = high ? 0 : (unit & 0xfc00) == 0xd800 ? unit : 0;
	}
	return !high && n < 6 && (bits & ((1u << n) - 1)) == 0;
}

static bool utf7_decode(struct buf *out, struct span wire)
{
	for (size_t i = 0; i < wire.n; i++) {
		unsigned char c = (unsigned char)wire.p[i];
		const char *end;

		if (c < ' ' || c >= 0x7f)
			return false;
		if (c != '&') {
			buf_put_byte(out, c);
			continue;
		}
		end = memchr(wire.p + i, '-', wire.n - i);
		if (!end)
			return false;
		size_t n = (size_t)(end - (wire.p + i)) - 1;

		if (n == 0)
			buf_put_byte(out, '&');
		else if (!shifted_decode(out, (struct span){ wire.p + i + 1, n }))
			return false;
		i += n + 1;
	}
	return !out->failed;
}

bool foldername_decode(struct buf *out, struct span wire)
{
	size_t before = out->n;

	if (utf7_decode(out, wire))
		return true;
	out->n = before;
	return utf8_valid(wire) && !memchr(wire.p, 0, wire.n) && buf_put_span(out, wire);
}
