/* For the tests of the store: facts as text, so that two streams can be compared, and made-up facts. */
#ifndef TESTS_STORE_FACTS_H
#define TESTS_STORE_FACTS_H

#include "base/arena.h"
#include "store/store.h"

#include <stdio.h>

/* One line with every member of a report, record or failure; absent and empty look different. Nothing for other kinds.
 */
void fact_print(FILE *out, const struct fact *fact);
void text_print(FILE *out, const char *name, struct span text);

/* The logical content of a database, independent of row ids and of the order in which mails came. */
bool store_dump(const char *path, FILE *out);
char *store_dump_text(const char *path); /* owned by the caller */

/* A repeatable source of numbers. */
struct dice {
	uint64_t state;
};
uint64_t dice_roll(struct dice *dice, uint64_t sides); /* 0 .. sides - 1 */

struct made_report {
	struct report head;
	struct record *records;
	struct counts counts; /* what the records come to, worked out here */
};

/* Everything a report and its records may hold, in `arena`. Equal `content` gives equal records. */
struct made_report *report_make(struct arena *arena, struct dice *dice, uint64_t content);
struct failure *failure_make(struct arena *arena, struct dice *dice);
struct verification *verification_make(struct arena *arena, struct dice *dice, enum verified of);
struct span make_text(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Feeding a store. */
struct mail mail_make(const char *name, uint64_t seed); /* sha256 made from the seed; name is borrowed */
void take_begin(struct store *store, enum outcome outcome);
bool take_report(struct store *store, const struct made_report *report);
bool take_failure(struct store *store, const struct failure *failure);
bool take_verification(struct store *store, const struct verification *verification);
bool take_problem(struct store *store, const char *where, const char *what);
bool take_octets(struct store *store, enum octets_kind kind, unsigned part, struct span data);

#endif
