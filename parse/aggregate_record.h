/* One record and one head: built from texts, checked, hashed. Private to parse/. */
#ifndef PARSE_AGGREGATE_RECORD_H
#define PARSE_AGGREGATE_RECORD_H

#include "parse/aggregate_private.h"

/* A growing list of results or reasons; memory is kept from record to record. */
struct record_builder {
	struct record record;
	struct span count; /* as sent */
	struct arena arena;
	struct auth_result *results[2]; /* owned: DKIM, SPF */
	size_t results_n[2], results_room[2];
	struct override_reason *reasons; /* owned */
	size_t reasons_n, reasons_room;
	bool last_is_spf;
};

void record_reset(struct record_builder *b, size_t max_text);
void record_release(struct record_builder *b);
void record_begin(struct record_builder *b);
bool record_add_result(struct record_builder *b, bool spf, uint64_t most);
bool record_add_reason(struct record_builder *b, uint64_t most);
struct auth_result *record_last_result(struct record_builder *b);
struct override_reason *record_last_reason(struct record_builder *b);
void record_close_result(struct record_builder *b); /* drops one that has neither domain nor result (QUIRKS S3) */

/* Fills what follows from the texts: address, count, meanings, alignment; problems are recorded as those of the report's
 * record `number`. False when the count could not be used: the row is kept, with 0 messages. */
bool record_end(struct record_builder *b, struct reading *r, uint64_t number);
void record_digest(const struct record *record, struct digest *digest);

/* Fills the dates, records what is missing. NULL, or why it cannot stand as a report: no policy domain, or no date. */
const char *report_check(struct report *report, const struct span numbers[NUMBERS], struct reading *r);
void report_digest(struct report *report, struct digest *digest); /* sets report->content */

#endif
