/* uncounted: the reports that verdicts leave out, and why, so that a list of stored reports can show just them.
 *
 * Of each verdict those that its basis names (`not_counted` of struct verdict): as many, for the same reasons. */
#ifndef REPORT_UNCOUNTED_H
#define REPORT_UNCOUNTED_H

#include "report/readiness.h"
#include "report/style.h"

#include <stdio.h>

struct uncounted_list {
	struct uncounted *rows; /* owned; by id once sorted */
	size_t n, room;
};
#define UNCOUNTED_LIST ((struct uncounted_list){ .rows = NULL })

bool uncounted_add(struct uncounted_list *list, const struct assessment *a); /* false: no memory */
void uncounted_sort(struct uncounted_list *list); /* after the last domain, before the first look-up */
bool uncounted_find(const struct uncounted_list *list, int64_t id, enum report_use *use); /* id as in struct stored_report */
void uncounted_release(struct uncounted_list *list);

/* For people, above the list: how many reports count for the domain, how many do not, and why. */
bool uncounted_heading(FILE *out, const struct style *style, const struct assessment *a);

#endif
