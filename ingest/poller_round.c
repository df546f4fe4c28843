/* A round of dmarcgate-poller through its folders: what is new there is listed, fetched and given to the supervisor. A
 * mail that does not come costs the others nothing. */
#include "ingest/poller_private.h"

#include "base/steady.h"
#include "ingest/poller.h"
#include "ingest/refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_MAILS 32			 /* fetched with one command */
#define BATCH_OCTETS (UINT64_C(8) << 20) /* ... unless one mail is larger */
#define ATTEMPTS 3			 /* connections in a row that bring no mail */
#define UNSENT 20			 /* mails in a row that do not come, after which none is expected */
#define COSTLY 2			 /* connections that one mail, fetched alone, may cost before it is left */
#define AGAIN_COSTLY 3			 /* ... that all of those may cost that earlier runs left, in one round */

/* ---- folders ---- */

static void put_place(struct serving *s, const struct server_mail *mail)
{
	struct mail_place place = { .folder = (char *)(uintptr_t) "" };

	if (s->imap || s->mailbox.kind == MAILBOX_IMAP) {
		place.folder = s->folders[s->next_folder - 1];
		place.uidvalidity = s->folder.uidvalidity;
		place.uid = mail->uid;
	} else {
		memcpy(place.uidl, mail->uidl, strlen(mail->uidl) + 1);
	}
	polling_put_place(&s->frame, &place);
}

static void ask_wanted(struct serving *s, const char *folder)
{
	for (size_t at = 0; at < s->list.n; at += SERVER_BATCH) {
		size_t n = s->list.n - at < SERVER_BATCH ? s->list.n - at : SERVER_BATCH;

		frame_begin(&s->frame, POLLING_LISTED);
		frame_put_text(&s->frame, span_of(folder));
		frame_put_number(&s->frame, s->folder.uidvalidity);
		frame_put_number(&s->frame, n);
		for (size_t i = 0; i < n; i++) {
			frame_put_number(&s->frame, s->list.mails[at + i].uid);
			frame_put_number(&s->frame, s->list.mails[at + i].octets);
			frame_put_text(&s->frame, span_of(s->list.mails[at + i].uidl));
		}
		serving_say(s);
		serving_hear_answer(s, POLLING_WANTED);
		struct span answers = frame_text(&s->frame, SERVER_BATCH);

		if (!frame_done(&s->frame) || answers.n != n)
			_exit(EXIT_PROTOCOL);
		for (size_t i = 0; i < n; i++) {
			s->wanted[at + i] = answers.p[i] != '0' + WISH_NONE;
			s->list.mails[at + i].again = answers.p[i] == '0' + WISH_AGAIN;
		}
	}
}

void serving_folders_forget(struct serving *s)
{
	while (s->n_folders)
		free(s->folders[--s->n_folders]);
	free(s->folders);
	s->folders = NULL;
	s->next_folder = s->end_folder = s->watched = 0;
}

void serving_folder_leave(struct serving *s)
{
	server_list_release(&s->list);
	free(s->wanted);
	s->wanted = NULL;
	s->at = s->fetched = s->alone = s->again = 0;
	s->cost = 0;
	s->refused = false;
}

static uint64_t ask_first(struct serving *s, const char *folder)
{
	uint64_t first;

	frame_begin(&s->frame, POLLING_FOLDER_IS);
	frame_put_text(&s->frame, span_of(folder));
	frame_put_number(&s->frame, s->folder.uidvalidity);
	frame_put_number(&s->frame, s->folder.mails);
	serving_say(s);
	serving_hear_answer(s, POLLING_FIRST);
	first = frame_number(&s->frame, (uint64_t)UINT32_MAX + 1);
	if (!frame_done(&s->frame))
		_exit(EXIT_PROTOCOL);
	return first;
}

/* Looks into the next folder. */
static bool folder_enter(struct serving *s, struct fault *fault)
{
	const char *folder = "";

	if (s->mailbox.kind == MAILBOX_IMAP) {
		folder = s->folders[s->next_folder];
		serving_folder_leave(s);
		imap_deselect(s->imap);
		if (s->next_folder == s->watched)
			s->watched_validity = 0;
		if (!imap_select(s->imap, folder, session_writes(s), &s->folder, fault))
			return false;
		uint64_t first = ask_first(s, folder);

		if (s->blind_folder != s->next_folder)
			s->blind = (struct imap_blind){ 0, 0 };
		s->blind_folder = s->next_folder;
		if (first <= UINT32_MAX && !imap_list(s->imap, first ? first : 1, s->since, &s->blind, &s->list, fault))
			return false;
		if (s->next_folder == s->watched) {
			s->watched_validity = s->folder.uidvalidity;
			s->watched_next = s->list.n ? s->list.mails[s->list.n - 1].uid + 1 : first ? first : 1;
		}
	} else {
		s->folder = (struct server_folder){ 0, s->list.n };
		ask_first(s, folder);
	}
	s->wanted = calloc(s->list.n + 1, sizeof *s->wanted);
	if (!s->wanted)
		return fault_set(fault, FAULT_LATER, "out of memory");
	s->next_folder++;
	ask_wanted(s, folder);
	return server_list_again_last(
		       &s->list, &s->wanted, (uint64_t)s->looked * UINT64_C(0x9e3779b97f4a7c15) >> 32, &s->again) ||
	       fault_set(fault, FAULT_LATER, "out of memory");
}

/* ---- mails ---- */

/* Wanted, and there: uid is 0 where it is not, since a session was made again. */
static bool mail_due(const struct serving *s, size_t i)
{
	return s->wanted[i] && s->list.mails[i].uid;
}

/* How many from `at` on belong into one command; the unwanted among them are skipped. */
static size_t batch_choose(const struct serving *s, struct server_mail *batch, size_t *until)
{
	uint64_t octets = 0;
	size_t n = 0, i;
	size_t most = s->mailbox.kind == MAILBOX_IMAP && s->at >= s->alone && s->at < s->again ? BATCH_MAILS : 1;

	if (s->mailbox.max_messages && s->mailbox.max_messages - s->given < most)
		most = (size_t)(s->mailbox.max_messages - s->given);
	for (i = s->at; i < s->list.n && n < most && (n == 0 || i != s->again); i++) {
		const struct server_mail *mail = &s->list.mails[i];
		uint64_t most_octets = mail->unsized ? s->mailbox.max_octets : mail->octets;

		if (!mail_due(s, i))
			continue;
		if (mail->octets > s->mailbox.max_octets || (n && octets + most_octets > BATCH_OCTETS))
			break;
		octets += most_octets;
		batch[n++] = *mail;
	}
	*until = i;
	return n;
}

/* A literal of another length than was announced: some servers announce estimates, others err. Who says the same twice
 * is believed. */
static bool fetch_twice(struct serving *s, struct server_mail *mail, struct fault *fault)
{
	struct server_mail again = { .uid = mail->uid, .octets = mail->octets, .fd = -1 };
	bool good = imap_fetch(s->imap, &again, 1, s->mailbox.max_octets, fault);

	if (again.fd >= 0)
		close(again.fd);
	if (good && again.came && again.length == mail->length)
		return true;
	close(mail->fd);
	mail->fd = -1;
	mail->came = false;
	return good;
}

/* The connection was lost while these were fetched. Is it one mail that the server cannot send, the others must not
 * wait for it for ever: they are fetched one by one, and the one that it is lost with again and again is left. False:
 * try again. */
static bool batch_lost(struct serving *s, size_t n, size_t until, const struct fault *fault)
{
	if (!session_lost(s) || fault->kind != FAULT_LATER || steady_seconds() >= s->deadline)
		return false;
	if (n > 1)
		s->alone = until;
	if (n > 1 || (s->at < s->again && s->cost + 1 < COSTLY)) {
		s->cost += n == 1;
		return false;
	}
	s->again_cost += s->at >= s->again;
	s->cost += s->cost == 0;
	s->why = *fault;
	s->fetched = until;
	return true;
}

/* What is left of the folder is for the next run. Where it is the only one, that is said of the mailbox. False. */
static bool folder_give_up(struct serving *s)
{
	if (s->n_folders > 1 && !session_lost(s)) {
		s->list.n = s->at;
		s->unsent = 0;
		s->given_up = true;
	}
	return false;
}

/* The server refuses to send these. They are fetched one by one, and the one that it refuses then is named with what it
 * says. */
static bool batch_refused(struct serving *s, size_t n, size_t until, const struct fault *fault)
{
	if (session_lost(s) || (fault->kind != FAULT_LATER && fault->kind != FAULT_INPUT))
		return false;
	if (n > 1) {
		s->alone = until;
		return true;
	}
	s->why = *fault;
	s->refused = true;
	s->fetched = until;
	return true;
}

static bool batch_fetch(struct serving *s, struct fault *fault)
{
	struct server_mail batch[BATCH_MAILS];
	struct server_folder found;
	size_t until, n = batch_choose(s, batch, &until);
	bool good = true;

	if (n && s->mailbox.kind == MAILBOX_IMAP) {
		good = imap_select(s->imap, s->folders[s->next_folder - 1], session_writes(s), &found, fault);
		if (!good)
			return folder_give_up(s);
		if (found.uidvalidity != s->folder.uidvalidity) {
			s->list.n = s->at; /* what was listed is no more; the next run looks again */
			return true;
		}
		good = imap_fetch(s->imap, batch, n, s->mailbox.max_octets, fault);
		for (size_t i = 0; good && i < n; i++)
			if (batch[i].came && !batch[i].unsized && batch[i].length != batch[i].octets)
				good = fetch_twice(s, &batch[i], fault);
	} else if (n) {
		good = pop3_fetch(s->pop3, batch, s->mailbox.max_octets, fault);
	}
	for (size_t i = 0, j = s->at; i < n; i++, j++) {
		while (s->list.mails[j].uid != batch[i].uid)
			j++;
		if (good)
			s->list.mails[j] = batch[i];
		else if (batch[i].fd >= 0)
			close(batch[i].fd);
	}
	if (good) {
		s->fetched = until;
		s->cost = 0;
	}
	return good || (n && (batch_lost(s, n, until, fault) || batch_refused(s, n, until, fault)));
}

static void give_mail(struct serving *s, struct server_mail *mail)
{
	frame_begin(&s->frame, POLLING_MAIL);
	put_place(s, mail);
	frame_put_number(&s->frame, mail->length);
	s->frame.fd = mail->fd;
	serving_say(s);
	close(mail->fd);
	mail->fd = -1;
	mail->given = true;
	s->given++;
	s->fruitless = s->unsent = 0;
	s->credits--;
}

static void give_refusal(struct serving *s, const struct server_mail *mail, enum fault_kind kind, const char *why)
{
	struct fault fault;
	char name[POLLING_FOLDER + 128];

	if (mail->uidl)
		snprintf(name, sizeof name, "#%s", mail->uidl);
	else
		snprintf(name, sizeof name, "%s#%llu", s->folders[s->next_folder - 1], (unsigned long long)mail->uid);
	refuse(&fault, kind, name, "%s", why);
	frame_begin(&s->frame, POLLING_REFUSED);
	put_place(s, mail);
	serving_put_fault(s, &fault);
	serving_say(s);
	s->credits--;
}

/* A session that may be lost next is ended as it should, so that what was deleted in it is. */
static bool deletions_commit(struct serving *s, struct fault *fault)
{
	bool good;

	if (!server_list_told(&s->list))
		return true;
	good = pop3_close(s->pop3, true, fault);
	s->pop3 = NULL;
	for (size_t i = 0; good && i < s->list.n; i++)
		if (s->list.mails[i].told) {
			s->list.mails[i].told = false;
			s->list.mails[i].uid = 0;
		}
	return good && session_again(s, fault);
}

/* A mail that was asked for and has not come. Where nothing was said, perhaps another client was quicker, and nothing
 * is wrong. */
static void give_unsent(struct serving *s, const struct server_mail *mail)
{
	bool wrong = s->refused || s->cost;
	char why[512];

	snprintf(why, sizeof why, "%s; left for the next run%s%.300s",
		s->refused ? "not sent"
		: s->cost  ? "the connection is lost whenever it is fetched"
			   : "announced, but not sent",
		wrong ? ": " : "", wrong ? s->why.text : "");
	/* By POP3 that another client was quicker is a refusal as well; not of one that was refused before and is still
	 * listed. */
	wrong &= s->cost || s->why.kind == FAULT_INPUT || s->mailbox.kind == MAILBOX_IMAP || mail->again;
	give_refusal(s, mail, wrong ? FAULT_INPUT : FAULT_LATER, why);
	s->refused = false;
	s->cost = 0;
}

/* One step towards the next mail; false: fault. */
static bool serve_step(struct serving *s, struct fault *fault)
{
	char why[128];

	while (s->at < s->list.n && s->wanted && !mail_due(s, s->at))
		s->at++;
	if (s->mailbox.max_messages && s->given >= s->mailbox.max_messages) {
		s->ended = true;
	} else if (s->wanted && s->at < s->list.n) {
		struct server_mail *mail = &s->list.mails[s->at];

		if (mail->came) {
			s->at++;
			give_mail(s, mail);
		} else if (s->at < s->fetched && s->at < s->again && s->unsent++ == UNSENT) {
			fault_set(fault, FAULT_LATER, "%s%sthe server does not send the mails that it announces",
				s->mailbox.kind == MAILBOX_IMAP ? s->folders[s->next_folder - 1] : "",
				s->mailbox.kind == MAILBOX_IMAP ? ": " : "");
			return folder_give_up(s);
		} else if (s->at < s->fetched) {
			give_unsent(s, &s->list.mails[s->at++]);
		} else if (mail->octets > s->mailbox.max_octets) {
			s->at++;
			snprintf(why, sizeof why, "%llu octets, more than %llu (limits.mail); left where it is",
				(unsigned long long)mail->octets, (unsigned long long)s->mailbox.max_octets);
			give_refusal(s, mail, FAULT_INPUT, why);
		} else if (s->at >= s->again && s->again_cost >= AGAIN_COSTLY) {
			s->at++;
			give_refusal(s, mail, FAULT_INPUT,
				"not tried: others that were left have cost enough connections; left for the next run");
		} else {
			return session_again(s, fault) && (s->at < s->again || deletions_commit(s, fault)) &&
			       batch_fetch(s, fault);
		}
	} else if (s->next_folder < s->end_folder) {
		return session_again(s, fault) && folder_enter(s, fault);
	} else {
		s->ended = true;
	}
	return true;
}

void serve_mails(struct serving *s)
{
	struct fault fault = { FAULT_NONE };

	while (s->credits && !s->ended) {
		if (serve_step(s, &fault))
			continue;
		/* A folder that cannot be opened is not the end of the others; a lost connection is made again. */
		if (!session_lost(s) &&
			(s->given_up || (s->next_folder < s->end_folder && (!s->wanted || s->at >= s->list.n)))) {
			s->next_folder += !s->given_up;
			s->given_up = false;
			serving_say_fault(s, POLLING_FOLDER_REFUSED, &fault);
			s->credits--;
			continue;
		}
		if (session_lost(s) && fault.kind == FAULT_LATER && s->fruitless++ < ATTEMPTS &&
			steady_seconds() < s->deadline) {
			s->why = fault;
			sleep(s->fruitless - 1);
			continue;
		}
		s->ended = true;
		s->credits = 0;
		serving_say_fault(s, POLLING_FAULT, &fault);
	}
	if (s->ended && s->credits) {
		frame_begin(&s->frame, POLLING_END);
		serving_say(s);
		s->credits = 0;
	}
}
