/* Members of JSON objects: a name and its value in one call. */
#ifndef REPORT_MEMBER_JSON_H
#define REPORT_MEMBER_JSON_H

#include "base/json.h"

void member_text(struct json *j, const char *name, struct span text); /* absent: null */
void member_word(struct json *j, const char *name, const char *word); /* NULL or "": null */
void member_count(struct json *j, const char *name, uint64_t n);
void member_bool(struct json *j, const char *name, bool yes);
void member_day(struct json *j, const char *name, int64_t day); /* `2026-11-21`; MOMENT_NONE: null */
void member_object(struct json *j, const char *name);		/* opens it */
void member_array(struct json *j, const char *name);

#endif
