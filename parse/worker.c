#include "parse/worker.h"

#include "base/sandbox.h"
#include "base/shortage.h"
#include "parse/border.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A mail that waits for its turn. */
struct waiting {
	struct buf payload;
	int fd;
};

struct worker {
	int socket;
	const struct limits *limits;
	struct parser *parser;
	struct feedback *feedback;
	struct buf frame; /* what the supervisor said, and what it is told besides facts */
	struct waiting waiting[BORDER_AHEAD + 1]; /* a ring: mails that came before the answer that was waited for */
	size_t first, n;
	struct parse_range ranges[PARSE_RANGES];
};

/* ------------------------------------------------------------------ a library that gives up */

/* GLib ends the process when an allocation fails. Whoever reads "signal 5" could not know that it was the ceiling, so
 * here it is tried: is there still room for half of what the worker was given? */
static volatile size_t memory_half;

static void memory_tell(int number)
{
	int saved = errno;
	size_t half = memory_half;

	if (half && mmap(NULL, half, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		_exit(WORKER_EXIT_MEMORY);
	errno = saved;
	raise(number);
}

static void memory_watch(uint64_t memory)
{
	struct sigaction action = { .sa_handler = memory_tell, .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	memory_half = (size_t)(memory / 2);
	sigaction(SIGABRT, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
}

/* ------------------------------------------------------------------ talking to the supervisor */

static bool receive_all(int socket, char *p, size_t n)
{
	while (n) {
		ssize_t got = recv(socket, p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool send_all(int socket, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(socket, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* The payload of the next frame, kept in `into`. The head's first octet brings the descriptor. */
static enum frame_kind worker_receive(const struct worker *w, struct buf *into, int *fd)
{
	char head[FRAME_HEAD];
	struct frame frame;
	ssize_t got = border_receive(w->socket, head, sizeof head, 0, fd);

	if (got == 0)
		_exit(WORKER_EXIT_DONE);
	if (got < 0 || !receive_all(w->socket, head + got, sizeof head - (size_t)got) || !wire_get_frame(head, &frame))
		_exit(WORKER_EXIT_PROTOCOL);
	buf_clear(into);
	if (!buf_reserve(into, frame.length) || !receive_all(w->socket, into->p, frame.length))
		_exit(WORKER_EXIT_PROTOCOL);
	into->n = frame.length;
	return frame.kind;
}

/* The next mails may be on their way already. */
static struct span worker_hear_answer(struct worker *w)
{
	enum frame_kind kind;
	int fd;

	while ((kind = worker_receive(w, &w->frame, &fd)) == FRAME_MAIL) {
		struct waiting *mail = &w->waiting[(w->first + w->n) % (BORDER_AHEAD + 1)];

		buf_clear(&mail->payload);
		if (fd < 0 || w->n == BORDER_AHEAD || !buf_put_span(&mail->payload, buf_span(&w->frame)))
			_exit(WORKER_EXIT_PROTOCOL);
		mail->fd = fd;
		w->n++;
	}
	if (kind != FRAME_ANSWER || fd >= 0)
		_exit(WORKER_EXIT_PROTOCOL);
	return buf_span(&w->frame);
}

/* Stays until the next call. */
static struct waiting *worker_hear_mail(struct worker *w)
{
	struct waiting *mail = &w->waiting[w->first];

	if (w->n == 0 && worker_receive(w, &mail->payload, &mail->fd) != FRAME_MAIL)
		_exit(WORKER_EXIT_PROTOCOL);
	w->n -= w->n > 0;
	w->first = (w->first + 1) % (BORDER_AHEAD + 1);
	return mail;
}

/* A feedback_asker. */
static bool worker_ask(void *arg, struct span name, struct buf *answer)
{
	struct worker *w = arg;
	struct span payload, octets;
	bool known, put;

	buf_clear(&w->frame);
	if (!feedback_flush(w->feedback) || !wire_put_question(&w->frame, name) ||
		!send_all(w->socket, w->frame.p, w->frame.n))
		_exit(WORKER_EXIT_PROTOCOL);
	payload = worker_hear_answer(w);
	if (!wire_get_answer(payload, &known, &octets))
		_exit(WORKER_EXIT_PROTOCOL);
	put = known && buf_put_span(answer, octets);
	if (shortage()) /* the reader is a library with a copy of its own, and would take the key for one that is not there */
		_exit(WORKER_EXIT_MEMORY);
	return put;
}

/* After a refusal the parser's state is not trusted with another mail. */
static _Noreturn void worker_refuse(struct worker *w, const char *what)
{
	buf_clear(&w->frame);
	if (!wire_put_refused(&w->frame, what) || !send_all(w->socket, w->frame.p, w->frame.n))
		_exit(WORKER_EXIT_PROTOCOL);
	_exit(WORKER_EXIT_DONE);
}

/* ------------------------------------------------------------------ mail after mail */

/* The soft limit on processor time moves along; SIGXCPU ends a worker that reaches it. It has a second to spare: within one
 * second no more than that can have been used. */
static void seconds_allow(uint64_t seconds)
{
	static struct timespec moved;
	struct rlimit limit;
	struct timespec now, used;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (moved.tv_sec && now.tv_sec - moved.tv_sec + (now.tv_nsec > moved.tv_nsec) <= 1)
		return;
	if (getrlimit(RLIMIT_CPU, &limit) != 0 || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
		return;
	moved = now;
	limit.rlim_cur = (rlim_t)used.tv_sec + 2 + seconds;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_CPU, &limit);
}

static void worker_mail(struct worker *w)
{
	struct parse_input input;
	struct fault fault = { .text = "" };
	const struct waiting *mail = worker_hear_mail(w);
	bool good;

	if (mail->fd < 0 || !wire_get_mail(buf_span(&mail->payload), w->ranges, &input))
		_exit(WORKER_EXIT_PROTOCOL);
	input.fd = mail->fd;
	seconds_allow(w->limits->seconds);
	good = parse_mail(w->parser, &input, w->feedback, &fault);
	close(input.fd);
	if (!good)
		worker_refuse(w, fault.text[0] ? fault.text : "the parser gave up");
	if (!feedback_ended(w->feedback))
		worker_refuse(w, "the parser came to no end");
	feedback_clear(w->feedback);
}

static uint64_t product(uint64_t a, uint64_t b)
{
	uint64_t result;

	return __builtin_mul_overflow(a, b, &result) || result > INT64_MAX ? INT64_MAX : result;
}

_Noreturn void worker_run(int socket, const struct limits *limits, uint64_t born)
{
	static struct worker w;
	struct sandbox_ceilings ceilings = { .memory = born + limits->memory,
		.seconds = product(limits->seconds + 2, limits->retire + 1) };

	w = (struct worker){ .socket = socket, .limits = limits, .frame = BUF(SPOOL_MEMORY) };
	for (size_t i = 0; i <= BORDER_AHEAD; i++)
		w.waiting[i].payload = BUF(SPOOL_MEMORY);
	memory_watch(limits->memory);
	sandbox_lock(SANDBOX_WORKER, &ceilings);
	w.parser = parser_new(limits);
	w.feedback = feedback_new_socket(socket, limits->feedback);
	if (!w.parser || !w.feedback)
		_exit(WORKER_EXIT_MEMORY);
	feedback_set_asker(w.feedback, worker_ask, &w, limits->questions);
	for (;;)
		worker_mail(&w);
}
