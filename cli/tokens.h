/* tokens: those settings of a mailbox that say how its access tokens are got, and what they come to. */
#ifndef CLI_TOKENS_H
#define CLI_TOKENS_H

#include "base/fault.h"

#include <stdbool.h>

struct config;
struct mailbox_settings;

bool tokens_wanted(const struct mailbox_settings *settings); /* is there a provider or an endpoint? */

/* Fills in `oauth`, all but a token file that is not named; do the settings fit together? The fault does not name the
 * section. */
bool tokens_finish(struct mailbox_settings *settings, struct fault *fault);

/* Token files that are not named lie beside the database, once its place is known. */
bool tokens_place(struct config *config, struct fault *fault);

#endif
