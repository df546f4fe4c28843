/* sasl: what a client says first in the three mechanisms used here, and what a server says of a refused token.
 * PLAIN: RFC 4616; OAUTHBEARER: RFC 7628; XOAUTH2: the form that Google and Microsoft document. */
#ifndef INGEST_SASL_H
#define INGEST_SASL_H

#include "base/buf.h"
#include "ingest/mailbox.h"

#define SASL_OCTETS 16384 /* of an initial response in base64; access tokens reach 4 kB */

const char *sasl_mechanism(enum mailbox_login login); /* `PLAIN`, `XOAUTH2`, `OAUTHBEARER` */

/* Who logs in where: of a mailbox, or of a server that is sent mail. */
struct sasl {
	enum mailbox_login login;
	const char *user, *host;
	uint16_t port;
};

/* The initial response in base64. False: the buffer is full, or user or secret hold an octet that the mechanism uses
 * itself. The buffer holds the secret: wipe it with secret_wipe. */
bool sasl_initial(struct buf *out, const struct sasl *sasl, struct span secret);

/* What a server says of a refused token, in a challenge `+ BASE64`, `334 BASE64` or `BASE64`: its reason in words, not
 * escaped; empty when it is none. */
void sasl_reason(struct buf *out, struct span challenge);

#endif
