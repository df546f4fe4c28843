#include "cli/mailboxes.h"
#include "base/buf.h"
#include "base/moment.h"
#include "cli/config_private.h"
#include "cli/helper.h"
#include "cli/tokens.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- settings that a mailbox reads by itself ---- */

static bool after_parse(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	return fate_parse(&mailbox->after, text, fault);
}

static bool not_reports_parse(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	return fate_parse(&mailbox->not_reports, text, fault);
}

static bool broken_parse(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	return fate_parse(&mailbox->broken, text, fault);
}

static bool user_parse(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	if (mailbox->user && !span_is(span_of(mailbox->user), text))
		return fault_set(fault, FAULT_SETUP, "the URL names another one");
	free(mailbox->user);
	mailbox->user = strndup(text.p, text.n);
	return mailbox->user || fault_set(fault, FAULT_LATER, "out of memory");
}

static bool command_parse(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	struct command_words words;

	(void)mailbox;
	if (!command_split(text, &words, fault))
		return false;
	command_words_release(&words);
	return true;
}

static bool credential_parse(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	(void)mailbox;
	return (text.n && text.p[0] != '.' && !memchr(text.p, '/', text.n)) ||
	       fault_set(fault, FAULT_SETUP, "a credential's name is no path");
}

/* In this order: a later one may rest on an earlier one. */
static const struct part {
	const char *name;
	bool (*parse)(struct mailbox *mailbox, struct span text, struct fault *fault);
} parts[] = {
	{ "url", mailbox_parse_url },
	{ "user", user_parse },
	{ "password_command", command_parse },
	{ "password_credential", credential_parse },
	{ "token_command", command_parse },
	{ "folders", mailbox_parse_folders },
	{ "after", after_parse },
	{ "not_reports", not_reports_parse },
	{ "broken", broken_parse },
	{ "tls_fingerprint", mailbox_parse_fingerprint },
};

bool mailbox_part_check(const char *setting, const char *value, struct fault *fault)
{
	struct mailbox scratch;
	bool good = true;

	if (*value == '\0')
		return true;
	if (!mailbox_init(&scratch, ""))
		return fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0; good && i < LENGTH(parts); i++)
		if (strcmp(parts[i].name, setting) == 0)
			good = parts[i].parse(&scratch, span_of(value), fault);
	mailbox_release(&scratch);
	return good;
}

/* ---- a section ---- */

bool mailbox_name_check(struct span name, struct fault *fault)
{
	if (name.n == 0)
		return fault_set(fault, FAULT_SETUP, "a mailbox has a name: [mailbox NAME]");
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9');

		if (!letter && (i == 0 || !memchr("-_.@+", c, 5)))
			return fault_set(fault, FAULT_SETUP,
				"a mailbox's name consists of letters, digits and `-_.@+`, a letter or digit first");
	}
	return true;
}

bool mailbox_settings_init(struct mailbox_settings *settings, struct span name, struct fault *fault)
{
	char copy[MAILBOX_NAME + 1];
	bool good;

	*settings = (struct mailbox_settings){ 0 };
	snprintf(copy, sizeof copy, "%.*s", (int)name.n, name.p);
	good = mailbox_init(&settings->mailbox, copy);
	for (const struct config_setting *row = config_settings; good && row->name; row++) {
		bool fate = row->offset == offsetof(struct mailbox_settings, after) ||
			    row->offset == offsetof(struct mailbox_settings, not_reports) ||
			    row->offset == offsetof(struct mailbox_settings, broken);

		if (setting_is_of_mailbox(row) && config_is_text(row))
			good = (*setting_text(settings, row) = strdup(fate ? "keep" : "")) != NULL;
	}
	return good || fault_set(fault, FAULT_LATER, "out of memory");
}

void mailbox_settings_release(struct mailbox_settings *settings)
{
	if (settings->password)
		explicit_bzero(settings->password, strlen(settings->password));
	for (const struct config_setting *row = config_settings; row->name; row++)
		if (setting_is_of_mailbox(row) && config_is_text(row))
			free(*setting_text(settings, row));
	mailbox_release(&settings->mailbox);
	oauth_release(&settings->oauth);
}

/* Exactly one source of the password or token for a server, none for what lies on this machine. */
static bool secret_choose(struct mailbox_settings *settings, struct fault *fault)
{
	const struct {
		enum mailbox_secret source;
		const char *text;
	} sources[] = {
		{ SECRET_FILE, settings->password_file },
		{ SECRET_COMMAND, settings->password_command },
		{ SECRET_CREDENTIAL, settings->password_credential },
		{ SECRET_ENVIRONMENT, settings->password_env },
		{ SECRET_INLINE, settings->password },
		{ SECRET_COMMAND, settings->token_command },
		{ SECRET_OAUTH, tokens_wanted(settings) ? settings->mailbox.name : "" },
	};
	struct mailbox *mailbox = &settings->mailbox;
	bool server = mailbox_is_remote(mailbox) || (mailbox->kind == MAILBOX_SMTP && mailbox->user);
	unsigned n = 0;

	for (size_t i = 0; i < LENGTH(sources); i++) {
		if (!*sources[i].text)
			continue;
		n++;
		mailbox->secret_source = sources[i].source;
		free(mailbox->secret);
		mailbox->secret = strdup(sources[i].text);
		if (!mailbox->secret)
			return fault_set(fault, FAULT_LATER, "out of memory");
	}
	if (n > 1 || (server && n == 0))
		return fault_set(fault, FAULT_SETUP,
			"%s of password_file, password_command, password_credential, password_env%s is set",
			n ? "more than one" : "none",
			mailbox->kind == MAILBOX_SMTP ? " and password" : ", password, token_command and provider");
	if (mailbox->login == LOGIN_PASSWORD && (*settings->token_command || tokens_wanted(settings)))
		return fault_set(fault, FAULT_SETUP, "login: an access token is given with xoauth2 or oauthbearer");
	return server || n == 0 || fault_set(fault, FAULT_SETUP, mailbox->kind == MAILBOX_SMTP
									 ? "a password needs a user: smtps://USER@HOST"
									 : "only a server asks for a password");
}

/* What the URL or the default says is shown by `dmarcgate config`. */
static bool folders_show(struct mailbox_settings *settings, struct fault *fault)
{
	struct buf list = BUF((size_t)MAILBOX_FOLDERS * MAILBOX_TEXT);
	const struct mailbox *mailbox = &settings->mailbox;

	for (size_t i = 0; i < mailbox->n_folders; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", mailbox->folders[i]);
	free(settings->folders);
	settings->folders = strdup(buf_text(&list));
	buf_release(&list);
	return settings->folders || fault_set(fault, FAULT_LATER, "out of memory");
}

bool mailbox_settings_finish(struct mailbox_settings *settings, uint64_t max_octets, struct fault *fault)
{
	struct mailbox *mailbox = &settings->mailbox;

	if (!*settings->url)
		return fault_set(fault, FAULT_SETUP, "no url says where it is");
	for (size_t i = 0; i < LENGTH(parts); i++) {
		const char *text = *setting_text(settings, setting_find(MAILBOX_SECTION, parts[i].name));
		struct fault why = { 0 };

		if (*text && !parts[i].parse(mailbox, span_of(text), &why))
			return fault_set(fault, why.kind, "%s: %s", parts[i].name, why.text);
	}
	mailbox->login = (enum mailbox_login)settings->login;
	mailbox->since = (int64_t)settings->since / DAY_SECONDS;
	mailbox->max_messages = settings->max_messages;
	mailbox->max_octets = max_octets;
	mailbox->timeout = (uint32_t)settings->timeout;
	mailbox->deadline = (uint32_t)settings->deadline;
	mailbox->interval = (uint32_t)settings->interval;
	mailbox->keepalive = (uint32_t)settings->keepalive;
	if (*settings->tls_ca && !(mailbox->tls_ca = strdup(settings->tls_ca)))
		return fault_set(fault, FAULT_LATER, "out of memory");
	return secret_choose(settings, fault) && tokens_finish(settings, fault) && folders_show(settings, fault) && mailbox_check(mailbox, fault);
}

bool mailbox_settings_submit(struct mailbox_settings *settings, uint32_t deadline, struct fault *fault)
{
	struct mailbox *mailbox = &settings->mailbox;

	if (!mailbox_parse_submission(mailbox, span_of(settings->url), fault))
		return false;
	if (*settings->tls_fingerprint &&
		!mailbox_parse_fingerprint(mailbox, span_of(settings->tls_fingerprint), fault))
		return false;
	if (*settings->tls_ca && !(mailbox->tls_ca = strdup(settings->tls_ca)))
		return fault_set(fault, FAULT_LATER, "out of memory");
	mailbox->login = (enum mailbox_login)settings->login;
	mailbox->timeout = MAILBOX_TIMEOUT;
	mailbox->deadline = deadline;
	return secret_choose(settings, fault) && mailbox_check(mailbox, fault);
}

const struct mailbox_settings *mailbox_settings_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->mailboxes_n; i++)
		if (strcmp(config->mailboxes[i].mailbox.name, name) == 0)
			return &config->mailboxes[i];
	return NULL;
}
