/* A parser worker: reads mail after mail from its socket in the locked role SANDBOX_WORKER. */
#ifndef PARSE_WORKER_H
#define PARSE_WORKER_H

#include "parse/limits.h"

/* What a worker's exit status says beyond "it went". */
enum {
	WORKER_EXIT_DONE = 0,
	WORKER_EXIT_MEMORY = 71,   /* a library gave up because the memory ceiling was reached */
	WORKER_EXIT_PROTOCOL = 72, /* the supervisor's words made no sense, or it went away in the middle */
};

/* The whole life of a worker; never returns. `born` is the address space it starts with, in octets. */
_Noreturn void worker_run(int socket, const struct limits *limits, uint64_t born);

#endif
