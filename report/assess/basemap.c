#include "report/assess/basemap.h"
#include "report/assess/work.h"

#include <stdlib.h>

#define FIELDS 3

struct reading {
	struct span rest;
	unsigned line;
};

/* The next field (RFC 4180), without its quotation marks; *last says that it ends the line. */
static bool field_next(struct reading *r, struct arena *arena, struct span *field, bool *last)
{
	size_t n = 0, out = 0;
	char *copy;

	if (!r->rest.n || r->rest.p[0] != '"') {
		while (n < r->rest.n && r->rest.p[n] != ',' && r->rest.p[n] != '\n')
			n++;
		*field = span_trim((struct span){ r->rest.p, n });
	} else {
		copy = arena_take(arena, r->rest.n);
		for (n = 1; copy && n < r->rest.n; n++) {
			if (r->rest.p[n] == '"' && (n + 1 == r->rest.n || r->rest.p[n + 1] != '"'))
				break;
			n += r->rest.p[n] == '"';
			copy[out++] = r->rest.p[n];
		}
		if (!copy || n >= r->rest.n)
			return false;
		*field = (struct span){ copy, out };
		for (n++; n < r->rest.n && r->rest.p[n] != ',' && r->rest.p[n] != '\n'; n++)
			if (r->rest.p[n] != '\r')
				return false;
	}
	*last = n == r->rest.n || r->rest.p[n] == '\n';
	n += n < r->rest.n;
	r->rest.p += n;
	r->rest.n -= n;
	return true;
}

static bool row_read(struct reading *r, struct arena *arena, struct basemap_row *row, struct fault *fault)
{
	struct span fields[FIELDS], field;
	size_t n = 0;
	bool last = false;

	r->line++;
	while (!last) {
		if (!field_next(r, arena, &field, &last))
			return fault_set(fault, FAULT_SETUP, "%u: a quotation mark is not closed", r->line);
		if (n < FIELDS)
			fields[n] = field;
		n++;
	}
	*row = (struct basemap_row){ .base = SPAN_ABSENT };
	if (n == 1 && !fields[0].n)
		return true;
	if (n < FIELDS)
		return fault_set(fault, FAULT_SETUP, "%u: base, name and type are wanted", r->line);
	*row = (struct basemap_row){ fields[0], fields[1], fields[2] };
	return true;
}

static int row_order(const void *a, const void *b)
{
	const struct basemap_row *x = a, *y = b;
	int order = span_compare(x->base, y->base);

	return order ? order : x->base.p < y->base.p ? -1 : 1; /* of equals the one that stands first */
}

bool basemap_read(struct span text, struct arena *arena, struct basemap *map, struct fault *fault)
{
	struct reading r = { .rest = text };
	struct basemap_row *rows, row;
	size_t most = 1, n = 0;

	for (size_t i = 0; i < text.n; i++)
		most += text.p[i] == '\n';
	rows = arena_take(arena, most * sizeof *rows);
	while (rows && r.rest.n) {
		if (!row_read(&r, arena, &row, fault))
			return false;
		if (row.base.n && row.name.n && !span_is(row.base, SPAN("base_reverse_dns")))
			rows[n++] = row;
	}
	if (arena->failed)
		return fault_set(fault, FAULT_SETUP, "%u: the map is too large", r.line);
	qsort(rows, n, sizeof *rows, row_order);
	for (size_t i = 0; i < n; i++)
		if (map->n == 0 || !span_is(rows[map->n - 1].base, rows[i].base))
			rows[map->n++] = rows[i];
	map->rows = rows;
	return true;
}

static int base_order(const void *key, const void *row)
{
	return span_compare(*(const struct span *)key, ((const struct basemap_row *)row)->base);
}

/* The longest of a host's endings that the map has. */
static const struct basemap_row *row_of_host(const struct basemap *map, struct span host)
{
	const struct basemap_row *row = NULL;

	while (!row && memchr(host.p, '.', host.n)) {
		const char *dot = memchr(host.p, '.', host.n);

		row = bsearch(&host, map->rows, map->n, sizeof *map->rows, base_order);
		host.n -= (size_t)(dot + 1 - host.p);
		host.p = dot + 1;
	}
	return row;
}

/* What the map's words come to; the rest (hosters, access providers, companies) says nothing of a sender's part. */
static enum sender_kind kind_of(struct span type)
{
	static const struct {
		const char *type;
		enum sender_kind kind;
	} kinds[] = { { "Email Provider", SENDER_MAILBOX }, { "Email Security", SENDER_GATEWAY }, { "Marketing", SENDER_SENDER },
		{ "SaaS", SENDER_SENDER } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (span_is_nocase(type, span_of(kinds[i].type)))
			return kinds[i].kind;
	return SENDER_NONE;
}

bool basemap_add(const struct basemap *map, struct arena *arena, struct rows *rows)
{
	bool *used = arena_take(arena, map->n * sizeof *used);
	struct sender_row *senders;
	size_t n = 0;

	for (size_t i = 0; used && i < rows->sources_n; i++) {
		const struct observed_source *s = &rows->sources[i];
		const struct basemap_row *row = NULL;

		if (s->host_state == HOST_CONFIRMED && !sender_by_host(rows, s->host.name))
			row = row_of_host(map, s->host.name);
		if (row && kind_of(row->type) != SENDER_NONE && !used[row - map->rows]) {
			used[row - map->rows] = true;
			n++;
		}
	}
	if (!used || n == 0)
		return used != NULL;
	senders = arena_take(arena, (rows->senders_n + n) * sizeof *senders);
	if (!senders)
		return false;
	memcpy(senders, rows->senders, rows->senders_n * sizeof *senders);
	n = rows->senders_n;
	for (size_t i = 0; i < map->n; i++)
		if (used[i])
			senders[n++] = (struct sender_row){ .id = map->rows[i].base, .name = map->rows[i].name,
				.kind = kind_of(map->rows[i].type), .hosts = &map->rows[i].base, .hosts_n = 1 };
	rows->senders = senders;
	rows->senders_n = n;
	return true;
}
