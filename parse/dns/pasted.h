/* A text as a person pastes it: the bare record, its strings in quotation marks, or lines of a zone file. Pure. */
#ifndef PARSE_DNS_PASTED_H
#define PARSE_DNS_PASTED_H

#include "parse/dns/zonefile.h"

struct pasted {
	struct zonefile *zone; /* zonefile_free; NULL: the text is a bare record */
	struct span bare;      /* within the text given */
};

/* False: it looks like a zone file and is none; fault says why. Strings without a name stand at the name `x`. */
bool pasted_read(struct span text, struct pasted *pasted, struct fault *fault);

#endif
