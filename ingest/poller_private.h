/* The parts of dmarcgate-poller (poller.h): its state, and what they ask of each other. Nothing here returns when the
 * supervisor is gone or breaks the protocol: the process ends. */
#ifndef INGEST_POLLER_PRIVATE_H
#define INGEST_POLLER_PRIVATE_H

#include "ingest/frame.h"
#include "ingest/imap.h"
#include "ingest/polling.h"
#include "ingest/pop3.h"

#define EXIT_PROTOCOL 70

/* One process, one mailbox. */
struct serving {
	struct mailbox mailbox;
	struct buf secret;
	int64_t since;	  /* moment */
	uint32_t seconds; /* for all connections of a round together */
	int64_t deadline; /* as steady_seconds; of this round */
	bool resting;	  /* the next NEXT begins a round */
	int64_t looked;	  /* as steady_seconds: when a round through all folders began */
	struct trust *trust;
	bool let_in;	   /* once at least */
	struct imap *imap; /* one of the two */
	struct pop3 *pop3;
	char **folders;
	size_t n_folders, next_folder, end_folder;
	struct imap_blind blind; /* of folders[blind_folder] */
	size_t blind_folder;
	size_t watched;				 /* the folder that IDLE sees */
	uint64_t watched_validity, watched_next; /* of it: UIDVALIDITY (0: unknown), the first UID not listed yet */
	struct server_folder folder;		 /* that is being served: folders[next_folder - 1] */
	struct server_list list;		 /* of it; all of its new mails */
	bool *wanted;				 /* owned; of each */
	size_t at, fetched;			 /* list[at .. fetched) have been asked for */
	size_t alone;	     /* list[.. alone) are fetched one by one: the connection was lost among them */
	size_t again;	     /* list[again ..) were left by earlier runs: fetched one by one, behind all others */
	unsigned again_cost; /* connections that were lost with such ones */
	unsigned cost;	     /* connections that list[at], fetched alone, was lost with */
	bool refused;	     /* the server said no to it */
	bool given_up;	     /* the folder, and the others are looked into */
	uint64_t given;
	unsigned credits;   /* NEXT to be answered */
	unsigned fruitless; /* connections without a mail */
	unsigned unsent;    /* mails in a row that were announced and did not come */
	struct fault why;   /* the last one was lost */
	uint64_t reconnects;
	bool ended;
	struct frame frame;
};

/* ---- poller_session.c: the supervisor, and the mail server ---- */

void serving_say(struct serving *s);				      /* sends s->frame */
void serving_hear(struct serving *s);				      /* fills s->frame */
void serving_hear_answer(struct serving *s, enum polling type);	      /* of that type; requests before it are counted */
void serving_put_fault(struct serving *s, const struct fault *fault); /* "out of memory", where that is why */
void serving_say_fault(struct serving *s, enum polling type, const struct fault *fault);

bool session_open(struct serving *s, struct fault *fault);
void session_leave(struct serving *s); /* deletions by POP3 do not happen */
bool session_lost(const struct serving *s);
bool session_again(struct serving *s, struct fault *fault); /* a lost one is opened anew */
bool session_writes(const struct serving *s);		    /* something will be done to mails */

/* ---- poller_round.c: new mails of all folders ---- */

void serve_mails(struct serving *s); /* as many as were asked for, END after the last */
void serving_folder_leave(struct serving *s);
void serving_folders_forget(struct serving *s);

/* ---- poller_settle.c: what becomes of them ---- */

void serve_settle(struct serving *s);
bool session_finish(struct serving *s, struct fault *fault); /* by POP3: what is to be deleted is, or a fault */

#endif
