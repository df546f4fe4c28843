#include "cli/domains.h"
#include "parse/dns/orgdomain.h"

#define ROOM_FIRST 64

struct asking {
	struct domain_list *list;
	struct span *names;
	size_t room;
};

static bool take(void *arg, const struct domain_row *row)
{
	struct asking *asking = arg;
	struct domain_list *list = asking->list;

	if (list->n == asking->room) {
		size_t room = asking->room ? 2 * asking->room : ROOM_FIRST;
		struct span *names = arena_take(&list->arena, room * sizeof *names);

		if (!names)
			return false;
		if (list->n)
			memcpy(names, asking->names, list->n * sizeof *names);
		asking->names = names;
		asking->room = room;
		list->names = names;
	}
	asking->names[list->n++] = arena_copy(&list->arena, row->domain);
	return !list->arena.failed;
}

bool domains_ask(const struct cli *cli, struct store *store, struct domain_list *list, struct fault *fault)
{
	int64_t today = moment_day(cli->now);
	struct window window = { today - DOMAINS_DAYS, today };
	struct asking asking = { .list = list };

	if (store && !store_ask_domains(store, &window, take, &asking, fault))
		return list->arena.failed ? fault_set(fault, FAULT_LATER, "out of memory") : false;
	return true;
}

/* A list separated by commas; empty items are left out. */
static size_t list_split(const char *list, struct span *names)
{
	struct span rest = span_of(list);
	size_t n = 0;

	while (span_take(&rest, ',', &names[n]))
		n += names[n].n > 0;
	return n;
}

/* Reports may be about anything; what is no domain name has no verdict, and must not cost the others theirs. */
static void names_keep(struct domain_list *list)
{
	char text[DOMAINNAME_TEXT];
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (domain_alabels(list->names[i], text))
			list->names[kept++] = list->names[i];
	list->n = kept;
}

bool domains_choose(const struct cli *cli, struct store *store, char **named, int named_n, struct domain_list *list,
	struct fault *fault)
{
	struct span *names = arena_take(&list->arena, ((size_t)named_n + strlen(cli->config.domains) + 1) * sizeof *names);

	if (!names)
		return fault_set(fault, FAULT_LATER, "out of memory");
	list->names = names;
	for (list->n = 0; list->n < (size_t)named_n; list->n++)
		names[list->n] = span_of(named[list->n]);
	if (!list->n)
		list->n = list_split(cli->config.domains, names);
	if (list->n)
		return true;
	if (!domains_ask(cli, store, list, fault))
		return false;
	names_keep(list);
	return true;
}

static bool is_configured(const struct cli *cli, struct span domain)
{
	struct span rest = span_of(cli->config.domains), one;

	while (span_take(&rest, ',', &one))
		if (span_is_nocase(one, domain))
			return true;
	return false;
}

void domains_say_meant(const struct cli *cli, struct store *store, struct span domain)
{
	struct domain_list list = DOMAIN_LIST;
	const struct span *meant = NULL;
	struct fault fault = { 0 };
	bool named = false, known;

	for (int i = 0; i < cli->options.args_n; i++)
		named |= span_is_nocase(span_of(cli->options.args[i]), domain);
	known = !named || cli->options.quiet || is_configured(cli, domain) || !domains_ask(cli, store, &list, &fault);
	for (size_t i = 0; i < list.n; i++) {
		known |= span_is_nocase(domain, list.names[i]);
		if (!meant && span_is_misspelt(domain, list.names[i]))
			meant = &list.names[i];
	}
	if (!known && meant)
		cli_say(cli, "%.*s: nothing is stored about it; did you mean %.*s?", (int)domain.n, domain.p, (int)meant->n,
			meant->p);
	domains_release(&list);
}

void domains_say_none(const struct cli *cli, const struct domain_list *list)
{
	if (list->n == 0 && cli->options.format == FORMAT_TEXT)
		printf("No report about a domain in the last %d days: dmarcgate ingest stores them.\n", DOMAINS_DAYS);
}

void domains_release(struct domain_list *list)
{
	arena_release(&list->arena);
	*list = DOMAIN_LIST;
}
