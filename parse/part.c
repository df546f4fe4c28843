#include "parse/part.h"
#include "parse/charset.h"

/* What GMime would open by itself. */
static const char *const mail_subtypes[] = { "rfc822", "rfc2822", "global", "news" };

void part_warm(void)
{
	for (size_t i = 0; i < sizeof mail_subtypes / sizeof *mail_subtypes; i++)
		g_mime_object_register_type("message", mail_subtypes[i], GMIME_TYPE_PART);
}

bool part_is(GMimePart *part, const char *type, const char *subtype)
{
	GMimeContentType *content_type = g_mime_object_get_content_type(GMIME_OBJECT(part));

	return content_type && g_mime_content_type_is_type(content_type, type, subtype);
}

struct span part_text(GMimePart *part, size_t most, struct buf *into)
{
	struct part_stream stream;

	buf_clear(into);
	into->max = most;
	if (!part_open(&stream, part))
		return SPAN("");
	while (into->n < most) {
		size_t room = most - into->n < 8192 ? most - into->n : 8192;
		ssize_t got;

		if (room < 3 || !buf_reserve(into, room))
			break;
		got = stream.decoded->read(stream.decoded, into->p + into->n, room);
		if (got <= 0)
			break;
		buf_grew(into, (size_t)got);
	}
	part_close(&stream);
	return buf_span(into);
}

GMimePart *part_of_text(struct span text, const char *type, const char *subtype, GMimeContentEncoding encoding)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, encoding);
	GMimePart *part = g_mime_part_new_with_type(type, subtype);

	g_mime_part_set_content(part, content);
	g_object_unref(content);
	g_object_unref(stream);
	return part;
}

/* A part that calls itself multipart and has no boundary (QUIRKS M2) is a leaf whose type is wrong: GMime leaves its
 * octets in the prologue. NULL when it is an ordinary multipart. */
static GMimePart *leaf_in_disguise(GMimeObject *object)
{
	const char *text, *encoding;

	if (!GMIME_IS_MULTIPART(object) || g_mime_multipart_get_count((GMimeMultipart *)object) > 0)
		return NULL;
	text = g_mime_multipart_get_prologue((GMimeMultipart *)object);
	if (!text || !*text)
		return NULL;
	encoding = g_mime_object_get_header(object, "Content-Transfer-Encoding");
	return part_of_text(span_of(text), "application", "octet-stream",
		encoding ? g_mime_content_encoding_from_string(encoding) : GMIME_CONTENT_ENCODING_DEFAULT);
}

/* The leaves of a mail in order; multiparts are walked by GMime's iterator, which does not recurse, and which passes over
 * a mail that is a multipart without parts. */
GPtrArray *message_leaves(GMimeMessage *message)
{
	GPtrArray *leaves = g_ptr_array_new_with_free_func(g_object_unref);
	GMimeObject *root = g_mime_message_get_mime_part(message);
	GMimePart *disguised = root ? leaf_in_disguise(root) : NULL;
	GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(message));

	if (disguised)
		g_ptr_array_add(leaves, disguised);
	do {
		GMimeObject *object = g_mime_part_iter_get_current(iter);

		disguised = object && object != root ? leaf_in_disguise(object) : NULL;
		if (disguised)
			g_ptr_array_add(leaves, disguised);
		else if (object && GMIME_IS_PART(object))
			g_ptr_array_add(leaves, g_object_ref(object));
	} while (g_mime_part_iter_next(iter));
	g_mime_part_iter_free(iter);
	return leaves;
}

static bool header_is_decodable(GMimeObject *object, const char *name)
{
	GMimeHeader *header = g_mime_header_list_get_header(g_mime_object_get_header_list(object), name);
	const char *raw = header ? g_mime_header_get_raw_value(header) : NULL;

	return !raw || charset_allows(span_of(raw));
}

const char *part_filename(GMimePart *part)
{
	if (!header_is_decodable(GMIME_OBJECT(part), "Content-Disposition") ||
		!header_is_decodable(GMIME_OBJECT(part), "Content-Type"))
		return NULL;
	return g_mime_part_get_filename(part);
}

/* One line, in place: every run of white space with a line end in it becomes one blank. */
static struct span unfold(struct span text)
{
	char *p = (char *)text.p;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (p[i] != '\r' && p[i] != '\n') {
			p[n++] = p[i];
			continue;
		}
		while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
			n--;
		while (i + 1 < text.n && strchr(" \t\r\n", p[i + 1]) && p[i + 1])
			i++;
		p[n++] = ' ';
	}
	text.n = n;
	return text;
}

static struct span header_text(struct reading *r, GMimeObject *object, const char *name)
{
	GMimeHeader *header = g_mime_header_list_get_header(g_mime_object_get_header_list(object), name);
	const char *raw = !header ? NULL :
			  header_is_decodable(object, name) ? g_mime_header_get_value(header) :
							      g_mime_header_get_raw_value(header);

	return raw ? unfold(span_trim(reading_utf8(r, span_of(raw)))) : SPAN_ABSENT;
}

void message_head(struct reading *r, GMimeMessage *message, struct mail_head *head)
{
	struct span date = header_text(r, GMIME_OBJECT(message), "Date");

	head->from = header_text(r, GMIME_OBJECT(message), "From");
	head->subject = header_text(r, GMIME_OBJECT(message), "Subject");
	head->message_id = header_text(r, GMIME_OBJECT(message), "Message-Id");
	if (!date.p || !moment_parse_mail(date, &head->date))
		head->date = MOMENT_NONE;
}

GMimeMessage *message_parse(GMimeStream *stream)
{
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message;

	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	return message;
}

bool part_is_mail(GMimePart *part)
{
	for (size_t i = 0; i < sizeof mail_subtypes / sizeof *mail_subtypes; i++)
		if (part_is(part, "message", mail_subtypes[i]))
			return true;
	return false;
}

/* Of the mail itself: RFC 3156 and RFC 8551. */
bool part_is_signature(GMimePart *part)
{
	static const char *const subtypes[] = { "pgp-signature", "pkcs7-signature", "x-pkcs7-signature" };

	for (size_t i = 0; i < sizeof subtypes / sizeof *subtypes; i++)
		if (part_is(part, "application", subtypes[i]))
			return true;
	return false;
}

/* message/rfc822, text/rfc822-headers and the other names that reporters give the third part (QUIRKS F8). */
bool part_is_sample(GMimePart *part)
{
	static const char *const subtypes[] = { "rfc822", "rfc822-headers", "rfc822-header", "rfc2822", "global",
		"global-headers", "partial" };

	for (size_t i = 0; i < sizeof subtypes / sizeof *subtypes; i++)
		if (part_is(part, "message", subtypes[i]) || part_is(part, "text", subtypes[i]))
			return true;
	return false;
}
