#include "ingest/refuse.h"

#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>

#define NAME_SHOWN 320

int refuse(struct fault *fault, enum fault_kind kind, const char *name, const char *format, ...)
{
	struct buf shown = BUF(1 << 20);
	const char *end;
	char reason[320];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	escape_terminal(&shown, span_of(name));
	end = buf_text(&shown);
	if (shown.n > NAME_SHOWN) {
		end += shown.n - NAME_SHOWN;
		while (((unsigned char)*end & 0xc0) == 0x80)
			end++;
	}
	fault_set(fault, kind, "%s%s: %s", end == buf_text(&shown) ? "" : "...", end, reason);
	buf_release(&shown);
	return -1;
}
