/* conditions: what stands behind `reports` and `export`: `domain=D`, `reporter=TEXT`, `since=TIME`, `until=TIME`, `broken`,
 * `duplicate`, `conflict`, each negated by `!`. */
#ifndef CLI_CONDITIONS_H
#define CLI_CONDITIONS_H

#include "base/fault.h"
#include "store/answer.h"

#define CONDITIONS_MOST 32

/* Texts are borrowed from `args`. False: `fault` names the word that is none (EXIT_USAGE). */
bool conditions_read(char **args, int n, struct condition conditions[CONDITIONS_MOST], struct report_filter *filter,
	struct fault *fault);

#endif
