/* The map in parsedmarc's layout: what is read, how faults read, and what it adds to the table of senders. */
#include "report/assess/basemap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char text[] = "base_reverse_dns,name,type\r\n"
			   "mailer.example,\"Mailer, \"\"Inc.\"\"\",Marketing\r\n"
			   "mailer.example,Another,SaaS\n"
			   "shield.example,Shield,Email Security\n"
			   "wires.example,Wires,ISP\n"
			   "\n"
			   "known.example,Wrong,Marketing\n"
			   "box.example,Box,Email Provider";

static struct observed_source source(const char *host, enum host_state state)
{
	return (struct observed_source){ .host = { span_of(host), span_of(host) }, .host_state = state };
}

static void what_is_added(void **state)
{
	static const struct span hosts[] = { SPAN("known.example") };
	const struct sender_row known = { .id = SPAN("known"), .name = SPAN("Known"), .kind = SENDER_LIST, .hosts = hosts,
		.hosts_n = 1 };
	const struct observed_source sources[] = { source("a.b.mailer.example", HOST_CONFIRMED),
		source("mailer.example", HOST_CONFIRMED), source("mx.shield.example", HOST_UNCONFIRMED),
		source("wires.example", HOST_CONFIRMED), source("out.known.example", HOST_CONFIRMED),
		source("notbox.example", HOST_CONFIRMED), source("box.example", HOST_CONFIRMED) };
	struct rows rows = { .sources = sources, .sources_n = 7, .senders = &known, .senders_n = 1 };
	struct arena arena = ARENA((size_t)1 << 20);
	struct basemap map = { .n = 0 };
	struct fault fault = { 0 };

	(void)state;
	if (!basemap_read(span_of(text), &arena, &map, &fault))
		fail_msg("%s", fault.text);
	assert_int_equal(map.n, 5);
	assert_true(basemap_add(&map, &arena, &rows));
	assert_int_equal(rows.senders_n, 3);
	assert_true(span_is(rows.senders[0].id, SPAN("known")));
	assert_true(span_is(rows.senders[1].id, SPAN("box.example")) && rows.senders[1].kind == SENDER_MAILBOX);
	assert_true(span_is(rows.senders[2].id, SPAN("mailer.example")) && rows.senders[2].kind == SENDER_SENDER);
	assert_true(span_is(rows.senders[2].name, SPAN("Mailer, \"Inc.\"")));
	assert_true(rows.senders[2].hosts_n == 1 && span_is(rows.senders[2].hosts[0], SPAN("mailer.example")));
	arena_release(&arena);
}

static void how_faults_read(void **state)
{
	static const struct {
		const char *text, *fault;
	} faults[] = {
		{ "a.example,A\n", "1: base, name and type are wanted" },
		{ "a.example,A,ISP\nb.example,\"B,ISP\n", "2: a quotation mark is not closed" },
		{ "a.example,\"A\"x,ISP\n", "1: a quotation mark is not closed" },
	};
	struct arena arena = ARENA((size_t)1 << 20), small = ARENA(100);
	struct basemap map = { .n = 0 };
	struct fault fault = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		assert_false(basemap_read(span_of(faults[i].text), &arena, &map, &fault));
		assert_string_equal(fault.text, faults[i].fault);
	}
	assert_false(basemap_read(span_of(text), &small, &map, &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	arena_release(&arena);
	arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added),
		cmocka_unit_test(how_faults_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
