#include "parse/border.h"

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
		if (start > 0 && i < name.n && span_is_nocase((struct span){ name.p + start, i - start }, SPAN("_domainkey")))
			found = true;
		start = i + 1;
	}
	return found;
}
