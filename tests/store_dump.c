/* The logical content of a database as text: two databases that hold the same say the same, whatever the order in which
 * their mails came. Times of arrival are left out. */

#include "tests/store_facts.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

struct dumping {
	FILE *out;
	char **lines; /* owned; to be sorted before they are printed */
	size_t n, room;
};

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void line_add(struct dumping *d, char *line)
{
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 64;
		d->lines = realloc(d->lines, d->room * sizeof *d->lines);
	}
	d->lines[d->n++] = line;
}

static void lines_flush(struct dumping *d)
{
	if (d->n)
		qsort(d->lines, d->n, sizeof *d->lines, line_order);
	for (size_t i = 0; i < d->n; i++) {
		fputs(d->lines[i], d->out);
		free(d->lines[i]);
	}
	d->n = 0;
}

/* Deliveries of one content may differ in the order of their records. */
static bool fact_dump(void *arg, const struct fact *fact)
{
	struct dumping *d = arg;
	char *line = NULL;
	size_t n = 0;
	FILE *out;

	if (fact->kind != FACT_RECORD) {
		lines_flush(d);
		fact_print(d->out, fact);
		return true;
	}
	out = open_memstream(&line, &n);
	fact_print(out, fact);
	fclose(out);
	line_add(d, line);
	return true;
}

static bool report_dump(void *arg, const struct stored_report *row)
{
	FILE *out = ((struct dumping *)arg)->out;

	fprintf(out, "stored %s", row->broken ? "broken" : report_state_word(row->state));
	text_print(out, "mail", row->mail);
	text_print(out, "org_name", row->org_name);
	text_print(out, "domain", row->domain);
	text_print(out, "report_id", row->report_id);
	text_print(out, "reason", row->reason);
	fprintf(out,
		" begin=%" PRId64 " end=%" PRId64 " records=%" PRIu64 " messages=%" PRIu64 " problems=%" PRIu64 " %d\n",
		row->begin, row->end, row->records, row->messages, row->problems, row->recovered);
	return true;
}

static bool kept_dump(void *arg, const struct kept_mail *mail)
{
	struct digest *digest = digest_new();
	uint8_t octets[4096], hash[DIGEST_OCTETS];
	char *line = NULL, hex[DIGEST_HEX];
	uint64_t at = 0;
	ssize_t n;
	FILE *text;
	size_t size;

	while ((n = pread(mail->fd, octets, sizeof octets, (off_t)at)) > 0) {
		digest_add(digest, octets, (size_t)n);
		at += (uint64_t)n;
	}
	digest_finish(digest, hash);
	digest_free(digest);
	text = open_memstream(&line, &size);
	digest_hex(mail->sha256, hex);
	fprintf(text, "kept %s", hex);
	for (size_t i = 0; i < mail->n; i++)
		fprintf(text, " %d:%" PRIu64 "+%" PRIu64, mail->parts[i].kind, mail->parts[i].offset,
			mail->parts[i].length);
	digest_hex(hash, hex);
	fprintf(text, " %s\n", hex);
	fclose(text);
	line_add(arg, line);
	return true;
}

static const char mails_sql[] =
	"SELECT 'mail', hex(sha256), (SELECT text FROM str WHERE id=folder), name, octets, state, outcome, reason,"
	" (SELECT text FROM str WHERE id=sender), subject, message_id, date, trust,"
	" (SELECT text FROM str WHERE id=signer), repaired FROM mail ORDER BY sha256";
static const char problems_sql[] =
	"SELECT 'problem', hex(m.sha256), r.report_id, hex(r.content), place, what FROM problem p"
	" JOIN mail m ON m.id=p.mail LEFT JOIN report r ON r.id=p.report ORDER BY 2,3,4,5,6";
static const char rollup_sql[] =
	"SELECT 'rollup', (SELECT text FROM str WHERE id=domain), day, reports, records, first_begin, last_end, messages,"
	" dkim, spf, both, none, quarantine, reject, other, spared FROM rollup ORDER BY 2,3";
static const char files_sql[] = "SELECT 'file', hex(f.key), hex(m.sha256) FROM file f JOIN mail m ON m.id=f.mail"
				" ORDER BY 2";
static const char samples_sql[] =
	"SELECT 'sample', hex(m.sha256), k.part, k.chunk, k.octets FROM kept k JOIN mail m ON m.id=k.id/1048576"
	" WHERE k.kind=3 ORDER BY 2,3,4";
/* two numbers that differ are a leak */
static const char records_sql[] = "SELECT 'records', coalesce(sum(n),0), (SELECT sum(records) FROM report WHERE state<>1)"
				  " FROM records";
static const char verifications_sql[] =
	"SELECT 'verification', hex(m.sha256), v.number, v.at, v.result, v.aligned, v.unsettled, v.total,"
	" s.number, s.reason, s.flags, s.sentence, hex(s.diagnosis)"
	" FROM verification v JOIN mail m ON m.id=v.mail LEFT JOIN signature s ON s.verification=v.id ORDER BY 2,3,10";
static const char failures_sql[] =
	"SELECT 'failure', hex(m.sha256), f.number, hex(f.name), f.dmarc_passed FROM failure f"
	" JOIN mail m ON m.id=f.mail ORDER BY 2,3";
static const char trusts_sql[] =
	"SELECT 'trust', hex(m.sha256), r.report_id, hex(r.content), r.state, r.trust FROM report r"
	" JOIN mail m ON m.id=r.mail ORDER BY 2,3,4";
static const char keys_sql[] =
	"SELECT 'key', name, hex(record), absent, first_seen, last_seen, fresh_until, secure FROM keyrecord ORDER BY 2,3,4";
static const char snapshots_sql[] =
	"SELECT 'snapshot', place, type, hex(answer), first_seen, last_seen, ttl, security FROM snapshot ORDER BY 2,3,5,4";
static const char *const tables[] = { mails_sql, problems_sql, rollup_sql, files_sql, samples_sql, records_sql,
	verifications_sql, failures_sql, trusts_sql, keys_sql, snapshots_sql };

static bool table_dump(sqlite3 *db, const char *sql, FILE *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *text = (const char *)sqlite3_column_text(st, i);

			fprintf(out, "%s%s", i ? "|" : "", text ? text : "NULL");
		}
		fputc('\n', out);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_OK;
}

/* What the lists of verifications say; those of samples are told with their failure reports. */
static bool verifications_dump(struct store *store, sqlite3 *db, struct dumping *d, struct fault *fault)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT id FROM mail ORDER BY sha256", -1, &st, NULL);
	bool ok = rc == SQLITE_OK;

	while (ok && sqlite3_step(st) == SQLITE_ROW)
		ok = store_ask_verification(store, sqlite3_column_int64(st, 0), fact_dump, d, fault);
	sqlite3_finalize(st);
	return ok;
}

bool store_dump(const char *path, FILE *out)
{
	struct dumping d = { .out = out };
	struct fault fault = { 0 };
	struct store *store = store_open(path, STORE_READ, 0, &fault);
	sqlite3 *db = NULL;
	bool ok = store && store_ask_reports(store, NULL, report_dump, &d, &fault) &&
		  store_ask_facts(store, NULL, fact_dump, &d, &fault);

	lines_flush(&d);
	ok = ok && store_ask_kept(store, kept_dump, &d, &fault);
	lines_flush(&d);
	ok = ok && sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	     verifications_dump(store, db, &d, &fault);
	lines_flush(&d);
	store_close(store);
	for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++)
		ok = table_dump(db, tables[i], out);
	sqlite3_close(db);
	free(d.lines);
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, fault.text);
	return ok;
}

char *store_dump_text(const char *path)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	bool ok = store_dump(path, out);

	fclose(out);
	if (!ok) {
		free(text);
		return NULL;
	}
	return text;
}
