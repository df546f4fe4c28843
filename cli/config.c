#include "cli/config.h"
#include "cli/secret.h"
#include "report/style.h"

#include "base/escape.h"
#include "base/moment.h"
#include "ingest/resolver.h"

#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define SECTION_OF_TOP "dmarcgate" /* what stands before the first heading */
#define SYSTEM_DB "/var/lib/dmarcgate/dmarcgate.db"
#define SYSTEM_FILE SYSCONFDIR "/dmarcgate.conf"
#define PATH_OCTETS 4096
#define HEADING_OCTETS 49 /* inih keeps no more of a heading, and does not say so */

/* `limits` by unit: a ceiling of nothing would refuse everything; the upper ends keep sums far from overflow. The
 * builtin, because clang with sanitizers takes strcmp for no constant. */
#define UNIT_IS(unit, word) (__builtin_strcmp(unit, word) == 0)
#define LIMIT_TYPE(unit) (UNIT_IS(unit, "octets") || UNIT_IS(unit, "count") ? CONFIG_SIZE : CONFIG_NUMBER)
#define LIMIT_MOST(unit)                                                                                               \
	(UNIT_IS(unit, "octets")   ? UINT64_C(1000000000000)                                                           \
	 : UNIT_IS(unit, "levels") ? UINT64_C(64)                                                                      \
	                           : UINT64_C(1000000000))

const struct config_setting config_settings[] = {
	{ "dmarcgate", "db", CONFIG_PATH, "path", 0, 0, 0, offsetof(struct config, db),
		"the database; for root " SYSTEM_DB
		", else dmarcgate/dmarcgate.db below $XDG_STATE_HOME or ~/.local/state" },
	{ "dmarcgate", "jobs", CONFIG_NUMBER, "processes", 0, 0, 256, offsetof(struct config, jobs),
		"locked processes that read reports; 0 is one per processor" },
	{ "dmarcgate", "color", CONFIG_WORD, "auto|always|never", COLOR_AUTO, 0, 0, offsetof(struct config, color),
		"colours in the text; auto is on a terminal, unless NO_COLOR is set" },
#define X(name, value, unit, sentence)                                                                                 \
	{ "limits", #name, LIMIT_TYPE(unit), unit, value, 1, LIMIT_MOST(unit), offsetof(struct config, limits.name),   \
		sentence },
	LIMITS(X)
#undef X
	{ "dns", "resolver", CONFIG_SERVER, "system|address", 0, 0, 0, offsetof(struct config, resolver),
		"the name server that is asked for keys: system, or ADDRESS[@PORT]" },
	{ "dkim", "domains", CONFIG_DOMAINS, "domain,...", 0, 0, 0, offsetof(struct config, domains),
		"one's own domains, whose keys are fetched when reports name them" },
	{ "dkim", "granularity", CONFIG_WORD, "report|enforce", 0, 0, 0, offsetof(struct config, granularity),
		"g= of a key record, which RFC 6376 dropped: shown beside the verdict, or part of it" },
	{ "trust", "authserv_id", CONFIG_DOMAINS, "name,...", 0, 0, 0, offsetof(struct config, authserv_id),
		"one's own mail servers, whose Authentication-Results prove who sent a report mail" },
	{ "store", "wait", CONFIG_NUMBER, "seconds", 10, 0, 86400, offsetof(struct config, store_wait),
		"how long to wait while another process writes to the database" },
	{ "retention", "reports", CONFIG_SPAN, "span", 400 * DAY_SECONDS, DAY_SECONDS, 36500 * DAY_SECONDS,
		offsetof(struct config, retention_reports),
		"what `expire` keeps when it is not told with --older-than" },
	{ "retention", "samples", CONFIG_SPAN, "span", 90 * DAY_SECONDS, DAY_SECONDS, 36500 * DAY_SECONDS,
		offsetof(struct config, retention_samples),
		"how long `expire` keeps the octets of failure samples; their hashes and verdicts stay" },
#define OF_MAILBOX(member) offsetof(struct mailbox_settings, member)
	{ MAILBOX_SECTION, "url", CONFIG_PART, "url", 0, 0, 0, OF_MAILBOX(url),
		"where it is: imaps://USER@HOST, imap:, pops:, pop:, maildir:PATH, mbox:PATH, folder:PATH" },
	{ MAILBOX_SECTION, "user", CONFIG_PART, "name", 0, 0, 0, OF_MAILBOX(user),
		"who logs in, when the URL does not say" },
	{ MAILBOX_SECTION, "password_file", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(password_file),
		"a file whose first line is the password" },
	{ MAILBOX_SECTION, "password_command", CONFIG_PART, "command", 0, 0, 0, OF_MAILBOX(password_command),
		"a program, run without a shell, that prints it" },
	{ MAILBOX_SECTION, "password_env", CONFIG_PART, "variable", 0, 0, 0, OF_MAILBOX(password_env),
		"the environment variable that holds it" },
	{ MAILBOX_SECTION, "password", CONFIG_SECRET, "text", 0, 0, 0, OF_MAILBOX(password),
		"the password itself, in a file that nobody else can read" },
	{ MAILBOX_SECTION, "login", CONFIG_WORD, "password|xoauth2|oauthbearer", LOGIN_PASSWORD, 0, 0,
		OF_MAILBOX(login), "what the server is given: a password, or an access token in one of two ways" },
	{ MAILBOX_SECTION, "token_command", CONFIG_PART, "command", 0, 0, 0, OF_MAILBOX(token_command),
		"a program, run without a shell, that prints an access token" },
	{ MAILBOX_SECTION, "provider", CONFIG_PART, "microsoft|google", 0, 0, 0, OF_MAILBOX(provider),
		"who gives access tokens; sets the endpoints and the scope" },
	{ MAILBOX_SECTION, "tenant", CONFIG_PART, "name", 0, 0, 0, OF_MAILBOX(tenant),
		"the organisation, at Microsoft" },
	{ MAILBOX_SECTION, "grant", CONFIG_WORD, "refresh_token|client_credentials", OAUTH_REFRESH, 0, 0,
		OF_MAILBOX(grant), "with what access tokens are asked for: what a login has left, or the client secret" },
	{ MAILBOX_SECTION, "client_id", CONFIG_PART, "text", 0, 0, 0, OF_MAILBOX(client_id),
		"what the provider calls this program" },
	{ MAILBOX_SECTION, "client_secret_file", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(client_secret_file),
		"a file whose one line is the client secret" },
	{ MAILBOX_SECTION, "token_endpoint", CONFIG_PART, "url", 0, 0, 0, OF_MAILBOX(token_endpoint),
		"where access tokens are asked for" },
	{ MAILBOX_SECTION, "device_endpoint", CONFIG_PART, "url", 0, 0, 0, OF_MAILBOX(device_endpoint),
		"where `login` asks for a code" },
	{ MAILBOX_SECTION, "scope", CONFIG_PART, "word ...", 0, 0, 0, OF_MAILBOX(scope),
		"what access is asked for" },
	{ MAILBOX_SECTION, "token_file", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(token_file),
		"where tokens are kept; NAME.token beside the database when not set" },
	{ MAILBOX_SECTION, "folders", CONFIG_PART, "name,...", 0, 0, 0, OF_MAILBOX(folders),
		"folders to look into; `*` and `%` as in IMAP's LIST" },
	{ MAILBOX_SECTION, "after", CONFIG_PART, "fate", 0, 0, 0, OF_MAILBOX(after),
		"what becomes of a stored report: keep, seen, delete, flag:KEYWORD, move:FOLDER" },
	{ MAILBOX_SECTION, "not_reports", CONFIG_PART, "fate", 0, 0, 0, OF_MAILBOX(not_reports),
		"... of a mail that is no report" },
	{ MAILBOX_SECTION, "broken", CONFIG_PART, "fate", 0, 0, 0, OF_MAILBOX(broken),
		"... of a mail that should be a report and cannot be read" },
	{ MAILBOX_SECTION, "since", CONFIG_SPAN, "span", 0, 0, 36500 * DAY_SECONDS, OF_MAILBOX(since),
		"older mails are not looked at; 0 is no limit" },
	{ MAILBOX_SECTION, "max_messages", CONFIG_NUMBER, "mails", 0, 0, 1000000000, OF_MAILBOX(max_messages),
		"in one run; 0 is no limit" },
	{ MAILBOX_SECTION, "timeout", CONFIG_NUMBER, "seconds", MAILBOX_TIMEOUT, 1, 3600, OF_MAILBOX(timeout),
		"without an octet from the server" },
	{ MAILBOX_SECTION, "deadline", CONFIG_NUMBER, "seconds", MAILBOX_DEADLINE, 1, 604800, OF_MAILBOX(deadline),
		"of one run of this mailbox" },
	{ MAILBOX_SECTION, "tls_ca", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(tls_ca),
		"authorities that may have signed the server's certificate, in place of the system's" },
	{ MAILBOX_SECTION, "tls_fingerprint", CONFIG_PART, "digits", 0, 0, 0, OF_MAILBOX(tls_fingerprint),
		"SHA-256 of the only certificate to believe; nothing else is asked of it" },
#undef OF_MAILBOX
	{ NULL },
};

/* Where a row's value lies, in a struct config or mailbox_settings; only setting_set and the defaults write through
 * these. */
static uint64_t *number_at(const void *base, const struct config_setting *setting)
{
	return (uint64_t *)((uintptr_t)base + setting->offset);
}

static char **text_at(const void *base, const struct config_setting *setting)
{
	return (char **)((uintptr_t)base + setting->offset);
}

static bool is_text(const struct config_setting *setting)
{
	switch (setting->type) {
	case CONFIG_PATH:
	case CONFIG_SERVER:
	case CONFIG_DOMAINS:
	case CONFIG_PART:
	case CONFIG_SECRET:
		return true;
	default:
		return false;
	}
}

static bool is_of_mailbox(const struct config_setting *setting)
{
	return strcmp(setting->section, MAILBOX_SECTION) == 0;
}

/* ---- values as text ---- */

/* The largest unit that divides the number, so that what was written as 50M is shown as 50M. */
static const struct scale {
	char letter;
	uint64_t octets, seconds;
} scales[] = {
	{ 'G', 1000000000, 0 },
	{ 'M', 1000000, 0 },
	{ 'k', 1000, 0 },
	{ 'd', 0, 86400 },
	{ 'h', 0, 3600 },
	{ 'm', 0, 60 },
	{ 's', 0, 1 },
};

static const char *word_at(const char *words, uint64_t place, size_t *n)
{
	for (; place; place--) {
		words += strcspn(words, "|");
		words += *words == '|';
	}
	*n = strcspn(words, "|");
	return words;
}

const char *config_format(const struct config_setting *setting, uint64_t value, char text[CONFIG_TEXT])
{
	size_t n = 0;

	if (setting->type == CONFIG_WORD) {
		const char *word = word_at(setting->unit, value, &n);

		snprintf(text, CONFIG_TEXT, "%.*s", (int)n, word);
		return text;
	}
	for (size_t i = 0; value && i < LENGTH(scales); i++) {
		uint64_t unit = setting->type == CONFIG_SIZE   ? scales[i].octets
				: setting->type == CONFIG_SPAN ? scales[i].seconds
							       : 0;

		if (unit && value % unit == 0) {
			snprintf(text, CONFIG_TEXT, "%" PRIu64 "%c", value / unit, scales[i].letter);
			return text;
		}
	}
	snprintf(text, CONFIG_TEXT, "%" PRIu64, value);
	return text;
}

static bool word_parse(const char *words, struct span value, uint64_t *place)
{
	for (*place = 0;; ++*place) {
		size_t n;
		const char *word = word_at(words, *place, &n);

		if (n == 0)
			return false;
		if (span_is(value, (struct span){ word, n }))
			return true;
	}
}

static bool size_parse(struct span value, uint64_t *number)
{
	unsigned long long digits;
	uint64_t unit = 1;

	for (size_t i = 0; value.n && i < LENGTH(scales); i++)
		if (scales[i].octets && value.p[value.n - 1] == scales[i].letter) {
			unit = scales[i].octets;
			value.n--;
		}
	if (!span_number(value, UINT64_MAX / unit, &digits))
		return false;
	*number = digits * unit;
	return true;
}

static bool number_parse(const struct config_setting *setting, struct span value, uint64_t *number)
{
	unsigned long long digits;
	int64_t seconds;

	switch (setting->type) {
	case CONFIG_SIZE:
		return size_parse(value, number);
	case CONFIG_SPAN:
		if (!moment_parse_span(value, &seconds))
			return false;
		*number = (uint64_t)seconds;
		return true;
	case CONFIG_NUMBER:
		if (!span_number(value, UINT64_MAX, &digits))
			return false;
		*number = digits;
		return true;
	default:
		return false;
	}
}

/* ---- one setting ---- */

/* Letters, digits, `-`, `_` and dots between commas: what a name is beyond that, the DNS will say. */
static bool domains_set(char **place, const char *value, const char *where, struct fault *fault)
{
	char *copy;

	for (const char *c = value; *c; c++)
		if (!strchr("-_., ", *c) && !((*c | 32) >= 'a' && (*c | 32) <= 'z') && !(*c >= '0' && *c <= '9'))
			return fault_set(fault, FAULT_SETUP, "%s = %s: names separated by commas", where, value);
	copy = strdup(value);
	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(*place);
	*place = copy;
	return true;
}

static bool path_set(char **place, const char *value, const char *where, struct fault *fault)
{
	const char *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (value[0] == '~' && value[1] == '/' && home && home[0] == '/')
		n = asprintf(&path, "%s%s", home, value + 1);
	else if (value[0] == '/')
		n = asprintf(&path, "%s", value);
	else
		return fault_set(fault, FAULT_SETUP, "%s = %s: a path begins with / or ~/", where, value);
	if (n < 0)
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (n >= PATH_OCTETS) {
		free(path);
		return fault_set(fault, FAULT_SETUP, "%s: a path has fewer than %d octets", where, PATH_OCTETS);
	}
	free(*place);
	*place = path;
	return true;
}

static bool server_set(char **place, const char *value, const char *where, struct fault *fault)
{
	char server[RESOLVER_SERVER_TEXT], *copy;

	if (!resolver_server_parse(span_of(value), server))
		return fault_set(fault, FAULT_SETUP, "%s = %s: neither " RESOLVER_SYSTEM " nor ADDRESS[@PORT]", where, value);
	copy = strdup(server);
	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(*place);
	*place = copy;
	return true;
}

static bool number_refused(
	const struct config_setting *setting, const char *where, const char *value, struct fault *fault)
{
	char least[CONFIG_TEXT], most[CONFIG_TEXT];
	const char *example = setting->type == CONFIG_SIZE   ? ", such as 500, 20k, 50M or 1G,"
			      : setting->type == CONFIG_SPAN ? ", such as 400d, 12w or 36h,"
							     : "";

	return fault_set(fault, FAULT_SETUP, "%s = %s: a %s of %s%s from %s to %s", where, value,
		setting->type == CONFIG_SPAN ? "span" : "number", setting->type == CONFIG_SPAN ? "time" : setting->unit,
		example, config_format(setting, setting->least, least), config_format(setting, setting->most, most));
}

/* A secret is not repeated in a fault. */
static bool part_set(char **place, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	struct fault why = { 0 };
	char *copy;

	if (setting->type == CONFIG_PART && !mailbox_part_check(setting->name, value, &why))
		return fault_set(fault, why.kind, "%s = %.120s: %.200s", where, value, why.text);
	copy = strdup(value);
	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(*place);
	*place = copy;
	return true;
}

/* `where` is what a fault calls the setting: `[limits] mail`, with file and line before it where there are any. `base`:
 * as number_at. */
static bool setting_set(void *base, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	uint64_t number = 0;

	if (setting->type == CONFIG_PATH && !(*value == '\0' && is_of_mailbox(setting)))
		return path_set(text_at(base, setting), value, where, fault);
	if (setting->type == CONFIG_SERVER)
		return server_set(text_at(base, setting), value, where, fault);
	if (setting->type == CONFIG_DOMAINS)
		return domains_set(text_at(base, setting), value, where, fault);
	if (is_text(setting))
		return part_set(text_at(base, setting), setting, value, where, fault);
	if (setting->type == CONFIG_WORD) {
		if (!word_parse(setting->unit, span_of(value), &number))
			return fault_set(fault, FAULT_SETUP, "%s = %s: one of %s", where, value, setting->unit);
	} else if (!number_parse(setting, span_of(value), &number) || number < setting->least ||
		   number > setting->most) {
		return number_refused(setting, where, value, fault);
	}
	*number_at(base, setting) = number;
	return true;
}

static const struct config_setting *setting_find(const char *section, const char *name)
{
	for (const struct config_setting *row = config_settings; row->name; row++)
		if (strcmp(row->section, section) == 0 && strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

/* One letter more, fewer or other, or two neighbours swapped. */
static bool one_edit_away(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), same = 0;

	while (n && m && a[n - 1] == b[m - 1])
		n--, m--;
	while (same < n && same < m && a[same] == b[same])
		same++;
	a += same, b += same, n -= same, m -= same;
	return (n <= 1 && m <= 1) || (n == 2 && m == 2 && a[0] == b[1] && a[1] == b[0]);
}

/* `heading` is what stands in the file, `section` what the rows call it. */
static bool unknown(const char *at, const char *heading, const char *section, const char *name, struct fault *fault)
{
	const struct config_setting *row, *near = NULL, *elsewhere = NULL;
	bool section_known = false;

	for (row = config_settings; row->name; row++) {
		bool here = strcmp(row->section, section) == 0;

		section_known |= here;
		if (strcmp(row->name, name) == 0)
			elsewhere = row;
		else if (here && one_edit_away(row->name, name))
			near = row;
	}
	if (!section_known) {
		for (row = config_settings; row->name; row++)
			if (one_edit_away(row->section, section))
				return fault_set(fault, FAULT_SETUP, "%s[%s]: no such section; did you mean [%s]?", at,
					heading, row->section);
		return fault_set(fault, FAULT_SETUP, "%s[%s]: no such section", at, heading);
	}
	if (near)
		return fault_set(fault, FAULT_SETUP, "%s[%s] %s: no such setting; did you mean %s?", at, heading, name,
			near->name);
	if (elsewhere)
		return fault_set(fault, FAULT_SETUP, "%s[%s] %s: no such setting; it belongs in [%s]", at, heading,
			name, elsewhere->section);
	return fault_set(fault, FAULT_SETUP, "%s[%s] %s: no such setting", at, heading, name);
}

bool config_set(struct config *config, const char *section, const char *name, const char *value, struct fault *fault)
{
	const struct config_setting *setting = setting_find(section, name);

	return setting ? setting_set(config, setting, value, name, fault)
		       : unknown("", section, section, name, fault);
}

/* ---- the file ---- */

struct seen {
	unsigned heading;			/* line */
	unsigned rows[LENGTH(config_settings)]; /* line that set the row, 0 when none did */
};

struct loading {
	struct config *config;
	const char *path;
	FILE *file;
	unsigned line; /* the one read last */
	struct seen seen;
	struct seen *mailboxes; /* owned; of each */
	struct fault *fault;
	bool failed;
	unsigned failed_line;
};

static bool line_refused(struct loading *loading, const char *rule)
{
	if (loading->failed)
		return false;
	loading->failed = true;
	loading->failed_line = loading->line;
	return fault_set(loading->fault, FAULT_SETUP, "%s:%u: %s", loading->path, loading->line, rule);
}

/* What follows `mailbox` in a heading; absent when it is another heading. */
static struct span mailbox_heading(struct span heading)
{
	const size_t n = sizeof MAILBOX_SECTION - 1;

	if (heading.n < n || memcmp(heading.p, MAILBOX_SECTION, n) != 0 ||
		(heading.n > n && heading.p[n] != ' ' && heading.p[n] != '\t'))
		return SPAN_ABSENT;
	return span_trim((struct span){ heading.p + n, heading.n - n });
}

static struct mailbox_settings *mailbox_find(const struct config *config, struct span name)
{
	for (size_t i = 0; name.p && i < config->mailboxes_n; i++)
		if (span_is(span_of(config->mailboxes[i].mailbox.name), name))
			return &config->mailboxes[i];
	return NULL;
}

/* A new section, with the defaults; inih does not tell of a heading with nothing below it. */
static bool mailbox_begin(struct loading *loading, struct span name)
{
	struct config *config = loading->config;
	struct mailbox_settings *settings = &config->mailboxes[config->mailboxes_n];
	struct fault why = { 0 };

	if (mailbox_find(config, name))
		return line_refused(loading, "a second section for this mailbox");
	if (config->mailboxes_n == MAILBOXES_MOST)
		return line_refused(loading, "too many mailboxes");
	if (!mailbox_name_check(name, &why))
		return line_refused(loading, why.text);
	loading->mailboxes[config->mailboxes_n++].heading = loading->line;
	if (!mailbox_settings_init(settings, name, &why))
		return line_refused(loading, why.text);
	for (const struct config_setting *row = config_settings; row->name; row++)
		if (is_of_mailbox(row) && !is_text(row))
			*number_at(settings, row) = row->initial;
	return true;
}

/* inih takes `[limits] mail = 5M` for a heading and drops the rest of the line. */
static bool heading_fits(struct loading *loading, const char *line)
{
	const char *end = strchr(line, ']');
	struct span mailbox;

	if (line[0] != '[' || !end)
		return true;
	if (end - line - 1 > HEADING_OCTETS)
		return line_refused(loading, "a heading has at most 49 octets");
	mailbox = mailbox_heading((struct span){ line + 1, (size_t)(end - line - 1) });
	end += 1 + strspn(end + 1, " \t\r\n");
	if (*end && *end != ';' && *end != '#')
		return line_refused(
			loading, "a heading stands alone on its line; settings follow on lines of their own");
	return !mailbox.p || mailbox_begin(loading, mailbox);
}

/* Gives inih one line at a time, without its indentation (which inih would take for the continuation of the line
 * before), and refuses what inih would cut silently: long lines, NUL octets. */
static char *line_read(char *line, int room, void *arg)
{
	struct loading *loading = arg;
	int n = 0, c;

	if (loading->failed)
		return NULL;
	loading->line++;
	while ((c = getc(loading->file)) != EOF) {
		if (n == 0 && (c == ' ' || c == '\t'))
			continue;
		if (c == '\0' || n + 1 >= room) {
			char rule[64];

			snprintf(rule, sizeof rule, "a line has at most %d octets", room - 1);
			line_refused(loading, c ? rule : "a NUL octet; this is not a text file");
			return NULL;
		}
		line[n++] = (char)c;
		if (c == '\n')
			break;
	}
	line[n] = '\0';
	return n && heading_fits(loading, line) ? line : NULL;
}

static int line_take(void *arg, const char *section, const char *name, const char *value)
{
	struct loading *loading = arg;
	const struct config_setting *setting;
	char at[PATH_OCTETS + 16], where[PATH_OCTETS + 128];
	struct config *config = loading->config;
	struct mailbox_settings *mailbox;
	struct fault fault = { 0 };

	if (loading->failed)
		return 0;
	if (!*section)
		section = SECTION_OF_TOP;
	mailbox = mailbox_find(config, mailbox_heading(span_of(section)));
	setting = setting_find(mailbox ? MAILBOX_SECTION : section, name);
	snprintf(at, sizeof at, "%s:%u: ", loading->path, loading->line);
	if (!setting) {
		unknown(at, section, mailbox ? MAILBOX_SECTION : section, name, &fault);
	} else {
		struct seen *all = mailbox ? &loading->mailboxes[mailbox - config->mailboxes] : &loading->seen;
		unsigned *seen = &all->rows[setting - config_settings];

		snprintf(where, sizeof where, "%s[%s] %s", at, section, name);
		if (*seen)
			fault_set(&fault, FAULT_SETUP, "%s: set twice, first on line %u", where, *seen);
		else if (setting_set(mailbox ? (void *)mailbox : config, setting, value, where, &fault))
			*seen = loading->line;
	}
	if (fault.kind == FAULT_NONE)
		return 1;
	loading->failed = true;
	loading->failed_line = loading->line;
	if (loading->fault)
		*loading->fault = fault;
	return 0;
}

/* A password in the file is for its owner only. */
static bool mailboxes_finish(struct loading *loading)
{
	struct config *config = loading->config;

	for (size_t i = 0; i < config->mailboxes_n; i++) {
		struct mailbox_settings *settings = &config->mailboxes[i];
		const char *name = settings->mailbox.name;
		struct fault why = { 0 };

		loading->line = loading->mailboxes[i].heading;
		if (!mailbox_settings_finish(settings, config->limits.mail, &why))
			return fault_set(loading->fault, why.kind, "%s:%u: [" MAILBOX_SECTION " %s] %s", loading->path,
				loading->line, name, why.text);
		if (*settings->password && !secretfile_check(fileno(loading->file), &why))
			return fault_set(loading->fault, why.kind,
				"%s: holds the password of [" MAILBOX_SECTION " %s] and %s", loading->path, name,
				why.text);
	}
	return true;
}

static bool file_parse(struct loading *loading)
{
	int wrong = ini_parse_stream(line_read, loading, line_take, loading);

	/* inih goes on behind a line it cannot read and tells its number only at the end. */
	if (wrong > 0 && (!loading->failed || (unsigned)wrong < loading->failed_line)) {
		loading->failed = false;
		loading->line = (unsigned)wrong;
		return line_refused(loading, "neither `[section]` nor `setting = value`");
	}
	if (wrong < 0)
		return fault_set(loading->fault, FAULT_LATER, "%s: out of memory", loading->path);
	if (ferror(loading->file))
		return fault_set(
			loading->fault, FAULT_SETUP, "%s: cannot be read: %s", loading->path, strerror(errno));
	return !loading->failed && mailboxes_finish(loading);
}

static bool file_load(struct config *config, FILE *file, struct fault *fault)
{
	struct loading loading = { .config = config, .path = config->file, .file = file, .fault = fault };
	bool good;

	config->mailboxes = calloc(MAILBOXES_MOST + 1, sizeof *config->mailboxes);
	loading.mailboxes = calloc(MAILBOXES_MOST + 1, sizeof *loading.mailboxes);
	good = config->mailboxes && loading.mailboxes;
	good = good ? file_parse(&loading) : fault_set(fault, FAULT_LATER, "out of memory");
	free(loading.mailboxes);
	return good;
}

/* ---- where it is ---- */

/* Below $`variable`, which the XDG base directory specification wants absolute, else below $HOME/`otherwise`. */
static char *xdg_path(const char *variable, const char *otherwise, const char *rest)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	char *path = NULL;
	int n = -1;

	if (base && base[0] == '/')
		n = asprintf(&path, "%s/%s", base, rest);
	else if (home && home[0] == '/')
		n = asprintf(&path, "%s/%s/%s", home, otherwise, rest);
	return n < 0 ? NULL : path;
}

static bool config_defaults(struct config *config, struct fault *fault)
{
	*config = (struct config){ 0 };
	for (const struct config_setting *row = config_settings; row->name; row++)
		if (!is_text(row) && !is_of_mailbox(row))
			*number_at(config, row) = row->initial;
	if (geteuid() != 0)
		config->db = xdg_path("XDG_STATE_HOME", ".local/state", "dmarcgate/dmarcgate.db");
	if (!config->db)
		config->db = strdup(SYSTEM_DB);
	config->resolver = strdup(RESOLVER_SYSTEM);
	config->domains = strdup("");
	config->authserv_id = strdup("");
	return (config->db && config->resolver && config->domains && config->authserv_id) || fault_set(fault, FAULT_LATER, "out of memory");
}

/* Opens what is there and leaves its name in config->file. NULL with FAULT_NONE when nothing was named and nothing is
 * there. */
static FILE *file_open(const char *named, struct config *config, struct fault *fault)
{
	char *places[] = { NULL, NULL };
	FILE *file = NULL;

	if (named) {
		places[0] = strdup(named);
	} else {
		places[0] = xdg_path("XDG_CONFIG_HOME", ".config", "dmarcgate/dmarcgate.conf");
		places[1] = strdup(SYSTEM_FILE);
	}
	for (size_t i = 0; i < LENGTH(places) && !file; i++) {
		if (!places[i])
			continue;
		file = fopen(places[i], "re");
		if (file) {
			config->file = places[i];
			places[i] = NULL;
		} else if (named || (errno != ENOENT && errno != ENOTDIR)) {
			fault_set(fault, FAULT_SETUP, "%s: cannot be opened: %s", places[i], strerror(errno));
			break;
		}
	}
	free(places[0]);
	free(places[1]);
	return file;
}

bool config_load(const char *named, struct config *config, struct fault *fault)
{
	const char *conf = getenv("DMARCGATE_CONF"), *db = getenv("DMARCGATE_DB");
	struct fault opening = { 0 };
	bool ok = true;
	FILE *file;

	if (!config_defaults(config, fault))
		return false;
	if (!named && conf && *conf)
		named = conf;
	file = file_open(named, config, &opening);
	if (file) {
		ok = file_load(config, file, fault);
		fclose(file);
	} else if (opening.kind != FAULT_NONE) {
		return fault_set(fault, opening.kind, "%s", opening.text);
	}
	if (ok && db && *db) {
		free(config->db);
		config->db = strdup(db);
		if (!config->db)
			return fault_set(fault, FAULT_LATER, "out of memory");
	}
	return ok;
}

void config_release(struct config *config)
{
	free(config->file);
	free(config->db);
	free(config->resolver);
	free(config->domains);
	free(config->authserv_id);
	for (size_t i = 0; i < config->mailboxes_n; i++)
		mailbox_settings_release(&config->mailboxes[i]);
	free(config->mailboxes);
	*config = (struct config){ 0 };
}

/* ---- printing ---- */

static void text_print(const char *before, const char *text, FILE *out)
{
	struct buf safe = BUF(8 * PATH_OCTETS);

	escape_terminal(&safe, span_of(text));
	fprintf(out, "%s%s", before, buf_text(&safe));
	buf_release(&safe);
}

static void value_print(const void *base, const struct config_setting *row, const char *before, FILE *out)
{
	char text[CONFIG_TEXT];

	text_print(before, is_text(row) ? *text_at(base, row) : config_format(row, *number_at(base, row), text), out);
}

static bool value_differs(const void *a, const void *b, const struct config_setting *row)
{
	if (is_text(row))
		return strcmp(*text_at(a, row), *text_at(b, row)) != 0;
	return *number_at(a, row) != *number_at(b, row);
}

static void mailbox_print(const struct mailbox_settings *settings, FILE *out)
{
	fprintf(out, "\n[" MAILBOX_SECTION " %s]\n", settings->mailbox.name);
	for (const struct config_setting *row = config_settings; row->name; row++) {
		if (!is_of_mailbox(row))
			continue;
		fprintf(out, "# %s\n", row->sentence);
		if (row->type == CONFIG_SECRET) {
			fprintf(out, "# %s is %s\n", row->name, **text_at(settings, row) ? "set and not shown" : "not set");
			continue;
		}
		fputs(row->name, out);
		value_print(settings, row, " = ", out);
		putc('\n', out);
	}
}

bool config_print(const struct config *config, FILE *out, struct fault *fault)
{
	const char *section = "";
	struct config defaults;

	if (!config_defaults(&defaults, fault))
		return false;
	text_print("# ", config->file ? config->file : "no configuration file: the defaults", out);
	putc('\n', out);
	for (const struct config_setting *row = config_settings; row->name; row++) {
		if (is_of_mailbox(row))
			continue;
		if (strcmp(section, row->section) != 0) {
			section = row->section;
			fprintf(out, "\n[%s]\n", section);
		}
		fprintf(out, "# %s\n%s", row->sentence, row->name);
		value_print(config, row, " = ", out);
		if (value_differs(config, &defaults, row))
			value_print(&defaults, row, " ; default: ", out);
		putc('\n', out);
	}
	for (size_t i = 0; i < config->mailboxes_n; i++)
		mailbox_print(&config->mailboxes[i], out);
	config_release(&defaults);
	return true;
}
