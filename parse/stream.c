#include "parse/stream.h"
#include "base/shortage.h"

#include <errno.h>
#include <unistd.h>

static ssize_t peeked_read(struct stream *s, void *buffer, size_t room)
{
	struct peeked *p = (struct peeked *)s;
	size_t n = p->n - p->at;
	ssize_t got;

	if (n) {
		n = n < room ? n : room;
		memcpy(buffer, p->front + p->at, n);
		p->at += n;
		return (ssize_t)n;
	}
	got = p->from->read(p->from, buffer, room);
	if (got < 0)
		s->fault = p->from->fault;
	return got;
}

void peeked_init(struct peeked *p, struct stream *from)
{
	p->stream = (struct stream){ .read = peeked_read };
	p->from = from;
	p->at = p->n = 0;
	p->filled = false;
}

struct span peeked_look(struct peeked *p)
{
	while (!p->filled && p->n < PEEK_OCTETS) {
		ssize_t got = p->from->read(p->from, p->front + p->n, PEEK_OCTETS - p->n);

		if (got <= 0)
			break;
		p->n += (size_t)got;
	}
	p->filled = true;
	return (struct span){ p->front + p->at, p->n - p->at };
}

static ssize_t span_read(struct stream *s, void *buffer, size_t room)
{
	struct span_stream *m = (struct span_stream *)s;
	size_t n = m->rest.n < room ? m->rest.n : room;

	if (n)
		memcpy(buffer, m->rest.p, n);
	m->rest.p += n;
	m->rest.n -= n;
	return (ssize_t)n;
}

void span_stream_init(struct span_stream *s, struct span octets)
{
	*s = (struct span_stream){ { .read = span_read }, octets };
}

static ssize_t file_read(struct stream *s, void *buffer, size_t room)
{
	struct file_stream *f = (struct file_stream *)s;
	uint64_t left = f->end - f->at;
	ssize_t got;

	if (left == 0)
		return 0;
	do
		got = pread(f->fd, buffer, room < left ? room : (size_t)left, (off_t)f->at);
	while (got < 0 && errno == EINTR);
	if (got <= 0) {
		s->fault = got < 0 ? "the input cannot be read" : "the input became shorter while it was read";
		shortage_note(s->fault);
		return -1;
	}
	f->at += (uint64_t)got;
	return got;
}

void file_stream_init(struct file_stream *s, int fd, uint64_t offset, uint64_t length)
{
	*s = (struct file_stream){ { .read = file_read }, fd, offset, offset + length };
}

bool stream_slurp(struct stream *s, struct buf *into)
{
	for (;;) {
		ssize_t got;

		if (!buf_reserve(into, 32768))
			return false;
		got = s->read(s, into->p + into->n, 32768);
		if (got <= 0)
			return got == 0;
		buf_grew(into, (size_t)got);
	}
}
