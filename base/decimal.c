#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>

#define PARTS 10000
#define MOST 1e15 /* whole numbers up to here lose no part */

const char *decimal_format(double number, char text[DECIMAL_TEXT])
{
	uint64_t parts = number > 0 ? (uint64_t)((number < MOST ? number : MOST) * PARTS + 0.5) : 0, rest = parts % PARTS;
	int digits = 4, n = snprintf(text, DECIMAL_TEXT, "%" PRIu64, parts / PARTS);

	for (; rest && rest % 10 == 0; rest /= 10)
		digits--;
	if (rest)
		snprintf(text + n, DECIMAL_TEXT - (size_t)n, ".%0*" PRIu64, digits, rest);
	return text;
}
