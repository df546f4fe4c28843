/* The verdict of one domain for people (noun): what every page, list and mail about it is drawn from. */
#ifndef REPORT_READINESS_H
#define REPORT_READINESS_H

#include "report/assess/verdict.h"

struct assessment {
	const struct rows *rows;	      /* as given to assess() */
	const struct assess_options *options; /* the same */
	const struct verdict *verdict;	      /* what it said */
};

/* The record in force: as published, or as receivers saw it; NULL when neither is known. */
const struct policy *assessment_policy(const struct assessment *a);

#endif
