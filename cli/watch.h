/* watch: `dmarcgate ingest --watch`, which stays with the mailboxes until a signal ends it. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

struct cli;

int watch(struct cli *cli); /* the exit code */

#endif
