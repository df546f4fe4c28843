/* Inside the resolver only: what runs in the process. */
#ifndef INGEST_RESOLVER_PROCESS_H
#define INGEST_RESOLVER_PROCESS_H

#include "ingest/dnsframe.h"
#include "ingest/resolver.h"

/* The first packet: locked and ready, or why not. */
struct resolver_greeting {
	unsigned protections;
	struct fault fault;
};

/* Serves CHILD_SOCKET until its other end is closed. */
void resolver_process_run(const struct resolver_options *options);

#endif
