/* Prints verdicts in every look, for the golden files: print-readiness NAME [LINES]. Without an argument it lists the
 * names; those that begin with `world` want the lines of traffic of assess-world.py. Exit 77: there are none. */
#include "report/check.h"
#include "report/explain.h"
#include "report/readiness_html.h"
#include "report/readiness_text.h"
#include "tests/readiness-worlds.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct style plain = { .utf8 = true, .width = 94 };
static const struct style narrow = { .utf8 = true, .width = 80 };
static const struct style ascii = { .width = 80 };
static const struct style color = { .color = true, .utf8 = true, .width = 100 };

static void need(bool done)
{
	if (!done) {
		fputs("print-readiness: a writer refused\n", stderr);
		exit(1);
	}
}

static void text(const struct assessment *a)
{
	need(readiness_text(stdout, &plain, a, &(struct readiness_page){ 0 }));
}

static void text_narrow(const struct assessment *a)
{
	need(readiness_text(stdout, &narrow, a, &(struct readiness_page){ .weeks = 13 }));
}

static void text_ascii(const struct assessment *a)
{
	need(readiness_text(stdout, &ascii, a, &(struct readiness_page){ .all = true }));
}

static void text_color(const struct assessment *a)
{
	need(readiness_text(stdout, &color, a, &(struct readiness_page){ .all = true }));
}

/* Everything that can be asked for. */
static void explain(const struct assessment *a, const struct style *style)
{
	for (uint32_t i = 0; i < a->verdict->sources_n; i++)
		need(explain_source(stdout, style, a, i, SPAN_ABSENT, false));
	for (unsigned gate = 1; gate <= GATES; gate++)
		need(explain_gate(stdout, style, a, gate));
	for (enum evidence_id id = E31; id <= E53; id++)
		need(explain_evidence(stdout, style, a, id));
	need(explain_report(stdout, style, a, 0));
}

static void explain_all(const struct assessment *a)
{
	explain(a, &plain);
}

static void explain_ascii(const struct assessment *a)
{
	explain(a, &ascii);
}

/* As people ask: by name, address, host, subject. */
static void explain_some(const struct assessment *a)
{
	static const struct span asked[] = { SPAN("zendesk"), SPAN("198.51.100.31"),
		SPAN("billing.harborlight.example"), SPAN("GOOGLE"), SPAN("amazonses@news.harborlight.example"),
		SPAN("scatter") };

	for (size_t i = 0; i < COUNT(asked); i++) {
		uint32_t sources[EXPLAIN_SOURCES], reports[EXPLAIN_REPORTS];
		struct span header_from;

		need(explain_find_sources(a, asked[i], sources, &header_from) == 1);
		need(explain_source(stdout, &plain, a, sources[0], header_from, false));
		need(explain_find_reports(a, asked[i], reports) == 0);
	}
}

static void check(const struct assessment *a)
{
	need(check_text(stdout, &plain, a));
}

static void html(const struct assessment *a)
{
	struct buf page = BUF(HTML_OCTETS);

	need(readiness_html(&page, a, NULL));
	need(fwrite(buf_text(&page), 1, page.n, stdout) == page.n);
	buf_release(&page);
}

static const struct {
	const char *name;
	void (*make)(struct world *world); /* NULL: the reference's lines */
	void (*print)(const struct assessment *a);
} cases[] = {
	{ "world.txt", NULL, text },
	{ "world-80.txt", NULL, text_narrow },
	{ "world-ascii.txt", NULL, text_ascii },
	{ "world-color.txt", NULL, text_color },
	{ "world.html", NULL, html },
	{ "world-explain.txt", NULL, explain_some },
	{ "manifold-explain.txt", world_manifold, explain_all },
	{ "hostile-explain.txt", world_hostile, explain_all },
	{ "hostile-explain-ascii.txt", world_hostile, explain_ascii },
	{ "ready.txt", world_ready, text },
	{ "ready.html", world_ready, html },
	{ "in-force.txt", world_in_force, text },
	{ "thin.txt", world_thin, text },
	{ "silent.txt", world_silent, text },
	{ "parked.txt", world_parked, text },
	{ "breaking.txt", world_breaking, text },
	{ "breaking-check.txt", world_breaking, check },
	{ "loose-check.txt", world_loose, check },
	{ "unparked-check.txt", world_unparked, check },
	{ "manifold.txt", world_manifold, text },
	{ "manifold-ascii.txt", world_manifold, text_ascii },
	{ "manifold.html", world_manifold, html },
	{ "changing-ascii.txt", world_changing, text_ascii },
	{ "changing.html", world_changing, html },
	{ "changing-explain.txt", world_changing, explain_all },
	{ "enforced.txt", world_enforced, text },
	{ "enforced.html", world_enforced, html },
	{ "doubtful.txt", world_doubtful, text },
	{ "relayed.txt", world_relayed, text_narrow },
	{ "old.txt", world_old, text },
	{ "old.html", world_old, html },
	{ "silent.html", world_silent, html },
	{ "parked.html", world_parked, html },
	{ "hostile.html", world_hostile, html },
	{ "hostile.txt", world_hostile, text },
	{ "hostile-80.txt", world_hostile, text_narrow },
	{ "hostile-ascii.txt", world_hostile, text_ascii },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA((size_t)1 << 30);
		struct verdict verdict;
		struct world world;

		if (argc < 2) {
			puts(cases[i].name);
			continue;
		}
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		if (cases[i].make)
			cases[i].make(&world);
		else if (!world_read(&world, argc > 2 ? argv[2] : NULL))
			return 77;
		need(assess(world_rows(&world), &world.options, &arena, &verdict));
		cases[i].print(&(struct assessment){ &world.rows, &world.options, &verdict });
		arena_release(&arena);
		world_end(&world);
		return 0;
	}
	return argc < 2 ? 0 : 2;
}
