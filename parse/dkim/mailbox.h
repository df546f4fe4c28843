/* Address lists of header fields (RFC 5322 3.4) cut into mailboxes, every piece where it stands in the text. Lenient:
 * whatever cannot be read yields fewer mailboxes, never an error. */
#ifndef PARSE_DKIM_MAILBOX_H
#define PARSE_DKIM_MAILBOX_H

#include "base/span.h"

#define MAILBOX_MAX 64

struct mailbox {
	struct span whole;         /* without white space at its ends */
	struct span display;       /* before `<`, trimmed; empty without one */
	struct span local, domain; /* raw, trimmed; absent when there is no `@` */
	bool ambiguous;            /* two addresses in one: readers differ in which of them they take */
};

/* Returns how many were written, at most `max`; the rest of the list is left out. */
size_t mailbox_list(struct span value, struct mailbox *mailboxes, size_t max);

#endif
