/* attached: the pages of the domains that a mail is about, in the mail, worst domain first, as long as they fit in. Domains
 * without a report come last, because whoever invents names could otherwise fill a mail with their empty pages. Which pages
 * fit does not depend on the order they are added in. */
#ifndef CLI_ATTACHED_H
#define CLI_ATTACHED_H

#include "cli/page.h"
#include "report/outgoing.h"
#include "report/overview.h"

#define ATTACHED_MOST 200
#define ATTACHED_OCTETS ((size_t)9500000) /* encoded; servers as they are installed take mails of 10,240,000 (Postfix) */

struct attached {
	struct attached_page *pages; /* owned, the worst first */
	size_t n, left_out;
	size_t octets; /* of the pages, encoded */
	struct attached_rank {
		struct overview_line line;
		bool silent;
	} cut; /* with left_out: pages of domains that are no worse have no place */
};

/* The page about what readiness_assess found. The domain of `line` must outlive `attached`. */
bool attached_add(struct attached *attached, struct readiness *r, const struct overview_line *line, struct fault *fault);

/* report.html where the mail is about one domain, else DOMAIN.html; in the arena, but for the pages. NULL: memory is short. */
const struct outgoing_page *attached_pages(const struct attached *attached, bool one, struct arena *arena);
void attached_release(struct attached *attached);

#endif
