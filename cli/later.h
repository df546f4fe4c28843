/* later: what an ingest does when its mails are stored and time is left, bounded, and only where the DNS may be asked:
 * signatures that waited for their key are checked again for a week, the keys that aggregate reports name for one's own
 * domains are fetched before they are needed, and what those domains publish is looked at once a day and remembered. */
#ifndef CLI_LATER_H
#define CLI_LATER_H

#include "base/fault.h"

struct cli;
struct keys;
struct store;

bool later_run(struct cli *cli, struct store *store, struct keys *keys, struct fault *fault);

#endif
