#include "parse/reading.h"
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>

void reading_pass_begin(struct reading *r)
{
	r->budget = (struct container_budget){ .limits = r->limits };
	r->documents = 0;
	r->parts = 0;
	r->wants_second_pass = false;
	r->sums = (struct reading_sums){ 0 };
	r->kept = 0;
	r->place.n = 0;
	arena_clear(&r->parser->arena);
}

bool reading_put(struct reading *r, bool put)
{
	if (!put && !r->full) {
		r->full = true;
		fault_set(&r->fault, FAULT_INPUT, "says more than the ceiling `feedback` allows, or there is no room for it");
	}
	return put;
}

static void problem_put(struct reading *r, const char *where, const char *what)
{
	struct buf place = BUF(4096);
	struct problem problem;

	if (++r->sums.problems > r->limits->problems)
		return;
	buf_put_span(&place, buf_span(&r->place));
	if (place.n && *where)
		buf_put_text(&place, ": ");
	buf_put_text(&place, where);
	problem.where = reading_utf8(r, buf_span(&place));
	problem.what = reading_utf8(r, span_of(what));
	reading_put(r, feedback_put_problem(r->feedback, &problem));
	buf_release(&place);
}

void reading_problem(struct reading *r, const char *where, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	problem_put(r, where, what);
}

void reading_broken(struct reading *r, const char *where, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	snprintf(r->last_broken, sizeof r->last_broken, "%.255s", what);
	r->sums.broken++;
	problem_put(r, where, what);
}

size_t reading_enter(struct reading *r, struct span name)
{
	size_t mark = r->place.n;

	if (mark)
		buf_put_byte(&r->place, '/');
	buf_put(&r->place, name.p, name.n < 200 ? name.n : 200);
	r->place.failed = false;
	return mark;
}

void reading_leave(struct reading *r, size_t mark)
{
	r->place.n = mark;
	if (r->place.p)
		r->place.p[mark] = '\0';
}

struct span reading_utf8(struct reading *r, struct span text)
{
	struct buf mended = BUF(4 * r->limits->header + 64);
	struct span copy;

	if (!text.p || utf8_valid(text))
		return arena_copy(&r->parser->arena, text);
	while (text.n) {
		uint32_t code = 0;
		size_t n = utf8_next(text, &code);

		utf8_put(&mended, n ? code : windows_1252_code((unsigned char)text.p[0]));
		n = n ? n : 1;
		text.p += n;
		text.n -= n;
	}
	copy = arena_copy(&r->parser->arena, buf_span(&mended));
	buf_release(&mended);
	return copy;
}

#define DIGITS 32 /* of one number; 2^64 has 20 */

/* Digits with at most one point among them; *point counts those before it. */
static bool take_digits(struct span *text, char digits[DIGITS], size_t *n, size_t *point)
{
	bool seen = false;

	for (*n = *point = 0; text->n; text->p++, text->n--) {
		if (text->p[0] == '.' && !seen)
			seen = true;
		else if (text->p[0] < '0' || text->p[0] > '9')
			break;
		else if (*n == DIGITS)
			return false;
		else
			digits[(*n)++] = text->p[0];
		*point += !seen && *n > *point;
	}
	return *n > 0 && *point > 0;
}

bool reading_number(struct span text, uint64_t max, uint64_t *number, bool *whole)
{
	unsigned long long exponent = 0;
	char digits[DIGITS];
	size_t n, point;
	uint64_t value = 0;

	if (text.n && text.p[0] == '+')
		text = (struct span){ text.p + 1, text.n - 1 };
	if (!take_digits(&text, digits, &n, &point))
		return false;
	if (text.n && (text.p[0] == 'e' || text.p[0] == 'E')) {
		text = (struct span){ text.p + 1, text.n - 1 };
		if (text.n && text.p[0] == '+')
			text = (struct span){ text.p + 1, text.n - 1 };
		if (!span_number(text, DIGITS, &exponent))
			return false;
		text.n = 0;
	}
	if (text.n)
		return false;
	point += (size_t)exponent;
	for (size_t i = 0; i < point; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, i < n ? (uint64_t)(digits[i] - '0') : 0, &value))
			return false;
	*whole = true;
	for (size_t i = point; i < n; i++)
		*whole &= digits[i] == '0';
	*number = value;
	return value <= max;
}

struct stream *reading_octets(const struct reading *r, struct either_stream *s, int fd, uint64_t offset, uint64_t length)
{
	if (offset >= r->whole_at && r->whole.p && offset - r->whole_at <= r->whole.n &&
		length <= r->whole.n - (offset - r->whole_at)) {
		span_stream_init(&s->memory, (struct span){ r->whole.p + (offset - r->whole_at), (size_t)length });
		return s->stream = &s->memory.stream;
	}
	file_stream_init(&s->file, fd, offset, length);
	return s->stream = &s->file.stream;
}

bool reading_keep(struct reading *r, enum octets_kind kind, struct stream *s)
{
	static const size_t room = OCTETS_CHUNK;
	struct octets octets = { .kind = kind, .part = r->kept };
	struct buf chunk = BUF(OCTETS_CHUNK);
	ssize_t got = 1;

	while (got > 0 && !r->full) {
		chunk.n = 0;
		while (chunk.n + 3 <= room && buf_reserve(&chunk, room - chunk.n < 32768 ? room - chunk.n : 32768) &&
			(got = s->read(s, chunk.p + chunk.n, room - chunk.n < 32768 ? room - chunk.n : 32768)) > 0)
			buf_grew(&chunk, (size_t)got);
		if (chunk.n == 0)
			break;
		octets.data = (struct span){ chunk.p, chunk.n };
		reading_put(r, feedback_put_octets(r->feedback, &octets));
		octets.chunk++;
	}
	buf_release(&chunk);
	r->kept += octets.chunk > 0;
	return got == 0;
}
