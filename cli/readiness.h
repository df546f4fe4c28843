/* readiness: from the database, the tables and what people said to the verdict on a domain. Every command that speaks of
 * readiness goes through here, so that they all say the same.
 *
 *   readiness_open -> readiness_assess (one domain after another) -> readiness_close */
#ifndef CLI_READINESS_H
#define CLI_READINESS_H

#include "cli/cli.h"
#include "report/assess/assess.h"
#include "report/assess/basemap.h"
#include "report/assess/marks.h"

struct netnames;
struct zonefile;

struct readiness {
	const struct cli *cli;
	struct store *store; /* NULL: there is no database yet, and so no data */
	struct arena tables; /* what is the same for every domain */
	struct rows common;
	const struct statement *statements; /* of the file of marks */
	size_t statements_n;
	struct basemap basemap;
	struct netnames *netnames; /* owned; NULL: none configured */
	struct netnames *countries; /* owned; NULL: not asked for, or none configured */
	size_t located, unlocated; /* addresses with and without a country, of all domains so far; none unless asked for */
	struct zonefile *zone;	   /* owned; what is published, in the place of the snapshots; NULL: no --dns-file */
	/* of the domain in hand; valid until the next one */
	struct arena arena;
	struct rows rows;
	struct assess_options options;
	struct verdict verdict;
};

/* What --target asks about; TARGET_AUTO without it. False: no such target. */
bool readiness_target(const struct cli *cli, enum target *target, struct fault *fault);

/* Reads the tables and the file of marks. The store stays the caller's. False: fault; nothing is to be closed. */
bool readiness_open(struct readiness *r, const struct cli *cli, struct store *store, struct fault *fault);

/* Fills rows, options and verdict. `domain` as a person writes it. A domain without any report is no fault: its verdict is
 * that there is not enough data. FAULT_INPUT: no domain name. */
bool readiness_assess(struct readiness *r, struct span domain, enum target target, struct fault *fault);

void readiness_close(struct readiness *r); /* of one never opened too, when it is all zeroes */

#endif
