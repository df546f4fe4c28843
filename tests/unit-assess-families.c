/* Families of organisations that send in a way of their own, each with its truth (tests/truth.h): half of them lose
 * mail by it. Each family and target has 8 organisations that lose and as many that do not; with TRUTH_WORLDS, a
 * thirtieth of it. With TRUTH_SHOW=1 the rates are told. */
#include "tests/truth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define WORLDS 8
#define OWN_SPF TRUTH_OWN

/* An organisation being made up. */
struct made {
	struct truth truth;
	struct chance chance;
	bool lossy; /* it is to lose mail in the family's way */
	enum target target;
	unsigned key_bits; /* of the main server's key; 0: nobody looked */
	bool key_testing;
	int64_t dates_off; /* seconds, in the reports of yahoo.com */
};

static double between(struct made *m, double low, double high)
{
	return chance_between(&m->chance, low, high);
}

static struct actor *main_server(struct made *m)
{
	return &m->truth.actors[0];
}

/* Beside the main server, with so much of its mail. */
static struct actor *add(struct made *m, double share, struct actor actor)
{
	actor.what = actor.what ? actor.what : "second";
	actor.address = actor.address ? actor.address : "203.0.113.77";
	actor.host = actor.host ? actor.host : "-";
	actor.rate = main_server(m)->rate * share;
	actor.bad_share = actor.good.spf || actor.good.dkim ? 0 : 1;
	return truth_add(&m->truth, actor);
}

#define SERVICE .address = "198.2.128.7", .host = "mail77.mcsv.net"
#define SIGNED                                                 \
	{                                                      \
		"mail77.mcsv.net", "pass", "d.example/k2/pass" \
	}
#define FOREIGN                                               \
	{                                                     \
		"mail77.mcsv.net", "pass", "mcsv.net/k2/pass" \
	}

/* A service that signs for the domain, or not. */
static struct actor *add_service(struct made *m, double share)
{
	struct actor a = { .whose = WHOSE_OWN, SERVICE, .good = SIGNED };

	if (m->lossy)
		a.good = (struct look)FOREIGN;
	return add(m, share, a);
}

static void strict_spf(struct made *m)
{
	m->truth.policy.aspf_strict = true;
	main_server(m)->good.spf = "bounce.d.example";
	if (m->lossy)
		add(m, between(m, .05, .4),
			(struct actor){ .whose = WHOSE_OWN,
				.address = "198.51.100.26",
				.host = "crm.d.example",
				.good = { "bounce.d.example", "pass", NULL } });
}

static void strict_dkim(struct made *m)
{
	struct actor *a = add_service(m, between(m, .05, .4));

	m->truth.policy.adkim_strict = true;
	a->good.dkim = m->lossy ? "mail.d.example/k2/pass" : "d.example/k2/pass";
}

static void made_strict_lately(struct made *m)
{
	strict_spf(m);
	m->truth.modes_since = TRUTH_TODAY - 1 - chance_below(&m->chance, 20);
}

static void made_strict_dkim_lately(struct made *m)
{
	strict_dkim(m);
	m->truth.modes_since = TRUTH_TODAY - 1 - chance_below(&m->chance, 20);
}

static void subdomain(struct made *m)
{
	add_service(m, between(m, .05, .4))->from = "news.d.example";
}

/* What fails there is not lost. */
static void subdomain_spared(struct made *m)
{
	m->truth.policy.sp = REQUEST_NONE;
	add(m, between(m, .05, .4),
		(struct actor){ .whose = WHOSE_OWN, SERVICE, .from = "news.d.example", .good = FOREIGN });
	if (m->lossy)
		add_service(m, between(m, .05, .4))->address = "198.2.128.9";
}

static void monthly(struct made *m)
{
	struct actor *a = add_service(m, between(m, 1, 10));

	a->every = 30;
	a->first = TRUTH_TODAY - 190 - chance_below(&m->chance, 10);
}

static void quarterly(struct made *m)
{
	struct actor *a = add_service(m, between(m, 4, 30));

	a->every = 91;
	m->truth.first = main_server(m)->first = TRUTH_TODAY - 300;
	a->first = TRUTH_TODAY - 273 - chance_below(&m->chance, 91);
}

static void quarterly_from_host(struct made *m)
{
	quarterly(m);
	m->truth.actors[1].address = "192.0.2.120";
	m->truth.actors[1].host = "out.paywise.example";
	m->truth.actors[1].good = m->lossy ? (struct look){ "paywise.example", "pass", NULL }
					   : (struct look){ "paywise.example", "pass", "d.example/pay/pass" };
}

static void seasonal(struct made *m)
{
	struct actor *a = add(m, between(m, .05, .4),
		(struct actor){ .whose = WHOSE_OWN,
			.address = "198.51.101.26",
			.host = "shop.d.example",
			.good = { "shopsys.example", "pass", m->lossy ? NULL : "d.example/shop/pass" } });

	a->first = TRUTH_TODAY - 170;
	a->last = TRUTH_TODAY - 50;
}

static void receiver_stops(struct made *m)
{
	struct actor *a = add_service(m, between(m, .3, 1));

	m->truth.receivers[m->truth.receivers_n++] = (struct receiver){
		.name = "yahoo.com", .share = .3, .days = 1, .last = TRUTH_TODAY - 5 - chance_below(&m->chance, 60)
	};
	a->seen_by = "yahoo.com";
}

static void one_small_receiver(struct made *m)
{
	struct actor *a = add_service(m, between(m, .3, 1));

	m->truth.receivers[m->truth.receivers_n++] =
		(struct receiver){ .name = "reports.isp.example", .share = .1, .days = .8 };
	a->seen_by = "reports.isp.example";
}

static void one_new_receiver(struct made *m)
{
	one_small_receiver(m);
	m->truth.receivers[m->truth.receivers_n - 1].first = TRUTH_TODAY - 10;
}

static void little_mail(struct made *m)
{
	main_server(m)->rate = between(m, .8, 4);
	add_service(m, between(m, .1, .5));
}

static void much_mail(struct made *m)
{
	main_server(m)->rate = between(m, 5000, 50000);
	add_service(m, between(m, .01, .2));
}

static void home_offices(struct made *m)
{
	struct actor a = { .whose = m->lossy ? WHOSE_OWN : WHOSE_FORGED,
		.address = "91.*.7.9",
		.weekdays = true,
		.addresses = 20 + chance_below(&m->chance, 60) };

	if (chance_holds(&m->chance, .5))
		a.bad = (struct look){ OWN_SPF, "softfail", NULL };
	add(m, between(m, .03, .2), a);
}

static void started_lately(struct made *m)
{
	add_service(m, between(m, .05, .4))->first = TRUTH_TODAY - 8;
}

static void repaired(struct made *m)
{
	struct actor *a = add_service(m, between(m, .05, .4));

	if (m->lossy)
		return;
	a->good = (struct look)FOREIGN;
	a->last = TRUTH_TODAY - 37;
	add_service(m, a->rate / main_server(m)->rate)->first = TRUTH_TODAY - 36;
}

static void broken_receiver(struct made *m, enum word says)
{
	add_service(m, between(m, .05, .4));
	m->truth.receivers[m->truth.receivers_n++] =
		(struct receiver){ .name = "dmarc.uni.example", .share = .15, .days = 1, .says = says };
}

static void all_fail_receiver(struct made *m)
{
	broken_receiver(m, WORD_FAIL);
}

static void all_pass_receiver(struct made *m)
{
	broken_receiver(m, WORD_PASS);
}

static void all_pass_known_receiver(struct made *m)
{
	all_pass_receiver(m);
	m->truth.receivers[m->truth.receivers_n - 1].name = "yahoo.com";
}

/* Whatever it says, its dates cannot be. */
static void dates_off(struct made *m)
{
	static const int64_t offs[] = { -500 * DAY_SECONDS, -61 * DAY_SECONDS, 3 * DAY_SECONDS, 365 * DAY_SECONDS };

	broken_receiver(m, chance_holds(&m->chance, .5) ? WORD_PASS : WORD_FAIL);
	m->truth.receivers[2].name = "yahoo.com";
	m->dates_off = offs[chance_below(&m->chance, 4)];
}

static void weekly_reports(struct made *m)
{
	add_service(m, between(m, .05, .4));
	m->truth.receivers[1].span = 7;
}

static void lists(struct made *m)
{
	add_service(m, between(m, .05, .4));
	add(m, between(m, .02, m->target == TARGET_REJECT ? .04 : .3),
		(struct actor){ .whose = WHOSE_FORWARDED,
			.address = "66.175.222.12",
			.host = "web01.groups.io",
			.reason = "mailing_list",
			.bad = { "groups.io", "pass", "d.example/mail/fail,groups.io/g/pass" } });
}

static void unknown_lists(struct made *m)
{
	add_service(m, between(m, .05, .4));
	add(m, between(m, .005, .04),
		(struct actor){ .whose = WHOSE_FORWARDED,
			.address = "192.0.2.99",
			.host = "lists.club.example",
			.bad = { "club.example", "pass", "d.example/mail/fail,club.example/g/pass" } });
}

static void forwarders(struct made *m)
{
	add_service(m, between(m, .05, .4));
	add(m, between(m, .1, 1),
		(struct actor){ .whose = WHOSE_FORWARDED,
			.address = "209.85.220.*",
			.host = "mail-sor.google.com",
			.addresses = 5,
			.good = { "alumni.example", "pass", "d.example/mail/pass" } });
}

/* Relays of which nothing but the name is known; what they carry differs from week to week. */
static void bare_relays(struct made *m)
{
	add_service(m, between(m, .05, .4));
	add(m, between(m, .005, .03),
		(struct actor){ .whose = WHOSE_FORWARDED,
			.address = "212.227.126.*",
			.addresses = 3,
			.host = "mout-xforward.kundenserver.de" });
}

/* Own mail through a host that is known to relay. */
static void gateway(struct made *m)
{
	struct actor a = { .whose = WHOSE_OWN,
		.address = "207.211.31.9",
		.host = "out9.mimecast.com",
		.good = { OWN_SPF, "pass", "d.example/mail/pass" } };

	if (m->lossy)
		a.good = (struct look){ .spf = "mimecast.com" };
	add(m, between(m, .03, .4), a);
}

static void gateway_lately(struct made *m)
{
	gateway(m);
	m->truth.actors[1].first = TRUTH_TODAY - 5 - chance_below(&m->chance, 15);
}

static void testing_key(struct made *m)
{
	add_service(m, between(m, .05, .4));
	m->key_bits = 2048;
	m->key_testing = m->target == TARGET_QUARANTINE; /* p=reject waits until it is none (RFC 6376 3.6.1) */
}

static void short_key(struct made *m)
{
	add_service(m, between(m, .05, .4));
	m->key_bits = 1024;
}

static void pct(struct made *m)
{
	add_service(m, between(m, .05, .4));
	if (m->target == TARGET_QUARANTINE) {
		m->truth.policy.p = REQUEST_QUARANTINE;
		m->truth.policy.pct = 50;
	}
}

/* `ready`: of the lossy so many may be called ready, and `held` of the good not, beyond what chance does; where they
 * are many, reports cannot tell, and dmarcgate(1) says so. `told`: the exception that tells of the loss is none such.
 */
static const struct family {
	const char *name;
	void (*make)(struct made *m);
	double ready, held;
	enum exception_kind told; /* EXCEPT_COUNT: none */
} families[] = {
#define PLAIN 0, 0, EXCEPT_COUNT
	{ "aspf=s", strict_spf, PLAIN },
	{ "adkim=s", strict_dkim, PLAIN },
	{ "aspf=s lately", made_strict_lately, PLAIN },
	{ "adkim=s lately", made_strict_dkim_lately, PLAIN },
	{ "subdomain", subdomain, PLAIN },
	{ "subdomain spared", subdomain_spared, PLAIN },
	{ "trial key", testing_key, PLAIN },
	{ "short key", short_key, PLAIN },
	{ "pct=50", pct, PLAIN },
	{ "monthly", monthly, PLAIN },
	{ "quarterly service", quarterly, 0, 0, EXCEPT_SILENT },
	{ "quarterly host", quarterly_from_host, 0, 0, EXCEPT_SILENT },
	{ "seasonal", seasonal, 0, 0, EXCEPT_SILENT },
	{ "started lately", started_lately, PLAIN },
	{ "repaired", repaired, PLAIN },
	{ "little mail", little_mail, PLAIN },
	{ "much mail", much_mail, PLAIN },
	{ "lists", lists, PLAIN },
	{ "unknown lists", unknown_lists, PLAIN },
	{ "forwarders", forwarders, PLAIN },
	{ "bare relays", bare_relays, PLAIN },
	{ "own through a gateway", gateway, 0, 0, EXCEPT_FORWARDING },
	{ "own through a gateway lately", gateway_lately, .1, 0, EXCEPT_COUNT },
	{ "one small receiver", one_small_receiver, PLAIN },
	{ "one new receiver", one_new_receiver, 1, 0, EXCEPT_COUNT },
	{ "receiver stops", receiver_stops, .7, 0, EXCEPT_COUNT },
	{ "receiver fails all", all_fail_receiver, PLAIN },
	{ "receiver passes all", all_pass_receiver, PLAIN },
	{ "known receiver passes all", all_pass_known_receiver, PLAIN },
	{ "receiver's dates are off", dates_off, PLAIN },
	{ "weekly reports", weekly_reports, PLAIN },
	{ "home offices", home_offices, 0, .8, EXCEPT_SCATTERED },
};

static struct made make(const struct family *family, uint64_t seed, enum target target, bool lossy)
{
	struct made m = { .chance = chance_of(seed * 2 + lossy), .lossy = lossy, .target = target };

	m.truth = (struct truth){ .seed = seed,
		.first = TRUTH_TODAY - 200,
		.policy = { .p = target == TARGET_REJECT ? REQUEST_QUARANTINE : REQUEST_NONE, .pct = 100 },
		.receivers = { { .name = "google.com", .share = .4, .days = 1 },
			{ .name = "microsoft.com", .share = .3, .days = 1 } },
		.receivers_n = 2 };
	truth_add(
		&m.truth, (struct actor){ WHOSE_OWN, "main server", "198.51.100.25", "mail.d.example",
				  .rate = between(&m, 40, 1000), .good = { OWN_SPF, "pass", "d.example/mail/pass" } });
	family->make(&m);
	return m;
}

static bool is_called_ready(const struct verdict *v, enum exception_kind told)
{
	return v->decision.word <= VERDICT_READY_WITH_EXCEPTIONS && !verdict_excepts(v, told);
}

static bool try_one(const struct family *family, unsigned seed, enum target target, bool lossy, struct arena *arena)
{
	struct made m = make(family, seed, target, lossy);
	struct published_key key = {
		.domain = SPAN(TRUTH_OWN), .selector = SPAN("mail"), .bits = m.key_bits, .testing = m.key_testing
	};
	struct verdict v;
	struct world w;
	bool ready;

	if (!lossy)
		assert_true(truth_loss(&m.truth, TRUTH_TODAY) <= 0);
	truth_world(&m.truth, TRUTH_TODAY, &w);
	for (size_t i = 0; m.dates_off && i < w.rows.reports_n; i++)
		if (span_is(w.reports[i].org_name, SPAN("yahoo.com"))) {
			w.reports[i].begin += m.dates_off;
			w.reports[i].end += m.dates_off;
		}
	w.options.target = target;
	w.rows.published.keys = &key;
	w.rows.published.keys_n = m.key_bits > 0;
	arena_clear(arena);
	assert_true(assess(world_rows(&w), &w.options, arena, &v));
	ready = is_called_ready(&v, lossy ? family->told : EXCEPT_COUNT);
	world_end(&w);
	return ready;
}

#define CHANCE .05

static void try_family(const struct family *family, enum target target, unsigned n, struct arena *arena)
{
	unsigned ready = 0, held = 0;

	for (unsigned seed = 1; seed <= n; seed++) {
		ready += try_one(family, seed, target, true, arena);
		held += !try_one(family, seed, target, false, arena);
	}
	if (getenv("TRUTH_SHOW"))
		print_message("%-30s %-10s lossy, called ready: %5.1f %%   good, held back: %5.1f %%\n", family->name,
			target_word(target), 100. * ready / n, 100. * held / n);
	if (ready > (family->ready + CHANCE) * n + 1)
		fail_msg("%s, %s: %u of %u that lose mail are called ready", family->name, target_word(target), ready,
			n);
	if (held > (family->held + CHANCE) * n + 1)
		fail_msg("%s, %s: %u of %u are held back for nothing", family->name, target_word(target), held, n);
}

static void families_are_judged_by_their_truth(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);
	const char *told = getenv("TRUTH_WORLDS");

	(void)unused;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		for (enum target target = TARGET_QUARANTINE; target <= TARGET_REJECT; target++)
			try_family(&families[i], target, told ? (unsigned)strtoul(told, NULL, 10) / 30 + 1 : WORLDS,
				&arena);
	arena_release(&arena);
}

/* ---- reports that come again */

enum again { THE_SAME, UNDER_ANOTHER_ID, SHIFTED_BY_AN_HOUR, AS_A_FILE, IN_PART, AGAIN_COUNT };

static void send_again(struct world *w, enum again how)
{
	size_t reports = w->rows.reports_n, rows = w->rows.traffic_n, left_out = SIZE_MAX;

	for (size_t i = 0; i < reports; i++) {
		struct observed_report *r = &w->reports[w->rows.reports_n++];

		*r = w->reports[i];
		r->taken += how == THE_SAME ? 0 : DAY_SECONDS;
		if (how == UNDER_ANOTHER_ID || how == SHIFTED_BY_AN_HOUR)
			r->report_id = r->org_name;
		if (how == SHIFTED_BY_AN_HOUR) {
			r->begin += 3600;
			r->end += 3600;
		}
		if (how == AS_A_FILE) {
			r->carriage = CARRIAGE_FILE;
			r->arrived = MOMENT_NONE;
		}
	}
	for (size_t i = 0; i < rows; i++) {
		if (how == IN_PART && w->traffic[i].report != left_out) {
			left_out = w->traffic[i].report;
			continue;
		}
		assert_true(w->rows.traffic_n < w->room);
		w->traffic[w->rows.traffic_n] = w->traffic[i];
		w->traffic[w->rows.traffic_n++].report += (uint32_t)reports;
	}
}

static void what_is_sent_again_counts_once(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);

	(void)unused;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		struct made m = make(&families[i], i + 1, i % 2 ? TARGET_QUARANTINE : TARGET_REJECT, i % 4 < 2);
		struct measures once = { 0 };

		for (int how = -1; how < AGAIN_COUNT; how++) {
			struct verdict v;
			struct world w;

			truth_world(&m.truth, TRUTH_TODAY, &w);
			if (how >= 0)
				send_again(&w, (enum again)how);
			arena_clear(&arena);
			assert_true(assess(world_rows(&w), &w.options, &arena, &v));
			if (how < 0)
				once = v.measures;
			if (v.measures.own != once.own || v.measures.own_fails != once.own_fails ||
				v.measures.own_evidence != once.own_evidence ||
				v.measures.undecided != once.undecided || v.measures.forwarded != once.forwarded ||
				v.measures.forged != once.forged)
				fail_msg("%s, sent again (%d): own %llu, was %llu", families[i].name, how,
					(unsigned long long)v.measures.own, (unsigned long long)once.own);
			world_end(&w);
		}
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_judged_by_their_truth),
		cmocka_unit_test(what_is_sent_again_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
