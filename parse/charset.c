#include "parse/charset.h"

#include <iconv.h>

/* What report mails and the samples in them are written in. */
static const char *const charsets[] = { "UTF-8", "US-ASCII", "ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7",
	"ISO-8859-8", "ISO-8859-9", "ISO-8859-15", "windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258", "KOI8-R", "KOI8-U", "GB2312", "GBK",
	"GB18030", "Big5", "EUC-JP", "ISO-2022-JP", "Shift_JIS", "EUC-KR", "UTF-7", "UTF-16", "UTF-16LE", "UTF-16BE" };
#define CHARSETS (sizeof charsets / sizeof *charsets)

const char *const document_charsets[] = { "windows-1252", "cp1252", "ISO-8859-1", "latin1", "ISO-8859-15", "latin-9", "US-ASCII",
	"ASCII", "UTF-16", "UTF-16LE", "UTF-16BE", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7", "ISO-8859-9", "windows-1250",
	"windows-1251", "windows-1253", "windows-1254", "windows-1257", "KOI8-R", "KOI8-U", "GB2312", "GBK", "GB18030", "Big5",
	"EUC-JP", "Shift_JIS", "EUC-KR", NULL };

void charset_warm(void)
{
	static iconv_t opened[CHARSETS];

	if (opened[0])
		return;
	for (size_t i = 0; i < CHARSETS; i++)
		opened[i] = iconv_open("UTF-8", charsets[i]);
}

static bool charset_is_listed(struct span name)
{
	for (size_t i = 0; i < CHARSETS; i++)
		if (span_is_nocase(name, span_of(charsets[i])))
			return true;
	return false;
}

/* The charset that stands between `at` and the next `end` character (RFC 2231 5 lets `*language` follow it). */
static bool charset_at(struct span raw, size_t at, char end)
{
	struct span name = { raw.p + at, 0 };

	while (at + name.n < raw.n && name.n < 64 && name.p[name.n] != end && name.p[name.n] != '*')
		name.n++;
	return charset_is_listed(name);
}

/* The length of an encoded word (RFC 2047 2) that begins at `at`, 0 when it is none: then nobody decodes it either. */
static size_t encoded_word(struct span raw, size_t at)
{
	struct span rest = { raw.p + at, raw.n - at };
	const char *charset = rest.n > 2 ? memchr(rest.p + 2, '?', rest.n - 2) : NULL, *end;
	size_t text;

	if (!charset || rest.p + rest.n - charset < 4 || charset[2] != '?')
		return 0;
	text = (size_t)(charset - rest.p) + 3;
	end = memmem(rest.p + text, rest.n - text, "?=", 2);
	return end ? (size_t)(end - rest.p) + 2 : 0;
}

bool charset_allows(struct span raw)
{
	for (size_t i = 0; i + 1 < raw.n; i++) {
		if (raw.p[i] == '=' && raw.p[i + 1] == '?') {
			size_t word = encoded_word(raw, i);

			if (word && !charset_at(raw, i + 2, '?'))
				return false;
			i += word ? word - 1 : 0;
		} else if (raw.p[i] == '*' && raw.p[i + 1] == '=' && memchr(raw.p + i, '\'', raw.n - i) &&
			   !charset_at(raw, i + 2 + (i + 2 < raw.n && raw.p[i + 2] == '"'), '\'')) {
			return false;
		}
	}
	return true;
}

bool charset_declared(struct span front)
{
	const char *end = memmem(front.p, front.n, "?>", 2);
	struct span rest = { front.p, end ? (size_t)(end - front.p) : 0 }, name;
	long at = span_find_nocase(rest, SPAN("encoding"));
	size_t n = 0;

	if (!end || at < 0)
		return end != NULL;
	rest = (struct span){ rest.p + at + 8, rest.n - (size_t)at - 8 };
	while (rest.n && strchr(" \t\r\n='\"", rest.p[0]) && rest.p[0]) {
		rest.p++;
		rest.n--;
	}
	while (n < rest.n && !strchr(" \t\r\n'\"", rest.p[n]))
		n++;
	name = (struct span){ rest.p, n };
	if (span_is_nocase(name, SPAN("UTF-8")) || span_is_nocase(name, SPAN("UTF8")))
		return true;
	for (size_t i = 0; document_charsets[i]; i++)
		if (span_is_nocase(name, span_of(document_charsets[i])))
			return true;
	return false;
}
