#include "ingest/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Settings of the loader, the resolver, OpenSSL and the sanitizers; a password in the environment is not among them. */
static const char *const inherited[] = { "LD_LIBRARY_PATH=", "LOCALDOMAIN=", "RES_OPTIONS=", "SSL_CERT_DIR=",
	"SSL_CERT_FILE=", "ASAN_OPTIONS=", "LSAN_OPTIONS=", "UBSAN_OPTIONS=" };
#define INHERITED (sizeof inherited / sizeof *inherited)

static void program_run(const char *path, const char *name, int socket)
{
	char *argv[] = { (char *)(uintptr_t)name, (char *)(uintptr_t)PACKAGE_VERSION, NULL };
	char *kept[INHERITED + 1];
	size_t n = 0;

	for (char **one = environ; *one; one++)
		for (size_t i = 0; i < INHERITED && n < INHERITED; i++)
			if (strncmp(*one, inherited[i], strlen(inherited[i])) == 0)
				kept[n++] = *one;
	kept[n] = NULL;
	if (socket == PROGRAM_SOCKET) /* dup2 would leave it close-on-exec */
		socket = fcntl(socket, F_DUPFD_CLOEXEC, PROGRAM_SOCKET + 1);
	if (child_alone(socket))
		execve(path, argv, kept);
	_exit(PROGRAM_MISSING);
}

bool program_find(char path[PROGRAM_PATH], const char *name, struct fault *fault)
{
	ssize_t n = readlink("/proc/self/exe", path, PROGRAM_PATH - 100);
	char *end;

	path[n > 0 ? n : 0] = 0;
	end = strrchr(path, '/');
	if (end) {
		snprintf(end, 64, "/%s", name);
		if (access(path, X_OK) == 0)
			return true;
	}
	snprintf(path, PROGRAM_PATH, "%s/%s", PKGLIBEXECDIR, name);
	return access(path, X_OK) == 0 || fault_set(fault, FAULT_SETUP, "%s: %s", path, strerror(errno));
}

pid_t program_start(const char *path, const char *name, int *socket, struct fault *fault)
{
	char found[PROGRAM_PATH];
	int pair[2];
	pid_t pid = -1;

	if (!path && !program_find(found, name, fault))
		return -1;
	if (path && access(path, X_OK) != 0) {
		fault_set(fault, FAULT_SETUP, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		fault_set(fault, FAULT_LATER, "socketpair: %s", strerror(errno));
		return -1;
	}
	pid = child_fork();
	if (pid == 0)
		program_run(path ? path : found, name, pair[1]);
	close(pair[1]);
	*socket = pair[0];
	if (pid > 0)
		return pid;
	fault_set(fault, FAULT_LATER, "fork: %s", strerror(errno));
	close(pair[0]);
	return -1;
}

void program_begin(int argc, char *const argv[])
{
	if (argc > 1 && strcmp(argv[1], PACKAGE_VERSION) != 0)
		_exit(PROGRAM_OTHER);
}

int program_reap(pid_t *pid)
{
	int status = 0;

	for (unsigned tries = 0; *pid > 0; tries++) {
		pid_t ended = waitpid(*pid, &status, WNOHANG);

		if (ended > 0 || (ended < 0 && errno != EINTR))
			*pid = 0;
		else if (tries == 100)
			kill(*pid, SIGKILL);
		else
			nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	}
	return status;
}

void program_kill(pid_t *pid)
{
	if (*pid > 0)
		kill(*pid, SIGKILL);
	program_reap(pid);
}
