/* A growing buffer that is given its maximum at birth: no unbounded buffer can exist.
 * A write that would pass the maximum, or that finds no memory, sets `failed` and changes nothing; every later write
 * is then a no-op, so a caller may write many times and ask once. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/span.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *p; /* owned; always NUL-terminated when not NULL, the NUL is not counted */
	size_t n;
	size_t room;
	size_t max;
	bool failed;
};

#define BUF(maximum) ((struct buf){ .max = (maximum) })

void buf_release(struct buf *b);      /* frees, keeps the maximum; a released buffer may be used again */
bool buf_reserve(struct buf *b, size_t more);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_drop_front(struct buf *b, size_t n);
/* So many octets were written behind its end, where buf_reserve has made room for them. */
static inline void buf_grew(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

/* Empties, keeps the memory, forgets `failed`. */
static inline void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

/* Pieces are small and there are many of them: what finds room in a buffer is written without a call. */
static inline bool buf_put(struct buf *b, const void *octets, size_t n)
{
	if ((b->failed || n >= b->room - b->n || b->n + n > b->max) && !buf_reserve(b, n))
		return false;
	if (n)
		memcpy(b->p + b->n, octets, n);
	b->n += n;
	b->p[b->n] = '\0';
	return true;
}

static inline bool buf_put_byte(struct buf *b, unsigned char octet)
{
	return buf_put(b, &octet, 1);
}

static inline bool buf_put_span(struct buf *b, struct span s)
{
	return buf_put(b, s.p, s.n);
}

static inline bool buf_put_text(struct buf *b, const char *text)
{
	return buf_put(b, text, strlen(text));
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->p ? b->p : "", b->n };
}

static inline const char *buf_text(const struct buf *b)
{
	return b->p ? b->p : "";
}

#endif
