/* Reads one DNS message (RFC 1035 4.1) into an answer. Pure; the octets are hostile.
 *
 * Aliases are followed inside the answer section, in whatever order it stands; foreign classes, owners and types are
 * passed over. Records come out sorted, so that a server which rotates them changes nothing. Names are lower-case text
 * without trailing dot; octets other than letters, digits, `-`, `_` and `/` as \DDD (RFC 1035 5.1). */
#ifndef INGEST_DNSPACKET_H
#define INGEST_DNSPACKET_H

#include "base/dnsanswer.h"

/* What is asked for: letters, digits, `-`, `_` and `/` in labels of 1 to 63 octets, one trailing dot tolerated. */
bool dnspacket_name_fits(struct span name);

/* `name` has been found to fit. Sets everything but `security`. Malformed, to another question, more than DNS_ALIASES aliases, any response
 * code but NOERROR and NXDOMAIN, or memory short: DNS_SERVFAIL. Of an answer that has no records `ttl` is what its SOA
 * allows (RFC 2308 5), 0 without one. */
void dnspacket_read(
	struct span packet, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer);

#endif
