#include "store/lock.h"

#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_PER_SECOND 100
#define LEND_SECONDS 600 /* whoever lends the lock wants it back, however little it was ready to wait at first */

enum lock_octet { OCTET_WRITER, OCTET_QUEUE };

/* Open file description locks: unlike POSIX record locks they do not vanish when some other descriptor of the same file
 * is closed by this process. */
static bool octet_set(int fd, enum lock_octet octet, short type)
{
	struct flock what = { .l_type = type, .l_whence = SEEK_SET, .l_start = octet, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &what) == 0;
}

static bool octet_is_taken(int fd, enum lock_octet octet)
{
	struct flock what = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = octet, .l_len = 1 };

	return fcntl(fd, F_OFD_GETLK, &what) == 0 && what.l_type != F_UNLCK;
}

static void round_wait(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000000L / ROUNDS_PER_SECOND }, NULL);
}

static bool lock_blame(const struct lock *lock, unsigned seconds, struct fault *fault)
{
	char pid[24] = "";
	ssize_t n = pread(lock->fd, pid, sizeof pid - 1, 0);
	long number = n > 0 ? strtol(pid, NULL, 10) : 0;

	if (number > 0)
		return fault_set(
			fault, FAULT_LATER, "%s: process %ld is writing; waited %u s", lock->path, number, seconds);
	return fault_set(fault, FAULT_LATER, "%s: another process is writing; waited %u s", lock->path, seconds);
}

static bool lock_wait(struct lock *lock, unsigned seconds, struct fault *fault)
{
	bool queued = false, taken = false;
	char pid[24];
	int n;

	for (unsigned long left = (unsigned long)seconds * ROUNDS_PER_SECOND + 1; left && !taken; left--) {
		queued = queued || octet_set(lock->fd, OCTET_QUEUE, F_WRLCK);
		taken = queued && octet_set(lock->fd, OCTET_WRITER, F_WRLCK);
		if (!taken && left > 1)
			round_wait();
	}
	if (queued)
		octet_set(lock->fd, OCTET_QUEUE, F_UNLCK);
	if (!taken)
		return lock_blame(lock, seconds, fault);
	n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(lock->fd, 0) || pwrite(lock->fd, pid, (size_t)n, 0) != n)
		return fault_set(fault, FAULT_LATER, "%s: %s", lock->path, strerror(errno));
	return true;
}

bool lock_take(struct lock *lock, const char *database, unsigned wait_seconds, struct fault *fault)
{
	*lock = LOCK_NONE;
	if (asprintf(&lock->path, "%s-lock", database) < 0) {
		lock->path = NULL;
		return fault_set(fault, FAULT_LATER, "%s-lock: out of memory", database);
	}
	lock->wait_seconds = wait_seconds;
	lock->fd = newfile_open(lock->path);
	if (lock->fd < 0) {
		fault_set(fault, FAULT_SETUP, "%s: %s", lock->path, strerror(errno));
		goto out;
	}
	if (lock_wait(lock, wait_seconds, fault))
		return true;
out:
	lock_drop(lock);
	return false;
}

bool lock_is_taken(const char *database)
{
	struct lock lock = LOCK_NONE;
	bool taken;

	if (asprintf(&lock.path, "%s-lock", database) < 0)
		return false;
	lock.fd = open(lock.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	taken = lock.fd >= 0 && octet_is_taken(lock.fd, OCTET_WRITER);
	lock_drop(&lock);
	return taken;
}

void lock_drop(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	free(lock->path);
	*lock = LOCK_NONE;
}

bool lock_lend(struct lock *lock, bool *lent, struct fault *fault)
{
	*lent = octet_is_taken(lock->fd, OCTET_QUEUE);
	if (!*lent)
		return true;
	octet_set(lock->fd, OCTET_WRITER, F_UNLCK);
	for (int round = 0; round < ROUNDS_PER_SECOND && octet_is_taken(lock->fd, OCTET_QUEUE); round++)
		round_wait();
	return lock_wait(lock, lock->wait_seconds > LEND_SECONDS ? lock->wait_seconds : LEND_SECONDS, fault);
}
