/* Guesses about parts that were decoded, changed, and encoded as before: links that were led through somebody's checker, what
 * was put before the words of a part, or behind them. Whoever adds his words to the text of an alternative adds them to its
 * markup, too. Of a text alone the words behind it are edits_recoded's. */
#include "parse/dkim/bodysearch.h"

#include <stdlib.h>

#define TEXT_OCTETS ((size_t)1 << 18) /* longer ones are left */
#define PARTS_INSIDE 4
#define FORMS 2u
#define LINE_OCTETS 57			/* that become a line of base64 */
#define PLACES_MAX 40
#define PLACES_TEXT 6			/* of a text whose markup is looked at with each of them */
#define PLACES_AGAIN 16			/* of that markup */
#define PLACES_OCTETS ((size_t)3 << 20) /* that those before one part's words may cost */

/* A part's text. */
struct inside {
	struct body_search *b;
	const struct body_text *text;
	struct arena *arena;
	enum mime_cte cte;
	bool markup;
	struct span octets, before, behind;
	struct body_guess guess; /* of `before`, and more of what further guesses share */
	struct span where;
};

/* Base64 of LF or of CRLF, quoted-printable broken anywhere or between words. */
static unsigned inside_forms(const struct inside *i)
{
	return i->cte == CTE_NONE ? 1 : (1u << FORMS) - 1;
}

static struct span form_text(const struct inside *i, struct span text, unsigned form)
{
	return i->cte == CTE_BASE64 ? text_with_ends(i->arena, text, form) : text;
}

/* `last`: the line end behind it is the boundary's. */
static struct span form_encode(const struct inside *i, unsigned form, struct span text, bool last)
{
	struct span encoded = i->cte == CTE_NONE ? text :
			      i->cte == CTE_QP	 ? mime_qp_encode(i->arena, text, 76, form) :
						   mime_base64_encode(i->arena, text, 76);

	encoded.n -= i->cte == CTE_BASE64 && last && encoded.n ? 2 : 0;
	return encoded;
}

/* True: found, or nothing more can be tried. */
static bool inside_try(struct inside *i, struct span octets, struct dkim_step step)
{
	struct arena_mark mark = arena_mark(i->arena);

	for (unsigned form = 0; form < FORMS && inside_forms(i) & 1u << form; form++) {
		struct span encoded = form_encode(i, form, form_text(i, octets, form), true);

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

/* ---- where something was put in ---- */

enum place { PLACE_BEFORE, PLACE_BEHIND };

struct places {
	struct piece piece[4 * PLACES_MAX]; /* that may have been put in, by their beginnings */
	size_t n;
};

/* From the beginning of the text, or of what it shows. */
static size_t banner_start(struct span text, bool markup)
{
	long body = markup ? span_find_nocase(text, SPAN("<body")) : 0;
	const char *end = body > 0 ? memchr(text.p + body, '>', text.n - (size_t)body) : NULL;

	return end ? (size_t)(end - text.p) + 1 : 0;
}

/* Where a banner may end: behind a line; behind an element that is closed there, as who inserts one does not break lines. */
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

static bool is_behind_blank(struct span text, size_t at)
{
	size_t line = at - 1;

	line -= line && text.p[line - 1] == '\r';
	return line && text.p[line - 1] == '\n';
}

/* `likely`: behind the first line, and behind blank ones. */
static void banners_find(const struct inside *i, struct span text, bool likely, size_t most, struct places *places)
{
	size_t start = banner_start(text, i->markup);

	for (size_t at = start + 1; at < text.n && places->n < most; at++)
		if (banner_ends(text, at, i->markup) && (!likely || places->n == 0 || is_behind_blank(text, at)))
			places->piece[places->n++] = (struct piece){ start, at - start, SPAN("") };
}

/* The last `</body`, or where the text ends. */
static size_t trailer_end(struct span text)
{
	static const struct span tag = SPAN("</body");

	for (size_t at = text.n; at-- > 0;)
		if (text.p[at] == '<' && span_starts_nocase((struct span){ text.p + at, text.n - at }, tag))
			return at;
	return text.n;
}

/* Where a notice may begin that was put in before the end of the markup. */
static bool trailer_begins(struct span text, size_t at)
{
	static const struct span opened[] = { SPAN("<div"), SPAN("<table"), SPAN("<p"), SPAN("<br"), SPAN("<hr"), SPAN("<span"),
		SPAN("<font"), SPAN("<center") };
	struct span rest = { text.p + at, text.n - at };

	if (at && text.p[at - 1] == '\n')
		return true;
	for (size_t i = 0; text.p[at] == '<' && i < sizeof opened / sizeof opened[0]; i++)
		if (span_starts_nocase(rest, opened[i]))
			return true;
	return false;
}

static void place_add(struct places *places, size_t at, size_t end)
{
	if (at && at < end)
		places->piece[places->n++] = (struct piece){ at, end - at, SPAN("") };
}

static int piece_order(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->n > y->n) - (x->n < y->n);
}

/* Behind or before the end of a line; in markup before an element. `likely`: where words of somebody else begin. */
static void trailers_find(struct span text, size_t end, bool markup, bool likely, size_t most, struct places *places)
{
	size_t n = 0;

	for (size_t at = end; at-- > 1 && n < most;) {
		if (!(markup ? trailer_begins(text, at) : text.p[at - 1] == '\n') || (likely && !footer_is_likely(text, at)))
			continue;
		n++;
		place_add(places, at, end);
		if (text.p[at - 1] == '\n')
			place_add(places, at - 1 - (at > 1 && text.p[at - 2] == '\r'), end);
	}
}

static void places_find(
	const struct inside *i, struct span text, enum place place, bool likely, size_t most, struct places *places)
{
	size_t end = i->markup ? trailer_end(text) : text.n;

	places->n = 0;
	if (place == PLACE_BEFORE) {
		banners_find(i, text, likely, most, places);
		return;
	}
	trailers_find(text, end, i->markup, likely, most, places);
	if (end < text.n)
		trailers_find(text, text.n, true, likely, most, places);
	qsort(places->piece, places->n, sizeof *places->piece, piece_order);
}

/* What of a text is encoded the same whatever stands behind `at`. */
static size_t form_settled(const struct inside *i, struct span text, size_t at)
{
	const char *lf;

	if (i->cte == CTE_NONE)
		return at;
	if (i->cte == CTE_BASE64)
		return (at ? at - 1 : 0) / LINE_OCTETS * LINE_OCTETS; /* the last line does not become empty */
	lf = at ? memrchr(text.p, '\n', at) : NULL;
	return lf ? (size_t)(lf - text.p) + 1 : 0;
}

static struct span piece_span(struct span text, const struct piece *piece)
{
	return (struct span){ text.p + piece->at, piece->n };
}

/* The text without the piece, from an octet on. */
static struct span text_without(const struct inside *i, struct span text, size_t from, const struct piece *piece)
{
	size_t end = piece->at + piece->n;

	return TEXT_JOIN(i->arena, (struct span){ text.p + from, piece->at - from }, (struct span){ text.p + end, text.n - end });
}

static bool place_found(
	struct inside *i, unsigned form, struct span text, const struct piece *piece, enum dkim_edit edit)
{
	size_t settled = form_settled(i, text, piece->at);
	struct span first = form_encode(i, form, (struct span){ text.p, settled }, false);
	struct span last = form_encode(i, form, text_without(i, text, settled, piece), true);

	return body_found(i->b, i->text, TEXT_JOIN(i->arena, i->before, first, last, i->behind),
		body_step_removed(edit, i->where, piece_span(text, piece)), NULL);
}

/* Each place of a text in one form: what comes before the line that a place is in is the same for all behind it. True: found,
 * or nothing more can be tried. */
static bool form_try(struct inside *i, unsigned form, enum place place, size_t most)
{
	enum dkim_edit edit = place == PLACE_BEFORE ? DKIM_EDIT_BANNER : DKIM_EDIT_FOOTER;
	struct span text = form_text(i, i->octets, form);
	struct places places = { .n = 0 };
	size_t fed = 0;

	body_guess_begin(i->b, &i->guess);
	if (!text.p || !body_guess_add(i->b, &i->guess, i->before))
		return true;
	places_find(i, text, place, false, most, &places);
	for (size_t k = 0; k < places.n; k++) {
		const struct piece *piece = &places.piece[k];
		struct arena_mark mark = arena_mark(i->arena);
		size_t settled = form_settled(i, text, piece->at);
		struct span shared = form_encode(i, form, (struct span){ text.p + fed, settled - fed }, false);
		struct span rest = form_encode(i, form, text_without(i, text, settled, piece), true);

		if (!shared.p || !rest.p || !body_guess_add(i->b, &i->guess, shared))
			return true;
		fed = settled;
		if (body_guess_fits(i->b, &i->guess, (struct span[]){ rest, i->behind }, 2))
			return place_found(i, form, text, piece, edit);
		if (i->b->search->exhausted)
			return true;
		arena_rewind(i->arena, mark);
	}
	return false;
}

/* Behind the words the guesses share all but the end; before them each is the whole text. `times`: how many texts before this
 * one it is looked at with. */
static size_t places_most(const struct inside *i, enum place place, size_t times)
{
	size_t most = PLACES_OCTETS / times / (i->octets.n + i->behind.n + 1) + 2;

	if (place == PLACE_BEHIND)
		return times > 1 ? PLACES_AGAIN : PLACES_MAX;
	return most < PLACES_MAX ? most : PLACES_MAX;
}

static bool place_try(struct inside *i, unsigned forms, enum place place, size_t times)
{
	size_t most = places_most(i, place, times);

	for (unsigned form = 0; form < FORMS; form++) {
		struct arena_mark mark = arena_mark(i->arena);

		if (forms & inside_forms(i) & 1u << form && form_try(i, form, place, most))
			return true;
		arena_rewind(i->arena, mark);
	}
	return false;
}

/* ---- parts ---- */

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
		i->octets = text_with_ends(i->arena, mime_base64_decode(i->arena, content), true);
	} else if (i->cte == CTE_QP) {
		i->octets = mime_qp_decode(i->arena, content);
	}
	i->before = (struct span){ raw.p, (size_t)(content.p - raw.p) };
	i->behind = (struct span){ content.p + content.n, raw.n - i->before.n - content.n };
	return i->octets.n && i->octets.n <= TEXT_OCTETS;
}

/* Links in plain parts are edits_body's. */
static bool part_links_try(struct inside *i)
{
	body_guess_begin(i->b, &i->guess);
	return i->cte != CTE_NONE && (!body_guess_add(i->b, &i->guess, i->before) || links_try(i));
}

/* The markup, with what was put into the text before it taken out. */
static bool alternative_form_try(const struct inside *plain, const struct inside *markup, unsigned form, enum place place)
{
	enum dkim_edit edit = place == PLACE_BEFORE ? DKIM_EDIT_BANNER : DKIM_EDIT_FOOTER;
	struct span between = { plain->behind.p, (size_t)(markup->before.p + markup->before.n - plain->behind.p) };
	struct span text = form_text(plain, plain->octets, form);
	struct places places = { .n = 0 };
	unsigned forms = plain->cte == markup->cte ? 1u << form : ~0u; /* one way of encoding, one form */

	if (text.p)
		places_find(plain, text, place, true, PLACES_TEXT, &places);
	for (size_t k = 0; k < places.n; k++) {
		struct arena_mark mark = arena_mark(plain->arena);
		struct body_text behind = *plain->text;
		struct inside second = *markup;
		struct span left = form_encode(plain, form, text_without(plain, text, 0, &places.piece[k]), true);

		second.text = &behind;
		second.before = left.p ? TEXT_JOIN(plain->arena, plain->before, left, between) : left;
		behind.steps[behind.steps_n++] = body_step_removed(edit, plain->where, piece_span(text, &places.piece[k]));
		if (!second.before.p || place_try(&second, forms, place, 2 * PLACES_TEXT))
			return true;
		arena_rewind(plain->arena, mark);
	}
	return false;
}

static bool alternative_try(const struct inside *plain, const struct inside *markup, enum place place)
{
	for (unsigned form = 0; form < FORMS; form++)
		if (inside_forms(plain) & 1u << form && alternative_form_try(plain, markup, form, place))
			return true;
	return false;
}

static bool place_try_all(struct inside *parts, size_t n, enum place place)
{
	for (size_t k = 0; k < n; k++)
		if ((place == PLACE_BEFORE || parts[k].markup) && place_try(&parts[k], ~0u, place, 1))
			return true;
	for (size_t k = 1; k < n; k++)
		if (!parts[k - 1].markup && parts[k].markup && alternative_try(&parts[k - 1], &parts[k], place))
			return true;
	return false;
}

void edits_inside(struct body_search *b, const struct body_text *text)
{
	struct inside parts[PARTS_INSIDE];
	struct mime_parts found;
	size_t n = 0;

	if (text->steps_n)
		return;
	mimeparts_find(&b->search->dkim->header, text->raw, &found);
	for (size_t k = 0; k < found.n && n < PARTS_INSIDE; k++) {
		parts[n] = (struct inside){ .b = b, .text = text, .arena = b->search->arena };
		n += part_is_text(text->raw, &found.part[k]) && inside_begin(&parts[n], &found.part[k], k);
	}
	for (size_t k = 0; k < n; k++)
		if (part_links_try(&parts[k]))
			return;
	if (!place_try_all(parts, n, PLACE_BEHIND)) /* which costs less */
		place_try_all(parts, n, PLACE_BEFORE);
}
