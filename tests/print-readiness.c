/* Prints verdicts in every look, for the golden files: print-readiness NAME [LINES]. Without an argument it lists the
 * names; those that begin with `world` want the lines of traffic of assess-world.py. Exit 77: there are none. */
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

static const struct {
	const char *name;
	void (*make)(struct world *world); /* NULL: the reference's lines */
	void (*print)(const struct assessment *a);
} cases[] = {
	{ "world.txt", NULL, text },
	{ "world-80.txt", NULL, text_narrow },
	{ "world-ascii.txt", NULL, text_ascii },
	{ "world-color.txt", NULL, text_color },
	{ "ready.txt", world_ready, text },
	{ "in-force.txt", world_in_force, text },
	{ "thin.txt", world_thin, text },
	{ "silent.txt", world_silent, text },
	{ "parked.txt", world_parked, text },
	{ "breaking.txt", world_breaking, text },
	{ "manifold.txt", world_manifold, text },
	{ "manifold-ascii.txt", world_manifold, text_ascii },
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
