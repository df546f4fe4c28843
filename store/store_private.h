/* What the files of store/ share. Nobody else includes this, except tests. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/deflate.h"
#include "base/sum.h"
#include "parse/dns/orgdomain.h"
#include "store/lock.h"
#include "store/sql.h"
#include "store/store.h"

#include <sqlite3.h>

/* --- the shape of rows --- */

#define IDENTITY_OCTETS 16
#define FAILURE_NAME 16 /* octets of a failure report's name */
#define ID_MOST (INT64_C(1) << 60) /* of a report or record: nobody ever counted up to it */
#define CLOCK_SET INT64_C(1767225600) /* 2026-01-01; a clock that tells an earlier time has not been set */

/* mail.state */
enum mail_state {
	MAIL_STORED,
	MAIL_FORGOTTEN, /* its feedback was taken away; what is kept of it is there */
	MAIL_EXPIRED,   /* nothing but its hash is left, so that it is not counted again when it is still lying about */
};

/* failure.dmarc_passed */
enum { DMARC_NOT_TOLD, DMARC_PASSED, DMARC_FAILED };

/* report.state continues enum report_state of store/answer.h */
enum { REPORT_EXPIRING = REPORT_STATE_COUNT }; /* withdrawn: without a place, still with its records */

/* report.carried: of the mail that brought it */
enum {
	CARRIED_REPAIRED = 1 << 0, /* mail.repaired */
	CARRIED_CHECKED = 1 << 1,  /* it has a verification */
	CARRIED_SIGNED = 1 << 2,   /* with signatures */
};

/* record_shape.flags */
enum {
	FLAG_DISPOSED = 7, /* enum disposition */
	FLAG_DKIM = 1 << 3,
	FLAG_SPF = 1 << 4,
	FLAG_ALIGNED_SHIFT = 5, /* four ALIGNED_* bits */
	FLAG_SPARED = 1 << 9,
};
_Static_assert(DISPOSITION_COUNT <= FLAG_DISPOSED + 1, "a disposition fits its bits");

/* failure.traits */
enum { TRAIT_RELAYED = 1 << 0, TRAIT_STARTS = 1 << 1 };

/* The texts of a report's head that are kept as ids, in the order of REPORT_COLUMNS. */
enum { REPORT_EMAIL = 1, REPORT_TEXTS = 15 };

struct report_row {
	int64_t id, mail;
	uint8_t identity[IDENTITY_OCTETS], content[DIGEST_OCTETS];
	int state, trust;
	bool recovered;
	int64_t reporter, domain; /* str.id, 0 for absent */
	int64_t day, begin, end;
	struct span report_id, errors; /* errors: a list with its texts in it */
	int64_t texts[REPORT_TEXTS];
	int64_t first_record; /* all deliveries of one content share its records */
	uint64_t records, uncounted;
	struct counts counts;
	int64_t arrived, signer; /* what it repeats of its mail, as far as that is known when it is written */
	int carried;		 /* CARRIED_ */
};

struct rollup_row {
	int64_t domain, day;
	uint64_t reports, records;
	int64_t begin, end; /* MOMENT_NONE when no report names one */
	struct counts counts;
};

/* One of several reports with one identity. */
struct rival {
	int64_t id, domain, day, first_record;
	int state, trust;
	uint64_t messages;
	uint8_t content[DIGEST_OCTETS], mail_sha256[DIGEST_OCTETS];
};

struct cell {
	int64_t domain, day;
};

/* --- interning --- */

enum intern_kind { INTERN_STR, INTERN_WORDS, INTERN_REASONS, INTERN_AUTH, INTERN_COUNT };

struct cache_slot {
	char *octets; /* owned */
	size_t n, room;
	uint64_t hash;
	int64_t id; /* 0: empty */
};

/* A direct-mapped cache: as many slots as it has, and no more, whatever comes. */
struct cache {
	struct cache_slot *slots; /* owned */
	size_t count;             /* a power of two */
};

/* A list of numbers and texts being written to `out`: texts as ids of `str` (what the database holds), or with `store`
 * NULL as they are (what a cache compares, and what is not worth interning). */
struct list {
	struct store *store;
	struct buf *out;
	bool failed;
};
struct list_reader {
	struct span rest;
	struct store *store; /* NULL: texts are in the list */
	struct arena *arena;
	bool failed;
};

/* --- the handle --- */

/* What a mail's own signatures prove. */
struct proof {
	char signer[DOMAINNAME_TEXT]; /* organisational domain; empty: nothing is proven */
	bool sender_only;             /* by SPF at one's own border: no signature covers the report */
	bool refused;                 /* one's own border says that it is forged */
	bool repaired;                /* only once harmless changes were undone */
	bool subject;                 /* so is the Subject */
};

/* The mail in hand. */
struct taking {
	bool marked;       /* the savepoint is set */
	bool open;         /* between store_mail_begin and its end */
	bool begun;        /* its row is written */
	bool known;        /* stored before: its facts are let pass */
	bool has_kept;     /* what is kept of it is there already */
	bool in_report, again; /* a report is open; its content is stored already */
	bool waiting;          /* the last report is whole, and written when it is known who signed the mail */
	bool alone;            /* nothing with the open report's identity is stored */
	bool packed_already;   /* the kept part in hand is compressed as it came */
	int64_t forgotten; /* the mail whose feedback was just taken away, 0: none */
	int64_t mail;
	int64_t arrived;
	uint8_t sha256[DIGEST_OCTETS];
	struct report_row report;
	uint64_t records_said, messages_said; /* by the head of the open report */
	uint64_t records_seen;
	int64_t kept_next, last_report;
	uint64_t problems;
	bool again_mail;       /* its row was there: it is read anew */
	bool has_proof;
	int64_t verified;      /* when the mail was */
	int carried;           /* CARRIED_ bits of that */
	char sender[DOMAINNAME_TEXT]; /* organisational domain of the From field */
	struct proof proof;
	struct buf reason;     /* the first problem */
	struct buf name;
	uint64_t octets;
	struct arena arena;    /* of the open report's head */
	struct store_result result;
};

/* What a sender has brought in a day: as the database has it, and since. */
struct inflow {
	char sender[SENDER_TEXT];
	int64_t day;
	uint64_t before, news;
};
#define INFLOWS 64 /* remembered of a batch; what is beyond is written at once */

struct packing; /* records.c: the run of records being written */

/* What a record says besides its source and count: flags, and ids of interned things, 0 for absent. */
struct record_shape {
	int64_t flags, words, auth, reasons, header_from, envelope_from, envelope_to;
};

struct store {
	sqlite3 *db; /* owned */
	char *path;  /* owned */
	enum store_mode mode;
	struct store_limits limits;
	char *borders; /* owned; NULL: none */
	struct lock lock;
	sqlite3_stmt *statements[SQL_COUNT]; /* owned; prepared when first used */
	struct fault fault;                  /* the last one */
	bool failed;                         /* a write failed: the mail in hand must be aborted */
	bool room_short;		     /* every mail is to be committed */
	bool writing;                        /* between BEGIN IMMEDIATE and COMMIT */
	bool lost;                           /* a batch was taken back: from then on nothing is written */
	bool looking;                        /* between BEGIN and COMMIT: many are looked up, with one lock for all */
	uint64_t pending_mails, pending_reports, pending_records, pending_octets;
	uint64_t looked_octets; /* pending_octets when the disk was last looked at */
	struct cache interned[INTERN_COUNT], texts; /* texts: from id to text */
	struct buf sent, list, text;                /* scratch */
	struct arena arena;                         /* of the answer handed out */
	struct digest *digest;                      /* owned */
	struct deflate *deflate;                    /* owned */
	int64_t next_record, next_report;
	struct packing *packing;  /* owned; NULL until a report is stored */
	struct record_shape *shapes; /* owned; of the run being read */
	size_t shapes_room;
	size_t sources_most; /* that a question tells apart */
	struct cell *dirty; /* owned: rollup rows to be summed again before the mail ends */
	size_t dirty_n, dirty_room;
	struct inflow inflows[INFLOWS]; /* of the batch, to be written with its commit */
	size_t inflows_n;
	struct taking taking;
};

/* --- sql.c: statements --- */

enum fault_kind store_fault_kind(int rc); /* of a result code of SQLite */
/* What SQLite says, and the system where it was the system that refused: a full disk is no broken one. */
#define STORE_REASON 300
const char *store_reason(sqlite3 *db, int rc, char reason[STORE_REASON]);
bool store_fail(struct store *s, int rc, const char *what); /* turns what SQLite says into s->fault; false */
bool store_fail_memory(struct store *s);
bool store_tell(struct store *s, bool ok, struct fault *fault); /* hands s->fault out */
sqlite3_stmt *sql_open(struct store *s, enum sql which);        /* reset, ready to bind; NULL: s->fault */
/* For texts that are put together, of which filter_open has the only ones (tests/rooms.t). */
sqlite3_stmt *sql_prepare(struct store *s, const char *text, unsigned flags);
int sql_row(struct store *s, sqlite3_stmt *st);                 /* 1: a row; 0: no more, reset; -1: s->fault, reset */
bool sql_run(struct store *s, sqlite3_stmt *st);                /* no row is wanted */
bool sql_do(struct store *s, enum sql which);                   /* no parameters */
bool sql_do_id(struct store *s, enum sql which, int64_t id);
void sql_finish(struct store *s);

void bind_id(sqlite3_stmt *st, int at, int64_t id);         /* 0: NULL */
void bind_moment(sqlite3_stmt *st, int at, int64_t moment); /* MOMENT_NONE: NULL */
void bind_count(sqlite3_stmt *st, int at, uint64_t count);
void bind_text(sqlite3_stmt *st, int at, struct span text); /* absent: NULL; not copied */
void bind_blob(sqlite3_stmt *st, int at, struct span blob);
int bind_counts(sqlite3_stmt *st, int at, const struct counts *counts); /* the number behind them */
/* An address in its usual text as 16 octets, everything else as the text that was sent. */
void bind_source(sqlite3_stmt *st, int at, struct span text, bool has_address, const struct address *address);
bool source_is_usual(struct span text, const struct address *address); /* just what address_format gives */
int64_t column_moment(sqlite3_stmt *st, int at);
uint64_t column_count(sqlite3_stmt *st, int at);
struct span column_text(sqlite3_stmt *st, int at); /* lives until the statement moves */
void column_octets(sqlite3_stmt *st, int at, uint8_t *octets, size_t n); /* zeroes where it is shorter */
void column_counts(sqlite3_stmt *st, int at, struct counts *counts);
/* The address that bind_source wrote, either way; false: it was none. */
bool column_address(sqlite3_stmt *st, int at, struct address *address);
/* The counterpart of bind_source. */
bool column_source(sqlite3_stmt *st, int at, struct arena *arena, struct span *text, struct address *address);

/* --- intern.c --- */

bool intern_init(struct store *s);
void intern_clear(struct store *s); /* after a rollback ids may come to mean something else */
void intern_release(struct store *s);
bool intern_text(struct store *s, struct span text, int64_t *id); /* absent: 0 */
typedef void list_writer(struct list *list, const struct record *record);
bool intern_list(struct store *s, enum intern_kind kind, list_writer *write, const struct record *record, int64_t *id);
/* The text of an id in `arena`; absent for 0. *failed is set when there is no such id. */
struct span text_of(struct store *s, int64_t id, struct arena *arena, bool *failed);
/* A number as octets: seven bits each, the lowest first; all but the last have the eighth. */
void number_put(struct buf *out, uint64_t number);
static inline bool number_get(struct span *from, uint64_t *number) /* false: there is none, or it has no end */
{
	*number = 0;
	for (unsigned shift = 0; from->n && shift < 64; shift += 7) {
		uint8_t octet = (uint8_t)*from->p++;

		from->n--;
		*number |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			return true;
	}
	return false;
}
void list_put_number(struct list *list, uint64_t number);
void list_put_text(struct list *list, struct span text);
/* Room for as many as the list says come next, each of at least one octet. */
void *list_room(struct list_reader *reader, size_t one, size_t *n);
uint64_t list_take_number(struct list_reader *reader);
struct span list_take_text(struct list_reader *reader);
bool list_get(struct store *s, enum sql which, int64_t id, struct arena *arena, struct list_reader *reader);

/* --- write.c: reports and records --- */

bool report_begin(struct store *s, const struct report *report);
bool report_record(struct store *s, const struct record *record);
bool report_end(struct store *s);
bool report_write(struct store *s); /* the one that waits, if any */
void counts_add_record(struct counts *counts, uint64_t messages, unsigned flags);
void counts_add(struct counts *sum, const struct counts *more);
extern const size_t report_texts[REPORT_TEXTS]; /* offsets into struct report */
struct span fold_case(struct buf *out, struct span text); /* ASCII; absent stays absent */
struct span fold_domain(struct buf *out, struct span text); /* a domain as a person wrote it, as it is stored */

/* --- identity.c: which report counts; rollup --- */

bool identity_compute(struct store *s, const struct report *report, uint8_t identity[IDENTITY_OCTETS]);
/* Sets `again` and `alone` of the mail in hand; a row whose content is stored already gets its records and sums. */
bool identity_recognise(struct store *s, struct report_row *row);
bool identity_add(struct store *s, struct report_row *row);
/* The report has no place any more; another may get it. *last: no other delivery needs its records. */
bool identity_withdraw(struct store *s, const struct report_row *row, bool *last);
bool rollup_settle(struct store *s); /* sums the dirty cells again */
bool report_get(struct store *s, int64_t id, struct report_row *row, struct arena *arena);

/* Takes what the report's mail says by now and the new trust, unless it was only recovered, and settles what follows. */
bool identity_retrust(struct store *s, int64_t report, int trust);

/* --- verification.c, trust.c --- */

/* Of a mail: number 0; of its n-th failure report's sample: n. A verification that lacks no key is not replaced by one
 * that does; then *kept. */
bool verification_put(struct store *s, int64_t mail, unsigned number, const struct verification *v, bool *kept);
int verification_get(struct store *s, int64_t mail, unsigned number, struct arena *arena, struct verification *v); /* as sql_row */

void proof_of(const struct store *s, const struct verification *verification, struct proof *proof);
bool proof_says_anything(const struct proof *proof);
bool trust_settle(struct store *s, int64_t mail, const struct proof *proof); /* of the mail and its reports */
/* What is stored of a mail's subject: `Submitter: reporter.example`; absent when it names none. */
struct span subject_submitter(struct span subject);
struct span address_domain(struct span text); /* of the last address in a text */
struct span reporter_of(struct span from); /* organisational domain of a From field's address */

/* --- kept.c, mail.c, store.c --- */

struct mail_row {
	int64_t id, arrived;
	uint8_t sha256[DIGEST_OCTETS];
	uint64_t octets;
	struct span name, reason;
	struct span signer, sender;
	uint64_t signatures;
	int trust;
	bool repaired;
};
bool mail_get(struct store *s, int64_t id, struct mail_row *row, struct arena *arena);

bool failure_hand_out(struct store *s, int64_t failure, fact_taker *take, void *arg);
/* Hands one mail out as store_ask_kept says. 1: go on; 0: the taker stopped; -1: s->fault. */
int kept_hand_out(struct store *s, int64_t mail, kept_taker *take, void *arg);
/* *fd: the sample with this hash in an unlinked file; -1: it is not kept. */
bool kept_sample(struct store *s, int64_t mail, const uint8_t sha256[DIGEST_OCTETS], int *fd);
bool kept_take(struct store *s, const struct octets *octets);
int64_t kept_first_id(int64_t mail);
int64_t kept_last_id(int64_t mail);
bool mark_set(struct store *s); /* the savepoint behind which a mail changes, within a transaction */
void mark_undo(struct store *s);
bool store_write_begin(struct store *s); /* a transaction is open afterwards */
bool store_look_begin(struct store *s); /* until store_write_begin, unless it was called before */
bool store_load_ids(struct store *s);
bool ask_begin(struct store *s, bool *own); /* one consistent view for all statements of a question */
bool ask_end(struct store *s, bool own, bool ok);

/* --- ask.c, ask_reports.c --- */

bool domain_find(struct store *s, const char *domain, int64_t *id); /* 0: nothing is known of it */
/* The smallest id above `domain` that `which` knows; INT64_MAX when there is none. */
bool domain_next(struct store *s, enum sql which, int64_t domain, int64_t *next);
enum subject { SUBJECT_REPORT, SUBJECT_FAILURE, SUBJECT_BROKEN, SUBJECT_COUNT };
/* The ids of what matches, in the documented order, with its parameters bound; finalized by the caller. */
sqlite3_stmt *filter_open(struct store *s, enum subject subject, const struct report_filter *filter);

/* --- table.c --- */

struct slot {
	uint64_t hash;
	uint32_t at_and_one; /* 0: empty */
};
struct table {
	struct slot *slots; /* owned; open addressing, at most half full */
	size_t n, room;
};
typedef bool is_same(const void *of, uint32_t at, const void *key); /* is it `key` that lies at that place? */
/* The place of `key`: 1, or 0 when it is new and got the place `next`; -1: s->fault. */
int table_place(struct store *s, const void *of, struct table *t, uint64_t hash, is_same *same, const void *key, size_t next,
	uint32_t *place);
/* What of an address tells sources apart: all of it, or, when a domain would have more than a store's sources_most, its
 * network: what is known of a source takes a kilobyte, and whoever may report can name any number of them. */
#define GRAINS 4
extern const struct grain {
	unsigned v4, v6; /* bits */
} grains[GRAINS];
struct address network_of(const struct address *address, unsigned grain);
/* Room in *items for one more of `size` octets behind `n`, a power of two at a time. */
bool table_room(struct store *s, void *items, size_t n, size_t size);
uint64_t octets_scatter(const void *octets, size_t n);
/* For what will be looked for soon: asks for its slot; then which place it seems to have, if any, to ask for that. */
static inline void table_prefetch(const struct table *t, uint64_t hash)
{
	if (t->room)
		__builtin_prefetch(&t->slots[hash & (t->room - 1)]);
}
static inline bool table_peek(const struct table *t, uint64_t hash, uint32_t *place)
{
	const struct slot *slot = t->room ? &t->slots[hash & (t->room - 1)] : NULL;

	*place = slot ? slot->at_and_one - 1 : 0;
	return slot && slot->at_and_one;
}
bool table_find(const void *of, const struct table *t, uint64_t hash, is_same *same, const void *key, uint32_t *place);

/* --- records.c: the records of reports, many in one row --- */

struct packed_record {
	uint32_t shape; /* in the shapes of its run */
	uint64_t messages;
	bool has_address; /* as text it was what address_format gives */
	struct address address;
	struct span source; /* else what was sent; absent when nothing was */
};

/* Writing: what is put lies in next_record and the following ids once it is flushed, which the last one must be. */
bool records_begin(struct store *s); /* drops what was put and not flushed */
bool records_put(struct store *s, const struct record_shape *shape, const struct packed_record *record);
bool records_flush(struct store *s);
void packing_free(struct packing *packing);

/* Reading a range of ids. One at a time of a store. Spans live until the next call. */
struct records {
	struct store *store;
	sqlite3_stmt *st;
	int64_t first; /* id of the first record of the run in hand */
	struct span rest;
	uint64_t left;
	const struct record_shape *shapes;
	size_t shapes_n;
	bool begins; /* the record just read is the first of its run */
	bool damaged;
};
bool records_open(struct store *s, int64_t first, uint64_t n, struct records *r);
int records_next(struct records *r, struct packed_record *record); /* 1: a record; 0: no more; -1: s->fault */
void records_close(struct records *r);
bool packed_address(const struct packed_record *record, struct address *address); /* false: it is none */

struct walked_report {
	int64_t reporter, day;
	int trust;
};
typedef bool record_taker(void *arg, const struct walked_report *report, const struct record_shape *shape,
	const struct packed_record *record); /* false: s->fault */
/* All records of the reports that count about a domain in the window. */
bool records_walk(struct store *s, int64_t domain, const struct window *window, record_taker *take, void *arg);

/* The same, summed by set of results or by author domain. */
struct id_sum {
	int64_t id;
	uint64_t records, messages; /* messages of one record: at most 2^32 */
	int64_t last_day;
	int trust; /* the highest of the reports */
};
struct id_sums {
	struct id_sum *all; /* owned by the caller; by id, n of them */
	size_t n;
};
bool records_sum(struct store *s, int64_t domain, const struct window *window, bool by_author, struct id_sums *sums);

/* --- hosts.c --- */

/* HOST_UNKNOWN and no date for an address that nobody looked up. */
bool host_get(struct store *s, const struct address *address, struct arena *arena, struct host_row *row);
void host_read(sqlite3_stmt *st, struct arena *arena, struct host_row *row); /* of SQL_HOST_GET or SQL_HOST_ALL */
bool hosts_are_fewer(struct store *s, size_t than, bool *fewer);

/* --- backup.c --- */

/* As store_backup; `replace`: what has that name goes. Within a transaction of `from` the copy shows its moment. */
bool backup_write(sqlite3 *from, const char *to, bool replace, struct fault *fault);

/* --- room.c --- */

bool room_check(struct store *s); /* is there room for one more mail? */
/* When SQLite finds no room in the middle of a mail it may take the whole batch back: better small ones, then. */
bool room_is_short(struct store *s);
/* Counts the mail in hand to its sender, whose name is in its result then; not *admitted: that was too much. */
bool inflow_admit(struct store *s, bool *admitted);
bool inflow_flush(struct store *s); /* before a commit */

/* --- schema.c --- */

#define STORE_APPLICATION_ID 0x444d4154 /* "DMAT" */
struct schema_step {
	const char *sql; /* takes the schema from the version before to this row's place in the table */
	bool (*convert)(struct store *s); /* what SQL cannot say, behind it; or NULL */
};
extern const struct schema_step schema_steps[];
extern const int schema_version;
/* Refuses what is not ours or newer; in STORE_WRITE brings an older or empty database to the last step, in one transaction. */
bool schema_check(struct store *s, const struct schema_step *steps, int version, struct fault *fault);

#endif
