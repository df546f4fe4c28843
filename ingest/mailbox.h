/* mailbox: what is known of one mailbox before it is asked: where it is, who we are there, which folders matter and
 * what becomes of its mails (noun; plain data). Never the password itself: `secret` says where it comes from. */
#ifndef INGEST_MAILBOX_H
#define INGEST_MAILBOX_H

#include "base/digest.h"
#include "base/fault.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAILBOX_FOLDERS 64    /* names or patterns of one mailbox */
#define MAILBOX_TEXT 1024     /* octets of any one text */
#define MAILBOX_TIMEOUT 60    /* seconds without an octet */
#define MAILBOX_DEADLINE 3600 /* seconds of a whole session, or of one round of a session that stays */
#define MAILBOX_INTERVAL 300  /* seconds between two looks into all folders, while watching */
#define MAILBOX_KEEPALIVE 180 /* seconds of silence after which a session that stays is tried */
#define MAILBOX_KEEPALIVE_MOST 1680 /* RFC 2177: a server may log out who has said nothing for 30 minutes */

/* The last one is none to be polled: where mails of ours are handed in (ingest/submit.h). */
enum mailbox_kind { MAILBOX_IMAP, MAILBOX_POP3, MAILBOX_MAILDIR, MAILBOX_MBOX, MAILBOX_FILES, MAILBOX_SMTP };

enum mailbox_login {
	LOGIN_PASSWORD,	   /* SASL PLAIN (RFC 4616), else LOGIN or USER and PASS */
	LOGIN_XOAUTH2,	   /* the secret is an access token */
	LOGIN_OAUTHBEARER, /* the same, RFC 7628 */
};

enum mailbox_secret {
	SECRET_NONE,
	SECRET_FILE,
	SECRET_COMMAND,
	SECRET_CREDENTIAL,
	SECRET_ENVIRONMENT,
	SECRET_INLINE,
	SECRET_OAUTH, /* what ingest/oauth.h says */
};

/* What becomes of a mail on its server once it is safe in the database. */
enum fate_kind {
	FATE_KEEP, /* nothing */
	FATE_FLAG, /* `name`: the keyword it gets */
	FATE_SEEN, /* \Seen */
	FATE_MOVE, /* `name`: the folder it moves to, made when missing; `/` stands for the server's delimiter */
	FATE_DELETE,
};

struct mail_fate {
	enum fate_kind kind;
	char *name; /* owned */
};

struct mailbox {
	char *name; /* owned; what a person calls it, the heading of its section */
	enum mailbox_kind kind;
	bool tls;   /* from the first octet; else STARTTLS or STLS, which is never optional */
	char *host; /* owned; a name or an address without brackets */
	uint16_t port;
	char *user; /* owned */
	char *path; /* owned; of a Maildir, an mbox or a folder of files */
	enum mailbox_login login;
	enum mailbox_secret secret_source;
	char *secret;	/* owned; a path, command, name, variable or (SECRET_INLINE) the word itself */
	char **folders; /* owned; names as on the server, or patterns in the sense of LIST: `*`, `%` */
	size_t n_folders;
	struct mail_fate after, not_reports, broken;
	int64_t since;	       /* days: older mails are not asked for; 0: all */
	uint64_t max_messages; /* in one run; 0: all */
	uint64_t max_octets;   /* of a mail; larger ones stay and are named */
	uint32_t timeout;      /* seconds */
	uint32_t deadline;     /* seconds */
	uint32_t interval;     /* seconds */
	uint32_t keepalive;    /* seconds */
	char *tls_ca;	       /* owned; a file of PEM certificates in place of the system's */
	bool pinned;	       /* tls_fingerprint is set: that certificate and no other; nothing else is asked of it */
	uint8_t tls_fingerprint[DIGEST_OCTETS]; /* SHA-256 over the DER of the server's certificate */
};

/* On a server that asks who we are? */
static inline bool mailbox_is_remote(const struct mailbox *mailbox)
{
	return mailbox->kind == MAILBOX_IMAP || mailbox->kind == MAILBOX_POP3;
}

/* An empty mailbox with the defaults: one folder INBOX, all fates keep. False: memory is short. */
bool mailbox_init(struct mailbox *mailbox, const char *name);
void mailbox_release(struct mailbox *mailbox);

/* Fills in kind, tls, host, port, user, path, and for a path behind an IMAP host the one folder:
 *
 *   imap://[USER@]HOST[:PORT][/FOLDER]   STARTTLS, port 143     imaps://... TLS, port 993
 *   pop://[USER@]HOST[:PORT]             STLS, port 110         pops://...  TLS, port 995
 *   maildir:PATH   mbox:PATH   folder:PATH
 *
 * USER and FOLDER may hold %XX; HOST may be an address, IPv6 in brackets. `user;auth=...` and a password are refused:
 * the first is unheard of here, the second has better places (RFC 5092, RFC 2384). FAULT_SETUP names what is wrong. */
bool mailbox_parse_url(struct mailbox *mailbox, struct span url, struct fault *fault);

/* Of a server that takes mails of ours; it may do so without a USER:
 *
 *   smtp://[USER@]HOST[:PORT]   STARTTLS, port 587     smtps://... TLS, port 465 */
bool mailbox_parse_submission(struct mailbox *mailbox, struct span url, struct fault *fault);

/* `keep`, `flag:KEYWORD`, `seen`, `move:FOLDER`, `delete`. */
bool fate_parse(struct mail_fate *fate, struct span text, struct fault *fault);
void fate_release(struct mail_fate *fate);

/* `INBOX, Reports/Umlaut ü, Lists/%`: names between commas, white space around them is not theirs. */
bool mailbox_parse_folders(struct mailbox *mailbox, struct span text, struct fault *fault);

/* 64 hexadecimal digits, in pairs with or without colons. */
bool mailbox_parse_fingerprint(struct mailbox *mailbox, struct span text, struct fault *fault);

/* Do its settings fit together? (POP3 knows neither folders nor keywords; a server needs a host and a user.) */
bool mailbox_check(const struct mailbox *mailbox, struct fault *fault);

#endif
