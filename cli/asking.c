#include "cli/asking.h"
#include "base/steady.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/sight.h"
#include "ingest/resolver.h"
#include "parse/dns/zonefile.h"

#include <stdlib.h>
#include <unistd.h>

struct asking {
	struct zonefile *zone;     /* owned; NULL: no file in the place of the DNS */
	struct resolver *resolver; /* owned; NULL: nobody is asked */
	struct sight *sight;       /* owned; what the resolver said */
	struct store_dns from;     /* offline; its store may be NULL */
	unsigned left;             /* questions of this domain */
	int64_t until;             /* as steady_seconds */
	bool asked, heard, short_of; /* short_of: a domain used up its allowance */
};

struct asking *asking_start(const struct cli *cli, struct fault *fault)
{
	struct asking *asking = calloc(1, sizeof *asking);
	bool good = asking != NULL;

	if (!asking) {
		fault_set(fault, FAULT_LATER, "out of memory");
	} else if (cli->options.dns_file) {
		asking->zone = zone_read(cli->options.dns_file, false, fault);
		good = asking->zone != NULL;
	} else if (!cli->options.offline) {
		asking->resolver = resolver_start(&(struct resolver_options){ .server = cli->config.resolver,
							  .anchor = config_anchor(&cli->config),
							  .unlocked = cli->options.no_sandbox },
			fault);
		asking->sight = sight_new();
		good = asking->resolver && (asking->sight || fault_set(fault, FAULT_LATER, "out of memory"));
	}
	if (good)
		return asking;
	asking_free(asking);
	return NULL;
}

void asking_free(struct asking *asking)
{
	if (!asking)
		return;
	resolver_stop(asking->resolver);
	zonefile_free(asking->zone);
	sight_free(asking->sight);
	free(asking);
}

void asking_use(struct asking *asking, struct store *store)
{
	asking->from = (struct store_dns){ .store = asking->zone || asking->resolver ? NULL : store };
}

void asking_remember(struct asking *asking, const struct cli *cli)
{
	struct fault fault = { 0 };
	struct store *store;
	bool good;

	if (!asking->sight || sight_answers(asking->sight) == 0 || access(cli->config.db, F_OK) != 0)
		return;
	store = store_open(cli->config.db, STORE_WRITE, 0, &fault);
	good = store && sight_learn(asking->sight, store, cli->now, &fault) && store_commit(store, &fault);
	if (!good && cli->options.verbose)
		cli_say(cli, "what was seen is not remembered: %s", fault.text);
	store_close(store);
}

static void ask(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	struct asking *asking = arg;

	*answer = (struct dns_answer){ .name = name, .type = type, .status = DNS_UNASKED, .security = DNS_UNVALIDATED };
	asking->asked = true;
	if (asking->left == 0 || (asking->resolver && steady_seconds() > asking->until)) {
		asking->short_of = true;
		return;
	}
	asking->left--;
	if (asking->zone)
		zonefile_ask(asking->zone, name, type, arena, answer);
	else if (asking->from.store)
		store_dns_ask(&asking->from, name, type, arena, answer);
	if (asking->resolver) {
		*answer = dns_ask(resolver_dns(asking->resolver), name, type, arena);
		sight_keep(asking->sight, answer);
	}
	asking->heard |= answer->status != DNS_UNASKED && answer->status != DNS_TIMEOUT;
}

struct dns asking_dns(struct asking *asking)
{
	asking->left = ASKING_QUESTIONS;
	asking->until = steady_seconds() + ASKING_SECONDS;
	return (struct dns){ ask, asking };
}

bool asking_heard(const struct asking *asking)
{
	return asking->heard || !asking->asked;
}

static void describe_snapshot(const struct store_dns *from, char text[ASKING_TEXT])
{
	char oldest[MOMENT_TEXT], newest[MOMENT_TEXT];

	moment_format_day(from->oldest, oldest);
	moment_format_day(from->newest, newest);
	if (strcmp(oldest, newest) == 0)
		snprintf(text, ASKING_TEXT, "offline: as it was seen on %s", newest);
	else
		snprintf(text, ASKING_TEXT, "offline: as it was seen from %s to %s", oldest, newest);
}

const char *asking_describe(const struct asking *asking, char text[ASKING_TEXT])
{
	text[0] = '\0';
	if (asking->resolver && (resolver_state(asking->resolver).offline || resolver_state(asking->resolver).gone))
		snprintf(text, ASKING_TEXT, "%s", resolver_describe(asking->resolver, (char[RESOLVER_TEXT]){ 0 }));
	else if (asking->from.answers)
		describe_snapshot(&asking->from, text);
	else if (!asking->resolver && !asking->zone)
		snprintf(text, ASKING_TEXT, "offline, and there is no snapshot of what was published");
	else if (asking->short_of)
		snprintf(text, ASKING_TEXT, "DNS: a domain needs more than %d questions or %d s; the rest was not asked",
			ASKING_QUESTIONS, ASKING_SECONDS);
	return text;
}
