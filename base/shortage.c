#include "base/shortage.h"

#include <stddef.h>

static const char *first;

void shortage_forget(void)
{
	first = NULL;
}

const char *shortage(void)
{
	return first;
}

void shortage_note(const char *what)
{
	if (!first)
		first = what;
}

void *shortage_noted(void *memory)
{
	if (!memory)
		shortage_note("out of memory");
	return memory;
}
