/* What a verdict rests on: reports, and their records with everything but address and count described once. Records are
 * walked by the ranges of the window's reports; what a set of results says is read once for all records that have it. */
#include "base/scatter.h"
#include "store/store_private.h"

#include <stdlib.h>

_Static_assert(REPORT_EXPIRING == 3, "a number written in a statement");

struct named {
	int64_t id;
	struct domain_name name;
	bool author; /* an author domain of the records */
};

struct told {
	int64_t id;
	struct span text;
};

struct reporting {
	int64_t first_record;
	uint64_t records;
};

/* A record without address and count: ids of interned things. */
struct outcome_key {
	int64_t words, auth, reasons, header_from, envelope_from;
};

/* The receiver's words of many records: whether they judge at all. */
struct evaluation {
	int64_t words;
	bool evaluated;
};

struct results { /* of one set of DKIM and SPF results */
	int64_t id;
	const struct signature_row *dkim;
	const struct spf_row *spf;
	size_t dkim_n, spf_n;
};

/* A row whose source, an address, is still to be found. */
struct waiting_row {
	struct observed_source key;
	uint64_t hash;
	struct observed_traffic row;
};
#define WAITING 32

struct observing {
	struct store *store;
	struct arena *arena; /* the asker's */
	struct table names_by_id, emails_by_id, texts_by_id, sources_by_key, auths_by_key, results_by_id, evaluations_by_words;
	struct named *names, *emails; /* owned, like all below that are grown */
	struct told *texts;
	struct observed_report *reports;
	struct reporting *reportings;
	struct observed_source *sources;
	struct observed_auth *auths;
	struct outcome_key *keys; /* of auths */
	struct results *results;
	struct evaluation *evaluations;
	struct observed_traffic *traffic; /* in `arena` */
	struct observed_sample *samples;
	size_t names_n, emails_n, texts_n, reports_n, reportings_n, sources_n, auths_n, keys_n, results_n, evaluations_n, samples_n;
	size_t traffic_n, traffic_room;
	bool hosts_told;
	unsigned grain; /* in grains */
	bool too_many; /* sources for that */
	struct table rows_by_key;
	struct observed_traffic *rows; /* owned: traffic that was taken together */
	size_t rows_n;
	uint32_t *of_run; /* owned: auths, by shape of the run in hand */
	size_t of_run_room;
	struct waiting_row waiting[WAITING];
	size_t waiting_n;
};

#define ADD_ROOM(o, array) table_room((o)->store, &(o)->array, (o)->array##_n, sizeof *(o)->array)

/* As table_place, of what is found by an id of the store. */
static int id_place(struct observing *o, struct table *by_id, is_same *same, int64_t id, size_t next, uint32_t *at)
{
	return table_place(o->store, o, by_id, scatter(scatter_begin(), (uint64_t)id), same, &id, next, at);
}

/* --- names --- */

/* As the DNS writes it; what is no name as it was sent. */
static struct domain_name domain_name_of(struct arena *arena, struct span text)
{
	char name[DOMAINNAME_TEXT];
	struct domain_name named = { .name = SPAN_ABSENT };
	size_t n;

	if (!text.n)
		return named;
	n = domain_alabels(text, name);
	named.name = arena_copy(arena, n ? (struct span){ name, n } : text);
	if (n && named.name.p && !orgdomain_is_suffix(named.name))
		named.org = orgdomain_of(named.name);
	return named;
}

static bool name_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;

	return o->names[at].id == *(const int64_t *)key;
}

/* The domain name that an interned text is; absent for 0. */
static bool name_get(struct observing *o, int64_t id, struct domain_name *name, uint32_t *place)
{
	bool failed = false;
	uint32_t at;
	int found;

	*name = (struct domain_name){ .name = SPAN_ABSENT };
	if (!id)
		return true;
	found = id_place(o, &o->names_by_id, name_is, id, o->names_n, &at);
	if (found < 0 || (found == 0 && !ADD_ROOM(o, names)))
		return false;
	if (found == 0)
		o->names[o->names_n++] = (struct named){ .id = id,
			.name = domain_name_of(o->arena, text_of(o->store, id, &o->store->arena, &failed)) };
	*name = o->names[at].name;
	if (place)
		*place = at;
	return !failed;
}

static bool email_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;

	return o->emails[at].id == *(const int64_t *)key;
}

/* The domain of an interned address of a mailbox. */
static bool email_get(struct observing *o, int64_t id, struct domain_name *name)
{
	bool failed = false;
	uint32_t at;
	int found;

	*name = (struct domain_name){ .name = SPAN_ABSENT };
	if (!id)
		return true;
	found = id_place(o, &o->emails_by_id, email_is, id, o->emails_n, &at);
	if (found < 0 || (found == 0 && !ADD_ROOM(o, emails)))
		return false;
	if (found == 0)
		o->emails[o->emails_n++] = (struct named){ .id = id,
			.name = domain_name_of(
				o->arena, address_domain(text_of(o->store, id, &o->store->arena, &failed))) };
	*name = o->emails[at].name;
	return !failed;
}

static bool told_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;

	return o->texts[at].id == *(const int64_t *)key;
}

/* An interned text, in the asker's arena once; absent for 0. */
static bool text_get(struct observing *o, int64_t id, struct span *text)
{
	bool failed = false;
	uint32_t at;
	int found;

	*text = SPAN_ABSENT;
	if (!id)
		return true;
	found = id_place(o, &o->texts_by_id, told_is, id, o->texts_n, &at);
	if (found < 0 || (found == 0 && !ADD_ROOM(o, texts)))
		return false;
	if (found == 0)
		o->texts[o->texts_n++] = (struct told){ id, text_of(o->store, id, o->arena, &failed) };
	*text = o->texts[at].text;
	return !failed;
}

/* --- reports --- */

static enum request request_of(struct span word)
{
	if (span_is_nocase(word, SPAN("none")))
		return REQUEST_NONE;
	if (span_is_nocase(word, SPAN("quarantine")))
		return REQUEST_QUARANTINE;
	return span_is_nocase(word, SPAN("reject")) ? REQUEST_REJECT : REQUEST_ABSENT;
}

static void policy_read(const struct span words[7], struct observed_report *r)
{
	unsigned long long pct;

	r->policy = (struct policy){ .p = request_of(words[0]),
		.sp = request_of(words[1]),
		.np = request_of(words[2]),
		.adkim_strict = span_is_nocase(words[3], SPAN("s")),
		.aspf_strict = span_is_nocase(words[4], SPAN("s")),
		.pct = span_number(words[5], 100, &pct) ? (unsigned)pct : 100,
		.testing = span_is_nocase(words[6], SPAN("y")) };
	r->has_policy = r->policy.p != REQUEST_ABSENT;
}

/* What the store settled as trust, told as how the mail was carried: the two say the same of who speaks. Trust 3 means
 * that the organisation which signed is the one that the report or a proven Subject names; trust 2 though the report
 * names it means that only SPF vouches. */
static void carriage_read(struct observed_report *r, int trust, struct span signer, int carried)
{
	if (!signer.n) {
		r->carriage = trust == 0 && !r->recovered && range_is_possible(r->begin, r->end) ? CARRIAGE_REFUSED :
			      carried & CARRIED_SIGNED	? CARRIAGE_BROKEN :
			      carried & CARRIED_CHECKED ? CARRIAGE_UNSIGNED :
							  CARRIAGE_FILE;
		return;
	}
	r->author = (struct domain_name){ signer, signer };
	if (trust >= 3)
		r->submitter = r->author;
	r->carriage = carried & CARRIED_REPAIRED		       ? CARRIAGE_UNDONE :
		      trust < 3 && span_is_nocase(r->email.org, signer) ? CARRIAGE_BORDER_SPF :
									 CARRIAGE_SIGNED;
}

static bool report_observe(struct observing *o, sqlite3_stmt *st, struct span domain)
{
	struct arena *scratch = &o->store->arena;
	struct observed_report *r;
	struct span words[7], signer;
	bool failed = false;

	arena_clear(scratch);
	if (!ADD_ROOM(o, reports) || !ADD_ROOM(o, reportings))
		return false;
	r = &o->reports[o->reports_n++];
	*r = (struct observed_report){ .id = sqlite3_column_int64(st, 21),
		.domain = domain,
		.recovered = sqlite3_column_int(st, 1),
		.begin = column_moment(st, 2),
		.end = column_moment(st, 3),
		.report_id = arena_copy(o->arena, column_text(st, 4)),
		.arrived = column_moment(st, 20),
		.taken = sqlite3_column_int64(st, 17) };
	column_octets(st, 5, r->content, sizeof r->content);
	for (int i = 0; i < 7; i++)
		words[i] = text_of(o->store, sqlite3_column_int64(st, 8 + i), scratch, &failed);
	policy_read(words, r);
	if (!email_get(o, sqlite3_column_int64(st, 7), &r->email) ||
		!text_get(o, sqlite3_column_int64(st, 6), &r->org_name) || !text_get(o, sqlite3_column_int64(st, 18), &signer))
		return false;
	carriage_read(r, sqlite3_column_int(st, 0), signer, sqlite3_column_int(st, 19));
	o->reportings[o->reportings_n] = (struct reporting){ sqlite3_column_int64(st, 15), column_count(st, 16) };
	o->traffic_room = add_up(o->traffic_room, o->reportings[o->reportings_n++].records); /* as they claim */
	return !failed;
}

static bool reports_observe(struct observing *o, int64_t domain, const struct window *window)
{
	sqlite3_stmt *st = sql_open(o->store, SQL_OBSERVED_REPORTS);
	struct domain_name name;
	int row;

	if (!st || !name_get(o, domain, &name, NULL))
		return false;
	sqlite3_bind_int64(st, 1, domain);
	sqlite3_bind_int64(st, 2, window->first_day);
	sqlite3_bind_int64(st, 3, window->last_day);
	while ((row = sql_row(o->store, st)) == 1)
		if (!report_observe(o, st, name.name))
			break;
	sqlite3_reset(st);
	return row == 0;
}

/* --- outcomes: everything of a record but its address and count --- */

static bool results_are(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;

	return o->results[at].id == *(const int64_t *)key;
}

/* One result of a list: the domain's id, its key, and what the word means. */
static bool result_read(struct observing *o, struct list_reader *reader, struct domain_name *domain, struct span *key,
	enum result *result)
{
	int64_t id = (int64_t)list_take_number(reader), key_id;
	uint64_t means;

	key_id = (int64_t)list_take_number(reader);
	list_take_number(reader); /* the word as sent */
	list_take_number(reader); /* human_result */
	means = list_take_number(reader);
	*result = means < RESULT_COUNT ? (enum result)means : RESULT_OTHER;
	return !reader->failed && name_get(o, id, domain, NULL) && text_get(o, key_id, key);
}

static bool set_read(struct observing *o, int64_t id, struct results *set)
{
	struct list_reader reader;
	struct signature_row *dkim;
	struct spf_row *spf;
	bool ok = true;

	if (!list_get(o->store, SQL_AUTH_GET, id, &o->store->arena, &reader))
		return false;
	reader.arena = o->arena;
	set->dkim = dkim = list_room(&reader, sizeof *dkim, &set->dkim_n);
	for (size_t i = 0; ok && i < set->dkim_n; i++)
		ok = result_read(o, &reader, &dkim[i].domain, &dkim[i].selector, &dkim[i].result);
	set->spf = spf = ok ? list_room(&reader, sizeof *spf, &set->spf_n) : NULL;
	for (size_t i = 0; ok && i < set->spf_n; i++) {
		struct span scope;

		ok = result_read(o, &reader, &spf[i].domain, &scope, &spf[i].result);
		spf[i].helo = span_is_nocase(scope, SPAN("helo"));
	}
	return !reader.failed ? ok : store_fail(o->store, SQLITE_CORRUPT, "a set of results is damaged");
}

static bool results_get(struct observing *o, int64_t id, struct observed_auth *auth)
{
	struct results set = { .id = id };
	uint32_t at;
	int found;

	if (!id)
		return true;
	found = id_place(o, &o->results_by_id, results_are, id, o->results_n, &at);
	if (found < 0 || (found == 0 && (!ADD_ROOM(o, results) || !set_read(o, id, &set))))
		return false;
	if (found == 0)
		o->results[o->results_n++] = set;
	auth->dkim = o->results[at].dkim;
	auth->dkim_n = o->results[at].dkim_n;
	auth->spf = o->results[at].spf;
	auth->spf_n = o->results[at].spf_n;
	return true;
}

static bool reasons_get(struct observing *o, int64_t id, struct observed_auth *auth)
{
	struct override_reason *reasons;
	struct list_reader reader;

	if (!id)
		return true;
	if (!list_get(o->store, SQL_REASONS_GET, id, &o->store->arena, &reader))
		return false;
	reader.arena = o->arena;
	auth->reasons = reasons = list_room(&reader, sizeof *reasons, &auth->reasons_n);
	for (size_t i = 0; i < auth->reasons_n; i++) {
		if (!text_get(o, (int64_t)list_take_number(&reader), &reasons[i].type) ||
			!text_get(o, (int64_t)list_take_number(&reader), &reasons[i].comment))
			return false;
	}
	return !reader.failed || store_fail(o->store, SQLITE_CORRUPT, "a set of reasons is damaged");
}

static bool is_verdict(struct span word)
{
	return span_is_nocase(word, SPAN("pass")) || span_is_nocase(word, SPAN("fail"));
}

static bool evaluation_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;

	return o->evaluations[at].words == *(const int64_t *)key;
}

static bool evaluation_read(struct observing *o, int64_t id, bool *evaluated)
{
	struct list_reader reader;

	if (!list_get(o->store, SQL_WORDS_GET, id, &o->store->arena, &reader))
		return false;
	list_take_number(&reader);
	*evaluated = is_verdict(list_take_text(&reader));
	*evaluated |= is_verdict(list_take_text(&reader));
	return !reader.failed || store_fail(o->store, SQLITE_CORRUPT, "a record's words are damaged");
}

/* The receiver's own words, and what the flags made of them. */
static bool words_get(struct observing *o, int64_t id, unsigned flags, struct observed_auth *auth)
{
	unsigned disposed = flags & FLAG_DISPOSED;
	struct evaluation read = { .words = id };
	uint32_t at;
	int found = id_place(o, &o->evaluations_by_words, evaluation_is, id, o->evaluations_n, &at);

	if (found < 0 || (found == 0 && (!ADD_ROOM(o, evaluations) || !evaluation_read(o, id, &read.evaluated))))
		return false;
	if (found == 0)
		o->evaluations[o->evaluations_n++] = read;
	auth->evaluated = o->evaluations[at].evaluated;
	auth->disposition = disposed < DISPOSITION_COUNT ? (enum disposition)disposed : DISPOSITION_OTHER;
	auth->dkim_aligned = flags & FLAG_DKIM;
	auth->spf_aligned = flags & FLAG_SPF;
	return true;
}

static bool auth_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;

	return memcmp(&o->keys[at], key, sizeof o->keys[at]) == 0;
}

static bool auth_read(struct observing *o, const struct outcome_key *key, unsigned flags, struct observed_auth *auth)
{
	bool failed = false;
	struct span text;
	uint32_t from;

	arena_clear(&o->store->arena);
	if (!name_get(o, key->header_from, &auth->header_from, &from) ||
		!name_get(o, key->envelope_from, &auth->envelope_from, NULL))
		return false;
	if (key->header_from)
		o->names[from].author = true;
	if (key->envelope_from && !auth->envelope_from.name.n) {
		text = text_of(o->store, key->envelope_from, &o->store->arena, &failed);
		auth->null_sender = text.p && !text.n;
	}
	return !failed && results_get(o, key->auth, auth) && reasons_get(o, key->reasons, auth) &&
	       words_get(o, key->words, flags, auth);
}

static bool auth_find(struct observing *o, const struct record_shape *shape, uint32_t *auth)
{
	struct outcome_key key = { shape->words, shape->auth, shape->reasons, shape->header_from,
		shape->envelope_from };
	uint64_t hash =
		scatter(scatter(scatter(scatter(scatter(scatter_begin(), (uint64_t)key.words), (uint64_t)key.auth),
					(uint64_t)key.reasons),
				(uint64_t)key.header_from),
			(uint64_t)key.envelope_from);
	struct observed_auth read = { .dkim = NULL };
	int found = table_place(o->store, o, &o->auths_by_key, hash, auth_is, &key, o->auths_n, auth);

	if (found != 0)
		return found > 0;
	if (!ADD_ROOM(o, auths) || !ADD_ROOM(o, keys) ||
		!auth_read(o, &key, (unsigned)shape->flags, &read))
		return false;
	o->auths[o->auths_n++] = read;
	o->keys[o->keys_n++] = key;
	return true;
}

/* --- sources --- */

static bool source_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;
	const struct observed_source *a = &o->sources[at], *b = key;

	if (a->has_address != b->has_address)
		return false;
	return a->has_address ? memcmp(&a->address, &b->address, sizeof a->address) == 0 : span_is(a->text, b->text);
}

static void host_name(struct observing *o, const struct host_row *row, struct observed_source *source)
{
	source->host_state = row->state;
	if (row->state == HOST_CONFIRMED || row->state == HOST_UNCONFIRMED)
		source->host = domain_name_of(o->arena, row->name);
}

static bool host_find(struct observing *o, struct observed_source *source)
{
	struct host_row row;

	arena_clear(&o->store->arena);
	if (!host_get(o->store, &source->address, &o->store->arena, &row))
		return false;
	host_name(o, &row, source);
	return true;
}

/* `key` with its hash, as sources are told apart: an address, or else what was sent. */
static uint64_t source_key(const struct observing *o, struct span sent, const struct address *address, struct observed_source *key)
{
	*key = (struct observed_source){ .has_address = address, .text = SPAN_ABSENT };
	if (!address) {
		key->text = o->grain ? SPAN("") : sent;
		return octets_scatter(key->text.p, key->text.n);
	}
	key->address = network_of(address, o->grain);
	return octets_scatter(&key->address, sizeof key->address);
}

static bool source_place(struct observing *o, struct observed_source *key, uint64_t hash, uint32_t *source)
{
	int found = table_place(o->store, o, &o->sources_by_key, hash, source_is, key, o->sources_n, source);

	if (found != 0)
		return found > 0;
	o->too_many = o->sources_n == o->store->sources_most && o->grain + 1 < GRAINS;
	if (o->too_many || !ADD_ROOM(o, sources))
		return false;
	key->text = arena_copy(o->arena, key->text);
	o->sources[o->sources_n++] = *key;
	return !key->has_address || o->grain || !o->hosts_told || host_find(o, &o->sources[o->sources_n - 1]);
}

/* The place of a source that was written so. */
static bool source_find(struct observing *o, struct span sent, const struct address *address, uint32_t *source)
{
	struct observed_source key;
	uint64_t hash = source_key(o, sent, address, &key);

	return source_place(o, &key, hash, source);
}

/* The names of all sources so far; of those that come after, one by one. */
static bool hosts_observe(struct observing *o)
{
	struct observed_source key = { .has_address = true, .text = SPAN_ABSENT };
	struct host_row row;
	sqlite3_stmt *st;
	bool fewer;
	int more = 0;

	o->hosts_told = true;
	if (o->grain)
		return true;
	if (!hosts_are_fewer(o->store, o->sources_n, &fewer))
		return false;
	for (size_t i = 0; !fewer && i < o->sources_n; i++)
		if (o->sources[i].has_address && !host_find(o, &o->sources[i]))
			return false;
	st = fewer ? sql_open(o->store, SQL_HOST_ALL) : NULL;
	while (st && (more = sql_row(o->store, st)) == 1) {
		uint32_t at;

		column_octets(st, 3, key.address.octets, sizeof key.address.octets);
		if (!table_find(o, &o->sources_by_key, octets_scatter(&key.address, sizeof key.address), source_is, &key, &at))
			continue;
		arena_clear(&o->store->arena);
		host_read(st, &o->store->arena, &row);
		host_name(o, &row, &o->sources[at]);
	}
	return more == 0 && (st || !fewer);
}

/* --- records --- */

/* What the shapes of a run are in the answer. */
static bool run_observe(struct observing *o, const struct records *r)
{
	if (r->shapes_n > o->of_run_room) {
		uint32_t *grown = realloc(o->of_run, r->shapes_n * sizeof *grown);

		if (!grown)
			return store_fail_memory(o->store);
		o->of_run = grown;
		o->of_run_room = r->shapes_n;
	}
	for (size_t i = 0; i < r->shapes_n; i++)
		if (!auth_find(o, &r->shapes[i], &o->of_run[i]))
			return false;
	return true;
}

static bool row_is(const void *of, uint32_t at, const void *key)
{
	const struct observing *o = of;
	const struct observed_traffic *a = &o->rows[at], *b = key;

	return a->report == b->report && a->source == b->source && a->auth == b->auth;
}

/* Where sources are networks, rows of one report, network and outcome are one. */
static bool row_merge(struct observing *o, const struct observed_traffic *row)
{
	uint64_t hash = scatter(scatter(scatter_begin(), (uint64_t)row->report << 32 | row->source), row->auth);
	uint32_t at;
	int found = table_place(o->store, o, &o->rows_by_key, hash, row_is, row, o->rows_n, &at);

	if (found < 0 || (found == 0 && !ADD_ROOM(o, rows)))
		return false;
	if (found == 0)
		o->rows[o->rows_n++] = *row;
	else
		o->rows[at].count = add_up(o->rows[at].count, row->count);
	return true;
}

static bool row_take(struct observing *o, const struct observed_traffic *row)
{
	if (o->grain)
		return row_merge(o, row);
	o->traffic[o->traffic_n++] = *row;
	return true;
}

/* Sources lie anywhere in memory. Those of some rows are asked for at once, which takes as long as waiting for one. */
static bool waiting_settle(struct observing *o)
{
	uint32_t at;

	for (size_t i = 0; i < o->waiting_n; i++)
		if (table_peek(&o->sources_by_key, o->waiting[i].hash, &at))
			__builtin_prefetch(&o->sources[at]);
	for (size_t i = 0; i < o->waiting_n; i++) {
		struct waiting_row *waiting = &o->waiting[i];

		if (!source_place(o, &waiting->key, waiting->hash, &waiting->row.source) || !row_take(o, &waiting->row))
			return false;
	}
	o->waiting_n = 0;
	return true;
}

static bool record_observe(struct observing *o, const struct packed_record *record, struct observed_traffic *row)
{
	struct waiting_row *waiting = &o->waiting[o->waiting_n];
	struct address address;

	if (!packed_address(record, &address))
		return waiting_settle(o) && source_find(o, record->source, NULL, &row->source) && row_take(o, row);
	waiting->row = *row;
	waiting->hash = source_key(o, SPAN_ABSENT, &address, &waiting->key);
	table_prefetch(&o->sources_by_key, waiting->hash);
	return ++o->waiting_n < WAITING || waiting_settle(o);
}

static bool records_observe(struct observing *o, uint32_t report)
{
	const struct reporting *of = &o->reportings[report];
	struct packed_record record;
	struct records r;
	uint64_t n = 0;
	int row = 0;

	if (of->records && !records_open(o->store, of->first_record, of->records, &r))
		return false;
	for (; n < of->records && (row = records_next(&r, &record)) == 1; n++) {
		struct observed_traffic t = { .report = report, .count = record.messages };

		if (r.begins && !run_observe(o, &r))
			break;
		t.auth = o->of_run[record.shape];
		if (!record_observe(o, &record, &t))
			break;
	}
	if (of->records)
		records_close(&r);
	return row == 0 || n == of->records;
}

static bool traffic_observe(struct observing *o)
{
	if (o->traffic_room >= UINT32_MAX - 1)
		return store_fail_memory(o->store);
	o->traffic = arena_take(o->arena, o->grain ? 0 : o->traffic_room * sizeof *o->traffic);
	for (uint32_t i = 0; o->traffic && i < o->reports_n; i++)
		if (!records_observe(o, i))
			return false;
	return !o->traffic || waiting_settle(o);
}

/* --- samples --- */

#define HOPS_MOST 10

/* Hosts that had a sample before the source had (parse/feedback.h: sample_hops). One may be believed where the author's own
 * signature covers the field that names it; and where the reporter wrote that field, because the source is a host of the
 * reporter's, confirmed both ways. */
static bool hops_read(struct observing *o, struct span hops, uint32_t proven, struct observed_sample *sample)
{
	const struct observed_source *source = &o->sources[sample->source];
	bool inner = source->host_state == HOST_CONFIRMED && sample->reporter.n &&
		     span_is_nocase(source->host.org, sample->reporter);
	struct address *believed = arena_take(o->arena, HOPS_MOST * sizeof *believed);
	struct span hop, name, number;

	sample->hops = believed;
	while (believed && sample->hops_n < HOPS_MOST && span_take(&hops, ' ', &hop)) {
		unsigned long long signature;
		bool may = false;

		if (!span_take(&hop, ';', &name))
			continue;
		if (name.n && name.p[name.n - 1] == '!') {
			may = inner;
			name.n--;
		}
		while (span_take(&hop, ',', &number))
			may |= span_number(number, 31, &signature) && proven >> signature & 1;
		sample->hops_n += may && address_parse(name, &believed[sample->hops_n]);
	}
	return believed;
}

/* What the signatures of a sample's own author prove, and whether it was signed by him at all. */
static bool sample_prove(
	struct observing *o, int64_t mail, int64_t number, int traits, uint32_t *proven, struct observed_sample *sample)
{
	sqlite3_stmt *st = sql_open(o->store, SQL_OBSERVED_SIGNATURES);
	bool verified = false, signed_by_author = false;
	int row;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, number);
	while ((row = sql_row(o->store, st)) == 1) {
		verified = true;
		if (sqlite3_column_int(st, 3) != DKIM_ALIGNED_YES)
			continue;
		signed_by_author = true;
		if (sqlite3_column_int(st, 2))
			sample->shows |= SAMPLE_UNDONE;
		if (sqlite3_column_int(st, 1) == DKIM_MATCH && sqlite3_column_int(st, 4) < 32)
			*proven |= 1u << sqlite3_column_int(st, 4);
		if (sqlite3_column_int(st, 0) != DKIM_REASON_OK && sqlite3_column_int(st, 1) == DKIM_MATCH)
			sample->shows |= SAMPLE_HEADER_VALID;
	}
	if (traits & TRAIT_RELAYED)
		sample->shows |= SAMPLE_LIST;
	if ((traits & TRAIT_STARTS) && verified && !signed_by_author)
		sample->shows |= SAMPLE_STARTS_HERE;
	return row == 0;
}

static bool sample_observe(struct observing *o, sqlite3_stmt *st)
{
	struct observed_sample sample = { .trust = sqlite3_column_int(st, 4) };
	struct address address;
	bool failed = false, has_address = column_address(st, 2, &address);
	uint32_t proven = 0;

	if (!source_find(o, column_text(st, 2), has_address ? &address : NULL, &sample.source) || !ADD_ROOM(o, samples))
		return false;
	sample.header_from = domain_name_of(o->arena, address_domain(column_text(st, 3)));
	sample.reporter = text_of(o->store, sqlite3_column_int64(st, 5), o->arena, &failed);
	if (failed || !sample_prove(o, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
				sqlite3_column_int(st, 6), &proven, &sample))
		return false;
	if (sqlite3_column_type(st, 7) != SQLITE_NULL && !hops_read(o, column_text(st, 7), proven, &sample))
		return false;
	o->samples[o->samples_n++] = sample;
	return true;
}

/* Failure reports name the author domain: the policy domain, and those that its records showed. */
static bool samples_observe(struct observing *o, int64_t domain, const struct window *window)
{
	sqlite3_stmt *st = sql_open(o->store, SQL_OBSERVED_SAMPLES);
	int row;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, domain);
	sqlite3_bind_int64(st, 2, window->first_day);
	sqlite3_bind_int64(st, 3, window->last_day);
	while ((row = sql_row(o->store, st)) == 1)
		if (!sample_observe(o, st))
			break;
	sqlite3_reset(st);
	return row == 0;
}

static bool all_samples_observe(struct observing *o, int64_t domain, const struct window *window)
{
	bool ok = samples_observe(o, domain, window);

	for (size_t i = 0; ok && i < o->names_n; i++)
		if (o->names[i].author && o->names[i].id != domain)
			ok = samples_observe(o, o->names[i].id, window);
	return ok;
}

/* --- the question --- */

static const void *hand_over(struct arena *arena, const void *items, size_t n, size_t size)
{
	void *copy = arena_take(arena, n * size);

	if (copy && n)
		memcpy(copy, items, n * size);
	return copy;
}
#define HAND_OVER(o, observed, member)                                                                              \
	((observed)->member = hand_over((o)->arena, (o)->member, (o)->member##_n, sizeof *(o)->member),             \
		(observed)->member##_n = (o)->member##_n, free((o)->member), (o)->member = NULL)

/* What only served to find things again. */
static void look_ups_release(struct observing *o)
{
	struct table *tables[] = { &o->names_by_id, &o->emails_by_id, &o->texts_by_id, &o->sources_by_key, &o->auths_by_key,
		&o->results_by_id, &o->evaluations_by_words, &o->rows_by_key };

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		free(tables[i]->slots);
		tables[i]->slots = NULL;
	}
	free(o->names);
	free(o->emails);
	free(o->texts);
	free(o->reportings);
	free(o->keys);
	free(o->results);
	free(o->evaluations);
	free(o->of_run);
	o->names = NULL;
	o->emails = NULL;
	o->texts = NULL;
	o->reportings = NULL;
	o->keys = NULL;
	o->results = NULL;
	o->evaluations = NULL;
	o->of_run = NULL;
}

static void observing_release(struct observing *o)
{
	look_ups_release(o);
	free(o->reports);
	free(o->sources);
	free(o->auths);
	free(o->samples);
	free(o->rows);
}

/* One array after the other, so that there are never two of all of them. */
static void observed_fill(struct observing *o, struct observed *observed)
{
	look_ups_release(o);
	HAND_OVER(o, observed, sources);
	HAND_OVER(o, observed, auths);
	HAND_OVER(o, observed, reports);
	HAND_OVER(o, observed, samples);
	observed->traffic = o->traffic;
	observed->traffic_n = o->traffic_n;
	if (!o->grain)
		return;
	observed->traffic = hand_over(o->arena, o->rows, o->rows_n, sizeof *o->rows);
	observed->traffic_n = o->rows_n;
	observed->network_v4 = grains[o->grain].v4;
	observed->network_v6 = grains[o->grain].v6;
}

static bool observe(struct observing *o, int64_t domain, const struct window *window)
{
	return reports_observe(o, domain, window) && traffic_observe(o) && hosts_observe(o) &&
	       all_samples_observe(o, domain, window);
}

bool store_ask_observed(struct store *s, const char *domain, const struct window *window, struct arena *arena,
	struct observed *observed, struct fault *fault)
{
	struct observing o = { .store = s, .arena = arena };
	struct arena_mark empty = arena_mark(arena);
	int64_t id = 0;
	bool own, ok = ask_begin(s, &own) && domain_find(s, domain, &id);

	*observed = (struct observed){ .reports = NULL };
	while (ok && id && !(ok = observe(&o, id, window)) && o.too_many) {
		unsigned coarser = o.grain + 1;

		observing_release(&o);
		arena_rewind(arena, empty);
		o = (struct observing){ .store = s, .arena = arena, .grain = coarser };
		ok = true;
	}
	ok = ask_end(s, own, ok);
	if (ok)
		observed_fill(&o, observed);
	if (ok && arena->failed)
		ok = fault_set(&s->fault, FAULT_SETUP, "%s: %s: more records than memory is allowed for", s->path, domain);
	observing_release(&o);
	return store_tell(s, ok, fault);
}
