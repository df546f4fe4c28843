/* Taking away: a mail's feedback to be read anew, or all that is older than somebody wants to keep.
 *
 * Expiry works in small transactions and lets a waiting writer through between two of them, after which it looks anew.
 * A report with many records first stops counting, then loses them from the end, then goes; a run that was cut short is
 * finished by the next. Interned texts and lists stay: they are few, most are in use, and to know would mean to look at
 * every record. */
#include "store/store_private.h"

#define BATCH_ROWS 200
#define BATCH_RECORDS ((uint64_t)20000)

static bool id_run(struct store *s, enum sql which, int64_t id, int64_t value)
{
	sqlite3_stmt *st = sql_open(s, which);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, value);
	return sql_run(s, st);
}

/* Takes about `most` records from the end of a report that nobody else needs them of, whole runs: the first of a run is
 * looked for at or before it. *done: none are left. */
static bool records_drop(struct store *s, struct report_row *row, uint64_t most, bool *done)
{
	int64_t first = row->first_record, end = first + (int64_t)row->records;
	sqlite3_stmt *st;

	if (row->records > most) {
		if (!(st = sql_open(s, SQL_RECORDS_LAST)))
			return false;
		sqlite3_bind_int64(st, 1, first);
		sqlite3_bind_int64(st, 2, end - (int64_t)most);
		if (sql_row(s, st) != 1)
			return false;
		if (sqlite3_column_type(st, 0) != SQLITE_NULL)
			first = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	row->records = (uint64_t)(first - row->first_record);
	*done = row->records == 0;
	return first == end || id_run(s, SQL_RECORDS_DROP, first, end - 1);
}

static bool report_drop(struct store *s, const struct report_row *row)
{
	return sql_do_id(s, SQL_PROBLEMS_LOOSE, row->id) && sql_do_id(s, SQL_REPORT_DROP, row->id);
}

/* --- forgetting --- */

/* The next report of a mail, 0 when there is none; -1: s->fault. Duplicates first, what counts last, so that nothing is
 * put in a place that is about to go as well. */
static int64_t report_of_mail(struct store *s, int64_t mail)
{
	sqlite3_stmt *st = sql_open(s, SQL_REPORTS_OF_MAIL);
	int64_t id;
	int row;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, mail);
	row = sql_row(s, st);
	id = row == 1 ? sqlite3_column_int64(st, 0) : row;
	sqlite3_reset(st);
	return id;
}

static bool report_forget(struct store *s, int64_t report)
{
	struct report_row row;
	bool last, done;

	return report_get(s, report, &row, NULL) && identity_withdraw(s, &row, &last) &&
	       (!last || records_drop(s, &row, UINT64_MAX, &done)) && report_drop(s, &row);
}

static bool mail_forget(struct store *s, int64_t mail)
{
	int64_t report;

	while ((report = report_of_mail(s, mail)) > 0)
		if (!report_forget(s, report))
			return false;
	return report == 0 && sql_do_id(s, SQL_FAILURES_DROP, mail) && sql_do_id(s, SQL_PROBLEMS_DROP, mail) &&
	       id_run(s, SQL_MAIL_STATE, mail, MAIL_FORGOTTEN) && rollup_settle(s) && store_load_ids(s);
}

bool store_mail_forget(struct store *s, int64_t mail_id, struct fault *fault)
{
	struct taking *t = &s->taking;

	if (t->open)
		return fault_set(fault, FAULT_BROKEN, "%s: forget in the middle of a mail", s->path);
	s->failed = false;
	if (t->marked && !sql_do(s, SQL_MARK_RELEASE))
		return store_tell(s, false, fault);
	t->marked = false;
	if (!store_write_begin(s) || !sql_do(s, SQL_MARK))
		return store_tell(s, false, fault);
	t->marked = true;
	t->forgotten = mail_id;
	if (mail_forget(s, mail_id))
		return true;
	store_tell(s, false, fault);
	store_mail_abort(s);
	return false;
}

/* --- expiry --- */

struct due {
	int64_t id, mail;
};

struct expiry {
	struct store *store;
	int64_t before, now;
	struct expired *expired;
	struct due due[BATCH_ROWS]; /* true until the transaction ends */
	size_t n;
};

static bool due_read(struct expiry *e, sqlite3_stmt *st)
{
	bool pairs = sqlite3_column_count(st) > 1;
	int row = 0;

	for (e->n = 0; e->n < BATCH_ROWS && (row = sql_row(e->store, st)) == 1; e->n++) {
		int64_t id = sqlite3_column_int64(st, 0);

		e->due[e->n] = (struct due){ id, pairs ? sqlite3_column_int64(st, 1) : id };
	}
	sqlite3_reset(st);
	return row >= 0;
}

static bool batch_end(struct expiry *e)
{
	struct store *s = e->store;

	return rollup_settle(s) && store_commit(s, NULL) && store_step_back(s, &s->fault) && store_write_begin(s);
}

/* What was kept of the mail holds what expired, which must neither stay nor come back by reading it anew: so that goes even
 * if others of its reports stay. When nothing refers to it any more, only its hash stays, and the file names it was known by:
 * a mail that still lies in its folder would otherwise be stored, counted and expired again at every run. */
static bool mail_expire(struct expiry *e, int64_t mail)
{
	struct store *s = e->store;
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_IS_NEEDED);
	bool needed;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, mail);
	if (sql_row(s, st) != 1)
		return false;
	needed = sqlite3_column_int(st, 0);
	sqlite3_reset(st);
	if (!id_run(s, SQL_KEPT_DROP, kept_first_id(mail), kept_last_id(mail)))
		return false;
	if (needed)
		return true;
	e->expired->mails++;
	return sql_do_id(s, SQL_VERIFICATIONS_DROP, mail) && sql_do_id(s, SQL_PROBLEMS_DROP, mail) && sql_do_id(s, SQL_MAIL_BARE, mail);
}

static bool report_expire(struct expiry *e, const struct due *due, uint64_t *room)
{
	struct store *s = e->store;
	struct report_row row;
	uint64_t before;
	bool last = true, done = true;

	if (!report_get(s, due->id, &row, NULL))
		return false;
	if (row.state != REPORT_EXPIRING && !identity_withdraw(s, &row, &last))
		return false;
	before = row.records;
	if (last) {
		if (!records_drop(s, &row, *room, &done))
			return false;
		*room -= before - row.records < *room ? before - row.records : *room;
		e->expired->records += before - row.records;
	}
	if (!done)
		return id_run(s, SQL_REPORT_SHRINK, row.id, (int64_t)row.records);
	e->expired->reports++;
	return report_drop(s, &row) && mail_expire(e, due->mail);
}

static bool domain_expire(struct expiry *e, int64_t domain, enum sql which, int64_t day)
{
	do {
		sqlite3_stmt *st = sql_open(e->store, which);
		uint64_t room = BATCH_RECORDS;

		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, domain);
		sqlite3_bind_int64(st, 2, day);
		sqlite3_bind_int64(st, 3, e->before);
		sqlite3_bind_int64(st, 4, BATCH_ROWS);
		sqlite3_bind_int64(st, 5, CLOCK_SET);
		if (!due_read(e, st))
			return false;
		for (size_t i = 0; i < e->n && room; i++)
			if (!report_expire(e, &e->due[i], &room))
				return false;
		if (e->n && !batch_end(e))
			return false;
	} while (e->n);
	return true;
}

/* No report can end after it came, so that one that says so goes by its arrival: a date far ahead, by mistake or on purpose, must
 * not keep it for ever. Of an arrival by a clock that was not set nothing is concluded. */
static bool reports_expire(struct expiry *e)
{
	int64_t domain = -1;

	for (;;) {
		sqlite3_stmt *st = sql_open(e->store, SQL_EXPIRE_NEXT_DOMAIN);
		bool more;

		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, domain);
		if (sql_row(e->store, st) != 1)
			return false;
		more = sqlite3_column_type(st, 0) != SQLITE_NULL;
		domain = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
		if (!more)
			return true;
		if (!domain_expire(e, domain, SQL_EXPIRE_REPORTS, moment_day(e->before)) ||
			!domain_expire(e, domain, SQL_EXPIRE_REPORTS_AHEAD, moment_day(e->now)))
			return false;
	}
}

/* The next rows behind `after` that are old enough. */
static bool due_after(struct expiry *e, enum sql which, int64_t after)
{
	sqlite3_stmt *st = sql_open(e->store, which);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, after);
	sqlite3_bind_int64(st, 2, e->before);
	sqlite3_bind_int64(st, 3, BATCH_ROWS);
	return due_read(e, st);
}

static bool failures_expire(struct expiry *e)
{
	int64_t after = 0;

	do {
		if (!due_after(e, SQL_EXPIRE_FAILURES, after))
			return false;
		for (size_t i = 0; i < e->n; i++) {
			after = e->due[i].id;
			e->expired->failures++;
			if (!sql_do_id(e->store, SQL_FAILURE_VERIFICATION_DROP, after) ||
				!sql_do_id(e->store, SQL_FAILURE_DROP, after) || !mail_expire(e, e->due[i].mail))
				return false;
		}
		if (e->n && !batch_end(e))
			return false;
	} while (e->n);
	return true;
}

/* Mails that never brought a report go by their arrival. */
static bool mails_expire(struct expiry *e, enum outcome outcome)
{
	int64_t after = 0;

	do {
		sqlite3_stmt *st = sql_open(e->store, SQL_EXPIRE_MAILS);

		if (!st)
			return false;
		sqlite3_bind_int(st, 1, (int)outcome);
		sqlite3_bind_int64(st, 2, after);
		sqlite3_bind_int64(st, 3, e->before);
		sqlite3_bind_int64(st, 4, BATCH_ROWS);
		if (!due_read(e, st))
			return false;
		for (size_t i = 0; i < e->n; i++) {
			after = e->due[i].id;
			if (!mail_expire(e, after))
				return false;
		}
		if (e->n && !batch_end(e))
			return false;
	} while (e->n);
	return true;
}

static bool samples_expire(struct expiry *e, uint64_t *mails)
{
	struct store *s = e->store;
	int64_t after = 0;

	do {
		if (!due_after(e, SQL_EXPIRE_SAMPLES, after))
			return false;
		for (size_t i = 0; i < e->n; i++) {
			after = e->due[i].id;
			if (!id_run(s, SQL_KEPT_DROP, kept_first_id(e->due[i].mail), kept_last_id(e->due[i].mail)))
				return false;
			*mails += sqlite3_changes(s->db) > 0;
		}
		if (e->n && !batch_end(e))
			return false;
	} while (e->n);
	return true;
}

/* What the transaction in hand did is undone when something went wrong; those before it stay. */
static bool expiry_end(struct store *s, bool ok, struct fault *fault)
{
	struct fault first = s->fault;

	if (!ok && s->writing) {
		if (!sqlite3_get_autocommit(s->db))
			sql_do(s, SQL_ROLLBACK);
		s->writing = false;
		s->dirty_n = 0;
		intern_clear(s);
		s->fault = first;
	}
	return store_tell(s, ok, fault);
}

bool store_expire(struct store *s, int64_t before, int64_t now, struct expired *expired, struct fault *fault)
{
	struct expiry e = { .store = s, .before = before, .now = now, .expired = expired };

	*expired = (struct expired){ 0 };
	if (!store_commit(s, fault))
		return false;
	return expiry_end(s,
		store_write_begin(s) && reports_expire(&e) && failures_expire(&e) &&
			mails_expire(&e, OUTCOME_NOT_A_REPORT) && mails_expire(&e, OUTCOME_TLS_REPORT) &&
			mails_expire(&e, OUTCOME_BROKEN) && sql_do_id(s, SQL_KEYS_EXPIRE, before) &&
			sql_do_id(s, SQL_INFLOW_EXPIRE, moment_day(before)) &&
			sql_do_id(s, SQL_SNAPSHOT_EXPIRE, before) && sql_do_id(s, SQL_HOST_EXPIRE, before) &&
			sql_do_id(s, SQL_VERDICT_EXPIRE, moment_day(before)) && store_commit(s, NULL),
		fault);
}

bool store_expire_samples(struct store *s, int64_t before, uint64_t *mails, struct fault *fault)
{
	struct expiry e = { .store = s, .before = before };

	*mails = 0;
	if (!store_commit(s, fault))
		return false;
	return expiry_end(s, store_write_begin(s) && samples_expire(&e, mails) && store_commit(s, NULL), fault);
}
