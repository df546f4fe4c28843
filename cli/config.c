#include "cli/config.h"
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

/* Limits are doubles; the table holds them in millionths. */
#define MILLIONTHS 1000000
#define READINESS(member) offsetof(struct config, readiness.member)
#define ASSESS_LIMIT(name, member, value, unit, sentence)                                                              \
	{ "readiness", name, CONFIG_LIMIT, unit, (uint64_t)(1.0 * (value) * MILLIONTHS + 0.5), 0,                      \
		(uint64_t)(LIMIT_MOST_OF(unit) * MILLIONTHS), READINESS(limits.member), sentence },

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
	{ "readiness", "marks", CONFIG_FILE, "path", 0, 0, 0, offsetof(struct config, marks),
		"the file that `mark` writes; when empty, dmarcgate.marks beside the configuration file" },
	{ "readiness", "profile", CONFIG_WORD, "people|transactional|parked", PROFILE_PEOPLE, 0, 0, READINESS(profile),
		"who sends: people, who may post to lists; programs only; nobody" },
	{ "readiness", "target", CONFIG_WORD, "auto|quarantine|reject", TARGET_AUTO, 0, 0, READINESS(target),
		"the policy that is asked about; auto is the next one" },
	{ "readiness", "window", CONFIG_NUMBER, "days", 35, 7, 180, READINESS(window),
		"days that are judged; 90, then 180, where they hold too little" },
	{ "readiness", "own_nets", CONFIG_NETS, "network,...", 0, 0, 0, READINESS(own_nets),
		"one's own networks, ADDRESS or ADDRESS/BITS" },
	{ "readiness", "tenants", CONFIG_TENANTS, "provider:label,...", 0, 0, 0, READINESS(tenants),
		"one's own tenants at mailbox providers, as google:example-com or microsoft365:example" },
	{ "readiness", "known_reporters", CONFIG_DOMAINS, "domain,...", 0, 0, 0, READINESS(known_reporters),
		"reporters that are believed from the first day, besides those of the table" },
	{ "readiness", "trust", CONFIG_WORD, "auto|strict", 0, 0, 0, READINESS(trust),
		"auto: reports that nothing authenticates count as long as there are no better ones; strict: never" },
	{ "readiness", "legacy_pct", CONFIG_WORD, "no|yes", 0, 0, 0, READINESS(legacy_pct),
		"advise the ladder of pct= 10, 25, 50, 100 of RFC 7489 instead of a trial with t=y" },
#define X(name, direction, q, r, unit, sentence)                                                                       \
	ASSESS_LIMIT("quarantine." #name, quarantine.name, q, unit, sentence)                                          \
	ASSESS_LIMIT("reject." #name, reject.name, r, unit, sentence)
#define Y(name, direction, standard, unit, sentence) ASSESS_LIMIT(#name, name, standard, unit, sentence)
	ASSESS_LIMITS(X, Y)
#undef X
#undef Y
	{ NULL },
};

/* Where a row's value lies; only setting_set and config_defaults write through these. */
static uint64_t *number_at(const struct config *config, const struct config_setting *setting)
{
	return (uint64_t *)((uintptr_t)config + setting->offset);
}

static char **text_at(const struct config *config, const struct config_setting *setting)
{
	return (char **)((uintptr_t)config + setting->offset);
}

static double *limit_at(const struct config *config, const struct config_setting *setting)
{
	return (double *)((uintptr_t)config + setting->offset);
}

/* What the table and config_format speak of. */
static uint64_t value_of(const struct config *config, const struct config_setting *setting)
{
	if (setting->type == CONFIG_LIMIT)
		return (uint64_t)(*limit_at(config, setting) * MILLIONTHS + 0.5);
	return *number_at(config, setting);
}

bool config_is_text(const struct config_setting *setting)
{
	switch (setting->type) {
	case CONFIG_PATH:
	case CONFIG_FILE:
	case CONFIG_SERVER:
	case CONFIG_DOMAINS:
	case CONFIG_NETS:
	case CONFIG_TENANTS:
		return true;
	default:
		return false;
	}
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

/* `0.2%`, `300`, `0.5`: no more digits behind the point than there are. */
static void limit_format(const struct config_setting *setting, uint64_t millionths, char text[CONFIG_TEXT])
{
	bool share = UNIT_IS(setting->unit, "share");
	uint64_t one = share ? MILLIONTHS / 100 : MILLIONTHS, rest = millionths % one;
	int digits = share ? 4 : 6, n = snprintf(text, CONFIG_TEXT, "%" PRIu64, millionths / one);

	for (; rest && rest % 10 == 0; rest /= 10)
		digits--;
	if (rest)
		n += snprintf(text + n, CONFIG_TEXT - (size_t)n, ".%0*" PRIu64, digits, rest);
	if (share)
		snprintf(text + n, CONFIG_TEXT - (size_t)n, "%%");
}

const char *config_format(const struct config_setting *setting, uint64_t value, char text[CONFIG_TEXT])
{
	size_t n = 0;

	if (setting->type == CONFIG_LIMIT) {
		limit_format(setting, value, text);
		return text;
	}

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

static bool text_set(char **place, const char *value, struct fault *fault)
{
	char *copy = strdup(value);

	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(*place);
	*place = copy;
	return true;
}

/* Letters, digits, `-`, `_` and dots between commas: what a name is beyond that, the DNS will say. */
static bool domains_set(char **place, const char *value, const char *where, struct fault *fault)
{
	for (const char *c = value; *c; c++)
		if (!strchr("-_., ", *c) && !((*c | 32) >= 'a' && (*c | 32) <= 'z') && !(*c >= '0' && *c <= '9'))
			return fault_set(fault, FAULT_SETUP, "%s = %s: names separated by commas", where, value);
	return text_set(place, value, fault);
}

/* Copies each part of a list of at most so many octets to see whether it is `wanted`. */
static bool list_set(char **place, const char *value, bool (*wanted)(struct span), const char *rule, const char *where,
	struct fault *fault)
{
	struct span rest = span_of(value);

	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct span one = span_trim((struct span){ rest.p, n });

		if (!wanted(one))
			return fault_set(fault, FAULT_SETUP, "%s = %s: %s, separated by commas", where, value, rule);
		rest.p += n + (comma != NULL);
		rest.n -= n + (comma != NULL);
	}
	return text_set(place, value, fault);
}

static bool is_net(struct span text)
{
	const char *slash = memchr(text.p, '/', text.n);
	struct span host = { text.p, slash ? (size_t)(slash - text.p) : text.n };
	unsigned long long bits;
	struct address address;

	if (!address_parse(host, &address))
		return false;
	return !slash || span_number((struct span){ slash + 1, text.n - host.n - 1 },
				 memchr(host.p, ':', host.n) ? 128 : 32, &bits);
}

static bool is_tenant(struct span text)
{
	const char *colon = memchr(text.p, ':', text.n);
	struct span provider = { text.p, colon ? (size_t)(colon - text.p) : 0 };

	return colon && colon + 1 < text.p + text.n &&
	       (span_is(provider, SPAN("google")) || span_is(provider, SPAN("microsoft365")));
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
	char server[RESOLVER_SERVER_TEXT];

	if (!resolver_server_parse(span_of(value), server))
		return fault_set(fault, FAULT_SETUP, "%s = %s: neither " RESOLVER_SYSTEM " nor ADDRESS[@PORT]", where, value);
	return text_set(place, server, fault);
}

static bool number_refused(
	const struct config_setting *setting, const char *where, const char *value, struct fault *fault)
{
	char least[CONFIG_TEXT], most[CONFIG_TEXT];

	if (setting->type == CONFIG_LIMIT)
		return fault_set(fault, FAULT_SETUP, "%s = %s: a %s%s from %s to %s", where, value,
			UNIT_IS(setting->unit, "share") ? "" : "number of ", setting->unit,
			config_format(setting, setting->least, least), config_format(setting, setting->most, most));
	const char *example = setting->type == CONFIG_SIZE   ? ", such as 500, 20k, 50M or 1G,"
			      : setting->type == CONFIG_SPAN ? ", such as 400d, 12w or 36h,"
							     : "";

	return fault_set(fault, FAULT_SETUP, "%s = %s: a %s of %s%s from %s to %s", where, value,
		setting->type == CONFIG_SPAN ? "span" : "number", setting->type == CONFIG_SPAN ? "time" : setting->unit,
		example, config_format(setting, setting->least, least), config_format(setting, setting->most, most));
}

/* `where` is what a fault calls the setting: `[limits] mail`, with file and line before it where there are any. */
static bool setting_set(struct config *config, const struct config_setting *setting, const char *value,
	const char *where, struct fault *fault)
{
	uint64_t number = 0;

	if (setting->type == CONFIG_PATH || (setting->type == CONFIG_FILE && *value))
		return path_set(text_at(config, setting), value, where, fault);
	if (setting->type == CONFIG_SERVER)
		return server_set(text_at(config, setting), value, where, fault);
	if (setting->type == CONFIG_DOMAINS)
		return domains_set(text_at(config, setting), value, where, fault);
	if (setting->type == CONFIG_FILE)
		return text_set(text_at(config, setting), "", fault);
	if (setting->type == CONFIG_NETS)
		return list_set(text_at(config, setting), value, is_net, "ADDRESS or ADDRESS/BITS", where, fault);
	if (setting->type == CONFIG_TENANTS)
		return list_set(text_at(config, setting), value, is_tenant, "google:LABEL or microsoft365:LABEL", where, fault);
	if (setting->type == CONFIG_LIMIT)
		return limit_set(&config->readiness.limits, span_of(setting->name), span_of(value)) ||
		       number_refused(setting, where, value, fault);
	if (setting->type == CONFIG_WORD) {
		if (!word_parse(setting->unit, span_of(value), &number))
			return fault_set(fault, FAULT_SETUP, "%s = %s: one of %s", where, value, setting->unit);
	} else if (!number_parse(setting, span_of(value), &number) || number < setting->least ||
		   number > setting->most) {
		return number_refused(setting, where, value, fault);
	}
	*number_at(config, setting) = number;
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

static bool unknown(const char *at, const char *section, const char *name, struct fault *fault)
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
					section, row->section);
		return fault_set(fault, FAULT_SETUP, "%s[%s]: no such section", at, section);
	}
	if (near)
		return fault_set(fault, FAULT_SETUP, "%s[%s] %s: no such setting; did you mean %s?", at, section, name,
			near->name);
	if (elsewhere)
		return fault_set(fault, FAULT_SETUP, "%s[%s] %s: no such setting; it belongs in [%s]", at, section,
			name, elsewhere->section);
	return fault_set(fault, FAULT_SETUP, "%s[%s] %s: no such setting", at, section, name);
}

bool config_set(struct config *config, const char *section, const char *name, const char *value, struct fault *fault)
{
	const struct config_setting *setting = setting_find(section, name);

	return setting ? setting_set(config, setting, value, name, fault) : unknown("", section, name, fault);
}

/* ---- the file ---- */

struct loading {
	struct config *config;
	const char *path;
	FILE *file;
	unsigned line;				/* the one read last */
	unsigned seen[LENGTH(config_settings)]; /* line that set the row, 0 when none did */
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

/* inih takes `[limits] mail = 5M` for a heading and drops the rest of the line. */
static bool heading_fits(struct loading *loading, const char *line)
{
	const char *end = strchr(line, ']');

	if (line[0] != '[' || !end)
		return true;
	if (end - line - 1 > HEADING_OCTETS)
		return line_refused(loading, "a heading has at most 49 octets");
	end += 1 + strspn(end + 1, " \t\r\n");
	if (*end && *end != ';' && *end != '#')
		return line_refused(
			loading, "a heading stands alone on its line; settings follow on lines of their own");
	return true;
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
	struct fault fault = { 0 };
	unsigned *seen;

	if (loading->failed)
		return 0;
	if (!*section)
		section = SECTION_OF_TOP;
	snprintf(at, sizeof at, "%s:%u: ", loading->path, loading->line);
	setting = setting_find(section, name);
	if (!setting) {
		unknown(at, section, name, &fault);
	} else {
		seen = &loading->seen[setting - config_settings];
		snprintf(where, sizeof where, "%s[%s] %s", at, section, name);
		if (*seen)
			fault_set(&fault, FAULT_SETUP, "%s: set twice, first on line %u", where, *seen);
		else if (setting_set(loading->config, setting, value, where, &fault))
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

static bool file_load(struct config *config, FILE *file, struct fault *fault)
{
	struct loading loading = { .config = config, .path = config->file, .file = file, .fault = fault };
	int wrong = ini_parse_stream(line_read, &loading, line_take, &loading);

	/* inih goes on behind a line it cannot read and tells its number only at the end. */
	if (wrong > 0 && (!loading.failed || (unsigned)wrong < loading.failed_line)) {
		loading.failed = false;
		loading.line = (unsigned)wrong;
		return line_refused(&loading, "neither `[section]` nor `setting = value`");
	}
	if (wrong < 0)
		return fault_set(fault, FAULT_LATER, "%s: out of memory", config->file);
	if (ferror(file))
		return fault_set(fault, FAULT_SETUP, "%s: cannot be read: %s", config->file, strerror(errno));
	return !loading.failed;
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

/* As installed; or, for a program that was built and not installed, the data beside it. */
static char *data_folder(void)
{
	char program[4096], *slash, *path = NULL;
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

	program[n > 0 ? n : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash && asprintf(&path, "%.*s/data", (int)(slash - program), program) < 0)
		return NULL;
	if (path && access(path, X_OK) == 0)
		return path;
	free(path);
	return strdup(PKGDATADIR);
}

static bool config_defaults(struct config *config, struct fault *fault)
{
	bool ok = true;

	*config = (struct config){ .readiness.limits = LIMITS_DEFAULT };
	for (const struct config_setting *row = config_settings; row->name; row++) {
		if (!config_is_text(row) && row->type != CONFIG_LIMIT)
			*number_at(config, row) = row->initial;
		else if (config_is_text(row) && row->type != CONFIG_PATH && row->type != CONFIG_SERVER)
			ok = (*text_at(config, row) = strdup("")) && ok;
	}
	if (geteuid() != 0)
		config->db = xdg_path("XDG_STATE_HOME", ".local/state", "dmarcgate/dmarcgate.db");
	if (!config->db)
		config->db = strdup(SYSTEM_DB);
	config->resolver = strdup(RESOLVER_SYSTEM);
	config->data = data_folder();
	return (ok && config->db && config->resolver && config->data) || fault_set(fault, FAULT_LATER, "out of memory");
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

static bool from_environment(char **place, const char *variable, struct fault *fault)
{
	const char *value = getenv(variable);

	return !value || !*value || text_set(place, value, fault);
}

bool config_load(const char *named, struct config *config, struct fault *fault)
{
	const char *conf = getenv("DMARCGATE_CONF");
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
	return ok && from_environment(&config->db, "DMARCGATE_DB", fault) &&
	       from_environment(&config->data, "DMARCGATE_DATA", fault);
}

void config_release(struct config *config)
{
	free(config->file);
	free(config->data);
	for (const struct config_setting *row = config_settings; row->name; row++)
		if (config_is_text(row))
			free(*text_at(config, row));
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

static void value_print(const struct config *config, const struct config_setting *row, const char *before, FILE *out)
{
	char text[CONFIG_TEXT];

	text_print(before,
		config_is_text(row) ? *text_at(config, row) : config_format(row, value_of(config, row), text),
		out);
}

static bool value_differs(const struct config *a, const struct config *b, const struct config_setting *row)
{
	if (config_is_text(row))
		return strcmp(*text_at(a, row), *text_at(b, row)) != 0;
	return value_of(a, row) != value_of(b, row);
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
	config_release(&defaults);
	return true;
}
