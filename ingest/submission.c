#include "ingest/submission.h"

#include "ingest/polling.h"
#include "ingest/smtp.h"

#include <stdlib.h>
#include <unistd.h>

#define EXIT_PROTOCOL 70

struct serving {
	struct mailbox server;
	char secret[POLLING_SECRET];
	size_t secret_n;
	struct span to[SUBMIT_RECIPIENTS], from;
	char addresses[FRAME_OCTETS];
	struct submit_answer answers[SUBMIT_RECIPIENTS];
	struct envelope envelope;
	struct frame *frame;
};

static struct serving serving; /* large; one process, one mail */

static void say(struct frame *frame)
{
	if (!frame_send(POLLING_SOCKET, frame))
		_exit(EXIT_PROTOCOL);
}

/* From here on the mail may have left, whatever becomes of this process. */
static void say_leaving(void *arg)
{
	frame_begin(arg, POLLING_LEAVING);
	say(arg);
}

/* The frame is used for answers; what came in it is kept. */
static struct span keep(struct serving *s, size_t *used, struct span text)
{
	struct span kept = { s->addresses + *used, text.n };

	if (!text.p || *used + text.n > sizeof s->addresses)
		_exit(EXIT_PROTOCOL);
	memcpy(s->addresses + *used, text.p, text.n);
	*used += text.n;
	return kept;
}

static void read_request(struct serving *s)
{
	struct frame *frame = s->frame;
	struct span secret;
	size_t used = 0, n;

	if (!polling_get_mailbox(frame, &s->server) || s->server.kind != MAILBOX_SMTP)
		_exit(EXIT_PROTOCOL);
	secret = frame_text(frame, sizeof s->secret);
	if (secret.p)
		memcpy(s->secret, secret.p, secret.n);
	s->secret_n = secret.n;
	s->from = keep(s, &used, frame_text(frame, 254));
	n = (size_t)frame_number(frame, SUBMIT_RECIPIENTS);
	for (size_t i = 0; i < n && !frame->failed; i++)
		s->to[i] = keep(s, &used, frame_text(frame, 254));
	if (!frame_done(frame) || n == 0)
		_exit(EXIT_PROTOCOL);
	s->envelope = (struct envelope){ s->from, s->to, n };
	explicit_bzero(frame->octets, frame->n);
}

static void say_end(struct serving *s, enum submit_end end, const struct fault *fault)
{
	frame_begin(s->frame, POLLING_SUBMITTED);
	frame_put_number(s->frame, end);
	for (size_t i = 0; i < s->envelope.to_n; i++) {
		frame_put_number(s->frame, s->answers[i].refused);
		frame_put_text(s->frame, span_of(s->answers[i].reason));
	}
	if (end != SUBMIT_SENT)
		polling_put_fault(s->frame, fault);
	say(s->frame);
}

void submission_serve(struct frame *frame, void (*lock)(void))
{
	struct serving *s = &serving;
	enum submit_end end = SUBMIT_NOT_SENT;
	struct fault fault = { FAULT_NONE };
	struct trust *trust;
	int fd = frame_take_fd(frame);

	s->frame = frame;
	read_request(s);
	trust = fd >= 0 ? trust_open(&s->server, &fault) : NULL;
	if (fd < 0)
		_exit(EXIT_PROTOCOL);
	lock();
	if (trust)
		end = smtp_submit(&s->server, trust, (struct span){ s->secret, s->secret_n }, &s->envelope, fd,
			s->answers, say_leaving, frame, &fault);
	explicit_bzero(s->secret, sizeof s->secret);
	say_end(s, end, &fault);
	_exit(0);
}
