#include "cli/later.h"
#include "cli/cli.h"
#include "cli/kept.h"
#include "cli/keys.h"
#include "cli/sight.h"
#include "parse/crew.h"

#include <stdlib.h>

#define LATER_DAYS 7      /* a key that has not come back by then is gone */
#define LATER_MAILS 200   /* of one run */
#define PREFETCH_NAMES 50 /* of one run */
#define PREFETCH_DAYS 35

struct later {
	struct cli *cli;
	struct store *store;
	struct keys *keys;
	struct crew *crew;
	const struct kept_mail *kept;
	unsigned failures; /* of the mail in hand, met so far */
	unsigned mails;
	struct fault fault;
};

static bool verification_take(void *arg, const struct fact *fact)
{
	struct later *later = arg;

	if (fact->kind == FACT_FAILURE)
		later->failures++;
	if (fact->kind != FACT_VERIFICATION)
		return true;
	return store_verify_again(later->store, later->kept->mail_id,
		fact->verification.of == VERIFIED_SAMPLE ? later->failures : 0, &fact->verification, &later->fault);
}

static bool unsettled_take(void *arg, const struct kept_mail *kept)
{
	struct later *later = arg;
	unsigned flags = PARSE_VERIFY | (later->cli->config.granularity ? PARSE_GRANULARITY : 0);
	struct parse_range *ranges = calloc(PARSE_RANGES, sizeof *ranges);
	struct parse_input input;
	struct crew_done done = { 0 };
	bool good = ranges != NULL || fault_set(&later->fault, FAULT_LATER, "out of memory");

	later->kept = kept;
	later->failures = 0;
	if (good && kept_input(kept, flags, ranges, &input)) {
		good = crew_give(later->crew, 0, &input, &later->fault) && crew_wait(later->crew, &done, &later->fault);
		if (good && done.feedback)
			good = feedback_replay(done.feedback, REPLAY_FAILURES | REPLAY_VERIFICATIONS, verification_take, later,
				&later->fault);
	}
	feedback_free(done.feedback);
	free(ranges);
	return good && ++later->mails < LATER_MAILS;
}

static bool look_again(struct later *later)
{
	int64_t since = later->cli->now - LATER_DAYS * DAY_SECONDS;
	bool good;

	later->crew = crew_start(later->cli->nursery, &later->cli->config.limits, 1, &later->fault);
	if (!later->crew)
		return false;
	keys_attach(later->keys, later->crew);
	good = store_forget_waiting(later->store, since, &later->fault) &&
	       store_ask_unsettled(later->store, since, unsettled_take, later, &later->fault);
	crew_free(later->crew);
	return (good || later->fault.kind == FAULT_NONE) && keys_learn(later->keys, &later->fault);
}

struct wanted {
	const char *domains; /* one's own, as the setting names them */
	char names[PREFETCH_NAMES][256];
	size_t n;
};

/* Is the policy domain one of the comma-separated list? */
static bool domain_is_own(const char *list, struct span domain)
{
	struct span rest = span_of(list), one;

	while (span_take(&rest, ',', &one))
		if (span_is_nocase(one, domain))
			return true;
	return false;
}

static bool selector_take(void *arg, const struct selector_row *row)
{
	struct wanted *wanted = arg;

	if (domain_is_own(wanted->domains, row->domain) && row->name.n < sizeof wanted->names[0])
		snprintf(wanted->names[wanted->n++], sizeof wanted->names[0], "%.*s", (int)row->name.n, row->name.p);
	return wanted->n < PREFETCH_NAMES;
}

static bool prefetch(struct later *later)
{
	struct wanted *wanted = calloc(1, sizeof *wanted);
	struct window window = { moment_day(later->cli->now) - PREFETCH_DAYS + 1, moment_day(later->cli->now) };
	bool good = wanted != NULL || fault_set(&later->fault, FAULT_LATER, "out of memory");

	if (good) {
		wanted->domains = later->cli->config.domains;
		good = !*wanted->domains || store_ask_selectors(later->store, SPAN_ABSENT, &window, later->cli->now, selector_take, wanted,
						    &later->fault) ||
		       later->fault.kind == FAULT_NONE;
		for (size_t i = 0; good && i < wanted->n; i++)
			keys_fetch(later->keys, span_of(wanted->names[i]));
		good = good && keys_learn(later->keys, &later->fault);
	}
	free(wanted);
	return good;
}

/* What one's own domains publish, once a day. */
static bool remember(struct later *later)
{
	struct dns live;

	return !keys_dns(later->keys, &live) || sight_refresh(later->cli, later->store, live, &later->fault);
}

bool later_run(struct cli *cli, struct store *store, struct keys *keys, struct fault *fault)
{
	struct later later = { .cli = cli, .store = store, .keys = keys };
	bool good;

	if (!keys_can_ask(keys))
		return true;
	good = look_again(&later) && prefetch(&later) && remember(&later) && store_commit(store, &later.fault);
	*fault = later.fault;
	return good;
}
