#include "cli/secret.h"
#include "cli/config.h"
#include "cli/helper.h"
#include "ingest/token.h"

#include <stdlib.h>
#include <string.h>

static bool digest_learn(struct helper *helper, const struct digest_settings *digest, struct fault *fault)
{
	const struct mailbox *server = &digest->server.mailbox;

	if (*digest->server.url)
		return server->secret_source != SECRET_COMMAND || helper_learn(helper, server->secret, fault);
	return helper_learn(helper, *digest->sendmail ? digest->sendmail : DIGEST_SENDMAIL, fault);
}

bool secret_learn(struct helper *helper, const struct config *config, struct fault *fault)
{
	for (size_t i = 0; helper && i < config->mailboxes_n; i++) {
		const struct mailbox *mailbox = &config->mailboxes[i].mailbox;

		if (mailbox->secret_source == SECRET_COMMAND && !helper_learn(helper, mailbox->secret, fault))
			return false;
	}
	return !helper || digest_learn(helper, &config->digest, fault);
}

/* systemd.exec(5), LoadCredential=: files in a folder of this service alone. */
static bool credential_read(const char *name, struct buf *text, struct fault *fault)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];

	if (!folder || !*folder)
		return fault_set(fault, FAULT_SETUP, "there are no credentials (LoadCredential= of the service)");
	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return fault_set(fault, FAULT_SETUP, "%.100s: too long", name);
	return secretfile_read(path, text, fault);
}

/* The first line, without its end. */
static bool line_check(struct buf *text, struct fault *fault)
{
	size_t n = 0;

	while (n < text->n && text->p[n] != '\n')
		n++;
	if (n && text->p[n - 1] == '\r')
		n--;
	text->n = n;
	if (n == 0)
		return fault_set(fault, FAULT_SETUP, "is empty");
	return !memchr(text->p, '\0', n) || fault_set(fault, FAULT_SETUP, "holds a NUL");
}

static const char *source_name(const struct mailbox_settings *settings)
{
	switch (settings->mailbox.secret_source) {
	case SECRET_FILE:
		return "password_file";
	case SECRET_COMMAND:
		return *settings->token_command ? "token_command" : "password_command";
	case SECRET_CREDENTIAL:
		return "password_credential";
	case SECRET_ENVIRONMENT:
		return "password_env";
	case SECRET_INLINE:
		return "password";
	case SECRET_NONE:
	case SECRET_OAUTH:
		break;
	}
	return "";
}

static bool secret_read(struct helper *helper, const struct mailbox *mailbox, struct buf *secret, struct fault *fault)
{
	const char *value;

	if (!buf_reserve(secret, SECRET_OCTETS))
		return fault_set(fault, FAULT_LATER, "out of memory");
	switch (mailbox->secret_source) {
	case SECRET_FILE:
		return secretfile_read(mailbox->secret, secret, fault);
	case SECRET_COMMAND:
		return helper ? helper_run(helper, mailbox->secret, secret, fault)
			      : fault_set(fault, FAULT_BROKEN, "there is no helper process");
	case SECRET_CREDENTIAL:
		return credential_read(mailbox->secret, secret, fault);
	case SECRET_ENVIRONMENT:
		value = getenv(mailbox->secret);
		return value ? buf_put_text(secret, value)
			     : fault_set(fault, FAULT_SETUP, "the environment has no %.100s", mailbox->secret);
	case SECRET_INLINE:
		return buf_put_text(secret, mailbox->secret);
	case SECRET_NONE:
	case SECRET_OAUTH:
		break;
	}
	return fault_set(fault, FAULT_BROKEN, "a secret from nowhere");
}

bool secret_get(struct helper *helper, const struct mailbox_settings *settings, struct buf *secret, struct fault *fault)
{
	const struct mailbox *mailbox = &settings->mailbox;
	struct fault why = { 0 };

	*secret = BUF(SECRET_OCTETS + 1);
	if (mailbox->secret_source == SECRET_NONE)
		return true;
	if (mailbox->secret_source == SECRET_OAUTH) {
		if (token_get(NULL, &settings->oauth, secret, fault))
			return true;
		secret_wipe(secret);
		return false;
	}
	if (secret_read(helper, mailbox, secret, &why) && line_check(secret, &why))
		return true;
	secret_wipe(secret);
	return fault_set(fault, why.kind == FAULT_NONE ? FAULT_LATER : why.kind, "%s: %s: %s", mailbox->name,
		source_name(settings), why.kind == FAULT_NONE ? "too long" : why.text);
}
