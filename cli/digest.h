/* digest: the weekly mail, and the one about new alerts, from the database to a finished mail. */
#ifndef CLI_DIGEST_H
#define CLI_DIGEST_H

#include "cli/cli.h"
#include "cli/domains.h"
#include "report/weekly.h"

/* An alert that is open now, and not for information only. */
struct open_alert {
	struct span domain, text; /* text: kind, subject and key, as the store tells alerts apart; absent: whichever were open
				   * are, since nothing was reported about the domain */
	bool told;
};

#define ALERT_CLOSED_SECONDS (8 * DAY_SECONDS) /* one not open for so long is closed; runs may be a week apart */
#define ALERT_FORGET_SECONDS (60 * DAY_SECONDS)

struct digest_plan {
	struct cli *cli;
	int64_t now; /* of the week that is meant */
	bool alert;  /* about new alerts only */
	bool attach; /* the pages of the domains, as far as they fit */
	struct span from; /* absent: dmarc at the first domain */
	struct span *to;  /* sorted, each once; none, for one that is only printed: postmaster at the first domain */
	size_t to_n;
	struct span recipients; /* the same as one text */
};

/* Everything lies in the arena but the octets. */
struct digest_result {
	struct arena arena;
	struct sending sending; /* begun: cli->now */
	struct open_alert *alerts;
	size_t alerts_n, new_alerts;
	bool trouble;	   /* of any domain */
	struct span from, subject;
	struct buf octets; /* of the mail; empty when it would tell nothing (plan.alert without a new one) */
};

/* A NULL store is an empty one. False: fault. */
bool digest_make(const struct digest_plan *plan, struct store *store, struct digest_result *result, struct fault *fault);
void digest_result_release(struct digest_result *result);

#endif
