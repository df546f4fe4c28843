#include "parse/dkim/inside.h"

#define TEXT_OCTETS ((size_t)1 << 18) /* longer ones are left */

/* The line end before a boundary is the boundary's. */
static bool inside_begin(struct inside *i, const struct mime_part *part, size_t k)
{
	struct span raw = i->text->raw, content = { raw.p + part->content, part->end - part->content };

	i->cte = body_text_cte(i->text, part);
	i->where = mimeparts_name(i->arena, part, k + 1);
	i->markup = mimeparts_is_html(&i->b->search->dkim->header, raw, part);
	content.n -= !part->whole && span_ends_nocase(content, SPAN("\r\n")) ? 2 : 0;
	i->octets = content;
	if (i->cte == CTE_BASE64) {
		content = span_trim(content);
		i->octets = mime_base64_decode(i->arena, content);
		i->form = i->octets.p && memmem(i->octets.p, i->octets.n, "\r\n", 2);
		i->octets = text_with_ends(i->arena, i->octets, true);
	} else if (i->cte == CTE_QP) {
		i->octets = mime_qp_decode(i->arena, content);
	}
	i->before = (struct span){ raw.p, (size_t)(content.p - raw.p) };
	i->behind = (struct span){ content.p + content.n, raw.n - i->before.n - content.n };
	return i->octets.n && i->octets.n <= TEXT_OCTETS;
}

size_t inside_find(struct body_search *b, const struct body_text *text, struct inside parts[INSIDE_PARTS])
{
	struct mime_parts found;
	size_t n = 0;

	mimeparts_find(&b->search->dkim->header, text->raw, &found);
	for (size_t k = 0; k < found.n && n < INSIDE_PARTS; k++) {
		parts[n] = (struct inside){ .b = b, .text = text, .arena = b->search->arena };
		n += part_is_text(text->raw, &found.part[k]) && inside_begin(&parts[n], &found.part[k], k);
	}
	return n;
}

unsigned inside_forms(const struct inside *i)
{
	return i->cte == CTE_NONE ? 1 : (1u << INSIDE_FORMS) - 1;
}

struct span inside_text(const struct inside *i, struct span text, unsigned form)
{
	return i->cte == CTE_BASE64 ? text_with_ends(i->arena, text, form) : text;
}

struct span inside_encode(const struct inside *i, unsigned form, struct span text, bool last)
{
	struct span encoded = i->cte == CTE_NONE ? text :
			      i->cte == CTE_QP	 ? mime_qp_encode(i->arena, text, 76, form) :
						   mime_base64_encode(i->arena, text, 76);

	encoded.n -= i->cte == CTE_BASE64 && last && encoded.n ? 2 : 0;
	return encoded;
}

struct span inside_without(const struct inside *i, struct span text, size_t from, const struct piece *piece)
{
	size_t end = piece->at + piece->n;

	return TEXT_JOIN(i->arena, (struct span){ text.p + from, piece->at - from }, (struct span){ text.p + end, text.n - end });
}

struct dkim_step inside_step(const struct inside *i, struct span text, const struct piece *piece, enum place place)
{
	return body_step_removed(place == PLACE_BEFORE ? DKIM_EDIT_BANNER : DKIM_EDIT_FOOTER, i->where,
		(struct span){ text.p + piece->at, piece->n });
}

size_t inside_start(struct span text, bool markup)
{
	long body = markup ? span_find_nocase(text, SPAN("<body")) : 0;
	const char *end = body > 0 ? memchr(text.p + body, '>', text.n - (size_t)body) : NULL;

	return end ? (size_t)(end - text.p) + 1 : 0;
}

/* Behind a line; behind an element that is closed there, as who inserts one does not break lines. */
bool inside_start_ends(struct span text, size_t at, bool markup)
{
	static const struct span closed[] = { SPAN("</div>"), SPAN("</table>"), SPAN("</p>"), SPAN("<br>"), SPAN("<hr>") };
	struct span before = { text.p, at };

	if (text.p[at - 1] == '\n')
		return true;
	for (size_t i = 0; markup && i < sizeof closed / sizeof closed[0]; i++)
		if (span_ends_nocase(before, closed[i]))
			return true;
	return false;
}

/* The last `</body`, or where the text ends. */
size_t inside_end(struct span text, bool markup)
{
	static const struct span tag = SPAN("</body");

	for (size_t at = text.n; markup && at-- > 0;)
		if (text.p[at] == '<' && span_starts_nocase((struct span){ text.p + at, text.n - at }, tag))
			return at;
	return text.n;
}

bool inside_end_begins(struct span text, size_t at)
{
	static const struct span opened[] = { SPAN("<div"), SPAN("<table"), SPAN("<p"), SPAN("<br"), SPAN("<hr"), SPAN("<span"),
		SPAN("<font"), SPAN("<center") };
	struct span rest = { text.p + at, text.n - at };

	if (at && text.p[at - 1] == '\n')
		return true;
	for (size_t i = 0; text.p[at] == '<' && i < sizeof opened / sizeof opened[0]; i++)
		if (rest.n > 1 && (rest.p[1] | 0x20) == opened[i].p[1] && span_starts_nocase(rest, opened[i]))
			return true;
	return false;
}
