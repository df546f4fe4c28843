#include "cli/cli.h"

int command_config(struct cli *cli)
{
	struct fault fault = { 0 };

	if (cli->options.args_n) {
		cli_say(cli, "config: takes no argument");
		return EXIT_USAGE;
	}
	return config_print(&cli->config, stdout, &fault) ? EXIT_DONE : cli_fail(cli, &fault);
}
