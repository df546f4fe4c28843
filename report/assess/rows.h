/* rows: everything a verdict rests on, as plain arrays (noun).
 *
 * One `struct rows` is about one policy domain. Reports, sources, outcomes, traffic and samples are what the store
 * observed (store/observed.h); marks and attests come from the operator's file, tables from data/, `published` from the
 * DNS snapshots. All spans are borrowed and live as long as the rows. Domains are lower case, A-labels, without a
 * trailing dot; words of enumerations are lower case. The order of every array is free: equal sets give equal verdicts.
 * Days are counted since 1970-01-01 UTC. */
#ifndef REPORT_ASSESS_ROWS_H
#define REPORT_ASSESS_ROWS_H

#include "store/observed.h"

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
	struct span domain, selector;
	bool missing, revoked, testing; /* no record; empty p=; t=y */
	int64_t seen;			/* day of the look-up */
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
	struct span covered_by; /* no record of its own, but that of this domain above applies (RFC 9989 4.10.1) */
	struct policy policy;
	struct span rua, ruf, fo, psd; /* as published, slips in writing mended; absent when not there */
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
	const struct observed_report *reports;
	size_t reports_n;
	const struct observed_source *sources;
	size_t sources_n;
	const struct observed_auth *auths;
	size_t auths_n;
	const struct observed_traffic *traffic;
	size_t traffic_n;
	const struct observed_sample *samples;
	size_t samples_n;
	unsigned network_v4, network_v6; /* as in struct observed: nobody can say then that none of the addresses is yours */
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

/* There is something that was meant as a record, but receivers find none (RFC 9989 4.10): nothing is in force. */
static inline bool published_unread(const struct published *p)
{
	return p->checked && (p->dmarc_records > 1 || p->dmarc_invalid);
}

/* NULL when nobody looked it up, or nobody answered: that is no missing key. */
const struct published_key *published_key_of(const struct published *published, struct span domain, struct span selector);
static inline bool published_key_gone(const struct published_key *key)
{
	return key && (key->missing || key->revoked);
}

static inline void rows_observe(struct rows *rows, const struct observed *o)
{
	rows->reports = o->reports;
	rows->reports_n = o->reports_n;
	rows->sources = o->sources;
	rows->sources_n = o->sources_n;
	rows->auths = o->auths;
	rows->auths_n = o->auths_n;
	rows->traffic = o->traffic;
	rows->traffic_n = o->traffic_n;
	rows->samples = o->samples;
	rows->samples_n = o->samples_n;
	rows->network_v4 = o->network_v4;
	rows->network_v6 = o->network_v6;
}

const char *request_word(enum request request); /* none, quarantine, reject; "" for absent */

#endif
