#include "parse/dns/pasted.h"

#include "base/buf.h"

#define PASTED_OCTETS ((size_t)4 * 65536)

/* Does the text look like a part of a zone file rather than the bare record? */
static bool is_zone_text(struct span text)
{
	long type = span_find_nocase(text, SPAN("TXT"));
	const char *equals = text.n ? memchr(text.p, '=', text.n) : NULL;

	if (text.n && (text.p[0] == '"' || (text.p[0] == '(' && memchr(text.p, '"', text.n))))
		return true;
	return type > 0 && (text.p[type - 1] == ' ' || text.p[type - 1] == '\t') && (!equals || text.p + type < equals);
}

bool pasted_read(struct span text, struct pasted *pasted, struct fault *fault)
{
	struct buf line = BUF(PASTED_OCTETS);

	*pasted = (struct pasted){ .bare = text };
	if (is_zone_text(text) && !memchr(text.p, '"', text.n)) {
		size_t type = (size_t)span_find_nocase(text, SPAN("TXT"));

		text = span_trim((struct span){ text.p + type + 3, text.n - type - 3 });
		pasted->bare = text;
	}
	if (!is_zone_text(text))
		return true;
	if (text.p[0] == '"' || text.p[0] == '(')
		buf_put_text(&line, "x TXT ");
	buf_put_span(&line, text);
	if (line.failed)
		fault_set(fault, FAULT_INPUT, "it is too long");
	else
		pasted->zone = zonefile_read(buf_span(&line), fault);
	buf_release(&line);
	return pasted->zone != NULL;
}
