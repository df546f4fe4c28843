/* Is the verdict right? Organisations whose truth is known (tests/truth.h), as honest reporters would tell of them. TRUTH_WORLDS
 * is the number of organisations for each target (400); check-long takes more. With TRUTH_SHOW=1 every wrong verdict is told. */
#include "tests/truth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define WORLDS 400
#define PROMISE 0.05 /* of what is lost too often, so much may look fine by chance */

static bool ready(const struct verdict *v)
{
	return v->decision.word <= VERDICT_READY_WITH_EXCEPTIONS;
}

static void judge(struct world *w, struct arena *arena, struct verdict *v)
{
	arena_clear(arena);
	assert_true(assess(world_rows(w), &w->options, arena, v));
}

/* ---- random organisations */

#define OWN_SPF "d.example"
#define NOTHING { NULL, NULL, NULL }

/* Who may be there beside the main server: `chance` in 100, and between `low` and `high` times its mail. Without a good look all
 * its mail is bad. */
static const struct candidate {
	unsigned chance;
	double low, high;
	struct actor actor;
} candidates[] = {
	{ 15, .005, .5, { WHOSE_OWN, "spf alone", "198.51.100.26", "crm.d.example", .good = { OWN_SPF, "pass", NULL } } },
	{ 10, .002, .3, { WHOSE_OWN, "service, aligned", "198.2.128.*", "mail77.mcsv.net", .addresses = 3,
				.good = { "mail77.mcsv.net", "pass", "d.example/k2/pass" } } },
	{ 8, .002, .3, { WHOSE_OWN, "service, not aligned", "192.161.144.9", "out9.zdsys.com",
			       .bad = { "zendesk.com", "pass", "zendesk.com/z1/pass" } } },
	{ 8, .002, .3, { WHOSE_OWN, "own host, unsigned", "198.51.100.40", "printer.d.example" } },
	{ 6, .002, .3, { WHOSE_OWN, "branch, named", "203.0.113.77", "static-77.isp.example", .weekdays = true } },
	{ 6, .002, .3, { WHOSE_OWN, "branch, nameless", "203.0.113.88", "-", .weekdays = true } },
	{ 6, .002, .3, { WHOSE_OWN, "web host", "192.0.2.210", "web210.hostco.example",
			       .bad = { "web210.hostco.example", "pass", NULL } } },
	{ 6, .02, .3, { WHOSE_OWN, "payroll", "192.0.2.120", "out.paywise.example", .every = 30,
			      .bad = { "paywise.example", "pass", NULL } } },
	{ 6, .01, .5, { WHOSE_OWN, "latecomer", "198.51.101.40", "new.d.example" } },
	{ 6, .01, .5, { WHOSE_OWN, "dying key", "198.51.100.50", "shop.d.example",
			      .good = { "shopsys.example", "pass", "d.example/shop/pass" },
			      .bad = { "shopsys.example", "pass", "d.example/shop/fail" } } },
	{ 6, .01, .2, { WHOSE_OWN, "subdomain", "198.51.100.60", "news.d.example", "news.d.example",
			      .good = { "news.d.example", "pass", "d.example/mail/pass" }, .bad = { "x.example", "pass", NULL } } },
	{ 6, .002, .3, { WHOSE_OWN, "ipv6, nameless", "2001:db8:5::*", "-", .addresses = 5 } },
	{ 30, .002, .1, { WHOSE_FORWARDED, "list", "66.175.222.12", "web01.groups.io", .reason = "mailing_list",
				.bad = { "groups.io", "pass", "d.example/mail/fail,groups.io/g/pass" } } },
	{ 30, .002, .1, { WHOSE_FORWARDED, "alias", "209.85.220.69", "mail-sor.google.com",
				.good = { "alumni.example", "pass", "d.example/mail/pass" } } },
	{ 15, 1, 5, { WHOSE_FORGED, "burst", "185.220.10.8", "-", .bad = { "cheap-vps.example", "pass", NULL } } },
	{ 15, .02, .2, { WHOSE_FORGED, "botnet", "45.*.9.9", "-", .addresses = 60, .bad = { "d.example", "fail", NULL } } },
	{ 8, .01, .03, { WHOSE_FORGED, "trickle", "91.10.9.9", "vps9.cheap.example", .weekdays = true } },
};

static void add_candidate(struct truth *t, const struct candidate *candidate, double rate, struct chance *chance)
{
	struct actor a = candidate->actor;
	unsigned back = 1 + chance_below(chance, 40);

	a.rate = rate * chance_between(chance, candidate->low, candidate->high) * (a.every ? a.every : 1);
	a.bad_share = a.good.spf ? 0 : 1;
	if (span_is(span_of(a.what), SPAN("latecomer")))
		a.first = TRUTH_TODAY - back;
	if (span_is(span_of(a.what), SPAN("dying key"))) {
		a.bad_share = 1;
		a.bad_since = TRUTH_TODAY - back;
	}
	if (span_is(span_of(a.what), SPAN("subdomain")) && back % 2)
		a.bad_share = chance_between(chance, .002, .2);
	if (span_is(span_of(a.what), SPAN("burst"))) {
		a.first = TRUTH_TODAY - 5 - back / 2;
		a.last = a.first + 1;
	}
	truth_add(t, a);
}

static void add_receivers(struct truth *t, struct chance *chance)
{
	static const char *const names[] = { "google.com", "microsoft.com", "yahoo.com", "gmx.net", "reports.isp.example",
		"dmarc.uni.example" };
	unsigned n = 1 + chance_below(chance, 6);
	double left = .8;

	for (unsigned i = 0; i < n; i++) {
		double share = left * (.3 + .5 * chance_unit(chance));

		left -= share;
		t->receivers[t->receivers_n++] = (struct receiver){ .name = names[i], .share = share,
			.days = chance_holds(chance, .7) ? 1 : .6 + .4 * chance_unit(chance) };
	}
}

static struct truth organisation(uint64_t seed, enum target target)
{
	struct chance chance = chance_of(seed);
	struct truth t = { .seed = seed, .policy = { .p = target == TARGET_REJECT ? REQUEST_QUARANTINE : REQUEST_NONE, .pct = 100 } };
	double rate = chance_between(&chance, 3, 1500);

	t.first = TRUTH_TODAY - (chance_holds(&chance, .3) ? 190 : 36) - (int64_t)chance_below(&chance, 80);
	add_receivers(&t, &chance);
	truth_add(&t, (struct actor){ WHOSE_OWN, "main server", "198.51.100.25", "mail.d.example", .rate = rate,
			      .weekdays = chance_holds(&chance, .3), .good = { OWN_SPF, "pass", "d.example/mail/pass" },
			      .bad = { OWN_SPF, "softfail", "d.example/mail/fail" },
			      .bad_share = chance_holds(&chance, .5) ? chance_between(&chance, .0005, .1) : 0 });
	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
		if (chance_below(&chance, 100) < candidates[i].chance)
			add_candidate(&t, &candidates[i], rate, &chance);
	return t;
}

static unsigned worlds(void)
{
	const char *told = getenv("TRUTH_WORLDS");

	return told ? (unsigned)strtoul(told, NULL, 10) : WORLDS;
}

/* One server that signs, two receivers that are known. */
static struct truth plain(uint64_t seed, enum target target)
{
	struct truth t = { .seed = seed, .first = TRUTH_TODAY - 120,
		.policy = { .p = target == TARGET_REJECT ? REQUEST_QUARANTINE : REQUEST_NONE, .pct = 100 },
		.receivers = { { .name = "google.com", .share = .4, .days = 1 }, { .name = "microsoft.com", .share = .3, .days = 1 } },
		.receivers_n = 2 };

	truth_add(&t, (struct actor){ WHOSE_OWN, "main server", "198.51.100.25", "mail.d.example", .rate = 200,
			      .good = { OWN_SPF, "pass", "d.example/mail/pass" },
			      .bad = { OWN_SPF, "softfail", "d.example/mail/fail" } });
	return t;
}

/* ---- 1. what loses mail is not called ready */

static const char *most_lost(const struct truth *t)
{
	const char *what = "";
	double most = 0;

	for (size_t i = 0; i < t->actors_n; i++) {
		double lost = actor_loss(t, &t->actors[i], TRUTH_TODAY);

		what = lost > most ? t->actors[i].what : what;
		most = lost > most ? lost : most;
	}
	return what;
}

/* Messages of the window that nothing aligned passes for, counted without the program. */
static uint64_t failing(const struct world *w, const struct verdict *v)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->rows.traffic_n; i++) {
		const struct observed_auth *auth = &w->auths[w->traffic[i].auth];
		int64_t day = moment_day(w->reports[w->traffic[i].report].begin);
		bool passes = false;

		for (size_t k = 0; k < auth->dkim_n; k++)
			passes |= auth->dkim[k].result == RESULT_PASS && span_is(auth->dkim[k].domain.org, SPAN(TRUTH_OWN));
		for (size_t k = 0; k < auth->spf_n; k++)
			passes |= auth->spf[k].result == RESULT_PASS && span_is(auth->spf[k].domain.org, SPAN(TRUTH_OWN));
		if (!passes && v->reports[w->traffic[i].report].use == USE_COUNTED && day >= v->first_day && day <= v->last_day)
			sum += w->traffic[i].count;
	}
	return sum;
}

static uint64_t refused(const struct simulation *simulation)
{
	uint64_t sum = 0;

	for (int fate = 0; fate < FATE_COUNT; fate++)
		sum += simulation->now.refused[fate];
	return sum;
}

struct tally {
	const char *what;
	unsigned lossy, ready;
};

static void tally_add(struct tally *tallies, const char *what, bool is_ready)
{
	while (tallies->what && tallies->what != what)
		tallies++;
	tallies->what = what;
	tallies->lossy++;
	tallies->ready += is_ready;
}

static void lossy_is_not_ready(enum target target)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct tally tallies[32] = { { "all", 0, 0 } };
	unsigned safe = 0, safe_ready = 0;

	for (unsigned seed = 1; seed <= worlds(); seed++) {
		struct truth t = organisation(seed, target);
		double loss = truth_loss(&t, TRUTH_TODAY);
		struct verdict v;
		struct world w;

		truth_world(&t, TRUTH_TODAY, &w);
		judge(&w, &arena, &v);
		assert_int_equal(v.target, target);
		assert_int_equal(v.simulations[1].policy.p, REQUEST_REJECT);
		assert_int_equal(refused(&v.simulations[1]), failing(&w, &v));
		if (loss > limits_of(&w.options.limits, target)->own_upper) {
			tally_add(tallies, "all", ready(&v));
			tally_add(tallies, most_lost(&t), ready(&v));
			if (ready(&v) && getenv("TRUTH_SHOW"))
				print_message("seed %u: %s, though %.2f%% is lost: %s\n", seed,
					verdict_word(v.decision.word), 100 * loss, most_lost(&t));
		} else {
			safe++;
			safe_ready += ready(&v);
		}
		world_end(&w);
	}
	for (const struct tally *tally = tallies; tally->what; tally++) {
		if (getenv("TRUTH_SHOW"))
			print_message("%-22s %u of %u ready\n", tally->what, tally->ready, tally->lossy);
		/* A way of its own may be rare: by chance at most two more. */
		if (tally->ready > PROMISE * tally->lossy + (tally == tallies ? 0 : 2))
			fail_msg("%s: %u of %u are called ready", tally->what, tally->ready, tally->lossy);
	}
	assert_true(tallies[0].lossy > worlds() / 4);
	assert_true(safe_ready * 3 > safe); /* or nothing would ever be */
	arena_release(&arena);
}

static void what_quarantine_would_lose_is_not_called_ready(void **unused)
{
	(void)unused;
	lossy_is_not_ready(TARGET_QUARANTINE);
}

static void what_reject_would_lose_is_not_called_ready(void **unused)
{
	(void)unused;
	lossy_is_not_ready(TARGET_REJECT);
}

/* Exactly at the limit, with as little evidence as the gates take: here the bound is all there is. */
static void the_bound_keeps_its_promise(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);

	(void)unused;
	for (enum target target = TARGET_QUARANTINE; target <= TARGET_REJECT; target++) {
		unsigned n = worlds() / 2, found = 0;

		for (unsigned seed = 1; seed <= n; seed++) {
			struct chance chance = chance_of(seed + 70000);
			struct truth t = plain(seed, target);
			struct verdict v;
			struct world w;

			t.actors[0].rate = chance_between(&chance, target == TARGET_REJECT ? 25 : 12.5, 60);
			t.actors[0].bad_share = target == TARGET_REJECT ? .005 : .02;
			truth_world(&t, TRUTH_TODAY, &w);
			judge(&w, &arena, &v);
			found += ready(&v);
			world_end(&w);
		}
		if (getenv("TRUTH_SHOW"))
			print_message("%s: %u of %u ready\n", target_word(target), found, n);
		assert_true(found <= PROMISE * n);
	}
	arena_release(&arena);
}

/* ---- 2. who is clean gets there in time */

/* 28 days, and a month's end among them. */
static int64_t days_wanted(int64_t first)
{
	int64_t year, end = first;
	unsigned month, of_month;

	do
		moment_to_civil(++end * DAY_SECONDS, &year, &month, &of_month);
	while (of_month != 1);
	return end - first > 28 ? end - first : 28;
}

static void clean_ones_are_ready_in_time(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);

	(void)unused;
	for (unsigned seed = 1; seed <= worlds() / 30; seed++) {
		struct truth t = plain(seed, TARGET_QUARANTINE);
		struct chance chance = chance_of(seed);
		struct verdict v;
		struct world w;
		int64_t day;

		t.first = TRUTH_TODAY - 200 + (int64_t)chance_below(&chance, 60); /* months are not equally long */
		t.actors[0].first = t.first;
		t.actors[0].rate = chance_between(&chance, 30, 500);
		for (day = t.first + 7;; day++) {
			truth_world(&t, day, &w);
			judge(&w, &arena, &v);
			if (ready(&v))
				break;
			/* Nothing is wrong, so nothing may be said to be. */
			assert_int_equal(v.decision.word, VERDICT_NOT_ENOUGH_DATA);
			world_end(&w);
		}
		world_end(&w);
		assert_int_equal(day - t.first, days_wanted(t.first));
		/* A month later, at p=quarantine all the while, it is ready for p=reject. */
		t.enforced = day;
		t.policy.p = REQUEST_QUARANTINE;
		for (; day < TRUTH_TODAY; day++) {
			truth_world(&t, day, &w);
			w.options.target = TARGET_REJECT;
			judge(&w, &arena, &v);
			if (ready(&v))
				break;
			world_end(&w);
		}
		world_end(&w);
		assert_int_equal(day - t.enforced, 30);
	}
	arena_release(&arena);
}

/* ---- 3. whoever wants to mislead the verdict does not */

/* What somebody reports who was never given any mail; of the last `days` days but `late`. */
struct claim {
	const char *reporter;
	unsigned days, late;
	const char *address, *host, *spf, *spf_result, *dkim, *reason;
	uint64_t n;
	enum carriage carriage;
};

static void put_claim(struct world *w, const struct claim *c)
{
	for (int64_t day = TRUTH_TODAY - c->days; c->days && day < TRUTH_TODAY - c->late; day++)
		world_add(w, &(struct line){ .day = day, .reporter = c->reporter, .address = c->address, .host = c->host,
				     .from = TRUTH_OWN, .spf = c->spf, .spf_result = c->spf_result ? c->spf_result : "pass",
				     .dkim = c->dkim, .n = c->n, .reason = c->reason, .carriage = c->carriage });
}

#define STRANGER .reporter = "mx-reports.example", .days = 60
#define SAYS_FINE STRANGER, .spf = OWN_SPF, .dkim = "d.example/mail/pass"
#define FORGER .whose = WHOSE_FORGED, .what = "forger"

/* Of each: an organisation that is clean, or whose server or shop loses mail; mail that is forged, or reports that are; and
 * what comes of it. `decisions`: marks that it costs the owner, after which all is as without it. */
static const struct attack {
	const char *name;
	double server_loses, shop_loses, shop_rate; /* messages a day; 0 is 20 */
	struct actor forger;
	struct claim claims[2];
	bool is_ready;
	unsigned decisions;
} attacks[] = {
	{ "nothing", .is_ready = true },
	{ "nothing, server loses", .server_loses = .03 },
	{ "nothing, shop loses", .shop_loses = .5 },
	{ "nothing, a small shop loses", .shop_loses = .5, .shop_rate = 1.5 },
	/* forged reports with failing own mail */
	{ "unsigned failures", .is_ready = true,
		.claims = { { "google.com", 60, 0, "198.51.100.25", "mail.d.example", "d.example", "fail", NULL, .n = 900,
			.carriage = CARRIAGE_UNSIGNED } } },
	{ "signed failures of a newcomer", .is_ready = true,
		.claims = { { "mx-reports.example", 12, 0, "198.51.100.25", "mail.d.example", "d.example", "fail", NULL, .n = 900 } } },
	{ "a stranger alone, on two days, finds a sender", .is_ready = true,
		.claims = { { SAYS_FINE, .late = 2, .address = "198.51.100.25", .host = "mail.d.example", .n = 1 },
			{ "mx-reports.example", 2, 0, "198.51.100.50", "shop.d.example", "x.example", "pass", NULL, .n = 20 } } },
	/* masses of passing mail */
	{ "the failing server is said to pass", .server_loses = .03,
		.claims = { { SAYS_FINE, .address = "198.51.100.25", .host = "mail.d.example", .n = 100000 } } },
	{ "another server is said to pass", .server_loses = .03,
		.claims = { { SAYS_FINE, .address = "198.51.100.99", .host = "big.d.example", .n = 100000 } } },
	{ "the failing shop is said to pass", .shop_loses = .5,
		.claims = { { STRANGER, .address = "198.51.100.50", .host = "shop.d.example", .spf = "shopsys.example",
			.dkim = "d.example/shop/pass", .n = 100000 } } },
	{ "the server is said to pass, the shop is not spoken of", .shop_loses = .5,
		.claims = { { SAYS_FINE, .address = "198.51.100.25", .host = "mail.d.example", .n = 100000 } } },
	{ "by two strangers", .server_loses = .03,
		.claims = { { SAYS_FINE, .address = "198.51.100.25", .host = "mail.d.example", .n = 100000 },
			{ "other-reports.example", 60, 0, "198.51.100.25", "mail.d.example", "d.example", "pass", "d.example/mail/pass",
				.n = 90000 } } },
	/* a key gets another home */
	{ "the shop's key is said to be elsewhere", .shop_loses = .5,
		.claims = { { STRANGER, .address = "203.0.113.5", .host = "mx.evil.example", .spf = "evil.example",
			.dkim = "d.example/shop/pass", .n = 100000 } } },
	{ "and a little at a time", .shop_loses = .5,
		.claims = { { STRANGER, .address = "203.0.113.5", .host = "mx.evil.example", .spf = "evil.example",
			.dkim = "d.example/shop/pass", .n = 20 } } },
	/* reasons are made up */
	{ "the shop is said to be a list", .shop_loses = 1,
		.claims = { { STRANGER, .address = "198.51.100.50", .host = "shop.d.example", .spf = "shopsys.example",
			.dkim = "d.example/shop/fail", .reason = "mailing_list", .n = 20 } } },
	{ "the shop is said to relay", .shop_loses = 1,
		.claims = { { STRANGER, .address = "198.51.100.50", .host = "shop.d.example", .spf = "shopsys.example",
			.dkim = "d.example/mail/pass", .n = 100 } } },
	/* forged mail */
	{ "a flood from everywhere", .is_ready = true,
		.forger = { FORGER, .address = "45.*.9.9", .host = "-", .addresses = 250, .rate = 20 } },
	{ "the same, while the server loses", .server_loses = .03,
		.forger = { FORGER, .address = "45.*.9.9", .host = "-", .addresses = 250, .rate = 20 } },
	{ "a flood from one host, gone after two days", .is_ready = true,
		.forger = { FORGER, .address = "185.220.10.8", .host = "-", .rate = 50000, .first = TRUTH_TODAY - 9,
			.last = TRUTH_TODAY - 8, .bad = { "cheap-vps.example", "pass", NULL } } },
	{ "the same, while the shop loses", .shop_loses = .5,
		.forger = { FORGER, .address = "185.220.10.8", .host = "-", .rate = 50000, .first = TRUTH_TODAY - 9,
			.last = TRUTH_TODAY - 8, .bad = { "cheap-vps.example", "pass", NULL } } },
	{ "a trickle in office hours", .decisions = 1,
		.forger = { FORGER, .address = "91.10.9.9", .host = "vps9.cheap.example", .rate = 5, .weekdays = true } },
	{ "from the address beside your server", .decisions = 1,
		.forger = { FORGER, .address = "198.51.100.26", .host = "vps26.hoster.example", .rate = 5 } },
	{ "from a host that calls itself a service", .decisions = 1,
		.forger = { FORGER, .address = "91.10.9.9", .host = "?mail7.mcsv.net", .rate = 5 } },
	{ "from a host that calls itself yours", .decisions = 1,
		.forger = { FORGER, .address = "91.10.9.9", .host = "?mail7.d.example", .rate = 5 } },
	{ "with a copied signature, from one host", .decisions = 1,
		.forger = { FORGER, .address = "91.10.9.9", .host = "vps9.cheap.example", .rate = 5,
			.bad = { NULL, NULL, "d.example/mail/fail" } } },
	{ "with a copied signature, from everywhere", .is_ready = true,
		.forger = { FORGER, .address = "45.*.9.9", .host = "-", .addresses = 250, .rate = 20,
			.bad = { NULL, NULL, "d.example/mail/fail" } } },
	{ "a message of yours, again and again", .is_ready = true,
		.forger = { FORGER, .address = "91.10.9.9", .host = "vps9.cheap.example", .rate = 500,
			.good = { "cheap.example", "pass", "d.example/mail/pass" } } },
};

static unsigned decide(struct world *w, const struct verdict *v)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->steps_n; i++) {
		char mark[64];

		if (v->steps[i].sender == NO_INDEX)
			continue;
		snprintf(mark, sizeof mark, "%.*s", (int)v->senders[v->steps[i].sender].mark.n, v->senders[v->steps[i].sender].mark.p);
		world_mark(w, MARK_NOT_OURS, mark);
		n++;
	}
	return n;
}

static void try_attack(const struct attack *attack, struct arena *arena)
{
	struct truth t = plain(11, TARGET_QUARANTINE);
	struct verdict v;
	struct world w;

	t.actors[0].bad_share = attack->server_loses;
	truth_add(&t, (struct actor){ WHOSE_OWN, "shop", "198.51.100.50", "shop.d.example", .rate = attack->shop_rate > 0 ? attack->shop_rate : 20,
			      .good = { "shopsys.example", "pass", "d.example/shop/pass" },
			      .bad = { "shopsys.example", "pass", "d.example/shop/fail" }, .bad_share = attack->shop_loses });
	if (attack->forger.address) {
		truth_add(&t, attack->forger)->bad_share = attack->forger.good.dkim ? 0 : 1;
		assert_true(truth_loss(&t, TRUTH_TODAY) <= attack->server_loses + attack->shop_loses);
	}
	truth_world(&t, TRUTH_TODAY, &w);
	for (size_t i = 0; i < sizeof attack->claims / sizeof *attack->claims; i++)
		put_claim(&w, &attack->claims[i]);
	judge(&w, arena, &v);
	if (ready(&v) != attack->is_ready)
		fail_msg("%s: %s", attack->name, verdict_word(v.decision.word));
	if (attack->decisions) {
		if (decide(&w, &v) != attack->decisions)
			fail_msg("%s: there is more to decide", attack->name);
		judge(&w, arena, &v);
		if (!ready(&v))
			fail_msg("%s: decided, and %s", attack->name, verdict_word(v.decision.word));
	}
	world_end(&w);
}

static void nobody_misleads_the_verdict(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);

	(void)unused;
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
		try_attack(&attacks[i], &arena);
	arena_release(&arena);
}

/* A web host of the organisation loses all it sends, and somebody shows failure reports in which mail that the main server signed came
 * from there: everybody who ever got mail from it can. */
static void no_sample_hides_a_sender(void **unused)
{
	static const struct {
		const char *reporter;
		int trust;
		bool broken; /* receivers found broken signatures from that host, too */
		bool believed;
	} rows[] = { { "", 1, false, false }, { "mx-reports.example", 3, false, false }, { "google.com", 1, false, false },
		{ "google.com", 3, false, true }, { "mx-reports.example", 3, true, true } };
	struct arena arena = ARENA((size_t)1 << 28);

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct truth t = plain(11, TARGET_QUARANTINE);
		struct actor *web = truth_add(&t, (struct actor){ WHOSE_OWN, "web host", "192.0.2.210", "web210.hostco.example", .rate = 20,
							  .bad = { "web210.hostco.example", "pass", rows[i].broken ? "d.example/mail/fail" : NULL }, .bad_share = 1 });
		struct verdict v;
		struct world w;

		truth_world(&t, TRUTH_TODAY, &w);
		for (uint32_t source = 0; source < w.rows.sources_n; source++) {
			char address[ADDRESS_TEXT];

			if (strcmp(address_format(&w.sources[source].address, address), web->address) == 0)
				w.samples[w.rows.samples_n++] = (struct observed_sample){ .source = source, .header_from = w.options.domain,
					.trust = rows[i].trust, .reporter = span_of(rows[i].reporter), .shows = SAMPLE_UNDONE | SAMPLE_HEADER_VALID };
		}
		assert_int_equal(w.rows.samples_n, 1);
		judge(&w, &arena, &v);
		assert_int_equal(ready(&v), rows[i].believed);
		world_end(&w);
	}
	arena_release(&arena);
}

/* ---- 4. worse mail, no better verdict */

static bool is_own(const struct domain_name *domain)
{
	return span_is(domain->org, SPAN(TRUTH_OWN));
}

/* What fails already would lose nothing but the signs of whose it is. */
static bool auth_passes(const struct observed_auth *auth)
{
	for (size_t k = 0; k < auth->dkim_n; k++)
		if (auth->dkim[k].result == RESULT_PASS && is_own(&auth->dkim[k].domain))
			return true;
	for (size_t k = 0; k < auth->spf_n; k++)
		if (auth->spf[k].result == RESULT_PASS && is_own(&auth->spf[k].domain))
			return true;
	return false;
}

/* Of an address' passing mail so much fails instead. */
static void spoil(struct world *w, const struct address *address, double share, struct chance *chance)
{
	for (size_t i = 0; i < w->rows.traffic_n; i++) {
		struct observed_auth *auth = &w->auths[w->traffic[i].auth];

		if (memcmp(&w->sources[w->traffic[i].source].address, address, sizeof *address) != 0 || !chance_holds(chance, share) || !auth_passes(auth))
			continue;
		for (size_t k = 0; k < auth->dkim_n; k++)
			((struct signature_row *)auth->dkim)[k].result = RESULT_FAIL;
		for (size_t k = 0; k < auth->spf_n; k++)
			((struct spf_row *)auth->spf)[k].result = RESULT_FAIL;
	}
}

/* The better the less. */
static int rank(const struct verdict *v)
{
	static const int ranks[VERDICT_COUNT] = { [VERDICT_READY] = 0, [VERDICT_READY_WITH_EXCEPTIONS] = 1,
		[VERDICT_NOT_ENOUGH_DATA] = 2, [VERDICT_NOT_READY] = 3 };

	return ranks[v->decision.word];
}

static void worse_mail_makes_no_better_verdict(void **unused)
{
	static const double shares[] = { .005, .02, .1, .5, 1 };
	struct arena arena = ARENA((size_t)1 << 28);
	unsigned worse = 0;

	(void)unused;
	for (unsigned seed = 1; seed <= worlds() / 4; seed++) {
		struct truth t = organisation(seed + 30000, seed % 2 ? TARGET_QUARANTINE : TARGET_REJECT);
		struct chance chance = chance_of(seed);
		size_t who = chance_below(&chance, (unsigned)t.actors_n);
		char text[64];
		int before = -1;

		while (t.actors[who].whose != WHOSE_OWN)
			who = chance_below(&chance, (unsigned)t.actors_n);
		snprintf(text, sizeof text, "%s", t.actors[who].address);
		if (strchr(text, '*'))
			*strchr(text, '*') = '1';
		for (size_t i = 0; i <= sizeof shares / sizeof *shares; i++) {
			struct address address;
			struct verdict v;
			struct world w;

			truth_world(&t, TRUTH_TODAY, &w);
			chance = chance_of(seed); /* what is spoilt stays so */
			assert_true(address_parse(span_of(text), &address));
			spoil(&w, &address, i ? shares[i - 1] : 0, &chance);
			judge(&w, &arena, &v);
			if (rank(&v) < before)
				fail_msg("seed %u: %s spoilt by %g is %s", seed, t.actors[who].what, shares[i - 1],
					verdict_word(v.decision.word));
			worse += before >= 0 && rank(&v) > before;
			before = rank(&v);
			world_end(&w);
		}
	}
	assert_true(worse > worlds() / 20);
	arena_release(&arena);
}

/* ---- 5. steps that are taken lead to where they promise */

#define MARKS_MOST 90

/* What the owner did so far. */
struct owner {
	struct truth *truth;
	int64_t today;
	struct {
		enum mark_kind kind;
		char subject[64];
	} marks[MARKS_MOST];
	size_t marks_n;
};

static bool sends_from(const struct actor *a, const char *address)
{
	const char *star = strchr(a->address, '*');
	size_t before = star ? (size_t)(star - a->address) : 0, after = star ? strlen(star + 1) : 0, n = strlen(address);

	if (!star)
		return strcmp(a->address, address) == 0;
	return n > before + after && strncmp(a->address, address, before) == 0 && strcmp(address + n - after, star + 1) == 0;
}

static void owner_marks(struct owner *o, enum mark_kind kind, struct span subject)
{
	if (o->marks_n == MARKS_MOST)
		return;
	o->marks[o->marks_n].kind = kind;
	snprintf(o->marks[o->marks_n++].subject, sizeof o->marks->subject, "%.*s", (int)subject.n, subject.p);
}

/* From today on it signs as the domain. */
static void owner_mends(struct owner *o, struct actor *actor)
{
	struct actor fixed = *actor;

	actor->last = o->today - 1;
	for (fixed.first = actor->first; fixed.first < o->today; fixed.first += fixed.every ? fixed.every : 1)
		;
	fixed.bad_share = 0;
	fixed.good.dkim = "d.example/mended/pass";
	fixed.mended_on = o->today;
	truth_add(o->truth, fixed);
}

static void owner_decides(struct owner *o, const struct verdict *v, const struct sender *s)
{
	static const enum mark_kind kinds[] = { MARK_OWN, MARK_FORWARDER, MARK_NOT_OURS };
	char address[ADDRESS_TEXT];

	address_format(&v->paths[s->worst].address, address);
	for (size_t i = 0; i < o->truth->actors_n; i++) {
		struct actor *a = &o->truth->actors[i];

		if (!sends_from(a, address) || !span_is(s->header_from, span_of(a->from)) ||
			o->today < a->first || o->today > a->last)
			continue;
		if (s->fate == FATE_UNDECIDED)
			owner_marks(o, kinds[a->whose], s->mark);
		if (a->mended_on && a->mended_on <= v->first_day)
			fail_msg("seed %llu: %s is to be mended twice", (unsigned long long)o->truth->seed, a->what);
		if (a->whose == WHOSE_OWN && !a->mended_on)
			owner_mends(o, a);
		return;
	}
}

static void owner_acts(struct owner *o, const struct verdict *v)
{
	for (size_t i = 0; i < v->steps_n; i++) {
		const struct step *step = &v->steps[i];

		if (!step->later && step->sender != NO_INDEX)
			owner_decides(o, v, &v->senders[step->sender]);
		for (uint32_t k = 0; k < v->senders_n && step->kind == STEP_SUBDOMAIN; k++)
			if (span_is(v->senders[k].header_from, step->subject) && v->senders[k].fails)
				owner_decides(o, v, &v->senders[k]);
	}
}

static void owner_asks(const struct owner *o, struct world *w, struct arena *arena, struct verdict *v)
{
	truth_world(o->truth, o->today, w);
	for (size_t i = 0; i < o->marks_n; i++)
		world_mark(w, o->marks[i].kind, o->marks[i].subject);
	judge(w, arena, v);
}

/* Round after round, each a whole window after the one before. What was mended is not asked for again, but where reports are
 * few: half a year is looked at then, and what failed before lies in it. */
static void steps_lead_to_ready(void **unused)
{
	struct arena arena = ARENA((size_t)1 << 28);
	unsigned tried = 0, at_once = 0;

	(void)unused;
	for (unsigned seed = 1; seed <= worlds() / 6; seed++) {
		struct truth t = organisation(seed + 50000, seed % 2 ? TARGET_QUARANTINE : TARGET_REJECT);
		struct owner o = { .truth = &t, .today = TRUTH_TODAY };
		struct verdict v;
		struct world w;

		owner_asks(&o, &w, &arena, &v);
		for (unsigned round = 1; v.decision.word == VERDICT_NOT_READY && round <= 3; round++) {
			tried += round == 1;
			owner_acts(&o, &v);
			world_end(&w);
			o.today += WINDOW_STANDARD + 1;
			owner_asks(&o, &w, &arena, &v);
			at_once += round == 1 && ready(&v);
		}
		world_end(&w);
	}
	if (getenv("TRUTH_SHOW"))
		print_message("%u of %u ready after one round\n", at_once, tried);
	assert_true(at_once * 3 > tried && tried > worlds() / 20);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_quarantine_would_lose_is_not_called_ready),
		cmocka_unit_test(what_reject_would_lose_is_not_called_ready),
		cmocka_unit_test(the_bound_keeps_its_promise),
		cmocka_unit_test(clean_ones_are_ready_in_time),
		cmocka_unit_test(nobody_misleads_the_verdict),
		cmocka_unit_test(no_sample_hides_a_sender),
		cmocka_unit_test(worse_mail_makes_no_better_verdict),
		cmocka_unit_test(steps_lead_to_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
