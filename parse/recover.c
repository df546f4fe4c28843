#include "parse/recover.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/shortage.h"
#include "parse/aggregate_private.h"
#include "parse/charset.h"
#include "parse/widetext.h"

#include <ctype.h>
#include <stdlib.h>

#define WINDOW ((size_t)64 * 1024) /* what may have to be seen at once: a tag, a comment's start */
#define TAG_OCTETS ((size_t)8 * 1024)
#define AHEAD_OCTETS ((size_t)32 * 1024)        /* an element that is not ours has its end in them */
#define VAIN_OCTETS ((uint64_t)8 * 1024 * 1024) /* looked through for such ends, and none was there: the rest is text */

enum legacy { LEGACY_NONE, LEGACY_LATIN1, LEGACY_LATIN9, LEGACY_WINDOWS };

struct recovering {
	struct stream stream;
	struct widetext from;
	struct buf in, out;
	size_t given;            /* octets of `out` already handed out */
	bool ended;              /* `from` has no more */
	bool started, closed;    /* the root was opened, was closed */
	bool has_record;         /* one was closed */
	enum legacy legacy;      /* declared eight-bit encoding */
	char prefix[32];         /* of the root element, with its colon */
	unsigned depth;
	unsigned mended;
	uint64_t dropped;        /* octets that left the front of `in` so far */
	uint64_t ahead;          /* octets in which the end of an element was looked for in vain */
	uint64_t vain[4];        /* up to where the end of a comment, CDATA, instruction, tag was looked for and not found */
};

const char *mended_sentence(unsigned bit)
{
	switch (bit) {
	case MENDED_OCTETS:
		return "octets that are not UTF-8 were read as windows-1252";
	case MENDED_CONTROLS:
		return "control characters were read as spaces";
	case MENDED_MARKUP:
		return "`<` that starts nothing known was read as text";
	case MENDED_LEADING:
		return "text before <feedback> was left out";
	case MENDED_TRAILING:
		return "text behind </feedback> was left out";
	case MENDED_TAIL:
		return "the missing end of </feedback> was added";
	case MENDED_WIDE:
		return "UTF-16 was turned into UTF-8 first";
	case MENDED_ENCODING:
		return "declares an encoding that is not known, or not its own; read as UTF-8";
	case MENDED_REFERENCES:
		return "`&` that begins no reference was read as text";
	}
	return "";
}

static uint32_t legacy_code(enum legacy legacy, unsigned char octet)
{
	static const struct {
		unsigned char octet;
		uint16_t code;
	} latin9[] = { { 0xa4, 0x20ac }, { 0xa6, 0x160 }, { 0xa8, 0x161 }, { 0xb4, 0x17d }, { 0xb8, 0x17e }, { 0xbc, 0x152 },
		{ 0xbd, 0x153 }, { 0xbe, 0x178 } };

	for (size_t i = 0; legacy == LEGACY_LATIN9 && i < sizeof latin9 / sizeof *latin9; i++)
		if (latin9[i].octet == octet)
			return latin9[i].code;
	return windows_1252_code(octet);
}

/* Where `end` stands next behind `from`; NULL when it is not in the window. What was searched in vain is not searched
 * again, or a flood of beginnings without an end would cost the square of its length. */
static const char *recovering_find(struct recovering *r, unsigned kind, const char *from, const char *end)
{
	uint64_t at = r->dropped + (uint64_t)(from - r->in.p), searched = r->vain[kind], n = strlen(end);
	const char *found;

	if (searched > at + n - 1)
		from += searched - (n - 1) - at;
	if (from > r->in.p + r->in.n)
		return NULL;
	found = memmem(from, (size_t)(r->in.p + r->in.n - from), end, n);
	if (!found)
		r->vain[kind] = r->dropped + r->in.n;
	return found;
}

/* One character of text from the front; returns the octets taken, 0 when more must be read first. `whole` tells that
 * nothing can follow what is given. */
static size_t recovering_text(struct recovering *r, struct span in, bool whole)
{
	unsigned char first = (unsigned char)in.p[0];
	uint32_t code = first;
	size_t n = 1;

	if (first >= 0x80 && r->legacy == LEGACY_NONE) {
		n = utf8_next(in, &code);
		if (n == 0 && in.n < 4 && !whole)
			return 0;
		if (n == 0) {
			r->mended |= MENDED_OCTETS;
			code = windows_1252_code(first);
			n = 1;
		}
	} else if (first >= 0x80) {
		code = legacy_code(r->legacy, first);
	}
	if (!r->started)
		return n;
	if (code < 0x20 && code != '\t' && code != '\n' && code != '\r') {
		r->mended |= MENDED_CONTROLS;
		buf_put_byte(&r->out, ' ');
	} else if (code == '<' || code == '&' || code == '>') {
		r->mended |= code == '<' ? MENDED_MARKUP : code == '&' ? MENDED_REFERENCES : 0;
		buf_put_text(&r->out, code == '<' ? "&lt;" : code == '&' ? "&amp;" : "&gt;");
	} else if (code == 0xfffe || code == 0xffff) {
		r->mended |= MENDED_CONTROLS;
		utf8_put(&r->out, 0xfffd);
	} else if (n > 1) {
		buf_put(&r->out, in.p, n);
	} else {
		utf8_put(&r->out, code);
	}
	return n;
}

/* A reference that XML defines without a DTD: the five names, or a number that is a character. */
static size_t reference_length(struct span in)
{
	static const char *const names[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
	unsigned long value;
	char copy[12] = "", *end;
	size_t n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (in.n >= strlen(names[i]) && memcmp(in.p, names[i], strlen(names[i])) == 0)
			return strlen(names[i]);
	if (in.n < 4 || in.p[1] != '#')
		return 0;
	for (n = 2; n < in.n && n < sizeof copy && in.p[n] != ';'; n++)
		copy[n - 2] = in.p[n];
	if (n == in.n || n == sizeof copy || in.p[n] != ';' || copy[0] == '-' || copy[0] == '+' || copy[0] == ' ')
		return 0;
	value = copy[0] == 'x' ? strtoul(copy + 1, &end, 16) : strtoul(copy, &end, 10);
	if (*end || value > 0x10ffff || (value < 0x20 && value != 9 && value != 10 && value != 13) ||
		(value >= 0xd800 && value <= 0xdfff) || value == 0xfffe || value == 0xffff)
		return 0;
	return n + 1;
}

static bool octet_ends_name(char c)
{
	return c == '>' || c == '/' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The local name of the tag at the front of the window, if it is one of ours; `end_tag` tells an end tag. *short_of tells
 * that the window ends inside the name. */
static struct span tag_name(const struct recovering *r, struct span in, bool *end_tag, bool *short_of)
{
	struct span name;
	size_t at = 1, stop;

	*end_tag = in.n > 1 && in.p[1] == '/';
	at += *end_tag;
	for (stop = at; stop < in.n && stop - at < 64 && !octet_ends_name(in.p[stop]); stop++)
		;
	*short_of = stop == in.n && stop - at < 64;
	if (stop == in.n || stop - at >= 64)
		return SPAN_ABSENT;
	name = (struct span){ in.p + at, stop - at };
	if (r->started && r->prefix[0] && span_starts_nocase(name, span_of(r->prefix)))
		name = (struct span){ name.p + strlen(r->prefix), name.n - strlen(r->prefix) };
	return name;
}

/* The namespace that the tag of an element brings for its own name, without quotes; absent when it brings none. `name`,
 * which stands in `tag`, is local. */
static struct span tag_namespace(struct span tag, struct span name)
{
	const char *begin = tag.p + 1;
	size_t prefix = name.p > begin ? (size_t)(name.p - begin) - 1 : 0;
	struct span rest = { name.p + name.n, (size_t)(tag.p + tag.n - name.p) - name.n };
	long at;

	while ((at = span_find_nocase(rest, SPAN("xmlns"))) >= 0) {
		const char *quote, *end;
		struct span key;

		rest = (struct span){ rest.p + at + 5, rest.n - (size_t)at - 5 };
		quote = memchr(rest.p, '=', rest.n);
		if (!quote)
			break;
		key = span_trim((struct span){ rest.p, (size_t)(quote - rest.p) });
		rest = span_trim((struct span){ quote + 1, (size_t)(rest.p + rest.n - quote) - 1 });
		if (rest.n == 0 || (rest.p[0] != '"' && rest.p[0] != '\'') ||
			!(end = memchr(rest.p + 1, rest.p[0], rest.n - 1)))
			break;
		if (prefix ? key.n == prefix + 1 && key.p[0] == ':' && memcmp(key.p + 1, begin, prefix) == 0
			   : key.n == 0)
			return (struct span){ rest.p + 1, (size_t)(end - rest.p) - 1 };
		rest = (struct span){ end, (size_t)(rest.p + rest.n - end) };
	}
	return SPAN_ABSENT;
}

/* The namespace goes along, so that whoever reads on decides by the same rule what is ours. Octets that a URI cannot
 * have become dots: of DMARC's own none has any. */
static void recovering_open(struct recovering *r, struct span name, struct span namespace)
{
	r->depth++;
	buf_put_byte(&r->out, '<');
	buf_put_span(&r->out, name);
	if (namespace.p) {
		buf_put_text(&r->out, " xmlns=\"");
		for (size_t i = 0; i < namespace.n; i++) {
			unsigned char c = (unsigned char)namespace.p[i];

			buf_put_byte(&r->out, c > ' ' && c < 0x7f && !strchr("<>&\"'", c) ? c : '.');
		}
		buf_put_byte(&r->out, '"');
	}
	buf_put_byte(&r->out, '>');
}

static void recovering_close(struct recovering *r, struct span name)
{
	if (r->depth)
		r->depth--;
	buf_put_text(&r->out, "</");
	buf_put_span(&r->out, name);
	buf_put_byte(&r->out, '>');
	r->closed = r->depth == 0;
	r->has_record |= span_is_nocase(name, SPAN("record"));
}

/* The root's local name; its prefix, with the colon, is taken off and kept. Absent when it is not the root. */
static struct span root_name(struct recovering *r, struct span name)
{
	const char *colon = memchr(name.p, ':', name.n);
	size_t prefix = colon ? (size_t)(colon - name.p) + 1 : 0;

	if (prefix >= sizeof r->prefix || !span_is_nocase((struct span){ name.p + prefix, name.n - prefix }, SPAN("feedback")))
		return SPAN_ABSENT;
	memcpy(r->prefix, name.p, prefix);
	r->prefix[prefix] = '\0';
	return (struct span){ name.p + prefix, name.n - prefix };
}

/* `tag` with its `?>`. Octets in one encoding that declare another, a program's strings written out as UTF-8 for one, are
 * read as what they are. */
static void recovering_declaration(struct recovering *r, struct span tag)
{
	static const struct {
		const char *name;
		enum legacy legacy;
		bool wide;
	} encodings[] = { { "windows-1252", LEGACY_WINDOWS }, { "cp1252", LEGACY_WINDOWS }, { "iso-8859-15", LEGACY_LATIN9 },
		{ "iso-8859-1", LEGACY_LATIN1 }, { "latin1", LEGACY_LATIN1 }, { "utf-8", LEGACY_NONE }, { "utf8", LEGACY_NONE },
		{ "us-ascii", LEGACY_NONE }, { "ascii", LEGACY_NONE }, { "utf-16", LEGACY_NONE, .wide = true } };
	long at = span_find_nocase(tag, SPAN("encoding"));
	bool known = charset_declared(tag);

	if (r->started || at < 0 || !span_starts_nocase(tag, SPAN("<?xml")))
		return;
	tag = (struct span){ tag.p + at, tag.n - (size_t)at };
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		if (span_find_nocase(tag, span_of(encodings[i].name)) >= 0) {
			r->legacy = encodings[i].legacy;
			known &= !encodings[i].wide || widetext_was_wide(&r->from);
			break;
		}
	}
	r->mended |= known ? 0 : MENDED_ENCODING;
}

/* Comments, CDATA, processing instructions. Returns octets taken, 0 for `not such a thing`, -1 for more. */
static long recovering_special(struct recovering *r, struct span in)
{
	static const struct {
		const char *begin, *end;
	} kinds[] = { { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<?", "?>" } };

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t begin = strlen(kinds[i].begin), n;
		unsigned mended = r->mended;
		const char *end;

		if (in.n < begin || memcmp(in.p, kinds[i].begin, begin) != 0)
			continue;
		end = recovering_find(r, i, in.p + begin, kinds[i].end);
		if (!end)
			return r->ended || in.n >= WINDOW ? 0 : -1;
		n = (size_t)(end - in.p);
		recovering_declaration(r, (struct span){ in.p, n + strlen(kinds[i].end) });
		for (size_t at = begin; i == 1 && at < n;)
			at += recovering_text(r, (struct span){ in.p + at, n - at }, true);
		r->mended = mended | (r->mended & ~(unsigned)(MENDED_MARKUP | MENDED_REFERENCES)); /* CDATA may hold both */
		return (long)(n + strlen(kinds[i].end));
	}
	return 0;
}

static bool name_is_plain(struct span name)
{
	static const char letters[] = "_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", more[] = "0123456789.-:";

	for (size_t i = 0; i < name.n; i++)
		if (!memchr(letters, name.p[i], sizeof letters - 1) && (i == 0 || !memchr(more, name.p[i], sizeof more - 1)))
			return false;
	return name.n > 0;
}

/* Octets of a comment or of CDATA at the front, 0 when there is none; all when its end is not there. */
static size_t special_length(struct span in)
{
	static const struct span begins[] = { SPAN("<!--"), SPAN("<![CDATA[") }, ends[] = { SPAN("-->"), SPAN("]]>") };

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		const char *end;

		if (!span_starts_nocase(in, begins[i]))
			continue;
		end = memmem(in.p, in.n, ends[i].p, ends[i].n);
		return end ? (size_t)(end - in.p) + ends[i].n : in.n;
	}
	return 0;
}

/* An element that is not ours, with all that stands in it: its octets; 0 when it is no element but text in brackets, whose end
 * does not come before that of what it stands in. */
static size_t foreign_length(struct recovering *r, struct span in, struct span name)
{
	size_t foreign = 0, ours = 0;

	for (size_t at = 0, n; at < in.n; at += n) {
		struct span rest = { in.p + at, in.n - at }, found;
		const char *open = memchr(rest.p, '<', rest.n), *close;
		bool end_tag, short_of;

		n = open ? (size_t)(open - rest.p) : rest.n;
		if (n)
			continue;
		n = special_length(rest);
		found = n ? SPAN_ABSENT : tag_name(r, rest, &end_tag, &short_of);
		close = found.p ? memchr(rest.p, '>', rest.n) : NULL;
		if (!close) {
			n += n == 0;
			continue;
		}
		n = (size_t)(close - rest.p) + 1;
		if (span_is(found, name)) {
			foreign += !end_tag && close[-1] != '/';
			foreign -= end_tag;
			if (foreign == 0)
				return at + n;
		} else if (element_is_known(found) && (end_tag || close[-1] != '/')) {
			if (end_tag && ours == 0) {
				r->ahead += at;
				return 0;
			}
			ours = end_tag ? ours - 1 : ours + 1;
		}
	}
	r->ahead += in.n;
	return 0;
}

/* Of another namespace nothing is left but where a record is in it: a report without any other must not say that there was no
 * mail. The prefix is declared nowhere in what is read then, and becomes part of the name. */
static void foreign_tell(struct recovering *r, struct span whole, struct span name)
{
	const char *colon = memchr(name.p, ':', name.n);
	char told[64];

	if (colon && span_find_nocase(whole, SPAN("record>")) < 0)
		return;
	for (size_t i = 0; i < name.n && i < sizeof told; i++)
		told[i] = name.p[i] == ':' ? '.' : name.p[i];
	recovering_open(r, (struct span){ told, name.n }, SPAN_ABSENT);
	recovering_close(r, (struct span){ told, name.n });
}

/* Left out, or what stands in it would count as standing outside of it. An empty one is left in its place, to be named among the
 * problems. Returns as recovering_special. */
static long recovering_foreign(struct recovering *r, struct span in, struct span name)
{
	struct span ahead = { in.p, in.n < AHEAD_OCTETS ? in.n : AHEAD_OCTETS };
	size_t n;

	if (!name_is_plain(name) || r->ahead >= VAIN_OCTETS)
		return 0;
	if (!r->ended && in.n < AHEAD_OCTETS)
		return -1;
	n = foreign_length(r, ahead, name);
	if (n)
		foreign_tell(r, (struct span){ in.p, n }, name);
	return (long)n;
}

/* A tag at the front of the window. Returns as recovering_special. Its name is looked at before its end is looked for:
 * most of what begins with `<` in a bad document is no tag of ours. Before the root everything is left out. */
static long recovering_tag(struct recovering *r, struct span in)
{
	bool end_tag, short_of;
	struct span name = tag_name(r, in, &end_tag, &short_of);
	const char *close;

	if (short_of)
		return r->ended ? 0 : -1;
	if (name.p && r->started && !end_tag && !element_is_known(name))
		return recovering_foreign(r, in, name);
	if (!name.p || !(r->started ? element_is_known(name) : !end_tag && root_name(r, name).p))
		return 0;
	close = recovering_find(r, 3, in.p, ">");
	if (!close || (size_t)(close - in.p) >= TAG_OCTETS)
		return close || r->ended || in.n >= TAG_OCTETS ? 0 : -1;
	if (!r->started)
		name = root_name(r, name);
	r->started = true;
	if (!end_tag)
		recovering_open(r, name, tag_namespace((struct span){ in.p, (size_t)(close - in.p) }, name));
	if (end_tag || close[-1] == '/')
		recovering_close(r, name);
	return close - in.p + 1;
}

/* One step at the front of the window: octets taken, 0 when more must be read, -1 on a fault. */
static long recovering_step(struct recovering *r, struct span in)
{
	long n;

	if (in.p[0] == '<') {
		if (in.n < 9 && !r->ended)
			return 0;
		if (span_starts_nocase(in, SPAN("<!DOCTYPE")) || span_starts_nocase(in, SPAN("<!ENTITY"))) {
			r->stream.fault = "DOCTYPE is refused";
			return -1;
		}
		n = recovering_special(r, in);
		if (n == 0)
			n = recovering_tag(r, in);
		if (n)
			return n > 0 ? n : 0;
	} else if (in.p[0] == '&' && r->started) {
		if (in.n < 12 && !r->ended)
			return 0;
		n = (long)reference_length(in);
		if (n) {
			buf_put(&r->out, in.p, (size_t)n);
			return n;
		}
	}
	if (!r->started && !in.p[0])
		r->mended |= MENDED_CONTROLS;
	else if (!r->started && !strchr(" \t\r\n\xef\xbb\xbf", in.p[0]))
		r->mended |= MENDED_LEADING;
	return (long)recovering_text(r, in, r->ended);
}

/* The document ends without its end tag: good enough only when nothing else is open (QUIRKS X8), and when there was a record:
 * a report that is cut off before the first one does not say that there was no mail. */
static bool recovering_tail(struct recovering *r)
{
	if (!r->started) {
		r->stream.fault = "no <feedback> element";
		return false;
	}
	if (r->depth != 1 || !r->has_record) {
		r->stream.fault = r->depth != 1 ? "truncated: the document ends inside a record or block" :
						  "truncated: the document ends before its first record";
		return false;
	}
	r->mended |= MENDED_TAIL;
	recovering_close(r, SPAN("feedback"));
	return true;
}

/* Behind the root's end: padding is no text. */
static void recovering_rest(struct recovering *r)
{
	for (size_t i = 0; i < r->in.n; i++)
		if (!r->in.p[i] || !strchr(" \t\r\n", r->in.p[i]))
			r->mended |= (unsigned char)r->in.p[i] < 0x20 ? MENDED_CONTROLS : MENDED_TRAILING;
	r->dropped += r->in.n;
	buf_clear(&r->in);
}

static bool recovering_fill(struct recovering *r)
{
	ssize_t got;

	if (r->ended || !buf_reserve(&r->in, WINDOW))
		return false;
	got = r->from.stream.read(&r->from.stream, r->in.p + r->in.n, WINDOW);
	if (got < 0)
		r->stream.fault = r->from.stream.fault;
	r->ended = got <= 0;
	r->in.n += got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Is what is left a piece of the root's end tag? Then it must not become text. Zero octets behind it are padding (QUIRKS X9). */
static bool is_cut_end_tag(struct span rest)
{
	static const char end[] = "</feedback";

	while (rest.n && (unsigned char)rest.p[rest.n - 1] <= ' ')
		rest.n--;
	return rest.n >= 1 && rest.n < sizeof end && memcmp(rest.p, end, rest.n) == 0;
}

/* Or the beginning of another tag, of a record in all likelihood? Then something is missing. */
static bool is_cut_tag(struct span rest)
{
	return rest.n > 1 && (rest.p[1] == '/' || isalpha((unsigned char)rest.p[1])) && !memchr(rest.p + 1, '<', rest.n - 1) &&
	       !memchr(rest.p, '>', rest.n);
}

static bool recovering_produce(struct recovering *r)
{
	size_t at = 0;

	recovering_fill(r);
	while (at < r->in.n && !r->closed && !r->stream.fault) {
		struct span in = { r->in.p + at, r->in.n - at };
		long n;

		if (r->ended && in.p[0] == '<' && r->depth == 1 && is_cut_end_tag(in)) {
			at = r->in.n;
			break;
		}
		if (r->ended && in.p[0] == '<' && r->depth == 1 && is_cut_tag(in)) {
			r->stream.fault = "truncated: the document ends inside a tag";
			break;
		}
		n = recovering_step(r, in);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	buf_drop_front(&r->in, at);
	r->dropped += at;
	if (r->stream.fault || r->in.failed || r->out.failed)
		return false;
	if (r->closed)
		recovering_rest(r);
	else if (r->ended && r->in.n == 0)
		return recovering_tail(r);
	return true;
}

static ssize_t recovering_read(struct stream *s, void *buffer, size_t room)
{
	struct recovering *r = (struct recovering *)s;
	size_t n;

	while (r->given == r->out.n) {
		buf_clear(&r->out);
		r->given = 0;
		if (s->fault)
			return -1;
		if (r->closed && r->ended)
			return 0;
		if (!recovering_produce(r) && !s->fault)
			s->fault = "cannot be mended";
	}
	n = r->out.n - r->given < room ? r->out.n - r->given : room;
	memcpy(buffer, r->out.p + r->given, n);
	r->given += n;
	return (ssize_t)n;
}

struct recovering *recovering_new(struct stream *from)
{
	struct recovering *r = shortage_noted(calloc(1, sizeof *r));

	if (!r)
		return NULL;
	r->stream.read = recovering_read;
	widetext_init(&r->from, from);
	r->in = BUF(4 * WINDOW);
	r->out = BUF(64 * WINDOW);
	return r;
}

void recovering_free(struct recovering *r)
{
	if (!r)
		return;
	widetext_release(&r->from);
	buf_release(&r->in);
	buf_release(&r->out);
	free(r);
}

struct stream *recovering_stream(struct recovering *r)
{
	return &r->stream;
}

unsigned recovering_mended(const struct recovering *r)
{
	return r->mended | (widetext_was_wide(&r->from) ? MENDED_WIDE : 0);
}
