/* A mail server for fuzzers, played in the process: connection, TLS and clock are replaced by the linker (FUZZ_SERVER in
 * Makefile.am), so nothing waits. Whatever it is asked, it says what a script holds:
 *
 *   1   what fuzz_server_repeats was told last      3   silence, until somebody is tired of it
 *   2   the end of what can be read now             4   the same, and the supervisor calls */
#ifndef TESTS_FUZZ_SERVER_H
#define TESTS_FUZZ_SERVER_H

#include "base/buf.h"

#include <stdint.h>

struct fuzz_server {
	struct span rest; /* of the script */
	bool tls, silent, called;
	int64_t later; /* nanoseconds by which the clock is ahead */
	size_t tag_n;
	char tag[256];
	struct buf said; /* a line of the client's that has no end yet */
	void (*line)(struct span line);
};
extern struct fuzz_server fuzz_server;

/* `line` is given every line that the client says, without its CRLF; one that ends otherwise aborts. */
void fuzz_server_begin(struct span script, bool tls, void (*line)(struct span line));
void fuzz_server_end(void);
void fuzz_server_repeats(struct span text); /* nothing when it is too long */

#endif
