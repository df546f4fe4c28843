/* cli: connects the rooms; the only room that prints and chooses exit codes.
 *
 * A run: options are read, the helper (only for commands that ask mailboxes) and then the nursery (only for commands that
 * look inside strangers' bytes) are born before anything else exists in memory, the configuration is loaded, the command's row is called. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/config.h"
#include "cli/options.h"
#include "report/style.h"
#include "store/store.h"

#include <stdio.h>

struct helper;
struct nursery;

/* Exit codes (sysexits.h where it has one). dmarcgate.1 EXIT STATUS says the same. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_SOME_BROKEN = 1, /* everything else was handled; the broken inputs are named */
	EXIT_USAGE = 64,
	EXIT_INTERNAL = 70, /* a promise inside the program was broken */
	EXIT_LATER = 75,    /* a lock, a full disk, a server: try again */
	EXIT_SETUP = 78,    /* a person must mend something first */
};

struct cli {
	struct options options;
	struct config config;
	struct helper *helper;   /* runs the commands of the configuration; NULL for commands that need none */
	struct nursery *nursery; /* NULL with --no-sandbox, and for commands that read no strangers' bytes */
	int64_t now;
	struct style out, err; /* for stdout and stderr */
	bool progress;         /* a line that overwrites itself may stand on stderr */
	bool again;            /* afterwards the program begins again, as it was called */
};

/* One line on stderr: `dmarcgate: TEXT`, escaped. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what is no fault: not with --quiet. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says the fault and returns its exit code. */
int cli_fail(const struct cli *cli, const struct fault *fault);
/* The same where an input is what a person named: EXIT_USAGE for FAULT_INPUT. */
int cli_refuse(const struct cli *cli, const struct fault *fault);

/* Opens the database; says what is wrong and returns NULL, with the exit code in *code. For STORE_READ a database that does
 * not exist yet is no fault: NULL and EXIT_DONE. */
struct store *cli_store(const struct cli *cli, enum store_mode mode, int *code);

/* Makes the folders above a file of ours when they are missing, readable by nobody else. */
bool cli_folder(const char *path, struct fault *fault);

/* Everything printed has arrived; else says so and returns EXIT_LATER. A reader that went away (`| head`) is no fault. */
int cli_flush(const struct cli *cli, int code);
/* EXIT_LATER, for a writer that could not do its work: says that memory is short, unless it is the output, of which cli_flush
 * tells. */
int cli_unwritten(const struct cli *cli);

/* What reads strangers' bytes is a library of its own, loaded for the first of them. Is it where the program looks for it?
 * Else a fault that names the place. */
bool reader_find(struct fault *fault);

int command_show(struct cli *cli);
int command_ingest(struct cli *cli);
int command_summary(struct cli *cli);
int command_reports(struct cli *cli);
int command_senders(struct cli *cli);
int command_reporters(struct cli *cli);
int command_simulate(struct cli *cli);
int command_digest(struct cli *cli);
int command_export(struct cli *cli);
int command_reprocess(struct cli *cli);
int command_expire(struct cli *cli);
int command_config(struct cli *cli);
int command_lint(struct cli *cli);
int command_mailboxes(struct cli *cli);
int command_record(struct cli *cli);
int command_login(struct cli *cli);
int command_verify(struct cli *cli);
int command_check(struct cli *cli);
int command_enrich(struct cli *cli);
int command_mark(struct cli *cli);
int command_accept(struct cli *cli);
int command_critical(struct cli *cli);
int command_attest(struct cli *cli);
int command_samples(struct cli *cli);
int command_explain(struct cli *cli);
int command_html(struct cli *cli);
int command_selectors(struct cli *cli);
int command_dns(struct cli *cli);
int command_backup(struct cli *cli);
int command_doctor(struct cli *cli);

/* To add a command: a row here, a function above in a file of its own, its options in options.c, a section in dmarcgate.1,
 * a line in dist/completion/words, a test. */
enum { NEED_NURSERY = 1, NEED_HELPER = 2 };
struct command {
	const char *name;
	int (*run)(struct cli *cli);
	unsigned needs; /* which processes */
	const char *synopsis, *help;
};
extern const struct command commands[]; /* ends with name == NULL */

void print_help(FILE *out, const struct command *command); /* of all commands when NULL */
void print_version(FILE *out);

#endif
