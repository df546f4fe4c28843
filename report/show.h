/* What one input said, for `dmarcgate show`: the same calls for every format.
 *
 *   show_text_open | show_json_open
 *     begin(self, file)                     per input
 *       feedback_replay(take) ...           reports, then failures, then problems; a replay for each
 *     end(self)
 *   close(self)
 *
 * The three replays come in this order because JSON wants each kind in its own list and nothing is held in memory; the
 * outcome is taken from the first FACT_BEGIN. Everything returns false once the output can no longer be right (not
 * written, memory short, facts out of order); `close` frees in any case. */
#ifndef REPORT_SHOW_H
#define REPORT_SHOW_H

#include "parse/feedback.h"
#include "report/style.h"

struct show_writer {
	void *self;
	bool (*begin)(void *self, struct span file);
	fact_taker *take;
	bool (*end)(void *self);
	bool (*close)(void *self);
};

/* False when memory is short. `out` stays the caller's. */
bool show_json_open(struct show_writer *writer, FILE *out);
bool show_text_open(struct show_writer *writer, FILE *out, const struct style *style);

#endif
