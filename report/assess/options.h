/* options: what an owner may set (noun), and the limits of every gate with their defaults.
 *
 * A limit looser than its default is listed in every verdict. Shares are 0..1. */
#ifndef REPORT_ASSESS_OPTIONS_H
#define REPORT_ASSESS_OPTIONS_H

#include "base/arena.h"
#include "report/assess/rows.h"

enum target { TARGET_AUTO, TARGET_QUARANTINE, TARGET_REJECT, TARGET_COUNT };
const char *target_word(enum target target); /* auto, quarantine, reject */

enum profile { PROFILE_PEOPLE, PROFILE_TRANSACTIONAL, PROFILE_PARKED, PROFILE_COUNT };
const char *profile_word(enum profile profile); /* people, transactional, parked */

/* Limits that differ between the two targets. A share limit of 0 (least) or 1 (most) asks nothing. */
struct target_limits {
	double history;		/* G1: days since the first counted report */
	double days;		/* G1: weekdays of the window with a counted report */
	double evidence;	/* G2 */
	double own_loss;	/* G3 */
	double own_upper;	/* G3: 95 % bound */
	double sender_loss;	/* G4 */
	double critical_loss;	/* G4: senders marked critical */
	double dkim_share;	/* G5: least share of own mail signed by the domain */
	double sender_dkim;	/* G5: least share of each sender */
	double undecided_share; /* G6 */
	double forward_loss;	/* G7 */
	double forward_named;	/* above it forwarding is a named exception */
	double stage_days;	/* G8: at quarantine or stricter */
	double quiet_days;	/* G9: since the last surprise */
	double accepted_share;	/* G12 */
};

struct assess_limits {
	struct target_limits quarantine, reject;
	double wide_days;	   /* G1: any days, once the window was widened */
	double fresh_days;	   /* G1: age of the newest report */
	double reporters;	   /* G1 */
	double lone_evidence;	   /* G1: evidence at which one reporter is enough */
	double thin_evidence;	   /* G2: least evidence for the exception `thin evidence` at the widest window */
	double own_fails;	   /* G3: fewer failing messages never fail it */
	double sender_messages;	   /* G4, G5: smaller senders are named, not judged */
	double undecided_source;   /* G6: messages of one undecided source */
	double undecided_part;	   /* G6: the same as a share of legitimate mail; the larger of both counts */
	double transactional_loss; /* G7 for the transactional profile */
	double trusted_share;	   /* least share of messages from authenticated reports */
	double history_sure;	   /* days of history that make the quarterly attest needless */
	double sent_share;	   /* least share of what was sent that reports must cover */
	double evidence_cap;	   /* messages of one reporter, address and day that count as evidence */
	double stranger_share;	   /* largest part of the evidence from one reporter that is not known */
};

/* Options that are lists of words. */
struct words {
	const struct span *words;
	size_t n;
};

struct assess_options {
	struct domain_name domain; /* the policy domain */
	int64_t today;		   /* day since the epoch; nothing here asks the clock */
	enum target target;	   /* AUTO: the next stage */
	enum profile profile;
	unsigned window;	      /* days; 35 */
	bool window_fixed;	      /* never widen */
	bool trust_strict;	      /* never count what is not authenticated */
	bool legacy_pct;	      /* the old ladder 10, 25, 50, 100 instead of the trial record */
	struct words own_nets;	      /* CIDR prefixes */
	struct words tenants;	      /* `google:label`, `microsoft365:label` */
	struct words known_reporters; /* organisational domains, beside the table */
	struct assess_limits limits;
};

#define OPTIONS_DEFAULT                                \
	{                                              \
		.window = 35, .limits = LIMITS_DEFAULT \
	}
#define LIMITS_DEFAULT                                                                                        \
	{                                                                                                     \
		.quarantine = { .history = 28,                                                                \
			.days = 18,                                                                           \
			.evidence = 300,                                                                      \
			.own_loss = 0.010,                                                                    \
			.own_upper = 0.020,                                                                   \
			.sender_loss = 0.05,                                                                  \
			.critical_loss = 0.010,                                                               \
			.dkim_share = 0,                                                                      \
			.sender_dkim = 0,                                                                     \
			.undecided_share = 0.02,                                                              \
			.forward_loss = 1,                                                                    \
			.forward_named = 0.02,                                                                \
			.stage_days = 0,                                                                      \
			.quiet_days = 14,                                                                     \
			.accepted_share = 0.03 },                                                             \
		.reject = { .history = 35,                                                                    \
			.days = 22,                                                                           \
			.evidence = 600,                                                                      \
			.own_loss = 0.002,                                                                    \
			.own_upper = 0.005,                                                                   \
			.sender_loss = 0.02,                                                                  \
			.critical_loss = 0.005,                                                               \
			.dkim_share = 0.98,                                                                   \
			.sender_dkim = 0.90,                                                                  \
			.undecided_share = 0.005,                                                             \
			.forward_loss = 0.05,                                                                 \
			.forward_named = 0.002,                                                               \
			.stage_days = 30,                                                                     \
			.quiet_days = 28,                                                                     \
			.accepted_share = 0.01 },                                                             \
		.wide_days = 20, .fresh_days = 3, .reporters = 2, .lone_evidence = 5000, .thin_evidence = 60, \
		.own_fails = 3, .sender_messages = 10, .undecided_source = 20, .undecided_part = 0.002,       \
		.transactional_loss = 0.01, .trusted_share = 0.8, .history_sure = 100, .sent_share = 0.2,     \
		.evidence_cap = 200, .stranger_share = 0.2                                                    \
	}

static inline const struct target_limits *limits_of(const struct assess_limits *limits, enum target target)
{
	return target == TARGET_REJECT ? &limits->reject : &limits->quarantine;
}

/* Sets the limit called `name` (`reject.own_loss`, `reporters`); false when there is none or the value is out of range.
 * A share may be written `0.2%`. */
bool limit_set(struct assess_limits *limits, struct span name, struct span value);

/* A limit that was made looser than its default. */
struct loosened {
	const char *name;
	double value, standard;
};
/* In the order of the table; the array lies in `arena`. */
size_t limits_loosened(const struct assess_limits *limits, struct arena *arena, const struct loosened **loosened);

/* SHA-256 over names and values in the order of the table: equal limits, equal digest. */
bool limits_digest(const struct assess_limits *limits, uint8_t digest[DIGEST_OCTETS]);

#endif
