/* enrich: looks up what reports leave open, within bounds: the host names of their addresses, and what the domains they are
 * about publish, with the author domains below them. Never while reports are read: the DNS may be slow, and mail must not
 * wait for it. */
#ifndef CLI_ENRICH_H
#define CLI_ENRICH_H

#include "cli/cli.h"

#include <sys/types.h>

struct enriched {
	size_t looked, left; /* addresses that came to an end; those that are still to be looked up */
	size_t confirmed, unconfirmed, none, silent;
	size_t domains, authors; /* domains, and author domains below them, of which the records were looked at */
};

/* Opens and closes resolver and database itself. With --offline nothing is looked up. False: fault. */
bool enrich_run(const struct cli *cli, struct enriched *enriched, struct fault *fault);

/* The same in a process of its own, for a watch: nobody waits for it, and it ends with its parent. */
struct aside {
	pid_t pid; /* 0: none is under way */
	int socket;
};
#define ENRICH_SECONDS (4 * INT64_C(3600)) /* between two of a watch */

void enrich_aside(struct aside *aside, const struct cli *cli); /* unless one is under way */
void enrich_look(struct aside *aside, const struct cli *cli);  /* has it ended? Says what went wrong. Never waits */
void enrich_end(struct aside *aside);			       /* at once */

#endif
