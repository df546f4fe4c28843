#include "base/child.h"
#include "base/steady.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MILLISECONDS 1000

pid_t child_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent))
		_exit(1);
	return pid;
}

bool child_alone(int socket)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setsid();
#ifndef WITH_SANITIZERS /* theirs stay */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
#endif
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return false;
#ifndef WITH_SANITIZERS
	if (dup2(null, 2) < 0)
		return false;
#endif
	if (socket != CHILD_SOCKET && dup2(socket, CHILD_SOCKET) < 0)
		return false;
	close_range(CHILD_SOCKET + 1, ~0u, 0);
	return true;
}

bool child_gone(int socket)
{
	char packet[1];
	ssize_t n = recv(socket, packet, sizeof packet, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void child_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void child_end(pid_t pid, int socket)
{
	struct pollfd ready = { socket, POLLIN, 0 };
	int64_t end = steady_ms() + END_MILLISECONDS, left;
	char packet[1];

	shutdown(socket, SHUT_WR); /* another child may hold a copy of the descriptor: closing is not enough */
	while ((left = end - steady_ms()) > 0 && poll(&ready, 1, (int)left) == 1)
		if (recv(socket, packet, sizeof packet, MSG_DONTWAIT) <= 0)
			break;
	close(socket);
	child_kill(pid); /* which is nothing to one that has ended by itself */
}
