/* intake: mails go through the crew, and what each of them said comes back. Used by show, verify and ingest. */
#ifndef CLI_INTAKE_H
#define CLI_INTAKE_H

#include "cli/cli.h"
#include "cli/inlet.h"
#include "parse/crew.h"

struct keys; /* cli/keys.h */

struct intake_plan {
	struct inlet *inlet;  /* NULL: the arguments of the command line */
	bool ordered;         /* items come back in the order of the inputs */
	enum range_kind kind; /* RANGE_INPUT, or RANGE_MESSAGE */
	unsigned flags;       /* of struct parse_input, as `at` */
	int64_t at;
	struct keys *keys; /* who answers for keys; NULL: nobody */
	/* Whether a Maildir's mail is stored, asked before it is opened (ingest/source.h). NULL: nobody knows. */
	bool (*known)(void *arg, const struct mail *mail);
	/* May look at a mail before it is read. 1: it is wanted; 0: it is passed over, and comes back with `passed`; -1: it
	 * cannot be read, `fault` says why. NULL: all are wanted. */
	int (*wanted)(void *arg, struct intake_item *item, struct fault *fault);
	/* Takes one item; the intake frees it afterwards. False stops the run. */
	bool (*take)(void *arg, const struct intake_item *item);
	/* What was taken has to be made durable now (INLET_FLUSH). False stops the run. NULL: there is nothing to do. */
	bool (*flush)(void *arg);
	/* Called now and then with octets done and in all (0: unknown), and inputs seen. NULL: not wanted. */
	void (*progress)(void *arg, uint64_t done, uint64_t total, uint64_t seen);
	void *arg;
};

/* Runs all the inlet has. False: the run was stopped by `take` or `flush` (fault->kind == FAULT_NONE), or `fault`. */
bool intake_run(struct cli *cli, const struct intake_plan *plan, struct fault *fault);

#endif
