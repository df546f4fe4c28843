/* The nursery: a process forked before settings, passwords or the database are in memory. When the first worker is ordered it opens
 * the libraries (parse_warm) and locks itself; from then on it only forks workers, ends them and tells how they ended. It reads
 * nothing that came from outside.
 *
 * nursery_start comes first in the program's life. All other calls return at once; what the nursery has to say is
 * fetched with nursery_next when its descriptor is readable. */
#ifndef PARSE_NURSERY_H
#define PARSE_NURSERY_H

#include "base/fault.h"
#include "parse/limits.h"

#include <sys/types.h>

struct nursery;

struct nursery *nursery_start(struct fault *fault);
void nursery_free(struct nursery *nursery); /* ends it and all its workers */

bool nursery_gone(const struct nursery *nursery); /* it died, and nothing it has said is left to be fetched */

int nursery_descriptor(const struct nursery *nursery);
/* Orders a worker; returns the token by which its notice is known, 0 when the nursery does not answer. */
uint64_t nursery_spawn(struct nursery *nursery, const struct limits *limits);
bool nursery_kill(struct nursery *nursery, pid_t pid); /* only ever one of its own children */

enum nursery_event {
	NURSERY_NOTHING, /* nothing to be read at the moment */
	NURSERY_SPAWNED, /* token, pid, socket (now owned by the caller) */
	NURSERY_FAILED,	 /* token: no worker could be made; status is the errno */
	NURSERY_EXITED,	 /* pid, status as of waitpid */
	NURSERY_GONE,	 /* the nursery itself died */
};
struct nursery_notice {
	enum nursery_event event;
	uint64_t token;
	pid_t pid;
	int status;
	int socket; /* -1 unless NURSERY_SPAWNED */
};
struct nursery_notice nursery_next(struct nursery *nursery);

#endif
