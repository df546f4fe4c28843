/* Which change turns a failing signature into a pass (pure calculation, bounded by counts so that the outcome is the
 * same everywhere). A DKIM signature gives away what it signed: bh= is the hash of the body, and the RSA public
 * operation yields the hash of the header. So header and body are searched apart, each guess costs one hash, and a hit
 * is proof. */
#ifndef PARSE_DKIM_DIAGNOSE_H
#define PARSE_DKIM_DIAGNOSE_H

#include "parse/dkim/dkim.h"

/* 0 in any member: the default beside it. */
struct dkim_bounds {
	uint64_t candidates;    /* guesses per signature: 200,000 */
	uint64_t hashed;        /* octets hashed per signature: 64,000,000 */
	uint64_t verifications; /* Ed25519 gives no hash away, a header guess is a verification: 2,000 */
	size_t signatures;      /* failing signatures looked at per message: 3 */
	size_t message;         /* octets of a message that is looked at: 16,000,000 */
};

/* What a failure report knows besides the sample (RFC 6591 3.2). All may be absent. */
struct dkim_hints {
	struct span canonical_header; /* DKIM-Canonicalized-Header, base64 undone */
	struct span canonical_body;   /* DKIM-Canonicalized-Body, base64 undone */
	const struct span *addresses; /* Original-Rcpt-To, Original-Mail-From: `local@domain`, brackets allowed */
	size_t addresses_n;
};

/* After dkim_verdicts, with the same octets that were fed: fills `diagnosis` of every signature that does not pass.
 * `hints` and `bounds` may be NULL. False: memory is short. */
bool dkim_diagnose(struct dkim *dkim, struct span message, const struct dkim_hints *hints,
	const struct dkim_bounds *bounds, struct dkim_verdicts *verdicts);

#endif
