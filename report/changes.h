/* What is kept of a verdict, and what changed since an earlier one. */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include "base/json.h"
#include "report/readiness.h"
#include "report/style.h"
#include "store/answer.h"

/* The verdict as the store keeps it; texts lie in the arena. False: memory is short. */
bool verdict_store(const struct assessment *a, enum target asked, struct arena *arena, struct stored_verdict *stored);

bool stored_verdict_equal(const struct stored_verdict *a, const struct stored_verdict *b);

struct change {
	enum stored_item_kind kind;
	struct span subject, before, now; /* absent: it was not there; it is not there any more */
};
struct changes { /* by kind, then subject */
	const struct stored_verdict *before, *now;
	const struct change *rows;
	size_t n;
};
bool changes_find(const struct stored_verdict *before, const struct stored_verdict *now, struct arena *arena,
	struct changes *changes);

/* NULL changes: no earlier verdict is known. */
bool changes_text(FILE *out, const struct style *style, const struct assessment *a, const struct changes *changes);
void changes_json(struct json *j, const struct changes *changes);

#endif
