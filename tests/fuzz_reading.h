/* What the fuzzers of parse/ share: ceilings so low that each of them is met, and one document through a reader of
 * parse/, in pieces of a chosen size, as a whole mail would do it: a first pass and, where wanted, a recovering one. */
#ifndef TESTS_FUZZ_READING_H
#define TESTS_FUZZ_READING_H

#include "parse/leaf.h"
#include "parse/reading.h"

void fuzz_limits(struct limits *limits);

/* A memory file that holds these octets and nothing else; the same descriptor every time. */
int fuzz_file(struct span octets);

/* What a reading came to. */
struct fuzz_said {
	int end; /* what the reader returned */
	struct reading_sums sums;
	struct container_budget budget;
	struct buf text; /* every member of every fact (tests/facts.h) */
};

typedef int fuzz_reader(struct reading *r, struct leaf_source *source);

/* The source gives at most `piece` octets at once. Aborts where facts cannot be replayed, or where more was said than
 * the ceilings allow. */
void fuzz_read(fuzz_reader *reader, struct span octets, size_t piece, struct fuzz_said *said);
bool fuzz_said_same(const struct fuzz_said *a, const struct fuzz_said *b);
void fuzz_said_release(struct fuzz_said *said);

/* The size of pieces that an input chooses: by its last octet, so that seeds are files as they are. */
size_t fuzz_piece(struct span octets);

#endif
