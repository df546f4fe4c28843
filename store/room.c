/* Room: what an ingest may take of the disk, and one sender of the database. Strangers decide how much comes; the owner
 * decides how much of it is kept, and whatever is not stored stays in its mailbox. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

/* Of the last part of max_size nothing new is taken, so that the mail in hand, which may be large, finds room to end.
 */
#define RESERVE_PART 32

/* Between two looks at the disk at most so much is stored: a look costs as much as a statement. */
#define LOOK_MAILS 64
#define LOOK_OCTETS (1024 * 1024)

static bool figure_get(struct store *s, enum sql which, uint64_t *number)
{
	sqlite3_stmt *st = sql_open(s, which);

	if (!st || sql_row(s, st) != 1)
		return false;
	*number = column_count(st, 0);
	sqlite3_reset(st);
	return true;
}

bool store_limit(struct store *s, const struct store_limits *limits, struct fault *fault)
{
	char most[64];
	uint64_t page;
	int rc;

	s->limits = *limits;
	if (!limits->most_octets)
		return true;
	if (!figure_get(s, SQL_PAGE_SIZE, &page))
		return store_tell(s, false, fault);
	/* SQLite itself ends what would go beyond; a file that is larger already does not grow. */
	snprintf(most, sizeof most, "PRAGMA max_page_count=%" PRIu64, limits->most_octets / page + 1);
	rc = sqlite3_exec(s->db, most, NULL, NULL, NULL);
	return rc == SQLITE_OK || store_tell(s, store_fail(s, rc, "max_page_count"), fault);
}

static bool file_used(struct store *s, uint64_t *octets)
{
	uint64_t page, pages, unused;

	if (!figure_get(s, SQL_PAGE_SIZE, &page) || !figure_get(s, SQL_PAGE_COUNT, &pages) ||
		!figure_get(s, SQL_FREE_COUNT, &unused))
		return false;
	*octets = (pages - unused) * page;
	return true;
}

static bool file_has_room(struct store *s)
{
	uint64_t most = s->limits.most_octets, used;

	if (!most)
		return true;
	if (!file_used(s, &used))
		return false;
	return used < most - most / RESERVE_PART || fault_set(&s->fault, FAULT_LATER,
							    "%s: has reached [store] max_size (%" PRIu64
							    " octets): nothing more is stored; see dmarcgate expire",
							    s->path, most);
}

/* What expired has left in the file is filled first, and takes nothing of the disk. The file does not become smaller: that
 * would take another one of its size. */
static bool disk_has_room(struct store *s)
{
	uint64_t least = s->limits.free_octets, room, page, unused;
	struct statvfs fs;

	if (!least || statvfs(s->path, &fs) != 0)
		return true;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= least)
		return true;
	if (!figure_get(s, SQL_PAGE_SIZE, &page) || !figure_get(s, SQL_FREE_COUNT, &unused))
		return false;
	return room + unused * page >= least || fault_set(&s->fault, FAULT_LATER,
					"%s: only %" PRIu64 " octets are left on its disk, [store] min_free is %" PRIu64
					": nothing more is stored",
					s->path, room, least);
}

bool room_check(struct store *s)
{
	bool look = s->pending_mails % LOOK_MAILS == 0 || s->pending_octets - s->looked_octets >= LOOK_OCTETS;

	if (look)
		s->looked_octets = s->pending_octets;
	return file_has_room(s) && (!look || disk_has_room(s));
}

bool room_is_short(struct store *s)
{
	uint64_t used;

	return s->limits.most_octets && (!file_used(s, &used) || used > s->limits.most_octets / 2);
}

/* Who is proven has an account of his own, which nobody can use up who merely writes his name. */
static void sender_name(const struct taking *t, char name[SENDER_TEXT])
{
	const char *signer = t->has_proof && !t->proof.refused ? t->proof.signer : "";

	snprintf(name, SENDER_TEXT, "%s%s", *signer ? signer : t->sender, *signer ? "" : " (not authenticated)");
}

static bool inflow_read(struct store *s, const struct inflow *of, uint64_t *sum)
{
	sqlite3_stmt *st = sql_open(s, SQL_INFLOW_GET);
	int row;

	if (!st)
		return false;
	bind_text(st, 1, span_of(of->sender));
	sqlite3_bind_int64(st, 2, of->day);
	row = sql_row(s, st);
	*sum = row == 1 ? column_count(st, 0) : 0;
	sqlite3_reset(st);
	return row >= 0;
}

static bool inflow_write(struct store *s, const struct inflow *of)
{
	sqlite3_stmt *st = sql_open(s, SQL_INFLOW_ADD);

	if (!st)
		return false;
	bind_text(st, 1, span_of(of->sender));
	sqlite3_bind_int64(st, 2, of->day);
	bind_count(st, 3, of->news);
	return sql_run(s, st);
}

bool inflow_flush(struct store *s)
{
	for (size_t i = 0; i < s->inflows_n; i++)
		if (!inflow_write(s, &s->inflows[i]))
			return false;
	s->inflows_n = 0;
	return true;
}

bool inflow_admit(struct store *s, bool *admitted)
{
	struct taking *t = &s->taking;
	uint64_t news = t->result.reports + t->result.failures - t->result.duplicates;
	struct inflow one = { .day = moment_day(t->arrived), .news = news ? news : 1 }, *known = NULL;

	*admitted = true;
	if (!s->limits.sender_reports || t->again_mail)
		return true;
	sender_name(t, t->result.sender);
	memcpy(one.sender, t->result.sender, sizeof one.sender);
	for (size_t i = 0; i < s->inflows_n && !known; i++)
		if (s->inflows[i].day == one.day && strcmp(s->inflows[i].sender, one.sender) == 0)
			known = &s->inflows[i];
	if (known)
		one.before = known->before + known->news;
	else if (!inflow_read(s, &one, &one.before))
		return false;
	*admitted = one.before + one.news <= s->limits.sender_reports;
	if (!*admitted)
		return true;
	if (known)
		known->news += one.news;
	else if (s->inflows_n < INFLOWS)
		s->inflows[s->inflows_n++] = one;
	else
		return inflow_write(s, &one);
	return true;
}
