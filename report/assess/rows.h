/* rows: everything a verdict rests on, as plain arrays (noun).
 *
 * One `struct rows` is about one policy domain. A store question fills the report, source, auth and traffic arrays;
 * marks and attests come from the operator's file, tables from data/, `published` from the DNS snapshots. All spans are
 * borrowed and live as long as the rows. Domains are lower case, A-labels, without a trailing dot; words of
 * enumerations are lower case. The order of every array is free: equal sets give equal verdicts. Days are counted since
 * 1970-01-01 UTC. */
#ifndef REPORT_ASSESS_ROWS_H
#define REPORT_ASSESS_ROWS_H

#include "base/address.h"
#include "base/digest.h"
#include "base/moment.h"
#include "base/span.h"
#include "parse/feedback.h"

#include <stdint.h>

/* A domain and its organisational domain (parse/dns/orgdomain.h); both absent when there is no domain, and `org` absent
 * when the name is a public suffix itself. */
struct domain_name {
	struct span name, org;
};

/* ---- policy records (RFC 9989 4.7, RFC 7489 6.3) */

enum request { REQUEST_ABSENT, REQUEST_NONE, REQUEST_QUARANTINE, REQUEST_REJECT, REQUEST_COUNT };

struct policy {
	enum request p, sp, np;
	bool testing; /* t=y */
	unsigned pct; /* 0..100; 100 when not published */
	bool adkim_strict, aspf_strict;
};

/* ---- reports */

/* How far the mail that carried a report speaks for its sender. */
enum carriage {
	CARRIAGE_FILE, /* no mail around it, or nothing checked */
	CARRIAGE_UNSIGNED,
	CARRIAGE_BROKEN,      /* signed, does not verify, or the key is gone */
	CARRIAGE_BORDER_SPF,  /* our border's topmost Authentication-Results: SPF pass, aligned with From */
	CARRIAGE_BORDER_DKIM, /* the same, DKIM pass */
	CARRIAGE_UNDONE,      /* verifies once our own gateway's banner or subject tag is undone */
	CARRIAGE_SIGNED,      /* verifies, d= aligned with From */
	CARRIAGE_REFUSED,     /* our border says dmarc=fail against an enforcing policy */
	CARRIAGE_COUNT
};

struct assess_report {
	struct span org_name, report_id;
	struct domain_name email;     /* of report_metadata/email */
	struct domain_name submitter; /* of the Subject or the file name; absent when neither names one */
	struct domain_name author;    /* From of the mail; what `carriage` authenticates */
	enum carriage carriage;
	struct span domain;   /* policy_published/domain */
	struct policy policy; /* policy_published */
	bool has_policy;
	int64_t begin, end; /* epoch seconds; MOMENT_NONE when unusable */
	int64_t arrived;    /* at the mailbox; MOMENT_NONE for files */
	int64_t taken;	    /* when it was ingested: decides what came before the first authenticated report */
	uint8_t content[DIGEST_OCTETS];
	bool recovered; /* readable only by the recovering pass: never above T0 */
};

/* ---- what the records say */

struct signature_row {
	struct domain_name domain; /* d= */
	struct span selector;	   /* absent when the reporter left it out */
	enum result result;
};

struct spf_row {
	struct domain_name domain;
	bool helo; /* scope=helo (RFC 7489): counts only for the null reverse-path */
	enum result result;
};

/* Everything of a record but its address and count. Equal contents may occur in several places. */
struct assess_auth {
	struct domain_name header_from;
	struct domain_name envelope_from;
	bool null_sender; /* envelope_from was there and empty */
	const struct signature_row *dkim;
	size_t dkim_n;
	const struct spf_row *spf;
	size_t spf_n;
	const struct override_reason *reasons;
	size_t reasons_n;
	enum disposition disposition;
	bool evaluated;			/* policy_evaluated says pass or fail for dkim or spf */
	bool dkim_aligned, spf_aligned; /* policy_evaluated */
};

enum host_state {
	HOST_UNKNOWN,	  /* never looked up: proves nothing */
	HOST_NONE,	  /* no PTR */
	HOST_UNCONFIRMED, /* a PTR whose name does not resolve back: shown, never used */
	HOST_CONFIRMED,
	HOST_STATE_COUNT
};

struct assess_source {
	struct address address;
	bool has_address;
	struct span text;	 /* what was sent when it is no address */
	struct domain_name host; /* the PTR's name */
	enum host_state host_state;
	struct span as_org; /* from a configured mmdb; absent otherwise */
};

/* `count` messages of one report, from one source, with one outcome. */
struct assess_traffic {
	uint32_t report, source, auth; /* indexes into the arrays of struct rows */
	uint64_t count;
};

/* ---- failure samples (RFC 9991), already verified elsewhere */

enum {
	SAMPLE_UNDONE = 1 << 0,	      /* E70: verifies once a footer or subject tag is undone */
	SAMPLE_OWN_HOP = 1 << 1,      /* E71 */
	SAMPLE_LIST = 1 << 2,	      /* E72 */
	SAMPLE_STARTS_HERE = 1 << 3,  /* E73 */
	SAMPLE_HEADER_VALID = 1 << 4, /* E74 */
};

struct sample_row {
	uint32_t source;
	struct domain_name header_from;
	bool counted;	/* from a T2+ known reporter: needed for all that its own signature does not prove */
	unsigned shows; /* SAMPLE_* */
};

/* ---- what people said */

enum mark_kind {
	MARK_NONE,
	MARK_OWN,
	MARK_FORWARDER,
	MARK_NOT_OURS,
	MARK_ACCEPT, /* its failures are accepted, within the budget of G12 */
	MARK_CRITICAL,
	MARK_REVIEWED, /* looked at, still undecided */
	MARK_HOME,     /* subject = selector, value = source id */
	MARK_NAME,     /* subject is called `value` (operator map) */
	MARK_KIND_COUNT
};
const char *mark_kind_word(enum mark_kind kind); /* own, forwarder, notours, accept, critical, reviewed, home, name */

/* A subject is a source id or name, an address, a CIDR prefix, a host name or suffix, `d=DOMAIN`, `bounce=DOMAIN` or,
 * for MARK_HOME, a selector. A later mark of the same kind of word wins over an earlier one. */
struct mark_row {
	enum mark_kind kind;
	struct span subject, value;
	enum sender_kind {
		SENDER_NONE,
		SENDER_SENDER,
		SENDER_MAILBOX,
		SENDER_FORWARDER,
		SENDER_LIST,
		SENDER_GATEWAY,
		SENDER_KIND_COUNT
	} named; /* MARK_NAME: the kind given with the name, or SENDER_NONE */
	int64_t day;
	int64_t expires; /* first day it no longer holds; MOMENT_NONE: never */
	struct span who, why;
};
const char *sender_kind_word(enum sender_kind kind); /* sender, mailbox, forwarder, list, gateway; "" for none */

struct attest_row {
	struct span what; /* quarterly, lists */
	int64_t day;
};

/* Messages a sender says it sent within the window (own logs, service exports). */
struct sent_row {
	struct span source; /* source id */
	uint64_t messages;
};

/* ---- tables (data/senders.tsv, data/reporters.tsv); see table.h */

enum can { CAN_UNKNOWN, CAN_YES, CAN_NO };

struct sender_row {
	struct span id, name;
	enum sender_kind kind;
	const struct span *hosts, *includes, *signs, *bounces; /* host suffixes, SPF includes, d= and bounce domains */
	size_t hosts_n, includes_n, signs_n, bounces_n;
	enum can own_dkim, own_bounce;
	struct span where; /* where to switch DKIM on; absent when not known */
};

struct known_reporter {
	struct span operator_name;
	struct span domain;	      /* organisational domain that signs its reports */
	const struct span *org_names; /* patterns of org_name, `*` matches any run of octets */
	size_t org_names_n;
};

/* ---- what the domain publishes */

struct published_key {
	struct span selector;
	bool missing, revoked, testing; /* no record; empty p=; t=y */
	unsigned bits;			/* of an RSA key; 0 when another kind or unknown */
};

struct published_name {
	struct span name;
	enum { NAME_UNKNOWN, NAME_EXISTS, NAME_NXDOMAIN } exists;
	bool own_record; /* publishes a DMARC record of its own */
};

/* A snapshot; `checked` false says that nothing was looked up, and nothing below is then read. */
struct published {
	bool checked;
	unsigned dmarc_records; /* at _dmarc.<domain>; other than 1 is an error */
	bool dmarc_invalid;	/* a record that receivers must ignore */
	struct policy policy;
	struct span rua, ruf, fo, psd; /* values as published; absent when not there */
	bool rua_refused;	       /* an external rua destination without its consent record (RFC 9990 4) */

	unsigned spf_records;
	bool spf_permerror;
	unsigned spf_lookups;
	char spf_all;			/* the qualifier of `all`: '-' '~' '?' '+', 0 when there is none */
	bool spf_only_all;		/* nothing but -all */
	const struct span *spf_reaches; /* every include and redirect target, at any depth */
	size_t spf_reaches_n;
	bool null_mx; /* RFC 7505 */

	const struct published_key *keys;
	size_t keys_n;
	const struct published_name *names;
	size_t names_n;
};

struct rows {
	const struct assess_report *reports;
	size_t reports_n;
	const struct assess_source *sources;
	size_t sources_n;
	const struct assess_auth *auths;
	size_t auths_n;
	const struct assess_traffic *traffic;
	size_t traffic_n;
	const struct sample_row *samples;
	size_t samples_n;
	const struct mark_row *marks;
	size_t marks_n;
	const struct attest_row *attests;
	size_t attests_n;
	const struct sent_row *sent;
	size_t sent_n;
	const struct sender_row *senders;
	size_t senders_n;
	const struct known_reporter *reporters;
	size_t reporters_n;
	struct published published;
};

const char *request_word(enum request request); /* none, quarantine, reject; "" for absent */

#endif
