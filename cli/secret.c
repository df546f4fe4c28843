#include "cli/secret.h"
#include "cli/config.h"
#include "cli/helper.h"
#include "ingest/token.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

bool secret_learn(struct helper *helper, const struct config *config, struct fault *fault)
{
	for (size_t i = 0; helper && i < config->mailboxes_n; i++) {
		const struct mailbox *mailbox = &config->mailboxes[i].mailbox;

		if (mailbox->secret_source == SECRET_COMMAND && !helper_learn(helper, mailbox->secret, fault))
			return false;
	}
	return true;
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

/* Neither a core nor a debugger is to find it; the checkers of the sanitizers must look into themselves. */
static void memory_hide(void)
{
#ifndef WITH_SANITIZERS
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static bool environment_read(const char *name, struct buf *secret, struct fault *fault)
{
	const char *value = getenv(name);

	return value ? buf_put_text(secret, value)
		     : fault_set(fault, FAULT_SETUP, "the environment has no %.100s", name);
}

bool secret_get(struct helper *helper, const struct mailbox_settings *settings, struct buf *secret, struct fault *fault)
{
	static const char *const names[] = { [SECRET_NONE] = "",
		[SECRET_FILE] = "password_file",
		[SECRET_COMMAND] = "password_command",
		[SECRET_ENVIRONMENT] = "password_env",
		[SECRET_INLINE] = "password" };
	const struct mailbox *mailbox = &settings->mailbox;
	const char *name = mailbox->secret_source == SECRET_COMMAND && *settings->token_command
				   ? "token_command"
				   : names[mailbox->secret_source];
	struct fault why = { 0 };
	bool good = true;

	memory_hide();
	*secret = BUF(SECRET_OCTETS + 1);
	switch (mailbox->secret_source) {
	case SECRET_NONE:
		return true;
	case SECRET_OAUTH:
		if (token_get(NULL, &settings->oauth, secret, fault))
			return true;
		secret_wipe(secret);
		return false;
	case SECRET_FILE:
		good = buf_reserve(secret, SECRET_OCTETS) && secretfile_read(mailbox->secret, secret, &why);
		break;
	case SECRET_COMMAND:
		good = helper ? buf_reserve(secret, SECRET_OCTETS) &&
					helper_run(helper, mailbox->secret, secret, &why)
			      : fault_set(&why, FAULT_BROKEN, "there is no helper process");
		break;
	case SECRET_ENVIRONMENT:
		good = environment_read(mailbox->secret, secret, &why);
		break;
	case SECRET_INLINE:
		good = buf_put_text(secret, mailbox->secret);
		break;
	}
	if (good && line_check(secret, &why))
		return true;
	secret_wipe(secret);
	return fault_set(fault, why.kind == FAULT_NONE ? FAULT_LATER : why.kind, "%s: %s: %s", mailbox->name, name,
		why.kind == FAULT_NONE ? "too long" : why.text);
}
