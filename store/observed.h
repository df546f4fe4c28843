/* observed: who sent mail in the name of one policy domain, as receivers reported it (noun; plain data).
 *
 * store_ask_observed fills it; report/assess judges it. Arrays with indexes into each other, so that a thing that is
 * reported a million times is described once. All spans lie in the arena given to the question. Domains are lower case,
 * A-labels, without a trailing dot; what is no domain name stands as it was sent, with an absent `org`. Words of
 * enumerations are lower case. The order of every array is free. Days are counted since 1970-01-01 UTC. */
#ifndef STORE_OBSERVED_H
#define STORE_OBSERVED_H

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

struct observed_report {
	int64_t id; /* of the store, as in struct stored_report */
	struct span org_name, report_id;
	struct domain_name email;     /* of report_metadata/email */
	struct domain_name submitter; /* of a Subject that is proven; absent when it names none */
	struct domain_name author;    /* what `carriage` authenticates: the organisation whose signature holds */
	enum carriage carriage;
	struct span domain;   /* policy_published/domain */
	struct policy policy; /* policy_published */
	bool has_policy;
	int64_t begin, end; /* epoch seconds; MOMENT_NONE when unusable */
	int64_t arrived;    /* as the mail's top Received says, else its Date; MOMENT_NONE for files without one */
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
struct observed_auth {
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

/* What the DNS said of an address. */
struct host_row {
	struct address address;
	enum host_state state;
	struct span name; /* the confirmed one, else the first of its PTR records; absent when there is none */
	int64_t seen;	  /* MOMENT_NONE: never */
};

struct observed_source {
	struct address address;
	bool has_address;
	char country[3];	 /* ISO 3166 of its network, from a file that the user names, where asked for: never evidence */
	struct span text;	 /* what was sent when it is no address */
	struct domain_name host; /* the PTR's name */
	enum host_state host_state;
	struct span as_org; /* from a configured mmdb; absent otherwise */
};

/* `count` messages of one report, from one source, with one outcome. */
struct observed_traffic {
	uint32_t report, source, auth; /* indexes into the arrays of struct observed */
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

struct observed_sample {
	uint32_t source;
	struct domain_name header_from;
	int trust;	      /* of the mail that brought it, as in struct stored_report */
	struct span reporter; /* organisational domain that signed that mail; absent when nothing holds */
	unsigned shows;	      /* SAMPLE_*; of your own servers only report/assess knows */
	const struct address *hops; /* hosts that had it before the source had, as far as one says so who may be believed */
	size_t hops_n;
};

struct observed {
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
	/* Prefix lengths of the networks whose addresses were taken together, since there would be too many sources otherwise; 0:
	 * each address by itself. Hosts have no names then, and what was no address is one source. */
	unsigned network_v4, network_v6;
};

#endif
