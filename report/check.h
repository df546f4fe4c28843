/* `dmarcgate check`: the verdict of a domain for programs, and in a few lines for people. What is said longer is on the
 * page (report/readiness_text.h). All are false when the output could not be written or memory was short. */
#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include "report/changes.h"
#include "report/style.h"

/* One document on one line, `dmarcgate-verdict/1` of dmarcgate-json(5). `code` is the exit code for this domain alone;
 * `changes` may be NULL. */
bool check_json(FILE *out, const struct assessment *a, const struct changes *changes, int64_t now, int code);

/* `gates.csv`: a row for every value of every gate. */
bool check_csv_head(FILE *out);
bool check_csv(FILE *out, const struct assessment *a);

/* The verdict, the gates in the way and what to do, without the why. */
bool check_text(FILE *out, const struct style *style, const struct assessment *a);

/* For a log: `example.org not-ready quarantine own-loss=2.2%<=2.3% fix=1 decide=3 next=keep`. */
bool check_line(FILE *out, const struct assessment *a);

#endif
