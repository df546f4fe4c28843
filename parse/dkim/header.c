#include "parse/dkim/header.h"

#include <stdlib.h>
#include <strings.h>

static bool octet_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* The line starting at `at` with its continuation lines; the span ends before the last CRLF. *next: where the next
 * begins. */
static struct span field_cut(struct span block, size_t at, size_t *next)
{
	size_t end = at;

	for (;;) {
		const char *lf = end < block.n ? memchr(block.p + end, '\n', block.n - end) : NULL;

		end = lf ? (size_t)(lf - block.p) + 1 : block.n;
		if (!lf || end == block.n || !octet_is_wsp(block.p[end]))
			break;
	}
	*next = end;
	while (end > at && (block.p[end - 1] == '\n'))
		end -= end - at > 1 && block.p[end - 2] == '\r' ? 2 : 1;
	return (struct span){ block.p + at, end - at };
}

/* A name is printable ASCII without colon (RFC 5322 2.2); white space may stand between it and the colon. */
static bool field_parse(struct span raw, struct header_field *field)
{
	const char *colon = raw.n ? memchr(raw.p, ':', raw.n) : NULL;
	size_t n = colon ? (size_t)(colon - raw.p) : 0;

	field->raw = raw;
	field->value = colon ? (struct span){ colon + 1, raw.n - n - 1 } : SPAN_ABSENT;
	while (n && octet_is_wsp(raw.p[n - 1]))
		n--;
	field->name = (struct span){ raw.p, n };
	for (size_t i = 0; i < n; i++)
		if (raw.p[i] <= ' ' || raw.p[i] == 0x7f)
			return false;
	return n > 0;
}

static int name_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? strncasecmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int field_compare(const void *a, const void *b, void *arg)
{
	const struct header_field *fields = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = name_compare(fields[x].name, fields[y].name);

	return order ? order : (x > y) - (x < y);
}

static size_t lines_count(struct span block)
{
	const char *p = block.p, *end = block.p + block.n;
	size_t n = 1;

	for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}

bool header_split(struct span block, struct arena *arena, struct header *header)
{
	size_t room = lines_count(block), next;

	*header = (struct header){ 0 };
	room = room > HEADER_FIELDS_MAX ? HEADER_FIELDS_MAX : room;
	header->fields = arena_take(arena, room * sizeof *header->fields);
	header->sorted = arena_take(arena, room * sizeof *header->sorted);
	header->junk = arena_take(arena, room * sizeof *header->junk);
	if (!header->fields || !header->sorted || !header->junk)
		return false;
	for (size_t at = 0; at < block.n; at = next) {
		struct span raw = field_cut(block, at, &next);

		if (raw.n == 0)
			continue;
		if (header->n == room || header->junk_n == room) {
			header->too_many = true;
			break;
		}
		if (field_parse(raw, &header->fields[header->n])) {
			header->sorted[header->n] = header->n;
			header->n++;
		} else {
			header->junk[header->junk_n++] = raw;
		}
	}
	qsort_r(header->sorted, header->n, sizeof *header->sorted, field_compare, header->fields);
	return true;
}

/* The first position in `sorted` whose name is not before `name` (or, with `after`, is behind it). */
static size_t group_bound(const struct header *header, struct span name, bool after)
{
	size_t low = 0, high = header->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = name_compare(header->fields[header->sorted[middle]].name, name);

		if (order < 0 || (after && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t header_group(const struct header *header, struct span name, size_t *first)
{
	*first = group_bound(header, name, false);
	return group_bound(header, name, true) - *first;
}

size_t header_count(const struct header *header, const char *name)
{
	size_t first;

	return header_group(header, span_of(name), &first);
}

size_t *header_select(const struct header *header, const struct span *names, size_t n, size_t self, struct arena *arena)
{
	size_t *slots = arena_take(arena, n * sizeof *slots);
	size_t *used = arena_take(arena, header->n * sizeof *used); /* by group: instances used, counted at its first */

	if (!slots || !used)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t first, count = header_group(header, names[i], &first);

		slots[i] = HEADER_NO_FIELD;
		while (count && used[first] < count && slots[i] == HEADER_NO_FIELD) {
			size_t field = header->sorted[first + count - ++used[first]];

			if (field != self)
				slots[i] = field;
		}
	}
	return slots;
}
