#include "base/fromline.h"

#include "base/moment.h"

/* The first line without its end; absent when there is no end within FROM_LINE. */
static struct span first_line(struct span text, bool all)
{
	size_t n = text.n < FROM_LINE ? text.n : FROM_LINE;
	const char *end = n ? memchr(text.p, '\n', n) : NULL;

	if (!end && (!all || text.n > n))
		return SPAN_ABSENT;
	return (struct span){ text.p, end ? (size_t)(end - text.p) : n };
}

static struct span next_word(struct span *text)
{
	struct span word;

	while (text->n && (*text->p == ' ' || *text->p == '\t'))
		text->p++, text->n--;
	word = (struct span){ text->p, 0 };
	while (text->n && *text->p != ' ' && *text->p != '\t')
		text->p++, text->n--, word.n++;
	return word;
}

static bool is_one_of(struct span word, const char *names)
{
	for (; *names; names += 3)
		if (span_is_nocase(word, (struct span){ names, 3 }))
			return true;
	return false;
}

static bool is_clock(struct span word)
{
	return word.n >= 4 && word.n <= 8 && word.p[0] >= '0' && word.p[0] <= '9' && memchr(word.p, ':', word.n);
}

/* asctime, `Thu Jan  1 00:00:00 2026`, with a zone before or behind the year; or an RFC 5322 date. */
static bool is_from_date(struct span text)
{
	unsigned long long number;
	int64_t moment;
	struct span rest = text, word = next_word(&rest);

	if (word.n == 4 && word.p[3] == ',')
		return moment_parse_mail(span_trim(text), &moment);
	if (!is_one_of(word, "MonTueWedThuFriSatSun") ||
		!is_one_of(next_word(&rest), "JanFebMarAprMayJunJulAugSepOctNovDec") ||
		!span_number(next_word(&rest), 31, &number) || !is_clock(next_word(&rest)))
		return false;
	for (int i = 0; i < 3; i++) {
		word = next_word(&rest);
		if (word.n == 4 && span_number(word, 9999, &number))
			return true;
	}
	return false;
}

/* `From ADDRESS DATE`; the address may be empty, `-`, or quoted with blanks in it. */
static bool is_from_line(struct span line)
{
	struct span rest = { line.p + 5, line.n - 5 };
	struct span without = rest;
	const char *quote;

	if (is_from_date(rest))
		return true;
	if (without.n && *without.p == '"' && (quote = memchr(without.p + 1, '"', without.n - 1))) {
		without.n -= (size_t)(quote - without.p);
		without.p = quote;
	}
	next_word(&without);
	return is_from_date(without);
}

static bool is_field_or_empty(struct span text, bool all)
{
	struct span line = first_line(text, all);
	size_t n = text.n < FROM_LINE ? text.n : FROM_LINE;
	size_t i = 0;

	if (line.p && span_trim(line).n == 0)
		return true;
	while (i < n && text.p[i] > ' ' && text.p[i] < 0x7f && text.p[i] != ':')
		i++;
	if (i == 0)
		return false;
	while (i < n && (text.p[i] == ' ' || text.p[i] == '\t'))
		i++;
	return i < n && text.p[i] == ':';
}

bool from_line_separates(struct span text, bool all)
{
	static const char from[] = "From ";
	struct span line, rest;

	if (text.n < sizeof from - 1 || memcmp(text.p, from, sizeof from - 1) != 0)
		return false;
	line = first_line(text, all);
	if (!line.p || !is_from_line(span_trim(line)))
		return false;
	rest = (struct span){ line.p + line.n, text.n - line.n };
	if (rest.n)
		rest.p++, rest.n--;
	return is_field_or_empty(rest, all);
}
