/* Guesses about parts that were decoded and encoded again. Who adds words to a text that is base64 decodes it first: of what
 * is left each of the last lines may be the first that is not the signer's. */
#include "base/base64.h"
#include "parse/dkim/bodysearch.h"
#include "parse/dkim/encoding.h"

#define TEXT_OCTETS ((size_t)1 << 18) /* longer ones are not cut */
#define CUT_LINES 60		      /* from the end */
#define CUTS_MAX (2 * CUT_LINES + 1)
#define PARTS_CUT 8
#define BEHIND_OCTETS 20000 /* where more stands behind the text, each guess costs, and only likely ones are made */
#define CUTS_LIKELY 6

/* A part's text, and what stands around it when it is base64. */
struct cutting {
	struct body_search *b;
	const struct body_text *text;
	struct arena *arena;
	struct dkim_step step; /* for a cut that takes out nothing but line ends */
	struct span octets;
	struct span before, behind; /* of the body */
	bool encoded;		    /* the text is base64 in the body as it is */
};

/* ---- where it may be cut ---- */

struct cuts {
	size_t at[CUTS_MAX]; /* octets that are left, the fewest first */
	size_t n;
};

static void cut_add(struct cuts *cuts, size_t at)
{
	if (at && (cuts->n == 0 || cuts->at[cuts->n - 1] != at))
		cuts->at[cuts->n++] = at;
}

/* Behind and before the end of each of the last lines. */
static void cuts_find(struct span text, struct cuts *cuts)
{
	size_t lines = 0;

	cuts->n = 0;
	cut_add(cuts, text.n);
	for (size_t at = text.n; at && lines < CUT_LINES; lines++) {
		const char *lf = memrchr(text.p, '\n', at);

		if (!lf)
			break;
		at = (size_t)(lf - text.p);
		cut_add(cuts, at + 1);
		at -= at && text.p[at - 1] == '\r';
		cut_add(cuts, at);
	}
	for (size_t i = 0; i < cuts->n / 2; i++) {
		size_t other = cuts->at[cuts->n - 1 - i];

		cuts->at[cuts->n - 1 - i] = cuts->at[i];
		cuts->at[i] = other;
	}
}

static bool is_blank(struct span text)
{
	return span_trim(text).n == 0;
}

/* The last ones of those that are likely. */
static void cuts_choose(struct span text, struct cuts *cuts, size_t most)
{
	size_t n = 0, chosen[CUTS_MAX];

	for (size_t i = cuts->n; i-- > 0 && n < most;)
		if (footer_is_likely(text, cuts->at[i]))
			chosen[n++] = cuts->at[i];
	cuts->n = n;
	for (size_t i = 0; i < n; i++)
		cuts->at[i] = chosen[n - 1 - i];
}

/* ---- a text with LF or with CRLF ---- */

struct span text_with_ends(struct arena *arena, struct span text, bool crlf)
{
	char *out = text.p ? arena_take(arena, 2 * text.n + 1) : NULL;
	size_t n = 0;

	for (size_t i = 0; out && i < text.n; i++) {
		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		if (crlf && text.p[i] == '\n')
			out[n++] = '\r';
		out[n++] = text.p[i];
	}
	return out ? (struct span){ out, n } : SPAN_ABSENT;
}

/* ---- one of them in base64 ---- */

static bool cut_found(const struct cutting *c, struct span octets, size_t at, struct span body)
{
	struct span rest = { octets.p + at, octets.n - at };
	struct body_text parent = *c->text;

	if (is_blank(rest))
		return body_found(c->b, &parent, body, c->step, "base64");
	if (!c->encoded)
		parent.steps[parent.steps_n++] = c->step;
	return body_found(c->b, &parent, body, body_step_removed(DKIM_EDIT_FOOTER, c->step.where, rest), "base64");
}

/* All cuts of a text in lines of `width`: what comes before the line that a cut ends in is the same for all behind it. True:
 * found, or nothing more can be tried. */
static bool width_try(const struct cutting *c, struct span octets, const struct cuts *cuts, size_t width)
{
	struct span encoded = mime_base64_encode(c->arena, octets, width);
	size_t line = width / 4 * 3, fed = 0;
	struct buf end = BUF(width + 1);
	struct body_guess guess;
	bool over = !encoded.p;

	body_guess_begin(c->b, &guess);
	over = over || !body_guess_add(c->b, &guess, c->before);
	for (size_t i = 0; i < cuts->n && !over; i++) {
		size_t whole = (cuts->at[i] - 1) / line, start = whole * (width + 2);
		struct span last = { octets.p + whole * line, cuts->at[i] - whole * line };

		buf_clear(&end);
		over = !base64_put(&end, last) ||
		       !body_guess_add(c->b, &guess, (struct span){ encoded.p + fed, start - fed });
		fed = start;
		if (over || !body_guess_fits(c->b, &guess, (struct span[]){ buf_span(&end), c->behind }, 2))
			continue;
		over = cut_found(c, octets, cuts->at[i],
			TEXT_JOIN(c->arena, c->before, (struct span){ encoded.p, fed }, buf_span(&end), c->behind));
	}
	buf_release(&end);
	return over;
}

static bool cutting_try(const struct cutting *c)
{
	static const size_t widths[] = { 76, 72, 64, 60 };

	for (int crlf = 0; crlf < 2; crlf++) {
		struct span octets = text_with_ends(c->arena, c->octets, crlf);
		struct cuts cuts;

		if (!octets.p)
			return true;
		cuts_find(octets, &cuts);
		if (c->behind.n > BEHIND_OCTETS)
			cuts_choose(octets, &cuts, c->encoded ? CUTS_LIKELY : CUTS_LIKELY / 3);
		for (size_t i = 0; i < (c->behind.n > BEHIND_OCTETS ? 1 : sizeof widths / sizeof widths[0]); i++)
			if (width_try(c, octets, &cuts, widths[i]))
				return true;
	}
	return false;
}

/* ---- parts ---- */

static struct span body_from(const struct cutting *c, size_t at)
{
	return (struct span){ c->text->raw.p + at, c->text->raw.n - at };
}

/* Of a part that is base64 the text between its first and its last digit is another one. */
static bool encoded_try(struct cutting *c, const struct mime_part *part)
{
	struct span raw = c->text->raw;
	struct span text = fws_trim((struct span){ raw.p + part->content, part->end - part->content });

	c->encoded = true;
	c->step.edit = DKIM_EDIT_BASE64_REWRAPPED;
	c->octets = mime_base64_decode(c->arena, text);
	c->before = (struct span){ raw.p, (size_t)(text.p - raw.p) };
	c->behind = body_from(c, (size_t)(text.p + text.n - raw.p));
	if (c->octets.n == 0 || c->octets.n > TEXT_OCTETS)
		return false;
	return cutting_try(c);
}

/* The field of a part said that it is base64; behind the last digit its line ends, perhaps with a blank line. */
static bool plain_try(struct cutting *c, const struct mime_part *part)
{
	static const struct span ends[] = { SPAN("\r\n"), SPAN("\r\n\r\n") };
	struct span raw = c->text->raw, value = mimeparts_field(raw, part, "content-transfer-encoding");
	struct piece piece;

	c->encoded = false;
	c->step.edit = DKIM_EDIT_BASE64_DECODED;
	c->octets = (struct span){ raw.p + part->content, part->end - part->content };
	if (c->octets.n > TEXT_OCTETS || (!part->whole && !value.p))
		return false;
	c->before = (struct span){ raw.p, part->content };
	if (part->whole) {
		c->behind = ends[0];
		return cutting_try(c);
	}
	piece = (struct piece){ (size_t)(value.p - raw.p), value.n, SPAN("base64") };
	c->before = text_splice(c->arena, c->before, &piece, 1);
	c->octets.n -= span_ends_nocase(c->octets, ends[0]) ? 2 : 0; /* is the boundary's */
	for (size_t i = 0; c->before.p && i < sizeof ends / sizeof ends[0] && (i == 0 || c->behind.n <= BEHIND_OCTETS); i++) {
		c->behind = TEXT_JOIN(c->arena, ends[i], body_from(c, part->end));
		if (!c->behind.p || cutting_try(c))
			return true;
	}
	return false;
}

bool part_is_text(struct span body, const struct mime_part *part)
{
	struct span type = part->whole ? SPAN_ABSENT : mimeparts_field(body, part, "content-type");

	return !part->multipart && part->end > part->content && (!type.p || span_starts_nocase(type, SPAN("text/")));
}

/* Words are cut off the body as it came, and behind one other edit that bears on it. */
static bool is_cut(const struct body_text *text)
{
	enum dkim_edit first = text->steps[0].edit;

	if (text->steps_n < 2)
		return text->steps_n == 0 || first == DKIM_EDIT_TO_QP || first == DKIM_EDIT_BASE64_DECODED;
	return text->steps_n == 2 && first == DKIM_EDIT_TO_QP && text->steps[1].edit == DKIM_EDIT_BASE64_DECODED;
}

void edits_recoded(struct body_search *b, const struct body_text *text)
{
	struct cutting c = { .b = b, .text = text, .arena = b->search->arena };
	struct mime_parts parts;
	size_t n = 0;

	if (!is_cut(text))
		return;
	mimeparts_find(&b->search->dkim->header, text->raw, &parts);
	for (size_t i = 0; i < parts.n && n < PARTS_CUT; i++) {
		const struct mime_part *part = &parts.part[i];
		enum mime_cte cte = body_text_cte(text, part);

		if (cte == CTE_QP || !part_is_text(text->raw, part))
			continue;
		n++;
		c.step.where = mimeparts_name(c.arena, part, i + 1);
		if (cte == CTE_BASE64 ? encoded_try(&c, part) : plain_try(&c, part))
			return;
	}
	if (text->steps_n == 0 && !parts.part[0].whole)
		texts_add_recoded(b, text, &parts);
}
