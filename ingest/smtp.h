/* smtp: hands one mail to a server for submission (RFC 6409, RFC 5321, RFC 4954), on libmailutils' protocol engine over our
 * carrier: TLS is never optional, and nobody is told a password before it is there. */
#ifndef INGEST_SMTP_H
#define INGEST_SMTP_H

#include "ingest/carrier.h"
#include "ingest/submit.h"

/* The mail's octets are read from `fd`, lines ending in LF. `answers` has a place for each recipient. `leaving` is called
 * before the end of the mail is said: from then on it may have been taken, whatever is heard of it.
 *
 * SUBMIT_SENT: the server has taken it for all recipients whose answers are not refused, of which there is at least one.
 * Otherwise `fault` says why not; with SUBMIT_UNKNOWN its answer did not come. */
enum submit_end smtp_submit(const struct mailbox *server, const struct trust *trust, struct span secret,
	const struct envelope *envelope, int fd, struct submit_answer *answers, void (*leaving)(void *arg), void *arg,
	struct fault *fault);

#endif
