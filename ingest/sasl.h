/* sasl: what a client says first in the three mechanisms used here, and what a server says of a refused token.
 * PLAIN: RFC 4616; OAUTHBEARER: RFC 7628; XOAUTH2: the form that Google and Microsoft document. */
#ifndef INGEST_SASL_H
#define INGEST_SASL_H

#include "base/buf.h"
#include "ingest/mailbox.h"

#define SASL_OCTETS 16384 /* of an initial response in base64; access tokens reach 4 kB */

const char *sasl_mechanism(enum mailbox_login login); /* `PLAIN`, `XOAUTH2`, `OAUTHBEARER` */

/* The initial response in base64. False: the buffer is full, or user or secret hold an octet that the mechanism uses
 * itself. The buffer holds the secret: wipe it with sasl_wipe. */
bool sasl_initial(struct buf *out, const struct mailbox *mailbox, struct span secret);
void sasl_wipe(struct buf *out); /* overwrites and frees */

/* Base64 of a text (RFC 4648 4), appended. */
void sasl_base64(struct buf *out, struct span text);

/* A server's challenge `+ BASE64` or `BASE64`, decoded for people; empty when it is none. */
void sasl_reason(struct buf *out, struct span challenge);

#endif
