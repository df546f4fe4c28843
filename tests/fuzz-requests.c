/* What the poller process is asked, in any order, by a supervisor that may have been taken over, while the mail server says
 * what it likes (fuzz_server.h). The first octet chooses the mailbox; two octets are the length of what the server says,
 * which follows; the rest are requests, each begun by its kind:
 *
 *   0   one more mail, please          3   watch
 *   1   settle: fate, folder, UIDs     4   the answer to the next question is of the wrong kind, or of wrong length
 *   2   close                          5   a frame of any octets: type, length, octets
 *
 * Questions of the process are answered as they come. Checked is what it says: frames the supervisor can read, mails that
 * are not larger than they may be, one answer to each request. */
#include "base/sandbox.h"
#include "ingest/carrier.h"
#include "ingest/polling.h"
#include "ingest/submission.h"
#include "tests/fuzz_server.h"

#include <setjmp.h>
#include <unistd.h>

static jmp_buf over; /* where the process ends */
static struct trust *trusted;
static bool played_send(int socket, const struct frame *frame);
static int played_receive(int socket, struct frame *frame, int milliseconds);

/* The process's own loop, with its ends in our hands. */
#define main poller_process_main
#define frame_send played_send
#define frame_receive played_receive
#define _exit(code) longjmp(over, 1 + (code))
#define sleep(seconds) (fuzz_server.later += (int64_t)(seconds) * 1000000000)
#define sandbox_lock(profile, ceilings) ((void)(ceilings))
#define trust_open(mailbox, fault) trusted
#define submission_serve(frame, lock) longjmp(over, 1)
int poller_process_main(int argc, char **argv);
#include "ingest/poller_process.c"
#include "ingest/poller_round.c"
#include "ingest/poller_session.c"
#include "ingest/poller_settle.c"
#undef _exit
#undef sleep
#undef trust_open

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

/* As in tests/fuzz-poller.c; and what is in hand when the process ends in the middle. */
const char *__lsan_default_suppressions(void)
{
	return "leak:_mu_imap_parse_fetch_response\nleak:serve_settle\n";
}

#define MAIL_MOST 2000
#define SECRET "secret-of-ours"
#define REQUESTS_MOST 200

static struct {
	struct span rest;
	struct mailbox mailbox;
	bool opened, wrong;
	uint32_t asked;	  /* the question that waits: FOLDER_IS, LISTED, or 0 */
	uint64_t listed;  /* mails of that question */
	size_t given, wanted, requests;
} play;

static unsigned octet(void)
{
	if (play.rest.n == 0)
		return 0;
	play.rest.n--;
	return (unsigned char)*play.rest.p++;
}

static struct span octets(size_t n)
{
	struct span taken = { play.rest.p, n < play.rest.n ? n : play.rest.n };

	play.rest.p += taken.n;
	play.rest.n -= taken.n;
	return taken;
}

static void line_check(struct span line)
{
	const char *blank = memchr(line.p, ' ', line.n);
	bool clear = line.n >= 4 && (memcmp(line.p + line.n - 4, "STLS", 4) == 0 ||
					    (line.n >= 8 && memcmp(line.p + line.n - 8, "STARTTLS", 8) == 0));

	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] > 126)
			abort();
	if (!fuzz_server.tls && !clear)
		abort();
	if (blank)
		fuzz_server_repeats((struct span){ line.p, (size_t)(blank - line.p) });
}

/* ---- what the process says ---- */

static void mail_check(struct frame *frame)
{
	struct mail_place place = { 0 };

	if (!polling_get_place(frame, &place) || frame_number(frame, UINT64_MAX) > MAIL_MOST || !frame_done(frame) ||
		frame->fd < 0)
		abort();
	mail_place_release(&place);
	play.given++;
}

static bool played_send(int socket, const struct frame *frame)
{
	static struct frame heard;
	struct fault fault;

	(void)socket;
	heard = *frame;
	heard.at = 0;
	play.asked = 0;
	switch (frame->type) {
	case POLLING_FOLDER_IS:
		play.asked = frame->type;
		break;
	case POLLING_LISTED:
		frame_text(&heard, POLLING_FOLDER);
		frame_number(&heard, UINT32_MAX);
		play.listed = frame_number(&heard, SERVER_BATCH);
		play.asked = frame->type;
		break;
	case POLLING_MAIL:
		mail_check(&heard);
		break;
	case POLLING_FAULT:
	case POLLING_FOLDER_REFUSED:
	case POLLING_NOT_SETTLED:
		polling_get_fault(&heard, &fault);
		if (fault.kind == FAULT_NONE || fault.kind == FAULT_BROKEN || strstr(fault.text, SECRET))
			abort();
		break;
	case POLLING_OPENED:
		play.opened = true;
	}
	if (heard.failed)
		abort();
	return true;
}

/* ---- what it hears ---- */

static void answer(struct frame *frame)
{
	char wanted[SERVER_BATCH];
	unsigned how = octet();

	if (play.asked == POLLING_FOLDER_IS) {
		frame_begin(frame, POLLING_FIRST);
		frame_put_number(frame, how == 255 ? (uint64_t)UINT32_MAX + 1 : how % 8);
	} else {
		frame_begin(frame, POLLING_WANTED);
		memset(wanted, how & 1 ? '0' : '1', sizeof wanted);
		frame_put_text(frame, (struct span){ wanted, (size_t)play.listed + play.wrong });
	}
	if (play.wrong && play.asked == POLLING_FOLDER_IS)
		frame->type = POLLING_WANTED;
	play.wrong = false;
}

static void settle_ask(struct frame *frame)
{
	static char done[] = "Done", keyword[] = "$Done";
	struct mail_fate fate = { (enum fate_kind)(octet() % 5), NULL };
	unsigned n = octet() % 4;

	if (fate.kind == FATE_FLAG || fate.kind == FATE_MOVE)
		fate.name = fate.kind == FATE_MOVE ? done : keyword;
	frame_begin(frame, POLLING_SETTLE);
	polling_put_fate(frame, &fate);
	frame_put_text(frame, SPAN("INBOX"));
	frame_put_number(frame, 7);
	frame_put_number(frame, n);
	for (unsigned i = 0; i < n; i++)
		if (play.mailbox.kind == MAILBOX_IMAP)
			frame_put_number(frame, octet());
		else
			frame_put_text(frame, octets(1 + octet() % 8));
}

static void raw_say(struct frame *frame)
{
	unsigned type = octet();
	struct span text = octets(octet());

	frame_begin(frame, type == POLLING_SUBMIT ? POLLING_OPEN : type);
	memcpy(frame->octets, text.p, text.n);
	frame->n = text.n;
}

static void open_ask(struct frame *frame)
{
	frame_begin(frame, POLLING_OPEN);
	polling_put_mailbox(frame, &play.mailbox);
	frame_put_text(frame, SPAN(SECRET));
	frame_put_number(frame, 1700000000);
}

static int played_receive(int socket, struct frame *frame, int milliseconds)
{
	(void)socket, (void)milliseconds;
	if (play.requests++ == 0) {
		open_ask(frame);
	} else if (play.asked) {
		answer(frame);
	} else if (play.rest.n == 0 || play.requests > REQUESTS_MOST) {
		return 0;
	} else {
		switch (octet() % 6) {
		case 0:
			frame_begin(frame, POLLING_NEXT);
			break;
		case 1:
			settle_ask(frame);
			break;
		case 2:
			frame_begin(frame, POLLING_CLOSE);
			break;
		case 3:
			frame_begin(frame, POLLING_WATCH);
			frame_put_number(frame, 100);
			break;
		case 4:
			play.wrong = true;
			frame_begin(frame, POLLING_NEXT);
			break;
		default:
			raw_say(frame);
		}
	}
	frame->at = 0;
	frame->fd = -1;
	frame->failed = false;
	return 1;
}

/* ---- a process ---- */

static void process_end(struct serving *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.mails && s->list.mails[i].fd >= 0)
			close(s->list.mails[i].fd);
	session_leave(s);
	serving_folder_leave(s);
	serving_folders_forget(s);
	mailbox_release(&s->mailbox);
	buf_release(&s->secret);
}

static void mailbox_choose(struct mailbox *mailbox, unsigned how)
{
	static char host[] = "127.0.0.1", user[] = "user@example.org", name[] = "box", done[] = "Done";
	static char inbox[] = "INBOX", pattern[] = "Reports/*";
	static char *folders[] = { inbox, pattern };

	*mailbox = (struct mailbox){ .name = name,
		.kind = how & 1 ? MAILBOX_POP3 : MAILBOX_IMAP,
		.tls = how & 2,
		.host = host,
		.port = 993,
		.user = user,
		.folders = folders,
		.n_folders = how & 4 ? 2 : 1,
		.max_messages = how & 8 ? 2 : 0,
		.max_octets = MAIL_MOST,
		.timeout = 60,
		.deadline = 600,
		.keepalive = 180 };
	if (how & 16)
		mailbox->after = (struct mail_fate){ FATE_MOVE, done };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = { FAULT_NONE };
	size_t said;

	if (size < 3)
		return 0;
	memset(&play, 0, sizeof play);
	memset(&serving, 0, sizeof serving);
	mailbox_choose(&play.mailbox, data[0]);
	if (!trusted) {
		library_silence();
		trusted = trust_open(&play.mailbox, &fault);
	}
	said = (size_t)data[1] << 8 | data[2];
	said = said < size - 3 ? said : size - 3;
	play.rest = (struct span){ (const char *)data + 3 + said, size - 3 - said };
	fuzz_server_begin((struct span){ (const char *)data + 3, said }, false, line_check);
	if (setjmp(over) == 0)
		for (serve_open(&serving);; serve_request(&serving))
			;
	process_end(&serving);
	fuzz_server_end();
	return 0;
}
