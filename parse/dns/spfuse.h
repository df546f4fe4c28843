/* How observed mail came through an SPF tree (noun, and its calculation): what a record allows and nobody was seen to
 * use, and who passed although the record does not allow it now. Pure and bounded. */
#ifndef PARSE_DNS_SPFUSE_H
#define PARSE_DNS_SPFUSE_H

#include "parse/dns/spftree.h"

#define SPF_SOURCES_MAX 10000 /* that are looked up in the tree */

/* A sender that passed SPF for the tree's domain, as receivers said. */
struct spf_source {
	struct address address;
	uint64_t messages;
};

struct spf_use {
	uint64_t messages;
	size_t sources;
};

struct spf_uses {
	struct spf_use **terms; /* [node][term]: through this term or below it; NULL for a node without a record */
	struct spf_use all;
	struct spf_use allowed;  /* the record lets them pass */
	struct spf_use unclear;  /* it may: a part of it could not be looked into */
	struct spf_use strangers; /* it does not */
	const struct spf_source **stranger; /* the sources of `strangers`, in the order given */
	size_t left_out;	 /* sources beyond SPF_SOURCES_MAX */
};

/* `sources` must outlive the uses, the rest is in the arena. False: memory is short. */
bool spf_uses_count(const struct spf_tree *tree, const struct spf_source *sources, size_t n, struct arena *arena,
	struct spf_uses *uses);

/* Could this term of a record that was read allow somebody, and is it known whom? An include allows whom it reaches. */
bool spf_term_allows(const struct spf_term *term);

#endif
