/* snapshot: what a domain was last seen to publish, out of the store, in the words of the verdict. Nobody is asked. A file
 * in the place of the DNS (--dns-file) stands for today's look in this run, and is not remembered. */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include "report/assess/rows.h"
#include "store/store.h"

struct zonefile;

/* What was seen longer ago says nothing of today. */
#define SNAPSHOT_DAYS 14

/* Records, keys in use and author domains: of `zone`, else of what the store saw; either may be NULL. `checked` is false
 * when too little is known or it is too old. Everything lies in the arena, or in the zone. */
bool snapshot_read(struct store *store, struct zonefile *zone, const struct domain_name *domain,
	const struct observed *observed, int64_t now, struct arena *arena, struct published *published, struct fault *fault);

#endif
