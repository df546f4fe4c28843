/* One line for every domain, worst first: what each verdict says at a glance.
 *
 * Assessments are added one after another and may go after each; what is shown of them is copied. */
#ifndef REPORT_OVERVIEW_H
#define REPORT_OVERVIEW_H

#include "base/arena.h"
#include "report/readiness.h"
#include "report/style.h"

#define OVERVIEW_WEEKS 5

struct overview_line {
	struct span domain;
	enum verdict_word word;
	enum target target;
	bool parked, in_force;
	struct policy policy; /* published, or as receivers saw it */
	bool has_policy;
	uint64_t own, own_fails, own_unsigned, own_a_week;
	unsigned fix, decide;
	uint64_t weeks[OVERVIEW_WEEKS]; /* of your own mail */
};

struct overview {
	struct arena arena;
	struct overview_line *lines; /* in the arena */
	size_t n, room;
	size_t left_out; /* names reports speak of that are no domain names */
};
#define OVERVIEW ((struct overview){ .arena = ARENA((size_t)256 * 1024 * 1024) })

struct overview_line overview_line_of(const struct assessment *a); /* its domain is the verdict's */
int overview_order(const struct overview_line *a, const struct overview_line *b); /* not ready, no data, exceptions, ready;
										     then most failing */

bool overview_add(struct overview *overview, const struct assessment *a);
void overview_sort(struct overview *overview);
void overview_release(struct overview *overview);

bool overview_text(FILE *out, const struct style *style, const struct overview *overview);

#endif
