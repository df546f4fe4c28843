#include "store/journal.h"
#include "store/store_private.h"

#include <stdlib.h>

bool store_folder_get(struct store *s, const char *mailbox, const char *folder, struct folder_state *state,
	struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_FOLDER_GET);
	int row;

	*state = (struct folder_state){ .since = MOMENT_NONE };
	if (!st)
		return store_tell(s, false, fault);
	bind_text(st, 1, span_of(mailbox));
	bind_text(st, 2, span_of(folder));
	row = sql_row(s, st);
	if (row == 1) {
		state->id = sqlite3_column_int64(st, 0);
		state->uidvalidity = column_count(st, 1);
		state->highest = column_count(st, 2);
		state->since = column_moment(st, 3);
	}
	sqlite3_reset(st);
	return store_tell(s, row >= 0, fault);
}

static bool folder_put(struct store *s, const char *mailbox, const char *folder, struct folder_state *state)
{
	struct folder_state old;
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !store_folder_get(s, mailbox, folder, &old, NULL))
		return false;
	if (old.id && old.uidvalidity != state->uidvalidity && !sql_do_id(s, SQL_PLACES_DROP, old.id))
		return false;
	st = sql_open(s, SQL_FOLDER_PUT);
	if (!st)
		return false;
	bind_text(st, 1, span_of(mailbox));
	bind_text(st, 2, span_of(folder));
	bind_count(st, 3, state->uidvalidity);
	bind_count(st, 4, state->highest);
	bind_moment(st, 5, state->since);
	if (!sql_run(s, st))
		return false;
	state->id = old.id ? old.id : sqlite3_last_insert_rowid(s->db);
	return true;
}

bool store_folder_put(struct store *s, const char *mailbox, const char *folder, struct folder_state *state,
	struct fault *fault)
{
	return store_tell(s, folder_put(s, mailbox, folder, state), fault);
}

bool store_place_put(struct store *s, int64_t folder, const struct stored_place *place, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_PLACE_PUT)))
		return store_tell(s, false, fault);
	sqlite3_bind_int64(st, 1, folder);
	bind_count(st, 2, place->uid);
	bind_text(st, 3, span_of(place->name));
	sqlite3_bind_int(st, 4, (int)place->state);
	return store_tell(s, sql_run(s, st), fault);
}

bool store_place_drop(struct store *s, int64_t folder, uint64_t uid, const char *name, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_PLACE_DROP)))
		return store_tell(s, false, fault);
	sqlite3_bind_int64(st, 1, folder);
	bind_count(st, 2, uid);
	bind_text(st, 3, span_of(name));
	return store_tell(s, sql_run(s, st), fault);
}

int store_place_get(struct store *s, int64_t folder, struct stored_place *place, struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_PLACE_GET);
	int row = -1;

	if (st) {
		sqlite3_bind_int64(st, 1, folder);
		bind_count(st, 2, place->uid);
		bind_text(st, 3, span_of(place->name));
		row = sql_row(s, st);
	}
	if (row == 1) {
		place->state = (enum place_state)sqlite3_column_int(st, 0);
		sqlite3_reset(st);
	}
	store_tell(s, row >= 0, fault);
	return row;
}

bool store_place_first(struct store *s, int64_t folder, uint64_t *uid, struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_PLACE_FIRST);
	int row = -1;

	*uid = UINT64_MAX;
	if (st) {
		sqlite3_bind_int64(st, 1, folder);
		row = sql_row(s, st);
	}
	if (row == 1) {
		*uid = column_count(st, 0);
		sqlite3_reset(st);
	}
	return store_tell(s, row >= 0, fault);
}

bool store_ask_places(struct store *s, const char *mailbox, place_taker *take, void *arg, struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_PLACES_OPEN);
	int row = -1;

	if (st) {
		bind_text(st, 1, span_of(mailbox));
		while ((row = sql_row(s, st)) == 1) {
			struct place_row place = { sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1),
				column_count(st, 2),
				{ column_count(st, 3), (const char *)sqlite3_column_text(st, 4),
					(enum place_state)sqlite3_column_int(st, 5) } };

			if (!take(arg, &place))
				break;
		}
		sqlite3_reset(st);
	}
	return store_tell(s, row >= 0, fault);
}

/* The ids of what is gone; rows must not be removed while they are walked. */
static bool gone_find(struct store *s, int64_t folder, char *const *names, size_t n, int64_t **gone, size_t *gone_n)
{
	sqlite3_stmt *st = sql_open(s, SQL_PLACES_NAMED);
	size_t at = 0, room = 0;
	int row = -1;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	while ((row = sql_row(s, st)) == 1) {
		const char *name = (const char *)sqlite3_column_text(st, 1);

		while (at < n && strcmp(names[at], name) < 0)
			at++;
		if (at < n && strcmp(names[at], name) == 0)
			continue;
		if (*gone_n == room) {
			int64_t *more = reallocarray(*gone, room ? 2 * room : 64, sizeof **gone);

			if (!more)
				break;
			*gone = more;
			room = room ? 2 * room : 64;
		}
		(*gone)[(*gone_n)++] = sqlite3_column_int64(st, 0);
	}
	sqlite3_reset(st);
	return row == 1 ? store_fail_memory(s) : row == 0;
}

bool store_places_gone(struct store *s, int64_t folder, char *const *names, size_t n, struct fault *fault)
{
	int64_t *gone = NULL;
	size_t gone_n = 0;
	bool good = store_write_begin(s) && gone_find(s, folder, names, n, &gone, &gone_n);

	for (size_t i = 0; good && i < gone_n; i++)
		good = sql_do_id(s, SQL_PLACE_GONE, gone[i]);
	free(gone);
	return store_tell(s, good, fault);
}

bool store_poll_put(struct store *s, const char *mailbox, int64_t at, struct fault *fault)
{
	sqlite3_stmt *st;

	if (!store_write_begin(s) || !(st = sql_open(s, SQL_POLL_PUT)))
		return store_tell(s, false, fault);
	bind_text(st, 1, span_of(mailbox));
	sqlite3_bind_int64(st, 2, at);
	return store_tell(s, sql_run(s, st), fault);
}

bool store_poll_get(struct store *s, const char *mailbox, int64_t *at, struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_POLL_GET);
	int row = -1;

	*at = MOMENT_NONE;
	if (st) {
		bind_text(st, 1, span_of(mailbox));
		row = sql_row(s, st);
	}
	if (row == 1) {
		*at = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	return store_tell(s, row >= 0, fault);
}
