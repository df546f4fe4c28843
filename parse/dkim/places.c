#include "parse/dkim/places.h"

#define GAPS_MOST 4
#define PLACES_MOST 24
#define FRAGMENT_OCTETS 16384
#define FRAGMENTS_MOST 100 /* looked at in one text */
#define KEY_LEAST 6
#define KEY_MOST 16
#define KEY_OCTETS 512 /* with the tags in it */
#define KEY_TRIES 1000

static void rank_add(struct ranked *ranked, size_t at, size_t end)
{
	for (size_t i = 0; i < ranked->n; i++)
		if (ranked->piece[i].at == at && ranked->piece[i].n == end - at)
			return;
	if (at < end && ranked->n < RANKED_MOST)
		ranked->piece[ranked->n++] = (struct piece){ at, end - at, SPAN("") };
}

void ranked_add(struct ranked *ranked, const struct ranked *others)
{
	for (size_t i = 0; i < others->n; i++)
		rank_add(ranked, others->piece[i].at, others->piece[i].at + others->piece[i].n);
}

static bool octet_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool octet_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Where words end, and where the next ones begin. */
struct gap {
	size_t left, right;
};

static struct gap gap_before(struct span text, size_t right)
{
	size_t left = right;

	while (left && octet_is_space(text.p[left - 1]))
		left--;
	return (struct gap){ left, right };
}

/* Of a word in whatever letters. */
static bool octet_is_shown(char c)
{
	return octet_is_word(c) || c & 0x80;
}

/* Behind the first line end in it. */
static size_t gap_line(struct span text, struct gap gap)
{
	const char *lf = memchr(text.p + gap.left, '\n', gap.right - gap.left);

	return lf ? (size_t)(lf - text.p) + 1 : gap.right;
}

/* ---- a text: between its paragraphs ---- */

static bool line_begins_words(struct span text, size_t at)
{
	return text.p[at - 1] == '\n' && !octet_is_space(text.p[at]);
}

/* `____`: what stands behind it goes with it. */
static bool line_is_drawn(struct span text, size_t end)
{
	while (end && text.p[end - 1] != '\n')
		if (octet_is_shown(text.p[--end]))
			return false;
	return true;
}

/* From the end: the line end before a notice is what the text ended with, or not even that. */
static void notices_rank(struct span text, struct ranked *ranked)
{
	struct gap gaps[GAPS_MOST];
	size_t n = 0;

	for (size_t at = text.n; at-- > 1 && n < GAPS_MOST;) {
		struct gap gap;

		if (!line_begins_words(text, at) || !footer_is_likely(text, at))
			continue;
		gap = gap_before(text, at);
		if (gap.left && !line_is_drawn(text, gap.left))
			gaps[n++] = gap;
	}
	for (size_t sum = 0; sum < n + 3; sum++) {
		for (size_t i = 0; i < n && i <= sum; i++) {
			const size_t at[] = { gap_line(text, gaps[i]), gaps[i].left, gaps[i].right };

			if (sum - i < 3)
				rank_add(ranked, at[sum - i], text.n);
		}
	}
}

/* From the beginning: one line, paragraphs, with the blank lines behind them or without, or all up to a drawn line; then any
 * few lines. */
static void banners_rank(struct span text, struct ranked *ranked)
{
	struct ranked lines = { .n = 0 };
	size_t n = 0;

	for (size_t at = 1; at < text.n && n < GAPS_MOST; at++) {
		struct gap gap;

		if (!line_begins_words(text, at))
			continue;
		gap = gap_before(text, at);
		rank_add(&lines, 0, at);
		if (n && gap_line(text, gap) == at && !line_is_drawn(text, gap.left))
			continue;
		rank_add(ranked, 0, at);
		rank_add(ranked, 0, gap_line(text, gap));
		n++;
	}
	ranked_add(ranked, &lines);
}

void places_in_text(struct span text, enum place place, struct ranked *ranked)
{
	if (place == PLACE_BEHIND)
		notices_rank(text, ranked);
	else
		banners_rank(text, ranked);
}

/* ---- markup: where elements begin and end ---- */

static bool tag_is(struct span tag, struct span name)
{
	return span_starts_nocase(tag, name) && (tag.n == name.n || !octet_is_word(tag.p[name.n]));
}

/* `<br>`, `<!-- -->`: what needs no end. */
static bool tag_is_void(struct span tag)
{
	static const struct span names[] = { SPAN("<br"), SPAN("<hr"), SPAN("<img"), SPAN("<meta"), SPAN("<link"), SPAN("<input"),
		SPAN("<wbr"), SPAN("<!"), SPAN("<?") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (i < 7 ? tag_is(tag, names[i]) : span_starts_nocase(tag, names[i]))
			return true;
	return span_ends_nocase(tag, SPAN("/>"));
}

/* Does every element that begins in it end there, and the other way round? Paragraphs need not be closed. */
static bool fragment_is_whole(struct span text)
{
	size_t depth = 0, paragraphs = 0, closed = 0;
	const char *end = text.p + text.n, *close;

	for (const char *open = text.p; (open = memchr(open, '<', (size_t)(end - open))); open = close) {
		struct span tag;

		close = memchr(open, '>', (size_t)(end - open));
		if (!close)
			return false;
		tag = (struct span){ open, (size_t)(++close - open) };
		if (tag_is(tag, SPAN("<p")))
			paragraphs++;
		else if (tag_is(tag, SPAN("</p")))
			closed++;
		else if (tag.p[1] == '/' && depth-- == 0)
			return false;
		else if (tag.p[1] != '/' && !tag_is_void(tag))
			depth++;
	}
	return depth == 0 && (closed == 0 || closed == paragraphs);
}

static void fragment_add(struct ranked *ranked, struct span text, size_t at, size_t end)
{
	if (at < end && end - at <= FRAGMENT_OCTETS && fragment_is_whole((struct span){ text.p + at, end - at }))
		rank_add(ranked, at, end);
}

/* The first of some tags, 0 when there is none. */
static size_t document_start(struct span text)
{
	long doctype = span_find_nocase(text, SPAN("<!doctype")), html = span_find_nocase(text, SPAN("<html"));

	return doctype > 0 && (html < 0 || doctype < html) ? (size_t)doctype : html > 0 && doctype < 0 ? (size_t)html : 0;
}

static size_t document_end(struct span text)
{
	for (size_t at = text.n; at-- > 0;)
		if (text.p[at] == '<' && span_starts_nocase((struct span){ text.p + at, text.n - at }, SPAN("</html>")))
			return at + strlen("</html>");
	return text.n;
}

static void markup_notices_rank(struct span text, struct ranked *ranked)
{
	struct gap outside = { document_end(text), gap_before(text, text.n).left };
	size_t end = inside_end(text, true), looked_at = 0;

	if (outside.left < outside.right) {
		rank_add(ranked, gap_line(text, outside), text.n);
		rank_add(ranked, outside.left, text.n);
	}
	for (size_t at = end; at-- > 1 && looked_at < FRAGMENTS_MOST && ranked->n < RANKED_MOST;)
		if (inside_end_begins(text, at) && ++looked_at)
			fragment_add(ranked, text, at, end);
}

static void markup_banners_rank(struct span text, struct ranked *ranked)
{
	size_t start = inside_start(text, true), looked_at = 0;

	fragment_add(ranked, text, 0, document_start(text));
	for (size_t at = start + 1; at < text.n && looked_at < FRAGMENTS_MOST && ranked->n < RANKED_MOST; at++)
		if (inside_start_ends(text, at, true) && ++looked_at)
			fragment_add(ranked, text, start, at);
}

/* ---- the same words in a text and in its markup ---- */

/* Letters and digits that follow each other, whatever else stands between them: the first of some words, or the last. */
struct key {
	char letters[KEY_MOST];
	size_t n;
};

static struct key key_of(struct span words, enum place place)
{
	struct key key = { .n = 0 };

	for (size_t i = 0; i < words.n && key.n < KEY_MOST; i++) {
		char c = words.p[place == PLACE_BEHIND ? i : words.n - 1 - i];

		if (octet_is_word(c))
			key.letters[key.n++] = c;
		else if ((c & 0x80 || c == '&' || c == '<') && key.n >= KEY_LEAST)
			break; /* may be written otherwise there */
		else if (c & 0x80 || c == '&' || c == '<')
			key.n = 0;
	}
	for (size_t i = 0; place == PLACE_BEFORE && i < key.n / 2; i++) {
		char c = key.letters[i];

		key.letters[i] = key.letters[key.n - 1 - i];
		key.letters[key.n - 1 - i] = c;
	}
	return key;
}

/* Behind the key that begins there; 0 when it does not. Tags may stand in it, and spaces by their name. */
static size_t key_end(const struct key *key, struct span text, size_t at)
{
	size_t n = 0, end = text.n - at < KEY_OCTETS ? text.n : at + KEY_OCTETS;

	while (at < end && n < key->n) {
		struct span rest = { text.p + at, end - at };
		const char *close = rest.p[0] == '<' ? memchr(rest.p, '>', rest.n) : NULL;

		if (octet_is_word(rest.p[0]) && rest.p[0] != key->letters[n])
			return 0;
		n += octet_is_word(rest.p[0]);
		at += close ? (size_t)(close - rest.p) + 1 : span_starts_nocase(rest, SPAN("&nbsp;")) ? 6 : 1;
	}
	return n == key->n ? at : 0;
}

static bool is_in_tag(struct span text, size_t at)
{
	size_t from = at < KEY_OCTETS ? 0 : at - KEY_OCTETS;
	const char *open = memrchr(text.p + from, '<', at - from), *close = memrchr(text.p + from, '>', at - from);

	return open && (!close || open > close);
}

/* Where the words that were put behind a text begin in the markup, and where those before it end there. False: nowhere. */
static bool key_find(const struct key *key, struct span text, enum place place, size_t *found)
{
	size_t tries = 0;

	for (size_t i = 0; key->n >= KEY_LEAST && i < text.n && tries < KEY_TRIES; i++) {
		size_t at = place == PLACE_BEHIND ? text.n - 1 - i : i, end;

		if (text.p[at] != key->letters[0])
			continue;
		tries++;
		end = key_end(key, text, at);
		if (!end || is_in_tag(text, at))
			continue;
		*found = place == PLACE_BEHIND ? at : end;
		return true;
	}
	return false;
}

/* The outermost first. */
static void places_rank(struct span text, const size_t *places, size_t n, size_t other, enum place place, struct ranked *ranked)
{
	while (n-- > 0) {
		if (place == PLACE_BEHIND)
			fragment_add(ranked, text, places[n], other);
		else
			fragment_add(ranked, text, other, places[n]);
	}
}

/* A tag, or an octet. */
struct token {
	size_t at, end;
	bool tag, opens, closes;
	bool shown; /* of a word */
};

static struct token token_of(struct span text, size_t at, size_t end)
{
	struct span tag = { text.p + at, end - at };
	bool is_tag = tag.n > 1 && tag.p[0] == '<';

	return (struct token){ at, end, is_tag, is_tag && tag.p[1] != '/' && !tag_is_void(tag), is_tag && tag.p[1] == '/',
		!is_tag && octet_is_shown(tag.p[0]) };
}

static struct token token_before(struct span text, size_t end)
{
	const char *open = text.p[end - 1] == '>' ? memrchr(text.p, '<', end) : NULL;

	return token_of(text, open ? (size_t)(open - text.p) : end - 1, end);
}

static struct token token_behind(struct span text, size_t at)
{
	const char *close = text.p[at] == '<' ? memchr(text.p + at, '>', text.n - at) : NULL;

	return token_of(text, at, close ? (size_t)(close - text.p) + 1 : at + 1);
}

/* Before words: before each tag that they stand in, elements without words, and what divides them from the words before. */
static void starts_rank(struct span text, size_t at, size_t end, struct ranked *ranked)
{
	size_t starts[PLACES_MOST], n = 0, depth = 0;
	struct gap gap = gap_before(text, at);

	starts[n++] = at;
	while (at && n < PLACES_MOST - 2) {
		struct token token = token_before(text, at);

		if (token.shown)
			break;
		depth += token.closes;
		depth -= token.opens && depth;
		at = token.at;
		if (depth || octet_is_space(text.p[at]))
			continue;
		gap = gap_before(text, at);
		if (token.tag || gap.left < at || (at && text.p[at - 1] == '>'))
			starts[n++] = at;
	}
	starts[n++] = gap.left;
	starts[n++] = gap_line(text, gap);
	places_rank(text, starts, n, end, PLACE_BEHIND, ranked);
}

/* Behind words: behind each tag that ends there, elements without words, and each line end between these. */
static void ends_rank(struct span text, size_t start, size_t at, struct ranked *ranked)
{
	size_t ends[PLACES_MOST], n = 0, depth = 0;

	while (at < text.n && n < PLACES_MOST - 1) {
		struct token token = token_behind(text, at);

		if (token.shown)
			break;
		depth -= token.closes && depth;
		depth += token.opens;
		at = token.end;
		if (depth == 0 && (token.tag || text.p[token.at] == '\n'))
			ends[n++] = at;
	}
	if (n == 0)
		ends[n++] = at;
	places_rank(text, ends, n, start, PLACE_BEFORE, ranked);
}

void places_in_markup(struct span text, enum place place, struct ranked *ranked)
{
	if (place == PLACE_BEHIND)
		markup_notices_rank(text, ranked);
	else
		markup_banners_rank(text, ranked);
}

bool places_of_words(struct span text, struct span words, enum place place, size_t edge, struct ranked *ranked)
{
	const struct key key = key_of(words, place);
	size_t at;

	if (!key_find(&key, text, place, &at))
		return false;
	if (place == PLACE_BEHIND)
		starts_rank(text, at, at < edge ? edge : text.n, ranked);
	else
		ends_rank(text, at > edge ? edge : 0, at, ranked);
	return true;
}
