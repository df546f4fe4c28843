/* Domain names as they stand in mail and records: plain calculation on spans, nothing is looked up. A name here is
 * text with dots; one trailing dot is tolerated everywhere and never part of a result. */
#ifndef PARSE_DNS_DOMAINNAME_H
#define PARSE_DNS_DOMAINNAME_H

#include "base/span.h"

#define DOMAINNAME_MAX 253 /* octets without the trailing dot (RFC 1035 2.3.4 as text) */
#define DOMAINNAME_TEXT (DOMAINNAME_MAX + 1)

struct span domainname_bare(struct span name); /* without one trailing dot */

/* The domain in `<example.com>`, `"example.com";`, `@example.com` and `Shop <shop@example.com>`; the text itself when there is
 * nothing around it, when nothing else is in it, or when it is a list. */
struct span domainname_undress(struct span text);

/* Could this be a domain name? Not: empty, longer than DOMAINNAME_MAX, an empty label, white space, control octets,
 * any of `[]:@/\`, a last label of digits only (an address). Underscores and octets above 127 (U-labels) may be. */
bool domainname_usable(struct span name);

#define DOMAINNAME_LABEL_MAX 63 /* octets (RFC 1035 2.3.4) */
bool domainname_labels_fit(struct span name); /* none above that */

/* As a host is called that takes mail (RFC 5321 2.3.5): labels that fit, of letters, digits, underscores and hyphens, these
 * not at their ends. U-labels are no such name. */
bool domainname_is_host(struct span name);

bool domainname_is_ascii(struct span name);
size_t domainname_labels(struct span name);               /* 0 for an empty name */
struct span domainname_last(struct span name, size_t n);  /* its n rightmost labels; the whole name when it has fewer */
struct span domainname_parent(struct span name);          /* without the leftmost label; empty for a single label */
bool domainname_is_under(struct span name, struct span top); /* `top` itself or below it, without case */

#endif
