/* Forward-confirmed host names: which PTR records count, through a resolver that reads a file. */
#include "base/buf.h"
#include "ingest/hostnames.h"
#include "parse/dns/zonefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const words[HOSTNAME_STATES] = { "silent", "none", "unconfirmed", "confirmed" };

struct seen {
	char lines[100][200];
	size_t n, most;
};

static bool see(void *arg, const struct address *address, enum hostname_state state, struct span name)
{
	struct seen *seen = arg;
	char text[ADDRESS_TEXT];

	snprintf(seen->lines[seen->n++], 200, "%s %s %.*s", address_format(address, text), words[state], (int)name.n,
		name.p ? name.p : "");
	return seen->n < seen->most;
}

static int line_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void look(const char *text, const char *const addresses[], size_t n, struct seen *seen)
{
	struct address parsed[100];
	struct fault fault = { 0 };
	struct zonefile *zone = zonefile_read(span_of(text), &fault);
	struct resolver *resolver;

	if (!zone)
		fail_msg("%s", fault.text);
	resolver = resolver_start(
		&(struct resolver_options){ .file = { zonefile_ask, zone }, .unlocked = true, .silence = 20 }, &fault);
	if (!resolver)
		fail_msg("%s", fault.text);
	for (size_t i = 0; i < n; i++)
		assert_true(address_parse(span_of(addresses[i]), &parsed[i]));
	seen->n = 0;
	hostnames_look(resolver, parsed, n, 30, see, seen);
	resolver_stop(resolver);
	zonefile_free(zone);
	qsort(seen->lines, seen->n, sizeof *seen->lines, line_order);
}

static void which_names_count(void **state)
{
	static const char zone[] =
		"1.2.0.192.in-addr.arpa PTR Mail.Example.ORG.\nmail.example.org A 192.0.2.1\nmail.example.org A 192.0.2.9\n"
		"2.2.0.192.in-addr.arpa PTR mail.famous.example\nmail.famous.example A 198.51.100.1\n"
		"3.2.0.192.in-addr.arpa PTR zz.example.org\n3.2.0.192.in-addr.arpa PTR aa.example.org\n"
		"zz.example.org A 192.0.2.3\naa.example.org A 192.0.2.99\n"
		"4.2.0.192.in-addr.arpa TIMEOUT\n"
		"5.2.0.192.in-addr.arpa PTR slow.example.org\nslow.example.org TIMEOUT\n"
		"6.2.0.192.in-addr.arpa PTR gone.example.org\n"
		"7.2.0.192.in-addr.arpa PTR localhost\n"
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR six.example.org\n"
		"six.example.org AAAA 2001:db8::1\n";
	static const char *const addresses[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6",
		"192.0.2.7", "192.0.2.8", "2001:db8::1" };
	static const char *const want[] = { "192.0.2.1 confirmed mail.example.org", "192.0.2.2 unconfirmed mail.famous.example",
		"192.0.2.3 confirmed zz.example.org", "192.0.2.4 silent ", "192.0.2.5 silent ",
		"192.0.2.6 unconfirmed gone.example.org", "192.0.2.7 none ", "192.0.2.8 none ",
		"2001:db8::1 confirmed six.example.org" };
	struct seen seen = { .most = 100 };

	(void)state;
	look(zone, addresses, 9, &seen);
	assert_int_equal(seen.n, 9);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(seen.lines[i], want[i]);
	seen.most = 2;
	look(zone, addresses, 9, &seen);
	assert_int_equal(seen.n, 2);
}

/* More names than anybody needs, of which the last would lead back. */
static void a_crowd_of_names(void **state)
{
	static const char *const address[] = { "192.0.2.1" };
	struct buf zone = BUF(100000);
	struct seen seen = { .most = 100 };

	(void)state;
	for (int i = 0; i < 50; i++)
		buf_printf(&zone, "1.2.0.192.in-addr.arpa PTR n%02d.example.org\n", i);
	buf_put_text(&zone, "n49.example.org A 192.0.2.1\n");
	look(buf_text(&zone), address, 1, &seen);
	assert_int_equal(seen.n, 1);
	assert_non_null(strstr(seen.lines[0], "192.0.2.1 unconfirmed n"));
	buf_release(&zone);
}

static void many_addresses(void **state)
{
	const char *addresses[90];
	char texts[90][32];
	struct seen seen = { .most = 100 };

	(void)state;
	for (int i = 0; i < 90; i++) {
		snprintf(texts[i], sizeof texts[i], "198.51.100.%d", i);
		addresses[i] = texts[i];
	}
	look("1.100.51.198.in-addr.arpa PTR a.example.org\na.example.org A 198.51.100.1\n", addresses, 90, &seen);
	assert_int_equal(seen.n, 90);
}

static void reverse_names(void **state)
{
	struct address address;
	char name[REVERSE_NAME];

	(void)state;
	assert_true(address_parse(SPAN("192.0.2.254"), &address));
	assert_string_equal(reverse_name(&address, name), "254.2.0.192.in-addr.arpa");
	assert_true(address_parse(SPAN("2001:db8::567:89ab"), &address));
	assert_string_equal(reverse_name(&address, name),
		"b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_names_count),
		cmocka_unit_test(a_crowd_of_names),
		cmocka_unit_test(many_addresses),
		cmocka_unit_test(reverse_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
