/* sampletrace: what the header of a failure report's sample tells of its way: fields of lists and forwarders, the hosts it
 * came through, and which of that is signed. Private to parse/. */
#ifndef PARSE_SAMPLETRACE_H
#define PARSE_SAMPLETRACE_H

#include "parse/feedback.h"
#include "parse/reading.h"

#include <gmime/gmime.h>

/* Fills sample_relayed, sample_starts and sample_hops; source_ip must be read. Text lies in the parser's arena. */
void sampletrace_read(struct reading *r, GMimeMessage *sample, struct failure *failure);

#endif
