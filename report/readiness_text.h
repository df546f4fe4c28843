/* The verdict on a terminal: the page of one domain, and the list of all.
 *
 * False when the output could not be written or memory was short. */
#ifndef REPORT_READINESS_TEXT_H
#define REPORT_READINESS_TEXT_H

#include "report/readiness.h"
#include "report/style.h"

struct readiness_page {
	bool all;	/* with the gates, every exception, and the way back */
	unsigned weeks; /* of the trend; 0: those of the window */
};
bool readiness_text(
	FILE *out, const struct style *style, const struct assessment *a, const struct readiness_page *page);

#endif
