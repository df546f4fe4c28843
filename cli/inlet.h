/* inlet: a stream of mails, the same whether they lie in files or on a server. intake reads from it; whoever stores what
 * was read tells it so, and once that is durable, the mails are settled: on a server they are moved, marked, deleted. */
#ifndef CLI_INLET_H
#define CLI_INLET_H

#include "base/fault.h"
#include "ingest/mail.h"
#include "ingest/place.h"

struct cli;
struct feedback;
struct box; /* cli/poll.h */

/* One mail on its way. */
struct intake_item {
	struct mail mail;          /* fd is closed once a worker has it; the name may be NULL when there is a fault */
	struct mail_place place;   /* where it lies on its server; folder NULL: it came from a file */
	struct box *box;           /* the mailbox it came from; NULL: none */
	struct feedback *feedback; /* what it says; NULL when `fault` is set or it was passed over */
	struct fault fault;        /* the input could not be read (FAULT_INPUT, FAULT_SETUP), or not now (FAULT_LATER) */
	bool passed;               /* `wanted` knew it already */
};

enum inlet_state {
	INLET_END,   /* no more */
	INLET_MAIL,  /* item->mail, or item->fault says what is wrong with one input */
	INLET_LATER, /* nothing at the moment; its descriptor becomes readable, or mails in work have to be taken first */
	INLET_FLUSH, /* what was taken has to be stored and settled before there can be more */
};

struct inlet {
	void *self;
	enum inlet_state (*next)(void *self, struct intake_item *item);
	/* Octets done and in all (0: unknown), for a progress bar. */
	void (*progress)(void *self, uint64_t *done, uint64_t *total);
	/* To be polled for reading after INLET_LATER; -1: there is none. */
	int (*descriptor)(void *self);
};

/* The arguments of the command line. NULL `self`: memory is short. `known` as of source_pass_known, or NULL. */
struct inlet inlet_files(const struct cli *cli, bool (*known)(void *arg, const struct mail *mail), void *arg);
void inlet_files_close(struct inlet *inlet);

#endif
