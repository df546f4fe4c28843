/* handover: gives a finished mail of ours away, to the command or the server that [digest] names. */
#ifndef CLI_HANDOVER_H
#define CLI_HANDOVER_H

#include "base/fault.h"
#include "ingest/submit.h"

struct cli;

/* `octets` with lines ending in LF. Recipients that the server refuses are said, and counted in *refused. SUBMIT_SENT, or
 * fault. */
enum submit_end handover(const struct cli *cli, const struct envelope *envelope, struct span octets, size_t *refused,
	struct fault *fault);

#endif
