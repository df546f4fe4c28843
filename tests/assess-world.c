/* Assesses lines of traffic (tab separated, of assess-world.py) and compares the measures with those of a verdict in
 * JSON. Usage: assess-world LINES [VERDICT.json]; without the second it prints, with `quarantine` in its place as if that
 * were the policy. Exit 0 when all agree. */
#include "tests/world.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned failed;

static void expect(const char *what, double found, const json_t *wanted, double close)
{
	bool holds = json_is_number(wanted) && fabs(found - json_number_value(wanted)) <= close;

	printf("%s %s is %g, expected %g\n", holds ? "ok  " : "FAIL", what, found, json_number_value(wanted));
	failed += !holds;
}

static char *field(char **rest)
{
	char *text = strsep(rest, "\t\n");

	return text && strcmp(text, "-") != 0 ? text : NULL;
}

static void read_lines(struct world *world, FILE *lines)
{
	char text[1024];

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
}

static void compare(const struct verdict *v, const json_t *wanted)
{
	const json_t *m = json_object_get(wanted, "measures"), *own = json_object_get(m, "own");
	const json_t *forwarded = json_object_get(m, "forwarded"), *undecided = json_object_get(m, "undecided");
	const json_t *sims = json_object_get(wanted, "simulation"), *blockers = json_object_get(wanted, "blockers");
	const struct measures *f = &v->measures;

	expect("exit", verdict_exit(v->decision.word), json_object_get(wanted, "exit"), 0);
	expect("own", (double)f->own, json_object_get(own, "messages"), 0);
	expect("own fails", (double)f->own_fails, json_object_get(own, "fail"), 0);
	expect("own loss", f->own_loss, json_object_get(own, "loss"), 0.00005);
	expect("own upper", f->own_upper, json_object_get(own, "loss_upper95"), 0.00006);
	expect("evidence", (double)f->own_evidence, json_object_get(own, "evidence"), 0);
	expect("signed", f->dkim_share, json_object_get(own, "dkim_share"), 0.0005);
	expect("forwarded", (double)f->forwarded, json_object_get(forwarded, "messages"), 0);
	expect("forwarded fails", (double)f->forwarded_fails, json_object_get(forwarded, "fail"), 0);
	expect("marked", (double)f->spared, json_object_get(forwarded, "marked_by_receivers"), 0);
	expect("undecided", (double)f->undecided, json_object_get(undecided, "messages"), 0);
	expect("undecided sources", (double)f->undecided_n, json_object_get(undecided, "sources"), 0);
	expect("forged", (double)f->forged, json_object_get(json_object_get(m, "forged"), "messages"), 0);
	expect("worst loss", f->worst_loss, json_object_get(m, "worst_case_loss"), 0.00006);
	expect("aspf=s", (double)v->simulations[2].now.refused[FATE_OWN],
		json_object_get(json_array_get(sims, 1), "own"), 0);
	expect("undecided after", (double)v->simulations[4].now.refused[FATE_UNDECIDED],
		json_object_get(json_array_get(sims, 2), "undecided"), 0);
	for (size_t i = 0; i < json_array_size(blockers); i++) {
		const json_t *b = json_array_get(blockers, i);
		struct span source = span_of(json_string_value(json_object_get(b, "source")));
		bool same = i < v->steps_n && span_is(v->steps[i].subject, source);

		printf("%s step %zu is %.*s\n", same ? "ok  " : "FAIL", i + 1, (int)v->steps[i].subject.n,
			v->steps[i].subject.p);
		failed += !same;
		expect("a week", (double)v->steps[i].per_week, json_object_get(b, "per_week"), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct span reaches[] = { SPAN("_spf.google.com"), SPAN("mail.zendesk.com") };
	FILE *lines = argc > 1 ? fopen(argv[1], "r") : NULL;
	bool enforced = argc > 2 && strcmp(argv[2], "quarantine") == 0;
	json_t *wanted = argc > 2 && !enforced ? json_load_file(argv[2], 0, NULL) : NULL;
	struct arena arena = ARENA((size_t)1 << 30);
	struct verdict verdict;
	struct world world;
	struct span text;

	if (!lines || (argc > 2 && !wanted && !enforced))
		return 64;
	world_begin(&world, "harborlight.example", 20778); /* 2026-11-21 */
	world.policy.p = enforced ? REQUEST_QUARANTINE : REQUEST_NONE;
	read_lines(&world, lines);
	fclose(lines);
	world.rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = world.policy,
		.spf_records = 1,
		.rua = SPAN("mailto:dmarc@harborlight.example"),
		.spf_reaches = reaches,
		.spf_reaches_n = 2,
		.spf_all = '~' };
	if (!assess(world_rows(&world), &world.options, &arena, &verdict))
		return 1;
	text = world_print(&verdict, &arena);
	if (wanted)
		compare(&verdict, wanted);
	else
		fwrite(text.p, 1, text.n, stdout);
	json_decref(wanted);
	arena_release(&arena);
	world_end(&world);
	return failed > 0;
}
