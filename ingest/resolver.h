/* The resolver: a process of its own that may talk to the DNS and to nothing else: no files, no processes, nobody's
 * secrets. Start it once the settings are known and before the database or a password is in memory.
 *
 *   resolver_ask(resolver, token, name, type);        up to RESOLVER_OUTSTANDING at a time
 *   poll(resolver_descriptor(resolver), POLLIN);      with whatever else is waited for
 *   while (resolver_next(resolver, &token, &arena, &answer))
 *           ...
 *
 * Every question gets exactly one answer, in any order, within RESOLVER_SECONDS, even when the process dies. It may be
 * asked for any name; what workers may ask about is for the crew to check.
 *
 * DNSSEC: whether the name server passes it on is found out with the first question (the DNSKEY records of the trust
 * anchor, validated). If so, every answer is validated: forged ones are DNS_BOGUS. If not, answers are DNS_UNVALIDATED.
 *
 * Answers are kept in the process for their TTL, a day at most, and "there is none" for five minutes at most. A name
 * that was silent once is not asked for again in this run. RESOLVER_SILENCE silent look-ups in a row, of different
 * domains (what stands behind `_domainkey.` counts), mean that the rest of the run is offline: DNS_UNASKED at once. */
#ifndef INGEST_RESOLVER_H
#define INGEST_RESOLVER_H

#include "base/dnsanswer.h"
#include "base/fault.h"

#define RESOLVER_OUTSTANDING 64
#define RESOLVER_QUESTIONS 10000 /* that go to the DNS in one run */
#define RESOLVER_SECONDS 5	 /* for one question */
#define RESOLVER_SILENCE 3
#define RESOLVER_SILENCE_MOST 64 /* many addresses lie in zones whose servers are gone */
#define RESOLVER_TTL_MAX 86400 /* seconds; so that a revoked key is noticed within a day */
#define RESOLVER_NEGATIVE_TTL_MAX 300

#define RESOLVER_ANSWER_OCTETS ((size_t)4 * 1024 * 1024) /* an arena with this maximum has room for any answer */

#define RESOLVER_SERVER_TEXT 64
#define RESOLVER_SYSTEM "system"

/* `system`, or an IP address with an optional @PORT, in one spelling. False: neither. */
bool resolver_server_parse(struct span text, char server[RESOLVER_SERVER_TEXT]);

struct resolver_options {
	/* As resolver_server_parse leaves it. NULL or `system`: the name servers of /etc/resolv.conf. */
	const char *server;
	/* A file of DS or DNSKEY records, one a line. NULL: Debian's, else the root keys known here. */
	const char *anchor;
	/* With .ask set all answers come from it and none from the network. What .arg points to is copied by the fork. */
	struct dns file;
	bool offline;	       /* nothing goes to the network */
	bool unlocked;	       /* the process is not locked: for debuggers */
	unsigned questions;    /* that go to the DNS; 0: RESOLVER_QUESTIONS */
	unsigned milliseconds; /* for one question; 0: RESOLVER_SECONDS */
	unsigned silence;      /* look-ups in a row that mean offline; 0: RESOLVER_SILENCE */
};

struct resolver;

/* NULL: FAULT_SETUP when server or anchor cannot be used, FAULT_LATER when memory or processes are short. */
struct resolver *resolver_start(const struct resolver_options *options, struct fault *fault);
void resolver_stop(struct resolver *resolver);

int resolver_descriptor(const struct resolver *resolver); /* the same for the resolver's whole life */

/* A name that is none, or has octets other than letters, digits, `-`, `_`, `/` and dots, is answered DNS_SERVFAIL.
 * Tokens are the caller's and need not differ. False: RESOLVER_OUTSTANDING questions wait already. */
bool resolver_ask(struct resolver *resolver, uint64_t token, struct span name, enum dns_type type);
size_t resolver_outstanding(const struct resolver *resolver);

/* Never blocks. The answer lies in the arena, its name too. False: nothing to be read at the moment. */
bool resolver_next(struct resolver *resolver, uint64_t *token, struct arena *arena, struct dns_answer *answer);

/* The same, one question at a time, for calculations that ask in the middle (base/dnsanswer.h). Only while no other
 * question is outstanding. */
struct dns resolver_dns(struct resolver *resolver);

enum resolver_validation {
	RESOLVER_UNPROBED, /* nothing was asked yet, or nothing will be */
	RESOLVER_VALIDATING,
	RESOLVER_UNVALIDATED, /* the name server does not pass DNSSEC on */
	RESOLVER_VALIDATIONS
};

struct resolver_state {
	enum resolver_validation validation;
	bool offline;	      /* it was to be, or has found out */
	bool gone;	      /* the process died or broke the protocol; everything is DNS_UNASKED */
	uint32_t asked;	      /* questions that went to the DNS */
	unsigned protections; /* sandbox_describe */
};
struct resolver_state resolver_state(const struct resolver *resolver);

#define RESOLVER_TEXT 160
/* The state in a sentence for people: `DNS through 192.0.2.1@53: answers are validated (DNSSEC)`. Returns `text`. */
const char *resolver_describe(const struct resolver *resolver, char text[RESOLVER_TEXT]);

#endif
