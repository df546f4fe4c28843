#include "parse/htmltext.h"
#include "base/escape.h"

#include <ctype.h>
#include <stdlib.h>

struct page {
	struct buf *out;
	unsigned quoted; /* <blockquote>s that are open */
};

/* What stands between the words for a tag. */
static const struct {
	const char *name, *between;
} breaks[] = { { "br", "\n" }, { "td", " " }, { "th", " " }, { "p", "\n\n" }, { "div", "\n\n" }, { "tr", "\n\n" },
	{ "table", "\n\n" }, { "li", "\n\n" }, { "pre", "\n\n" }, { "hr", "\n\n" }, { "blockquote", "\n\n" } };

static const struct {
	const char *name;
	uint32_t code;
} entities[] = { { "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' }, { "nbsp;", ' ' } };

static struct span behind(struct span text, size_t n)
{
	return (struct span){ text.p + n, text.n - n };
}

/* The octets up to the end of the first `end`, all when there is none. */
static size_t length_to(struct span text, struct span end)
{
	long at = span_find_nocase(text, end);

	return at < 0 ? text.n : (size_t)at + end.n;
}

/* `<!-- -->`, a style sheet or a script with all that is in it, else one tag. */
static size_t tag_length(struct span text)
{
	if (span_starts_nocase(text, SPAN("<!--")))
		return length_to(text, SPAN("-->"));
	if (span_starts_nocase(text, SPAN("<style")))
		return length_to(text, SPAN("</style>"));
	if (span_starts_nocase(text, SPAN("<script")))
		return length_to(text, SPAN("</script>"));
	return length_to(text, SPAN(">"));
}

static void tag_put(struct page *page, struct span tag)
{
	struct span name = behind(tag, 1);
	bool end = name.n && name.p[0] == '/';
	size_t n = 0;

	name = behind(name, end);
	while (n < name.n && isalnum((unsigned char)name.p[n]))
		n++;
	name.n = n;
	if (span_is_nocase(name, SPAN("blockquote")))
		page->quoted = end ? page->quoted - (page->quoted > 0) : page->quoted + 1;
	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
		if (span_is_nocase(name, span_of(breaks[i].name)))
			buf_put_text(page->out, breaks[i].between);
}

/* `&amp;` or `&#64;`; returns the octets taken, of what is no reference the `&` alone. */
static size_t reference_put(struct page *page, struct span text)
{
	struct span rest = behind(text, 1);
	char digits[8] = "", *first, *end;
	size_t n = 0;
	unsigned long code;

	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (span_starts_nocase(rest, span_of(entities[i].name))) {
			utf8_put(page->out, entities[i].code);
			return 1 + strlen(entities[i].name);
		}
	if (rest.n && rest.p[0] == '#')
		for (rest = behind(rest, 1); n < rest.n && n + 1 < sizeof digits && isalnum((unsigned char)rest.p[n]); n++)
			digits[n] = rest.p[n];
	first = digits + (digits[0] == 'x' || digits[0] == 'X');
	code = strtoul(first, &end, first == digits ? 10 : 16);
	if (n < rest.n && rest.p[n] == ';' && end > first && !*end && code <= 0x10ffff) {
		utf8_put(page->out, code < ' ' || code == 0xa0 ? ' ' : (uint32_t)code);
		return n + 3;
	}
	buf_put_byte(page->out, '&');
	return 1;
}

void htmltext_put(struct buf *out, struct span html)
{
	struct page page = { .out = out };
	size_t n;

	for (; html.n && !out->failed; html = behind(html, n)) {
		const char *special = html.p;
		size_t room = out->max - out->n;

		while (special < html.p + html.n && *special != '<' && *special != '&')
			special++;
		n = (size_t)(special - html.p);
		if (n && !page.quoted)
			buf_put(out, html.p, n < room ? n : room);
		if (n)
			continue;
		if (html.p[0] == '<')
			tag_put(&page, (struct span){ html.p, n = tag_length(html) });
		else
			n = page.quoted ? 1 : reference_put(&page, html);
	}
}
