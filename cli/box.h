/* box: one mailbox on its way through a run; what the two kinds of mailboxes, on servers (box_server.c) and on this
 * machine (box_local.c), have in common. Only poll.c and these two see it. */
#ifndef CLI_BOX_H
#define CLI_BOX_H

#include "cli/mailboxes.h"
#include "cli/poll.h"
#include "ingest/poller.h"

struct box;
struct source;

enum box_stage {
	BOX_WAITING, /* for its turn */
	BOX_OPEN,
	BOX_DRAINED, /* no more mails; those given have still to be taken and settled */
	BOX_CLOSED,
	BOX_RESTING, /* between two rounds of a session that stays */
};

struct box_folder {
	char *name; /* owned */
	struct folder_state state;
	bool looked; /* into it, in this run */
	bool reborn; /* the places that the store knows are of an earlier life */
};

/* A mail that is stored and not settled. */
struct unsettled {
	struct box_folder *folder; /* borrowed */
	uint64_t uidvalidity;
	uint64_t uid;
	char *name; /* owned */
	enum place_state state;
	bool told; /* the server knows; with POP3 it acts at the end of the session */
	bool stays; /* it cannot be settled in this run, unlike others */
};

struct box_kind {
	bool (*open)(struct box *box, struct fault *fault);
	/* As inlet's next; faults of the mailbox itself go to box_failed. */
	enum inlet_state (*next)(struct box *box, struct intake_item *item);
	/* The first *done of them have had their fate, or have been named and marked as `stays`. */
	bool (*settle)(struct box *box, const struct mail_fate *fate, struct unsettled *const *mails, size_t n, size_t *done,
		struct fault *fault);
	bool (*close)(struct box *box, struct fault *fault);
	void (*stop)(struct box *box); /* at once */
};
extern const struct box_kind box_server, box_local;

struct box {
	struct polling *polling;
	const struct mailbox_settings *settings;
	const struct mailbox *mailbox; /* of the settings */
	const struct box_kind *kind;
	char *key; /* owned; who logs in where: how the journal calls it */
	enum box_stage stage;
	uint64_t given, taken; /* mails */
	bool settled;	       /* nothing was taken since the last settling */
	bool fateless;	       /* settling has failed: no more attempts in this run */
	bool failed;
	bool lost;	    /* as a whole, and not only one of its folders */
	struct fault fault; /* the first one */

	struct box_folder **folders; /* owned */
	size_t folders_n;
	struct unsettled *unsettled; /* owned */
	size_t unsettled_n, unsettled_room;
	char **seen; /* owned; UIDLs, and UIDs of mails that were left, that are still there */
	size_t seen_n, seen_room;

	struct ingested totals, totals_kept; /* kept: as of the last commit */
	struct poller_counts counts;
	uint64_t newer, newer_octets; /* mails that a run would fetch */
	uint64_t left;		      /* mails that are too large, or were not sent */
	bool again;		      /* mails that were left are tried again in this round */
	int64_t again_due;	      /* as steady_seconds: when, for who stays */

	struct poller *poller; /* owned; of a server */
	bool journaled;	       /* mails of earlier runs were settled */

	/* Between rounds (poll_rest.c); times as steady_ms. */
	bool invited;	   /* takes part in this round */
	bool connected;	   /* there is a session from an earlier round */
	bool greeted;	   /* that has been said */
	unsigned attempts; /* that failed, one after the other */
	int64_t due;	   /* when a round begins unasked */
	struct lasting {
		char *text;   /* owned */
		int64_t said; /* as steady_seconds */
		bool met;     /* again, in this round */
	} *lasting;	      /* owned; faults of folders, which every round meets again */
	size_t lasting_n;
	struct ingested totals_sum;
	struct poller_counts counts_sum;

	struct source *source; /* owned; of this machine */
	char **paths;	       /* owned; the folders to read */
	size_t paths_n, path;
	bool entered; /* the folder that is being read could be opened */
};

struct polling {
	struct cli *cli;
	struct polling_plan plan;
	struct store *store;
	struct box *boxes; /* owned */
	size_t n, turn;
	int epoll; /* all servers' descriptors, and the signals */
	int rest;  /* ... in their rest; -1 when nobody stays */
	int lock;  /* -1: not taken */
	unsigned attempts; /* to store a round, that failed one after the other */
	int64_t due;
	struct fault fault; /* of the database, while a mailbox was asked */
	struct inlet inlet;
};

/* A fault of the mailbox, which is said and remembered; the others go on. */
void box_failed(struct box *box, const struct fault *fault);

/* The same of one of its folders; the others are looked into. Who stays says it once, and once more every day that it lasts. */
void box_folder_failed(struct box *box, const struct fault *fault);

/* Is this fault of a folder to be said? Not when it was within a day. */
bool box_is_news(struct box *box, const char *text);

/* What is known of a folder; begins to remember it when there is nothing. NULL: memory, or the database. */
struct box_folder *box_folder(struct box *box, const char *name, uint64_t uidvalidity);

/* It is still there: a mail by its UID, or, without one, by its UIDL. */
bool box_seen(struct box *box, uint64_t uid, const char *name);

/* Settles what is durable. False: the database. */
bool box_settle(struct box *box, struct fault *fault);

/* After its last mail: keeps the session for the next round, if that is wanted and can be had. */
bool box_rest(struct box *box);

/* Starts the process of a mailbox on a server; not while the database is open. */
bool box_start(struct box *box, struct fault *fault);

/* Forgets the round: what was counted, remembered and under way. */
void box_clear(struct box *box);

/* May nothing be changed on the server? */
bool box_only_looks(const struct box *box);

#endif
