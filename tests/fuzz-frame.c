/* What the supervisor is told by its helpers, dmarcgate-poller and dmarcgate-token, and what these are told by it. The
 * first octet chooses; the rest is one frame, read by every reader of frames, or a script: for each frame its type, how
 * many descriptors come with it, its length in two octets, its octets. A script is played to the supervisor's own calls
 * through a socket; no process is started. What is believed can be said again and means the same. */
#include "base/escape.h"
#include "ingest/poller.h"
#include "ingest/polling.h"
#include "ingest/program.h"
#include "ingest/submit.h"
#include "ingest/token.h"
#include "ingest/tokenframe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MOST 40 /* what a socket holds before anybody reads */
#define ROUNDS 40
#define NOBODY 0x3fffffff /* no process has this number (PID_MAX_LIMIT) */
#define MAIL_OCTETS 5	  /* of the mails that scripts bring */
#define MAIL_MOST 100

/* ---- in place of a process: a script ---- */

static struct span script;
static int script_end = -1, sealed = -1, unsealed = -1;

static int mail_make(bool seal)
{
	int fd = memfd_create("fuzz-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, "mail\n", MAIL_OCTETS) != MAIL_OCTETS ||
		(seal && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0))
		abort();
	return fd;
}

static bool script_send(int socket, unsigned type, unsigned how, struct span octets)
{
	uint32_t head = type;
	int fds[2] = { how & 1 ? sealed : unsealed, unsealed };
	size_t n = how & 4 ? 2 : how & 3 ? 1 : 0;
	struct iovec parts[2] = { { &head, sizeof head }, { (char *)(uintptr_t)octets.p, octets.n } };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { { 0 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (n) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int))
		};
		memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

pid_t program_start(const char *path, const char *name, int *socket, struct fault *fault)
{
	struct span rest = script;
	int ends[2];

	(void)path, (void)name, (void)fault;
	if (script_end >= 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	for (int i = 0; i < FRAMES_MOST && rest.n >= 4; i++) {
		const unsigned char *head = (const unsigned char *)rest.p;
		size_t n = head[2] | (size_t)head[3] << 8;

		rest = (struct span){ rest.p + 4, rest.n - 4 };
		n = n < rest.n ? n : rest.n;
		if (!script_send(ends[1], head[0], head[1], (struct span){ rest.p, n }))
			break;
		rest = (struct span){ rest.p + n, rest.n - n };
	}
	shutdown(ends[1], SHUT_WR);
	*socket = ends[0];
	script_end = ends[1];
	return NOBODY;
}

int program_reap(pid_t *pid)
{
	*pid = 0;
	return 0;
}

void program_kill(pid_t *pid)
{
	*pid = 0;
}

static void script_over(void)
{
	if (script_end < 0)
		abort();
	close(script_end);
	script_end = -1;
}

/* ---- what must hold, whoever said it ---- */

static void shown_check(struct span text)
{
	if (!utf8_valid(text))
		abort();
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			abort();
}

static void fault_check(const struct fault *fault)
{
	if (fault->kind == FAULT_NONE)
		abort();
	shown_check(span_of(fault->text));
}

static void polled_check(const struct polled *polled, bool pop3)
{
	struct stat st;

	if (polled->mail.fd < 0 || !polled->mail.name || fstat(polled->mail.fd, &st) != 0 ||
		(uint64_t)st.st_size != polled->mail.length || polled->mail.length > MAIL_MOST ||
		!(fcntl(polled->mail.fd, F_GET_SEALS) & F_SEAL_WRITE))
		abort();
	if (!polled->place.folder || !utf8_valid(span_of(polled->place.folder)) ||
		(!pop3 && !polled->place.uid && !polled->place.uidl[0]))
		abort();
}

/* ---- the supervisor's calls ---- */

static void play_settle(struct poller *poller, const struct mail_place *places, size_t n)
{
	struct mail_fate fate = { FATE_DELETE, NULL };
	struct fault fault = { FAULT_NONE };
	size_t done;
	bool good = poller_settle(poller, &fate, places, n, &done, &fault);

	if (done > n || (good && done != n))
		abort();
	if (!good)
		fault_check(&fault);
}

static void play_poller(unsigned how)
{
	char folder[] = "INBOX", host[] = "mail.example.org", user[] = "u";
	char *folders[] = { folder };
	struct mailbox mailbox = { .name = folder,
		.kind = how & 1 ? MAILBOX_POP3 : MAILBOX_IMAP,
		.host = host,
		.port = 993,
		.tls = true,
		.user = user,
		.folders = folders,
		.n_folders = 1,
		.max_octets = MAIL_MOST,
		.timeout = 1,
		.deadline = 1 };
	struct fault fault = { FAULT_NONE };
	struct poller *poller = poller_start(NULL, &fault);
	struct mail_place places[ROUNDS];
	struct poller_counts counts;
	size_t kept = 0;

	if (!poller)
		abort();
	if (!poller_open(poller, &mailbox, SPAN("secret"), 1700000000, NULL, &fault))
		fault_check(&fault);
	for (int i = 0; i < ROUNDS; i++) {
		struct polled polled;
		int got = how & 8 && !poller_ready(poller) ? 0 : poller_next(poller, &polled, &fault);

		if (got < 0)
			fault_check(&fault);
		if (got == 1) {
			polled_check(&polled, how & 1);
			places[kept++] = polled.place;
			polled.place.folder = NULL;
		}
		polled_release(&polled);
		if (got == 0 && (!(how & 2) || !poller_watch(poller, 0, &fault) || how & 16))
			break;
		if (got == 0)
			poller_news(poller, &fault);
	}
	if (kept)
		play_settle(poller, places, kept);
	if (!poller_close(poller, &counts, &fault))
		fault_check(&fault);
	poller_stop(poller);
	while (kept)
		mail_place_release(&places[--kept]);
}

static void show(void *arg, const struct token_code *code)
{
	(void)arg;
	shown_check(span_of(code->word));
	shown_check(span_of(code->page));
	shown_check(span_of(code->whole_page));
}

static void play_token(bool login)
{
	char name[] = "box", url[] = "https://login.example/token", id[] = "client", path[] = "/nonexistent";
	struct oauth oauth = {
		.name = name, .token_endpoint = url, .device_endpoint = url, .client_id = id, .token_file = path
	};
	struct buf token = BUF(2 * OAUTH_TOKEN);
	struct fault fault = { FAULT_NONE };

	if (login ? !token_login(NULL, &oauth, show, NULL, &fault) : !token_get(NULL, &oauth, &token, &fault))
		fault_check(&fault);
	else if (!login && !oauth_token_good(buf_span(&token)))
		abort();
	buf_release(&token);
}

static void play_submit(void)
{
	char host[] = "mail.example.org", name[] = "smtp";
	struct mailbox server = {
		.name = name, .kind = MAILBOX_SMTP, .host = host, .port = 465, .tls = true, .timeout = 1, .deadline = 1
	};
	struct span to[] = { SPAN("a@example.org"), SPAN("b@example.org") };
	struct envelope envelope = { SPAN("c@example.org"), to, 2 };
	struct submit_answer answers[2];
	struct fault fault = { FAULT_NONE };

	if (submit_mail(NULL, &server, SPAN("secret"), &envelope, sealed, answers, &fault) != SUBMIT_SENT)
		fault_check(&fault);
	for (size_t i = 0; i < 2; i++)
		shown_check(span_of(answers[i].reason));
}

/* ---- one frame, both ends' readers ---- */

static struct frame said, again, third;

static void frame_fill(struct frame *frame, struct span octets)
{
	frame_begin(frame, 0);
	frame->n = octets.n < sizeof frame->octets ? octets.n : sizeof frame->octets;
	if (octets.n)
		memcpy(frame->octets, octets.p, frame->n);
}

static void same(const struct frame *a, const struct frame *b)
{
	if (a->failed || b->failed || a->n != b->n || memcmp(a->octets, b->octets, a->n) != 0)
		abort();
}

static void read_mailbox(struct span octets)
{
	struct mailbox mailbox, copy;
	bool good;

	frame_fill(&said, octets);
	good = polling_get_mailbox(&said, &mailbox);
	frame_begin(&again, 0);
	frame_begin(&third, 0);
	if (good) {
		polling_put_mailbox(&again, &mailbox);
		if (!polling_get_mailbox(&again, &copy))
			abort();
		polling_put_mailbox(&third, &copy);
		same(&again, &third);
		mailbox_release(&copy);
	}
	mailbox_release(&mailbox);
}

static void read_oauth(struct span octets)
{
	struct oauth oauth, copy;

	frame_fill(&said, octets);
	frame_begin(&again, 0);
	frame_begin(&third, 0);
	if (tokenframe_get_oauth(&said, &oauth)) {
		tokenframe_put_oauth(&again, &oauth);
		if (!tokenframe_get_oauth(&again, &copy))
			abort();
		tokenframe_put_oauth(&third, &copy);
		same(&again, &third);
		oauth_release(&copy);
	}
	oauth_release(&oauth);
}

static void read_place(struct span octets)
{
	struct mail_place place, copy;

	frame_fill(&said, octets);
	frame_begin(&again, 0);
	frame_begin(&third, 0);
	if (!polling_get_place(&said, &place)) {
		free(place.folder);
		return;
	}
	polling_put_place(&again, &place);
	if (!polling_get_place(&again, &copy) || !frame_done(&again))
		abort();
	polling_put_place(&third, &copy);
	same(&again, &third);
	mail_place_release(&place);
	mail_place_release(&copy);
}

static void read_rest(struct span octets)
{
	struct token_code code;
	struct mail_fate fate;
	struct fault fault;

	frame_fill(&said, octets);
	polling_get_fate(&said, &fate);
	fate_release(&fate);
	frame_fill(&said, octets);
	polling_get_fault(&said, &fault);
	fault_check(&fault);
	frame_fill(&said, octets);
	if (tokenframe_get_code(&said, &code))
		show(NULL, &code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	if (sealed < 0) {
		sealed = mail_make(true);
		unsealed = mail_make(false);
	}
	script = rest;
	switch (data[0] % 8) {
	case 0:
		read_mailbox(rest);
		read_oauth(rest);
		read_place(rest);
		read_rest(rest);
		return 0;
	case 1:
	case 2:
		play_token(data[0] % 8 == 2);
		break;
	case 3:
		play_submit();
		break;
	default:
		play_poller(data[0]);
	}
	script_over();
	return 0;
}
