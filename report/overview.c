#include "report/overview.h"

#include "report/readiness_words.h"
#include "report/table.h"

#include <stdlib.h>

#define ROOM_FIRST 64
#define LINES_AT_ONCE 200
#define WIDE 94 /* columns from which there is room for volume and trend */

static void take_weeks(const struct verdict *v, uint64_t weeks[OVERVIEW_WEEKS])
{
	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];

		if (path->fate != FATE_OWN || path->pooled != NO_INDEX)
			continue;
		for (unsigned k = 0; k < OVERVIEW_WEEKS && k < v->weeks_n; k++)
			weeks[OVERVIEW_WEEKS - 1 - k] += path->weeks[v->weeks_n - 1 - k];
	}
}

static bool make_room(struct overview *overview)
{
	size_t room = overview->room ? 2 * overview->room : ROOM_FIRST;
	struct overview_line *lines;

	if (overview->n < overview->room)
		return true;
	lines = arena_take(&overview->arena, room * sizeof *lines);
	if (!lines)
		return false;
	if (overview->n)
		memcpy(lines, overview->lines, overview->n * sizeof *lines);
	overview->lines = lines;
	overview->room = room;
	return true;
}

struct overview_line overview_line_of(const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct measures *m = &v->measures;
	struct step_counts n = steps_count(v);
	const struct policy *policy = assessment_policy(a);
	struct overview_line line = { .domain = v->domain,
		.word = v->decision.word,
		.target = v->target,
		.parked = m->parked,
		.in_force = words_holds(a),
		.has_policy = policy != NULL,
		.own = m->own,
		.own_fails = m->own_fails,
		.own_unsigned = m->own - m->own_dkim,
		.own_a_week = verdict_per_week(v, m->own),
		.fix = n.fix + n.mend,
		.decide = n.decide };
	if (policy)
		line.policy = *policy;
	take_weeks(v, line.weeks);
	return line;
}

bool overview_add(struct overview *overview, const struct assessment *a)
{
	struct overview_line *line;

	if (!make_room(overview))
		return false;
	line = &overview->lines[overview->n++];
	*line = overview_line_of(a);
	line->domain = arena_copy(&overview->arena, line->domain);
	return !overview->arena.failed;
}

int overview_order(const struct overview_line *x, const struct overview_line *y)
{
	static const int ranks[VERDICT_COUNT] = { [VERDICT_NOT_READY] = 0,
		[VERDICT_NOT_ENOUGH_DATA] = 1,
		[VERDICT_READY_WITH_EXCEPTIONS] = 2,
		[VERDICT_READY] = 3 };

	if (x->word != y->word)
		return ranks[x->word] - ranks[y->word];
	if (x->own_fails != y->own_fails)
		return x->own_fails > y->own_fails ? -1 : 1;
	if (x->own != y->own)
		return x->own > y->own ? -1 : 1;
	return span_compare(x->domain, y->domain);
}

static int line_order(const void *a, const void *b)
{
	return overview_order(a, b);
}

void overview_sort(struct overview *overview)
{
	if (overview->n)
		qsort(overview->lines, overview->n, sizeof *overview->lines, line_order);
}

void overview_release(struct overview *overview)
{
	arena_release(&overview->arena);
	overview->lines = NULL;
	overview->n = overview->room = 0;
}

static const char *verdict_brief(const struct overview_line *line)
{
	static const char *const words[VERDICT_COUNT] = { "ready", "ready, but", "not ready", "no data" };

	return line->in_force ? "in force" : line->parked ? "parked" : words[line->word];
}

static void line_print(struct table *table, const struct style *style, const struct overview_line *line)
{
	struct buf trend = BUF(256);
	bool wide = style->width >= WIDE;

	table_row(table);
	table_cell_text(table, words_verdict_ink(line->word), verdict_brief(line));
	table_cell(table, INK_PLAIN, line->domain);
	table_cell_text(table, INK_PLAIN,
		line->has_policy ? request_word(line->policy.p == REQUEST_ABSENT ? REQUEST_NONE : line->policy.p)
				 : "?");
	if (wide)
		table_cell_count(table, INK_PLAIN, line->own_a_week);
	table_cell_text(table, line->own_fails ? INK_BAD : INK_PLAIN,
		line->own ? percent_text(line->own_fails, line->own).p : "-");
	table_cell_text(table, INK_PLAIN, line->own ? percent_text(line->own_unsigned, line->own).p : "-");
	table_cell_count(table, INK_PLAIN, line->fix);
	table_cell_count(table, INK_PLAIN, line->decide);
	if (wide) {
		style_spark(&trend, style, line->weeks, OVERVIEW_WEEKS);
		table_cell(table, INK_PLAIN, buf_span(&trend));
	}
	buf_release(&trend);
}

bool overview_text(FILE *out, const struct style *style, const struct overview *overview)
{
	static const struct table_column narrow[] = { { "verdict" }, { "domain", .flexible = true, .least = 20 },
		{ "now p=" }, { "own loss", .right = true }, { "unsigned", .right = true }, { "fix", .right = true },
		{ "decide", .right = true } };
	static const struct table_column wide[] = { { "verdict" }, { "domain", .flexible = true, .least = 20 },
		{ "now p=" }, { "own a week", .right = true }, { "own loss", .right = true },
		{ "unsigned", .right = true }, { "fix", .right = true }, { "decide", .right = true }, { "trend" } };
	bool room = style->width >= WIDE, done = true;
	struct table *table = table_new(
		out, style, room ? wide : narrow, room ? sizeof wide / sizeof *wide : sizeof narrow / sizeof *narrow);

	if (!table)
		return false;
	for (size_t i = 0; done && i < overview->n; i++) {
		line_print(table, style, &overview->lines[i]);
		if (table_rows(table) == LINES_AT_ONCE)
			done = table_print(table);
	}
	done = done && table_print(table);
	table_free(table);
	if (overview->n)
		fprintf(out, "\n%s, worst first. What to do about one: %sdmarcgate summary DOMAIN%s\n",
			counted_text(overview->n, "domain", "domains").p, style_ink(style, INK_STEP),
			style_off(style, INK_STEP));
	if (overview->left_out)
		fprintf(out, "%sLeft out: %s in reports that can be no domain.\n", overview->n ? "" : "\n",
			counted_text(overview->left_out, "name", "names").p);
	return done && fflush(out) == 0 && !ferror(out);
}
