/* imap: one session with an IMAP server (RFC 9051, and RFC 3501 servers), on the protocol engine of libmailutils and
 * our own carrier. Nothing but STARTTLS is said before the connection is private; mails are read with BODY.PEEK[], so
 * reading changes nothing; nothing is ever expunged but by UID.
 *
 * Every call returns false with a fault. FAULT_SETUP: a person must act (login refused, certificate refused, no such
 * folder). FAULT_LATER: this connection is over, when imap_broken says so; else only this request failed. */
#ifndef INGEST_IMAP_H
#define INGEST_IMAP_H

#include "base/fault.h"
#include "ingest/carrier.h"
#include "ingest/mailbox.h"
#include "ingest/server.h"

struct imap;

/* Connects, verifies, logs in, asks for abilities and namespaces. All arguments are borrowed for the session's life,
 * but the secret, which is not kept. NULL: fault. */
struct imap *imap_open(
	const struct mailbox *mailbox, const struct trust *trust, struct span secret, struct fault *fault);
void imap_close(struct imap *imap, bool polite); /* polite: says LOGOUT */
bool imap_broken(const struct imap *imap);

/* The folders of mailbox->folders: patterns looked up with LIST, sorted, each once, without the ones that mails are
 * moved to. At most SERVER_FOLDERS. The names are the caller's. */
bool imap_folders(struct imap *imap, char ***names, size_t *n, struct fault *fault);

/* A folder as people write it, with `/` between levels, in the server's namespace. The caller frees; NULL: no memory.
 */
char *imap_folder_name(const struct imap *imap, const char *name);

/* A name from imap_folders or a mail_place. Nothing happens when it is selected already, for writing where that is
 * asked. */
bool imap_select(
	struct imap *imap, const char *folder, bool writable, struct server_folder *found, struct fault *fault);
bool imap_missing(struct imap *imap, const char *folder); /* it was refused, and the server knows no such folder */
void imap_deselect(struct imap *imap); /* the next imap_select asks the server again: the folder as it is then */

/* UIDs from `first` on that are not marked as deleted and came at `since` (moment; MOMENT_NONE: any time) or later,
 * with their sizes, ascending. The sizes of those that are `blind` are not asked for; where the session is lost among sizes, it
 * is widened: by what was asked for, and the next time by everything. */
struct imap_blind {
	uint64_t from, to; /* UIDs; 0, 0: none */
};
bool imap_list(struct imap *imap, uint64_t first, int64_t since, struct imap_blind *blind, struct server_list *list,
	struct fault *fault);

/* Fills in what came: fd, length, came. Mails that another client has removed meanwhile do not come. The sum of their
 * sizes is the caller's business; none is larger than `max`. */
bool imap_fetch(struct imap *imap, struct server_mail *mails, size_t n, uint64_t max, struct fault *fault);

/* In the selected folder, at most SERVER_BATCH UIDs, ascending. Mails that are gone are fine. `left`: deleted ones that
 * only carry \Deleted, because the server cannot expunge by UID (RFC 4315). */
bool imap_settle(struct imap *imap, const struct mail_fate *fate, const uint64_t *uids, size_t n, uint64_t *left,
	struct fault *fault);

/* From now on everything together may take so long; before, it is mailbox->deadline since imap_open. */
void imap_set_deadline(struct imap *imap, uint32_t seconds);

/* Waits until `folder` may hold a mail with a UID from `first` on or has another UIDVALIDITY (0: unknown, only what the
 * server says by itself counts), `seconds` are over, or there is something to read from `other`. With IDLE where the server has it, renewed whenever
 * mailbox->keepalive seconds have passed, else NOOP as often. Afterwards mailbox->deadline begins anew. */
struct imap_watch {
	const char *folder;
	bool writable; /* select it so */
	uint64_t uidvalidity, first;
	int64_t since; /* as for imap_list */
	int other;     /* descriptor */
	uint32_t seconds;
};
enum imap_woken { IMAP_QUIET, IMAP_NEWS, IMAP_CALLED };
bool imap_watch(struct imap *imap, const struct imap_watch *watch, enum imap_woken *woken, struct fault *fault);

#endif
