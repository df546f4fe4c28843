/* Faults are values: rooms return them, only cli/ prints them and turns their kind into an exit code. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/span.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_INPUT,  /* this input cannot be used: refuse it, remember why, go on */
	FAULT_LATER,  /* a server away, a database busy, a disk full: try again later */
	FAULT_SETUP,  /* no such folder, wrong configuration, newer schema: a person must act */
	FAULT_BROKEN, /* a promise inside the program was broken */
};

struct fault {
	enum fault_kind kind;
	char text[512]; /* one line, no final newline, no trailing dot needed; names the file, the element and the rule */
};

/* Fills `fault` (which may be NULL) and returns false, so that `return fault_set(...)` reads well. */
bool fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A text that repeats a secret, or the beginning of one, is replaced by one that says so: servers quote what they were
 * sent. Secrets of fewer than 8 octets are words that occur anyhow. */
void fault_conceal(struct fault *fault, struct span secret);

#endif
