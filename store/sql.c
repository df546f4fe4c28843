#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

const char *const sql_texts[SQL_COUNT] = {
#define X(name, text) [SQL_##name] = text,
	STATEMENTS(X)
#undef X
};

enum fault_kind store_fault_kind(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return FAULT_LATER;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return FAULT_SETUP;
	case SQLITE_TOOBIG:
		return FAULT_INPUT;
	default:
		return FAULT_BROKEN;
	}
}

const char *store_reason(sqlite3 *db, int rc, char reason[STORE_REASON])
{
	int code = rc & 0xff;
	int why = db && (code == SQLITE_CANTOPEN || code == SQLITE_IOERR) ? sqlite3_system_errno(db) : 0;

	snprintf(reason, STORE_REASON, "%s%s%s", db ? sqlite3_errmsg(db) : sqlite3_errstr(rc), why ? ": " : "",
		why ? strerror(why) : "");
	return reason;
}

bool store_fail(struct store *s, int rc, const char *what)
{
	char reason[STORE_REASON];

	s->failed = true;
	if ((rc & 0xff) == SQLITE_FULL && s->limits.most_octets)
		return fault_set(&s->fault, FAULT_LATER, "%s: full: its disk, or [store] max_size", s->path);
	return fault_set(
		&s->fault, store_fault_kind(rc), "%s: %s (%s)", s->path, store_reason(s->db, rc, reason), what);
}

bool store_fail_memory(struct store *s)
{
	s->failed = true;
	return fault_set(&s->fault, FAULT_LATER, "%s: out of memory", s->path);
}

bool store_tell(struct store *s, bool ok, struct fault *fault)
{
	if (!ok && fault)
		*fault = s->fault;
	return ok;
}

sqlite3_stmt *sql_prepare(struct store *s, const char *text, unsigned flags)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v3(s->db, text, -1, flags, &st, NULL);

	if (rc != SQLITE_OK)
		store_fail(s, rc, text);
	return st;
}

sqlite3_stmt *sql_open(struct store *s, enum sql which)
{
	sqlite3_stmt **st = &s->statements[which];

	if (!*st)
		*st = sql_prepare(s, sql_texts[which], SQLITE_PREPARE_PERSISTENT);
	sqlite3_reset(*st);
	return *st;
}

int sql_row(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		store_fail(s, rc, sqlite3_sql(st));
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

bool sql_run(struct store *s, sqlite3_stmt *st)
{
	return sql_row(s, st) == 0;
}

bool sql_do(struct store *s, enum sql which)
{
	sqlite3_stmt *st = sql_open(s, which);

	return st && sql_run(s, st);
}

bool sql_do_id(struct store *s, enum sql which, int64_t id)
{
	sqlite3_stmt *st = sql_open(s, which);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	return sql_run(s, st);
}

void sql_finish(struct store *s)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
}

void bind_id(sqlite3_stmt *st, int at, int64_t id)
{
	if (id)
		sqlite3_bind_int64(st, at, id);
	else
		sqlite3_bind_null(st, at);
}

void bind_moment(sqlite3_stmt *st, int at, int64_t moment)
{
	if (moment == MOMENT_NONE)
		sqlite3_bind_null(st, at);
	else
		sqlite3_bind_int64(st, at, moment);
}

void bind_count(sqlite3_stmt *st, int at, uint64_t count)
{
	sqlite3_bind_int64(st, at, (int64_t)count);
}

void bind_text(sqlite3_stmt *st, int at, struct span text)
{
	sqlite3_bind_text64(st, at, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
}

void bind_blob(sqlite3_stmt *st, int at, struct span blob)
{
	sqlite3_bind_blob64(st, at, blob.p, blob.n, SQLITE_STATIC);
}

#define COUNTS (sizeof(struct counts) / sizeof(uint64_t))
_Static_assert(COUNTS == 9, "struct counts is what the columns messages ... spared hold");

int bind_counts(sqlite3_stmt *st, int at, const struct counts *counts)
{
	uint64_t all[COUNTS];

	memcpy(all, counts, sizeof all);
	for (int i = 0; i < (int)COUNTS; i++)
		bind_count(st, at++, all[i]);
	return at;
}

void column_counts(sqlite3_stmt *st, int at, struct counts *counts)
{
	uint64_t all[COUNTS];

	for (int i = 0; i < (int)COUNTS; i++)
		all[i] = column_count(st, at + i);
	memcpy(counts, all, sizeof all);
}

/* Would address_format give just this text? For digits and dots yes, since no parser takes a leading zero. */
bool source_is_usual(struct span text, const struct address *address)
{
	char usual[ADDRESS_TEXT];
	size_t i = 0;

	while (i < text.n && (text.p[i] == '.' || (text.p[i] >= '0' && text.p[i] <= '9')))
		i++;
	return i == text.n || span_is(text, span_of(address_format(address, usual)));
}

void bind_source(sqlite3_stmt *st, int at, struct span text, bool has_address, const struct address *address)
{
	if (has_address && source_is_usual(text, address))
		bind_blob(st, at, (struct span){ (const char *)address->octets, sizeof address->octets });
	else
		bind_text(st, at, text);
}

bool column_address(sqlite3_stmt *st, int at, struct address *address)
{
	struct span sent = column_text(st, at);

	if (sqlite3_column_type(st, at) != SQLITE_BLOB || sent.n != sizeof address->octets)
		return sent.n && address_parse(sent, address);
	memcpy(address->octets, sent.p, sizeof address->octets);
	return true;
}

bool column_source(sqlite3_stmt *st, int at, struct arena *arena, struct span *text, struct address *address)
{
	char usual[ADDRESS_TEXT];

	if (sqlite3_column_type(st, at) == SQLITE_BLOB) {
		column_octets(st, at, address->octets, sizeof address->octets);
		*text = arena_copy(arena, span_of(address_format(address, usual)));
		return true;
	}
	*text = arena_copy(arena, column_text(st, at));
	return text->p && address_parse(*text, address);
}

int64_t column_moment(sqlite3_stmt *st, int at)
{
	return sqlite3_column_type(st, at) == SQLITE_NULL ? MOMENT_NONE : sqlite3_column_int64(st, at);
}

uint64_t column_count(sqlite3_stmt *st, int at)
{
	return (uint64_t)sqlite3_column_int64(st, at);
}

struct span column_text(sqlite3_stmt *st, int at)
{
	const char *p;

	if (sqlite3_column_type(st, at) == SQLITE_NULL)
		return SPAN_ABSENT;
	p = sqlite3_column_blob(st, at);
	return (struct span){ p ? p : "", (size_t)sqlite3_column_bytes(st, at) };
}

void column_octets(sqlite3_stmt *st, int at, uint8_t *octets, size_t n)
{
	struct span blob = column_text(st, at);

	memset(octets, 0, n);
	if (blob.p)
		memcpy(octets, blob.p, blob.n < n ? blob.n : n);
}
