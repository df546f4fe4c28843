#include "parse/parse.h"
#include "base/shortage.h"
#include "parse/aggregate.h"
#include "parse/dkim/dkim.h"
#include "parse/charset.h"
#include "parse/dns/orgdomain.h"
#include "parse/keymemory.h"
#include "parse/leaf.h"
#include "parse/message.h"
#include "parse/reading.h"
#include "parse/verification.h"

#include <archive.h>
#include <libxml/encoding.h>
#include <libxml/parser.h>
#include <stdlib.h>

#define SMALL_INPUT ((uint64_t)1024 * 1024) /* read whole; a larger one is read through its descriptor */
#define ARENA_OCTETS ((size_t)64 * 1024 * 1024) /* strings of one mail's failure reports and heads */

bool parse_warm(void)
{
	/* Opened once and never closed: a locked process cannot load glibc's converter modules any more. */
	static xmlCharEncodingHandlerPtr converters[40];

	if (converters[0])
		return true;
	setenv("TZ", "UTC0", 0); /* libarchive reckons local time for each entry, and glibc would look for the zone's file again */
	xmlInitParser();
	for (size_t i = 0; i < sizeof converters / sizeof *converters && document_charsets[i]; i++)
		converters[i] = xmlFindCharEncodingHandler(document_charsets[i]);
	message_warm();
	orgdomain_warm();
	digest_free(digest_new());
	archive_read_free(archive_read_new());
	return true;
}

struct parser *parser_new(const struct limits *limits)
{
	struct parser *parser = calloc(1, sizeof *parser);

	if (!parser)
		return NULL;
	parser->limits = *limits;
	parser->aggregate = aggregate_new();
	parser->digest = digest_new();
	parser->keys = keymemory_new();
	parser->scratch = BUF(limits->header);
	parser->input = BUF(SMALL_INPUT + 1);
	parser->altered = BUF(SMALL_INPUT + 1);
	parser->arena = ARENA(ARENA_OCTETS);
	if (!parser->aggregate || !parser->digest || !parser->keys) {
		parser_free(parser);
		return NULL;
	}
	return parser;
}

void parser_free(struct parser *parser)
{
	if (!parser)
		return;
	aggregate_free(parser->aggregate);
	digest_free(parser->digest);
	keymemory_free(parser->keys);
	dkim_free(parser->dkim[0]);
	dkim_free(parser->dkim[1]);
	buf_release(&parser->input);
	buf_release(&parser->altered);
	buf_release(&parser->scratch);
	arena_release(&parser->arena);
	free(parser);
}

/* A file as it came, for a leaf. */
struct range_source {
	struct leaf_source source;
	struct either_stream stream;
	const struct reading *r;
	int fd;
	uint64_t offset, length;
};

static struct stream *range_open(struct leaf_source *source)
{
	struct range_source *s = (struct range_source *)source;

	reading_octets(s->r, &s->stream, s->fd, s->offset, s->length);
	return s->length ? s->stream.stream : NULL;
}

static void range_close(struct leaf_source *source)
{
	(void)source;
}

static void keep_whole(struct reading *r, enum octets_kind kind, const struct range_source *range)
{
	struct either_stream octets;

	reading_keep(r, kind, reading_octets(r, &octets, range->fd, range->offset, range->length));
}

/* The input as it came: a mail, or one file. Which of them is told by its first octets. */
static void input_read(struct reading *r, struct range_source *range, struct mail_head *head)
{
	struct peeked peeked;
	struct span front;
	const char *name;
	size_t skip = 0;
	bool is_mail, waits = false;

	if (!range_open(&range->source)) {
		reading_broken(r, "", "empty");
		return;
	}
	peeked_init(&peeked, range->stream.stream);
	front = peeked_look(&peeked);
	is_mail = container_recognise(front, &name) == CONTAINER_NONE && message_recognise(front, &skip);
	if (range->length > (front.n && front.p[0] == '<' && !is_mail ? r->limits->inflated : r->limits->mail)) {
		reading_broken(r, "", "%llu octets are more than the ceiling `mail` allows", (unsigned long long)range->length);
		return;
	}
	if (!is_mail) {
		/* Broken and longer than a mail may be, as only XML may: named, and not kept. */
		leaf_read(r, &range->source, false, range->length <= r->limits->mail);
		return;
	}
	message_read(r, range->fd, range->offset + skip, range->length - skip, head);
	if ((r->asked->flags & PARSE_VERIFY) && r->sums.reports + r->sums.failures + r->sums.tls_reports)
		waits = verification_of_mail(r, range->fd, range->offset + skip, range->length - skip);
	if (r->sums.failures || r->sums.broken)
		keep_whole(r, OCTETS_MESSAGE, range);
	else if (waits && (r->asked->flags & PARSE_WAIT))
		keep_whole(r, OCTETS_WAITING, range);
}

static void message_verify(struct reading *r, struct range_source *range)
{
	struct peeked peeked;
	size_t skip = 0;

	if (range->length > r->limits->mail) {
		reading_broken(r, "", "%llu octets are more than the ceiling `mail` allows", (unsigned long long)range->length);
		return;
	}
	range_open(&range->source);
	peeked_init(&peeked, range->stream.stream);
	if (!message_recognise(peeked_look(&peeked), &skip))
		skip = 0; /* still what the user calls a mail: one without any field, hence without a signature */
	verification_of_message(r, range->fd, range->offset + skip, range->length - skip);
}

/* A mail that its store compressed is that mail, signatures and all. */
static void range_unpack(struct reading *r, struct range_source *range)
{
	struct buf *mail = &r->parser->altered, packed = r->parser->input;

	buf_clear(mail);
	if (!leaf_unpack_mail(r, r->whole, mail))
		return;
	r->parser->input = *mail;
	r->parser->altered = packed;
	r->whole = buf_span(&r->parser->input);
	range->length = r->whole.n;
}

/* A mail is looked at four times: its first octets, its parts, its header, its signatures. What cannot be read here will be
 * said by whoever reads it. */
static void range_take(struct reading *r, struct range_source *range)
{
	struct buf *whole = &r->parser->input;
	struct file_stream file;
	ssize_t got = 1;

	r->whole = SPAN_ABSENT;
	r->whole_at = range->offset;
	buf_clear(whole);
	if (range->length > SMALL_INPUT || !buf_reserve(whole, (size_t)range->length))
		return;
	file_stream_init(&file, range->fd, range->offset, range->length);
	while (whole->n < range->length && got > 0) {
		got = file.stream.read(&file.stream, whole->p + whole->n, (size_t)range->length - whole->n);
		whole->n += got > 0 ? (size_t)got : 0;
	}
	if (whole->n == range->length)
		r->whole = buf_span(whole);
}

static void ranges_read(struct reading *r, const struct parse_input *input, struct mail_head *head)
{
	for (size_t i = 0; i < input->n && !r->full; i++) {
		struct range_source range = { { range_open, range_close }, .r = r, .fd = input->fd,
			.offset = input->ranges[i].offset, .length = input->ranges[i].length };

		range_take(r, &range);
		if (input->ranges[i].kind == RANGE_INPUT || input->ranges[i].kind == RANGE_MESSAGE)
			range_unpack(r, &range);
		switch (input->ranges[i].kind) {
		case RANGE_INPUT:
			input_read(r, &range, head);
			break;
		case RANGE_HEADER:
			message_read_head(r, range.fd, range.offset, range.length, head);
			break;
		case RANGE_ATTACHMENT:
			leaf_read(r, &range.source, false, true);
			break;
		case RANGE_MESSAGE:
			message_verify(r, &range);
			break;
		case RANGE_KIND_COUNT:
			break;
		}
	}
}

static enum outcome reading_outcome(const struct reading *r)
{
	if (r->sums.reports || r->sums.failures)
		return OUTCOME_REPORT;
	if (r->sums.tls_reports)
		return OUTCOME_TLS_REPORT;
	return r->sums.broken ? OUTCOME_BROKEN : OUTCOME_NOT_A_REPORT;
}

bool parse_mail(struct parser *parser, const struct parse_input *input, struct feedback *feedback, struct fault *fault)
{
	struct reading r = {
		.parser = parser, .limits = &parser->limits, .asked = input, .feedback = feedback, .place = BUF(4096)
	};
	struct feedback_mark mark = feedback_mark(feedback);
	struct mail_head head = { .date = MOMENT_NONE };

	shortage_forget();
	reading_pass_begin(&r);
	ranges_read(&r, input, &head);
	if (r.wants_second_pass && !r.full) {
		reading_put(&r, feedback_rewind(feedback, &mark));
		r.second_pass = true;
		reading_pass_begin(&r);
		head = (struct mail_head){ .date = MOMENT_NONE };
		ranges_read(&r, input, &head);
	}
	if (!r.full && shortage()) { /* what is missing now nobody could tell from what was never there */
		r.full = true;
		fault_set(&r.fault, FAULT_INPUT, "%s", shortage());
	}
	shortage_forget();
	if (!r.full)
		reading_put(&r, feedback_put_end(feedback, reading_outcome(&r), &head));
	buf_release(&r.place);
	if (r.full && fault)
		*fault = r.fault;
	return !r.full;
}
