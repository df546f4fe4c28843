#include "cli/options.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

enum option_id {
	OPTION_DB = 256,
	OPTION_NOW,
	OPTION_JOBS,
	OPTION_QUIET,
	OPTION_COLOR,
	OPTION_NO_SANDBOX,
	OPTION_JSON,
	OPTION_CSV,
	OPTION_FORMAT,
	OPTION_DAYS,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_OLDER_THAN,
	OPTION_WATCH,
	OPTION_KEYS,
	OPTION_DNS_FILE,
	OPTION_OFFLINE,
	OPTION_AT,
	OPTION_EXPLAIN,
	OPTION_SHOW_ADDRESSES,
	OPTION_WEEK,
	OPTION_UNSIGNED,
	OPTION_UNDECIDED,
	OPTION_NEW,
	OPTION_CLASS,
	OPTION_FIXED,
	OPTION_TO,
	OPTION_PRINT,
	OPTION_ONLY_TROUBLE,
	OPTION_IF_ALERT,
	OPTION_AGAIN,
	OPTION_TARGET,
	OPTION_FAIL_ON,
	OPTION_ALL,
	OPTION_COUNTS,
	OPTION_WEEKS,
	OPTION_DOMAIN,
	OPTION_CHECK,
	OPTION_POLICY,
	OPTION_SP,
	OPTION_NP,
	OPTION_TRIAL,
	OPTION_RUA,
	OPTION_RUF,
	OPTION_FO,
	OPTION_ADKIM,
	OPTION_ASPF,
	OPTION_PSD,
	OPTION_TTL,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option longs[] = {
	{ "db", required_argument, NULL, OPTION_DB },
	{ "now", required_argument, NULL, OPTION_NOW },
	{ "jobs", required_argument, NULL, OPTION_JOBS },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "color", required_argument, NULL, OPTION_COLOR },
	{ "no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "csv", no_argument, NULL, OPTION_CSV },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "days", required_argument, NULL, OPTION_DAYS },
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ "older-than", required_argument, NULL, OPTION_OLDER_THAN },
	{ "watch", no_argument, NULL, OPTION_WATCH },
	{ "keys", required_argument, NULL, OPTION_KEYS },
	{ "dns-file", required_argument, NULL, OPTION_DNS_FILE },
	{ "offline", no_argument, NULL, OPTION_OFFLINE },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "explain", no_argument, NULL, OPTION_EXPLAIN },
	{ "show-addresses", no_argument, NULL, OPTION_SHOW_ADDRESSES },
	{ "week", no_argument, NULL, OPTION_WEEK },
	{ "unsigned", no_argument, NULL, OPTION_UNSIGNED },
	{ "undecided", no_argument, NULL, OPTION_UNDECIDED },
	{ "new", no_argument, NULL, OPTION_NEW },
	{ "class", required_argument, NULL, OPTION_CLASS },
	{ "fixed", required_argument, NULL, OPTION_FIXED },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "print", no_argument, NULL, OPTION_PRINT },
	{ "only-trouble", no_argument, NULL, OPTION_ONLY_TROUBLE },
	{ "if-alert", no_argument, NULL, OPTION_IF_ALERT },
	{ "again", no_argument, NULL, OPTION_AGAIN },
	{ "target", required_argument, NULL, OPTION_TARGET },
	{ "fail-on", required_argument, NULL, OPTION_FAIL_ON },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "counts", no_argument, NULL, OPTION_COUNTS },
	{ "weeks", required_argument, NULL, OPTION_WEEKS },
	{ "domain", required_argument, NULL, OPTION_DOMAIN },
	{ "check", required_argument, NULL, OPTION_CHECK },
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "sp", required_argument, NULL, OPTION_SP },
	{ "np", required_argument, NULL, OPTION_NP },
	{ "trial", no_argument, NULL, OPTION_TRIAL },
	{ "rua", required_argument, NULL, OPTION_RUA },
	{ "ruf", required_argument, NULL, OPTION_RUF },
	{ "fo", required_argument, NULL, OPTION_FO },
	{ "adkim", required_argument, NULL, OPTION_ADKIM },
	{ "aspf", required_argument, NULL, OPTION_ASPF },
	{ "psd", required_argument, NULL, OPTION_PSD },
	{ "ttl", required_argument, NULL, OPTION_TTL },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

const struct option_row option_rows[] = {
	{ "db", "PATH", NULL, "the database" },
	{ "c", "FILE", NULL, "the configuration file" },
	{ "now", "TIME", NULL, "what to take for the present" },
	{ "jobs", "N", NULL, "locked processes that read at the same time; 0: one per processor" },
	{ "quiet", NULL, NULL, "no progress, no closing line; faults are still named" },
	{ "v", NULL, NULL, "name every input with what became of it; all of a verdict" },
	{ "color", "auto|always|never", NULL, "colours in the text" },
	{ "no-sandbox", NULL, NULL, "read in this process, without its protections" },
	{ "json", NULL, "show ingest summary reports senders reporters simulate export check verify samples explain lint record", "print JSON" },
	{ "csv", NULL, "summary reports senders reporters simulate export check samples", "print comma-separated values" },
	{ "format", "text|json|csv", "summary reports senders reporters simulate export check samples lint record", "the form of the output" },
	{ "days", "N", "summary samples simulate lint", "the last N days" },
	{ "since", "TIME", "summary samples lint", "from that day on" },
	{ "until", "TIME", "summary samples lint", "up to and including that day" },
	{ "older-than", "SPAN", "expire", "how long to keep, as in 400d" },
	{ "watch", NULL, "ingest", "stay with the mailboxes: store what comes when it comes" },
	{ "keys", "FILE", "ingest verify reprocess", "key records from a file: name, blank, record" },
	{ "dns-file", "FILE", "ingest verify reprocess lint record", "a zone file in the place of the DNS" },
	{ "offline", NULL, "ingest verify reprocess lint record", "ask no DNS" },
	{ "at", "TIME", "verify", "when the mail arrived, for expiry dates" },
	{ "explain", NULL, "verify", "say what was changed on the way" },
	{ "show-addresses", NULL, "samples explain html", "print mail addresses whole" },
	{ "all", NULL, "summary html", "every domain, worst first" },
	{ "week", "[N]", "senders digest", "figures of the last seven days, or of week N" },
	{ "unsigned", NULL, "senders", "only those with mail that you have not signed" },
	{ "undecided", NULL, "senders", "only those that nobody has decided about" },
	{ "new", NULL, "senders", "only those first seen in the last seven days" },
	{ "class", "own|forwarded|undecided|forged|all", "senders", "these instead of own and undecided ones" },
	{ "fixed", "SENDER,...", "simulate", "senders taken as repaired" },
	{ "to", "ADDRESS,...", "digest", "who gets it, in the place of [digest] to" },
	{ "print", NULL, "digest", "print the mail and send nothing" },
	{ "only-trouble", NULL, "digest", "send only when there is something to do" },
	{ "if-alert", NULL, "digest", "send only new alerts, each once" },
	{ "again", NULL, "digest", "send once more what was sent, or may have been" },
	{ "target", "auto|quarantine|reject", "check", "the policy that is asked about" },
	{ "fail-on", "alert", "check", "an open critical alert ends with 2" },
	{ "counts", NULL, "summary", "the figures alone, without a verdict" },
	{ "domain", "DOMAIN", "explain", "of which domain, where there are several" },
	{ "o", "FILE|FOLDER", "html", "where to write; without it, standard output" },
	{ "weeks", "N", "summary", "how far the trend goes back" },
	{ "check", "TEXT", "record", "judge this text instead, - for standard input; no DNS is asked" },
	{ "policy", "WORD", "record", "none, quarantine, reject, or next: the stage after what is published" },
	{ "sp", "WORD", "record", "another policy for subdomains" },
	{ "np", "WORD", "record", "another policy for names that do not exist" },
	{ "trial", NULL, "record", "t=y; pct=0: the policy is announced and the next weaker one applied" },
	{ "rua", "ADDRESS", "record", "where daily reports go; again for another one" },
	{ "ruf", "ADDRESS", "record", "where copies of failing messages go; again for another one" },
	{ "fo", "WORD", "record", "when copies are wanted: 0, 1, d, s, or several with colons" },
	{ "adkim", "r|s", "record", "how close the signer must be: r related, s the same name" },
	{ "aspf", "r|s", "record", "the same for the bounce address" },
	{ "psd", "y|n|u", "record", "is the domain one below which others register?" },
	{ "ttl", "SECONDS", "record", "how long the record may be remembered" },
	{ "help", NULL, NULL, "this text" },
	{ "version", NULL, NULL, "versions, and the protections in force" },
	{ NULL, NULL, NULL, NULL },
};

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

/* Options that only keep what they are given. */
#define TEXT(id, member) { id, false, offsetof(struct options, member) }
#define FLAG(id, member) { id, true, offsetof(struct options, member) }
static const struct place {
	int id;
	bool flag;
	size_t offset;
} places[] = {
	FLAG(OPTION_WEEK, week),
	FLAG(OPTION_UNSIGNED, not_signed),
	FLAG(OPTION_UNDECIDED, undecided),
	FLAG(OPTION_NEW, new),
	TEXT(OPTION_CLASS, class),
	TEXT(OPTION_FIXED, fixed),
	TEXT(OPTION_TO, to),
	FLAG(OPTION_PRINT, print),
	FLAG(OPTION_ONLY_TROUBLE, only_trouble),
	FLAG(OPTION_IF_ALERT, if_alert),
	FLAG(OPTION_AGAIN, again),
	TEXT('c', config_file),
	TEXT('o', output),
	FLAG('v', verbose),
	TEXT(OPTION_DB, db),
	TEXT(OPTION_NOW, now),
	TEXT(OPTION_JOBS, jobs),
	FLAG(OPTION_QUIET, quiet),
	TEXT(OPTION_COLOR, color),
	FLAG(OPTION_NO_SANDBOX, no_sandbox),
	TEXT(OPTION_DAYS, days),
	TEXT(OPTION_SINCE, since),
	TEXT(OPTION_UNTIL, until),
	TEXT(OPTION_OLDER_THAN, older_than),
	FLAG(OPTION_WATCH, watch),
	TEXT(OPTION_KEYS, keys),
	TEXT(OPTION_DNS_FILE, dns_file),
	FLAG(OPTION_OFFLINE, offline),
	TEXT(OPTION_AT, at),
	FLAG(OPTION_EXPLAIN, explain),
	FLAG(OPTION_SHOW_ADDRESSES, show_addresses),
	TEXT(OPTION_TARGET, target),
	FLAG(OPTION_ALL, all),
	FLAG(OPTION_COUNTS, counts),
	TEXT(OPTION_WEEKS, weeks),
	TEXT(OPTION_DOMAIN, domain),
	TEXT(OPTION_CHECK, record.check),
	TEXT(OPTION_POLICY, record.policy),
	TEXT(OPTION_SP, record.sp),
	TEXT(OPTION_NP, record.np),
	FLAG(OPTION_TRIAL, record.trial),
	TEXT(OPTION_FO, record.fo),
	TEXT(OPTION_ADKIM, record.adkim),
	TEXT(OPTION_ASPF, record.aspf),
	TEXT(OPTION_PSD, record.psd),
	TEXT(OPTION_TTL, record.ttl),
	FLAG(OPTION_HELP, help),
	FLAG(OPTION_VERSION, version),
};

static bool option_keep(struct options *options, int id, const char *value)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char *at = (char *)options + places[i].offset;

		if (places[i].id != id)
			continue;
		if (places[i].flag)
			*(bool *)at = true;
		else
			*(const char **)at = value;
		return true;
	}
	return false;
}

static bool address_take(const char *list[OPTION_ADDRESSES], size_t *n, const char *value, struct fault *fault)
{
	if (*n == OPTION_ADDRESSES)
		return fault_set(fault, FAULT_SETUP, "%.200s: more than %d addresses", value, OPTION_ADDRESSES);
	list[(*n)++] = value;
	return true;
}

static bool option_take(struct options *options, int id, char *value, struct fault *fault)
{
	switch (id) {
	case OPTION_JSON:
		options->format = FORMAT_JSON;
		return true;
	case OPTION_CSV:
		options->format = FORMAT_CSV;
		return true;
	case OPTION_FORMAT:
		return format_read(options, value, fault);
	case OPTION_FAIL_ON:
		options->fail_on_alert = strcmp(value, "alert") == 0;
		return options->fail_on_alert || fault_set(fault, FAULT_SETUP, "--fail-on %.40s: is not alert", value);
	case OPTION_RUA:
		return address_take(options->record.rua, &options->record.rua_n, value, fault);
	case OPTION_RUF:
		return address_take(options->record.ruf, &options->record.ruf_n, value, fault);
	}
	return option_keep(options, id, value);
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

/* An option that the command does not know is an error: `expire --days 3` must not expire by the default. */
static bool options_belong(const struct options *options, const char *const given[], struct fault *fault)
{
	const char *command = options->command ? options->command : "summary";

	for (int i = 0; given[i]; i++)
		for (const struct option_row *row = option_rows; row->name; row++)
			if (strcmp(row->name, given[i]) == 0 && row->commands && !list_holds(row->commands, command))
				return fault_set(fault, FAULT_SETUP, "%s: has no option %s%s", command,
					row->name[1] ? "--" : "-", row->name);
	return true;
}

bool options_read(struct options *options, int argc, char **argv, struct fault *fault)
{
	const char *given[64] = { NULL };
	unsigned long long week;
	size_t given_n = 0;
	int id, which = 0;

	*options = (struct options){ 0 };
	opterr = 0;
	optind = 0;
	while ((id = getopt_long(argc, argv, ":c:o:v", longs, &which)) != -1) {
		const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";

		if (id == '?')
			return fault_set(fault, FAULT_SETUP, "%.60s: no such option", word);
		if (id == ':')
			return fault_set(fault, FAULT_SETUP, "%.60s: wants an argument", word);
		if (id == 'o' && given_n + 1 < sizeof given / sizeof *given)
			given[given_n++] = "o";
		if (id >= OPTION_DB && given_n + 1 < sizeof given / sizeof *given)
			given[given_n++] = longs[which].name;
		if (!option_take(options, id, optarg, fault))
			return false;
		/* A week may follow; no domain is a number. */
		if (id == OPTION_WEEK && optind < argc && span_number(span_of(argv[optind]), UINT32_MAX, &week))
			options->week_number = argv[optind++];
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
