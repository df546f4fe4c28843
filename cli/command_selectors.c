#include "cli/readiness.h"
#include "cli/selectors.h"
#include "parse/dns/orgdomain.h"

#define LINES_OCTETS ((size_t)16 * 1024 * 1024)

static bool page_write(const struct cli *cli, const struct selectors_page *page)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return selectors_json(stdout, page);
	case FORMAT_CSV:
		return selectors_csv(stdout, page);
	case FORMAT_TEXT:
		break;
	}
	return selectors_text(stdout, &cli->out, page);
}

static int page_make(struct cli *cli, struct readiness *r, struct span domain, struct arena *arena)
{
	struct selectors selectors;
	struct selectors_page page;
	struct fault fault = { 0 };

	if (!readiness_assess(r, domain, TARGET_AUTO, &fault))
		return cli_fail(cli, &fault);
	if (!selectors_gather(cli, r->store, domain, &r->verdict, arena, &selectors, &fault))
		return cli_fail(cli, &fault);
	selectors_look(r->store, &selectors);
	for (size_t i = 0; i < selectors.n; i++)
		selector_judge(&selectors.lines[i], moment_day(cli->now));
	page = (struct selectors_page){ .domain = domain, .first_day = r->verdict.first_day, .last_day = r->verdict.last_day,
		.lines = selectors.lines, .n = selectors.n };
	if (selectors.left_out && !cli->options.quiet)
		cli_say(cli, "selectors: %zu more are named and left out", selectors.left_out);
	return page_write(cli, &page) ? EXIT_DONE : cli_unwritten(cli);
}

int command_selectors(struct cli *cli)
{
	struct arena arena = ARENA(LINES_OCTETS);
	struct readiness readiness = { 0 };
	char domain[DOMAINNAME_TEXT];
	struct fault fault = { 0 };
	struct store *store;
	int code;

	if (cli->options.args_n != 1 || domain_alabels(span_of(cli->options.args[0]), domain) == 0) {
		cli_say(cli, "selectors: name one domain");
		return EXIT_USAGE;
	}
	orgdomain_warm();
	store = cli_store(cli, STORE_READ, &code);
	if (code == EXIT_DONE)
		code = readiness_open(&readiness, cli, store, &fault) ? page_make(cli, &readiness, span_of(domain), &arena)
								      : cli_fail(cli, &fault);
	readiness_close(&readiness);
	store_close(store);
	arena_release(&arena);
	return code;
}
