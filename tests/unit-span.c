/* span: lists, white space and numbers. address: networks. fault: where its text ends. */
#include "base/address.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_take(void **state)
{
	static const struct {
		const char *list, *parts; /* each part between [ and ] */
	} cases[] = {
		{ "", "" },
		{ "a", "[a]" },
		{ "a,b", "[a][b]" },
		{ " a ,\tb c , d ", "[a][b c][d]" },
		{ "a,,b", "[a][][b]" },
		{ ",a", "[][a]" },
		{ "a,", "[a]" },
		{ " ", "[]" },
		{ ",", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct span list = span_of(cases[i].list), part;
		char said[64] = "";
		size_t n = 0;

		while (span_take(&list, ',', &part))
			n += (size_t)snprintf(said + n, sizeof said - n, "[%.*s]", (int)part.n, part.p);
		assert_string_equal(said, cases[i].parts);
		assert_int_equal(list.n, 0);
	}
	assert_false(span_take(&SPAN_ABSENT, ',', &(struct span){ NULL, 0 }));
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(span_is(span_trim(SPAN(" \t\r\n\v\fa b\n")), SPAN("a b")));
	assert_int_equal(span_trim(SPAN(" \t ")).n, 0);
	assert_null(span_trim(SPAN_ABSENT).p);
}

/* Its text ends where it ends, whatever lay in the memory before. */
static void test_buffer_end(void **state)
{
	struct buf b = BUF(100000);
	char *dirty;

	(void)state;
	for (size_t n = 32; n <= 512; n *= 2) { /* what the next malloc gives, filled */
		dirty = malloc(n);
		assert_non_null(dirty);
		memset(dirty, 'x', n);
		free(dirty);
	}
	assert_true(buf_reserve(&b, 10));
	assert_string_equal(buf_text(&b), "");
	memcpy(b.p, "abcxyz", 6);
	buf_grew(&b, 3);
	assert_string_equal(buf_text(&b), "abc");
	assert_true(buf_reserve(&b, 5000));
	assert_string_equal(buf_text(&b), "abc");
	buf_release(&b);
}

static void test_number(void **state)
{
	static const struct {
		const char *text;
		unsigned long long max;
		bool good;
		unsigned long long number;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "007", 7, true, 7 },
		{ "8", 7, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "0x1", 9, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned long long number = 0;

		assert_int_equal(span_number(span_of(cases[i].text), cases[i].max, &number), cases[i].good);
		if (cases[i].good)
			assert_true(number == cases[i].number);
	}
}

static void test_fault(void **state)
{
	static const char *const whole[] = { "", "a", "\xc3\xa9", "a\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		assert_false(fault_set(&fault, FAULT_INPUT, "%s", whole[i]));
		assert_string_equal(fault.text, whole[i]);
	}
	fault_set(&fault, FAULT_INPUT, "%.2s", "a\xc3\xa9");
	assert_string_equal(fault.text, "a");
	fault_set(&fault, FAULT_INPUT, "%.3s", "\xf0\x9f\x98\x80");
	assert_string_equal(fault.text, "");
	fault_set(&fault, FAULT_INPUT, "%*s\xe2\x82\xac", (int)sizeof fault.text - 3, "");
	assert_int_equal(strlen(fault.text), sizeof fault.text - 3);
}

static void test_network(void **state)
{
	static const struct {
		const char *network, *address; /* NULL: no network */
		bool holds;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.77/24", "192.0.2.1", true }, /* what stands behind the prefix says nothing */
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "192.0.2.1/32", "192.0.2.0", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
		{ "::ffff:192.0.2.0/24", "2001:db8::1", false },
		{ "::/0", "192.0.2.1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::1/128", "2001:db8::", false },
		{ "192.0.2.0/33", NULL, false },
		{ "2001:db8::/129", NULL, false },
		{ "192.0.2.0/", NULL, false },
		{ "192.0.2.0/ 24", NULL, false },
		{ "192.0.2.0/-1", NULL, false },
		{ "192.0.2/24", NULL, false },
		{ "mail.example/24", NULL, false },
		{ "/24", NULL, false },
		{ "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct network network;
		struct address address;

		assert_int_equal(network_parse(span_of(rows[i].network), &network), rows[i].address != NULL);
		if (!rows[i].address)
			continue;
		assert_true(address_parse(span_of(rows[i].address), &address));
		assert_int_equal(network_holds(&network, &address), rows[i].holds);
	}
	assert_false(network_parse(SPAN_ABSENT, &(struct network){ .bits = 0 }));
}

static void test_misspelt(void **state)
{
	static const struct {
		const char *text, *word;
		bool yes;
	} rows[] = {
		{ "sumary", "summary", true }, { "smumary", "summary", true }, { "sumaryy", "summary", true },
		{ "SUMMARRY", "summary", true }, { "smary", "summary", true }, { "samry", "summary", false },
		{ "summary", "summary", false }, { "Summary", "summary", false }, { "", "ab", false }, { "", "a", true },
		{ "show", "shwo", true }, { "shoe", "show", true }, { "sohe", "show", false },
		{ "example.org", "example.net", false }, { "exmaple.org", "example.org", true },
	};
	char name[600];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_is_misspelt(span_of(rows[i].text), span_of(rows[i].word)) != rows[i].yes)
			fail_msg("%s for %s", rows[i].text, rows[i].word);
	for (size_t n = 250; n < 258; n++) {
		memset(name, 'a', sizeof name);
		assert_int_equal(span_is_misspelt((struct span){ name, n }, (struct span){ name, n - 1 }), n <= 253);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_misspelt),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_buffer_end),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
