/* Mails of ours: what was handed over, to whom and when, and the alerts that were told. A row is written, and durable,
 * before a mail leaves, so that a run which is killed at any point never sends it twice. */
#include "store/store_private.h"

static struct sending sending_read(sqlite3_stmt *st)
{
	struct sending sending = { .message_id = column_text(st, 0),
		.recipients = column_text(st, 1),
		.thread = column_text(st, 2),
		.day = sqlite3_column_int64(st, 3),
		.begun = sqlite3_column_int64(st, 4),
		.done = column_moment(st, 5),
		.state = { sqlite3_column_blob(st, 6), (size_t)sqlite3_column_bytes(st, 6) } };

	return sending;
}

/* None or one row. */
static bool sending_hand_out(struct store *s, sqlite3_stmt *st, sending_taker *take, void *arg)
{
	int row = sql_row(s, st);
	struct sending sending;

	if (row == 1) {
		sending = sending_read(st);
		take(arg, &sending);
	}
	sqlite3_reset(st);
	return row >= 0;
}

bool store_ask_sending(struct store *s, struct span message_id, struct span recipients, sending_taker *take, void *arg,
	struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_SENDING_GET);

	if (!st)
		return store_tell(s, false, fault);
	bind_text(st, 1, message_id);
	bind_text(st, 2, recipients);
	return store_tell(s, sending_hand_out(s, st, take, arg), fault);
}

bool store_ask_sending_before(struct store *s, struct span thread, struct span recipients, int64_t day,
	sending_taker *take, void *arg, struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_SENDING_BEFORE);

	if (!st)
		return store_tell(s, false, fault);
	bind_text(st, 1, thread);
	bind_text(st, 2, recipients);
	sqlite3_bind_int64(st, 3, day);
	return store_tell(s, sending_hand_out(s, st, take, arg), fault);
}

static bool sending_put(struct store *s, const struct sending *sending)
{
	sqlite3_stmt *st = sql_open(s, SQL_SENDING_PUT);

	if (!st)
		return false;
	bind_text(st, 1, sending->message_id);
	bind_text(st, 2, sending->recipients);
	bind_text(st, 3, sending->thread);
	sqlite3_bind_int64(st, 4, sending->day);
	sqlite3_bind_int64(st, 5, sending->begun);
	sqlite3_bind_blob64(st, 6, sending->state.n ? sending->state.p : "", sending->state.n, SQLITE_STATIC);
	return sql_run(s, st);
}

bool store_sending_begin(struct store *s, const struct sending *sending, struct fault *fault)
{
	return store_tell(s, store_write_begin(s) && sending_put(s, sending), fault);
}

bool store_sending_end(struct store *s, const struct sending *sending, int64_t done, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_SENDING_DONE)))
		return store_tell(s, false, fault);
	bind_text(st, 1, sending->message_id);
	bind_text(st, 2, sending->recipients);
	sqlite3_bind_int64(st, 3, done);
	return store_tell(s, sql_run(s, st), fault);
}

static bool sending_drop(struct store *s, enum sql which, const struct sending *sending)
{
	sqlite3_stmt *st = sql_open(s, which);

	if (!st)
		return false;
	bind_text(st, 1, sending->message_id);
	bind_text(st, 2, sending->recipients);
	return sql_run(s, st);
}

bool store_sending_drop(struct store *s, const struct sending *sending, struct fault *fault)
{
	return store_tell(s,
		store_write_begin(s) && sending_drop(s, SQL_TOLD_DROP, sending) &&
			sending_drop(s, SQL_SENDING_DROP, sending),
		fault);
}

/* --- alerts --- */

bool store_ask_told(struct store *s, struct span domain, struct span alert, int64_t since, bool *told, struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_TOLD_GET);
	int row = -1;

	if (st) {
		bind_text(st, 1, domain);
		bind_text(st, 2, alert);
		sqlite3_bind_int64(st, 3, since);
		row = sql_row(s, st);
		sqlite3_reset(st);
	}
	*told = row == 1;
	return store_tell(s, row >= 0, fault);
}

static bool told_between(struct store *s, sqlite3_stmt *st, told_taker *take, void *arg)
{
	int row;

	while ((row = sql_row(s, st)) == 1)
		take(arg, column_text(st, 0), sqlite3_column_int64(st, 1));
	sqlite3_reset(st);
	return row == 0;
}

bool store_ask_told_between(struct store *s, struct span domain, int64_t from, int64_t to, told_taker *take, void *arg,
	struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_TOLD_BETWEEN);

	if (!st)
		return store_tell(s, false, fault);
	bind_text(st, 1, domain);
	sqlite3_bind_int64(st, 2, from);
	sqlite3_bind_int64(st, 3, to);
	return store_tell(s, told_between(s, st, take, arg), fault);
}

bool store_told(struct store *s, struct span domain, struct span alert, int64_t since, int64_t now,
	const struct sending *sending, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_TOLD_PUT)))
		return store_tell(s, false, fault);
	bind_text(st, 1, domain);
	bind_text(st, 2, alert);
	sqlite3_bind_int64(st, 3, now);
	bind_text(st, 4, sending->message_id);
	bind_text(st, 5, sending->recipients);
	sqlite3_bind_int64(st, 6, since);
	return store_tell(s, sql_run(s, st), fault);
}

bool store_told_still(struct store *s, struct span domain, struct span alert, int64_t now, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_TOLD_OPEN)))
		return store_tell(s, false, fault);
	bind_text(st, 1, domain);
	bind_text(st, 2, alert);
	sqlite3_bind_int64(st, 3, now);
	return store_tell(s, sql_run(s, st), fault);
}

bool store_told_keep(struct store *s, struct span domain, int64_t since, int64_t now, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_TOLD_KEEP)))
		return store_tell(s, false, fault);
	bind_text(st, 1, domain);
	sqlite3_bind_int64(st, 2, since);
	sqlite3_bind_int64(st, 3, now);
	return store_tell(s, sql_run(s, st), fault);
}

bool store_told_forget(struct store *s, int64_t before, struct fault *fault)
{
	return store_tell(s, store_write_begin(s) && sql_do_id(s, SQL_TOLD_FORGET, before), fault);
}
