/* Which DMARC policy applies to an author domain: discovery by both generations of receivers, the organisational
 * domain by tree walk, and the consent of foreign report destinations (noun; parse/dns/discovery.h fills it).
 *
 * Both methods: RFC 7489 6.6.3 (author domain, then the organisational domain of the public suffix list) and RFC 9989
 * 4.10 (tree walk, at most DMARC_WALK_MAX questions). An answer that did not come makes the outcome unknown, never
 * "no record". */
#ifndef PARSE_DNS_DMARCPOLICY_H
#define PARSE_DNS_DMARCPOLICY_H

#include "parse/dns/dmarcrecord.h"
#include "base/dnsanswer.h"

#define DMARC_WALK_MAX 8

/* One question: what stands at `_dmarc.<target>`. */
struct dmarc_look {
	struct span target;
	struct dns_answer answer;
	size_t counting; /* texts that are DMARC records */
	const struct dns_data *data; /* the one that counts; NULL: none, or more than one (all are dropped) */
	struct dmarc_record record;  /* of `data` */
};

struct dmarc_walk {
	struct dmarc_look looks[DMARC_WALK_MAX];
	size_t n;
	struct span org; /* RFC 9989 4.10.2: the organisational domain of the name the walk began at */
	bool unknown;    /* at least one answer did not come: `org` may be wrong */
};

enum dmarc_outcome {
	DMARC_ABSENT,  /* no record: DMARC does not apply */
	DMARC_FOUND,
	DMARC_DEAD,    /* a record without a readable policy and without an address for reports: as if absent */
	DMARC_UNKNOWN, /* the DNS did not say */
};

/* Must not be moved once it is filled: `source` points into it. */
struct dmarc_policy {
	enum dmarc_generation generation;
	enum dmarc_outcome outcome;
	struct span author;
	struct dmarc_walk walk;          /* the looks taken, in order; by the older rules at most two */
	struct span org;                 /* organisational domain by this generation's method */
	const struct dmarc_look *source; /* whose record applies; within `walk`; NULL unless FOUND or DEAD */
	struct dmarc_reading reading;
	enum dmarc_tag by;               /* DMARC_P, DMARC_SP, DMARC_NP: where the request came from, defaults aside */
	enum dmarc_request request;      /* what the record asks for mail from `author` */
	enum dmarc_request effective;    /* what is acted on: t=y and pct considered */
};

/* External destinations: RFC 9990 4, RFC 7489 7.1. */
enum dmarc_consent_state {
	DMARC_CONSENT_NOT_NEEDED, /* the host is in the same organisational domain */
	DMARC_CONSENT_GIVEN,
	DMARC_CONSENT_OVERRIDE, /* given, and another address of the same host is to be used */
	DMARC_CONSENT_FOREIGN,  /* the record names an address at another host: neither is used */
	DMARC_CONSENT_MISSING,
	DMARC_CONSENT_LONG, /* the name would be too long */
	DMARC_CONSENT_UNKNOWN,
};

struct dmarc_consent {
	enum dmarc_consent_state state;
	struct span name; /* <policy domain>._report._dmarc.<host>; absent when not needed or too long */
	struct dns_answer answer;
	struct span address; /* of an override, as written */
};

const char *dmarc_outcome_word(enum dmarc_outcome outcome); /* absent, found, dead, unknown */

#endif
