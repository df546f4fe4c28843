/* answer: rows the store returns for a question (noun; plain data). Strings live until the taker returns. */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "base/address.h"
#include "base/digest.h"
#include "base/dnsanswer.h"
#include "base/moment.h"
#include "base/span.h"

#include <stdint.h>

/* Days are counted since the epoch; a report belongs to the day in the middle of its range. Both ends inclusive. */
struct window {
	int64_t first_day, last_day;
};

/* Messages, never rows. dkim and spf are aligned passes as the receivers evaluated them. */
struct counts {
	uint64_t messages;
	uint64_t dkim, spf, both; /* aligned by DKIM, by SPF, by both */
	uint64_t none, quarantine, reject, other; /* disposition; `pass` counts as none, unknown words as other */
	/* neither aligned, and the receiver named a reason to let it through: forwarded, local_policy, mailing_list,
	 * other, trusted_forwarder; not sampled_out, policy_test_mode or words that no RFC knows */
	uint64_t spared;
};
static inline uint64_t counts_neither(const struct counts *c)
{
	return c->messages - c->dkim - c->spf + c->both;
}

struct domain_row {
	struct span domain; /* policy domain */
	struct counts counts;
	uint64_t reports, reporters; /* reports that count, and who sent them (names compared without case) */
	uint64_t failures; /* authentication failure reports about this very domain; not those of mail that passed DMARC */
	uint64_t days; /* days of the window with at least one report */
	int64_t begin, end; /* first begin and last end among them */
	struct span p, sp, np, pct;  /* the policy as last seen by a receiver */
};
typedef bool domain_taker(void *arg, const struct domain_row *row); /* most messages first, then by name */

struct source_row {
	struct span source; /* address or network as text, or what was sent instead */
	bool has_address;
	struct address address;
	unsigned network; /* 0, or the length of its prefix: those of a domain with too many sources are taken together */
	struct counts counts;
	int64_t first_day, last_day;
	uint64_t reporters;
	/* the domain that passed for most messages, aligned or not, absent when none; the selector is dkim_domain's */
	struct span dkim_domain, spf_domain, dkim_selector;
};
/* Most unaligned first, then most messages, then by address; what is no address last. */
typedef bool source_taker(void *arg, const struct source_row *row);

/* A sender whose mail passed SPF for one domain. */
struct spf_pass_row {
	struct address address;
	unsigned network; /* as in struct source_row */
	uint64_t messages;
};
typedef bool spf_pass_taker(void *arg, const struct spf_pass_row *row); /* most messages first, then by address */

struct reporter_row {
	struct span org_name;
	uint64_t reports, messages, days, problems;
	int64_t begin, end;
};
typedef bool reporter_taker(void *arg, const struct reporter_row *row); /* most messages first, then by name */

/* An author domain (header_from) as it was sent; those that a proven report names first, then most messages
 * first; at most 400,000, and no more than 256 MB of names. */
typedef bool author_taker(void *arg, struct span name);

/* What deviates from the standards in a report that counts. */
struct problem_row {
	struct span org_name, org_email, report_id;
	int64_t begin;
	struct span where, what; /* as in struct problem */
};
/* By org_name, begin, report_id, where, what. */
typedef bool problem_taker(void *arg, const struct problem_row *row);

/* A mail of ours, told apart by its id and by whom it went to. */
struct sending {
	struct span message_id; /* with its angle brackets */
	struct span recipients; /* sorted, separated by blanks */
	struct span thread;	/* what the mails of a series have in common */
	int64_t day;		/* the last one of what it is about */
	int64_t begun, done;	/* done is MOMENT_NONE while nobody knows whether it arrived */
	struct span state; /* of what it said: octets that are compared */
};
typedef void sending_taker(void *arg, const struct sending *sending);
typedef void told_taker(void *arg, struct span alert, int64_t last_open);

enum report_state {
	REPORT_COUNTS,
	REPORT_DUPLICATE, /* the same content again; its rows are not stored twice */
	REPORT_CONFLICT,  /* the same identity with other content, and another one counts */
	REPORT_STATE_COUNT
};
const char *report_state_word(enum report_state state); /* counts, duplicate, conflict */

/* Conditions that all must hold. */
enum condition_kind {
	CONDITION_DOMAIN,
	CONDITION_REPORTER,
	CONDITION_SINCE,
	CONDITION_UNTIL,
	CONDITION_BROKEN,
	CONDITION_DUPLICATE,
	CONDITION_CONFLICT,
	CONDITION_REPORT,
};
struct condition {
	enum condition_kind what;
	bool not;
	/* DOMAIN, REPORTER: without case; a reporter matches as a part of the name. REPORT: its own id, or stored_report.id */
	const char *text;
	int64_t moment; /* SINCE: ends at or after; UNTIL: begins before */
};
struct report_filter {
	const struct condition *conditions;
	size_t n;
};

struct stored_report {
	int64_t id, mail_id;
	struct span mail; /* the input's name */
	struct span org_name, domain, report_id;
	int64_t begin, end, arrived;
	uint64_t records, messages, problems;
	enum report_state state;
	bool recovered;
	bool broken; /* a mail that gave no report: only mail, arrived and reason are set */
	/* 3: signed by the organisation that the report names, 2: by the one it came from, 1: nothing is proven,
	 * 0: it was only recovered */
	int trust;
	struct span signer; /* the organisational domain whose signature holds; absent: none */
	bool repaired;      /* it holds once harmless changes on the way, such as a subject tag, are undone */
	uint64_t signatures; /* DKIM signatures of the mail, whatever they prove; 0 too for a bare file */
	struct span reason;
};
/* By begin, org_name, domain, report_id and, between equals, by content and mail, never by arrival; broken last, by
 * name. `problems` are those found in the report, and all of the mail when it brought just this one. */
typedef bool stored_report_taker(void *arg, const struct stored_report *row);

/* A failure report, and what its sample proves. */
struct sample_row {
	struct span id; /* the shortest hex digits, at least six, that name it in this database; shown as `sample:3f9c21` */
	int64_t mail_id;
	struct span mail; /* the input's name */
	int64_t arrived, day; /* Arrival-Date, else the mail's arrival */
	struct span reporter; /* organisational domain of the report mail's From */
	int trust; /* of the report mail, with signer and repaired as in struct stored_report */
	struct span signer;
	bool repaired;
	struct span domain; /* Reported-Domain */
	struct span from, subject; /* of the sample: decoded header text */
	struct span source;
	bool has_address;
	struct address address;
	struct span auth_failure, identity_alignment, delivery_result; /* the reporter's claims */
	struct span identity_rule; /* identity_rule_word */
	bool dmarc;        /* an authentication failure report, not abuse or the like */
	bool dmarc_passed; /* the reporter says so, or says nothing and an aligned signature of the sample holds: not
			    * counted as a failure */
	bool has_sample, headers_only;
	uint64_t octets;
	uint8_t sha256[DIGEST_OCTETS]; /* of the sample; zeroes without one */
	struct span result; /* the best of our own verdicts as dkim_result_word; absent: not verified */
	bool aligned;       /* one that passes is aligned with From */
	struct span sentence; /* the first diagnosis, of an aligned signature where there is one; absent: none */
	bool undone;          /* its change was found and undone */
};
typedef bool sample_taker(void *arg, const struct sample_row *row); /* newest first, then by name */

/* A key's name in the results of aggregate reports. */
struct selector_row {
	struct span domain; /* the policy domain; `d` is it or below it */
	struct span d, selector;
	struct span name; /* `selector._domainkey.d`, lower case */
	uint64_t records; /* that show it */
	/* messages with a signature by it that the receiver found good, and others; of one record at most 2^32 */
	uint64_t valid, broken;
	int64_t valid_day; /* last day of a report with a good one; MOMENT_NONE */
};
typedef bool selector_taker(void *arg, const struct selector_row *row); /* most records first, then by name */

/* What became of the signatures with one key. A signature whose key could not be asked for is neither. */
struct checked_selector_row {
	struct span d, selector; /* d in A-labels */
	bool mail;               /* of report mails; else of failure samples */
	uint64_t valid, broken;
	int64_t first_seen, last_seen; /* when the mail arrived, as far as is known */
};
typedef bool checked_selector_taker(void *arg, const struct checked_selector_row *row); /* by d, selector; samples first */

/* A run of octets in kept_mail.fd; kind is an enum octets_kind of parse/feedback.h (samples are not handed out: they
 * lie within their message). */
struct kept_part {
	int kind;
	uint64_t offset, length;
};

struct kept_mail {
	int64_t mail_id;
	struct span name;
	int64_t arrived;
	uint8_t sha256[DIGEST_OCTETS];
	uint64_t octets; /* of the mail as received */
	int fd; /* what is kept of it, inflated, to be parsed again; closed by the store */
	const struct kept_part *parts;
	size_t n;
};
typedef bool kept_taker(void *arg, const struct kept_mail *mail);

/* What the DNS said about a name and type for as long as it said the same: DNS_OK, DNS_NXDOMAIN or DNS_NODATA. Records are
 * in an order of their own; ttl and security are those of the last sight. */
struct snapshot_row {
	struct dns_answer answer;
	int64_t first_seen, last_seen;
};
typedef bool snapshot_taker(void *arg, const struct snapshot_row *row);

/* A verdict that was given (report/assess). Its words are those of the enumerations there. */
enum stored_item_kind {
	ITEM_SETTING,	/* what it was given under: policy, profile, window, limits */
	ITEM_GATE,	/* `G4 zendesk`; states but `holds` and `not-asked` */
	ITEM_EXCEPTION, /* kind and subject; no state */
	ITEM_STEP,	/* kind and subject; no state */
	ITEM_ALERT,	/* kind and subject; its level */
	ITEM_KIND_COUNT
};
struct stored_item {
	enum stored_item_kind kind;
	struct span subject, state;
};
struct stored_verdict {
	struct span domain; /* A-labels, lower case */
	int asked;	    /* the target as it was asked for, `auto` too */
	int64_t day;	    /* on which it was given */
	int target, word;
	uint64_t own, own_fails, forwarded, forwarded_fails, undecided, forged;
	double own_upper;
	const struct stored_item *items; /* by kind, then subject; no two of a kind have one subject */
	size_t items_n;
};

/* An address of the window's reports that nobody has named lately. */
typedef bool address_taker(void *arg, const struct address *address, uint64_t messages); /* most messages first */

struct store_totals {
	uint64_t mails; /* without those of which only the hash is left */
	uint64_t reports, records; /* stored: all deliveries; records of each content once */
	uint64_t failures, broken, tls_reports;
	uint64_t domains; /* with reports that count */
};

struct expired {
	uint64_t mails, reports, records, failures;
};

#endif
