/* What changed this week: every alert just beyond its limit, and not before. */
#include "tests/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define TODAY 20778
#define DOMAIN "shop.example"
#define MOST_STREAMS 5

/* The same mail every day; days are counted back from today. */
struct stream {
	int first, last;
	const char *reporter;
	struct {
		const char *address, *host;
	} from;
	const char *spf_result, *dkim;
	unsigned n;
	enum request seen; /* absent: p=none */
};

#define MAIL { "192.0.2.10", "mail." DOMAIN }
#define NEWS { "192.0.2.20", "news." DOMAIN }
#define MAILCHIMP { "198.51.100.1", "out.mcsv.net" }
#define HUBSPOT { "198.51.100.2", "out.hubspotemail.net" }
#define FORGER { "203.0.113.9", "-" }
#define SIGNED(selector) DOMAIN "/" selector "/pass"

/* What is there for as long as anybody remembers. */
#define GOOGLE { 120, 1, "google.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_ABSENT }
#define YAHOO { 120, 1, "yahoo.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_ABSENT }

struct change {
	struct stream streams[MOST_STREAMS];
	struct policy policy;
	const struct published_key *key;
	const char *alerts; /* kind level subject messages since, with a semicolon after each */
};

static void streams_add(struct world *w, const struct stream *streams, struct policy policy)
{
	for (size_t i = 0; i < MOST_STREAMS && streams[i].n; i++) {
		const struct stream *s = &streams[i];

		w->policy = policy;
		if (s->seen != REQUEST_ABSENT)
			w->policy.p = s->seen;
		for (int64_t day = TODAY - s->first; day <= TODAY - s->last; day++)
			world_add(w, &(struct line){ day, s->reporter, s->from.address, s->from.host, DOMAIN,
					     s->spf_result ? DOMAIN : NULL, s->spf_result, s->dkim, s->n, NULL, NULL,
					     0, 0, false });
	}
}

static void alerts_print(const struct verdict *v, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < v->alerts_n && n < size; i++) {
		const struct alert *a = &v->alerts[i];

		n += (size_t)snprintf(text + n, size - n, "%s %s %.*s%s%.*s %llu", alert_kind_word(a->kind),
			level_word(a->level), (int)a->subject.n, a->subject.p, a->key.n ? "/" : "", (int)a->key.n,
			a->key.n ? a->key.p : "", (unsigned long long)a->messages);
		if (a->since != MOMENT_NONE && n < size)
			n += (size_t)snprintf(text + n, size - n, " -%lld", (long long)(TODAY - a->since));
		if (n < size)
			n += (size_t)snprintf(text + n, size - n, ";");
	}
}

static void changes_try(const struct change *changes, size_t n)
{
	struct arena arena = ARENA((size_t)1 << 28);
	char text[2000];

	for (size_t i = 0; i < n; i++) {
		const struct change *c = &changes[i];
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		streams_add(&w, c->streams, c->policy.p == REQUEST_ABSENT ? w.policy : c->policy);
		world_mark(&w, MARK_NOT_OURS, "203.0.113.9");
		if (c->key) {
			w.rows.published = (struct published){ .checked = true,
				.dmarc_records = 1,
				.policy = c->policy.p == REQUEST_ABSENT ? (struct policy){ .p = REQUEST_NONE, .pct = 100 } : c->policy,
				.keys = c->key,
				.keys_n = 1 };
		}
		arena_clear(&arena);
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		if (c->key) /* a key is put back, not the policy */
			assert_int_not_equal(v.next.kind, NEXT_BACK);
		alerts_print(&v, text, sizeof text);
		if (strcmp(text, c->alerts) != 0)
			fail_msg("%zu: \"%s\" instead of \"%s\"", i, text, c->alerts);
		world_end(&w);
	}
	arena_release(&arena);
}

#define TRY(changes) changes_try(changes, sizeof(changes) / sizeof *(changes))

static void spf_that_no_longer_passes(void **state)
{
#define SPF_FAILS GOOGLE, { 120, 8, "yahoo.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_ABSENT }, \
	{ 7, 1, "yahoo.com", MAIL, "fail", SIGNED("k1"), 30, REQUEST_ABSENT }
	static const struct change changes[] = {
		{ { GOOGLE, YAHOO }, { 0 }, NULL, "" },
		{ { SPF_FAILS }, { 0 }, NULL, "spf-lost high 192.0.2.10 210;" },
		{ { SPF_FAILS }, { .p = REQUEST_QUARANTINE, .testing = true, .pct = 100 }, NULL,
			"spf-lost high 192.0.2.10 210;" },
		/* While signatures carry all of it no mail is lost; as soon as they do not, some is. */
		{ { SPF_FAILS }, { .p = REQUEST_QUARANTINE, .pct = 100 }, NULL, "spf-lost high 192.0.2.10 210;" },
		{ { SPF_FAILS, { 7, 7, "yahoo.com", MAIL, "fail", NULL, 1, REQUEST_ABSENT } },
			{ .p = REQUEST_QUARANTINE, .pct = 100 }, NULL, "spf-lost critical 192.0.2.10 211;" },
	};

	(void)state;
	TRY(changes);
}

static void a_sender_that_falls_silent(void **state)
{
#define NEWS_UNTIL(last, n) { 120, last, "google.com", NEWS, "pass", SIGNED("k1"), n, REQUEST_ABSENT }
	static const struct change changes[] = {
		{ { GOOGLE, NEWS_UNTIL(8, 10) }, { 0 }, NULL, "gone info 192.0.2.20 0;" },
		/* Fifty a week is what counts as steady. */
		{ { GOOGLE, NEWS_UNTIL(8, 7) }, { 0 }, NULL, "" },
		{ { GOOGLE, NEWS_UNTIL(8, 10), { 6, 1, "google.com", NEWS, "pass", SIGNED("k1"), 1, REQUEST_ABSENT } }, { 0 },
			NULL, "gone info 192.0.2.20 6;" },
		/* A tenth is not less than a tenth. */
		{ { GOOGLE, NEWS_UNTIL(8, 10), { 7, 1, "google.com", NEWS, "pass", SIGNED("k1"), 1, REQUEST_ABSENT } }, { 0 },
			NULL, "" },
		/* Only three of the four weeks before. */
		{ { GOOGLE, { 28, 8, "google.com", NEWS, "pass", SIGNED("k1"), 10, REQUEST_ABSENT } }, { 0 }, NULL, "" },
	};

	(void)state;
	TRY(changes);
}

static void keys_that_come_and_go(void **state)
{
#define PAY(day) { day, day, "google.com", { "192.0.2.30", "pay." DOMAIN }, "pass", SIGNED("pay"), 60, REQUEST_ABSENT }
#define OLD_KEY(last, n) { 120, last, "google.com", MAIL, "pass", SIGNED("k0"), n, REQUEST_ABSENT }
	static const struct change changes[] = {
		{ { GOOGLE, YAHOO, { 7, 1, "google.com", MAIL, "pass", SIGNED("k2"), 3, REQUEST_ABSENT } }, { 0 }, NULL,
			"key-new info shop.example/k2 21 -7;" },
		{ { GOOGLE, YAHOO, { 8, 1, "google.com", MAIL, "pass", SIGNED("k2"), 3, REQUEST_ABSENT } }, { 0 }, NULL, "" },
		/* Everything is new where history begins this week. */
		{ { { 7, 1, "google.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_ABSENT } }, { 0 }, NULL, "" },
		{ { GOOGLE, YAHOO, OLD_KEY(8, 2) }, { 0 }, NULL, "key-gone info shop.example/k0 56 -120;" },
		{ { GOOGLE, YAHOO, OLD_KEY(7, 2) }, { 0 }, NULL, "" },
		/* Fewer than fifty uses in the window. */
		{ { GOOGLE, YAHOO, OLD_KEY(8, 1) }, { 0 }, NULL, "" },
		/* The key of a monthly sender rests between its runs. */
		{ { GOOGLE, PAY(12), PAY(42), PAY(73) }, { 0 }, NULL, "" },
		/* Broken is not gone. */
		{ { GOOGLE, YAHOO, OLD_KEY(8, 2), { 7, 1, "google.com", MAIL, "pass", DOMAIN "/k0/fail", 1, REQUEST_ABSENT } }, { 0 },
			NULL, "" },
	};

	(void)state;
	TRY(changes);
}

static void keys_that_are_badly_published(void **state)
{
#define KEY(s, ...) &(const struct published_key){ .domain = SPAN(DOMAIN), .selector = SPAN(s), __VA_ARGS__ }
	const struct change changes[] = {
		{ { GOOGLE }, { 0 }, KEY("k1", .bits = 1023), "key-weak high shop.example/k1 210 -120;" },
		{ { GOOGLE }, { 0 }, KEY("k1", .bits = 1024), "" },
		{ { GOOGLE }, { 0 }, KEY("k1", .bits = 0), "" },
		{ { GOOGLE }, { 0 }, KEY("k1", .bits = 2048, .testing = true), "key-testing high shop.example/k1 210 -120;" },
		{ { GOOGLE }, { 0 }, KEY("k1", .bits = 512, .testing = true), "key-weak high shop.example/k1 210 -120;" },
		/* Nobody signs with it. */
		{ { GOOGLE }, { 0 }, KEY("k9", .bits = 512, .testing = true), "" },
		{ { GOOGLE, { 120, 8, "google.com", MAIL, "pass", SIGNED("k9"), 1, REQUEST_ABSENT } }, { 0 },
			KEY("k9", .testing = true), "" },
	};

	(void)state;
	TRY(changes);
}

/* On the day it is found missing, before any report tells of the loss; not where it was given up, nor by an old look-up. */
static void keys_that_are_missing(void **state)
{
#define SENT(first, last, dkim) { first, last, "google.com", MAIL, "pass", dkim, 30, REQUEST_ABSENT }
#define REJECT { .p = REQUEST_REJECT, .pct = 100 }
#define LATER { 120, 1, "google.com", NEWS, "pass", SIGNED("k2"), 30, REQUEST_ABSENT }
	const struct change changes[] = {
		{ { GOOGLE }, { 0 }, KEY("k1", .missing = true, .seen = TODAY), "key-missing high shop.example/k1 210 -120;" },
		{ { GOOGLE }, REJECT, KEY("k1", .missing = true, .seen = TODAY), "key-missing critical shop.example/k1 210 -120;" },
		{ { GOOGLE }, { 0 }, KEY("k1", .revoked = true, .seen = TODAY), "key-missing high shop.example/k1 210 -120;" },
		{ { GOOGLE }, { 0 }, KEY("K1", .missing = true, .seen = TODAY - 1), "key-missing high shop.example/k1 210 -120;" },
		/* Found valid after the look-up; another key; one that was never valid. */
		{ { GOOGLE }, { 0 }, KEY("k1", .missing = true, .seen = TODAY - 2), "" },
		{ { GOOGLE }, { 0 }, KEY("k2", .missing = true, .seen = TODAY), "" },
		{ { GOOGLE, SENT(60, 1, DOMAIN "/k9/fail") }, { 0 }, KEY("k9", .missing = true, .seen = TODAY), "" },
		/* Sent nothing for two days, for three. */
		{ { LATER, SENT(120, 3, SIGNED("k1")) }, { 0 }, KEY("k1", .missing = true, .seen = TODAY),
			"key-missing high shop.example/k1 150 -120;" },
		{ { LATER, SENT(120, 4, SIGNED("k1")) }, { 0 }, KEY("k1", .missing = true, .seen = TODAY), "" },
		/* Replaced by another one. */
		{ { SENT(120, 2, SIGNED("k1")), SENT(9, 1, SIGNED("k2")) }, { 0 },
			KEY("k1", .missing = true, .seen = TODAY), "" },
		/* ... at one server of several: the other's mail fails. */
		{ { SENT(120, 6, SIGNED("k1")), SENT(9, 1, SIGNED("k2")), SENT(5, 1, DOMAIN "/k1/fail") }, { 0 },
			KEY("k1", .missing = true, .seen = TODAY),
			"dkim-lost high 192.0.2.10/k1 150;key-missing high shop.example/k1 210 -120;" },
	};

	(void)state;
	TRY(changes);
}

static void keys_that_move(void **state)
{
#define MOVES(first) GOOGLE, { 120, first + 1, "google.com", MAILCHIMP, NULL, SIGNED("k5"), 10, REQUEST_ABSENT }, \
	{ first, 1, "google.com", HUBSPOT, NULL, SIGNED("k5"), 100, REQUEST_ABSENT }
	static const struct change changes[] = {
		/* Settled, and more than the one before, since this week. */
		{ { MOVES(20) }, { 0 }, NULL, "key-home-moved high shop.example/k5 700 -120;" },
		{ { MOVES(14) }, { 0 }, NULL, "key-home-moved high shop.example/k5 700 -120;" },
		/* Not yet settled; settled a week ago already. */
		{ { MOVES(13) }, { 0 }, NULL, "" },
		{ { MOVES(21) }, { 0 }, NULL, "" },
	};

	(void)state;
	TRY(changes);
}

static void bursts_of_forged_mail(void **state)
{
#define FORGED(before, now) GOOGLE, YAHOO, { 35, 8, "google.com", FORGER, NULL, NULL, before, REQUEST_ABSENT }, \
	{ 7, 1, "google.com", FORGER, NULL, NULL, now, REQUEST_ABSENT }
	static const struct change changes[] = {
		{ { FORGED(2, 15) }, { 0 }, NULL, "forged-burst info 203.0.113.0/24 105 -7;" },
		{ { FORGED(2, 14) }, { 0 }, NULL, "" },
		{ { FORGED(4, 20) }, { 0 }, NULL, "forged-burst info 203.0.113.0/24 140 -7;" },
		{ { FORGED(4, 19) }, { 0 }, NULL, "" },
	};

	(void)state;
	TRY(changes);
}

static void policies_that_are_seen(void **state)
{
#define CHANGED(first) { 120, first + 1, "google.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_ABSENT }, \
	{ first, 1, "google.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_QUARANTINE }
#define STALE(last, seen) { 120, last, "comcast.net", MAIL, "pass", SIGNED("k1"), 1, seen }
	static const struct change changes[] = {
		{ { CHANGED(7) }, { 0 }, NULL, "policy-changed info shop.example 0 -7;" },
		{ { CHANGED(8) }, { 0 }, NULL, "" },
		{ { { 7, 1, "google.com", MAIL, "pass", SIGNED("k1"), 30, REQUEST_QUARANTINE } }, { 0 }, NULL, "" },
		{ { GOOGLE, YAHOO, STALE(1, REQUEST_REJECT) }, { 0 }, NULL, "sees-other-policy high comcast.net 7;" },
		{ { GOOGLE, YAHOO, STALE(7, REQUEST_REJECT) }, { 0 }, NULL, "sees-other-policy high comcast.net 1;" },
		{ { GOOGLE, YAHOO, STALE(8, REQUEST_REJECT) }, { 0 }, NULL, "" },
		{ { GOOGLE, YAHOO, STALE(1, REQUEST_ABSENT) }, { 0 }, NULL, "" },
	};

	(void)state;
	TRY(changes);
}

static void reporters_that_fall_silent(void **state)
{
#define UNTIL(last, name, n) { 120, last, name, MAIL, "pass", SIGNED("k1"), n, REQUEST_ABSENT }
	static const struct change changes[] = {
		{ { GOOGLE, UNTIL(4, "yahoo.com", 30) }, { 0 }, NULL, "reporter-gone info yahoo.com 960 -3;" },
		{ { GOOGLE, UNTIL(3, "yahoo.com", 30) }, { 0 }, NULL, "" },
		/* Less than a twentieth of all. */
		{ { GOOGLE, UNTIL(4, "yahoo.com", 1) }, { 0 }, NULL, "" },
		/* Established, but nobody one could name. */
		{ { GOOGLE, UNTIL(4, "stranger.example", 30) }, { 0 }, NULL, "" },
	};

	(void)state;
	TRY(changes);
}

static size_t alerts_of(const struct verdict *v, enum alert_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < v->alerts_n; i++)
		n += v->alerts[i].kind == kind;
	return n;
}

/* Google reports daily; Yahoo every `step` days, `last` days ago for the last time. */
static void reporters_that_seldom_write(void **state)
{
	static const struct {
		int step, last;
		bool gone;
	} rows[] = { { 4, 5, false }, { 4, 12, false }, { 4, 14, true }, { 1, 4, true } };
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_begin(&w, DOMAIN, TODAY);
		streams_add(&w, (const struct stream[MOST_STREAMS]){ GOOGLE }, w.policy);
		for (int64_t day = TODAY - rows[i].last; day > TODAY - 120; day -= rows[i].step)
			world_add(&w, &(struct line){ day, "yahoo.com", "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN, "pass",
					      SIGNED("k1"), 30, NULL, NULL, 0, 0, false });
		arena_clear(&arena);
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		assert_int_equal(alerts_of(&v, ALERT_REPORTER_GONE), rows[i].gone);
		world_end(&w);
	}
	arena_release(&arena);
}

/* Three months running on the same day, then no more: three messages each are somebody's, stray ones nobody's. */
static void stray_mail_is_not_expected(void **state)
{
	static const struct {
		unsigned n;
		enum mark_kind mark;
		bool parked, missed;
		int last; /* days ago; 0: 45 */
	} rows[] = {
		/* Overdue by one date, then by two: it does not come back, and that is no news any more. */
		{ 3, MARK_OWN, false, true, 60 },
		{ 3, MARK_OWN, false, false, 80 },
		{ 3, MARK_REVIEWED, false, true },
		{ 2, MARK_REVIEWED, false, false },
		{ 3, MARK_OWN, false, true },
		{ 3, MARK_REVIEWED, true, false },
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_begin(&w, DOMAIN, TODAY);
		if (rows[i].parked) {
			w.options.profile = PROFILE_PARKED;
			world_add(&w, &(struct line){ TODAY - 1, "google.com", "203.0.113.9", "-", DOMAIN, NULL, NULL, NULL, 1,
					      NULL, NULL, 0, 0, false });
		} else {
			streams_add(&w, (const struct stream[MOST_STREAMS]){ GOOGLE, YAHOO }, w.policy);
		}
		for (int back = rows[i].last ? rows[i].last : 45, k = 0; k < 3; k++, back += 30)
			world_add(&w, &(struct line){ TODAY - back, "google.com", "198.51.100.77", "-", DOMAIN, NULL, NULL,
					      NULL, rows[i].n, NULL, NULL, 0, 0, false });
		world_mark(&w, rows[i].mark, "198.51.100.77");
		arena_clear(&arena);
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		if ((alerts_of(&v, ALERT_MISSED) > 0) != rows[i].missed)
			fail_msg("%zu: %zu", i, alerts_of(&v, ALERT_MISSED));
		world_end(&w);
	}
	arena_release(&arena);
}

/* Months of mail with a gap of five days every month: no date is due, whatever day had most. */
static void busy_senders_have_no_date(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	streams_add(&w, (const struct stream[MOST_STREAMS]){ GOOGLE }, w.policy);
	for (int back = 45; back < 135; back++)
		if (back % 30 >= 5)
			world_add(&w, &(struct line){ TODAY - back, "google.com", "192.0.2.30", "old." DOMAIN, DOMAIN, DOMAIN,
					      "pass", SIGNED("k1"), back % 30 == 17 ? 31 : 30, NULL, NULL, 0, 0, false });
	assert_true(assess(world_rows(&w), &w.options, &arena, &v));
	assert_int_equal(alerts_of(&v, ALERT_MISSED), 0);
	world_end(&w);
	arena_release(&arena);
}

/* A sender that comes every 91 days, and fails each time: while the policy is enforced, its run is mail that is lost. */
static void runs_that_are_lost(void **state)
{
	static const struct {
		struct policy policy;
		int last; /* day of the newest run, counted back */
		unsigned n;
		bool accepted;
		size_t alerts;
	} rows[] = {
		{ { .p = REQUEST_QUARANTINE, .pct = 100 }, 3, 40, false, 1 },
		{ { .p = REQUEST_REJECT, .pct = 100 }, 7, 10, false, 1 },
		{ { .p = REQUEST_QUARANTINE, .pct = 100 }, 8, 40, false, 0 },
		{ { .p = REQUEST_QUARANTINE, .pct = 100 }, 3, 9, false, 0 },
		{ { .p = REQUEST_QUARANTINE, .pct = 100 }, 3, 40, true, 0 },
		{ { .p = REQUEST_QUARANTINE, .pct = 100, .testing = true }, 3, 40, false, 0 },
		{ { .p = REQUEST_NONE, .pct = 100 }, 3, 40, false, 0 },
	};
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		streams_add(&w, (const struct stream[MOST_STREAMS]){ { 300, 1, "google.com", MAIL, "pass", SIGNED("k1"), 30, rows[i].policy.p } },
			rows[i].policy);
		for (int back = rows[i].last; back < 300; back += 91)
			world_add(&w, &(struct line){ TODAY - back, "google.com", "192.0.2.30", "bills." DOMAIN, DOMAIN, NULL, NULL, NULL,
					      rows[i].n, NULL, NULL, 0, 0, false });
		world_mark(&w, MARK_OWN, "192.0.2.30");
		if (rows[i].accepted)
			world_mark(&w, MARK_ACCEPT, "192.0.2.30");
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		if (alerts_of(&v, ALERT_FAIL_RISE) != rows[i].alerts)
			fail_msg("%zu: %zu", i, alerts_of(&v, ALERT_FAIL_RISE));
		assert_int_equal(v.measures.critical_alert, rows[i].alerts > 0);
		world_end(&w);
		arena_clear(&arena);
	}
	arena_release(&arena);
}

/* Reporters tell one record in different words; the record and who sees another one are told apart from that. */
static void one_policy_in_many_words(void **state)
{
	static const struct {
		struct policy google, others;
		bool dns; /* which shows what Google saw */
		bool other, changed;
	} rows[] = {
		{ { .p = REQUEST_NONE, .pct = 100 }, { .p = REQUEST_NONE, .pct = 100 }, false, false, false },
		/* Where the record has no sp=, some write p again. */
		{ { .p = REQUEST_NONE, .sp = REQUEST_NONE, .pct = 100 }, { .p = REQUEST_NONE, .pct = 100 }, false, false, false },
		{ { .p = REQUEST_NONE, .sp = REQUEST_REJECT, .pct = 100 }, { .p = REQUEST_NONE, .pct = 100 }, false, true, true },
		/* t=y; pct=0; np=reject: the old know pct alone, the new t and np. */
		{ { .p = REQUEST_REJECT, .testing = true, .np = REQUEST_REJECT, .pct = 100 },
			{ .p = REQUEST_REJECT, .pct = 0 }, false, false, false },
		{ { .p = REQUEST_REJECT, .pct = 100 }, { .p = REQUEST_REJECT, .pct = 0 }, false, true, true },
		/* t=y alone: the old cannot tell it; that nothing changed only the DNS shows. */
		{ { .p = REQUEST_REJECT, .testing = true, .pct = 100 }, { .p = REQUEST_REJECT, .pct = 100 }, true, false, false },
		{ { .p = REQUEST_REJECT, .aspf_strict = true, .pct = 100 }, { .p = REQUEST_REJECT, .pct = 100 }, false, true, true },
	};
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world_begin(&w, DOMAIN, TODAY);
		/* The larger one of every other day is another one. */
		for (int back = 40; back >= 1; back--)
			for (int k = 0; k < 3; k++) {
				static const char *const reporters[] = { "google.com", "yahoo.com", "comcast.net" };

				w.policy = k ? rows[i].others : rows[i].google;
				world_add(&w, &(struct line){ TODAY - back, reporters[k], "192.0.2.10", "mail." DOMAIN, DOMAIN,
						      DOMAIN, "pass", SIGNED("k1"), k == 0 && back % 2 ? 90 : 30, NULL, NULL,
						      0, 0, false });
			}
		if (rows[i].dns)
			w.rows.published = (struct published){ .checked = true, .dmarc_records = 1, .policy = rows[i].google };
		arena_clear(&arena);
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		if ((alerts_of(&v, ALERT_SEES_OTHER_POLICY) > 0) != rows[i].other ||
			(alerts_of(&v, ALERT_POLICY_CHANGED) > 0) != rows[i].changed)
			fail_msg("%zu: %zu, %zu", i, alerts_of(&v, ALERT_SEES_OTHER_POLICY), alerts_of(&v, ALERT_POLICY_CHANGED));
		world_end(&w);
	}
	arena_release(&arena);
}

static void newcomers_that_do_not_sign(void **state)
{
#define NEWCOMER(first, n) GOOGLE, { first, 1, "google.com", MAILCHIMP, NULL, NULL, n, REQUEST_ABSENT }
	static const struct change changes[] = {
		{ { NEWCOMER(5, 1) }, { 0 }, NULL, "new-unsigned high mailchimp 5 -5;" },
		{ { NEWCOMER(4, 1) }, { 0 }, NULL, "" },
		{ { NEWCOMER(7, 1) }, { 0 }, NULL, "new-unsigned high mailchimp 7 -7;" },
		{ { NEWCOMER(8, 1) }, { 0 }, NULL, "" },
		/* Nine in ten are signed; one fewer. */
		{ { GOOGLE, { 1, 1, "google.com", MAILCHIMP, NULL, NULL, 10, REQUEST_ABSENT },
			  { 1, 1, "google.com", MAILCHIMP, NULL, SIGNED("k5"), 90, REQUEST_ABSENT } },
			{ 0 }, NULL, "key-new info shop.example/k5 90 -1;" },
		{ { GOOGLE, { 1, 1, "google.com", MAILCHIMP, NULL, NULL, 10, REQUEST_ABSENT },
			  { 1, 1, "google.com", MAILCHIMP, NULL, SIGNED("k5"), 89, REQUEST_ABSENT } },
			{ 0 }, NULL, "new-unsigned high mailchimp 99 -1;key-new info shop.example/k5 89 -1;" },
		{ { { 7, 1, "google.com", MAILCHIMP, NULL, NULL, 10, REQUEST_ABSENT } }, { 0 }, NULL, "" },
	};

	(void)state;
	TRY(changes);
}

/* Two domains may use one selector; that the key of the other is gone mends nothing here. */
static void keys_of_one_selector(void **state)
{
	static const struct published_key keys[2][2] = {
		{ { SPAN("news." DOMAIN), SPAN("k1"), .missing = true }, { SPAN(DOMAIN), SPAN("k1"), .bits = 2048 } },
		{ { SPAN("news." DOMAIN), SPAN("k1"), .bits = 2048 }, { SPAN(DOMAIN), SPAN("k1"), .missing = true } },
	};
	static const struct stream streams[MOST_STREAMS] = { { 60, 20, "google.com", MAIL, "fail", SIGNED("k1"), 30, REQUEST_ABSENT },
		{ 19, 1, "google.com", MAIL, "fail", DOMAIN "/k1/fail", 30, REQUEST_ABSENT } };
	static const enum step_kind wanted[2] = { STEP_REPAIR_SIGNATURE, STEP_REPAIR_KEY };
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		streams_add(&w, streams, w.policy);
		w.rows.published = (struct published){
			.checked = true, .dmarc_records = 1, .policy = { .p = REQUEST_NONE, .pct = 100 }, .keys = keys[i], .keys_n = 2
		};
		assert_true(assess(world_rows(&w), &w.options, &arena, &v));
		assert_true(v.steps_n > 0);
		assert_int_equal(v.steps[0].kind, wanted[i]);
		assert_true(span_is(v.senders[0].key_domain, SPAN(DOMAIN)));
		world_end(&w);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_one_selector),
		cmocka_unit_test(spf_that_no_longer_passes),
		cmocka_unit_test(a_sender_that_falls_silent),
		cmocka_unit_test(keys_that_come_and_go),
		cmocka_unit_test(keys_that_are_badly_published),
		cmocka_unit_test(keys_that_are_missing),
		cmocka_unit_test(keys_that_move),
		cmocka_unit_test(bursts_of_forged_mail),
		cmocka_unit_test(policies_that_are_seen),
		cmocka_unit_test(reporters_that_fall_silent),
		cmocka_unit_test(reporters_that_seldom_write),
		cmocka_unit_test(stray_mail_is_not_expected),
		cmocka_unit_test(busy_senders_have_no_date),
		cmocka_unit_test(runs_that_are_lost),
		cmocka_unit_test(one_policy_in_many_words),
		cmocka_unit_test(newcomers_that_do_not_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
