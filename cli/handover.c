#include "cli/handover.h"

#include "cli/cli.h"
#include "cli/helper.h"
#include "cli/secret.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* The mail in a descriptor of its own, at its beginning; -1: fault. */
static int octets_file(struct span octets, struct fault *fault)
{
	int fd = memfd_create("digest", MFD_CLOEXEC);
	size_t written = 0;

	while (fd >= 0 && written < octets.n) {
		ssize_t n = write(fd, octets.p + written, octets.n - written);

		if (n <= 0) {
			close(fd);
			fd = -1;
		} else {
			written += (size_t)n;
		}
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0) {
		fault_set(fault, FAULT_LATER, "the mail cannot be kept: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static enum submit_end give_command(const struct cli *cli, int fd, struct fault *fault)
{
	const char *command = *cli->config.digest.sendmail ? cli->config.digest.sendmail : DIGEST_SENDMAIL;
	struct buf output = BUF(HELPER_OCTETS);
	struct fault why = { 0 };
	bool ended, good = helper_feed(cli->helper, command, fd, &output, &ended, &why);

	buf_release(&output);
	if (good)
		return SUBMIT_SENT;
	fault_set(fault, why.kind, "[digest] sendmail: %.200s: %s", command, why.text);
	return ended ? SUBMIT_NOT_SENT : SUBMIT_UNKNOWN;
}

static enum submit_end give_server(const struct cli *cli, const struct envelope *envelope, int fd, size_t *refused,
	struct fault *fault)
{
	const struct mailbox_settings *settings = &cli->config.digest.server;
	struct submit_answer answers[SUBMIT_RECIPIENTS];
	struct fault why = { 0 };
	enum submit_end end;
	struct buf secret;

	if (!secret_get(cli->helper, settings, &secret, fault))
		return SUBMIT_NOT_SENT;
	end = submit_mail(NULL, &settings->mailbox, secret.n ? buf_span(&secret) : SPAN_ABSENT, envelope, fd, answers, &why);
	secret_wipe(&secret);
	for (size_t i = 0; i < envelope->to_n; i++) {
		if (!answers[i].refused)
			continue;
		++*refused;
		cli_say(cli, "%.*s: refused by %s: %s", (int)envelope->to[i].n, envelope->to[i].p, settings->mailbox.host,
			answers[i].reason);
	}
	if (end != SUBMIT_SENT)
		fault_set(fault, why.kind, "[digest] server: %s", why.text);
	return end;
}

enum submit_end handover(const struct cli *cli, const struct envelope *envelope, struct span octets, size_t *refused,
	struct fault *fault)
{
	int fd = octets_file(octets, fault);
	enum submit_end end = SUBMIT_NOT_SENT;

	*refused = 0;
	if (fd < 0)
		return end;
	if (*cli->config.digest.server.url)
		end = give_server(cli, envelope, fd, refused, fault);
	else
		end = give_command(cli, fd, fault);
	close(fd);
	return end;
}
