/* The file of the configuration: where it is, how it is read, how the configuration in force is printed. */
#include "base/escape.h"
#include "cli/config_private.h"
#include "cli/overrides.h"
#include "cli/secret.h"
#include "ingest/resolver.h"
#include "parse/dns/orgdomain.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define SECTION_OF_TOP "dmarcgate" /* what stands before the first heading */
#define SYSTEM_FILE SYSCONFDIR "/dmarcgate.conf"
#define HEADING_OCTETS 49 /* inih keeps no more of a heading, and does not say so */

/* ---- the file ---- */

struct seen {
	unsigned heading;	      /* line */
	unsigned rows[SETTINGS_MOST]; /* line that set the row, 0 when none did */
};

struct loading {
	struct config *config;
	const char *path;
	FILE *file;
	unsigned line; /* the one read last */
	struct seen seen;
	struct seen *mailboxes; /* owned; of each */
	char domain[DOMAINNAME_TEXT]; /* of the section in hand; "" when it is none of a domain */
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

/* What follows `word` in a heading; absent when it is another heading. */
static struct span heading_of(struct span heading, const char *word)
{
	const size_t n = strlen(word);

	if (heading.n < n || memcmp(heading.p, word, n) != 0 ||
		(heading.n > n && heading.p[n] != ' ' && heading.p[n] != '\t'))
		return SPAN_ABSENT;
	return span_trim((struct span){ heading.p + n, heading.n - n });
}

static struct span mailbox_heading(struct span heading)
{
	return heading_of(heading, MAILBOX_SECTION);
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
		if (setting_is_of_mailbox(row) && !config_is_text(row))
			*setting_number(settings, row) = row->initial;
	return true;
}

static bool domain_begin(struct loading *loading, struct span name)
{
	return domain_alabels(name, loading->domain) > 0 || line_refused(loading, "a section for a domain names one");
}

/* inih takes `[limits] mail = 5M` for a heading and drops the rest of the line. */
static bool heading_fits(struct loading *loading, const char *line)
{
	const char *end = strchr(line, ']');
	struct span heading, mailbox, domain;

	if (line[0] != '[' || !end)
		return true;
	heading = (struct span){ line + 1, (size_t)(end - line - 1) };
	domain = heading_of(heading, DOMAIN_SECTION);
	mailbox = mailbox_heading(heading);
	loading->domain[0] = '\0';
	if (heading.n > HEADING_OCTETS && !domain.p)
		return line_refused(loading, "a heading has at most 49 octets");
	end += 1 + strspn(end + 1, " \t\r\n");
	if (*end && *end != ';' && *end != '#')
		return line_refused(
			loading, "a heading stands alone on its line; settings follow on lines of their own");
	if (domain.p)
		return domain_begin(loading, domain);
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

/* Does the setting lie in struct readiness_settings, so that it may differ from domain to domain? */
static bool setting_is_of_domains(const struct config_setting *setting)
{
	return !setting_is_of_mailbox(setting) && setting->offset >= offsetof(struct config, readiness) &&
	       setting->offset < offsetof(struct config, readiness) + sizeof(struct readiness_settings);
}

static bool domain_take(struct loading *loading, const char *at, const char *name, const char *value, struct fault *fault)
{
	const struct config_setting *setting = setting_find("readiness", name);
	char where[PATH_OCTETS + 512];

	if (!setting)
		return setting_unknown(at, DOMAIN_SECTION, "readiness", name, fault);
	snprintf(where, sizeof where, "%s[" DOMAIN_SECTION " %s] %s", at, loading->domain, name);
	if (!setting_is_of_domains(setting))
		return fault_set(fault, FAULT_SETUP, "%s: is the same for all domains; it belongs in [readiness]", where);
	return override_set(loading->config, loading->domain, setting, value, where, loading->line, fault);
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
	if (loading->domain[0]) {
		domain_take(loading, at, name, value, &fault);
	} else if (!setting) {
		setting_unknown(at, section, mailbox ? MAILBOX_SECTION : section, name, &fault);
	} else {
		struct seen *all = mailbox ? &loading->mailboxes[mailbox - config->mailboxes] : &loading->seen;
		unsigned *seen = &all->rows[setting - config_settings];

		snprintf(where, sizeof where, "%s[%s] %s", at, section, name);
		if (*seen && setting_is_list(setting))
			setting_add(mailbox ? (void *)mailbox : config, setting, value, where, &fault);
		else if (*seen)
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

static bool digest_section_finish(struct loading *loading)
{
	struct digest_settings *settings = &loading->config->digest;
	struct fault why = { 0 };

	if (!digest_settings_finish(settings, &why))
		return fault_set(loading->fault, why.kind, "%s: [" DIGEST_SECTION "] %s", loading->path, why.text);
	if (*settings->server.password && !secretfile_check(fileno(loading->file), &why))
		return fault_set(loading->fault, why.kind, "%s: holds the password of [" DIGEST_SECTION "] and %s",
			loading->path, why.text);
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
	return !loading->failed && mailboxes_finish(loading) && digest_section_finish(loading);
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

/* Below $`variable`, which the XDG base directory specification wants absolute, else below $HOME/`otherwise`; NULL where
 * there is neither. False: memory is short, which must not be taken for that. */
static bool xdg_path(const char *variable, const char *otherwise, const char *rest, char **path)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	int n = 0;

	*path = NULL;
	if (base && base[0] == '/')
		n = asprintf(path, "%s/%s", base, rest);
	else if (home && home[0] == '/')
		n = asprintf(path, "%s/%s/%s", home, otherwise, rest);
	if (n < 0)
		*path = NULL;
	return n >= 0;
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
	if (!mailbox_settings_init(&config->digest.server, SPAN(DIGEST_SECTION), fault))
		return false;
	for (const struct config_setting *row = config_settings; row->name; row++) {
		if (setting_is_of_mailbox(row))
			continue;
		if (!config_is_text(row) && row->type != CONFIG_LIMIT)
			*setting_number(config, row) = row->initial;
		else if (config_is_text(row) && !*setting_text(config, row) && row->type != CONFIG_PATH &&
			 row->type != CONFIG_SERVER && row->type != CONFIG_ANCHOR)
			ok = (*setting_text(config, row) = strdup("")) && ok;
	}
	if (geteuid() != 0)
		ok = xdg_path("XDG_STATE_HOME", ".local/state", "dmarcgate/dmarcgate.db", &config->db) && ok;
	if (!config->db)
		config->db = strdup(SYSTEM_DB);
	config->resolver = strdup(RESOLVER_SYSTEM);
	config->trust_anchor = strdup(RESOLVER_SYSTEM);
	config->data = data_folder();
	return (ok && config->db && config->resolver && config->trust_anchor && config->data) ||
	       fault_set(fault, FAULT_LATER, "out of memory");
}

/* Opens what is there and leaves its name in config->file. NULL with FAULT_NONE when nothing was named and nothing is
 * there. */
static FILE *file_open(const char *named, struct config *config, struct fault *fault)
{
	char *places[] = { NULL, NULL };
	FILE *file = NULL;
	bool ok;

	if (named)
		ok = (places[0] = strdup(named)) != NULL;
	else
		ok = xdg_path("XDG_CONFIG_HOME", ".config", "dmarcgate/dmarcgate.conf", &places[0]) &&
		     (places[1] = strdup(SYSTEM_FILE)) != NULL;
	if (!ok) /* what cannot be looked for is not what is not there */
		fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0; ok && i < LENGTH(places) && !file; i++) {
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

/* The texts of [digest] that mailbox_settings_release frees. */
static bool text_is_of_server(const struct config_setting *row)
{
	return setting_is_of_digest(row) && row->offset >= offsetof(struct config, digest.server);
}

const char *config_anchor(const struct config *config)
{
	return strcmp(config->trust_anchor, RESOLVER_SYSTEM) == 0 ? NULL : config->trust_anchor;
}

void config_release(struct config *config)
{
	free(config->file);
	free(config->data);
	for (const struct config_setting *row = config_settings; row->name; row++)
		if (config_is_text(row) && !setting_is_of_mailbox(row) && !text_is_of_server(row))
			free(*setting_text(config, row));
	mailbox_settings_release(&config->digest.server);
	for (size_t i = 0; i < config->mailboxes_n; i++)
		mailbox_settings_release(&config->mailboxes[i]);
	free(config->mailboxes);
	overrides_release(config);
	*config = (struct config){ 0 };
}

/* ---- printing ---- */

#define LIST_OCTETS 120 /* of a list on one line */

static void text_print(const char *before, const char *text, FILE *out)
{
	struct buf safe = BUF(8 * PATH_OCTETS);

	escape_terminal(&safe, span_of(text));
	fprintf(out, "%s%s", before, buf_text(&safe));
	buf_release(&safe);
}

void setting_print(const struct config_setting *setting, const char *value, FILE *out)
{
	struct span rest = span_of(value), one;
	size_t column = 0;

	fprintf(out, "%s = ", setting->name);
	if (!setting_is_list(setting)) {
		text_print("", value, out);
		return;
	}
	while (span_take(&rest, ',', &one)) {
		struct buf safe = BUF(8 * PATH_OCTETS);

		if (column && column + one.n > LIST_OCTETS) {
			fprintf(out, "\n%s = ", setting->name);
			column = 0;
		}
		escape_terminal(&safe, one);
		fprintf(out, "%s%s", column ? ", " : "", buf_text(&safe));
		column += one.n + 2;
		buf_release(&safe);
	}
}

/* A value as text: a char * of the settings, or `text`. */
static const char *value_text(const void *base, const struct config_setting *row, char text[CONFIG_TEXT])
{
	return config_is_text(row) ? *setting_text(base, row) : config_format(row, setting_value(base, row), text);
}

static bool value_differs(const void *a, const void *b, const struct config_setting *row)
{
	if (config_is_text(row))
		return strcmp(*setting_text(a, row), *setting_text(b, row)) != 0;
	return setting_value(a, row) != setting_value(b, row);
}

static void secret_print(const void *base, const struct config_setting *row, FILE *out)
{
	fprintf(out, "# %s is %s\n", row->name, **setting_text(base, row) ? "set and not shown" : "not set");
}

static void mailbox_print(const struct mailbox_settings *settings, FILE *out)
{
	char text[CONFIG_TEXT];

	fprintf(out, "\n[" MAILBOX_SECTION " %s]\n", settings->mailbox.name);
	for (const struct config_setting *row = config_settings; row->name; row++) {
		if (!setting_is_of_mailbox(row))
			continue;
		fprintf(out, "# %s\n", row->sentence);
		if (row->type == CONFIG_SECRET) {
			secret_print(settings, row, out);
			continue;
		}
		setting_print(row, value_text(settings, row, text), out);
		putc('\n', out);
	}
}

bool config_print(const struct config *config, FILE *out, struct fault *fault)
{
	const char *section = "";
	char text[CONFIG_TEXT];
	struct config defaults;

	if (!config_defaults(&defaults, fault))
		return false;
	text_print("# ", config->file ? config->file : "no configuration file: the defaults", out);
	putc('\n', out);
	for (const struct config_setting *row = config_settings; row->name; row++) {
		if (setting_is_of_mailbox(row))
			continue;
		if (strcmp(section, row->section) != 0) {
			section = row->section;
			fprintf(out, "\n[%s]\n", section);
		}
		fprintf(out, "# %s\n", row->sentence);
		if (row->type == CONFIG_SECRET) {
			secret_print(config, row, out);
			continue;
		}
		setting_print(row, value_text(config, row, text), out);
		if (value_differs(config, &defaults, row))
			text_print(" ; default: ", value_text(&defaults, row, text), out);
		putc('\n', out);
	}
	for (size_t i = 0; i < config->mailboxes_n; i++)
		mailbox_print(&config->mailboxes[i], out);
	overrides_print(config, out);
	config_release(&defaults);
	return true;
}
