#include "ingest/submit.h"

#include "base/escape.h"
#include "ingest/poller.h"
#include "ingest/polling.h"
#include "ingest/refuse.h"

#include <stdio.h>
#include <stdlib.h>

#define GRACE 30 /* seconds that the process may be late beyond the deadline that it watches itself */

static bool request_send(int socket, struct frame *frame, const struct mailbox *server, struct span secret,
	const struct envelope *envelope, int fd)
{
	frame_begin(frame, POLLING_SUBMIT);
	polling_put_mailbox(frame, server);
	frame_put_text(frame, secret);
	frame_put_text(frame, envelope->from);
	frame_put_number(frame, envelope->to_n);
	for (size_t i = 0; i < envelope->to_n; i++)
		frame_put_text(frame, envelope->to[i]);
	frame->fd = fd;
	return frame_send(socket, frame);
}

static bool answers_read(struct frame *frame, size_t n, enum submit_end *end, struct submit_answer *answers,
	struct fault *fault)
{
	*end = (enum submit_end)frame_number(frame, SUBMIT_UNKNOWN);
	for (size_t i = 0; i < n; i++) {
		struct buf shown = BUF(8 * (SUBMIT_REASON + 1));
		struct span reason;

		answers[i].refused = frame_number(frame, 1) != 0;
		reason = frame_text(frame, SUBMIT_REASON);
		escape_terminal(&shown, reason.p ? reason : SPAN(""));
		snprintf(answers[i].reason, sizeof answers[i].reason, "%s", buf_text(&shown));
		buf_release(&shown);
	}
	if (*end != SUBMIT_SENT)
		polling_get_fault(frame, fault);
	return frame_done(frame);
}

static enum submit_end answer_wait(
	int socket, struct frame *frame, const struct mailbox *server, size_t n, struct submit_answer *answers,
	struct fault *fault)
{
	int milliseconds = (int)(server->deadline + GRACE) * 1000;
	enum submit_end end = SUBMIT_NOT_SENT;
	bool leaving = false;

	while (frame_receive(socket, frame, milliseconds) == 1) {
		if (frame->type == POLLING_LEAVING && !leaving) {
			leaving = true;
			continue;
		}
		if (frame->type == POLLING_SUBMITTED && answers_read(frame, n, &end, answers, fault))
			return end;
		refuse(fault, FAULT_BROKEN, server->host, "dmarcgate-poller says something that is no answer");
		return leaving ? SUBMIT_UNKNOWN : SUBMIT_NOT_SENT;
	}
	refuse(fault, FAULT_LATER, server->host, "dmarcgate-poller ended without an answer");
	return leaving ? SUBMIT_UNKNOWN : SUBMIT_NOT_SENT;
}

enum submit_end submit_mail(const char *program, const struct mailbox *server, struct span secret,
	const struct envelope *envelope, int fd, struct submit_answer *answers, struct fault *fault)
{
	struct poller *poller = NULL;
	struct frame *frame = calloc(1, sizeof *frame);
	enum submit_end end = SUBMIT_NOT_SENT;

	memset(answers, 0, envelope->to_n * sizeof *answers);
	if (!frame)
		fault_set(fault, FAULT_LATER, "out of memory");
	else
		poller = poller_start(program, fault);
	if (poller && request_send(poller_descriptor(poller), frame, server, secret, envelope, fd))
		end = answer_wait(poller_descriptor(poller), frame, server, envelope->to_n, answers, fault);
	else if (poller)
		refuse(fault, FAULT_LATER, server->host, "dmarcgate-poller cannot be asked");
	poller_stop(poller);
	if (frame)
		explicit_bzero(frame, sizeof *frame);
	free(frame);
	return end;
}
