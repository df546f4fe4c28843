#include "cli/enrich.h"
#include "base/child.h"
#include "base/steady.h"
#include "cli/domains.h"
#include "cli/file.h"
#include "cli/sight.h"
#include "ingest/hostnames.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/zonefile.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
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
	struct sight *sight; /* owned; NULL: a file in the place of the DNS is no sight of anything */
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

static bool all_learn(struct enriching *e)
{
	struct store *store;
	bool ok;

	if (e->rows_n == 0 && (!e->sight || sight_answers(e->sight) == 0))
		return true;
	store = store_open(e->cli->config.db, STORE_WRITE, (unsigned)e->cli->config.store_wait, e->fault);
	ok = store != NULL;
	for (size_t i = 0; ok && i < e->rows_n; i++)
		ok = store_learn_host(store, &e->rows[i], e->fault);
	if (ok && e->sight)
		ok = sight_learn(e->sight, store, e->cli->now, e->fault);
	ok = ok && store_commit(store, e->fault);
	store_close(store);
	return ok;
}

static bool names_look(struct enriching *e, struct resolver *resolver, unsigned seconds)
{
	size_t asked = e->n;

	e->rows = calloc(asked ? asked : 1, sizeof *e->rows);
	if (!e->rows)
		return fault_set(e->fault, FAULT_LATER, "out of memory");
	hostnames_look(resolver, e->addresses, e->n, seconds, name_gather, e);
	e->enriched->left += asked - e->rows_n;
	return true;
}

/* What one's own domains publish, by the configuration, or else those that are reported about. */
static bool records_look(struct enriching *e, struct resolver *resolver, unsigned seconds)
{
	struct domain_list domains = DOMAIN_LIST;
	struct sight_seen seen = { 0 };
	struct store *store;
	bool ok;

	if (!e->sight || access(e->cli->config.db, F_OK) < 0)
		return true;
	store = store_open(e->cli->config.db, STORE_READ, 0, e->fault);
	ok = store && domains_choose(e->cli, store, NULL, 0, &domains, e->fault) &&
	     sight_survey(e->sight, e->cli, store, resolver_dns(resolver), domains.names, domains.n, seconds, &seen,
		     e->fault);
	e->enriched->domains = seen.domains;
	e->enriched->authors = seen.authors;
	domains_release(&domains);
	store_close(store);
	return ok;
}

/* Records get half of the time at most, host names the rest. */
static bool both_look(struct enriching *e, struct resolver *resolver)
{
	unsigned all = (unsigned)e->cli->config.enrich_seconds, spent;
	int64_t begun = steady_seconds();

	if (!records_look(e, resolver, (all + 1) / 2))
		return false;
	spent = (unsigned)(steady_seconds() - begun);
	return names_look(e, resolver, spent < all ? all - spent : 1) && all_learn(e);
}

/* The resolver is born before the database is opened, which is why it is started even when nothing is to be asked. */
static bool enrich(struct enriching *e, const struct zonefile *zone)
{
	struct resolver_options options = { .server = e->cli->config.resolver,
		.anchor = config_anchor(&e->cli->config),
		.unlocked = e->cli->options.no_sandbox,
		.silence = SILENCE,
		.file = zone ? (struct dns){ zonefile_ask, (void *)zone } : (struct dns){ 0 } };
	struct resolver *resolver = resolver_start(&options, e->fault);
	bool ok = resolver && addresses_gather(e) && both_look(e, resolver);

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
	else if (ok)
		ok = (e.sight = sight_new()) != NULL || fault_set(fault, FAULT_LATER, "out of memory");
	orgdomain_warm();
	ok = ok && enrich(&e, zone);
	for (size_t i = 0; i < e.rows_n; i++)
		free((char *)(uintptr_t)e.rows[i].name.p);
	free(e.rows);
	free(e.addresses);
	sight_free(e.sight);
	zonefile_free(zone);
	return ok;
}

/* ---- aside */

static void aside_run(const struct cli *cli)
{
	struct enriched enriched;
	struct fault fault = { 0 };

	if (!enrich_run(cli, &enriched, &fault))
		send(CHILD_SOCKET, &fault, sizeof fault, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void enrich_aside(struct aside *aside, const struct cli *cli)
{
	int sockets[2];
	pid_t pid;

	if (aside->pid || cli->options.offline || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return;
	pid = child_fork();
	if (pid == 0) {
		if (child_alone(sockets[1]))
			aside_run(cli);
		_exit(0);
	}
	close(sockets[1]);
	if (pid < 0)
		close(sockets[0]);
	else
		*aside = (struct aside){ pid, sockets[0] };
}

void enrich_look(struct aside *aside, const struct cli *cli)
{
	struct fault fault;

	if (!aside->pid || waitpid(aside->pid, NULL, WNOHANG) == 0)
		return;
	if (recv(aside->socket, &fault, sizeof fault, MSG_DONTWAIT) == (ssize_t)sizeof fault)
		cli_say(cli, "enrich: %.*s", (int)sizeof fault.text, fault.text);
	close(aside->socket);
	*aside = (struct aside){ 0 };
}

void enrich_end(struct aside *aside)
{
	if (!aside->pid)
		return;
	child_kill(aside->pid);
	close(aside->socket);
	*aside = (struct aside){ 0 };
}
