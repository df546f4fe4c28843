/* submit: has a mail of ours handed to a mail server, by the process that alone carries the mail and TLS libraries
 * (ingest/poller.h tells of it). */
#ifndef INGEST_SUBMIT_H
#define INGEST_SUBMIT_H

#include "base/fault.h"
#include "ingest/mailbox.h"

#define SUBMIT_RECIPIENTS 100 /* RFC 5321 4.5.3.1.8: what every server takes */
#define SUBMIT_REASON 200

struct envelope {
	struct span from;
	const struct span *to;
	size_t to_n; /* 1..SUBMIT_RECIPIENTS */
};

enum submit_end {
	SUBMIT_SENT,	 /* for the recipients that were not refused */
	SUBMIT_NOT_SENT, /* for nobody */
	SUBMIT_UNKNOWN,	 /* the connection, or the process, was lost behind the mail's end */
};

struct submit_answer {
	bool refused;
	char reason[SUBMIT_REASON + 1]; /* what the server said; fit to be shown */
};

/* `server` is of MAILBOX_SMTP; an absent secret logs nobody in. `fd` holds the mail from its beginning, lines ending in
 * LF; it stays the caller's. `program` as for poller_start. */
enum submit_end submit_mail(const char *program, const struct mailbox *server, struct span secret,
	const struct envelope *envelope, int fd, struct submit_answer *answers, struct fault *fault);

#endif
