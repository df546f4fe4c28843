/* Links that somebody's checker was put before: the link inside the link. */
#include "parse/dkim/bodysearch.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/taglist.h"

static bool octet_ends_url(char c)
{
	return c <= ' ' || c == 0x7f || memchr("<>\"'()[]{}|\\^`", c, 15);
}

static struct span percent_decode(struct arena *arena, struct span text)
{
	char *out = arena_take(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < text.n; i++) {
		char c = text.p[i];

		if (c == '%' && i + 2 < text.n && hex_value(text.p[i + 1]) >= 0 && hex_value(text.p[i + 2]) >= 0) {
			c = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	return out ? (struct span){ out, n } : SPAN_ABSENT;
}

/* Proofpoint v2: "-" stands for "%", "_" for "/"; v3: the link between two marks. */
static struct span proofpoint_decode(struct arena *arena, struct span url, struct span value)
{
	long mark = span_find_nocase(url, SPAN("/v3/__"));
	char *plain;

	if (mark >= 0) {
		struct span rest = { url.p + mark + 6, url.n - (size_t)mark - 6 };
		long end = span_find_nocase(rest, SPAN("__;"));

		return end > 0 ? (struct span){ rest.p, (size_t)end } : SPAN_ABSENT;
	}
	if (span_find_nocase(url, SPAN("urldefense")) < 0 || !value.p)
		return SPAN_ABSENT;
	plain = arena_take(arena, value.n + 1);
	for (size_t i = 0; plain && i < value.n; i++)
		plain[i] = value.p[i] == '-' ? '%' : value.p[i] == '_' ? '/' : value.p[i];
	return plain ? percent_decode(arena, (struct span){ plain, value.n }) : SPAN_ABSENT;
}

static bool is_link(struct span text)
{
	return span_starts_nocase(text, SPAN("http://")) || span_starts_nocase(text, SPAN("https://")) ||
		span_starts_nocase(text, SPAN("mailto:"));
}

/* The link inside a link: the value of a parameter that is itself a link. */
static struct span url_inner(struct arena *arena, struct span url)
{
	static const char *const names[] = { "url", "u", "q", "target", "redirect", "a", "link", "to", "dest",
		"destination" };
	const char *query = memchr(url.p, '?', url.n);
	struct span rest, member, value = SPAN_ABSENT, found;

	rest = query ? (struct span){ query + 1, url.n - (size_t)(query - url.p) - 1 } : SPAN_ABSENT;
	while (taglist_member(&rest, '&', &member)) {
		member =
			span_starts_nocase(member, SPAN("amp;")) ? (struct span){ member.p + 4, member.n - 4 } : member;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
			struct span name = span_of(names[i]);

			if (member.n <= name.n || member.p[name.n] != '=' || !span_starts_nocase(member, name))
				continue;
			value = (struct span){ member.p + name.n + 1, member.n - name.n - 1 };
			found = percent_decode(arena, value);
			if (is_link(found))
				return found;
		}
	}
	found = proofpoint_decode(arena, url, value);
	return is_link(found) ? found : SPAN_ABSENT;
}

/* What the checker wrote down may differ from what stood there: an empty path got its slash, and what markup writes as `&amp;`
 * was read. */
static struct span link_form(struct arena *arena, struct span link, unsigned form)
{
	struct buf out = BUF(5 * link.n + 1);
	struct span result;

	if (form & 2 && link.n && link.p[link.n - 1] == '/')
		link.n--;
	for (size_t i = 0; i < link.n; i++)
		if (form & 1 && link.p[i] == '&')
			buf_put_text(&out, "&amp;");
		else
			buf_put_byte(&out, (unsigned char)link.p[i]);
	result = arena_copy(arena, buf_span(&out));
	buf_release(&out);
	return result;
}

size_t links_find(struct arena *arena, struct span text, unsigned form, struct piece *pieces)
{
	size_t n = 0;

	for (size_t at = 0; at + 8 < text.n && n < LINKS_MAX; at++) {
		struct span url = { text.p + at, 0 }, inner;

		if ((text.p[at] | 0x20) != 'h' || !is_link((struct span){ text.p + at, text.n - at }))
			continue;
		while (at + url.n < text.n && !octet_ends_url(text.p[at + url.n]))
			url.n++;
		inner = url_inner(arena, url);
		if (inner.p)
			pieces[n++] = (struct piece){ at, url.n, link_form(arena, inner, form) };
		at += url.n;
	}
	return n;
}

struct dkim_step links_step(struct span text, const struct piece *pieces, struct span where)
{
	return (struct dkim_step){ .edit = DKIM_EDIT_URL_REWRITTEN,
		.where = where,
		.found = { text.p + pieces[0].at, pieces[0].n },
		.before = pieces[0].text };
}
