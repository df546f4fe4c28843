/* What dmarcgate-poller does to mails that are safe in the database: on the server they are moved, marked or deleted.
 */
#include "ingest/poller_private.h"

#include "ingest/refuse.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOVING_SECONDS 10 /* that a server may go on moving mails when nobody hears it any more */

/* ---- settling ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool settle_once(struct serving *s, const struct mail_fate *fate, const char *folder, uint64_t uidvalidity,
	const uint64_t *uids, size_t n, uint64_t *left, struct fault *fault)
{
	struct server_folder found;

	if (!session_again(s, fault))
		return false;
	if (!imap_select(s->imap, folder, fate->kind != FATE_KEEP, &found, fault)) {
		if (imap_missing(s->imap, folder)) /* and its mails with it */
			fault->kind = FAULT_INPUT;
		return false;
	}
	if (found.uidvalidity != uidvalidity) {
		refuse(fault, FAULT_INPUT, folder,
			"its UIDVALIDITY was %llu and is %llu: its mails have other numbers now",
			(unsigned long long)uidvalidity, (unsigned long long)found.uidvalidity);
		return false;
	}
	return imap_settle(s->imap, fate, uids, n, left, fault);
}

/* A connection that was cut is made again, once: whatever comes in the rest of the run would have to wait for the next.
 * The server may still be moving what it was told to, and two that move the same mails leave two copies of each. */
static bool settle_imap(struct serving *s, const struct mail_fate *fate, const char *folder, uint64_t uidvalidity,
	uint64_t *uids, size_t n, uint64_t *left, struct fault *fault)
{
	qsort(uids, n, sizeof *uids, by_number);
	if (settle_once(s, fate, folder, uidvalidity, uids, n, left, fault))
		return true;
	if (!session_lost(s))
		return false;
	if (fate->kind == FATE_MOVE)
		sleep(MOVING_SECONDS);
	return settle_once(s, fate, folder, uidvalidity, uids, n, left, fault);
}

/* A connection that is cut is made again, once. */
static bool delete_twice(struct serving *s, const struct server_mail *mail, struct fault *fault)
{
	if (pop3_delete(s->pop3, mail->uid, fault))
		return true;
	return session_lost(s) && session_again(s, fault) && (mail->uid == 0 || pop3_delete(s->pop3, mail->uid, fault));
}

static bool settle_pop3(struct serving *s, const struct mail_fate *fate, struct span uidl, struct fault *fault)
{
	if (fate->kind == FATE_KEEP)
		return true;
	if (fate->kind != FATE_DELETE)
		return fault_set(fault, FAULT_SETUP, "POP3 can only keep or delete");
	if (!session_again(s, fault))
		return false;
	struct server_mail *mail = server_list_meant(&s->list, uidl);

	if (!mail)
		return true;
	if (!delete_twice(s, mail, fault))
		return false;
	mail->told = true;
	if (s->wanted)
		s->wanted[mail - s->list.mails] = false;
	return true;
}

/* Deletions happen when a session ends as it should. Without any, it does not matter how it ends. */
bool session_finish(struct serving *s, struct fault *fault)
{
	bool good;

	if (session_lost(s) && !server_list_told(&s->list))
		return true;
	if (!session_again(s, fault))
		return false;
	good = pop3_close(s->pop3, true, fault);
	s->pop3 = NULL;
	return good;
}

void serve_settle(struct serving *s)
{
	struct frame *frame = &s->frame;
	struct mail_fate fate = { FATE_KEEP, NULL };
	struct fault fault = { FAULT_NONE };
	uint64_t uids[SERVER_BATCH], left = 0;
	bool good = true;

	polling_get_fate(frame, &fate);
	struct span name = frame_text(frame, POLLING_FOLDER);
	char *folder = strndup(name.p ? name.p : "", name.n);
	uint64_t uidvalidity = frame_number(frame, UINT32_MAX);
	size_t n = (size_t)frame_number(frame, SERVER_BATCH);

	for (size_t i = 0; i < n && !frame->failed; i++)
		if (s->mailbox.kind == MAILBOX_IMAP)
			uids[i] = frame_number(frame, UINT32_MAX);
		else if (good)
			good = settle_pop3(s, &fate, frame_text(frame, PLACE_UIDL), &fault);
		else
			frame_text(frame, PLACE_UIDL);
	if (!frame_done(frame) || !folder)
		_exit(EXIT_PROTOCOL);
	if (s->mailbox.kind == MAILBOX_IMAP && fate.kind != FATE_KEEP && n)
		good = settle_imap(s, &fate, folder, uidvalidity, uids, n, &left, &fault);
	free(folder);
	fate_release(&fate);
	if (!good) {
		serving_say_fault(s, POLLING_NOT_SETTLED, &fault);
		return;
	}
	frame_begin(frame, POLLING_SETTLED);
	frame_put_number(frame, left);
	serving_say(s);
}
