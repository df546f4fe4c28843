/* Asks the DNS what a domain publishes: the DMARC policy and who agreed to receive its reports, the SPF tree. Pure
 * calculation on the answers of a `struct dns`, bounded in what it asks.
 *
 * All return false when a name is no domain name, or memory is short (arena->failed). */
#ifndef PARSE_DNS_DISCOVERY_H
#define PARSE_DNS_DISCOVERY_H

#include "parse/dns/dmarcpolicy.h"
#include "parse/dns/spftree.h"

bool dmarc_walk_take(struct dns dns, struct span start, struct arena *arena, struct dmarc_walk *walk);

bool dmarc_policy_discover(struct dns dns, struct span author, enum dmarc_generation generation, struct arena *arena,
	struct dmarc_policy *policy);

/* Does `host` take reports about the domain whose record asks for them? `failure`: ruf= rather than rua=. */
bool dmarc_consent_check(struct dns dns, struct span policy_domain, struct span host, bool failure, struct arena *arena,
	struct dmarc_consent *consent);

/* The name at which consent is published; absent when it would be too long. */
struct span dmarc_consent_name(struct arena *arena, struct span policy_domain, struct span host);

/* Reads the tree below `domain`. */
bool spf_tree_read(struct dns dns, struct span domain, struct arena *arena, struct spf_tree *tree);

#endif
