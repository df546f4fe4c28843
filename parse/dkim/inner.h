/* The inside of a struct dkim, for verify.c and the diagnosis alone. */
#ifndef PARSE_DKIM_INNER_H
#define PARSE_DKIM_INNER_H

#include "parse/dkim/bodyhash.h"
#include "parse/dkim/dkim.h"
#include "parse/dkim/keycache.h"
#include "parse/dkim/signature.h"

#define MESSAGE_ARENA ((size_t)64 << 20) /* at most: the index of the header block, and what signatures point to */

enum dkim_phase { PHASE_HEADER, PHASE_BODY, PHASE_ENDED };

struct asked {
	bool answered;
	enum dkim_answer_kind kind;
	struct cached_key *keys[DKIM_RECORDS_MAX];
	size_t n;
};

/* What the chosen key record said of one signature. */
struct judged {
	const struct cached_key *key; /* NULL without a usable one */
	struct ruling ruling;
	enum dkim_fact header_hash;
	bool has_signed; /* RSA: the digest the signer meant is known */
	uint8_t signed_digest[HASH_OCTETS_MAX];
};

struct dkim {
	struct dkim_options options;
	struct canon_lines lines;
	enum dkim_phase phase;
	bool failed; /* memory was short */
	bool header_too_long;
	struct buf block;     /* header block in network form, with the empty line that ends it */
	size_t line_start;    /* in `block` */
	uint64_t body_octets; /* network form */
	struct arena arena;   /* of one message */
	struct header header;
	struct signature *signatures;
	struct judged *judged;
	size_t signatures_n;
	uint64_t signatures_total;
	struct span names[DKIM_SIGNATURES_MAX];
	size_t name_of[DKIM_SIGNATURES_MAX]; /* by signature: index into names, or DKIM_NO_NAME */
	struct asked asked[DKIM_SIGNATURES_MAX];
	size_t names_n;
	struct bodyhash bodyhash;
	struct hash *hash;
	struct buf input, scratch;
	struct key_cache *keys;
};

#define DKIM_NO_NAME ((size_t)-1)
#define DKIM_NAME_LEFT_OUT ((size_t)-2)

#endif
