#include "tests/fuzz_reading.h"
#include "tests/facts.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define INFLATED 1000000
#define ENTRIES 16
#define RECORDS 100
#define RESULTS 8
#define TEXT 1024
#define CHUNK ((uint64_t)64 * 1024) /* what a container may give before it counts */

void fuzz_limits(struct limits *limits)
{
	limits_default(limits);
	limits->inflated = INFLATED;
	limits->entries = ENTRIES;
	limits->parts = 100;
	limits->header = 16384;
	limits->records = RECORDS;
	limits->results = RESULTS;
	limits->text = TEXT;
	limits->elements = 16;
	limits->attributes = 8;
	limits->fields = 32;
	limits->problems = 32;
	limits->diagnosed = 1;
	limits->guesses = 2000;
	limits->hashed = 1000000;
	limits->feedback = 4000000;
}

int fuzz_file(struct span octets)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, octets.p, octets.n, 0) != (ssize_t)octets.n)
		abort();
	return fd;
}

size_t fuzz_piece(struct span octets)
{
	return octets.n ? (size_t)(unsigned char)octets.p[octets.n - 1] + 1 : 1;
}

/* ---- a source that gives little at once ---- */

struct chopped {
	struct leaf_source source;
	struct stream stream;
	struct span octets, rest;
	size_t piece;
};

static ssize_t chopped_read(struct stream *s, void *buffer, size_t room)
{
	struct chopped *c = (struct chopped *)((char *)s - offsetof(struct chopped, stream));
	size_t n = c->rest.n < c->piece ? c->rest.n : c->piece;

	n = n < room ? n : room;
	if (n)
		memcpy(buffer, c->rest.p, n);
	c->rest = (struct span){ c->rest.p + n, c->rest.n - n };
	return (ssize_t)n;
}

static struct stream *chopped_open(struct leaf_source *source)
{
	struct chopped *c = (struct chopped *)source;

	c->stream = (struct stream){ .read = chopped_read };
	c->rest = c->octets;
	return c->octets.n ? &c->stream : NULL;
}

static void chopped_close(struct leaf_source *source)
{
	(void)source;
}

/* ---- one document ---- */

static void pass(struct reading *r, fuzz_reader *reader, struct chopped *source, struct fuzz_said *said)
{
	reading_pass_begin(r);
	said->end = reader(r, &source->source);
}

static bool take(void *arg, const struct fact *fact)
{
	struct buf *text = arg;

	if (fact->kind == FACT_RECORD && (fact->record.dkim_n > RESULTS || fact->record.spf_n > RESULTS ||
						 fact->record.reasons_n > RESULTS || fact->record.header_from.n > TEXT))
		abort();
	return facts_write(text, fact);
}

static void said_check(const struct reading *r, const struct fuzz_said *said)
{
	/* Every container may overshoot by the chunk in which it notices. */
	if (said->budget.entries > ENTRIES + 1 ||
		said->budget.inflated > INFLATED + (ENTRIES + r->limits->depth + 2) * CHUNK ||
		said->sums.records > RECORDS + 1)
		abort();
}

void fuzz_read(fuzz_reader *reader, struct span octets, size_t piece, struct fuzz_said *said)
{
	static struct parser *parser;
	static const struct parse_input asked = { .fd = -1 };
	struct chopped source = { .source = { chopped_open, chopped_close }, .octets = octets, .piece = piece };
	struct reading r = { .asked = &asked, .feedback = feedback_new(UINT64_C(16) << 20), .place = BUF(4096) };
	struct feedback_mark mark = feedback_mark(r.feedback), last;
	struct mail_head head = { .date = MOMENT_NONE };
	enum outcome outcome;
	struct limits limits;
	struct fault fault = { FAULT_NONE };

	if (!parser) {
		fuzz_limits(&limits);
		parse_warm();
		parser = parser_new(&limits);
	}
	r.parser = parser;
	r.limits = &parser->limits;
	*said = (struct fuzz_said){ .text = BUF(64 << 20) };
	pass(&r, reader, &source, said);
	if (r.wants_second_pass && !r.full) {
		reading_put(&r, feedback_rewind(r.feedback, &mark));
		r.second_pass = true;
		pass(&r, reader, &source, said);
	}
	said->sums = r.sums;
	said->budget = r.budget;
	last = feedback_mark(r.feedback);
	said_check(&r, said);
	outcome = last.counts[0] + last.counts[1] ? OUTCOME_REPORT : OUTCOME_NOT_A_REPORT;
	if (!r.full && (!feedback_put_end(r.feedback, outcome, &head) ||
			       !feedback_replay(r.feedback, REPLAY_ALL, take, &said->text, &fault)))
		abort();
	buf_release(&r.place);
	feedback_free(r.feedback);
}

bool fuzz_said_same(const struct fuzz_said *a, const struct fuzz_said *b)
{
	return a->end == b->end && a->sums.reports == b->sums.reports && a->sums.tls_reports == b->sums.tls_reports &&
	       span_is(buf_span(&a->text), buf_span(&b->text));
}

void fuzz_said_release(struct fuzz_said *said)
{
	buf_release(&said->text);
}
