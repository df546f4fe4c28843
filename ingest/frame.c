#include "ingest/frame.h"

#include "base/steady.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define ABSENT UINT32_MAX
#define DESCRIPTORS 4 /* room, so that a surplus is seen and closed */

void frame_begin(struct frame *frame, uint32_t type)
{
	frame->type = type;
	frame->failed = false;
	frame->fd = -1;
	frame->n = frame->at = 0;
}

static void frame_put(struct frame *frame, const void *octets, size_t n)
{
	if (frame->failed || n > sizeof frame->octets - frame->n) {
		frame->failed = true;
		return;
	}
	memcpy(frame->octets + frame->n, octets, n);
	frame->n += n;
}

void frame_put_number(struct frame *frame, uint64_t number)
{
	frame_put(frame, &number, sizeof number);
}

void frame_put_text(struct frame *frame, struct span text)
{
	uint32_t n = text.p ? (uint32_t)text.n : ABSENT;

	if (text.p && text.n >= FRAME_OCTETS) {
		frame->failed = true;
		return;
	}
	frame_put(frame, &n, sizeof n);
	if (text.p) {
		frame_put(frame, text.p, text.n);
		frame_put(frame, "", 1);
	}
}

static bool frame_get(struct frame *frame, void *octets, size_t n)
{
	if (frame->failed || n > frame->n - frame->at) {
		frame->failed = true;
		return false;
	}
	memcpy(octets, frame->octets + frame->at, n);
	frame->at += n;
	return true;
}

uint64_t frame_number(struct frame *frame, uint64_t most)
{
	uint64_t number = 0;

	if (frame_get(frame, &number, sizeof number) && number > most)
		frame->failed = true;
	return frame->failed ? 0 : number;
}

struct span frame_text(struct frame *frame, size_t most)
{
	uint32_t n = 0;
	struct span text;

	if (!frame_get(frame, &n, sizeof n) || n == ABSENT)
		return SPAN_ABSENT;
	text = (struct span){ frame->octets + frame->at, n };
	if (n > most || (size_t)n + 1 > frame->n - frame->at || memchr(text.p, 0, (size_t)n + 1) != text.p + n) {
		frame->failed = true;
		return SPAN_ABSENT;
	}
	frame->at += (size_t)n + 1;
	return text;
}

bool frame_done(struct frame *frame)
{
	return !frame->failed && frame->at == frame->n;
}

int frame_take_fd(struct frame *frame)
{
	int fd = frame->fd;

	frame->fd = -1;
	return fd;
}

#define CROWDED_MS 10

bool frame_send(int socket, const struct frame *frame)
{
	uint32_t type = frame->type;
	struct iovec parts[2] = { { &type, sizeof type }, { (char *)(uintptr_t)frame->octets, frame->n } };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { { 0 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	bool crowded;
	ssize_t sent;

	if (frame->failed) {
		errno = EMSGSIZE;
		return false;
	}
	if (frame->fd >= 0) {
		message.msg_control = control.room;
		message.msg_controllen = sizeof control.room;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &frame->fd, sizeof(int));
	}
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == ETOOMANYREFS) /* so many descriptors are on their way to other processes */
			crowded = poll(NULL, 0, CROWDED_MS) == 0;
		else
			crowded = false;
	} while (sent < 0 && (crowded || errno == EINTR));
	return sent == (ssize_t)(sizeof type + frame->n);
}

static int wait_readable(int socket, int milliseconds)
{
	int64_t end = steady_ms() + milliseconds;

	for (int left = milliseconds;;) {
		struct pollfd watched = { .fd = socket, .events = POLLIN };
		int ready = poll(&watched, 1, left);

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready == 0 && milliseconds >= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (milliseconds >= 0) {
			left = (int)(end - steady_ms());
			if (left < 0)
				left = 0;
		}
	}
}

/* The one descriptor that came, or -1; false when there were more than one or the list was cut. */
static bool take_descriptors(struct msghdr *message, int *fd)
{
	int n = 0;

	*fd = -1;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= header->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
			int one;

			memcpy(&one, CMSG_DATA(header) + at, sizeof one);
			if (n++ == 0)
				*fd = one;
			else
				close(one);
		}
	}
	if (n <= 1 && !(message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return true;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return false;
}

int frame_receive(int socket, struct frame *frame, int milliseconds)
{
	uint32_t type = 0;
	struct iovec parts[2] = { { &type, sizeof type }, { frame->octets, sizeof frame->octets } };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = 2, .msg_control = control.room, .msg_controllen = sizeof control.room
	};
	ssize_t got;

	frame_begin(frame, 0);
	if (wait_readable(socket, milliseconds) != 0)
		return -1;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -1;
	if (got == 0)
		return 0;
	if (!take_descriptors(&message, &frame->fd) || got < (ssize_t)sizeof type) {
		if (frame->fd >= 0)
			close(frame_take_fd(frame));
		errno = EPROTO;
		return -1;
	}
	frame->type = type;
	frame->n = (size_t)got - sizeof type;
	return 1;
}
