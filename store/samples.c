/* Samples of failure reports: the list, and all that is known of one. */
#include "store/store_private.h"

#define PREFIX_LEAST 6 /* hex digits of an id that is shown */
#define NAME_DIGITS ((size_t)2 * FAILURE_NAME)

_Static_assert(DKIM_ALIGNED_YES == 2, "a number written in statements");

/* --- ids --- */

static unsigned digit_of(const uint8_t *name, size_t at)
{
	return at % 2 ? name[at / 2] & 0xf : name[at / 2] >> 4;
}

/* How many digits the two names begin with in common. */
static size_t digits_shared(const uint8_t *a, const uint8_t *b)
{
	size_t n = 0;

	while (n < NAME_DIGITS && digit_of(a, n) == digit_of(b, n))
		n++;
	return n;
}

/* The shortest beginning of a name that no other has. */
static bool id_format(struct store *s, const uint8_t *name, struct span *id)
{
	static const enum sql neighbours[] = { SQL_FAILURE_BEFORE, SQL_FAILURE_BEHIND };
	size_t n = PREFIX_LEAST;
	char *text = arena_take(&s->arena, NAME_DIGITS + 1);

	for (int i = 0; i < 2; i++) {
		sqlite3_stmt *st = sql_open(s, neighbours[i]);
		uint8_t other[FAILURE_NAME];

		if (!st)
			return false;
		bind_blob(st, 1, (struct span){ (const char *)name, FAILURE_NAME });
		if (sql_row(s, st) != 1)
			return false;
		column_octets(st, 0, other, sizeof other);
		if (sqlite3_column_type(st, 0) != SQLITE_NULL && digits_shared(name, other) >= n)
			n = digits_shared(name, other) < NAME_DIGITS ? digits_shared(name, other) + 1 : NAME_DIGITS;
		sqlite3_reset(st);
	}
	if (!text)
		return store_fail_memory(s);
	for (size_t i = 0; i < n; i++)
		text[i] = "0123456789abcdef"[digit_of(name, i)];
	*id = (struct span){ text, n };
	return true;
}

/* The smallest and the largest name that begin so. False: no hex digits, or too many. */
static bool id_range(struct span id, uint8_t low[FAILURE_NAME], uint8_t high[FAILURE_NAME])
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	memset(low, 0, FAILURE_NAME);
	memset(high, 0xff, FAILURE_NAME);
	for (size_t i = 0; i < id.n; i++) {
		const char *found = i < NAME_DIGITS && id.p[i] ? strchr(digits, id.p[i]) : NULL;
		unsigned value = found ? (unsigned)(found - digits) % 16 : 0, shift = i % 2 ? 0 : 4;

		if (!found)
			return false;
		low[i / 2] |= (uint8_t)(value << shift);
		high[i / 2] &= (uint8_t)~((15 - value) << shift);
	}
	return id.n > 0;
}

static bool failure_find(struct store *s, const char *text, int64_t *failure)
{
	struct span id = span_of(text);
	uint8_t low[FAILURE_NAME], high[FAILURE_NAME];
	sqlite3_stmt *st = sql_open(s, SQL_FAILURE_NAMED);
	int row, more;

	if (span_starts_nocase(id, SPAN("sample:")))
		id = (struct span){ id.p + 7, id.n - 7 };
	if (!st)
		return false;
	if (!id_range(id, low, high))
		return fault_set(&s->fault, FAULT_INPUT, "%.60s: not the id of a sample, like sample:3f9c21", text);
	bind_blob(st, 1, (struct span){ (const char *)low, sizeof low });
	bind_blob(st, 2, (struct span){ (const char *)high, sizeof high });
	row = sql_row(s, st);
	*failure = row == 1 ? sqlite3_column_int64(st, 0) : 0;
	more = row == 1 ? sql_row(s, st) : row;
	sqlite3_reset(st);
	if (row < 0 || more < 0)
		return false;
	if (row == 0)
		return fault_set(&s->fault, FAULT_INPUT, "%.60s: no such sample", text);
	return more == 0 || fault_set(&s->fault, FAULT_INPUT, "%.60s: several samples begin so", text);
}

/* --- the list --- */

static bool verdict_describe(struct store *s, int64_t mail, int64_t number, struct sample_row *row)
{
	sqlite3_stmt *st = sql_open(s, SQL_SAMPLE_VERDICT), *why = sql_open(s, SQL_SAMPLE_SENTENCE);
	int more;

	if (!st || !why)
		return false;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, number);
	more = sql_row(s, st);
	if (more == 1) {
		int result = sqlite3_column_int(st, 1);

		row->result = span_of(result >= 0 && result < DKIM_RESULT_COUNT ?
					      dkim_result_word((enum dkim_result)result) :
					      dkim_result_word(DKIM_NONE));
		row->aligned = sqlite3_column_int(st, 2);
		sqlite3_bind_int64(why, 1, sqlite3_column_int64(st, 0));
		more = sql_row(s, why);
		if (more == 1) {
			row->sentence = arena_copy(&s->arena, column_text(why, 0));
			row->undone = sqlite3_column_int(why, 1);
		}
		sqlite3_reset(why);
	}
	sqlite3_reset(st);
	return more >= 0;
}

static void sample_columns(sqlite3_stmt *st, struct arena *arena, struct sample_row *row)
{
	int rule = sqlite3_column_int(st, 9);

	row->day = sqlite3_column_int64(st, 1);
	row->has_address = column_source(st, 3, arena, &row->source, &row->address);
	row->auth_failure = arena_copy(arena, column_text(st, 4));
	row->delivery_result = arena_copy(arena, column_text(st, 5));
	row->identity_alignment = arena_copy(arena, column_text(st, 6));
	row->arrived = column_moment(st, 7);
	row->dmarc = sqlite3_column_int(st, 8);
	row->identity_rule =
		span_of(identity_rule_word(rule >= 0 && rule < IDENTITY_COUNT ? (enum identity_rule)rule : IDENTITY_UNKNOWN));
	row->has_sample = sqlite3_column_int(st, 10);
	row->headers_only = sqlite3_column_int(st, 11);
	row->octets = column_count(st, 12);
	column_octets(st, 13, row->sha256, sizeof row->sha256);
	row->subject = arena_copy(arena, column_text(st, 14));
	row->from = arena_copy(arena, column_text(st, 15));
	row->dmarc_passed = sqlite3_column_int(st, 18) == DMARC_PASSED;
}

static bool sample_describe(struct store *s, int64_t id, struct sample_row *row)
{
	sqlite3_stmt *st = sql_open(s, SQL_SAMPLE_GET);
	struct mail_row mail;
	uint8_t name[FAILURE_NAME];
	int64_t domain, number;
	bool failed = false;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (sql_row(s, st) != 1)
		return store_fail(s, SQLITE_CORRUPT, "a failure report is missing");
	sample_columns(st, &s->arena, row);
	row->mail_id = sqlite3_column_int64(st, 0);
	domain = sqlite3_column_int64(st, 2);
	number = sqlite3_column_int64(st, 16);
	column_octets(st, 17, name, sizeof name);
	sqlite3_reset(st);
	row->domain = text_of(s, domain, &s->arena, &failed);
	if (failed || !id_format(s, name, &row->id) || !mail_get(s, row->mail_id, &mail, &s->arena) ||
		!verdict_describe(s, row->mail_id, number, row))
		return false;
	row->mail = mail.name;
	row->reporter = reporter_of(mail.sender);
	row->trust = mail.trust;
	row->signer = mail.signer;
	row->repaired = mail.repaired;
	if (row->arrived == MOMENT_NONE)
		row->arrived = mail.arrived;
	return !s->arena.failed || store_fail_memory(s);
}

static bool samples_tell(
	struct store *s, int64_t domain, const struct window *window, sample_taker *take, void *arg)
{
	sqlite3_stmt *st = sql_open(s, domain ? SQL_SAMPLES_OF_DOMAIN : SQL_SAMPLES);
	bool going = true;
	int more;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, window->first_day);
	sqlite3_bind_int64(st, 2, window->last_day);
	if (domain)
		sqlite3_bind_int64(st, 3, domain);
	while (going && (more = sql_row(s, st)) != 0) {
		struct sample_row row = { .trust = 0 };

		arena_clear(&s->arena);
		if (more < 0 || !sample_describe(s, sqlite3_column_int64(st, 0), &row)) {
			sqlite3_reset(st);
			return false;
		}
		going = take(arg, &row);
	}
	sqlite3_reset(st);
	return true;
}

bool store_ask_samples(struct store *s, const char *domain, const struct window *window, sample_taker *take, void *arg,
	struct fault *fault)
{
	int64_t id = 0;
	bool own, ok = ask_begin(s, &own) && (!domain || domain_find(s, domain, &id));

	ok = ok && ((domain && !id) || samples_tell(s, id, window, take, arg));
	return store_tell(s, ask_end(s, own, ok), fault);
}

/* --- one --- */

bool store_ask_sample(struct store *s, const char *id, sample_taker *take_row, fact_taker *take, void *arg,
	struct fault *fault)
{
	struct sample_row row = { .trust = 0 };
	int64_t failure;
	bool own, ok = ask_begin(s, &own);

	ok = ok && failure_find(s, id, &failure) && sample_describe(s, failure, &row);
	if (ok && (!take_row || take_row(arg, &row)) && take) {
		arena_clear(&s->arena);
		ok = failure_hand_out(s, failure, take, arg);
	}
	return store_tell(s, ask_end(s, own, ok), fault);
}

bool store_sample_octets(struct store *s, const char *id, int *fd, struct fault *fault)
{
	struct sample_row row = { .trust = 0 };
	int64_t failure;
	bool own, ok = ask_begin(s, &own);

	*fd = -1;
	ok = ok && failure_find(s, id, &failure) && sample_describe(s, failure, &row) &&
	     (!row.has_sample || kept_sample(s, row.mail_id, row.sha256, fd));
	return store_tell(s, ask_end(s, own, ok), fault);
}
