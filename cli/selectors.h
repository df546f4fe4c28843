/* selectors: the keys of a domain that anybody has named: aggregate reports, signatures checked here, the operator; and how
 * they stand in the DNS, as last seen. */
#ifndef CLI_SELECTORS_H
#define CLI_SELECTORS_H

#include "cli/cli.h"
#include "report/selectors.h"

struct verdict; /* report/assess/verdict.h */

struct selectors {
	struct selector_line *lines; /* by domain, then selector */
	size_t n;
	size_t left_out;
};

#define SELECTORS_MOST 1000 /* of one domain; reports say anything */

/* Lines lie in the arena, and point where the verdict's do. A NULL store knows nothing; a NULL verdict leaves out who
 * signs with them and how often. `domain` in A-labels, lower case. Flags are not set. */
bool selectors_gather(const struct cli *cli, struct store *store, struct span domain, const struct verdict *verdict,
	struct arena *arena, struct selectors *selectors, struct fault *fault);

/* In which order to ask about them where not all can be asked about, as anybody can write selectors into a mail and a report:
 * those that the operator listed, those that were seen in the DNS, those that are said to have made a valid signature, the
 * others, and what was looked for in vain. After selectors_look. */
enum selector_rank { SELECTOR_LISTED, SELECTOR_SEEN, SELECTOR_VALID, SELECTOR_OTHER, SELECTOR_MISSED, SELECTOR_RANKS };
enum selector_rank selector_rank(const struct selector_line *line);

/* The keys as the last snapshot or the archive has them. */
void selectors_look(struct store *store, struct selectors *selectors);

#endif
