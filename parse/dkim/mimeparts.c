#include "parse/dkim/mimeparts.h"
#include "parse/dkim/search.h"
#include "parse/dkim/words.h"

static struct span line_at(struct span body, size_t at)
{
	const char *lf = at < body.n ? memchr(body.p + at, '\n', body.n - at) : NULL;

	return (struct span){ body.p + at, lf ? (size_t)(lf - body.p) + 1 - at : body.n - at };
}

static bool line_is_blank(struct span line)
{
	return fws_trim(line).n == 0;
}

struct boundaries {
	struct span text[MIMEPARTS_BOUNDARIES];
	size_t n;
};

static void boundary_add(struct boundaries *boundaries, struct span type)
{
	struct span boundary = mime_parameter(type, "boundary");

	if (span_starts_nocase(type, SPAN("multipart/")) && boundary.n && boundaries->n < MIMEPARTS_BOUNDARIES)
		boundaries->text[boundaries->n++] = boundary;
}

/* "--boundary" or "--boundary--", perhaps with white space behind it. */
static bool line_is_mark(const struct boundaries *boundaries, struct span line, bool *closing)
{
	if (line.n < 3 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	for (size_t i = boundaries->n; i-- > 0;) {
		struct span text = boundaries->text[i], rest;

		if (line.n - 2 < text.n || memcmp(line.p + 2, text.p, text.n) != 0)
			continue;
		rest = fws_trim((struct span){ line.p + 2 + text.n, line.n - 2 - text.n });
		*closing = span_is(rest, SPAN("--"));
		if (rest.n == 0 || *closing)
			return true;
	}
	return false;
}

enum mime_cte mimeparts_cte(struct span value)
{
	value = fws_trim(value);
	return span_is_nocase(value, SPAN("quoted-printable")) ? CTE_QP :
		span_is_nocase(value, SPAN("base64"))          ? CTE_BASE64 :
								 CTE_NONE;
}

struct span mimeparts_field(struct span body, const struct mime_part *part, const char *name)
{
	struct span wanted = span_of(name);

	for (size_t at = part->head; at < part->content;) {
		struct span line = line_at(body, at), field = line;

		for (at += line.n; at < part->content && (body.p[at] == ' ' || body.p[at] == '\t'); at += line.n) {
			line = line_at(body, at);
			field.n += line.n;
		}
		if (field.n > wanted.n && field.p[wanted.n] == ':' && span_starts_nocase(field, wanted))
			return fws_trim((struct span){ field.p + wanted.n + 1, field.n - wanted.n - 1 });
	}
	return SPAN_ABSENT;
}

struct span mimeparts_name(struct arena *arena, const struct mime_part *part, size_t number)
{
	return part->whole ? SPAN("body") : words_printf(arena, "body part %zu", number);
}

static struct span message_field(const struct header *header, const char *name)
{
	size_t first, n = header_group(header, span_of(name), &first);

	return n ? fws_trim(header->fields[header->sorted[first]].value) : SPAN_ABSENT;
}

bool mimeparts_is_html(const struct header *header, struct span body, const struct mime_part *part)
{
	struct span type = part->whole ? message_field(header, "content-type") : mimeparts_field(body, part, "content-type");

	return type.p && span_starts_nocase(type, SPAN("text/html"));
}

static size_t head_end(struct span body, size_t at)
{
	while (at < body.n) {
		struct span line = line_at(body, at);

		at += line.n;
		if (line_is_blank(line))
			break;
	}
	return at;
}

static size_t part_open(
	struct span body, size_t delimiter, size_t head, struct mime_parts *parts, struct boundaries *boundaries)
{
	struct mime_part *part = &parts->part[parts->n++];
	struct span type;

	*part = (struct mime_part){
		.delimiter = delimiter, .head = head, .content = head_end(body, head), .end = body.n
	};
	type = mimeparts_field(body, part, "content-type");
	part->cte = mimeparts_cte(mimeparts_field(body, part, "content-transfer-encoding"));
	part->multipart = span_starts_nocase(type, SPAN("multipart/"));
	boundary_add(boundaries, type);
	return part->content;
}

/* The part that a boundary line ends: the last one still open that is no multipart. */
static void part_close(struct mime_parts *parts, size_t at)
{
	for (size_t i = 0; i < parts->n; i++)
		if (parts->part[i].end > at && !parts->part[i].multipart)
			parts->part[i].end = at;
}

/* A multipart ends where the next boundary line of those around it stands: its own closing line comes first. */
static void multiparts_close(struct mime_parts *parts, struct span body)
{
	for (size_t i = 0; i < parts->n; i++) {
		struct mime_part *part = &parts->part[i];
		struct boundaries own = { .n = 0 };
		bool closing = false, closed = false;

		if (part->multipart)
			boundary_add(&own, mimeparts_field(body, part, "content-type"));
		for (size_t m = 0; own.n && m < parts->marks_n && part->end == body.n; m++) {
			if (parts->marks[m] < part->content)
				continue;
			if (closed)
				part->end = parts->marks[m];
			else if (line_is_mark(&own, line_at(body, parts->marks[m]), &closing))
				closed = closing;
		}
	}
}

void mimeparts_find(const struct header *header, struct span body, struct mime_parts *parts)
{
	struct boundaries boundaries = { .n = 0 };
	struct span type = message_field(header, "content-type");
	bool closing = false;

	memset(parts, 0, sizeof *parts);
	parts->first = body.n;
	boundary_add(&boundaries, type);
	if (boundaries.n == 0) {
		parts->part[parts->n++] = (struct mime_part){
			.end = body.n, .whole = true, .cte = mimeparts_cte(message_field(header, "content-transfer-encoding"))
		};
		return;
	}
	for (size_t at = 0; at < body.n;) {
		struct span line = line_at(body, at);
		size_t next = at + line.n;

		if (line_is_mark(&boundaries, line, &closing)) {
			part_close(parts, at);
			if (parts->marks_n == 2 * MIMEPARTS_MAX)
				break;
			parts->marks[parts->marks_n++] = at;
			parts->first = at < parts->first ? at : parts->first;
			if (!closing && parts->n < MIMEPARTS_MAX)
				next = part_open(body, at, next, parts, &boundaries);
		}
		at = next;
	}
	multiparts_close(parts, body);
}
