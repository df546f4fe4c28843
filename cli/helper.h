/* helper: the process that runs the commands which the configuration names, such as password_command or sendmail, so that the one
 * that reads mail never starts a program. It is born before anything else is in memory, is told the commands while
 * nothing from outside has been read yet, and runs no other.
 *
 * A command is a program with its arguments: words between blanks, held together by '...', "..." or a backslash. There
 * is no shell: no variable, pattern or pipe means anything. The program is named by an absolute path. */
#ifndef CLI_HELPER_H
#define CLI_HELPER_H

#include "base/buf.h"
#include "base/fault.h"

#define HELPER_SECONDS 60  /* a command may take */
#define HELPER_OCTETS 8192 /* ... and say */

struct command_words {
	char **words; /* owned; ends with NULL */
	size_t n;
};

/* FAULT_SETUP: a quotation mark is left open, there is no program, or its path is not absolute. */
bool command_split(struct span text, struct command_words *command, struct fault *fault);
void command_words_release(struct command_words *command);

struct helper;

struct helper *helper_start(struct fault *fault);
void helper_stop(struct helper *helper); /* NULL is fine */
bool helper_gone(const struct helper *helper); /* it died */

/* From now on it may be run; not after the first helper_run. */
bool helper_learn(struct helper *helper, const char *command, struct fault *fault);

/* Runs it and takes what it writes to standard output. A status other than 0, too much output and too much time are
 * faults; what it said last to standard error is part of them. Nothing is known of the command's name in them: the
 * caller says which setting it was. */
bool helper_run(struct helper *helper, const char *command, struct buf *output, struct fault *fault);

/* The same with standard input from `input`, or none when it is -1. *ended: it has ended by itself, so that what it was
 * to do is done or is not; else nobody knows. Status 75 (EX_TEMPFAIL) is FAULT_LATER. */
bool helper_feed(
	struct helper *helper, const char *command, int input, struct buf *output, bool *ended, struct fault *fault);

#endif
