#include "base/fault.h"
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...)
{
	va_list args;

	if (!fault)
		return false;
	fault->kind = kind;
	va_start(args, format);
	vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	utf8_end(fault->text);
	return false;
}

void fault_conceal(struct fault *fault, struct span secret)
{
	size_t n = secret.n < 16 ? secret.n : 16;

	if (fault && n >= 8 && memmem(fault->text, strnlen(fault->text, sizeof fault->text), secret.p, n))
		fault_set(fault, fault->kind, "an answer that repeats a secret, and is not shown");
}
