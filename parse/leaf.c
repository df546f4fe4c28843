#include "parse/leaf.h"
#include "base/fromline.h"
#include "parse/aggregate.h"
#include "parse/message.h"
#include "parse/signeddata.h"
#include "parse/tlsreport.h"
#include "parse/transfer.h"
#include "parse/uuencode.h"
#include "parse/winmail.h"

#include <ctype.h>

#define BASE64_LEAST 24 /* digits that begin what is taken for base64 */

static enum leaf_end leaf_octets(struct reading *r, struct stream *s, unsigned depth);

static enum leaf_end leaf_worse(enum leaf_end a, enum leaf_end b)
{
	return a == LEAF_REPORT || b == LEAF_REPORT ? LEAF_REPORT : a > b ? a : b;
}

static enum leaf_end inflate_leaf(struct reading *r, struct stream *s, unsigned depth)
{
	struct inflating *inflating = inflating_new(s, &r->budget);
	enum leaf_end end;
	char rest[4096];
	ssize_t got;

	if (!inflating) {
		r->full = true;
		return LEAF_BROKEN;
	}
	end = leaf_octets(r, inflating_stream(inflating), depth + 1);
	/* The checksum stands at the end: what was not read yet must be, or a damaged member would pass. */
	do
		got = inflating_stream(inflating)->read(inflating_stream(inflating), rest, sizeof rest);
	while (got > 0);
	if (got < 0 && end != LEAF_BROKEN) {
		reading_broken(r, "", "%s", inflating_stream(inflating)->fault);
		end = LEAF_BROKEN;
	} else if (got == 0 && inflating_trailing(inflating)) {
		reading_problem(r, "", "%llu octets behind the compressed data were left out",
			(unsigned long long)inflating_trailing(inflating));
	}
	inflating_free(inflating);
	return end;
}

static enum leaf_end unpack_leaf(struct reading *r, struct stream *s, unsigned depth)
{
	struct unpacking *unpacking = unpacking_new(s, &r->budget);
	enum leaf_end end = LEAF_NOTHING;
	bool fatal = true;
	int state = -1;

	if (!unpacking) {
		r->full = true;
		return LEAF_BROKEN;
	}
	while (!r->full && (state = unpacking_next(unpacking, &fatal)) == 1) {
		size_t place = reading_enter(r, unpacking_name(unpacking));

		end = leaf_worse(end, leaf_octets(r, unpacking_stream(unpacking), depth + 1));
		reading_leave(r, place);
		if (unpacking_fault(unpacking))
			break;
	}
	if (unpacking_fault(unpacking)) {
		reading_broken(r, "", "%s", unpacking_fault(unpacking));
		end = LEAF_BROKEN;
	}
	unpacking_free(unpacking);
	return end;
}

static enum leaf_end file_leaf(struct reading *r, struct span name, struct span octets, unsigned depth)
{
	struct span_stream file;
	size_t place;
	enum leaf_end end;

	span_stream_init(&file, octets);
	place = reading_enter(r, name);
	end = leaf_octets(r, &file.stream, depth + 1);
	reading_leave(r, place);
	return end;
}

/* One of many files in a mail: they count as its parts do. */
static bool file_allowed(struct reading *r)
{
	if (++r->parts <= r->limits->parts)
		return true;
	reading_broken(r, "", "more files and parts than the ceiling `parts` allows");
	return false;
}

/* All of a leaf, for what cannot be read in pieces. False is said when it is too long, as a report is lost then. */
static bool leaf_slurp(struct reading *r, struct stream *s, struct buf *text)
{
	if (stream_slurp(s, text))
		return true;
	reading_broken(r, "", "%s", text->failed ? "longer than the ceiling `mail` allows" : s->fault);
	return false;
}

static enum leaf_end winmail_leaf(struct reading *r, struct stream *s, unsigned depth)
{
	struct buf text = BUF(r->limits->mail);
	bool whole = leaf_slurp(r, s, &text);
	enum leaf_end end = whole ? LEAF_NOTHING : LEAF_BROKEN;
	struct span rest = whole ? winmail_attributes(buf_span(&text)) : SPAN_ABSENT, name, file;
	const char *fault = NULL;

	while (!r->full && winmail_next(&rest, &name, &file, &fault) && file_allowed(r))
		end = leaf_worse(end, file_leaf(r, name, file, depth));
	if (fault) {
		reading_broken(r, "", "%s", fault);
		end = LEAF_BROKEN;
	}
	buf_release(&text);
	return end;
}

/* A container that breaks at its end takes back what its beginning gave: half an archive is no archive. */
static enum leaf_end container_leaf(struct reading *r, struct stream *s, enum container_kind kind, const char *name,
	unsigned depth)
{
	struct feedback_mark mark = feedback_mark(r->feedback);
	struct reading_sums sums = r->sums;
	unsigned broken;
	enum leaf_end end;

	if (depth >= r->limits->depth) {
		reading_broken(r, "", "%s nested deeper than the ceiling `depth` allows", name);
		return LEAF_BROKEN;
	}
	end = kind == CONTAINER_DEFLATED ? inflate_leaf(r, s, depth) :
	      kind == CONTAINER_WINMAIL  ? winmail_leaf(r, s, depth) :
					   unpack_leaf(r, s, depth);
	if (end == LEAF_BROKEN && r->sums.reports + r->sums.failures > sums.reports + sums.failures) {
		broken = r->sums.broken;
		reading_put(r, feedback_rewind(r->feedback, &mark));
		r->sums = sums;
		r->sums.broken = broken;
		reading_problem(r, "", "%s", r->last_broken);
	}
	return end;
}

/* Is what stands before `at` the `<` of a tag, or that and a prefix? */
static bool tag_opens(struct span text, const char *at)
{
	if (at > text.p && at[-1] == ':')
		for (at--; at > text.p && (isalnum((unsigned char)at[-1]) || at[-1] == '-' || at[-1] == '_' || at[-1] == '.'); at--)
			;
	return at > text.p && at[-1] == '<';
}

/* `<feedback` or `<ns:feedback` in a text without zero octets. */
static bool text_has_feedback(struct span text)
{
	const char *end = text.p + text.n, *at = text.p;

	for (; (at = memmem(at, (size_t)(end - at), "feedback", 8)); at++)
		if (tag_opens(text, at) && (at + 8 == end || strchr("> \t\r\n/", at[8])))
			return true;
	return false;
}

/* Near the beginning, with the zero octets of UTF-16 passed over. */
static bool front_has_feedback(struct span front)
{
	char plain[PEEK_OCTETS];
	size_t n = 0;

	if (!memchr(front.p, '\0', front.n))
		return text_has_feedback(front);
	for (size_t i = 0; i < front.n; i++)
		if (front.p[i])
			plain[n++] = front.p[i];
	return text_has_feedback((struct span){ plain, n });
}

/* The first octet that is neither white space nor part of a BOM. */
static char front_first(struct span front)
{
	for (size_t i = 0; i < front.n; i++)
		if (!memchr(" \t\r\n\xef\xbb\xbf\xfe\xff", front.p[i], 9) && front.p[i])
			return front.p[i];
	return '\0';
}

/* Words about a report are none, nor is a page with a tag of that name: its first elements must follow. Where the root is
 * <feedback>, XML tells that without. */
static bool text_only_mentions(struct span octets)
{
	return !memchr(octets.p, '\0', octets.n) && !memmem(octets.p, octets.n, "report_metadata", 15) &&
	       !memmem(octets.p, octets.n, "policy_published", 16);
}

static enum leaf_end document_leaf(struct reading *r, struct stream *s, bool likely)
{
	uint64_t document = r->documents++;
	bool recover = r->second_pass && document < RECOVER_DOCUMENTS && (r->recover[document / 8] & 1u << document % 8);

	switch (aggregate_read(r->parser->aggregate, r, s, likely, recover)) {
	case DOCUMENT_REPORT:
		return LEAF_REPORT;
	case DOCUMENT_BROKEN:
		return LEAF_BROKEN;
	case DOCUMENT_FOREIGN:
		return LEAF_NOTHING;
	case DOCUMENT_AGAIN:
		break;
	}
	if (document >= RECOVER_DOCUMENTS) {
		reading_broken(r, "", "not well-formed XML, and too many documents in one mail to try again");
		return LEAF_BROKEN;
	}
	r->recover[document / 8] |= (uint8_t)(1u << document % 8);
	r->wants_second_pass = true;
	return LEAF_BROKEN;
}

enum front_kind { FRONT_NOTHING, FRONT_CONTAINER, FRONT_DOCUMENT, FRONT_JSON, FRONT_MAIL, FRONT_BASE64, FRONT_UUENCODED, FRONT_SIGNED };

struct front {
	enum front_kind kind;
	enum container_kind container;
	const char *name; /* of the container */
	size_t skip;      /* line ends in front of a container, which belong to the mail around */
	bool likely;      /* a document with `<feedback` */
};

static struct front front_plain(struct span octets)
{
	struct front front = { .kind = FRONT_NOTHING };
	char first = front_first(octets);

	while (front.skip < octets.n && (octets.p[front.skip] == '\r' || octets.p[front.skip] == '\n'))
		front.skip++;
	front.container = container_recognise((struct span){ octets.p + front.skip, octets.n - front.skip }, &front.name);
	if (front.container != CONTAINER_NONE) {
		front.kind = FRONT_CONTAINER;
		return front;
	}
	front.skip = 0;
	front.likely = front_has_feedback(octets) && !text_only_mentions(octets);
	if (signeddata_recognise(octets))
		front.kind = FRONT_SIGNED;
	else if (first == '<')
		front.kind = FRONT_DOCUMENT;
	else if (message_begins(octets) || message_parts_begin(octets))
		front.kind = FRONT_MAIL;
	else if (front.likely)
		front.kind = FRONT_DOCUMENT;
	else if (first == '{')
		front.kind = FRONT_JSON;
	return front;
}

/* Base64 without a word of it in the header, or twice over: only when something comes out of it. */
static bool front_is_base64(struct span octets)
{
	struct base64_stream base64;
	struct span_stream encoded;
	char plain[PEEK_OCTETS];
	size_t n = 0;
	ssize_t got;

	octets = span_trim(octets);
	while (n < octets.n && n < BASE64_LEAST && base64_digit(octets.p[n]))
		n++;
	if (n < BASE64_LEAST)
		return false;
	span_stream_init(&encoded, octets);
	base64_stream_init(&base64, &encoded.stream);
	got = base64.stream.read(&base64.stream, plain, sizeof plain);
	return got > 0 && front_plain((struct span){ plain, (size_t)got }).kind != FRONT_NOTHING;
}

static struct front front_look(struct span octets)
{
	struct front front = front_plain(octets);

	if (front.kind != FRONT_NOTHING)
		return front;
	if (front_is_base64(octets))
		front.kind = FRONT_BASE64;
	else if (uuencode_recognise(octets))
		front.kind = FRONT_UUENCODED;
	return front;
}

bool leaf_recognise(struct span front)
{
	enum front_kind kind = front_look(front).kind;

	return kind != FRONT_NOTHING && kind != FRONT_MAIL;
}

bool leaf_name_means_report(struct span name)
{
	const char *first = name.n ? memchr(name.p, '!', name.n) : NULL;
	const char *second = first ? memchr(first + 1, '!', (size_t)(name.p + name.n - first) - 1) : NULL;
	size_t domain = second ? (size_t)(second - first) - 1 : 0;

	return domain && memchr(first + 1, '.', domain) && !memchr(first + 1, ' ', domain);
}

static enum leaf_end base64_leaf(struct reading *r, struct stream *s, unsigned depth)
{
	struct base64_stream base64;

	if (depth >= r->limits->depth)
		return LEAF_NOTHING;
	base64_stream_init(&base64, s);
	return leaf_octets(r, &base64.stream, depth + 1);
}

/* Files in the text of a mail: each of them. */
static enum leaf_end uuencoded_leaf(struct reading *r, struct stream *s, unsigned depth)
{
	struct buf text = BUF(r->limits->mail), file = BUF(r->limits->mail);
	enum leaf_end end = LEAF_NOTHING;
	struct span rest = SPAN_ABSENT, name;

	if (depth >= r->limits->depth)
		return LEAF_NOTHING;
	if (leaf_slurp(r, s, &text))
		rest = buf_span(&text);
	else
		end = LEAF_BROKEN;
	while (!r->full && uuencode_next(&rest, &name, &file) && file_allowed(r))
		end = leaf_worse(end, file_leaf(r, name, buf_span(&file), depth));
	buf_release(&text);
	buf_release(&file);
	return end;
}

/* In one that is damaged the parts of the mail may still be found, as they stand there in so many words. */
static enum leaf_end signed_leaf(struct reading *r, struct stream *s)
{
	struct buf text = BUF(r->limits->mail), content = BUF(r->limits->mail);
	enum leaf_end end = LEAF_NOTHING;
	struct span_stream octets;

	if (r->mails_shut)
		return LEAF_NOTHING;
	if (!leaf_slurp(r, s, &text))
		end = LEAF_BROKEN;
	else if (signeddata_open(buf_span(&text), &content))
		end = message_inside(r, &content);
	else if (message_parts_begin((struct span){ buf_text(&text), text.n < PEEK_OCTETS ? text.n : PEEK_OCTETS })) {
		span_stream_init(&octets, buf_span(&text));
		end = message_leaf(r, &octets.stream);
	}
	buf_release(&text);
	buf_release(&content);
	return end;
}

static enum leaf_end leaf_octets(struct reading *r, struct stream *s, unsigned depth)
{
	struct peeked peeked;
	struct span octets;
	struct front front;

	peeked_init(&peeked, s);
	octets = peeked_look(&peeked);
	if (s->fault) {
		reading_broken(r, "", "%s", s->fault);
		return LEAF_BROKEN;
	}
	if (octets.n == 0)
		return LEAF_NOTHING;
	front = front_look(octets);
	peeked.at += front.skip;
	switch (front.kind) {
	case FRONT_CONTAINER:
		return container_leaf(r, &peeked.stream, front.container, front.name, depth);
	case FRONT_DOCUMENT:
		return document_leaf(r, &peeked.stream, front.likely);
	case FRONT_JSON:
		return tlsreport_read(r, &peeked.stream) ? LEAF_REPORT : LEAF_NOTHING;
	case FRONT_MAIL:
		return message_leaf(r, &peeked.stream);
	case FRONT_BASE64:
		return base64_leaf(r, &peeked.stream, depth);
	case FRONT_UUENCODED:
		return uuencoded_leaf(r, &peeked.stream, depth);
	case FRONT_SIGNED:
		return signed_leaf(r, &peeked.stream);
	case FRONT_NOTHING:
		break;
	}
	return LEAF_NOTHING;
}

static bool source_is_container(struct leaf_source *source)
{
	struct stream *s = source->open(source);
	struct peeked peeked;
	const char *name;
	bool container;

	if (!s)
		return false;
	peeked_init(&peeked, s);
	container = container_recognise(peeked_look(&peeked), &name) != CONTAINER_NONE;
	source->close(source);
	return container;
}

enum leaf_end leaf_read(struct reading *r, struct leaf_source *source, bool meant, bool bare)
{
	struct stream *s = source->open(source);
	enum leaf_end end;

	if (!s)
		return LEAF_NOTHING;
	end = leaf_octets(r, s, 0);
	source->close(source);
	if (end == LEAF_NOTHING && meant && source_is_container(source)) {
		reading_broken(r, "", "the attachment holds no report");
		end = LEAF_BROKEN;
	}
	if (end == LEAF_NOTHING || (end == LEAF_BROKEN && !bare) || r->in_leaf || r->full || (s = source->open(source)) == NULL)
		return end;
	reading_keep(r, OCTETS_ATTACHMENT, s);
	source->close(source);
	return end;
}

static bool mail_slurp(struct stream *s, struct buf *mail)
{
	struct peeked peeked;
	struct span front;

	peeked_init(&peeked, s);
	front = peeked_look(&peeked);
	return message_begins(front) && !from_line_separates(front, front.n < PEEK_OCTETS) && stream_slurp(&peeked.stream, mail);
}

bool leaf_unpack_mail(const struct reading *r, struct span packed, struct buf *mail)
{
	struct container_budget budget = { .limits = r->limits };
	const char *name = "";
	enum container_kind kind = container_recognise(packed, &name);
	struct inflating *inflating = NULL;
	struct unpacking *unpacking = NULL;
	struct span_stream from;
	bool got = false, fatal;

	span_stream_init(&from, packed);
	if (kind == CONTAINER_DEFLATED && (inflating = inflating_new(&from.stream, &budget)))
		got = mail_slurp(inflating_stream(inflating), mail);
	else if (kind == CONTAINER_ARCHIVE && !container_has_entries(name) && (unpacking = unpacking_new(&from.stream, &budget)))
		got = unpacking_next(unpacking, &fatal) == 1 && mail_slurp(unpacking_stream(unpacking), mail);
	inflating_free(inflating);
	unpacking_free(unpacking);
	return got;
}
