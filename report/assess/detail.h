/* detail: the rows behind one source, added up for those who ask why. Pure, as assess().
 *
 * A struct detailer is made once for a verdict and asked for any number of sources; each answer lives in the arena it
 * was asked with. */
#ifndef REPORT_ASSESS_DETAIL_H
#define REPORT_ASSESS_DETAIL_H

#include "base/arena.h"
#include "report/assess/verdict.h"

enum seen_what { SEEN_SPF, SEEN_DKIM };

struct seen_result { /* what receivers found: most messages first */
	enum seen_what what;
	struct span domain, selector; /* the selector is absent for SPF, and where the reporter left it out */
	enum result result;
	bool aligned; /* passed, and speaks for the author domain */
	uint64_t messages;
};

struct seen_report {	 /* newest first, then by reporter */
	uint32_t report; /* of rows.reports and verdict.reports */
	uint64_t messages, fails;
};

struct seen_address {	 /* most messages first */
	uint32_t source; /* of rows.sources */
	uint64_t messages, fails;
};

struct detail {
	uint64_t messages, fails;	   /* in the window, counted */
	uint64_t unsigned_by_you;	   /* no signature names your organisational domain */
	uint64_t delivered, spam, refused; /* of those failing: what receivers did */
	uint64_t reasons;		   /* of those failing: with a reason for sparing them */
	const struct seen_result *results;
	size_t results_n;
	const struct seen_report *reports;
	size_t reports_n;
	const struct seen_address *addresses;
	size_t addresses_n;
	uint64_t more_results; /* kinds of results beyond DETAIL_RESULTS */
};
#define DETAIL_RESULTS 1000

struct detailer;

/* NULL when memory is short. Lives in `arena`; `rows` and `verdict` must outlive it. */
struct detailer *detail_begin(const struct rows *rows, const struct verdict *verdict, struct arena *arena);

/* The paths of one source, those that scatter took in with it. */
const uint32_t *detail_paths(const struct detailer *d, uint32_t source, size_t *n);

/* The paths of one source and author domain; an absent author domain stands for all of them. */
bool detail_take(
	struct detailer *d, uint32_t source, struct span header_from, struct arena *arena, struct detail *detail);

/* Days of the window on which a reporter's counted reports are there: `days` has room for verdict.window of them. */
void detail_reporter_days(const struct detailer *d, uint32_t reporter, bool *days);

/* Messages a day with a signature by each of verdict.keys, valid and not; of the first DETAIL_KEYS of them. Broken ones
 * count in own mail only: elsewhere they are a forwarder's. NULL when memory is short. */
struct key_days {
	uint64_t *valid, *broken; /* verdict.window of each */
};
#define DETAIL_KEYS 64
const struct key_days *detail_keys(const struct detailer *d, struct arena *arena);

#endif
