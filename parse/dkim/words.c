#include "parse/dkim/words.h"
#include <stdarg.h>
#include <stdio.h>

struct span words_shorten(struct arena *arena, struct span text)
{
	bool cut = text.n > WORDS_VALUE_MAX;
	size_t n = cut ? WORDS_VALUE_MAX - 3 : text.n, out = 0;
	char *p;

	if (!text.p)
		return text;
	p = arena_take(arena, n + 4);
	if (!p)
		return SPAN_ABSENT;
	while (cut && n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++) {
		bool control = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f;

		if (control && out && p[out - 1] == ' ')
			continue;
		p[out++] = control ? ' ' : text.p[i];
	}
	if (cut) {
		memcpy(p + out, "...", 3);
		out += 3;
	}
	return (struct span){ p, out };
}

struct span words_join(struct arena *arena, const char *text, struct span value)
{
	size_t n = strlen(text);
	struct span shown = words_shorten(arena, value);
	char *p = arena_take(arena, n + shown.n + 2);

	if (!p)
		return SPAN_ABSENT;
	memcpy(p, text, n);
	if (!shown.p)
		return (struct span){ p, n };
	if (n && text[n - 1] != '=')
		p[n++] = ' ';
	memcpy(p + n, shown.p, shown.n);
	return (struct span){ p, n + shown.n };
}

struct span words_printf(struct arena *arena, const char *format, ...)
{
	char text[512];
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	if (n < 0)
		return SPAN_ABSENT;
	return arena_copy(arena, (struct span){ text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1 });
}
