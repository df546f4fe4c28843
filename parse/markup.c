#include "parse/markup.h"

static enum markup_width width_of(struct span front)
{
	static const struct {
		const char *octets;
		size_t n;
		enum markup_width width;
	} fronts[] = { { "\0\0", 2, MARKUP_UNREADABLE }, { "\0<\0\0", 4, MARKUP_UNREADABLE }, { "<\0\0\0", 4, MARKUP_UNREADABLE },
		{ "\xff\xfe\0\0", 4, MARKUP_UNREADABLE }, { "\x4c\x6f\xa7\x94", 4, MARKUP_UNREADABLE },
		{ "\xff\xfe", 2, MARKUP_LITTLE }, { "<\0?\0", 4, MARKUP_LITTLE }, { "\xfe\xff", 2, MARKUP_BIG },
		{ "\0<\0?", 4, MARKUP_BIG } };

	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
		if (front.n >= fronts[i].n && memcmp(front.p, fronts[i].octets, fronts[i].n) == 0)
			return fronts[i].width;
	return MARKUP_NARROW;
}

void markup_begin(struct markup *markup, struct span front)
{
	*markup = (struct markup){ .width = width_of(front) };
}

static void piece_end(struct markup *m, enum markup_state next, size_t length)
{
	if (m->length > m->longest)
		m->longest = m->length;
	m->state = next;
	m->length = length;
	m->closing = 0;
}

static void markup_open(struct markup *m, char c)
{
	m->state = c == '!' ? MARKUP_BANG : c == '?' ? MARKUP_INSTRUCTION : MARKUP_TAG;
}

/* Comment, instruction, CDATA: they end with `-->`, `?>`, `]]>`. */
static void markup_section(struct markup *m, char c, char closer, unsigned wanted)
{
	if (c == closer)
		m->closing++;
	else if (c == '>' && m->closing >= wanted)
		piece_end(m, MARKUP_TEXT, 0);
	else
		m->closing = 0;
}

static void markup_character(struct markup *m, char c)
{
	m->length++;
	switch (m->state) {
	case MARKUP_TEXT:
		if (c == '<') {
			m->length--;
			piece_end(m, MARKUP_OPEN, 1);
		}
		break;
	case MARKUP_OPEN:
		markup_open(m, c);
		break;
	case MARKUP_BANG:
		m->state = c == '-' ? MARKUP_COMMENT : c == '[' ? MARKUP_CDATA : MARKUP_TAG;
		break;
	case MARKUP_TAG:
		m->quote = c;
		if (c == '"' || c == '\'')
			m->state = MARKUP_QUOTED;
		else if (c == '>')
			piece_end(m, MARKUP_TEXT, 0);
		break;
	case MARKUP_QUOTED:
		m->state = c == m->quote ? MARKUP_TAG : MARKUP_QUOTED;
		break;
	case MARKUP_COMMENT:
		markup_section(m, c, '-', m->length < 7 ? 3 : 2); /* the dashes of `<!--` itself close nothing */
		break;
	case MARKUP_INSTRUCTION:
		markup_section(m, c, '?', 1);
		break;
	case MARKUP_CDATA:
		markup_section(m, c, ']', 2);
		break;
	}
}

static void markup_unit(struct markup *m, unsigned char first, unsigned char second)
{
	unsigned char low = m->width == MARKUP_LITTLE ? first : second, high = m->width == MARKUP_LITTLE ? second : first;

	markup_character(m, high || low >= 0x80 ? 'x' : (char)low);
}

static void markup_add_wide(struct markup *m, struct span octets)
{
	for (size_t i = 0; i < octets.n; i++) {
		if (m->has_half)
			markup_unit(m, (unsigned char)m->half[0], (unsigned char)octets.p[i]);
		m->half[0] = octets.p[i];
		m->has_half = !m->has_half;
	}
}

static bool is_name_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/';
}

/* What a tag without quotes ends with, or a quote begins with. */
static const bool ends_name[256] = { ['>'] = true, ['"'] = true, ['\''] = true };

/* Text and tags without quotes, which is nearly all of a report, as long as they are whole. Returns where they end. */
static const char *markup_plain(struct markup *m, const char *p, const char *end)
{
	while (m->state == MARKUP_TEXT && p < end) {
		const char *open = memchr(p, '<', (size_t)(end - p)), *close;

		if (!open || end - open < 2 || !is_name_octet(open[1]))
			break;
		for (close = open + 2; close < end && !ends_name[(unsigned char)*close]; close++)
			;
		if (close == end || *close != '>')
			break;
		m->length += (size_t)(open - p);
		piece_end(m, MARKUP_TEXT, (size_t)(close + 1 - open));
		piece_end(m, MARKUP_TEXT, 0);
		p = close + 1;
	}
	return p;
}

void markup_add(struct markup *m, struct span octets)
{
	const char *p = octets.p, *end = octets.p + octets.n;

	if (m->width != MARKUP_NARROW) {
		markup_add_wide(m, octets);
		p = end;
	}
	while (p < end) {
		const char *next = markup_plain(m, p, end);

		if (next < end && m->state == MARKUP_TEXT) {
			const char *open = memchr(next, '<', (size_t)(end - next));

			m->length += (size_t)((open ? open : end) - next);
			next = open ? open : end;
		}
		p = next;
		if (p < end)
			markup_character(m, *p++);
	}
	if (m->length > m->longest)
		m->longest = m->length;
}
