/* domains: which ones a command is about: those named on the command line, else one's own by the configuration, else all
 * that the database has reports about. */
#ifndef CLI_DOMAINS_H
#define CLI_DOMAINS_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"

#include <stddef.h>

struct cli;
struct store;

#define DOMAINS_DAYS 180 /* how far back a domain must have been reported about, when nobody names it */

struct domains {
	struct arena arena;
	struct span *names;
	size_t n, room;
};

/* `named`: words of the command line. A NULL store knows none. False: fault. */
bool domains_find(struct domains *domains, const struct cli *cli, struct store *store, char **named, int named_n,
	struct fault *fault);
void domains_release(struct domains *domains);

#endif
