/* The writer's lock: one process writes a database at a time; the kernel lets go of it when its holder dies. Locks are
 * on two octets of a file beside the database that holds the holder's pid as text: the first is the writer, the second the
 * head of the queue, so that a holder with much to do can see that somebody waits, and step back for him. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "base/fault.h"

struct lock {
	int fd; /* owned; -1 when not held */
	char *path; /* owned */
	unsigned wait_seconds;
};

#define LOCK_NONE ((struct lock){ .fd = -1 })

/* FAULT_LATER, naming the holder, after `wait_seconds`; FAULT_SETUP when the file cannot be made. */
bool lock_take(struct lock *lock, const char *database, unsigned wait_seconds, struct fault *fault);
/* Does somebody write just now? */
bool lock_is_taken(const char *database);
void lock_drop(struct lock *lock);

/* Lets one waiting writer through, if there is one, and waits for the lock again. *lent says whether that happened:
 * then nothing remembered of the database's content is true any more. */
bool lock_lend(struct lock *lock, bool *lent, struct fault *fault);

#endif
