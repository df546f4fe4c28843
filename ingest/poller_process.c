/* dmarcgate-poller: the process of poller.h. It is given one mailbox and its password through a socket, locks itself,
 * and serves requests until the socket closes. It prints nothing: what there is to say goes through the socket. */
#include "base/moment.h"
#include "base/sandbox.h"
#include "base/shortage.h"
#include "base/steady.h"
#include "ingest/imap.h"
#include "ingest/poller.h"
#include "ingest/polling.h"
#include "ingest/program.h"
#include "ingest/pop3.h"
#include "ingest/refuse.h"
#include "ingest/submission.h"

#include <mailutils/stdstream.h>
#include <mailutils/stream.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BATCH_MAILS 32			 /* fetched with one command */
#define BATCH_OCTETS (UINT64_C(8) << 20) /* ... unless one mail is larger */
#define ATTEMPTS 3			 /* connections in a row that bring no mail */
#define UNSENT 20			 /* mails in a row that do not come, after which none is expected */
#define COSTLY 2			 /* connections that one mail, fetched alone, may cost before it is left */
#define AGAIN_COSTLY 3			 /* ... that all of those may cost that earlier runs left, in one round */
#define MEMORY (UINT64_C(1) << 30)	 /* of address space; mails lie in descriptors and do not count */
#define MOVING_SECONDS 10		 /* that a server may go on moving mails when nobody hears it any more */
#define EXIT_PROTOCOL 70

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
	struct imap_blind blind;	/* of folders[blind_folder] */
	size_t blind_folder;
	size_t watched;			/* the folder that IDLE sees */
	uint64_t watched_validity, watched_next; /* of it: UIDVALIDITY (0: unknown), the first UID not listed yet */
	struct server_folder folder; /* that is being served: folders[next_folder - 1] */
	struct server_list list;     /* of it; all of its new mails */
	bool *wanted;		     /* owned; of each */
	size_t at, fetched;	     /* list[at .. fetched) have been asked for */
	size_t alone;		     /* list[.. alone) are fetched one by one: the connection was lost among them */
	size_t again;		     /* list[again ..) were left by earlier runs: fetched one by one, behind all others */
	unsigned again_cost;	     /* connections that were lost with such ones */
	unsigned cost;		     /* connections that list[at], fetched alone, was lost with */
	bool refused;		     /* the server said no to it */
	bool given_up;		     /* the folder, and the others are looked into */
	uint64_t given;
	unsigned credits;   /* NEXT to be answered */
	unsigned fruitless; /* connections without a mail */
	unsigned unsent;    /* mails in a row that were announced and did not come */
	struct fault why;   /* the last one was lost */
	uint64_t reconnects;
	bool ended;
	struct frame frame;
};

static struct serving serving; /* large; one process, one mailbox */

/* ---- talking to the supervisor; without it there is nothing to live for ---- */

static void say(struct serving *s)
{
	if (!frame_send(POLLING_SOCKET, &s->frame))
		_exit(EXIT_PROTOCOL);
}

static void hear(struct serving *s)
{
	int got = frame_receive(POLLING_SOCKET, &s->frame, -1);

	if (got == 0)
		_exit(0);
	if (got < 0 || s->frame.fd >= 0)
		_exit(EXIT_PROTOCOL);
}

/* The server may have been sent half of what was meant, and refused that. */
static void put_fault(struct serving *s, const struct fault *fault)
{
	const struct fault full = { FAULT_LATER, "out of memory" };

	polling_put_fault(&s->frame, shortage() ? &full : fault);
}

static void say_fault(struct serving *s, enum polling type, const struct fault *fault)
{
	frame_begin(&s->frame, type);
	put_fault(s, fault);
	say(s);
}

/* The answer to a question; requests for more mails may be on their way before it. */
static void hear_answer(struct serving *s, enum polling type)
{
	for (hear(s); s->frame.type == POLLING_NEXT; hear(s))
		s->credits++;
	if (s->frame.type != type)
		_exit(EXIT_PROTOCOL);
}

/* ---- the session ---- */

static void session_leave(struct serving *s)
{
	struct fault nobody_asks;

	if (s->pop3)
		pop3_close(s->pop3, false, &nobody_asks);
	imap_close(s->imap, false);
	s->pop3 = NULL;
	s->imap = NULL;
}

static bool session_open(struct serving *s, struct fault *fault)
{
	int64_t left = s->deadline - steady_seconds();

	if (left <= 0)
		return fault_set(
			fault, FAULT_LATER, "not done within the deadline; what went wrong last: %.300s", s->why.text);
	s->mailbox.deadline = (uint32_t)left;
	if (s->mailbox.kind == MAILBOX_IMAP)
		s->imap = imap_open(&s->mailbox, s->trust, buf_span(&s->secret), fault);
	else
		s->pop3 = pop3_open(&s->mailbox, s->trust, buf_span(&s->secret), fault);
	/* What a server can do was perhaps not all heard: a mail would be copied instead of moved. */
	if ((s->imap || s->pop3) && shortage()) {
		session_leave(s);
		return fault_set(fault, FAULT_LATER, "out of memory");
	}
	if (s->imap || s->pop3) {
		s->let_in = true;
		return true;
	}
	if (s->let_in && s->mailbox.login != LOGIN_PASSWORD) /* a token lasts for an hour; the next run has another one */
		fault->kind = FAULT_LATER;
	fault_conceal(fault, buf_span(&s->secret));
	return false;
}

static bool session_lost(const struct serving *s)
{
	return s->imap ? imap_broken(s->imap) : s->pop3 ? pop3_broken(s->pop3) : true;
}

/* In another session with a POP3 server mails have other numbers, and what was deleted in the lost one is there again: it is
 * deleted again, being safe in the database. What came meanwhile is for the next run. */
static bool pop3_resume(struct serving *s, struct fault *fault)
{
	struct server_list now;
	bool good = pop3_list(s->pop3, &now, fault);

	if (good && !server_list_renumber(&s->list, &now))
		good = fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0; good && i < s->list.n; i++)
		if (s->list.mails[i].told && s->list.mails[i].uid)
			good = pop3_delete(s->pop3, s->list.mails[i].uid, fault);
	server_list_release(&now);
	if (!good) /* half of it is none: the numbers are not right, or deletions lack */
		session_leave(s);
	return good;
}

/* A lost connection is made again. */
static bool session_again(struct serving *s, struct fault *fault)
{
	if (!session_lost(s))
		return true;
	s->reconnects += s->imap || s->pop3;
	session_leave(s);
	return session_open(s, fault) && (s->imap || pop3_resume(s, fault));
}

/* Mails are selected for writing when something will be done to one of them. */
static bool session_writes(const struct serving *s)
{
	return s->mailbox.after.kind != FATE_KEEP || s->mailbox.not_reports.kind != FATE_KEEP ||
	       s->mailbox.broken.kind != FATE_KEEP;
}

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
		say(s);
		hear_answer(s, POLLING_WANTED);
		struct span answers = frame_text(&s->frame, SERVER_BATCH);

		if (!frame_done(&s->frame) || answers.n != n)
			_exit(EXIT_PROTOCOL);
		for (size_t i = 0; i < n; i++) {
			s->wanted[at + i] = answers.p[i] != '0' + WISH_NONE;
			s->list.mails[at + i].again = answers.p[i] == '0' + WISH_AGAIN;
		}
	}
}

static void folders_forget(struct serving *s)
{
	while (s->n_folders)
		free(s->folders[--s->n_folders]);
	free(s->folders);
	s->folders = NULL;
	s->next_folder = s->end_folder = s->watched = 0;
}

static void folder_leave(struct serving *s)
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
	say(s);
	hear_answer(s, POLLING_FIRST);
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
		folder_leave(s);
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
	return server_list_again_last(&s->list, &s->wanted, (uint64_t)s->looked * UINT64_C(0x9e3779b97f4a7c15) >> 32, &s->again) ||
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

/* The connection was lost while these were fetched. Is it one mail that the server cannot send, the others must not wait for
 * it for ever: they are fetched one by one, and the one that it is lost with again and again is left. False: try again. */
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

/* The server refuses to send these. They are fetched one by one, and the one that it refuses then is named with what it says. */
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
	say(s);
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
	put_fault(s, &fault);
	say(s);
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

/* A mail that was asked for and has not come. Where nothing was said, perhaps another client was quicker, and nothing is wrong. */
static void give_unsent(struct serving *s, const struct server_mail *mail)
{
	bool wrong = s->refused || s->cost;
	char why[512];

	snprintf(why, sizeof why, "%s; left for the next run%s%.300s",
		s->refused ? "not sent"
		: s->cost  ? "the connection is lost whenever it is fetched"
			   : "announced, but not sent",
		wrong ? ": " : "", wrong ? s->why.text : "");
	/* By POP3 that another client was quicker is a refusal as well; not of one that was refused before and is still listed. */
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
			give_refusal(s, mail, FAULT_INPUT, "not tried: others that were left have cost enough connections; left for the next run");
		} else {
			return session_again(s, fault) && (s->at < s->again || deletions_commit(s, fault)) && batch_fetch(s, fault);
		}
	} else if (s->next_folder < s->end_folder) {
		return session_again(s, fault) && folder_enter(s, fault);
	} else {
		s->ended = true;
	}
	return true;
}

static void serve_mails(struct serving *s)
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
			say_fault(s, POLLING_FOLDER_REFUSED, &fault);
			s->credits--;
			continue;
		}
		if (session_lost(s) && fault.kind == FAULT_LATER && s->fruitless++ < ATTEMPTS && steady_seconds() < s->deadline) {
			s->why = fault;
			sleep(s->fruitless - 1);
			continue;
		}
		s->ended = true;
		s->credits = 0;
		say_fault(s, POLLING_FAULT, &fault);
	}
	if (s->ended && s->credits) {
		frame_begin(&s->frame, POLLING_END);
		say(s);
		s->credits = 0;
	}
}

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

/* A connection that was cut is made again, once: whatever comes in the rest of the run would have to wait for the next. The
 * server may still be moving what it was told to, and two that move the same mails leave two copies of each. */
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
static bool pop3_finish(struct serving *s, struct fault *fault)
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

static void serve_settle(struct serving *s)
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
		say_fault(s, POLLING_NOT_SETTLED, &fault);
		return;
	}
	frame_begin(frame, POLLING_SETTLED);
	frame_put_number(frame, left);
	say(s);
}

/* ---- watching ---- */

/* IDLE sees one folder: the first that was configured, or the first one that its pattern names. */
static bool folders_find(struct serving *s, struct fault *fault)
{
	char *first = imap_folder_name(s->imap, s->mailbox.folders[0]);

	folders_forget(s);
	if (!first)
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (!imap_folders(s->imap, &s->folders, &s->n_folders, fault)) {
		free(first);
		return false;
	}
	for (size_t i = 0; i < s->n_folders; i++)
		if (strcmp(s->folders[i], first) == 0)
			s->watched = i;
	s->end_folder = s->n_folders;
	free(first);
	return true;
}

static bool watch(struct serving *s, uint32_t seconds, enum imap_woken *woken, struct fault *fault)
{
	struct imap_watch what = {
		.folder = s->n_folders ? s->folders[s->watched] : "INBOX",
		.writable = session_writes(s),
		.uidvalidity = s->watched_validity,
		.first = s->watched_next,
		.since = s->since,
		.other = POLLING_SOCKET,
		.seconds = seconds,
	};

	if (session_lost(s))
		return fault_set(fault, FAULT_LATER, "the connection is lost");
	if (!imap_watch(s->imap, &what, woken, fault))
		return false;
	if (*woken == IMAP_NEWS && seconds == 0) /* its mail has come before the time was over, and is met there */
		*woken = IMAP_QUIET;
	return *woken != IMAP_QUIET || folders_find(s, fault);
}

/* Between two rounds. What the supervisor says meanwhile ends it and comes next. */
static void serve_watch(struct serving *s)
{
	uint32_t seconds = (uint32_t)frame_number(&s->frame, UINT32_MAX);
	int64_t left; /* until all folders are looked into again, however often mail comes into the watched one */
	enum imap_woken woken = IMAP_QUIET;
	struct fault fault = { FAULT_NONE };

	if (!frame_done(&s->frame) || !(s->ended || s->resting) || s->mailbox.kind != MAILBOX_IMAP)
		_exit(EXIT_PROTOCOL);
	folder_leave(s);
	s->given = 0;
	s->fruitless = s->again_cost = 0;
	s->ended = true;
	s->mailbox.deadline = s->seconds; /* a reconnect leaves what was left of a round */
	left = s->looked + seconds - steady_seconds();
	if (!watch(s, left > 0 ? (uint32_t)left : 0, &woken, &fault)) {
		say_fault(s, POLLING_FAULT, &fault);
		return;
	}
	s->ended = false;
	s->resting = true;
	s->next_folder = woken == IMAP_NEWS ? s->watched : 0;
	s->end_folder = woken == IMAP_NEWS && s->n_folders ? s->watched + 1 : s->n_folders;
	if (woken != IMAP_NEWS)
		s->looked = steady_seconds();
	if (woken == IMAP_CALLED)
		return;
	frame_begin(&s->frame, POLLING_NEWS);
	frame_put_number(&s->frame, woken == IMAP_QUIET);
	say(s);
}

static void serve_next(struct serving *s)
{
	if (s->resting) {
		s->resting = false;
		s->deadline = steady_seconds() + s->seconds;
		/* A session that was lost while mails were settled is made again when the next one is needed. */
		if (s->imap)
			imap_set_deadline(s->imap, s->seconds);
	}
	s->credits += !s->ended;
}

static void serve_close(struct serving *s)
{
	struct fault fault = { FAULT_NONE };
	bool good = true;

	if (s->mailbox.kind == MAILBOX_POP3)
		good = pop3_finish(s, &fault);
	imap_close(s->imap, true);
	s->imap = NULL;
	frame_begin(&s->frame, good ? POLLING_CLOSED : POLLING_NOT_CLOSED);
	frame_put_number(&s->frame, s->reconnects);
	if (!good)
		put_fault(s, &fault);
	say(s);
}

/* ---- birth ---- */

/* From here on: the network, what the resolver and OpenSSL look up, memory. */
static void process_lock(void)
{
	sandbox_lock(SANDBOX_POLLER, &(struct sandbox_ceilings){ .memory = MEMORY });
}

static void serve_open(struct serving *s)
{
	struct fault fault = { FAULT_NONE };
	bool good;

	if (frame_receive(POLLING_SOCKET, &s->frame, -1) != 1)
		_exit(0);
	if (s->frame.type == POLLING_SUBMIT)
		submission_serve(&s->frame, process_lock);
	if (s->frame.fd >= 0)
		_exit(EXIT_PROTOCOL);
	if (s->frame.type != POLLING_OPEN || !polling_get_mailbox(&s->frame, &s->mailbox))
		_exit(EXIT_PROTOCOL);
	s->secret = BUF(POLLING_SECRET);
	buf_reserve(&s->secret, POLLING_SECRET - 64);
	buf_put_span(&s->secret, frame_text(&s->frame, POLLING_SECRET - 64));
	int64_t now = (int64_t)frame_number(&s->frame, INT64_MAX);

	if (!frame_done(&s->frame) || s->secret.failed)
		_exit(EXIT_PROTOCOL);
	explicit_bzero(s->frame.octets, s->frame.n);
	s->since = s->mailbox.since ? now - s->mailbox.since * DAY_SECONDS : MOMENT_NONE;
	s->seconds = s->mailbox.deadline;
	s->looked = steady_seconds();
	s->deadline = s->looked + s->seconds;
	s->trust = trust_open(&s->mailbox, &fault);
	if (s->trust)
		process_lock();
	good = s->trust && session_open(s, &fault);
	if (good && s->imap) {
		good = folders_find(s, &fault);
	} else if (good) {
		s->end_folder = 1;
		good = pop3_list(s->pop3, &s->list, &fault);
	}
	if (!good) {
		say_fault(s, POLLING_FAULT, &fault);
		_exit(0);
	}
	frame_begin(&s->frame, POLLING_OPENED);
	say(s);
}

/* The library says what it thinks of a server to standard error. */
static void library_silence(void)
{
	mu_stdstream_setup(MU_STDSTREAM_RESET_NONE);
	mu_stream_unref(mu_strerr);
	if (mu_nullstream_create(&mu_strerr, MU_STREAM_WRITE) != 0)
		_exit(EXIT_PROTOCOL);
}

static void serve_request(struct serving *s)
{
	serve_mails(s);
	hear(s);
	switch (s->frame.type) {
	case POLLING_NEXT:
		serve_next(s);
		break;
	case POLLING_WATCH:
		serve_watch(s);
		break;
	case POLLING_SETTLE:
		serve_settle(s);
		break;
	case POLLING_CLOSE:
		serve_close(s);
		_exit(0); /* the library's atexit handlers have nothing to do here */
	default:
		_exit(EXIT_PROTOCOL);
	}
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	library_silence();
	for (serve_open(&serving);; serve_request(&serving))
		;
}
