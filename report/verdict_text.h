/* DKIM verdicts for people. */
#ifndef REPORT_VERDICT_TEXT_H
#define REPORT_VERDICT_TEXT_H

#include "parse/feedback.h"
#include "report/style.h"

/* One mail: is it signed, by which selector, aligned with From, is the key in test mode, how long is it, and, where the
 * mail was diagnosed, what was changed. False when it could not be written. */
bool verdict_text(FILE *out, const struct style *style, struct span name, const struct verification *verification);

#endif
