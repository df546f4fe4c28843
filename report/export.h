/* Facts of the store for other programs, for `dmarcgate export`: the same calls for every format.
 *
 *   export_..._open -> take (FACT_REPORT FACT_RECORD* FACT_REPORT_END | FACT_FAILURE)* -> close
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include "parse/feedback.h"

#include <stdio.h>

struct export_writer {
	void *self;
	fact_taker *take;
	bool (*close)(void *self);
};

enum export_rows { EXPORT_RECORDS, EXPORT_FAILURES };

/* One line per report or failure report, or per failure report alone, in the members `reports` and `failures` as show has
 * them, so that one script reads both. */
bool export_json_open(struct export_writer *writer, FILE *out, enum export_rows rows);

/* A heading, then a row per record, or per failure report: columns and order of parsedmarc; what we do not know stays
 * empty. RFC 4180 with bare LF. Text that a spreadsheet would take for a formula gets an apostrophe in front; control
 * and invisible characters are spelt \xHH or \u{HEX}, so a row is always one line. */
bool export_csv_open(struct export_writer *writer, FILE *out, enum export_rows rows);

#endif
