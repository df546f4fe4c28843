/* A map from the organisational domains of host names to who they belong to, in the layout of parsedmarc's
 * base_reverse_dns_map.csv: base_reverse_dns, name, type. It is read where the user names it; none comes with the program. */
#ifndef REPORT_ASSESS_BASEMAP_H
#define REPORT_ASSESS_BASEMAP_H

#include "base/arena.h"
#include "base/fault.h"
#include "report/assess/rows.h"

#define BASEMAP_OCTETS ((size_t)32 * 1024 * 1024) /* of the file */

struct basemap_row {
	struct span base, name, type;
};
struct basemap { /* by base */
	const struct basemap_row *rows;
	size_t n;
};

/* Of two rows with one base the first counts. FAULT_SETUP: `12: ...`, with the line's number in front. */
bool basemap_read(struct span text, struct arena *arena, struct basemap *map, struct fault *fault);

/* Adds to the sender table of `rows` what the map says of confirmed hosts that the table does not know. False: memory. */
bool basemap_add(const struct basemap *map, struct arena *arena, struct rows *rows);

#endif
