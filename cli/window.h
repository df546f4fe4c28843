/* window: the days that --days, --since and --until ask for. */
#ifndef CLI_WINDOW_H
#define CLI_WINDOW_H

#include "cli/cli.h"

/* `--days N` ends today; `--since` and `--until` are days. The default is what a person decides by: about a month.
 * False: `fault` says what is wrong (EXIT_USAGE). */
bool window_read(const struct cli *cli, struct window *window, struct fault *fault);

#endif
