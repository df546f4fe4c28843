/* The organisational domain by the public suffix list (RFC 7489 3.2), and identifier alignment. The one home of
 * libpsl. The list is the system's (or the one built into libpsl, whichever is newer); it is opened once and no file
 * is touched afterwards. Results depend on nothing but the names and that list. Not for several threads at once. */
#ifndef PARSE_DNS_ORGDOMAIN_H
#define PARSE_DNS_ORGDOMAIN_H

#include "parse/dns/domainname.h"

/* Opens the list; to be called before files become unreachable. Later calls do nothing. */
void orgdomain_warm(void);

/* The organisational domain as a piece of the input (its case kept, a trailing dot left out). The input itself where
 * there is no other answer: a public suffix (RFC 9989 4.10.2 names it its own organisational domain), a single label,
 * an address literal, text that is no domain name. Absent stays absent. */
struct span orgdomain_of(struct span domain);

/* May anybody register a name below it? True only for a usable name that stands on the list itself. */
bool orgdomain_is_suffix(struct span domain);

/* Do two identifiers agree (RFC 7489 3.1, RFC 9989 4.4)? strict: the same name; relaxed: the same organisational
 * domain. Case, a trailing dot and U-label or A-label spelling make no difference. What is no domain name agrees with
 * nothing, not even with itself: an address or an empty name is never evidence. */
bool domain_aligned(struct span a, struct span b, bool strict);

/* The name in lower-case A-labels without trailing dot (RFC 5890, RFC 3492; mapped by lower-casing and NFKC). Returns
 * its length, or 0 when the name is not usable, is not UTF-8 or becomes too long. `text` ends in NUL. */
size_t domain_alabels(struct span domain, char text[DOMAINNAME_TEXT]);

#endif
