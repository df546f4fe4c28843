#include "base/fault.h"
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>

/* A text that was cut to its room, or to a part of that, does not end within a character. */
static void text_end(char *text)
{
	size_t n = strlen(text), at = n;
	uint32_t code;

	while (at && n - at < 3 && (text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at && text[at - 1] & 0x80 && utf8_next((struct span){ text + at - 1, n - at + 1 }, &code) == 0)
		text[at - 1] = '\0';
}

bool fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...)
{
	va_list args;

	if (!fault)
		return false;
	fault->kind = kind;
	va_start(args, format);
	vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	text_end(fault->text);
	return false;
}

void fault_conceal(struct fault *fault, struct span secret)
{
	size_t n = secret.n < 16 ? secret.n : 16;

	if (fault && n >= 8 && memmem(fault->text, strnlen(fault->text, sizeof fault->text), secret.p, n))
		fault_set(fault, fault->kind, "an answer that repeats a secret, and is not shown");
}
