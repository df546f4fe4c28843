#include "cli/cli.h"
#include "base/escape.h"
#include "base/shortage.h"
#include "cli/helper.h"
#include "cli/secret.h"
#include "cli/tokens.h"
#include "parse/nursery.h"
#include "report/csv.h"
#include "report/ingested.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const struct command commands[] = {
	{ "show", command_show, NEED_NURSERY, "FILE|FOLDER|-...", "read reports and print them, store nothing" },
	{ "ingest", command_ingest, NEED_NURSERY | NEED_HELPER, "[FILE|FOLDER|-...]",
		"read reports and store them; without a name: from the mailboxes" },
	{ "mailboxes", command_mailboxes, NEED_HELPER, "[NAME...]", "try the mailboxes: log in, count, change nothing" },
	{ "summary", command_summary, 0, "[DOMAIN]", "is it safe to move on, what is in the way, what to do" },
	{ "reports", command_reports, 0, "[CONDITION...]", "list what is stored" },
	{ "senders", command_senders, 0, "[DOMAIN]", "who sends in the domain's name, and who of them is not signed" },
	{ "reporters", command_reporters, 0, "[DOMAIN [REPORTER]]", "who reports, and what is wrong with the reports" },
	{ "simulate", command_simulate, 0, "DOMAIN RECORD", "what the mail would have met under another record" },
	{ "digest", command_digest, NEED_HELPER, "[DOMAIN...]", "the week as a mail: what to do, what is new" },
	{ "export", command_export, 0, "--json|--csv [WHAT] [CONDITION...]", "records, failures, days or rows for other programs" },
	{ "reprocess", command_reprocess, NEED_NURSERY, "", "read again what was kept of stored mails" },
	{ "expire", command_expire, 0, "[--older-than SPAN]", "remove what is old" },
	{ "login", command_login, 0, "MAILBOX", "let a person grant access to a mailbox (OAuth 2)" },
	{ "verify", command_verify, NEED_NURSERY, "MESSAGE|-...", "check the DKIM signatures of any mail" },
	{ "check", command_check, 0, "DOMAIN...", "is it safe to enforce the policy? Ends with 0 to 3" },
	{ "enrich", command_enrich, 0, "", "look up host names of senders, and what domains publish" },
	{ "mark", command_mark, 0, "SOURCE own|forwarder|notours|reviewed", "say whose a source is" },
	{ "accept", command_accept, 0, "SOURCE", "its failing mail may be lost" },
	{ "critical", command_critical, 0, "SOURCE", "its mail must not be lost" },
	{ "attest", command_attest, 0, "quarterly|lists", "you have thought of it" },
	{ "samples", command_samples, 0, "[DOMAIN]", "list failure reports and what their signatures say" },
	{ "explain", command_explain, 0, "ID", "a sender, gate, item of evidence, report or sample" },
	{ "html", command_html, 0, "DOMAIN|--all [-o FILE|FOLDER|--pages FOLDER]", "the verdict as a page of its own" },
	{ "lint", command_lint, 0, "[DOMAIN...]", "judge what domains publish, with the records to paste" },
	{ "record", command_record, 0, "[DOMAIN] | --check TEXT", "write a DMARC record, or judge the text of one" },
	{ "selectors", command_selectors, 0, "DOMAIN", "who signs with which key, and how the keys stand" },
	{ "dns", command_dns, 0, "DOMAIN", "what was seen published, and what changed when" },
	{ "backup", command_backup, 0, "FILE", "copy the database while it is in use" },
	{ "doctor", command_doctor, 0, "", "is everything as it should be? Ends with 0 to 2" },
	{ "config", command_config, 0, "", "print the configuration in force" },
	{ NULL, NULL, 0, NULL, NULL },
};

static __attribute__((format(printf, 2, 0))) void line_say(const struct cli *cli, const char *format, va_list args)
{
	struct buf text = BUF(65536), safe = BUF(4 * 65536);
	char line[2048];

	vsnprintf(line, sizeof line, format, args);
	buf_put_text(&text, line);
	if (cli->progress)
		progress_clear(stderr);
	escape_terminal(&safe, buf_span(&text));
	fprintf(stderr, "dmarcgate: %s\n", buf_text(&safe));
	buf_release(&text);
	buf_release(&safe);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_say(cli, format, args);
	va_end(args);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!cli->options.quiet)
		line_say(cli, format, args);
	va_end(args);
}

int cli_fail(const struct cli *cli, const struct fault *fault)
{
	static const int codes[] = { [FAULT_NONE] = EXIT_INTERNAL, [FAULT_INPUT] = EXIT_SOME_BROKEN,
		[FAULT_LATER] = EXIT_LATER, [FAULT_SETUP] = EXIT_SETUP, [FAULT_BROKEN] = EXIT_INTERNAL };

	/* What looks like a broken promise is what the shortage has left out. */
	if ((fault->kind == FAULT_BROKEN || fault->kind == FAULT_NONE) && shortage()) {
		cli_say(cli, "%s", shortage());
		return EXIT_LATER;
	}
	cli_say(cli, "%s", fault->kind == FAULT_NONE ? "an unnamed fault" : fault->text);
	return codes[fault->kind];
}

int cli_refuse(const struct cli *cli, const struct fault *fault)
{
	int code = cli_fail(cli, fault);

	return fault->kind == FAULT_INPUT ? EXIT_USAGE : code;
}

/* `dmarcgate export --csv | head`: nobody wants the rest. errno tells only when it was this flush that failed. */
static bool reader_is_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

int cli_unwritten(const struct cli *cli)
{
	if (!ferror(stdout))
		cli_say(cli, "%s", shortage() ? shortage() : "out of memory");
	return EXIT_LATER;
}

/* Nothing that was printed with a hole in it may be believed, and no verdict that was drawn. */
int cli_flush(const struct cli *cli, int code)
{
	if (code < EXIT_USAGE && shortage()) {
		cli_say(cli, "%s; the result is not to be relied on", shortage());
		code = EXIT_LATER;
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (errno == EPIPE || reader_is_gone())
		return code;
	cli_say(cli, "standard output: %s", strerror(errno));
	return EXIT_LATER;
}

/* The reports name people's servers. */
bool cli_folder(const char *path, struct fault *fault)
{
	char copy[4096];

	if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
		return fault_set(fault, FAULT_SETUP, "%.200s...: path too long", path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return fault_set(fault, FAULT_SETUP, "%.300s: %s", copy, strerror(errno));
		*slash = '/';
	}
	return true;
}

struct store *cli_store(const struct cli *cli, enum store_mode mode, int *code)
{
	struct fault fault = { 0 };
	struct store *store;

	*code = EXIT_DONE;
	if (mode == STORE_READ && access(cli->config.db, F_OK) < 0 && errno == ENOENT)
		return NULL;
	if (mode == STORE_WRITE && !cli_folder(cli->config.db, &fault)) {
		*code = cli_fail(cli, &fault);
		return NULL;
	}
	store = store_open(cli->config.db, mode, (unsigned)cli->config.store_wait, &fault);
	if (store && !store_believe(store, cli->config.authserv_id, &fault)) {
		store_close(store);
		store = NULL;
	}
	if (!store)
		*code = cli_fail(cli, &fault);
	return store;
}

static struct style stream_style(FILE *stream, enum color_mode color)
{
	struct winsize size = { 0 };
	bool terminal = isatty(fileno(stream));

	if (terminal)
		ioctl(fileno(stream), TIOCGWINSZ, &size);
	return style_choose(&(struct style_facts){ .color = color,
		.terminal = terminal,
		.columns = size.ws_col,
		.no_color = getenv("NO_COLOR"),
		.term = getenv("TERM"),
		.lc_all = getenv("LC_ALL"),
		.lc_ctype = getenv("LC_CTYPE"),
		.lang = getenv("LANG") });
}

/* A path on the command line begins where the user is; in a file, where the program runs would be chance. */
static bool settings_db(struct cli *cli, const char *path, struct fault *fault)
{
	char here[4096], full[8192];

	if (path[0] == '/' || path[0] == '~' || path[0] == '\0' || !getcwd(here, sizeof here))
		return config_set(&cli->config, "dmarcgate", "db", path, fault);
	if (snprintf(full, sizeof full, "%s/%s", here, path) >= (int)sizeof full)
		return fault_set(fault, FAULT_SETUP, "db = %.200s...: path too long", path);
	return config_set(&cli->config, "dmarcgate", "db", full, fault);
}

/* The command line wins over the file. */
static bool settings_apply(struct cli *cli, struct fault *fault)
{
	const struct options *options = &cli->options;

	if (options->db && !settings_db(cli, options->db, fault))
		return false;
	if (options->jobs && !config_set(&cli->config, "dmarcgate", "jobs", options->jobs, fault))
		return false;
	if (options->color && !config_set(&cli->config, "dmarcgate", "color", options->color, fault))
		return false;
	cli->out = stream_style(stdout, (enum color_mode)cli->config.color);
	cli->err = stream_style(stderr, (enum color_mode)cli->config.color);
	return true;
}

static const struct command *command_find(const char *name)
{
	const struct command *command = commands;

	while (command->name && strcmp(command->name, name) != 0)
		command++;
	return command->name ? command : NULL;
}

static const struct command *command_meant(const char *name)
{
	const struct command *command = commands;

	while (command->name && !span_is_misspelt(span_of(name), span_of(command->name)))
		command++;
	return command->name ? command : NULL;
}

static int command_unknown(const struct cli *cli)
{
	const struct command *command = command_meant(cli->options.command);

	cli_say(cli, "%s: no such command; %s%s%s", cli->options.command, command ? "did you mean " : "",
		command ? command->name : "dmarcgate --help lists them", command ? "?" : "");
	return EXIT_USAGE;
}

/* What is set by an option and cannot be is an error of the command line; that memory is short is none. */
static int settings_fail(const struct cli *cli, const struct fault *fault)
{
	if (fault->kind != FAULT_SETUP)
		return cli_fail(cli, fault);
	cli_say(cli, "--%s", fault->text);
	return EXIT_USAGE;
}

static int cli_run(struct cli *cli, const struct command *command)
{
	struct fault fault = { 0 };
	int code;

	if ((command->needs & NEED_NURSERY) && !reader_find(&fault))
		return cli_fail(cli, &fault);
	if (command->needs & NEED_HELPER) {
		cli->helper = helper_start(&fault);
		if (!cli->helper)
			return cli_fail(cli, &fault);
	}
	if ((command->needs & NEED_NURSERY) && !cli->options.no_sandbox) {
		cli->nursery = nursery_start(&fault);
		if (!cli->nursery) {
			helper_stop(cli->helper);
			return cli_fail(cli, &fault);
		}
	}
	if (!config_load(cli->options.config_file, &cli->config, &fault)) {
		code = cli_fail(cli, &fault);
	} else if (!settings_apply(cli, &fault)) {
		code = settings_fail(cli, &fault);
	} else if (!tokens_place(&cli->config, &fault) || !secret_learn(cli->helper, &cli->config, &fault)) {
		code = cli_fail(cli, &fault);
	} else {
		code = cli_flush(cli, command->run(cli));
	}
	config_release(&cli->config);
	nursery_free(cli->nursery);
	helper_stop(cli->helper);
	return code;
}

/* The configuration may hold passwords, and the database is other people's mail: no core is left, and nobody but root looks
 * in. The checkers of the sanitizers must look into themselves. */
static void memory_hide(void)
{
#ifndef WITH_SANITIZERS
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* Whoever starts us with one of the three closed would have the next socket or file take its place, and be written into.
 * What takes it here fails in use, as the closed one would: it can be read where one writes, and the other way round. */
static bool standard_hold(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	struct fault fault = { 0 };
	const struct command *command;
	int code;

	if (!standard_hold())
		return EXIT_LATER;
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	memory_hide();
	if (!options_read(&cli.options, argc, argv, &fault)) {
		if (cli.options.command && !command_find(cli.options.command))
			return command_unknown(&cli);
		cli_say(&cli, "%s", fault.text);
		return EXIT_USAGE;
	}
	if (cli.options.help || cli.options.version) {
		if (cli.options.help)
			print_help(stdout, cli.options.command ? command_find(cli.options.command) : NULL);
		else
			print_version(stdout);
		return cli_flush(&cli, EXIT_DONE);
	}
	csv_guard(!cli.options.csv_raw);
	cli.now = (int64_t)time(NULL);
	if (cli.options.now && !moment_parse(span_of(cli.options.now), &cli.now)) {
		cli_say(&cli, "--now %.60s: is no time; write 2026-01-31T12:00:00Z", cli.options.now);
		return EXIT_USAGE;
	}
	command = command_find(cli.options.command ? cli.options.command : "summary");
	if (!command)
		return command_unknown(&cli);
	code = cli_run(&cli, command);
	if (!cli.again)
		return code;
	execv("/proc/self/exe", argv);
	cli_say(&cli, "cannot begin again: %s", strerror(errno));
	return EXIT_LATER;
}
