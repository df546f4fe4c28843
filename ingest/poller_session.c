/* The two ends of dmarcgate-poller: the supervisor that it serves, and the mail server that it is connected to. */
#include "ingest/poller_private.h"

#include "base/shortage.h"
#include "base/steady.h"

#include <unistd.h>

/* ---- talking to the supervisor; without it there is nothing to live for ---- */

void serving_say(struct serving *s)
{
	if (!frame_send(POLLING_SOCKET, &s->frame))
		_exit(EXIT_PROTOCOL);
}

void serving_hear(struct serving *s)
{
	int got = frame_receive(POLLING_SOCKET, &s->frame, -1);

	if (got == 0)
		_exit(0);
	if (got < 0 || s->frame.fd >= 0)
		_exit(EXIT_PROTOCOL);
}

/* The server may have been sent half of what was meant, and refused that. */
void serving_put_fault(struct serving *s, const struct fault *fault)
{
	const struct fault full = { FAULT_LATER, "out of memory" };

	polling_put_fault(&s->frame, shortage() ? &full : fault);
}

void serving_say_fault(struct serving *s, enum polling type, const struct fault *fault)
{
	frame_begin(&s->frame, type);
	serving_put_fault(s, fault);
	serving_say(s);
}

/* The answer to a question; requests for more mails may be on their way before it. */
void serving_hear_answer(struct serving *s, enum polling type)
{
	for (serving_hear(s); s->frame.type == POLLING_NEXT; serving_hear(s))
		s->credits++;
	if (s->frame.type != type)
		_exit(EXIT_PROTOCOL);
}

/* ---- the session ---- */

void session_leave(struct serving *s)
{
	struct fault nobody_asks;

	if (s->pop3)
		pop3_close(s->pop3, false, &nobody_asks);
	imap_close(s->imap, false);
	s->pop3 = NULL;
	s->imap = NULL;
}

bool session_open(struct serving *s, struct fault *fault)
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
	if (s->let_in &&
		s->mailbox.login != LOGIN_PASSWORD) /* a token lasts for an hour; the next run has another one */
		fault->kind = FAULT_LATER;
	fault_conceal(fault, buf_span(&s->secret));
	return false;
}

bool session_lost(const struct serving *s)
{
	return s->imap ? imap_broken(s->imap) : s->pop3 ? pop3_broken(s->pop3) : true;
}

/* In another session with a POP3 server mails have other numbers, and what was deleted in the lost one is there again:
 * it is deleted again, being safe in the database. What came meanwhile is for the next run. */
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
bool session_again(struct serving *s, struct fault *fault)
{
	if (!session_lost(s))
		return true;
	s->reconnects += s->imap || s->pop3;
	session_leave(s);
	return session_open(s, fault) && (s->imap || pop3_resume(s, fault));
}

/* Mails are selected for writing when something will be done to one of them. */
bool session_writes(const struct serving *s)
{
	return s->mailbox.after.kind != FATE_KEEP || s->mailbox.not_reports.kind != FATE_KEEP ||
	       s->mailbox.broken.kind != FATE_KEEP;
}
