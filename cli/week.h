/* week: the present of a command that was asked about an earlier week (--week N). */
#ifndef CLI_WEEK_H
#define CLI_WEEK_H

#include "base/fault.h"

#include <stdint.h>

struct cli;

/* *now is cli->now, or as many weeks before as make the last whole day lie in week N (ISO 8601) of the last year. */
bool week_find(const struct cli *cli, int64_t *now, struct fault *fault);

#endif
