#include "cli/enrich.h"
#include "cli/file.h"
#include "ingest/hostnames.h"
#include "parse/dns/zonefile.h"

#include <stdlib.h>
#include <unistd.h>

#define WINDOW_DAYS 35
#define NAME_DAYS 7  /* how long a name is taken for true */
#define RETRY_DAYS 1 /* after silence */
#define SILENCE 24   /* addresses whose servers are gone come in crowds */

struct enriching {
	const struct cli *cli;
	struct address *addresses; /* owned */
	size_t n, most;
	struct store *store; /* while names are written */
	struct host_row *rows; /* owned, and their names */
	size_t rows_n;
	struct enriched *enriched;
	struct fault *fault;
};

static bool address_gather(void *arg, const struct address *address, uint64_t messages)
{
	struct enriching *e = arg;

	(void)messages;
	if (e->n == e->most)
		e->enriched->left++;
	else
		e->addresses[e->n++] = *address;
	return true;
}

/* False: fault; *nothing: there is no database. */
static bool addresses_gather(struct enriching *e)
{
	int64_t today = moment_day(e->cli->now);
	struct window window = { today - WINDOW_DAYS, today + 1 };
	struct store *store;
	bool ok;

	if (access(e->cli->config.db, F_OK) < 0)
		return true;
	store = store_open(e->cli->config.db, STORE_READ, 0, e->fault);
	ok = store && store_ask_unnamed(store, &window, e->cli->now - NAME_DAYS * DAY_SECONDS,
				e->cli->now - RETRY_DAYS * DAY_SECONDS, address_gather, e, e->fault);
	store_close(store);
	return ok;
}

static bool name_gather(void *arg, const struct address *address, enum hostname_state state, struct span name)
{
	static const enum host_state states[HOSTNAME_STATES] = { [HOSTNAME_SILENT] = HOST_UNKNOWN,
		[HOSTNAME_NONE] = HOST_NONE, [HOSTNAME_UNCONFIRMED] = HOST_UNCONFIRMED, [HOSTNAME_CONFIRMED] = HOST_CONFIRMED };
	struct enriching *e = arg;
	size_t *const counts[HOSTNAME_STATES] = { &e->enriched->silent, &e->enriched->none, &e->enriched->unconfirmed,
		&e->enriched->confirmed };
	char *copy = name.p ? strndup(name.p, name.n) : NULL;

	e->rows[e->rows_n++] = (struct host_row){ *address, states[state], span_of(copy), e->cli->now };
	e->enriched->looked++;
	++*counts[state];
	return true;
}

static bool names_write(struct enriching *e)
{
	struct store *store = store_open(e->cli->config.db, STORE_WRITE, (unsigned)e->cli->config.store_wait, e->fault);
	bool ok = store != NULL;

	for (size_t i = 0; ok && i < e->rows_n; i++)
		ok = store_learn_host(store, &e->rows[i], e->fault);
	ok = ok && store_commit(store, e->fault);
	store_close(store);
	return ok;
}

static bool names_look(struct enriching *e, struct resolver *resolver)
{
	size_t asked = e->n;

	e->rows = calloc(asked ? asked : 1, sizeof *e->rows);
	if (!e->rows)
		return fault_set(e->fault, FAULT_LATER, "out of memory");
	hostnames_look(resolver, e->addresses, e->n, (unsigned)e->cli->config.enrich_seconds, name_gather, e);
	e->enriched->left += asked - e->rows_n;
	return e->rows_n == 0 || names_write(e);
}

/* The resolver is born before the database is opened, which is why it is started even when nothing is to be asked. */
static bool enrich(struct enriching *e, const struct zonefile *zone)
{
	struct resolver_options options = { .server = e->cli->config.resolver,
		.unlocked = e->cli->options.no_sandbox,
		.silence = SILENCE,
		.file = zone ? (struct dns){ zonefile_ask, (void *)zone } : (struct dns){ 0 } };
	struct resolver *resolver = resolver_start(&options, e->fault);
	bool ok = resolver && addresses_gather(e) && names_look(e, resolver);

	resolver_stop(resolver);
	return ok;
}

bool enrich_run(const struct cli *cli, struct enriched *enriched, struct fault *fault)
{
	struct enriching e = { .cli = cli, .most = cli->config.enrich_addresses, .enriched = enriched, .fault = fault };
	struct zonefile *zone = NULL;
	bool ok;

	*enriched = (struct enriched){ 0 };
	if (cli->options.offline)
		return true;
	e.addresses = calloc(e.most ? e.most : 1, sizeof *e.addresses);
	ok = e.addresses || fault_set(fault, FAULT_LATER, "out of memory");
	if (ok && cli->options.dns_file)
		ok = (zone = zone_read(cli->options.dns_file, false, fault)) != NULL;
	ok = ok && enrich(&e, zone);
	for (size_t i = 0; i < e.rows_n; i++)
		free((char *)(uintptr_t)e.rows[i].name.p);
	free(e.rows);
	free(e.addresses);
	zonefile_free(zone);
	return ok;
}
