/* An SPF record with everything it refers to, read as far as that is possible without a message (RFC 7208 4.6.4, 5,
 * 6; noun; parse/dns/discovery.h fills it).
 *
 * Counted is the worst case: a sender that fits nowhere, so that every term is looked at. Terms behind `all` and a
 * redirect beside `all` are never looked at and cost nothing. Terms with macros, `ptr` and `exists` are counted; what
 * they would allow is unknown. A reference to a record that is being read already is not followed again: receivers go
 * round until the limit. Nothing here recurses, and every list has a ceiling. */
#ifndef PARSE_DNS_SPFTREE_H
#define PARSE_DNS_SPFTREE_H

#include "base/dnsanswer.h"
#include "parse/dns/spfrecord.h"

#define SPF_LOOKUPS_MAX 10 /* RFC 7208 4.6.4 */
#define SPF_VOIDS_MAX 2
#define SPF_MX_MAX 10
#define SPF_NODES_MAX 300   /* records that are read; reaching it sets `cut` */
#define SPF_QUERIES_MAX 1500
#define SPF_RANGES_MAX 20000
#define SPF_TREE_ARENA ((size_t)64 * 1024 * 1024) /* honest trees need some 200 kB */

enum spf_node_state {
	SPF_NODE_READ,
	SPF_NODE_NONE,        /* no SPF record there: permerror (RFC 7208 5.2, 6.1) */
	SPF_NODE_TWO,         /* several: permerror */
	SPF_NODE_BROKEN,      /* a syntax error: permerror */
	SPF_NODE_UNREACHABLE, /* the DNS did not say: temperror */
	SPF_NODE_LOOP,        /* a record that is being read already: permerror */
	SPF_NODE_MACRO,       /* the name is known only while a message arrives */
	SPF_NODE_CUT,         /* not read: a ceiling above was reached */
};

struct spf_node {
	enum spf_node_state state;
	struct span domain;
	size_t parent; /* index of the node that refers to it; its own index for the root */
	size_t term;   /* the referring term in the parent's record */
	bool redirect; /* reached by redirect= rather than include: */
	struct dns_answer answer;
	const struct dns_data *data; /* the text that counts */
	size_t counting;             /* texts that are SPF records */
	struct spf_record record;    /* when READ or BROKEN */
	unsigned *cost;              /* per term: look-ups with all below it */
	unsigned *mx_hosts;          /* per term: mail hosts an `mx` stands for */
	unsigned lookups;            /* sum of `cost` */
	size_t ranges_end;           /* first range that belongs neither to it nor below it */
};

/* What a term allows, in the order in which receivers look. */
struct spf_range {
	size_t node, term;
	struct address address;
	uint8_t prefix; /* 0..32 or 0..128 */
	bool six;       /* fits IPv6 senders only; otherwise IPv4 only */
	bool everyone;  /* `all`, or an `exists` that finds something */
	bool unknown;   /* may fit any sender: macros, ptr, a record that could not be read */
};

enum spf_result { SPF_NONE, SPF_OK, SPF_PERMERROR, SPF_TEMPERROR };

struct spf_tree {
	struct spf_node *nodes; /* the root first; a node behind its parent */
	size_t n;
	struct spf_range *ranges;
	size_t ranges_n;
	unsigned lookups; /* terms that ask, all records together; the least it can be when cut */
	unsigned voids;   /* of them, those that find nothing for IPv4 and IPv6 alike */
	unsigned queries; /* questions put to the DNS here */
	bool cut;
	enum spf_result result; /* what a sender that fits nowhere meets */
};

/* What the tree says of one sender: the qualifier of the first fitting term seen from the root, + - ? ~; '?' when
 * nothing fits. `unknown`: an earlier term could not be evaluated, so the answer may be another one. The tree's own
 * result is not considered. `range` is the fitting one, NULL when nothing fits. */
struct spf_match {
	char qualifier;
	bool unknown;
	const struct spf_range *range;
};
struct spf_match spf_tree_match(const struct spf_tree *tree, const struct address *sender);

/* The qualifier a fitting sender gets, seen from the root; NUL when the range lets nobody pass from there. */
char spf_range_qualifier(const struct spf_tree *tree, const struct spf_range *range);

const char *spf_result_word(enum spf_result result); /* none, ok, permerror, temperror */

#endif
