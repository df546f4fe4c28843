/* A dmarcgate-token that has been taken over: it does what the client is called. For tests/unit-token.c. */
#include "ingest/polling.h"
#include "ingest/program.h"
#include "ingest/tokenframe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct frame frame;

static void say(void)
{
	if (!frame_send(PROGRAM_SOCKET, &frame))
		_exit(1);
}

static void say_text(uint32_t type, const char *text, size_t n)
{
	frame_begin(&frame, type);
	frame_put_text(&frame, (struct span){ text, n });
	say();
}

static void say_code(const char *word, const char *page, uint64_t seconds)
{
	frame_begin(&frame, TOKEN_CODE);
	frame_put_text(&frame, span_of(word));
	frame_put_text(&frame, span_of(page));
	frame_put_text(&frame, SPAN_ABSENT);
	frame_put_number(&frame, seconds);
	say();
}

int main(void)
{
	static char many[OAUTH_TOKEN + 1];
	struct oauth oauth;
	const char *mode;

	if (frame_receive(PROGRAM_SOCKET, &frame, -1) != 1 || !tokenframe_get_oauth(&frame, &oauth))
		return 2;
	mode = oauth.client_id;
	memset(many, 'x', sizeof many);
	if (strcmp(mode, "honest") == 0)
		say_text(TOKEN_IS, "abc", 3);
	else if (strcmp(mode, "long") == 0)
		say_text(TOKEN_IS, many, sizeof many);
	else if (strcmp(mode, "empty") == 0)
		say_text(TOKEN_IS, "", 0);
	else if (strcmp(mode, "lines") == 0)
		say_text(TOKEN_IS, "a\r\nb", 4);
	else if (strcmp(mode, "code") == 0)
		say_code("W\x1b[2J", "https://example.org/\xff", 600);
	else if (strcmp(mode, "no code") == 0)
		say_code("", "", 600);
	else if (strcmp(mode, "for ever") == 0)
		say_code("W", "https://example.org/", UINT64_MAX);
	else if (strcmp(mode, "fault") == 0) {
		frame_begin(&frame, TOKEN_FAULT);
		polling_put_fault(&frame, &(struct fault){ FAULT_LATER, "a line\nand \x1b[31manother" });
		say();
	} else if (strcmp(mode, "descriptor") == 0) {
		frame_begin(&frame, TOKEN_IS);
		frame_put_text(&frame, SPAN("abc"));
		frame.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		say();
	} else if (strcmp(mode, "crash") == 0)
		raise(SIGABRT);
	if (strcmp(mode, "code") == 0)
		say_text(TOKEN_STORED, "", 0);
	oauth_release(&oauth);
	return 0;
}
