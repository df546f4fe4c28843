/* verdict: what the rows of one domain mean (noun). Filled by assess(); everything lies in the arena given to it.
 *
 * Arrays are in fixed orders, named at each; equal rows and options give equal verdicts, octet for octet. Shares are
 * 0..1, days count since the epoch, and indexes point into the arrays of the same verdict. */
#ifndef REPORT_ASSESS_VERDICT_H
#define REPORT_ASSESS_VERDICT_H

#include "report/assess/evidence.h"
#include "report/assess/options.h"
#include "report/assess/rows.h"

#define NO_INDEX UINT32_MAX

/* ---- reports: trust, standing, what counts */

enum trust { TRUST_0, TRUST_1, TRUST_2, TRUST_3 };
enum standing { STANDING_NEW, STANDING_ESTABLISHED, STANDING_KNOWN, STANDING_COUNT };
const char *standing_word(enum standing standing); /* new, established, known */

enum report_use {
	USE_COUNTED,
	USE_LEAD_TRUST,	   /* not authenticated */
	USE_LEAD_STANDING, /* authenticated, but neither known nor established; or it outweighed the others */
	USE_REPEAT,	   /* the same report again */
	USE_CONFLICT,	   /* the same identity with other content, and another one counts */
	USE_RESENT,	   /* its range and content overlap an earlier one */
	USE_IMPOSSIBLE,	   /* T0: its dates, its domains, or readable only after repair */
	USE_REFUSED,	   /* T0: our own border refused it */
	USE_OTHER_DOMAIN,
	USE_COUNT
};
const char *report_use_word(enum report_use use); /* counted, unauthenticated, new-reporter, repeat, conflict, ... */

struct judged_report { /* in the order of rows.reports */
	enum trust trust;
	enum report_use use;
	uint32_t reporter;
	int64_t first_day, last_day;
	bool authenticated; /* the mail speaks for its author, whatever the report then says */
	bool sees_other_policy;
	bool undone; /* authenticated only after a banner of our own gateway was undone */
};
/* The part of a record's messages on these days: they are spread evenly, the remainder on the first ones. */
uint64_t report_part(const struct judged_report *report, uint64_t messages, int64_t first, int64_t last);

struct reporter {	      /* most counted messages of the window first, then by identity */
	struct span identity; /* organisational domain, or `claimed:` and org_name */
	struct span name;     /* the operator's name of the table, or org_name */
	enum standing standing;
	uint64_t messages, reports, leads;  /* in the window: counted messages, counted and uncounted reports */
	uint64_t disagreements;		    /* messages judged otherwise than their own auth_results say */
	uint64_t judged;		    /* messages that could be compared */
	uint64_t failing, honoured, spared; /* at an enforcing policy: failing, disposed as published, with a reason */
	int64_t first_day, last_day;	    /* of all its sound reports */
	bool quiet;			    /* a pillar fallen silent: >= 5 % of the window, nothing for 3 days */
};

/* ---- sources and paths */

enum name_method {
	METHOD_MAP,
	METHOD_TABLE,
	METHOD_HOST,
	METHOD_BOUNCE,
	METHOD_SIGNATURE,
	METHOD_NETWORK,
	METHOD_PREFIX,
	METHOD_OWN,
	METHOD_SCATTER,
	METHOD_COUNT
};
const char *name_method_word(enum name_method method);

struct named_source {	  /* by id */
	struct span id;	  /* what may be marked and explained */
	struct span name; /* for people */
	enum name_method method;
	enum sender_kind kind;
	const struct sender_row *row; /* NULL when it is in no table */
	bool own_network;	      /* split by address */
};

/* What a path counts as in the measures. */
enum fate { FATE_OWN, FATE_FORWARDED, FATE_UNDECIDED, FATE_FORGED, FATE_COUNT };
const char *fate_word(enum fate fate); /* own, forwarded, undecided, forged */

enum subclass {
	SUB_OWN, /* signed by you, perhaps with SPF */
	SUB_OWN_SPF_ONLY,
	SUB_OWN_BROKEN,
	SUB_OWN_THIRD_PARTY,
	SUB_OWN_UNSIGNED,
	SUB_FORWARDED, /* signature intact */
	SUB_FORWARDED_BROKEN,
	SUB_PROBABLY_OWN,
	SUB_PROBABLY_FORWARDED,
	SUB_PROBABLY_FORGED,
	SUB_UNKNOWN,
	SUB_FORGED,
	SUB_COUNT
};
const char *subclass_word(enum subclass subclass); /* own, own-spf-only, own-broken-signature, ... */

#define WEEKS_MOST 26 /* 180 days and a rest */

struct day_count {
	int64_t day;
	uint64_t messages;
};

struct path { /* by header_from, source id, kind, relayed; scatter last */
	uint32_t source;
	struct span header_from;
	enum path_kind kind;
	bool relayed; /* signed away from home */
	bool rose;    /* a forwarder by its name alone that suddenly carries more of your mail: it may be somebody else's, or yours */
	enum fate fate;
	enum subclass subclass;
	struct features features;		      /* failing paths */
	struct classification class;		      /* failing paths; own or forwarded, by proof, for passing ones */
	uint64_t messages, evidence, dkim_ok, spf_ok; /* in the window */
	uint64_t broken;			      /* signed by you, no signature valid; direct or not */
	uint64_t disputed;   /* of them, signed validly and aligned by their own results, yet judged otherwise */
	uint64_t misaligned; /* of them, signed validly by a name that adkim=s does not take for the author's */
	uint64_t spared; /* failing, and the receiver named list, forwarder or ARC as reason */
	uint64_t addresses, reporters;
	bool corroborated;	      /* seen by a known reporter, two established ones, or one on three days */
	uint64_t *weeks;	      /* oldest first, verdict.weeks_n of them */
	int64_t first_day, last_day;  /* ever */
	const struct day_count *days; /* ever, by day */
	size_t days_n;
	struct address address; /* the one with most messages in the window */
	struct span host;	/* its host name; absent when none */
	bool host_confirmed;
	struct span key;	    /* most used selector of yours on it, absent when none */
	struct span broken_key;	    /* the same, of messages with no valid signature of yours */
	struct span key_domain, broken_domain; /* d= of the two */
	uint32_t origin;	    /* forwarded: the source its key is at home at, or NO_INDEX */
	struct span bounce, signer; /* most used foreign SPF and DKIM domains that passed */
	uint32_t sender;	    /* NO_INDEX when it is neither own nor undecided */
	uint32_t pooled;	    /* the scatter path that took it in, or NO_INDEX */
};

/* The own, or undecided, paths of one source and author domain. */
struct sender { /* own first, then undecided; unsigned messages of the last week, messages of the window, subject */
	uint32_t source;
	struct span header_from;
	struct span subject; /* source id; with `@header_from` for a subdomain, unless it is a host of its own */
	struct span mark;    /* what to say after `mark`: the source id, or its one address */
	enum fate fate;
	enum subclass subclass;
	uint64_t messages, fails, dkim_ok, spf_ok;
	struct span_counts {
		uint64_t messages, fails, not_signed, not_spf;
	} week, last, before; /* the last seven days; the seven before them; the 28 before them */
	int64_t unsigned_since,
		fails_since; /* first day of the run of days to the last that are mostly so; MOMENT_NONE */
	int64_t unsigned_until,
		fails_until; /* the last such day, where enough mail since then says that it is over; MOMENT_NONE */
	uint64_t *weeks; /* verdict.weeks_n of them */
	uint64_t addresses, reporters;
	int64_t first_day, last_day;
	bool accepted, critical, reviewed;
	bool corroborated;
	bool spared;	/* its author domain loses nothing by the policy: sp, np or a record of its own */
	bool surprise;	/* its first seven days were not signed by you */
	bool regressed; /* signed less than in the four weeks before */
	bool monthly, quarterly;
	int64_t dates[4]; /* newest first: the runs of a periodic sender */
	size_t dates_n;
	int64_t next_day;	  /* expected; MOMENT_NONE when not periodic */
	bool missed;		  /* overdue by more than a third of the step */
	bool given_up;		  /* the date after that one passed as well */
	uint64_t forwarded_fails; /* failing at forwarders that carry this sender's mail: the risk of a single leg */
	uint64_t broken_weeks;	  /* DKIM alone: weeks with more than 0.5 % broken */
	uint32_t path;		  /* the path with most messages */
	uint32_t worst; /* what `subclass` says, and a step mends: most failing messages, else most broken ones, else `path` */
	struct span key;	  /* selector: the broken one of `worst`, else the most used one of `path`; absent when not told */
	struct span key_domain;	  /* its d= */
};

/* ---- the measures, gates and verdict */

struct sender_measure {
	struct span name;
	uint64_t messages, fails, dkim_ok;
	bool accepted, critical;
	bool doubtful; /* its failures are not corroborated: it cannot fail G4 */
};

struct undecided_measure {
	struct span name;
	uint64_t messages;
	bool reviewed, doubtful;
};

struct measures {
	bool parked;
	unsigned window;
	int64_t history, days,
		age;	 /* days since the first counted report, weekdays (or days) covered, days since the newest */
	bool month_edge; /* the window holds a month's end */
	uint64_t reporters, witnesses; /* of them, those that saw mail that is not forged */
	uint64_t own, own_evidence, own_fails, own_dkim;
	uint64_t forwarded, forwarded_fails, undecided, forged;
	const struct sender_measure *senders;
	size_t senders_n;
	const struct undecided_measure *undecided_sources;
	size_t undecided_n;
	int64_t stage_days, quiet_days;
	bool never_surprised; /* quiet_days is then all there is of history; too little is no failure of G9, but no data */
	bool critical_alert, transactional;
	const struct span *record_errors, *record_warnings; /* G10 */
	size_t record_errors_n, record_warnings_n;
	const struct span *subdomains_failing; /* G11 */
	size_t subdomains_failing_n;
	const struct span *silent; /* senders without a message in the window, that lost mail before it and may be back */
	size_t silent_n;
	const struct span *hardly_reported;
	size_t hardly_reported_n;
	double trusted_share; /* of counted messages that are not forged, from authenticated reports; 1 without any */
	bool records_unchecked, quarterly_unattested, lists_unattested;
	/* Scattered mail that counts as forged and keeps the working week, as that of people who send from home would. */
	uint64_t scattered, scattered_addresses;
	/* shown, never gated */
	double own_loss, own_upper, forward_loss, undecided_share, worst_loss, dkim_share;
	uint64_t spared; /* failing forwarded messages that receivers marked */
};

enum gate_state { GATE_HOLDS, GATE_FAILS, GATE_NO_DATA, GATE_NOT_ASKED, GATE_STATE_COUNT };
const char *gate_state_word(enum gate_state state); /* holds, fails, no-data, not-asked */

struct gate_value {
	const char *name;
	double value, limit;
	bool at_least; /* limit is the least that holds; else the most */
};
#define GATE_VALUES 5

struct gate {		 /* by number, then subject; a gate that holds has one row without a subject */
	unsigned number; /* 1..12 */
	enum gate_state state;
	struct span subject; /* sender, source, record or subdomain; absent for the whole */
	struct gate_value values[GATE_VALUES];
	size_t values_n;
};
#define GATES 12
extern const char *const gate_names[GATES + 1]; /* from 1: `coverage`, `evidence`, ... */

enum exception_kind {
	EXCEPT_ONE_REPORTER,
	EXCEPT_THIN_EVIDENCE,
	EXCEPT_ACCEPTED,
	EXCEPT_THIN,
	EXCEPT_UNDECIDED,
	EXCEPT_FORWARDING,
	EXCEPT_RECORDS,
	EXCEPT_UNAUTHENTICATED,
	EXCEPT_HARDLY_REPORTED,
	EXCEPT_UNCHECKED,
	EXCEPT_QUARTERLY,
	EXCEPT_SILENT, /* its mail failed when it was last seen, and none came since the window began */
	EXCEPT_LISTS, /* RFC 9989 7.4: people who may post to lists SHOULD NOT be put under p=reject */
	EXCEPT_SCATTERED, /* measures.scattered, if it were own mail, would be more than may be lost */
	EXCEPT_COUNT
};
struct exception {
	enum exception_kind kind;
	struct span subject; /* absent for the whole */
};
const char *exception_word(enum exception_kind kind); /* `one reporter`, `thin`, `accepted`, `dns`, ... */

enum verdict_word {
	VERDICT_READY,
	VERDICT_READY_WITH_EXCEPTIONS,
	VERDICT_NOT_READY,
	VERDICT_NOT_ENOUGH_DATA,
	VERDICT_COUNT
};
const char *verdict_word(enum verdict_word word); /* ready, ready-with-exceptions, not-ready, not-enough-data */
static inline int verdict_exit(enum verdict_word word)
{
	return (int)word; /* 0..3, the order of monitoring plugins */
}

struct decision {
	enum verdict_word word;
	const struct gate *gates;
	size_t gates_n;
	const struct exception *exceptions;
	size_t exceptions_n;
};

/* ---- what to do */

enum step_kind {
	STEP_ENABLE_DKIM,	   /* at a service that signs as itself */
	STEP_ENABLE_DKIM_UNSIGNED, /* at a service that does not sign at all */
	STEP_SEPARATE,		   /* this service cannot sign as you: a subdomain of its own, or your relay */
	STEP_SIGN_HOST,		   /* sign on a host of your own; add its address to SPF */
	STEP_ADD_DKIM,		   /* SPF alone */
	STEP_REPAIR_KEY,	   /* key missing or revoked */
	STEP_REPAIR_SIGNATURE,	   /* fails since a day */
	STEP_DEFAULT_KEY,	   /* signs with the provider's key for your tenant */
	STEP_DECIDE,
	STEP_WAIT_STAGE, /* days at the stage before */
	STEP_WAIT_QUIET,
	STEP_FIX_RECORD,
	STEP_SUBDOMAIN,
	STEP_FORWARDING,
	STEP_ACCEPTED,
	STEP_GATHER, /* more days, reporters or evidence */
	STEP_ALERT,  /* an open critical alert */
	STEP_KIND_COUNT
};
const char *step_kind_word(enum step_kind kind); /* enable-dkim, ..., decide, wait-stage */

/* What kind of system an undecided source might be, from its rhythm. */
enum guess {
	GUESS_NONE,
	GUESS_PAYROLL,
	GUESS_WEB,
	GUESS_DEVICE,
	GUESS_LIST,
	GUESS_FORWARDER,
	GUESS_FORGED,
	GUESS_COUNT
};
const char *guess_word(enum guess guess); /* payroll, web, device, ... */

struct step {		/* by rank: own senders, undecided ones, the rest; then what is for later */
	unsigned rank;	/* from 1, through first and later steps */
	bool later;	/* needed for p=reject, not for the target */
	unsigned gates; /* bit n: gate Gn */
	enum step_kind kind;
	uint32_t sender; /* NO_INDEX when the step is about no sender */
	struct span subject;
	uint64_t messages, fails, per_week;
	double loss_now, loss_after; /* own loss before and after this and all earlier steps */
	enum verdict_word after;     /* verdict once this and all earlier steps are done */
	enum guess guess;
	int64_t since;	     /* a break's first day; MOMENT_NONE */
	int64_t until;	     /* the last day of what is mended since; MOMENT_NONE */
	double value, limit; /* waiting and gathering */
	uint64_t needed;     /* STEP_GATHER: messages of evidence that are missing */
};

/* ---- what if */

struct fate_counts {
	uint64_t delivered[FATE_COUNT], spam[FATE_COUNT], refused[FATE_COUNT];
};
struct simulation { /* in the order shown */
	struct policy policy;
	unsigned after_steps;	     /* steps 1..n taken as done */
	struct fate_counts now, old; /* RFC 9989 receivers; RFC 7489 receivers */
	bool differs;		     /* the two columns differ */
};

/* ---- keys, periodic senders, alerts */

struct key { /* by domain, selector; those seen valid, or broken at home */
	struct span domain, selector;
	uint32_t home; /* source, or NO_INDEX: your own servers when `home_own`, else nowhere */
	bool home_own, home_moved, shared;
	uint64_t valid, broken; /* messages in the window */
	uint64_t week_valid, week_broken;
	int64_t first_day, last_day;	       /* ever seen valid; MOMENT_NONE when never */
	const struct published_key *published; /* NULL when not checked */
	bool unused;			       /* published, last seen valid more than 90 days ago */
};

enum level { LEVEL_INFO, LEVEL_HIGH, LEVEL_CRITICAL, LEVEL_COUNT };
const char *level_word(enum level level); /* info, high, critical */

enum alert_kind {
	ALERT_PARKED_SENDS,
	ALERT_DKIM_LOST,
	ALERT_SPF_LOST,
	ALERT_FAIL_RISE,
	ALERT_NEW_UNSIGNED,
	ALERT_MISSED,
	ALERT_KEY_MISSING,
	ALERT_KEY_WEAK,
	ALERT_KEY_TESTING,
	ALERT_KEY_HOME_MOVED,
	ALERT_SEES_OTHER_POLICY,
	ALERT_KEY_NEW,
	ALERT_KEY_GONE,
	ALERT_GONE,
	ALERT_FORGED_BURST,
	ALERT_POLICY_CHANGED,
	ALERT_REPORTER_GONE,
	ALERT_UNVERIFIED_LEAD,
	ALERT_COUNT
};
const char *alert_kind_word(enum alert_kind kind); /* parked-sends, dkim-lost, ... */

struct alert { /* most severe first, then by kind, messages, subject */
	enum alert_kind kind;
	enum level level;
	struct span subject;
	struct span key; /* selector, when one is meant */
	uint32_t sender; /* or NO_INDEX */
	uint32_t path;	 /* of a burst; else NO_INDEX */
	uint64_t messages;
	double before, now;   /* shares, when a share changed */
	int64_t since, until; /* days; MOMENT_NONE when not meant */
};

/* ---- subdomains, next record, basis */

struct subdomain { /* by name; every author domain with mail in the window */
	struct span name;
	bool own_record, spared; /* a record of its own; sp or np spares it under the target */
	bool exists, nonexistent; /* in the snapshot; neither: nobody looked */
	bool failing;		 /* it inherits the record and does not pass by itself; G11, unless it is spared */
	bool needs_sparing;	 /* it is spared, and its mail would be in the way were it not */
	uint64_t own, own_fails, own_unsigned, forwarded, undecided, forged;
};

enum stage {
	STAGE_NO_RECORD,
	STAGE_NONE,
	STAGE_QUARANTINE_TRIAL,
	STAGE_QUARANTINE,
	STAGE_REJECT_TRIAL,
	STAGE_REJECT,
	STAGE_COUNT
};
const char *stage_word(enum stage stage); /* no record, none, quarantine trial, ... */

enum next_kind {
	NEXT_KEEP,    /* not ready, or nothing left to do */
	NEXT_FORWARD, /* the next stage */
	NEXT_BACK,    /* one step back until the alert is closed */
	NEXT_FIRST,   /* no record yet */
	NEXT_SILENT,  /* no data: silence is never a reason to weaken */
	NEXT_KIND_COUNT
};
const char *next_kind_word(enum next_kind kind); /* keep, forward, back, first, silent */

struct next_record {
	enum next_kind kind;
	enum stage stage;	 /* now */
	struct span record;	 /* to publish, now or (NEXT_KEEP) after the steps; absent when nothing is left */
	struct span rollback;	 /* the record as it is */
	struct span zone;	 /* `record` as zone-file line, split at 255 octets */
	unsigned ttl, hold_days; /* 3600; days to hold it, 0: stays */
	int64_t not_before;	 /* the day after a periodic sender's next run, or on_trial; MOMENT_NONE */
	bool on_trial;		 /* not_before is the end of the trial that is published */
	bool sp_none;		 /* subdomains are spared while G11 fails */
	struct span spf;	 /* parked: the other records to publish; absent otherwise */
};

struct day_totals { /* one per day of the window */
	int64_t day;
	uint64_t pass[FATE_COUNT], fail[FATE_COUNT];
	uint64_t reporters;
};

struct blind {		   /* what reports can not show, when it applies */
	bool spf_fail_all; /* SPF ends in -all: refusals before DATA are never reported */
	bool unreported;   /* always: receivers that send no reports */
};

/* One row of a report that is a large part of the own mail: what rests on it rests on a single count. */
struct large_row {
	uint64_t messages; /* in the window; 0: there is none */
	uint32_t row;	   /* of rows.traffic */
};

struct verdict {
	struct span domain;
	enum target target;
	struct decision decision;
	struct measures measures;
	int64_t first_day, last_day; /* of the window */
	unsigned window, weeks_n;    /* days; whole weeks, the last one ends with last_day */
	unsigned days_covered;
	unsigned days_known; /* of the window, since the history began; at least 1 */
	int64_t history_first; /* first day of any counted report; MOMENT_NONE */
	struct policy seen;    /* newest policy that most counted messages were seen under */
	bool seen_any;
	int64_t seen_since;
	enum request effective; /* p, lowered by t=y or pct < 100 */

	const struct judged_report *reports;
	size_t reports_n;
	const struct reporter *reporters;
	size_t reporters_n;
	const struct named_source *sources;
	size_t sources_n;
	const struct path *paths;
	size_t paths_n;
	/* rows.traffic that counts, by path: those of paths[i], for i < path_rows_n, are path_rows[path_starts[i]] up to
	 * path_starts[i + 1]. Scatter comes behind; its rows lie with the paths it took in. */
	const uint32_t *path_rows, *path_starts;
	size_t path_rows_n;
	const struct sender *senders;
	size_t senders_n;
	const uint32_t *senders_by_subject; /* indexes of senders, those of one subject in their order */
	const struct step *steps;
	size_t steps_n;
	const struct simulation *simulations;
	size_t simulations_n;
	const struct key *keys;
	size_t keys_n;
	const struct alert *alerts;
	size_t alerts_n;
	const struct subdomain *subdomains;
	size_t subdomains_n;
	const struct day_totals *days;
	size_t days_n;
	const struct loosened *loosened;
	size_t loosened_n;
	uint8_t limits_digest[DIGEST_OCTETS];
	struct next_record next;
	struct blind blind;
	unsigned turns_at;		  /* first step after which the verdict is ready or with exceptions; 0: none */
	double surprises_most;		  /* unseen senders a week, 95 % bound */
	uint64_t counted, counted_signed; /* reports counted; of them authenticated */
	uint64_t not_counted[USE_COUNT];  /* reports of the window by reason */
	uint64_t outside;		  /* rows dropped: author domain outside the policy domain */
	uint64_t suspicious;		  /* rows made leads: a count beyond all history */
	struct large_row large;
};

/* Is the report one of those that `counted` and `not_counted` are about? Dates that are not believed keep none out. */
bool verdict_holds_report(const struct verdict *verdict, const struct judged_report *report);

/* The first sender of that subject, NO_INDEX when there is none. */
uint32_t verdict_sender(const struct verdict *verdict, struct span subject);

/* What `n` messages of the window are a week, rounded. */
static inline uint64_t verdict_per_week(const struct verdict *v, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)n * 7 + v->days_known / 2) / v->days_known);
}

#endif
