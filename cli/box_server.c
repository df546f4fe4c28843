/* A mailbox on an IMAP or POP3 server, asked by a process of its own (ingest/poller.h). */
#include "base/buf.h"
#include "base/steady.h"
#include "cli/box.h"
#include "cli/cli.h"
#include "cli/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define AGAIN_SECONDS 3600 /* between two attempts to fetch what was left */

/* ---- what is remembered ---- */

static uint64_t memory_first(void *arg, const char *name, uint64_t uidvalidity)
{
	struct box *box = arg;
	struct box_folder *folder = box_folder(box, name, uidvalidity);
	struct store *store = box->polling->store;
	uint64_t left = UINT64_MAX;

	if (!folder)
		return (uint64_t)UINT32_MAX + 1; /* nothing */
	if (store && folder->state.id && !folder->reborn && !store_place_first(store, folder->state.id, &left, &box->polling->fault))
		return (uint64_t)UINT32_MAX + 1;
	return left <= folder->state.highest ? left : folder->state.highest + 1;
}

/* 1: it has a place of its own, whose state is filled in. What waits to be settled in an earlier life of the folder has numbers
 * that other mails may have now. */
static int place_of(struct box *box, const struct box_folder *folder, struct stored_place *place)
{
	struct store *store = box->polling->store;

	return store && folder->state.id && !folder->reborn ? store_place_get(store, folder->state.id, place, &box->polling->fault) : 0;
}

static enum poller_wish wish_of(struct box *box, const struct mail_place *where, uint64_t octets)
{
	struct box_folder *folder = box_folder(box, where->folder, where->uidvalidity);
	struct stored_place place = { .uid = where->uid, .name = where->uidl };
	int known = folder ? place_of(box, folder, &place) : -1;

	if (known < 0)
		return WISH_NONE;
	if (known == 0)
		return where->uid == 0 || where->uid > folder->state.highest ? WISH_NEW : WISH_NONE;
	if ((where->uid == 0 || place.state == PLACE_LEFT) && !box_seen(box, where->uid, where->uidl))
		return WISH_NONE;
	if (place.state != PLACE_LEFT)
		return WISH_NONE;
	if (octets <= box->mailbox->max_octets && box->again)
		return WISH_AGAIN;
	box->left++; /* it was named when it was met first */
	return WISH_NONE;
}

static enum poller_wish memory_wish(void *arg, const struct mail_place *where, uint64_t octets)
{
	struct box *box = arg;
	enum poller_wish wish = wish_of(box, where, octets);

	box->newer += wish != WISH_NONE;
	box->newer_octets += wish != WISH_NONE ? octets : 0;
	return box->polling->plan.look ? WISH_NONE : wish;
}

/* A mail that was left may cost its connection once more. Who stays tries it when all folders are looked into, once an hour, and
 * not whenever mail comes. */
static void again_decide(struct box *box)
{
	bool stay = box->polling->plan.stay, all = !box->connected || poller_looks_all(box->poller);

	box->again = !stay || (all && steady_seconds() >= box->again_due);
	if (box->again)
		box->again_due = steady_seconds() + AGAIN_SECONDS;
}

/* ---- the four calls ---- */

static bool server_open(struct box *box, struct fault *fault)
{
	const struct poller_memory memory = { box, memory_first, memory_wish };
	struct mailbox looking = *box->mailbox;
	struct buf secret;
	bool good;

	again_decide(box);
	if (box->connected)
		return true;
	if (box_only_looks(box)) /* which opens the folders for reading only */
		looking.after = looking.not_reports = looking.broken = (struct mail_fate){ FATE_KEEP, NULL };
	if (!secret_get(box->polling->cli->helper, box->settings, &secret, fault))
		return false;
	good = poller_begin(box->poller, &looking, buf_span(&secret), box->polling->cli->now, &memory, fault);
	secret_wipe(&secret);
	return good;
}

static enum inlet_state server_next(struct box *box, struct intake_item *item)
{
	struct fault fault = { 0 };
	struct polled polled;
	int got;

	for (;;) {
		if (!poller_ready(box->poller))
			return INLET_LATER;
		if (!box->journaled) {
			box->journaled = true;
			if (!box_settle(box, &box->polling->fault))
				return INLET_END;
			continue;
		}
		got = poller_next(box->poller, &polled, &fault);
		if (got == 0)
			return INLET_END;
		if (got > 0 || polled.place.folder)
			break;
		if (polled.folder_refused)
			box_folder_failed(box, &fault);
		else
			box_failed(box, &fault);
		polled_release(&polled);
	}
	item->mail = polled.mail;
	item->place = polled.place;
	if (got < 0)
		item->fault = fault;
	return INLET_MAIL;
}

static bool server_settle(struct box *box, const struct mail_fate *fate, struct unsettled *const *mails, size_t n,
	size_t *done, struct fault *fault)
{
	struct mail_place *places = calloc(n, sizeof *places);
	bool good;

	*done = 0;
	if (!places)
		return fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0; i < n; i++) {
		places[i].folder = mails[i]->folder->name;
		places[i].uidvalidity = mails[i]->uidvalidity;
		places[i].uid = mails[i]->uid;
		snprintf(places[i].uidl, sizeof places[i].uidl, "%s", mails[i]->name);
	}
	good = poller_settle(box->poller, fate, places, n, done, fault);
	free(places);
	return good;
}

static void server_stop(struct box *box)
{
	poller_stop(box->poller);
	box->poller = NULL;
	box->connected = false;
}

static bool server_close(struct box *box, struct fault *fault)
{
	bool good = poller_close(box->poller, &box->counts, fault);

	server_stop(box);
	return good;
}

const struct box_kind box_server = { server_open, server_next, server_settle, server_close, server_stop };
