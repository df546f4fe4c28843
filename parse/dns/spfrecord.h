/* One SPF record (RFC 7208 4.5, 4.6, 5, 6, 12) as a list of terms with their places (noun and its reader; pure
 * calculation). All spans point into the text, which must outlive the record; lists are in the arena. */
#ifndef PARSE_DNS_SPFRECORD_H
#define PARSE_DNS_SPFRECORD_H

#include "base/address.h"
#include "parse/dns/finding.h"

#include <stdint.h>

#define SPF_TERMS_MAX 1000

enum spf_kind {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_REDIRECT,
	SPF_EXP,
	SPF_MODIFIER, /* name=value of another name: ignored by receivers */
	SPF_BROKEN,   /* a syntax error: the whole record is a permerror */
};

struct spf_term {
	enum spf_kind kind;
	char qualifier;      /* + - ? ~; + where none is written */
	bool looks_up;       /* one of the ten (RFC 7208 4.6.4) */
	bool macros;         /* the domain can be known only while a message arrives */
	struct span text;    /* as written */
	struct span domain;  /* as written; absent: the domain of the record itself */
	struct address address; /* ip4, ip6 */
	uint8_t prefix4, prefix6; /* a, mx, ip4 (prefix4), ip6 (prefix6); 32 and 128 where none is written */
};

struct spf_record {
	struct span text;
	bool valid; /* no syntax error anywhere */
	struct spf_term *terms;
	size_t n;
	size_t all;      /* index of the first `all`, or SPF_NO_TERM */
	size_t redirect; /* index of the redirect that counts (none when there is an `all`), or SPF_NO_TERM */
	struct flaws flaws; /* of syntax only; what is valid and unwise is lint's business */
};
#define SPF_NO_TERM SIZE_MAX

/* Is this one of the texts that count (RFC 7208 4.5)? The version is compared without case, as the grammar has it. */
bool spf_text_counts(struct span text);

/* Was it meant to be an SPF record, right or wrong? */
bool spf_text_intended(struct span text);

/* Such a word before `=` makes a modifier nobody knows, silently: `include=example.net`. */
bool spf_word_is_mechanism(struct span word);

/* False when memory is short; every text is readable. */
bool spf_record_parse(struct span text, struct arena *arena, struct spf_record *record);

#endif
