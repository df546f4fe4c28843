/* record: a DMARC record to publish, with all that has to happen beside it. */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include "parse/dns/dmarcpolicy.h"
#include "parse/dns/finding.h"
#include "report/style.h"

enum record_published {
	RECORD_UNASKED,	 /* no domain, or offline */
	RECORD_UNKNOWN,	 /* the DNS did not say */
	RECORD_NONE,
	RECORD_ONE,
	RECORD_SEVERAL,	 /* none of which counts */
	RECORD_PUBLISHED_COUNT
};

/* A foreign destination of reports, which has to agree. */
struct record_consent {
	struct span host;
	struct span name; /* where its owner publishes; absent: the name would be too long */
	struct span zone; /* the line for the zone file; absent with the name */
	enum dmarc_consent_state state;
};

struct record_page {
	struct span domain; /* absent: none was named */
	struct span name;   /* where to publish; absent without a domain */
	struct span record;
	struct span zone; /* the line for a zone file; absent without a domain */
	uint32_t ttl;
	enum record_published published;
	struct span before; /* the record now published; of RECORD_ONE */
	bool meant;	    /* a text there was meant to be a record, and counts for nobody */
	struct span above;  /* of RECORD_NONE: the domain whose record applies now; absent: none does */
	enum dmarc_request above_policy; /* what that record asks for */
	bool made_up;	    /* the address for reports is a proposal: nobody named one */
	enum dmarc_request policy;
	bool trial;
	unsigned pct_left_out; /* pct= as published, which is retired; 0: there was none, or it meant nothing */
	const struct findings *findings; /* about the new record: what to know */
	const struct record_consent *consents;
	size_t consents_n;
};

bool record_text(FILE *out, const struct style *style, const struct record_page *page);
bool record_json(FILE *out, const struct record_page *page); /* one document, `dmarcgate-record/1` */

const char *record_published_word(enum record_published published); /* unasked, unknown, none, one, several */

#endif
