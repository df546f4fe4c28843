#include "parse/uuencode.h"

/* Takes one line off the front of *text, without its end and the blanks in front of that. */
static struct span take_line(struct span *text)
{
	const char *lf = memchr(text->p, '\n', text->n);
	struct span line = { text->p, lf ? (size_t)(lf - text->p) : text->n };
	size_t n = line.n + (lf != NULL);

	*text = (struct span){ text->p + n, text->n - n };
	while (line.n && strchr(" \t\r", line.p[line.n - 1]) && line.p[line.n - 1])
		line.n--;
	return line;
}

/* `begin 644 NAME` */
static bool line_begins_file(struct span line, struct span *name)
{
	size_t n = 6;

	if (line.n < 11 || memcmp(line.p, "begin ", 6) != 0)
		return false;
	while (n < line.n && line.p[n] >= '0' && line.p[n] <= '7')
		n++;
	if (n < 9 || n > 10 || n == line.n || line.p[n] != ' ')
		return false;
	*name = span_trim((struct span){ line.p + n, line.n - n });
	return name->n > 0;
}

static unsigned value_of(char c)
{
	return (unsigned)(c - ' ') & 63;
}

/* The octets that a line of data holds, 0 when it is none: its last one, `end`, or some text. Blanks that stood at its end may
 * be lost, and one character of a checksum may stand there. */
static size_t line_octets(struct span line)
{
	size_t octets = line.n ? value_of(line.p[0]) : 0, digits = (octets + 2) / 3 * 4;

	if (line.n > 1 + digits + 1)
		return 0;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] > '`')
			return 0;
	return octets;
}

static void line_put(struct buf *file, struct span line, size_t octets)
{
	for (size_t at = 1; octets; at += 4) {
		unsigned char three[3];
		unsigned v[4];

		for (size_t i = 0; i < 4; i++)
			v[i] = at + i < line.n ? value_of(line.p[at + i]) : 0;
		three[0] = (unsigned char)(v[0] << 2 | v[1] >> 4);
		three[1] = (unsigned char)(v[1] << 4 | v[2] >> 2);
		three[2] = (unsigned char)(v[2] << 6 | v[3]);
		buf_put(file, three, octets < 3 ? octets : 3);
		octets -= octets < 3 ? octets : 3;
	}
}

/* To the first line of data. */
static bool file_find(struct span *rest, struct span *name)
{
	while (rest->n) {
		struct span line = take_line(rest), next = *rest;

		if (line_begins_file(line, name) && next.n && line_octets(take_line(&next)))
			return true;
	}
	return false;
}

bool uuencode_recognise(struct span front)
{
	return file_find(&front, &(struct span){ 0 });
}

bool uuencode_next(struct span *rest, struct span *name, struct buf *file)
{
	buf_clear(file);
	if (!file_find(rest, name))
		return false;
	while (rest->n) {
		struct span line = take_line(rest);
		size_t octets = line_octets(line);

		if (!octets)
			break;
		line_put(file, line, octets);
	}
	return !file->failed;
}
