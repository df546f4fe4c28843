/* For tests: organisations whose truth is known. They send mail, receivers pass on what they saw of it as honest reporters do,
 * and nobody but the test knows which sender is whose and what would be lost. */
#ifndef TESTS_TRUTH_H
#define TESTS_TRUTH_H

#include "tests/world.h"

#define TRUTH_TODAY 20778 /* 2026-11-21 */
#define TRUTH_OWN "d.example"

/* A generator of its own, so that equal seeds make equal worlds everywhere. */
struct chance {
	uint64_t state;
};
struct chance chance_of(uint64_t seed);
double chance_unit(struct chance *chance); /* 0 up to 1 */
unsigned chance_below(struct chance *chance, unsigned n);
bool chance_holds(struct chance *chance, double share);
double chance_between(struct chance *chance, double low, double high); /* every order of magnitude as likely */

/* What a receiver finds on a message; NULL: nothing. */
struct look {
	const char *spf, *spf_result, *dkim;
};

enum whose { WHOSE_OWN, WHOSE_FORWARDED, WHOSE_FORGED };

/* Somebody who sends in the domain's name. */
struct actor {
	enum whose whose;
	const char *what;		  /* told when a promise is broken */
	const char *address, *host, *from; /* `*` in the address: from 1 to `addresses`; from NULL: the domain */
	unsigned addresses;
	double rate;	    /* messages a day that it sends on the days it sends, to everybody */
	bool weekdays;
	unsigned every;	    /* days from run to run; 0: daily */
	int64_t first, last; /* days it lives */
	struct look good, bad;
	double bad_share; /* of its messages look bad ... */
	int64_t bad_since; /* ... from here on; 0: always */
	int64_t mended_on; /* for the test's own use */
	const char *reason;
	const char *seen_by; /* the only receiver of its mail; NULL: all */
};

/* Somebody who receives it, and reports. */
struct receiver {
	const char *name;
	double share;	     /* of all mail goes there and is reported */
	double days;	     /* share of days with a report */
	enum carriage carriage;
	bool plain;
	int64_t first, last;	/* days of its first and last report; 0: always */
	unsigned span;	     /* days that a report covers; 0 is one */
	enum word says;		/* in policy_evaluated, of everything */
};

#define ACTORS_MOST 64
#define RECEIVERS_MOST 8
struct truth {
	struct actor actors[ACTORS_MOST];
	size_t actors_n;
	struct receiver receivers[RECEIVERS_MOST];
	size_t receivers_n;
	int64_t first; /* day of the first report */
	struct policy policy;
	int64_t enforced; /* day on which p=none ended; 0: `policy` was there from the beginning */
	int64_t modes_since; /* adkim and aspf of `policy` before that day were relaxed; 0: never */
	uint64_t seed;
};

struct actor *truth_add(struct truth *truth, struct actor actor);
/* Does it pass under these modes? */
bool look_passes(const struct look *look, const char *from, const struct policy *policy);
/* Messages a day that an actor of the domain's own loses. */
double actor_loss(const struct truth *truth, const struct actor *actor, int64_t day);
/* The share of its own mail that the domain loses from now on, as it sends today. */
double truth_loss(const struct truth *truth, int64_t today);
/* What was reported until `today`; world_end() it. Days are drawn one by one, so that a later today only adds to it. */
void truth_world(const struct truth *truth, int64_t today, struct world *world);

#endif
