/* What names were seen to publish: one row per state that lasted, from the first sight of it to the last.
 *
 * A name is kept with its labels reversed, so that what stands below a domain is one range of the index. The records of
 * an answer are kept in one blob, sorted, so that equal sets are equal octets whatever order the DNS gave them in. */
#include "store/store_private.h"

#include <stdlib.h>

#define STATES_MOST 64            /* of one name and type; a stranger may change his every minute */
#define ANSWER_OCTETS ((size_t)256 * 1024)
#define KEYS_MOST 16              /* records of one key's name */
#define PLACE_OCTETS (DNS_NAME_MAX + 2)

/* `_dmarc.example.org` as `org.example._dmarc`, and back. */
static size_t labels_reverse(struct span name, char *out)
{
	size_t n = 0, end = name.n;

	for (size_t at = name.n;; at--) {
		if (at && name.p[at - 1] != '.')
			continue;
		memcpy(out + n, name.p + at, end - at);
		n += end - at;
		if (at == 0)
			return n;
		out[n++] = '.';
		end = at - 1;
	}
}

/* In lower case. */
static bool place_of(struct store *s, struct span name, char place[PLACE_OCTETS], struct span *reversed)
{
	struct span folded;

	if (!name.n || name.n > DNS_NAME_MAX)
		return fault_set(&s->fault, FAULT_INPUT, "%s: a name of %zu octets is none of the DNS", s->path, name.n);
	folded = fold_case(&s->text, name);
	if (!folded.p)
		return store_fail_memory(s);
	*reversed = (struct span){ place, labels_reverse(folded, place) };
	return true;
}

/* --- an answer as octets --- */

static bool type_is_address(enum dns_type type)
{
	return type == DNS_TYPE_A || type == DNS_TYPE_AAAA;
}

static void data_put(struct buf *out, enum dns_type type, const struct dns_data *data)
{
	struct list list = { .out = out };

	list_put_text(&list, data->text);
	list_put_number(&list, data->strings);
	for (size_t i = 0; i < data->strings; i++)
		list_put_number(&list, data->string_end[i]);
	if (type_is_address(type))
		buf_put(out, data->address.octets, sizeof data->address.octets);
	list_put_number(&list, data->preference);
	list_put_text(&list, data->name);
}

static int octets_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* s->list gets status, owner, aliases and the records in their order. */
static bool answer_put(struct store *s, const struct dns_answer *answer, struct arena *arena)
{
	struct span *rows = arena_take(arena, (answer->n + 1) * sizeof *rows);
	struct list list = { .out = &s->list };
	struct buf one = BUF(ANSWER_OCTETS);

	for (size_t i = 0; rows && i < answer->n; i++) {
		buf_clear(&one);
		data_put(&one, answer->type, &answer->data[i]);
		rows[i] = one.failed ? SPAN_ABSENT : arena_copy(arena, buf_span(&one));
	}
	buf_release(&one);
	if (!rows || arena->failed)
		return store_fail_memory(s);
	qsort(rows, answer->n, sizeof *rows, octets_order);
	buf_clear(&s->list);
	list_put_number(&list, answer->status);
	list_put_text(&list, fold_case(&s->text, answer->owner));
	list_put_number(&list, answer->aliases);
	list_put_number(&list, answer->n);
	for (size_t i = 0; i < answer->n; i++)
		list_put_text(&list, rows[i]);
	return !s->list.failed || store_fail_memory(s);
}

static bool data_take(struct list_reader *reader, enum dns_type type, struct dns_data *data)
{
	size_t *ends, octets = sizeof data->address.octets;

	*data = (struct dns_data){ .text = list_take_text(reader) };
	ends = list_room(reader, sizeof *ends, &data->strings);
	for (size_t i = 0; i < data->strings; i++) {
		ends[i] = (size_t)list_take_number(reader);
		reader->failed |= ends[i] > data->text.n || (i && ends[i] < ends[i - 1]);
	}
	data->string_end = ends;
	if (type_is_address(type) && reader->rest.n < octets)
		return false;
	if (type_is_address(type)) {
		memcpy(data->address.octets, reader->rest.p, octets);
		reader->rest = (struct span){ reader->rest.p + octets, reader->rest.n - octets };
	}
	data->preference = (uint16_t)list_take_number(reader);
	data->name = list_take_text(reader);
	return !reader->failed;
}

/* Status, owner, aliases and records; the rest of *answer is the caller's. */
static bool answer_take(struct store *s, struct span octets, struct arena *arena, struct dns_answer *answer)
{
	struct list_reader reader = { .rest = octets, .arena = arena };
	struct dns_data *data;

	answer->status = (enum dns_status)list_take_number(&reader);
	answer->owner = list_take_text(&reader);
	answer->aliases = (unsigned)list_take_number(&reader);
	data = list_room(&reader, sizeof *data, &answer->n);
	for (size_t i = 0; i < answer->n; i++) {
		struct list_reader inner = { .rest = list_take_text(&reader), .arena = arena };

		reader.failed |= !data_take(&inner, answer->type, &data[i]);
	}
	answer->data = data;
	if (arena->failed)
		return store_fail_memory(s);
	if (reader.failed || answer->status > DNS_NODATA)
		return store_fail(s, SQLITE_CORRUPT, "a snapshot is damaged");
	return true;
}

/* --- learning --- */

static bool state_add(struct store *s, struct span place, const struct dns_answer *answer, int64_t seen)
{
	sqlite3_stmt *add = sql_open(s, SQL_SNAPSHOT_ADD), *trim = sql_open(s, SQL_SNAPSHOT_TRIM);

	if (!add || !trim)
		return false;
	bind_text(add, 1, place);
	sqlite3_bind_int(add, 2, (int)answer->type);
	bind_blob(add, 3, buf_span(&s->list));
	sqlite3_bind_int64(add, 4, seen);
	sqlite3_bind_int64(add, 5, answer->ttl);
	sqlite3_bind_int(add, 6, (int)answer->security);
	if (!sql_run(s, add))
		return false;
	bind_text(trim, 1, place);
	sqlite3_bind_int(trim, 2, (int)answer->type);
	sqlite3_bind_int(trim, 3, STATES_MOST);
	return sql_run(s, trim);
}

static bool state_seen(struct store *s, int64_t id, const struct dns_answer *answer, int64_t seen)
{
	sqlite3_stmt *st = sql_open(s, SQL_SNAPSHOT_SEEN);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, seen);
	sqlite3_bind_int64(st, 3, answer->ttl);
	sqlite3_bind_int(st, 4, (int)answer->security);
	return sql_run(s, st);
}

/* A clock that went ahead leaves states of days to come, which would stand for the present until then. */
static bool states_set_back(struct store *s, struct span place, const struct dns_answer *answer, int64_t seen)
{
	sqlite3_stmt *st = sql_open(s, SQL_SNAPSHOT_SET_BACK);

	if (!st)
		return false;
	bind_text(st, 1, place);
	sqlite3_bind_int(st, 2, (int)answer->type);
	sqlite3_bind_int64(st, 3, seen);
	sqlite3_bind_int64(st, 4, seen + DAY_SECONDS);
	return sql_run(s, st);
}

static bool answer_learn(struct store *s, const struct dns_answer *answer, int64_t seen)
{
	sqlite3_stmt *newest = sql_open(s, SQL_SNAPSHOT_NEWEST);
	char octets[PLACE_OCTETS];
	struct span place;
	int64_t id, last;
	bool same;
	int row;

	arena_clear(&s->arena);
	if (!newest || !place_of(s, answer->name, octets, &place) || !answer_put(s, answer, &s->arena))
		return false;
	if (s->list.n > ANSWER_OCTETS)
		return true;
	if (seen >= CLOCK_SET && !states_set_back(s, place, answer, seen))
		return false;
	bind_text(newest, 1, place);
	sqlite3_bind_int(newest, 2, (int)answer->type);
	row = sql_row(s, newest);
	if (row < 0)
		return false;
	id = row ? sqlite3_column_int64(newest, 0) : 0;
	last = row ? sqlite3_column_int64(newest, 1) : INT64_MIN;
	same = row && span_is(column_text(newest, 2), buf_span(&s->list));
	sqlite3_reset(newest);
	if (seen < last)
		return true;
	return same ? state_seen(s, id, answer, seen) : state_add(s, place, answer, seen);
}

bool store_learn_dns(struct store *s, const struct dns_answer *answer, int64_t seen, struct fault *fault)
{
	if (answer->status != DNS_OK && !dns_is_empty(answer))
		return true;
	return store_tell(s, store_write_begin(s) && answer_learn(s, answer, seen), fault);
}

/* --- asking --- */

/* A row of the columns that all questions have: place, type, answer, first_seen, last_seen, ttl, security. */
static bool state_take(struct store *s, sqlite3_stmt *st, struct arena *arena, struct snapshot_row *row)
{
	struct span place = column_text(st, 0);
	char *name = arena_take(arena, place.n + 1);
	uint64_t security = column_count(st, 6);

	*row = (struct snapshot_row){ .first_seen = sqlite3_column_int64(st, 3), .last_seen = sqlite3_column_int64(st, 4) };
	if (!name)
		return store_fail_memory(s);
	row->answer.name = (struct span){ name, labels_reverse(place, name) };
	row->answer.type = (enum dns_type)sqlite3_column_int(st, 1);
	row->answer.ttl = (uint32_t)sqlite3_column_int64(st, 5);
	if (security >= DNS_SECURITY_COUNT)
		return store_fail(s, SQLITE_CORRUPT, "a snapshot is damaged");
	row->answer.security = (enum dns_security)security;
	return answer_take(s, column_text(st, 2), arena, &row->answer);
}

static bool states_tell(struct store *s, sqlite3_stmt *st, snapshot_taker *take, void *arg)
{
	struct snapshot_row state;
	int row;

	while ((row = sql_row(s, st)) == 1) {
		arena_clear(&s->arena);
		if (!state_take(s, st, &s->arena, &state)) {
			sqlite3_reset(st);
			return false;
		}
		if (!take(arg, &state))
			break;
	}
	sqlite3_reset(st);
	return row >= 0;
}

/* One statement, so no transaction. */
bool store_ask_dns(struct store *s, struct span name, enum dns_type type, snapshot_taker *take, void *arg,
	struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_SNAPSHOT_STATES);
	char octets[PLACE_OCTETS];
	struct span place;

	if (!st || !place_of(s, name, octets, &place))
		return store_tell(s, false, fault);
	bind_text(st, 1, place);
	sqlite3_bind_int(st, 2, (int)type);
	return store_tell(s, states_tell(s, st, take, arg), fault);
}

bool store_ask_dns_below(struct store *s, struct span domain, bool newest, snapshot_taker *take, void *arg,
	struct fault *fault)
{
	sqlite3_stmt *st = sql_open(s, SQL_SNAPSHOT_BELOW);
	char octets[PLACE_OCTETS], behind[PLACE_OCTETS];
	struct span place, below, end;

	if (!st || !place_of(s, domain, octets, &place))
		return store_tell(s, false, fault);
	octets[place.n] = '.';
	below = (struct span){ octets, place.n + 1 };
	memcpy(behind, octets, place.n);
	behind[place.n] = '.' + 1;
	end = (struct span){ behind, place.n + 1 };
	bind_text(st, 1, place);
	bind_text(st, 2, below);
	bind_text(st, 3, end);
	sqlite3_bind_int(st, 4, newest);
	return store_tell(s, states_tell(s, st, take, arg), fault);
}

/* --- the last state in the place of the DNS --- */

struct newest {
	struct arena *arena;
	struct dns_answer *answer;
	int64_t seen; /* MOMENT_NONE: nothing is known */
	struct dns_data *data;
};

/* Of the archive of keys the records that were seen last, together. How they were cut into strings is not known. */
static bool key_take(void *arg, const struct archived_key *key)
{
	struct newest *n = arg;
	bool first = n->data == NULL;

	if (first && n->seen != MOMENT_NONE && n->seen >= key->last_seen)
		return false;
	if (!first && (n->seen != key->last_seen || !key->record.p || n->answer->n == KEYS_MOST))
		return false;
	if (first) {
		n->data = arena_take(n->arena, KEYS_MOST * sizeof *n->data);
		*n->answer = (struct dns_answer){ .name = n->answer->name, .owner = n->answer->name, .type = DNS_TYPE_TXT,
			.status = key->record.p && n->data ? DNS_OK : DNS_NXDOMAIN,
			.security = key->secure ? DNS_SECURE : DNS_UNVALIDATED, .data = n->data };
		n->seen = key->last_seen;
	}
	if (!key->record.p || !n->data)
		return false;
	n->data[n->answer->n++].text = arena_copy(n->arena, key->record);
	return true;
}

static bool newest_take(struct store *s, struct span name, enum dns_type type, struct newest *n)
{
	sqlite3_stmt *st = sql_open(s, SQL_SNAPSHOT_STATES);
	char octets[PLACE_OCTETS];
	struct snapshot_row state;
	struct span place;
	bool ok;
	int row;

	if (!st || !place_of(s, name, octets, &place))
		return false;
	bind_text(st, 1, place);
	sqlite3_bind_int(st, 2, (int)type);
	row = sql_row(s, st);
	ok = row == 0 || (row == 1 && state_take(s, st, n->arena, &state));
	sqlite3_reset(st);
	if (ok && row == 1) {
		*n->answer = state.answer;
		n->answer->name = name;
		n->seen = state.last_seen;
	}
	if (ok && type == DNS_TYPE_TXT && span_find_nocase(name, SPAN("._domainkey.")) > 0)
		ok = store_ask_keys(s, name, key_take, n, NULL);
	return ok;
}

void store_dns_ask(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	struct store_dns *dns = arg;
	struct newest n = { .arena = arena, .answer = answer, .seen = MOMENT_NONE };
	bool ok;

	*answer = (struct dns_answer){ .name = name, .owner = name, .type = type, .status = DNS_UNASKED,
		.security = DNS_UNVALIDATED };
	ok = newest_take(dns->store, name, type, &n);
	if (!ok || arena->failed) {
		*answer = (struct dns_answer){ .name = name, .owner = name, .type = type, .status = DNS_SERVFAIL,
			.security = DNS_UNVALIDATED };
		dns->failed = true;
	} else if (n.seen == MOMENT_NONE) {
		dns->unknown++;
	} else {
		if (dns->answers++ == 0)
			dns->oldest = dns->newest = n.seen;
		dns->oldest = n.seen < dns->oldest ? n.seen : dns->oldest;
		dns->newest = n.seen > dns->newest ? n.seen : dns->newest;
	}
}
