/* The limits that the verdict's rules name, one step on either side of each, where unit-assess-trust and -alerts do not: reports
 * sent again or mostly about others, what comes rarely, what a provider signs, who is parked. */
#include "tests/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TODAY 20778 /* a Saturday; the last complete day is the one before */
#define DOMAIN "shop.example"
#define KEY(selector, result) DOMAIN "/" selector "/" result
#define HOUR 3600

struct trial {
	struct arena arena;
	struct verdict v;
	struct world w;
};

/* A server of one's own, signed and allowed by SPF, as Google and Yahoo saw it for 100 days. */
static void trial_begin(struct trial *t)
{
	t->arena = ARENA((size_t)1 << 28);
	world_begin(&t->w, DOMAIN, TODAY);
	for (int64_t day = TODAY - 100; day < TODAY; day++)
		for (int i = 0; i < 2; i++)
			world_add(&t->w, &(struct line){ .day = day, .reporter = i ? "yahoo.com" : "google.com",
						 .address = "192.0.2.10", .host = "mail." DOMAIN, .from = DOMAIN,
						 .spf = DOMAIN, .spf_result = "pass", .dkim = KEY("k1", "pass"), .n = 50 });
}

static void trial_run(struct trial *t)
{
	arena_clear(&t->arena);
	assert_true(assess(world_rows(&t->w), &t->w.options, &t->arena, &t->v));
}

static void trial_end(struct trial *t)
{
	world_end(&t->w);
	arena_release(&t->arena);
}

static bool alert_is_raised(const struct trial *t, enum alert_kind kind, const char *subject)
{
	for (size_t i = 0; i < t->v.alerts_n; i++)
		if (t->v.alerts[i].kind == kind && (!subject || span_is(t->v.alerts[i].subject, span_of(subject))))
			return true;
	return false;
}

/* Forged mail from one host, as a reporter tells it. */
static void told(struct trial *t, int64_t day, const char *reporter, int64_t days)
{
	world_add(&t->w, &(struct line){ .day = day, .reporter = reporter, .address = "198.51.100.66", .host = "-", .from = DOMAIN,
				 .n = 9, .days = days });
}

/* A report more than half of which is about other domains is not believed at all. */
static void mostly_about_others(void **state)
{
	(void)state;
	for (int outside = 1; outside <= 2; outside++) {
		struct trial t;

		trial_begin(&t);
		told(&t, TODAY - 20, "gmx.net", 0);
		for (int i = 0; i < outside; i++)
			world_add(&t.w, &(struct line){ .day = TODAY - 20, .reporter = "gmx.net",
						.address = i ? "198.51.100.68" : "198.51.100.67", .host = "-",
						.from = "elsewhere.example", .n = 9 });
		trial_run(&t);
		assert_int_equal(t.v.reports[t.w.rows.reports_n - 1].use, outside == 1 ? USE_COUNTED : USE_IMPOSSIBLE);
		trial_end(&t);
	}
}

/* What overlaps by more than half and has the same rows was sent again with shifted limits. */
static void sent_again_shifted(void **state)
{
	static const struct {
		int64_t shift;
		uint64_t n;
		enum report_use use;
	} rows[] = { { 11 * HOUR, 9, USE_RESENT }, { 12 * HOUR, 9, USE_COUNTED }, { 11 * HOUR, 10, USE_COUNTED } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct observed_report *again;
		struct trial t;

		trial_begin(&t);
		told(&t, TODAY - 20, "gmx.net", 0);
		told(&t, TODAY - 15, "gmx.net", 0); /* moved to where the first one is */
		again = &t.w.reports[t.w.rows.reports_n - 1];
		again->begin = again[-1].begin + rows[i].shift;
		again->end = again[-1].end + rows[i].shift;
		again->arrived = again->end + HOUR;
		t.w.traffic[t.w.rows.traffic_n - 1].count = rows[i].n;
		trial_run(&t);
		assert_int_equal(t.v.reports[t.w.rows.reports_n - 1].use, rows[i].use);
		trial_end(&t);
	}
}

/* Fifty a week for four weeks, now less than a tenth of that. */
static void gone_quiet(void **state)
{
	static const struct {
		uint64_t before, now;
		bool raised;
	} rows[] = { { 50, 4, true }, { 50, 5, false }, { 49, 0, false }, { 100, 9, true } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trial t;

		trial_begin(&t);
		for (int64_t week = 0; week < 8; week++)
			if (week || rows[i].now)
				world_add(&t.w, &(struct line){ .day = TODAY - 3 - 7 * week, .reporter = "google.com",
							.address = "192.0.2.20", .host = "crm." DOMAIN, .from = DOMAIN,
							.spf = DOMAIN, .spf_result = "pass", .dkim = KEY("k1", "pass"),
							.n = week ? rows[i].before : rows[i].now });
		trial_run(&t);
		assert_int_equal(alert_is_raised(&t, ALERT_GONE, NULL), rows[i].raised);
		trial_end(&t);
	}
}

/* A hundred forged messages and five times the usual week. */
static void forged_burst(void **state)
{
	static const struct {
		uint64_t before, now;
		bool raised;
	} rows[] = { { 0, 100, true }, { 0, 99, false }, { 21, 105, true }, { 21, 104, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trial t;

		trial_begin(&t);
		world_mark(&t.w, MARK_NOT_OURS, "198.51.100.66");
		for (int64_t week = 0; week < 5; week++)
			if (!week || rows[i].before)
				world_add(&t.w, &(struct line){ .day = TODAY - 3 - 7 * week, .reporter = "google.com",
							.address = "198.51.100.66", .host = "-", .from = DOMAIN,
							.n = week ? rows[i].before : rows[i].now });
		trial_run(&t);
		assert_int_equal(alert_is_raised(&t, ALERT_FORGED_BURST, NULL), rows[i].raised);
		trial_end(&t);
	}
}

/* A selector seen for the first time this week; one with fifty messages that nobody uses any more. */
static void keys_come_and_go(void **state)
{
	static const struct {
		int64_t first, last;
		uint64_t n;
		bool new, gone;
	} rows[] = { { 7, 7, 9, true, false }, { 8, 7, 9, false, false }, { 20, 8, 50, false, true }, { 20, 7, 50, false, false },
		{ 20, 8, 24, false, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trial t;

		trial_begin(&t);
		for (int k = 0; k < 2; k++)
			world_add(&t.w, &(struct line){ .day = TODAY - (k ? rows[i].last : rows[i].first),
						.reporter = "google.com", .address = "192.0.2.10", .from = DOMAIN,
						.spf = DOMAIN, .spf_result = "pass", .dkim = KEY("k2", "pass"),
						.n = rows[i].n });
		trial_run(&t);
		assert_int_equal(alert_is_raised(&t, ALERT_KEY_NEW, DOMAIN), rows[i].new);
		assert_int_equal(alert_is_raised(&t, ALERT_KEY_GONE, DOMAIN), rows[i].gone);
		trial_end(&t);
	}
}

/* Signed with the default key that a mailbox provider has for a customer: yours by its name or by what was set, else somebody
 * else's, which speaks for a forwarder. */
static void tenants_of_a_provider(void **state)
{
	static const struct {
		const char *signer;
		const char *tenant;
		const char *item; /* NULL: neither */
	} rows[] = { { "shop-example.20230601.gappssmtp.com/x/pass", NULL, "E35" },
		{ "other-example.20230601.gappssmtp.com/x/pass", NULL, "E33" },
		{ "shop-exampla.20230601.gappssmtp.com/x/pass", NULL, "E33" },
		{ "other-example.20230601.gappssmtp.com/x/pass", "google:other-example", "E35" },
		{ "other-example.20230601.gappssmtp.com/x/pass", "microsoft365:other-example", "E33" },
		{ "gappssmtp.com/x/pass", NULL, NULL }, { "mail.example/x/pass", NULL, NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span tenant = rows[i].tenant ? span_of(rows[i].tenant) : SPAN_ABSENT;
		const char *found = NULL;
		struct trial t;

		trial_begin(&t);
		t.w.options.tenants = (struct words){ &tenant, rows[i].tenant != NULL };
		for (int64_t day = TODAY - 30; day < TODAY; day++)
			world_add(&t.w, &(struct line){ .day = day, .reporter = "yahoo.com", .address = "209.85.208.53",
						.host = "mail-ej1-f53.google.com", .from = DOMAIN, .dkim = rows[i].signer,
						.n = 5 });
		trial_run(&t);
		for (size_t k = 0; k < t.v.paths_n; k++)
			for (size_t m = 0; m < t.v.paths[k].class.items_n; m++) {
				const char *id = evidence_items[t.v.paths[k].class.items[m]].id;

				if (span_is(span_of(id), SPAN("E33")) || span_is(span_of(id), SPAN("E35")))
					found = id;
			}
		if (rows[i].item ? !found || !span_is(span_of(found), span_of(rows[i].item)) : found != NULL)
			fail_msg("%s: %s", rows[i].signer, found ? found : "nothing");
		trial_end(&t);
	}
}

/* Signed by the organisation that `<email>` or the submitter names is T3, by another one T2, by nobody T1. */
static void trust_of_a_signature(void **state)
{
	static const struct {
		const char *author, *email, *submitter;
		enum trust trust;
	} rows[] = { { "gmx.net", "gmx.net", NULL, TRUST_3 }, { "gmx.net", "mail.gmx.net", NULL, TRUST_3 },
		{ "gmx.net", "other.example", "gmx.net", TRUST_3 }, { "gmx.net", "other.example", NULL, TRUST_2 },
		{ "gmx.net", "other.example", "third.example", TRUST_2 }, { NULL, "gmx.net", NULL, TRUST_1 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static const struct domain_name nobody;
		struct domain_name *names[3], got;
		const char *wanted[] = { rows[i].author, rows[i].email, rows[i].submitter };
		struct observed_report *r;
		struct trial t;

		trial_begin(&t);
		told(&t, TODAY - 20, "gmx.net", 0);
		r = &t.w.reports[t.w.rows.reports_n - 1];
		names[0] = &r->author;
		names[1] = &r->email;
		names[2] = &r->submitter;
		for (int k = 0; k < 3; k++) {
			bool below = wanted[k] && strncmp(wanted[k], "mail.", 5) == 0;

			got = wanted[k] ? (struct domain_name){ span_of(wanted[k]), span_of(wanted[k] + (below ? 5 : 0)) } : nobody;
			*names[k] = got;
		}
		trial_run(&t);
		assert_int_equal(t.v.reports[t.w.rows.reports_n - 1].trust, rows[i].trust);
		trial_end(&t);
	}
}

/* Three dates 80 to 100 days apart are a quarter's; the record waits for a run that is due within ten days. */
static void quarters(void **state)
{
	static const struct {
		int64_t gap, last;
		bool periodic, waits;
	} rows[] = { { 80, 30, true, false }, { 79, 30, false, false }, { 100, 30, true, false }, { 101, 30, false, false },
		{ 90, 80, true, true }, { 90, 79, true, false }, { 90, 90, true, true } };
	static const struct attest_row attests[] = { { SPAN("quarterly"), TODAY - 5 }, { SPAN("lists"), TODAY - 5 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool periodic = false;
		struct trial t;

		trial_begin(&t);
		for (int64_t k = 0; k < 3; k++)
			world_add(&t.w, &(struct line){ .day = TODAY - rows[i].last - k * rows[i].gap, .reporter = "google.com",
						.address = "192.0.2.30", .host = "statements." DOMAIN, .from = "tax." DOMAIN,
						.spf = DOMAIN, .spf_result = "pass", .dkim = KEY("k1", "pass"), .n = 500 });
		t.w.rows.attests = attests;
		t.w.rows.attests_n = 2;
		t.w.rows.published = (struct published){ .checked = true, .dmarc_records = 1, .policy = t.w.policy,
			.spf_records = 1, .rua = SPAN("mailto:dmarc@" DOMAIN) };
		trial_run(&t);
		for (size_t k = 0; k < t.v.senders_n; k++)
			periodic |= t.v.senders[k].next_day == TODAY - rows[i].last + rows[i].gap;
		assert_int_equal(periodic, rows[i].periodic);
		assert_int_equal(t.v.next.not_before != MOMENT_NONE, rows[i].waits);
		trial_end(&t);
	}
}

/* Without mail of its own for half a year, and with records that say so, a domain is parked although nobody set it. */
static void parked_by_itself(void **state)
{
	static const struct {
		int64_t days;
		bool checked, only_all, null_mx, sends, parked;
	} rows[] = { { 180, true, true, false, false, true }, { 179, true, true, false, false, false },
		{ 180, true, false, true, false, true }, { 180, true, false, false, false, false },
		{ 180, false, true, true, false, false }, { 180, true, true, false, true, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trial t = { .arena = ARENA((size_t)1 << 28) };

		world_begin(&t.w, DOMAIN, TODAY);
		for (int64_t day = TODAY - rows[i].days; day < TODAY; day++)
			world_add(&t.w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.100.66",
						.host = "-", .from = DOMAIN, .n = 1 });
		if (rows[i].sends)
			world_add(&t.w, &(struct line){ .day = TODAY - 100, .reporter = "google.com", .address = "192.0.2.10",
						.host = "mail." DOMAIN, .from = DOMAIN, .spf = DOMAIN, .spf_result = "pass",
						.n = 1 });
		world_mark(&t.w, MARK_NOT_OURS, "198.51.100.66");
		t.w.rows.published = (struct published){ .checked = rows[i].checked, .dmarc_records = 1,
			.policy = t.w.policy, .spf_records = 1, .spf_only_all = rows[i].only_all,
			.null_mx = rows[i].null_mx };
		trial_run(&t);
		assert_int_equal(t.v.measures.parked, rows[i].parked);
		trial_end(&t);
	}
}

/* Somebody passes in the name of a domain that says that it sends nothing, and has sent nothing for half a year. That is no
 * reason to enforce less. */
static void who_is_parked_does_not_send(void **state)
{
	static const struct {
		int64_t ago[2];
		bool only_all, null_mx, alarm;
	} rows[] = { { { 3, 3 }, true, false, true }, { { 6, 2 }, true, true, true }, { { 8, 3 }, true, false, false },
		{ { 3, 3 }, false, true, false }, { { 3, 3 }, false, false, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct trial t = { .arena = ARENA((size_t)1 << 28) };
		bool alarm = false;

		world_begin(&t.w, DOMAIN, TODAY);
		t.w.policy = (struct policy){ .p = REQUEST_REJECT, .pct = 100 };
		for (int64_t day = TODAY - 200; day < TODAY; day++)
			world_add(&t.w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.100.66",
						.host = "-", .from = DOMAIN, .n = 1 });
		for (size_t k = 0; k < 2; k++)
			world_add(&t.w, &(struct line){ .day = TODAY - rows[i].ago[k], .reporter = "google.com",
						.address = "192.0.2.10", .host = "-", .from = DOMAIN,
						.dkim = DOMAIN "/old/pass", .n = 5 });
		world_mark(&t.w, MARK_NOT_OURS, "198.51.100.66");
		t.w.rows.published = (struct published){ .checked = true, .dmarc_records = 1, .policy = t.w.policy,
			.spf_records = 1, .spf_only_all = rows[i].only_all, .null_mx = rows[i].null_mx };
		trial_run(&t);
		for (size_t k = 0; k < t.v.alerts_n; k++)
			alarm |= t.v.alerts[k].kind == ALERT_PARKED_SENDS && t.v.alerts[k].level == LEVEL_CRITICAL &&
				 t.v.alerts[k].messages == 10;
		assert_int_equal(alarm, rows[i].alarm);
		assert_false(t.v.measures.parked);
		assert_int_not_equal(t.v.next.kind, NEXT_BACK);
		trial_end(&t);
	}
}

/* A sender whose signatures align relaxed only, reported under the modes of the time; what counts is the record of today. */
static void the_modes_of_today_are_asked(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (int told = WORD_NONE; told <= WORD_FAIL; told++) {
		for (int run_n = 0; run_n < 4; run_n++) {
			bool before = run_n / 2, now = run_n % 2;

			if ((told == WORD_PASS && before) || (told == WORD_FAIL && !before))
				continue; /* honest receivers say what they found under the record they saw */
			world_begin(&w, "d.example", 20778);
			w.policy.adkim_strict = before;
			for (int64_t day = 20778 - 120; day < 20778; day++) {
				world_add(&w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.100.25", .host = "mail.d.example",
							 .from = "d.example", .spf = "d.example", .spf_result = "pass", .dkim = "d.example/mail/pass", .n = 100 });
				world_add(&w, &(struct line){ .day = day, .reporter = "yahoo.com", .address = "198.51.100.26", .host = "shop.d.example",
							 .from = "d.example", .dkim = "shop.d.example/s/pass", .n = 50, .says = (enum word)told });
			}
			w.rows.published = (struct published){ .checked = true, .dmarc_records = 1, .spf_records = 1, .spf_all = '~',
				.policy = { .p = REQUEST_NONE, .pct = 100, .adkim_strict = now } };
			assert_true(assess(world_rows(&w), &w.options, &arena, &v));
			assert_int_equal(v.decision.word, now ? VERDICT_NOT_READY : VERDICT_READY);
			assert_int_equal(v.measures.own_fails, now ? 35 * 50 : 0);
			assert_int_equal(v.simulations[1].now.refused[FATE_OWN], now ? 35 * 50 : 0);
			assert_int_equal(v.simulations[3].now.refused[FATE_OWN], 35 * 50);
			world_end(&w);
			arena_clear(&arena);
		}
	}
	arena_release(&arena);
}

static void a_year_of_mail(struct world *w, enum request p, enum request sp)
{
	world_begin(w, "d.example", 20778);
	w->policy.p = p;
	w->policy.sp = sp;
	for (int64_t day = 20778 - 300; day < 20778; day++) {
		world_add(w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.100.25", .host = "mail.d.example",
					 .from = "d.example", .spf = "d.example", .spf_result = "pass", .dkim = "d.example/mail/pass", .n = 60 });
		world_add(w, &(struct line){ .day = day, .reporter = "yahoo.com", .address = "198.51.100.25", .host = "mail.d.example",
					 .from = "d.example", .spf = "d.example", .spf_result = "pass", .dkim = "d.example/mail/pass", .n = 40 });
	}
}

/* Reporters tell an sp that nobody published: the p. A record that is known from reports alone spares by it only what it says. */
static void an_sp_that_repeats_p_spares_nothing(void **state)
{
	static const struct {
		enum request p, sp;
		bool spared;
	} rows[] = { { REQUEST_NONE, REQUEST_NONE, false }, { REQUEST_QUARANTINE, REQUEST_QUARANTINE, false },
		{ REQUEST_QUARANTINE, REQUEST_NONE, true }, { REQUEST_NONE, REQUEST_ABSENT, false } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		a_year_of_mail(&w, rows[i].p, rows[i].sp);
		for (int64_t day = 20778 - 300; day < 20778; day++)
			world_add(&w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.101.9", .host = "web.d.example",
						 .from = "news.d.example", .n = 20 });
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		assert_int_equal(v.measures.own_fails == 0, rows[i].spared);
		assert_int_equal(v.decision.word == VERDICT_NOT_READY, !rows[i].spared);
		world_end(&w);
		arena_clear(&arena);
	}
	arena_release(&arena);
}

/* Senders that are not in the window, because they send by the quarter or pause: when they were seen last, their mail failed. */
static void who_failed_last_is_named(void **state)
{
	static const struct {
		const char *address, *host, *dkim;
		int64_t first, last, step;
		enum mark_kind mark;
		bool named;
		const char *marked; /* NULL: the address */
	} rows[] = {
		{ "192.0.2.120", "out.paywise.example", NULL, 270, 45, 91, MARK_NONE, true },
		{ "192.0.2.120", "out.paywise.example", "d.example/pay/pass", 270, 45, 91, MARK_NONE, false },
		{ "192.0.2.120", "out.paywise.example", NULL, 270, 45, 91, MARK_REVIEWED, false, "paywise.example" },
		{ "192.0.2.120", "out.paywise.example", NULL, 270, 45, 91, MARK_NOT_OURS, false },
		{ "192.0.2.120", "out.paywise.example", NULL, 270, 150, 40, MARK_NONE, false }, /* overdue for long */
		{ "192.0.2.120", "out.paywise.example", NULL, 130, 60, 1, MARK_NONE, false },   /* nothing says that it is yours */
		{ "198.51.101.9", "web.d.example", NULL, 130, 60, 1, MARK_NONE, true },
		{ "198.51.101.9", "web.d.example", NULL, 130, 60, 1, MARK_ACCEPT, false },
		{ "198.51.101.9", "web.d.example", NULL, 250, 160, 1, MARK_NONE, false },
		{ "198.51.101.9", "web.d.example", NULL, 130, 20, 1, MARK_NONE, false }, /* the gates see it */
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		a_year_of_mail(&w, REQUEST_NONE, REQUEST_ABSENT);
		for (int64_t ago = rows[i].first; ago >= rows[i].last; ago -= rows[i].step)
			world_add(&w, &(struct line){ .day = 20778 - ago, .reporter = "google.com", .address = rows[i].address,
						 .host = rows[i].host, .from = "d.example", .dkim = rows[i].dkim, .n = 20 });
		if (rows[i].mark)
			world_mark(&w, rows[i].mark, rows[i].marked ? rows[i].marked : rows[i].address);
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		if (v.measures.silent_n != rows[i].named)
			fail_msg("%zu: %zu are named", i, v.measures.silent_n);
		if (rows[i].named)
			assert_int_equal(v.decision.word, VERDICT_READY_WITH_EXCEPTIONS);
		world_end(&w);
		arena_clear(&arena);
	}
	arena_release(&arena);
}

/* A relay that is known by its name alone, and of which more comes than before. */
static void a_rise_asks_again_whose_mail_a_relay_carries(void **state)
{
	static const struct {
		const char *host, *dkim, *reason;
		uint64_t before, now;
		enum mark_kind mark;
		bool rose;
	} rows[] = {
		{ "mout-xforward.kundenserver.de", NULL, NULL, 3, 3, MARK_NONE, false },
		{ "mout-xforward.kundenserver.de", NULL, NULL, 3, 4, MARK_NONE, false },
		{ "mout-xforward.kundenserver.de", NULL, NULL, 3, 20, MARK_NONE, true },
		{ "mout-xforward.kundenserver.de", NULL, NULL, 0, 20, MARK_NONE, true },
		{ "mout-xforward.kundenserver.de", NULL, NULL, 3, 20, MARK_FORWARDER, false },
		{ "web01.groups.io", "d.example/mail/fail", "mailing_list", 3, 20, MARK_NONE, false }, /* carries your broken signature */
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool rose = false;

		a_year_of_mail(&w, REQUEST_NONE, REQUEST_ABSENT);
		for (int64_t day = 20778 - 300; day < 20778; day++)
			if (rows[i].before || day >= 20778 - 7)
				world_add(&w, &(struct line){ .day = day, .reporter = "google.com", .address = "66.175.222.12", .host = rows[i].host,
							 .from = "d.example", .dkim = rows[i].dkim, .reason = rows[i].reason,
							 .n = day < 20778 - 7 ? rows[i].before : rows[i].now });
		if (rows[i].mark)
			world_mark(&w, rows[i].mark, "66.175.222.12");
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		for (size_t k = 0; k < v.paths_n; k++)
			rose |= v.paths[k].rose;
		if (rose != rows[i].rose || (v.decision.word == VERDICT_NOT_READY) != rows[i].rose || (v.measures.undecided > 0) != rows[i].rose)
			fail_msg("%zu: %s", i, verdict_word(v.decision.word));
		world_end(&w);
		arena_clear(&arena);
	}
	arena_release(&arena);
}

/* Forged mail from everywhere, and people who send from home: the same but for their days. `a_day` messages are less or more
 * than may be lost. */
static void try_scattered(struct arena *arena, bool all_week, uint64_t a_day)
{
	uint64_t told = all_week ? 0 : 25;
	struct verdict v;
	struct world w;
	char address[32];

	a_year_of_mail(&w, REQUEST_NONE, REQUEST_ABSENT);
	for (int64_t day = 20778 - 300; day < 20778; day++) {
		if (!all_week && (day + 3) % 7 >= 5)
			continue;
		snprintf(address, sizeof address, "91.%d.7.9", (int)(day % 40));
		world_add(&w, &(struct line){ .day = day, .reporter = "google.com", .address = address, .host = "-",
					 .from = "d.example", .spf = "d.example", .spf_result = "softfail", .n = a_day });
	}
	assert_true(assess(world_rows(&w), &w.options, arena, &v));
	assert_int_equal(v.measures.forged, (all_week ? 35 : 25) * a_day);
	assert_int_equal(v.measures.scattered, told * a_day);
	assert_int_equal(v.measures.scattered_addresses, told);
	assert_int_equal(verdict_excepts(&v, EXCEPT_SCATTERED), told && a_day > 1);
	assert_true(v.decision.word <= VERDICT_READY_WITH_EXCEPTIONS);
	world_end(&w);
	arena_clear(arena);
}

static void working_days_are_said(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (uint64_t a_day = 1; a_day <= 2; a_day++) {
		try_scattered(&arena, false, a_day);
		try_scattered(&arena, true, a_day);
	}
	arena_release(&arena);
}

/* A subdomain that sp=none spares breaks while the policy is in force, and the domain's own mail has a fault besides. */
static void nothing_is_lost_where_the_policy_does_not_reach(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (int spared = 0; spared < 2; spared++) {
		bool rise = false;

		a_year_of_mail(&w, REQUEST_QUARANTINE, spared ? REQUEST_NONE : REQUEST_ABSENT);
		for (int64_t day = 20778 - 300; day < 20778; day++) {
			world_add(&w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.101.9", .host = "web.d.example",
						 .from = "news.d.example", .dkim = day < 20778 - 7 ? "d.example/news/pass" : "d.example/news/fail", .n = 20 });
			world_add(&w, &(struct line){ .day = day, .reporter = "google.com", .address = "198.51.101.10", .host = "shop.d.example",
						 .from = "d.example", .n = 10 });
		}
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		for (size_t i = 0; i < v.alerts_n; i++) {
			rise |= v.alerts[i].kind == ALERT_FAIL_RISE;
			assert_int_equal(v.alerts[i].level == LEVEL_CRITICAL, !spared && v.alerts[i].kind <= ALERT_FAIL_RISE);
		}
		assert_true(rise);
		assert_int_equal(v.measures.own, 35 * (110 + (spared ? 0 : 20))); /* or it would outweigh what is lost */
		assert_int_equal(v.measures.own_fails, 350 + (spared ? 0 : 140));
		for (size_t i = 0; i < v.steps_n; i++)
			assert_false(spared && v.steps[i].sender != NO_INDEX && span_is(v.senders[v.steps[i].sender].header_from, SPAN("news.d.example")));
		world_end(&w);
		arena_clear(&arena);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mostly_about_others),
		cmocka_unit_test(sent_again_shifted),
		cmocka_unit_test(gone_quiet),
		cmocka_unit_test(forged_burst),
		cmocka_unit_test(keys_come_and_go),
		cmocka_unit_test(tenants_of_a_provider),
		cmocka_unit_test(trust_of_a_signature),
		cmocka_unit_test(quarters),
		cmocka_unit_test(parked_by_itself), cmocka_unit_test(who_is_parked_does_not_send),
		cmocka_unit_test(the_modes_of_today_are_asked),
		cmocka_unit_test(an_sp_that_repeats_p_spares_nothing),
		cmocka_unit_test(who_failed_last_is_named),
		cmocka_unit_test(a_rise_asks_again_whose_mail_a_relay_carries),
		cmocka_unit_test(working_days_are_said),
		cmocka_unit_test(nothing_is_lost_where_the_policy_does_not_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
