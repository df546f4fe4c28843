/* snapshot: what the DNS said in this run, kept until it can be stored with its date (store_learn_dns).
 *
 * Only a live DNS is remembered: a file in its place, or an earlier snapshot, is no sight of anything. */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include "base/dnsanswer.h"
#include "base/fault.h"

#include <stdint.h>

struct cli;
struct snapshot;
struct store;

struct snapshot *snapshot_new(void); /* NULL: no memory */
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/* Asks `live`, and remembers what it says. Bounded: of more answers than a run needs the rest is let pass. */
struct dns snapshot_dns(struct snapshot *snapshot, struct dns live);

/* Within the writer's transaction; afterwards the snapshot is empty. */
bool snapshot_learn(struct snapshot *snapshot, struct store *store, int64_t now, struct fault *fault);

/* The operator's own domains ([dkim] domains) of which the last snapshot is older than a day are looked at again, with
 * their keys; at most so many in a run. Learns; does not commit. */
#define SNAPSHOT_DOMAINS 20
bool snapshot_refresh(const struct cli *cli, struct store *store, struct dns live, struct fault *fault);

#endif
