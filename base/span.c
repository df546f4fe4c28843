#include "base/span.h"

#include <strings.h>

bool span_is_nocase(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool span_starts_nocase(struct span text, struct span prefix)
{
	return text.n >= prefix.n && span_is_nocase((struct span){ text.p, prefix.n }, prefix);
}

bool span_ends_nocase(struct span text, struct span suffix)
{
	return text.n >= suffix.n && span_is_nocase((struct span){ text.p + (text.n - suffix.n), suffix.n }, suffix);
}

long span_find_nocase(struct span text, struct span wanted)
{
	for (size_t i = 0; i + wanted.n <= text.n; i++)
		if (span_is_nocase((struct span){ text.p + i, wanted.n }, wanted))
			return (long)i;
	return -1;
}

static bool octet_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span span_trim(struct span text)
{
	while (text.n && octet_is_blank(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n && octet_is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

bool span_take(struct span *list, char separator, struct span *part)
{
	const char *end;
	size_t n;

	if (!list->n)
		return false;
	end = memchr(list->p, separator, list->n);
	n = end ? (size_t)(end - list->p) : list->n;
	*part = span_trim((struct span){ list->p, n });
	list->p += n + (end != NULL);
	list->n -= n + (end != NULL);
	return true;
}

bool span_number(struct span text, unsigned long long max, unsigned long long *number)
{
	unsigned long long value = 0;

	if (text.n == 0)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';

		if (digit > 9 || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return value <= max;
}

int span_compare(struct span a, struct span b)
{
	size_t shared = a.n < b.n ? a.n : b.n;
	int order = shared ? memcmp(a.p, b.p, shared) : 0;

	if (order)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}
