/* ingest: one run over what the mailboxes or the command line have, up to the closing line. */
#ifndef CLI_INGEST_H
#define CLI_INGEST_H

#include "cli/poll.h"

struct cli;

struct ingest_job {
	struct polling *polling; /* NULL: what the command line names */
	bool later;		 /* afterwards: what could not be checked before, and keys that will be needed */
	bool journal;		 /* a line for each event on standard error, and no other output */
	struct ingested *totals; /* what is counted is added here, too; the time is the last one; NULL: nobody asks */
};

void ingest_add(struct ingested *sum, const struct ingested *counts); /* without the time */

/* Returns the exit code; what went wrong has been said. `stored`: the database and our own processes did their part,
 * whatever became of single mailboxes and mails. */
int ingest_round(struct cli *cli, const struct ingest_job *job, bool *stored);

/* All mailboxes of the configuration. */
struct polling *ingest_polling(struct cli *cli, const struct polling_plan *plan, struct fault *fault);

#endif
