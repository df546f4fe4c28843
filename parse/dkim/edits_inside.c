/* Guesses about parts that were decoded, changed, and encoded as before: links that were led through somebody's checker, what
 * was put before the words of a part, or behind them. Whoever adds his words to the text of an alternative adds them to its
 * markup, too. Of a text alone the words behind it are edits_recoded's. */
#include "parse/dkim/inside.h"

#include <stdlib.h>

#define LINE_OCTETS 57			/* that become a line of base64 */
#define PLACES_MAX 40
#define PLACES_TEXT 6			/* of a text whose markup is looked at with each of them */
#define PLACES_AGAIN 16			/* of that markup */
#define PLACES_OCTETS ((size_t)3 << 20) /* that those before one part's words may cost */

/* True: found, or nothing more can be tried. */
static bool inside_try(struct inside *i, struct span octets, struct dkim_step step)
{
	struct arena_mark mark = arena_mark(i->arena);

	for (unsigned form = 0; form < INSIDE_FORMS && inside_forms(i) & 1u << form; form++) {
		struct span encoded = inside_encode(i, form, inside_text(i, octets, form), true);

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

struct places {
	struct piece piece[4 * PLACES_MAX]; /* that may have been put in, by their beginnings */
	size_t n;
};

static bool is_behind_blank(struct span text, size_t at)
{
	size_t line = at - 1;

	line -= line && text.p[line - 1] == '\r';
	return line && text.p[line - 1] == '\n';
}

/* `likely`: behind the first line, and behind blank ones. */
static void banners_find(const struct inside *i, struct span text, bool likely, size_t most, struct places *places)
{
	size_t start = inside_start(text, i->markup);

	for (size_t at = start + 1; at < text.n && places->n < most; at++)
		if (inside_start_ends(text, at, i->markup) && (!likely || places->n == 0 || is_behind_blank(text, at)))
			places->piece[places->n++] = (struct piece){ start, at - start, SPAN("") };
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
		if (!(markup ? inside_end_begins(text, at) : text.p[at - 1] == '\n') || (likely && !footer_is_likely(text, at)))
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
	size_t end = inside_end(text, i->markup);

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

static bool place_found(
	struct inside *i, unsigned form, struct span text, const struct piece *piece, enum place place)
{
	size_t settled = form_settled(i, text, piece->at);
	struct span first = inside_encode(i, form, (struct span){ text.p, settled }, false);
	struct span last = inside_encode(i, form, inside_without(i, text, settled, piece), true);

	return body_found(i->b, i->text, TEXT_JOIN(i->arena, i->before, first, last, i->behind),
		inside_step(i, text, piece, place), NULL);
}

/* Each place of a text in one form: what comes before the line that a place is in is the same for all behind it. True: found,
 * or nothing more can be tried. */
static bool form_try(struct inside *i, unsigned form, enum place place, size_t most)
{
	struct span text = inside_text(i, i->octets, form);
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
		struct span shared = inside_encode(i, form, (struct span){ text.p + fed, settled - fed }, false);
		struct span rest = inside_encode(i, form, inside_without(i, text, settled, piece), true);

		if (!shared.p || !rest.p || !body_guess_add(i->b, &i->guess, shared))
			return true;
		fed = settled;
		if (body_guess_fits(i->b, &i->guess, (struct span[]){ rest, i->behind }, 2))
			return place_found(i, form, text, piece, place);
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

	for (unsigned form = 0; form < INSIDE_FORMS; form++) {
		struct arena_mark mark = arena_mark(i->arena);

		if (forms & inside_forms(i) & 1u << form && form_try(i, form, place, most))
			return true;
		arena_rewind(i->arena, mark);
	}
	return false;
}

/* ---- parts ---- */

/* Links in plain parts are edits_body's. */
static bool part_links_try(struct inside *i)
{
	body_guess_begin(i->b, &i->guess);
	return i->cte != CTE_NONE && (!body_guess_add(i->b, &i->guess, i->before) || links_try(i));
}

/* The markup, with what was put into the text before it taken out. */
static bool alternative_form_try(const struct inside *plain, const struct inside *markup, unsigned form, enum place place)
{
	struct span between = { plain->behind.p, (size_t)(markup->before.p + markup->before.n - plain->behind.p) };
	struct span text = inside_text(plain, plain->octets, form);
	struct places places = { .n = 0 };
	unsigned forms = plain->cte == markup->cte ? 1u << form : ~0u; /* one way of encoding, one form */

	if (text.p)
		places_find(plain, text, place, true, PLACES_TEXT, &places);
	for (size_t k = 0; k < places.n; k++) {
		struct arena_mark mark = arena_mark(plain->arena);
		struct body_text behind = *plain->text;
		struct inside second = *markup;
		struct span left = inside_encode(plain, form, inside_without(plain, text, 0, &places.piece[k]), true);

		second.text = &behind;
		second.before = left.p ? TEXT_JOIN(plain->arena, plain->before, left, between) : left;
		behind.steps[behind.steps_n++] = inside_step(plain, text, &places.piece[k], place);
		if (!second.before.p || place_try(&second, forms, place, 2 * PLACES_TEXT))
			return true;
		arena_rewind(plain->arena, mark);
	}
	return false;
}

static bool alternative_try(const struct inside *plain, const struct inside *markup, enum place place)
{
	for (unsigned form = 0; form < INSIDE_FORMS; form++)
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
	struct inside parts[INSIDE_PARTS];
	size_t n;

	if (text->steps_n)
		return;
	n = inside_find(b, text, parts);
	for (size_t k = 0; k < n; k++)
		if (part_links_try(&parts[k]))
			return;
	if (!place_try_all(parts, n, PLACE_BEHIND)) /* which costs less */
		place_try_all(parts, n, PLACE_BEFORE);
}
