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

static bool is_link(struct span text)
{
	return span_starts_nocase(text, SPAN("http://")) || span_starts_nocase(text, SPAN("https://")) ||
		span_starts_nocase(text, SPAN("mailto:"));
}

/* What stands between two marks; absent when they do not. */
static struct span between(struct span text, struct span from, struct span to)
{
	long at = span_find_nocase(text, from), end;
	struct span rest;

	if (at < 0)
		return SPAN_ABSENT;
	rest = (struct span){ text.p + at + from.n, text.n - (size_t)at - from.n };
	end = span_find_nocase(rest, to);
	return end > 0 ? (struct span){ rest.p, (size_t)end } : SPAN_ABSENT;
}

/* base64 as it is written in links. */
static struct span link_base64(struct arena *arena, struct span text)
{
	struct span copy = text.p ? arena_copy(arena, text) : text;
	char *p = (char *)copy.p;

	for (size_t i = 0; p && i < copy.n; i++)
		p[i] = p[i] == '-' ? '+' : p[i] == '_' ? '/' : p[i];
	return copy.p ? base64_decode(copy, arena) : SPAN_ABSENT;
}

/* Of how many characters a run is: behind two asterisks. */
static size_t run_length(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (size_t)(digit - digits) + 2 : 0;
}

/* The octets of so many characters of UTF-8, taken off the front. */
static struct span characters_take(struct span *rest, size_t n)
{
	struct span taken = { rest->p, 0 };

	while (n-- && taken.n < rest->n)
		do
			taken.n++;
		while (taken.n < rest->n && (rest->p[taken.n] & 0xc0) == 0x80);
	*rest = (struct span){ rest->p + taken.n, rest->n - taken.n };
	return taken;
}

/* Proofpoint v3: the link between two marks; for each `*` in it one character of a list, for `**` and a digit a run of them. */
static struct span proofpoint_v3(struct arena *arena, struct span url)
{
	struct span link = between(url, SPAN("/v3/__"), SPAN("__;")), result;
	struct span list = link_base64(arena, between(url, SPAN("__;"), SPAN("!!")));
	struct buf out = BUF(link.n + list.n + 1);

	if (!link.p || !list.n)
		return link;
	for (size_t i = 0; i < link.n; i++) {
		size_t run = i + 2 < link.n && link.p[i + 1] == '*' ? run_length(link.p[i + 2]) : 0;
		struct span taken = { link.p + i, 1 };

		if (link.p[i] == '*')
			taken = characters_take(&list, run ? run : 1);
		i += link.p[i] == '*' && run ? 2 : 0;
		buf_put(&out, taken.p, taken.n);
	}
	result = arena_copy(arena, buf_span(&out));
	buf_release(&out);
	return result;
}

/* Proofpoint v2: "-" stands for "%", "_" for "/". */
static struct span proofpoint_v2(struct arena *arena, struct span value)
{
	char *plain = arena_take(arena, value.n + 1);

	for (size_t i = 0; plain && i < value.n; i++)
		plain[i] = value.p[i] == '-' ? '%' : value.p[i] == '_' ? '/' : value.p[i];
	return plain ? percent_decode(arena, (struct span){ plain, value.n }) : SPAN_ABSENT;
}

/* A link as the value of a parameter: written with percent signs, in Proofpoint's way, in base64. */
static struct span value_inner(struct arena *arena, struct span value, bool proofpoint)
{
	struct span found = percent_decode(arena, value);

	if (is_link(found))
		return found;
	found = proofpoint ? proofpoint_v2(arena, value) : SPAN_ABSENT;
	if (is_link(found))
		return found;
	found = span_starts_nocase(value, SPAN("aHR0c")) ? link_base64(arena, percent_decode(arena, value)) : SPAN_ABSENT; /* "http" */
	return is_link(found) ? found : SPAN_ABSENT;
}

static struct span parameter_inner(struct arena *arena, struct span url)
{
	static const char *const names[] = { "url", "u", "q", "target", "redirect", "a", "link", "to", "dest",
		"destination", "o" };
	const char *query = memchr(url.p, '?', url.n);
	bool proofpoint = query && span_find_nocase(url, SPAN("urldefense")) >= 0;
	struct span rest, member, found = SPAN_ABSENT;

	rest = query ? (struct span){ query + 1, url.n - (size_t)(query - url.p) - 1 } : SPAN_ABSENT;
	while (!found.p && taglist_member(&rest, '&', &member)) {
		member =
			span_starts_nocase(member, SPAN("amp;")) ? (struct span){ member.p + 4, member.n - 4 } : member;
		for (size_t i = 0; i < sizeof names / sizeof names[0] && !found.p; i++) {
			struct span name = span_of(names[i]);

			if (member.n > name.n && member.p[name.n] == '=' && span_starts_nocase(member, name))
				found = value_inner(arena, (struct span){ member.p + name.n + 1, member.n - name.n - 1 }, proofpoint);
		}
	}
	return found;
}

/* Cisco: the last segment of the path. */
static struct span path_inner(struct arena *arena, struct span url)
{
	const char *slash = memrchr(url.p, '/', url.n);
	struct span last = { slash + 1, (size_t)(url.p + url.n - slash - 1) };

	return span_starts_nocase(last, SPAN("http%3A%2F%2F")) || span_starts_nocase(last, SPAN("https%3A%2F%2F")) ?
		percent_decode(arena, last) :
		SPAN_ABSENT;
}

/* The link inside a link. */
static struct span url_inner(struct arena *arena, struct span url)
{
	struct span found = proofpoint_v3(arena, url);

	if (!is_link(found))
		found = between(url, SPAN("/___"), SPAN("___.")); /* Check Point */
	if (!is_link(found))
		found = parameter_inner(arena, url);
	if (!is_link(found))
		found = path_inner(arena, url);
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
		while (url.n && memchr(".,;:!?", url.p[url.n - 1], 6)) /* the sentence's */
			url.n--;
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
