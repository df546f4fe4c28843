/* A copy of the database, made while it is in use. One read transaction lies under all steps, so that the copy shows
 * one moment and never begins anew when somebody writes; in WAL mode readers and the writer do not wait for each other.
 */
#include "store/care.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_PAGES 256
#define BUSY_MS 10000

struct backup {
	const char *to;
	char *partial; /* owned */
	int fd;	       /* of `partial` */
	sqlite3 *copy;
	struct fault *fault;
};

static bool copy_fails(const struct backup *b, int rc, const char *what)
{
	return fault_set(b->fault, store_fault_kind(rc), "%s: %s (%s)", b->partial, sqlite3_errstr(rc), what);
}

static bool file_fails(const struct backup *b, const char *name)
{
	return fault_set(b->fault, errno == ENOSPC || errno == EDQUOT || errno == EIO ? FAULT_LATER : FAULT_SETUP,
		"%s: %s", name, strerror(errno));
}

/* The lock is of another kind than SQLite's, so that they do not meet. */
static bool partial_open(struct backup *b)
{
	if (asprintf(&b->partial, "%s.partial", b->to) < 0) {
		b->partial = NULL;
		return fault_set(b->fault, FAULT_LATER, "%s: out of memory", b->to);
	}
	b->fd = open(b->partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->fd < 0)
		return file_fails(b, b->partial);
	if (flock(b->fd, LOCK_EX | LOCK_NB)) {
		close(b->fd);
		b->fd = -1;
		return fault_set(b->fault, FAULT_LATER, "%s: another copy to this name is being made", b->partial);
	}
	return (ftruncate(b->fd, 0) == 0 && fchmod(b->fd, 0600) == 0) || file_fails(b, b->partial);
}

static bool pages_copy(struct backup *b, sqlite3 *from)
{
	sqlite3_backup *copying;
	int rc = sqlite3_open_v2(b->partial, &b->copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	/* Nobody reads it before it is durable and has its name: no journal, and one fsync at the end. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(b->copy, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return copy_fails(b, rc, "open");
	copying = sqlite3_backup_init(b->copy, "main", from, "main");
	if (!copying)
		return copy_fails(b, sqlite3_extended_errcode(b->copy), "copy");
	do
		rc = sqlite3_backup_step(copying, STEP_PAGES);
	while (rc == SQLITE_OK);
	if (rc == SQLITE_DONE)
		rc = sqlite3_backup_finish(copying);
	else
		sqlite3_backup_finish(copying);
	return rc == SQLITE_OK || copy_fails(b, rc, "copy");
}

/* A damaged page is copied like any other; a copy of it is no reason to throw an older, good one away. */
static bool copy_check(struct backup *b)
{
	sqlite3_stmt *st = NULL;
	bool good = false;
	int rc;

	sqlite3_db_config(b->copy, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	rc = sqlite3_prepare_v2(b->copy, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		good = strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0 ||
		       fault_set(b->fault, FAULT_SETUP, "the database is damaged, nothing was copied: %.200s",
			       (const char *)sqlite3_column_text(st, 0));
	else
		copy_fails(b, rc, "check");
	sqlite3_finalize(st);
	return good;
}

/* The name of the folder is durable as well. */
static bool folder_sync(struct backup *b)
{
	char *copy = strdup(b->to);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool good = fd >= 0 && fsync(fd) == 0;

	if (!good)
		file_fails(b, b->to);
	if (fd >= 0)
		close(fd);
	free(copy);
	return good;
}

static bool copy_name(struct backup *b, bool replace)
{
	if (fsync(b->fd))
		return file_fails(b, b->partial);
	if (replace ? rename(b->partial, b->to) : renameat2(AT_FDCWD, b->partial, AT_FDCWD, b->to, RENAME_NOREPLACE))
		return file_fails(b, b->to);
	return folder_sync(b);
}

bool backup_write(sqlite3 *from, const char *to, bool replace, struct fault *fault)
{
	struct backup b = { .to = to, .fd = -1, .fault = fault };
	bool held = partial_open(&b), good = held && pages_copy(&b, from) && copy_check(&b);

	sqlite3_close(b.copy);
	good = good && copy_name(&b, replace);
	if (held && !good)
		unlink(b.partial);
	if (b.fd >= 0)
		close(b.fd);
	free(b.partial);
	return good;
}

/* A moment of it, and that it is ours. A first ingest that was killed leaves an empty one. */
static bool source_open(const char *path, sqlite3 **from, struct fault *fault)
{
	sqlite3_stmt *st = NULL;
	struct stat seen;
	int64_t application = 0, objects = 0;
	char reason[STORE_REASON];
	int rc;

	if (stat(path, &seen))
		return fault_set(fault, FAULT_SETUP, "%s: %s", path, strerror(errno));
	if (!S_ISREG(seen.st_mode))
		return fault_set(fault, FAULT_SETUP, "%s: not a file", path);
	rc = sqlite3_open_v2(path, from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(*from, BUSY_MS);
		rc = sqlite3_exec(*from, "BEGIN", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(*from,
			"SELECT application_id,(SELECT count(*) FROM sqlite_schema) FROM pragma_application_id", -1, &st,
			NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		application = sqlite3_column_int64(st, 0);
		objects = sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW)
		return fault_set(fault, store_fault_kind(rc), "%s: %s", path, store_reason(*from, rc, reason));
	if (application == 0 && objects == 0)
		return fault_set(fault, FAULT_SETUP, "%s: empty; there is nothing to copy yet", path);
	return application == STORE_APPLICATION_ID ||
	       fault_set(fault, FAULT_SETUP, "%s: not a database of dmarcgate", path);
}

bool store_backup(const char *path, const char *to, struct fault *fault)
{
	sqlite3 *from = NULL;
	struct stat seen;
	bool good;

	if (lstat(to, &seen) == 0)
		return fault_set(fault, FAULT_SETUP, "%s: exists already; nothing is overwritten", to);
	good = source_open(path, &from, fault) && backup_write(from, to, false, fault);
	sqlite3_close(from);
	return good;
}
