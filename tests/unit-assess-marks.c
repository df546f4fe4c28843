/* What people say of their mail: of whom, for how long, and of nobody else. */
#include "tests/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define TODAY 20778
#define DOMAIN "shop.example"

static void send(struct world *w, const char *address, const char *host, const char *spf, const char *dkim, uint64_t n)
{
	for (int64_t day = TODAY - 60; day < TODAY; day++)
		for (int i = 0; i < 2; i++)
			world_add(w, &(struct line){ day, i ? "yahoo.com" : "google.com", address, host, DOMAIN, spf,
					     spf ? "pass" : NULL, dkim, n, NULL, NULL, 0, 0, false });
}

/* One hoster, three of its customers: a printer of one's own, somebody who forges, and a third. */
static void hosted(struct world *w)
{
	world_begin(w, DOMAIN, TODAY);
	send(w, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN "/k1/pass", 50);
	send(w, "198.51.100.2", "printer.isp.example", NULL, NULL, 1);
	send(w, "198.51.100.66", "spam.isp.example", NULL, NULL, 4);
	send(w, "198.51.100.130", "other.isp.example", NULL, NULL, 2);
}

static void run(struct world *w, struct arena *arena, struct verdict *v)
{
	arena_clear(arena);
	assert_true(assess(world_rows(w), &w->options, arena, v));
}

/* What is said of an address or a host is not said of its neighbours, however much of the mail is theirs. */
static void a_mark_is_about_what_it_names(void **state)
{
	static const struct {
		enum mark_kind kind;
		const char *subject;
		uint64_t own, forwarded, forged, undecided; /* failing, of 70, 280 and 140 */
	} rows[] = {
		{ MARK_NONE, NULL, 0, 0, 0, 490 },
		{ MARK_NOT_OURS, "198.51.100.66", 0, 0, 280, 210 },
		{ MARK_NOT_OURS, "198.51.100.2", 0, 0, 70, 420 },
		{ MARK_OWN, "198.51.100.2", 70, 0, 0, 420 },
		{ MARK_OWN, "198.51.100.66", 280, 0, 0, 210 },
		{ MARK_FORWARDER, "198.51.100.128/25", 0, 140, 0, 350 },
		{ MARK_NOT_OURS, "198.51.100.0/25", 0, 0, 350, 140 },
		{ MARK_NOT_OURS, "198.51.100.0/24", 0, 0, 490, 0 },
		{ MARK_NOT_OURS, "spam.isp.example", 0, 0, 280, 210 },
		{ MARK_NOT_OURS, "isp.example", 0, 0, 490, 0 },
		{ MARK_NOT_OURS, "198.51.100.3", 0, 0, 0, 490 },
	};
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict v;
		struct world w;

		hosted(&w);
		if (rows[i].subject)
			world_mark(&w, rows[i].kind, rows[i].subject);
		run(&w, &arena, &v);
		if (v.measures.own_fails != rows[i].own || v.measures.forwarded_fails != rows[i].forwarded ||
			v.measures.forged != rows[i].forged || v.measures.undecided != rows[i].undecided)
			fail_msg("%zu: %llu own, %llu forwarded, %llu forged, %llu undecided", i,
				(unsigned long long)v.measures.own_fails, (unsigned long long)v.measures.forwarded_fails,
				(unsigned long long)v.measures.forged, (unsigned long long)v.measures.undecided);
		world_end(&w);
	}
	arena_release(&arena);
}

static const struct sender *sender_about(const struct verdict *v, const char *subject)
{
	for (size_t i = 0; i < v->senders_n; i++)
		if (span_is(v->senders[i].subject, span_of(subject)))
			return &v->senders[i];
	return NULL;
}

/* The narrowest decides whose mail it is; on one subject the later day. */
static void the_narrowest_is_heard(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	hosted(&w);
	world_mark(&w, MARK_OWN, "198.51.100.2");
	w.marks[0].day = TODAY - 9;
	world_mark(&w, MARK_NOT_OURS, "spam.isp.example");
	world_mark(&w, MARK_ACCEPT, "198.51.100.0/25");
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own_fails, 70);
	assert_int_equal(v.measures.forged, 280);
	assert_int_equal(v.measures.undecided, 140);
	assert_true(sender_about(&v, "198.51.100.2") && sender_about(&v, "198.51.100.2")->accepted);
	assert_true(sender_about(&v, "isp.example") && !sender_about(&v, "isp.example")->accepted);
	world_mark(&w, MARK_NOT_OURS, "198.51.100.2"); /* said later */
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own_fails, 0);
	assert_int_equal(v.measures.forged, 350);
	w.marks[3].day = TODAY + 1; /* not yet said */
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own_fails, 70);
	w.marks[3].day = TODAY;
	w.marks[3].expires = TODAY; /* no longer */
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own_fails, 70);
	w.marks[3].expires = TODAY + 1;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own_fails, 0);
	world_end(&w);
	arena_release(&arena);
}

/* A known service stays one, where something is said of one of its addresses. */
static void a_service_is_not_one_address(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	const struct sender *s;
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	send(&w, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN "/k1/pass", 50);
	send(&w, "198.51.100.7", "out7.mcsv.net", "mcsv.net", "mcsv.net/x/pass", 3);
	send(&w, "198.51.100.8", "out8.mcsv.net", "mcsv.net", "mcsv.net/x/pass", 1);
	world_mark(&w, MARK_ACCEPT, "198.51.100.8");
	run(&w, &arena, &v);
	s = sender_about(&v, "198.51.100.8");
	assert_true(s && s->accepted && s->messages == 70);
	assert_true(v.sources[s->source].row && span_is(v.sources[s->source].name, SPAN("Mailchimp")));
	s = sender_about(&v, "mailchimp");
	assert_true(s && !s->accepted && s->messages == 210);
	world_mark(&w, MARK_NOT_OURS, "Mailchimp"); /* by name: all of it */
	run(&w, &arena, &v);
	assert_int_equal(v.measures.forged, 280);
	world_end(&w);
	arena_release(&arena);
}

/* By what a source signs and bounces as; by its name, which the operator may give. */
static void marks_by_name_and_traffic(void **state)
{
	static const struct {
		const char *subject;
		uint64_t forged;
	} rows[] = { { "d=news.example", 70 }, { "d=ews.example", 0 }, { "bounce=bounce.example", 70 },
		{ "bounce=example.org", 0 }, { "Newsletters", 70 }, { "newsletter", 0 } };
	struct arena arena = ARENA((size_t)1 << 28);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict v;
		struct world w;

		world_begin(&w, DOMAIN, TODAY);
		send(&w, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN "/k1/pass", 50);
		send(&w, "198.51.100.7", NULL, "bounce.example", "news.example/x/pass", 1);
		world_mark(&w, MARK_NAME, "198.51.100.0/28");
		w.marks[0].value = SPAN("Newsletters");
		w.marks[0].named = SENDER_SENDER;
		world_mark(&w, MARK_NOT_OURS, rows[i].subject);
		run(&w, &arena, &v);
		if (v.measures.forged != rows[i].forged)
			fail_msg("%zu: %llu", i, (unsigned long long)v.measures.forged);
		world_end(&w);
	}
	arena_release(&arena);
}

/* Where a key is at home may be said: mail with it from elsewhere was passed on. */
static void a_home_may_be_told(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	send(&w, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN "/k1/pass", 50);
	send(&w, "198.51.100.7", "out7.mcsv.net", NULL, DOMAIN "/k5/pass", 3);
	send(&w, "198.51.100.9", "out9.hubspotemail.net", NULL, DOMAIN "/k5/pass", 1);
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 3710);
	assert_int_equal(v.measures.forwarded, 70);
	world_mark(&w, MARK_HOME, "k5");
	w.marks[0].value = SPAN("hubspot");
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 3570);
	assert_int_equal(v.measures.forwarded, 210);
	w.marks[0].value = SPAN("nobody");
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 3710);
	world_end(&w);
	arena_release(&arena);
}

/* A fifth of what was sent is reported, or one message less. */
static void figures_of_what_was_sent(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	struct sent_row sent = { SPAN("192.0.2.10"), 17500 };
	struct verdict v;
	struct world w;

	(void)state;
	world_begin(&w, DOMAIN, TODAY);
	send(&w, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN "/k1/pass", 50);
	w.rows.sent = &sent;
	w.rows.sent_n = 1;
	run(&w, &arena, &v);
	assert_int_equal(v.measures.own, 3500);
	assert_false(verdict_excepts(&v, EXCEPT_HARDLY_REPORTED));
	sent.messages++;
	run(&w, &arena, &v);
	assert_true(verdict_excepts(&v, EXCEPT_HARDLY_REPORTED));
	sent.source = SPAN("192.0.2.11"); /* of whom nothing is reported */
	run(&w, &arena, &v);
	assert_true(verdict_excepts(&v, EXCEPT_HARDLY_REPORTED));
	world_end(&w);
	arena_release(&arena);
}

/* Of 20 networks that scatter forged mail: who says of one that it is not his has not spoken for the other 19. */
static void a_mark_leaves_the_others_scattered(void **state)
{
	struct arena arena = ARENA((size_t)1 << 28);
	char address[32];
	struct verdict v;
	struct world w;

	(void)state;
	for (unsigned networks = 19; networks <= 20; networks++) {
		world_begin(&w, DOMAIN, TODAY);
		send(&w, "192.0.2.10", "mail." DOMAIN, DOMAIN, DOMAIN "/k1/pass", 50);
		for (unsigned i = 0; i < networks; i++) {
			snprintf(address, sizeof address, "45.%u.9.9", i);
			world_add(&w, &(struct line){ .day = TODAY - 5, .reporter = "google.com", .address = address, .host = "-",
					      .from = DOMAIN, .n = 1 });
			world_add(&w, &(struct line){ .day = TODAY - 15, .reporter = "google.com", .address = address, .host = "-",
					      .from = DOMAIN, .n = 1 });
		}
		world_mark(&w, MARK_NOT_OURS, "45.1.9.9");
		run(&w, &arena, &v);
		assert_int_equal(v.measures.undecided, networks < 20 ? 2 * (networks - 1) : 0);
		assert_int_equal(v.measures.forged, networks < 20 ? 2 : 2 * networks);
		world_end(&w);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_is_about_what_it_names),
		cmocka_unit_test(the_narrowest_is_heard),
		cmocka_unit_test(a_mark_leaves_the_others_scattered),
		cmocka_unit_test(a_service_is_not_one_address),
		cmocka_unit_test(marks_by_name_and_traffic),
		cmocka_unit_test(a_home_may_be_told),
		cmocka_unit_test(figures_of_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
