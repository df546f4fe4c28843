/* Guesses about what a gateway did to all texts of a mail at once: it encoded them otherwise, led their links through its checker,
 * put its words before them or behind them, or all of that. A relay that does not like the encoding of one part likes that of
 * none. */
#include "base/base64.h"
#include "parse/dkim/bodysearch.h"
#include "parse/dkim/encoding.h"

#define PARTS_RELAYED 8
#define TEXTS_LONG ((size_t)1 << 15) /* octets of all texts; where they are longer, few ways are looked at */

struct relaying {
	struct body_search *b;
	const struct body_text *text;
	struct arena *arena;
	struct mime_parts parts;
	const char *links; /* forms that links may have had, each a digit, and '-': they were not changed */
};

/* How parts were encoded. */
struct encoding {
	bool kept;		  /* as they are; else: */
	enum mime_cte to, markup; /* of parts that are markup */
	bool crlf;		  /* line ends of what becomes base64 */
	bool words;		  /* quoted-printable is broken between words */
};

static const struct encoding kept[] = {
	{ .kept = true, .words = false },
	{ .kept = true, .words = true },
};
static const struct encoding alike[] = {
	{ false, CTE_NONE, CTE_NONE, true, false },
	{ false, CTE_QP, CTE_QP, true, true },
	{ false, CTE_QP, CTE_QP, true, false },
	{ false, CTE_BASE64, CTE_BASE64, true, false },
	{ false, CTE_BASE64, CTE_BASE64, false, false },
};
static const struct encoding mixed[] = { /* a plain text and encoded markup that a relay makes alike */
	{ false, CTE_NONE, CTE_QP, true, true },
	{ false, CTE_NONE, CTE_QP, true, false },
	{ false, CTE_NONE, CTE_BASE64, true, false },
	{ false, CTE_NONE, CTE_BASE64, false, false },
};
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* What some parts may have been before. */
struct former {
	size_t first, last;
	const struct encoding *encoding;
	char links;
};

static bool part_is_markup(const struct relaying *r, const struct mime_part *part)
{
	return mimeparts_is_html(&r->b->search->dkim->header, r->text->raw, part);
}

/* The part's text without the line end that belongs to the boundary behind it. */
static struct span part_text(const struct relaying *r, const struct mime_part *part, enum mime_cte cte)
{
	struct span content = { r->text->raw.p + part->content, part->end - part->content };

	content.n -= !part->whole && span_ends_nocase(content, SPAN("\r\n")) ? 2 : 0;
	return cte == CTE_BASE64 ? mime_base64_decode(r->arena, fws_trim(content)) :
	       cte == CTE_QP	 ? mime_qp_decode(r->arena, content) :
				   content;
}

static const char *cte_name(enum mime_cte cte, struct span text)
{
	return cte == CTE_QP ? "quoted-printable" : cte == CTE_BASE64 ? "base64" : span_has_8bit(text) ? "8bit" : "7bit";
}

/* In its encoding, with the line end before the boundary. */
static struct span part_encode(const struct relaying *r, const struct encoding *encoding, const struct mime_part *part,
	enum mime_cte cte, enum mime_cte to, struct span text)
{
	if (!(encoding->kept && cte == CTE_BASE64))
		text = text_with_ends(r->arena, text, to != CTE_BASE64 || encoding->crlf || encoding->kept);
	if (to == CTE_QP)
		text = mime_qp_encode(r->arena, text, 76, encoding->words);
	else if (to == CTE_BASE64)
		text = mime_base64_encode(r->arena, text, 76);
	if (!text.p || part->whole)
		return text;
	return TEXT_JOIN(r->arena, text, SPAN("\r\n"));
}

/* ---- what is undone by that ---- */

static void edit_note(struct body_text *text, struct dkim_step step)
{
	for (size_t i = 0; i < text->steps_n; i++)
		if (text->steps[i].edit == step.edit) {
			text->steps[i].where = SPAN("body"); /* of more than one part */
			return;
		}
	if (text->steps_n < TEXT_STEPS_RECODED)
		text->steps[text->steps_n++] = step;
}

/* That the part was encoded, that its encoding was taken off, or both. */
static void edits_note(struct body_text *text, struct span where, enum mime_cte cte, enum mime_cte to)
{
	if (cte == to)
		return;
	if (cte != CTE_NONE)
		edit_note(text, (struct dkim_step){ .edit = cte == CTE_QP ? DKIM_EDIT_TO_QP : DKIM_EDIT_TO_BASE64, .where = where });
	if (to != CTE_NONE)
		edit_note(text, (struct dkim_step){ .edit = to == CTE_QP ? DKIM_EDIT_QP_DECODED : DKIM_EDIT_BASE64_DECODED, .where = where });
}

/* Only markup writes `&amp;`. */
static unsigned links_form(const struct former *former, bool markup)
{
	return (unsigned)(former->links - '0') & (markup ? 3 : 2);
}

static struct span part_unlink(
	const struct relaying *r, const struct former *former, bool markup, struct span text, struct body_text *recoded, struct span where)
{
	struct piece pieces[LINKS_MAX];
	size_t n = former->links == LINKS_KEPT ? 0 : links_find(r->arena, text, links_form(former, markup), pieces);

	if (n == 0)
		return text;
	edit_note(recoded, links_step(text, pieces, where));
	return text_splice(r->arena, text, pieces, n);
}

/* ---- a body as it may have been ---- */

struct change {
	struct piece pieces[2 * PARTS_RELAYED];
	size_t n;
};

/* False: memory is short. */
static bool part_change(
	const struct relaying *r, const struct former *former, size_t k, struct body_text *recoded, struct change *change)
{
	const struct mime_part *part = &r->parts.part[k];
	bool markup = part_is_markup(r, part);
	const struct encoding *encoding = former->encoding;
	enum mime_cte cte = body_text_cte(r->text, part), to = encoding->kept ? cte : markup ? encoding->markup : encoding->to;
	struct span value = mimeparts_field(r->text->raw, part, "content-transfer-encoding");
	struct span where = part->whole ? SPAN("body") : mimeparts_name(r->arena, part, k + 1);
	struct span old, text;

	if (!part_is_text(r->text->raw, part) || (cte != to && !value.p && !part->whole) || (cte == to && former->links == LINKS_KEPT))
		return true;
	old = part_text(r, part, cte);
	text = old.p ? part_unlink(r, former, markup, old, recoded, where) : old;
	if (cte == to && text.p == old.p)
		return text.p;
	if (part->whole)
		recoded->cte = cte == to ? recoded->cte : cte_name(to, text);
	else if (cte != to)
		change->pieces[change->n++] =
			(struct piece){ (size_t)(value.p - r->text->raw.p), value.n, span_of(cte_name(to, text)) };
	edits_note(recoded, where, cte, to);
	text = text.p ? part_encode(r, encoding, part, cte, to, text) : text;
	change->pieces[change->n++] = (struct piece){ part->content, part->end - part->content, text };
	return text.p;
}

/* False: it would be the same as it is, or memory is short. */
static bool body_recode(const struct relaying *r, const struct former *former, struct body_text *recoded)
{
	struct change change = { .n = 0 };

	*recoded = *r->text;
	for (size_t k = former->first; k < former->last && k < r->parts.n && k < PARTS_RELAYED; k++)
		if (!part_change(r, former, k, recoded, &change))
			return false;
	recoded->raw = change.n ? text_splice(r->arena, r->text->raw, change.pieces, change.n) : SPAN_ABSENT;
	return recoded->raw.p;
}

/* ---- as texts that are searched on ---- */

static void recoded_add(const struct relaying *r, size_t first, size_t last, const struct encoding *encoding)
{
	struct former former = { first, last, encoding, LINKS_KEPT };
	struct body_text recoded, parent = *r->text;

	if (!body_recode(r, &former, &recoded))
		return;
	if (recoded.steps_n > 1)
		parent.steps[parent.steps_n++] = recoded.steps[0];
	body_text_add(r->b, &parent, recoded.raw, recoded.steps[recoded.steps_n - 1], NULL);
}

/* All parts alike; and one that was quoted-printable and is base64, or the other way round. Where one or the other is plain,
 * edits_body tries all that the part's field may have said. */
void texts_add_recoded(struct body_search *b, const struct body_text *text, const struct mime_parts *parts)
{
	struct relaying r = { .b = b, .text = text, .arena = b->search->arena, .parts = *parts };

	for (size_t i = 0; i < COUNT(alike); i++) {
		recoded_add(&r, 0, parts->n, &alike[i]);
		for (size_t k = 0; alike[i].to != CTE_NONE && k < parts->n && k < PARTS_RELAYED; k++)
			if (parts->part[k].cte != CTE_NONE)
				recoded_add(&r, k, k + 1, &alike[i]);
	}
}

/* ---- and words put in ---- */

/* True: found, or nothing more can be tried. */
static bool former_try(const struct relaying *r, const struct former *former, struct turns turns)
{
	struct arena_mark mark = arena_mark(r->arena);
	struct body_text recoded;

	if (turns.first < turns.end && body_recode(r, former, &recoded)) {
		struct body_text parent = recoded;

		if (turns.first == 0 && former->links != LINKS_KEPT)
			body_try(r->b, &parent, recoded.raw, parent.steps[--parent.steps_n], recoded.cte);
		if (!r->b->outcome->found)
			edits_likely_within(r->b, &recoded, turns);
	}
	if (r->b->outcome->found || r->b->search->exhausted)
		return true;
	arena_rewind(r->arena, mark);
	return false;
}

static bool formers_try(const struct relaying *r, const struct encoding *encodings, size_t n, struct turns turns)
{
	for (const char *links = r->links; *links; links++)
		for (size_t i = 0; i < n; i++)
			if (former_try(r, &(struct former){ 0, r->parts.n, &encodings[i], *links }, turns))
				return true;
	return false;
}

static bool formers_try_one(const struct relaying *r, struct turns turns)
{
	for (size_t i = 0; i < COUNT(alike) && !r->parts.part[0].whole; i++)
		for (size_t k = 0; k < r->parts.n && k < PARTS_RELAYED; k++)
			if (former_try(r, &(struct former){ k, k + 1, &alike[i], LINKS_KEPT }, turns))
				return true;
	return false;
}

static size_t texts_octets(const struct relaying *r)
{
	size_t octets = 0;

	for (size_t i = 0; i < r->parts.n; i++)
		octets += part_is_text(r->text->raw, &r->parts.part[i]) ? r->parts.part[i].end - r->parts.part[i].content : 0;
	return octets;
}

/* The forms that make a difference, then "as they are". */
static const char *links_forms(const struct relaying *r)
{
	struct arena_mark mark = arena_mark(r->arena);
	bool some = false, escaped = false, slashed = false;

	for (size_t k = 0; k < r->parts.n && k < PARTS_RELAYED; k++) {
		const struct mime_part *part = &r->parts.part[k];
		struct piece pieces[LINKS_MAX];
		struct span text = SPAN("");
		size_t n;

		if (part_is_text(r->text->raw, part))
			text = part_text(r, part, body_text_cte(r->text, part));
		n = text.p ? links_find(r->arena, text, 0, pieces) : 0;
		some = some || n;
		for (size_t i = 0; i < n; i++) {
			escaped = escaped || (part_is_markup(r, part) && memchr(pieces[i].text.p, '&', pieces[i].text.n));
			slashed = slashed || span_ends_nocase(pieces[i].text, SPAN("/"));
		}
	}
	arena_rewind(r->arena, mark);
	return !some ? "-" : escaped && slashed ? "1032-" : escaped ? "10-" : slashed ? "02-" : "0-";
}

/* Where few guesses are all that can be made, the best of the likely ways come before the best of the others. Looking for places
 * in long texts costs more than the guesses: there it is done once for each of the likely ways. */
void edits_relayed(struct body_search *b, const struct body_text *text)
{
	static const struct turns turns_alike[] = { { 0, 2 }, { 2, 4 }, { 4, 8 }, { 8, SIZE_MAX } };
	static const struct turns turns_mixed[] = { { 0, 1 }, { 1, 3 }, { 3, 8 }, { 8, SIZE_MAX } };
	static const struct turns turns_one[] = { { 0, 0 }, { 0, 1 }, { 1, 6 }, { 6, SIZE_MAX } };
	static const struct turns once = { 0, 8 };
	struct relaying r = { .b = b, .text = text, .arena = b->search->arena };

	if (text->steps_n)
		return;
	mimeparts_find(&b->search->dkim->header, text->raw, &r.parts);
	r.links = links_forms(&r);
	if (texts_octets(&r) > TEXTS_LONG) {
		if (!formers_try(&r, kept, COUNT(kept), once) && !formers_try(&r, alike, COUNT(alike), once))
			formers_try(&r, mixed, COUNT(mixed), once);
		return;
	}
	for (size_t i = 0; i < COUNT(turns_alike); i++)
		if (formers_try(&r, kept, COUNT(kept), turns_alike[i]) || formers_try(&r, alike, COUNT(alike), turns_alike[i]) ||
			formers_try(&r, mixed, COUNT(mixed), turns_mixed[i]) || formers_try_one(&r, turns_one[i]))
			return;
}
