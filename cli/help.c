#include "cli/cli.h"
#include "base/digest.h"
#include "base/sandbox.h"
#include "parse/parse.h"
#include "store/store.h"

static void print_option(FILE *out, const struct option_row *row, bool whose)
{
	char left[64];

	snprintf(left, sizeof left, "%s%s %s", row->name[1] ? "--" : "-", row->name, row->argument ? row->argument : "");
	fprintf(out, "  %-38s %s", left, row->help);
	if (whose && row->commands)
		fprintf(out, " (%s)", row->commands);
	putc('\n', out);
}

static void print_command(FILE *out, const struct command *command)
{
	fprintf(out, "usage: dmarcgate %s [OPTION...]%s%s\n  %s\n", command->name, *command->synopsis ? " " : "",
		command->synopsis, command->help);
	for (int common = 0; common < 2; common++) {
		const char *heading = common ? "\nOptions of every command\n" : "\nOptions\n";

		for (const struct option_row *row = option_rows; row->name; row++) {
			if ((row->commands == NULL) != (common == 1) || !option_belongs(row, command->name))
				continue;
			fputs(heading, out);
			heading = "";
			print_option(out, row, false);
		}
	}
}

static void print_commands(FILE *out)
{
	fputs("usage: dmarcgate [OPTION...] [COMMAND [ARGUMENT...]]\n\nCommands (none: the summary of all domains)\n", out);
	for (const struct command *command = commands; command->name; command++) {
		char left[64];

		snprintf(left, sizeof left, "%s %s", command->name, command->synopsis);
		fprintf(out, "  %-38s %s\n", left, command->help);
	}
	fputs("\nOptions\n", out);
	for (const struct option_row *row = option_rows; row->name; row++)
		print_option(out, row, true);
}

void print_help(FILE *out, const struct command *command)
{
	if (command)
		print_command(out, command);
	else
		print_commands(out);
	fputs("\nManual: dmarcgate(1), dmarcgate.conf(5), dmarcgate-json(5)\n", out);
}

void print_version(FILE *out)
{
	char protections[SANDBOX_TEXT], libraries[512];

	fprintf(out, "dmarcgate %s\n", PACKAGE_VERSION);
	fprintf(out, "  reads with    %s,\n                " READER_LIBRARIES "\n",
		parse_libraries(libraries, sizeof libraries));
	fputs("  asks with     " HELPER_LIBRARIES "\n", out);
	fprintf(out, "  hashes with   %s\n", digest_library());
	fprintf(out, "  stores with   SQLite %s\n", store_library());
	fputs("  and also      " OTHER_LIBRARIES "\n", out);
	fprintf(out, "  protections   %s\n", sandbox_describe(sandbox_probe(), protections));
}
