#include "cli/secret.h"
#include "cli/config.h"
#include "cli/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool secret_file_check(int fd, struct fault *fault)
{
	struct stat st;
	mode_t open_to;

	if (fstat(fd, &st) != 0)
		return fault_set(fault, FAULT_SETUP, "cannot be looked at: %s", strerror(errno));
	open_to = st.st_mode & (S_IRWXG | S_IRWXO);
	if (st.st_uid == 0 && (st.st_gid == 0 || (geteuid() != 0 && st.st_gid == getegid())))
		open_to &= ~(mode_t)S_IRGRP;
	return open_to == 0 || fault_set(fault, FAULT_SETUP, "can be read by others (mode %04o): chmod 600",
				       (unsigned)(st.st_mode & 07777));
}

static bool file_read(const char *path, struct buf *text, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool good = fd >= 0 || fault_set(fault, FAULT_SETUP, "%.200s: %s", path, strerror(errno));
	struct fault why = { 0 };
	ssize_t n = 0;

	if (good && !secret_file_check(fd, &why))
		good = fault_set(fault, why.kind, "%.200s: %s", path, why.text);
	if (good && buf_reserve(text, SECRET_OCTETS))
		n = read(fd, text->p, SECRET_OCTETS);
	if (good && n < 0)
		good = fault_set(fault, FAULT_SETUP, "%.200s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	text->n = n > 0 ? (size_t)n : 0;
	return good;
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
	return file_read(path, text, fault);
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

bool secret_get(struct helper *helper, const struct mailbox_settings *settings, struct buf *secret, struct fault *fault)
{
	static const char *const names[] = { [SECRET_NONE] = "", [SECRET_FILE] = "password_file",
		[SECRET_COMMAND] = "password_command", [SECRET_CREDENTIAL] = "password_credential", [SECRET_ENVIRONMENT] = "password_env",
		[SECRET_INLINE] = "password" };
	const struct mailbox *mailbox = &settings->mailbox;
	struct fault why = { 0 };
	const char *value;
	bool good = true;

	*secret = BUF(SECRET_OCTETS + 1);
	switch (mailbox->secret_source) {
	case SECRET_NONE:
		return true;
	case SECRET_FILE:
		good = file_read(mailbox->secret, secret, &why);
		break;
	case SECRET_COMMAND:
		good = helper ? buf_reserve(secret, SECRET_OCTETS) &&
					helper_run(helper, mailbox->secret, secret, &why) :
				fault_set(&why, FAULT_BROKEN, "there is no helper process");
		break;
	case SECRET_CREDENTIAL:
		good = credential_read(mailbox->secret, secret, &why);
		break;
	case SECRET_ENVIRONMENT:
		value = getenv(mailbox->secret);
		good = value ? buf_put_text(secret, value) :
			       fault_set(&why, FAULT_SETUP, "the environment has no %.100s", mailbox->secret);
		break;
	case SECRET_INLINE:
		good = buf_put_text(secret, mailbox->secret);
		break;
	}
	if (good && line_check(secret, &why))
		return true;
	secret_wipe(secret);
	return fault_set(fault, why.kind == FAULT_NONE ? FAULT_LATER : why.kind, "%s: %s: %s", mailbox->name,
		names[mailbox->secret_source], why.kind == FAULT_NONE ? "too long" : why.text);
}

void secret_wipe(struct buf *secret)
{
	if (secret->p)
		explicit_bzero(secret->p, secret->room);
	buf_release(secret);
}
