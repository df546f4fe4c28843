/* secret: obtains what a mailbox's server is told: a password, or an access token. */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include "base/buf.h"
#include "base/fault.h"
#include "ingest/secretfile.h"

struct config;
struct helper;
struct mailbox_settings;

#define SECRET_OCTETS 8000

/* Tells the helper all commands of the configuration; before anything from outside is read. */
bool secret_learn(struct helper *helper, const struct config *config, struct fault *fault);

/* Puts the secret of one mailbox into `secret`: the first line of what its file or command holds. The caller wipes it
 * with secret_wipe. FAULT_SETUP names the mailbox and the setting. */
bool secret_get(struct helper *helper, const struct mailbox_settings *settings, struct buf *secret, struct fault *fault);

#endif
