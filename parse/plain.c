#include "parse/plain.h"
#include "parse/failurereport.h"
#include "parse/leaf.h"
#include "parse/transfer.h"

#include <ctype.h>
#include <stdio.h>

#define PARTS 16
#define NESTED 4 /* multiparts in multiparts */
#define BOUNDARY 70 /* RFC 2046 5.1.1 */

struct fields {
	struct span from, subject, message_id, date, type, encoding, disposition; /* raw, with their folds; absent: none */
};

struct part {
	struct span type, subtype, name;
	struct span content;
	enum part_encoding { PART_PLAIN, PART_BASE64, PART_QUOTED } encoding;
};

struct plain {
	struct fields fields; /* of the mail */
	struct part parts[PARTS];
	size_t n;
	struct span boundaries[NESTED]; /* of the multiparts that are open */
	size_t depth;
	bool open; /* the last part has no end yet */
	struct arena *arena;
};

/* ------------------------------------------------------------------ fields */

static struct span line_at(struct span text, size_t at)
{
	const char *lf = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;

	return (struct span){ text.p + at, lf ? (size_t)(lf - text.p) + 1 - at : text.n - at };
}

static bool line_is_empty(struct span line)
{
	return span_is(line, SPAN("\n")) || span_is(line, SPAN("\r\n"));
}

static bool line_is_fold(struct span line)
{
	return line.n && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* The octets before a colon that follows them at once; 0: no such line. */
static size_t field_name(struct span line)
{
	size_t n = 0;

	while (n < line.n && (isalnum((unsigned char)line.p[n]) || line.p[n] == '-' || line.p[n] == '_'))
		n++;
	return n < line.n && line.p[n] == ':' && n <= 76 ? n : 0;
}

/* ASCII without encoded words, and line ends only as LF or CRLF. */
static bool value_is_plain(struct span value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i], after = i + 1 < value.n ? (unsigned char)value.p[i + 1] : '\n';

		if (c >= 0x7f || (c < ' ' && c != '\t' && c != '\n' && c != '\r') || (c == '\r' && after != '\n') ||
			(c == '=' && after == '?'))
			return false;
	}
	return true;
}

/* The field that `name` is, when it is one of ours. */
static struct span *field_of(struct fields *fields, struct span name)
{
	const struct {
		struct span name, *field;
	} rows[] = {
		{ SPAN("From"), &fields->from },
		{ SPAN("Subject"), &fields->subject },
		{ SPAN("Message-Id"), &fields->message_id },
		{ SPAN("Date"), &fields->date },
		{ SPAN("Content-Type"), &fields->type },
		{ SPAN("Content-Transfer-Encoding"), &fields->encoding },
		{ SPAN("Content-Disposition"), &fields->disposition },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_is_nocase(name, rows[i].name))
			return rows[i].field;
	return NULL;
}

/* False: a line that is neither field nor fold, or one of our fields twice or not plain. */
static bool fields_read(struct span header, struct fields *fields)
{
	*fields = (struct fields){ 0 };
	for (size_t at = 0; at < header.n;) {
		size_t start = at, name = field_name(line_at(header, at));
		struct span value, *field;

		if (name == 0)
			return false;
		do
			at += line_at(header, at).n;
		while (at < header.n && line_is_fold(line_at(header, at)));
		field = field_of(fields, (struct span){ header.p + start, name });
		if (!field)
			continue;
		value = (struct span){ header.p + start + name + 1, at - start - name - 1 };
		if (field->p || !value_is_plain(value))
			return false;
		*field = value;
	}
	return true;
}

/* RFC 5322 2.2.3: a fold is the line end alone; the white space behind it stays. */
static struct span field_text(struct span value, struct arena *arena)
{
	struct span text = arena_copy(arena, span_trim(value));
	char *p = (char *)text.p;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (p[i] != '\r' && p[i] != '\n')
			p[n++] = p[i];
	return (struct span){ p, n };
}

static void head_read(struct reading *r, const struct fields *fields, struct mail_head *head)
{
	struct arena *arena = &r->parser->arena;
	struct span date = field_text(fields->date, arena);

	head->from = field_text(fields->from, arena);
	head->subject = field_text(fields->subject, arena);
	head->message_id = field_text(fields->message_id, arena);
	if (!date.p || !moment_parse_mail(date, &head->date))
		head->date = MOMENT_NONE;
}

/* ------------------------------------------------------------------ values with parameters */

static void blanks_pass(struct span *rest)
{
	while (rest->n && strchr(" \t\r\n", rest->p[0])) {
		rest->p++;
		rest->n--;
	}
}

static bool octet_passes(struct span *rest, char octet)
{
	if (rest->n == 0 || rest->p[0] != octet)
		return false;
	rest->p++;
	rest->n--;
	return true;
}

/* Of what RFC 2045 5.1 allows, what is used. */
static struct span token_pass(struct span *rest)
{
	struct span token = { rest->p, 0 };

	while (token.n < rest->n && (isalnum((unsigned char)token.p[token.n]) ||
					    (token.p[token.n] && strchr("!#$&-^_.+{}|~", token.p[token.n]))))
		token.n++;
	rest->p += token.n;
	rest->n -= token.n;
	return token;
}

/* A quoted value neither escapes nor is folded, and has no blanks at its ends. */
static struct span quoted_pass(struct span *rest)
{
	const char *end;
	struct span text;

	if (!octet_passes(rest, '"') || !(end = memchr(rest->p, '"', rest->n)))
		return (struct span){ rest->p, 0 };
	text = (struct span){ rest->p, (size_t)(end - rest->p) };
	rest->p += text.n + 1;
	rest->n -= text.n + 1;
	if (memchr(text.p, '\\', text.n) || memchr(text.p, '\n', text.n) || memchr(text.p, '\t', text.n) ||
		span_trim(text).n != text.n)
		text.n = 0;
	return text;
}

/* `; name=value` until the end: *found gets the value of `wanted`. */
static bool parameters_read(struct span rest, struct span wanted, struct span *found)
{
	for (;;) {
		struct span name, value;

		blanks_pass(&rest);
		if (rest.n == 0)
			return true;
		if (!octet_passes(&rest, ';'))
			return false;
		blanks_pass(&rest);
		if (rest.n == 0)
			return true;
		name = token_pass(&rest);
		if (name.n == 0 || !octet_passes(&rest, '='))
			return false;
		value = rest.n && rest.p[0] == '"' ? quoted_pass(&rest) : token_pass(&rest);
		if (value.n == 0 || (span_is_nocase(name, wanted) && found->p))
			return false;
		if (span_is_nocase(name, wanted))
			*found = value;
	}
}

static bool type_read(struct span value, struct part *part, struct span *boundary)
{
	blanks_pass(&value);
	part->type = token_pass(&value);
	if (part->type.n == 0 || !octet_passes(&value, '/'))
		return false;
	part->subtype = token_pass(&value);
	return part->subtype.n && parameters_read(value, SPAN("name"), &part->name) &&
	       parameters_read(value, SPAN("boundary"), boundary) && boundary->n <= BOUNDARY;
}

static bool encoding_read(struct span value, struct part *part)
{
	static const struct {
		struct span name;
		enum part_encoding encoding;
	} rows[] = { { SPAN("7bit"), PART_PLAIN }, { SPAN("8bit"), PART_PLAIN }, { SPAN("binary"), PART_PLAIN },
		{ SPAN("base64"), PART_BASE64 }, { SPAN("quoted-printable"), PART_QUOTED } };

	value = span_trim(value);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!span_is_nocase(value, rows[i].name))
			continue;
		part->encoding = rows[i].encoding;
		return true;
	}
	return !value.p;
}

/* RFC 2183: the file name here goes before the one in the type. */
static bool disposition_read(struct span value, struct part *part)
{
	struct span name = SPAN_ABSENT;

	if (!value.p)
		return true;
	blanks_pass(&value);
	if (token_pass(&value).n == 0 || !parameters_read(value, SPAN("filename"), &name))
		return false;
	if (name.p)
		part->name = name;
	return true;
}

/* ------------------------------------------------------------------ parts */

static bool leaf_describe(const struct fields *fields, struct part *part, struct span *boundary)
{
	*part = (struct part){ .encoding = PART_PLAIN };
	return fields->type.p && type_read(fields->type, part, boundary) && encoding_read(fields->encoding, part) &&
	       disposition_read(fields->disposition, part);
}

/* What may be a sample or a mail in the mail, or nests, is GMime's. */
static bool leaf_is_plain(const struct part *part)
{
	return !span_is_nocase(part->type, SPAN("message")) && !span_starts_nocase(part->subtype, SPAN("rfc822"));
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 2045 6.7, in a copy. False where it says what must not be sent: decoders differ about that. */
static bool quoted_decode(struct span *content, struct arena *arena)
{
	struct span text = arena_copy(arena, *content);
	char *p = (char *)text.p;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		struct span rest = { p + i, text.n - i };

		if ((p[i] == ' ' || p[i] == '\t') && (rest.n < 2 || p[i + 1] == '\n' || p[i + 1] == '\r'))
			return false;
		if (p[i] != '=') {
			p[n++] = p[i];
		} else if (rest.n > 1 && p[i + 1] == '\n') {
			i++;
		} else if (rest.n > 2 && p[i + 1] == '\r' && p[i + 2] == '\n') {
			i += 2;
		} else if (rest.n > 2 && hex_of(p[i + 1]) >= 0 && hex_of(p[i + 2]) >= 0) {
			p[n++] = (char)(hex_of(p[i + 1]) << 4 | hex_of(p[i + 2]));
			i += 2;
		} else {
			return false;
		}
	}
	*content = (struct span){ p, n };
	return p != NULL;
}

/* With its content known to the end. */
static bool content_close(struct plain *plain, const char *end)
{
	struct part *part = &plain->parts[plain->n - 1];

	part->content.n = (size_t)(end - part->content.p);
	plain->open = false;
	return part->encoding != PART_QUOTED || quoted_decode(&part->content, plain->arena);
}

/* A multipart's boundary, or a leaf whose content begins at `at`. */
static bool part_begin(struct plain *plain, const struct fields *fields, const char *at)
{
	struct part *part = &plain->parts[plain->n];
	struct span boundary = SPAN_ABSENT;

	if (plain->n == PARTS || !leaf_describe(fields, part, &boundary))
		return false;
	if (span_is_nocase(part->type, SPAN("multipart"))) {
		if (!boundary.n || part->encoding != PART_PLAIN || plain->depth == NESTED)
			return false;
		plain->boundaries[plain->depth++] = boundary;
		return true;
	}
	part->content.p = at;
	plain->open = true;
	plain->n++;
	return leaf_is_plain(part);
}

/* What follows a boundary line: a header, an empty line, the content. */
static bool part_find(struct plain *plain, struct span body, size_t *at)
{
	struct fields fields;
	size_t start = *at;

	while (*at < body.n && !line_is_empty(line_at(body, *at)))
		*at += line_at(body, *at).n;
	if (*at == body.n || !fields_read((struct span){ body.p + start, *at - start }, &fields))
		return false;
	*at += line_at(body, *at).n;
	return part_begin(plain, &fields, body.p + *at);
}

/* The line end before a boundary line is the boundary's (RFC 2046 5.1.1). */
static const char *content_end(const char *begin, const char *line)
{
	if (line - begin > 1 && line[-2] == '\r')
		return line - 2;
	return line > begin ? line - 1 : line;
}

/* Every line that begins with `--` is a boundary line of the innermost multipart, and the last of them closes. */
static bool parts_find(struct plain *plain, struct span body)
{
	for (size_t at = 0; at < body.n;) {
		struct span line = line_at(body, at), boundary, rest;

		at += line.n;
		if (line.n < 2 || line.p[0] != '-' || line.p[1] != '-')
			continue;
		if (plain->depth == 0)
			return false;
		boundary = plain->boundaries[plain->depth - 1];
		if (line.n - 2 < boundary.n || memcmp(line.p + 2, boundary.p, boundary.n) != 0)
			return false;
		if (plain->open && !content_close(plain, content_end(plain->parts[plain->n - 1].content.p, line.p)))
			return false;
		rest = span_trim((struct span){ line.p + 2 + boundary.n, line.n - 2 - boundary.n });
		if (span_is(rest, SPAN("--")))
			plain->depth--;
		else if (rest.n || !part_find(plain, body, &at))
			return false;
	}
	return plain->depth == 0 && plain->n;
}

static bool plain_find(struct plain *plain, struct span mail, size_t header)
{
	size_t body = header + line_at(mail, header).n;

	plain->n = plain->depth = 0;
	plain->open = false;
	if (!fields_read((struct span){ mail.p, header }, &plain->fields) ||
		!part_begin(plain, &plain->fields, mail.p + body))
		return false;
	if (plain->open)
		return content_close(plain, mail.p + mail.n);
	return parts_find(plain, (struct span){ mail.p + body, mail.n - body });
}

/* ------------------------------------------------------------------ reading */

struct part_source {
	struct leaf_source source;
	struct span content;
	bool encoded;
	struct span_stream octets;
	struct base64_stream base64;
};

static struct stream *part_source_open(struct leaf_source *source)
{
	struct part_source *p = (struct part_source *)source;

	span_stream_init(&p->octets, p->content);
	if (!p->encoded)
		return &p->octets.stream;
	base64_stream_init(&p->base64, &p->octets.stream);
	return &p->base64.stream;
}

static void part_source_close(struct leaf_source *source)
{
	(void)source;
}

static bool part_is_text(const struct part *part)
{
	return span_is_nocase(part->type, SPAN("text")) && span_is_nocase(part->subtype, SPAN("plain"));
}

/* Is none of the texts a failure report's words (QUIRKS F1)? Those in base64, GMime reads. */
static bool texts_are_idle(const struct plain *plain)
{
	for (size_t i = 0; i < plain->n; i++) {
		struct span text = plain->parts[i].content;

		text.n = text.n < PEEK_OCTETS ? text.n : PEEK_OCTETS;
		if (part_is_text(&plain->parts[i]) && (plain->parts[i].encoding == PART_BASE64 || failurereport_recognise(text)))
			return false;
	}
	return true;
}

/* The mail says of itself that it brings a report: RFC 9990 3.5.1 subject, or a file name with its bangs. */
static bool means_report(const struct mail_head *head, const struct part *part)
{
	return (head->subject.p && span_find_nocase(head->subject, SPAN("report domain")) >= 0) ||
	       leaf_name_means_report(part->name);
}

static void part_read(struct reading *r, const struct part *part, unsigned number, bool meant)
{
	struct part_source source = { { part_source_open, part_source_close }, .content = part->content,
		.encoded = part->encoding == PART_BASE64 };
	char text[128];
	size_t place;

	snprintf(text, sizeof text, "part %u (%.*s/%.*s)", number, (int)(part->type.n < 64 ? part->type.n : 64), part->type.p,
		(int)(part->subtype.n < 64 ? part->subtype.n : 64), part->subtype.p);
	place = reading_enter(r, part->name.p ? part->name : span_of(text));
	leaf_read(r, &source.source, meant, false);
	reading_leave(r, place);
}

bool plain_read(struct reading *r, struct span mail, size_t header, struct mail_head *head)
{
	struct feedback_mark mark = feedback_mark(r->feedback);
	struct reading before = *r;
	struct plain plain = { .arena = &r->parser->arena };

	if (!plain_find(&plain, mail, header) || !texts_are_idle(&plain))
		return false;
	head_read(r, &plain.fields, head);
	for (size_t i = 0; i < plain.n && !r->full; i++)
		part_read(r, &plain.parts[i], (unsigned)i + 1, means_report(head, &plain.parts[i]));
	if (r->full || r->sums.reports + r->sums.tls_reports + r->sums.broken)
		return true;
	/* A notice, or nothing: what was said on the way, an unknown archive or the like, GMime's way says again. */
	before.place = r->place;
	*r = before;
	reading_put(r, feedback_rewind(r->feedback, &mark));
	return false;
}
