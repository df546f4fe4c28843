/* Guesses about whole bodies: transfer encodings, what mail stores and relays do to lines, rewritten links. */
#include "parse/dkim/bodysearch.h"
#include "parse/dkim/encoding.h"

#define LINES_MAX 400 /* of bodies whose lines are tried one by one */
#define PAIRS_MAX 60
#define SHORT_OCTETS 20000 /* bodies tried in many ways */

struct editing {
	struct body_search *b;
	const struct body_text *text;
	struct arena *arena;
	struct span raw;
	size_t line[LINES_MAX + 1]; /* where lines begin; of short bodies only */
	size_t lines;               /* 0: too many */
};

static struct dkim_step step_of(enum dkim_edit edit, struct span where)
{
	return (struct dkim_step){ .edit = edit, .where = where };
}

static void add(struct editing *e, struct span raw, enum dkim_edit edit, const char *cte)
{
	body_text_add(e->b, e->text, raw, step_of(edit, SPAN("body")), cte);
}

static bool try(struct editing *e, const struct piece *pieces, size_t n, enum dkim_edit edit)
{
	struct buf *guess = &e->b->search->dkim->input; /* guesses are too many for the arena */
	size_t from = 0;

	buf_clear(guess);
	for (size_t i = 0; i < n; i++) {
		buf_put(guess, e->raw.p + from, pieces[i].at - from);
		buf_put_span(guess, pieces[i].text);
		from = pieces[i].at + pieces[i].n;
	}
	buf_put(guess, e->raw.p + from, e->raw.n - from);
	return guess->failed || body_try(e->b, e->text, buf_span(guess), step_of(edit, SPAN("body")), NULL);
}

static void lines_find(struct editing *e)
{
	for (size_t at = 0; at < e->raw.n;) {
		const char *lf = memchr(e->raw.p + at, '\n', e->raw.n - at);

		if (e->lines == LINES_MAX) {
			e->lines = 0;
			return;
		}
		e->line[e->lines++] = at;
		at = lf ? (size_t)(lf - e->raw.p) + 1 : e->raw.n;
	}
	e->line[e->lines] = e->raw.n;
}

static struct span line_text(const struct editing *e, size_t i)
{
	struct span line = { e->raw.p + e->line[i], e->line[i + 1] - e->line[i] };

	if (line.n && line.p[line.n - 1] == '\n')
		line.n -= line.n > 1 && line.p[line.n - 2] == '\r' ? 2 : 1;
	return line;
}

/* ---- transfer encodings, part by part ---- */

struct recoded {
	struct span content; /* absent: cannot be */
	enum dkim_edit edit;
	const char *const *ctes; /* what the part's own field may have said; ends with NULL */
};

static const char *const plain_ctes[] = { "8bit", "7bit", "binary", NULL };
static const char *const qp_ctes[] = { "quoted-printable", NULL };
static const char *const base64_ctes[] = { "base64", NULL };
static const char *const same_cte[] = { NULL };

/* The value of the part's transfer encoding field. */
static struct span cte_value(const struct editing *e, const struct mime_part *part)
{
	return mimeparts_field(e->raw, part, "content-transfer-encoding");
}

/* The content put in place, with the part's field as it is, with each value it may have had, and without it. */
static void recoded_add(struct editing *e, const struct mime_part *part, size_t number, size_t at, size_t n,
	const struct recoded *recoded)
{
	struct piece pieces[2] = { { 0, 0, SPAN("") }, { at, n, recoded->content } };
	struct dkim_step step = step_of(recoded->edit, mimeparts_name(e->arena, part, number));
	struct span value = part->whole ? SPAN_ABSENT : cte_value(e, part);

	if (!recoded->content.p)
		return;
	body_text_add(e->b, e->text, text_splice(e->arena, e->raw, &pieces[1], 1), step,
		part->whole ? recoded->ctes[0] : NULL);
	if (!value.p)
		return;
	pieces[0].at = (size_t)(value.p - e->raw.p);
	pieces[0].n = value.n;
	for (size_t i = 0; recoded->ctes[i]; i++) {
		pieces[0].text = span_of(recoded->ctes[i]);
		body_text_add(e->b, e->text, text_splice(e->arena, e->raw, pieces, 2), step, NULL);
	}
	while (pieces[0].at > part->head && e->raw.p[pieces[0].at - 1] != '\n')
		pieces[0].at--;
	pieces[0].n = (size_t)(value.p + value.n - e->raw.p) - pieces[0].at + 2;
	pieces[0].text = SPAN("");
	if (pieces[0].at + pieces[0].n <= at)
		body_text_add(e->b, e->text, text_splice(e->arena, e->raw, pieces, 2), step, NULL);
}

static void crlf_put(void *arg, const char *octets, size_t n)
{
	buf_put(arg, octets, n);
}

static struct span network_form(struct arena *arena, struct span text)
{
	struct canon_lines lines = { 0 };
	struct buf out = BUF(2 * text.n + 2);
	struct span result;

	canon_lines_add(&lines, text.p, text.n, crlf_put, &out);
	result = arena_copy(arena, buf_span(&out));
	buf_release(&out);
	return result;
}

/* Where the encoded text itself stands, without the blank lines around it. */
static struct span encoded_trim(const struct editing *e, const struct mime_part *part)
{
	return fws_trim((struct span){ e->raw.p + part->content, part->end - part->content });
}

static void base64_recode(struct editing *e, const struct mime_part *part, size_t number)
{
	static const size_t widths[] = { 76, 72, 64, 60, 57, 70, 68, 74, 78, 80, 54, 48, 56, 990, 100000000 };
	struct span text = encoded_trim(e, part);
	struct span octets = mime_base64_decode(e->arena, text);
	size_t at = (size_t)(text.p - e->raw.p), whole = part->end - part->content;
	struct recoded plain = { octets.p ? network_form(e->arena, octets) : SPAN_ABSENT, DKIM_EDIT_TO_BASE64,
		plain_ctes };

	if (!octets.p || octets.n == 0)
		return;
	recoded_add(e, part, number, part->content, whole, &plain);
	if (!part->whole && plain.content.p) {
		plain.content = TEXT_JOIN(e->arena, plain.content, SPAN("\r\n"));
		recoded_add(e, part, number, part->content, whole, &plain);
	}
	if (e->text->steps_n && e->text->steps[0].edit == DKIM_EDIT_BASE64_REWRAPPED)
		return;
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
		struct recoded wrapped = { mime_base64_encode(e->arena, octets, widths[i]), DKIM_EDIT_BASE64_REWRAPPED,
			same_cte };

		if (wrapped.content.n > 2)
			wrapped.content.n -= 2;
		recoded_add(e, part, number, at, text.n, &wrapped);
	}
}

static bool needs_encoding(struct span text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.n; i++) {
		column = text.p[i] == '\n' ? 0 : column + 1;
		if ((unsigned char)text.p[i] >= 0x80 || column > 78)
			return true;
	}
	return false;
}

static void plain_encode(struct editing *e, const struct mime_part *part, size_t number)
{
	struct span text = { e->raw.p + part->content, part->end - part->content };
	struct recoded qp = { SPAN_ABSENT, DKIM_EDIT_QP_DECODED, qp_ctes };
	struct recoded base64 = { SPAN_ABSENT, DKIM_EDIT_BASE64_DECODED, base64_ctes };

	if (!needs_encoding(text))
		return;
	qp.content = mime_qp_encode(e->arena, text, 76, true);
	recoded_add(e, part, number, part->content, text.n, &qp);
	qp.content = mime_qp_encode(e->arena, text, 76, false);
	recoded_add(e, part, number, part->content, text.n, &qp);
	base64.content = mime_base64_encode(e->arena, text, 76);
	recoded_add(e, part, number, part->content, text.n, &base64);
}

static void parts_edit(struct editing *e)
{
	struct mime_parts parts;

	mimeparts_find(&e->b->search->dkim->header, e->raw, &parts);
	for (size_t i = 0; i < parts.n; i++) {
		const struct mime_part *part = &parts.part[i];
		struct span content = { e->raw.p + part->content, part->end - part->content };

		if (part->end <= part->content)
			continue;
		if (!part->whole)
			body_text_add(e->b, e->text, content, step_of(DKIM_EDIT_WRAPPED, SPAN("body")), NULL);
		if (part->multipart)
			continue;
		if (body_text_cte(e->text, part) == CTE_QP) {
			struct recoded plain = { mime_qp_decode(e->arena, content), DKIM_EDIT_TO_QP, plain_ctes };

			recoded_add(e, part, i + 1, part->content, content.n, &plain);
		} else if (body_text_cte(e->text, part) == CTE_BASE64) {
			base64_recode(e, part, i + 1);
		} else {
			plain_encode(e, part, i + 1);
		}
	}
}

/* ---- what happens to lines on the way ---- */

/* Every line that `fix` can change is changed. */
static void each_line(
	struct editing *e, enum dkim_edit edit, bool (*fix)(struct span line, size_t *drop, struct span *put))
{
	struct buf out = BUF(2 * e->raw.n + 16);
	bool some = false;

	for (size_t at = 0; at < e->raw.n;) {
		const char *lf = memchr(e->raw.p + at, '\n', e->raw.n - at);
		struct span line = { e->raw.p + at, lf ? (size_t)(lf - e->raw.p) + 1 - at : e->raw.n - at },
			    put = SPAN("");
		size_t drop = 0;

		some = fix(line, &drop, &put) || some;
		buf_put_span(&out, put);
		buf_put(&out, line.p + drop, line.n - drop);
		at += line.n;
	}
	if (some && !out.failed)
		add(e, arena_copy(e->arena, buf_span(&out)), edit, NULL);
	buf_release(&out);
}

/* RFC 4155 and its kin: "From " at a line's start gets a ">". */
static bool from_fix(struct span line, size_t *drop, struct span *put)
{
	size_t marks = 0;

	(void)put;
	while (marks < line.n && line.p[marks] == '>')
		marks++;
	*drop = marks && line.n - marks >= 5 && memcmp(line.p + marks, "From ", 5) == 0;
	return *drop;
}

/* RFC 5321 4.5.2: a dot doubled, or one of two lost. */
static bool dots_fix(struct span line, size_t *drop, struct span *put)
{
	(void)put;
	*drop = line.n > 1 && line.p[0] == '.' && line.p[1] == '.';
	return *drop;
}

static bool dots_lost_fix(struct span line, size_t *drop, struct span *put)
{
	bool dot = line.n && line.p[0] == '.';

	*drop = 0;
	*put = dot ? SPAN(".") : SPAN("");
	return dot;
}

static bool is_blank(struct span line)
{
	return fws_trim(line).n == 0;
}

/* "a CRLF" became "a CRLF CRLF": every other line is blank. Then: only blank lines were doubled. */
static void doubled_edit(struct editing *e)
{
	struct buf half = BUF(e->raw.n + 1), single = BUF(e->raw.n + 1);
	bool odd_blank = true, other = false, after_blank = false;
	size_t number = 0;

	for (size_t at = 0; at < e->raw.n; number++) {
		const char *lf = memchr(e->raw.p + at, '\n', e->raw.n - at);
		struct span line = { e->raw.p + at, lf ? (size_t)(lf - e->raw.p) + 1 - at : e->raw.n - at };
		bool blank = is_blank(line);

		odd_blank = odd_blank && (number % 2 == 0 || blank);
		if (number % 2 == 0)
			buf_put_span(&half, line);
		other = other || (blank && after_blank);
		if (!(blank && after_blank))
			buf_put_span(&single, line);
		after_blank = blank && !after_blank;
		at += line.n;
	}
	if (odd_blank && number > 2)
		add(e, arena_copy(e->arena, buf_span(&half)), DKIM_EDIT_LINES_DOUBLED, NULL);
	if (other)
		add(e, arena_copy(e->arena, buf_span(&single)), DKIM_EDIT_LINES_DOUBLED, NULL);
	buf_release(&half);
	buf_release(&single);
}

static void leading_edit(struct editing *e)
{
	static const char crlfs[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";

	for (size_t n = 2; n < sizeof crlfs; n += 2)
		add(e, TEXT_JOIN(e->arena, (struct span){ crlfs, n }, e->raw), DKIM_EDIT_LEADING_LOST, NULL);
}

/* A dot lost where it was not doubled. */
static void dots_try(struct editing *e)
{
	for (size_t i = 0; i < e->lines; i++) {
		struct piece piece = { e->line[i], 0, SPAN(".") };

		if (line_text(e, i).n && try(e, &piece, 1, DKIM_EDIT_DOT_UNSTUFFED))
			return;
	}
}

/* The first paragraphs of the body and of its parts taken out: what was put in elsewhere is then searched as well. */
#define BANNER_PARTS 4
#define BANNER_PARAGRAPHS 4
static void banners_edit(struct editing *e)
{
	struct mime_parts parts;

	mimeparts_find(&e->b->search->dkim->header, e->raw, &parts);
	for (size_t i = 0; i < parts.n && i < BANNER_PARTS; i++) {
		size_t start = parts.part[i].content, paragraphs = 0;
		bool markup = start < e->raw.n && e->raw.p[start] == '<';

		for (size_t at = start; at < parts.part[i].end && paragraphs < BANNER_PARAGRAPHS;) {
			const char *lf = memchr(e->raw.p + at, '\n', parts.part[i].end - at);
			struct span line = { e->raw.p + at,
				lf ? (size_t)(lf - e->raw.p) + 1 - at : parts.part[i].end - at };
			struct piece piece = { start, at + line.n - start, SPAN("") };
			struct span banner = { e->raw.p + start, piece.n };

			at += line.n;
			if (markup && at == start + line.n) {
				start = at; /* behind the line with the opening tags */
				continue;
			}
			if (!markup && !is_blank(line))
				continue;
			body_text_add(e->b, e->text, text_splice(e->arena, e->raw, &piece, 1),
				body_step_removed(DKIM_EDIT_BANNER, mimeparts_name(e->arena, &parts.part[i], i + 1), banner), NULL);
			paragraphs++;
		}
	}
}

/* The same of the last paragraphs of parts, but not of the last part, which is searched anyhow: whoever adds his words to
 * the text of an alternative adds them to its markup, too. */
#define FOOTER_PARTS 2
#define FOOTER_PARAGRAPHS 3

static void footer_cut(struct editing *e, const struct mime_part *part, size_t number, size_t from)
{
	struct piece piece = { from, part->end - from, SPAN("") };

	if (from <= part->content || from >= part->end)
		return;
	body_text_add(e->b, e->text, text_splice(e->arena, e->raw, &piece, 1),
		body_step_removed(DKIM_EDIT_FOOTER, mimeparts_name(e->arena, part, number), (struct span){ e->raw.p + from, piece.n }),
		NULL);
}

/* From each blank line on, and from behind it: one may have been there before. */
static void part_footers(struct editing *e, const struct mime_part *part, size_t number, size_t most)
{
	size_t paragraphs = 0, at = part->end;
	bool some = false;

	while (at > part->content && paragraphs < most) {
		const char *lf = memrchr(e->raw.p + part->content, '\n', at - 1 - part->content);
		size_t start = lf ? (size_t)(lf - e->raw.p) + 1 : part->content;
		bool blank = is_blank((struct span){ e->raw.p + start, at - start });

		if (blank && some) {
			footer_cut(e, part, number, start);
			footer_cut(e, part, number, at);
			paragraphs++;
		}
		some = some || !blank;
		at = start;
	}
}

static void footers_edit(struct editing *e)
{
	struct mime_parts parts;

	mimeparts_find(&e->b->search->dkim->header, e->raw, &parts);
	for (size_t i = 0, n = 0; i + 1 < parts.n && n < FOOTER_PARTS; i++)
		if (!parts.part[i].multipart && parts.part[i].cte != CTE_BASE64) {
			part_footers(e, &parts.part[i], i + 1, e->raw.n > SHORT_OCTETS ? 1 : FOOTER_PARAGRAPHS);
			n++;
		}
}

/* ---- links ---- */

static void urls_edit(struct editing *e)
{
	struct piece pieces[LINKS_MAX];

	for (unsigned form = 0; form < LINKS_FORMS; form++) {
		size_t n = links_find(e->arena, e->raw, form, pieces);

		if (n == 0)
			return;
		body_text_add(e->b, e->text, text_splice(e->arena, e->raw, pieces, n), links_step(e->raw, pieces, SPAN("body")), NULL);
		for (size_t i = 0; form == 0 && n > 1 && i < n && i < 8; i++)
			body_text_add(e->b, e->text, text_splice(e->arena, e->raw, &pieces[i], 1),
				links_step(e->raw, pieces, SPAN("body")), NULL);
	}
}

/* Links as reporters write them so that nobody follows them (RFC 9991 7.3): `hxxp://`, and `[.]` in the host's name. */
static void defanged_edit(struct editing *e)
{
	static const struct {
		struct span found, before;
	} marks[] = { { SPAN("hxxp://"), SPAN("tt") }, { SPAN("hxxps://"), SPAN("tt") }, { SPAN("[.]"), SPAN(".") },
		{ SPAN("[:]"), SPAN(":") } };
	struct piece pieces[LINES_MAX];
	struct dkim_step step = step_of(DKIM_EDIT_DEFANGED, SPAN("body"));
	size_t n = 0;

	for (size_t at = 0; at + 3 < e->raw.n && n < LINES_MAX; at++) {
		struct span rest = { e->raw.p + at, e->raw.n - at };

		if (*rest.p != '[' && (*rest.p | 0x20) != 'h')
			continue;
		for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
			if (span_starts_nocase(rest, marks[i].found)) {
				bool link = marks[i].before.n > 1;

				pieces[n++] = (struct piece){ at + link, link ? 2 : marks[i].found.n, marks[i].before };
				at += link ? 2 : marks[i].found.n - 1;
				break;
			}
	}
	if (n)
		body_text_add(e->b, e->text, text_splice(e->arena, e->raw, pieces, n), step, NULL);
}

/* ---- guesses about white space and line breaks: many, each tried only as it is ---- */

static void trailing_try(struct editing *e)
{
	static const char *const ends[] = { " ", "  ", "\t" };
	struct piece pieces[LINES_MAX];

	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < e->lines; i++) {
			struct span line = line_text(e, i);

			pieces[i] = (struct piece){ e->line[i] + line.n, 0, span_of(ends[k]) };
			if (try(e, &pieces[i], 1, DKIM_EDIT_TRAILING_SPACE))
				return;
		}
		if (e->lines && try(e, pieces, e->lines, DKIM_EDIT_TRAILING_SPACE))
			return;
	}
	for (size_t i = 0; e->lines <= PAIRS_MAX && i < e->lines; i++)
		for (size_t j = i + 1; j < e->lines; j++)
			for (size_t k = 0; k < 4; k++) {
				struct piece pair[2] = { { e->line[i] + line_text(e, i).n, 0, span_of(ends[k & 1]) },
					{ e->line[j] + line_text(e, j).n, 0, span_of(ends[k >> 1]) } };

				if (try(e, pair, 2, DKIM_EDIT_TRAILING_SPACE))
					return;
			}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void spaces_try(struct editing *e)
{
	static const char *const kinds[] = { "\t", "  ", "    ", "        ", " " };
	struct piece pieces[LINES_MAX];
	size_t n = 0;

	for (size_t at = 0; at < e->raw.n && n < LINES_MAX; at++) {
		size_t length = 0;

		while (at + length < e->raw.n && is_space(e->raw.p[at + length]))
			length++;
		if (length > 1 || (length == 1 && e->raw.p[at] == '\t'))
			pieces[n++] = (struct piece){ at, length, SPAN("") };
		at += length;
	}
	for (size_t k = 0; n && k < sizeof kinds / sizeof kinds[0]; k++) {
		for (size_t i = 0; i < n; i++) {
			pieces[i].text = span_of(kinds[k]);
			if (try(e, &pieces[i], 1, DKIM_EDIT_BODY_SPACE))
				return;
		}
		if (try(e, pieces, n, DKIM_EDIT_BODY_SPACE))
			return;
	}
}

/* Two neighbouring lines broken at another space, or not at all. */
static void breaks_try(struct editing *e)
{
	for (size_t i = 0; i + 1 < e->lines; i++) {
		struct span first = line_text(e, i), second = line_text(e, i + 1);
		struct piece join = { e->line[i] + first.n, 2, SPAN(" ") };

		if (first.n == 0 || second.n == 0)
			continue;
		if (try(e, &join, 1, DKIM_EDIT_REWRAPPED))
			return;
		for (size_t k = 0; k < first.n + second.n; k++) {
			bool earlier = k < first.n;
			size_t at = earlier ? e->line[i] + k : e->line[i + 1] + k - first.n;
			struct piece broken = { at, 1, SPAN("\r\n") };
			struct piece both[2] = { earlier ? broken : join, earlier ? join : broken };

			if (e->raw.p[at] == ' ' && try(e, both, 2, DKIM_EDIT_REWRAPPED))
				return;
		}
	}
}

static void preamble_try(struct editing *e)
{
	static const char *const texts[] = { "This is a multi-part message in MIME format.\r\n",
		"This is a multi-part message in MIME format.\r\n\r\n",
		"\r\nThis is a multi-part message in MIME format.\r\n\r\n",
		"This is a multipart message in MIME format.\r\n",
		"This is a multipart message in MIME format.\r\n\r\n", "This is a MIME-encapsulated message\r\n\r\n",
		"This message is in MIME format.\r\n\r\n", "This is a multi-part message in MIME format...\r\n\r\n",
		"\r\n", "\r\n\r\n" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct piece piece = { 0, 0, span_of(texts[i]) };

		if (try(e, &piece, 1, DKIM_EDIT_PREAMBLE_LOST))
			return;
	}
}

void edits_body(struct body_search *b, const struct body_text *text)
{
	struct editing e = { .b = b, .text = text, .arena = b->search->arena, .raw = text->raw };
	struct mime_parts parts;

	parts_edit(&e);
	each_line(&e, DKIM_EDIT_FROM_ESCAPED, from_fix);
	each_line(&e, DKIM_EDIT_DOT_STUFFED, dots_fix);
	each_line(&e, DKIM_EDIT_DOT_UNSTUFFED, dots_lost_fix);
	doubled_edit(&e);
	urls_edit(&e);
	defanged_edit(&e);
	leading_edit(&e);
	mimeparts_find(&b->search->dkim->header, text->raw, &parts);
	if (parts.first == 0)
		preamble_try(&e);
	if (text->steps_n)
		return;
	footers_edit(&e);
	if (text->raw.n > SHORT_OCTETS)
		return;
	banners_edit(&e);
	lines_find(&e);
	dots_try(&e);
	trailing_try(&e);
	spaces_try(&e);
	breaks_try(&e);
}
