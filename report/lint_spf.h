/* lint_spf: an SPF tree as lines, and the networks it lets pass, for every format that shows them. */
#ifndef REPORT_LINT_SPF_H
#define REPORT_LINT_SPF_H

#include "report/assess/rows.h"
#include "report/lint.h"

#define SPF_LINES_MAX 2000

/* What a term lets pass, seen from the domain whose record is read. Overlapping networks count each. */
struct spf_allowance {
	uint64_t v4;	     /* IPv4 addresses */
	size_t v4_n, v6_n;   /* networks */
	bool everyone;	     /* the whole internet */
	bool unknown;	     /* and perhaps more: something could not be looked into */
};

struct spf_line {
	unsigned depth; /* 0: in the domain's own record */
	size_t node, term;
	const struct spf_term *what;
	const struct spf_node *target; /* the record referred to; NULL for other terms */
	unsigned cost;		       /* look-ups with all below it */
	struct spf_allowance allows;
	const struct sender_row *sender; /* a known service; NULL: none, or no reference */
	const struct spf_use *use;	 /* mail seen through it; NULL: not compared */
	bool unused;			 /* it lets somebody pass, and none of the mail seen came through it */
};

struct spf_lines {
	struct spf_line *rows; /* in the order in which receivers look; a record's terms behind the one that refers to it */
	size_t n, left_out;
};

/* False: memory is short. */
bool spf_lines_take(const struct lint_page *page, struct arena *arena, struct spf_lines *lines);

/* Networks that pass, each once, without those that lie in another; IPv4 first, by address. */
struct spf_network {
	struct address address;
	uint8_t prefix; /* 0..32 or 0..128 */
	bool six;
};
bool spf_networks_take(const struct spf_tree *tree, struct arena *arena, struct spf_network **networks, size_t *n);
#define SPF_NETWORK_TEXT (ADDRESS_TEXT + 4)
const char *spf_network_format(const struct spf_network *network, char text[SPF_NETWORK_TEXT]);

/* The services of the table whose records the tree reads: rows of page->senders, each once. */
bool spf_senders_take(const struct lint_page *page, struct arena *arena, const struct sender_row ***senders, size_t *n);

/* Of a node that was not read: `no SPF record`, `cannot be read now`. "" for one that was. */
const char *spf_node_phrase(const struct spf_node *node);
const char *spf_node_word(enum spf_node_state state); /* read, none, two, broken, unreachable, loop, macro, cut */

#endif
