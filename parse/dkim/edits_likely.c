/* Guesses about words that were put before those of a part, or behind them: few, the likely ones first, for mails in which each
 * costs as much as a large attachment behind it. Whoever adds words to the text of an alternative adds the same to its markup,
 * so that where they begin in the one tells where they begin in the other. */
#include "parse/dkim/places.h"

#define CHOICES_MOST 32
#define WAYS_MOST (2 * PLACES * INSIDE_FORMS * INSIDE_FORMS * INSIDE_PARTS)
#define UNRELATED_LATER 3u
#define UNLIKELY 2u /* choices of the likely ones come before the first of one that is not */

/* A part, or a text and its markup, changed in one place each and encoded in one form each. */
struct way {
	const struct inside *part[2];
	size_t parts_n;
	unsigned form[2];
	enum place place;
	size_t behind; /* so many choices of others come first */
	struct span text[2];
	struct choice {
		struct piece piece[2];
	} choices[CHOICES_MOST];
	size_t n;
};

static void choice_add(struct way *way, const struct piece *first, const struct piece *second)
{
	if (way->n < CHOICES_MOST)
		way->choices[way->n++] = (struct choice){ { *first, *second } };
}

/* Places in the markup: those of the words that were put into the text, then any. */
struct second {
	struct ranked ranked;
	bool related; /* the markup has the words */
	size_t own;   /* the first places are theirs */
};

/* Of the same words the place in the markup is known as well as can be, and that in the text is not; of others it is the other way
 * round. Where they do not lead to the place it may still be one of the others: later. */
static size_t pair_rank(const struct second *second, size_t i, size_t k)
{
	return k < second->own ? i + 2 * k : 2 * i + k + (second->related ? UNRELATED_LATER : 0);
}

static void pairs_rank(struct way *way, const struct ranked *first)
{
	struct second seconds[RANKED_MOST];
	struct ranked any = { .n = 0 };
	size_t edge = way->place == PLACE_BEHIND ? inside_end(way->text[1], true) : inside_start(way->text[1], true);

	places_in_markup(way->text[1], way->place, &any);
	for (size_t i = 0; i < first->n; i++) {
		struct span words = { way->text[0].p + first->piece[i].at, first->piece[i].n };
		struct second *second = &seconds[i];

		*second = (struct second){ .own = 0 };
		second->related = places_of_words(way->text[1], words, way->place, edge, &second->ranked);
		second->own = second->ranked.n;
		ranked_add(&second->ranked, &any);
	}
	for (size_t rank = 0; rank < 3 * RANKED_MOST + UNRELATED_LATER; rank++)
		for (size_t i = 0; i < first->n; i++)
			for (size_t k = 0; k < seconds[i].ranked.n; k++)
				if (pair_rank(&seconds[i], i, k) == rank)
					choice_add(way, &first->piece[i], &seconds[i].ranked.piece[k]);
}

static void choices_rank(struct way *way)
{
	struct ranked first = { .n = 0 };

	if (way->part[0]->markup)
		places_in_markup(way->text[0], way->place, &first);
	else
		places_in_text(way->text[0], way->place, &first);
	if (way->parts_n == 2)
		pairs_rank(way, &first);
	else
		for (size_t i = 0; i < first.n; i++)
			choice_add(way, &first.piece[i], &first.piece[i]);
}

/* True: found, or nothing more can be tried. */
static bool choice_try(struct body_search *b, const struct body_text *text, const struct way *way, const struct choice *choice)
{
	const struct inside *const *part = way->part, *last = part[way->parts_n - 1];
	struct arena_mark mark = arena_mark(b->search->arena);
	struct body_text parent = *text;
	struct span pieces[5] = { part[0]->before };
	struct body_guess guess;
	size_t n = 1;

	for (size_t i = 0; i < way->parts_n; i++) {
		if (i)
			pieces[n++] = (struct span){ part[0]->behind.p,
				(size_t)(part[1]->before.p + part[1]->before.n - part[0]->behind.p) };
		pieces[n] = inside_without(part[i], way->text[i], 0, &choice->piece[i]);
		if (pieces[n].p)
			pieces[n] = inside_encode(part[i], way->form[i], pieces[n], true);
		if (!pieces[n++].p)
			return true;
	}
	pieces[n++] = last->behind;
	body_guess_begin(b, &guess);
	if (body_guess_fits(b, &guess, pieces, n)) {
		if (way->parts_n == 2)
			parent.steps[parent.steps_n++] = inside_step(part[0], way->text[0], &choice->piece[0], way->place);
		return body_found(b, &parent, text_join(b->search->arena, pieces, n),
			inside_step(last, way->text[way->parts_n - 1], &choice->piece[way->parts_n - 1], way->place), NULL);
	}
	arena_rewind(b->search->arena, mark);
	return b->search->exhausted;
}

struct ways {
	struct way way[WAYS_MOST];
	size_t n;
};

static void way_add(struct ways *ways, const struct inside *first, const struct inside *second, unsigned form, unsigned second_form,
	enum place place, size_t behind)
{
	struct way *way = &ways->way[ways->n];

	*way = (struct way){ .part = { first, second }, .parts_n = second ? 2 : 1, .form = { form, second_form }, .place = place };
	way->text[0] = inside_text(first, first->octets, form);
	if (second)
		way->text[1] = inside_text(second, second->octets, second_form);
	if (!way->text[0].p || (second && !way->text[1].p))
		return;
	way->behind = behind + (form == first->form ? 0 : UNLIKELY) + (!second || second_form == second->form ? 0 : UNLIKELY);
	choices_rank(way);
	ways->n += way->n > 0;
}

/* Who encodes both parts does it in one form. */
static void ways_add(struct ways *ways, const struct inside *first, const struct inside *second, enum place place, size_t behind)
{
	unsigned all = second ? inside_forms(second) : 1;

	for (unsigned form = 0; form < INSIDE_FORMS; form++)
		for (unsigned other = 0; inside_forms(first) & 1u << form && other < INSIDE_FORMS; other++)
			if (all & 1u << other && (!second || first->cte != second->cte || form == other))
				way_add(ways, first, second, form, other, place, behind);
}

/* Few change the markup of an alternative and leave its text, fewer a text and leave its markup. */
static size_t alone_behind(const struct inside *parts, size_t n, size_t k)
{
	if (parts[k].markup)
		return k && !parts[k - 1].markup ? UNLIKELY / 2 : 0;
	return k + 1 < n && parts[k + 1].markup ? UNLIKELY : 0;
}

static void ways_find(struct ways *ways, const struct inside *parts, size_t n)
{
	for (size_t k = 1; k < n; k++)
		for (unsigned place = 0; !parts[k - 1].markup && parts[k].markup && place < PLACES; place++)
			ways_add(ways, &parts[k - 1], &parts[k], place, 0);
	for (size_t k = 0; k < n; k++)
		for (unsigned place = 0; place < PLACES; place++)
			ways_add(ways, &parts[k], NULL, place, alone_behind(parts, n, k));
}

/* All first choices, then all second ones. */
static void ways_try(struct body_search *b, const struct body_text *text, const struct ways *ways, struct turns turns)
{
	for (size_t turn = turns.first; turn < turns.end && turn < CHOICES_MOST + 3 * UNLIKELY; turn++) {
		for (size_t i = 0; i < ways->n; i++) {
			const struct way *way = &ways->way[i];

			if (turn >= way->behind && turn - way->behind < way->n &&
				choice_try(b, text, way, &way->choices[turn - way->behind]))
				return;
		}
	}
}

void edits_likely_within(struct body_search *b, const struct body_text *text, struct turns turns)
{
	struct arena_mark mark = arena_mark(b->search->arena);
	struct inside parts[INSIDE_PARTS];
	struct ways *ways = arena_take(b->search->arena, sizeof *ways);

	if (!ways)
		return;
	ways->n = 0;
	ways_find(ways, parts, inside_find(b, text, parts));
	ways_try(b, text, ways, turns);
	if (!b->outcome->found)
		arena_rewind(b->search->arena, mark);
}

void edits_likely(struct body_search *b, const struct body_text *text)
{
	if (text->steps_n == 0)
		edits_likely_within(b, text, (struct turns){ 0, SIZE_MAX });
}
