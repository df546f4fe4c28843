#include "parse/message.h"
#include "base/fromline.h"
#include "parse/charset.h"
#include "parse/dkim/mailbox.h"
#include "parse/dns/orgdomain.h"
#include "parse/failuremail.h"
#include "parse/plain.h"

#include <ctype.h>
#include <stdio.h>
#ifdef WITH_SANITIZERS
#include <sanitizer/lsan_interface.h>
#endif

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
	part_warm();
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

static struct span line_first(struct span text)
{
	const char *lf = text.n ? memchr(text.p, '\n', text.n) : NULL;

	return (struct span){ text.p, lf ? (size_t)(lf - text.p) + 1 : text.n };
}

/* From, and two more of the fields that mails have. A header that is cut need not have come to From yet: what was added on
 * the way stands in front of it, and is long; two of them, and nothing but fields, are enough then. */
static bool fields_are_of_mail(struct span text, bool cut)
{
	static const struct span names[] = { SPAN("From:"), SPAN("Date:"), SPAN("Subject:"), SPAN("To:"), SPAN("Message-ID:"),
		SPAN("Received:"), SPAN("MIME-Version:"), SPAN("Return-Path:"), SPAN("Delivered-To:"), SPAN("DKIM-Signature:"),
		SPAN("ARC-Seal:") };
	unsigned seen = 0;

	while (text.n) {
		struct span line = line_first(text);

		if (cut && line.n == text.n)
			return __builtin_popcount(seen) >= 2;
		if (line.p[0] != ' ' && line.p[0] != '\t' && !line_is_field(line))
			break;
		for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
			seen |= span_starts_nocase(line, names[i]) ? 1u << i : 0;
		text = (struct span){ text.p + line.n, text.n - line.n };
	}
	return seen & 1 && __builtin_popcount(seen) >= 3;
}

/* `--boundary` and a part's header behind it: absent when there is none. */
static struct span boundary_find(struct span text)
{
	while (text.n) {
		struct span line = line_first(text), boundary = span_trim(line);

		text = (struct span){ text.p + line.n, text.n - line.n };
		if (boundary.n < 3 || boundary.n > 72 || memcmp(boundary.p, "--", 2) != 0 ||
			memchr(boundary.p, '"', boundary.n) || memchr(boundary.p, '\\', boundary.n))
			continue;
		if (span_starts_nocase(text, SPAN("Content-")) && line_is_field(line_first(text)))
			return (struct span){ boundary.p + 2, boundary.n - 2 };
	}
	return SPAN_ABSENT;
}

bool message_begins(struct span front)
{
	size_t skip = 0;
	bool cut = front.n > PEEK_OCTETS - 3; /* base64 gives three at a time */

	return message_recognise(front, &skip) && fields_are_of_mail((struct span){ front.p + skip, front.n - skip }, cut);
}

bool message_parts_begin(struct span front)
{
	return boundary_find(front).p;
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
	survey.boundaries = r->parts += survey.boundaries; /* of all mails in the mail: an archive can hold many */
	return survey_allows(r, &survey) && g_mime_stream_reset(stream) == 0;
}

static void message_walk(struct reading *r, GMimeStream *stream, struct mail_head *outer);

/* The mail in a stream, one level further in. */
static void nested_walk(struct reading *r, GMimeStream *stream)
{
	r->nested++;
	if (stream && survey_attached(r, stream))
		message_walk(r, stream, NULL);
	r->nested--;
}

static bool nesting_allows(struct reading *r)
{
	if (r->nested + 1 < r->limits->messages)
		return true;
	reading_problem(r, "", "mail in mail deeper than the ceiling `messages` allows, left out");
	return false;
}

/* A mail attached to a mail (QUIRKS M10). One that came base64 encoded, which MIME forbids, is decoded first. */
static void attached_read(struct reading *r, GMimePart *part)
{
	struct buf decoded = BUF(r->limits->mail);
	GMimeStream *stream;

	if (!nesting_allows(r))
		return;
	if (part_is_encoded(part)) {
		struct span text = part_text(part, r->limits->mail, &decoded);

		stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	} else {
		stream = part_content(part);
	}
	nested_walk(r, stream);
	if (stream)
		g_object_unref(stream);
	buf_release(&decoded);
}

/* The text of a mail without its first blank lines; parts without the mail's header get one that names their boundary. */
static GMimeStream *nested_stream(struct span text)
{
	size_t skip = 0;
	struct span front = { text.p, text.n < PEEK_OCTETS ? text.n : PEEK_OCTETS }, boundary;
	GMimeStream *stream = g_mime_stream_mem_new();

	boundary = message_begins(front) ? SPAN_ABSENT : boundary_find(front);
	if (!boundary.p) {
		message_recognise(front, &skip);
	} else {
		g_mime_stream_printf(stream, "Content-Type: multipart/mixed; boundary=\"%.*s\"\n\n", (int)boundary.n, boundary.p);
	}
	g_mime_stream_write(stream, text.p + skip, text.n - skip);
	g_mime_stream_reset(stream);
	return stream;
}

static unsigned found_so_far(const struct reading *r)
{
	return r->sums.reports + r->sums.tls_reports + r->sums.failures + r->sums.broken;
}

static void mail_walk(struct reading *r, GMimeStream *stream)
{
	nested_walk(r, stream);
	g_object_unref(stream);
}

/* The octets before the next mail of an mbox; all of them when it is none. */
static size_t mbox_mail(struct span text)
{
	const char *lf = text.p, *end = text.p + text.n;

	if (!from_line_separates(text, true))
		return text.n;
	while ((lf = memmem(lf, (size_t)(end - lf), "\nFrom ", 6))) {
		lf++;
		if (from_line_separates((struct span){ lf, (size_t)(end - lf) }, true))
			return (size_t)(lf - text.p);
	}
	return text.n;
}

/* False: there are too many of them. */
static bool mbox_walk(struct reading *r, struct span text)
{
	for (unsigned number = 1; text.n && !r->full; number++) {
		size_t n = mbox_mail(text), place;
		char name[32];

		if (++r->parts > r->limits->parts) {
			reading_broken(r, "", "an mbox with more mails and parts than the ceiling `parts` allows");
			return false;
		}
		snprintf(name, sizeof name, "mail %u", number);
		place = reading_enter(r, span_of(name));
		mail_walk(r, nested_stream((struct span){ text.p, n }));
		reading_leave(r, place);
		text = (struct span){ text.p + n, text.n - n };
	}
	return true;
}

/* Releases the text, and the one of a single mail before it is read: what is in it may unpack to many more. */
static bool mails_walk(struct reading *r, struct buf *text)
{
	bool single = mbox_mail(buf_span(text)) == text->n, all = true;
	GMimeStream *stream = single ? nested_stream(buf_span(text)) : NULL;

	if (!single)
		all = mbox_walk(r, buf_span(text));
	buf_release(text);
	if (stream)
		mail_walk(r, stream);
	return all;
}

/* What came of mails since `before`; `all` is false when some were left out. */
static enum leaf_end mails_end(const struct reading *r, const struct reading_sums *before, bool all)
{
	if (all && r->sums.reports + r->sums.tls_reports + r->sums.failures >
			   before->reports + before->tls_reports + before->failures)
		return LEAF_REPORT;
	return r->sums.broken > before->broken ? LEAF_BROKEN : LEAF_NOTHING;
}

enum leaf_end message_inside(struct reading *r, struct buf *entity)
{
	struct reading_sums before = r->sums;
	bool in_leaf = r->in_leaf;
	GMimeStream *stream;

	if (!nesting_allows(r))
		return LEAF_NOTHING;
	stream = g_mime_stream_mem_new_with_buffer(buf_text(entity), entity->n);
	buf_release(entity);
	r->in_leaf = true;
	mail_walk(r, stream);
	r->in_leaf = in_leaf;
	return mails_end(r, &before, true);
}

enum leaf_end message_leaf(struct reading *r, struct stream *s)
{
	struct reading_sums before = r->sums;
	struct buf text = BUF(r->limits->mail);
	bool in_leaf = r->in_leaf, all;

	if (r->mails_shut || !nesting_allows(r))
		return LEAF_NOTHING;
	if (!stream_slurp(s, &text)) {
		reading_broken(r, "", "%s", text.failed ? "a mail longer than the ceiling `mail` allows" : s->fault);
		buf_release(&text);
		return LEAF_BROKEN;
	}
	r->in_leaf = true;
	all = mails_walk(r, &text);
	r->in_leaf = in_leaf;
	return mails_end(r, &before, all);
}

static bool part_means_report(GMimePart *part)
{
	const char *name = part_filename(part);

	return name && leaf_name_means_report(span_of(name));
}

static bool subject_means_report(GMimeMessage *message)
{
	const char *subject = g_mime_message_get_subject(message);

	return subject && span_find_nocase(span_of(subject), SPAN("report domain")) >= 0;
}

/* The type may lie (QUIRKS M2): what does not begin as a mail may be the report itself. */
static void part_read(struct reading *r, GMimePart *part, bool meant)
{
	struct part_source source = { { part_source_open, part_source_close }, .part = part };
	size_t skip = 0;

	if (!part_is_mail(part)) {
		leaf_read(r, &source.source, meant, false);
		return;
	}
	if (!message_recognise(part_text(part, PEEK_OCTETS, &r->parser->scratch), &skip) &&
		leaf_read(r, &source.source, meant, false) != LEAF_NOTHING)
		return;
	if (!r->mails_shut)
		attached_read(r, part);
}

/* The mail says of itself that it brings a report: RFC 9990 3.5.1 subject, or a file name with its bangs. */
static void leaves_read(struct reading *r, GMimeMessage *message, GPtrArray *leaves)
{
	bool meant = subject_means_report(message);

	for (unsigned i = 0; i < leaves->len && !r->full; i++) {
		GMimePart *part = leaves->pdata[i];
		size_t place;

		if (part_is_read(part))
			continue;
		place = part_enter(r, part, i);
		part_read(r, part, meant || part_means_report(part));
		reading_leave(r, place);
	}
}

/* Nothing was found in a mail that says it brings a report: what was attached instead, an empty file, an error page or a
 * winmail.dat, is a report lost, and whoever runs this must hear of it. */
static void leaves_missed(struct reading *r, GMimeMessage *message, GPtrArray *leaves)
{
	bool meant = subject_means_report(message);

	for (unsigned i = 0; i < leaves->len; i++) {
		GMimePart *part = leaves->pdata[i];
		size_t place;

		if (!part_means_report(part) && !(meant && part_is(part, "application", "*") && !part_is_signature(part)))
			continue;
		place = part_enter(r, part, i);
		reading_broken(r, "", "the attachment holds no report");
		reading_leave(r, place);
		return;
	}
}

/* To whom a mail could not be delivered is told (RFC 3464) the one who sent it: here the notice's To, absent when it is none. */
static struct span notice_recipient(GMimeMessage *message)
{
	GMimeObject *root = g_mime_message_get_mime_part(message);
	const char *kind = root ? g_mime_object_get_content_type_parameter(root, "report-type") : NULL;
	GMimeHeader *to = g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(message)), "To");

	if (!kind || g_ascii_strcasecmp(kind, "delivery-status") != 0 || !to)
		return SPAN_ABSENT;
	return span_of(g_mime_header_get_raw_value(to));
}

/* A report that came back to its own sender tells somebody else about his domain. One that this mailbox passed on and got back
 * is from another sender, and is read. */
static bool mail_is_own(struct reading *r, const struct mail_head *head)
{
	struct mailbox from, to;

	return r->returned_to.p && mailbox_list(r->returned_to, &to, 1) == 1 && mailbox_list(head->from, &from, 1) == 1 &&
	       domain_aligned(from.domain, to.domain, false);
}

static void content_read(struct reading *r, GMimeMessage *message, const struct mail_head *head, bool outermost)
{
	GPtrArray *leaves = message_leaves(message);
	unsigned found = found_so_far(r);
	struct span returned_to = r->returned_to;
	bool shut = r->mails_shut;

	r->returned_to = notice_recipient(message);
	r->mails_shut |= failures_read(r, leaves, head);
	leaves_read(r, message, leaves);
	r->mails_shut = shut;
	r->returned_to = returned_to;
	if (found == found_so_far(r) && !notice_read(r, leaves, head) &&
		!(outermost && bare_fields_read(r, message, head)))
		leaves_missed(r, message, leaves);
	g_ptr_array_free(leaves, TRUE);
}

static void message_walk(struct reading *r, GMimeStream *stream, struct mail_head *outer)
{
	GMimeMessage *message = message_parse(stream);
	struct mail_head head = { .date = MOMENT_NONE };

	if (!message)
		return;
	message_head(r, message, &head);
	if (outer)
		*outer = head;
	if (mail_is_own(r, &head))
		reading_problem(r, "", "a mail that came back to its sender, not read");
	else
		content_read(r, message, &head, outer != NULL);
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

/* Lines of blanks become empty lines, in our copy only; so do those of a mail whose line ends were made CR CR LF. */
static void blank_lines_empty(struct reading *r, struct buf *input)
{
	size_t kept = 0, line = 0;
	bool blank = true;

	for (size_t i = 0; i < input->n; i++) {
		char c = input->p[i];

		if (c == '\n' && blank)
			kept = line;
		input->p[kept++] = c;
		blank = c == '\n' || (blank && (c == ' ' || c == '\t' || c == '\r'));
		line = c == '\n' ? kept : line;
	}
	input->n = kept;
	reading_problem(r, "", "the header has no end; lines of blanks were read as empty lines");
}

/* The fields that anything here or in GMime looks at: the structure of the mail, its struct mail_head, and what tells that
 * the header is an ARF part's. */
static bool field_is_read(struct span line)
{
	static const struct span beginnings[] = { SPAN("Content-"), SPAN("MIME-"), SPAN("From"), SPAN("To"), SPAN("Subject"),
		SPAN("Date"), SPAN("Message-Id"), SPAN("Feedback-Type") };

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
		message_walk(r, stream, head);
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
