#include "cli/cli.h"
#include "ingest/token.h"

#include <inttypes.h>
#include <unistd.h>

struct logging_in {
	const struct cli *cli;
	const char *user;
};

/* For a script, one line: page and code. */
static void code_show(void *arg, const struct token_code *code)
{
	const struct logging_in *in = arg;

	if (in->cli->options.quiet) {
		printf("%s %s\n", code->page, code->word);
	} else {
		printf("To let dmarcgate read the mail of %s, open this page in a browser,\nsign in there, and enter "
		       "the code:\n\n",
			in->user);
		printf("  page  %s\n  code  %s\n", code->page, code->word);
		if (code->whole_page[0])
			printf("\nThis page knows the code already:\n\n  %s\n", code->whole_page);
		printf("\nWaiting for it, %" PRIu64 " minutes at most ...\n", (code->seconds + 59) / 60);
	}
	fflush(stdout);
}

int command_login(struct cli *cli)
{
	const struct mailbox_settings *settings;
	struct fault fault = { 0 };
	struct logging_in in = { .cli = cli };
	const char *name;

	if (cli->options.args_n != 1) {
		cli_say(cli, "login: name one mailbox of the configuration");
		return EXIT_USAGE;
	}
	name = cli->options.args[0];
	settings = mailbox_settings_find(&cli->config, name);
	if (!settings) {
		cli_say(cli, "login: %s: no such mailbox in %s", name,
			cli->config.file ? cli->config.file : "the configuration");
		return EXIT_SETUP;
	}
	if (settings->mailbox.secret_source != SECRET_OAUTH) {
		cli_say(cli, "login: %s: has no provider and no token_endpoint; nobody needs to log in", name);
		return EXIT_SETUP;
	}
	if (settings->oauth.grant != OAUTH_REFRESH) {
		cli_say(cli, "login: %s: with grant = client_credentials nobody needs to log in", name);
		return EXIT_SETUP;
	}
	in.user = settings->mailbox.user;
	if (!token_login(NULL, &settings->oauth, code_show, &in, &fault))
		return cli_fail(cli, &fault);
	if (!cli->options.quiet)
		printf("Done. The tokens are in %s. Next: dmarcgate ingest\n", settings->oauth.token_file);
	return EXIT_DONE;
}
