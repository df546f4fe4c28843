#include "cli/domains.h"
#include "parse/dns/orgdomain.h"
#include "report/snapshots.h"

static bool snapshots_open(const struct cli *cli, struct snapshots_writer *writer, const struct snapshots_about *about)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return snapshots_json_open(writer, stdout, about);
	case FORMAT_CSV:
		return snapshots_csv_open(writer, stdout);
	case FORMAT_TEXT:
		break;
	}
	return snapshots_text_open(writer, stdout, &cli->out, about);
}

static bool args_read(const struct cli *cli, char domain[DOMAINNAME_TEXT], struct fault *fault)
{
	if (cli->options.args_n != 1)
		return fault_set(fault, FAULT_SETUP, "name one domain");
	if (domain_alabels(span_of(cli->options.args[0]), domain) == 0)
		return fault_set(fault, FAULT_SETUP, "%.200s: is no domain name", cli->options.args[0]);
	return true;
}

struct listing {
	struct snapshots_writer writer;
	bool any;
};

static bool take(void *arg, const struct snapshot_row *row)
{
	struct listing *listing = arg;

	listing->any = true;
	return listing->writer.take(listing->writer.self, row);
}

int command_dns(struct cli *cli)
{
	struct snapshots_about about = { .history = cli->options.history };
	struct listing listing = { .any = false };
	char domain[DOMAINNAME_TEXT];
	struct fault fault = { 0 };
	struct store *store;
	bool asked = true, closed;
	int code;

	if (!args_read(cli, domain, &fault)) {
		cli_say(cli, "dns: %s", fault.text);
		return EXIT_USAGE;
	}
	about.domain = span_of(domain);
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (!snapshots_open(cli, &listing.writer, &about)) {
		store_close(store);
		return cli_unwritten(cli);
	}
	if (store)
		asked = store_ask_dns_below(store, about.domain, !about.history, take, &listing, &fault);
	closed = listing.writer.close(listing.writer.self);
	if (asked && !listing.any)
		domains_say_meant(cli, store, about.domain);
	store_close(store);
	if (!asked)
		return cli_fail(cli, &fault);
	return closed ? EXIT_DONE : cli_unwritten(cli);
}
