#include "base/base64.h"
#include "base/escape.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/search.h"
#include "parse/dkim/taglist.h"

#define WORD_OCTETS_MAX 75 /* RFC 2047 2 */

struct word {
	struct span whole, charset, text;
	char encoding; /* 'b', 'q' */
};

/* =?charset?encoding?text?= at the start of `text`. */
static bool word_read(struct span text, struct word *word)
{
	const char *end, *p, *charset, *payload;

	if (text.n < 8 || text.p[0] != '=' || text.p[1] != '?')
		return false;
	end = text.p + text.n;
	p = text.p + 2;
	charset = memchr(p, '?', (size_t)(end - p));
	if (!charset || end - charset < 4 || charset[2] != '?')
		return false;
	word->charset = (struct span){ p, (size_t)(charset - p) };
	word->encoding = (char)(charset[1] | 0x20);
	payload = charset + 3;
	for (p = payload; p + 1 < end && !(p[0] == '?' && p[1] == '='); p++)
		if (*p == ' ' || *p == '\r')
			return false;
	if (p + 1 >= end || (word->encoding != 'b' && word->encoding != 'q'))
		return false;
	word->text = (struct span){ payload, (size_t)(p - payload) };
	word->whole = (struct span){ text.p, (size_t)(p + 2 - text.p) };
	return true;
}

static struct span q_decode(struct arena *arena, struct span text)
{
	char *out = arena_take(arena, text.n + 1);
	size_t n = 0;

	if (!out)
		return SPAN_ABSENT;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i] == '_' ? ' ' : text.p[i];

		if (c == '=' && i + 2 < text.n && hex_value(text.p[i + 1]) >= 0 && hex_value(text.p[i + 2]) >= 0) {
			c = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	return (struct span){ out, n };
}

static struct span latin1_to_utf8(struct arena *arena, struct span text)
{
	char *out = arena_take(arena, 2 * text.n + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x80)
			out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = c < 0x80 ? (char)c : (char)(0x80 | (c & 0x3f));
	}
	return out ? (struct span){ out, n } : SPAN_ABSENT;
}

static struct span word_decode(struct arena *arena, const struct word *word)
{
	struct span octets = word->encoding == 'b' ? base64_decode(word->text, arena) : q_decode(arena, word->text);

	if (!octets.p)
		return octets;
	if (span_is_nocase(word->charset, SPAN("utf-8")) || span_is_nocase(word->charset, SPAN("us-ascii")))
		return octets;
	if (span_is_nocase(word->charset, SPAN("iso-8859-1")))
		return latin1_to_utf8(arena, octets);
	return SPAN_ABSENT;
}

struct span encodedword_decode(struct arena *arena, struct span text)
{
	struct buf out = BUF(4 * text.n + 16);
	struct span result = SPAN_ABSENT;
	size_t gap = 0; /* where white space began that vanishes if another encoded word follows */
	bool some = false, after = false;
	struct word word;

	for (size_t at = 0; at < text.n;) {
		struct span rest = { text.p + at, text.n - at }, plain;
		size_t space;

		if (word_read(rest, &word)) {
			plain = word_decode(arena, &word);
			if (!plain.p)
				goto out;
			if (after)
				out.n = gap;
			buf_put_span(&out, plain);
			at += word.whole.n;
			some = after = true;
			gap = out.n;
			continue;
		}
		space = fws_length(text, at);
		if (!space) {
			buf_put_byte(&out, (unsigned char)text.p[at++]);
			after = false;
			continue;
		}
		buf_put(&out, text.p + at, space);
		at += space;
	}
	if (some && !out.failed)
		result = arena_copy(arena, buf_span(&out));
out:
	buf_release(&out);
	return result;
}

static bool q_is_plain(char c, bool strict)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	if (strict)
		return memchr("!*+-/", c, 5);
	return c > ' ' && c < 0x7f && !memchr("=?_", c, 3);
}

static void q_put(struct buf *out, struct span text, bool strict)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ' ')
			buf_put_byte(out, '_');
		else if (q_is_plain(text.p[i], strict))
			buf_put_byte(out, (unsigned char)text.p[i]);
		else
			buf_printf(out, "=%02X", (unsigned char)text.p[i]);
	}
}

struct style {
	const char *front; /* `=?charset?encoding?`: in the letters that mailers write, which differ */
	char encoding;     /* 'B', 'Q', and 'S' for the strict Q of phrases (RFC 2047 5 (3)) */
};

static void word_put(struct buf *out, struct span text, const struct style *style)
{
	buf_put_text(out, style->front);
	if (style->encoding == 'B')
		base64_put(out, text);
	else
		q_put(out, text, style->encoding == 'S');
	buf_put_text(out, "?=");
}

/* As many encoded words as the length limit asks for, cut between characters, folded. */
static void words_put(struct buf *out, struct span text, const struct style *style)
{
	while (text.n && !out->failed) {
		size_t start = out->n, fits = 0, at = 0;
		uint32_t code;

		while (at < text.n) {
			size_t step = utf8_next((struct span){ text.p + at, text.n - at }, &code);
			bool good;

			at += step ? step : 1;
			word_put(out, (struct span){ text.p, at }, style);
			good = out->n - start <= WORD_OCTETS_MAX;
			out->n = start;
			if (!good && fits)
				break;
			fits = at;
		}
		word_put(out, (struct span){ text.p, fits }, style);
		text.p += fits;
		text.n -= fits;
		if (text.n)
			buf_put_text(out, "\r\n ");
	}
}

/* From the first to the last word that needs it; both bounds relative to `text`. */
static struct span run_find(struct span text)
{
	size_t first = text.n, last = 0, start = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != ' ')
			continue;
		if (span_has_8bit((struct span){ text.p + start, i - start })) {
			first = start < first ? start : first;
			last = i;
		}
		start = i + 1;
	}
	return (struct span){ text.p + first, last - first };
}

static void each_put(struct buf *out, struct span text, const struct style *style)
{
	size_t start = 0;

	for (size_t i = 0; i <= text.n; i++) {
		struct span word = { text.p + start, i - start };

		if (i < text.n && text.p[i] != ' ')
			continue;
		if (span_has_8bit(word))
			word_put(out, word, style);
		else
			buf_put_span(out, word);
		if (i < text.n)
			buf_put_byte(out, ' ');
		start = i + 1;
	}
}

struct span encodedword_encode(struct arena *arena, struct span text, unsigned form)
{
	static const struct style styles[] = { { "=?UTF-8?Q?", 'Q' }, { "=?utf-8?Q?", 'Q' }, { "=?utf-8?q?", 'Q' },
		{ "=?UTF-8?B?", 'B' }, { "=?utf-8?B?", 'B' }, { "=?utf-8?b?", 'B' }, { "=?UTF-8?Q?", 'S' },
		{ "=?utf-8?Q?", 'S' }, { "=?utf-8?q?", 'S' } };
	const struct style style = styles[form / 4 % (sizeof styles / sizeof *styles)];
	struct buf out = BUF(16 * text.n + 1024);
	struct span run = run_find(text), result;

	if (form % 4 == 0) {
		words_put(&out, text, &style);
	} else if (form % 4 == 1) {
		word_put(&out, text, &style);
	} else if (form % 4 == 2) {
		buf_put(&out, text.p, (size_t)(run.p - text.p));
		words_put(&out, run, &style);
		buf_put(&out, run.p + run.n, text.n - run.n - (size_t)(run.p - text.p));
	} else {
		each_put(&out, text, &style);
	}
	result = out.failed ? SPAN_ABSENT : arena_copy(arena, buf_span(&out));
	buf_release(&out);
	return result;
}
