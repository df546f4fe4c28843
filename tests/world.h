/* For tests: rows made by hand, one line of traffic at a time. Equal reports, sources and outcomes are shared. */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "report/assess/assess.h"

struct world {
	struct arena arena;
	struct observed_report *reports;
	struct observed_source *sources;
	struct observed_auth *auths;
	struct observed_traffic *traffic;
	struct mark_row *marks;
	struct observed_sample *samples;
	size_t room;
	struct rows rows;
	struct assess_options options;
	struct policy policy; /* what reporters see; 100 % of p=none at first */
};

/* What policy_evaluated says, whatever auth_results do; WORD_NONE: it is not there. */
enum word { WORD_NONE, WORD_PASS, WORD_FAIL };

/* One line of traffic. NULL texts are absent. A host beginning with `?` is not confirmed; `-` says there is none.
 * Signatures are `domain/selector/result`, separated by commas. */
struct line {
	int64_t day;
	const char *reporter, *address, *host, *from, *spf, *spf_result, *dkim;
	uint64_t n;
	const char *reason, *comment;
	int64_t days;		/* the report covers so many; 0 is one */
	enum carriage carriage; /* CARRIAGE_FILE stands for CARRIAGE_SIGNED here; use `plain` for files */
	bool plain;		/* a file: nothing authenticates it */
	enum word says;
};

void world_begin(struct world *world, const char *domain, int64_t today);
void world_add(struct world *world, const struct line *line);
void world_mark(struct world *world, enum mark_kind kind, const char *subject);
/* The rows as they are now; the world stays theirs. */
const struct rows *world_rows(struct world *world);
void world_shuffle(struct world *world, uint32_t seed); /* reports, sources, outcomes and traffic in another order */
void world_end(struct world *world);

bool verdict_excepts(const struct verdict *verdict, enum exception_kind kind);

/* Everything of a verdict that is shown, as text in `arena`: equal verdicts, equal texts. */
struct span world_print(const struct verdict *verdict, struct arena *arena);

#endif
