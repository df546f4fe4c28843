/* Prints the lists that are drawn from a verdict, for the golden files: print-lists NAME [LINES]. Without an argument it
 * lists the names. Those of `world` want the lines of traffic that assess-world.py writes; the others make their own. */
#include "report/reporters.h"
#include "report/senders.h"
#include "report/simulation.h"
#include "report/tables.h"
#include "tests/print-report.h"
#include "tests/readiness-worlds.h"

#include <stdlib.h>

const struct style plain = { .color = false, .utf8 = true, .width = 100 };
const struct style ascii = { .color = false, .utf8 = false, .width = 80 };
const struct style color = { .color = true, .utf8 = true, .width = 100 };

void need(bool done)
{
	if (!done) {
		fputs("print-lists: a writer refused\n", stderr);
		exit(1);
	}
}

static bool make_hostile(struct world *world, const char *path)
{
	(void)path;
	world_hostile(world);
	return true;
}

static bool make_silent(struct world *world, const char *path)
{
	(void)path;
	world_silent(world);
	return true;
}

static bool make_manifold(struct world *world, const char *path)
{
	(void)path;
	world_manifold(world);
	return true;
}

/* ---- cases */

static void senders(const struct assessment *a, const struct style *style, struct senders_view view)
{
	struct senders_writer writer;

	need(senders_text_open(&writer, stdout, style, &view));
	need(writer.domain(writer.self, a));
	need(writer.close(writer.self));
}

static void senders_week(const struct assessment *a)
{
	senders(a, &plain, (struct senders_view){ .week = true });
}

static void senders_window(const struct assessment *a)
{
	senders(a, &color, (struct senders_view){ .every = true });
}

static void senders_ascii(const struct assessment *a)
{
	senders(a, &ascii, (struct senders_view){ .week = true });
	senders(a, &ascii, (struct senders_view){ .undecided = true });
	senders(a, &ascii, (struct senders_view){ .not_signed = true, .week = true });
	senders(a, &ascii, (struct senders_view){ .new = true });
	senders(a, &ascii, (struct senders_view){ .has_class = true, .class = FATE_FORWARDED });
	senders(a, &ascii, (struct senders_view){ .has_class = true, .class = FATE_FORGED });
}

static void senders_json(const struct assessment *a)
{
	struct senders_view view = { .every = true };
	struct senders_writer writer;

	need(senders_json_open(&writer, stdout, &view));
	need(writer.domain(writer.self, a));
	need(writer.close(writer.self));
}

static void senders_csv(const struct assessment *a)
{
	struct senders_view view = { .every = true };
	struct senders_writer writer;

	need(senders_csv_open(&writer, stdout, &view));
	need(writer.domain(writer.self, a));
	need(writer.close(writer.self));
}

/* Of the newest report of each reporter there is something to say. */
static void find_problems(const struct assessment *a, struct problem_list *problems)
{
	static const char *const wheres[] = { "a.xml.gz: report_metadata/date_range", "record 3/row/source_ip",
		"record 4/row/source_ip", HOSTILE };
	static const char *const whats[] = { "covers 47 hours, not one day", "`bad` is not an IP address",
		"`bad` is not an IP address", FORMULA };

	*problems = PROBLEM_LIST;
	for (size_t i = 0; i < a->rows->reports_n && i < 40; i++) {
		const struct observed_report *r = &a->rows->reports[i];

		for (size_t k = 0; k < COUNT(wheres); k += 1 + i % 2)
			need(problem_list_take(problems, &(struct problem_row){ r->org_name, SPAN("dmarc@" FORMULA),
								 r->report_id, r->begin, span_of(wheres[k]),
								 span_of(whats[k]) }));
	}
}

static void reporters(const struct assessment *a, struct reporters_writer *writer)
{
	struct problem_list problems;

	find_problems(a, &problems);
	need(writer->domain(writer->self, a, &problems));
	need(writer->close(writer->self));
	problem_list_release(&problems);
}

static void reporters_text(const struct assessment *a)
{
	struct reporters_writer writer;

	need(reporters_text_open(&writer, stdout, &plain));
	reporters(a, &writer);
}

static void reporters_ascii(const struct assessment *a)
{
	struct reporters_writer writer;

	need(reporters_text_open(&writer, stdout, &ascii));
	reporters(a, &writer);
}

static void reporters_json(const struct assessment *a)
{
	struct reporters_writer writer;

	need(reporters_json_open(&writer, stdout));
	reporters(a, &writer);
}

static void reporters_csv(const struct assessment *a)
{
	struct reporters_writer writer;

	need(reporters_csv_open(&writer, stdout));
	reporters(a, &writer);
}

static void letter(const struct assessment *a)
{
	struct problem_list problems;
	bool found;

	find_problems(a, &problems);
	for (size_t i = 0; i < a->verdict->reporters_n && i < 3; i++) {
		need(reporter_letter(stdout, a, &problems, a->verdict->reporters[i].name, &found) && found);
		puts("--");
	}
	need(reporter_letter(stdout, a, &problems, SPAN("nobody.example"), &found) && !found);
	problem_list_release(&problems);
}

static void days_text(const struct assessment *a)
{
	need(days_csv_head(stdout) && days_csv(stdout, a));
}

static void days_document(const struct assessment *a)
{
	need(days_json(stdout, a));
}

static void rows_text(const struct assessment *a)
{
	need(rows_csv_head(stdout) && rows_csv(stdout, a));
}

static void rows_document(const struct assessment *a)
{
	need(rows_json(stdout, a));
}

static void simulate(const struct assessment *a, bool (*print)(const struct simulated *))
{
	static const struct span fixed[] = { SPAN("zendesk"), SPAN(FORMULA) };
	const struct words words = { fixed, COUNT(fixed) };
	struct simulated s = { .record = SPAN("v=DMARC1; p=reject; t=y; pct=40; aspf=s"),
		.domain = a->verdict->domain,
		.first_day = a->verdict->first_day,
		.last_day = a->verdict->last_day,
		.fixed = &words,
		.asked = &words };
	struct policy policy = { .p = REQUEST_REJECT, .testing = true, .pct = 40, .aspf_strict = true }, milder = policy;
	struct arena arena = ARENA((size_t)1 << 30);

	milder.aspf_strict = false;
	need(assess_simulate(a->rows, a->options, &policy, 0, &words, &arena, &s.result));
	need(assess_simulate(a->rows, a->options, &milder, 0, &words, &arena, &s.relaxed));
	need(assess_simulate(a->rows, a->options, &a->verdict->seen, 0, NULL, &arena, &s.now));
	need(print(&s));
	arena_release(&arena);
}

static bool simulation_plain(const struct simulated *s)
{
	return simulation_text(stdout, &plain, s);
}

static bool simulation_bare(const struct simulated *s)
{
	return simulation_json(stdout, s);
}

static bool simulation_rows(const struct simulated *s)
{
	return simulation_csv(stdout, s);
}

static void simulated_text(const struct assessment *a)
{
	simulate(a, simulation_plain);
}

static void simulated_json(const struct assessment *a)
{
	simulate(a, simulation_bare);
}

static void simulated_csv(const struct assessment *a)
{
	simulate(a, simulation_rows);
}

static const struct {
	const char *name;
	void (*print)(const struct assessment *a);
} cases[] = {
	{ "senders-week.txt", senders_week },
	{ "senders-color.txt", senders_window },
	{ "senders-ascii.txt", senders_ascii },
	{ "senders.json", senders_json },
	{ "senders.csv", senders_csv },
	{ "reporters.txt", reporters_text },
	{ "reporters-ascii.txt", reporters_ascii },
	{ "reporters.json", reporters_json },
	{ "reporters.csv", reporters_csv },
	{ "days.csv", days_text },
	{ "days.json", days_document },
	{ "rows.csv", rows_text },
	{ "rows.json", rows_document },
	{ "letter.txt", letter },
	{ "simulation.txt", simulated_text },
	{ "simulation.json", simulated_json },
	{ "simulation.csv", simulated_csv },
};

static const struct {
	const char *name;
	bool (*make)(struct world *world, const char *path);
} worlds[] = { { "world", world_read }, { "hostile", make_hostile }, { "silent", make_silent },
	{ "manifold", make_manifold } };

static void print(size_t which, const char *path, size_t at)
{
	struct arena arena = ARENA((size_t)1 << 30);
	struct verdict verdict;
	struct world world;

	if (!worlds[which].make(&world, path))
		exit(77);
	need(assess(world_rows(&world), &world.options, &arena, &verdict));
	cases[at].print(&(struct assessment){ &world.rows, &world.options, &verdict });
	arena_release(&arena);
	world_end(&world);
}

int main(int argc, char **argv)
{
	for (size_t k = 0; k < COUNT(worlds); k++) {
		for (size_t i = 0; i < COUNT(cases); i++) {
			char name[64];

			snprintf(name, sizeof name, "%s-%s", worlds[k].name, cases[i].name);
			if (argc < 2) {
				puts(name);
			} else if (strcmp(argv[1], name) == 0) {
				print(k, argc > 2 ? argv[2] : NULL, i);
				return 0;
			}
		}
	}
	return argc < 2 ? 0 : 2;
}
