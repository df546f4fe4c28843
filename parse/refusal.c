#include "parse/refusal.h"

#include "base/buf.h"
#include "parse/stream.h"
#include "parse/wire.h"
#include "parse/worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void refusal_of_death(const struct limits *limits, int status, char *text, size_t room)
{
	const char *name = WIFSIGNALED(status) ? sigdescr_np(WTERMSIG(status)) : NULL;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		snprintf(text, room, "parser took longer than %llu s", (unsigned long long)limits->seconds);
	else if (WIFSIGNALED(status))
		snprintf(text, room, "parser died: signal %d (%s)", WTERMSIG(status), name ? name : "unknown");
	else if (WEXITSTATUS(status) == WORKER_EXIT_MEMORY)
		snprintf(text, room, "parser died: out of memory ceiling");
	else
		snprintf(text, room, "parser died: exit %d", WEXITSTATUS(status));
}

/* 1: kept, or too long for that; 0: it cannot be had; -1: the feedback took no more. Nothing is looked for in it here. */
static int range_keep(struct feedback *feedback, unsigned part, int fd, const struct parse_range *range)
{
	struct octets octets = { .kind = OCTETS_MESSAGE, .part = part };
	struct buf chunk = BUF(OCTETS_CHUNK + 1);
	struct file_stream file;
	uint64_t left = range->length;
	int kept = buf_reserve(&chunk, OCTETS_CHUNK) ? 1 : -1;

	file_stream_init(&file, fd, range->offset, range->length);
	while (left && kept > 0) {
		size_t wanted = left < OCTETS_CHUNK ? (size_t)left : OCTETS_CHUNK;
		ssize_t got = 1;

		for (chunk.n = 0; got > 0 && chunk.n < wanted; chunk.n += got > 0 ? (size_t)got : 0)
			got = file.stream.read(&file.stream, chunk.p + chunk.n, wanted - chunk.n);
		octets.data = (struct span){ chunk.p, chunk.n };
		if (chunk.n < wanted)
			kept = 0;
		else if (!feedback_put_octets(feedback, &octets))
			kept = -1;
		octets.chunk++;
		left -= wanted;
	}
	buf_release(&chunk);
	return kept;
}

static int input_keep(struct feedback *feedback, const struct limits *limits, const struct parse_input *input)
{
	unsigned part = 0;
	int kept = 1;

	for (size_t i = 0; i < input->n && kept > 0; i++)
		if (input->ranges[i].kind == RANGE_INPUT && input->ranges[i].length && input->ranges[i].length <= limits->mail)
			kept = range_keep(feedback, part++, input->fd, &input->ranges[i]);
	return kept;
}

bool refusal_write(
	struct feedback *feedback, const struct limits *limits, const struct parse_input *input, const char *why)
{
	struct problem problem = { SPAN("mail"), wire_text(why) };
	struct fault fault = { .kind = FAULT_NONE };

	feedback_clear(feedback);
	if (feedback_put_problem(feedback, &problem) && input_keep(feedback, limits, input) == 1 &&
		feedback_put_end(feedback, OUTCOME_BROKEN, NULL))
		return true;
	feedback_fault(feedback, &fault);
	return fault.kind != FAULT_LATER && feedback_refuse(feedback, OUTCOME_BROKEN, "mail", why);
}
