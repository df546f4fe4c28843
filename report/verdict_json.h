/* DKIM verdicts as JSON. */
#ifndef REPORT_VERDICT_JSON_H
#define REPORT_VERDICT_JSON_H

#include "base/json.h"
#include "parse/feedback.h"

/* One object: message_result, from_domain, signatures[] and what else is known of the message. `name`: what the input
 * is called, absent to leave it out. */
void verdict_json(struct json *json, struct span name, const struct verification *verification);

#endif
