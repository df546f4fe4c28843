#include "base/escape.h"

size_t utf8_next(struct span text, uint32_t *code)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text.p;
	size_t n;
	uint32_t value;

	if (text.n == 0)
		return 0;
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 && p[0] < 0xf8 ? 4 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xc0 && p[0] < 0xe0 ? 2 : 0;
	if (n == 0 || n > text.n)
		return 0;
	value = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return n;
}

void utf8_put(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_put_byte(out, (unsigned char)code);
		return;
	}
	if (code < 0x800) {
		buf_put_byte(out, (unsigned char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_put_byte(out, (unsigned char)(0xe0 | code >> 12));
		} else {
			buf_put_byte(out, (unsigned char)(0xf0 | code >> 18));
			buf_put_byte(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
		}
		buf_put_byte(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_put_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
}

uint32_t windows_1252_code(unsigned char octet)
{
	static const uint16_t high[32] = { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030,
		0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
		0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178 };

	return octet >= 0x80 && octet < 0xa0 ? high[octet - 0x80] : octet;
}

bool utf8_valid(struct span text)
{
	while (text.n) {
		uint32_t code;
		size_t n = (unsigned char)text.p[0] < 0x80 ? 1 : utf8_next(text, &code);

		if (n == 0)
			return false;
		text.p += n;
		text.n -= n;
	}
	return true;
}

void utf8_end(char *text)
{
	size_t n = strlen(text), at = n;
	uint32_t code;

	while (at && n - at < 3 && (text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at && text[at - 1] & 0x80 && utf8_next((struct span){ text + at - 1, n - at + 1 }, &code) == 0)
		text[at - 1] = '\0';
}

struct codes {
	uint32_t first, last;
};

static bool is_within(uint32_t code, const struct codes *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (code >= codes[i].first && code <= codes[i].last)
			return true;
	return false;
}

bool code_is_unsafe(uint32_t code)
{
	static const struct codes unsafe[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f },           /* C0, DEL, C1 */
		{ 0xad, 0xad }, { 0x061c, 0x061c },       /* soft hyphen, Arabic letter mark */
		{ 0x180e, 0x180e }, { 0x200b, 0x200f },   /* zero width, left-to-right and right-to-left marks */
		{ 0x2028, 0x202e }, { 0x2060, 0x206f },   /* separators, embeddings, overrides, isolates */
		{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },   /* variation selectors, BOM */
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff }, /* interlinear, tags */
	};

	return is_within(code, unsafe, sizeof unsafe / sizeof *unsafe);
}

bool code_is_mark(uint32_t code)
{
	static const struct codes marks[] = {
		{ 0x0300, 0x036f }, { 0x0483, 0x0489 },                                         /* Latin, Greek, Cyrillic */
		{ 0x0591, 0x05bd }, { 0x05bf, 0x05bf }, { 0x05c1, 0x05c2 }, { 0x05c4, 0x05c7 }, /* Hebrew */
		{ 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x0670, 0x0670 }, { 0x06d6, 0x06dc }, /* Arabic */
		{ 0x06df, 0x06e4 }, { 0x06e7, 0x06e8 }, { 0x06ea, 0x06ed }, { 0x08d3, 0x08ff },
		{ 0x0730, 0x074a }, { 0x07a6, 0x07b0 }, { 0x07eb, 0x07f3 }, /* Syriac, Thaana, N'Ko */
		{ 0x0900, 0x0902 }, { 0x093c, 0x093c }, { 0x0941, 0x0948 }, { 0x094d, 0x094d }, /* Devanagari */
		{ 0x0951, 0x0957 }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, /* Thai */
		{ 0x0eb1, 0x0eb1 }, { 0x0eb4, 0x0ebc }, { 0x0ec8, 0x0ece },                     /* Lao */
		{ 0x0f71, 0x0f7e }, { 0x0f80, 0x0f84 }, { 0x0f8d, 0x0fbc },                     /* Tibetan */
		{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0x2de0, 0x2dff }, /* of all */
		{ 0x302a, 0x302f }, { 0x3099, 0x309a }, { 0xa66f, 0xa672 }, { 0xa674, 0xa67d },
		{ 0xfe20, 0xfe2f }, { 0x1cf00, 0x1cf46 }, { 0x1d165, 0x1d172 }, { 0x1e000, 0x1e02a },
	};

	return code >= marks[0].first && is_within(code, marks, sizeof marks / sizeof *marks);
}

bool code_is_fit(uint32_t code, unsigned *marks)
{
	*marks = code_is_mark(code) ? *marks + 1 : 0;
	return *marks <= ACCENTS_MOST && !code_is_unsafe(code);
}

/* Runs of ordinary ASCII are copied whole; this is the common case by far. */
static size_t plain_run(struct span text, const char *special)
{
	size_t n = 0;

	while (n < text.n && text.p[n] >= 0x20 && text.p[n] < 0x7f && !strchr(special, text.p[n]))
		n++;
	return n;
}

size_t escape_spelt(struct buf *out, struct span text)
{
	uint32_t code;
	size_t n = utf8_next(text, &code);

	if (n == 0)
		code = (unsigned char)text.p[0];
	if (code < 0x100)
		buf_printf(out, "\\x%02X", (unsigned)code);
	else
		buf_printf(out, "\\u{%X}", (unsigned)code);
	return n ? n : 1;
}

bool escape_terminal(struct buf *out, struct span text)
{
	unsigned marks = 0;

	while (text.n) {
		uint32_t code = 0;
		size_t n = plain_run(text, "");

		if (n == 0) {
			n = utf8_next(text, &code);
			if (n && code_is_fit(code, &marks))
				buf_put(out, text.p, n);
			else
				n = escape_spelt(out, text);
		} else {
			buf_put(out, text.p, n);
			marks = 0;
		}
		text.p += n;
		text.n -= n;
	}
	return !out->failed;
}

static void json_escape_code(struct buf *out, uint32_t code)
{
	switch (code) {
	case '"':
		buf_put(out, "\\\"", 2);
		return;
	case '\\':
		buf_put(out, "\\\\", 2);
		return;
	case '\n':
		buf_put(out, "\\n", 2);
		return;
	case '\r':
		buf_put(out, "\\r", 2);
		return;
	case '\t':
		buf_put(out, "\\t", 2);
		return;
	}
	if (code < 0x10000)
		buf_printf(out, "\\u%04x", (unsigned)code);
	else
		buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (code >> 10)), (unsigned)(0xdc00 | (code & 0x3ff)));
}

bool escape_json(struct buf *out, struct span text)
{
	unsigned marks = 0;

	while (text.n) {
		uint32_t code = 0;
		size_t n = plain_run(text, "\"\\");

		if (n == 0) {
			n = utf8_next(text, &code);
			if (n == 0) {
				buf_put(out, "\xef\xbf\xbd", 3);
				n = 1;
			} else if (code == '"' || code == '\\' || !code_is_fit(code, &marks)) {
				json_escape_code(out, code);
			} else {
				buf_put(out, text.p, n);
			}
		} else {
			marks = 0;
			buf_put(out, text.p, n);
		}
		text.p += n;
		text.n -= n;
	}
	return !out->failed;
}
