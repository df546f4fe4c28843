#include "cli/cli.h"
#include "report/style.h"

int command_expire(struct cli *cli)
{
	int64_t keep = (int64_t)cli->config.retention_reports;
	struct expired expired = { 0 };
	uint64_t samples = 0;
	struct fault fault = { 0 };
	struct store *store;
	bool done;
	int code;

	if (cli->options.args_n ||
		(cli->options.older_than && (!moment_parse_span(span_of(cli->options.older_than), &keep) || keep < DAY_SECONDS))) {
		cli_say(cli, "expire: %s", cli->options.args_n ? "takes no argument" : "--older-than wants a day or more, like 400d or 52w");
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	store_close(store);
	if (!store)
		return code;
	store = cli_store(cli, STORE_WRITE, &code);
	if (!store)
		return code;
	done = store_expire(store, cli->now - keep, cli->now, &expired, &fault) &&
	       store_expire_samples(store, cli->now - (int64_t)cli->config.retention_samples, &samples, &fault);
	store_close(store);
	if (!done)
		return cli_fail(cli, &fault);
	if (!cli->options.quiet)
		printf("%s with %s, %s and %s removed; samples of %s emptied\n",
			counted_text(expired.reports, "report", "reports").p, counted_text(expired.records, "record", "records").p,
			counted_text(expired.failures, "failure report", "failure reports").p,
			counted_text(expired.mails, "mail", "mails").p, counted_text(samples, "more mail", "more mails").p);
	return EXIT_DONE;
}
