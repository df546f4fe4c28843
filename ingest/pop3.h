/* pop3: one session with a POP3 server (RFC 1939), on the protocol engine of libmailutils and our own carrier. Nothing
 * but STLS is said before the connection is private. The server must know UIDL: without it nobody could tell which
 * mails are new. Mails come with LF line ends. Deleting is only certain when pop3_close says so: it happens at QUIT.
 *
 * Faults as in imap.h. */
#ifndef INGEST_POP3_H
#define INGEST_POP3_H

#include "ingest/carrier.h"
#include "ingest/server.h"

struct pop3;

struct pop3 *pop3_open(
	const struct mailbox *mailbox, const struct trust *trust, struct span secret, struct fault *fault);

/* polite: says QUIT, which carries out what was deleted. False: it may not have happened. */
bool pop3_close(struct pop3 *pop3, bool polite, struct fault *fault);
bool pop3_broken(const struct pop3 *pop3);

/* Number, UIDL and size of every mail, in the server's order. */
bool pop3_list(struct pop3 *pop3, struct server_list *list, struct fault *fault);

/* One mail, of at most `max` octets. FAULT_INPUT: it came shorter than it is. FAULT_LATER with pop3_broken: the session is over, and what was deleted in it is not. */
bool pop3_fetch(struct pop3 *pop3, struct server_mail *mail, uint64_t max, struct fault *fault);

bool pop3_delete(struct pop3 *pop3, uint64_t number, struct fault *fault);

#endif
