/* domains: which ones a command is about, and whose reports the database holds. */
#ifndef CLI_DOMAINS_H
#define CLI_DOMAINS_H

#include "cli/cli.h"

struct domain_list {
	struct arena arena;
	struct span *names; /* in the arena; policy domains, most messages first */
	size_t n;
};
#define DOMAIN_LIST ((struct domain_list){ .arena = ARENA((size_t)64 * 1024 * 1024) })

#define DOMAINS_DAYS 400 /* older reports are in no verdict */

/* Those that a verdict could look at: reported within DOMAINS_DAYS. None when `store` is NULL. */
bool domains_ask(const struct cli *cli, struct store *store, struct domain_list *list, struct fault *fault);
/* What a command is about: the domains that were named, else one's own by the configuration, else all of the
 * database that are domain names. */
bool domains_choose(const struct cli *cli, struct store *store, char **named, int named_n, struct domain_list *list,
	struct fault *fault);
/* To a person who named a domain of which nothing is stored, where one of which something is has nearly the same name. */
void domains_say_meant(const struct cli *cli, struct store *store, struct span domain);
void domains_say_none(const struct cli *cli, const struct domain_list *list); /* to a person who got an empty list */
void domains_release(struct domain_list *list);

#endif
