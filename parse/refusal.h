/* A refusal: what the feedback of a mail says when its reader died or gave up. One problem, why; and the mail itself, so that a
 * later version can read it: as of any broken mail, unless it is longer than a mail may be. */
#ifndef PARSE_REFUSAL_H
#define PARSE_REFUSAL_H

#include "parse/limits.h"
#include "parse/parse.h"
#include "parse/spool.h"

/* Why, when a reader ended with that status of waitpid. */
void refusal_of_death(const struct limits *limits, int status, char *text, size_t room);

/* What the feedback held is gone. A mail that can no longer be had is refused without it. False: memory or disk are short;
 * nothing can be said of the mail. */
bool refusal_write(
	struct feedback *feedback, const struct limits *limits, const struct parse_input *input, const char *why);

#endif
