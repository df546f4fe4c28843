#include "parse/limits.h"

void limits_default(struct limits *limits)
{
#define X(name, value, unit, sentence) limits->name = value;
	LIMITS(X)
#undef X
}
