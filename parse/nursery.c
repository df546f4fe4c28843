#include "parse/nursery.h"

#include "base/child.h"
#include "base/sandbox.h"
#include "parse/border.h"
#include "parse/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NURSERY_CHILDREN 1024
/* The kernel holds the descriptors that all processes of a user have under way together against the sender's own ceiling,
 * which is low here: while many programs start at once, a descriptor may have to wait until theirs have arrived. */
#define CROWDED_MILLISECONDS 2
#define WORKER_SOCKET 3 /* the only descriptor a worker is born with, besides /dev/null */

/* Both ends are this program and neither reads strangers' octets: structs travel as they are, one to a packet. */
struct request {
	enum { REQUEST_SPAWN, REQUEST_KILL } verb;
	pid_t pid;
	uint64_t token;
	struct limits limits;
};

/* ------------------------------------------------------------------ inside the nursery */

struct cradle {
	int socket, signals;
	bool warm;
	int size; /* /proc/self/statm, opened while that was possible */
	pid_t children[NURSERY_CHILDREN];
	size_t n;
};

static size_t child_find(const struct cradle *c, pid_t pid)
{
	size_t i = 0;

	while (i < c->n && c->children[i] != pid)
		i++;
	return i;
}

/* The address space a worker is born with is its parent's. */
static uint64_t cradle_octets(const struct cradle *c)
{
	char text[64] = "";
	ssize_t n = pread(c->size, text, sizeof text - 1, 0);

	return n > 0 ? strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool cradle_tell(const struct cradle *c, struct nursery_notice notice, int fd)
{
	struct pollfd ready = { c->socket, POLLOUT, 0 };
	struct nursery_notice sent;

	memset(&sent, 0, sizeof sent); /* the holes between members too: nothing of this process's stack goes out */
	sent.event = notice.event;
	sent.token = notice.token;
	sent.pid = notice.pid;
	sent.status = notice.status;
	sent.socket = notice.socket;
	while (!border_send(c->socket, &sent, sizeof sent, fd)) {
		bool crowded = errno == ETOOMANYREFS;

		if (!crowded && errno != EAGAIN && errno != EWOULDBLOCK)
			return false;
		if (poll(&ready, crowded ? 0 : 1, crowded ? CROWDED_MILLISECONDS : -1) < 0 && errno != EINTR)
			return false;
	}
	return true;
}

static _Noreturn void worker_born(int socket, const struct limits *limits, uint64_t octets)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (socket != WORKER_SOCKET && dup2(socket, WORKER_SOCKET) < 0)
		_exit(WORKER_EXIT_PROTOCOL);
	close_range(WORKER_SOCKET + 1, ~0u, 0);
	worker_run(WORKER_SOCKET, limits, octets);
}

/* With the first worker, since many runs need none: libraries are warmed, then the process is locked. */
static bool cradle_warm(struct cradle *c)
{
	if (c->warm)
		return true;
	if (!parse_warm())
		return false;
	sandbox_lock(SANDBOX_NURSERY, &(struct sandbox_ceilings){ 0 });
	c->warm = true;
	return true;
}

static bool cradle_spawn(struct cradle *c, const struct request *request)
{
	struct nursery_notice notice = { NURSERY_SPAWNED, request->token, 0, 0, -1 };
	int sockets[2] = { -1, -1 };
	bool told, warm = cradle_warm(c);
	uint64_t octets = cradle_octets(c);

	if (c->n == NURSERY_CHILDREN)
		errno = EAGAIN;
	else if (warm && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0)
		notice.pid = child_fork();
	if (notice.pid == 0 && sockets[1] >= 0)
		worker_born(sockets[1], &request->limits, octets);
	if (notice.pid > 0) {
		c->children[c->n++] = notice.pid;
	} else {
		notice.event = NURSERY_FAILED;
		notice.status = errno;
	}
	told = cradle_tell(c, notice, notice.pid > 0 ? sockets[0] : -1);
	if (sockets[0] >= 0) {
		close(sockets[0]);
		close(sockets[1]);
	}
	return told;
}

static bool cradle_obey(struct cradle *c)
{
	struct request request;
	ssize_t n = recv(c->socket, &request, sizeof request, 0);

	if (n != sizeof request)
		return n < 0 && errno == EINTR;
	if (request.verb == REQUEST_SPAWN)
		return cradle_spawn(c, &request);
	if (child_find(c, request.pid) < c->n)
		kill(request.pid, SIGKILL);
	return true;
}

static bool cradle_reap(struct cradle *c)
{
	struct signalfd_siginfo signals[8];
	struct nursery_notice notice = { .event = NURSERY_EXITED, .socket = -1 };

	if (read(c->signals, signals, sizeof signals) < 0 && errno != EINTR && errno != EAGAIN)
		return false;
	while ((notice.pid = waitpid(-1, &notice.status, WNOHANG)) > 0) {
		size_t i = child_find(c, notice.pid);

		if (i < c->n)
			c->children[i] = c->children[--c->n];
		if (!cradle_tell(c, notice, -1))
			return false;
	}
	return true;
}

static _Noreturn void nursery_run(int socket)
{
	static struct cradle c;
	sigset_t child;
	struct pollfd ready[2];

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (!child_alone(socket) || sigprocmask(SIG_BLOCK, &child, NULL) != 0)
		_exit(1);
	c.socket = CHILD_SOCKET;
	c.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	c.size = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (c.signals < 0)
		_exit(1);
	ready[0] = (struct pollfd){ c.socket, POLLIN, 0 };
	ready[1] = (struct pollfd){ c.signals, POLLIN, 0 };
	while (poll(ready, 2, -1) >= 0 || errno == EINTR) {
		if ((ready[1].revents && !cradle_reap(&c)) || (ready[0].revents && !cradle_obey(&c)))
			break;
	}
	for (size_t i = 0; i < c.n; i++)
		kill(c.children[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

/* ------------------------------------------------------------------ the supervisor's end */

struct nursery {
	int socket;
	pid_t pid;
	uint64_t tokens; /* counted on: a notice never meets the wrong order */
};

struct nursery *nursery_start(struct fault *fault)
{
	struct nursery *nursery = calloc(1, sizeof *nursery);
	int sockets[2];

	if (!nursery || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
		free(nursery);
		fault_set(fault, FAULT_LATER, "cannot start the nursery: %s", strerror(errno));
		return NULL;
	}
	nursery->socket = sockets[0];
	nursery->pid = child_fork();
	if (nursery->pid == 0)
		nursery_run(sockets[1]);
	close(sockets[1]);
	if (nursery->pid < 0) {
		fault_set(fault, FAULT_LATER, "cannot start the nursery: %s", strerror(errno));
		nursery_free(nursery);
		return NULL;
	}
	return nursery;
}

void nursery_free(struct nursery *nursery)
{
	if (!nursery)
		return;
	shutdown(nursery->socket, SHUT_RDWR); /* another child may hold the descriptor too */
	close(nursery->socket);
	while (nursery->pid > 0 && waitpid(nursery->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(nursery);
}

bool nursery_gone(const struct nursery *nursery)
{
	return child_gone(nursery->socket);
}

int nursery_descriptor(const struct nursery *nursery)
{
	return nursery->socket;
}

uint64_t nursery_spawn(struct nursery *nursery, const struct limits *limits)
{
	struct request request = { .verb = REQUEST_SPAWN, .token = ++nursery->tokens, .limits = *limits };

	return border_send(nursery->socket, &request, sizeof request, -1) ? request.token : 0;
}

bool nursery_kill(struct nursery *nursery, pid_t pid)
{
	struct request request = { .verb = REQUEST_KILL, .pid = pid };

	return border_send(nursery->socket, &request, sizeof request, -1);
}

struct nursery_notice nursery_next(struct nursery *nursery)
{
	struct nursery_notice notice;
	int fd;
	ssize_t n = border_receive(nursery->socket, &notice, sizeof notice, MSG_DONTWAIT, &fd);

	if (n == (ssize_t)sizeof notice) {
		notice.socket = fd;
		return notice;
	}
	if (fd >= 0)
		close(fd);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return (struct nursery_notice){ .event = NURSERY_NOTHING, .socket = -1 };
	return (struct nursery_notice){ .event = NURSERY_GONE, .socket = -1 };
}
