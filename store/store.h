/* store: the facts of all mails in one SQLite file, and answers to questions about them. Contains all SQL. Prints nothing.
 *
 * One process writes at a time (store_lock). One mail is all or nothing; many mails make one commit:
 *
 *   store_mail_begin -> store_take (every fact) ... -> store_mail_end | store_mail_abort
 *   store_commit (durable: synchronous=FULL) whenever store_commit_due, and at the end
 *
 * Which of several reports with one identity counts is decided by trust, then messages, then the smallest hash, never by
 * arrival, and is settled again within the transaction that brings a new one. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/fault.h"
#include "ingest/mail.h"
#include "parse/feedback.h"
#include "store/answer.h"

struct store;

enum store_mode {
	STORE_READ,  /* an existing database; nothing is created */
	STORE_WRITE, /* created and migrated when needed; takes the writer's lock */
};

/* FAULT_SETUP: missing, not a database, newer schema, not writable. FAULT_LATER: another writer holds the lock for longer
 * than `wait_seconds`. The file is created with mode 0600. */
struct store *store_open(const char *path, enum store_mode mode, unsigned wait_seconds, struct fault *fault);
void store_close(struct store *store); /* rolls back what was not committed */

/* Is this input already stored? By its octets (sha256), or, without reading it, by name, size, time and inode of an
 * unchanged file seen before. */
bool store_knows_mail(struct store *store, const uint8_t sha256[DIGEST_OCTETS]);
bool store_knows_file(struct store *store, const struct mail *mail);
bool store_remember_file(struct store *store, const struct mail *mail, struct fault *fault);

/* What a mail brought, once it is in. */
struct store_result {
	enum outcome outcome;
	bool known;       /* the same octets were stored before: nothing was stored now */
	uint64_t reports; /* of these `duplicates` brought known content, `conflicts` other content for a known identity */
	uint64_t duplicates, conflicts, failures;
	uint64_t records; /* stored, so without those of duplicates */
};
bool store_mail_begin(struct store *store, const struct mail *mail, int64_t arrived, struct fault *fault);
bool store_take(void *store, const struct fact *fact); /* a fact_taker; its fault is in store_fault */
bool store_mail_end(struct store *store, struct store_result *result, struct fault *fault);
void store_mail_abort(struct store *store);
const struct fault *store_fault(const struct store *store);

bool store_commit_due(const struct store *store, int64_t elapsed_ms); /* about 1,000 reports, 20,000 records or 1 s */
bool store_commit(struct store *store, struct fault *fault);

/* Takes the feedback of a mail away (its reports, records, problems; not what is kept of it) so that it can be stored
 * again by store_mail_begin with the same mail: for reprocess. */
bool store_mail_forget(struct store *store, int64_t mail_id, struct fault *fault);

/* Removes everything that belongs to reports ending before `before`, and failure reports that arrived before it, in
 * small transactions. Counts what went. */
bool store_expire(struct store *store, int64_t before, struct expired *expired, struct fault *fault);

/* The archive of key records: every record ever seen for a name, with its dates. A name may have several. */
struct archived_key {
	struct span name;   /* `selector._domainkey.domain`, lower case */
	struct span record; /* the joined text; absent: the DNS said that there is none */
	int64_t first_seen, last_seen;
	int64_t fresh_until; /* last_seen plus the TTL, at most a day */
	bool secure;         /* DNSSEC when last seen */
};
typedef bool archived_key_taker(void *arg, const struct archived_key *key); /* last seen first, then by record */
bool store_ask_keys(struct store *store, struct span name, archived_key_taker *take, void *arg, struct fault *fault);
/* Within the writer's transaction. Names seen at the same moment with several records are several calls. */
bool store_learn_key(struct store *store, const struct archived_key *key, struct fault *fault);

/* Questions. Each calls `take` per row in the documented order; false from it stops. */
bool store_ask_domains(struct store *store, const struct window *window, domain_taker *take, void *arg, struct fault *);
bool store_ask_sources(struct store *store, const char *domain, const struct window *window, source_taker *take, void *arg,
	struct fault *);
bool store_ask_reporters(struct store *store, const char *domain, const struct window *window, reporter_taker *take,
	void *arg, struct fault *);
bool store_ask_reports(struct store *store, const struct report_filter *filter, stored_report_taker *take, void *arg,
	struct fault *);
/* The facts of the reports that match, as they were read: FACT_REPORT FACT_RECORD* FACT_REPORT_END, and FACT_FAILURE. */
bool store_ask_facts(struct store *store, const struct report_filter *filter, fact_taker *take, void *arg, struct fault *);
/* What is kept of mails, for reprocess: one call per mail with its kept parts inflated into an unlinked file. */
bool store_ask_kept(struct store *store, kept_taker *take, void *arg, struct fault *);
bool store_ask_totals(struct store *store, struct store_totals *totals, struct fault *);

/* `3.40.1` */
const char *store_library(void);

#endif
