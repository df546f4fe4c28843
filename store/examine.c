/* Is the database whole? Its pages and indexes in SQLite's eyes, and what no foreign key can say: records are a range
 * that their reports know, what is kept of a mail carries the mail's number, texts are ids. These statements walk over
 * everything, which is why they are here and not in the table of sql.h. */
#include "store/care.h"
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct orphan_search {
	const char *text; /* how many, and the number of one of them */
	const char *name;
};

/* Deliveries of one content share their records. */
#define RANGES "(SELECT DISTINCT first_record a, first_record+records b FROM report WHERE records>0)"

static const struct orphan_search searches[] = {
	{ "SELECT count(*), coalesce(min(rowid),0) FROM pragma_foreign_key_check",
		"a row that refers to a missing one, rowid" },
	{ "SELECT (SELECT coalesce(sum(n),0) FROM records)-coalesce(sum((SELECT coalesce(sum(n),0) FROM records WHERE id>=a"
	  " AND id<b)),0), 0 FROM " RANGES,
		"records of no report" },
	{ "SELECT coalesce(sum(abs(b-a-(SELECT coalesce(sum(n),0) FROM records WHERE id>=a AND id<b))),0), 0 FROM " RANGES,
		"records that a report misses" },
	{ "SELECT count(*), coalesce(min(id>>20),0) FROM kept WHERE id>>20 NOT IN (SELECT id FROM mail)",
		"what was kept of mail" },
	{ "SELECT count(*), coalesce(min(r.id),0) FROM report r JOIN mail m ON m.id=r.mail"
	  " LEFT JOIN verification v ON v.mail=m.id AND v.number=0 WHERE r.taken IS NOT m.arrived OR r.signer IS NOT m.signer"
	  " OR r.arrived IS NOT v.at OR r.carried<>m.repaired+CASE WHEN v.total IS NULL THEN 0 WHEN v.total=0 THEN 2 ELSE 6 END",
		"what the mail says of report" },
	/* A reporter without a name is 0. */
	{ "SELECT count(*), coalesce(min(id),0) FROM report WHERE domain NOT IN (SELECT id FROM str)"
	  " OR reporter<>0 AND reporter NOT IN (SELECT id FROM str)",
		"the names of report" },
};

static const char sums[] =
	"SELECT count(*) FROM (SELECT * FROM (SELECT domain,day,reports FROM rollup WHERE reports>0"
	" EXCEPT SELECT domain,day,count(*) FROM report WHERE state=0 GROUP BY domain,day)"
	" UNION ALL SELECT * FROM (SELECT domain,day,count(*) FROM report WHERE state=0 GROUP BY domain,day"
	" EXCEPT SELECT domain,day,reports FROM rollup))";

/* One row of one statement: up to two numbers. */
static bool numbers_get(struct store *s, const char *sql, uint64_t *first, int64_t *second)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*first = column_count(st, 0);
		if (second)
			*second = sqlite3_column_int64(st, 1);
	} else {
		store_fail(s, rc, "examine");
	}
	sqlite3_finalize(st);
	return rc == SQLITE_ROW;
}

/* --- what records refer to lies in their packing, where SQL cannot see it --- */

/* The ids of a table, a bit each. */
struct ids {
	uint8_t *bits; /* owned */
	int64_t last;
};

static bool ids_read(struct store *s, const char *table, struct ids *ids)
{
	sqlite3_stmt *st;
	uint64_t last = 0;
	char sql[80];
	int row;

	snprintf(sql, sizeof sql, "SELECT coalesce(max(id),0) FROM %s", table);
	if (!numbers_get(s, sql, &last, NULL))
		return false;
	ids->last = last < INT64_MAX ? (int64_t)last : 0;
	ids->bits = calloc((size_t)ids->last / 8 + 1, 1);
	if (!ids->bits)
		return store_fail_memory(s);
	ids->bits[0] = 1; /* absent */
	snprintf(sql, sizeof sql, "SELECT id FROM %s WHERE id>0", table);
	st = sql_prepare(s, sql, 0);
	while (st && (row = sql_row(s, st)) == 1) {
		int64_t id = sqlite3_column_int64(st, 0);

		ids->bits[id / 8] |= (uint8_t)(1 << id % 8);
	}
	sqlite3_finalize(st);
	return st && row == 0;
}

static bool id_is_there(const struct ids *ids, int64_t id)
{
	return id >= 0 && id <= ids->last && ids->bits[id / 8] >> id % 8 & 1;
}

enum { OF_STR, OF_WORDS, OF_REASONS, OF_AUTH, OF_COUNT };

static bool shape_is_whole(const struct ids *ids, const struct record_shape *o)
{
	return o->words && id_is_there(&ids[OF_WORDS], o->words) && id_is_there(&ids[OF_AUTH], o->auth) &&
	       id_is_there(&ids[OF_REASONS], o->reasons) && id_is_there(&ids[OF_STR], o->header_from) &&
	       id_is_there(&ids[OF_STR], o->envelope_from) && id_is_there(&ids[OF_STR], o->envelope_to);
}

/* Runs in which something is missing. */
static bool records_read(struct store *s, const struct ids *ids, uint64_t *lost, int64_t *one)
{
	struct packed_record record;
	struct records r;
	int64_t first = 0;
	int row = 0;

	if (!records_open(s, 1, INT64_MAX, &r))
		return false;
	while ((row = records_next(&r, &record)) == 1) {
		bool whole = true;

		if (!r.begins)
			continue;
		first = r.first;
		for (size_t i = 0; i < r.shapes_n; i++)
			whole &= shape_is_whole(ids, &r.shapes[i]);
		*one = whole || *lost ? *one : first;
		*lost += !whole;
	}
	if (row < 0 && r.damaged) {
		*one = *lost ? *one : first;
		(*lost)++;
	}
	records_close(&r);
	return row == 0 || r.damaged;
}

/* Without a number where there is none. */
static void orphan_name(struct health *health, const char *name, int64_t number)
{
	int n = snprintf(health->orphan, sizeof health->orphan, "%s", name);

	if (number)
		snprintf(health->orphan + n, sizeof health->orphan - (size_t)n, " %" PRId64, number);
}

static bool words_count(struct store *s, struct health *health)
{
	static const char *const tables[OF_COUNT] = { "str", "words", "reasonset", "authset" };
	struct ids ids[OF_COUNT] = { { NULL, 0 } };
	bool ok = true;
	uint64_t n = 0;
	int64_t one = 0;

	for (int i = 0; ok && i < OF_COUNT; i++)
		ok = ids_read(s, tables[i], &ids[i]);
	ok = ok && records_read(s, ids, &n, &one);
	for (int i = 0; i < OF_COUNT; i++)
		free(ids[i].bits);
	if (ok && n && !health->orphans)
		orphan_name(health, "the words of record", one);
	health->orphans += n;
	return ok;
}

static bool orphans_count(struct store *s, struct health *health)
{
	for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
		uint64_t n = 0;
		int64_t one = 0;

		if (!numbers_get(s, searches[i].text, &n, &one))
			return false;
		if (n && !health->orphans)
			orphan_name(health, searches[i].name, one);
		health->orphans += n;
	}
	return words_count(s, health) && numbers_get(s, sums, &health->sums, NULL);
}

/* The first complaint; several lines of one are joined. */
static bool damage_find(struct store *s, struct health *health)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &st, NULL);
	bool corrupt;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
		snprintf(health->damage, sizeof health->damage, "%s", (const char *)sqlite3_column_text(st, 0));
	for (char *end = health->damage; (end = strchr(end, '\n')) != NULL;)
		*end = ' ';
	corrupt = (rc & 0xff) == SQLITE_CORRUPT; /* or an extended code of it */
	if (corrupt)
		snprintf(health->damage, sizeof health->damage, "%s", sqlite3_errmsg(s->db));
	else if (rc != SQLITE_ROW)
		store_fail(s, rc, "integrity_check");
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || corrupt;
}

static uint64_t log_size(const struct store *s)
{
	char path[4096 + 8];
	struct stat st;

	return snprintf(path, sizeof path, "%s-wal", s->path) < (int)sizeof path && stat(path, &st) == 0
		       ? (uint64_t)st.st_size
		       : 0;
}

static bool examine(struct store *s, bool whole, struct health *health)
{
	uint64_t version, pages, free_pages, page;

	if (!numbers_get(s, "PRAGMA user_version", &version, NULL) ||
		!numbers_get(s, "PRAGMA page_count", &pages, NULL) ||
		!numbers_get(s, "PRAGMA freelist_count", &free_pages, NULL) ||
		!numbers_get(s, "PRAGMA page_size", &page, NULL) ||
		!numbers_get(s, "SELECT count(*) FROM mail", &health->mails, NULL) ||
		!numbers_get(s, "SELECT count(*) FROM report", &health->reports, NULL) ||
		!numbers_get(s, "SELECT coalesce(max(id+n-1),0) FROM records", &health->records, NULL) ||
		!numbers_get(s, "SELECT count(*) FROM place WHERE state>1", &health->unsettled, NULL))
		return false;
	health->schema = (int64_t)version;
	health->octets = pages * page;
	health->free_octets = free_pages * page;
	health->whole = whole;
	if (!whole || !damage_find(s, health))
		return !whole;
	return *health->damage || orphans_count(s, health);
}

bool store_examine(struct store *s, bool whole, struct health *health, struct fault *fault)
{
	bool own, ok;

	*health = (struct health){ .log_octets = log_size(s), .written = lock_is_taken(s->path) };
	ok = ask_begin(s, &own) && examine(s, whole, health);
	return store_tell(s, ask_end(s, own, ok), fault);
}
