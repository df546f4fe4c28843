/* journal: what is remembered of mailboxes: how far each folder was read, and, of single mails, those that are stored
 * and not yet settled with their server, those that were left for later, and those a server keeps without numbering
 * them. All of it is written within the transaction of the mails it speaks of, so that one is never true without the
 * other.
 *
 * A folder is named by its mailbox (who logs in where, not what the configuration calls it) and its name there. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/fault.h"
#include "base/moment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct folder_state {
	int64_t id; /* 0: nothing is remembered yet */
	uint64_t uidvalidity;
	uint64_t highest; /* all mails up to this UID are stored, or have a place of their own */
	int64_t since;	  /* moment: mails that came before were not looked for; MOMENT_NONE: all were */
};

enum place_state {
	PLACE_KNOWN, /* stored, and stays; only where there are no UIDs */
	PLACE_LEFT,  /* not stored: too large, or not sent; looked at again while it is there */
	/* stored, to be settled: */
	PLACE_REPORT,
	PLACE_NOT_REPORT,
	PLACE_BROKEN,
};

struct stored_place {
	uint64_t uid;	  /* 0 where there are none */
	const char *name; /* its UIDL or file name; "" where there are UIDs */
	enum place_state state;
};

bool store_folder_get(struct store *store, const char *mailbox, const char *folder, struct folder_state *state,
	struct fault *fault);
/* Remembers it and sets state->id. Another UIDVALIDITY than before takes all places of the folder away: they mean
 * nothing any more. */
bool store_folder_put(struct store *store, const char *mailbox, const char *folder, struct folder_state *state,
	struct fault *fault);

bool store_place_put(struct store *store, int64_t folder, const struct stored_place *place, struct fault *fault);
bool store_place_drop(struct store *store, int64_t folder, uint64_t uid, const char *name, struct fault *fault);
/* 1: place->state is filled in; 0: there is no such place; -1: fault. */
int store_place_get(struct store *store, int64_t folder, struct stored_place *place, struct fault *fault);

/* The lowest UID that was left in the folder; UINT64_MAX: none. */
bool store_place_first(struct store *store, int64_t folder, uint64_t *uid, struct fault *fault);

/* Every place of the mailbox that is left or to be settled, by folder, then UID, then name. No other function of the
 * store may be called meanwhile. */
struct place_row {
	int64_t folder_id;
	const char *folder;
	uint64_t uidvalidity;
	struct stored_place place;
};
typedef bool place_taker(void *arg, const struct place_row *row);
bool store_ask_places(struct store *store, const char *mailbox, place_taker *take, void *arg, struct fault *fault);

/* Of the folder's mails without UIDs, those that are not in the list (sorted by octets, which is how strcmp sorts) are
 * gone from the server: they are forgotten. Those that are to be settled are not touched. */
bool store_places_gone(struct store *store, int64_t folder, char *const *names, size_t n, struct fault *fault);

/* When the mailbox was last looked through from end to end; MOMENT_NONE: never. */
bool store_poll_put(struct store *store, const char *mailbox, int64_t at, struct fault *fault);
bool store_poll_get(struct store *store, const char *mailbox, int64_t *at, struct fault *fault);

#endif
