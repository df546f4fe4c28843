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

/* Every limit: BOTH differ between the two targets, ONE is for all. (name, whether a larger value is stricter or looser,
 * default for quarantine and for reject, or the one default, unit, sentence). A share is 0..1; a share limit of 0 (least)
 * or 1 (most) asks nothing. */
#define ASSESS_LIMITS(BOTH, ONE)                                                                                       \
	BOTH(history, STRICT, 28, 35, "days", "G1: days since the first counted report")                               \
	BOTH(days, STRICT, 18, 22, "days", "G1: weekdays of the window with a counted report")                         \
	BOTH(evidence, STRICT, 300, 600, "messages", "G2: messages of evidence")                                       \
	BOTH(own_loss, LOOSE, 0.010, 0.002, "share", "G3: share of your own mail that would be lost")                  \
	BOTH(own_upper, LOOSE, 0.020, 0.005, "share", "G3: its upper bound at 95 %")                                   \
	BOTH(sender_loss, LOOSE, 0.05, 0.02, "share", "G4: the same share of each sender")                             \
	BOTH(critical_loss, LOOSE, 0.010, 0.005, "share", "G4: of senders marked critical")                            \
	BOTH(dkim_share, STRICT, 0, 0.98, "share", "G5: least share of your own mail signed by you")                   \
	BOTH(sender_dkim, STRICT, 0, 0.90, "share", "G5: least share of each sender's")                                \
	BOTH(undecided_share, LOOSE, 0.02, 0.005, "share", "G6: share of undecided mail")                              \
	BOTH(forward_loss, LOOSE, 1, 0.05, "share", "G7: share of your mail that is lost on the way")                  \
	BOTH(forward_named, LOOSE, 0.02, 0.002, "share", "G7: above it forwarding is a named exception")               \
	BOTH(stage_days, STRICT, 0, 30, "days", "G8: days at quarantine or stricter")                                  \
	BOTH(quiet_days, STRICT, 14, 28, "days", "G9: days since the last surprise")                                   \
	BOTH(accepted_share, LOOSE, 0.03, 0.01, "share", "G12: share of your own mail that fails and is accepted")     \
	ONE(wide_days, STRICT, 20, "days", "G1: days with a report that do once the window was widened")               \
	ONE(fresh_days, LOOSE, 3, "days", "G1: age of the newest report")                                              \
	ONE(reporters, STRICT, 2, "count", "G1: counted reporters that saw more than forged mail")                     \
	ONE(lone_evidence, STRICT, 5000, "messages", "G1: evidence at which one reporter is enough")                   \
	ONE(thin_evidence, STRICT, 60, "messages", "G2: least evidence for the exception `thin evidence`")             \
	ONE(own_fails, LOOSE, 3, "messages", "G3: fewer failing messages never fail it")                               \
	ONE(sender_messages, LOOSE, 10, "messages", "G4, G5: smaller senders are named, not judged")                   \
	ONE(undecided_source, LOOSE, 20, "messages", "G6: messages of one undecided source")                           \
	ONE(undecided_part, LOOSE, 0.002, "share", "G6: the same as a share of legitimate mail; the larger counts")    \
	ONE(transactional_loss, LOOSE, 0.01, "share", "G7: forward_loss of the transactional profile")                 \
	ONE(trusted_share, STRICT, 0.8, "share", "least share of messages from authenticated reports")                 \
	ONE(history_sure, STRICT, 100, "days", "history that makes the attest of quarterly senders needless")          \
	ONE(sent_share, STRICT, 0.2, "share", "least share of what was sent that reports must cover")                  \
	ONE(evidence_cap, LOOSE, 200, "messages", "evidence that one reporter, address and day can give")              \
	ONE(stranger_share, LOOSE, 0.2, "share", "largest part of the evidence from one reporter that is not known")

#define LIMIT_NONE(...)
#define LIMIT_MEMBER(name, ...) double name;
struct target_limits {
	ASSESS_LIMITS(LIMIT_MEMBER, LIMIT_NONE)
};
struct assess_limits {
	struct target_limits quarantine, reject;
	ASSESS_LIMITS(LIMIT_NONE, LIMIT_MEMBER)
};

#define WINDOW_STANDARD 35 /* five whole weeks, which always hold the end of a month */

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
	unsigned window;	      /* days */
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
		.window = WINDOW_STANDARD, .limits = LIMITS_DEFAULT \
	}
#define LIMIT_DEFAULTS(name, direction, q, r, ...) .quarantine.name = (q), .reject.name = (r),
#define LIMIT_DEFAULT(name, direction, standard, ...) .name = (standard),
#define LIMITS_DEFAULT                                         \
	{                                                      \
		ASSESS_LIMITS(LIMIT_DEFAULTS, LIMIT_DEFAULT) \
	}

static inline const struct target_limits *limits_of(const struct assess_limits *limits, enum target target)
{
	return target == TARGET_REJECT ? &limits->reject : &limits->quarantine;
}

/* The largest value of a limit with this unit. */
#define LIMIT_MOST_OF(unit) (__builtin_strcmp(unit, "share") == 0 ? 1.0 : __builtin_strcmp(unit, "days") == 0 ? 400.0 : 1e9)

/* Sets the limit called `name` (`reject.own_loss`, `reporters`); false when there is none or the value is out of range.
 * A share may be written `0.2%`; no value has more than six digits behind its point. */
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
