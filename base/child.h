/* A forked child that serves its parent over one socket, and has nothing else of it. */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#define CHILD_SOCKET 3 /* where child_alone puts the socket */

/* fork(2) of a child that does not outlive its parent, be it killed before the child has run a single instruction: the
 * signal of prctl(2) is sent to those alone that asked for it in time. */
pid_t child_fork(void);

/* First call in the child. Standard input and output are /dev/null (so is standard error, unless sanitizers need it):
 * libraries that print have nowhere to print to. `socket` is moved to CHILD_SOCKET, all other descriptors are closed.
 * What the parent does about signals is forgotten, blocked ones are let through; those of the terminal and the service
 * manager are ignored: they mean the parent, whose end is the child's. False: descriptors are short. */
bool child_alone(int socket);

/* In the parent, with its end of the socket: lets the child see the end of it, waits up to a second until the child has
 * gone, then ends it. The descriptor is closed. */
void child_end(pid_t pid, int socket);
/* In the parent: has the child closed its end? What it has sent before that is left to be received first. */
bool child_gone(int socket);
void child_kill(pid_t pid); /* at once; the descriptor is left alone */

#endif
