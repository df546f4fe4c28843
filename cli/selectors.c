#include "cli/selectors.h"
#include "parse/dns/keylint.h"
#include "report/assess/verdict.h"

#include <stdlib.h>

#define REPORTED_DAYS 400 /* as far back as a verdict looks */
#define AHEAD_DAYS 8
#define REPORTED_MOST 300 /* names that only reports know; those with most records go first */
#define LOOK_OCTETS ((size_t)4 * 1024 * 1024)

struct gathering {
	struct arena *arena;
	struct selectors *found;
	struct span domain;
	size_t reported;
};

/* The line of a key, a new one when it is not there yet. NULL: there are too many, or memory is short. */
static struct selector_line *line_of(struct gathering *g, struct span selector, struct span d)
{
	struct selectors *found = g->found;
	struct selector_line *line;

	for (size_t i = 0; i < found->n; i++)
		if (span_is_nocase(found->lines[i].selector, selector) && span_is_nocase(found->lines[i].domain, d))
			return &found->lines[i];
	if (found->n == SELECTORS_MOST) {
		found->left_out++;
		return NULL;
	}
	line = &found->lines[found->n++];
	*line = (struct selector_line){ .selector = arena_copy(g->arena, selector), .domain = arena_copy(g->arena, d),
		.first_day = MOMENT_NONE, .last_day = MOMENT_NONE, .checked_day = MOMENT_NONE, .key_seen = MOMENT_NONE,
		.key_type = "" };
	return line;
}

static bool is_below(struct span d, struct span domain)
{
	return span_is_nocase(d, domain) ||
	       (d.n > domain.n && d.p[d.n - domain.n - 1] == '.' && span_ends_nocase(d, domain));
}

/* ---- who names them ---- */

static void listed_take(struct gathering *g, const char *list)
{
	struct span rest = span_of(list), one;

	while (span_take(&rest, ',', &one)) {
		const char *at = one.n ? memchr(one.p, '@', one.n) : NULL;
		struct selector_line *line;

		if (!at || !is_below((struct span){ at + 1, (size_t)(one.p + one.n - at - 1) }, g->domain))
			continue;
		line = line_of(g, (struct span){ one.p, (size_t)(at - one.p) },
			(struct span){ at + 1, (size_t)(one.p + one.n - at - 1) });
		if (line)
			line->listed = true;
	}
}

static void verdict_take(struct gathering *g, const struct verdict *verdict)
{
	for (size_t i = 0; verdict && i < verdict->keys_n; i++) {
		const struct key *key = &verdict->keys[i];
		struct selector_line *line = line_of(g, key->selector, key->domain);

		if (!line)
			continue;
		line->home = key->home == NO_INDEX ? SPAN_ABSENT : verdict->sources[key->home].name;
		line->home_own = key->home_own;
		line->shared = key->shared;
		line->valid = key->valid;
		line->broken = key->broken;
		line->first_day = key->first_day;
		line->last_day = key->last_day;
	}
}

static bool checked_take(void *arg, const struct checked_selector_row *row)
{
	struct gathering *g = arg;
	struct selector_line *line = line_of(g, row->selector, row->d);
	int64_t day = moment_day(row->last_seen);

	if (!line)
		return !g->arena->failed;
	line->checked_valid += row->valid;
	line->checked_broken += row->broken;
	if (row->valid && day > line->checked_day)
		line->checked_day = day;
	return true;
}

static bool reported_take(void *arg, const struct selector_row *row)
{
	struct gathering *g = arg;
	struct selector_line *line;

	if (!is_below(row->d, g->domain))
		return true;
	line = line_of(g, row->selector, row->d);
	if (line && row->valid_day > line->last_day)
		line->last_day = row->valid_day;
	return !g->arena->failed && ++g->reported < REPORTED_MOST;
}

/* Messages of the window, of keys that the verdict does not count. */
static bool recent_take(void *arg, const struct selector_row *row)
{
	struct gathering *g = arg;

	for (size_t i = 0; i < g->found->n; i++) {
		struct selector_line *line = &g->found->lines[i];

		if (line->valid + line->broken == 0 && span_is_nocase(line->selector, row->selector) &&
			span_is_nocase(line->domain, row->d)) {
			line->valid = row->valid;
			line->broken = row->broken;
		}
	}
	return true;
}

static int line_order(const void *a, const void *b)
{
	const struct selector_line *x = a, *y = b;
	int order = span_compare(x->domain, y->domain);

	return order ? order : span_compare(x->selector, y->selector);
}

bool selectors_gather(const struct cli *cli, struct store *store, struct span domain, const struct verdict *verdict,
	struct arena *arena, struct selectors *selectors, struct fault *fault)
{
	struct gathering g = { .arena = arena, .found = selectors, .domain = domain };
	int64_t today = moment_day(cli->now);
	struct window window = { today - REPORTED_DAYS, today + AHEAD_DAYS };
	struct window recent = { verdict ? verdict->first_day : today, verdict ? verdict->last_day : today };
	bool good = true;

	*selectors = (struct selectors){ .lines = arena_take(arena, SELECTORS_MOST * sizeof *selectors->lines) };
	if (!selectors->lines)
		return fault_set(fault, FAULT_LATER, "out of memory");
	listed_take(&g, cli->config.selectors);
	verdict_take(&g, verdict);
	if (store)
		good = store_ask_checked_selectors(store, domain, checked_take, &g, fault) &&
		       store_ask_selectors(store, domain, &window, INT64_MAX, reported_take, &g, fault) &&
		       (!verdict || store_ask_selectors(store, domain, &recent, INT64_MAX, recent_take, &g, fault));
	qsort(selectors->lines, selectors->n, sizeof *selectors->lines, line_order);
	return good && (!arena->failed || fault_set(fault, FAULT_LATER, "out of memory"));
}

enum selector_rank selector_rank(const struct selector_line *line)
{
	if (line->listed)
		return SELECTOR_LISTED;
	if (line->key != SELECTOR_KEY_UNKNOWN)
		return line->key == SELECTOR_KEY_NONE ? SELECTOR_MISSED : SELECTOR_SEEN;
	return line->last_day != MOMENT_NONE || line->checked_day != MOMENT_NONE ? SELECTOR_VALID : SELECTOR_OTHER;
}

/* ---- how they stand ---- */

static void line_look(struct store *store, struct selector_line *line)
{
	static const enum selector_key keys[KEY_STATE_COUNT] = {
		[KEY_STATE_UNKNOWN] = SELECTOR_KEY_UNKNOWN,
		[KEY_STATE_NONE] = SELECTOR_KEY_NONE,
		[KEY_STATE_REVOKED] = SELECTOR_KEY_REVOKED,
		[KEY_STATE_BROKEN] = SELECTOR_KEY_BROKEN,
		[KEY_STATE_PUBLISHED] = SELECTOR_KEY_PUBLISHED,
	};
	struct store_dns from = { .store = store };
	struct arena arena = ARENA(LOOK_OCTETS);
	struct span name = key_name(line->selector, line->domain, &arena);
	struct dns_answer answer;
	struct key_seen seen;

	if (name.p) {
		answer = dns_ask((struct dns){ store_dns_ask, &from }, name, DNS_TYPE_TXT, &arena);
		seen = key_seen_in(&answer, &arena);
		line->key = keys[seen.state];
		line->key_type = seen.type;
		line->key_bits = seen.bits;
		line->key_testing = seen.testing;
		line->key_seen = from.answers ? from.newest : MOMENT_NONE;
	}
	arena_release(&arena);
}

void selectors_look(struct store *store, struct selectors *selectors)
{
	for (size_t i = 0; store && i < selectors->n; i++)
		line_look(store, &selectors->lines[i]);
}
