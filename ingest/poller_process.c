/* dmarcgate-poller: the process of poller.h. It is given one mailbox and its password through a socket, locks itself,
 * and serves requests until the socket closes. It prints nothing: what there is to say goes through the socket. */
#include "ingest/poller_private.h"

#include "base/moment.h"
#include "base/sandbox.h"
#include "base/steady.h"
#include "ingest/program.h"
#include "ingest/submission.h"

#include <mailutils/stdstream.h>
#include <mailutils/stream.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MEMORY (UINT64_C(1) << 30) /* of address space; mails lie in descriptors and do not count */

static struct serving serving; /* large */

/* ---- watching ---- */

/* IDLE sees one folder: the first that was configured, or the first one that its pattern names. */
static bool folders_find(struct serving *s, struct fault *fault)
{
	char *first = imap_folder_name(s->imap, s->mailbox.folders[0]);

	serving_folders_forget(s);
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
	serving_folder_leave(s);
	s->given = 0;
	s->fruitless = s->again_cost = 0;
	s->ended = true;
	s->mailbox.deadline = s->seconds; /* a reconnect leaves what was left of a round */
	left = s->looked + seconds - steady_seconds();
	if (!watch(s, left > 0 ? (uint32_t)left : 0, &woken, &fault)) {
		serving_say_fault(s, POLLING_FAULT, &fault);
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
	serving_say(s);
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
		good = session_finish(s, &fault);
	imap_close(s->imap, true);
	s->imap = NULL;
	frame_begin(&s->frame, good ? POLLING_CLOSED : POLLING_NOT_CLOSED);
	frame_put_number(&s->frame, s->reconnects);
	if (!good)
		serving_put_fault(s, &fault);
	serving_say(s);
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
		serving_say_fault(s, POLLING_FAULT, &fault);
		_exit(0);
	}
	frame_begin(&s->frame, POLLING_OPENED);
	serving_say(s);
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
	serving_hear(s);
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
