/* metrics: a file for a monitoring system, which always finds it whole. */
#ifndef CLI_METRICS_H
#define CLI_METRICS_H

#include "base/fault.h"
#include "report/mailboxes.h"

/* Written beside `path` and then put in its place, readable by everybody: it is read by another program's user. */
bool metrics_file(const char *path, const struct ingested *totals, const struct ingested_mailbox *mailboxes, size_t n,
	int64_t now, struct fault *fault);

#endif
