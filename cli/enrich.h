/* enrich: looks up what reports leave open, within bounds: the host names of their addresses. Never while reports are
 * read: the DNS may be slow, and mail must not wait for it. */
#ifndef CLI_ENRICH_H
#define CLI_ENRICH_H

#include "cli/cli.h"

struct enriched {
	size_t looked, left; /* addresses that came to an end; those that are still to be looked up */
	size_t confirmed, unconfirmed, none, silent;
};

/* Opens and closes resolver and database itself. With --offline nothing is looked up. False: fault. */
bool enrich_run(const struct cli *cli, struct enriched *enriched, struct fault *fault);

#endif
