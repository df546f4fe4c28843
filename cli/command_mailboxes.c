#include "cli/cli.h"
#include "cli/poll.h"
#include "report/mailboxes.h"

#include <poll.h>
#include <string.h>

/* The named ones, else all; in the configuration's order, each once. */
static bool mailboxes_choose(const struct cli *cli, size_t chosen[MAILBOXES_MOST], size_t *n)
{
	const struct config *config = &cli->config;
	bool wanted[MAILBOXES_MOST] = { false };

	for (int i = 0; i < cli->options.args_n; i++) {
		const struct mailbox_settings *settings = mailbox_settings_find(config, cli->options.args[i]);

		if (!settings) {
			cli_say(cli, "mailboxes: %s: no such mailbox in the configuration", cli->options.args[i]);
			return false;
		}
		wanted[settings - config->mailboxes] = true;
	}
	*n = 0;
	for (size_t i = 0; i < config->mailboxes_n; i++)
		if (wanted[i] || cli->options.args_n == 0)
			chosen[(*n)++] = i;
	return true;
}

static bool mailboxes_look(struct polling *polling, struct fault *fault)
{
	struct inlet *inlet = polling_inlet(polling);
	struct intake_item item = { .mail = { .fd = -1 } };
	enum inlet_state state;

	while ((state = inlet->next(inlet->self, &item)) != INLET_END) {
		struct pollfd ready = { inlet->descriptor(inlet->self), POLLIN, 0 };

		if (state == INLET_FLUSH && !polling_settle(polling, fault))
			return false;
		if (state == INLET_MAIL) /* a mail that cannot be read; its kind counts nothing here */
			polling_stored(polling, &item, PLACE_LEFT, fault);
		if (state == INLET_LATER)
			poll(&ready, 1, 1000);
	}
	return true;
}

struct told {
	struct ingested_mailbox mailboxes[MAILBOXES_MOST];
	size_t n;
};

static bool mailbox_keep(void *arg, const struct ingested_mailbox *mailbox)
{
	struct told *told = arg;

	told->mailboxes[told->n++] = *mailbox;
	return true;
}

static int mailboxes_tell(struct cli *cli, const struct polling *polling)
{
	struct polling_outcome outcome = polling_outcome(polling);
	struct told told = { .n = 0 };
	bool printed;

	polling_report(polling, mailbox_keep, &told);
	if (cli->options.format == FORMAT_JSON)
		printed = mailboxes_json(stdout, told.mailboxes, told.n);
	else
		printed = mailboxes_text(stdout, &cli->out, told.mailboxes, told.n);
	if (!printed)
		return cli_unwritten(cli);
	if (!outcome.failed)
		return EXIT_DONE;
	return outcome.worked ? EXIT_SOME_BROKEN : outcome.setup ? EXIT_SETUP : EXIT_LATER;
}

int command_mailboxes(struct cli *cli)
{
	struct polling_plan plan = { .parallel = 1, .look = true };
	size_t chosen[MAILBOXES_MOST], n;
	struct fault fault = { 0 };
	struct polling *polling;
	struct store *store;
	int code;

	if (!polling_parallel(cli, &plan) || !mailboxes_choose(cli, chosen, &n))
		return EXIT_USAGE;
	if (n == 0) {
		cli_say(cli, "mailboxes: none is configured; dmarcgate.conf(5) shows how");
		return EXIT_SETUP;
	}
	polling = polling_start(cli, &plan, chosen, n, &fault);
	if (!polling)
		return cli_fail(cli, &fault);
	store = cli_store(cli, STORE_READ, &code);
	if (code == EXIT_DONE) {
		polling_use(polling, store);
		code = mailboxes_look(polling, &fault) ? mailboxes_tell(cli, polling) : cli_fail(cli, &fault);
	}
	polling_stop(polling);
	store_close(store);
	return code;
}
