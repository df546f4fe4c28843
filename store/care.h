/* Care for the database: a copy of it while it is in use, and whether it is whole. */
#ifndef STORE_CARE_H
#define STORE_CARE_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Copies the database at `path` to `to`, which must not exist, as it was at one moment: whoever reads or writes goes on
 * meanwhile. The copy is written beside its name as `TO.partial`, read through from end to end, made durable with mode 0600
 * and then given its name; a copy that was cut short is overwritten by the next. Of any schema. FAULT_SETUP: no database of
 * ours, damaged, or `to` exists; FAULT_LATER: no room, or another copy to the same name is being made. */
bool store_backup(const char *path, const char *to, struct fault *fault);

/* Before a database is brought to a newer schema, it is kept as `PATH-schemaN`. Writes that name. */
#define STORE_KEPT_SCHEMA "-schema"

/* How a database is. Counts of things that are not as they should be are 0 in a good one. */
struct health {
	int64_t schema;
	uint64_t octets, free_octets; /* of the file, and what of it is waiting to be used again */
	uint64_t log_octets;          /* of `-wal` */
	bool written;                 /* somebody writes just now */
	bool whole;                   /* the octets were looked at: otherwise the next four say nothing */
	char damage[256];             /* of the file, in SQLite's words, or of an index; "": none */
	uint64_t orphans;             /* rows that belong to nothing */
	char orphan[96];              /* one of them */
	uint64_t sums;                /* sums of a day that are not those of its reports */
	uint64_t mails, reports, records;
	uint64_t unsettled;           /* mails that are stored and whose mailbox was not told yet */
};
/* `whole`: read every octet, which takes as long as the file is large. */
bool store_examine(struct store *store, bool whole, struct health *health, struct fault *fault);

#endif
