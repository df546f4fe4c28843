/* Verifications in rows: one of a mail or a sample, one a signature. What is asked for has columns; the rest is a list. */
#include "store/store_private.h"

/* Texts in the lists are ids of `str`, as most mails of a reporter say the same; in rows written before they were, the texts
 * themselves. The diagnosis has its texts in it: they are of one mail. */
#define FLAG_TEXT_IDS (1 << 16)  /* signature.flags, behind FLAGS */
#define HEADER_TOO_LONG 1        /* in the list of a verification */
#define HEADER_TEXT_IDS 2

/* signature.flags */
#define FLAGS(X) X(has_historic) X(key_bare) X(testing) X(has_body_length) X(t_in_future) X(subject_unsigned)

/* Members of the lists, in their order; the writer and the reader expand the same. */
#define VERDICT_TEXTS(X) X(i) X(a) X(c) X(l) X(name) X(detail) X(g) X(extra_instances)
#define VERDICT_COUNTS(X) X(position) X(key_records) X(body_length) X(unsigned_octets)
#define DIAGNOSIS_BOOLS(X) X(header_undone) X(body_undone) X(exhausted) X(has_reconstruction)
#define DIAGNOSIS_COUNTS(X) X(added_octets) X(reconstruction_octets) X(candidates) X(hashed)
#define DOMAINKEY_TEXTS(X) X(a) X(c) X(d) X(s) X(q) X(h)

/* --- writing --- */

static void write_rest(struct list *list, const struct verification *v)
{
	const struct dkim_verdicts *all = v->verdicts;

	list_put_number(list, all->from_fields);
	list_put_number(list, all->from_domains);
	list_put_number(list, HEADER_TEXT_IDS | (all->header_too_long ? HEADER_TOO_LONG : 0));
	list_put_number(list, all->domainkeys_n);
	for (size_t i = 0; i < all->domainkeys_n; i++) {
#define X(member) list_put_text(list, all->domainkeys[i].member);
		DOMAINKEY_TEXTS(X)
#undef X
	}
	list_put_number(list, v->keys_n);
	for (size_t i = 0; i < v->keys_n; i++) {
		list_put_text(list, v->keys[i].name);
		list_put_number(list, v->keys[i].origin);
		list_put_number(list, (uint64_t)v->keys[i].seen);
		list_put_number(list, v->keys[i].secure);
	}
	list_put_text(list, v->border.authserv_id);
	list_put_number(list, v->border.dkim);
	list_put_number(list, v->border.spf);
	list_put_number(list, v->border.refused);
}

static void write_verdict(struct list *list, const struct dkim_verdict *v)
{
#define X(member) list_put_text(list, v->member);
	VERDICT_TEXTS(X)
#undef X
#define X(member) list_put_number(list, v->member);
	VERDICT_COUNTS(X)
#undef X
}

static void write_diagnosis(struct list *list, const struct dkim_diagnosis *d)
{
#define X(member) list_put_number(list, d->member);
	DIAGNOSIS_BOOLS(X)
	DIAGNOSIS_COUNTS(X)
#undef X
	list_put_number(list, d->reported_header);
	list_put_number(list, d->reported_body);
	list_put_text(list, (struct span){ (const char *)d->reconstruction_sha256, sizeof d->reconstruction_sha256 });
	list_put_number(list, d->steps_n);
	for (size_t i = 0; i < d->steps_n; i++) {
		list_put_number(list, d->steps[i].edit);
		list_put_text(list, d->steps[i].where);
		list_put_text(list, d->steps[i].found);
		list_put_text(list, d->steps[i].before);
		list_put_number(list, d->steps[i].octets);
	}
}

static int flags_of(const struct dkim_verdict *v)
{
	int flags = 0, bit = 1;

#define X(member) flags |= v->member ? bit : 0, bit <<= 1;
	FLAGS(X)
#undef X
	return flags;
}

static bool signature_add(struct store *s, int64_t verification, size_t number, const struct dkim_verdict *v)
{
	struct list rest = { .store = s, .out = &s->list }, diagnosis = { .out = &s->sent };
	sqlite3_stmt *st = sql_open(s, SQL_SIGNATURE_ADD);
	int64_t domain, d, selector;

	buf_clear(&s->list);
	buf_clear(&s->sent);
	write_verdict(&rest, v);
	if (v->diagnosis)
		write_diagnosis(&diagnosis, v->diagnosis);
	if (s->list.failed || s->sent.failed)
		return store_fail_memory(s);
	if (rest.failed || !st || !intern_text(s, v->domain, &domain) || !intern_text(s, v->d, &d) || !intern_text(s, v->s, &selector))
		return false;
	sqlite3_bind_int64(st, 1, verification);
	sqlite3_bind_int64(st, 2, (int64_t)number);
	bind_id(st, 3, domain);
	bind_id(st, 4, d);
	bind_id(st, 5, selector);
	sqlite3_bind_int(st, 6, (int)v->reason);
	sqlite3_bind_int(st, 7, (int)v->historic);
	sqlite3_bind_int(st, 8, (int)v->body_hash);
	sqlite3_bind_int(st, 9, (int)v->header_hash);
	sqlite3_bind_int64(st, 10, v->key_bits);
	sqlite3_bind_int(st, 11, FLAG_TEXT_IDS | flags_of(v));
	sqlite3_bind_int(st, 12, (int)v->strict);
	sqlite3_bind_int(st, 13, (int)v->relaxed);
	bind_moment(st, 14, v->t);
	bind_moment(st, 15, v->x);
	if (v->diagnosis)
		sqlite3_bind_int(st, 16, v->diagnosis->undone);
	else
		sqlite3_bind_null(st, 16);
	bind_text(st, 17, v->diagnosis ? v->diagnosis->sentence : SPAN_ABSENT);
	bind_blob(st, 18, v->diagnosis ? buf_span(&s->sent) : SPAN_ABSENT);
	bind_blob(st, 19, buf_span(&s->list));
	return sql_run(s, st);
}

static enum dkim_result result_of_signature(const struct dkim_verdict *v)
{
	return dkim_reason_rows[v->reason].result;
}

/* A key was not to be had. */
static bool verification_is_unsettled(const struct verification *v)
{
	for (size_t i = 0; i < v->verdicts->n; i++)
		if (result_of_signature(&v->verdicts->signatures[i]) == DKIM_TEMPERROR)
			return true;
	return false;
}

static bool verification_add(struct store *s, int64_t mail, unsigned number, const struct verification *v)
{
	const struct dkim_verdicts *all = v->verdicts;
	struct list rest = { .store = s, .out = &s->list };
	sqlite3_stmt *st = sql_open(s, SQL_VERIFICATION_ADD);
	bool aligned = false;
	int64_t from, id;

	buf_clear(&s->list);
	write_rest(&rest, v);
	if (s->list.failed)
		return store_fail_memory(s);
	if (rest.failed || !st || !intern_text(s, all->from_domain, &from))
		return false;
	for (size_t i = 0; i < all->n; i++)
		aligned |= result_of_signature(&all->signatures[i]) == DKIM_PASS &&
			   all->signatures[i].relaxed == DKIM_ALIGNED_YES;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, number);
	bind_moment(st, 3, v->at);
	sqlite3_bind_int(st, 4, (int)all->result);
	sqlite3_bind_int(st, 5, aligned);
	sqlite3_bind_int(st, 6, verification_is_unsettled(v));
	bind_count(st, 7, all->total);
	bind_id(st, 8, from);
	bind_blob(st, 9, buf_span(&s->list));
	if (!sql_run(s, st))
		return false;
	id = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < all->n; i++)
		if (!signature_add(s, id, i, &all->signatures[i]))
			return false;
	return true;
}

static bool verification_drop(struct store *s, int64_t mail, unsigned number)
{
	sqlite3_stmt *st = sql_open(s, SQL_VERIFICATION_DROP);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, number);
	return sql_run(s, st);
}

/* Nobody will ask for it any more. */
static bool waiting_drop(struct store *s, int64_t mail)
{
	sqlite3_stmt *st = sql_open(s, SQL_KEPT_WAITED);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, kept_first_id(mail));
	sqlite3_bind_int64(st, 2, kept_last_id(mail));
	return sql_run(s, st);
}

bool verification_put(struct store *s, int64_t mail, unsigned number, const struct verification *v, bool *kept)
{
	bool unsettled = verification_is_unsettled(v), waited = false;
	bool first = s->taking.open && !s->taking.again_mail && !s->taking.has_proof && number == 0;
	sqlite3_stmt *st;
	int row;

	*kept = false;
	if (first)
		return verification_add(s, mail, number, v);
	st = sql_open(s, SQL_VERIFICATION_IS_SETTLED);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, number);
	row = sql_row(s, st);
	if (row == 1) {
		*kept = sqlite3_column_int(st, 0) && unsettled;
		waited = !sqlite3_column_int(st, 0) && !unsettled && number == 0;
	}
	sqlite3_reset(st);
	if (row < 0 || *kept)
		return row >= 0;
	return (row == 0 || verification_drop(s, mail, number)) && verification_add(s, mail, number, v) &&
	       (!waited || waiting_drop(s, mail));
}

/* --- reading --- */

/* A number below `count`, or damage. */
static unsigned take_below(struct list_reader *reader, uint64_t number, unsigned count)
{
	if (number < count)
		return (unsigned)number;
	reader->failed = true;
	return 0;
}
#define TAKE_BELOW(reader, count) take_below(reader, list_take_number(reader), count)
#define COLUMN_BELOW(reader, st, at, count) take_below(reader, column_count(st, at), count)

static void read_rest(struct store *s, struct list_reader *reader, struct verification *v, struct dkim_verdicts *all)
{
	unsigned header;

	all->from_fields = list_take_number(reader);
	all->from_domains = list_take_number(reader);
	header = TAKE_BELOW(reader, 2 * HEADER_TEXT_IDS);
	all->header_too_long = header & HEADER_TOO_LONG;
	reader->store = header & HEADER_TEXT_IDS ? s : NULL;
	all->domainkeys = list_room(reader, sizeof *all->domainkeys, &all->domainkeys_n);
	for (size_t i = 0; i < all->domainkeys_n; i++) {
#define X(member) all->domainkeys[i].member = list_take_text(reader);
		DOMAINKEY_TEXTS(X)
#undef X
	}
	v->keys = list_room(reader, sizeof *v->keys, &v->keys_n);
	for (size_t i = 0; i < v->keys_n; i++) {
		v->keys[i].name = list_take_text(reader);
		v->keys[i].origin = TAKE_BELOW(reader, KEY_ORIGIN_COUNT);
		v->keys[i].seen = (int64_t)list_take_number(reader);
		v->keys[i].secure = TAKE_BELOW(reader, 2);
	}
	if (!reader->rest.n) /* written before 0.1 was out, when nobody looked at the border */
		return;
	v->border.authserv_id = list_take_text(reader);
	v->border.dkim = TAKE_BELOW(reader, 2);
	v->border.spf = TAKE_BELOW(reader, 2);
	v->border.refused = TAKE_BELOW(reader, 2);
}

static void read_diagnosis(struct list_reader *reader, struct dkim_diagnosis *d)
{
	struct span sha256;

#define X(member) d->member = TAKE_BELOW(reader, 2);
	DIAGNOSIS_BOOLS(X)
#undef X
#define X(member) d->member = list_take_number(reader);
	DIAGNOSIS_COUNTS(X)
#undef X
	d->reported_header = TAKE_BELOW(reader, DKIM_FACT_COUNT);
	d->reported_body = TAKE_BELOW(reader, DKIM_FACT_COUNT);
	sha256 = list_take_text(reader);
	if (sha256.n == sizeof d->reconstruction_sha256)
		memcpy(d->reconstruction_sha256, sha256.p, sha256.n);
	d->steps = list_room(reader, sizeof *d->steps, &d->steps_n);
	for (size_t i = 0; i < d->steps_n; i++) {
		d->steps[i].edit = TAKE_BELOW(reader, DKIM_EDIT_COUNT);
		d->steps[i].where = list_take_text(reader);
		d->steps[i].found = list_take_text(reader);
		d->steps[i].before = list_take_text(reader);
		d->steps[i].octets = list_take_number(reader);
	}
}

static void read_verdict(struct store *s, struct list_reader *reader, sqlite3_stmt *st, struct dkim_verdict *v)
{
	unsigned flags = (unsigned)sqlite3_column_int(st, 8), bit = 1;

#define X(member) v->member = flags & bit, bit <<= 1;
	FLAGS(X)
#undef X
	v->reason = COLUMN_BELOW(reader, st, 3, DKIM_REASON_COUNT);
	v->historic = COLUMN_BELOW(reader, st, 4, DKIM_REASON_COUNT);
	v->body_hash = COLUMN_BELOW(reader, st, 5, DKIM_FACT_COUNT);
	v->header_hash = COLUMN_BELOW(reader, st, 6, DKIM_FACT_COUNT);
	v->key_bits = (uint32_t)sqlite3_column_int64(st, 7);
	v->strict = COLUMN_BELOW(reader, st, 9, DKIM_ALIGNED_YES + 1);
	v->relaxed = COLUMN_BELOW(reader, st, 10, DKIM_ALIGNED_YES + 1);
	v->t = column_moment(st, 11);
	v->x = column_moment(st, 12);
	reader->rest = column_text(st, 16);
	reader->store = flags & FLAG_TEXT_IDS ? s : NULL;
#define X(member) v->member = list_take_text(reader);
	VERDICT_TEXTS(X)
#undef X
#define X(member) v->member = list_take_number(reader);
	VERDICT_COUNTS(X)
#undef X
}

static bool signature_read(struct store *s, sqlite3_stmt *st, struct arena *arena, struct dkim_verdict *v)
{
	struct list_reader reader = { .arena = arena };
	bool failed = false;

	read_verdict(s, &reader, st, v);
	v->domain = text_of(s, sqlite3_column_int64(st, 0), arena, &failed);
	v->d = text_of(s, sqlite3_column_int64(st, 1), arena, &failed);
	v->s = text_of(s, sqlite3_column_int64(st, 2), arena, &failed);
	if (sqlite3_column_type(st, 13) != SQLITE_NULL && (v->diagnosis = arena_take(arena, sizeof *v->diagnosis))) {
		v->diagnosis->undone = sqlite3_column_int(st, 13);
		v->diagnosis->sentence = arena_copy(arena, column_text(st, 14));
		reader.rest = column_text(st, 15);
		reader.store = NULL;
		read_diagnosis(&reader, v->diagnosis);
	}
	if (arena->failed)
		return store_fail_memory(s);
	return !failed && (!reader.failed || store_fail(s, SQLITE_CORRUPT, "a signature is damaged"));
}

static bool signatures_read(struct store *s, int64_t verification, struct arena *arena, struct dkim_verdicts *all)
{
	sqlite3_stmt *count = sql_open(s, SQL_SIGNATURES_COUNT), *st = sql_open(s, SQL_SIGNATURES_GET);
	int row;

	if (!count || !st)
		return false;
	sqlite3_bind_int64(count, 1, verification);
	sqlite3_bind_int64(st, 1, verification);
	if (sql_row(s, count) != 1)
		return false;
	all->signatures = arena_take(arena, (size_t)sqlite3_column_int64(count, 0) * sizeof *all->signatures);
	for (int64_t n = all->signatures ? sqlite3_column_int64(count, 0) : 0; n > 0; n--) {
		row = sql_row(s, st);
		if (row != 1 || !signature_read(s, st, arena, &all->signatures[all->n++]))
			break;
	}
	sqlite3_reset(count);
	sqlite3_reset(st);
	return !s->failed && (!arena->failed || store_fail_memory(s));
}

int verification_get(struct store *s, int64_t mail, unsigned number, struct arena *arena, struct verification *v)
{
	struct dkim_verdicts *all = arena_take(arena, sizeof *all);
	struct list_reader reader = { .arena = arena };
	sqlite3_stmt *st = sql_open(s, SQL_VERIFICATION_GET);
	bool failed = false;
	int64_t id, from;
	int row;

	if (!all)
		store_fail_memory(s);
	if (!st || !all)
		return -1;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, number);
	row = sql_row(s, st);
	if (row != 1)
		return row;
	*v = (struct verification){ .of = number ? VERIFIED_SAMPLE : VERIFIED_MAIL, .verdicts = all };
	id = sqlite3_column_int64(st, 0);
	v->at = column_moment(st, 1);
	all->result = COLUMN_BELOW(&reader, st, 2, DKIM_RESULT_COUNT);
	all->total = column_count(st, 3);
	from = sqlite3_column_int64(st, 4);
	reader.rest = column_text(st, 5);
	read_rest(s, &reader, v, all);
	sqlite3_reset(st);
	all->from_domain = text_of(s, from, arena, &failed);
	if (reader.failed)
		failed = !store_fail(s, SQLITE_CORRUPT, "a verification is damaged");
	return !failed && signatures_read(s, id, arena, all) ? 1 : -1;
}
