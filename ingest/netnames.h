/* Who runs the network of an address, and in which country, from a database file that the user names (MaxMind's format: IPinfo Lite, GeoLite2,
 * DB-IP). Optional: without libmaxminddb no file can be opened. */
#ifndef INGEST_NETNAMES_H
#define INGEST_NETNAMES_H

#include "base/address.h"
#include "base/arena.h"
#include "base/fault.h"

struct netnames;

struct netnames *netnames_open(const char *path, struct fault *fault); /* NULL: FAULT_SETUP */
void netnames_close(struct netnames *names);			       /* NULL is fine */

/* The organisation behind the address's autonomous system, in `arena`; absent when the file does not say. */
struct span netnames_find(struct netnames *names, const struct address *address, struct arena *arena);

/* Two capital letters, as ISO 3166 has them; "" when the file does not say. */
void netnames_country(struct netnames *names, const struct address *address, char country[3]);

#endif
