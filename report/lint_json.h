/* lint_json: findings as members of a JSON object: worst, errors, warnings, notes, findings, left_out. */
#ifndef REPORT_LINT_JSON_H
#define REPORT_LINT_JSON_H

#include "base/json.h"
#include "parse/dns/finding.h"

void findings_json(struct json *json, const struct findings *findings);

#endif
