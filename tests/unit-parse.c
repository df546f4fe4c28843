/* What parse/ is made of, piece by piece: recovery of XML, pieces of markup, transfer encodings, containers, fields, charsets.
 * Every stream is read in drips of 1, 2, 3 ... octets too: what is right must not depend on where a chunk ends. */
#include "base/address.h"
#include "base/buf.h"
#include "base/moment.h"
#include "parse/authresults.h"
#include "parse/charset.h"
#include "parse/failurereport.h"
#include "parse/markup.h"
#include "parse/message.h"
#include "parse/recover.h"
#include "parse/sampletrace.h"
#include "parse/transfer.h"
#include "parse/widetext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

/* A stream that never gives more than `drip` octets at once. */
struct drip_stream {
	struct stream stream;
	struct span rest;
	size_t drip;
};

static ssize_t drip_read(struct stream *s, void *buffer, size_t room)
{
	struct drip_stream *d = (struct drip_stream *)s;
	size_t n = d->rest.n < d->drip ? d->rest.n : d->drip;

	n = n < room ? n : room;
	if (n)
		memcpy(buffer, d->rest.p, n);
	d->rest.p += n;
	d->rest.n -= n;
	return (ssize_t)n;
}

static struct drip_stream drip(struct span octets, size_t n)
{
	return (struct drip_stream){ { .read = drip_read }, octets, n };
}

static struct buf read_all(struct stream *s)
{
	struct buf all = BUF(1 << 24);
	char chunk[4096];
	ssize_t got;

	while ((got = s->read(s, chunk, sizeof chunk)) > 0)
		buf_put(&all, chunk, (size_t)got);
	buf_put_byte(&all, '\0');
	all.n--;
	return all;
}

static const size_t drips[] = { 1, 2, 3, 5, 7, 64, 1 << 20 };
#define DRIPS (sizeof drips / sizeof *drips)

/* --- recovery --- */

static const struct {
	const char *sent, *read; /* NULL: a fault */
	unsigned mended;
} defects[] = {
	{ "<feedback><record></record></feedback>", "<feedback><record></record></feedback>", 0 },
	{ "<feedback><email>caf\xe9</email></feedback>", "<feedback><email>caf\xc3\xa9</email></feedback>", MENDED_OCTETS },
	{ "<feedback><email>a\x01z</email></feedback>", "<feedback><email>a z</email></feedback>", MENDED_CONTROLS },
	{ "<feedback><email>a\xef\xbf\xbez</email></feedback>", "<feedback><email>a\xef\xbf\xbdz</email></feedback>", MENDED_CONTROLS },
	{ "<feedback><email>a & b < c</email></feedback>", "<feedback><email>a &amp; b &lt; c</email></feedback>",
		MENDED_MARKUP | MENDED_REFERENCES },
	{ "<feedback><email><a@b.c></email></feedback>", "<feedback><email>&lt;a@b.c&gt;</email></feedback>", MENDED_MARKUP },
	{ "<feedback><email>&nbsp;&#0;&#65;&lt;</email></feedback>",
		"<feedback><email>&amp;nbsp;&amp;#0;&#65;&lt;</email></feedback>", MENDED_REFERENCES },
	{ "<feedback a='1'><!-- x --><email b=\"2\">c</email></feedback>", "<feedback><email>c</email></feedback>", 0 },
	{ "<n:feedback xmlns:n='x'><n:email>c</n:email></n:feedback>", "<feedback xmlns=\"x\"><email>c</email></feedback>", 0 },
	{ "<n:feedback xmlns='y'\nxmlns:no='z' xmlns:n = \"x\"><email xmlns='y' b='xmlns'>c</email></n:feedback>",
		"<feedback xmlns=\"x\"><email xmlns=\"y\">c</email></feedback>", 0 },
	{ "<feedback xmlns:xsd='s' xmlns='a b<&\xe9'><email xmlns=''/><row xmlns=u/></feedback>",
		"<feedback xmlns=\"a.b...\"><email xmlns=\"\"></email><row></row></feedback>", 0 },
	{ "hello <b> <feedback></feedback>", "<feedback></feedback>", MENDED_LEADING },
	{ "<feedback></feedback>\n-- \nfooter", "<feedback></feedback>", MENDED_TRAILING },
	{ "<feedback></feedback>\n\x1a", "<feedback></feedback>", MENDED_CONTROLS },
	{ "<feedback><record></record>", "<feedback><record></record></feedback>", MENDED_TAIL },
	{ "<feedback><record></record></feedb", "<feedback><record></record></feedback>", MENDED_TAIL },
	{ "<?xml version='1.0' encoding='klingon'?><feedback></feedback>", "<feedback></feedback>", MENDED_ENCODING },
	{ "<?xml version='1.0' encoding='utf-16'?><feedback></feedback>", "<feedback></feedback>", MENDED_ENCODING },
	{ "<FEEDBACK><Record></Record></FEEDBACK>", "<FEEDBACK><Record></Record></FEEDBACK>", 0 },
	{ "<?xml version='1.0' encoding='ISO-8859-15'?><feedback><email>\xa4</email></feedback>",
		"<feedback><email>\xe2\x82\xac</email></feedback>", 0 },
	{ "<feedback><email><![CDATA[a<b&c]]></email></feedback>", "<feedback><email>a&lt;b&amp;c</email></feedback>", 0 },
	{ "<feedback><email>&<![CDATA[\xe9]]></email></feedback>", "<feedback><email>&amp;\xc3\xa9</email></feedback>",
		MENDED_OCTETS | MENDED_REFERENCES },
	{ "<feedback><email/></feedback>", "<feedback><email></email></feedback>", 0 },
	{ "<feedback>&<new a='<'><dkim>pass</dkim><new/><new><p>x</p></new></new ><spf>fail</spf></feedback>",
		"<feedback>&amp;<new></new><spf>fail</spf></feedback>", MENDED_REFERENCES },
	{ "<feedback>&<v:dkim>pass</v:dkim><v:x/></feedback>", "<feedback>&amp;</feedback>", MENDED_REFERENCES },
	{ "<feedback>&<v:record><v:row></v:row></v:record></feedback>", "<feedback>&amp;<v.record></v.record></feedback>",
		MENDED_REFERENCES },
	{ "<n:feedback>&<n:new><n:p>x</n:p></n:new></n:feedback>", "<feedback>&amp;<new></new></feedback>", MENDED_REFERENCES },
	{ "<feedback>&<new><!-- </new> --><![CDATA[</new>]]><p>x</p></new></feedback>", "<feedback>&amp;<new></new></feedback>",
		MENDED_REFERENCES },
	{ "<feedback><email><new></email><p>x</p></new></feedback>",
		"<feedback><email>&lt;new&gt;</email><p>x</p>&lt;/new&gt;</feedback>", MENDED_MARKUP },
	{ "<feedback><email><new></email></feedback>", "<feedback><email>&lt;new&gt;</email></feedback>", MENDED_MARKUP },
	{ "<feedback><record><row>", NULL, 0 },
	{ "<feedback><record></record>\n <rec", NULL, 0 },
	{ "<feedback><record></record></rec", NULL, 0 },
	{ "<feedback><version>1.0</version>", NULL, 0 },
	{ "<feedback><version>1.0</version></feed", NULL, 0 },
	{ "no report", NULL, 0 },
	{ "", NULL, 0 },
	{ "<!DOCTYPE a []><feedback></feedback>", NULL, 0 },
};

static void test_recover(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
		for (size_t j = 0; j < DRIPS; j++) {
			struct drip_stream from = drip(span_of(defects[i].sent), drips[j]);
			struct recovering *r = recovering_new(&from.stream);
			struct buf read = read_all(recovering_stream(r));

			if (!defects[i].read)
				assert_non_null(recovering_stream(r)->fault);
			else
				assert_string_equal(buf_text(&read), defects[i].read);
			if (defects[i].read)
				assert_int_equal(recovering_mended(r), defects[i].mended);
			buf_release(&read);
			recovering_free(r);
		}
	}
	for (unsigned i = 0; i < MENDED_BITS; i++)
		assert_true(strlen(mended_sentence(1u << i)) > 0);
}

/* --- UTF-16 --- */

static struct buf wide(struct span text, bool big, bool mark)
{
	struct buf octets = BUF(1 << 16);

	if (mark)
		buf_put(&octets, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (size_t i = 0; i < text.n; i++)
		buf_put(&octets, (char[2]){ big ? '\0' : text.p[i], big ? text.p[i] : '\0' }, 2);
	return octets;
}

static void test_recover_wide(void **state)
{
	static const char sent[] = "\r\n<?xml version='1.0' encoding='UTF-16'?><feedback><email>a & b</email></feedback>";

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct buf octets = wide(span_of(sent), i & 1, i & 2);

		for (size_t j = 0; j < DRIPS; j++) {
			struct drip_stream from = drip(buf_span(&octets), drips[j]);
			struct recovering *r = recovering_new(&from.stream);
			struct buf read = read_all(recovering_stream(r));

			assert_string_equal(buf_text(&read), "<feedback><email>a &amp; b</email></feedback>");
			assert_int_equal(recovering_mended(r), MENDED_REFERENCES | MENDED_WIDE);
			buf_release(&read);
			recovering_free(r);
		}
		buf_release(&octets);
	}
}

static void test_widetext(void **state)
{
	/* a pair, a lone half of either kind, a last octet without its other */
	static const struct span sent = SPAN("\xff\xfe<\0\x3d\xd8\x00\xde""a\0\x00\xd8""b\0\x00\xdc""c\0d");

	(void)state;
	for (size_t j = 0; j < DRIPS; j++) {
		struct drip_stream from = drip(sent, drips[j]);
		struct widetext w;
		struct buf read;

		widetext_init(&w, &from.stream);
		read = read_all(&w.stream);
		assert_string_equal(buf_text(&read), "<\xf0\x9f\x98\x80""a\xef\xbf\xbd""b\xef\xbf\xbd""c");
		assert_true(widetext_was_wide(&w));
		buf_release(&read);
		widetext_release(&w);
	}
}

/* --- pieces of markup --- */

static const struct {
	const char *xml;
	size_t n, longest; /* 0: strlen */
} pieces[] = {
	{ "ab<c>defgh</c>", 0, 5 },
	{ "<a b='>>>>'>x</a>", 0, 12 },
	{ "<a b=\"'>'\">x</a>", 0, 11 },
	{ "<!-- > -- > -->x", 0, 15 },
	{ "<!-->xxxxxxxxxx-->", 0, 18 },
	{ "<?a > ? > ?>x", 0, 12 },
	{ "<![CDATA[ > ]> ]]>x", 0, 18 },
	{ "<![CDATA[ ]]]>x", 0, 14 },
	{ "\xff\xfe<\0a\0>\0x\0", 10, 3 },
	{ "\xff\xfe<\0a\0 \0\"\0\0>\0\"\"\0>\0", 18, 8 },
	{ "\xfe\xff\0<\0a\0>\0x", 10, 3 },
};

static void test_markup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct span all = { pieces[i].xml, pieces[i].n ? pieces[i].n : strlen(pieces[i].xml) };

		for (size_t j = 0; j < DRIPS; j++) {
			struct markup markup;

			markup_begin(&markup, all);
			for (size_t at = 0; at < all.n; at += drips[j])
				markup_add(&markup,
					(struct span){ all.p + at, all.n - at < drips[j] ? all.n - at : drips[j] });
			assert_int_equal(markup.longest, pieces[i].longest);
		}
	}
}

/* --- transfer encodings --- */

static struct buf decoded(const char *text, GMimeContentEncoding encoding)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text, strlen(text));
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, encoding);
	GMimePart *part = g_mime_part_new_with_type("application", "octet-stream");
	struct part_stream p;
	struct buf all;

	g_mime_part_set_content(part, content);
	assert_true(part_open(&p, part));
	all = read_all(p.decoded);
	part_close(&p);
	g_object_unref(content);
	g_object_unref(stream);
	g_object_unref(part);
	return all;
}

static void test_base64(void **state)
{
	static const struct {
		const char *sent, *read;
	} rows[] = {
		{ "aGVsbG8=", "hello" },
		{ "aGVsbG8", "hello" },
		{ "aGVs\r\n\r\n  bG8=\r\n", "hello" },
		{ "a G V s b G 8 =", "hello" },
		{ "aGk=aGk=", "hihi" },
		{ "aA==aGk=aGVsbG8=", "hhihello" },
		{ "aGVsbG8=\n--\nb", "hello" },
		{ "!!aGVsbG8!", "hello" },
		{ "aGVsbG", "hell" },
		{ "aGVsb", "hel" },
		{ "=", "" },
		{ "", "" },
		{ "<feedback/>", "<feedback/>" }, /* what says it is base64 and is not */
		{ "\xef\xbb\xbf\n <a>b</a>\n", "\xef\xbb\xbf\n <a>b</a>\n" },
		{ "PK\3\4hello", "PK\3\4hello" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf got = decoded(rows[i].sent, GMIME_CONTENT_ENCODING_BASE64);

		assert_string_equal(buf_text(&got), rows[i].read);
		buf_release(&got);
	}
}

/* A filter that swallows a whole chunk is not at its end. */
static void test_quoted_printable(void **state)
{
	struct buf text = BUF(1 << 20), got;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_put_text(&text, "=\n");
	buf_put_text(&text, "a=3Db\n");
	got = decoded(buf_text(&text), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	assert_string_equal(buf_text(&got), "a=b\n");
	buf_release(&got);
	buf_release(&text);
}

/* --- containers --- */

static void test_recognise(void **state)
{
	static const struct {
		struct span front;
		enum container_kind kind;
	} rows[] = {
		{ SPAN("\x1f\x8b\x08\0"), CONTAINER_DEFLATED },
		{ SPAN("x\x9c\xcbH\xcd\xc9\xc9\x07\0"), CONTAINER_DEFLATED },
		{ SPAN("BZh91AY&SY"), CONTAINER_ARCHIVE },
		{ SPAN("PK\3\4"), CONTAINER_ARCHIVE },
		{ SPAN("(See attached file)\n\nRegards\n"), CONTAINER_NONE },
		{ SPAN("(Sent from my telephone)\n"), CONTAINER_NONE },
		{ SPAN("HKT is used here\n"), CONTAINER_NONE },
		{ SPAN("XG, hC and 8O are words too\n"), CONTAINER_NONE },
		{ SPAN("x^2 + y^2 = z^2\n"), CONTAINER_NONE },
		{ SPAN("BZhang writes\n"), CONTAINER_NONE },
		{ SPAN("7z\n"), CONTAINER_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name;

		assert_int_equal(container_recognise(rows[i].front, &name), rows[i].kind);
	}
}

static void put_member(struct buf *out, const char *text)
{
	unsigned char packed[1024];
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (unsigned)strlen(text), .next_out = packed,
		.avail_out = sizeof packed };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_put(out, packed, sizeof packed - z.avail_out);
	deflateEnd(&z);
}

/* Reads `packed` in drips; NULL text means a fault. */
static void check_inflate(struct span packed, const char *text, uint64_t trailing)
{
	struct limits limits;

	limits_default(&limits);
	for (size_t d = 1; d <= packed.n; d++) {
		struct container_budget budget = { .limits = &limits };
		struct drip_stream from = drip(packed, d);
		struct inflating *i = inflating_new(&from.stream, &budget);
		struct buf read = read_all(inflating_stream(i));

		assert_int_equal(inflating_stream(i)->fault == NULL, text != NULL);
		if (text) {
			assert_string_equal(buf_text(&read), text);
			assert_int_equal(inflating_trailing(i), trailing);
		}
		buf_release(&read);
		inflating_free(i);
	}
}

static void test_gzip(void **state)
{
	struct buf packed = BUF(65536);
	size_t first;

	(void)state;
	put_member(&packed, "hello ");
	first = packed.n;
	check_inflate(buf_span(&packed), "hello ", 0);
	buf_put_text(&packed, "\n");
	check_inflate(buf_span(&packed), "hello ", 1);
	packed.n = first;
	buf_put(&packed, "\0\0\0\0\0", 5);
	check_inflate(buf_span(&packed), "hello ", 5);
	packed.n = first;
	buf_put_text(&packed, "\x1f");
	check_inflate(buf_span(&packed), "hello ", 1);
	packed.n = first;
	put_member(&packed, "world");
	check_inflate(buf_span(&packed), "hello world", 0);
	for (size_t cut = first + 2; cut < packed.n; cut++)
		check_inflate((struct span){ packed.p, cut }, NULL, 0);
	for (size_t cut = 1; cut < first; cut++)
		check_inflate((struct span){ packed.p, cut }, NULL, 0);
	packed.p[first - 5] ^= 1; /* in the checksum */
	check_inflate(buf_span(&packed), NULL, 0);
	buf_release(&packed);
}

/* A zip of one stored entry `a` with the text "hello", its directory and the directory's end (APPNOTE 4.3). */
static void put_zip(struct buf *out)
{
	static const char entry[] = "\x14\0\0\0\0\0\0\0\0\0\x86\xa6\x10\x36\5\0\0\0\5\0\0\0\1\0\0\0";

	buf_put(out, "PK\3\4", 4);
	buf_put(out, entry, sizeof entry - 1);
	buf_put_text(out, "ahello");
	buf_put(out, "PK\1\2\x14\0", 6);
	buf_put(out, entry, sizeof entry - 1);
	buf_put(out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0a", 15);
	buf_put(out, "PK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\x24\0\0\0\0\0", 22);
}

/* Reads `packed` in drips; NULL text means a fault. */
static void check_unpack(struct span packed, const char *text)
{
	struct limits limits;

	limits_default(&limits);
	for (size_t d = 2; d <= packed.n; d++) { /* the first two octets say that it is a zip */
		struct container_budget budget = { .limits = &limits };
		struct drip_stream from = drip(packed, d);
		struct unpacking *u = unpacking_new(&from.stream, &budget);
		bool fatal;

		assert_int_equal(unpacking_next(u, &fatal), 1);
		struct buf read = read_all(unpacking_stream(u));

		assert_string_equal(buf_text(&read), "hello");
		assert_int_equal(unpacking_next(u, &fatal), text ? 0 : -1);
		buf_release(&read);
		unpacking_free(u);
	}
}

static void test_zip(void **state)
{
	struct buf packed = BUF(65536);

	(void)state;
	put_zip(&packed);
	check_unpack(buf_span(&packed), "hello");
	buf_put_text(&packed, "PK is how a comment may begin");
	check_unpack(buf_span(&packed), "hello");
	buf_clear(&packed);
	put_zip(&packed);
	packed.n -= 19; /* in the middle of the signature that ends the directory */
	check_unpack(buf_span(&packed), NULL);
	buf_release(&packed);
}

/* --- charsets --- */

static void test_charset(void **state)
{
	(void)state;
	assert_true(charset_allows(SPAN("plain text")));
	assert_true(charset_allows(SPAN("=?utf-8?q?a?= =?ISO-2022-JP?b?Gw==?=")));
	assert_true(charset_allows(SPAN("=?utf-8*en?q?a?=")));
	assert_true(charset_allows(SPAN("x; name*=utf-8''a; y")));
	assert_true(charset_allows(SPAN("=? no word")));
	assert_false(charset_allows(SPAN("=?utf-8?q?a?= =?ebcdic-us?q?a?=")));
	assert_false(charset_allows(SPAN("x; name*=ibm037''a")));
	assert_true(charset_declared(SPAN("<?xml version=\"1.0\"?><feedback")));
	assert_true(charset_declared(SPAN("<?xml version='1.0' encoding = 'windows-1252' ?>")));
	assert_true(charset_declared(SPAN("<?xml version='1.0' encoding='utf-8'?>")));
	assert_false(charset_declared(SPAN("<?xml version='1.0' encoding='UCS-2'?>")));
	assert_true(charset_declared(SPAN("<?xml version='1.0' encoding='shift_jis'?>")));
	assert_false(charset_declared(SPAN("<?xml version='1.0' encoding='ISO-2022-JP'?>")));
	assert_false(charset_declared(SPAN("<?xml version='1.0' encoding='UTF-7'?>")));
	assert_false(charset_declared(SPAN("<?xml version='1.0' encoding=''?>")));
	assert_false(charset_declared(SPAN("<?xml version='1.0' enc")));
}

/* --- fields of failure reports --- */

static struct parser *parser;
static struct feedback *feedback;

static int reading_begin(void **state)
{
	struct limits limits;

	(void)state;
	limits_default(&limits);
	limits.fields = 4;
	parse_warm();
	parser = parser_new(&limits);
	feedback = feedback_new(1 << 20);
	return parser && feedback ? 0 : -1;
}

static int reading_end(void **state)
{
	(void)state;
	parser_free(parser);
	feedback_free(feedback);
	return 0;
}

static struct reading reading_new(void)
{
	return (struct reading){ .parser = parser, .limits = &parser->limits, .feedback = feedback, .place = BUF(4096) };
}

static void assert_span(struct span got, const char *want)
{
	if (!span_is(got, span_of(want)))
		fail_msg("got `%.*s`, want `%s`", (int)got.n, got.p ? got.p : "", want);
}

static void test_fields(void **state)
{
	struct reading r = reading_new();
	struct failure f;

	(void)state;
	assert_true(failurereport_fields(&r, SPAN("Feedback-Type: auth-failure\r\n\r\nno field\rSOURCE-ip : 192.0.2.1 (x)\r\n"
						  "Auth-Failure: a\r\n\t b \r\n  c\r\n"), &f));
	assert_int_equal(f.fields_n, 3);
	assert_span(f.fields[0].name, "feedback-type");
	assert_span(f.fields[1].name, "source-ip");
	assert_span(f.fields[1].value, "192.0.2.1 (x)");
	assert_span(f.fields[2].value, "a b c");
	failurereport_check(&r, &f, 1234);
	assert_true(f.dmarc && f.has_address);
	assert_int_equal(f.arrived, 1234);
	assert_int_equal(f.incidents, 1);
	assert_true(failurereport_fields(&r, SPAN("A: 1\nB: 2\nC: 3\nD: 4\nE: 5\n"), &f));
	assert_int_equal(f.fields_n, 4);
	assert_int_equal(r.sums.problems > 0, 1);
	assert_false(failurereport_fields(&r, SPAN("nothing here\n: neither\n"), &f));
	buf_release(&parser->scratch); /* as a mail before has left it, of which only the first octets were looked at */
	parser->scratch.max = 8;
	assert_true(failurereport_fields(&r, SPAN("Subject: one line\n and another\n"), &f));
	assert_span(f.fields[0].value, "one line and another");
	assert_true(failurereport_recognise(SPAN("x\nfeedback-type: abuse\n")));
	assert_false(failurereport_recognise(SPAN("x feedback-type: abuse\n")));
}

static void test_notice(void **state)
{
	struct reading r = reading_new();
	struct failure f;

	(void)state;
	assert_true(failurereport_notice(&r, SPAN("A message has failed the published DMARC policy\n\n Sender Domain: example.com\n"
						  "Sender IP Address: 192.0.2.7\nSender Domain: other.example\n"), &f));
	failurereport_check(&r, &f, 0);
	assert_true(f.plain_text && f.dmarc && f.has_address);
	assert_span(f.reported_domain, "example.com");
	assert_true(failurereport_notice(&r, SPAN("has failed\nthe published\n\nSender Domain: example.com\n"
						  "Sender IP Address: 192.0.2.7\nSPF Alignment: no\n"), &f));
	assert_false(failurereport_notice(&r, SPAN("failed the published policy\nSender Domain: example.com\n"), &f));
	assert_false(failurereport_notice(&r, SPAN("Sender Domain: example.com\nSender IP Address: 192.0.2.7\n"), &f));
	assert_true(failurereport_prose(&r, SPAN("This is a spf/dkim authentication-failure report for an email message received\r\n"
						 "from IP\r\n192.0.2.8 on\r\nSat, 07 Nov 2026 10:00:00 +0000.\r\nBelow\r\n"), &f));
	failurereport_check(&r, &f, 5);
	assert_true(f.dmarc && f.plain_text && f.has_address);
	assert_span(f.source_ip, "192.0.2.8");
	assert_int_equal(f.arrived, 1794045600);
	assert_true(failurereport_prose(&r, SPAN("An authentication failure report: from IP 2001:db8::1"), &f));
	failurereport_check(&r, &f, 5);
	assert_int_equal(f.arrived, 5);
	assert_false(failurereport_prose(&r, SPAN("an authentication failure report about nothing"), &f));
	assert_false(failurereport_prose(&r, SPAN("an authentication failure report received from IP x on Monday"), &f));
	assert_false(failurereport_prose(&r, SPAN("a report for a message received from IP 192.0.2.8 on Monday"), &f));
}

/* RFC 8601 2.2 and appendix B; the comments, the missing authserv-id and the order are as seen. */
static void test_authresults(void **state)
{
	static const struct {
		const char *value, *id;
		bool dkim, spf, refused;
	} rows[] = {
		{ " mx.example.org; none", "mx.example.org", false, false, false },
		{ " mx.example.org 1; dkim=pass header.d=reporter.example", "mx.example.org", true, false, false },
		{ "mx.example.org; dkim=pass (2048-bit key; \"unprotected\") header.i=@Mail.Reporter.example header.b=\"a/+=\"",
			"mx.example.org", true, false, false },
		{ "mx.example.org;\r\n dkim=fail header.d=reporter.example;\r\n\tspf=pass smtp.mailfrom=a@reporter.example",
			"mx.example.org", false, true, false },
		{ "\"mx.example.org\" (a (nested; comment) here); spf = pass smtp.mailfrom = reporter.example", "mx.example.org",
			false, true, false },
		{ "mx.example.org; dkim/1=PASS header.d=reporter.example", "mx.example.org", true, false, false },
		{ "mx.example.org; dkim (x) / 1 (y) = (z) pass header.d=reporter.example", "mx.example.org", true, false, false },
		{ "mx.example.org; dkim/ 1 = pass header.d=reporter.example", "mx.example.org", true, false, false },
		{ "mx.example.org; dmarc=fail (p=REJECT sp=none dis=none) header.from=reporter.example", "mx.example.org", false,
			false, true },
		{ "mx.example.org; dmarc=fail policy.dmarc=quarantine", "mx.example.org", false, false, true },
		{ "mx.example.org; dmarc=fail (policy=reject)", "mx.example.org", false, false, true },
		/* what is no proof */
		{ "mx.example.org; dmarc=fail (p=none sp=reject dis=none)", "mx.example.org", false, false, false },
		{ "mx.example.org; dmarc=pass (p=reject dis=none)", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim=pass header.d=other.example", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim=pass", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim=pass header.d=", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim=passed header.d=reporter.example", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim/2=pass header.d=reporter.example", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim / 2 = pass header.d=reporter.example", "mx.example.org", false, false, false },
		{ "mx.example.org; dkim/=pass header.d=reporter.example", "mx.example.org", false, false, false },
		{ "mx.example.org; (dkim=pass header.d=reporter.example)", "mx.example.org", false, false, false },
		{ "mx.example.org; x=\"; dkim=pass header.d=reporter.example\"", "mx.example.org", false, false, false },
		{ "mx.example.org; spf=pass smtp.helo=reporter.example", "mx.example.org", false, false, false },
		{ "mx.example.org 2; dkim=pass header.d=reporter.example", NULL, false, false, false },
		{ "mx.example.org 1 more; dkim=pass header.d=reporter.example", NULL, false, false, false },
		{ "dkim=pass header.d=reporter.example", NULL, false, false, false },
		{ "dmarc = fail (p=reject)", NULL, false, false, false },
		{ "", NULL, false, false, false },
		{ ";", NULL, false, false, false },
		{ "(", NULL, false, false, false },
		{ "mx.example.org; dkim=pass (header.d=reporter.example", "mx.example.org", false, false, false },
		{ "mx.example.org; = ; dkim= ; =pass; \\", "mx.example.org", false, false, false },
	};
	struct arena arena = ARENA(100000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct authresults got = authresults_read(span_of(rows[i].value), SPAN("dmarc.reporter.example"), &arena);

		if (!span_is(got.authserv_id, rows[i].id ? span_of(rows[i].id) : SPAN_ABSENT) || got.dkim != rows[i].dkim ||
			got.spf != rows[i].spf || got.refused != rows[i].refused)
			fail_msg("%s: %.*s %d %d %d", rows[i].value, (int)got.authserv_id.n, got.authserv_id.p, got.dkim, got.spf,
				got.refused);
	}
	arena_release(&arena);
}

static void test_authresults_said(void **state)
{
	static const struct {
		const char *value;
		enum authsaid said;
	} rows[] = {
		{ "mx.example.org; dmarc=fail header.from=example.com", AUTHSAID_OTHER },
		{ "dmarc=fail (p=none; dis=none) header.from=example.com", AUTHSAID_OTHER },
		{ "mx.example.org 1; dmarc=pass", AUTHSAID_PASS },
		{ "mx.example.org (a; b) 1 (c); dmarc (d) / 1 (e) = (f) pass", AUTHSAID_PASS },
		{ "mx.example.org behind it; dmarc=pass", AUTHSAID_PASS },
		{ "mx.example.org 2; dmarc=pass", AUTHSAID_NOTHING },
		{ "mx.example.org (a) 12 (b); dmarc=fail", AUTHSAID_NOTHING },
		{ "mx.example.org; dmarc/2=pass", AUTHSAID_NOTHING },
		{ "mx.example.org; none", AUTHSAID_NOTHING },
		{ "", AUTHSAID_NOTHING },
	};
	struct arena arena = ARENA(100000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (authresults_said(span_of(rows[i].value), SPAN("dmarc"), &arena) != rows[i].said)
			fail_msg("%s", rows[i].value);
	arena_release(&arena);
}

/* --- values --- */

static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
		bool is, whole;
	} rows[] = {
		{ "4", 4, true, true },
		{ "+4", 4, true, true },
		{ "0004", 4, true, true },
		{ "4.", 4, true, true },
		{ "4.0", 4, true, true },
		{ "4.5", 4, true, false },
		{ "4e0", 4, true, true },
		{ "1.7939232e+09", 1793923200, true, true },
		{ "1.7939232E9", 1793923200, true, true },
		{ "1.79392320015e9", 1793923200, true, false },
		{ "18446744073709551615", UINT64_MAX, true, true },
		{ "18446744073709551616", 0, false, false },
		{ "1e20", 0, false, false },
		{ "1e99", 0, false, false },
		{ "1.793.923.200", 0, false, false },
		{ "1,793", 0, false, false },
		{ "-4", 0, false, false },
		{ "++4", 0, false, false },
		{ ".5", 0, false, false },
		{ ".", 0, false, false },
		{ "e5", 0, false, false },
		{ "4e", 0, false, false },
		{ "4e-1", 0, false, false },
		{ "4 ", 0, false, false },
		{ "0x4", 0, false, false },
		{ "00000000000000000000000000000000000000001", 0, false, false },
		{ "", 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t number = 0;
		bool whole = false;

		assert_int_equal(reading_number(span_of(rows[i].text), UINT64_MAX, &number, &whole), rows[i].is);
		if (rows[i].is) {
			assert_true(number == rows[i].number);
			assert_int_equal(whole, rows[i].whole);
		}
	}
	assert_false(reading_number(SPAN("9223372036854775808"), INT64_MAX, &(uint64_t){ 0 }, &(bool){ false }));
}

static void test_moment(void **state)
{
	static const char *const same[] = { "Fri, 06 Nov 2026 00:00:00 +0000", "6 November 2026 02:00 +02:00",
		"Thu, 5 Nov 2026 16:00:00 PST", "2026-11-06", "2026-11-06T00:00:00Z", "2026-11-06T00:00:00.0000000+00:00",
		"2026-11-06 00:00:00 UTC", "2026-11-06 00:00:00 +0000 UTC", "2026-11-06 08:00:00+0800", "Fri Nov  6 00:00:00 2026",
		"Fri Nov 6 00:00:00 UTC 2026", "1793923200", "2026/11/06 00:00:00", "2026/11/06 09:00:00 +0900", "20261106T000000Z",
		"20261106000000", "Fri, 06 Nov 2026 02:00:00 GMT+0200", "Thu, 05 Nov 2026 19:00:00 UTC-05:00" };
	static const char *const none[] = { "", "Fri", "Nov 6", "Fri Nov  6 00:00:00", "Fri Nov 6 00:00:00 2026 x", "06/11/2026", "2026/11/06",
		"2026/1106 00:00:00", "20261306T000000Z", "20261106T0000", "2026/11/06T00:00:00",
		"2026-11-06 00:00:00 XYZ", "2026-13-06", "%{date}" };

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		int64_t moment = 0;

		assert_true(moment_parse_any(span_of(same[i]), &moment));
		assert_int_equal(moment, 1793923200);
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(moment_parse_any(span_of(none[i]), &(int64_t){ 0 }));
}

static void test_address(void **state)
{
	static const struct {
		const char *text, *address; /* NULL: none */
		bool ornate;
	} rows[] = {
		{ "192.0.2.10", "192.0.2.10", false },
		{ " [192.0.2.10] ", "192.0.2.10", false },
		{ "::FFFF:192.0.2.10", "192.0.2.10", false },
		{ "192.0.2.10:25", "192.0.2.10", true },
		{ "[192.0.2.10]:25", "192.0.2.10", true },
		{ "192.0.2.10/32", "192.0.2.10", true },
		{ "192.0.2.10 (host.example)", "192.0.2.10", true },
		{ "192.0.2.10(host.example)", "192.0.2.10", true },
		{ "IPv4:192.0.2.10", "192.0.2.10", true },
		{ "2001:db8::1%eth0", "2001:db8::1", true },
		{ "2001:db8::1/128", "2001:db8::1", true },
		{ "[2001:db8::1]:25", "2001:db8::1", true },
		{ "host.example [192.0.2.10]", "192.0.2.10", true },
		{ "host.example [IPv6:2001:db8::1] (may be forged)", "2001:db8::1", true },
		{ "\"192.0.2.10\"", "192.0.2.10", true },
		{ "192.0.2.11 [192.0.2.10]", NULL, false },
		{ "[192.0.2.11] [192.0.2.10]", NULL, false },
		{ "host.example [x]", NULL, false },
		{ "host.example [192.0.2.10", NULL, false },
		{ "\"", NULL, false },
		{ "192.0.2.10/24", NULL, false },
		{ "2001:db8::1/64", NULL, false },
		{ "[192.0.2.10]x", NULL, false },
		{ "192.0.2.10, 192.0.2.11", NULL, false },
		{ "192.0.2.10 192.0.2.11", NULL, false },
		{ "host.example (192.0.2.10)", NULL, false },
		{ "192.000.002.010", NULL, false },
		{ "x.x.x.x", NULL, false },
		{ "(", NULL, false },
		{ "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[ADDRESS_TEXT];
		struct address address;
		bool ornate;

		assert_int_equal(address_parse_ornate(span_of(rows[i].text), &address, &ornate), rows[i].address != NULL);
		if (!rows[i].address)
			continue;
		assert_string_equal(address_format(&address, text), rows[i].address);
		assert_int_equal(ornate, rows[i].ornate);
	}
}

static void test_mail_begins(void **state)
{
	(void)state;
	assert_true(message_begins(SPAN("From: a@b.example\nTo: c@d.example\nSubject: x\n\nHello\n")));
	assert_true(message_begins(SPAN("Received: by x\r\n for y\r\nDate: z\r\nfrom: a@b.example\r\n")));
	assert_false(message_begins(SPAN("From: a@b.example\nTo: c@d.example\n")));
	assert_false(message_begins(SPAN("To: a@b.example\nSubject: x\nDate: y\n\nFrom: z\n")));
	assert_false(message_begins(SPAN("Hello: world\n")));
	assert_false(message_begins(SPAN("")));
	assert_true(message_parts_begin(SPAN("preamble\n--b\nContent-Type: text/plain\n\nx\n")));
	assert_true(message_parts_begin(SPAN("--b\r\ncontent-transfer-encoding: base64\r\n")));
	assert_false(message_parts_begin(SPAN("--b\nHello\n")));
	assert_false(message_parts_begin(SPAN("--\nContent-Type: x\n")));
	assert_false(message_parts_begin(SPAN("--a\"b\nContent-Type: x\n")));
	assert_false(message_parts_begin(SPAN("-- \nContent with the dash\n")));
	assert_false(message_parts_begin(SPAN("")));
}

/* Below the field of the source, 192.0.2.9, one field and a signature that covers both: who handed it over? */
static const struct {
	const char *below, *hops;
} traces[] = {
	{ "from a.example (a.example [198.51.100.7]) by mx.example ([203.0.113.1]) with ESMTP", "198.51.100.7!;0" },
	{ "from a.example (a.example [198.51.100.7])\r\n\tby mx.example ([203.0.113.1])\r\n\twith ESMTP", "198.51.100.7!;0" },
	{ "from a.example ([198.51.100.7])\r\n\tBY\r\n\tmx.example ([203.0.113.1])", "198.51.100.7!;0" },
	{ "from standby.example ([198.51.100.7]) by mx.example", "198.51.100.7!;0" },
	{ "by mx.example ([203.0.113.1]) with HTTP", NULL },
	{ "from [10.0.0.1] (a.example [198.51.100.7]) by mx.example", "198.51.100.7!;0" },
	{ "from [10.0.0.1] (198.51.100.7) by mx.example (203.0.113.1) with Microsoft SMTP Server", "198.51.100.7!;0" },
	{ "from unknown (HELO [10.0.0.1]) (198.51.100.7) by mx.example", "198.51.100.7!;0" },
	{ "from unknown (HELO [10.0.0.1]) by mx.example", NULL },
	{ "from a.example ([198.51.100.7]:1025 helo=[10.0.0.1]) by mx.example", "198.51.100.7!;0" },
	{ "from a.example ([IPv6:2001:db8::7]) by mx.example", "2001:db8::7!;0" },
	{ "from a.example ([198.51.100.7) by mx.example", NULL },
	{ "from a.example by mx.example", NULL },
};

static void trace_of(struct reading *r, const char *header, struct failure *f)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(header, strlen(header));
	GMimeParser *mime = g_mime_parser_new_with_stream(stream);
	GMimeMessage *sample = g_mime_parser_construct_message(mime, NULL);

	*f = (struct failure){ .has_address = true };
	assert_true(address_parse(SPAN("192.0.2.9"), &f->address));
	sampletrace_read(r, sample, f);
	g_object_unref(sample);
	g_object_unref(mime);
	g_object_unref(stream);
}

static void test_trace(void **state)
{
	struct reading r = reading_new();
	struct failure f;
	char header[1000];

	(void)state;
	for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
		snprintf(header, sizeof header,
			"Received: from b.example ([192.0.2.9]) by border.example\r\nReceived: %s\r\n"
			"DKIM-Signature: v=1; h=From : Received:\r\n\treceived; b=x\r\nFrom: x@a.example\r\n\r\n",
			traces[i].below);
		trace_of(&r, header, &f);
		assert_false(f.sample_starts || f.sample_relayed);
		assert_span(f.sample_hops, traces[i].hops);
	}
	/* who received is not who sent */
	trace_of(&r, "Received: from c.example ([198.51.100.7])\r\n\tby b.example ([192.0.2.9])\r\n\r\n", &f);
	assert_false(f.sample_starts);
	trace_of(&r, "Received: from b.example (b.example [192.0.2.9])\r\n\tby border.example\r\nList-Id: <l>\r\n\r\n", &f);
	assert_true(f.sample_starts && f.sample_relayed);
	assert_null(f.sample_hops.p);
	/* two signatures, of which the second covers the lowest field only; the first field of the three is nobody's to say */
	trace_of(&r, "Received: from e.example ([198.51.100.9]) by d.example\r\nReceived: from d.example ([198.51.100.8]) by c.example\r\n"
		     "Received: from c.example ([198.51.100.7]) by b.example\r\nDKIM-Signature: h=received:received\r\n"
		     "DKIM-Signature: h=received; b=h=received:received:received\r\n\r\n", &f);
	assert_span(f.sample_hops, "198.51.100.8;0 198.51.100.7;0,1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recover),
		cmocka_unit_test(test_recover_wide),
		cmocka_unit_test(test_widetext),
		cmocka_unit_test(test_markup),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_recognise),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_zip),
		cmocka_unit_test(test_charset),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_moment),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_mail_begins),
		cmocka_unit_test(test_authresults),
		cmocka_unit_test(test_authresults_said),
		cmocka_unit_test_setup_teardown(test_fields, reading_begin, reading_end),
		cmocka_unit_test_setup_teardown(test_notice, reading_begin, reading_end),
		cmocka_unit_test_setup_teardown(test_trace, reading_begin, reading_end),
	};

	message_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
