#include "ingest/token.h"

#include "ingest/polling.h"
#include "ingest/program.h"
#include "ingest/refuse.h"
#include "ingest/tokenframe.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_SECONDS 90 /* of the process: another one's refresh, the server's address, one question */

struct asking {
	const char *name; /* of the mailbox */
	pid_t pid;
	int socket;
	struct frame frame;
};

static bool asking_lost(struct asking *asking, const char *why, struct fault *fault)
{
	int status;

	if (why)
		kill(asking->pid, SIGKILL);
	status = program_reap(&asking->pid);
	if (!why && WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_MISSING)
		return refuse(fault, FAULT_SETUP, asking->name, "dmarcgate-token cannot be run") == 0;
	if (!why && WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_OTHER)
		return refuse(fault, FAULT_SETUP, asking->name,
			       "the program was replaced by another version and must be started again") == 0;
	return refuse(fault, FAULT_LATER, asking->name, "no token: dmarcgate-token %s", why ? why : "died") == 0;
}

/* A frame of this type; a fault is handed on. */
static bool asking_hear(struct asking *asking, uint32_t type, uint64_t seconds, struct fault *fault)
{
	int got = frame_receive(asking->socket, &asking->frame, (int)seconds * 1000);
	struct fault said;

	if (got == 0)
		return asking_lost(asking, NULL, fault);
	if (got < 0)
		return asking_lost(asking, errno == ETIMEDOUT ? "does not answer" : "breaks the protocol", fault);
	if (asking->frame.fd >= 0) {
		close(frame_take_fd(&asking->frame));
		return asking_lost(asking, "breaks the protocol", fault);
	}
	if (asking->frame.type == type)
		return true;
	if (asking->frame.type != TOKEN_FAULT)
		return asking_lost(asking, "breaks the protocol", fault);
	polling_get_fault(&asking->frame, &said);
	return fault_set(fault, said.kind, "%.60s: %s", asking->name, said.text);
}

static struct asking *asking_start(const char *program, const struct oauth *oauth, uint32_t type, struct fault *fault)
{
	struct asking *asking = calloc(1, sizeof *asking);

	if (!asking) {
		fault_set(fault, FAULT_LATER, "out of memory");
		return NULL;
	}
	asking->name = oauth->name;
	asking->pid = program_start(program, "dmarcgate-token", &asking->socket, fault);
	if (asking->pid <= 0) {
		free(asking);
		return NULL;
	}
	frame_begin(&asking->frame, type);
	tokenframe_put_oauth(&asking->frame, oauth);
	frame_send(asking->socket, &asking->frame); /* whoever does not hear it does not answer */
	return asking;
}

static void asking_end(struct asking *asking)
{
	if (!asking)
		return;
	close(asking->socket);
	program_kill(&asking->pid);
	explicit_bzero(&asking->frame, sizeof asking->frame);
	free(asking);
}

bool token_get(const char *program, const struct oauth *oauth, struct buf *token, struct fault *fault)
{
	struct asking *asking = asking_start(program, oauth, TOKEN_GET, fault);
	bool good = asking && asking_hear(asking, TOKEN_IS, ANSWER_SECONDS, fault);

	if (good) {
		struct span text = frame_text(&asking->frame, OAUTH_TOKEN);

		if (!frame_done(&asking->frame) || !oauth_token_good(text))
			good = asking_lost(asking, "breaks the protocol", fault);
		/* No growing: a buffer that moves leaves the secret behind. */
		else if (!buf_reserve(token, OAUTH_TOKEN) || !buf_put_span(token, text))
			good = fault_set(fault, FAULT_LATER, "out of memory");
	}
	asking_end(asking);
	return good;
}

bool token_login(const char *program, const struct oauth *oauth, void (*show)(void *arg, const struct token_code *code),
	void *arg, struct fault *fault)
{
	struct asking *asking = asking_start(program, oauth, TOKEN_LOGIN, fault);
	bool good = asking && asking_hear(asking, TOKEN_CODE, ANSWER_SECONDS, fault);
	struct token_code *code = calloc(1, sizeof *code);

	if (good && !code)
		good = fault_set(fault, FAULT_LATER, "out of memory");
	if (good && !tokenframe_get_code(&asking->frame, code))
		good = asking_lost(asking, "breaks the protocol", fault);
	if (good) {
		show(arg, code);
		good = asking_hear(asking, TOKEN_STORED, code->seconds + ANSWER_SECONDS, fault);
	}
	asking_end(asking);
	free(code);
	return good;
}
