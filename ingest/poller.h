/* poller: asks one mailbox on a server for its mails, in a process of its own that holds the password, talks to the
 * network and may touch nothing else. It is another program, dmarcgate-poller, so that only it carries the mail and TLS
 * libraries; a server that crashes or stalls it costs one mailbox.
 *
 *   poller_start -> poller_open -> poller_next ... -> poller_settle ... -> poller_close -> poller_stop
 *
 * Between the last poller_settle and poller_close, poller_watch and poller_news may begin another round of poller_next,
 * any number of times.
 *
 * Mails come before it is known what becomes of them; poller_settle tells the server once they are safe, also those of
 * an earlier run (before the first poller_next, if you like). Everything that comes from the process is checked again
 * here.
 *
 * Polling is at least once: a mail that was given and not settled is given again by a next run, if `wanted` says so. */
#ifndef INGEST_POLLER_H
#define INGEST_POLLER_H

#include "base/fault.h"
#include "ingest/mail.h"
#include "ingest/mailbox.h"
#include "ingest/place.h"

#include <sys/types.h>

struct poller;

/* Starts the process; it waits. `program` NULL: dmarcgate-poller beside this program, else in PKGLIBEXECDIR. The
 * process inherits no descriptors and next to nothing of the environment. */
struct poller *poller_start(const char *program, struct fault *fault);
void poller_stop(struct poller *poller); /* at once, whatever it does; NULL is fine */

/* What is remembered of earlier runs; asked during poller_next. `first`: the UID from which on mails may be new in this
 * folder, 1 for all (never asked with POP3). `wish`: shall this mail be fetched? `octets` is what the server says, 0 where it
 * does not. Either may be NULL: everything, as new. */
enum poller_wish {
	WISH_NONE,
	WISH_NEW,
	WISH_AGAIN, /* an earlier run left it: behind all new ones of its folder, since the server may fail with it again */
};
struct poller_memory {
	void *arg;
	uint64_t (*first)(void *arg, const char *folder, uint64_t uidvalidity);
	enum poller_wish (*wish)(void *arg, const struct mail_place *place, uint64_t octets);
};

/* Connects and logs in. The mailbox is copied by being sent; the secret (password or token) goes through the socket and
 * is kept by the process only. `now`: for mailbox->since. After false the poller can only be stopped. */
bool poller_open(struct poller *poller, const struct mailbox *mailbox, struct span secret, int64_t now,
	const struct poller_memory *memory, struct fault *fault);

/* The same for who must not wait: it returns at once, and whether the login succeeded is told by the first poller_next
 * or poller_settle. The memory's functions are then also called from poller_ready. */
bool poller_begin(struct poller *poller, const struct mailbox *mailbox, struct span secret, int64_t now,
	const struct poller_memory *memory, struct fault *fault);
bool poller_ready(struct poller *poller); /* would poller_next answer at once? */
int poller_descriptor(const struct poller *poller); /* readable when poller_ready may have become true */

/* The next mail, 1; no more, 0; -1: `fault` says what is wrong with one mail (FAULT_INPUT: it stays where it is) or,
 * after which the next call returns 0, with the mailbox. The caller releases both. mail.name is `MAILBOX:FOLDER#UID`.
 */
struct polled {
	struct mail mail;
	struct mail_place place; /* also of a mail with a fault of its own; else its folder is NULL */
	bool folder_refused;	 /* the fault is that of one folder: the others are looked into */
};
int poller_next(struct poller *poller, struct polled *polled, struct fault *fault);
bool poller_looks_all(const struct poller *poller); /* into all folders in this round, and not only into the watched one */
void polled_release(struct polled *polled);

/* Tells the server what becomes of these mails, any number, of any folders. True: all are settled; with POP3 only when
 * poller_close says so, too. `done` gets how many of them, counted from the first, are. Mails that are gone are fine. A
 * folder whose UIDVALIDITY has changed is FAULT_INPUT: these places name nothing any more. */
bool poller_settle(struct poller *poller, const struct mail_fate *fate, const struct mail_place *places, size_t n,
	size_t *done, struct fault *fault);

/* IMAP only, after poller_next returned 0: stays connected, and waits for mail in the first of the mailbox's folders
 * (IDLE, where the server has it), or until `seconds` are over. The deadline does not count. */
bool poller_watch(struct poller *poller, uint32_t seconds, struct fault *fault);
/* Asked when poller_descriptor can be read, and now and then. 1: there may be something new; poller_next begins another
 * round, of that folder or, when the time was over, of all of them. 0: not yet. -1: the session is over. Instead of
 * waiting for it, everything else may be called, too. */
int poller_news(struct poller *poller, struct fault *fault);

struct poller_counts {
	uint64_t folders; /* looked into */
	uint64_t present; /* mails in them, as the servers said */
	uint64_t mails;	  /* given */
	uint64_t octets;  /* of them */
	uint64_t refused; /* too large, or announced and not sent */
	uint64_t settled;
	uint64_t left; /* carry \Deleted only: the server cannot expunge by UID */
	uint64_t reconnects;
};
/* Logs out. False: that failed; with POP3 nothing is deleted then. `counts` is filled in either way. */
bool poller_close(struct poller *poller, struct poller_counts *counts, struct fault *fault);

/* Of this round: what was counted since poller_open or the last call. Reconnects are only known after poller_close. */
struct poller_counts poller_take_counts(struct poller *poller);

pid_t poller_pid(const struct poller *poller);

#endif
