/* What `dmarcgate mailboxes` found, and the same figures of an ingest for a monitoring system. */
#ifndef REPORT_MAILBOXES_H
#define REPORT_MAILBOXES_H

#include "report/ingested.h"

bool mailboxes_text(FILE *out, const struct style *style, const struct ingested_mailbox *mailboxes, size_t n);
bool mailboxes_json(FILE *out, const struct ingested_mailbox *mailboxes, size_t n); /* `dmarcgate-mailboxes/1` */

/* Of an ingest that ended at `now`, in the text format of Prometheus; dmarcgate.1 names the metrics. */
bool metrics_write(FILE *out, const struct ingested *totals, const struct ingested_mailbox *mailboxes, size_t n,
	int64_t now);

#endif
