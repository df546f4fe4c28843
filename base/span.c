#include "base/span.h"

#include <strings.h>

#define MISSPELT_MOST 253 /* octets, as of a domain name */
#define MISSPELT_SHORT 6

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
		if ((wanted.n == 0 || (text.p[i] | 0x20) == (wanted.p[0] | 0x20)) &&
			span_is_nocase((struct span){ text.p + i, wanted.n }, wanted))
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

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Letters to change, add, take out or exchange with their neighbour (optimal string alignment). */
static unsigned distance(struct span a, struct span b)
{
	unsigned rows[3][MISSPELT_MOST + 1], *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t k = 0; k <= b.n; k++)
		last[k] = (unsigned)k;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned *next = before;

		now[0] = (unsigned)i;
		for (size_t k = 1; k <= b.n; k++) {
			bool same = lower(a.p[i - 1]) == lower(b.p[k - 1]);

			now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + !same);
			if (i > 1 && k > 1 && lower(a.p[i - 1]) == lower(b.p[k - 2]) && lower(a.p[i - 2]) == lower(b.p[k - 1]))
				now[k] = least(now[k], before[k - 2] + 1);
		}
		before = last;
		last = now;
		now = next;
	}
	return last[b.n];
}

bool span_is_misspelt(struct span text, struct span word)
{
	unsigned most = word.n < MISSPELT_SHORT ? 1 : 2, found;

	if (text.n > MISSPELT_MOST || word.n > MISSPELT_MOST || text.n > word.n + 2 || word.n > text.n + 2)
		return false;
	found = distance(text, word);
	return found > 0 && found <= most;
}
