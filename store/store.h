/* store: the facts of all mails in one SQLite file, and answers to questions about them.
 * Contains all SQL. Prints nothing.
 *
 * One process writes at a time: the writer's lock is on `PATH-lock`, beside SQLite's own `-wal` and `-shm`. Any number
 * may read meanwhile. One mail is all or nothing; many mails make one commit:
 *
 *   store_mail_begin -> store_take (every fact) ... -> store_mail_end | store_mail_abort
 *   store_commit (durable: synchronous=FULL) whenever store_commit_due, and at the end
 *
 * Which of several reports with one identity counts is decided by trust, then messages, then the smallest hash, never
 * by arrival, and is settled again within the transaction that brings a new one. Of several deliveries of one content
 * the one from the mail with the highest trust, then the smallest sha256, stands for it and the others are its
 * duplicates, so that the same mails in any order make the same answers. Nothing of a record is lost: texts come back
 * octet for octet. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/fault.h"
#include "ingest/mail.h"
#include "parse/feedback.h"
#include "store/answer.h"
#include "store/observed.h"

struct store;

enum store_mode {
	STORE_READ,  /* an existing database; nothing is created */
	STORE_WRITE, /* created and migrated when needed; takes the writer's lock */
};

/* FAULT_SETUP: missing, not a database or not ours, newer schema (or, for reading, older), not writable. FAULT_LATER:
 * another writer, named by its pid, holds the lock for longer than `wait_seconds`; for what other programs
 * lock it waits ten seconds at least. The file is created with mode 0600. */
struct store *store_open(const char *path, enum store_mode mode, unsigned wait_seconds, struct fault *fault);
void store_close(struct store *store); /* rolls back what was not committed */

/* From now on the Authentication-Results of these servers prove who sent a mail, or that it is forged (RFC 8601 2.5
 * authserv-id; several separated by commas, "" for none, which is how a store begins). FAULT_LATER: no memory. */
bool store_believe(struct store *store, const char *authserv_ids, struct fault *fault);

/* What an ingest may take; 0: whatever there is. */
struct store_limits {
	uint64_t most_octets;	 /* of the database's file */
	uint64_t free_octets;	 /* that stay on its disk */
	uint64_t sender_reports; /* and other mails, of one sender in a day */
};
/* From now on store_mail_begin ends with FAULT_LATER when there is no room, and store_mail_end takes no more of a
 * sender than that. Not for those who make room. */
bool store_limit(struct store *store, const struct store_limits *limits, struct fault *fault);

/* Is this input already stored? By its octets (sha256), or, without reading it, by name, size, time and inode of an
 * unchanged file seen before. */
bool store_knows_mail(struct store *store, const uint8_t sha256[DIGEST_OCTETS]);
bool store_knows_outcome(struct store *store, const uint8_t sha256[DIGEST_OCTETS], enum outcome *outcome);
bool store_knows_file(struct store *store, const struct mail *mail);
bool store_knows_files(struct store *store); /* any at all: else nobody need ask */
bool store_remember_file(struct store *store, const struct mail *mail, struct fault *fault);

/* What a mail brought, once it is in. */
#define SENDER_TEXT 320 /* octets of an organisational domain, and whether it is proven */
struct store_result {
	enum outcome outcome;
	bool known; /* the same octets were stored before: nothing was stored now */
	/* of `reports`, so many brought content that was there, or other content for an identity that was there */
	uint64_t reports, duplicates, conflicts, failures;
	uint64_t records; /* stored, so without those of duplicates */
	/* Its sender has brought store_limits.sender_reports today: nothing of the mail was stored. */
	bool refused;
	char sender[SENDER_TEXT];
};
/* `mail` need not live longer than the call. A mail whose sha256 is stored already may be fed all the same: its facts
 * are let pass and result->known says so. */
bool store_mail_begin(struct store *store, const struct mail *mail, int64_t arrived, struct fault *fault);
bool store_mail_is_known(const struct store *store); /* the one that was begun: it is stored already */
bool store_take(void *store, const struct fact *fact); /* a fact_taker; its fault is in store_fault */
bool store_mail_end(struct store *store, struct store_result *result, struct fault *fault); /* false: aborted */
void store_mail_abort(struct store *store); /* the mails before it stay */
const struct fault *store_fault(const struct store *store);

bool store_commit_due(const struct store *store, int64_t elapsed_ms); /* about 1,000 reports, 20,000 records or 1 s */
/* False: the mails since the last commit are not stored (FAULT_LATER: disk full or the like), nor is anything else through
 * this handle: who asks again is told the same, because a mailbox must not hear that they are. */
bool store_commit(struct store *store, struct fault *fault);
/* Between two batches: if another writer waits, lets it go first and waits until it has done. False: FAULT_LATER, the lock
 * did not come back; nothing more can be written. */
bool store_step_back(struct store *store, struct fault *fault);

/* Takes the feedback of a mail away (its reports, records, problems; not what is kept of it) so that it can be stored
 * again by store_mail_begin with the same mail: for reprocess. When that is the next thing done, both are one step, and
 * store_mail_abort undoes both. The mail keeps its name and time of arrival, and what its signatures and those of its
 * samples proved, where they cannot be verified anew. */
bool store_mail_forget(struct store *store, int64_t mail_id, struct fault *fault);

/* Removes everything that belongs to reports ending before `before`, or that arrived before it and say that they end later
 * than that or lie ahead of `now`, and failure reports and mails without any report that arrived before it, in small
 * transactions, between which a waiting writer is let through. Counts what went. What is kept of their mails goes, so that a
 * mail that brought others as well cannot be read anew. Of a mail that brought nothing else only its sha256 stays, and the
 * files it was known by: it may still lie in its folder, and must not be stored, counted and expired again at every run. */
bool store_expire(struct store *store, int64_t before, int64_t now, struct expired *expired, struct fault *fault);

/* Removes what is kept of mails with failure reports that arrived before `before`: samples are other people's mail. What
 * was read and proved stays, with the samples' hashes; such a mail cannot be read anew. Works like store_expire. */
bool store_expire_samples(struct store *store, int64_t before, uint64_t *mails, struct fault *fault);

/* The archive of key records: every record ever seen for a name, with its dates. A name may have several: the 64 that
 * were seen last are kept. */
struct archived_key {
	struct span name;   /* `selector._domainkey.domain`, at most DNS_NAME_MAX octets; told in lower case */
	struct span record; /* the joined text; absent: the DNS said that there is none */
	int64_t first_seen, last_seen;
	int64_t fresh_until; /* last_seen plus the TTL, at most a day */
	bool secure;         /* DNSSEC when last seen */
};
typedef bool archived_key_taker(void *arg, const struct archived_key *key); /* last seen first, then by record */
bool store_ask_keys(struct store *store, struct span name, archived_key_taker *take, void *arg, struct fault *fault);
/* Within the writer's transaction. Names seen at the same moment with several records are several calls. Of two sights of
 * one record the later tells fresh_until and secure. FAULT_INPUT: a name or a record longer than the DNS allows. */
bool store_learn_key(struct store *store, const struct archived_key *key, struct fault *fault);

/* What names were seen to publish, with dates: snapshots. A sight that says what the last one said prolongs that; another
 * begins a new state; the 64 newest states of a name and type are kept. Answers that did not come (SERVFAIL, time-out,
 * bogus) are let pass, and so are those above 256 kB and sights older than the last one. Within the writer's transaction.
 * FAULT_INPUT: no possible name. */
bool store_learn_dns(struct store *store, const struct dns_answer *answer, int64_t seen, struct fault *fault);
bool store_ask_dns(struct store *store, struct span name, enum dns_type type, snapshot_taker *take, void *arg,
	struct fault *fault); /* newest first */
/* The domain and all names below it, every state or the newest alone: by name read from the right, type, first_seen. */
bool store_ask_dns_below(struct store *store, struct span domain, bool newest, snapshot_taker *take, void *arg,
	struct fault *fault);

/* The last snapshot in the place of the DNS, and for a key the archive of key records where that is newer:
 * `struct dns dns = { store_dns_ask, &from }`. A name never seen is DNS_UNASKED. */
struct store_dns {
	struct store *store;
	int64_t oldest, newest;  /* last_seen of what was answered; look at them only when `answers` is not 0 */
	size_t answers, unknown; /* unknown: questions to which nothing was stored */
	bool failed;             /* the store could not be read; its answer was DNS_SERVFAIL */
};
dns_asker store_dns_ask;

/* Host names of addresses. Within the writer's transaction; the last word counts. */
bool store_learn_host(struct store *store, const struct host_row *row, struct fault *fault);
/* Addresses in reports of the window that were not looked up since `since`, or, where nobody answered, since `retry`, and
 * those that seem to have been looked up after its last day. */
bool store_ask_unnamed(struct store *store, const struct window *window, int64_t since, int64_t retry,
	address_taker *take, void *arg, struct fault *fault);

/* Keeps a verdict in the place of an earlier one of that domain, question and day. Within the writer's transaction. */
bool store_put_verdict(struct store *store, const struct stored_verdict *verdict, struct fault *fault);
/* The newest verdict to that question from before that day, in `arena`; *found is false when there is none. */
bool store_ask_verdict(struct store *store, const char *domain, int asked, int64_t before, struct arena *arena,
	struct stored_verdict *verdict, bool *found, struct fault *fault);

/* Questions. Each calls `take` per row in the documented order; false from it stops. Within `take` no other function of
 * the same store may be called, except from store_ask_authors, and from store_ask_kept, whose taker may write. A domain is
 * matched as a whole and without case; one that is not known has no rows. A NULL filter matches everything. */
bool store_ask_domains(struct store *store, const struct window *window, domain_taker *take, void *arg, struct fault *);
/* Of more than 400,000 sources those of a network are taken together, and what is no address is one; beyond eight times as
 * many different results of sources the domains that passed are those of the first ones. */
bool store_ask_sources(struct store *store, const char *domain, const struct window *window, source_taker *take,
	void *arg, struct fault *);
/* Who passed SPF for `domain` in reports about the policy domain `policy`, aligned or not; bounded in the same way. */
bool store_ask_spf_passes(struct store *store, const char *policy, struct span domain, const struct window *window,
	spf_pass_taker *take, void *arg, struct fault *);
bool store_ask_reporters(struct store *store, const char *domain, const struct window *window, reporter_taker *take,
	void *arg, struct fault *);
bool store_ask_authors(struct store *store, const char *domain, const struct window *window, author_taker *take,
	void *arg, struct fault *);
bool store_ask_problems(struct store *store, const char *domain, const struct window *window, problem_taker *take,
	void *arg, struct fault *);
bool store_ask_reports(
	struct store *store, const struct report_filter *filter, stored_report_taker *take, void *arg, struct fault *);
/* The facts of the reports that match, as they were read: FACT_REPORT FACT_RECORD* FACT_REPORT_END, in the order of
 * store_ask_reports, then FACT_FAILURE by arrival, each with the
 * FACT_VERIFICATION of its sample. A duplicate brings its own head and the records it shares, so
 * whoever adds up asks for `!duplicate !conflict`. For failure reports a reporter is the mail's From. */
bool store_ask_facts(
	struct store *store, const struct report_filter *filter, fact_taker *take, void *arg, struct fault *);
/* Everything that was reported about one policy domain in the window, duplicates and conflicts too, in `arena`, which must
 * outlive it. The work is one step a record and the rest by distinct things; of more than 400,000 sources those of a network
 * are taken together (observed.network_v4). FAULT_SETUP: the arena is too small. */
bool store_ask_observed(struct store *store, const char *domain, const struct window *window, struct arena *arena,
	struct observed *observed, struct fault *fault);
/* Failure reports whose day is in the window, and their samples. A NULL domain: all. */
bool store_ask_samples(struct store *store, const char *domain, const struct window *window, sample_taker *take,
	void *arg, struct fault *fault);
/* One of them by its id, with or without `sample:`, or any beginning of it that no other has: its row, FACT_FAILURE, and
 * FACT_VERIFICATION when there is one. Either taker may be NULL. FAULT_INPUT: no id, none such, or several. */
bool store_ask_sample(struct store *store, const char *id, sample_taker *take_row, fact_taker *take, void *arg,
	struct fault *fault);
/* *fd: the sample as it came, in an unlinked file that the caller closes; -1: it is not kept, or not any more. */
bool store_sample_octets(struct store *store, const char *id, int *fd, struct fault *fault);
/* FACT_VERIFICATION of the mail itself; nothing when it was not verified. */
bool store_ask_verification(struct store *store, int64_t mail_id, fact_taker *take, void *arg, struct fault *fault);

/* Mails arrived at or after `since` of which, or of a sample in which, a signature waits for its key (temperror) and which
 * are kept whole: first the one whose last look was longest ago, so that keys which never answer hold nobody back; at most
 * 10,000. The taker may write, and usually verifies them and calls: */
bool store_ask_unsettled(struct store *store, int64_t since, kept_taker *take, void *arg, struct fault *fault);
/* Of those that arrived before `before` and still wait, nothing is kept for that any more. Within the writer's transaction. */
bool store_forget_waiting(struct store *store, int64_t before, struct fault *fault);
/* Replaces the verification of a mail (number 0) or of its n-th failure report (number n, from 1), and settles trust and
 * what follows from it. One that lacks no key is not replaced by one that does. Within the writer's transaction. */
bool store_verify_again(struct store *store, int64_t mail_id, unsigned number, const struct verification *verification,
	struct fault *fault);

/* Keys that results of aggregate reports of the window name, of the policy domain or below it, on which the archive has no
 * fresh word at `now`; only those that concern a domain, unless it is absent. Reports say anything: ask the DNS only for
 * domains of one's own, and for a bounded number. */
bool store_ask_selectors(struct store *store, struct span domain, const struct window *window, int64_t now,
	selector_taker *take, void *arg, struct fault *fault);
/* Signatures by the domain or below it that were checked here, summed by key: those of report mails and of samples. */
bool store_ask_checked_selectors(struct store *store, struct span domain, checked_selector_taker *take, void *arg,
	struct fault *fault);
/* Mails of ours. `take` is called once or not at all: with the one of this id to these recipients, or with the newest of a
 * thread that is about days before `day` and arrived. */
bool store_ask_sending(struct store *store, struct span message_id, struct span recipients, sending_taker *take,
	void *arg, struct fault *fault);
bool store_ask_sending_before(struct store *store, struct span thread, struct span recipients, int64_t day,
	sending_taker *take, void *arg, struct fault *fault);
/* Within the writer's transaction; to be committed before the mail leaves. A second one of the same id to the same
 * recipients takes the place of the first. `drop` is for a mail that certainly did not leave: the alerts it was to tell
 * are untold again. */
bool store_sending_begin(struct store *store, const struct sending *sending, struct fault *fault);
bool store_sending_end(struct store *store, const struct sending *sending, int64_t done, struct fault *fault);
bool store_sending_drop(struct store *store, const struct sending *sending, struct fault *fault);
/* Which alerts people know of: `alert` is its kind, subject and key as one text. One that was last open before `since` is
 * closed, and new when it opens again. `between` tells, by alert, of those last open at `from` or after and before `to`. */
bool store_ask_told(struct store *store, struct span domain, struct span alert, int64_t since, bool *told,
	struct fault *fault);
bool store_ask_told_between(struct store *store, struct span domain, int64_t from, int64_t to, told_taker *take, void *arg,
	struct fault *fault);
bool store_told(struct store *store, struct span domain, struct span alert, int64_t since, int64_t now,
	const struct sending *by, struct fault *fault);
bool store_told_still(struct store *store, struct span domain, struct span alert, int64_t now, struct fault *fault);
/* All that were open at `since` or after still are, for all one knows: nothing was reported about the domain. */
bool store_told_keep(struct store *store, struct span domain, int64_t since, int64_t now, struct fault *fault);
bool store_told_forget(struct store *store, int64_t before, struct fault *fault);

/* What is kept of mails, for reprocess: one call per mail with its kept parts inflated into an unlinked file. */
bool store_ask_kept(struct store *store, kept_taker *take, void *arg, struct fault *);
bool store_ask_empty(struct store *store, bool *empty, struct fault *); /* no report and no failure report at all */
bool store_ask_totals(struct store *store, struct store_totals *totals, struct fault *);

/* `3.40.1` */
const char *store_library(void);

#endif
