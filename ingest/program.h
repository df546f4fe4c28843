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

/* The first thing that such a process does. It ends with PROGRAM_OTHER when its parent is of another version: who runs for months
 * may start the program that came with a newer one, and the two would misunderstand each other. */
void program_begin(int argc, char *const argv[]);
#define PROGRAM_MISSING 127 /* the status of one that could not be run at all */
#define PROGRAM_OTHER 126

/* Waits for its end, no more than a second, then ends it. Its status; 0 when *pid is 0 already, which it then is. */
int program_reap(pid_t *pid);
void program_kill(pid_t *pid); /* at once */

#endif
