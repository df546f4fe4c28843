/* Moments are seconds since 1970-01-01T00:00:00Z in 64 bits. Nothing here asks the clock. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include "base/span.h"

#include <stdint.h>

#define MOMENT_TEXT 32
#define MOMENT_NONE INT64_MIN
#define DAY_SECONDS INT64_C(86400)

/* RFC 3339 in UTC, `2018-10-05T00:00:00Z`. Years past 9999 or before 0001 give an empty text. Returns `text`. */
const char *moment_format(int64_t moment, char text[MOMENT_TEXT]);
const char *moment_format_day(int64_t moment, char text[MOMENT_TEXT]); /* `2018-10-05` */

/* What a person may type: epoch seconds, `2018-10-05`, `2018-10-05T00:00[:00][Z|UTC|+02:00]` (no zone: UTC). */
bool moment_parse(struct span text, int64_t *moment);

/* RFC 5322 date-time with the obsolete forms seen in mail: two-digit years, zone names, comments, wrong weekday. */
bool moment_parse_mail(struct span text, int64_t *moment);

/* `2026/11/06 00:00:00`, and ISO 8601 without its separators: `20261106T000000Z`, also without the `T`: no epoch seconds of
 * fourteen digits are meant by anybody. */
bool moment_parse_packed(struct span text, int64_t *moment);

/* Where a machine was to write a moment and nobody can be asked: one of the three above, or C's asctime. */
bool moment_parse_any(struct span text, int64_t *moment);

/* A span of time as typed: `400d`, `12h`, `30m`, `45s`, `3w`; a bare number is days. */
bool moment_parse_span(struct span text, int64_t *seconds);

int64_t moment_day(int64_t moment); /* whole days since the epoch, rounded down */
/* As mail has them (RFC 5322 3.3): `Jan`, 1 to 12; `Thu`, of a day since the epoch. */
const char *moment_month_name(unsigned month);
const char *moment_weekday_name(int64_t day);
int64_t moment_from_civil(int64_t year, unsigned month, unsigned day);
void moment_to_civil(int64_t moment, int64_t *year, unsigned *month, unsigned *day); /* of the day it falls on, UTC */

#endif
