/* Members of JSON objects: a name and its value in one call. */
#ifndef REPORT_MEMBER_JSON_H
#define REPORT_MEMBER_JSON_H

#include "base/json.h"

/* What is absent is null: an absent span, no word or an empty one, MOMENT_NONE. An empty span is an empty text, except
 * for member_filled, where it is null. */
void member_text(struct json *j, const char *name, struct span text);
void member_filled(struct json *j, const char *name, struct span text);
void member_word(struct json *j, const char *name, const char *word);
void member_number(struct json *j, const char *name, int64_t number);
void member_count(struct json *j, const char *name, uint64_t n);
void member_known(struct json *j, const char *name, uint64_t n); /* 0: null */
void member_share(struct json *j, const char *name, double share); /* as json_share */
void member_bool(struct json *j, const char *name, bool yes);
void member_null(struct json *j, const char *name);
void member_day(struct json *j, const char *name, int64_t day);	       /* `2026-11-21` */
void member_moment(struct json *j, const char *name, int64_t moment);  /* `2026-11-21T12:00:00Z` */
void member_seconds(struct json *j, const char *name, int64_t moment); /* since 1970 */
void member_object(struct json *j, const char *name);		       /* opens it */
void member_array(struct json *j, const char *name);

#endif
