/* program: a process of another program of ours, which serves over one socket and inherits nothing else: no descriptor,
 * next to nothing of the environment, no memory. */
#ifndef INGEST_PROGRAM_H
#define INGEST_PROGRAM_H

#include "base/child.h"
#include "base/fault.h"

#include <sys/types.h>

#define PROGRAM_SOCKET CHILD_SOCKET /* the descriptor on which the process finds its parent */

#define PROGRAM_PATH 4096
/* `name` beside this program, which is where the build tree has it, else in PKGLIBEXECDIR. False: fault and errno. */
bool program_find(char path[PROGRAM_PATH], const char *name, struct fault *fault);

/* `path` NULL: `name` where program_find finds it. Our end of the socket (SOCK_SEQPACKET, close-on-exec) is the caller's.
 * -1: fault. */
pid_t program_start(const char *path, const char *name, int *socket, struct fault *fault);

/* Waits for its end, no more than a second, then ends it. Its status; 0 when *pid is 0 already, which it then is. */
int program_reap(pid_t *pid);
void program_kill(pid_t *pid); /* at once */

#endif
