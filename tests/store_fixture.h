/* For the tests of the store: an empty one in a folder of its own, and the usual ways to fill it. Any fault fails. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "tests/store_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ALWAYS ((struct window){ -1000000, 1000000 })
#define ARRIVED 1610000000

struct fixture {
	char folder[64], path[128];
	struct store *store;
	const char *believed; /* for store_believe, from the next fixture_anew on; NULL: not called */
	struct arena arena;
	struct dice dice;
};

int fixture_open(void **state); /* a cmocka setup: *state is a struct fixture */
int fixture_close(void **state); /* its teardown */
void fixture_anew(struct fixture *b);

void begin(struct fixture *b, uint64_t seed); /* mail `mail-SEED` */
struct store_result finish(struct fixture *b);
struct store_result put(struct fixture *b, uint64_t seed, const struct made_report *report);
void commit(struct fixture *b);
/* Commits. The text is the fixture's, so that a test that fails does not end in a leak. */
const char *dump(struct fixture *b);

#endif
