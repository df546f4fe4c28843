#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAP_MILLISECONDS 1000

bool child_alone(int socket)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setsid();
#ifndef WITH_SANITIZERS /* theirs stay */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
#endif
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
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

void child_reap(pid_t pid)
{
	struct pollfd ended = { pidfd_open(pid, 0), POLLIN, 0 };

	if (ended.fd < 0 || poll(&ended, 1, REAP_MILLISECONDS) != 1)
		kill(pid, SIGKILL);
	if (ended.fd >= 0)
		close(ended.fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
