/* polling: the frames between supervisor (poller.c) and poller (dmarcgate-poller). */
#ifndef INGEST_POLLING_H
#define INGEST_POLLING_H

#include "base/child.h"
#include "base/fault.h"
#include "ingest/frame.h"
#include "ingest/mailbox.h"
#include "ingest/server.h"

#define POLLING_SOCKET CHILD_SOCKET /* the descriptor on which the poller finds the supervisor */
#define POLLING_SECRET 8192
#define POLLING_FOLDER 8192 /* octets of a folder's name */

enum polling {
	/* to the poller */
	POLLING_OPEN = 1, /* mailbox, secret, now */
	POLLING_NEXT,	  /* one more mail, please; may be said again before the answer */
	POLLING_FIRST,	  /* answer to FOLDER: a UID */
	POLLING_WANTED,	  /* answer to LISTED: enum poller_wish as a digit, one each */
	POLLING_SETTLE,	  /* fate, folder, uidvalidity, n, then UIDs, or UIDLs */
	POLLING_CLOSE,
	POLLING_WATCH, /* seconds; NEXT is answered anew afterwards */
	POLLING_SUBMIT, /* in place of OPEN: server, secret, sender, n, recipients; the mail as descriptor (submission.h) */
	/* from the poller */
	POLLING_OPENED = 64,
	POLLING_FOLDER_IS,	/* name, uidvalidity, mails */
	POLLING_LISTED,		/* name, uidvalidity, n, then UID, octets, UIDL each */
	POLLING_MAIL,		/* place, length; its octets as descriptor */
	POLLING_REFUSED,	/* place, fault: of one mail */
	POLLING_FOLDER_REFUSED, /* fault: of one folder; counts as an answer to NEXT */
	POLLING_END,		/* no more mails */
	POLLING_FAULT,		/* fault: of the mailbox; no more mails */
	POLLING_SETTLED,	/* left */
	POLLING_NOT_SETTLED,	/* fault */
	POLLING_CLOSED,		/* reconnects */
	POLLING_NOT_CLOSED,	/* reconnects, fault */
	POLLING_NEWS,		/* 1: time to look into all folders; of WATCH, unless something else was said meanwhile; FAULT:
				 * the session is lost */
	POLLING_LEAVING,	/* the end of the mail is said next */
	POLLING_SUBMITTED,	/* enum submit_end, then refused and reason of each recipient, fault unless it is sent */
};

void polling_put_mailbox(struct frame *frame, const struct mailbox *mailbox);
bool polling_get_mailbox(struct frame *frame, struct mailbox *mailbox); /* release it after a failure, too */
void polling_put_fate(struct frame *frame, const struct mail_fate *fate);
bool polling_get_fate(struct frame *frame, struct mail_fate *fate);
void polling_put_place(struct frame *frame, const struct mail_place *place);
bool polling_get_place(struct frame *frame, struct mail_place *place);
void polling_put_fault(struct frame *frame, const struct fault *fault);
void polling_get_fault(struct frame *frame, struct fault *fault); /* FAULT_BROKEN when it is none */

#endif
