#include "cli/domains.h"

#include "cli/cli.h"

#define DOMAINS_OCTETS ((size_t)64 * 1024 * 1024)

static bool domains_add(struct domains *domains, struct span name)
{
	if (domains->n == domains->room) {
		size_t room = domains->room ? 2 * domains->room : 64;
		struct span *names = arena_take(&domains->arena, room * sizeof *names);

		if (!names)
			return false;
		if (domains->n)
			memcpy(names, domains->names, domains->n * sizeof *names);
		domains->names = names;
		domains->room = room;
	}
	domains->names[domains->n++] = arena_copy(&domains->arena, name);
	return !domains->arena.failed;
}

static bool domains_take(void *arg, const struct domain_row *row)
{
	/* A domain with failure reports alone has nothing to be judged by. */
	return !row->reports || domains_add(arg, row->domain);
}

static void domains_configured(struct domains *domains, const char *list)
{
	struct span rest = span_of(list);

	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct span name = span_trim((struct span){ rest.p, n });

		if (name.n)
			domains_add(domains, name);
		rest.p += n + (comma != NULL);
		rest.n -= n + (comma != NULL);
	}
}

bool domains_find(struct domains *domains, const struct cli *cli, struct store *store, char **named, int named_n,
	struct fault *fault)
{
	struct window window = { moment_day(cli->now) - DOMAINS_DAYS, moment_day(cli->now) };

	*domains = (struct domains){ .arena = ARENA(DOMAINS_OCTETS) };
	for (int i = 0; i < named_n; i++)
		domains_add(domains, span_of(named[i]));
	if (!named_n)
		domains_configured(domains, cli->config.domains);
	if (!domains->n && store && !store_ask_domains(store, &window, domains_take, domains, fault)) {
		domains_release(domains);
		return false;
	}
	if (!domains->arena.failed)
		return true;
	domains_release(domains);
	return fault_set(fault, FAULT_LATER, "out of memory");
}

void domains_release(struct domains *domains)
{
	arena_release(&domains->arena);
	domains->names = NULL;
	domains->n = domains->room = 0;
}
