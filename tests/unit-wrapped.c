/* What other programs make of a report on its way, piece by piece: uuencode, winmail.dat, signed data, pages, and domains with
 * something around them. None may read past its end: every input is tried cut after each octet, on its own piece of the heap. */
#include "parse/dns/domainname.h"
#include "parse/htmltext.h"
#include "parse/signeddata.h"
#include "parse/uuencode.h"
#include "parse/winmail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_span(struct span have, const char *want)
{
	if (!span_is(have, span_of(want)))
		print_error("`%.*s` instead of `%s`\n", (int)have.n, have.p ? have.p : "", want);
	assert_true(span_is(have, span_of(want)));
}

/* Calls `take` with every beginning of the octets, in memory that ends where they do. */
static void cut_everywhere(struct span octets, void (*take)(struct span))
{
	for (size_t n = 0; n <= octets.n; n++) {
		char *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, octets.p, n);
		take((struct span){ copy, n });
		free(copy);
	}
}

/* --- uuencode --- */

static void uu_take(struct span text)
{
	struct buf file = BUF(4096);
	struct span name;

	uuencode_recognise(text);
	while (uuencode_next(&text, &name, &file))
		;
	buf_release(&file);
}

static void check_uu(const char *text, const char *name, const char *content)
{
	struct buf file = BUF(4096);
	struct span rest = span_of(text), have;

	assert_int_equal(uuencode_recognise(rest), name != NULL);
	assert_int_equal(uuencode_next(&rest, &have, &file), name != NULL);
	if (name) {
		assert_span(have, name);
		assert_span(buf_span(&file), content);
	}
	buf_release(&file);
}

static void test_uuencode(void **state)
{
	struct span two = SPAN("begin 644 a\n#0V%T\n`\nend\ntext\nbegin 0755 b b.gz\r\n$0V%T<P  \r\n \r\nend\r\n");
	struct buf file = BUF(4096);
	struct span name;

	(void)state;
	check_uu("Hello\nbegin 644 cat.txt\n#0V%T\n`\nend\n", "cat.txt", "Cat");
	check_uu("begin 644 cat.txt\n#0V%T\n", "cat.txt", "Cat");
	check_uu("begin 644 cats\n$0V%T<P\n", "cats", "Cats"); /* lost the blanks at its end */
	check_uu("begin 644 cat.txt\n#0V%TX\n`\nend\n", "cat.txt", "Cat"); /* a checksum */
	check_uu("begin 644 cat.txt\n#0V%TXY\n`\nend\n", NULL, NULL);
	check_uu("begin 644 cat.txt\n#0v%t\n`\nend\n", NULL, NULL);
	check_uu("begin 644 cat.txt\n`\nend\n", NULL, NULL);
	check_uu("begin 64 cat.txt\n#0V%T\n", NULL, NULL);
	check_uu("begin 64444 cat.txt\n#0V%T\n", NULL, NULL);
	check_uu("begin 648 cat.txt\n#0V%T\n", NULL, NULL);
	check_uu("begin 644cat.txt\n#0V%T\n", NULL, NULL);
	check_uu("begin 644 \n#0V%T\n", NULL, NULL);
	check_uu("> begin 644 cat.txt\n> #0V%T\n", NULL, NULL);
	check_uu("begin 644 times over\nMonday is when we meet.\n", NULL, NULL);
	check_uu("begin 644 cat.txt\n#0V%T\nwords end it\n", "cat.txt", "Cat");
	cut_everywhere(two, uu_take);
	assert_true(uuencode_next(&two, &name, &file));
	assert_span(buf_span(&file), "Cat");
	assert_true(uuencode_next(&two, &name, &file));
	assert_span(name, "b b.gz");
	assert_span(buf_span(&file), "Cats");
	assert_false(uuencode_next(&two, &name, &file));
	buf_release(&file);
	file.max = 2;
	assert_false(uuencode_next(&(struct span){ "begin 644 a\n#0V%T\n", 18 }, &name, &file));
	buf_release(&file);
}

/* --- winmail.dat --- */

#define HEADER WINMAIL_MAGIC "\1\0"
#define TITLE(text, n) "\2\x10\x80\1\0" n "\0\0\0" text "\0\0"
#define DATA(text, n) "\2\x0f\x80\6\0" n "\0\0\0" text "\0\0"
#define RENDER "\2\2\x90\6\0\0\0\0\0\0\0"

static void winmail_take(struct span octets)
{
	struct span rest = winmail_attributes(octets), name, file;
	const char *fault = NULL;

	while (winmail_next(&rest, &name, &file, &fault))
		;
}

static void test_winmail(void **state)
{
	static const char octets[] = HEADER "\1\4\x80\1\0\2\0\0\0x\0\0\0" RENDER TITLE("a.gz\0", "\5") DATA("one", "\3")
		RENDER DATA("two!", "\4") RENDER TITLE("lost\0", "\5") RENDER DATA("3", "\1")
		"\1\x0f\x80\6\0\4\0\0\0body\0\0" /* of the mail, not of an attachment */
		"\2\5\x90\6\0\xa\0\0\0" "12" WINMAIL_MAGIC "rest\0\0" DATA("", "\0");
	struct span rest = winmail_attributes((struct span){ octets, sizeof octets - 1 }), name, file;
	static const char *const names[] = { "a.gz", "attachment", "attachment", "attachment" };
	static const char *const files[] = { "one", "two!", "3", WINMAIL_MAGIC "rest" };
	const char *fault = NULL;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(winmail_next(&rest, &name, &file, &fault));
		assert_span(name, names[i]);
		assert_span(file, files[i]);
	}
	assert_false(winmail_next(&rest, &name, &file, &fault));
	assert_null(fault);
	cut_everywhere((struct span){ octets, sizeof octets - 1 }, winmail_take);

	rest = (struct span){ octets, sizeof octets - 2 }; /* the last checksum is cut */
	rest = winmail_attributes(rest);
	for (size_t i = 0; i < 4; i++)
		assert_true(winmail_next(&rest, &name, &file, &fault));
	assert_false(winmail_next(&rest, &name, &file, &fault));
	assert_non_null(fault);

	fault = NULL;
	rest = SPAN("\2\x0f\x80\6\0\xff\xff\xff\xff" "x\0\0");
	assert_false(winmail_next(&rest, &name, &file, &fault));
	assert_non_null(fault);
}

/* --- signed data --- */

#define SIGNED "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define DATA_TYPE "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"

static void signed_take(struct span octets)
{
	struct buf content = BUF(4096);

	signeddata_recognise(octets);
	signeddata_open(octets, &content);
	buf_release(&content);
}

static void test_signeddata(void **state)
{
	/* SEQUENCE { signedData, [0] { SEQUENCE { 1, SET {}, SEQUENCE { data, [0] { OCTET STRING } }, SET {} } } } */
	static const char whole[] = "\x30\x2b" SIGNED "\xa0\x1e\x30\x1c\2\1\1\x31\0\x30\x13" DATA_TYPE "\xa0\x06\4\4text\x31\0";
	static const char beside[] = "\x30\x23" SIGNED "\xa0\x16\x30\x14\2\1\1\x31\0\x30\x0b" DATA_TYPE "\x31\0";
	static const char pieces[] = "\x30\x80" SIGNED "\xa0\x80\x30\x80\2\1\1\x31\0\x30\x80" DATA_TYPE
		"\xa0\x80\x24\x80\4\2te\4\2xt\0\0\0\0\0\0\x31\0\0\0\0\0\0\0";
	struct buf content = BUF(4096), little = BUF(3);

	(void)state;
	assert_true(signeddata_recognise((struct span){ whole, sizeof whole - 1 }));
	assert_true(signeddata_recognise((struct span){ pieces, sizeof pieces - 1 }));
	assert_true(signeddata_recognise(SPAN("0\x82\1\0" SIGNED)));
	assert_false(signeddata_recognise(SPAN("0\x82\1\0" DATA_TYPE)));
	assert_false(signeddata_recognise(SPAN("1\x82\1\0" SIGNED)));
	assert_false(signeddata_recognise(SPAN("0\xff" SIGNED)));
	assert_true(signeddata_open((struct span){ whole, sizeof whole - 1 }, &content));
	assert_span(buf_span(&content), "text");
	buf_clear(&content);
	assert_true(signeddata_open((struct span){ pieces, sizeof pieces - 1 }, &content));
	assert_span(buf_span(&content), "text");
	assert_false(signeddata_open((struct span){ beside, sizeof beside - 1 }, &content));
	assert_false(signeddata_open((struct span){ whole, sizeof whole - 1 }, &little));
	assert_false(signeddata_open(SPAN("text"), &content));
	cut_everywhere((struct span){ whole, sizeof whole - 1 }, signed_take);
	cut_everywhere((struct span){ pieces, sizeof pieces - 1 }, signed_take);
	buf_release(&content);
	buf_release(&little);
}

/* --- pages --- */

static void page_take(struct span html)
{
	struct buf out = BUF(4096);

	htmltext_put(&out, html);
	buf_release(&out);
}

static void test_htmltext(void **state)
{
	static const struct {
		const char *html, *text;
	} rows[] = {
		{ "plain", "plain" },
		{ "a<br>b<BR/>c", "a\nb\nc" },
		{ "<p class=\"x\">a</p><div>b</div>", "\n\na\n\n\n\nb\n\n" },
		{ "<tr><td>a:</td><td>b</td></tr>", "\n\n a:  b \n\n" },
		{ "<b>a</b><span>b</span>", "ab" },
		{ "a<!-- > <p> -->b<style>p { }</style>c<SCRIPT>x < y</script>d", "abcd" },
		{ "a<!-- never ends", "a" },
		{ "a<b", "a" },
		{ "a<blockquote>b<blockquote>c</blockquote>d &amp; e</blockquote>f", "a\n\n\n\n\n\n\n\nf" },
		{ "</blockquote>a", "\n\na" },
		{ "&lt;a&gt; &amp; &quot;b&quot;&nbsp;&apos;&#64;&#x40;&#160;&#0;", "<a> & \"b\" '@@  " },
		{ "&eacute; & &# &#; &#x; &#1114112; &#64 &#xzz;", "&eacute; & &# &#; &#x; &#1114112; &#64 &#xzz;" },
		{ "&#8364;", "\xe2\x82\xac" },
		{ "", "" },
	};
	struct buf little = BUF(8);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = BUF(4096);

		htmltext_put(&out, span_of(rows[i].html));
		assert_span(buf_span(&out), rows[i].text);
		buf_release(&out);
		cut_everywhere(span_of(rows[i].html), page_take);
	}
	htmltext_put(&little, SPAN("a &amp; very long<br>text"));
	assert_span(buf_span(&little), "a & very");
	buf_release(&little);
}

/* --- domains --- */

static void test_undress(void **state)
{
	static const struct {
		const char *text, *domain;
	} rows[] = { { "example.com", "example.com" }, { "<example.com>", "example.com" }, { "\"example.com\";", "example.com" },
		{ "'example.com'", "example.com" }, { "@example.com", "example.com" }, { "a@b@example.com", "example.com" },
		{ "Shop <shop@example.com>", "example.com" }, { "\"shop@example.com\"", "example.com" },
		{ "example.com>", "example.com" }, { "a@example.com, b@example.org", "a@example.com, b@example.org" },
		{ "shop@", "shop@" }, { "<>", "<>" }, { "", "" }, { "exam ple.com", "exam ple.com" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_span(domainname_undress(span_of(rows[i].text)), rows[i].domain);
	assert_true(domainname_undress((struct span){ "<a\0b>", 5 }).n == 5);
	assert_null(domainname_undress(SPAN_ABSENT).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuencode),
		cmocka_unit_test(test_winmail),
		cmocka_unit_test(test_signeddata),
		cmocka_unit_test(test_htmltext),
		cmocka_unit_test(test_undress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
