/* One DKIM-Signature field read (RFC 6376 3.5, 6.1.1): its tags, decoded values, and what is wrong with it.
 * Spans live in the arena given, or point into the field. */
#ifndef PARSE_DKIM_SIGNATURE_H
#define PARSE_DKIM_SIGNATURE_H

#include "parse/dkim/canon.h"
#include "parse/dkim/hash.h"
#include "parse/dkim/header.h"
#include "parse/dkim/taglist.h"
#include "parse/dkim/verdict.h"

#define SIGNATURE_NAMES_MAX 5000 /* in h= */
#define SIGNATURE_NUMBER_DIGITS 12
#define SIGNATURE_LENGTH_DIGITS 76

/* Two judgements side by side: by today's rules, and by the historic ones, which forgive some faults and know one more.
 * The first fault counts. */
struct ruling {
	enum dkim_reason strict, historic;
	struct span detail; /* on the strict one */
};
/* `forgiven`: the historic rules do not mind. */
void ruling_fault(struct ruling *ruling, enum dkim_reason reason, bool forgiven, struct span detail);
void ruling_historic(struct ruling *ruling, enum dkim_reason reason);

enum signature_algorithm { ALGORITHM_UNKNOWN, ALGORITHM_RSA_SHA1, ALGORITHM_RSA_SHA256, ALGORITHM_ED25519_SHA256 };

struct signature {
	size_t field;      /* in the header */
	struct span value; /* of the field */
	struct taglist tags;
	struct span d, s, i, a, c, l,
		z;              /* as read, white space removed, i= decoded, z= as it stands; absent when missing */
	struct span domain;     /* d= in A-labels; absent when unusable */
	struct span local_part; /* of i=, decoded; empty when there is none */
	bool subdomain;         /* i= is below d= */
	struct span name;       /* <s>._domainkey.<d> in A-labels; absent when it cannot be asked for */
	struct span *names;     /* h= */
	size_t names_n;
	size_t *slots;     /* by name: the field chosen, or HEADER_NO_FIELD */
	struct span b, bh; /* decoded; absent when undecodable */
	struct span b_raw; /* the b= value with the white space around it, inside `value`: what is blanked */
	enum signature_algorithm algorithm;
	enum hash_kind hash;
	enum dkim_canon header_canon, body_canon;
	bool canon_known;
	bool has_length;
	uint64_t length; /* l=; UINT64_MAX - 1 when larger than that */
	int64_t t, x;    /* MOMENT_NONE when absent or unreadable; INT64_MAX for more than 12 digits */
	struct ruling ruling;
	bool body_known;   /* enough is known for the body hash */
	bool header_known; /* enough is known for the header hash, given a key */
};

/* sub-domain of RFC 5321 4.1.2, with U-labels (RFC 8616) and the underscore that practice uses. Returns the labels, 0:
 * illegal. */
size_t domain_labels(struct span text);

/* Reads field `index` of the header. Nothing fails: what is wrong is in the ruling; x= is not judged here. False: no
 * memory. */
bool signature_parse(const struct header *header, size_t index, struct arena *arena, struct signature *signature);

/* Appends the signature's own field as it is hashed: b= emptied (RFC 6376 3.7), canonical, no final CRLF. */
bool signature_put_own(
	struct buf *out, const struct signature *signature, const struct header *header, struct buf *scratch);

#endif
