/* Which of several reports with one identity counts, and the sums over those that do.
 *
 * Of one identity each content is there once (state counts or conflict); further deliveries of it are duplicates that
 * share its records. Among the deliveries of a content the one that stands for it has the highest trust, then comes
 * from the mail with the smallest hash; so a duplicate can only raise a content's trust. Among contents the highest
 * trust counts, then the most messages, then the smallest hash. Nothing here asks what came first.
 *
 * Sums are only ever added to, or summed again from the reports: a sum that stopped at the largest number could not be
 * subtracted from. */
#include "store/store_private.h"

#include <stdlib.h>

bool identity_compute(struct store *s, const struct report *report, uint8_t identity[IDENTITY_OCTETS])
{
	uint8_t hash[DIGEST_OCTETS];

	digest_reset(s->digest);
	digest_add_field(s->digest, fold_case(&s->text, report->org_name));
	digest_add_field(s->digest, report->domain);
	digest_add_field(s->digest, report->report_id);
	digest_add_number(s->digest, (uint64_t)report->begin);
	digest_add_number(s->digest, (uint64_t)report->end);
	digest_finish(s->digest, hash);
	memcpy(identity, hash, IDENTITY_OCTETS);
	return true;
}

static void rival_read(sqlite3_stmt *st, struct rival *rival)
{
	rival->id = sqlite3_column_int64(st, 0);
	rival->state = sqlite3_column_int(st, 1);
	rival->trust = sqlite3_column_int(st, 2);
	rival->messages = column_count(st, 3);
	column_octets(st, 4, rival->content, sizeof rival->content);
	rival->domain = sqlite3_column_int64(st, 5);
	rival->day = sqlite3_column_int64(st, 6);
	column_octets(st, 7, rival->mail_sha256, sizeof rival->mail_sha256);
	rival->first_record = sqlite3_column_int64(st, 8);
}

static bool content_beats(const struct rival *a, const struct rival *b)
{
	if (a->trust != b->trust)
		return a->trust > b->trust;
	if (a->messages != b->messages)
		return a->messages > b->messages;
	return memcmp(a->content, b->content, sizeof a->content) < 0;
}

static bool delivery_beats(const struct rival *a, const struct rival *b)
{
	int order = memcmp(a->mail_sha256, b->mail_sha256, sizeof a->mail_sha256);

	if (a->trust != b->trust)
		return a->trust > b->trust;
	return order ? order < 0 : a->id < b->id;
}

typedef bool rival_order(const struct rival *a, const struct rival *b);

/* The best of the rows that the statement gives, of the identity that a report has. 1: *best is it, 0: there are none, -1: s->fault. */
static int rival_find(struct store *s, enum sql which, const struct report_row *of, const uint8_t *content,
	rival_order *beats, struct rival *best)
{
	sqlite3_stmt *st = sql_open(s, which);
	struct rival rival;
	int row, found = 0;

	if (!st)
		return -1;
	bind_blob(st, 1, (struct span){ (const char *)of->identity, IDENTITY_OCTETS });
	sqlite3_bind_int64(st, 2, of->begin == MOMENT_NONE ? 0 : of->begin);
	if (content)
		bind_blob(st, 3, (struct span){ (const char *)content, DIGEST_OCTETS });
	while ((row = sql_row(s, st)) == 1) {
		rival_read(st, &rival);
		if (!found || beats(&rival, best))
			*best = rival;
		found = 1;
	}
	return row < 0 ? -1 : found;
}

/* The delivery that stands for a content. Of every identity one content counts: where none does, there is none. */
static int content_find(struct store *s, const struct report_row *of, struct rival *rival, bool *alone)
{
	int found = rival_find(s, SQL_IDENTITY_WINNER, of, NULL, content_beats, rival);

	*alone = found == 0;
	if (found != 1 || memcmp(rival->content, of->content, DIGEST_OCTETS) == 0)
		return found;
	return rival_find(s, SQL_IDENTITY_LOSER, of, of->content, content_beats, rival);
}

bool identity_recognise(struct store *s, struct report_row *row)
{
	struct report_row known;
	struct rival rival;
	int found = content_find(s, row, &rival, &s->taking.alone);

	s->taking.again = found == 1;
	if (found != 1)
		return found == 0;
	if (!report_get(s, rival.id, &known, NULL))
		return false;
	row->first_record = known.first_record;
	row->records = known.records;
	row->counts = known.counts;
	return true;
}

static bool state_set(struct store *s, int64_t report, int state)
{
	sqlite3_stmt *st = sql_open(s, SQL_REPORT_STATE);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, report);
	sqlite3_bind_int(st, 2, state);
	return sql_run(s, st);
}

static bool row_add(struct store *s, const struct report_row *row)
{
	sqlite3_stmt *st = sql_open(s, SQL_REPORT_ADD);
	int at = 1; /* REPORT_COLUMNS, in their order, and what stands behind them */

	if (!st)
		return false;
	sqlite3_bind_int64(st, at++, row->id);
	sqlite3_bind_int64(st, at++, row->mail);
	bind_blob(st, at++, (struct span){ (const char *)row->identity, IDENTITY_OCTETS });
	bind_blob(st, at++, (struct span){ (const char *)row->content, DIGEST_OCTETS });
	sqlite3_bind_int(st, at++, row->state);
	sqlite3_bind_int(st, at++, row->trust);
	sqlite3_bind_int(st, at++, row->recovered);
	sqlite3_bind_int64(st, at++, row->reporter);
	sqlite3_bind_int64(st, at++, row->domain);
	sqlite3_bind_int64(st, at++, row->day);
	bind_moment(st, at++, row->begin);
	bind_moment(st, at++, row->end);
	bind_text(st, at++, row->report_id);
	bind_blob(st, at++, row->errors);
	for (int i = 0; i < REPORT_TEXTS; i++)
		bind_id(st, at++, row->texts[i]);
	sqlite3_bind_int64(st, at++, row->first_record);
	bind_count(st, at++, row->records);
	bind_count(st, at++, row->uncounted);
	at = bind_counts(st, at, &row->counts);
	sqlite3_bind_int64(st, at++, s->taking.arrived);
	bind_moment(st, at++, row->arrived);
	bind_id(st, at++, row->signer);
	sqlite3_bind_int(st, at, row->carried);
	return sql_run(s, st);
}

bool report_get(struct store *s, int64_t id, struct report_row *row, struct arena *arena)
{
	sqlite3_stmt *st = sql_open(s, SQL_REPORT_GET);
	int at = 14;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (sql_row(s, st) != 1)
		return store_fail(s, SQLITE_CORRUPT, "a report is missing");
	*row = (struct report_row){ .id = id, .mail = sqlite3_column_int64(st, 1) };
	column_octets(st, 2, row->identity, sizeof row->identity);
	column_octets(st, 3, row->content, sizeof row->content);
	row->state = sqlite3_column_int(st, 4);
	row->trust = sqlite3_column_int(st, 5);
	row->recovered = sqlite3_column_int(st, 6);
	row->reporter = sqlite3_column_int64(st, 7);
	row->domain = sqlite3_column_int64(st, 8);
	row->day = sqlite3_column_int64(st, 9);
	row->begin = column_moment(st, 10);
	row->end = column_moment(st, 11);
	if (arena) {
		row->report_id = arena_copy(arena, column_text(st, 12));
		row->errors = arena_copy(arena, column_text(st, 13));
	}
	for (int i = 0; i < REPORT_TEXTS; i++)
		row->texts[i] = sqlite3_column_int64(st, at++);
	row->first_record = sqlite3_column_int64(st, at++);
	row->records = column_count(st, at++);
	row->uncounted = column_count(st, at++);
	column_counts(st, at, &row->counts);
	sqlite3_reset(st);
	if (row->state < REPORT_COUNTS || row->state > REPORT_EXPIRING || row->first_record < 0 ||
		row->first_record > ID_MOST || row->records > ID_MOST)
		return store_fail(s, SQLITE_CORRUPT, "a report is damaged");
	return true;
}

/* --- sums --- */

static bool cell_soil(struct store *s, int64_t domain, int64_t day)
{
	struct cell *grown;

	for (size_t i = s->dirty_n; i > 0 && s->dirty_n - i < 64; i--)
		if (s->dirty[i - 1].domain == domain && s->dirty[i - 1].day == day)
			return true;
	if (s->dirty_n == s->dirty_room) {
		size_t room = s->dirty_room ? 2 * s->dirty_room : 64;

		grown = realloc(s->dirty, room * sizeof *grown);
		if (!grown)
			return store_fail_memory(s);
		s->dirty = grown;
		s->dirty_room = room;
	}
	s->dirty[s->dirty_n++] = (struct cell){ domain, day };
	return true;
}

static void rollup_read(sqlite3_stmt *st, struct rollup_row *row)
{
	row->domain = sqlite3_column_int64(st, 0);
	row->day = sqlite3_column_int64(st, 1);
	row->reports = column_count(st, 2);
	row->records = column_count(st, 3);
	row->begin = column_moment(st, 4);
	row->end = column_moment(st, 5);
	column_counts(st, 6, &row->counts);
}

static void rollup_include(struct rollup_row *sum, const struct rollup_row *more)
{
	sum->reports += more->reports;
	sum->records += more->records;
	if (sum->begin == MOMENT_NONE || (more->begin != MOMENT_NONE && more->begin < sum->begin))
		sum->begin = more->begin;
	if (sum->end == MOMENT_NONE || more->end > sum->end)
		sum->end = more->end;
	counts_add(&sum->counts, &more->counts);
}

static bool rollup_put(struct store *s, const struct rollup_row *row)
{
	sqlite3_stmt *st = sql_open(s, SQL_ROLLUP_PUT);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, row->domain);
	sqlite3_bind_int64(st, 2, row->day);
	bind_count(st, 3, row->reports);
	bind_count(st, 4, row->records);
	bind_moment(st, 5, row->begin);
	bind_moment(st, 6, row->end);
	bind_counts(st, 7, &row->counts);
	return sql_run(s, st);
}

/* Sums what the statement gives for one domain and day into *sum. */
static bool rollup_sum(struct store *s, enum sql which, const struct cell *cell, struct rollup_row *sum)
{
	sqlite3_stmt *st = sql_open(s, which);
	struct rollup_row row;
	int more;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, cell->domain);
	sqlite3_bind_int64(st, 2, cell->day);
	while ((more = sql_row(s, st)) == 1) {
		rollup_read(st, &row);
		rollup_include(sum, &row);
	}
	return more == 0;
}

static bool rollup_add(struct store *s, const struct report_row *report)
{
	struct rollup_row sum = { .domain = report->domain,
		.day = report->day,
		.reports = 1,
		.records = report->records,
		.begin = report->begin,
		.end = report->end,
		.counts = report->counts };

	return rollup_sum(s, SQL_ROLLUP_GET, &(struct cell){ report->domain, report->day }, &sum) &&
	       rollup_put(s, &sum);
}

static bool cell_settle(struct store *s, const struct cell *cell)
{
	struct rollup_row sum = { .domain = cell->domain, .day = cell->day, .begin = MOMENT_NONE, .end = MOMENT_NONE };
	sqlite3_stmt *st;

	if (!rollup_sum(s, SQL_ROLLUP_REPORTS, cell, &sum))
		return false;
	if (sum.reports)
		return rollup_put(s, &sum);
	if (!(st = sql_open(s, SQL_ROLLUP_DROP)))
		return false;
	sqlite3_bind_int64(st, 1, cell->domain);
	sqlite3_bind_int64(st, 2, cell->day);
	return sql_run(s, st);
}

bool rollup_settle(struct store *s)
{
	for (size_t i = 0; i < s->dirty_n; i++)
		if (!cell_settle(s, &s->dirty[i]))
			return false;
	s->dirty_n = 0;
	return true;
}

/* --- adding and removing --- */

/* Puts `rival` in a state, and makes the sums of its day follow. */
static bool rival_move(struct store *s, struct rival *rival, int state)
{
	bool summed = rival->state == REPORT_COUNTS || state == REPORT_COUNTS;

	rival->state = state;
	return (!summed || cell_soil(s, rival->domain, rival->day)) &&
	       (rival->id == 0 || state_set(s, rival->id, state));
}

/* Does `rival`, a content in conflict that just came or rose, count from now on? */
static bool identity_challenge(struct store *s, const struct report_row *of, struct rival *rival)
{
	struct rival winner;
	int found = rival_find(s, SQL_IDENTITY_WINNER, of, NULL, content_beats, &winner);

	if (found < 0)
		return false;
	if (found == 1 && !content_beats(rival, &winner))
		return true;
	if (found == 1 && !rival_move(s, &winner, REPORT_CONFLICT))
		return false;
	return rival_move(s, rival, REPORT_COUNTS);
}

static bool delivery_add(struct store *s, struct report_row *row, struct rival *rival)
{
	struct rival standing;
	bool alone, rises;
	int state;

	if (content_find(s, row, &standing, &alone) != 1)
		return s->failed ? false : store_fail(s, SQLITE_CORRUPT, "a content is gone");
	state = standing.state;
	rival->state = row->state = REPORT_DUPLICATE;
	if (!delivery_beats(rival, &standing))
		return row_add(s, row);
	rises = rival->trust > standing.trust && state == REPORT_CONFLICT;
	if (!row_add(s, row) || !rival_move(s, &standing, REPORT_DUPLICATE) || !rival_move(s, rival, state))
		return false;
	return !rises || identity_challenge(s, row, rival);
}

static bool content_add(struct store *s, struct report_row *row, struct rival *rival)
{
	struct rival winner;
	int found = 0;

	if (!s->taking.alone)
		found = rival_find(s, SQL_IDENTITY_WINNER, row, NULL, content_beats, &winner);
	if (found < 0)
		return false;
	rival->state = row->state = found ? REPORT_CONFLICT : REPORT_COUNTS;
	if (!row_add(s, row))
		return false;
	if (!found)
		return rollup_add(s, row);
	s->taking.result.conflicts++;
	if (!content_beats(rival, &winner))
		return true;
	return rival_move(s, &winner, REPORT_CONFLICT) && rival_move(s, rival, REPORT_COUNTS);
}

bool identity_add(struct store *s, struct report_row *row)
{
	struct rival rival = { .id = row->id,
		.domain = row->domain,
		.day = row->day,
		.trust = row->trust,
		.messages = row->counts.messages,
		.first_record = row->first_record };

	memcpy(rival.content, row->content, sizeof rival.content);
	memcpy(rival.mail_sha256, s->taking.sha256, sizeof rival.mail_sha256);
	return s->taking.again ? delivery_add(s, row, &rival) : content_add(s, row, &rival);
}

/* A delivery's trust changed: who stands for its content now, and which content counts? */
static bool identity_settle(struct store *s, const struct report_row *row)
{
	struct rival standing, heir, winner, next;
	bool alone;
	int found = content_find(s, row, &standing, &alone), state;

	if (found != 1)
		return s->failed ? false : store_fail(s, SQLITE_CORRUPT, "a content is gone");
	found = rival_find(s, SQL_IDENTITY_HEIRS, row, row->content, delivery_beats, &heir);
	state = standing.state;
	if (found < 0 ||
		(found && delivery_beats(&heir, &standing) &&
			(!rival_move(s, &standing, REPORT_DUPLICATE) || !rival_move(s, &heir, state))))
		return false;
	if (rival_find(s, SQL_IDENTITY_WINNER, row, NULL, content_beats, &winner) != 1)
		return s->failed ? false : store_fail(s, SQLITE_CORRUPT, "no content counts");
	found = rival_find(s, SQL_IDENTITY_LOSERS, row, NULL, content_beats, &next);
	if (found <= 0 || !content_beats(&next, &winner))
		return found >= 0;
	return rival_move(s, &winner, REPORT_CONFLICT) && rival_move(s, &next, REPORT_COUNTS);
}

/* What was only recovered, or has dates that cannot be, stays below everything; what counts and rises keeps its place. */
bool identity_retrust(struct store *s, int64_t report, int trust)
{
	struct report_row row;
	sqlite3_stmt *st;
	bool same, rises;

	if (!report_get(s, report, &row, NULL) || !(st = sql_open(s, SQL_REPORT_TRUST)))
		return false;
	same = row.recovered || !range_is_possible(row.begin, row.end) || row.trust == trust || row.state == REPORT_EXPIRING;
	rises = trust > row.trust;
	sqlite3_bind_int64(st, 1, report);
	sqlite3_bind_int(st, 2, same ? row.trust : trust);
	if (!sql_run(s, st))
		return false;
	return same || (rises && row.state == REPORT_COUNTS) || identity_settle(s, &row);
}

/* The row stays, without a claim to anything, for the caller to drop. */
bool identity_withdraw(struct store *s, const struct report_row *row, bool *last)
{
	struct rival heir, next;
	int found, more = 0;

	*last = false;
	if (!state_set(s, row->id, REPORT_EXPIRING))
		return false;
	if (row->state == REPORT_DUPLICATE || row->state == REPORT_EXPIRING) {
		*last = row->state == REPORT_EXPIRING;
		return true;
	}
	found = rival_find(s, SQL_IDENTITY_HEIRS, row, row->content, delivery_beats, &heir);
	if (found < 0 || (found == 1 && !rival_move(s, &heir, REPORT_CONFLICT)))
		return false;
	*last = found == 0;
	if (row->state != REPORT_COUNTS)
		return true;
	more = rival_find(s, SQL_IDENTITY_LOSERS, row, NULL, content_beats, &next);
	return more >= 0 && (more == 0 || rival_move(s, &next, REPORT_COUNTS)) && cell_soil(s, row->domain, row->day);
}
