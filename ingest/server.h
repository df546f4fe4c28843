/* server: what the two kinds of mail servers have in common (noun; plain data). */
#ifndef INGEST_SERVER_H
#define INGEST_SERVER_H

#include "base/span.h"
#include "ingest/place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_BATCH 500     /* mails in one command */
#define SERVER_FOLDERS 1000  /* of one mailbox */
#define SERVER_MAILS 4000000 /* in one folder */

struct server_folder {
	uint64_t uidvalidity;
	uint64_t mails; /* in it, as the server says */
};

struct server_mail {
	uint64_t uid;	 /* IMAP; with POP3 its number in this session, 0: none */
	uint64_t octets; /* as the server says */
	bool unsized;	 /* it does not say; octets is 0 */
	char *uidl;	 /* owned; POP3 only */
	int fd;		 /* owned; its octets once fetched, else -1 */
	uint64_t length; /* of them */
	bool came;
	bool again; /* left by an earlier run */
	bool given; /* to the supervisor */
	bool told;  /* POP3: deleted in this session; it happens at its end */
};

struct server_list {
	struct server_mail *mails; /* owned */
	size_t n;
};

void server_list_release(struct server_list *list);

/* What earlier runs left comes last, from *again on, so that nothing waits for it, and begins with another one by `turn`: where the
 * server fails with some of them the others have their turn. False: no memory. */
bool server_list_again_last(struct server_list *list, bool **wanted, uint64_t turn, size_t *again);

bool server_list_told(const struct server_list *list); /* is any? */

/* POP3: the numbers that the mails have in the session that listed `now`; 0: none. Of several with the same UIDL (RFC 1939 section 7
 * allows it) none has one unless all are there: another one would be deleted than was fetched. False: no memory. */
bool server_list_renumber(struct server_list *list, const struct server_list *now);

/* POP3: the mail that is to be deleted; NULL: it is gone. Of several with the same UIDL one that was given; where none was, in this
 * session, nobody knows which of them is safe, and they are met again as new. */
struct server_mail *server_list_meant(struct server_list *list, struct span uidl);

#endif
