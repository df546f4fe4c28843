/* Two historic policy records of a domain, read for showing and linting; neither has an effect on DKIM or DMARC.
 *   TXT at _domainkey.DOMAIN        DomainKeys (RFC 4870 3.6): o= r= n= t=, all optional
 *   TXT at _adsp._domainkey.DOMAIN  ADSP (RFC 5617 4.2.1): dkim= first; Historic since 2013
 * Pure calculation; spans point into the record. An absent text means that there is no record. */
#ifndef PARSE_DNS_POLICYRECORD_H
#define PARSE_DNS_POLICYRECORD_H

#include "base/span.h"

enum domainkeys_policy {
	DOMAINKEYS_SIGNS_SOME, /* o=~, and the default */
	DOMAINKEYS_SIGNS_ALL,  /* o=- */
	DOMAINKEYS_UNKNOWN,    /* another o=: later drafts had ! . ^ ? with other meanings */
	DOMAINKEYS_SYNTAX,     /* not a tag list: it says nothing */
	DOMAINKEYS_POLICY_COUNT
};

struct domainkeys_record {
	enum domainkeys_policy policy;
	struct span o;              /* as written; absent when missing */
	bool testing;               /* t=y */
	struct span report_address; /* r=; absent when missing */
	struct span note;           /* n=; absent when missing */
};

bool domainkeys_text_intended(struct span text); /* has an o= */
bool adsp_text_intended(struct span text);       /* begins with dkim= */

void domainkeys_parse(struct span text, struct domainkeys_record *record);

enum adsp_practice {
	ADSP_NONE,    /* no record */
	ADSP_UNKNOWN, /* dkim=unknown, and every word that is none of them */
	ADSP_ALL,
	ADSP_DISCARDABLE,
	ADSP_INVALID, /* no ADSP record: does not begin with dkim=, or is no tag list */
	ADSP_COUNT
};

enum adsp_practice adsp_parse(struct span text);

#endif
