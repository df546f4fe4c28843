/* place: where a mail lies on its server (noun; plain data). It is what a journal must remember in order to settle the
 * mail later: folder and UIDVALIDITY and UID name a mail for ever (RFC 9051 2.3.1.1), with POP3 the UIDL does (RFC
 * 1939). */
#ifndef INGEST_PLACE_H
#define INGEST_PLACE_H

#include <stdint.h>

#define PLACE_UIDL 70 /* octets of a unique-id at most, RFC 1939 section 7 */

struct mail_place {
	char *folder;		   /* owned; UTF-8, as on the server with its own delimiter; "" with POP3 */
	uint64_t uidvalidity;	   /* 0 with POP3 */
	uint64_t uid;		   /* 0 with POP3 */
	char uidl[PLACE_UIDL + 1]; /* "" with IMAP */
};

void mail_place_release(struct mail_place *place); /* leaves an empty place */

#endif
