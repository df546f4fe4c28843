#include "cli/domains.h"
#include "cli/readiness.h"
#include "cli/window.h"
#include "parse/dns/orgdomain.h"
#include "report/explain.h"
#include "report/samples.h"

#include <stdlib.h>
#include <string.h>

static bool samples_open(const struct cli *cli, struct samples_writer *writer)
{
	bool show_addresses = cli->options.show_addresses;

	switch (cli->options.format) {
	case FORMAT_JSON:
		return samples_json_open(writer, stdout, show_addresses);
	case FORMAT_CSV:
		return samples_csv_open(writer, stdout, show_addresses);
	case FORMAT_TEXT:
		break;
	}
	return samples_text_open(writer, stdout, &cli->out, show_addresses);
}

/* Whose samples: of one network, or of these addresses, in order. */
struct chosen {
	bool network_only;
	struct network network;
	struct address *addresses; /* owned */
	size_t n;
};

struct listing {
	struct samples_writer writer;
	bool any;
	const struct chosen *chosen; /* NULL: everybody's */
};

static int address_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

static bool is_chosen(const struct chosen *chosen, const struct sample_row *row)
{
	if (!row->has_address)
		return false;
	if (chosen->network_only)
		return network_holds(&chosen->network, &row->address);
	return bsearch(&row->address, chosen->addresses, chosen->n, sizeof row->address, address_order);
}

static bool take(void *arg, const struct sample_row *row)
{
	struct listing *listing = arg;

	if (listing->chosen && !is_chosen(listing->chosen, row))
		return true;
	listing->any = true;
	return listing->writer.take(listing->writer.self, row);
}

/* ---- of one sender */

static bool addresses_add(struct chosen *chosen, const struct assessment *a, struct span name)
{
	size_t more = explain_find_addresses(a, name, NULL), n = 0;
	struct address *all = realloc(chosen->addresses, (chosen->n + more + 1) * sizeof *all);

	if (!all)
		return false;
	chosen->addresses = all;
	more = chosen->n + explain_find_addresses(a, name, all + chosen->n);
	qsort(all, more, sizeof *all, address_order);
	for (size_t i = 0; i < more; i++)
		if (!n || address_order(&all[n - 1], &all[i]) != 0)
			all[n++] = all[i];
	chosen->n = n;
	return true;
}

/* The domain that is named and the one above it, whose reports may tell of it; else all in question. */
static bool domains_of(struct cli *cli, struct store *store, struct domain_list *domains, struct fault *fault)
{
	struct span named = cli->options.args_n ? span_of(cli->options.args[0]) : SPAN_ABSENT, above = orgdomain_of(named);

	if (!named.n)
		return domains_choose(cli, store, NULL, 0, domains, fault);
	domains->names = arena_take(&domains->arena, 2 * sizeof *domains->names);
	if (!domains->names)
		return fault_set(fault, FAULT_LATER, "out of memory");
	domains->names[domains->n++] = named;
	if (above.n && !span_is_nocase(above, named))
		domains->names[domains->n++] = above;
	return true;
}

/* Where a sender of that name sends from, by the aggregate reports. */
static bool addresses_find(struct cli *cli, struct store *store, struct chosen *chosen, struct fault *fault)
{
	struct domain_list domains = DOMAIN_LIST;
	struct readiness r = { 0 };
	bool good = domains_of(cli, store, &domains, fault) && readiness_open(&r, cli, store, fault);

	for (size_t i = 0; good && i < domains.n; i++) {
		good = readiness_assess(&r, domains.names[i], TARGET_AUTO, fault);
		if (good && !addresses_add(chosen, &(struct assessment){ &r.rows, &r.options, &r.verdict },
				    span_of(cli->options.sender)))
			good = fault_set(fault, FAULT_LATER, "out of memory");
	}
	readiness_close(&r);
	domains_release(&domains);
	return good;
}

/* An address or a network is itself, whether or not a report tells of it. */
static bool sender_choose(struct cli *cli, struct store *store, struct chosen *chosen, struct fault *fault)
{
	const char *name = cli->options.sender;

	chosen->network_only = network_parse(span_of(name), &chosen->network);
	if (chosen->network_only)
		return true;
	if (!addresses_find(cli, store, chosen, fault))
		return false;
	return chosen->n ||
	       fault_set(fault, FAULT_INPUT, "samples: --sender %.200s: no such sender; dmarcgate senders --class all lists them", name);
}

int command_samples(struct cli *cli)
{
	const char *domain = cli->options.args_n ? cli->options.args[0] : NULL;
	struct chosen chosen = { .n = 0 };
	struct listing listing = { .any = false };
	struct fault fault = { 0 };
	struct window window;
	struct store *store;
	bool asked = true, closed;
	int code;

	if (cli->options.args_n > 1 || !window_read(cli, &window, &fault)) {
		cli_say(cli, "samples: %s", fault.kind ? fault.text : "one domain at a time");
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (cli->options.sender) {
		listing.chosen = &chosen;
		if (!sender_choose(cli, store, &chosen, &fault)) {
			code = cli_fail(cli, &fault);
			goto out;
		}
	}
	if (!samples_open(cli, &listing.writer)) {
		code = cli_unwritten(cli);
		goto out;
	}
	if (store)
		asked = store_ask_samples(store, domain, &window, take, &listing, &fault);
	closed = listing.writer.close(listing.writer.self);
	if (asked && domain && !listing.any)
		domains_say_meant(cli, store, span_of(domain));
	if (!asked && fault.kind != FAULT_NONE)
		code = cli_fail(cli, &fault);
	else
		code = asked && closed ? EXIT_DONE : cli_unwritten(cli);
out:
	free(chosen.addresses);
	store_close(store);
	return code;
}
