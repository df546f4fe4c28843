#include "parse/limits.h"

#include <stddef.h>
#include <string.h>

const struct limit_row limit_rows[] = {
#define X(name, value, unit, sentence) { #name, unit, sentence, value },
	LIMITS(X)
#undef X
	{ NULL, NULL, NULL, 0 },
};

void limits_default(struct limits *limits)
{
#define X(name, value, unit, sentence) limits->name = value;
	LIMITS(X)
#undef X
}

uint64_t *limits_member(struct limits *limits, const char *name)
{
#define X(member, value, unit, sentence)                                                                               \
	if (strcmp(name, #member) == 0)                                                                                \
		return &limits->member;
	LIMITS(X)
#undef X
	return NULL;
}
