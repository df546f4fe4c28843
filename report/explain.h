/* `dmarcgate explain`: a source, a gate, an item of evidence, a report. What stands on any page can be asked for.
 *
 * All print to `out` and are false when that, or memory, failed. */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "report/readiness.h"
#include "report/style.h"

/* Sources that `text` names: an id, a name, an address, a host name, or a sender's subject (`id@author.domain`). Their
 * places in verdict.sources, at most EXPLAIN_SOURCES; *header_from is the author domain asked for, or absent. */
#define EXPLAIN_SOURCES 8
size_t explain_find_sources(
	const struct assessment *a, struct span text, uint32_t sources[EXPLAIN_SOURCES], struct span *header_from);
/* The addresses behind what `text` names so, in any order, one perhaps several times. NULL counts them. */
size_t explain_find_addresses(const struct assessment *a, struct span text, struct address *addresses);
/* With `all`, the reports that tell of it one by one. */
bool explain_source(FILE *out, const struct style *style, const struct assessment *a, uint32_t source,
	struct span header_from, bool all);

/* Below a sample: what the mail of its source counts as, and what p=reject would do to it. Nothing where nothing is known
 * of that source; *some tells. */
bool explain_way(FILE *out, const struct style *style, const struct assessment *a, const struct address *address,
	struct span header_from, bool *some);

/* Reports of that id, at most EXPLAIN_REPORTS: different receivers may use the same. Where there is none, the one that has this
 * number in the list of reports. */
#define EXPLAIN_REPORTS 8
size_t explain_find_reports(const struct assessment *a, struct span id, uint32_t reports[EXPLAIN_REPORTS]);
bool explain_report(FILE *out, const struct style *style, const struct assessment *a, uint32_t report);

bool explain_gate(FILE *out, const struct style *style, const struct assessment *a, unsigned number); /* 1..12 */

/* `a` may be NULL: then nothing is said of where it was found. */
bool explain_evidence(FILE *out, const struct style *style, const struct assessment *a, enum evidence_id id);

/* The same as one document, `dmarcgate-explain/1` of dmarcgate-json(5). */
bool explain_sources_json(
	FILE *out, const struct assessment *a, const uint32_t *sources, size_t n, struct span header_from);
bool explain_reports_json(FILE *out, const struct assessment *a, const uint32_t *reports, size_t n);
bool explain_gate_json(FILE *out, const struct assessment *a, unsigned number);
bool explain_evidence_json(FILE *out, const struct assessment *a, enum evidence_id id); /* `a` may be NULL */

#endif
