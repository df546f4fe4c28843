/* Locks the calling process into a role: it keeps what the role needs and loses the rest, for good and for its
 * children.
 *
 * seccomp answers EPERM to what is not allowed and does not kill, because libraries try openat and go on. Landlock
 * takes the whole file system and the network away even where a system call should slip through; resource limits are
 * the net below the counts of our own code. A kernel without one of them is no error: the return value says what is in
 * force. */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdint.h>

enum sandbox_role {
	SANDBOX_NURSERY, /* forks workers that lock themselves further; reads nothing that a stranger wrote */
	SANDBOX_WORKER,	 /* computes: one socket, one descriptor to read at a time, memory, the clock */
	SANDBOX_RESOLVER, /* talks to name servers: one socket, those it opens itself, memory, the clock */
	SANDBOX_POLLER, /* connects out, reads what finds and verifies a server; writes and starts nothing */
	SANDBOX_TOKEN,	/* the same, and replaces files in one folder */
	SANDBOX_ROLES
};

/* Protections; a set of them is what sandbox_lock and sandbox_probe return. */
enum {
	SANDBOX_SECCOMP = 1 << 0,
	SANDBOX_LANDLOCK = 1 << 1,
	SANDBOX_CEILINGS = 1 << 2,   /* resource limits */
	SANDBOX_PRIVILEGES = 1 << 3, /* no capabilities, no new privileges, no core, not to be traced */
	SANDBOX_ALL = 15,
};

/* Those ceilings of a role that its caller chooses; 0: none. A build with sanitizers ignores `memory`. */
struct sandbox_ceilings {
	uint64_t memory;  /* octets of address space, everything the process was born with included */
	uint64_t seconds; /* processor time in its whole life */
	const char *folder; /* where SANDBOX_TOKEN writes */
};

unsigned sandbox_lock(enum sandbox_role role, const struct sandbox_ceilings *ceilings);

/* What a worker would get here, found by locking a short-lived child. */
unsigned sandbox_probe(void);

#define SANDBOX_TEXT 128
/* `seccomp, Landlock, resource limits, no privileges`, each missing one named with `no`. Returns `text`. */
const char *sandbox_describe(unsigned protections, char text[SANDBOX_TEXT]);

#endif
