/* dmarcgate-token: the process of token.h. It is told through a socket which token is wanted, reads the client's
 * secret, locks itself, and answers once. It prints nothing. */
#include "base/escape.h"
#include "base/sandbox.h"
#include "base/shortage.h"
#include "ingest/grant.h"
#include "ingest/polling.h"
#include "ingest/program.h"
#include "ingest/secretfile.h"
#include "ingest/tokenfile.h"
#include "ingest/tokenframe.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY (UINT64_C(1) << 30) /* of address space */
#define SECRET_OCTETS 1024
#define EXIT_PROTOCOL 70

static struct frame frame; /* large */

static void say(void)
{
	if (!frame_send(PROGRAM_SOCKET, &frame))
		_exit(EXIT_PROTOCOL);
}

static void say_fault(const struct fault *fault)
{
	frame_begin(&frame, TOKEN_FAULT);
	polling_put_fault(&frame, fault);
	say();
}

static void code_copy(char *place, size_t room, const char *text)
{
	struct buf shown = BUF(room - 1);

	escape_terminal(&shown, span_of(text));
	snprintf(place, room, "%s", buf_text(&shown));
	buf_release(&shown);
}

static bool show(void *arg, const struct tokenanswer *answer)
{
	struct token_code *code = shortage_noted(calloc(1, sizeof *code));

	(void)arg;
	if (!code)
		return false;
	code_copy(code->word, sizeof code->word, answer->user_code);
	code_copy(code->page, sizeof code->page, answer->verification_uri);
	code_copy(code->whole_page, sizeof code->whole_page, answer->verification_uri_complete);
	code->seconds = answer->expires_in;
	frame_begin(&frame, TOKEN_CODE);
	tokenframe_put_code(&frame, code);
	free(code);
	if (!shortage())
		say();
	return !shortage();
}

/* Nothing more is said by the supervisor: what becomes readable is its end. */
static bool wait_seconds(void *arg, unsigned seconds)
{
	struct pollfd watched = { .fd = PROGRAM_SOCKET, .events = POLLIN };
	int ready;

	(void)arg;
	do
		ready = poll(&watched, 1, (int)seconds * 1000);
	while (ready < 0 && errno == EINTR); /* stopped, and gone on with */
	return ready == 0;
}

/* A secret is one line; what stands around it is not part of it. */
static bool client_secret_read(struct grant *grant, struct fault *fault)
{
	struct buf text = BUF(SECRET_OCTETS);
	const char *path = grant->oauth->client_secret_file;
	struct span secret;
	bool good;

	if (!path)
		return true;
	good = secretfile_read(path, &text, fault);
	secret = span_trim(buf_span(&text));
	for (size_t i = 0; good && i < secret.n; i++)
		good = secret.p[i] >= ' ' && secret.p[i] <= '~';
	if ((!good || secret.n == 0) && fault->kind == FAULT_NONE)
		good = fault_set(fault, FAULT_SETUP, "%.300s: a secret is one line of visible ASCII", path);
	good = good && buf_reserve(&grant->client_secret, SECRET_OCTETS) && buf_put_span(&grant->client_secret, secret);
	secret_wipe(&text);
	return good;
}

/* From here on: the network, what finds and verifies a server, and the folder of the token file. */
static bool lock(const struct oauth *oauth, struct fault *fault)
{
	char *copy = strdup(oauth->token_file);

	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	sandbox_lock(SANDBOX_TOKEN, &(struct sandbox_ceilings){ .memory = MEMORY, .folder = dirname(copy) });
	free(copy);
	return true;
}

static bool serve(struct grant *grant, uint32_t type, struct fault *fault)
{
	static const struct grant_person person = { show, wait_seconds, NULL };
	struct buf access = BUF(2 * OAUTH_TOKEN);
	bool good = tokenfile_folder(grant->oauth->token_file, fault) && client_secret_read(grant, fault) &&
		    (grant->server = tokenserver_open(grant->oauth->tls_ca, fault)) && lock(grant->oauth, fault);

	if (good && type == TOKEN_LOGIN) {
		good = grant_login(grant, &person, fault);
		frame_begin(&frame, TOKEN_STORED);
	} else if (good) {
		good = grant_access(grant, &access, fault);
		frame_begin(&frame, TOKEN_IS);
		frame_put_text(&frame, buf_span(&access));
	}
	secret_wipe(&access);
	if (good)
		say();
	explicit_bzero(&frame, sizeof frame);
	tokenserver_close(grant->server);
	return good;
}

int main(int argc, char **argv)
{
	struct oauth oauth;
	struct grant grant = { .oauth = &oauth, .client_secret = BUF(2 * SECRET_OCTETS) };
	struct fault fault = { FAULT_NONE };
	uint32_t type;

	program_begin(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (frame_receive(PROGRAM_SOCKET, &frame, -1) != 1 || frame.fd >= 0)
		return EXIT_PROTOCOL;
	type = frame.type;
	if ((type != TOKEN_GET && type != TOKEN_LOGIN) || !tokenframe_get_oauth(&frame, &oauth))
		return EXIT_PROTOCOL;
	if (!serve(&grant, type, &fault)) {
		if (shortage()) /* whatever came of it */
			fault_set(&fault, FAULT_LATER, "%s", shortage());
		say_fault(&fault);
	}
	secret_wipe(&grant.client_secret);
	oauth_release(&oauth);
	_exit(0); /* the libraries' last acts would ask for more than the lock allows */
}
