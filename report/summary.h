/* The figures of `dmarcgate summary`: the ground of a verdict, never a verdict. The same calls for every format:
 *
 *   summary_..._open
 *     domain(self, row)      store_ask_domains; with head->domain set, rows of other domains are passed over
 *       source(self, row)    store_ask_sources, then
 *       reporter(self, row)  store_ask_reporters: only with head->domain set, after its domain row
 *   close(self)              prints what is left and frees; false when the output could not be written
 *
 * The takers fit store_ask_* as they are. `found` tells whether the domain asked for came by. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "report/style.h"
#include "store/answer.h"

struct summary_head {
	struct window window; /* of days that a calendar knows: years 1 to 9999 */
	const char *domain; /* asked for; NULL: all of them. Must outlive the writer */
};

struct summary_writer {
	void *self;
	domain_taker *domain;
	source_taker *source;
	reporter_taker *reporter;
	bool (*found)(const void *self);
	bool (*close)(void *self);
};

/* False when memory is short. `out` stays the caller's. */
bool summary_text_open(struct summary_writer *writer, FILE *out, const struct style *style,
	const struct summary_head *head);
bool summary_json_open(struct summary_writer *writer, FILE *out, const struct summary_head *head);
bool summary_csv_open(struct summary_writer *writer, FILE *out, const struct summary_head *head);

/* Is this the row of the domain asked for (or is none asked for)? Without case, without a trailing dot. */
bool summary_wants(const struct summary_head *head, struct span domain);

/* What to do with an empty database. */
bool summary_first_steps(FILE *out, const struct style *style, const char *database);

#endif
