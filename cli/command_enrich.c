#include "cli/enrich.h"

int command_enrich(struct cli *cli)
{
	struct enriched e;
	struct fault fault = { 0 };

	if (cli->options.args_n) {
		cli_say(cli, "enrich: takes no names");
		return EXIT_USAGE;
	}
	if (!enrich_run(cli, &e, &fault))
		return cli_fail(cli, &fault);
	if (!cli->options.quiet)
		printf("%zu addresses looked up, %zu named, %zu not confirmed, %zu without a name, %zu silent; %zu left\n",
			e.looked, e.confirmed, e.unconfirmed, e.none, e.silent, e.left);
	if (!cli->options.quiet && (e.domains || e.authors))
		printf("%zu domains looked at, and %zu author domains below them\n", e.domains, e.authors);
	return EXIT_DONE;
}
