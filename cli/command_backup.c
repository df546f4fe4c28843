#include "cli/cli.h"
#include "store/care.h"

int command_backup(struct cli *cli)
{
	struct fault fault = { 0 };

	if (cli->options.args_n != 1) {
		cli_say(cli, "backup: wants the name of a file that does not exist yet");
		return EXIT_USAGE;
	}
	return store_backup(cli->config.db, cli->options.args[0], &fault) ? EXIT_DONE : cli_fail(cli, &fault);
}
