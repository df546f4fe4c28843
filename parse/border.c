#include "parse/border.h"
#include "parse/wire_p.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define RANGE_LEAST 17 /* octets of one range on the wire */

/* ------------------------------------------------------------------ the question */

static bool label_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool question_allowed(struct span name)
{
	bool found = false;
	size_t start = 0;

	if (name.n == 0 || name.n > QUESTION_MAX)
		return false;
	for (size_t i = 0; i <= name.n; i++) {
		if (i < name.n && name.p[i] != '.') {
			if (!label_octet(name.p[i]))
				return false;
			continue;
		}
		if (i == start || i - start > 63)
			return false;
		if (start > 0 && i < name.n &&
			span_is_nocase((struct span){ name.p + start, i - start }, SPAN("_domainkey")))
			found = true;
		start = i + 1;
	}
	return found;
}

/* ------------------------------------------------------------------ the other frames */

bool wire_put_mail(struct buf *out, const struct parse_input *input)
{
	size_t start = frame_begin(out, FRAME_MAIL);

	put_u8(out, input->flags);
	put_i64(out, input->at);
	put_count(out, input->n);
	for (size_t i = 0; i < input->n; i++) {
		put_u8(out, input->ranges[i].kind);
		put_u64(out, input->ranges[i].offset);
		put_u64(out, input->ranges[i].length);
	}
	return frame_close(out, start);
}

bool wire_get_mail(struct span payload, struct parse_range *ranges, struct parse_input *input)
{
	struct get in = GET(payload);

	input->ranges = ranges;
	input->flags = get_below(&in, PARSE_FLAGS + 1);
	input->at = get_i64(&in);
	input->n = get_count(&in, RANGE_LEAST);
	if (input->n == 0 || input->n > PARSE_RANGES)
		return false;
	for (size_t i = 0; i < input->n; i++) {
		ranges[i].kind = get_below(&in, RANGE_KIND_COUNT);
		ranges[i].offset = get_u64(&in);
		ranges[i].length = get_u64(&in);
	}
	return get_done(&in);
}

bool wire_put_refused(struct buf *out, const char *what)
{
	size_t start = frame_begin(out, FRAME_REFUSED);

	put_span(out, wire_text(what));
	return frame_close(out, start);
}

bool wire_get_refused(struct span payload, struct span *what)
{
	struct get in = GET(payload);

	*what = get_text(&in);
	return get_done(&in) && what->p;
}

bool wire_put_question(struct buf *out, struct span name)
{
	size_t start = frame_begin(out, FRAME_QUESTION);

	put_octets(out, name.p, name.n);
	return frame_close(out, start);
}

bool wire_put_answer(struct buf *out, bool known, struct span answer)
{
	size_t start = frame_begin(out, FRAME_ANSWER);

	put_u8(out, known);
	put_octets(out, answer.p, answer.n);
	return frame_close(out, start);
}

bool wire_get_answer(struct span payload, bool *known, struct span *answer)
{
	struct get in = GET(payload);

	*known = get_bool(&in);
	*answer = (struct span){ (const char *)in.p, in.n };
	return !in.failed && in.n <= ANSWER_MAX;
}

/* ------------------------------------------------------------------ descriptors over sockets */

bool border_send(int socket, const void *octets, size_t n, int fd)
{
	struct iovec part = { (void *)(uintptr_t)octets, n };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		struct cmsghdr *rights;

		message.msg_control = control.room;
		message.msg_controllen = sizeof control.room;
		rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(rights), &fd, sizeof fd);
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n;
}

ssize_t border_receive(int socket, void *octets, size_t room, int flags, int *fd)
{
	struct iovec part = { octets, room };
	union {
		char room[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room
	};
	ssize_t got;

	*fd = -1;
	do
		got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	for (struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&message) : NULL; c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			if (*fd >= 0)
				close(*fd);
			memcpy(fd, CMSG_DATA(c) + at, sizeof *fd);
		}
	}
	return got;
}
