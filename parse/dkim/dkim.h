/* DKIM verification (RFC 6376, 8301, 8463, 8616) as a pure calculation: octets, key records and a clock in, verdicts
 * out. No DNS, no files, no clock of its own. One handle verifies message after message and keeps keys it has prepared.
 *
 *   dkim_begin(dkim);
 *   dkim_feed(dkim, octets, n);           as often as needed, in pieces of any size; the pieces make no difference
 *   dkim_end(dkim);
 *   n = dkim_names(dkim, &names);         what to ask DNS for: TXT of `selector._domainkey.domain`, nothing else ever
 *   dkim_answer(dkim, i, &answer);        for each name, in any order; or dkim_ask() with a function that blocks
 *   dkim_verdicts(dkim, at, &verdicts);
 *   dkim_diagnose(dkim, message, ...);    optional: which change makes a failing signature pass (parse/dkim/diagnose.h)
 *   dkim_verdicts_release(&verdicts);
 *
 * dkim_names may be asked as soon as the header has been fed, so that look-ups run while the body arrives. Bare LF is
 * read as CRLF; a bare CR is left alone. The header block is held, the body is not. */
#ifndef PARSE_DKIM_DKIM_H
#define PARSE_DKIM_DKIM_H

#include "parse/dkim/verdict.h"

#define DKIM_SIGNATURES_MAX 25 /* evaluated; the rest is counted */
#define DKIM_NAMES_MAX 10      /* different names asked for in one message; raise it to 25 where answers cost nothing */
#define DKIM_HEADER_MAX 1000000  /* octets of a header block; above it nothing is evaluated */
#define DKIM_RECORDS_MAX 10      /* TXT records of one name that are tried */
#define DKIM_RECORD_OCTETS 65535 /* one TXT record, its strings joined */

struct dkim_options {
	size_t signatures;        /* at most DKIM_SIGNATURES_MAX; 0: that */
	size_t names;             /* at most DKIM_SIGNATURES_MAX; 0: DKIM_NAMES_MAX */
	size_t header;            /* octets; 0: DKIM_HEADER_MAX */
	bool enforce_granularity; /* g= of RFC 4871 decides the verdict, not only `historic` */
	/* Do two domains agree (domain_aligned of parse/dns/orgdomain.h)? NULL: relaxed alignment stays unknown unless
	 * strict holds. */
	bool (*aligned)(struct span a, struct span b, bool strict);
};

struct dkim;

struct dkim *dkim_new(const struct dkim_options *options); /* options are copied, NULL: defaults. NULL: no memory */
void dkim_free(struct dkim *dkim);

void dkim_begin(struct dkim *dkim);
/* False: memory is short, and stays so until dkim_begin. */
bool dkim_feed(struct dkim *dkim, const void *octets, size_t n);
bool dkim_end(struct dkim *dkim);

/* Lower-case A-labels, in the order of the signatures, each once. Valid until dkim_begin. 0 before the header is
 * complete. */
size_t dkim_names(struct dkim *dkim, const struct span **names);

enum dkim_answer_kind { DKIM_ANSWER_RECORDS, DKIM_ANSWER_NXDOMAIN, DKIM_ANSWER_NODATA, DKIM_ANSWER_TEMPFAIL };
struct dkim_answer {
	enum dkim_answer_kind kind;
	const struct span *records; /* TXT records, character-strings joined with nothing between; order makes no
				     * difference to the verdict, the best counts */
	size_t n;
};
void dkim_answer(struct dkim *dkim, size_t name, const struct dkim_answer *answer); /* copied */

/* Asks for every name not yet answered, one after the other. The function may block; it fills `answer`, whose records
 * must live until it is called again or dkim_ask returns. */
typedef void dkim_asker(void *arg, struct span name, struct dkim_answer *answer);
void dkim_ask(struct dkim *dkim, dkim_asker *ask, void *arg);

/* `at`: the moment x= and t= are judged by, when the message arrived; MOMENT_NONE: x= is not judged. A name without an
 * answer counts as TEMPFAIL. May be called again with more answers. Release `verdicts` before reuse. False: memory is
 * short. */
bool dkim_verdicts(struct dkim *dkim, int64_t at, struct dkim_verdicts *verdicts);

#endif
