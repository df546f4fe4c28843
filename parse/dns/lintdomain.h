/* What was seen of a domain (noun): for the one who shows it, and for the verdict: gate G10, the SPF evidence of senders,
 * parked domains. Spans and lists are in the arena of the findings. */
#ifndef PARSE_DNS_LINTDOMAIN_H
#define PARSE_DNS_LINTDOMAIN_H

#include "parse/dns/dmarcpolicy.h"
#include "parse/dns/finding.h"
#include "parse/dns/spftree.h"

struct lint_domain {
	struct span domain; /* A-labels */
	struct dmarc_policy policy[DMARC_GENERATIONS];
	bool rua_refused; /* a foreign destination of reports has not agreed, so nothing is sent there (RFC 9990 4) */
	struct spf_tree spf;
	bool denies_all; /* SPF is `-all` alone: nobody may send */
	bool null_mx;    /* RFC 7505 */
	bool receives;   /* has an MX, or an address (RFC 5321 5.1) */
	bool mail_known; /* the answers about MX came */
	bool mta_sts, tls_rpt;
};

#endif
