/* sight: what the DNS said in this run, kept until it can be stored with its date (store_learn_dns).
 *
 * Only a live DNS is remembered: a file in its place, or an earlier snapshot, is no sight of anything. */
#ifndef CLI_SIGHT_H
#define CLI_SIGHT_H

#include "base/dnsanswer.h"
#include "base/fault.h"

#include <stdint.h>

struct cli;
struct sight;
struct store;

struct sight *sight_new(void); /* NULL: no memory */
void sight_free(struct sight *sight); /* NULL is fine */

/* Remembers one answer. */
void sight_keep(struct sight *sight, const struct dns_answer *answer);
size_t sight_answers(const struct sight *sight); /* remembered and not learnt yet */

/* Within the writer's transaction; afterwards the sight is empty. */
bool sight_learn(struct sight *sight, struct store *store, int64_t now, struct fault *fault);

/* The operator's own domains ([dkim] domains) of which the last snapshot is older than a day are looked at again, with
 * their keys; at most so many in a run. Learns; does not commit. */
#define SIGHT_DOMAINS 20
bool sight_refresh(const struct cli *cli, struct store *store, struct dns live, struct fault *fault);

/* The same for any domains, and for the author domains below them that reports of the last weeks name: do they exist, have
 * they a record of their own? Asks, until so many seconds are over, and remembers; learning is the caller's, so that
 * nobody else who writes has to wait for the DNS. */
#define SIGHT_AUTHORS 50 /* of one domain and run */
struct sight_seen {
	size_t domains, authors; /* looked at */
};
bool sight_survey(struct sight *sight, const struct cli *cli, struct store *store, struct dns live,
	const struct span *domains, size_t n, unsigned seconds, struct sight_seen *seen, struct fault *fault);

#endif
