/* Guesses about parts that were decoded, changed, and encoded as before: links that were led through somebody's checker, and
 * what was put at the beginning. Words at the end are edits_recoded's. */
#include "parse/dkim/bodysearch.h"

#define TEXT_OCTETS ((size_t)1 << 16) /* longer ones are left */
#define BEHIND_OCTETS 20000	      /* where more stands behind, a banner has few ends */
#define PARTS_INSIDE 4
#define BANNER_LINES 40

/* A part's text; what stands before it is hashed once. */
struct inside {
	struct body_search *b;
	const struct body_text *text;
	struct arena *arena;
	enum mime_cte cte;
	struct span octets, before, behind;
	struct body_guess guess; /* of `before` */
	struct span where;
};

static struct span inside_encode(const struct inside *i, struct span octets, unsigned form)
{
	struct span encoded;

	if (i->cte == CTE_NONE)
		return octets;
	if (i->cte == CTE_QP)
		return mime_qp_encode(i->arena, octets, 76, form);
	encoded = mime_base64_encode(i->arena, text_with_ends(i->arena, octets, form), 76);
	encoded.n -= encoded.n ? 2 : 0;
	return encoded;
}

/* True: found, or nothing more can be tried. */
static bool inside_try(struct inside *i, struct span octets, struct dkim_step step)
{
	struct arena_mark mark = arena_mark(i->arena);

	for (unsigned form = 0; form < (i->cte == CTE_NONE ? 1 : 2); form++) {
		struct span encoded = inside_encode(i, octets, form);

		if (!encoded.p || i->b->search->exhausted)
			return true;
		if (body_guess_fits(i->b, &i->guess, (struct span[]){ encoded, i->behind }, 2))
			return body_found(i->b, i->text, TEXT_JOIN(i->arena, i->before, encoded, i->behind), step, NULL);
	}
	arena_rewind(i->arena, mark);
	return false;
}

static bool links_try(struct inside *i)
{
	struct piece pieces[LINKS_MAX];

	for (unsigned form = 0; form < LINKS_FORMS; form++) {
		size_t n = links_find(i->arena, i->octets, form, pieces);

		if (n == 0)
			return false;
		if (inside_try(i, text_splice(i->arena, i->octets, pieces, n), links_step(i->octets, pieces, i->where)))
			return true;
	}
	return false;
}

/* From the beginning of the text, or of what it shows. */
static size_t banner_start(struct span text, bool markup)
{
	long body = markup ? span_find_nocase(text, SPAN("<body")) : 0;
	const char *end = body > 0 ? memchr(text.p + body, '>', text.n - (size_t)body) : NULL;

	return end ? (size_t)(end - text.p) + 1 : 0;
}

/* Where it may end: behind a line; behind an element that is closed there, as who inserts one does not break lines. */
static bool banner_ends(struct span text, size_t at, bool markup)
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

static bool banner_try(struct inside *i, bool markup)
{
	size_t start = banner_start(i->octets, markup), most = i->behind.n > BEHIND_OCTETS ? BANNER_LINES / 8 : BANNER_LINES;

	for (size_t at = start + 1, n = 0; at < i->octets.n && n < most; at++) {
		struct arena_mark mark = arena_mark(i->arena);
		struct piece piece = { start, at - start, SPAN("") };
		struct span banner = { i->octets.p + start, at - start };

		if (!banner_ends(i->octets, at, markup))
			continue;
		n++;
		if (inside_try(i, text_splice(i->arena, i->octets, &piece, 1), body_step_removed(DKIM_EDIT_BANNER, i->where, banner)))
			return true;
		arena_rewind(i->arena, mark);
	}
	return false;
}

static bool inside_begin(struct inside *i, const struct mime_part *part)
{
	struct span raw = i->text->raw, content = { raw.p + part->content, part->end - part->content };

	i->octets = content;
	if (i->cte == CTE_BASE64) {
		content = span_trim(content);
		i->octets = text_with_ends(i->arena, mime_base64_decode(i->arena, content), true);
	} else if (i->cte == CTE_QP) {
		i->octets = mime_qp_decode(i->arena, content);
	}
	i->before = (struct span){ raw.p, (size_t)(content.p - raw.p) };
	i->behind = (struct span){ content.p + content.n, raw.n - i->before.n - content.n };
	body_guess_begin(i->b, &i->guess);
	return i->octets.n && i->octets.n <= TEXT_OCTETS && body_guess_add(i->b, &i->guess, i->before);
}

void edits_inside(struct body_search *b, const struct body_text *text)
{
	struct inside i = { .b = b, .text = text, .arena = b->search->arena };
	struct mime_parts parts;

	if (text->steps_n)
		return;
	mimeparts_find(&b->search->dkim->header, text->raw, &parts);
	for (size_t k = 0, n = 0; k < parts.n && n < PARTS_INSIDE; k++) {
		const struct mime_part *part = &parts.part[k];
		struct span type = mimeparts_field(text->raw, part, "content-type");

		i.cte = body_text_cte(text, part);
		if (!part_is_text(text->raw, part))
			continue;
		n++;
		i.where = mimeparts_name(i.arena, part, k + 1);
		if (inside_begin(&i, part) &&
			((i.cte != CTE_NONE && links_try(&i)) || banner_try(&i, !type.p || span_starts_nocase(type, SPAN("text/html")))))
			return; /* links in plain parts are edits_body's */
	}
}
