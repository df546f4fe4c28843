/* What an ingest did: its broken inputs as they come, a progress line, how it ended. The same calls for both formats:
 *
 *   ingested_..._open -> broken(self, name, reason) ... -> mailbox(self, mailbox) ... -> close(self, totals)
 *
 * `mailbox` only where mailboxes were polled. `close` writes the closing line or document and frees; false when it could not be written. */
#ifndef REPORT_INGESTED_H
#define REPORT_INGESTED_H

#include "report/style.h"

struct ingested {
	uint64_t seen;         /* inputs: files, or items of a mailbox; the sum of the next five */
	uint64_t added;        /* new */
	uint64_t duplicate;    /* known already, or with nothing but known reports */
	uint64_t not_a_report;
	uint64_t tls_report;   /* recognised and kept */
	uint64_t broken;
	uint64_t conflicts;    /* reports with the identity of another and other content */
	uint64_t reports, failures, records; /* new ones */
	uint64_t milliseconds; /* the caller's stopwatch */
};

struct ingested_mailbox {
	const char *name, *url;
	const struct ingested *totals;
	uint64_t folders, present;    /* looked into, and the mails in them */
	uint64_t newer, newer_octets; /* mails that were to be fetched */
	uint64_t octets;              /* fetched */
	uint64_t left;                /* stay where they are: too large, or not sent */
	uint64_t settled;             /* moved, marked or deleted */
	uint64_t unsettled;           /* stored, and to be settled by the next run */
	uint64_t marked;              /* of these that were settled, so many carry only \Deleted: the server cannot do more */
	uint64_t reconnects;
	const char *fault;            /* NULL: it went well */
};

struct ingested_writer {
	void *self;
	bool (*mailbox)(void *self, const struct ingested_mailbox *mailbox);
	bool (*broken)(void *self, struct span name, struct span reason);
	bool (*close)(void *self, const struct ingested *totals);
};

/* Broken inputs go to `err`, the closing line to `out`; `out` may be NULL: then there is none. Nor is there with totals
 * that are NULL. */
bool ingested_text_open(struct ingested_writer *writer, FILE *out, const struct style *style, FILE *err,
	const struct style *err_style);
bool ingested_json_open(struct ingested_writer *writer, FILE *out); /* one document, `dmarcgate-ingest/1` */

/* For terminals only: one line that overwrites itself. total 0: not known. Cleared before anything else is printed. */
void progress_print(FILE *out, const struct style *style, uint64_t done, uint64_t total, uint64_t seen);
void progress_clear(FILE *out);

#endif
