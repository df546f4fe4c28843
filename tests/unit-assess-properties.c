/* What must hold for any input, on made-up worlds with fixed seeds. */
#include "tests/world.h"

#include "report/assess/bound.h"
#include "report/assess/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define TODAY 20778
#define DOMAIN "d.example"
#define SEEDS 12

static uint32_t state_;

static uint32_t below(uint32_t n)
{
	state_ ^= state_ << 13;
	state_ ^= state_ >> 17;
	state_ ^= state_ << 5;
	return state_ % n;
}

static const char *reporter(uint32_t i)
{
	static const char *const names[] = { "google.com", "microsoft.com", "yahoo.com", "gmx.net", "mail.ru" };

	return names[i % 5];
}

/* What sends in these worlds; `chance` in 100 on each day and reporter. */
static const struct habit {
	const char *address, *host, *from, *spf, *spf_result, *dkim, *reason;
	uint32_t chance, most;
} habits[] = {
	{ "209.85.128.41", "mail-ej1.google.com", DOMAIN, DOMAIN, "pass", "d.example/google/pass", NULL, 90, 90 },
	{ "192.0.2.25", "billing.d.example", DOMAIN, "b.d.example", "pass", NULL, NULL, 60, 30 },
	{ "198.2.128.77", "mail77.mcsv.net", "news.d.example", "mail77.mcsv.net", "pass", "news.d.example/k2/pass",
		NULL, 15, 700 },
	{ "192.161.144.9", "out9.zdsys.com", DOMAIN, "zendesk.com", "pass", "zendesk.com/z1/pass", NULL, 50, 12 },
	{ "203.0.113.77", "static-77.isp.example", DOMAIN, NULL, NULL, NULL, NULL, 40, 4 },
	{ "198.51.100.210", "web210.hostco.example", DOMAIN, "web210.hostco.example", "pass", NULL, NULL, 50, 5 },
	{ "66.175.222.12", "web01.groups.io", DOMAIN, "groups.io", "pass", "d.example/google/fail,groups.io/g/pass",
		"mailing_list", 50, 6 },
	{ "209.85.220.69", "mail-sor.google.com", DOMAIN, "alumni.example", "pass", "d.example/google/pass", NULL, 60,
		8 },
	{ "205.139.110.61", "us.mimecast.com", DOMAIN, "customer.example", "pass", "d.example/google/fail", NULL, 30,
		5 },
};

static void habit_line(struct world *w, const struct habit *h, int64_t day, const char *from, uint64_t n)
{
	world_add(w, &(struct line){ day, from, h->address, h->host, h->from, h->spf, h->spf_result, h->dkim, n,
			     h->reason, NULL, 0, 0, false });
}

static void forge(struct world *w, int64_t day, const char *from, const char *address, uint64_t n)
{
	world_add(
		w, &(struct line){ day, from, address, "-", DOMAIN, DOMAIN, "fail", NULL, n, NULL, NULL, 0, 0, false });
}

/* `flood` times as many forging networks, one to four messages each, and a burst from one host as many times as large.
 */
static void make(struct world *w, uint32_t seed, uint32_t flood)
{
	char address[32];

	state_ = seed * 2654435761u + 1;
	world_begin(w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 70; day < TODAY; day++)
		for (size_t h = 0; h < sizeof habits / sizeof *habits; h++)
			for (uint32_t r = 0; r < 5; r++)
				if (below(100) < habits[h].chance)
					habit_line(w, &habits[h], day, reporter(r), 1 + below(habits[h].most));
	for (uint32_t i = 0; i < 60 * flood; i++) {
		snprintf(address, sizeof address, "%u.%u.%u.9", 41 + i / 65536, i / 256 % 256, i % 256);
		forge(w, TODAY - 1 - (int64_t)(i % 30), reporter(i % 5), address, 1 + i % 4);
	}
	world_add(w, &(struct line){ TODAY - 5, "microsoft.com", "185.220.10.8", "-", DOMAIN, "cheap-vps.example",
			     "pass", NULL, 1000 * flood, NULL, NULL, 0, 0, false });
}

static struct span judge(struct world *w, struct arena *arena, struct verdict *v)
{
	arena_clear(arena);
	assert_true(assess(world_rows(w), &w->options, arena, v));
	return world_print(v, arena);
}

static struct span keep(struct arena *arena, struct span text)
{
	struct span copy = arena_copy(arena, text);

	assert_non_null(copy.p);
	return copy;
}

/* The text up to the alerts, without the counters of what did not count. */
static struct span head(struct span text)
{
	long end = span_find_nocase(text, SPAN("alert "));

	return end < 0 ? text : (struct span){ text.p, (size_t)end };
}

static void order_does_not_matter(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28), kept = ARENA((size_t)1 << 26);
	struct verdict v;
	struct world w;

	(void)unused;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct span before;

		make(&w, seed, 1);
		before = keep(&kept, judge(&w, &arena, &v));
		world_shuffle(&w, seed + 77);
		assert_true(span_is(before, judge(&w, &arena, &v)));
		world_end(&w);
	}
	arena_release(&arena);
	arena_release(&kept);
}

static void reading_twice_changes_nothing(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28), kept = ARENA((size_t)1 << 26);
	struct verdict v;
	struct world w;

	(void)unused;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct span before;
		size_t reports, rows;

		make(&w, seed, 1);
		before = keep(&kept, judge(&w, &arena, &v));
		reports = w.rows.reports_n;
		rows = w.rows.traffic_n;
		for (size_t i = 0; i < reports; i++) {
			w.reports[reports + i] = w.reports[i];
			w.reports[reports + i].taken += 90000;
		}
		for (size_t i = 0; i < rows; i++) {
			w.traffic[rows + i] = w.traffic[i];
			w.traffic[rows + i].report += (uint32_t)reports;
		}
		w.rows.reports_n *= 2;
		w.rows.traffic_n *= 2;
		assert_true(span_is(before, judge(&w, &arena, &v)));
		assert_true(v.not_counted[USE_REPEAT] > 0);
		world_end(&w);
	}
	arena_release(&arena);
	arena_release(&kept);
}

static void gates_of(const struct verdict *v, struct gate *gates, size_t *n)
{
	*n = v->decision.gates_n;
	assert_true(*n <= 64);
	memcpy(gates, v->decision.gates, *n * sizeof *gates);
}

static bool gates_equal(const struct verdict *v, const struct gate *gates, size_t n)
{
	if (v->decision.gates_n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct gate *a = &v->decision.gates[i], *b = &gates[i];

		if (a->number != b->number || a->state != b->state || !span_is(a->subject, b->subject) ||
			a->values_n != b->values_n)
			return false;
		for (size_t k = 0; k < a->values_n; k++)
			if (a->values[k].value < b->values[k].value || a->values[k].value > b->values[k].value)
				return false;
	}
	return true;
}

static void a_forged_flood_leaves_the_gates_alone(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28), other = ARENA((size_t)1 << 28);
	struct gate gates[64];
	struct verdict v, f;
	struct world w, flood;
	size_t n;

	(void)unused;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		make(&w, seed, 1);
		make(&flood, seed, 10);
		judge(&w, &arena, &v);
		gates_of(&v, gates, &n);
		judge(&flood, &other, &f);
		assert_true(gates_equal(&f, gates, n));
		assert_true(f.measures.forged >= v.measures.forged * 9);
		assert_true(f.measures.own == v.measures.own && f.measures.undecided == v.measures.undecided &&
			    f.measures.forwarded == v.measures.forwarded &&
			    f.measures.own_evidence == v.measures.own_evidence);
		world_end(&w);
		world_end(&flood);
	}
	arena_release(&arena);
	arena_release(&other);
}

/* Whoever forges sends where he likes: that other receivers saw it makes nobody surer of your own mail. */
static void forged_mail_brings_no_witness(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);
	char address[32];
	struct verdict v;
	struct world w;

	(void)unused;
	for (int files = 0; files < 2; files++) {
		world_begin(&w, DOMAIN, TODAY);
		for (int64_t day = TODAY - 60; day < TODAY; day++)
			world_add(&w, &(struct line){ day, "google.com", "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN, "pass",
					      "d.example/k1/pass", 30, NULL, NULL, 0, 0, files });
		for (uint32_t i = 0; i < 4000; i++) {
			snprintf(address, sizeof address, "%u.%u.%u.9", 41 + i / 65536, i / 256 % 256, i % 256);
			forge(&w, TODAY - 1 - (int64_t)(i % 30), i % 2 ? "gmx.net" : "yahoo.com", address, 4);
		}
		for (size_t i = 0; i < w.rows.reports_n; i++)
			if (w.reports[i].carriage == CARRIAGE_FILE)
				w.reports[i].taken = 0;
		judge(&w, &arena, &v);
		assert_int_equal(v.measures.own, 30 * 60); /* one witness does not do, so the window was widened */
		assert_int_equal(v.measures.forged, 16000);
		assert_int_equal(v.measures.reporters, 3);
		assert_int_equal(v.measures.witnesses, 1);
		assert_int_equal(v.decision.word, VERDICT_NOT_ENOUGH_DATA);
		assert_int_equal(v.measures.trusted_share > 0.99, !files);
		world_end(&w);
	}
	arena_release(&arena);
}

/* A sender that fails too often now does so, however well it did before; that too little else is known changes nothing. */
static void bad_news_is_not_thinned_out(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)unused;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 120; day < TODAY; day++) {
		world_add(&w, &(struct line){ day, reporter((uint32_t)day), "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN, "pass",
				      "d.example/k1/pass", 10, NULL, NULL, 0, 0, false });
		if (day % 7 == 0)
			world_add(&w, &(struct line){ day, "google.com", "192.0.2.20", "crm." DOMAIN, DOMAIN, DOMAIN, "pass",
					      "d.example/k1/pass", 12, NULL, NULL, 0, 0, false });
	}
	world_add(&w, &(struct line){ TODAY - 1, "google.com", "192.0.2.20", "crm." DOMAIN, DOMAIN, NULL, NULL, NULL, 4, NULL,
			      NULL, 0, 0, false });
	judge(&w, &arena, &v);
	assert_int_equal(v.decision.word, VERDICT_NOT_READY);
	assert_int_equal(v.window, 35);
	assert_true(v.measures.own_upper > w.options.limits.quarantine.own_upper); /* which would be no data alone */
	world_end(&w);
	arena_release(&arena);
}

/* How long one looks back does not change the rhythm of who came lately. */
static void a_newcomer_is_no_stranger_in_a_wide_window(void **unused)
{
	static const unsigned windows[] = { 35, 90, 180 };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)unused;
	world_begin(&w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 200; day < TODAY; day++) {
		world_add(&w, &(struct line){ day, reporter((uint32_t)day), "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN, "pass",
				      "d.example/k1/pass", 30, NULL, NULL, 0, 0, false });
		if (day >= TODAY - 20) /* beside it, without a name, from a subdomain never seen before */
			world_add(&w, &(struct line){ day, reporter((uint32_t)day), "192.0.2.55", "-", "new." DOMAIN, NULL,
					      NULL, NULL, 5, NULL, NULL, 0, 0, false });
	}
	for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
		w.options.window = windows[i];
		w.options.window_fixed = true;
		judge(&w, &arena, &v);
		assert_int_equal(v.measures.undecided, 100);
		assert_int_equal(v.measures.forged, 0);
	}
	world_end(&w);
	arena_release(&arena);
}

static void uncounted_reports_leave_everything_alone(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28), kept = ARENA((size_t)1 << 26);
	struct verdict v;
	struct world w;

	(void)unused;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct span before;

		make(&w, seed, 1);
		before = keep(&kept, head(judge(&w, &arena, &v)));
		for (int64_t day = TODAY - 12; day < TODAY; day++) {
			for (int i = 0; i < 3; i++) {
				struct habit h = habits[below(9)];

				if (i == 1)
					h.address = "209.85.128.41"; /* speaks of your own servers, too */
				if (i == 2)
					h.dkim = "d.example/google/pass,d.example/other/pass";
				h.from = below(4) ? h.from : "ghost.d.example";
				habit_line(&w, &h, day, "mx-reports.example", 1 + below(5000));
			}
			world_add(&w, &(struct line){ day, "google.com", "198.51.100.99", "x.d.example", DOMAIN, DOMAIN,
					      "pass", NULL, 500, NULL, NULL, 0, CARRIAGE_UNSIGNED, false });
		}
		for (size_t i = 0; i < w.rows.reports_n; i++)
			if (w.reports[i].carriage == CARRIAGE_UNSIGNED)
				w.reports[i].taken = TODAY * DAY_SECONDS;
		assert_true(span_is(before, head(judge(&w, &arena, &v))));
		world_end(&w);
	}
	arena_release(&arena);
	arena_release(&kept);
}

static void scaling_never_worsens_a_bound(void **unused)
{
	(void)unused;
	state_ = 4711;
	for (int i = 0; i < 20000; i++) {
		uint64_t own = 1 + below(5000), fails = below(8) ? below((uint32_t)own / 20 + 1) : below((uint32_t)own),
			 k = 2 + below(20);
		struct measures m = { .own = own, .own_fails = fails, .own_evidence = own }, scaled = m;

		scaled.own *= k;
		scaled.own_fails *= k;
		scaled.own_evidence *= k;
		measures_share(&m);
		measures_share(&scaled);
		assert_true(scaled.own_upper <= m.own_upper + 1e-12);
		assert_true(m.own_upper >= m.own_loss && scaled.own_upper >= scaled.own_loss);
	}
}

static void bounds_are_monotone(void **unused)
{
	(void)unused;
	state_ = 99;
	for (int i = 0; i < 5000; i++) {
		uint64_t n = 2 + below(30000), x = below(200);

		x = x < n ? x : n - 1;
		assert_true(bound_upper(x, n) <= bound_upper(x + 1, n) + 1e-12 || x == 200);
		assert_true(bound_upper(x, n + 1) <= bound_upper(x, n) + 1e-12);
	}
}

static bool gate_fails(const struct verdict *v, unsigned number)
{
	for (size_t i = 0; i < v->decision.gates_n; i++)
		if (v->decision.gates[i].number == number && v->decision.gates[i].state == GATE_FAILS)
			return true;
	return false;
}

static void marking_all_undecided_clears_the_gate(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);
	unsigned failed = 0;
	struct verdict v;
	struct world w;

	(void)unused;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		char marks[64][128];
		size_t n = 0;

		make(&w, seed, 1);
		judge(&w, &arena, &v);
		failed += gate_fails(&v, 6);
		for (size_t i = 0; i < v.senders_n; i++)
			if (v.senders[i].fate == FATE_UNDECIDED && n < 64)
				snprintf(marks[n++], sizeof *marks, "%.*s", (int)v.senders[i].mark.n,
					v.senders[i].mark.p);
		for (size_t i = 0; i < n; i++)
			world_mark(&w, below(2) ? MARK_NOT_OURS : MARK_FORWARDER, marks[i]);
		judge(&w, &arena, &v);
		assert_int_equal(v.measures.undecided, 0);
		assert_false(gate_fails(&v, 6));
		world_end(&w);
	}
	assert_true(failed > 0);
	arena_release(&arena);
}

/* The loss promised after the first step is the loss found once that sender's mail passes. */
static void a_fix_equals_rows_that_pass(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);
	unsigned tried = 0;
	struct verdict v;
	struct world w;

	(void)unused;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		double promised;
		uint64_t own;

		make(&w, seed, 1);
		world_mark(&w, MARK_OWN, "zendesk");
		judge(&w, &arena, &v);
		assert_true(v.steps_n > 0);
		if (!span_is(v.steps[0].subject, SPAN("zendesk")))
			continue;
		tried++;
		promised = v.steps[0].loss_after;
		own = v.measures.own;
		for (size_t i = 0; i < w.rows.traffic_n; i++) {
			const struct observed_auth *auth = &w.auths[w.traffic[i].auth];

			if (span_is(w.sources[w.traffic[i].source].host.name, SPAN("out9.zdsys.com")))
				((struct signature_row *)auth->dkim)->domain = auth->header_from;
		}
		judge(&w, &arena, &v);
		assert_int_equal(v.measures.own, own);
		assert_true(v.measures.own_loss <= promised && v.measures.own_loss >= promised);
		world_end(&w);
	}
	assert_true(tried > SEEDS / 2);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(reading_twice_changes_nothing),
		cmocka_unit_test(a_forged_flood_leaves_the_gates_alone),
		cmocka_unit_test(forged_mail_brings_no_witness),
		cmocka_unit_test(bad_news_is_not_thinned_out),
		cmocka_unit_test(a_newcomer_is_no_stranger_in_a_wide_window),
		cmocka_unit_test(uncounted_reports_leave_everything_alone),
		cmocka_unit_test(scaling_never_worsens_a_bound),
		cmocka_unit_test(bounds_are_monotone),
		cmocka_unit_test(marking_all_undecided_clears_the_gate),
		cmocka_unit_test(a_fix_equals_rows_that_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
