/* One mail is all or nothing: its facts are written behind a savepoint. */
#include "store/store_private.h"
#include "base/shortage.h"

/* Of SQL_MAIL_FIND. False: none that a mail can have. */
static bool outcome_take(sqlite3_stmt *st, enum outcome *outcome)
{
	int number = sqlite3_column_int(st, 3);

	if (number < 0 || number >= OUTCOME_COUNT)
		return false;
	*outcome = (enum outcome)number;
	return true;
}

bool store_knows_outcome(struct store *s, const uint8_t sha256[DIGEST_OCTETS], enum outcome *outcome)
{
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_FIND);
	bool known;

	if (!st)
		return false;
	bind_blob(st, 1, (struct span){ (const char *)sha256, DIGEST_OCTETS });
	known = sql_row(s, st) == 1 && sqlite3_column_int(st, 1) != MAIL_FORGOTTEN && outcome_take(st, outcome);
	sqlite3_reset(st);
	return known;
}

bool store_knows_mail(struct store *s, const uint8_t sha256[DIGEST_OCTETS])
{
	enum outcome outcome;

	return store_knows_outcome(s, sha256, &outcome);
}

/* A name and four numbers as one key of fixed size: names of Maildir files would cost more than the rest of a mail. */
#define FILE_KEY 16

static bool file_key(struct store *s, const struct mail *mail, uint8_t key[DIGEST_OCTETS])
{
	if (!mail->modified || !mail->name)
		return false;
	digest_reset(s->digest);
	digest_add_field(s->digest, span_of(mail->name));
	digest_add_number(s->digest, mail->offset);
	digest_add_number(s->digest, mail->length);
	digest_add_number(s->digest, (uint64_t)mail->modified);
	digest_add_number(s->digest, mail->inode);
	digest_finish(s->digest, key);
	return true;
}

bool store_knows_file(struct store *s, const struct mail *mail)
{
	uint8_t key[DIGEST_OCTETS];
	sqlite3_stmt *st;
	bool known;

	if (!file_key(s, mail, key) || !store_look_begin(s) || !(st = sql_open(s, SQL_FILE_FIND)))
		return false;
	bind_blob(st, 1, (struct span){ (const char *)key, FILE_KEY });
	known = sql_row(s, st) == 1;
	sqlite3_reset(st);
	return known;
}

bool store_knows_files(struct store *s)
{
	sqlite3_stmt *st = sql_open(s, SQL_FILE_ANY);
	bool some = st && sql_row(s, st) == 1;

	sqlite3_reset(st);
	return some;
}

bool store_remember_file(struct store *s, const struct mail *mail, struct fault *fault)
{
	uint8_t key[DIGEST_OCTETS];
	sqlite3_stmt *st;

	if (!file_key(s, mail, key))
		return true;
	if (!store_write_begin(s) || !(st = sql_open(s, SQL_FILE_ADD)))
		return store_tell(s, false, fault);
	bind_blob(st, 1, (struct span){ (const char *)key, FILE_KEY });
	bind_blob(st, 2, (struct span){ (const char *)mail->sha256, DIGEST_OCTETS });
	return store_tell(s, sql_run(s, st), fault);
}

bool mark_set(struct store *s)
{
	if (!store_write_begin(s) || !sql_do(s, SQL_MARK))
		return false;
	s->taking.marked = true;
	return true;
}

void mark_undo(struct store *s)
{
	if (s->taking.marked && !sqlite3_get_autocommit(s->db)) {
		struct fault first = s->fault;

		if (!sql_do(s, SQL_MARK_ROLLBACK) || !sql_do(s, SQL_MARK_RELEASE) || !store_load_ids(s))
			sql_do(s, SQL_ROLLBACK);
		s->fault = first;
	}
	s->taking.marked = false;
	s->dirty_n = 0;
	intern_clear(s);
}

/* A mail whose feedback was forgotten keeps its row, name and arrival, by which its reports may be dated. */
static bool mail_enter(struct store *s, const struct mail *mail, int64_t arrived)
{
	struct taking *t = &s->taking;
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_FIND);
	bool damaged;
	int row;

	if (!st)
		return false;
	bind_blob(st, 1, (struct span){ (const char *)mail->sha256, DIGEST_OCTETS });
	row = sql_row(s, st);
	damaged = row == 1 && !outcome_take(st, &t->result.outcome);
	if (row == 1) {
		t->mail = sqlite3_column_int64(st, 0);
		t->known = sqlite3_column_int(st, 1) != MAIL_FORGOTTEN;
		arrived = sqlite3_column_int64(st, 2);
	}
	sqlite3_reset(st);
	if (damaged)
		return store_fail(s, SQLITE_CORRUPT, "what became of a mail is damaged");
	t->result.known = t->known;
	t->again_mail = row == 1;
	t->arrived = arrived;
	if (row != 1)
		return row == 0;
	st = sql_open(s, SQL_KEPT_ANY);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, kept_first_id(t->mail));
	sqlite3_bind_int64(st, 2, kept_last_id(t->mail));
	row = sql_row(s, st);
	t->has_kept = row == 1;
	sqlite3_reset(st);
	return row >= 0;
}

bool store_mail_begin(struct store *s, const struct mail *mail, int64_t arrived, struct fault *fault)
{
	struct taking *t = &s->taking;
	bool marked;

	if (t->open)
		return fault_set(fault, FAULT_BROKEN, "%s: a mail within a mail", s->path);
	if (t->marked && t->forgotten) {
		sqlite3_stmt *st = sql_open(s, SQL_MAIL_FIND);

		/* Taking away and storing again are one step when they concern the same mail. */
		if (!st)
			return store_tell(s, false, fault);
		bind_blob(st, 1, (struct span){ (const char *)mail->sha256, DIGEST_OCTETS });
		if (sql_row(s, st) != 1 || sqlite3_column_int64(st, 0) != t->forgotten) {
			sqlite3_reset(st);
			if (!sql_do(s, SQL_MARK_RELEASE))
				return store_tell(s, false, fault);
			t->marked = false;
		}
		sqlite3_reset(st);
	}
	marked = t->marked;
	buf_clear(&t->reason);
	buf_clear(&t->name);
	arena_clear(&t->arena);
	*t = (struct taking){
		.marked = marked, .reason = t->reason, .arena = t->arena, .name = t->name, .octets = mail->length
	};
	buf_put_text(&t->name, mail->name ? mail->name : "");
	if (t->name.failed)
		return fault_set(fault, FAULT_INPUT, "%s: a mail's name is too long", s->path);
	memcpy(t->sha256, mail->sha256, sizeof t->sha256);
	s->failed = false;
	s->fault = (struct fault){ 0 };
	if ((!t->marked && !mark_set(s)) || !mail_enter(s, mail, arrived) || !room_check(s)) {
		mark_undo(s);
		return store_tell(s, false, fault);
	}
	t->open = true;
	return true;
}

bool store_mail_is_known(const struct store *s)
{
	return s->taking.known;
}

/* Writes the mail's row; only now there is a mail that other rows can refer to. */
static bool head_take(struct store *s, enum outcome outcome, const struct mail_head *head)
{
	struct taking *t = &s->taking;
	struct span name = buf_span(&t->name), folder = SPAN_ABSENT, domain;
	sqlite3_stmt *st = sql_open(s, t->mail ? SQL_MAIL_RESTORE : SQL_MAIL_ADD);
	int64_t sender, folder_id;

	for (size_t i = name.n; i > 0 && !folder.p; i--)
		if (name.p[i - 1] == '/')
			folder = (struct span){ name.p, i };
	if (!st || !intern_text(s, head->from, &sender) || !intern_text(s, folder, &folder_id))
		return false;
	domain = reporter_of(head->from);
	if (domain.n && domain.n < sizeof t->sender)
		memcpy(t->sender, domain.p, domain.n);
	sqlite3_bind_int(st, 1, (int)outcome);
	bind_id(st, 2, sender);
	bind_text(st, 3, subject_submitter(head->subject));
	sqlite3_bind_null(st, 4); /* nobody asks for it, and it is in the header that is kept */
	bind_moment(st, 5, head->date);
	if (t->mail) {
		sqlite3_bind_int64(st, 6, t->mail);
	} else {
		bind_blob(st, 6, (struct span){ (const char *)t->sha256, DIGEST_OCTETS });
		bind_id(st, 7, folder_id);
		bind_text(st, 8, (struct span){ name.p + folder.n, name.n - folder.n });
		bind_count(st, 9, t->octets);
		sqlite3_bind_int64(st, 10, t->arrived);
	}
	if (!sql_run(s, st))
		return false;
	if (!t->mail)
		t->mail = sqlite3_last_insert_rowid(s->db);
	t->kept_next = kept_first_id(t->mail);
	t->begun = true;
	t->result.outcome = outcome;
	return true;
}

bool mail_get(struct store *s, int64_t id, struct mail_row *row, struct arena *arena)
{
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_GET);
	struct span folder, name;
	bool failed = false;
	char *whole;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (sql_row(s, st) != 1)
		return store_fail(s, SQLITE_CORRUPT, "a mail is missing");
	row->id = id;
	folder = text_of(s, sqlite3_column_int64(st, 1), arena, &failed);
	name = column_text(st, 2);
	whole = arena_take(arena, folder.n + name.n + 1);
	if (whole) {
		if (folder.n)
			memcpy(whole, folder.p, folder.n);
		memcpy(whole + folder.n, name.p, name.n);
		row->name = (struct span){ whole, folder.n + name.n };
	}
	row->arrived = sqlite3_column_int64(st, 3);
	column_octets(st, 4, row->sha256, sizeof row->sha256);
	row->octets = column_count(st, 5);
	row->reason = arena_copy(arena, column_text(st, 6));
	row->trust = sqlite3_column_int(st, 7);
	row->signer = text_of(s, sqlite3_column_int64(st, 8), arena, &failed);
	row->repaired = sqlite3_column_int(st, 9);
	row->sender = text_of(s, sqlite3_column_int64(st, 10), arena, &failed);
	row->signatures = column_count(st, 11);
	sqlite3_reset(st);
	return !failed && (!arena->failed || store_fail_memory(s));
}

static bool problem_take(struct store *s, const struct problem *problem)
{
	struct taking *t = &s->taking;
	sqlite3_stmt *st = sql_open(s, SQL_PROBLEM_ADD);

	if (t->problems++ == 0) {
		struct span what = problem->what;

		/* cut between characters */
		if (what.n >= t->reason.max) {
			what.n = t->reason.max - 1;
			while (what.n && ((uint8_t)what.p[what.n] & 0xc0) == 0x80)
				what.n--;
		}
		buf_put_span(&t->reason, what);
	}
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, t->mail);
	bind_id(st, 2, t->in_report ? t->report.id : 0);
	bind_text(st, 3, problem->where);
	bind_text(st, 4, problem->what);
	return sql_run(s, st);
}

static void write_fields(struct list *list, const struct failure *failure)
{
	list_put_number(list, failure->fields_n);
	for (size_t i = 0; i < failure->fields_n; i++) {
		list_put_text(list, failure->fields[i].name);
		list_put_text(list, failure->fields[i].value);
	}
}

/* What a failure report is called: the same in every database, and different for two reports about one message. */
static void failure_name(struct store *s, const struct failure *f, uint64_t number, uint8_t name[DIGEST_OCTETS])
{
	digest_reset(s->digest);
	digest_add_field(s->digest, (struct span){ (const char *)f->sample_sha256, DIGEST_OCTETS });
	digest_add_field(s->digest, (struct span){ (const char *)s->taking.sha256, DIGEST_OCTETS });
	digest_add_number(s->digest, number);
	digest_finish(s->digest, name);
}

static bool failure_take(struct store *s, const struct failure *f)
{
	uint8_t name[DIGEST_OCTETS];
	struct list fields = { .out = &s->list };
	sqlite3_stmt *st = sql_open(s, SQL_FAILURE_ADD);
	int64_t domain;

	buf_clear(&s->list);
	write_fields(&fields, f);
	if (s->list.failed)
		return store_fail_memory(s);
	if (!st || !intern_text(s, f->reported_domain, &domain))
		return false;
	sqlite3_bind_null(st, 1);
	sqlite3_bind_int64(st, 2, s->taking.mail);
	sqlite3_bind_int64(st, 3, moment_day(f->arrived == MOMENT_NONE ? s->taking.arrived : f->arrived));
	sqlite3_bind_int64(st, 4, domain);
	bind_blob(st, 5, buf_span(&s->list));
	bind_text(st, 6, f->feedback_type);
	bind_source(st, 7, f->source_ip, f->has_address, &f->address);
	bind_text(st, 8, f->arrival_date);
	bind_text(st, 9, f->auth_failure);
	bind_text(st, 10, f->delivery_result);
	bind_text(st, 11, f->identity_alignment);
	bind_moment(st, 12, f->arrived);
	bind_count(st, 13, f->incidents);
	sqlite3_bind_int(st, 14, f->plain_text);
	sqlite3_bind_int(st, 15, f->dmarc);
	sqlite3_bind_int(st, 16, (int)f->identity_rule);
	sqlite3_bind_int(st, 17, f->has_sample);
	sqlite3_bind_int(st, 18, f->headers_only);
	bind_count(st, 19, f->sample_octets);
	bind_blob(st, 20, (struct span){ (const char *)f->sample_sha256, f->has_sample ? DIGEST_OCTETS : 0 });
	bind_text(st, 21, f->sample_subject);
	bind_text(st, 22, f->sample_from);
	failure_name(s, f, ++s->taking.result.failures, name);
	bind_count(st, 23, s->taking.result.failures);
	bind_blob(st, 24, (struct span){ (const char *)name, FAILURE_NAME });
	sqlite3_bind_int(st, 25, f->passed ? DMARC_PASSED : f->failed ? DMARC_FAILED : DMARC_NOT_TOLD);
	sqlite3_bind_int(st, 26, (f->sample_relayed ? TRAIT_RELAYED : 0) | (f->sample_starts ? TRAIT_STARTS : 0));
	bind_text(st, 27, f->sample_hops);
	return sql_run(s, st);
}

static void proof_note(struct store *s, const struct verification *v)
{
	struct taking *t = &s->taking;

	proof_of(s, v, &t->proof);
	t->has_proof = true;
	t->verified = v->at;
	t->carried = CARRIED_CHECKED | (v->verdicts->total ? CARRIED_SIGNED : 0);
}

static bool verification_take(struct store *s, const struct verification *v)
{
	struct taking *t = &s->taking;
	unsigned number = v->of == VERIFIED_SAMPLE ? (unsigned)t->result.failures : 0;
	bool kept;

	if (v->of == VERIFIED_SAMPLE && number == 0)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: a sample without its report", s->path);
	if (!verification_put(s, t->mail, number, v, &kept))
		return false;
	if (number == 0 && !kept)
		proof_note(s, v);
	return true;
}

static bool fact_take(struct store *s, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_BEGIN:
		return head_take(s, fact->begin.outcome, &fact->begin.head);
	case FACT_REPORT:
		return report_begin(s, &fact->report);
	case FACT_RECORD:
		return report_record(s, &fact->record);
	case FACT_REPORT_END:
		return report_end(s);
	case FACT_FAILURE:
		return failure_take(s, &fact->failure);
	case FACT_OCTETS:
		return kept_take(s, &fact->octets);
	case FACT_PROBLEM:
		return problem_take(s, &fact->problem);
	case FACT_VERIFICATION:
		return verification_take(s, &fact->verification);
	case FACT_END:
	case FACT_COUNT:
		break;
	}
	return true;
}

bool store_take(void *arg, const struct fact *fact)
{
	struct store *s = arg;

	if (!s->taking.open || s->failed)
		return s->failed ? false : fault_set(&s->fault, FAULT_BROKEN, "%s: a fact outside of a mail", s->path);
	if (!s->taking.known && s->taking.begun == (fact->kind == FACT_BEGIN))
		s->failed = !fault_set(&s->fault, FAULT_BROKEN, "%s: facts out of order", s->path);
	else if (s->taking.known || fact_take(s, fact))
		return true;
	s->failed = true;
	return false;
}

/* A mail that is read anew may have no octets left to verify, or no key to verify with: then its old verdict holds. */
static bool proof_settle(struct store *s)
{
	struct taking *t = &s->taking;
	struct verification v;
	int row = 0;

	if (t->again_mail) {
		sqlite3_stmt *st = sql_open(s, SQL_VERIFICATIONS_BEYOND);

		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, t->mail);
		bind_count(st, 2, t->result.failures);
		if (!sql_run(s, st))
			return false;
	}
	if (t->again_mail && !t->has_proof) {
		row = verification_get(s, t->mail, 0, &t->arena, &v);
		if (row == 1)
			proof_note(s, &v);
	}
	if (row < 0 || (t->result.failures && !sql_do_id(s, SQL_FAILURES_PASSED, t->mail)))
		return false;
	if (t->has_proof && proof_says_anything(&t->proof))
		return trust_settle(s, t->mail, &t->proof);
	t->report.arrived = t->has_proof ? t->verified : MOMENT_NONE;
	t->report.carried = t->carried;
	return report_write(s) && (!t->has_proof || t->result.reports < 2 || sql_do_id(s, SQL_REPORTS_CARRY, t->mail));
}

static bool mail_finish(struct store *s)
{
	struct taking *t = &s->taking;
	sqlite3_stmt *st;

	if (s->failed)
		return false;
	if (shortage())
		return fault_set(&s->fault, FAULT_LATER, "%s: %s", s->path, shortage());
	if (t->in_report)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: a mail ends within a report", s->path);
	if (t->known)
		return true;
	if (!t->begun)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: a mail without facts", s->path);
	if (t->result.outcome != OUTCOME_REPORT && t->problems) {
		st = sql_open(s, SQL_MAIL_REASON);
		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, t->mail);
		bind_text(st, 2, buf_span(&t->reason));
		if (!sql_run(s, st))
			return false;
	}
	/* What went wrong around a mail's only report is that report's problem. */
	if (t->problems && t->result.reports == 1) {
		st = sql_open(s, SQL_PROBLEMS_OF_ONE);
		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, t->mail);
		sqlite3_bind_int64(st, 2, t->last_report);
		if (!sql_run(s, st))
			return false;
	}
	return proof_settle(s) && rollup_settle(s);
}

bool store_mail_end(struct store *s, struct store_result *result, struct fault *fault)
{
	struct taking *t = &s->taking;
	bool admitted = true;

	if (!t->open)
		return fault_set(fault, FAULT_BROKEN, "%s: no mail to end", s->path);
	if (!mail_finish(s) || !(t->known || inflow_admit(s, &admitted)) ||
		(admitted && !sql_do(s, SQL_MARK_RELEASE))) {
		store_tell(s, false, fault);
		store_mail_abort(s);
		return false;
	}
	if (!admitted) {
		*result = (struct store_result){ .outcome = t->result.outcome, .refused = true };
		memcpy(result->sender, t->result.sender, sizeof result->sender);
		store_mail_abort(s);
		return true;
	}
	t->open = t->marked = false;
	s->room_short = room_is_short(s);
	s->pending_mails++;
	s->pending_reports += t->result.reports;
	s->pending_records += t->result.records;
	*result = t->result;
	return true;
}

void store_mail_abort(struct store *s)
{
	s->taking.open = s->taking.in_report = s->taking.waiting = false;
	mark_undo(s);
	s->taking.forgotten = 0;
}
