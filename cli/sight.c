#include "cli/sight.h"
#include "base/steady.h"
#include "cli/selectors.h"
#include "parse/dns/keylint.h"
#include "parse/dns/orgdomain.h"

#include <stdlib.h>

#define ANSWERS_MOST 6000
#define ANSWERS_OCTETS ((size_t)64 * 1024 * 1024)
#define KEYS_MOST 50                       /* of one domain */
#define DAY_ROUGHLY (DAY_SECONDS * 5 / 6)  /* a timer that runs daily is never exact */
#define SELECTORS_OCTETS ((size_t)16 * 1024 * 1024)
#define AUTHOR_DAYS 35

struct sight {
	struct dns live;
	int64_t until; /* seconds of the steady clock, after which nothing is asked; 0: no end */
	struct arena arena;
	struct dns_answer *answers; /* owned */
	size_t n;
};

static bool is_over(const struct sight *sight)
{
	return sight->until && steady_seconds() >= sight->until;
}

struct sight *sight_new(void)
{
	struct sight *sight = calloc(1, sizeof *sight);

	if (!sight)
		return NULL;
	sight->arena = ARENA(ANSWERS_OCTETS);
	sight->answers = calloc(ANSWERS_MOST, sizeof *sight->answers);
	if (sight->answers)
		return sight;
	sight_free(sight);
	return NULL;
}

void sight_free(struct sight *sight)
{
	if (!sight)
		return;
	arena_release(&sight->arena);
	free(sight->answers);
	free(sight);
}

/* ---- remembering ---- */

static bool data_copy(struct arena *arena, const struct dns_data *data, struct dns_data *copy)
{
	size_t *ends = data->strings ? arena_take(arena, data->strings * sizeof *ends) : NULL;

	*copy = *data;
	copy->text = arena_copy(arena, data->text);
	copy->name = arena_copy(arena, data->name);
	if (ends)
		memcpy(ends, data->string_end, data->strings * sizeof *ends);
	copy->string_end = ends;
	return !arena->failed;
}

static bool is_known(const struct sight *sight, const struct dns_answer *answer)
{
	for (size_t i = 0; i < sight->n; i++)
		if (sight->answers[i].type == answer->type && span_is_nocase(sight->answers[i].name, answer->name))
			return true;
	return false;
}

void sight_keep(struct sight *sight, const struct dns_answer *answer)
{
	struct dns_answer copy = *answer;
	struct dns_data *data;

	if (sight->n == ANSWERS_MOST || (answer->status != DNS_OK && !dns_is_empty(answer)) || is_known(sight, answer))
		return;
	data = arena_take(&sight->arena, (answer->n + 1) * sizeof *data);
	copy.name = arena_copy(&sight->arena, answer->name);
	copy.owner = arena_copy(&sight->arena, answer->owner);
	copy.data = data;
	for (size_t i = 0; data && i < answer->n; i++)
		if (!data_copy(&sight->arena, &answer->data[i], &data[i]))
			return;
	if (!sight->arena.failed)
		sight->answers[sight->n++] = copy;
}

size_t sight_answers(const struct sight *sight)
{
	return sight->n;
}

static void ask(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	struct sight *sight = arg;

	if (is_over(sight)) {
		*answer = (struct dns_answer){
			.name = name, .type = type, .status = DNS_UNASKED, .security = DNS_UNVALIDATED
		};
		return;
	}
	*answer = dns_ask(sight->live, name, type, arena);
	sight_keep(sight, answer);
}

/* Asks `live`, and remembers what it says. Bounded: of more answers than a run needs the rest is let pass. */
static struct dns sight_dns(struct sight *sight, struct dns live)
{
	sight->live = live;
	return (struct dns){ ask, sight };
}

bool sight_learn(struct sight *sight, struct store *store, int64_t now, struct fault *fault)
{
	bool good = true;

	for (size_t i = 0; good && i < sight->n; i++)
		good = store_learn_dns(store, &sight->answers[i], now, fault);
	sight->n = 0;
	arena_clear(&sight->arena);
	return good;
}

/* ---- one's own domains ---- */

static bool state_date(void *arg, const struct snapshot_row *row)
{
	*(int64_t *)arg = row->last_seen;
	return false; /* the newest comes first */
}

/* By its DMARC name, which every look at a domain begins with. */
static bool domain_is_due(const struct cli *cli, struct store *store, struct span domain, bool *due, struct fault *fault)
{
	struct arena arena = ARENA((size_t)64 * 1024);
	struct span name = dns_name_under(&arena, SPAN("_dmarc"), domain);
	int64_t seen = MOMENT_NONE;
	bool good = !name.p || store_ask_dns(store, name, DNS_TYPE_TXT, state_date, &seen, fault);

	/* What was seen in days to come was seen by a clock that went ahead. */
	*due = name.p && (seen == MOMENT_NONE || cli->now - seen >= DAY_ROUGHLY || seen - cli->now > DAY_SECONDS);
	arena_release(&arena);
	return good;
}

static void key_look(struct dns dns, const struct selector_line *line)
{
	struct arena arena = ARENA(SELECTORS_OCTETS);
	struct span name = key_name(line->selector, line->domain, &arena);

	if (name.p)
		dns_ask(dns, name, DNS_TYPE_TXT, &arena);
	arena_release(&arena);
}

static bool keys_look(const struct cli *cli, struct store *store, struct dns dns, struct span domain, struct fault *fault)
{
	struct arena arena = ARENA(SELECTORS_OCTETS);
	struct selectors selectors;
	bool good = selectors_gather(cli, store, domain, NULL, &arena, &selectors, fault);
	size_t looked = 0;

	if (good)
		selectors_look(store, &selectors);
	for (int rank = 0; good && rank < SELECTOR_RANKS; rank++)
		for (size_t i = 0; i < selectors.n; i++)
			if (selector_rank(&selectors.lines[i]) == (enum selector_rank)rank && looked++ < KEYS_MOST)
				key_look(dns, &selectors.lines[i]);
	arena_release(&arena);
	return good;
}

/* Everything lint would ask for, so that lint --offline has it. */
static bool domain_look(const struct cli *cli, struct store *store, struct dns dns, struct span domain, struct fault *fault)
{
	struct arena arena = ARENA(LINT_ARENA);
	struct findings findings = { .arena = &arena };
	struct lint_domain *seen = arena_take(&arena, sizeof *seen);

	if (seen)
		lint_domain(dns, domain, &findings, seen); /* what there was no memory for is not remembered */
	arena_release(&arena);
	return keys_look(cli, store, dns, domain, fault);
}

/* Looks at the domain, unless that was done within a day. */
static bool domain_refresh(const struct cli *cli, struct store *store, struct dns dns, struct span domain, size_t *looked,
	struct fault *fault)
{
	char name[DOMAINNAME_TEXT];
	bool due;

	if (!domain_alabels(domain, name))
		return true;
	if (!domain_is_due(cli, store, span_of(name), &due, fault))
		return false;
	*looked += due;
	return !due || domain_look(cli, store, dns, span_of(name), fault);
}

bool sight_refresh(const struct cli *cli, struct store *store, struct dns live, struct fault *fault)
{
	struct sight *sight = sight_new();
	bool good = sight != NULL || fault_set(fault, FAULT_LATER, "out of memory");
	struct span rest = span_of(cli->config.domains), domain;

	for (size_t looked = 0; good && looked < SIGHT_DOMAINS && span_take(&rest, ',', &domain);)
		good = domain_refresh(cli, store, sight_dns(sight, live), domain, &looked, fault) &&
		       sight_learn(sight, store, cli->now, fault);
	sight_free(sight);
	return good;
}

/* ---- author domains below a domain ---- */

struct survey {
	const struct cli *cli;
	struct store *store;
	struct sight *sight;
	struct span domain; /* the policy domain in hand, A-labels */
	size_t authors;	    /* of it */
	bool failed;
	struct fault *fault;
};

/* Does the name exist, and has it a record of its own: what a verdict wants to know of it. */
static bool author_take(void *arg, struct span sent)
{
	struct survey *survey = arg;
	struct arena answers = ARENA((size_t)4 * 1024 * 1024);
	char text[DOMAINNAME_TEXT];
	struct span name = { text, domain_alabels(sent, text) }, place;
	bool due;

	if (name.n <= survey->domain.n || !domainname_is_under(name, survey->domain))
		return true;
	if (!domain_is_due(survey->cli, survey->store, name, &due, survey->fault)) {
		survey->failed = true;
		return false;
	}
	place = due ? dns_name_under(&answers, SPAN("_dmarc"), name) : SPAN_ABSENT;
	if (place.p) {
		dns_ask((struct dns){ ask, survey->sight }, place, DNS_TYPE_TXT, &answers);
		dns_ask((struct dns){ ask, survey->sight }, name, DNS_TYPE_MX, &answers);
		survey->authors++;
	}
	arena_release(&answers);
	return survey->authors < SIGHT_AUTHORS && !is_over(survey->sight);
}

static bool authors_look(struct survey *survey, struct span domain)
{
	int64_t today = moment_day(survey->cli->now);
	struct window window = { today - AUTHOR_DAYS, today + 1 };
	char text[DOMAINNAME_TEXT];

	survey->authors = 0;
	survey->domain = (struct span){ text, domain_alabels(domain, text) };
	return !survey->domain.n || (store_ask_authors(survey->store, text, &window, author_take, survey, survey->fault) &&
					    !survey->failed);
}

bool sight_survey(struct sight *sight, const struct cli *cli, struct store *store, struct dns live,
	const struct span *domains, size_t n, unsigned seconds, struct sight_seen *seen, struct fault *fault)
{
	struct survey survey = { .cli = cli, .store = store, .sight = sight, .fault = fault };
	struct dns dns = sight_dns(sight, live);
	bool good = true;

	*seen = (struct sight_seen){ 0 };
	sight->until = steady_seconds() + seconds;
	for (size_t i = 0; good && i < n && seen->domains < SIGHT_DOMAINS && !is_over(sight); i++) {
		good = domain_refresh(cli, store, dns, domains[i], &seen->domains, fault) &&
		       authors_look(&survey, domains[i]);
		seen->authors += survey.authors;
	}
	sight->until = 0;
	return good;
}
