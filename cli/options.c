#include "cli/options.h"
#include "base/span.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

#define OPTIONS_MOST 96
#define LONG_FIRST 256 /* what getopt_long gives for the first row; short options are their letter */

#define PLACE(member) offsetof(struct options, member)

const struct option_row option_rows[] = {
	{ "db", "PATH", PLACE(db), NULL, "the database" },
	{ "c", "FILE", PLACE(config_file), NULL, "the configuration file" },
	{ "config", "FILE", PLACE(config_file), NULL, "the same as -c" },
	{ "now", "TIME", PLACE(now), NULL, "what to take for the present" },
	{ "jobs", "N", PLACE(jobs), NULL, "locked processes that read at the same time; 0: one per processor" },
	{ "quiet", NULL, PLACE(quiet), NULL, "no progress, no closing line; faults are still named" },
	{ "v", NULL, PLACE(verbose), NULL, "name every input with what became of it; all of a verdict" },
	{ "verbose", NULL, PLACE(verbose), NULL, "the same as -v" },
	{ "color", "auto|always|never", PLACE(color), NULL, "colours in the text" },
	{ "no-sandbox", NULL, PLACE(no_sandbox), NULL, "read in this process, without its protections" },
	{ "json", NULL, 0, "show ingest mailboxes summary reports senders reporters simulate export check verify samples explain lint record selectors dns doctor", "print JSON" },
	{ "csv", NULL, 0, "summary reports senders reporters simulate export check samples lint selectors dns", "print comma-separated values" },
	{ "csv-raw", NULL, 0, "summary reports senders reporters simulate export check samples lint selectors dns", "the same, with what looks like a formula as it is" },
	{ "format", "text|json|csv", 0, "summary reports senders reporters simulate export check samples lint record selectors dns", "the form of the output" },
	{ "days", "N", PLACE(days), "summary samples simulate lint", "the last N days" },
	{ "since", "TIME", PLACE(since), "summary samples lint", "from that day on" },
	{ "until", "TIME", PLACE(until), "summary samples lint mark accept critical", "up to and including that day; when a mark ends" },
	{ "older-than", "SPAN", PLACE(older_than), "expire", "how long to keep, as in 400d" },
	{ "watch", NULL, PLACE(watch), "ingest", "stay with the mailboxes: store what comes when it comes" },
	{ "keys", "FILE", PLACE(keys), "ingest verify reprocess", "key records from a file: name, blank, record" },
	{ "dns-file", "FILE", PLACE(dns_file), "ingest enrich summary check senders reports reporters simulate export explain html digest verify reprocess lint record", "a zone file in the place of the DNS" },
	{ "offline", NULL, PLACE(offline), "ingest enrich verify reprocess lint record", "ask no DNS" },
	{ "at", "TIME", PLACE(at), "verify", "when the mail arrived, for expiry dates" },
	{ "explain", NULL, PLACE(explain), "verify", "say what was changed on the way" },
	{ "show-addresses", NULL, PLACE(show_addresses), "samples explain html", "print mail addresses whole" },
	{ "week", "[N]", PLACE(week), "senders digest", "figures of the last seven days, or of week N" },
	{ "unsigned", NULL, PLACE(not_signed), "senders", "only those with mail that you have not signed" },
	{ "undecided", NULL, PLACE(undecided), "senders", "only those that nobody has decided about" },
	{ "not-counted", NULL, PLACE(not_counted), "reports", "only those that the verdict leaves out, and why" },
	{ "new", NULL, PLACE(new), "senders", "only those first seen in the last seven days" },
	{ "class", "own|forwarded|undecided|forged|all", PLACE(class), "senders", "these instead of own and undecided ones" },
	{ "country", NULL, PLACE(country), "senders explain", "with the countries of addresses, by the database that the configuration names" },
	{ "fixed", "SENDER,...", PLACE(fixed), "simulate", "senders taken as repaired" },
	{ "sender", "NAME", PLACE(sender), "samples", "only those that came from this sender" },
	{ "to", "ADDRESS,...", PLACE(to), "digest", "who gets it, in the place of [digest] to" },
	{ "print", NULL, PLACE(print), "digest", "print the mail and send nothing" },
	{ "attach", NULL, PLACE(attach), "digest", "with the page of each domain" },
	{ "only-trouble", NULL, PLACE(only_trouble), "digest", "send only when there is something to do" },
	{ "if-alert", NULL, PLACE(if_alert), "digest", "send only new alerts, each once" },
	{ "again", NULL, PLACE(again), "digest", "send once more what was sent, or may have been" },
	{ "target", "auto|quarantine|reject", PLACE(target), "check", "the policy that is asked about" },
	{ "fail-on", "alert", 0, "check", "an open critical alert ends with 2" },
	{ "diff", NULL, PLACE(diff), "check", "what changed since the verdict of an earlier day" },
	{ "why", "TEXT", PLACE(why), "mark accept critical attest", "the reason" },
	{ "domain", "DOMAIN", PLACE(domain), "mark accept critical attest explain", "this domain alone, where there are several" },
	{ "all", NULL, PLACE(all), "summary html", "every domain, worst first" },
	{ "counts", NULL, PLACE(counts), "summary", "the figures alone, without a verdict" },
	{ "weeks", "N", PLACE(weeks), "summary", "how far the trend goes back" },
	{ "o", "FILE|FOLDER", PLACE(output), "html", "where to write; without it, standard output" },
	{ "pages", "FOLDER", PLACE(pages), "html", "a page for each sender, and an index of them" },
	{ "dry-run", NULL, PLACE(dry_run), "ingest", "say what would be done, and do nothing of it" },
	{ "metrics", "FILE", PLACE(metrics), "ingest", "figures for a monitoring system, in Prometheus' text format" },
	{ "parallel", "N", PLACE(parallel), "ingest mailboxes", "mailboxes polled at the same time" },
	{ "check", "TEXT", PLACE(record.check), "record", "judge this text instead, - for standard input; no DNS is asked" },
	{ "policy", "WORD", PLACE(record.policy), "record", "none, quarantine, reject, or next: the stage after what is published" },
	{ "sp", "WORD", PLACE(record.sp), "record", "another policy for subdomains" },
	{ "np", "WORD", PLACE(record.np), "record", "another policy for names that do not exist" },
	{ "trial", NULL, PLACE(record.trial), "record", "t=y; pct=0: the policy is announced and the next weaker one applied" },
	{ "rua", "ADDRESS", 0, "record", "where daily reports go; again for another one" },
	{ "ruf", "ADDRESS", 0, "record", "where copies of failing messages go; again for another one" },
	{ "fo", "WORD", PLACE(record.fo), "record", "when copies are wanted: 0, 1, d, s, or several with colons" },
	{ "adkim", "r|s", PLACE(record.adkim), "record", "how close the signer must be: r related, s the same name" },
	{ "aspf", "r|s", PLACE(record.aspf), "record", "the same for the bounce address" },
	{ "psd", "y|n|u", PLACE(record.psd), "record", "is the domain one below which others register?" },
	{ "ttl", "SECONDS", PLACE(record.ttl), "record", "how long the record may be remembered" },
	{ "selector", "NAME,...", PLACE(selector), "lint", "keys to look at beside those that are known" },
	{ "expect-key", "FILE", PLACE(expect_key), "lint", "is this the key that is published? PEM, record or zone line" },
	{ "history", NULL, PLACE(history), "dns", "every state that was seen, not just the last" },
	{ "quick", NULL, PLACE(quick), "doctor", "without reading the whole database" },
	{ "help", NULL, PLACE(help), NULL, "this text" },
	{ "version", NULL, PLACE(version), NULL, "versions, and the protections in force" },
	{ NULL },
};
#define ROWS (sizeof option_rows / sizeof *option_rows)
_Static_assert(ROWS <= OPTIONS_MOST, "room for every option");

static bool format_read(struct options *options, const char *word, struct fault *fault)
{
	static const char *const words[] = { "text", "json", "csv" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(word, words[i]) == 0) {
			options->format = (enum output_format)i;
			return true;
		}
	}
	return fault_set(fault, FAULT_SETUP, "--format %.40s: is none of text, json, csv", word);
}

static bool address_take(const char *list[OPTION_ADDRESSES], size_t *n, const char *value, struct fault *fault)
{
	if (*n == OPTION_ADDRESSES)
		return fault_set(fault, FAULT_SETUP, "%.200s: more than %d addresses", value, OPTION_ADDRESSES);
	list[(*n)++] = value;
	return true;
}

/* --json and --csv are short for --format; --csv-raw is --csv and more. */
static bool special_take(struct options *options, const char *name, const char *value, struct fault *fault)
{
	if (strcmp(name, "fail-on") == 0) {
		options->fail_on_alert = strcmp(value, "alert") == 0;
		return options->fail_on_alert || fault_set(fault, FAULT_SETUP, "--fail-on %.40s: is not alert", value);
	}
	if (strcmp(name, "rua") == 0)
		return address_take(options->record.rua, &options->record.rua_n, value, fault);
	if (strcmp(name, "ruf") == 0)
		return address_take(options->record.ruf, &options->record.ruf_n, value, fault);
	options->csv_raw |= strcmp(name, "csv-raw") == 0;
	return format_read(options, value ? value : strcmp(name, "csv-raw") == 0 ? "csv" : name, fault);
}

static bool option_take(struct options *options, const struct option_row *row, char *value, struct fault *fault)
{
	void *place = (char *)options + row->place;

	if (!row->place)
		return special_take(options, row->name, value, fault);
	if (row->argument)
		*(const char **)place = value;
	else
		*(bool *)place = true;
	return true;
}

/* Does the space-separated list hold the word? */
static bool list_holds(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

bool option_belongs(const struct option_row *row, const char *command)
{
	return !row->commands || list_holds(row->commands, command);
}

/* An option that the command does not know is an error: `expire --days 3` must not expire by the default. */
static bool options_belong(const struct options *options, const char *const given[], struct fault *fault)
{
	const char *command = options->command ? options->command : "summary";

	for (int i = 0; given[i]; i++)
		for (const struct option_row *row = option_rows; row->name; row++)
			if (strcmp(row->name, given[i]) == 0 && !option_belongs(row, command))
				return fault_set(fault, FAULT_SETUP, "%s: has no option %s%s", command,
					row->name[1] ? "--" : "-", row->name);
	return true;
}

static const struct option_row *row_of(int id)
{
	if (id >= LONG_FIRST)
		return &option_rows[id - LONG_FIRST];
	for (const struct option_row *row = option_rows; row->name; row++)
		if (row->name[0] == id && !row->name[1])
			return row;
	return NULL;
}

static bool number_may_follow(const struct option_row *row)
{
	return row->argument && *row->argument == '[';
}

/* "" when none follows. No domain is a number, so that nothing is taken for one. */
static char *number_next(int argc, char **argv)
{
	static char none[] = "";
	unsigned long long number;

	return optind < argc && span_number(span_of(argv[optind]), UINT32_MAX, &number) ? argv[optind++] : none;
}

/* What getopt_long wants to know of the table. */
static void rows_tell(struct option longs[OPTIONS_MOST], char shorts[2 * OPTIONS_MOST + 2])
{
	*shorts++ = ':';
	for (const struct option_row *row = option_rows; row->name; row++) {
		int argument = row->argument && !number_may_follow(row) ? required_argument : no_argument;

		if (row->name[1]) {
			*longs++ = (struct option){ row->name, argument, NULL, LONG_FIRST + (int)(row - option_rows) };
		} else {
			*shorts++ = row->name[0];
			if (row->argument)
				*shorts++ = ':';
		}
	}
	*longs = (struct option){ 0 };
	*shorts = '\0';
}

/* getopt goes on to the next word only behind the last letter of one like -xv: what it met is in optopt. There, too,
 * stands a long option that it knows, with an argument that this one does not take. */
static bool option_refuse(const char *word, struct fault *fault)
{
	const char letter[] = { '-', (char)optopt, '\0' }, *name = word + strspn(word, "-");

	if (optopt >= LONG_FIRST)
		return fault_set(fault, FAULT_SETUP, "--%s: takes no argument", option_rows[optopt - LONG_FIRST].name);
	if (optopt)
		return fault_set(fault, FAULT_SETUP, "%s: no such option", letter);
	for (const struct option_row *row = option_rows; row->name; row++)
		if (row->name[1] && span_is_misspelt((struct span){ name, strcspn(name, "=") }, span_of(row->name)))
			return fault_set(fault, FAULT_SETUP, "%.60s: no such option; did you mean --%s?", word, row->name);
	return fault_set(fault, FAULT_SETUP, "%.60s: no such option", word);
}

bool options_read(struct options *options, int argc, char **argv, struct fault *fault)
{
	const char *given[OPTIONS_MOST] = { NULL };
	struct option longs[OPTIONS_MOST];
	char shorts[2 * OPTIONS_MOST + 2];
	size_t given_n = 0;
	int id;

	*options = (struct options){ 0 };
	rows_tell(longs, shorts);
	opterr = 0;
	optind = 0;
	while ((id = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
		const struct option_row *row;

		if (id == '?')
			return option_refuse(word, fault);
		if (id == ':')
			return fault_set(fault, FAULT_SETUP, "%.60s: wants an argument", word);
		row = row_of(id);
		if (given_n + 1 < sizeof given / sizeof *given)
			given[given_n++] = row->name;
		if (!option_take(options, row, number_may_follow(row) ? number_next(argc, argv) : optarg, fault))
			return false;
	}
	options->args = argv + optind;
	options->args_n = argc - optind;
	if (options->args_n > 0 && !strchr(options->args[0], '.')) { /* a first word with a dot is a domain */
		options->command = options->args[0];
		options->args++;
		options->args_n--;
	}
	return options_belong(options, given, fault);
}
