/* The wire between supervisor and worker, both directions. The first octet chooses: below 64 the rest is what a worker
 * says, cut into pieces of that size (0: in one); below 128 it is what differs from a mail with one fact of each kind,
 * as three octets each, where and what; from 128 on it is what a supervisor says, heard by the worker's own loop, with
 * mails read by a stand-in that asks questions. What the worker answers must be something the supervisor believes. */
#include "base/escape.h"
#include "base/fault.h"
#include "base/sandbox.h"
#include "parse/border.h"
#include "parse/keyanswer.h"
#include "tests/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the worker, with a script in place of its socket, no lock, and nobody to read mails; it ends by a jump ---- */

static _Noreturn void script_exit(int status);
static ssize_t script_receive(int socket, void *octets, size_t room, int flags, int *fd);
static ssize_t script_recv(int socket, void *octets, size_t room, int flags);
static struct parser *script_parser(const struct limits *limits);
static bool script_parse(
	struct parser *parser, const struct parse_input *input, struct feedback *feedback, struct fault *fault);
static struct feedback *script_feedback(int socket, uint64_t max_octets);
static struct buf *script_owns(struct buf *b);

#define _exit(status) script_exit(status)
#define border_receive script_receive
#define recv script_recv
#define parser_new script_parser
#define parse_mail script_parse
#define feedback_new_socket script_feedback
#define sandbox_lock(kind, ceilings) ((void)(ceilings))
#define sigaction(number, action, before) ((void)(action))
#define setrlimit(which, limit) ((void)(which))
#define buf_clear(b) buf_clear(script_owns(b))
#define buf_reserve(b, more) buf_reserve(script_owns(b), more)
#include "parse/worker.c"
#undef _exit
#undef border_receive
#undef recv
#undef parser_new
#undef parse_mail
#undef feedback_new_socket
#undef sandbox_lock
#undef sigaction
#undef setrlimit
#undef buf_clear
#undef buf_reserve

#define DESCRIPTORS 300
#define BUFFERS 16

static struct {
	struct span rest;
	bool mail_brings, other_brings; /* a descriptor */
	int file, fds[DESCRIPTORS];
	size_t fds_n;
	int supervisor; /* the other end of the worker's socket */
	struct buf said;
	struct feedback *feedback;
	struct buf *buffers[BUFFERS]; /* the worker's, which outlive its jump */
	size_t buffers_n;
	int status;
	jmp_buf end;
} script;

static _Noreturn void script_exit(int status)
{
	script.status = status;
	longjmp(script.end, 1);
}

static struct buf *script_owns(struct buf *b)
{
	for (size_t i = 0; i < script.buffers_n; i++)
		if (script.buffers[i] == b)
			return b;
	if (script.buffers_n == BUFFERS)
		abort();
	return script.buffers[script.buffers_n++] = b;
}

static struct parser *script_parser(const struct limits *limits)
{
	(void)limits;
	return (struct parser *)&script; /* never looked into */
}

static struct feedback *script_feedback(int socket, uint64_t max_octets)
{
	return script.feedback = feedback_new_socket(socket, max_octets);
}

/* Everything the worker has said by now. */
static void script_hear(void)
{
	char octets[4096];
	ssize_t got;

	while ((got = recv(script.supervisor, octets, sizeof octets, MSG_DONTWAIT)) > 0)
		buf_put(&script.said, octets, (size_t)got);
}

static ssize_t script_recv(int socket, void *octets, size_t room, int flags)
{
	size_t n = room < script.rest.n ? room : script.rest.n;

	(void)socket, (void)flags;
	if (n)
		memcpy(octets, script.rest.p, n);
	script.rest = (struct span){ script.rest.p + n, script.rest.n - n };
	return (ssize_t)n;
}

static ssize_t script_receive(int socket, void *octets, size_t room, int flags, int *fd)
{
	bool is_mail = script.rest.n >= FRAME_HEAD && script.rest.p[4] == FRAME_MAIL;

	script_hear();
	*fd = -1;
	if (script.rest.n && script.fds_n < DESCRIPTORS && (is_mail ? script.mail_brings : script.other_brings))
		*fd = script.fds[script.fds_n++] = dup(script.file);
	return script_recv(socket, octets, room, flags);
}

static void keyanswer_check(struct span octets)
{
	struct arena arena = ARENA(1 << 20), again = ARENA(1 << 20);
	struct key_answer answer, read;
	struct buf out = BUF(ANSWER_MAX * 8);

	if (keyanswer_get(octets, &arena, &answer) && answer.answer.n <= 64) {
		if (!keyanswer_put(&out, &answer) || !keyanswer_get(buf_span(&out), &again, &read) ||
			read.answer.n != answer.answer.n || read.origin != answer.origin || read.seen != answer.seen)
			abort();
		for (size_t i = 0; i < read.answer.n; i++)
			if (!span_is(read.answer.records[i], answer.answer.records[i]))
				abort();
	}
	buf_release(&out);
	arena_release(&arena);
	arena_release(&again);
}

static bool script_parse(
	struct parser *parser, const struct parse_input *input, struct feedback *feedback, struct fault *fault)
{
	static struct buf answer = { .max = ANSWER_MAX }; /* outlives a jump */
	struct problem problem = { SPAN("mail"), SPAN("read by nobody") };

	(void)parser;
	if (input->n == 0 || input->n > PARSE_RANGES || input->flags > PARSE_FLAGS || fcntl(input->fd, F_GETFD) < 0)
		abort();
	for (size_t i = 0; i < input->n; i++)
		if (input->ranges[i].kind >= RANGE_KIND_COUNT)
			abort();
	for (size_t i = 0; i < input->n % 4; i++) {
		buf_clear(&answer);
		if (feedback_ask(feedback, SPAN("s1._domainkey.example.org"), &answer))
			keyanswer_check(buf_span(&answer));
	}
	if (input->flags & PARSE_EXPLAIN)
		return fault_set(fault, FAULT_INPUT, "refused") != 0;
	return feedback_put_problem(feedback, &problem) &&
	       (input->flags & PARSE_ALL_NAMES || feedback_put_end(feedback, OUTCOME_BROKEN, NULL));
}

/* ---- the supervisor's half of that ---- */

static void said_check(struct span said)
{
	struct feedback *feedback = feedback_new(1 << 20);
	struct span what;
	struct fault fault;
	struct frame frame;

	while (said.n >= FRAME_HEAD && wire_get_frame(said.p, &frame) && frame.length <= said.n - FRAME_HEAD) {
		struct span payload = { said.p + FRAME_HEAD, frame.length },
			    one = { said.p, FRAME_HEAD + frame.length };

		if (frame.kind == FRAME_QUESTION      ? !question_allowed(payload)
			: frame.kind == FRAME_REFUSED ? !wire_get_refused(payload, &what)
						      : !feedback_accept(feedback, &one, &fault) || one.n)
			abort();
		if (feedback_ended(feedback))
			feedback_clear(feedback);
		said = (struct span){ payload.p + payload.n, said.n - FRAME_HEAD - payload.n };
	}
	if (said.n)
		abort();
	feedback_free(feedback);
}

static void fuzz_worker(struct span data, uint8_t how)
{
	static struct limits limits;
	int ends[2];

	limits_default(&limits);
	if (script.file == 0)
		script.file = memfd_create("fuzz-wire", 0);
	if (script.file < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		abort();
	script.rest = data;
	script.mail_brings = !(how & 1);
	script.other_brings = how & 2;
	script.fds_n = script.buffers_n = 0;
	script.supervisor = ends[1];
	script.said = BUF(1 << 20);
	script.feedback = NULL;
	if (setjmp(script.end) == 0)
		worker_run(ends[0], &limits, 0);
	script_hear();
	said_check(buf_span(&script.said));
	if (script.status != WORKER_EXIT_DONE && script.status != WORKER_EXIT_PROTOCOL)
		abort();
	for (size_t i = 0; i < script.fds_n; i++)
		close(script.fds[i]);
	for (size_t i = 0; i < script.buffers_n; i++)
		buf_release(script.buffers[i]);
	feedback_free(script.feedback);
	buf_release(&script.said);
	close(ends[0]);
	close(ends[1]);
}

/* ---- what a worker may say ---- */

static bool hear(struct span data, size_t piece, struct buf *text)
{
	struct feedback *fb = feedback_new(1 << 24);
	struct span left = { data.p, 0 };
	struct fault fault;
	bool good = true;

	while (good && data.n && !feedback_ended(fb)) {
		size_t n = data.n < piece ? data.n : piece;

		left.n += n;
		data.n -= n;
		good = feedback_accept(fb, &left, &fault);
	}
	for (unsigned which = 0; feedback_ended(fb) && which <= REPLAY_ALL; which++) {
		buf_clear(text);
		good = feedback_replay(fb, which, facts_write, text, &fault);
	}
	if (!good)
		buf_clear(text);
	feedback_free(fb);
	return good;
}

static void fuzz_supervisor(struct span data, size_t piece)
{
	struct buf text = BUF(64 << 20), whole = BUF(64 << 20);

	if (hear(data, piece, &text) != hear(data, SIZE_MAX, &whole) || !span_is(buf_span(&text), buf_span(&whole)))
		abort();
	buf_release(&text);
	buf_release(&whole);
}

/* A whole mail as an honest worker says it. */
static struct span honest(void)
{
	static struct buf said = { .max = 1 << 20 };
	struct feedback *fb;
	char octets[4096];
	ssize_t got;
	int ends[2];

	if (said.n)
		return buf_span(&said);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || !(fb = feedback_new_socket(ends[0], 1 << 20)) ||
		!facts_put_mail(fb, 2))
		abort();
	while ((got = recv(ends[1], octets, sizeof octets, MSG_DONTWAIT)) > 0)
		buf_put(&said, octets, (size_t)got);
	feedback_free(fb);
	close(ends[0]);
	close(ends[1]);
	return buf_span(&said);
}

static void fuzz_altered(struct span changes, size_t piece)
{
	struct span whole = honest();
	struct buf said = BUF(1 << 20);

	buf_put_span(&said, whole);
	for (; changes.n >= 3; changes = (struct span){ changes.p + 3, changes.n - 3 }) {
		const unsigned char *c = (const unsigned char *)changes.p;

		said.p[(c[0] | (size_t)c[1] << 8) % said.n] = (char)c[2];
	}
	fuzz_supervisor(buf_span(&said), piece);
	buf_release(&said);
}

/* ---- single payloads: what is believed can be said again, and means the same ---- */

static void fuzz_payload(struct span data)
{
	static struct parse_range ranges[PARSE_RANGES], again[PARSE_RANGES];
	struct buf out = BUF(1 << 20);
	struct parse_input input, read;
	struct span span;
	bool known;

	if (wire_get_mail(data, ranges, &input)) {
		if (!wire_put_mail(&out, &input) ||
			!wire_get_mail((struct span){ out.p + FRAME_HEAD, out.n - FRAME_HEAD }, again, &read) ||
			read.n != input.n || read.flags != input.flags || read.at != input.at)
			abort();
		for (size_t i = 0; i < read.n; i++)
			if (again[i].kind != ranges[i].kind || again[i].offset != ranges[i].offset ||
				again[i].length != ranges[i].length)
				abort();
	}
	if (wire_get_answer(data, &known, &span) && span.n > ANSWER_MAX)
		abort();
	if (wire_get_refused(data, &span) && !utf8_valid(span))
		abort();
	if (question_allowed(data) && (data.n > QUESTION_MAX || !memmem(data.p, data.n, "._domainkey.", 12)))
		abort();
	keyanswer_check(data);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	if (data[0] < 64)
		fuzz_supervisor(rest, data[0] ? data[0] : SIZE_MAX);
	else if (data[0] < 128)
		fuzz_altered(rest, data[0] - (size_t)63);
	else
		fuzz_worker(rest, data[0]);
	fuzz_payload(rest);
	return 0;
}
