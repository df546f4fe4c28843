/* marks: the text file of what people said of their senders (report/assess/marks.h): where it is, read and added to. */
#ifndef CLI_MARKS_H
#define CLI_MARKS_H

#include "cli/cli.h"
#include "report/assess/marks.h"

#define MARKS_PATH 4400

/* [readiness] marks, else `dmarcgate.marks` beside the configuration file, else where that is looked for first.
 * Returns `path`. */
const char *marks_path(const struct cli *cli, char path[MARKS_PATH]);

/* A file that is not there holds nothing. FAULT_SETUP: `PATH:LINE: rule`. */
bool marks_load(const struct cli *cli, struct arena *arena, const struct statement **statements, size_t *n,
	struct fault *fault);

/* Adds lines whole or not at all, whoever else does so at the same time. */
bool marks_append(const struct cli *cli, const char *path, struct span lines, struct fault *fault);

#endif
