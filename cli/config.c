#include "cli/config_private.h"
#include "report/style.h"

#include "base/moment.h"
#include "ingest/resolver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

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
	{ "dns", "trust_anchor", CONFIG_ANCHOR, "system|path", 0, 0, 0, offsetof(struct config, trust_anchor),
		"the DNSKEY or DS records that DNSSEC begins with: system, or a file" },
	{ "dkim", "domains", CONFIG_DOMAINS, "domain,...", 0, 0, 0, offsetof(struct config, domains),
		"one's own domains, whose keys are fetched when reports name them" },
	{ "dkim", "selectors", CONFIG_SELECTORS, "selector@domain,...", 0, 0, 0, offsetof(struct config, selectors),
		"keys of one's own that are to be watched before any report names them" },
	{ "dkim", "granularity", CONFIG_WORD, "report|enforce", 0, 0, 0, offsetof(struct config, granularity),
		"g= of a key record, which RFC 6376 dropped: shown beside the verdict, or part of it" },
	{ "trust", "authserv_id", CONFIG_DOMAINS, "name,...", 0, 0, 0, offsetof(struct config, authserv_id),
		"one's own mail servers, whose Authentication-Results prove who sent a report mail" },
	{ "store", "wait", CONFIG_NUMBER, "seconds", 10, 0, 86400, offsetof(struct config, store_wait),
		"how long to wait while another process writes to the database" },
	{ "store", "max_size", CONFIG_SIZE, "octets", 0, 0, UINT64_C(1000000000000000),
		offsetof(struct config, store_limits.most_octets),
		"how large the database may become; 0: as large as its disk allows" },
	{ "store", "min_free", CONFIG_SIZE, "octets", 50000000, 0, UINT64_C(1000000000000),
		offsetof(struct config, store_limits.free_octets),
		"what an ingest leaves free on the disk of the database" },
	{ "store", "sender_reports", CONFIG_SIZE, "count", 100000, 0, UINT64_C(1000000000),
		offsetof(struct config, store_limits.sender_reports),
		"reports and other mails that one sender may bring in a day; 0: any number" },
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
	{ MAILBOX_SECTION, "password_credential", CONFIG_PART, "name", 0, 0, 0, OF_MAILBOX(password_credential),
		"a credential that the service manager hands over (LoadCredential=), which holds it" },
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
		OF_MAILBOX(grant),
		"with what access tokens are asked for: what a login has left, or the client secret" },
	{ MAILBOX_SECTION, "client_id", CONFIG_PART, "text", 0, 0, 0, OF_MAILBOX(client_id),
		"what the provider calls this program" },
	{ MAILBOX_SECTION, "client_secret_file", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(client_secret_file),
		"a file whose one line is the client secret" },
	{ MAILBOX_SECTION, "token_endpoint", CONFIG_PART, "url", 0, 0, 0, OF_MAILBOX(token_endpoint),
		"where access tokens are asked for" },
	{ MAILBOX_SECTION, "device_endpoint", CONFIG_PART, "url", 0, 0, 0, OF_MAILBOX(device_endpoint),
		"where `login` asks for a code" },
	{ MAILBOX_SECTION, "scope", CONFIG_PART, "word ...", 0, 0, 0, OF_MAILBOX(scope), "what access is asked for" },
	{ MAILBOX_SECTION, "token_file", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(token_file),
		"where tokens are kept; NAME.token beside the database when not set" },
	{ MAILBOX_SECTION, "folders", CONFIG_PARTS, "name,...", 0, 0, 0, OF_MAILBOX(folders),
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
	{ MAILBOX_SECTION, "interval", CONFIG_SPAN, "span", MAILBOX_INTERVAL, 1, DAY_SECONDS, OF_MAILBOX(interval),
		"while watching: from one look into all folders to the next" },
	{ MAILBOX_SECTION, "keepalive", CONFIG_SPAN, "span", MAILBOX_KEEPALIVE, 1, MAILBOX_KEEPALIVE_MOST,
		OF_MAILBOX(keepalive), "while watching: after so much silence the connection is tried" },
	{ MAILBOX_SECTION, "tls_ca", CONFIG_PATH, "path", 0, 0, 0, OF_MAILBOX(tls_ca),
		"authorities that may have signed the server's certificate, in place of the system's" },
	{ MAILBOX_SECTION, "tls_fingerprint", CONFIG_PART, "digits", 0, 0, 0, OF_MAILBOX(tls_fingerprint),
		"SHA-256 of the only certificate to believe; nothing else is asked of it" },
#undef OF_MAILBOX
#define OF_DIGEST(member) offsetof(struct config, digest.member)
	{ DIGEST_SECTION, "to", CONFIG_PARTS, "address,...", 0, 0, 0, OF_DIGEST(to), "who gets the weekly mail" },
	{ DIGEST_SECTION, "from", CONFIG_PART, "address", 0, 0, 0, OF_DIGEST(from),
		"who it comes from; dmarc at the domain it is about when nobody is named" },
	{ DIGEST_SECTION, "sendmail", CONFIG_PART, "command", 0, 0, 0, OF_DIGEST(sendmail),
		"a program, run without a shell, that takes it; " DIGEST_SENDMAIL " when there is no server" },
	{ DIGEST_SECTION, "server", CONFIG_PART, "url", 0, 0, 0, OF_DIGEST(server.url),
		"a server that takes it: smtps://USER@HOST, smtp: with STARTTLS" },
	{ DIGEST_SECTION, "password_file", CONFIG_PATH, "path", 0, 0, 0, OF_DIGEST(server.password_file),
		"a file whose first line is the password" },
	{ DIGEST_SECTION, "password_command", CONFIG_PART, "command", 0, 0, 0, OF_DIGEST(server.password_command),
		"a program, run without a shell, that prints it" },
	{ DIGEST_SECTION, "password_credential", CONFIG_PART, "name", 0, 0, 0, OF_DIGEST(server.password_credential),
		"a credential that the service manager hands over (LoadCredential=), which holds it" },
	{ DIGEST_SECTION, "password_env", CONFIG_PART, "variable", 0, 0, 0, OF_DIGEST(server.password_env),
		"the environment variable that holds it" },
	{ DIGEST_SECTION, "password", CONFIG_SECRET, "text", 0, 0, 0, OF_DIGEST(server.password),
		"the password itself, in a file that nobody else can read" },
	{ DIGEST_SECTION, "login", CONFIG_WORD, "password|xoauth2|oauthbearer", LOGIN_PASSWORD, 0, 0,
		OF_DIGEST(server.login),
		"what the server is given: a password, or an access token in one of two ways" },
	{ DIGEST_SECTION, "tls_ca", CONFIG_PATH, "path", 0, 0, 0, OF_DIGEST(server.tls_ca),
		"authorities that may have signed the server's certificate, in place of the system's" },
	{ DIGEST_SECTION, "tls_fingerprint", CONFIG_PART, "digits", 0, 0, 0, OF_DIGEST(server.tls_fingerprint),
		"SHA-256 of the only certificate to believe; nothing else is asked of it" },
#undef OF_DIGEST
	{ "names", "mmdb", CONFIG_FILE, "path", 0, 0, 0, offsetof(struct config, network_map),
		"a database of networks and who runs them (MaxMind's format), for addresses without a name" },
	{ "names", "mmdb_country", CONFIG_FILE, "path", 0, 0, 0, offsetof(struct config, country_map),
		"another such database, for `--country`; when empty, the one above" },
	{ "names", "map_parsedmarc", CONFIG_FILE, "path", 0, 0, 0, offsetof(struct config, base_map),
		"a map of host names in the layout of parsedmarc, for what the table of senders does not know" },
	{ "names", "addresses", CONFIG_NUMBER, "count", 2000, 0, 1000000, offsetof(struct config, enrich_addresses),
		"host names that one run of `enrich` looks up" },
	{ "names", "time", CONFIG_NUMBER, "seconds", 60, 1, 3600, offsetof(struct config, enrich_seconds),
		"how long it may take" },
	{ "names", "after_ingest", CONFIG_WORD, "no|yes", 1, 0, 0, offsetof(struct config, enrich_after),
		"`enrich` at the end of an `ingest` of the mailboxes" },
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

_Static_assert(LENGTH(config_settings) <= SETTINGS_MOST, "config_file.c remembers the line of every setting");

uint64_t *setting_number(const void *base, const struct config_setting *setting)
{
	return (uint64_t *)((uintptr_t)base + setting->offset);
}

char **setting_text(const void *base, const struct config_setting *setting)
{
	return (char **)((uintptr_t)base + setting->offset);
}

static double *limit_at(const void *base, const struct config_setting *setting)
{
	return (double *)((uintptr_t)base + setting->offset);
}

uint64_t setting_value(const void *base, const struct config_setting *setting)
{
	if (setting->type == CONFIG_LIMIT)
		return (uint64_t)(*limit_at(base, setting) * MILLIONTHS + 0.5);
	return *setting_number(base, setting);
}

bool config_is_text(const struct config_setting *setting)
{
	return setting->type <= CONFIG_TENANTS;
}

bool setting_is_of_digest(const struct config_setting *setting)
{
	return strcmp(setting->section, DIGEST_SECTION) == 0;
}

bool setting_is_of_mailbox(const struct config_setting *setting)
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
	for (uint64_t i = 0;; i++) {
		size_t n;
		const char *word = word_at(words, i, &n);

		if (n == 0)
			return false;
		if (!span_is(value, (struct span){ word, n }))
			continue;
		*place = i;
		return true;
	}
}

static bool size_parse(struct span value, uint64_t *number)
{
	unsigned long long digits;
	uint64_t unit = 1;

	for (size_t i = 0; value.n && unit == 1 && i < LENGTH(scales); i++)
		if (scales[i].octets && value.p[value.n - 1] == scales[i].letter)
			unit = scales[i].octets;
	value.n -= unit > 1;
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

bool text_set(char **place, const char *value, struct fault *fault)
{
	char *copy = strdup(value);

	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(*place);
	*place = copy;
	return true;
}

static bool is_net(struct span text)
{
	struct network network;

	return network_parse(text, &network);
}

static bool is_tenant(struct span text)
{
	const char *colon = memchr(text.p, ':', text.n);
	struct span provider = { text.p, colon ? (size_t)(colon - text.p) : 0 };

	return colon && colon + 1 < text.p + text.n &&
	       (span_is(provider, SPAN("google")) || span_is(provider, SPAN("microsoft365")));
}

/* Letters, digits or marks: what a name is beyond that, the DNS will say. */
static bool is_of(struct span text, const char *marks)
{
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(marks, text.p[i]) && !((text.p[i] | 32) >= 'a' && (text.p[i] | 32) <= 'z') &&
			!(text.p[i] >= '0' && text.p[i] <= '9'))
			return false;
	return true;
}

static bool is_name(struct span text)
{
	return is_of(text, "-_.");
}

static bool is_selector(struct span text)
{
	const char *at = memchr(text.p, '@', text.n);

	return is_of(text, "-_.@") && at && at > text.p && at + 1 < text.p + text.n &&
	       !memchr(at + 1, '@', (size_t)(text.p + text.n - at - 1));
}

static const struct {
	bool (*wanted)(struct span);
	const char *rule;
} lists[CONFIG_TYPES] = {
	[CONFIG_DOMAINS] = { is_name, "names" },
	[CONFIG_NETS] = { is_net, "ADDRESS or ADDRESS/BITS" },
	[CONFIG_SELECTORS] = { is_selector, "SELECTOR@DOMAIN" },
	[CONFIG_TENANTS] = { is_tenant, "google:LABEL or microsoft365:LABEL" },
};

static bool list_set(char **place, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	struct span rest = span_of(value), one;

	while (span_take(&rest, ',', &one))
		if (!lists[setting->type].wanted(one))
			return fault_set(fault, FAULT_SETUP, "%s = %s: %s, separated by commas", where, value,
				lists[setting->type].rule);
	return text_set(place, value, fault);
}

/* A file need not be named, and those of a mailbox or the digest are not set at first. */
static bool path_set(char **place, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	const char *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (!*value && (setting->type == CONFIG_FILE || setting_is_of_mailbox(setting) || setting_is_of_digest(setting)))
		return text_set(place, value, fault);
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

static bool server_set(char **place, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	char server[RESOLVER_SERVER_TEXT];

	if (setting->type == CONFIG_ANCHOR && strcmp(value, RESOLVER_SYSTEM) != 0)
		return path_set(place, setting, value, where, fault);
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

/* A secret is not repeated in a fault. */
static bool part_set(char **place, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	bool (*check)(const char *, const char *, struct fault *) =
		setting_is_of_digest(setting) ? digest_part_check : mailbox_part_check;
	struct fault why = { 0 };

	if (setting->type != CONFIG_SECRET && !check(setting->name, value, &why))
		return fault_set(fault, why.kind, "%s = %.120s: %.200s", where, value, why.text);
	return text_set(place, value, fault);
}

static bool number_set(void *base, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	uint64_t number;

	if (!number_parse(setting, span_of(value), &number) || number < setting->least || number > setting->most)
		return number_refused(setting, where, value, fault);
	*setting_number(base, setting) = number;
	return true;
}

bool setting_set(void *base, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	switch (setting->type) {
	case CONFIG_PATH:
	case CONFIG_FILE:
		return path_set(setting_text(base, setting), setting, value, where, fault);
	case CONFIG_SERVER:
	case CONFIG_ANCHOR:
		return server_set(setting_text(base, setting), setting, value, where, fault);
	case CONFIG_PART:
	case CONFIG_PARTS:
	case CONFIG_SECRET:
		return part_set(setting_text(base, setting), setting, value, where, fault);
	case CONFIG_DOMAINS:
	case CONFIG_NETS:
	case CONFIG_SELECTORS:
	case CONFIG_TENANTS:
		return list_set(setting_text(base, setting), setting, value, where, fault);
	case CONFIG_LIMIT:
		return limit_set(&((struct config *)base)->readiness.limits, span_of(setting->name), span_of(value)) ||
		       number_refused(setting, where, value, fault);
	case CONFIG_WORD:
		return word_parse(setting->unit, span_of(value), setting_number(base, setting)) ||
		       fault_set(fault, FAULT_SETUP, "%s = %s: one of %s", where, value, setting->unit);
	default:
		return number_set(base, setting, value, where, fault);
	}
}

bool setting_is_list(const struct config_setting *setting)
{
	return setting->type == CONFIG_PARTS || lists[setting->type].wanted;
}

bool setting_add(void *base, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault)
{
	char **place = setting_text(base, setting), *before = strdup(*place), *both = NULL;
	bool good = before || fault_set(fault, FAULT_LATER, "out of memory");

	good = good && setting_set(base, setting, value, where, fault);
	if (good && *before && **place) {
		if (asprintf(&both, "%s, %s", before, *place) >= 0) {
			free(*place);
			*place = both;
		} else {
			good = fault_set(fault, FAULT_LATER, "out of memory");
		}
	} else if (good && *before) {
		good = text_set(place, before, fault);
	}
	free(before);
	return good;
}

const struct config_setting *setting_find(const char *section, const char *name)
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

bool setting_unknown(const char *at, const char *heading, const char *section, const char *name, struct fault *fault)
{
	const struct config_setting *row, *near = NULL, *elsewhere = NULL;
	bool section_known = false;

	for (row = config_settings; row->name; row++) {
		bool here = strcmp(row->section, section) == 0;

		section_known |= here;
		if (strcmp(row->name, name) == 0)
			elsewhere = elsewhere ? elsewhere : row;
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
		       : setting_unknown("", section, section, name, fault);
}
