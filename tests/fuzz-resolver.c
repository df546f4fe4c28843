/* What the resolver process is asked, and what becomes of it: its loop with libunbound played (ub_resolve_event is
 * replaced below). The first octet chooses how it was started; then follow actions, each begun by its kind:
 *
 *   0   a question: its type, whether it is looked up at once, refused or later, length and octets of its name
 *   1   a packet of any octets: their number, the octets
 *   2   an answer to one that waits: which, its code, its security, length in two octets and octets of the packet
 *   3   the end of the time for a question: which
 *
 * Every question must be answered once, by a frame that can be read; nothing is looked up that was not allowed. */
#include "base/child.h"

static int resolver_end = -1;
#undef CHILD_SOCKET
#define CHILD_SOCKET resolver_end
#include "ingest/resolver_process.c" /* its state is one to a process, and has to be born for every input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUESTIONS_MOST 40
#define FILE_NAME "file.example"

struct asked_question {
	struct dns_answer question;
	char text[DNS_NAME_MAX + 1];
	bool answered;
};

struct look_up {
	ub_event_callback_type back;
	void *arg;
	bool over;
};

static struct {
	int socket; /* the supervisor's end */
	struct span rest;
	struct asked_question questions[QUESTIONS_MOST]; /* serial - 1 */
	size_t questions_n, look_ups_n;
	struct look_up look_ups[2 * QUESTIONS_MOST];
	unsigned how; /* of the next look-up: 0 later, 1 at once, 2 refused */
	bool file, offline;
	uint32_t looked_up;
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

/* ---- in place of libunbound ---- */

int __wrap_ub_resolve_event(struct ub_ctx *context, const char *name, int type, int class, void *arg,
	ub_event_callback_type back, int *id);

int __wrap_ub_resolve_event(struct ub_ctx *context, const char *name, int type, int class, void *arg,
	ub_event_callback_type back, int *id)
{
	(void)context, (void)id;
	if (play.file || play.offline || class != CLASS_IN || (arg && *dns_type_word((enum dns_type)type) == '?') ||
		strlen(name) > DNS_NAME_MAX)
		abort();
	play.looked_up += arg != NULL;
	if (play.how == 2)
		return 1;
	if (play.how == 1 || play.look_ups_n == sizeof play.look_ups / sizeof *play.look_ups)
		back(arg, 2, NULL, 0, 0, NULL, 0);
	else
		play.look_ups[play.look_ups_n++] = (struct look_up){ back, arg, false };
	return 0;
}

static void file_ask(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	(void)arg, (void)arena;
	*answer = (struct dns_answer){ .name = name,
		.type = type,
		.status = span_is(name, SPAN(FILE_NAME)) ? DNS_NODATA : DNS_NXDOMAIN };
}

/* ---- the supervisor's end ---- */

static void reply_check(struct span frame)
{
	struct arena arena = ARENA(2 * RESOLVER_ANSWER_OCTETS);
	struct dnsframe_head head = { 0 };
	struct asked_question *asked;
	struct dns_answer answer;

	if (frame.n < sizeof head)
		abort();
	memcpy(&head, frame.p, sizeof head);
	if (head.serial == 0 || head.serial > play.questions_n)
		abort();
	asked = &play.questions[head.serial - 1];
	if (asked->answered ||
		!dnsframe_get(frame, asked->question.name, asked->question.type, &arena, &head, &answer) ||
		answer.ttl > RESOLVER_TTL_MAX || (play.offline && answer.status == DNS_OK))
		abort();
	asked->answered = true;
	arena_release(&arena);
}

static void replies_take(void)
{
	static char frame[DNSFRAME_MAX + 1];
	ssize_t n;

	event_base_loop(self.base, EVLOOP_NONBLOCK);
	while ((n = recv(play.socket, frame, sizeof frame, MSG_DONTWAIT)) > 0)
		reply_check((struct span){ frame, (size_t)n });
}

static void question_ask(void)
{
	static const uint16_t types[] = { DNS_TYPE_TXT, DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_MX, DNS_TYPE_PTR, DNS_TYPE_SOA,
		DNS_TYPE_CNAME, DNS_TYPE_NS, 0, 99, 255, 65535 };
	struct asked_question *asked = &play.questions[play.questions_n];
	struct dnsframe_question frame;
	struct span name;

	memset(&frame, 0, sizeof frame);
	frame.serial = play.questions_n + 1;
	frame.type = types[octet() % (sizeof types / sizeof *types)];
	play.how = octet() % 3;
	name = octets(octet());
	name.n = name.n < sizeof frame.name ? name.n : sizeof frame.name;
	memcpy(frame.name, name.p, name.n);
	frame.n = (uint16_t)(octet() == 255 ? 65535 : name.n);
	if (play.questions_n == QUESTIONS_MOST)
		return;
	memcpy(asked->text, frame.name, sizeof asked->text);
	asked->question = (struct dns_answer){ .name = { asked->text, name.n }, .type = (enum dns_type)frame.type };
	play.questions_n++;
	if (send(play.socket, &frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof frame)
		abort();
}

static void answer_give(void)
{
	struct look_up *look_up = play.look_ups_n ? &play.look_ups[octet() % play.look_ups_n] : NULL;
	int code = (int)octet() % 6, security = (int)octet() % 3;
	size_t high = octet(), n = high << 8 | octet();
	struct span packet = octets(n);
	char *copy;

	if (!look_up || look_up->over)
		return;
	look_up->over = true;
	copy = malloc(packet.n + 1); /* so that reading past its end is seen */
	if (!copy)
		abort();
	memcpy(copy, packet.p, packet.n);
	look_up->back(look_up->arg, code, packet.n ? copy : NULL, (int)packet.n, security, NULL, 0);
	free(copy);
}

static void time_pass(size_t which)
{
	struct pending *pending = &self.pending[which % RESOLVER_OUTSTANDING];

	if (pending->serial)
		timed_out(-1, 0, pending);
}

/* What libunbound was asked is over before its context is. */
static void end_play(void)
{
	for (size_t i = 0; i < RESOLVER_OUTSTANDING; i++)
		time_pass(i);
	replies_take();
	for (size_t i = 0; i < play.questions_n; i++)
		if (!play.questions[i].answered)
			abort();
	if (play.looked_up > self.options.questions || self.asked > self.options.questions)
		abort();
}

static void begin_play(unsigned how)
{
	int ends[2];
	struct fault fault = { FAULT_NONE };

	memset(&self, 0, sizeof self);
	memset(&play, 0, sizeof play);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	play.socket = ends[0];
	resolver_end = ends[1];
	play.file = how & 1;
	play.offline = how & 2;
	self.options = (struct resolver_options){ .questions = how & 4 ? 3 : RESOLVER_QUESTIONS,
		.silence = how & 8 ? 1 : 0,
		.file = { play.file ? file_ask : NULL, NULL } };
	self.limit = (struct timeval){ 1000, 0 };
	self.offline = play.offline;
	self.validation = how & 16 ? RESOLVER_UNPROBED : how & 32 ? RESOLVER_VALIDATING : RESOLVER_UNVALIDATED;
	self.arena = ARENA(RESOLVER_ANSWER_OCTETS);
	self.frame = BUF(2 * DNSFRAME_MAX);
	snprintf(self.probe, sizeof self.probe, ".");
	if (!loop_ready(&fault))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool well_formed = true;

	if (size == 0)
		return 0;
	begin_play(data[0]);
	play.rest = (struct span){ (const char *)data + 1, size - 1 };
	while (play.rest.n && well_formed) {
		struct span packet;

		switch (octet() % 4) {
		case 0:
			question_ask();
			break;
		case 1:
			packet = octets(octet());
			well_formed = packet.n == 0 || packet.n == sizeof(struct dnsframe_question);
			if (packet.n && !well_formed)
				send(play.socket, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL);
			break;
		case 2:
			answer_give();
			break;
		default:
			time_pass(octet());
		}
		replies_take();
	}
	/* A packet that is no question ends the process: it has nobody to believe any more. */
	if (!well_formed && !event_base_got_break(self.base))
		abort();
	end_play();
	close(play.socket);
	all_free();
	close(resolver_end);
	return 0;
}
