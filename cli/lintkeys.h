/* lintkeys: the DKIM keys of a domain among its findings: those in use or listed are judged, those long out of use and
 * still published are named, and the one that a server signs with is held against them. */
#ifndef CLI_LINTKEYS_H
#define CLI_LINTKEYS_H

#include "parse/dns/keylint.h"

struct cli;
struct store;

#define LINTKEYS_MOST 100 /* names asked for of one domain */

/* The file of --expect-key, into the arena. Nothing private of it stays in memory. False: fault names the file. */
bool lintkeys_expect(const char *path, struct arena *arena, struct expected_key *expected, struct fault *fault);

/* `domain` in A-labels. `store` and `expected` may be NULL. False: memory is short, or the store says no. */
bool lintkeys_judge(const struct cli *cli, struct store *store, struct dns dns, struct span domain,
	const struct expected_key *expected, struct findings *findings, struct fault *fault);

#endif
