#include "cli/enrich.h"
#include "report/style.h"

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
		printf("%s looked up, %zu named, %zu not confirmed, %zu without a name, %zu silent; %zu left\n",
			counted_text(e.looked, "address", "addresses").p, e.confirmed, e.unconfirmed, e.none, e.silent, e.left);
	if (!cli->options.quiet && (e.domains || e.authors))
		printf("%s looked at, and %s below them\n", counted_text(e.domains, "domain", "domains").p,
			counted_text(e.authors, "author domain", "author domains").p);
	return EXIT_DONE;
}
