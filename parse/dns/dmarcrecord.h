/* One DMARC record read by both grammars, RFC 7489 6.4 and RFC 9989 4.8 (noun and its reader; pure calculation).
 *
 * The reader keeps everything with its place and judges nothing but form; what two generations of receivers make of
 * it is a dmarc_reading. All spans point into the text, which must outlive the record; lists are in the arena. */
#ifndef PARSE_DNS_DMARCRECORD_H
#define PARSE_DNS_DMARCRECORD_H

#include "base/buf.h"
#include "parse/dns/finding.h"

#include <stdint.h>

#define DMARC_TERMS_MAX 200 /* parts between semicolons that are read */
#define DMARC_URIS_MAX 50   /* of one list */

enum dmarc_tag {
	DMARC_V,
	DMARC_P,
	DMARC_SP,
	DMARC_NP,
	DMARC_ADKIM,
	DMARC_ASPF,
	DMARC_FO,
	DMARC_RUA,
	DMARC_RUF,
	DMARC_PCT,
	DMARC_RF,
	DMARC_RI,
	DMARC_T,
	DMARC_PSD,
	DMARC_TAG_COUNT /* stands for every other name */
};

enum dmarc_request {
	DMARC_REQUEST_ABSENT,
	DMARC_REQUEST_NONE,
	DMARC_REQUEST_QUARANTINE,
	DMARC_REQUEST_REJECT,
	DMARC_REQUEST_INVALID,
};

/* fo= as bits */
enum { DMARC_FO_ALL = 1 << 0, DMARC_FO_ANY = 1 << 1, DMARC_FO_DKIM = 1 << 2, DMARC_FO_SPF = 1 << 3 };

struct dmarc_term {
	enum dmarc_tag tag;
	struct span name, value; /* trimmed; value absent when there is no `=` */
	bool valid;              /* the value is one the tag may have, and the tag was not given before */
};

struct dmarc_uri {
	struct span text;    /* as written, with a size limit */
	struct span address; /* of mailto:, without size limit and ?headers; as written */
	struct span host;    /* domain of the address; absent when the URI is unusable or no mailto: */
	bool valid;          /* a URI by RFC 3986 in what matters here; other schemes are valid too */
};

struct dmarc_uris {
	struct dmarc_uri *rows;
	size_t n;
};

struct dmarc_record {
	struct span text;
	bool is_dmarc; /* begins with the version tag: receivers see it */
	struct dmarc_term *terms;
	size_t terms_n;
	enum dmarc_request p, sp, np;
	bool strict_dkim, strict_spf;
	unsigned fo;  /* DMARC_FO_ bits; the default is DMARC_FO_ALL */
	unsigned pct; /* 0..100; the default is 100 */
	uint32_t ri;  /* seconds; the default is 86400 */
	bool test;    /* t=y */
	char psd;     /* 'y', 'n' or 'u' */
	struct dmarc_uris rua, ruf;
	struct flaws flaws; /* in the order of their places */
};

/* Receivers by the RFC they keep to. */
enum dmarc_generation { DMARC_RFC7489, DMARC_RFC9989, DMARC_GENERATIONS };

enum dmarc_use {
	DMARC_USE_INVISIBLE, /* not recognised as a DMARC record */
	DMARC_USE_DEAD,      /* no readable policy and no rua: no DMARC (RFC 7489 6.6.3, RFC 9989 4.10.1) */
	DMARC_USE_NONE,      /* the same with an address for reports: acts as p=none */
	DMARC_USE_FULL,
};

struct dmarc_reading {
	enum dmarc_use use;
	enum dmarc_request domain, subdomain, nonexistent; /* requested, defaults filled in; never ABSENT or INVALID */
	bool lowered;  /* t=y for a newer receiver: the next weaker request is applied */
	unsigned pct;  /* share the request is applied to, the next weaker one to the rest; 100 for a newer receiver */
};

/* Is this one of the texts that count at a `_dmarc` name (RFC 9989 4.10 step 2)? */
bool dmarc_text_counts(struct span text);

/* Was it meant to be a DMARC record, right or wrong? */
bool dmarc_text_intended(struct span text);

/* Does a tag begin at `border`, where two strings of the record meet, without a semicolon before it? */
bool dmarc_border_joins_tags(struct span text, size_t border);

/* False when memory is short; every text, DMARC or not, is readable. */
bool dmarc_record_parse(struct span text, struct arena *arena, struct dmarc_record *record);

struct dmarc_reading dmarc_record_reading(const struct dmarc_record *record, enum dmarc_generation generation);

/* The request that is acted on: one step weaker when lowered, or when pct is below 100. */
enum dmarc_request dmarc_reading_effective(const struct dmarc_reading *reading, enum dmarc_request request);

/* What was meant, written as it should be: mechanical corrections only (spelling, order, separators, repeated,
 * retired and unreadable parts left out; a policy that cannot be read becomes none). Returns false when memory is
 * short. */
bool dmarc_record_correct(struct span text, struct buf *out);

const char *dmarc_tag_word(enum dmarc_tag tag);
const char *dmarc_tag_values(enum dmarc_tag tag);   /* in words, what it may be */
const char *dmarc_tag_fallback(enum dmarc_tag tag); /* what receivers use instead of a value they cannot read */
enum dmarc_tag dmarc_tag_of(struct span name);      /* DMARC_TAG_COUNT: unknown */
/* The first term with this tag, valid or not; NULL when there is none. */
const struct dmarc_term *dmarc_term_given(const struct dmarc_record *record, enum dmarc_tag tag);
/* The term as it stands in the text, from its name to the end of its value. */
struct span dmarc_term_span(const struct dmarc_term *term);
const char *dmarc_request_word(enum dmarc_request request); /* "", none, quarantine, reject, "?" */
enum dmarc_request dmarc_request_weaker(enum dmarc_request request);

#endif
