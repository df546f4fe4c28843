/* DKIM verdicts as JSON. */
#ifndef REPORT_VERDICT_JSON_H
#define REPORT_VERDICT_JSON_H

#include "base/json.h"
#include "parse/dkim/verdict.h"

/* One object: message_result, from_domain, signatures[] and what else is known of the message. `name`: what the input
 * is called, absent to leave it out. `at`: the clock used, MOMENT_NONE for none. */
void verdict_json(struct json *json, struct span name, int64_t at, const struct dkim_verdicts *verdicts);

#endif
