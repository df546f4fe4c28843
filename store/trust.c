/* How far a mail's own signatures vouch for the reports in it.
 *
 *   3  a signature aligned with the mail's From verifies, and its organisational domain is the one that the report names
 *      (its <email>, or the submitter in the mail's Subject; a failure report that names nobody speaks for the From)
 *   2  the same, but the report names somebody else, or nobody: a hosted reporter
 *   1  nothing to check, or nothing that holds
 *   0  a report that could only be recovered or has dates that cannot be (write.c), or a mail that failed DMARC at one's
 *      own border
 *
 * What one's own border found when the mail came in (store_believe) counts like what is found now: a signature that
 * passed there makes 3 or 2, SPF alone 2, because nothing binds the report to it. The key may be gone since.
 *
 * Not counted, because each leaves room for a stranger's report beside signed octets: keys under test (RFC 6376 3.6.1
 * t=y), bodies that go on behind l=, and of the broken signatures those whose undoing takes octets of the body away or
 * changes who wrote. Whoever has one report mail of a great receiver could append his own to it, and readers of archives
 * begin at the end. */
#include "store/store_private.h"

#include "parse/dns/orgdomain.h"

#define TRUST_REFUSED 0
#define TRUST_NOBODY 1
#define TRUST_FROM 2
#define TRUST_REPORTER 3

/* Edits that leave nothing in the mail that its signer did not put there. */
static bool edit_is_harmless(const struct dkim_step *step)
{
	switch (step->edit) {
	case DKIM_EDIT_SUBJECT_PREFIX:
	case DKIM_EDIT_SUBJECT_SUFFIX:
	case DKIM_EDIT_HEADER_REFOLDED:
	case DKIM_EDIT_HEADER_SPACING:
	case DKIM_EDIT_HEADER_ENCODED:
	case DKIM_EDIT_HEADER_DECODED:
	case DKIM_EDIT_HEADER_REENCODED:
	case DKIM_EDIT_HEADER_ORDER:
	case DKIM_EDIT_QUOTES_CHANGED:
	case DKIM_EDIT_ADDRESS_SPACING:
	case DKIM_EDIT_PARAMETER_CASE:
	case DKIM_EDIT_PARAMETER_QUOTES:
	case DKIM_EDIT_DATE_ZONE:
	case DKIM_EDIT_SIGNATURE_REFOLDED:
	case DKIM_EDIT_LINES_DOUBLED:
	case DKIM_EDIT_FROM_ESCAPED:
	case DKIM_EDIT_DOT_STUFFED:
	case DKIM_EDIT_DOT_UNSTUFFED:
	case DKIM_EDIT_LEADING_LOST:
	case DKIM_EDIT_LEADING_ADDED:
	case DKIM_EDIT_TRAILING_SPACE:
	case DKIM_EDIT_BODY_SPACE:
		return true;
	default:
		return false;
	}
}

static bool undone_harmlessly(const struct dkim_verdict *v)
{
	bool broken = v->reason == DKIM_REASON_BODY_HASH_MISMATCH || v->reason == DKIM_REASON_SIGNATURE_MISMATCH;
	const struct dkim_diagnosis *d = v->diagnosis;
	bool undone = broken && d && d->undone;

	for (size_t i = 0; undone && i < d->steps_n; i++)
		undone = edit_is_harmless(&d->steps[i]);
	return undone;
}

static bool subject_is_proven(const struct dkim_verdict *v)
{
	return !v->subject_unsigned && span_find_nocase(v->extra_instances, SPAN("subject")) < 0;
}

/* Does one's own border speak here? Names of servers are compared without case. */
static bool border_is_ours(const struct store *s, struct span authserv_id)
{
	struct span rest = span_of(s->borders ? s->borders : ""), one;

	while (span_take(&rest, ',', &one))
		if (authserv_id.n && span_is_nocase(one, authserv_id))
			return true;
	return false;
}

bool proof_says_anything(const struct proof *proof)
{
	return proof->signer[0] || proof->refused;
}

void proof_of(const struct store *s, const struct verification *verification, struct proof *proof)
{
	const struct dkim_verdicts *all = verification->verdicts;
	const struct authresults *border = &verification->border;
	bool believed = border_is_ours(s, border->authserv_id), passed = believed && border->dkim;

	*proof = (struct proof){ .refused = believed && border->refused };
	for (size_t i = 0; i < all->n; i++) {
		const struct dkim_verdict *v = &all->signatures[i];

		if (v->relaxed != DKIM_ALIGNED_YES || v->testing || v->unsigned_octets)
			continue;
		if (v->reason == DKIM_REASON_OK) {
			passed = true;
			proof->subject |= subject_is_proven(v);
		} else if (undone_harmlessly(v)) {
			proof->repaired = true;
		}
	}
	proof->repaired = proof->repaired && !passed;
	proof->sender_only = !passed && !proof->repaired && believed && border->spf;
	if (!proof->refused && (passed || proof->repaired || proof->sender_only))
		domain_alabels(orgdomain_of(all->from_domain), proof->signer);
}

struct span address_domain(struct span text)
{
	const char *at = text.p ? memrchr(text.p, '@', text.n) : NULL;
	struct span domain = SPAN_ABSENT;

	if (!at)
		return domain;
	domain.p = at + 1;
	while (domain.p + domain.n < text.p + text.n && !memchr(" \t>),;:\"", domain.p[domain.n], 8))
		domain.n++;
	return domain;
}

struct span reporter_of(struct span from)
{
	return orgdomain_of(address_domain(from));
}

static const struct span submitter_word = SPAN("submitter:");

/* `Report Domain: example.org Submitter: reporter.example Report-ID: <1>` (RFC 7489 7.2.1.1) */
static struct span submitter_of(struct span subject)
{
	long at = subject.p ? span_find_nocase(subject, submitter_word) : -1;
	struct span rest;
	size_t n = 0;

	if (at < 0)
		return SPAN_ABSENT;
	rest = span_trim((struct span){ subject.p + at + submitter_word.n, subject.n - (size_t)at - submitter_word.n });
	while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\t')
		n++;
	return (struct span){ rest.p, n };
}

struct span subject_submitter(struct span subject)
{
	struct span submitter = submitter_of(subject);
	const char *first = submitter.p ? subject.p + span_find_nocase(subject, submitter_word) : NULL;

	return first ? (struct span){ first, (size_t)(submitter.p + submitter.n - first) } : SPAN_ABSENT;
}

static bool names_signer(const struct proof *proof, struct span domain)
{
	return domain.n && domain_aligned(domain, span_of(proof->signer), false);
}

static int trust_of(const struct proof *proof, bool names_reporter)
{
	if (!proof->signer[0])
		return proof->refused ? TRUST_REFUSED : TRUST_NOBODY;
	return names_reporter && !proof->sender_only ? TRUST_REPORTER : TRUST_FROM;
}

static int trust_of_report(const struct proof *proof, struct span submitter, struct span email)
{
	return trust_of(proof, names_signer(proof, address_domain(email)) || names_signer(proof, submitter));
}

static int trust_of_mail(const struct proof *proof, struct span submitter)
{
	return trust_of(proof, !submitter.n || names_signer(proof, submitter));
}

static bool mail_trust_set(struct store *s, int64_t mail, const struct proof *proof, struct span submitter)
{
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_TRUST);
	int64_t signer = 0;

	if (!st || (proof->signer[0] && !intern_text(s, span_of(proof->signer), &signer)))
		return false;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int(st, 2, trust_of_mail(proof, submitter));
	bind_id(st, 3, signer);
	sqlite3_bind_int(st, 4, proof->repaired);
	return sql_run(s, st);
}

/* 1: *id and *email are the next report of the mail behind *id, 0: there is none, -1: s->fault. */
static int report_next(struct store *s, int64_t mail, int64_t *id, struct span *email)
{
	sqlite3_stmt *st = sql_open(s, SQL_REPORT_NEXT_OF_MAIL);
	bool failed = false;
	int row;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, mail);
	sqlite3_bind_int64(st, 2, *id);
	row = sql_row(s, st);
	if (row == 1) {
		*id = sqlite3_column_int64(st, 0);
		*email = text_of(s, sqlite3_column_int64(st, 1), &s->taking.arena, &failed);
	}
	sqlite3_reset(st);
	return failed ? -1 : row;
}

static struct span subject_of(struct store *s, int64_t mail)
{
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_SUBJECT);
	struct span subject = SPAN_ABSENT;

	if (!st)
		return subject;
	sqlite3_bind_int64(st, 1, mail);
	if (sql_row(s, st) == 1)
		subject = arena_copy(&s->taking.arena, column_text(st, 0));
	sqlite3_reset(st);
	return subject;
}

/* The report that waits is written with what the others only come to have. */
static bool waiting_settle(struct store *s, const struct proof *proof, struct span submitter)
{
	struct taking *t = &s->taking;
	struct report_row *row = &t->report;
	bool failed = false;
	struct span email = text_of(s, row->texts[REPORT_EMAIL], &t->arena, &failed);

	if (failed || (proof->signer[0] && !intern_text(s, span_of(proof->signer), &row->signer)))
		return false;
	if (!row->recovered && range_is_possible(row->begin, row->end))
		row->trust = trust_of_report(proof, submitter, email);
	row->arrived = t->verified;
	row->carried = t->carried | (proof->repaired ? CARRIED_REPAIRED : 0);
	return report_write(s);
}

bool trust_settle(struct store *s, int64_t mail, const struct proof *proof)
{
	bool waiting = s->taking.waiting;
	struct span submitter, email = SPAN_ABSENT;
	int64_t id = 0;
	int row;

	if (!waiting)
		arena_clear(&s->taking.arena);
	submitter = proof->subject ? submitter_of(subject_of(s, mail)) : SPAN_ABSENT;
	if (s->failed || !mail_trust_set(s, mail, proof, submitter))
		return false;
	while ((row = report_next(s, mail, &id, &email)) == 1)
		if (!identity_retrust(s, id, trust_of_report(proof, submitter, email)))
			return false;
	return row == 0 && (!waiting || waiting_settle(s, proof, submitter));
}
