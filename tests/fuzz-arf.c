/* A failure report (RFC 5965, RFC 6591, RFC 9991): the octets before a line "SAMPLE" as its fields, those behind it as
 * the mail that failed. First the field readers by themselves, then the whole report mail: what is said of the sample
 * must be true of exactly these octets. */
#include "base/digest.h"
#include "base/escape.h"
#include "parse/failurereport.h"
#include "parse/leaf.h"
#include "tests/facts.h"
#include "tests/fuzz_reading.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BOUNDARY "=_a-boundary-of-our-own_="

static void failure_check(const struct failure *failure, const struct limits *limits)
{
	if (failure->fields_n > limits->fields)
		abort();
	for (size_t i = 0; i < failure->fields_n; i++) {
		struct span name = failure->fields[i].name, value = failure->fields[i].value;

		if (name.n == 0 || !utf8_valid(name) || !utf8_valid(value) || memchr(name.p, ':', name.n))
			abort();
		for (size_t j = 0; j < name.n; j++)
			if (name.p[j] >= 'A' && name.p[j] <= 'Z')
				abort();
	}
}

static struct span text_of(struct leaf_source *source, struct buf *text)
{
	struct stream *s = source->open(source);
	char octets[4096];
	ssize_t got;

	while (s && (got = s->read(s, octets, sizeof octets)) > 0)
		buf_put(text, octets, (size_t)got);
	return buf_span(text).p ? buf_span(text) : SPAN("");
}

/* 0: no report; 1: by its fields; 2: a notice in plain text. */
static int read_fields(struct reading *r, struct leaf_source *source)
{
	struct buf octets = BUF(1 << 20);
	struct span text = text_of(source, &octets);
	struct failure failure;
	int kind = 0;

	if (failurereport_fields(r, text, &failure)) {
		failurereport_check(r, &failure, 1700000000);
		failure_check(&failure, r->limits);
		reading_put(r, feedback_put_failure(r->feedback, &failure));
		kind = 1;
	} else if (failurereport_recognise(text) && r->limits->fields) {
		abort(); /* it begins a line with the name of a field */
	}
	if (failurereport_notice(r, text, &failure)) {
		failurereport_check(r, &failure, MOMENT_NONE);
		failure_check(&failure, r->limits);
		reading_put(r, feedback_put_failure(r->feedback, &failure));
		kind |= 2;
	}
	buf_release(&octets);
	return kind;
}

struct expected {
	struct span sample;
	uint64_t octets; /* of samples that were handed out */
};

static bool take(void *arg, const struct fact *fact)
{
	struct expected *expected = arg;
	uint8_t sha256[DIGEST_OCTETS];

	if (fact->kind == FACT_FAILURE && fact->failure.has_sample) {
		struct digest *digest = digest_new();

		digest_add(digest, expected->sample.p, expected->sample.n);
		digest_finish(digest, sha256);
		digest_free(digest);
		if (fact->failure.sample_octets != expected->sample.n ||
			memcmp(sha256, fact->failure.sample_sha256, sizeof sha256) != 0)
			abort();
	}
	if (fact->kind == FACT_OCTETS && fact->octets.kind == OCTETS_SAMPLE) {
		struct span data = fact->octets.data;

		if (data.n > expected->sample.n - expected->octets ||
			memcmp(data.p, expected->sample.p + expected->octets, data.n) != 0)
			abort();
		expected->octets += data.n;
	}
	return true;
}

static void put_mail(struct buf *mail, struct span fields, struct span sample)
{
	buf_put_text(mail,
		"From: mx@example.net\nTo: reports@example.org\nSubject: FW\nDate: Sat, 21 Nov 2026 12:00:00 +0000\n"
		"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=\"" BOUNDARY
		"\"\n\n--" BOUNDARY "\nContent-Type: text/plain\n\nA failure report.\n--" BOUNDARY
		"\nContent-Type: message/feedback-report\n\n");
	buf_put_span(mail, fields);
	buf_put_text(mail, "\n--" BOUNDARY "\nContent-Type: message/rfc822\n\n");
	buf_put_span(mail, sample);
	buf_put_text(mail, "\n--" BOUNDARY "--\n");
}

static void read_mail(struct span fields, struct span sample)
{
	static struct parser *parser;
	struct buf mail = BUF(4 << 20);
	struct feedback *feedback = feedback_new(UINT64_C(16) << 20);
	struct expected expected = { sample, 0 };
	struct parse_range range = { .kind = RANGE_INPUT };
	struct parse_input input = { .ranges = &range, .n = 1, .flags = PARSE_VERIFY };
	struct limits limits;
	struct fault fault;

	if (!parser) {
		fuzz_limits(&limits);
		parse_warm();
		parser = parser_new(&limits);
	}
	put_mail(&mail, fields, sample);
	range.length = mail.n;
	input.fd = fuzz_file(buf_span(&mail));
	if (parse_mail(parser, &input, feedback, &fault) &&
		!feedback_replay(feedback, REPLAY_ALL, take, &expected, &fault))
		abort();
	if (expected.octets && expected.octets != sample.n)
		abort();
	feedback_free(feedback);
	buf_release(&mail);
}

/* What is called fields and is an archive, say, is read as that: it may bring samples of its own. */
static bool are_fields(struct span fields)
{
	struct span front = { fields.p, fields.n < PEEK_OCTETS ? fields.n : PEEK_OCTETS };

	return failurereport_recognise(front) || !leaf_recognise(front);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span octets = { (const char *)data, n }, fields = octets, sample = SPAN("");
	const char *mark = n ? memmem(data, n, "\nSAMPLE\n", 8) : NULL;
	struct fuzz_said first, again;

	if (mark) {
		fields.n = (size_t)(mark - fields.p) + 1;
		sample = (struct span){ mark + 8, n - fields.n - 7 };
	}
	fuzz_read(read_fields, fields, SIZE_MAX, &first);
	fuzz_read(read_fields, fields, 7, &again);
	if (!fuzz_said_same(&first, &again))
		abort();
	fuzz_said_release(&first);
	fuzz_said_release(&again);
	if (!n || (!memmem(data, n, BOUNDARY, sizeof BOUNDARY - 1) && are_fields(fields)))
		read_mail(n ? fields : SPAN(""), sample);
	return 0;
}
