#include "parse/failuremail.h"
#include "parse/dkim/mailbox.h"
#include "parse/dns/orgdomain.h"
#include "parse/failurereport.h"
#include "parse/htmltext.h"
#include "parse/leaf.h"
#include "parse/message.h"
#include "parse/sampletrace.h"
#include "parse/verification.h"

#define FEEDBACK_OCTETS ((size_t)1024 * 1024)
#define PAGE_OCTETS ((size_t)256 * 1024) /* of a page that are looked at for a notice */
#define FEEDBACKS 100 /* failure reports in one mail: its standard knows one */
#define PARAGRAPHS 16 /* between fields, or words about a copy, and the header of a mail copied into the same text */
#define SAMPLE_OCTETS ((size_t)16 * 1024 * 1024) /* of a sample that are verified */

/* Of a sample what its header begins with: some reporters put blank lines in front of it, or their store's From_ line. */
static struct span sample_begin(struct span text)
{
	size_t skip;

	return message_recognise(text, &skip) ? (struct span){ text.p + skip, text.n - skip } : text;
}

/* The domain that DMARC is about: that of the only address in From (RFC 7489 6.6.1); absent when that is not clear. */
static struct span from_domain(struct reading *r, GMimeMessage *sample)
{
	GMimeHeader *from = g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(sample)), "From");
	const char *raw = from ? g_mime_header_get_raw_value(from) : NULL;
	struct mailbox mailboxes[2];
	char text[DOMAINNAME_TEXT];
	size_t n = raw ? mailbox_list(span_of(raw), mailboxes, 2) : 0;

	if (n != 1 || mailboxes[0].ambiguous || !mailboxes[0].domain.n)
		return SPAN_ABSENT;
	n = domain_alabels(mailboxes[0].domain, text);
	return n ? arena_copy(&r->parser->arena, (struct span){ text, n }) : SPAN_ABSENT;
}

/* ASSP names the domain that was written to, its own, in the place of the one it was written from. */
static bool names_reporter(const struct failure *failure, const struct mail_head *mail)
{
	struct mailbox from;

	return mailbox_list(mail->from, &from, 1) == 1 && domain_aligned(from.domain, failure->reported_domain, false);
}

/* What a report about DMARC names wrongly or not at all, its sample tells. */
static void domain_correct(
	struct reading *r, GMimeMessage *sample, const struct mail_head *mail, struct failure *failure)
{
	bool named = failure->reported_domain.p != NULL;
	struct span domain;

	if (!failure->dmarc || (failure->auth_failure.p && !span_is(failure->auth_failure, SPAN("dmarc"))) ||
		(named && !names_reporter(failure, mail)))
		return;
	domain = from_domain(r, sample);
	if (!domain.p || (named && domain_aligned(domain, failure->reported_domain, false)))
		return;
	if (named)
		reading_problem(r, "Reported-Domain", "is the reporter's own; that of the sample's From is taken");
	failure->reported_domain = domain;
}

static void sample_head(struct reading *r, GMimePart *part, const struct mail_head *mail, struct failure *failure)
{
	struct span text = sample_begin(part_text(part, FEEDBACK_OCTETS, &r->parser->scratch));
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text.p, text.n);
	GMimeMessage *sample = message_parse(stream);
	struct mail_head head = { .date = MOMENT_NONE };

	if (sample) {
		message_head(r, sample, &head);
		sampletrace_read(r, sample, failure);
		domain_correct(r, sample, mail, failure);
		g_object_unref(sample);
	}
	g_object_unref(stream);
	failure->sample_subject = head.subject;
	failure->sample_from = head.from;
}

/* Does anything but white space follow its header? A header longer than what is looked at says nothing. */
static bool sample_has_body(struct reading *r, GMimePart *part)
{
	struct span text = sample_begin(part_text(part, FEEDBACK_OCTETS, &r->parser->scratch));
	static const struct span ends[] = { SPAN("\n\n"), SPAN("\n\r\n"), SPAN("\r\r") };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const char *end = memmem(text.p, text.n, ends[i].p, ends[i].n);

		if (end && span_trim((struct span){ end, (size_t)(text.p + text.n - end) }).n)
			return true;
	}
	return r->parser->scratch.n == FEEDBACK_OCTETS;
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
	failure->headers_only = (part_is_sample(part) && !part_is_mail(part)) || !sample_has_body(r, part);
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
	struct span date = failurereport_value(failure, "arrival-date");
	struct sample_hints hints = { .arrived = MOMENT_NONE,
		.headers_only = failure->headers_only,
		.whole = part_is_mail(part),
		.failure = failure };

	if (!date.p)
		date = failurereport_value(failure, "received-date");
	if (date.p && !moment_parse_any(date, &hints.arrived))
		hints.arrived = MOMENT_NONE;
	verification_of_sample(r, sample_begin(part_text(part, SAMPLE_OCTETS, &text)), &hints);
	buf_release(&text);
}

/* A part is read once: as what it is first found to be. */
static void part_mark_read(GMimePart *part)
{
	g_object_set_data(G_OBJECT(part), "read", part);
}

bool part_is_read(GMimePart *part)
{
	return g_object_get_data(G_OBJECT(part), "read") != NULL;
}

/* By its type, which may lie (QUIRKS M2). */
static bool part_is_feedback(struct reading *r, GMimePart *part)
{
	struct span front;

	if (!part_is(part, "message", "feedback-report"))
		return false;
	front = part_text(part, PEEK_OCTETS, &r->parser->scratch);
	return failurereport_recognise(front) || !leaf_recognise(front);
}

/* The sample that belongs to the feedback part at `feedback`: a part of that type before the next feedback part, else one in
 * front, else one behind that begins as a mail does (QUIRKS F8). */
static GMimePart *find_sample(struct reading *r, GPtrArray *leaves, unsigned feedback)
{
	unsigned end = feedback + 1;

	while (end < leaves->len && !part_is(leaves->pdata[end], "message", "feedback-report"))
		end++;
	for (unsigned i = feedback + 1; i < end; i++)
		if (part_is_sample(leaves->pdata[i]))
			return leaves->pdata[i];
	for (unsigned i = 0; i < feedback; i++)
		if (part_is_sample(leaves->pdata[i]) && !part_is_read(leaves->pdata[i]))
			return leaves->pdata[i];
	for (unsigned i = feedback + 1; i < end; i++)
		if (message_begins(part_text(leaves->pdata[i], PEEK_OCTETS, &r->parser->scratch)))
			return leaves->pdata[i];
	return NULL;
}

/* Some servers rename the ARF part or make a file of it: then its words tell (QUIRKS F1). */
static bool part_has_feedback(struct reading *r, GMimePart *part)
{
	return !part_is_sample(part) && failurereport_recognise(part_text(part, PEEK_OCTETS, &r->parser->scratch));
}

static void failure_put(struct reading *r, const struct failure *failure)
{
	reading_put(r, feedback_put_failure(r->feedback, failure));
	r->sums.failures++;
}

/* With its fields read; `sample` may be NULL. */
static void failure_finish(
	struct reading *r, struct failure *failure, GMimePart *sample, const struct mail_head *mail)
{
	failurereport_check(r, failure, mail->date);
	if (sample) {
		sample_measure(r, sample, failure);
		sample_head(r, sample, mail, failure);
	}
	failure_put(r, failure);
	if (sample && failure->has_sample && (r->asked->flags & PARSE_VERIFY))
		sample_verify(r, sample, failure);
	if (sample)
		sample_keep(r, sample);
}

/* The header of a mail that a text copies behind `from`: the first paragraph that begins as a mail does, within a few, as each
 * is looked at to its end. */
static struct span copied_header(struct span text, const char *from)
{
	struct span rest = span_trim(text);
	const char *end = rest.p + rest.n;
	unsigned tries = PARAGRAPHS;

	while (tries && from < end && (from = memchr(from, '\n', (size_t)(end - from))) && ++from < end) {
		if (*from != '\n' && *from != '\r')
			continue;
		rest = span_trim((struct span){ from, (size_t)(end - from) });
		if (message_begins(rest))
			return (struct span){ rest.p, (size_t)(text.p + text.n - rest.p) };
		from = rest.p;
		tries--;
	}
	return SPAN_ABSENT;
}

static GMimePart *sample_of_text(struct span header)
{
	return part_of_text(header, "text", "rfc822-headers", GMIME_CONTENT_ENCODING_DEFAULT);
}

/* What the mail says to people, where its ARF part says nothing. */
static bool prose_read(struct reading *r, GPtrArray *leaves, struct failure *failure)
{
	for (unsigned i = 0; leaves && i < leaves->len; i++)
		if (part_is(leaves->pdata[i], "text", "plain") &&
			failurereport_prose(r, part_text(leaves->pdata[i], PEEK_OCTETS, &r->parser->scratch), failure)) {
			reading_problem(r, "", "a feedback report without a field; the text of its mail was read");
			return true;
		}
	return false;
}

/* Without a part for the sample it may stand behind the fields in their own text. */
static void failure_read(struct reading *r, GPtrArray *leaves, GMimePart *feedback, GMimePart *sample,
	const struct mail_head *mail)
{
	struct buf text = BUF(FEEDBACK_OCTETS);
	struct span fields = part_text(feedback, FEEDBACK_OCTETS, &text), copied = SPAN_ABSENT;
	long type = span_find_nocase(fields, SPAN("Feedback-Type:"));
	struct failure failure;

	if (!sample && fields.n)
		copied = copied_header(fields, fields.p + (type < 0 ? 0 : type));
	if (copied.p) {
		fields.n = (size_t)(copied.p - fields.p);
		sample = sample_of_text(copied);
	}
	if (failurereport_fields(r, fields, &failure) || prose_read(r, leaves, &failure))
		failure_finish(r, &failure, sample, mail);
	else
		reading_broken(r, "", "a feedback report without a field");
	if (copied.p)
		g_object_unref(sample);
	buf_release(&text);
}

bool failures_read(struct reading *r, GPtrArray *leaves, const struct mail_head *mail)
{
	unsigned found = 0;

	for (int by_words = 0; by_words < 2 && !found; by_words++) {
		for (unsigned i = 0; i < leaves->len && !r->full; i++) {
			GMimePart *part = leaves->pdata[i], *sample;

			if (part_is_read(part) || !(by_words ? part_has_feedback(r, part) : part_is_feedback(r, part)))
				continue;
			if (found++ == FEEDBACKS) {
				reading_problem(r, "", "more than %d failure reports in one mail, the rest is left out", FEEDBACKS);
				return true;
			}
			sample = find_sample(r, leaves, i);
			part_mark_read(part);
			if (sample)
				part_mark_read(sample);
			failure_read(r, leaves, part, sample, mail);
		}
	}
	return found > 0;
}

/* What a notice copies behind its fields: the header of the mail that it is about. */
static GMimePart *notice_sample(struct span text)
{
	long copy = span_find_nocase(text, SPAN("copy")); /* `of the headers`, folded anywhere */
	struct span header = copy < 0 ? SPAN_ABSENT : copied_header(text, text.p + copy);

	return header.p ? sample_of_text(header) : NULL;
}

/* The sample of a mail that lost its ARF part; anybody may quote the sentence, but this stands beside it. */
static GMimePart *lone_sample(GPtrArray *leaves)
{
	for (unsigned i = 0; i < leaves->len; i++)
		if (part_is_sample(leaves->pdata[i]) && !part_is_read(leaves->pdata[i]))
			return g_object_ref(leaves->pdata[i]);
	return NULL;
}

/* The text of a part for people: of a page its words, looked for only where it has those of a notice. */
static struct span part_words(struct reading *r, GMimePart *part, struct buf *page, struct buf *words)
{
	struct span html;

	if (part_is(part, "text", "plain"))
		return part_text(part, PEEK_OCTETS, words);
	html = part_text(part, PAGE_OCTETS, page);
	buf_clear(words);
	words->max = PEEK_OCTETS; /* as of a text: each paragraph is looked for in all that follows */
	if (span_find_nocase(html, SPAN("Address:")) >= 0 || span_find_nocase(html, SPAN("failure report")) >= 0)
		htmltext_put(words, reading_utf8(r, html));
	return buf_span(words);
}

/* In a text first: the page beside it says the same with more around it. */
bool notice_read(struct reading *r, GPtrArray *leaves, const struct mail_head *mail)
{
	struct buf text = BUF(FEEDBACK_OCTETS), page = BUF(PAGE_OCTETS);
	struct failure failure;
	bool found = false;

	for (unsigned i = 0; i < 2 * leaves->len && !found; i++) {
		GMimePart *part = leaves->pdata[i % leaves->len], *sample = NULL;
		struct span words;

		if (!part_is(part, "text", i < leaves->len ? "plain" : "html") || part_is_read(part))
			continue;
		words = part_words(r, part, &page, &text);
		found = failurereport_notice(r, words, &failure);
		if (found && part_is(part, "text", "plain"))
			sample = notice_sample(part_text(part, FEEDBACK_OCTETS, &text));
		else if (!found && failurereport_prose(r, words, &failure))
			found = (sample = lone_sample(leaves)) != NULL;
		if (found && !sample)
			sample = lone_sample(leaves);
		if (found)
			failure_finish(r, &failure, sample, mail);
		if (sample)
			g_object_unref(sample);
	}
	buf_release(&text);
	buf_release(&page);
	return found;
}

bool bare_fields_read(struct reading *r, GMimeMessage *message, const struct mail_head *mail)
{
	GMimePart *part;

	if (!r->whole.p || !g_mime_object_get_header(GMIME_OBJECT(message), "Feedback-Type"))
		return false;
	part = part_of_text(r->whole, "message", "feedback-report", GMIME_CONTENT_ENCODING_DEFAULT);
	failure_read(r, NULL, part, NULL, mail);
	g_object_unref(part);
	return true;
}
