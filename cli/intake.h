/* intake: what the user named goes through the crew, and what each mail said comes back. Used by show, ingest, reprocess. */
#ifndef CLI_INTAKE_H
#define CLI_INTAKE_H

#include "cli/cli.h"
#include "ingest/mail.h"
#include "parse/crew.h"

struct keys; /* cli/keys.h */

struct intake_item {
	struct mail mail;          /* name is always set; fd is closed by now */
	struct feedback *feedback; /* NULL when `fault` is set */
	struct fault fault;        /* the input could not be read (FAULT_INPUT, FAULT_SETUP), or not now (FAULT_LATER) */
};

struct intake_plan {
	bool ordered; /* items come back in the order of the inputs */
	enum range_kind kind; /* RANGE_INPUT, or RANGE_MESSAGE */
	unsigned flags;       /* of struct parse_input, as `at` */
	int64_t at;
	struct keys *keys; /* who answers for keys; NULL: nobody */
	/* May look at a mail before it is read; false passes it over. NULL: all are wanted. */
	bool (*wanted)(void *arg, struct mail *mail);
	/* Takes one item; the intake frees it afterwards. False stops the run. */
	bool (*take)(void *arg, const struct intake_item *item);
	/* Called now and then with octets done and in all (0: unknown), and inputs seen. NULL: not wanted. */
	void (*progress)(void *arg, uint64_t done, uint64_t total, uint64_t seen);
	void *arg;
};

/* Runs all of cli->options.args. False: the run was stopped by `take` (fault->kind == FAULT_NONE), or `fault`. */
bool intake_run(struct cli *cli, const struct intake_plan *plan, struct fault *fault);

/* The number of processes to read with. */
unsigned intake_jobs(const struct cli *cli);

#endif
