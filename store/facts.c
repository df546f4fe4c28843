/* The facts of stored reports, as they were read. */
#include "store/store_private.h"

/* Lists of results and reasons are bounded by what was stored; this bounds what a damaged database can make us take. */
#define RESULTS_MAX 1000000

struct telling {
	struct store *store;
	fact_taker *take;
	void *arg;
};

static bool damaged(struct store *s, const char *what)
{
	return store_fail(s, SQLITE_CORRUPT, what);
}

/* Room for a list whose length is written in the database. */
void *list_room(struct list_reader *reader, size_t one, size_t *n)
{
	uint64_t said = list_take_number(reader);
	void *room = NULL;

	*n = 0;
	if (reader->failed || said > RESULTS_MAX || said > reader->rest.n || !said)
		reader->failed = reader->failed || said != 0;
	else if ((room = arena_take(reader->arena, (size_t)said * one)))
		*n = (size_t)said;
	return room;
}

static struct auth_result *results_read(struct list_reader *reader, size_t *n)
{
	struct auth_result *results = list_room(reader, sizeof *results, n);

	for (size_t i = 0; i < *n; i++) {
		uint64_t means;

		results[i].domain = list_take_text(reader);
		results[i].key = list_take_text(reader);
		results[i].result = list_take_text(reader);
		results[i].human_result = list_take_text(reader);
		means = list_take_number(reader);
		results[i].means = means < RESULT_COUNT ? (enum result)means : RESULT_OTHER;
	}
	return results;
}

static bool auth_read(struct store *s, int64_t id, struct arena *arena, struct record *record)
{
	struct list_reader reader;

	if (!id)
		return true;
	if (!list_get(s, SQL_AUTH_GET, id, arena, &reader))
		return false;
	record->dkim_results = results_read(&reader, &record->dkim_n);
	record->spf_results = results_read(&reader, &record->spf_n);
	return !reader.failed || damaged(s, "a set of results is damaged");
}

static bool reasons_read(struct store *s, int64_t id, struct arena *arena, struct record *record)
{
	struct list_reader reader;

	if (!id)
		return true;
	if (!list_get(s, SQL_REASONS_GET, id, arena, &reader))
		return false;
	record->reasons = list_room(&reader, sizeof *record->reasons, &record->reasons_n);
	for (size_t i = 0; i < record->reasons_n; i++) {
		record->reasons[i].type = list_take_text(&reader);
		record->reasons[i].comment = list_take_text(&reader);
	}
	return !reader.failed || damaged(s, "a set of reasons is damaged");
}

static bool words_read(struct store *s, int64_t id, struct arena *arena, struct record *record)
{
	struct list_reader reader;

	if (!list_get(s, SQL_WORDS_GET, id, arena, &reader))
		return false;
	record->disposition = list_take_text(&reader);
	record->dkim = list_take_text(&reader);
	record->spf = list_take_text(&reader);
	return !reader.failed || damaged(s, "a record's words are damaged");
}

static bool record_read(
	struct store *s, const struct record_shape *shape, const struct packed_record *packed, struct record *record)
{
	struct arena *arena = &s->arena;
	char usual[ADDRESS_TEXT];
	bool failed = false;

	*record = (struct record){ .count = packed->messages };
	record->has_address = packed_address(packed, &record->address);
	record->source_ip = arena_copy(
		arena, packed->has_address ? span_of(address_format(&packed->address, usual)) : packed->source);
	record->disposed = (enum disposition)(shape->flags & FLAG_DISPOSED);
	if (record->disposed >= DISPOSITION_COUNT)
		record->disposed = DISPOSITION_OTHER;
	record->dkim_pass = shape->flags & FLAG_DKIM;
	record->spf_pass = shape->flags & FLAG_SPF;
	record->aligned = (unsigned)(shape->flags >> FLAG_ALIGNED_SHIFT) & 0xf;
	record->header_from = text_of(s, shape->header_from, arena, &failed);
	record->envelope_from = text_of(s, shape->envelope_from, arena, &failed);
	record->envelope_to = text_of(s, shape->envelope_to, arena, &failed);
	return !failed && words_read(s, shape->words, arena, record) && auth_read(s, shape->auth, arena, record) &&
	       reasons_read(s, shape->reasons, arena, record) && (!arena->failed || store_fail_memory(s));
}

static bool errors_read(struct store *s, struct span list, struct report *report)
{
	struct list_reader reader = { .rest = list, .arena = &s->arena };

	if (!list.p)
		return true;
	report->errors = list_room(&reader, sizeof *report->errors, &report->errors_n);
	for (size_t i = 0; i < report->errors_n; i++)
		report->errors[i] = list_take_text(&reader);
	return !reader.failed || damaged(s, "a report's errors are damaged");
}

static bool report_read(struct store *s, const struct report_row *row, struct report *report)
{
	bool failed = false;

	*report = (struct report){ .begin = row->begin,
		.end = row->end,
		.report_id = row->report_id,
		.records = row->records,
		.messages = row->counts.messages,
		.uncounted = row->uncounted,
		.recovered = row->recovered };
	memcpy(report->content, row->content, sizeof report->content);
	report->domain = text_of(s, row->domain, &s->arena, &failed);
	for (int i = 0; i < REPORT_TEXTS; i++)
		*(struct span *)((char *)report + report_texts[i]) = text_of(s, row->texts[i], &s->arena, &failed);
	return !failed && errors_read(s, row->errors, report) && (!s->arena.failed || store_fail_memory(s));
}

/* 1: told; 0: the taker stopped; -1: s->fault. */
static int records_tell(const struct telling *t, const struct report_row *row)
{
	struct fact fact = { .kind = FACT_RECORD };
	struct packed_record packed;
	struct records r;
	int result = 1, more = 0;

	if (!records_open(t->store, row->first_record, row->records, &r))
		return -1;
	while (result == 1 && (more = records_next(&r, &packed)) == 1) {
		arena_clear(&t->store->arena);
		result = record_read(t->store, &r.shapes[packed.shape], &packed, &fact.record) ? t->take(t->arg, &fact) :
												   -1;
	}
	records_close(&r);
	return more < 0 ? -1 : result;
}

static int report_tell(const struct telling *t, int64_t id)
{
	struct fact fact = { .kind = FACT_REPORT };
	struct report_row row;
	int result;

	if (!report_get(t->store, id, &row, &t->store->arena) || !report_read(t->store, &row, &fact.report))
		return -1;
	if (!t->take(t->arg, &fact))
		return 0;
	result = records_tell(t, &row);
	return result == 1 ? t->take(t->arg, &(struct fact){ .kind = FACT_REPORT_END }) : result;
}

static bool failure_texts(struct store *s, sqlite3_stmt *st, struct failure *f)
{
	struct list_reader reader = { .rest = arena_copy(&s->arena, column_text(st, 4)), .arena = &s->arena };
	bool failed = false;

	f->reported_domain = text_of(s, sqlite3_column_int64(st, 3), &s->arena, &failed);
	f->feedback_type = arena_copy(&s->arena, column_text(st, 5));
	f->has_address = column_source(st, 6, &s->arena, &f->source_ip, &f->address);
	f->arrival_date = arena_copy(&s->arena, column_text(st, 7));
	f->auth_failure = arena_copy(&s->arena, column_text(st, 8));
	f->delivery_result = arena_copy(&s->arena, column_text(st, 9));
	f->identity_alignment = arena_copy(&s->arena, column_text(st, 10));
	f->sample_subject = arena_copy(&s->arena, column_text(st, 20));
	f->sample_from = arena_copy(&s->arena, column_text(st, 21));
	f->sample_hops = arena_copy(&s->arena, column_text(st, 26));
	f->fields = list_room(&reader, sizeof *f->fields, &f->fields_n);
	for (size_t i = 0; i < f->fields_n; i++) {
		f->fields[i].name = list_take_text(&reader);
		f->fields[i].value = list_take_text(&reader);
	}
	return !failed && (!reader.failed || damaged(s, "a failure report's fields are damaged"));
}

static int verification_tell(const struct telling *t, int64_t mail, unsigned number)
{
	struct fact fact = { .kind = FACT_VERIFICATION };
	int row = verification_get(t->store, mail, number, &t->store->arena, &fact.verification);

	return row == 1 ? t->take(t->arg, &fact) : row + 1;
}

static int failure_tell(const struct telling *t, int64_t id)
{
	sqlite3_stmt *st = sql_open(t->store, SQL_FAILURE_GET);
	struct fact fact = { .kind = FACT_FAILURE };
	struct failure *f = &fact.failure;
	unsigned number;
	int64_t mail;
	int rule;
	bool ok;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	if (sql_row(t->store, st) != 1) {
		damaged(t->store, "a failure report is missing");
		return -1;
	}
	f->arrived = column_moment(st, 11);
	f->incidents = column_count(st, 12);
	f->plain_text = sqlite3_column_int(st, 13);
	f->dmarc = sqlite3_column_int(st, 14);
	f->passed = sqlite3_column_int(st, 24) == DMARC_PASSED;
	f->failed = sqlite3_column_int(st, 24) == DMARC_FAILED;
	rule = sqlite3_column_int(st, 15);
	f->identity_rule = rule >= 0 && rule < IDENTITY_COUNT ? (enum identity_rule)rule : IDENTITY_UNKNOWN;
	f->has_sample = sqlite3_column_int(st, 16);
	f->headers_only = sqlite3_column_int(st, 17);
	f->sample_relayed = sqlite3_column_int(st, 25) & TRAIT_RELAYED;
	f->sample_starts = sqlite3_column_int(st, 25) & TRAIT_STARTS;
	f->sample_octets = column_count(st, 18);
	column_octets(st, 19, f->sample_sha256, sizeof f->sample_sha256);
	ok = failure_texts(t->store, st, f) && (!t->store->arena.failed || store_fail_memory(t->store));
	mail = sqlite3_column_int64(st, 1);
	number = (unsigned)sqlite3_column_int(st, 22);
	sqlite3_reset(st);
	if (!ok)
		return -1;
	return t->take(t->arg, &fact) ? verification_tell(t, mail, number) : 0;
}

static int subject_tell(const struct telling *t, enum subject subject, const struct report_filter *filter,
	int (*tell)(const struct telling *, int64_t))
{
	sqlite3_stmt *st = filter_open(t->store, subject, filter);
	int result = st ? 1 : -1, more;

	while (result == 1 && (more = sql_row(t->store, st)) != 0) {
		arena_clear(&t->store->arena);
		result = more < 0 ? -1 : tell(t, sqlite3_column_int64(st, 0));
	}
	sqlite3_finalize(st);
	return result;
}

bool store_ask_facts(
	struct store *s, const struct report_filter *filter, fact_taker *take, void *arg, struct fault *fault)
{
	struct telling t = { .store = s, .take = take, .arg = arg };
	bool own, ok = ask_begin(s, &own);
	int result = ok ? subject_tell(&t, SUBJECT_REPORT, filter, report_tell) : -1;

	if (result == 1)
		result = subject_tell(&t, SUBJECT_FAILURE, filter, failure_tell);
	return store_tell(s, ask_end(s, own, result >= 0), fault);
}

bool failure_hand_out(struct store *s, int64_t failure, fact_taker *take, void *arg)
{
	struct telling t = { .store = s, .take = take, .arg = arg };

	return failure_tell(&t, failure) >= 0;
}

bool store_ask_verification(struct store *s, int64_t mail_id, fact_taker *take, void *arg, struct fault *fault)
{
	struct telling t = { .store = s, .take = take, .arg = arg };
	bool own, ok = ask_begin(s, &own);

	ok = ok && verification_tell(&t, mail_id, 0) >= 0;
	return store_tell(s, ask_end(s, own, ok), fault);
}
