/* published: what lint saw of a domain, in the words of the verdict: gate G10, evidence E31 and E34, parked domains. */
#ifndef CLI_PUBLISHED_H
#define CLI_PUBLISHED_H

#include "parse/dns/lint.h"
#include "report/assess/rows.h"

/* Fills everything but `keys` and `names`, which are others' to add. Where the DNS did not say what stands at the
 * `_dmarc` name, or what SPF record there is, nothing was checked, and `checked` is false: silence is neither a fault of
 * the domain nor a proof that all is well. Spans point to where those of `seen` do; lists are in the arena. False:
 * memory is short. */
bool published_fill(const struct lint_domain *seen, struct arena *arena, struct published *published);

#endif
