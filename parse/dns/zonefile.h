/* A file in the place of the DNS: for `--dns-file`, for tests, for text pasted from a zone. Pure: text in, answers
 * out.
 *
 * Zone form: RFC 1035 5.1 as people write it: `owner [TTL] [IN] TYPE rdata`, comments after `;`, parentheses over
 * lines, an empty owner repeats the last, `@`, $ORIGIN, $TTL, \DDD and \X escapes, wildcards (RFC 4592). A name
 * without final dot is taken as complete unless $ORIGIN was given. In the place of TYPE or of rdata one of the words
 * NXDOMAIN NODATA SERVFAIL TIMEOUT BOGUS gives that answer (a text that reads so must be quoted); the word SECURE
 * after the class marks a validated answer. Types other than those of dns_type_of make the name exist and are not
 * read.
 *
 * Keys form: `owner value`, one blank between, one line per TXT record, the value taken as it stands, one string per
 * 255 octets; the values NXDOMAIN, NODATA and TEMPFAIL give that answer.
 *
 * Names that are not in the file: NXDOMAIN, or NODATA where something exists below them. */
#ifndef PARSE_DNS_ZONEFILE_H
#define PARSE_DNS_ZONEFILE_H

#include "base/fault.h"
#include "base/dnsanswer.h"

#define ZONEFILE_OCTETS ((size_t)16 * 1024 * 1024)
#define ZONEFILE_ROWS ((size_t)500000)

struct zonefile;

/* The text is copied. NULL: not readable (fault names the line), or more than the ceilings above. */
struct zonefile *zonefile_read(struct span text, struct fault *fault);
struct zonefile *zonefile_read_keys(struct span text, struct fault *fault);
void zonefile_free(struct zonefile *zone);

/* arg: struct zonefile *; the answer's data lives as long as the zone, its names in the arena. */
dns_asker zonefile_ask;

/* One record as it stands, without following anything; rows are in the order of the names read from the right. */
size_t zonefile_rows(const struct zonefile *zone);
struct dns_answer zonefile_row(const struct zonefile *zone, size_t i); /* n is 0 or 1 */

#endif
