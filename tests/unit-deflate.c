/* deflate: what is packed comes back; what is damaged does not. */
#include "base/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_there_and_back(void **state)
{
	struct deflate *d = deflate_new();
	struct buf packed = BUF(1 << 20), back = BUF(1 << 20);
	static char text[200000];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = "Received: from a by b; "[(i * i / 7) % 23];
	for (size_t n = 1000; n <= sizeof text; n = n * 3 + 1) {
		buf_clear(&packed);
		buf_clear(&back);
		buf_put_text(&back, "before");
		assert_true(deflate_pack(d, (struct span){ text, n }, &packed));
		assert_true(packed.n <= n - n / 8);
		assert_true(deflate_unpack(d, buf_span(&packed), n, &back));
		assert_int_equal(back.n, n + 6);
		assert_memory_equal(back.p + 6, text, n);
	}
	buf_release(&packed);
	buf_release(&back);
	deflate_free(d);
	deflate_free(NULL);
}

static void test_refusals(void **state)
{
	struct deflate *d = deflate_new();
	struct buf packed = BUF(1 << 16), back = BUF(1 << 16), small = BUF(100);
	char noise[4000], text[4000];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof noise; i++) {
		noise[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
		text[i] = (char)('a' + i % 7);
	}
	assert_false(deflate_pack(d, (struct span){ noise, sizeof noise }, &packed));
	assert_false(deflate_pack(d, SPAN("short"), &packed));
	assert_false(deflate_pack(d, (struct span){ text, sizeof text }, &small));
	assert_int_equal(packed.n, 0);
	assert_true(deflate_pack(d, (struct span){ text, sizeof text }, &packed));
	assert_false(deflate_unpack(d, buf_span(&packed), sizeof text - 1, &back));
	assert_false(deflate_unpack(d, buf_span(&packed), sizeof text + 1, &back));
	assert_false(deflate_unpack(d, (struct span){ packed.p, packed.n - 1 }, sizeof text, &back));
	packed.p[packed.n - 1] ^= 1; /* the checksum */
	assert_false(deflate_unpack(d, buf_span(&packed), sizeof text, &back));
	packed.p[packed.n - 1] ^= 1;
	buf_put_byte(&packed, 0);
	assert_false(deflate_unpack(d, buf_span(&packed), sizeof text, &back));
	assert_int_equal(back.n, 0);
	buf_release(&packed);
	buf_release(&back);
	buf_release(&small);
	deflate_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
