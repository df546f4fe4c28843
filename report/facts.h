/* What several formats ask of a fact. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include "parse/feedback.h"

/* A report that holds the published modes and nothing else: all that record_dkim_aligned and record_spf_aligned ask
 * for, safe to keep when the head's spans are gone. */
struct report report_modes(const struct report *report);

/* Where the alignment that follows from the results sent is not the receiver's verdict. A receiver that said nothing
 * contradicts nothing. */
enum { DISAGREES_DKIM = 1 << 0, DISAGREES_SPF = 1 << 1 };
unsigned record_disagrees(const struct record *record, const struct report *modes);

/* The address in its canonical form, or what was sent instead. */
struct span record_source(const struct record *record, char text[ADDRESS_TEXT]);
struct span failure_source(const struct failure *failure, char text[ADDRESS_TEXT]);

/* The version the report claims; parsedmarc's `draft` where it claims none. */
struct span report_schema(const struct report *report);

#endif
