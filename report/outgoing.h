/* A mail of ours, ready to be handed to a mail server (RFC 5322, RFC 2045-2047): header fields, then a text and an HTML
 * part and perhaps pages, all in base64, so that no server changes or folds them. The same input gives the same octets.
 *
 * Nothing that came from outside can begin a header field: what holds anything but printable ASCII is refused, and
 * addresses are checked to be nothing else. */
#ifndef REPORT_OUTGOING_H
#define REPORT_OUTGOING_H

#include "base/buf.h"

struct outgoing_page {
	struct span name; /* of the file: letters, digits, `.`, `-`, `_` */
	struct span octets;
};

struct outgoing {
	struct span from, name; /* address; what stands before it, absent or empty: nothing */
	const struct span *to;	/* addresses */
	size_t to_n;
	struct span subject, message_id, in_reply_to; /* ids with their angle brackets; absent: the first of its thread */
	struct span verdict;			      /* X-DMARC-Verdict; absent: none */
	int64_t date;
	struct span text, html;
	const struct outgoing_page *pages; /* that go with it */
	size_t pages_n;
};

/* Lines end in `line_end`: "\n" for a pipe, "\r\n" for SMTP. False: memory is short, or a field would not be safe. */
bool outgoing_write(struct buf *out, const struct outgoing *outgoing, const char *line_end);

/* At most so many of a mail belong to a page. */
size_t outgoing_page_octets(struct span page);

/* An address that needs no quoting, the kind that all servers take: dot-atom@domain (RFC 5322 3.4.1). */
bool outgoing_address_is_fine(struct span address);

#endif
