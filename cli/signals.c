#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void signals_of_end(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

bool signals_open(struct signals *signals, struct fault *fault)
{
	sigset_t set;

	signals_of_end(&set);
	sigaddset(&set, SIGHUP);
	*signals = (struct signals){ .fd = -1 };
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals->fd >= 0 || fault_set(fault, FAULT_LATER, "signals: %s", strerror(errno));
}

const struct signals *signals_read(struct signals *signals)
{
	struct signalfd_siginfo came;
	sigset_t set;

	while (read(signals->fd, &came, sizeof came) == (ssize_t)sizeof came) {
		if (came.ssi_signo == SIGHUP) {
			signals->reload = true;
			continue;
		}
		signals->end = true;
		signals_of_end(&set);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	return signals;
}

void signals_close(struct signals *signals)
{
	if (signals->fd >= 0)
		close(signals->fd);
	signals->fd = -1;
}
