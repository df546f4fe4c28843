#include "base/buf.h"
#include "base/shortage.h"

#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *b)
{
	free(b->p);
	*b = BUF(b->max);
}

bool buf_reserve(struct buf *b, size_t more)
{
	size_t room;
	char *p;

	if (b->failed || more > b->max || b->n > b->max - more) {
		b->failed = true;
		return false;
	}
	if (b->p && b->n + more < b->room)
		return true;
	room = b->room ? b->room : 64;
	while (room < b->n + more + 1)
		room *= 2;
	p = shortage_noted(realloc(b->p, room));
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->room = room;
	b->p[b->n] = '\0';
	return true;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !buf_reserve(b, (size_t)n))
		return false;
	va_start(args, format);
	vsnprintf(b->p + b->n, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
	return true;
}

void buf_drop_front(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
	b->p[b->n] = '\0';
}
