/* Prints weekly mails for the golden files: print-weekly NAME [LINES]. Without an argument it lists the names. `world` wants
 * the lines of traffic that assess-world.py writes; the others make their own. */
#include "report/weekly.h"
#include "tests/readiness-worlds.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))


static void need(bool done)
{
	if (!done)
		exit(1);
}

#define MAKER(name)                                                    \
	static bool make_##name(struct world *world, const char *path) \
	{                                                              \
		(void)path;                                            \
		world_##name(world);                                   \
		return true;                                           \
	}
MAKER(ready)
MAKER(in_force)
MAKER(thin)
MAKER(silent)
MAKER(parked)
MAKER(breaking)
MAKER(manifold)
MAKER(hostile)

static const struct {
	const char *name;
	bool (*make)(struct world *world, const char *path);
} worlds[] = { { "world", world_read }, { "ready", make_ready }, { "in-force", make_in_force }, { "thin", make_thin },
	{ "silent", make_silent }, { "parked", make_parked }, { "breaking", make_breaking },
	{ "manifold", make_manifold }, { "hostile", make_hostile } };

static void add(struct weekly *weekly, size_t which, const char *path, bool unchanged, bool alert)
{
	struct arena arena = ARENA((size_t)1 << 30);
	struct weekly_domain domain = { .unchanged = unchanged };
	const struct alert *alerts[50];
	struct assessment assessment;
	struct verdict verdict;
	struct world world;

	if (!worlds[which].make(&world, path))
		exit(77);
	need(assess(world_rows(&world), &world.options, &arena, &verdict));
	assessment = (struct assessment){ &world.rows, &world.options, &verdict };
	domain.assessment = &assessment;
	for (size_t i = 0; alert && i < verdict.alerts_n && i < COUNT(alerts); i++)
		if (verdict.alerts[i].level > LEVEL_INFO)
			alerts[domain.alerts_n++] = &verdict.alerts[i];
	domain.alerts = alerts;
	need(weekly_add(weekly, &domain));
	arena_release(&arena);
	world_end(&world);
}

static void print(struct weekly *weekly, bool html)
{
	struct span part = html ? weekly_html(weekly) : weekly_text(weekly);

	need(weekly_finish(weekly));
	part = html ? weekly_html(weekly) : weekly_text(weekly);
	if (!html)
		printf("Subject: %.*s\nX-DMARC-Verdict: %.*s\n\n", (int)weekly_subject(weekly).n,
			weekly_subject(weekly).p, (int)weekly_verdict(weekly).n, weekly_verdict(weekly).p);
	fwrite(part.p, 1, part.n, stdout);
	weekly_free(weekly);
}

static void print_one(size_t which, const char *path, bool html, bool unchanged, bool alert)
{
	struct weekly *weekly = weekly_new(&(struct weekly_plan){ WORLD_TODAY, alert });

	need(weekly);
	add(weekly, which, path, unchanged, alert);
	print(weekly, html);
}

static void print_many(bool html)
{
	struct weekly *weekly = weekly_new(&(struct weekly_plan){ WORLD_TODAY, false });

	need(weekly);
	for (size_t i = 1; i < COUNT(worlds); i++)
		add(weekly, i, NULL, i % 3 == 0, false);
	print(weekly, html);
}

static void print_none(bool html)
{
	struct weekly *weekly = weekly_new(&(struct weekly_plan){ WORLD_TODAY, false });

	need(weekly);
	print(weekly, html);
}

static bool is(const char *argument, const char *world, const char *form, const char *ext)
{
	char name[64];

	snprintf(name, sizeof name, "%s%s.%s", world, form, ext);
	if (argument)
		return strcmp(argument, name) == 0;
	puts(name);
	return false;
}

int main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : NULL, *path = argc > 2 ? argv[2] : NULL;
	static const char *const exts[] = { "txt", "html" };

	for (int html = 0; html < 2; html++) {
		for (size_t i = 0; i < COUNT(worlds); i++) {
			bool whole = is(wanted, worlds[i].name, "", exts[html]);
			bool unchanged = is(wanted, worlds[i].name, "-unchanged", exts[html]);
			bool alert = is(wanted, worlds[i].name, "-alert", exts[html]);

			if (!whole && !unchanged && !alert)
				continue;
			print_one(i, path, html, unchanged, alert);
			return 0;
		}
		if (is(wanted, "many", "", exts[html])) {
			print_many(html);
			return 0;
		}
		if (is(wanted, "none", "", exts[html])) {
			print_none(html);
			return 0;
		}
	}
	return wanted ? 2 : 0;
}
