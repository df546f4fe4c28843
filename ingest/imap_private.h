/* imap_private: what the files of the IMAP session share; the only ones, with carrier.c and pop3.c, that know
 * libmailutils. */
#ifndef INGEST_IMAP_PRIVATE_H
#define INGEST_IMAP_PRIVATE_H

#include "ingest/imap.h"
#include "ingest/literal.h"

#include <mailutils/errno.h>
#include <mailutils/imap.h>
#include <mailutils/imapio.h>
#include <mailutils/list.h>
#include <mailutils/stream.h>
#include <mailutils/sys/imap.h>
#include <mailutils/sys/imapio.h>

#define IMAP_COMMAND 65536 /* octets */
#define IMAP_PREFIXES 16

enum imap_ability {
	IMAP_SASL_IR = 1 << 0,
	IMAP_MOVE = 1 << 1,
	IMAP_UIDPLUS = 1 << 2,
	IMAP_NAMESPACE = 1 << 3,
	IMAP_NO_LOGIN = 1 << 4,
	IMAP_PLAIN = 1 << 5,
	IMAP_REV2 = 1 << 6,
	IMAP_IDLE = 1 << 7,
};

struct imap {
	const struct mailbox *mailbox;
	struct carrier *carrier;       /* owned */
	struct literals *literals;     /* owned */
	mu_imap_t engine;	       /* owned */
	unsigned abilities;	       /* enum imap_ability */
	char delimiter;		       /* between levels of folders; 0: there are none */
	char *prefixes[IMAP_PREFIXES]; /* owned; of namespaces, ours first, UTF-8 */
	size_t n_prefixes;
	char *selected; /* owned */
	bool writable;
	struct server_folder folder;
	char goodbye[200]; /* the text of BYE */
};

/* One command and its answer. `verb` and `rest` go out as they are (rest may be NULL). `doing` begins the fault's text; a
 * refusal is of FAULT_SETUP where nothing else is said here or by the server.
 */
struct imap_request {
	const char *verb, *rest, *doing;
	enum fault_kind refusal;
	mu_imap_response_action_t untagged; /* for responses that the engine itself does not know */
	void *arg;
	void (*tagged)(mu_imap_t engine);
};
bool imap_say(struct imap *imap, const struct imap_request *request, struct fault *fault);

/* Did the tagged answer, or an untagged status line, carry this response code? */
bool imap_answered(const struct imap *imap, const char *code);

/* The fault of a session that is over; `fallback` when nothing better is known. Returns false. */
bool imap_lost(struct imap *imap, const char *doing, struct fault *fault);

/* The text of BYE, kept for imap_lost. */
void imap_goodbye(struct imap *imap, struct span text);

/* `1:5,7` of ascending UIDs. False: it lacks some, and may not be said; memory is short. */
bool imap_set(struct buf *out, const uint64_t *uids, size_t n);

/* The same of those that the selected folder has and that are not marked \Deleted; empty: none. */
bool imap_set_undeleted(struct imap *imap, const uint64_t *uids, size_t n, struct buf *set, struct fault *fault);

/* Reads quoted string, atom or NIL (absent) at the start of `line` and what is behind it and one blank. */
struct span imap_word(struct span *line, struct buf *scratch);

#endif
