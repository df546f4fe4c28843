/* The archive of key records. What it holds depends on what was seen when, not on the order in which it was told. */
#include "store/store_private.h"

#include "base/dnsanswer.h"

#define RECORDS_MOST 64      /* of one name; a signer needs two or three, and a stranger may change his every minute */
#define RECORD_OCTETS 65535  /* the data of one record (RFC 1035 3.2.1) */

/* The fold is in s->text. */
static bool name_fold(struct store *s, struct span name, struct span *folded)
{
	if (!name.n || name.n > DNS_NAME_MAX)
		return fault_set(&s->fault, FAULT_INPUT, "%s: a name of %zu octets is none of the DNS", s->path, name.n);
	*folded = fold_case(&s->text, name);
	return folded->p || store_fail_memory(s);
}

static bool keys_tell(struct store *s, struct span name, archived_key_taker *take, void *arg)
{
	struct archived_key key;
	sqlite3_stmt *st = sql_open(s, SQL_KEY_LIST);
	int row;

	if (!st || !name_fold(s, name, &key.name))
		return false;
	bind_text(st, 1, key.name);
	while ((row = sql_row(s, st)) == 1) {
		key.record = column_text(st, 0);
		key.first_seen = sqlite3_column_int64(st, 1);
		key.last_seen = sqlite3_column_int64(st, 2);
		key.fresh_until = sqlite3_column_int64(st, 3);
		key.secure = sqlite3_column_int(st, 4);
		if (!take(arg, &key))
			break;
	}
	sqlite3_reset(st);
	return row >= 0;
}

/* One statement, so no transaction and nothing shared with a mail that is just being taken. */
bool store_ask_keys(struct store *s, struct span name, archived_key_taker *take, void *arg, struct fault *fault)
{
	return store_tell(s, keys_tell(s, name, take, arg), fault);
}

static bool key_put(struct store *s, const struct archived_key *key)
{
	sqlite3_stmt *put = sql_open(s, SQL_KEY_PUT), *trim = sql_open(s, SQL_KEY_TRIM);
	struct span name;

	if (!put || !trim || !name_fold(s, key->name, &name))
		return false;
	bind_text(put, 1, name);
	bind_blob(put, 2, key->record.p ? key->record : SPAN(""));
	sqlite3_bind_int(put, 3, key->record.p == NULL);
	sqlite3_bind_int64(put, 4, key->first_seen);
	sqlite3_bind_int64(put, 5, key->last_seen);
	sqlite3_bind_int64(put, 6, key->fresh_until);
	sqlite3_bind_int(put, 7, key->secure);
	if (!sql_run(s, put))
		return false;
	bind_text(trim, 1, name);
	sqlite3_bind_int(trim, 2, RECORDS_MOST);
	return sql_run(s, trim);
}

bool store_learn_key(struct store *s, const struct archived_key *key, struct fault *fault)
{
	if (key->record.n > RECORD_OCTETS)
		return fault_set(fault, FAULT_INPUT, "%s: a key record of %zu octets", s->path, key->record.n);
	return store_tell(s, store_write_begin(s) && key_put(s, key), fault);
}
