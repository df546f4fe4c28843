/* store: the file itself: who may open it, what is in it, what a sudden end leaves of it. */

#include "store/store_private.h"
#include "tests/store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void run(const char *path, const char *sql)
{
	sqlite3 *db;
	char *said = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", sql, said);
	sqlite3_close(db);
}

static void refused(const char *path, enum store_mode mode, enum fault_kind kind, const char *word)
{
	struct fault fault = { 0 };

	assert_null(store_open(path, mode, 0, &fault));
	assert_int_equal(fault.kind, kind);
	if (!strstr(fault.text, word) || !strstr(fault.text, path))
		fail_msg("`%s' does not name `%s' and `%s'", fault.text, word, path);
}

static void test_modes(void **state)
{
	static const char *const files[] = { "", "-wal", "-shm", "-lock" };
	struct fixture *b = *state;
	struct stat st;
	char path[160];

	put(b, 1, report_make(&b->arena, &b->dice, 1));
	commit(b);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s%s", b->path, files[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void test_refusals(void **state)
{
	struct fixture *b = *state;
	char path[160], text[64] = "this is a letter, not a database at all, but a long one .....";
	struct stat before, after;
	int fd;

	snprintf(path, sizeof path, "%s/none", b->folder);
	refused(path, STORE_READ, FAULT_SETUP, "No such file");
	assert_int_equal(stat(path, &before), -1);
	refused(b->folder, STORE_READ, FAULT_SETUP, "not a file");
	snprintf(path, sizeof path, "%s/none/db", b->folder);
	refused(path, STORE_WRITE, FAULT_SETUP, "No such file");

	snprintf(path, sizeof path, "%s/letter", b->folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, text, sizeof text), sizeof text);
	close(fd);
	refused(path, STORE_READ, FAULT_SETUP, "not a database");
	refused(path, STORE_WRITE, FAULT_SETUP, "not a database");

	snprintf(path, sizeof path, "%s/foreign", b->folder);
	run(path, "CREATE TABLE bookmarks(url TEXT)");
	assert_int_equal(stat(path, &before), 0);
	refused(path, STORE_READ, FAULT_SETUP, "not one of dmarcgate");
	refused(path, STORE_WRITE, FAULT_SETUP, "not one of dmarcgate");
	run(path, "DROP TABLE bookmarks; PRAGMA application_id=77");
	refused(path, STORE_WRITE, FAULT_SETUP, "not one of dmarcgate");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);

	store_close(b->store);
	run(b->path, "PRAGMA user_version=99");
	refused(b->path, STORE_READ, FAULT_SETUP, "newer");
	refused(b->path, STORE_WRITE, FAULT_SETUP, "schema 99");
	run(b->path, "PRAGMA user_version=0");
	refused(b->path, STORE_READ, FAULT_SETUP, "older");
	b->store = NULL;
	unlink(b->path);
}

static void test_reader(void **state)
{
	struct fixture *b = *state;
	struct made_report *made = report_make(&b->arena, &b->dice, 1);
	struct store_totals totals;
	struct store_result result;
	struct mail mail = mail_make("x", 7);
	struct fault fault = { 0 };
	struct store *reader = store_open(b->path, STORE_READ, 0, NULL);

	assert_non_null(reader);
	put(b, 1, made);
	assert_true(store_ask_totals(reader, &totals, NULL));
	assert_int_equal(totals.reports, 0); /* not committed */
	commit(b);
	assert_true(store_ask_totals(reader, &totals, NULL));
	assert_int_equal(totals.reports, 1);
	assert_false(store_mail_begin(reader, &mail, 0, &fault));
	assert_int_equal(fault.kind, FAULT_BROKEN);
	assert_false(store_mail_end(reader, &result, &fault));
	store_close(reader);
}

static bool domain_ignore(void *arg, const struct domain_row *row)
{
	(void)arg;
	(void)row;
	return true;
}

/* --- schema --- */

static char *schema_text(const char *path)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	struct buf text = BUF(1 << 20);

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name",
			-1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		buf_printf(&text, "%s;\n", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_close(db);
	return text.p;
}

static char *file_text(const char *path)
{
	struct buf text = BUF(1 << 20);
	char octets[4096];
	size_t n;
	FILE *in = fopen(path, "r");

	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	while ((n = fread(octets, 1, sizeof octets, in)) > 0)
		buf_put(&text, octets, n);
	fclose(in);
	return text.p;
}

/* A released schema must not change any more; a new one needs its text here. */
static void test_schema_text(void **state)
{
	struct fixture *b = *state;
	char path[500], *released, *fresh;

	snprintf(path, sizeof path, "%s/%d.sql", SCHEMAS, schema_version);
	released = file_text(path);
	fresh = schema_text(b->path);
	assert_string_equal(released, fresh);
	free(released);
	free(fresh);
}

/* Every released schema, filled, is brought to today's by opening it. */
static void test_migrate_released(void **state)
{
	struct fixture *b = *state;
	char path[500], sql[600], *text, *now, *then;
	struct store *store;

	now = schema_text(b->path);
	for (int version = 1; version <= schema_version; version++) {
		snprintf(path, sizeof path, "%s/%d.sql", SCHEMAS, version);
		text = file_text(path);
		snprintf(path, sizeof path, "%s/released-%d", b->folder, version);
		run(path, text);
		snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", STORE_APPLICATION_ID,
			version);
		run(path, sql);
		store = store_open(path, STORE_WRITE, 0, NULL);
		assert_non_null(store);
		assert_true(store_ask_domains(store, &ALWAYS, domain_ignore, NULL, NULL));
		store_close(store);
		then = schema_text(path);
		assert_string_equal(now, then);
		free(then);
		free(text);
	}
	free(now);
}

static int64_t number(struct store *s, const char *sql)
{
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* The runner with steps that do not exist yet: they run in order, a bad one leaves the version before it. */
static void test_migrate_runner(void **state)
{
	static const struct schema_step more[] = { { .sql = "CREATE TABLE two(x INTEGER) STRICT" },
		{ .sql = "ALTER TABLE two ADD COLUMN y INTEGER; INSERT INTO two VALUES(1, 2)" },
		{ .sql = "CREATE TABLE five(x INTEGER)" }, { .sql = "CREATE TABLE two(x INTEGER)" } };
	struct fixture *b = *state;
	int have = schema_version;
	struct schema_step steps[20];
	struct fault fault = { 0 };

	assert_true(have + 4 <= 20);
	memcpy(steps, schema_steps, (size_t)have * sizeof *steps);
	memcpy(steps + have, more, sizeof more);
	assert_true(schema_check(b->store, steps, have + 2, NULL));
	assert_int_equal(number(b->store, "PRAGMA user_version"), have + 2);
	assert_int_equal(number(b->store, "SELECT sum(x + y) FROM two"), 3);
	assert_true(schema_check(b->store, steps, have + 2, NULL));
	assert_int_equal(number(b->store, "SELECT count(*) FROM two"), 1);
	assert_false(schema_check(b->store, steps, have + 4, &fault));
	assert_int_equal(number(b->store, "PRAGMA user_version"), have + 2);
	assert_int_equal(number(b->store, "SELECT count(*) FROM sqlite_schema WHERE name='five'"), 0);
	steps[have + 2].sql = "INSERT INTO problem(mail) VALUES(12345)";
	assert_false(schema_check(b->store, steps, have + 3, &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	assert_int_equal(number(b->store, "PRAGMA user_version"), have + 2);
	assert_false(schema_check(b->store, steps, have + 1, &fault));
}

/* --- the lock --- */

/* Runs in a child: holds the lock until told to end. */
static pid_t holder_start(const char *path, int *release)
{
	int ready[2], end[2];
	char octet;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct store *store = store_open(path, STORE_WRITE, 0, NULL);

		close(end[1]);
		if (!store || write(ready[1], "r", 1) != 1)
			_exit(1);
		if (read(end[0], &octet, 1) < 0)
			_exit(1);
		store_close(store);
		_exit(0);
	}
	close(ready[1]);
	close(end[0]);
	assert_int_equal(read(ready[0], &octet, 1), 1);
	close(ready[0]);
	*release = end[1];
	return pid;
}

static int busy_milliseconds(const char *path, unsigned wait_seconds)
{
	struct store *store = store_open(path, STORE_WRITE, wait_seconds, NULL);
	sqlite3_stmt *st = store ? sql_prepare(store, "PRAGMA busy_timeout", 0) : NULL;
	int milliseconds = st && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;

	sqlite3_finalize(st);
	store_close(store);
	return milliseconds;
}

/* The file may be held by a program that knows nothing of the lock beside it. */
static void test_foreign_lock(void **state)
{
	struct fixture *b = *state;

	store_close(b->store);
	assert_int_equal(busy_milliseconds(b->path, 0), 10000);
	assert_int_equal(busy_milliseconds(b->path, 60), 60000);
	assert_int_equal(busy_milliseconds(b->path, 4294967295u), 2147483647);
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	assert_non_null(b->store);
}

static void test_lock(void **state)
{
	struct fixture *b = *state;
	struct fault fault = { 0 };
	struct store_totals totals;
	char word[32];
	int release, status;
	pid_t pid;

	store_close(b->store);
	b->store = NULL;
	pid = holder_start(b->path, &release);
	snprintf(word, sizeof word, "process %d ", (int)pid);
	refused(b->path, STORE_WRITE, FAULT_LATER, word);
	assert_null(store_open(b->path, STORE_WRITE, 1, &fault));
	b->store = store_open(b->path, STORE_READ, 0, NULL); /* reading needs no lock */
	assert_non_null(b->store);
	assert_true(store_ask_totals(b->store, &totals, NULL));
	store_close(b->store);
	close(release);
	b->store = store_open(b->path, STORE_WRITE, 60, NULL); /* waits until the other has ended */
	assert_non_null(b->store);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* and who is killed holds nothing */
	store_close(b->store);
	pid = holder_start(b->path, &release);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(release);
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	assert_non_null(b->store);
}

static bool between_put(const char *path, const struct made_report *made)
{
	struct store *store = store_open(path, STORE_WRITE, 60, NULL);
	struct mail mail = mail_make("between", 5000);
	struct store_result result;
	bool ok = store && store_mail_begin(store, &mail, ARRIVED, NULL);

	if (ok)
		take_begin(store, OUTCOME_REPORT);
	ok = ok && take_report(store, made) && store_mail_end(store, &result, NULL) && store_commit(store, NULL);
	store_close(store);
	return ok;
}

/* Until another process stands in the queue for the lock (store/lock.c: the second octet). */
static void wait_for_queue(const char *database)
{
	char path[4096];
	struct flock what = { .l_type = F_UNLCK };
	int fd;

	snprintf(path, sizeof path, "%s-lock", database);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int round = 0; round < 1000 && what.l_type == F_UNLCK; round++) {
		what = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1 };
		assert_int_equal(fcntl(fd, F_OFD_GETLK, &what), 0);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	close(fd);
	assert_int_not_equal(what.l_type, F_UNLCK);
}

/* A long expiry steps back for an ingest that waits, goes on afterwards, and knows that the world has changed. */
static void test_expire_lends(void **state)
{
	struct fixture *b = *state;
	struct record record = { .count = 1, .header_from = SPAN("old.example") };
	struct made_report made = { .records = &record };
	struct expired expired;
	struct fault fault = { 0 };
	int go[2], status;
	char octet;
	pid_t pid;

	made.head = (struct report){ .domain = SPAN("old.example"), .records = 1, .messages = 1 };
	for (int i = 0; i < 1500; i++) {
		made.head.begin = made.head.end = i;
		put(b, (uint64_t)i, &made);
	}
	commit(b);
	store_close(b->store); /* a connection must not be taken along into a child */
	b->store = NULL;
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		made.head.begin = made.head.end = 100 * DAY_SECONDS;
		_exit(read(go[0], &octet, 1) == 1 && between_put(b->path, &made) ? 0 : 1);
	}
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	assert_non_null(b->store);
	assert_int_equal(write(go[1], "g", 1), 1);
	wait_for_queue(b->path);
	if (!store_expire(b->store, 50 * DAY_SECONDS, ARRIVED, &expired, &fault))
		fail_msg("%s", fault.text);
	/* The child got through before the end: it ended while we still hold the lock. */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(expired.reports, 1500);
	put(b, 6000, &(struct made_report){ .head = { .domain = SPAN("new.example"), .begin = 1, .end = 1 } });
	const char *text = dump(b);
	assert_non_null(strstr(text, "mail=\"between\""));
	assert_non_null(strstr(text, "records|1|1"));
	close(go[0]);
	close(go[1]);
}

/* --- a sudden end --- */

#define MAILS 300

/* Says on `progress`, when there is one, that a mail is in. */
static bool mails_put(struct store *store, const struct made_report *const made[MAILS], int progress)
{
	for (unsigned i = 0; i < MAILS; i++) {
		struct mail mail = mail_make("mail", i);
		struct store_result result;

		if (store_knows_mail(store, mail.sha256))
			continue;
		if (!store_mail_begin(store, &mail, ARRIVED, NULL))
			return false;
		take_begin(store, OUTCOME_REPORT);
		if (!take_report(store, made[i]) || !take_octets(store, OCTETS_HEADER, 0, SPAN("From: somebody\n")) ||
			!store_mail_end(store, &result, NULL) || !store_remember_file(store, &mail, NULL))
			return false;
		if (progress >= 0 && write(progress, "m", 1) != 1)
			return false;
		if (i % 7 == 6 && !store_commit(store, NULL))
			return false;
	}
	return store_commit(store, NULL);
}

/* A child that is killed somewhere around its n-th mail. */
static void killed_once(struct fixture *b, const struct made_report *const made[MAILS])
{
	uint64_t left = 1 + dice_roll(&b->dice, MAILS - 20);
	int progress[2], status;
	char octet;
	pid_t pid;

	assert_int_equal(pipe2(progress, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct store *store = store_open(b->path, STORE_WRITE, 10, NULL);

		if (store)
			mails_put(store, made, progress[1]);
		pause();
		_exit(0);
	}
	close(progress[1]);
	while (left-- > 0)
		assert_int_equal(read(progress[0], &octet, 1), 1);
	nanosleep(&(struct timespec){ .tv_nsec = (long)dice_roll(&b->dice, 1000000) }, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	close(progress[0]);
}

static void test_killed(void **state)
{
	struct fixture *b = *state;
	const struct made_report *made[MAILS];
	const char *undisturbed, *text;
	unsigned partial = 0;

	for (unsigned i = 0; i < MAILS; i++)
		made[i] = report_make(&b->arena, &b->dice, i);
	assert_true(mails_put(b->store, made, -1));
	undisturbed = dump(b);
	for (int round = 0; round < 10; round++) {
		struct store_totals totals;

		fixture_anew(b);
		store_close(b->store);
		b->store = NULL;
		killed_once(b, made);
		b->store = store_open(b->path, STORE_WRITE, 10, NULL);
		assert_non_null(b->store);
		assert_int_equal(
			number(b->store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check='ok'"), 1);
		assert_true(store_ask_totals(b->store, &totals, NULL));
		partial += totals.mails > 0 && totals.mails < MAILS;
		assert_true(mails_put(b->store, made, -1));
		text = dump(b);
		assert_string_equal(undisturbed, text);
	}
	assert_true(partial > 0); /* else the children were never caught at work */
}

/* A disk that is full in the middle of a batch: a fault, and what was committed before. */
static void test_full_disk(void **state)
{
	struct fixture *b = *state;
	struct rlimit all, little;
	struct fault fault = { 0 };
	struct store_result result;
	const char *before, *after;
	bool ok = true;

	put(b, 1, report_make(&b->arena, &b->dice, 1));
	before = dump(b);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	little = all;
	little.rlim_cur = 2000000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (uint64_t i = 2; ok && i < 20000; i++) {
		struct mail mail = mail_make("x", i);

		ok = store_mail_begin(b->store, &mail, ARRIVED, &fault);
		if (ok)
			take_begin(b->store, OUTCOME_REPORT);
		if (ok && !take_report(b->store, report_make(&b->arena, &b->dice, i))) {
			ok = false;
			fault = *store_fault(b->store);
			store_mail_abort(b->store);
		}
		ok = ok && store_mail_end(b->store, &result, &fault);
	}
	ok = store_commit(b->store, &fault) && ok;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_false(ok);
	assert_int_equal(fault.kind, FAULT_LATER);
	/* Whoever asks once more before a mailbox is told must not hear that the batch is durable. */
	assert_false(store_commit(b->store, &fault));
	assert_false(store_mail_begin(b->store, &(struct mail){ .name = "x" }, ARRIVED, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	store_close(b->store);
	b->store = store_open(b->path, STORE_WRITE, 0, &fault);
	assert_non_null(b->store);
	after = dump(b);
	assert_string_equal(before, after);
	put(b, 2, report_make(&b->arena, &b->dice, 2)); /* and there is room again */
	after = dump(b);
	assert_string_not_equal(before, after);
}

/* What this process wrote so far, in calls. */
static long long writes(void)
{
	long long n = -1;
	char line[80];
	FILE *in = fopen("/proc/self/io", "r");

	while (in && fgets(line, sizeof line, in))
		sscanf(line, "syscw: %lld", &n);
	if (in)
		fclose(in);
	return n;
}

/* Copies for a savepoint stay in memory, behind a mail that needed many as well. */
static void test_savepoint_in_memory(void **state)
{
	struct fixture *b = *state;
	long long before;

	run(b->path, "CREATE TABLE filler(a INTEGER PRIMARY KEY, b BLOB);"
		     " WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<300)"
		     " INSERT INTO filler SELECT x, zeroblob(3000) FROM n");
	assert_int_equal(sqlite3_exec(b->store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	before = writes();
	for (int i = 0; i < 3; i++)
		assert_int_equal(sqlite3_exec(b->store->db, "SAVEPOINT mail; UPDATE filler SET b=randomblob(3000); RELEASE mail",
					 NULL, NULL, NULL),
			SQLITE_OK);
	assert_int_equal(writes(), before);
	assert_int_equal(sqlite3_exec(b->store->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
}

/* Very much is changed behind a savepoint, and taken back: as when a mail with very many records is read anew. */
static void test_savepoint_undone(void **state)
{
	struct fixture *b = *state;

	run(b->path, "CREATE TABLE filler(a INTEGER PRIMARY KEY, b BLOB);"
			  "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n LIMIT 3000)"
			  " INSERT INTO filler SELECT x, zeroblob(3000) FROM n");
	run(b->path, "BEGIN IMMEDIATE; SAVEPOINT mail; UPDATE filler SET b=zeroblob(2999); DELETE FROM filler;"
			  " ROLLBACK TO mail; RELEASE mail; COMMIT");
	assert_int_equal(number(b->store, "SELECT sum(length(b)) FROM filler"), 3000 * 3000);
}

/* --- what reports repeat of their mails --- */

static const char carried_wrongly[] =
	"SELECT count(*) FROM report r JOIN mail m ON m.id=r.mail LEFT JOIN verification v ON v.mail=m.id AND v.number=0"
	" WHERE r.taken IS NOT m.arrived OR r.signer IS NOT m.signer OR r.arrived IS NOT v.at"
	" OR r.carried<>m.repaired+CASE WHEN v.total IS NULL THEN 0 WHEN v.total=0 THEN 2 ELSE 6 END";

/* A database of before the reports knew: brought up to date they say what their mails do. */
static void test_migrate_carried(void **state)
{
	struct fixture *b = *state;
	const struct made_report *made[MAILS];

	for (unsigned i = 0; i < MAILS; i++)
		made[i] = report_make(&b->arena, &b->dice, i);
	assert_true(mails_put(b->store, made, -1));
	assert_int_equal(number(b->store, carried_wrongly), 0);
	store_close(b->store);
	run(b->path, "UPDATE mail SET signer=(SELECT min(id) FROM str),repaired=id%2 WHERE id%3=0;"
		     " INSERT INTO verification(mail,number,at,result,aligned,unsettled,total,rest)"
		     " SELECT id,0,id*1000,0,0,0,id/2%2,x'' FROM mail WHERE id%2=0;"
		     " DROP INDEX report_day; ALTER TABLE report DROP COLUMN taken; ALTER TABLE report DROP COLUMN arrived;"
		     " ALTER TABLE report DROP COLUMN signer; ALTER TABLE report DROP COLUMN carried;"
		     " CREATE INDEX report_day ON report(domain, day, state, reporter); PRAGMA user_version=12");
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	assert_non_null(b->store);
	assert_int_equal(number(b->store, carried_wrongly), 0);
	assert_true(number(b->store, "SELECT count(*) FROM report WHERE carried>=6 AND arrived=mail*1000") > 0);
	assert_true(number(b->store, "SELECT count(*) FROM report WHERE carried&1 AND signer>0 AND taken>0") > 0);
}

/* --- plans --- */

/* A scan names a table as the statement does: `SCAN c` is one of the records where it says `records c`. */
static bool scans_records(const char *sql, const char *detail)
{
	char name[80], as[100];

	if (sscanf(detail, "SCAN %79s", name) != 1)
		return false;
	snprintf(as, sizeof as, "records %s ", name);
	return !strcmp(name, "records") || strstr(sql, as);
}

/* Does the plan say `what`, or with NULL anything that none should? */
static bool plan_says(struct store *s, const char *sql, const char *what)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	bool said = false;
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(s->db, explain, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(s->db));
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(st, 3);

		said |= what ? strstr(detail, what) != NULL : strstr(detail, "AUTOMATIC") || scans_records(sql, detail);
	}
	sqlite3_finalize(st);
	sqlite3_free(explain);
	return said;
}

static bool plan_is_bad(struct store *s, const char *sql)
{
	return plan_says(s, sql, NULL);
}

static void plan_check(struct store *s, const char *sql)
{
	if (plan_is_bad(s, sql))
		fail_msg("goes through all records, or makes itself an index: %s", sql);
}

static void filter_check(struct store *s, enum subject subject, struct condition *conditions, size_t n)
{
	sqlite3_stmt *st = filter_open(s, subject, &(struct report_filter){ conditions, n });

	assert_non_null(st);
	plan_check(s, sqlite3_sql(st));
	sqlite3_finalize(st);
}

#define CONDITIONS (CONDITION_CONFLICT + 1)

/* No statement reads all records, or makes itself an index. */
static void test_plans(void **state)
{
	struct fixture *b = *state;
	const struct made_report *made[MAILS];

	for (unsigned i = 0; i < MAILS; i++)
		made[i] = report_make(&b->arena, &b->dice, i);
	assert_true(mails_put(b->store, made, -1));
	for (int i = 0; i < SQL_COUNT; i++)
		plan_check(b->store, sql_texts[i]);
	assert_true(plan_says(b->store, sql_texts[SQL_OBSERVED_REPORTS], "COVERING INDEX report_day"));
	assert_true(plan_says(b->store, sql_texts[SQL_DOMAIN_REPORTS], "COVERING INDEX report_day"));
	assert_int_equal(number(b->store, "PRAGMA automatic_index"), 0);
	assert_int_equal(number(b->store, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(b->store, "PRAGMA synchronous"), 2);
	for (int subject = 0; subject < SUBJECT_COUNT; subject++) {
		filter_check(b->store, (enum subject)subject, NULL, 0);
		for (int i = 0; i < 4 * CONDITIONS * CONDITIONS; i++) {
			struct condition pair[2] = {
				{ .what = (enum condition_kind)(i / 4 % CONDITIONS), .not = i % 2, .text = "x" },
				{ .what = (enum condition_kind)(i / 4 / CONDITIONS), .not = i / 2 % 2, .text = "x" },
			};

			filter_check(b->store, (enum subject)subject, pair, 1);
			filter_check(b->store, (enum subject)subject, pair, 2);
		}
	}
}

/* The test can fail: what must not be is found, under whatever name. */
static void test_plans_found(void **state)
{
	struct fixture *b = *state;

	assert_true(plan_is_bad(b->store, "SELECT sum(n) FROM records"));
	assert_true(plan_is_bad(b->store, "SELECT count(*) FROM report r CROSS JOIN records c WHERE r.day=c.n"));
	assert_true(plan_is_bad(b->store, "SELECT 1 FROM mail m WHERE EXISTS(SELECT 1 FROM records x WHERE x.n=m.id)"));
	assert_false(plan_is_bad(b->store, "SELECT data FROM records WHERE id BETWEEN ?1 AND ?2"));
	assert_false(plan_is_bad(b->store, "SELECT count(*) FROM report r CROSS JOIN records c ON c.id BETWEEN r.first_record"
					   " AND r.first_record+r.records-1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_modes, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_refusals, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_reader, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_schema_text, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_migrate_carried, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_migrate_released, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_migrate_runner, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_lock, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_foreign_lock, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_expire_lends, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_killed, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_full_disk, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_savepoint_in_memory, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_savepoint_undone, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_plans, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_plans_found, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
