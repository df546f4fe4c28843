/* The tables of data/: text of a file in, rows out. Lines of tab-separated fields; `#` begins a comment line; lists
 * within a field are joined by commas. Spans of the rows point into `text`, which must outlive them. */
#ifndef REPORT_ASSESS_SENDERS_H
#define REPORT_ASSESS_SENDERS_H

#include "base/arena.h"
#include "base/fault.h"
#include "report/assess/rows.h"

/* id, kind, name, host suffixes, SPF includes, d= domains, bounce domains, own_dkim, own_bounce, where, reference,
 * checked. The last two say where a row comes from and when it was looked up; the program does not need them.
 * FAULT_SETUP names the line and what is wrong with it. */
bool senders_read(
	struct span text, struct arena *arena, const struct sender_row **rows, size_t *n, struct fault *fault);

/* operator, organisational domain that signs its reports, patterns of org_name, reference, checked. */
bool reporters_read(
	struct span text, struct arena *arena, const struct known_reporter **rows, size_t *n, struct fault *fault);

#endif
