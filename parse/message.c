#include "parse/message.h"
#include "parse/charset.h"
#include "parse/failurereport.h"
#include "parse/leaf.h"
#include "parse/plain.h"
#include "parse/sampletrace.h"
#include "parse/transfer.h"
#include "parse/verification.h"

#include <ctype.h>
#ifdef WITH_SANITIZERS
#include <sanitizer/lsan_interface.h>
#endif

#define FEEDBACK_OCTETS ((size_t)1024 * 1024)
#define SAMPLE_OCTETS ((size_t)16 * 1024 * 1024) /* of a sample that are verified */
#define NESTED_TYPES 256 /* multiparts in multiparts: GMime goes down one call each */

static void leaks_ignored(bool ignored)
{
#ifdef WITH_SANITIZERS
	(ignored ? __lsan_disable : __lsan_enable)();
#else
	(void)ignored;
#endif
}

void message_warm(void)
{
	charset_warm();
	leaks_ignored(true); /* GMime forgets a few octets of its own when a type is registered anew */
	g_mime_init();
	g_mime_object_register_type("message", "rfc822", GMIME_TYPE_PART);
	leaks_ignored(false);
}

/* A field name and a colon at the beginning of a line (RFC 5322 2.2; blanks before the colon are obsolete but seen; of the
 * characters that RFC 5322 allows in a name only those that are used, or JSON would be a mail). */
static bool line_is_field(struct span line)
{
	size_t n = 0;

	while (n < line.n && (isalnum((unsigned char)line.p[n]) || line.p[n] == '-' || line.p[n] == '_'))
		n++;
	if (n == 0 || n > 76)
		return false;
	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n < line.n && line.p[n] == ':';
}

/* The From_ line of an mbox, also one that was escaped once more; "From : a@example.org" is a field. */
static bool line_is_envelope(struct span line)
{
	return (span_starts_nocase(line, SPAN("From ")) && !line_is_field(line)) || span_starts_nocase(line, SPAN(">From "));
}

bool message_recognise(struct span front, size_t *skip)
{
	static const char bom[] = "\xef\xbb\xbf";
	size_t at = 0;

	for (;;) {
		struct span line = { front.p + at, front.n - at };
		size_t n = 0;

		if (line.n >= 3 && memcmp(line.p, bom, 3) == 0) {
			at += 3;
			continue;
		}
		while (n < line.n && line.p[n] != '\n' && line.p[n] != '\r')
			n++;
		if (n < line.n && (span_trim((struct span){ line.p, n }).n == 0 || line_is_envelope((struct span){ line.p, n }))) {
			at += n + 1;
			continue;
		}
		*skip = at;
		return line_is_field((struct span){ line.p, n });
	}
}

struct part_source {
	struct leaf_source source;
	GMimePart *part;
	struct part_stream stream;
};

static struct stream *part_source_open(struct leaf_source *source)
{
	struct part_source *p = (struct part_source *)source;

	return part_open(&p->stream, p->part) ? p->stream.decoded : NULL;
}

static void part_source_close(struct leaf_source *source)
{
	part_close(&((struct part_source *)source)->stream);
}

static bool part_is(GMimePart *part, const char *type, const char *subtype)
{
	GMimeContentType *content_type = g_mime_object_get_content_type(GMIME_OBJECT(part));

	return content_type && g_mime_content_type_is_type(content_type, type, subtype);
}

/* Up to `most` decoded octets of a part into `into`. */
static struct span part_text(GMimePart *part, size_t most, struct buf *into)
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
		into->n += (size_t)got;
	}
	part_close(&stream);
	if (into->p)
		into->p[into->n] = '\0';
	return buf_span(into);
}

/* A part that calls itself multipart and has no boundary (QUIRKS M2) is a leaf whose type is wrong: GMime leaves its
 * octets in the prologue. NULL when it is an ordinary multipart. */
static GMimePart *leaf_in_disguise(GMimeObject *object)
{
	const char *text, *encoding;
	GMimeDataWrapper *content;
	GMimeStream *stream;
	GMimePart *part;

	if (!GMIME_IS_MULTIPART(object) || g_mime_multipart_get_count((GMimeMultipart *)object) > 0)
		return NULL;
	text = g_mime_multipart_get_prologue((GMimeMultipart *)object);
	if (!text || !*text)
		return NULL;
	encoding = g_mime_object_get_header(object, "Content-Transfer-Encoding");
	stream = g_mime_stream_mem_new_with_buffer(text, strlen(text));
	content = g_mime_data_wrapper_new_with_stream(stream,
		encoding ? g_mime_content_encoding_from_string(encoding) : GMIME_CONTENT_ENCODING_DEFAULT);
	part = g_mime_part_new_with_type("application", "octet-stream");
	g_mime_part_set_content(part, content);
	g_object_unref(content);
	g_object_unref(stream);
	return part;
}

/* The leaves of a mail in order; multiparts are walked by GMime's iterator, which does not recurse. */
static GPtrArray *message_leaves(GMimeMessage *message)
{
	GPtrArray *leaves = g_ptr_array_new_with_free_func(g_object_unref);
	GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(message));

	do {
		GMimeObject *object = g_mime_part_iter_get_current(iter);

		GMimePart *disguised = object ? leaf_in_disguise(object) : NULL;

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

static const char *part_filename(GMimePart *part)
{
	if (!header_is_decodable(GMIME_OBJECT(part), "Content-Disposition") ||
		!header_is_decodable(GMIME_OBJECT(part), "Content-Type"))
		return NULL;
	return g_mime_part_get_filename(part);
}

/* What a person calls the part: its file name, else its number and type. */
static size_t part_enter(struct reading *r, GMimePart *part, unsigned number)
{
	const char *name = part_filename(part);
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	char text[128];

	if (name && *name)
		return reading_enter(r, span_of(name));
	g_snprintf(text, sizeof text, "part %u (%s/%s)", number + 1, type ? g_mime_content_type_get_media_type(type) : "?",
		type ? g_mime_content_type_get_media_subtype(type) : "?");
	return reading_enter(r, span_of(text));
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

static void message_head(struct reading *r, GMimeMessage *message, struct mail_head *head)
{
	struct span date = header_text(r, GMIME_OBJECT(message), "Date");

	head->from = header_text(r, GMIME_OBJECT(message), "From");
	head->subject = header_text(r, GMIME_OBJECT(message), "Subject");
	head->message_id = header_text(r, GMIME_OBJECT(message), "Message-Id");
	if (!date.p || !moment_parse_mail(date, &head->date))
		head->date = MOMENT_NONE;
}

static GMimeMessage *message_parse(GMimeStream *stream)
{
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message;

	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	return message;
}

/* message/rfc822, text/rfc822-headers and the other names that reporters give the third part (QUIRKS F8). */
static bool part_is_sample(GMimePart *part)
{
	static const char *const subtypes[] = { "rfc822", "rfc822-headers", "rfc822-header", "global", "global-headers" };

	for (size_t i = 0; i < sizeof subtypes / sizeof *subtypes; i++)
		if (part_is(part, "message", subtypes[i]) || part_is(part, "text", subtypes[i]))
			return true;
	return false;
}

static void sample_head(struct reading *r, GMimePart *part, struct failure *failure)
{
	struct span text = part_text(part, FEEDBACK_OCTETS, &r->parser->scratch);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	GMimeMessage *sample = message_parse(stream);
	struct mail_head head = { .date = MOMENT_NONE };

	if (sample) {
		message_head(r, sample, &head);
		sampletrace_read(r, sample, failure);
		g_object_unref(sample);
	}
	g_object_unref(stream);
	failure->sample_subject = head.subject;
	failure->sample_from = head.from;
}

/* Hashes the sample's exact octets and notes whether anything follows its header. */
static void sample_measure(struct reading *r, GMimePart *part, struct failure *failure)
{
	struct digest *digest = r->parser->digest;
	struct part_stream stream;
	char chunk[8192];
	ssize_t got;

	if (!part_open(&stream, part))
		return;
	digest_reset(digest);
	while ((got = stream.decoded->read(stream.decoded, chunk, sizeof chunk)) > 0) {
		digest_add(digest, chunk, (size_t)got);
		failure->sample_octets += (uint64_t)got;
	}
	part_close(&stream);
	digest_finish(digest, failure->sample_sha256);
	failure->has_sample = failure->sample_octets > 0;
	failure->headers_only = !part_is(part, "message", "rfc822") && !part_is(part, "message", "global");
}

static void sample_keep(struct reading *r, GMimePart *part)
{
	struct part_stream stream;

	if (!part_open(&stream, part))
		return;
	reading_keep(r, OCTETS_SAMPLE, stream.decoded);
	part_close(&stream);
}

static void sample_verify(struct reading *r, GMimePart *part, const struct failure *failure)
{
	struct buf text = BUF(SAMPLE_OCTETS);
	int64_t arrived;
	struct sample_hints hints = { .headers_only = failure->headers_only, .failure = failure };

	hints.arrived = failure->arrival_date.p && moment_parse_mail(failure->arrival_date, &arrived) ? arrived : MOMENT_NONE;
	verification_of_sample(r, part_text(part, SAMPLE_OCTETS, &text), &hints);
	buf_release(&text);
}

static GMimePart *find_sample(GPtrArray *leaves, GMimePart *feedback)
{
	bool behind = false;

	for (unsigned i = 0; i < leaves->len; i++) {
		GMimePart *part = leaves->pdata[i];

		if (behind && part_is_sample(part))
			return part;
		behind |= part == feedback;
	}
	return NULL;
}

/* The ARF part: by its type, else by its words (QUIRKS F1). */
static GMimePart *find_feedback(struct reading *r, GPtrArray *leaves)
{
	for (unsigned i = 0; i < leaves->len; i++)
		if (part_is(leaves->pdata[i], "message", "feedback-report"))
			return leaves->pdata[i];
	for (unsigned i = 0; i < leaves->len; i++) {
		GMimePart *part = leaves->pdata[i];

		if ((part_is(part, "text", "plain") || part_is(part, "message", "*")) && !part_is_sample(part) &&
			failurereport_recognise(part_text(part, PEEK_OCTETS, &r->parser->scratch)))
			return part;
	}
	return NULL;
}

static void failure_put(struct reading *r, const struct failure *failure)
{
	reading_put(r, feedback_put_failure(r->feedback, failure));
	r->sums.failures++;
}

static void failure_read(struct reading *r, GPtrArray *leaves, GMimePart *feedback, int64_t mail_date)
{
	struct buf text = BUF(FEEDBACK_OCTETS);
	GMimePart *sample = find_sample(leaves, feedback);
	struct failure failure;

	if (!failurereport_fields(r, part_text(feedback, FEEDBACK_OCTETS, &text), &failure)) {
		reading_broken(r, "", "a feedback report without a field");
		goto out;
	}
	failurereport_check(r, &failure, mail_date);
	if (sample) {
		sample_measure(r, sample, &failure);
		sample_head(r, sample, &failure);
	}
	failure_put(r, &failure);
	if (sample && failure.has_sample && (r->asked->flags & PARSE_VERIFY))
		sample_verify(r, sample, &failure);
	if (sample)
		sample_keep(r, sample);
out:
	buf_release(&text);
}

static bool notice_read(struct reading *r, GPtrArray *leaves, int64_t mail_date)
{
	struct failure failure;

	for (unsigned i = 0; i < leaves->len; i++) {
		if (!part_is(leaves->pdata[i], "text", "plain"))
			continue;
		if (!failurereport_notice(r, part_text(leaves->pdata[i], PEEK_OCTETS, &r->parser->scratch), &failure))
			continue;
		failurereport_check(r, &failure, mail_date);
		failure_put(r, &failure);
		return true;
	}
	return false;
}

/* What must be known before GMime sees the mail: it has no ceiling on parts, nor on what nests. */
struct survey {
	uint64_t boundaries, types, header;
	uint64_t part, part_longest; /* lines from one that begins `--` to an empty one: no part's header is longer */
	bool in_part;
	bool header_runs_on; /* a boundary stands where the header has not ended: lines of blanks instead of empty ones */
	bool header_ended, has_lf, has_cr;
	char before;
};

static void survey_part(struct survey *v, uint64_t octets)
{
	v->part = v->in_part ? v->part + octets : 0;
	if (v->part > v->part_longest)
		v->part_longest = v->part;
}

static void survey_add(struct survey *v, struct span chunk, uint64_t at)
{
	for (const char *p = chunk.p, *end = chunk.p + chunk.n; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		survey_part(v, (uint64_t)((lf ? lf + 1 : end) - p));
		if (!lf)
			break;
		v->has_lf = true;
		p = lf + 1;
		if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
			v->boundaries++;
			v->header_runs_on |= !v->header_ended;
			v->in_part = true;
			v->part = 0;
		}
		if (p < end && (*p == '\n' || (*p == '\r' && end - p >= 2 && p[1] == '\n')))
			v->in_part = false;
		if (!v->header_ended && p < end && (*p == '\n' || (*p == '\r' && end - p >= 2 && p[1] == '\n'))) {
			v->header_ended = true;
			v->header = at + (uint64_t)(p - chunk.p);
		}
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p > 21 && (p[0] | 32) == 'c' && span_starts_nocase((struct span){ p, 21 }, SPAN("content-type:")) &&
			span_find_nocase((struct span){ p, (size_t)(end - p) < 40 ? (size_t)(end - p) : 40 }, SPAN("multipart/")) >= 0)
			v->types++;
	}
	v->has_cr |= memchr(chunk.p, '\r', chunk.n) != NULL;
	if (!v->header_ended)
		v->header = at + chunk.n;
}

static bool survey_allows(struct reading *r, const struct survey *v)
{
	if (v->boundaries > r->limits->parts)
		reading_broken(r, "", "more lines beginning `--` than the ceiling `parts` allows");
	else if (v->types > NESTED_TYPES)
		reading_broken(r, "", "more than %d multiparts in one mail", NESTED_TYPES);
	else if (v->header > r->limits->header)
		reading_broken(r, "", "its header is longer than the ceiling `header` allows");
	else if (v->part_longest > r->limits->header)
		reading_broken(r, "", "the header of a part is longer than the ceiling `header` allows");
	else
		return true;
	return false;
}

/* An attached mail is surveyed as one of its own: its header was no part's header to the mail around. */
static bool survey_attached(struct reading *r, GMimeStream *stream)
{
	struct survey survey = { 0 };
	char chunk[65536];
	uint64_t at = 0;
	ssize_t got;

	while (!g_mime_stream_eos(stream) && (got = g_mime_stream_read(stream, chunk, sizeof chunk)) > 0) {
		survey_add(&survey, (struct span){ chunk, (size_t)got }, at);
		at += (uint64_t)got;
	}
	return survey_allows(r, &survey) && g_mime_stream_reset(stream) == 0;
}

static void message_walk(struct reading *r, GMimeStream *stream, unsigned depth, struct mail_head *outer);

/* A mail attached to a mail (QUIRKS M10). One that came base64 encoded, which MIME forbids, is decoded first. */
static void attached_read(struct reading *r, GMimePart *part, unsigned depth)
{
	struct buf decoded = BUF(r->limits->mail);
	GMimeStream *stream;

	if (depth + 1 >= r->limits->messages) {
		reading_problem(r, "", "mail in mail deeper than the ceiling `messages` allows, left out");
		return;
	}
	if (part_is_encoded(part)) {
		struct span text = part_text(part, r->limits->mail, &decoded);

		stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	} else {
		stream = part_content(part);
	}
	if (stream && survey_attached(r, stream))
		message_walk(r, stream, depth + 1, NULL);
	if (stream)
		g_object_unref(stream);
	buf_release(&decoded);
}

/* The mail says of itself that it brings a report: RFC 9990 3.5.1 subject, or a file name with its bangs. */
static bool message_means_report(GMimeMessage *message, GMimePart *part)
{
	const char *subject = g_mime_message_get_subject(message), *name = part_filename(part);
	const char *bang = name ? strchr(name, '!') : NULL;

	if (subject && span_find_nocase(span_of(subject), SPAN("report domain")) >= 0)
		return true;
	return bang && strchr(bang + 1, '!');
}

static void leaves_read(struct reading *r, GMimeMessage *message, GPtrArray *leaves, unsigned depth)
{
	for (unsigned i = 0; i < leaves->len && !r->full; i++) {
		struct part_source source = { { part_source_open, part_source_close }, .part = leaves->pdata[i] };
		size_t place = part_enter(r, source.part, i);

		if (part_is(source.part, "message", "rfc822") || part_is(source.part, "message", "global"))
			attached_read(r, source.part, depth);
		else
			leaf_read(r, &source.source, message_means_report(message, source.part), false);
		reading_leave(r, place);
	}
}

static void message_walk(struct reading *r, GMimeStream *stream, unsigned depth, struct mail_head *outer)
{
	GMimeMessage *message = message_parse(stream);
	struct mail_head head = { .date = MOMENT_NONE };
	unsigned found = r->sums.reports + r->sums.tls_reports + r->sums.broken + r->sums.failures;
	GPtrArray *leaves;
	GMimePart *feedback;

	if (!message)
		return;
	leaves = message_leaves(message);
	message_head(r, message, &head);
	if (outer)
		*outer = head;
	feedback = find_feedback(r, leaves);
	if (feedback)
		failure_read(r, leaves, feedback, head.date);
	else
		leaves_read(r, message, leaves, depth);
	if (!feedback && found == r->sums.reports + r->sums.tls_reports + r->sums.broken + r->sums.failures)
		notice_read(r, leaves, head.date);
	g_ptr_array_free(leaves, TRUE);
	g_object_unref(message);
}

static bool survey_range(struct survey *v, int fd, uint64_t offset, uint64_t length)
{
	struct file_stream file;
	char chunk[65536];
	uint64_t at = 0;
	ssize_t got;

	file_stream_init(&file, fd, offset, length);
	while ((got = file.stream.read(&file.stream, chunk, sizeof chunk)) > 0) {
		survey_add(v, (struct span){ chunk, (size_t)got }, at);
		at += (uint64_t)got;
	}
	return got == 0;
}

/* The mail as it came, when it is in memory; it stands at the end of its range. */
static struct span mail_whole(const struct reading *r, uint64_t length)
{
	return r->whole.p && length <= r->whole.n ?
		       (struct span){ r->whole.p + (r->whole.n - length), (size_t)length } :
		       SPAN_ABSENT;
}

/* Lines of blanks become empty lines, in our copy only. */
static void blank_lines_empty(struct reading *r, struct buf *input)
{
	size_t kept = 0, line = 0;
	bool blank = true;

	for (size_t i = 0; i < input->n; i++) {
		char c = input->p[i];

		if (c == '\n' && blank)
			kept = line;
		input->p[kept++] = c;
		blank = c == '\n' || (blank && (c == ' ' || c == '\t'));
		line = c == '\n' ? kept : line;
	}
	input->n = kept;
	reading_problem(r, "", "the header has no end; lines of blanks were read as empty lines");
}

/* The fields that anything here or in GMime looks at: the structure of the mail, and its struct mail_head. */
static bool field_is_read(struct span line)
{
	static const struct span beginnings[] = { SPAN("Content-"), SPAN("MIME-"), SPAN("From"), SPAN("Subject"), SPAN("Date"),
		SPAN("Message-Id") };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (span_starts_nocase(line, beginnings[i]))
			return true;
	return false;
}

static struct span line_at(const struct buf *input, size_t at, size_t end)
{
	const char *lf = memchr(input->p + at, '\n', end - at);

	return (struct span){ input->p + at, lf ? (size_t)(lf - input->p) + 1 - at : end - at };
}

static bool line_is_fold(struct span line)
{
	return line.p[0] == ' ' || line.p[0] == '\t';
}

/* GMime makes an object of every field and of every address in it, and Received, ARC and DKIM fields are most of a header.
 * They are left out of our copy, unless it has a line that is neither a field nor a fold: what GMime makes of such a line may
 * depend on the ones before it. */
static void header_thin(struct buf *input, size_t header)
{
	struct span line;
	bool read = false;
	size_t kept = 0;

	if (header == 0 || line_is_fold(buf_span(input)) || memchr(input->p, '\0', header))
		return;
	for (size_t at = 0; at < header; at += line.n) {
		line = line_at(input, at, header);
		if (!line_is_fold(line) && !line_is_field(line))
			return;
	}
	for (size_t at = 0; at < header; at += line.n) {
		line = line_at(input, at, header);
		read = line_is_fold(line) ? read : field_is_read(line);
		if (!read)
			continue;
		memmove(input->p + kept, line.p, line.n);
		kept += line.n;
	}
	memmove(input->p + kept, input->p + header, input->n - header);
	input->n -= header - kept;
}

static bool message_survey(struct reading *r, int fd, uint64_t offset, uint64_t length, struct survey *survey)
{
	struct span whole = mail_whole(r, length);

	if (whole.p) {
		survey_add(survey, whole, 0);
	} else if (!survey_range(survey, fd, offset, length)) {
		reading_broken(r, "", "the input became shorter while it was read");
		return false;
	}
	return survey_allows(r, survey);
}

static bool survey_is_plain(const struct survey *survey)
{
	return survey->header_ended && !survey->header_runs_on;
}

static GMimeStream *message_stream(struct reading *r, int fd, uint64_t offset, uint64_t length, const struct survey *survey)
{
	struct buf *altered = &r->parser->altered;
	struct span whole = mail_whole(r, length);

	if (!whole.p)
		return g_mime_stream_fs_new_with_bounds(fd, (gint64)offset, (gint64)(offset + length));
	buf_clear(altered);
	buf_put_span(altered, whole);
	if (survey->has_cr && !survey->has_lf) /* QUIRKS M12: a copy made by something that knew only CR */
		for (size_t i = 0; i < altered->n; i++)
			altered->p[i] = altered->p[i] == '\r' ? '\n' : altered->p[i];
	if (survey->header_runs_on)
		blank_lines_empty(r, altered);
	else if (survey_is_plain(survey))
		header_thin(altered, (size_t)survey->header);
	return g_mime_stream_mem_new_with_buffer(buf_text(altered), altered->n);
}

static void stream_drop(GMimeStream *stream)
{
	if (GMIME_IS_STREAM_FS(stream))
		g_mime_stream_fs_set_owner((GMimeStreamFs *)stream, FALSE);
	g_object_unref(stream);
}

/* Behind the line end that an empty line follows; 0 when there is none. */
static size_t header_end(struct span text, size_t from)
{
	const char *end = text.p + text.n, *lf = text.p + from;

	while ((lf = memchr(lf, '\n', (size_t)(end - lf)))) {
		lf++;
		if (lf < end && (*lf == '\n' || (*lf == '\r' && end - lf >= 2 && lf[1] == '\n')))
			return (size_t)(lf - text.p);
	}
	return 0;
}

static void header_keep(struct reading *r, int fd, uint64_t offset, uint64_t length)
{
	struct either_stream octets;
	struct stream *stream = reading_octets(r, &octets, fd, offset, length);
	struct buf header = BUF(r->limits->header + 65536);
	struct span_stream kept;
	char chunk[8192];
	ssize_t got;
	size_t end = 0;

	while (!end && (got = stream->read(stream, chunk, sizeof chunk)) > 0) {
		size_t from = header.n > 3 ? header.n - 3 : 0;

		if (!buf_put(&header, chunk, (size_t)got))
			break;
		end = header_end(buf_span(&header), from);
	}
	span_stream_init(&kept, (struct span){ buf_text(&header), end ? end : header.n });
	reading_keep(r, OCTETS_HEADER, &kept.stream);
	buf_release(&header);
}

void message_read(struct reading *r, int fd, uint64_t offset, uint64_t length, struct mail_head *head)
{
	struct survey survey = { 0 };
	struct span whole = mail_whole(r, length);
	GMimeStream *stream;

	if (!message_survey(r, fd, offset, length, &survey))
		return;
	if (!whole.p || !survey_is_plain(&survey) || !plain_read(r, whole, (size_t)survey.header, head)) {
		stream = message_stream(r, fd, offset, length, &survey);
		message_walk(r, stream, 0, head);
		stream_drop(stream);
	}
	if (r->sums.reports + r->sums.tls_reports && !r->sums.failures && !r->sums.broken)
		header_keep(r, fd, offset, length);
}

void message_read_head(struct reading *r, int fd, uint64_t offset, uint64_t length, struct mail_head *head)
{
	struct survey survey = { 0 };
	GMimeStream *stream;
	GMimeMessage *message;
	struct either_stream octets;

	if (message_survey(r, fd, offset, length, &survey)) {
		stream = message_stream(r, fd, offset, length, &survey);
		message = message_parse(stream);
		if (message) {
			message_head(r, message, head);
			g_object_unref(message);
		}
		stream_drop(stream);
	}
	reading_keep(r, OCTETS_HEADER, reading_octets(r, &octets, fd, offset, length));
}
