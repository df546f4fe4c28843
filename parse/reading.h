/* reading: the state of one mail while it is read; what the files of parse/ share. Private to parse/. */
#ifndef PARSE_READING_H
#define PARSE_READING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/moment.h"
#include "parse/container.h"
#include "parse/feedback.h"
#include "parse/limits.h"
#include "parse/parse.h"
#include "parse/spool.h"
#include "parse/stream.h"

/* Documents (XML files) of a mail that the strict pass could not read; the second pass reads those with recovery. */
#define RECOVER_DOCUMENTS 4096

struct aggregate; /* parse/aggregate.h */
struct dkim;      /* parse/dkim/dkim.h */
struct keymemory; /* parse/keymemory.h */

struct parser {
	struct limits limits;
	struct aggregate *aggregate; /* kept from mail to mail */
	struct digest *digest;
	struct dkim *dkim[2];        /* made when first needed; [1] enforces g= */
	struct keymemory *keys;
	struct buf input;    /* a small range, whole and as it came */
	struct buf altered;  /* what GMime gets of it */
	struct buf scratch;
	struct arena arena;  /* cleared per mail */
};

struct reading_sums {
	uint64_t records, problems;
	unsigned reports, failures, tls_reports, broken;
};

struct reading {
	struct parser *parser;
	const struct limits *limits;
	const struct parse_input *asked; /* flags and clock */
	struct feedback *feedback;
	struct span whole;   /* the octets of the range in hand, read once when they are few; absent */
	uint64_t whole_at;   /* where in the descriptor they stand */
	struct container_budget budget;
	unsigned nested;     /* mails around the one in hand */
	uint64_t parts;      /* lines beginning `--` of the mails in the mail so far */
	bool in_leaf;        /* reading a mail inside a leaf: it is the leaf that is kept */
	bool mails_shut;     /* a failure report's mail: what is mailed in it is its sample, never opened */
	struct span returned_to; /* whom the notice around tells that this mail could not be delivered; absent */
	struct buf place;    /* the attachment path in hand, for problems: `report.zip/report.xml` */
	uint64_t documents;  /* XML documents met so far, in order */
	bool second_pass;
	bool wants_second_pass;
	uint8_t recover[RECOVER_DOCUMENTS / 8];
	struct reading_sums sums;
	unsigned kept;       /* parts put as octets so far */
	char last_broken[256]; /* what the last reading_broken said */
	bool full;           /* the feedback could not take more: give the mail up */
	struct fault fault;
};

/* Before each pass over the mail. */
void reading_pass_begin(struct reading *r);

/* Adds a problem; `where` may be "" (the place alone) and is joined to the place with `: `. */
void reading_problem(struct reading *r, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A part that was meant to be a report and cannot be read: a problem, and the mail counts as broken unless another part
 * of it is good. */
void reading_broken(struct reading *r, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Everything that feedback_put_* returns goes through here. */
bool reading_put(struct reading *r, bool put);

/* The place grows by one name while something inside is read; give the result back to reading_leave. */
size_t reading_enter(struct reading *r, struct span name);
void reading_leave(struct reading *r, size_t mark);

/* A copy in the mail's arena that is valid UTF-8: octets that are not are read as windows-1252. */
struct span reading_utf8(struct reading *r, struct span text);

/* An integer as reporters write one: XML Schema lets a sign stand before it, and programs that know only floating point
 * write `4.0` or `1.7939232e+09`. `*whole`: nothing but zeros stood behind the point. False when it is none, is negative
 * or more than `max`. */
bool reading_number(struct span text, uint64_t max, uint64_t *number, bool *whole);

/* The octets of a range of the descriptor as a stream, from memory where they are there. */
struct stream *reading_octets(const struct reading *r, struct either_stream *s, int fd, uint64_t offset, uint64_t length);

/* Keeps octets (header block, attachment, message, sample) as chunks; `s` is read to its end. False when it faulted. */
bool reading_keep(struct reading *r, enum octets_kind kind, struct stream *s);

#endif
