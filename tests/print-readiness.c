/* Prints verdicts in every look, for the golden files: print-readiness NAME [LINES]. Without an argument it lists the names.
 * `world` wants the lines of traffic that assess-world.py writes; the others make their own. */
#include "report/readiness_text.h"
#include "tests/world.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct style plain = { .utf8 = true, .width = 94 };
static const struct style narrow = { .utf8 = true, .width = 80 };
static const struct style ascii = { .width = 80 };
static const struct style color = { .color = true, .utf8 = true, .width = 100 };

static char *field(char **rest)
{
	char *text = strsep(rest, "\t\n");

	return text && strcmp(text, "-") != 0 ? text : NULL;
}

static void read_lines(struct world *world, const char *path)
{
	FILE *lines = path ? fopen(path, "r") : NULL;
	char text[1024];

	if (!lines)
		exit(77);
	while (fgets(text, sizeof text, lines)) {
		struct line line = { 0 };
		char *rest = text, *host;

		line.day = atoll(strsep(&rest, "\t"));
		line.reporter = field(&rest);
		line.address = field(&rest);
		host = field(&rest);
		line.host = host ? host : "-";
		line.from = field(&rest);
		line.spf = field(&rest);
		line.spf_result = field(&rest);
		line.dkim = field(&rest);
		line.n = strtoull(strsep(&rest, "\t"), NULL, 10);
		line.reason = field(&rest);
		world_add(world, &line);
	}
	fclose(lines);
}

static void make_world(struct world *world, const char *path)
{
	static const struct span reaches[] = { SPAN("_spf.google.com"), SPAN("mail.zendesk.com") };

	world_begin(world, "harborlight.example", 20778); /* 2026-11-21 */
	read_lines(world, path);
	world->rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = world->policy,
		.spf_records = 1,
		.rua = SPAN("mailto:dmarc@harborlight.example"),
		.spf_reaches = reaches,
		.spf_reaches_n = 2,
		.spf_all = '~' };
}

static void print_text(const struct assessment *a, const struct style *style, bool all)
{
	if (!readiness_text(stdout, style, a, &(struct readiness_page){ .all = all }))
		exit(1);
}

static void text(const struct assessment *a)
{
	print_text(a, &plain, false);
}

static void text_narrow(const struct assessment *a)
{
	print_text(a, &narrow, false);
}

static void text_ascii(const struct assessment *a)
{
	print_text(a, &ascii, true);
}

static void text_color(const struct assessment *a)
{
	print_text(a, &color, false);
}

static const struct {
	const char *name;
	void (*make)(struct world *world, const char *path);
	void (*print)(const struct assessment *a);
} cases[] = {
	{ "world.txt", make_world, text },
	{ "world-80.txt", make_world, text_narrow },
	{ "world-ascii.txt", make_world, text_ascii },
	{ "world-color.txt", make_world, text_color },
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
		cases[i].make(&world, argc > 2 ? argv[2] : NULL);
		if (!assess(world_rows(&world), &world.options, &arena, &verdict))
			return 1;
		cases[i].print(&(struct assessment){ &world.rows, &world.options, &verdict });
		arena_release(&arena);
		world_end(&world);
		return 0;
	}
	return argc < 2 ? 0 : 2;
}
