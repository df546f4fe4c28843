/* IP addresses as 16 octets; IPv4 as ::ffff:a.b.c.d, so that one shape serves both. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/span.h"

#include <stdint.h>

#define ADDRESS_TEXT 48

struct address {
	uint8_t octets[16];
};

/* Any textual form of one address (upper case, uncompressed, v4-mapped); nothing around it but white space.
 * A leading `IPv6:` (RFC 5321 4.1.3) and one pair of brackets are accepted. No zone, port or prefix length. */
bool address_parse(struct span text, struct address *address);

/* The same with what some add and what names no other address: `IPv4:`, a comment behind it, a port, a zone, the prefix
 * length of one address. `*ornate` tells that there was some. */
bool address_parse_ornate(struct span text, struct address *address, bool *ornate);

/* RFC 5952 form; v4-mapped as dotted quad. Returns `text`. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT]);

bool address_is_v4(const struct address *address);

/* The addresses whose first `bits` of 128 are those of `base`; an IPv4 prefix counts 96 more. */
struct network {
	struct address base;
	unsigned bits;
};

/* ADDRESS or ADDRESS/BITS, BITS up to 32 behind a dotted quad, else up to 128. */
bool network_parse(struct span text, struct network *network);
bool network_holds(const struct network *network, const struct address *address);

#endif
