/* Parts of a verdict as JSON, the same in every document that holds them. */
#ifndef REPORT_READINESS_JSON_H
#define REPORT_READINESS_JSON_H

#include "base/json.h"
#include "report/readiness.h"

void gate_json(struct json *j, const struct gate *gate);
void policy_json(struct json *j, const struct policy *policy); /* NULL: null */

#endif
