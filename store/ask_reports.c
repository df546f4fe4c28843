/* The list of reports that match, and the ids behind it. */
#include "store/store_private.h"

/* What a condition means for a report, a failure report and a mail that gave neither. `?` is its value. */
#define NAMED "(SELECT id FROM str WHERE text=?)"
#define NAMED_IN_PART "(SELECT id FROM str WHERE instr(lower(text),?))"
static const char *const condition_sql[][SUBJECT_COUNT] = {
	[CONDITION_DOMAIN] = { "r.domain IN" NAMED, "f.domain IN" NAMED, "0 AND ?" },
	[CONDITION_REPORTER] = { "r.reporter IN" NAMED_IN_PART, "coalesce(m.sender,0) IN" NAMED_IN_PART,
		"coalesce(m.sender,0) IN" NAMED_IN_PART },
	[CONDITION_SINCE] = { "coalesce(r.range_end,r.range_begin,m.arrived)>=?", "coalesce(f.arrived,m.arrived)>=?",
		"m.arrived>=?" },
	[CONDITION_UNTIL] = { "coalesce(r.range_begin,r.range_end,m.arrived)<?", "coalesce(f.arrived,m.arrived)<?",
		"m.arrived<?" },
	[CONDITION_BROKEN] = { "0", "0", "1" },
	[CONDITION_DUPLICATE] = { "r.state=1", "0", "0" },
	[CONDITION_CONFLICT] = { "r.state=2", "0", "0" },
	[CONDITION_REPORT] = { "? IN(r.report_id,CAST(r.id AS TEXT))", "0 AND ?", "0 AND ?" },
};
#define CONDITIONS (sizeof condition_sql / sizeof *condition_sql)

/* Which condition takes a text, which a moment; the others take nothing. */
static bool condition_has_text(enum condition_kind what)
{
	return what == CONDITION_DOMAIN || what == CONDITION_REPORTER || what == CONDITION_REPORT;
}

static bool condition_has_moment(enum condition_kind what)
{
	return what == CONDITION_SINCE || what == CONDITION_UNTIL;
}

/* Orders end in what was sent, never in what came first, so that two databases with the same mails list the same. */
static const struct {
	const char *select, *order;
} subjects[SUBJECT_COUNT] = {
	[SUBJECT_REPORT] = { "SELECT r.id FROM report r CROSS JOIN mail m ON m.id=r.mail WHERE r.state<3",
		" ORDER BY r.range_begin,(SELECT text FROM str WHERE id=r.org_name),"
		"(SELECT text FROM str WHERE id=r.domain),"
		"r.report_id,r.range_end,r.content,m.sha256,r.id" },
	[SUBJECT_FAILURE] = { "SELECT f.id FROM failure f CROSS JOIN mail m ON m.id=f.mail WHERE 1",
		" ORDER BY f.arrived,m.sha256,f.id" },
	[SUBJECT_BROKEN] = { "SELECT m.id FROM mail m WHERE m.outcome<>1 AND m.outcome=3 AND m.state<2",
		" ORDER BY (SELECT text FROM str WHERE id=m.folder),m.name,m.sha256" },
};
_Static_assert(REPORT_EXPIRING == 3 && OUTCOME_REPORT == 1 && OUTCOME_BROKEN == 3 && MAIL_EXPIRED == 2,
	"numbers written in statements");

static bool filter_sql(enum subject subject, const struct report_filter *filter, struct buf *sql)
{
	buf_clear(sql);
	buf_put_text(sql, subjects[subject].select);
	for (size_t i = 0; filter && i < filter->n; i++) {
		const struct condition *c = &filter->conditions[i];

		buf_put_text(sql, c->not ? " AND NOT(" : " AND (");
		buf_put_text(sql, condition_sql[c->what][subject]);
		buf_put_text(sql, ")");
	}
	buf_put_text(sql, subjects[subject].order);
	return !sql->failed;
}

sqlite3_stmt *filter_open(struct store *s, enum subject subject, const struct report_filter *filter)
{
	sqlite3_stmt *st;
	int at = 1;

	for (size_t i = 0; filter && i < filter->n; i++)
		if ((unsigned)filter->conditions[i].what >= CONDITIONS) {
			fault_set(&s->fault, FAULT_BROKEN, "%s: no such condition", s->path);
			return NULL;
		}
	if (!filter_sql(subject, filter, &s->list)) {
		store_fail_memory(s);
		return NULL;
	}
	st = sql_prepare(s, buf_text(&s->list), 0);
	for (size_t i = 0; st && filter && i < filter->n; i++) {
		const struct condition *c = &filter->conditions[i];

		if (condition_has_text(c->what)) {
			struct span text = span_of(c->text ? c->text : "");
			struct span folded = c->what == CONDITION_DOMAIN   ? fold_domain(&s->text, text)
					     : c->what == CONDITION_REPORT ? text
									   : fold_case(&s->text, text);

			sqlite3_bind_text64(st, at++, folded.p, folded.n, SQLITE_TRANSIENT, SQLITE_UTF8);
		} else if (condition_has_moment(c->what)) {
			sqlite3_bind_int64(st, at++, c->moment);
		}
	}
	return st;
}

static bool mail_describe(struct store *s, int64_t id, struct stored_report *row)
{
	struct mail_row mail;

	if (!mail_get(s, id, &mail, &s->arena))
		return false;
	row->mail_id = id;
	row->mail = mail.name;
	row->arrived = mail.arrived;
	row->reason = mail.reason;
	row->signer = mail.signer;
	row->repaired = mail.repaired;
	row->signatures = mail.signatures;
	return true;
}

static bool report_describe(struct store *s, int64_t id, struct stored_report *row)
{
	sqlite3_stmt *problems = sql_open(s, SQL_PROBLEMS_COUNT);
	struct report_row report;
	bool failed = false;

	if (!problems || !report_get(s, id, &report, &s->arena) || !mail_describe(s, report.mail, row))
		return false;
	row->id = id;
	row->reason = SPAN_ABSENT;
	row->org_name = text_of(s, report.texts[0], &s->arena, &failed);
	row->domain = text_of(s, report.domain, &s->arena, &failed);
	row->report_id = report.report_id;
	row->begin = report.begin;
	row->end = report.end;
	row->records = report.records;
	row->messages = report.counts.messages;
	row->state = (enum report_state)report.state;
	row->recovered = report.recovered;
	row->trust = report.trust;
	sqlite3_bind_int64(problems, 1, id);
	if (sql_row(s, problems) != 1)
		return false;
	row->problems = column_count(problems, 0);
	sqlite3_reset(problems);
	return !failed;
}

/* 1: all handed out, 0: the taker stopped, -1: s->fault. */
static int subject_hand_out(
	struct store *s, enum subject subject, const struct report_filter *filter, stored_report_taker *take, void *arg)
{
	sqlite3_stmt *st = filter_open(s, subject, filter);
	int result = st ? 1 : -1, more;

	while (result == 1 && (more = sql_row(s, st)) != 0) {
		struct stored_report row = {
			.begin = MOMENT_NONE, .end = MOMENT_NONE, .broken = subject == SUBJECT_BROKEN
		};
		int64_t id = sqlite3_column_int64(st, 0);

		arena_clear(&s->arena);
		if (more < 0 || !(row.broken ? mail_describe(s, id, &row) : report_describe(s, id, &row)))
			result = -1;
		else if (!s->arena.failed)
			result = take(arg, &row);
		else
			result = store_fail_memory(s) ? 1 : -1;
	}
	sqlite3_finalize(st);
	return result;
}

bool store_ask_reports(
	struct store *s, const struct report_filter *filter, stored_report_taker *take, void *arg, struct fault *fault)
{
	bool own, ok = ask_begin(s, &own);
	int result = ok ? subject_hand_out(s, SUBJECT_REPORT, filter, take, arg) : -1;

	if (result == 1)
		result = subject_hand_out(s, SUBJECT_BROKEN, filter, take, arg);
	return store_tell(s, ask_end(s, own, result >= 0), fault);
}
