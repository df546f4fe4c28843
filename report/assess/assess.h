/* assess: from rows and options to a verdict. Pure: no clock, no file, no name server, no printing; it only calculates.
 *
 * The verdict and everything it points to lie in `arena` or in `rows`, which must outlive it. False when the rows point
 * outside their own arrays or the arena's bound was passed; the verdict is then not to be used. */
#ifndef REPORT_ASSESS_ASSESS_H
#define REPORT_ASSESS_ASSESS_H

#include "report/assess/verdict.h"

bool assess(
	const struct rows *rows, const struct assess_options *options, struct arena *arena, struct verdict *verdict);

/* What the mail of the last `days` days (0: the window of the verdict) would have met under `policy`; `fixed` are
 * subjects of senders taken as repaired. */
bool assess_simulate(const struct rows *rows, const struct assess_options *options, const struct policy *policy,
	unsigned days, const struct words *fixed, struct arena *arena, struct simulation *simulation);

#endif
