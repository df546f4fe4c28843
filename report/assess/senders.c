#include "report/assess/senders.h"

#define SENDER_FIELDS 12
#define REPORTER_FIELDS 5

struct lines {
	struct span rest;
	unsigned number;
};

/* The next line that is neither empty nor a comment. */
static bool line_next(struct lines *lines, struct span *line)
{
	while (lines->rest.n) {
		const char *end = memchr(lines->rest.p, '\n', lines->rest.n);
		size_t n = end ? (size_t)(end - lines->rest.p) : lines->rest.n;

		*line = (struct span){ lines->rest.p, n };
		lines->rest.p += n + (end != NULL);
		lines->rest.n -= n + (end != NULL);
		lines->number++;
		if (line->n && line->p[line->n - 1] == '\r')
			line->n--;
		if (line->n && line->p[0] != '#')
			return true;
	}
	return false;
}

static size_t count_lines(struct span text)
{
	struct lines lines = { .rest = text };
	struct span line;
	size_t n = 0;

	while (line_next(&lines, &line))
		n++;
	return n;
}

/* Exactly `n` fields; false when there are more or fewer. */
static bool fields_of(struct span line, struct span *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *tab = memchr(line.p, '\t', line.n);

		if (!tab != (i + 1 == n))
			return false;
		fields[i] = span_trim((struct span){ line.p, tab ? (size_t)(tab - line.p) : line.n });
		if (tab) {
			line.n -= (size_t)(tab - line.p) + 1;
			line.p = tab + 1;
		}
	}
	return true;
}

static bool list_of(struct span text, struct arena *arena, const struct span **items, size_t *n)
{
	struct span *list;
	size_t most = text.n > 0;

	*n = 0;
	for (size_t i = 0; i < text.n; i++)
		most += text.p[i] == ',';
	*items = list = arena_take(arena, most * sizeof *list);
	for (size_t start = 0, i = 0; list && text.n && i <= text.n; i++) {
		if (i < text.n && text.p[i] != ',')
			continue;
		list[*n] = span_trim((struct span){ text.p + start, i - start });
		*n += list[*n].n > 0;
		start = i + 1;
	}
	return list;
}

static enum can can_of(struct span word)
{
	return span_is(word, SPAN("yes")) ? CAN_YES : span_is(word, SPAN("no")) ? CAN_NO : CAN_UNKNOWN;
}

static bool sender_of(const struct span *f, struct arena *arena, struct sender_row *row)
{
	*row = (struct sender_row){ .id = f[0],
		.name = f[2],
		.own_dkim = can_of(f[7]),
		.own_bounce = can_of(f[8]),
		.where = f[9].n ? f[9] : SPAN_ABSENT };
	for (enum sender_kind kind = SENDER_SENDER; kind < SENDER_KIND_COUNT; kind++)
		if (span_is(f[1], span_of(sender_kind_word(kind))))
			row->kind = kind;
	return row->id.n && row->name.n && row->kind != SENDER_NONE &&
	       list_of(f[3], arena, &row->hosts, &row->hosts_n) &&
	       list_of(f[4], arena, &row->includes, &row->includes_n) &&
	       list_of(f[5], arena, &row->signs, &row->signs_n) && list_of(f[6], arena, &row->bounces, &row->bounces_n);
}

bool senders_read(struct span text, struct arena *arena, const struct sender_row **rows, size_t *n, struct fault *fault)
{
	struct lines lines = { .rest = text };
	struct sender_row *all = arena_take(arena, count_lines(text) * sizeof *all);
	struct span line, fields[SENDER_FIELDS];

	*rows = all;
	*n = 0;
	while (all && line_next(&lines, &line)) {
		if (!fields_of(line, fields, SENDER_FIELDS))
			return fault_set(
				fault, FAULT_SETUP, "line %u: %d fields are wanted", lines.number, SENDER_FIELDS);
		if (!sender_of(fields, arena, &all[*n]))
			return fault_set(fault, FAULT_SETUP, "line %u: id, kind and name are wanted", lines.number);
		++*n;
	}
	return !arena->failed || fault_set(fault, FAULT_SETUP, "the table is too large");
}

bool reporters_read(
	struct span text, struct arena *arena, const struct known_reporter **rows, size_t *n, struct fault *fault)
{
	struct lines lines = { .rest = text };
	struct known_reporter *all = arena_take(arena, count_lines(text) * sizeof *all);
	struct span line, f[REPORTER_FIELDS];

	*rows = all;
	*n = 0;
	while (all && line_next(&lines, &line)) {
		struct known_reporter *row = &all[*n];

		if (!fields_of(line, f, REPORTER_FIELDS))
			return fault_set(
				fault, FAULT_SETUP, "line %u: %d fields are wanted", lines.number, REPORTER_FIELDS);
		*row = (struct known_reporter){ .operator_name = f[0], .domain = f[1] };
		if (!f[0].n || !f[1].n || !list_of(f[2], arena, &row->org_names, &row->org_names_n))
			return fault_set(fault, FAULT_SETUP, "line %u: operator and domain are wanted", lines.number);
		++*n;
	}
	return !arena->failed || fault_set(fault, FAULT_SETUP, "the table is too large");
}
