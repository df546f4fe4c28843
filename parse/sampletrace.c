#include "parse/sampletrace.h"

#define FIELDS_MOST 2000 /* of a header that are looked at; of a longer one nothing is believed */
#define RECEIVED_MOST 50
#define SIGNATURES_MOST 16
#define HOPS_MOST 10

struct trace {
	struct span received[RECEIVED_MOST]; /* top first: the last is the first that was written */
	size_t received_n;
	size_t covered[SIGNATURES_MOST]; /* Received fields, from the bottom up, that a DKIM-Signature covers */
	size_t signatures_n;
	bool relayed;
};

static bool field_relays(struct span name)
{
	/* Not List-Unsubscribe: senders of newsletters write it themselves. */
	static const struct span beginnings[] = { SPAN("List-Id"), SPAN("List-Post"), SPAN("ARC-Seal"), SPAN("Resent-"),
		SPAN("X-Forwarded-") };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (span_starts_nocase(name, beginnings[i]))
			return true;
	return false;
}

/* h= may name a field several times: each takes the next instance from the bottom (RFC 6376 5.4.2). */
static size_t received_covered(struct span signature)
{
	struct span tag, name;
	size_t n = 0;

	while (span_take(&signature, ';', &tag)) {
		const char *equals = tag.n ? memchr(tag.p, '=', tag.n) : NULL;

		if (!equals || !span_is(span_trim((struct span){ tag.p, (size_t)(equals - tag.p) }), SPAN("h")))
			continue;
		tag = (struct span){ equals + 1, tag.n - (size_t)(equals + 1 - tag.p) };
		while (span_take(&tag, ':', &name))
			n += span_is_nocase(name, SPAN("Received"));
		return n;
	}
	return 0;
}

static bool trace_collect(GMimeMessage *sample, struct trace *trace)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(sample));
	int n = g_mime_header_list_get_count(list);

	for (int i = 0; i < n && i < FIELDS_MOST; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
		struct span name = span_of(g_mime_header_get_name(header));
		struct span value = span_of(g_mime_header_get_raw_value(header));

		trace->relayed |= field_relays(name);
		if (span_is_nocase(name, SPAN("Received")) && trace->received_n++ < RECEIVED_MOST)
			trace->received[trace->received_n - 1] = value;
		else if (span_is_nocase(name, SPAN("DKIM-Signature")) && trace->signatures_n < SIGNATURES_MOST)
			trace->covered[trace->signatures_n++] = received_covered(value);
	}
	return n <= FIELDS_MOST && trace->received_n <= RECEIVED_MOST;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What a Received field says before its `by`, folded anywhere: behind it stands who received. */
static struct span before_by(struct span text)
{
	for (size_t i = 0; i + 2 < text.n; i++)
		if ((i == 0 || is_blank(text.p[i - 1])) && is_blank(text.p[i + 2]) &&
			span_starts_nocase((struct span){ text.p + i, 2 }, SPAN("by")))
			return (struct span){ text.p, i };
	return text;
}

/* `helo=[192.0.2.1]` (Exim), `(HELO [192.0.2.1])` (qmail): what the other side called itself. */
static bool is_helo(struct span before)
{
	while (before.n && (is_blank(before.p[before.n - 1]) || before.p[before.n - 1] == '='))
		before.n--;
	return span_ends_nocase(before, SPAN("helo")) || span_ends_nocase(before, SPAN("ehlo"));
}

/* The next address, `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 4.1.3), or in parentheses, as Exchange has it, that is
 * not what the other side called itself; takes it off the text. */
static bool next_address(struct span *text, struct address *address)
{
	for (size_t i = 0; i < text->n; i++) {
		struct span inner = { text->p + i + 1, text->n - i - 1 };
		const char *close;

		if (text->p[i] != '[' && text->p[i] != '(')
			continue;
		close = inner.n ? memchr(inner.p, text->p[i] == '[' ? ']' : ')', inner.n < ADDRESS_TEXT ? inner.n : ADDRESS_TEXT) : NULL;
		if (close && address_parse((struct span){ inner.p, (size_t)(close - inner.p) }, address) &&
			!is_helo((struct span){ text->p, i })) {
			*text = (struct span){ close + 1, (size_t)(text->p + text->n - close) - 1 };
			return true;
		}
	}
	return false;
}

/* `Received: from host (name [192.0.2.1]) by ...`: is one of the addresses this one? */
static bool received_from(struct span text, const struct address *source)
{
	struct address address;

	text = before_by(text);
	while (next_address(&text, &address))
		if (memcmp(&address, source, sizeof address) == 0)
			return true;
	return false;
}

/* Who handed it over, as the writer of the field saw it: the last address. What stands before may be what the other side
 * called itself. */
static bool received_peer(struct span text, struct address *peer)
{
	struct address address;
	bool found = false;

	for (text = before_by(text); next_address(&text, &address); found = true)
		*peer = address;
	return found;
}

/* One hop: its address, `!` where the field stands right below that of the source, the signatures that cover it. */
static bool hop_put(struct buf *out, const struct trace *trace, size_t at, bool next)
{
	size_t below = trace->received_n - 1 - at, before = out->n;
	char text[ADDRESS_TEXT], mark = ';';
	struct address address;

	if (!received_peer(trace->received[at], &address))
		return false;
	buf_printf(out, "%s%s%s", before ? " " : "", address_format(&address, text), next ? "!" : "");
	for (size_t i = 0; i < trace->signatures_n; i++)
		if (trace->covered[i] > below) {
			buf_printf(out, "%c%zu", mark, i);
			mark = ',';
			next = true;
		}
	if (!next)
		out->n = before;
	return next;
}

static void hops_put(struct reading *r, const struct trace *trace, struct failure *failure)
{
	struct buf text = BUF(HOPS_MOST * (ADDRESS_TEXT + 4 * SIGNATURES_MOST));
	size_t n = 0, source = trace->received_n;

	for (size_t i = 0; failure->has_address && i < trace->received_n && source == trace->received_n; i++)
		if (received_from(trace->received[i], &failure->address))
			source = i;
	for (size_t i = source + 1 < trace->received_n ? source + 1 : source == trace->received_n ? 0 : trace->received_n;
		i < trace->received_n && n < HOPS_MOST; i++)
		n += hop_put(&text, trace, i, i == source + 1);
	if (text.n && !text.failed)
		failure->sample_hops = arena_copy(&r->parser->arena, buf_span(&text));
	buf_release(&text);
}

void sampletrace_read(struct reading *r, GMimeMessage *sample, struct failure *failure)
{
	struct trace trace = { .received_n = 0 };
	bool whole = trace_collect(sample, &trace);

	failure->sample_relayed = trace.relayed;
	if (!whole || !trace.received_n)
		return;
	failure->sample_starts =
		failure->has_address && received_from(trace.received[trace.received_n - 1], &failure->address);
	hops_put(r, &trace, failure);
}
