/* Facts of a mail as JSON values: the shape that show and export share (dmarcgate-json(5)). Writes into a running
 * document; nothing of a report is held but the few words its end needs. */
#ifndef REPORT_FACTS_JSON_H
#define REPORT_FACTS_JSON_H

#include "base/json.h"
#include "parse/feedback.h"

/* What the records and the end of an open report need of its head, whose spans are gone by then. */
struct report_json {
	bool open;
	struct report modes; /* only adkim and aspf are set */
	struct buf namespace;
	bool has_namespace;
	bool recovered;
	uint64_t uncounted;
};

void report_json_begin(struct json *j, struct report_json *state, const struct report *report);
void report_json_record(struct json *j, const struct report_json *state, const struct record *record);
void report_json_end(struct json *j, struct report_json *state);
void report_json_release(struct report_json *state);

void failure_json(struct json *j, const struct failure *failure);
void problem_json(struct json *j, const struct problem *problem);

#endif
