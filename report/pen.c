#include "report/pen.h"

#include "base/escape.h"

#include <stdarg.h>

bool html_text(struct buf *out, struct span text)
{
	unsigned marks = 0;

	while (text.n) {
		uint32_t code = 0;
		size_t n = utf8_next(text, &code);

		if (n == 0 || !code_is_fit(code, &marks))
			escape_spelt(out, text);
		else if (code == '&')
			buf_put_text(out, "&amp;");
		else if (code == '<')
			buf_put_text(out, "&lt;");
		else if (code == '>')
			buf_put_text(out, "&gt;");
		else if (code == '"')
			buf_put_text(out, "&quot;");
		else if (code == '\'')
			buf_put_text(out, "&#39;");
		else
			buf_put(out, text.p, n);
		n = n ? n : 1;
		text.p += n;
		text.n -= n;
	}
	return !out->failed;
}

static void put(const struct pen *pen, struct span text)
{
	if (pen->kind == PEN_HTML)
		html_text(pen->out, text);
	else
		style_text(pen->out, pen->style, text);
}

/* A number and its `%` stay on one line; the terminal's wrapping knows that by itself. */
static void put_unbroken(const struct pen *pen, struct span text)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] != ' ' || text.p[i + 1] != '%')
			continue;
		html_text(pen->out, (struct span){ text.p, i });
		buf_put_text(pen->out, "&nbsp;");
		text.p += i + 1;
		text.n -= i + 1;
		i = 0;
	}
	html_text(pen->out, text);
}

void pen_say(const struct pen *pen, const char *format, ...)
{
	char text[PEN_SAY];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (pen->kind == PEN_HTML)
		put_unbroken(pen, span_of(text));
	else
		put(pen, span_of(text));
}

void pen_symbol(const struct pen *pen, enum symbol symbol)
{
	buf_put_text(pen->out, style_symbol(pen->style, symbol));
}

void pen_dash(const struct pen *pen)
{
	pen_symbol(pen, SYMBOL_DASH);
}

static void put_cut(const struct pen *pen, struct span text, size_t most)
{
	size_t n = most;

	if (text.n <= most) {
		put(pen, text);
		return;
	}
	while (n > most - 4 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	put(pen, (struct span){ text.p, n });
	pen_symbol(pen, SYMBOL_ELLIPSIS);
}

void pen_name(const struct pen *pen, struct span text)
{
	put_cut(pen, text, STYLE_BRIEF);
}

void pen_host(const struct pen *pen, struct span text)
{
	put_cut(pen, text, PEN_NAME_OCTETS);
}

void pen_path(const struct pen *pen, struct span text)
{
	if (text.n > STYLE_BRIEF) {
		pen_name(pen, text);
		return;
	}
	for (size_t start = 0, at = 0; at <= text.n; at++) {
		bool step = at + 2 < text.n && text.p[at] == ' ' && text.p[at + 1] == '>' && text.p[at + 2] == ' ';

		if (!step && at < text.n)
			continue;
		put(pen, (struct span){ text.p + start, at - start });
		if (!step)
			break;
		buf_put_byte(pen->out, ' ');
		if (pen->style->utf8)
			pen_symbol(pen, SYMBOL_INTO);
		else
			put(pen, SPAN(">"));
		start = at + 2;
		at += 2;
	}
}

void pen_code(const struct pen *pen, struct span text)
{
	if (pen->kind == PEN_HTML)
		buf_put_text(pen->out, "<code>");
	put(pen, text);
	if (pen->kind == PEN_HTML)
		buf_put_text(pen->out, "</code>");
}

static const char *const html_tags[INK_COUNT][2] = {
	[INK_PLAIN] = { "", "" },
	[INK_STRONG] = { "<b>", "</b>" },
	[INK_BAD] = { "<b class=\"lost\">", "</b>" },
	[INK_WARN] = { "<b>", "</b>" },
	[INK_GOOD] = { "<b class=\"good\">", "</b>" },
	[INK_QUIET] = { "<span class=\"mut\">", "</span>" },
	[INK_STEP] = { "", "" },
};

void pen_begin(const struct pen *pen, enum ink ink)
{
	buf_put_text(pen->out, pen->kind == PEN_HTML ? html_tags[ink][0] : style_ink(pen->style, ink));
}

void pen_end(const struct pen *pen, enum ink ink)
{
	buf_put_text(pen->out, pen->kind == PEN_HTML ? html_tags[ink][1] : style_off(pen->style, ink));
}

void pen_count(const struct pen *pen, enum ink ink, uint64_t n)
{
	pen_begin(pen, ink);
	put(pen, span_of(count_text(n).p));
	pen_end(pen, ink);
}
