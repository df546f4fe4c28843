/* A borrowed run of octets. It never owns, never ends in NUL by promise, and may hold any octet.
 * p == NULL means "absent"; p != NULL with n == 0 means "present but empty". */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })
#define SPAN_ABSENT ((struct span){ NULL, 0 })

static inline struct span span_of(const char *text)
{
	return (struct span){ text, text ? strlen(text) : 0 };
}

static inline bool span_is(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII letters compare without case; all other octets as they stand. */
bool span_is_nocase(struct span a, struct span b);
bool span_starts_nocase(struct span text, struct span prefix);
bool span_ends_nocase(struct span text, struct span suffix);

/* Position of the first occurrence without case, or -1. */
long span_find_nocase(struct span text, struct span wanted);

/* Without white space (space, tab, CR, LF, VT, FF) at both ends. Absent stays absent. */
struct span span_trim(struct span text);

/* Takes the next part of a list off its front, trimmed, possibly empty; false at the end. A separator at the very end
 * begins no part. */
bool span_take(struct span *list, char separator, struct span *part);

/* Decimal digits only, at most `max`. Returns false when empty, foreign or too large. */
bool span_number(struct span text, unsigned long long max, unsigned long long *number);

/* Total order by octets, then length: negative, 0, positive. */
int span_compare(struct span a, struct span b);

/* Was `text` meant to be `word`? At most two letters are missing, too many, wrong or in another order; one of a short word.
 * Capitals are letters like any other's. A word is not its own misspelling. */
bool span_is_misspelt(struct span text, struct span word);

#endif
