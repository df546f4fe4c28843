/* Ceilings: one table with a sentence each; every row is a setting `[limits] NAME`. Counts, never times, so that the same
 * input gives the same output everywhere; time and memory of a worker are the net below. */
#ifndef PARSE_LIMITS_H
#define PARSE_LIMITS_H

#include <stdint.h>

/* X(name, default, unit, sentence) */
#define LIMITS(X)                                                                                                      \
	X(mail, 50000000, "octets", "a mail or file as received; plain XML may be as long as `inflated`")              \
	X(inflated, 1000000000, "octets", "everything unpacked from one mail")                                         \
	X(ratio, 1000, "times", "unpacked over packed octets of one container, once past 10 MB (honest reports: 24)")  \
	X(entries, 512, "count", "entries of all containers in one mail")                                              \
	X(depth, 4, "levels", "container in container")                                                                \
	X(messages, 8, "levels", "mail in mail")                                                                       \
	X(parts, 10000, "count", "lines of a mail that begin with `--`")                                               \
	X(header, 1000000, "octets", "the header block of a mail or part")                                             \
	X(records, 5000000, "count", "records of one mail")                                                            \
	X(results, 1000, "count", "DKIM results, and as many SPF results and reasons, of one record")                  \
	X(text, 131072, "octets", "one value")                                                                         \
	X(elements, 64, "levels", "element in element")                                                                \
	X(attributes, 100, "count", "attributes of one element")                                                       \
	X(names, 10000, "count", "different names of elements and attributes in one document (honest reports: 80)")     \
	X(fields, 1000, "count", "fields of a failure report")                                                         \
	X(questions, 100, "count", "DKIM keys asked for while one mail is read")                                       \
	X(diagnosed, 3, "count", "broken signatures of one sample whose changes are searched for")                     \
	X(guesses, 200000, "count", "changes tried for one broken signature; a tenth for a report mail's own")         \
	X(hashed, 64000000, "octets", "what may be hashed for that; an eighth for a report mail's own")                \
	X(problems, 200, "count", "problems kept of one mail; the rest is counted")                                    \
	X(feedback, 4000000000, "octets", "what a worker may say of one mail")                                         \
	X(memory, 512000000, "octets", "address space of a worker beyond what it is born with")                        \
	X(seconds, 120, "seconds", "processor time of a worker on one mail")                                           \
	X(retire, 500, "mails", "a worker reads before it is replaced")

struct limits {
#define X(name, value, unit, sentence) uint64_t name;
	LIMITS(X)
#undef X
};

void limits_default(struct limits *limits);

#endif
