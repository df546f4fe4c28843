/* The names of addresses, forward-confirmed: a PTR record counts when its name leads back to the address, because whoever
 * owns an address writes its PTR. Bounded in number and time. */
#ifndef INGEST_HOSTNAMES_H
#define INGEST_HOSTNAMES_H

#include "ingest/resolver.h"

#define HOSTNAMES_AT_ONCE 8
#define HOSTNAMES_EACH 5 /* PTR records of one address that are looked at; honest ones have one or two */

enum hostname_state {
	HOSTNAME_SILENT, /* nobody answered */
	HOSTNAME_NONE,
	HOSTNAME_UNCONFIRMED,
	HOSTNAME_CONFIRMED,
	HOSTNAME_STATES
};

/* `name`: lower case, without trailing dot; absent for SILENT and NONE. False stops. */
typedef bool hostname_taker(void *arg, const struct address *address, enum hostname_state state, struct span name);

/* Asks for all of them, in any order, until `seconds` are over or the resolver finds itself offline; the taker is called
 * for those that came to an end. No other question may be outstanding, and none is asked of the resolver afterwards. */
void hostnames_look(struct resolver *resolver, const struct address *addresses, size_t n, unsigned seconds,
	hostname_taker *take, void *arg);

/* `1.2.0.192.in-addr.arpa`, or the nibbles below ip6.arpa (RFC 1035 3.5, RFC 3596 2.5). Returns `name`. */
#define REVERSE_NAME 80
const char *reverse_name(const struct address *address, char name[REVERSE_NAME]);

#endif
