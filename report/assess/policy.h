/* What receivers do with a failing message under a record, and the text of a record. */
#ifndef REPORT_ASSESS_POLICY_H
#define REPORT_ASSESS_POLICY_H

#include "base/buf.h"
#include "report/assess/rows.h"

/* Parts of 100 that are treated each way. */
struct treatment {
	unsigned none, quarantine, reject;
};

/* Which policy of a record an author domain meets. */
enum policy_place { PLACE_DOMAIN, PLACE_SUBDOMAIN, PLACE_NONEXISTENT };

/* For a failing message. RFC 7489 receivers know pct and neither np nor t; RFC 9989 receivers the reverse. */
struct treatment policy_treat(const struct policy *policy, enum policy_place place, bool rfc7489);

/* p, lowered one level by t=y or pct < 100: what any receiver surely applies. Absent counts as none (RFC 9989 4.10.1).
 */
enum request policy_effective(const struct policy *policy);
enum request request_lower(enum request request);

/* `v=DMARC1; p=...; sp=...`: tags that are not at their default, pct=0 beside t=y when `policy` says both. `rest` are
 * rua, ruf, fo and psd, added as they stand. */
bool policy_text(struct buf *out, const struct policy *policy, const struct published *rest);

#endif
