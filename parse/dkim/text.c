#include "base/base64.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/search.h"
#include "parse/dkim/taglist.h"

struct span text_join(struct arena *arena, const struct span *parts, size_t n)
{
	size_t total = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		total += parts[i].n;
	p = arena_take(arena, total + 1);
	if (!p)
		return SPAN_ABSENT;
	total = 0;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n)
			memcpy(p + total, parts[i].p, parts[i].n);
		total += parts[i].n;
	}
	return (struct span){ p, total };
}

struct span text_splice(struct arena *arena, struct span base, const struct piece *pieces, size_t n)
{
	size_t total = base.n, from = 0, to = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		total = total - pieces[i].n + pieces[i].text.n;
	p = arena_take(arena, total + 1);
	if (!p)
		return SPAN_ABSENT;
	for (size_t i = 0; i < n; i++) {
		memcpy(p + to, base.p + from, pieces[i].at - from);
		to += pieces[i].at - from;
		if (pieces[i].text.n)
			memcpy(p + to, pieces[i].text.p, pieces[i].text.n);
		to += pieces[i].text.n;
		from = pieces[i].at + pieces[i].n;
	}
	memcpy(p + to, base.p + from, base.n - from);
	return (struct span){ p, total };
}

static bool octet_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the white space at the end of a line before `end`. */
static size_t line_trim(const char *out, size_t start, size_t end)
{
	while (end > start && octet_is_wsp(out[end - 1]))
		end--;
	return end;
}

struct span mime_qp_decode(struct arena *arena, struct span text)
{
	char *out = arena_take(arena, text.n + 1);
	size_t n = 0, start = 0, changes = 0;

	if (!out)
		return SPAN_ABSENT;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '=' && i + 2 < text.n && hex_value(text.p[i + 1]) >= 0 && hex_value(text.p[i + 2]) >= 0) {
			out[n++] = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
			start = n;
			i += 2;
			changes++;
		} else if (c == '=') {
			size_t skip = i + 1;

			while (skip < text.n && octet_is_wsp(text.p[skip]))
				skip++;
			if (skip + 1 < text.n && text.p[skip] == '\r' && text.p[skip + 1] == '\n')
				i = skip + 1;
			else if (skip < text.n)
				return SPAN_ABSENT;
			start = n;
			changes++;
		} else {
			if (c == '\r')
				n = line_trim(out, start, n);
			out[n++] = c;
			if (c == '\n')
				start = n;
		}
	}
	return changes ? (struct span){ out, n } : SPAN_ABSENT;
}

struct span mime_base64_decode(struct arena *arena, struct span text)
{
	text = span_trim(text);
	return text.n ? base64_decode(text, arena) : SPAN_ABSENT;
}

struct span mime_base64_encode(struct arena *arena, struct span octets, size_t width)
{
	struct buf flat = BUF(octets.n / 3 * 4 + 8);
	size_t lines, n = 0;
	char *out = NULL;

	if (!base64_put(&flat, octets))
		goto out;
	lines = (flat.n + width - 1) / width;
	out = arena_take(arena, flat.n + 2 * lines + 1);
	for (size_t at = 0; out && at < flat.n; at += width) {
		size_t part = flat.n - at < width ? flat.n - at : width;

		memcpy(out + n, flat.p + at, part);
		memcpy(out + n + part, "\r\n", 2);
		n += part + 2;
	}
out:
	buf_release(&flat);
	return out ? (struct span){ out, n } : SPAN_ABSENT;
}

static size_t qp_put(char *out, char c, bool line_end)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char octet = (unsigned char)c;

	if ((octet > ' ' && octet < 0x7f && c != '=') || (octet_is_wsp(c) && !line_end)) {
		out[0] = c;
		return 1;
	}
	out[0] = '=';
	out[1] = digits[octet >> 4];
	out[2] = digits[octet & 15];
	return 3;
}

/* Soft breaks after the last space that fits (`words`), as most writers of text do, and within a word where there is none;
 * or wherever the line is full, as most libraries do. */
struct span mime_qp_encode(struct arena *arena, struct span text, size_t width, bool words)
{
	char *out = arena_take(arena, text.n * 6 + 8);
	size_t n = 0, column = 0, space = 0;

	if (!out)
		return SPAN_ABSENT;
	for (size_t i = 0; i < text.n; i++) {
		char token[3];
		bool line_end = i + 1 < text.n && text.p[i + 1] == '\r';
		size_t length;

		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n') {
			memcpy(out + n, "\r\n", 2);
			n += 2;
			column = space = 0;
			i++;
			continue;
		}
		length = qp_put(token, text.p[i], line_end);
		if (column + length > width - 1 && !line_end) {
			size_t cut = space ? space : n;

			memmove(out + cut + 3, out + cut, n - cut);
			memcpy(out + cut, "=\r\n", 3);
			column = n - cut;
			n += 3;
			space = 0;
		}
		memcpy(out + n, token, length);
		n += length;
		column += length;
		if (text.p[i] == ' ' && words)
			space = n;
	}
	return (struct span){ out, n };
}

struct span mime_parameter(struct span value, const char *name)
{
	struct span rest = value, member;

	while (taglist_member(&rest, ';', &member)) {
		const char *equal = member.n ? memchr(member.p, '=', member.n) : NULL;
		struct span found;

		if (!equal ||
			!span_is_nocase(fws_trim((struct span){ member.p, (size_t)(equal - member.p) }), span_of(name)))
			continue;
		found = fws_trim((struct span){ equal + 1, member.n - (size_t)(equal - member.p) - 1 });
		if (found.n >= 2 && found.p[0] == '"') {
			/* A quoted value may hold the separator: it ends at its own quote. */
			size_t room = value.n - (size_t)(found.p + 1 - value.p);
			const char *end = memchr(found.p + 1, '"', room);

			found = (struct span){ found.p + 1, end ? (size_t)(end - found.p) - 1 : found.n - 1 };
		}
		return found;
	}
	return SPAN_ABSENT;
}
