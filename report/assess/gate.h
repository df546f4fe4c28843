/* Gates G1..G12 and the verdict that follows from them. Known bad beats thin data; thin data never yields ready. */
#ifndef REPORT_ASSESS_GATE_H
#define REPORT_ASSESS_GATE_H

#include "report/assess/verdict.h"

/* Twelve gates in order, exceptions in the order gates name them. Everything lies in `arena`; when it failed, the word
 * is VERDICT_NOT_ENOUGH_DATA and the arrays are empty. */
struct decision gate_decide(
	const struct measures *measures, const struct assess_limits *limits, enum target target, struct arena *arena);

/* Fills the shares and the bound of `m` from its counts. */
void measures_share(struct measures *m);

#endif
