/* One DKIM signature for people: for `verify` and for the page of a sample. */
#ifndef REPORT_SIGNATURE_TEXT_H
#define REPORT_SIGNATURE_TEXT_H

#include "parse/feedback.h"
#include "report/style.h"

/* Who signed, whether it passes and counts for DMARC, what to do about its key, and, where it was diagnosed, what was
 * changed, step by step. */
void signature_text(FILE *out, const struct style *style, const struct verification *verification,
	const struct dkim_verdict *verdict);

#endif
