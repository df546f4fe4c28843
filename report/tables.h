/* Tables behind a verdict, for other programs: its days, and the rows it rests on. The same calls for each table and
 * format:
 *
 *   head(out) once -> domain(out, assessment) for each domain
 *
 * False when the output could not be written or memory was short. */
#ifndef REPORT_TABLES_H
#define REPORT_TABLES_H

#include "report/readiness.h"

#include <stdio.h>

/* `days.csv`: a row for each day of the window: messages by what they count as, and how many reporters told of them. */
bool days_csv_head(FILE *out);
bool days_csv(FILE *out, const struct assessment *a);
bool days_json(FILE *out, const struct assessment *a); /* one document on one line, `dmarcgate-days/1` */

/* `rows.csv`: a row for each record of the window, also of reports that do not count; by day, reporter and report, then as
 * in the report. */
bool rows_csv_head(FILE *out);
bool rows_csv(FILE *out, const struct assessment *a);
bool rows_json(FILE *out, const struct assessment *a); /* `dmarcgate-rows/1` */

#endif
