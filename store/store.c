#include "store/store_private.h"

#include "base/newfile.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copies of pages that a mail changed are kept until it is in: in memory, however many. Once one mail has more of them than
 * SQLite wants to hold, all others of its batch have theirs written to a file as well, fifteen pages each. New pages need no
 * copy, so that a mail has no more than the indexes of texts and results are long: 15 MB in a database of 10 million records. */
#define SAVEPOINTS_IN_MEMORY (-1)
#define ARENA_OCTETS ((size_t)256 * 1024 * 1024)
#define REASON_OCTETS ((size_t)2048)
#define NAME_OCTETS ((size_t)65536)
#define SOURCES_MOST 400000
#define BUSY_MS 10000

/* Batches: large enough that a commit costs little, small enough that a crash costs little. */
#define BATCH_REPORTS 1000
#define BATCH_RECORDS 20000
#define BATCH_OCTETS (32 * 1024 * 1024)
#define BATCH_MS 1000

/* automatic_index: the planner once built an index over ten million records instead of walking ranges of rowids (33 s
 * against 0.1 s). trusted_schema: views and triggers of a file that somebody gave us get no special rights.
 * secure_delete: what expired is other people's mail. cache_size holds what a batch changes: a page that had to leave it and
 * changes again is overwritten in the log, whose checksums from there on are then calculated anew, from what is read back.
 * wal_autocheckpoint: index pages change in every batch; copying them back every few batches instead saves a tenth. */
static const char pragmas[] = "PRAGMA automatic_index=0; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL;"
			      "PRAGMA cache_size=-24576; PRAGMA journal_size_limit=67108864; PRAGMA trusted_schema=OFF;"
			      "PRAGMA secure_delete=ON;"
			      "PRAGMA wal_autocheckpoint=8000";

/* A question reads most pages once, and those it needs again are few: a larger cache made none faster. */
static const char pragmas_reading[] = "PRAGMA cache_size=-4096";

/* SQLite creates with the umask of whoever calls; what reports say of a domain is nobody else's business. */
static bool file_prepare(struct store *s, struct fault *fault)
{
	struct stat st;
	int fd;

	if (s->mode == STORE_WRITE) {
		fd = newfile_make(s->path);
		if (fd >= 0)
			close(fd);
		else if (errno != EEXIST)
			return fault_set(fault, FAULT_SETUP, "%s: %s", s->path, strerror(errno));
	}
	if (stat(s->path, &st))
		return fault_set(fault, FAULT_SETUP, "%s: %s", s->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_SETUP, "%s: not a file", s->path);
	return true;
}

/* Locks of SQLite's own: a moment between processes of ours, longer when another program holds the file. */
static int busy_ms(unsigned wait_seconds)
{
	return wait_seconds <= BUSY_MS / 1000 ? BUSY_MS : wait_seconds < INT_MAX / 1000 ? (int)wait_seconds * 1000 : INT_MAX;
}

static bool database_open(struct store *s, unsigned wait_seconds, struct fault *fault)
{
	int flags = SQLITE_OPEN_NOMUTEX | (s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int rc;

	/* Only heard before the first connection. No process has a second thread, and nobody asks what is allocated. */
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, SAVEPOINTS_IN_MEMORY);
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(s->db, 1);
		sqlite3_busy_timeout(s->db, busy_ms(wait_seconds));
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	}
	if (rc != SQLITE_OK)
		return store_tell(s, store_fail(s, rc, "open"), fault);
	if (!schema_check(s, schema_steps, schema_version, fault))
		return false;
	rc = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
	if (rc == SQLITE_OK && s->mode == STORE_READ)
		rc = sqlite3_exec(s->db, pragmas_reading, NULL, NULL, NULL);
	return rc == SQLITE_OK || store_tell(s, store_fail(s, rc, "pragmas"), fault);
}

struct store *store_open(const char *path, enum store_mode mode, unsigned wait_seconds, struct fault *fault)
{
	struct store *s = calloc(1, sizeof *s);

	if (!s || !(s->path = strdup(path))) {
		free(s);
		fault_set(fault, FAULT_LATER, "%s: out of memory", path);
		return NULL;
	}
	s->mode = mode;
	s->lock = LOCK_NONE;
	s->sources_most = SOURCES_MOST;
	s->arena = ARENA(ARENA_OCTETS);
	s->taking.reason = BUF(REASON_OCTETS);
	s->taking.name = BUF(NAME_OCTETS);
	s->taking.arena = ARENA(ARENA_OCTETS);
	s->digest = digest_new();
	s->deflate = deflate_new();
	if (!intern_init(s) || !s->digest || !s->deflate) {
		store_tell(s, store_fail_memory(s), fault);
		goto out;
	}
	if (mode == STORE_WRITE && !lock_take(&s->lock, path, wait_seconds, fault))
		goto out;
	if (file_prepare(s, fault) && database_open(s, wait_seconds, fault))
		return s;
out:
	store_close(s);
	return NULL;
}

bool store_believe(struct store *s, const char *authserv_ids, struct fault *fault)
{
	char *copy = strdup(authserv_ids);

	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(s->borders);
	s->borders = copy;
	return true;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	free(s->borders);
	sql_finish(s);
	sqlite3_close(s->db); /* rolls an open transaction back */
	lock_drop(&s->lock);
	intern_release(s);
	arena_release(&s->arena);
	arena_release(&s->taking.arena);
	buf_release(&s->taking.reason);
	buf_release(&s->taking.name);
	digest_free(s->digest);
	deflate_free(s->deflate);
	free(s->dirty);
	packing_free(s->packing);
	free(s->shapes);
	free(s->path);
	free(s);
}

const struct fault *store_fault(const struct store *s)
{
	return &s->fault;
}

bool store_load_ids(struct store *s)
{
	sqlite3_stmt *st = sql_open(s, SQL_NEXT_IDS);
	int64_t record, report;

	if (!st || sql_row(s, st) != 1)
		return false;
	record = sqlite3_column_int64(st, 0);
	report = sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
	if (record < 0 || record > ID_MOST || report < 0 || report > ID_MOST)
		return store_fail(s, SQLITE_CORRUPT, "numbers that reports or records cannot have");
	s->next_record = record + 1;
	s->next_report = report + 1;
	return true;
}

bool store_look_begin(struct store *s)
{
	if (!s->writing && !s->looking)
		s->looking = sqlite3_get_autocommit(s->db) && sql_do(s, SQL_BEGIN);
	return s->writing || s->looking;
}

static bool look_end(struct store *s)
{
	bool looking = s->looking;

	s->looking = false;
	return !looking || sql_do(s, SQL_COMMIT);
}

bool store_write_begin(struct store *s)
{
	/* A full disk makes SQLite roll back everything by itself: what the caller believes to be pending is lost. */
	if (s->lost || (s->writing && sqlite3_get_autocommit(s->db)))
		return fault_set(&s->fault, FAULT_LATER, "%s: the batch was lost", s->path);
	if (s->writing)
		return true;
	if (s->mode != STORE_WRITE)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: opened for reading", s->path);
	if (!look_end(s) || !sql_do(s, SQL_BEGIN_WRITING))
		return false;
	s->writing = true;
	return store_load_ids(s);
}

bool store_commit_due(const struct store *s, int64_t elapsed_ms)
{
	if (!s->writing)
		return false;
	return s->room_short || elapsed_ms >= BATCH_MS || s->pending_mails >= BATCH_REPORTS ||
	       s->pending_reports >= BATCH_REPORTS || s->pending_records >= BATCH_RECORDS ||
	       s->pending_octets >= BATCH_OCTETS;
}

bool store_commit(struct store *s, struct fault *fault)
{
	bool ok = true;

	if (s->lost)
		return store_tell(s, fault_set(&s->fault, FAULT_LATER, "%s: the batch was lost", s->path), fault);
	if (!s->writing)
		return true;
	if (s->taking.open)
		return fault_set(fault, FAULT_BROKEN, "%s: commit in the middle of a mail", s->path);
	if (s->taking.marked)
		ok = sql_do(s, SQL_MARK_RELEASE);
	s->taking.marked = false;
	s->taking.forgotten = 0;
	ok = ok && inflow_flush(s);
	if (ok && sqlite3_get_autocommit(s->db))
		ok = fault_set(&s->fault, FAULT_LATER, "%s: the batch was lost", s->path);
	ok = ok && sql_do(s, SQL_COMMIT);
	if (!ok) {
		struct fault first = s->fault;

		if (!sqlite3_get_autocommit(s->db))
			sql_do(s, SQL_ROLLBACK);
		s->fault = first;
		s->lost = true;
		intern_clear(s);
	}
	s->writing = false;
	s->inflows_n = 0;
	s->pending_mails = s->pending_reports = s->pending_records = s->pending_octets = s->looked_octets = 0;
	return store_tell(s, ok, fault);
}

bool store_step_back(struct store *s, struct fault *fault)
{
	bool lent = false;

	if (s->writing)
		return true;
	if (!look_end(s))
		return store_tell(s, false, fault);
	if (!lock_lend(&s->lock, &lent, fault)) {
		s->mode = STORE_READ; /* somebody else is writing now */
		return false;
	}
	if (lent)
		intern_clear(s);
	return true;
}

/* Within a transaction of ours all statements see the same anyway. */
bool ask_begin(struct store *s, bool *own)
{
	*own = sqlite3_get_autocommit(s->db);
	arena_clear(&s->arena);
	return !*own || sql_do(s, SQL_BEGIN);
}

bool ask_end(struct store *s, bool own, bool ok)
{
	struct fault first = s->fault;

	if (own && !sqlite3_get_autocommit(s->db))
		ok = sql_do(s, SQL_COMMIT) && ok;
	if (!ok && first.kind != FAULT_NONE)
		s->fault = first;
	return ok;
}

const char *store_library(void)
{
	return sqlite3_libversion();
}
