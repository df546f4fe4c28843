#include "store/care.h"
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Ids of interned texts and lists carry no REFERENCES: SQLite would look every one of them up again at each record,
 * which costs a third of an ingest, and they come from a look-up within the same transaction anyway. Rows of str,
 * words, reasonset, authset and mail are never deleted. */
static const char schema_1[] =
	"CREATE TABLE str(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;\n"
	/* lists of numbers and str.id, as list_put_number writes them: disposition, dkim and spf as sent; override
	 * reasons; DKIM results and SPF results */
	"CREATE TABLE words(id INTEGER PRIMARY KEY, list BLOB NOT NULL UNIQUE) STRICT;\n"
	"CREATE TABLE reasonset(id INTEGER PRIMARY KEY, list BLOB NOT NULL UNIQUE) STRICT;\n"
	"CREATE TABLE authset(id INTEGER PRIMARY KEY, list BLOB NOT NULL UNIQUE) STRICT;\n"

	/* folder: the input's name up to its last slash, which many have in common */
	"CREATE TABLE mail(id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE,\n"
	" folder INTEGER, name TEXT NOT NULL, octets INTEGER NOT NULL, arrived INTEGER NOT NULL,\n"
	" state INTEGER NOT NULL, outcome INTEGER NOT NULL, reason TEXT,\n"
	" sender INTEGER, subject TEXT, message_id TEXT, date INTEGER,\n"
	" trust INTEGER NOT NULL, signer INTEGER, repaired INTEGER NOT NULL) STRICT;\n"
	"CREATE INDEX mail_outcome ON mail(outcome) WHERE outcome<>1;\n" /* 1: OUTCOME_REPORT */
	"CREATE INDEX mail_state ON mail(state) WHERE state<>0;\n"
	/* key: the start of a hash over name, size, time and inode */
	"CREATE TABLE file(key BLOB PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail)\n"
	" STRICT, WITHOUT ROWID;\n"
	/* id: the mail's in the upper bits, so that what is kept of a mail is a range */
	"CREATE TABLE kept(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, part INTEGER NOT NULL,\n"
	" chunk INTEGER NOT NULL, packed INTEGER NOT NULL, octets INTEGER NOT NULL, data BLOB NOT NULL) STRICT;\n"

	"CREATE TABLE report(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,\n"
	" identity BLOB NOT NULL, content BLOB NOT NULL,\n"
	" state INTEGER NOT NULL, trust INTEGER NOT NULL, recovered INTEGER NOT NULL,\n"
	" reporter INTEGER NOT NULL, domain INTEGER NOT NULL, day INTEGER NOT NULL,\n"
	" range_begin INTEGER, range_end INTEGER, report_id TEXT, errors BLOB,\n"
	" org_name INTEGER, org_email INTEGER, org_extra_contact_info INTEGER,\n"
	" generator INTEGER, version INTEGER, namespace INTEGER,\n"
	" p INTEGER, sp INTEGER, np INTEGER, adkim INTEGER, aspf INTEGER, pct INTEGER, fo INTEGER,\n"
	" testing INTEGER, discovery_method INTEGER,\n"
	" first_record INTEGER NOT NULL, records INTEGER NOT NULL, uncounted INTEGER NOT NULL,\n"
	" messages INTEGER NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, both INTEGER NOT NULL,\n"
	" none INTEGER NOT NULL, quarantine INTEGER NOT NULL, reject INTEGER NOT NULL,\n"
	" other INTEGER NOT NULL, spared INTEGER NOT NULL) STRICT;\n"
	"CREATE INDEX report_mail ON report(mail);\n"
	"CREATE INDEX report_day ON report(domain, day, state, reporter);\n"
	/* one report of an identity counts; each other content is there once; deliveries of the same again */
	"CREATE UNIQUE INDEX report_counts ON report(identity) WHERE state=0;\n"
	"CREATE UNIQUE INDEX report_conflict ON report(identity, content) WHERE state=2;\n"
	"CREATE INDEX report_duplicate ON report(identity, content) WHERE state=1;\n"
	/* ids of a report's records are a range that the report knows */
	"CREATE TABLE record(id INTEGER PRIMARY KEY, source ANY, messages INTEGER NOT NULL,\n"
	" flags INTEGER NOT NULL, words INTEGER NOT NULL, auth INTEGER, reasons INTEGER,\n"
	" header_from INTEGER, envelope_from INTEGER, envelope_to INTEGER) STRICT;\n"

	/* dmarc_passed: whether the mail did, 2 when its receiver says that it did not */
	"CREATE TABLE failure(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,\n"
	" day INTEGER NOT NULL, domain INTEGER NOT NULL, fields BLOB NOT NULL,\n"
	" feedback_type TEXT, source ANY, arrival_date TEXT, auth_failure TEXT, delivery_result TEXT,\n"
	" identity_alignment TEXT, arrived INTEGER, incidents INTEGER NOT NULL,\n"
	" plain_text INTEGER NOT NULL, dmarc INTEGER NOT NULL, identity_rule INTEGER NOT NULL,\n"
	" has_sample INTEGER NOT NULL, headers_only INTEGER NOT NULL, sample_octets INTEGER NOT NULL,\n"
	" sample_sha256 BLOB NOT NULL, sample_subject TEXT, sample_from TEXT,\n"
	" number INTEGER NOT NULL, name BLOB NOT NULL UNIQUE, dmarc_passed INTEGER NOT NULL) STRICT;\n"
	"CREATE INDEX failure_mail ON failure(mail);\n"
	"CREATE INDEX failure_day ON failure(domain, day, dmarc, dmarc_passed);\n"

	/* number: 0 is the mail itself, n its n-th failure report, so that a verdict outlives its mail being read anew */
	"CREATE TABLE verification(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,\n"
	" number INTEGER NOT NULL, at INTEGER, result INTEGER NOT NULL, aligned INTEGER NOT NULL,\n"
	" unsettled INTEGER NOT NULL, total INTEGER NOT NULL, from_domain INTEGER, rest BLOB NOT NULL,\n"
	" UNIQUE(mail, number)) STRICT;\n"
	"CREATE INDEX verification_unsettled ON verification(mail) WHERE unsettled=1;\n"
	"CREATE TABLE signature(verification INTEGER NOT NULL REFERENCES verification ON DELETE CASCADE,\n"
	" number INTEGER NOT NULL, domain INTEGER, d INTEGER, selector INTEGER, reason INTEGER NOT NULL,\n"
	" historic INTEGER NOT NULL, body_hash INTEGER NOT NULL, header_hash INTEGER NOT NULL,\n"
	" key_bits INTEGER NOT NULL, flags INTEGER NOT NULL, strict INTEGER NOT NULL, relaxed INTEGER NOT NULL,\n"
	" t INTEGER, x INTEGER, undone INTEGER, sentence TEXT, diagnosis BLOB, rest BLOB NOT NULL,\n"
	" PRIMARY KEY(verification, number)) STRICT, WITHOUT ROWID;\n"

	/* every key record ever seen; absent: the DNS said that there is none, and record is empty */
	"CREATE TABLE keyrecord(id INTEGER PRIMARY KEY, name TEXT NOT NULL, record BLOB NOT NULL,\n"
	" absent INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,\n"
	" fresh_until INTEGER NOT NULL, secure INTEGER NOT NULL, UNIQUE(name, record, absent)) STRICT;\n"

	"CREATE TABLE problem(id INTEGER PRIMARY KEY, mail INTEGER NOT NULL REFERENCES mail,\n"
	" report INTEGER REFERENCES report DEFERRABLE INITIALLY DEFERRED, place TEXT, what TEXT) STRICT;\n"
	"CREATE INDEX problem_mail ON problem(mail);\n"
	"CREATE INDEX problem_report ON problem(report) WHERE report IS NOT NULL;\n"

	/* sums over the reports that count */
	"CREATE TABLE rollup(domain INTEGER NOT NULL, day INTEGER NOT NULL,\n"
	" reports INTEGER NOT NULL, records INTEGER NOT NULL, first_begin INTEGER, last_end INTEGER,\n"
	" messages INTEGER NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, both INTEGER NOT NULL,\n"
	" none INTEGER NOT NULL, quarantine INTEGER NOT NULL, reject INTEGER NOT NULL,\n"
	" other INTEGER NOT NULL, spared INTEGER NOT NULL, PRIMARY KEY(domain, day)) STRICT, WITHOUT ROWID;\n";

/* What names were seen to publish; place: the name with its labels reversed; answer: as snapshot.c writes it. */
static const char schema_2[] =
	"CREATE TABLE snapshot(id INTEGER PRIMARY KEY, place TEXT NOT NULL, type INTEGER NOT NULL,\n"
	" answer BLOB NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,\n"
	" ttl INTEGER NOT NULL, security INTEGER NOT NULL) STRICT;\n"
	"CREATE INDEX snapshot_place ON snapshot(place, type, last_seen);\n"
	"CREATE INDEX snapshot_seen ON snapshot(last_seen);\n";

/* What is remembered of mailboxes (store/journal.h). Most folders have few places: what was read in order needs none. */
static const char schema_3[] =
	"CREATE TABLE mailfolder(id INTEGER PRIMARY KEY, mailbox TEXT NOT NULL, name TEXT NOT NULL,\n"
	" uidvalidity INTEGER NOT NULL, highest INTEGER NOT NULL, since INTEGER, UNIQUE(mailbox, name)) STRICT;\n"
	"CREATE TABLE place(id INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES mailfolder,\n"
	" uid INTEGER NOT NULL, name TEXT NOT NULL, state INTEGER NOT NULL, UNIQUE(folder, uid, name)) STRICT;\n"
	"CREATE INDEX place_open ON place(folder, uid) WHERE state<>0;\n"; /* 0: PLACE_KNOWN */

/* state: enum host_state. */
static const char schema_hosts[] =
	"CREATE TABLE host(address BLOB PRIMARY KEY, state INTEGER NOT NULL, name TEXT, seen INTEGER NOT NULL)\n"
	" STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX host_seen ON host(seen);\n";

static const char schema_verdicts[] =
	"CREATE TABLE verdict(id INTEGER PRIMARY KEY, domain INTEGER NOT NULL, asked INTEGER NOT NULL,\n"
	" day INTEGER NOT NULL, target INTEGER NOT NULL, word INTEGER NOT NULL, own_upper REAL NOT NULL,\n"
	" own INTEGER NOT NULL, own_fails INTEGER NOT NULL, forwarded INTEGER NOT NULL,\n"
	" forwarded_fails INTEGER NOT NULL, undecided INTEGER NOT NULL, forged INTEGER NOT NULL,\n"
	" UNIQUE(domain, asked, day)) STRICT;\n"
	"CREATE INDEX verdict_day ON verdict(day);\n"
	"CREATE TABLE verdict_item(verdict INTEGER NOT NULL REFERENCES verdict ON DELETE CASCADE,\n"
	" kind INTEGER NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,\n"
	" PRIMARY KEY(verdict, kind, subject)) STRICT, WITHOUT ROWID;\n";

/* Mails of ours: a row before each leaves; and what they told. */
static const char schema_sendings[] =
	"CREATE TABLE sending(message_id TEXT NOT NULL, recipients TEXT NOT NULL, thread TEXT NOT NULL,\n"
	" day INTEGER NOT NULL, begun INTEGER NOT NULL, done INTEGER, state BLOB NOT NULL,\n"
	" PRIMARY KEY(message_id, recipients)) STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX sending_thread ON sending(thread, recipients, day);\n"
	"CREATE TABLE told(domain TEXT NOT NULL, alert TEXT NOT NULL, last_open INTEGER NOT NULL,\n"
	" message_id TEXT NOT NULL, recipients TEXT NOT NULL, PRIMARY KEY(domain, alert)) STRICT, WITHOUT ROWID;\n";

/* When every folder of a mailbox was last looked through. */
static const char schema_polls[] =
	"CREATE TABLE poll(mailbox TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;\n";

/* What one sender brought in a day. */
static const char schema_inflow[] =
	"CREATE TABLE inflow(day INTEGER NOT NULL, sender TEXT NOT NULL, reports INTEGER NOT NULL,\n"
	" PRIMARY KEY(day, sender)) STRICT, WITHOUT ROWID;\n";

/* Places of identities by their first day: hashes alone lie anywhere, and a day's reports then change as many pages as
 * there are of them. */
static const char schema_identities[] =
	"DROP INDEX report_counts; DROP INDEX report_conflict; DROP INDEX report_duplicate;\n"
	"CREATE UNIQUE INDEX report_counts ON report(coalesce(range_begin, 0), identity) WHERE state=0;\n"
	"CREATE UNIQUE INDEX report_conflict ON report(coalesce(range_begin, 0), identity, content) WHERE state=2;\n"
	"CREATE INDEX report_duplicate ON report(coalesce(range_begin, 0), identity, content) WHERE state=1;\n";

/* Records, many in a row: data is as records.c writes it, id the first one's. */
static const char schema_records[] =
	"CREATE TABLE records(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL) STRICT;\n";

/* What a verdict reads of a report and of the mail that brought it, in one range of an index by domain and day: four pages
 * that lie anywhere were a third of a verdict. carried: CARRIED_ bits of store_private.h. OR FAIL: or else SQLite keeps copies of
 * all reports, to take the statement alone back. */
static const char schema_carried[] =
	"ALTER TABLE report ADD COLUMN taken INTEGER;\n"   /* mail.arrived */
	"ALTER TABLE report ADD COLUMN arrived INTEGER;\n" /* verification.at */
	"ALTER TABLE report ADD COLUMN signer INTEGER;\n"  /* mail.signer */
	"ALTER TABLE report ADD COLUMN carried INTEGER NOT NULL DEFAULT 0;\n"
	"DROP INDEX report_day;\n"
	"UPDATE OR FAIL report SET (taken,arrived,signer,carried)=(SELECT m.arrived,v.at,m.signer,"
	"m.repaired+CASE WHEN v.total IS NULL THEN 0 WHEN v.total=0 THEN 2 ELSE 6 END"
	" FROM mail m LEFT JOIN verification v ON v.mail=m.id AND v.number=0 WHERE m.id=report.mail);\n"
	"CREATE INDEX report_day ON report(domain, day, state, reporter, trust, recovered, range_begin, range_end, report_id,\n"
	" content, org_name, org_email, p, sp, np, adkim, aspf, pct, testing, first_record, records, messages, taken, arrived,\n"
	" signer, carried);\n";

static bool records_pack(struct store *s);

/* A change of the schema is a new row here, a new text in tests/schema/, and nothing in the rows above it. */
const struct schema_step schema_steps[] = {
	{ .sql = schema_1 },
	{ .sql = schema_2 },
	{ .sql = schema_3 },
	{ .sql = schema_hosts },
	{ .sql = schema_verdicts },
	{ .sql = "ALTER TABLE failure ADD COLUMN traits INTEGER NOT NULL DEFAULT 0" }, /* TRAIT_ bits of store_private.h */
	{ .sql = schema_sendings },
	{ .sql = schema_polls },
	{ .sql = schema_inflow },
	{ .sql = "ALTER TABLE failure ADD COLUMN hops TEXT" }, /* sample_hops of parse/feedback.h */
	{ .sql = schema_identities },
	{ .sql = schema_records, .convert = records_pack },
	{ .sql = schema_carried },
};
const int schema_version = (int)(sizeof schema_steps / sizeof *schema_steps);

static bool pragma_get(struct store *s, const char *sql, int64_t *value)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*value = sqlite3_column_int64(st, 0);
	else
		store_fail(s, rc, sql);
	/* Such as a copy on a disk that can only be read: readers of a database in WAL mode keep an index of its log. */
	if (s->mode == STORE_READ && ((rc & 0xff) == SQLITE_READONLY || (rc & 0xff) == SQLITE_CANTOPEN))
		fault_set(&s->fault, FAULT_SETUP,
			"%s: who reads it must be able to write %s-shm beside it; copy it to where that is so", s->path, s->path);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW;
}

static bool exec(struct store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || store_fail(s, rc, "schema");
}

static sqlite3_stmt *prepare(struct store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		store_fail(s, rc, sql);
	return st;
}

static bool record_pack(struct store *s, sqlite3_stmt *st)
{
	struct packed_record packed = { .messages = column_count(st, 1) };
	struct record_shape shape = { sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), sqlite3_column_int64(st, 4),
		sqlite3_column_int64(st, 5), sqlite3_column_int64(st, 6), sqlite3_column_int64(st, 7),
		sqlite3_column_int64(st, 8) };

	packed.has_address = sqlite3_column_type(st, 0) == SQLITE_BLOB;
	if (packed.has_address)
		column_octets(st, 0, packed.address.octets, sizeof packed.address.octets);
	else
		packed.source = column_text(st, 0);
	return records_put(s, &shape, &packed);
}

static bool range_pack(struct store *s, sqlite3_stmt *record, int64_t first, int64_t n)
{
	int row;

	sqlite3_reset(record);
	sqlite3_bind_int64(record, 1, first);
	sqlite3_bind_int64(record, 2, first + n - 1);
	s->next_record = first;
	if (!records_begin(s))
		return false;
	while ((row = sql_row(s, record)) == 1)
		if (!record_pack(s, record))
			return false;
	return row == 0 && records_flush(s);
}

/* Deliveries of one content share their records. What no report knows is left behind. */
static bool records_pack(struct store *s)
{
	sqlite3_stmt *range = prepare(s,
		"SELECT first_record,max(records) FROM report WHERE records>0 GROUP BY first_record ORDER BY first_record");
	sqlite3_stmt *record = prepare(s,
		"SELECT source,messages,flags,words,auth,reasons,header_from,envelope_from,envelope_to"
		" FROM record WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
	bool ok = range && record;
	int row = 0;

	while (ok && (row = sql_row(s, range)) == 1)
		ok = range_pack(s, record, sqlite3_column_int64(range, 0), sqlite3_column_int64(range, 1));
	sqlite3_finalize(range);
	sqlite3_finalize(record);
	sql_finish(s);
	return ok && row == 0 && exec(s, "DROP TABLE record");
}

/* No row may point nowhere after a step; asked before its commit. */
static bool references_hold(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA foreign_key_check", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_DONE)
		store_fail(s, rc == SQLITE_ROW ? SQLITE_CORRUPT : rc, "a row refers to one that is not there");
	sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}

static bool step_run(struct store *s, const struct schema_step *step)
{
	return exec(s, step->sql) && (!step->convert || step->convert(s));
}

/* In one transaction: a new database is one commit, and one that a step fails on is what it was. */
static bool steps_run(struct store *s, const struct schema_step *steps, int64_t have, int version)
{
	char numbers[96];
	bool ok = exec(s, "BEGIN IMMEDIATE");

	for (; ok && have < version; have++)
		ok = step_run(s, &steps[have]);
	snprintf(numbers, sizeof numbers, "PRAGMA application_id=%d; PRAGMA user_version=%d", STORE_APPLICATION_ID,
		version);
	if (ok && exec(s, numbers) && references_hold(s) && exec(s, "COMMIT"))
		return true;
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

/* What a newer program has rewritten the older one cannot read any more. An empty database needs no copy. */
static bool schema_keep(struct store *s, int64_t have, struct fault *fault)
{
	char *to;
	bool good;

	if (asprintf(&to, "%s" STORE_KEPT_SCHEMA "%" PRId64, s->path, have) < 0)
		return fault_set(fault, FAULT_LATER, "%s: out of memory", s->path);
	good = backup_write(s->db, to, true, fault);
	free(to);
	return good;
}

bool schema_check(struct store *s, const struct schema_step *steps, int version, struct fault *fault)
{
	int64_t application, have, objects;

	if (!pragma_get(s, "PRAGMA application_id", &application) || !pragma_get(s, "PRAGMA user_version", &have) ||
		!pragma_get(s, "SELECT count(*) FROM sqlite_schema", &objects))
		return store_tell(s, false, fault);
	if (application != STORE_APPLICATION_ID && (application != 0 || have != 0 || objects != 0))
		return fault_set(fault, FAULT_SETUP, "%s: a database, but not one of dmarcgate", s->path);
	if (have > version)
		return fault_set(fault, FAULT_SETUP,
			"%s: written by a newer dmarcgate (schema %" PRId64 ", this one knows %d)", s->path, have,
			version);
	if (application == 0 && s->mode == STORE_READ)
		return fault_set(fault, FAULT_SETUP, "%s: empty; the next ingest makes a database of it", s->path);
	if (have < version && s->mode == STORE_READ)
		return fault_set(fault, FAULT_SETUP,
			"%s: schema %" PRId64 " is older than %d; the next ingest brings it up to date", s->path, have,
			version);
	/* WAL before the first page of a new file, and pages of 4 kB, because a mail changes some 20 of them, which are copied; only
	 * after we know that the file is ours. Steps may rebuild tables that others refer to, so foreign keys are off until all are
	 * done. */
	if (s->mode == STORE_WRITE && !exec(s, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA foreign_keys=OFF"))
		return store_tell(s, false, fault);
	if (have > 0 && have < version && !schema_keep(s, have, fault))
		return false;
	if (have < version && !steps_run(s, steps, have, version))
		return store_tell(s, false, fault);
	return true;
}
