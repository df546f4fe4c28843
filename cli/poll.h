/* poll: the configured mailboxes as one inlet: mails on IMAP and POP3 servers, in Maildirs, mboxes and folders of files.
 *
 *   polling_start -> polling_use -> intake with polling_inlet:
 *       polling_stored for every item that was taken, within the writer's transaction
 *       polling_settle once that transaction is durable
 *   -> polling_report -> polling_stop
 *
 * A mailbox that fails does not stop the others. What became of a mail is written down beside its facts
 * (store/journal.h), so whatever is killed, the next run knows which mails it has and which must still be settled. */
#ifndef CLI_POLL_H
#define CLI_POLL_H

#include "cli/inlet.h"
#include "report/ingested.h"
#include "store/journal.h"

struct cli;
struct mailbox_settings;
struct signals; /* cli/signals.h */
struct polling;
struct store;

/* What is asked of the mailboxes. */
struct polling_plan {
	unsigned parallel; /* mailboxes at the same time; at least 1 */
	bool look;	   /* change nothing, on the servers or in the database, and fetch nothing: only count */
	bool dry;	   /* change nothing, but fetch */
	bool stay;	   /* another round follows: polling_rest */
	void (*rested)(void *arg); /* called when the rest begins, and when a mailbox is lost in it; NULL: nobody asks */
	void *arg;
	struct signals *signals; /* when they say so, no more mails are fetched, and those in hand are the last; or NULL */
};

/* The option --parallel. False: it says what is wrong. */
#define POLLING_PARALLEL 16
bool polling_parallel(const struct cli *cli, struct polling_plan *plan);

/* Starts a process for each server; to be called before the database is open. `chosen` are indices into the
 * configuration's mailboxes. NULL: fault. */
struct polling *polling_start(struct cli *cli, const struct polling_plan *plan, const size_t *chosen, size_t n,
	struct fault *fault);
void polling_use(struct polling *polling, struct store *store); /* may be NULL when nothing is changed */
/* Two runs must not poll at the same time, though they may take turns in writing: the lock is on `DATABASE-poll`, is taken
 * before the database is opened, and goes with the process at the latest. FAULT_LATER, after `[store] wait`, names who holds it. */
bool polling_lock(struct polling *polling, struct fault *fault);
void polling_unlock(struct polling *polling);
void polling_stop(struct polling *polling);			/* NULL is fine */

struct inlet *polling_inlet(struct polling *polling);

/* With plan.stay, polling_start is followed by rounds: polling_rest, polling_use, the intake, polling_report. What follows
 * a round: IMAP sessions stay, and are told of new mail; other mailboxes are due after their interval; one that failed
 * is, after a time that doubles with every failure. Waits for that, with no database. False: a signal came. */
bool polling_rest(struct polling *polling);
/* Did a signal say that this is to end? */
bool polling_ends(struct polling *polling);

/* The round could not be stored; the next one waits, as after a failure. True: it could be stored. */
void polling_tried(struct polling *polling, bool stored);

/* Every item comes here once, whatever it was. `state`: PLACE_LEFT when nothing of it was stored; else what kind of mail
 * it was, for its fate. */
bool polling_stored(
	struct polling *polling, const struct intake_item *item, enum place_state state, struct fault *fault);

/* The facts so far are durable: servers are told what becomes of their mails. What they refuse is their mailbox's fault,
 * not ours; false only for the database. */
bool polling_settle(struct polling *polling, struct fault *fault);

/* The counters of an item's mailbox, kept by the caller; NULL for an item without one. */
struct ingested *box_totals(const struct intake_item *item);
/* After a commit they are kept; where a batch was lost they are again what was kept last. */
void polling_totals_keep(struct polling *polling);
void polling_totals_take_back(struct polling *polling);

/* What is planned for a mail of this kind: `stays`, `moves to Done`. */
const char *box_plans(const struct intake_item *item, enum place_state state, char text[128]);

/* How each mailbox fared, in the configuration's order. False: `tell` returned false. */
typedef bool polling_teller(void *arg, const struct ingested_mailbox *mailbox);
bool polling_report(const struct polling *polling, polling_teller *tell, void *arg);

/* With plan.stay: the sums of all rounds, and how each mailbox is now. */
bool polling_sums(const struct polling *polling, polling_teller *tell, void *arg);

/* What the database calls a mailbox: who logs in where. Owned by the caller; NULL: out of memory. */
struct mailbox;
char *polling_key(const struct mailbox *mailbox);

/* Kinds of faults of the mailboxes that failed; how many worked. */
struct polling_outcome {
	unsigned worked, failed;
	bool setup, broken; /* at least one failed for this reason */
};
struct polling_outcome polling_outcome(const struct polling *polling);

#endif
