/* DKIM: canonical forms, tag lists, key records, the examples of RFC 6376 and RFC 8463, and what was done to them. */
#include "base/moment.h"
#include "parse/dkim/canon.h"
#include "parse/dkim/diagnose.h"
#include "parse/dkim/keyrecord.h"
#include "parse/dns/orgdomain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_span(struct span got, const char *want)
{
	if (!span_is(got, span_of(want)))
		fail_msg("got `%.*s`, want `%s`", (int)got.n, got.p ? got.p : "", want);
}

/* ---- canonical forms ---- */

static void header_canon(void **state)
{
	static const struct {
		const char *raw, *relaxed;
	} rows[] = {
		{ "A: X", "a:X" }, /* RFC 6376 3.4.5 */
		{ "B : Y\t\r\n\tZ  ", "b:Y Z" },
		{ "Subject:", "subject:" },
		{ "Subject:\r\n folded at once", "subject:folded at once" },
		{ "X: a \r\n \r\n b", "x:a b" },
		{ "X: bare\rCR", "x:bare\rCR" },
		{ "X: gr\xc3\xbc\xc3\x9f"
		  "e\xa0",
			"x:gr\xc3\xbc\xc3\x9f"
			"e\xa0" },
	};
	struct buf out = BUF(1000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_clear(&out);
		assert_true(canon_header(&out, CANON_RELAXED, span_of(rows[i].raw)));
		assert_span(buf_span(&out), rows[i].relaxed);
		buf_clear(&out);
		assert_true(canon_header(&out, CANON_SIMPLE, span_of(rows[i].raw)));
		assert_span(buf_span(&out), rows[i].raw);
	}
	buf_release(&out);
}

static void body_take(void *arg, const char *octets, size_t n)
{
	buf_put(arg, octets, n);
}

static void body_canon(void **state)
{
	static const struct {
		const char *raw, *simple, *relaxed;
	} rows[] = {
		{ " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n" }, /* RFC 6376 3.4.5 */
		{ "", "\r\n", "" },
		{ "\r\n\r\n", "\r\n", "" },
		{ "no end", "no end\r\n", "no end\r\n" },
		{ "x\r\n \t\r\n", "x\r\n \t\r\n", "x\r\n" },
		{ "x\r\n \r\ny", "x\r\n \r\ny\r\n", "x\r\n\r\ny\r\n" },
		{ "bare\rCR\r", "bare\rCR\r\r\n", "bare\rCR\r\r\n" },
		{ "a\r\r\n", "a\r\r\n", "a\r\r\n" },
		{ "  \t ", "  \t \r\n", "" },
	};
	struct buf out = BUF(1000);
	struct canon_body body;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int relaxed = 0; relaxed < 2; relaxed++)
			for (size_t step = 1; step < 4; step++) {
				size_t n = strlen(rows[i].raw);

				buf_clear(&out);
				canon_body_begin(&body, relaxed ? CANON_RELAXED : CANON_SIMPLE, body_take, &out);
				for (size_t at = 0; at < n; at += step)
					canon_body_add(&body, rows[i].raw + at, step < n - at ? step : n - at);
				canon_body_end(&body);
				assert_span(buf_span(&out), relaxed ? rows[i].relaxed : rows[i].simple);
			}
	buf_release(&out);
}

static void line_ends(void **state)
{
	struct canon_lines lines = { 0 };
	struct buf out = BUF(1000);
	const char *raw = "a\nb\r\nc\rd\n\n";

	(void)state;
	for (const char *p = raw; *p; p++)
		canon_lines_add(&lines, p, 1, body_take, &out);
	assert_span(buf_span(&out), "a\r\nb\r\nc\rd\r\n\r\n");
	buf_release(&out);
}

/* ---- tag lists ---- */

static void tag_lists(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{ "a=1; b=2", NULL },
		{ "a=1; b=2;", NULL },
		{ "a=1;\r\n\t", NULL },
		{ " a =\r\n 1 ; b = ", NULL },
		{ "", "empty tag-spec" },
		{ "a=1;;b=2", "empty tag-spec" },
		{ ";a=1", "empty tag-spec" },
		{ "a=1; b", "tag without \"=\"" },
		{ "a=1; a=2", "duplicate tag" },
		{ "a=1; A=2", NULL },
		{ "x-y=1", "bad tag name" },
		{ "1a=1", "bad tag name" },
		{ "a=\x01", "bad octet in the value of" },
		{ "a=x\ry", "bad octet in the value of" },
		{ "a=\xc3\xa4", NULL },
		{ "a=\xc3", "bad octet in the value of" },
	};
	struct taglist list;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		taglist_parse(span_of(rows[i].text), true, &list);
		if (rows[i].fault)
			assert_string_equal(list.fault, rows[i].fault);
		else
			assert_null(list.fault);
	}
	assert_false(taglist_parse(SPAN("a=\xc3\xa4"), false, &list));
	assert_true(taglist_parse(SPAN(" z = a b ; bh=x"), false, &list));
	assert_span(taglist_value(&list, "z"), "a b");
	assert_span(taglist_find(&list, "z")->raw, " a b ");
	assert_null(taglist_find(&list, "h"));
	assert_true(taglist_has_member(SPAN("sha1 : sha256"), "sha256"));
	assert_false(taglist_has_member(SPAN("emailx"), "email"));
}

/* ---- key records ---- */

#define P1024                                                                                                   \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/" \
	"byYzCNb3W91y3Fut"                                                                                      \
	"ACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
#define PEDWARDS "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void key_records(void **state)
{
	static const struct {
		const char *text;
		enum key_type wanted;
		bool sha1, subdomain;
		enum dkim_reason reason;
		uint32_t bits;
	} rows[] = {
		{ "v=DKIM1; p=" P1024, KEY_RSA, false, false, DKIM_REASON_OK, 1024 },
		{ "k=rsa; p=" P1024, KEY_RSA, false, false, DKIM_REASON_OK, 1024 },
		{ "v=DKIM1; k=ed25519; p=" PEDWARDS, KEY_ED25519, false, false, DKIM_REASON_OK, 256 },
		{ "v=DKIM1; p=" PEDWARDS, KEY_RSA, false, false, DKIM_REASON_KEY_SYNTAX, 0 },
		{ "v=DKIM1; k=ed25519; p=" PEDWARDS, KEY_RSA, false, false, DKIM_REASON_KEY_TYPE_MISMATCH, 256 },
		{ "v=DKIM1; k=dsa; p=" P1024, KEY_RSA, false, false, DKIM_REASON_UNSUPPORTED_KEY_TYPE, 0 },
		{ "p=" P1024 "; v=DKIM1", KEY_RSA, false, false, DKIM_REASON_KEY_SYNTAX, 0 },
		{ "v=DKIM1.0; p=" P1024, KEY_RSA, false, false, DKIM_REASON_KEY_SYNTAX, 0 },
		{ "v=DKIM1; p=", KEY_RSA, false, false, DKIM_REASON_REVOKED_KEY, 0 },
		{ "v=DKIM1", KEY_RSA, false, false, DKIM_REASON_KEY_SYNTAX, 0 },
		{ "v=DKIM1; p=!" P1024, KEY_RSA, false, false, DKIM_REASON_KEY_SYNTAX, 0 },
		{ "v=DKIM1; h=sha1; p=" P1024, KEY_RSA, false, false, DKIM_REASON_HASH_NOT_ALLOWED, 1024 },
		{ "v=DKIM1; h=sha256; p=" P1024, KEY_RSA, true, false, DKIM_REASON_HASH_NOT_ALLOWED, 1024 },
		{ "v=DKIM1; h=x : sha256; p=" P1024, KEY_RSA, false, false, DKIM_REASON_OK, 1024 },
		{ "v=DKIM1; s=other; p=" P1024, KEY_RSA, false, false, DKIM_REASON_SERVICE_NOT_ALLOWED, 1024 },
		{ "v=DKIM1; s=other:email; p=" P1024, KEY_RSA, false, false, DKIM_REASON_OK, 1024 },
		{ "v=DKIM1; t=y:s; p=" P1024, KEY_RSA, false, true, DKIM_REASON_STRICT_IDENTITY, 1024 },
		{ "v=DKIM1; t=y:s; p=" P1024, KEY_RSA, false, false, DKIM_REASON_OK, 1024 },
		{ "google-site-verification=abc", KEY_RSA, false, false, DKIM_REASON_KEY_SYNTAX, 0 },
	};
	struct arena arena = ARENA(1 << 20);
	struct key_record record;
	struct span detail;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum dkim_reason reason;

		keyrecord_parse(span_of(rows[i].text), &arena, &record);
		reason = keyrecord_serves(&record, rows[i].wanted, rows[i].sha1, rows[i].subdomain, &arena, &detail);
		if (reason != rows[i].reason || record.bits != rows[i].bits)
			fail_msg("%s: %s, %u bits", rows[i].text, dkim_reason_rows[reason].word, record.bits);
	}
	keyrecord_parse(SPAN("v=DKIM1; t=y; g=a*z; p=" P1024 "; x=1"), &arena, &record);
	assert_true(record.testing);
	assert_true(keyrecord_granted(&record, SPAN("abcz")));
	assert_true(keyrecord_granted(&record, SPAN("az")));
	assert_false(keyrecord_granted(&record, SPAN("a")));
	assert_false(keyrecord_granted(&record, SPAN("Abcz")));
	keyrecord_parse(SPAN("g=; p=" P1024), &arena, &record);
	assert_false(keyrecord_granted(&record, SPAN("")));
	arena_release(&arena);
}

/* ---- the examples of the standards ---- */

#define RFC8463_HEAD                                                      \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"   \
	" d=football.example.com; i=@football.example.com;\r\n"           \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"         \
	" subject : date : message-id : from : subject : date;\r\n"       \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"           \
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n" \
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"                           \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"       \
	" d=football.example.com; i=@football.example.com;\r\n"           \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"   \
	" date : message-id : from : subject : date;\r\n"                 \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"           \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n" \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n" \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
#define FROM "From: Joe SixPack <joe@football.example.com>\r\n"
#define TO "To: Suzie Q <suzie@shopping.example.net>\r\n"
#define REST                                              \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n"
#define BODY "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
#define RFC8463 RFC8463_HEAD FROM TO "Subject: Is dinner ready?\r\n" REST BODY

/* RFC 6376 A.2 with the two corrections without which its printed text does not verify (six spaces, one space after
 * "game."). */
#define RFC6376                                                                                        \
	"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"                            \
	"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"                            \
	"      h=Received : From : To : Subject : Date : Message-ID;\r\n"                              \
	"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"                                   \
	"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"                             \
	"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"                               \
	"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"                               \
	"      4bmp/YzhwvcubU4=;\r\n"                                                                  \
	"Received: from client1.football.example.com  [192.0.2.1]\r\n"                                 \
	"      by submitserver.example.com with SUBMISSION;\r\n"                                       \
	"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" FROM TO "Subject: Is dinner ready?\r\n" REST \
	"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"

static const struct {
	const char *name, *record;
} published[] = {
	{ "brisbane._domainkey.football.example.com", "v=DKIM1; k=ed25519; p=" PEDWARDS },
	{ "test._domainkey.football.example.com", "v=DKIM1; k=rsa; p=" P1024 },
	{ "brisbane._domainkey.example.com",
		"v=DKIM1; "
		"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"
		"zYtIxN2SnFCjxOCKG9v3b4jYf"
		"cTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"
		"NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQ"
		"AB" },
};

static void published_ask(void *arg, struct span name, struct dkim_answer *answer)
{
	static struct span record;

	(void)arg;
	answer->kind = DKIM_ANSWER_NXDOMAIN;
	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
		if (span_is(name, span_of(published[i].name))) {
			record = span_of(published[i].record);
			*answer = (struct dkim_answer){ DKIM_ANSWER_RECORDS, &record, 1 };
		}
}

static void judge(struct dkim *dkim, const char *message, struct dkim_verdicts *verdicts)
{
	dkim_begin(dkim);
	assert_true(dkim_feed(dkim, message, strlen(message)));
	assert_true(dkim_end(dkim));
	dkim_ask(dkim, published_ask, NULL);
	assert_true(dkim_verdicts(dkim, MOMENT_NONE, verdicts));
	assert_true(dkim_diagnose(dkim, span_of(message), NULL, NULL, verdicts));
}

static int with_dkim(void **state)
{
	static const struct dkim_options options = { .aligned = domain_aligned };

	*state = dkim_new(&options);
	return *state ? 0 : -1;
}

static int without_dkim(void **state)
{
	dkim_free(*state);
	return 0;
}

static void rfc8463_example(void **state)
{
	struct dkim_verdicts verdicts;

	judge(*state, RFC8463, &verdicts);
	assert_int_equal(verdicts.n, 2);
	assert_int_equal(verdicts.result, DKIM_PASS);
	assert_span(verdicts.from_domain, "football.example.com");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(verdicts.signatures[i].reason, DKIM_REASON_OK);
		assert_int_equal(verdicts.signatures[i].strict, DKIM_ALIGNED_YES);
		assert_int_equal(verdicts.signatures[i].body_length, 54);
	}
	assert_int_equal(verdicts.signatures[0].key_bits, 256);
	assert_int_equal(verdicts.signatures[1].key_bits, 1024);
	dkim_verdicts_release(&verdicts);
}

static void rfc6376_example(void **state)
{
	struct dkim_verdicts verdicts;

	judge(*state, RFC6376, &verdicts);
	assert_int_equal(verdicts.n, 1);
	assert_int_equal(verdicts.signatures[0].reason, DKIM_REASON_OK);
	assert_int_equal(verdicts.signatures[0].strict, DKIM_ALIGNED_NO);
	assert_int_equal(verdicts.signatures[0].relaxed, DKIM_ALIGNED_YES);
	assert_span(verdicts.signatures[0].i, "joe@football.example.com");
	dkim_verdicts_release(&verdicts);
}

/* A second field on top of the one that was signed: what holds is the lower, what a reader is shown may be the upper. */
static void unsigned_instances(void **state)
{
	struct dkim_verdicts verdicts;

	judge(*state, "Message-ID: <1@evil.example>\r\nTo: all@evil.example\r\nReply-To: a@evil.example\r\n" RFC8463, &verdicts);
	assert_int_equal(verdicts.signatures[0].reason, DKIM_REASON_OK);
	assert_span(verdicts.signatures[0].extra_instances, "to message-id");
	dkim_verdicts_release(&verdicts);
	judge(*state, RFC8463, &verdicts);
	assert_null(verdicts.signatures[0].extra_instances.p);
	dkim_verdicts_release(&verdicts);
}

/* Of several, one that cannot be read keeps its place, and those behind it are shown. */
static void domainkeys_told(void **state)
{
	struct dkim_verdicts verdicts;

	judge(*state,
		"DomainKey-Signature: a\r\n"
		"DomainKey-Signature: a=rsa-sha1; c=nofws; d=a.example; s=s1; q=dns; h=From:To\r\n"
		"DomainKey-Signature: d=b.example; d=c.example\r\n"
		"DomainKey-Signature: d=d.example; s=s4\r\n" RFC8463,
		&verdicts);
	assert_int_equal(verdicts.domainkeys_n, 4);
	assert_null(verdicts.domainkeys[0].d.p);
	assert_span(verdicts.domainkeys[1].a, "rsa-sha1");
	assert_span(verdicts.domainkeys[1].c, "nofws");
	assert_span(verdicts.domainkeys[1].d, "a.example");
	assert_span(verdicts.domainkeys[1].s, "s1");
	assert_span(verdicts.domainkeys[1].q, "dns");
	assert_span(verdicts.domainkeys[1].h, "From:To");
	assert_null(verdicts.domainkeys[2].d.p);
	assert_span(verdicts.domainkeys[3].d, "d.example");
	assert_null(verdicts.domainkeys[3].h.p);
	dkim_verdicts_release(&verdicts);
}

/* ---- what is asked, and what is not ---- */

static void names_asked(void **state)
{
	struct dkim *dkim = dkim_new(&(struct dkim_options){ .names = 1 });
	const struct span *names;
	struct dkim_verdicts verdicts;
	static const char head[] = RFC8463_HEAD;

	(void)state;
	dkim_begin(dkim);
	dkim_feed(dkim, head, sizeof head - 1);
	assert_int_equal(dkim_names(dkim, &names), 0);
	dkim_feed(dkim, "\r\n", 2);
	assert_int_equal(dkim_names(dkim, &names), 1);
	assert_span(names[0], "brisbane._domainkey.football.example.com");
	dkim_end(dkim);
	assert_true(dkim_verdicts(dkim, MOMENT_NONE, &verdicts));
	assert_int_equal(verdicts.signatures[0].reason, DKIM_REASON_DNS_ERROR);
	assert_int_equal(verdicts.signatures[1].reason, DKIM_REASON_LIMIT);
	assert_int_equal(verdicts.result, DKIM_TEMPERROR);
	dkim_verdicts_release(&verdicts);
	dkim_free(dkim);
}

static void long_header(void **state)
{
	struct dkim *dkim = dkim_new(&(struct dkim_options){ .header = 300 });
	struct dkim_verdicts verdicts;

	(void)state;
	dkim_begin(dkim);
	dkim_feed(dkim, RFC8463, sizeof RFC8463 - 1);
	dkim_end(dkim);
	assert_true(dkim_verdicts(dkim, MOMENT_NONE, &verdicts));
	assert_true(verdicts.header_too_long);
	assert_int_equal(verdicts.result, DKIM_NEUTRAL);
	dkim_verdicts_release(&verdicts);
	dkim_free(dkim);
}

/* ---- diagnosis ---- */

static void both_undone(void **state, const char *message, const enum dkim_edit *edits, size_t n)
{
	uint8_t original[DIGEST_OCTETS];
	struct digest *digest = digest_new();
	struct dkim_verdicts verdicts;

	digest_add(digest, RFC8463, sizeof RFC8463 - 1);
	digest_finish(digest, original);
	digest_free(digest);
	judge(*state, message, &verdicts);
	for (size_t i = 0; i < 2; i++) {
		const struct dkim_diagnosis *d = verdicts.signatures[i].diagnosis;

		assert_int_not_equal(verdicts.signatures[i].reason, DKIM_REASON_OK);
		assert_non_null(d);
		assert_true(d->undone);
		assert_int_equal(d->steps_n, n);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(d->steps[k].edit, edits[k]);
		assert_memory_equal(d->reconstruction_sha256, original, DIGEST_OCTETS);
	}
	dkim_verdicts_release(&verdicts);
}

static void list_undone(void **state)
{
	static const enum dkim_edit edits[] = { DKIM_EDIT_SUBJECT_PREFIX, DKIM_EDIT_FOOTER };

	both_undone(state, RFC8463_HEAD FROM TO "Subject: [dinner] Is dinner ready?\r\n" REST BODY "--\r\nthe list\r\n",
		edits, 2);
}

static void rewriting_undone(void **state)
{
	static const enum dkim_edit edits[] = { DKIM_EDIT_FROM_REWRITTEN, DKIM_EDIT_SUBJECT_PREFIX };

	both_undone(state,
		RFC8463_HEAD
		"From: Joe SixPack via Dinner <dinner@lists.example>\r\n" TO
		"Subject: [dinner] Is dinner ready?\r\nReply-To: Joe SixPack <joe@football.example.com>\r\n" REST BODY,
		edits, 2);
}

static void banner_undone(void **state)
{
	static const enum dkim_edit edits[] = { DKIM_EDIT_BANNER };

	both_undone(state, RFC8463_HEAD FROM TO "Subject: Is dinner ready?\r\n" REST "CAUTION: outside\r\n\r\n" BODY,
		edits, 1);
}

static void second_from_undone(void **state)
{
	static const enum dkim_edit edits[] = { DKIM_EDIT_HEADER_ADDED };

	both_undone(state, "From: x@evil.example\r\n" RFC8463, edits, 1);
}

static void sentence_of(void **state, const char *message, const char *sentence)
{
	struct dkim_verdicts verdicts;

	judge(*state, message, &verdicts);
	assert_non_null(verdicts.signatures[1].diagnosis);
	assert_false(verdicts.signatures[1].diagnosis->undone);
	assert_span(verdicts.signatures[1].diagnosis->sentence, sentence);
	dkim_verdicts_release(&verdicts);
}

static void failures_told(void **state)
{
	sentence_of(state, RFC8463_HEAD FROM TO "Subject: Is dinner ready?\r\n" REST "Hi.\r\n\r\nWe won.\r\n",
		"header proven original, body changed or withheld");
	sentence_of(state, RFC8463_HEAD FROM TO "Subject: Is dinner ready?\r\n" REST,
		"cannot be decided: the sample holds headers only; its header is proven original");
	sentence_of(state, RFC8463_HEAD FROM TO "Subject: Send money\r\n" REST BODY,
		"body, key and b= are right: a signed header field was changed in a way that was not found");
}

/* Signed with the Ed25519 key that RFC 8463 A.2 prints, while `two` stood below `one` or alone. */
#define COMMENTS_HEAD(names, b)                                                                 \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; s=brisbane;\r\n"              \
	" d=football.example.com; h=" names ";\r\n"                                             \
	" bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=;\r\n b=" b "\r\n" FROM
#define COMMENTS_NOW "Comments: two\r\nComments: one\r\n\r\nHi.\r\n"

static void moved_or_added(void **state)
{
	static const struct {
		const char *message, *sentence;
	} rows[] = {
		{ COMMENTS_HEAD("from:comments", "qJI2rDIG1JY6nyuYzM6ofl/NGoo1WswVXJGAzCzTu5C/WUjRK+Fd8XX1J7pnoLM0bMFMd5NvBbw3"
						 "aIW43qr2AQ==") COMMENTS_NOW,
			"valid once an added or moved comments field is removed" },
		{ COMMENTS_HEAD("from:comments:comments", "xFGst1hCx5Kfp7ahWTa6anedDqCQIY6Z1m/mCwN4yxSzjLI4UXMg/vMbOd85RGs9x1Nt"
							  "gzCRf6NTU9t/GTTKAw==") COMMENTS_NOW,
			"valid once the comments fields are put back in order" },
		{ COMMENTS_HEAD("from:comments:comments", "W8un4dhvYg7JLO++eUX6C175wX/xhZAuk/y64clMRJ6dFRqT5+tFGjKT7oEQhabJamzI"
							  "cqT7YsUfeC/zaFHiCw==") COMMENTS_NOW,
			"valid once an added comments field is removed" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dkim_verdicts verdicts;

		judge(*state, rows[i].message, &verdicts);
		assert_int_equal(verdicts.signatures[0].reason, DKIM_REASON_SIGNATURE_MISMATCH);
		assert_true(verdicts.signatures[0].diagnosis->undone);
		assert_span(verdicts.signatures[0].diagnosis->sentence, rows[i].sentence);
		dkim_verdicts_release(&verdicts);
	}
}

/* Signed with the same key. */
#define MARKUP_HEAD                                                                \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; s=brisbane;\r\n"  \
	" d=football.example.com; h=from:subject;\r\n"                             \
	" bh=HjABSemQtFPeC005U0WatDEgREzBr/WtYvjHJSZfd7Q=;\r\n"                    \
	" b=eeq9h5/Fu3xzhiPXkvwxIb9iDYlK7sCTjQTmfste73AqHZZmctsiEa1Fp5eWeFmKBdIy" \
	"gyFmu83FuyUmQ4zQDw==\r\n" FROM
#define MARKUP_SUBJECT "Subject: Re: Is dinner ready?\r\n"
#define MARKUP_REST "Content-Type: text/html; charset=us-ascii\r\n\r\n<html>\r\n<body>\r\n"
#define MARKUP_END "</body>\r\n</html>\r\n"

#define PRINTABLE_HEAD                                                             \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; s=brisbane;\r\n" \
	" d=football.example.com; h=from:subject;\r\n"                             \
	" bh=1CB5XJrkDLDsGcv6jJ8vx/py2RO05kpILMWrrUH6kv0=;\r\n"                    \
	" b=YV4AnaXzzFwhUse0FRz23yR284wLXhtdtnECoLJwo5OBRIMfJ9OTVRI15c4qIBUFXJMe" \
	"pak9Z4qfCq+1viX6BQ==\r\n" FROM "Subject: Dinner\r\n\r\n"

static void undone_as(void **state, const char *message, enum dkim_edit edit, const char *where, const char *sentence)
{
	struct dkim_verdicts verdicts;
	const struct dkim_diagnosis *d;

	judge(*state, message, &verdicts);
	d = verdicts.signatures[0].diagnosis;
	assert_non_null(d);
	assert_true(d->undone);
	assert_int_equal(d->steps_n, 1);
	assert_int_equal(d->steps[0].edit, edit);
	assert_span(d->steps[0].where, where);
	assert_span(d->sentence, sentence);
	dkim_verdicts_release(&verdicts);
}

/* Signed with the same key, its Subject as the most used libraries write it: charset and encoding in small letters. */
#define ENCODED_HEAD                                                               \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=football.example.com; s=brisbane; h=from:subject; " \
	"bh=UrA8rmgY3eNBotmDWtzAmHyn5RyZv8Gea45sNGsP0zw=; "                        \
	"b=HFdXdaM1b8v7cdvdrLUXtHsKH0FKyxYpVLKuNLXPb7piUUviZpKDjXYJtYC9g8oh0SX5fUG2ECKEuRoQ9kU0Cg==\r\n" FROM

static void small_letters_of_encoded_words(void **state)
{
	undone_as(state, ENCODED_HEAD "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n\r\nHi.\r\n", DKIM_EDIT_HEADER_REENCODED, "Subject",
		"valid once in Subject encoded words are written the other way: typical of a relay that re-encodes mail");
	undone_as(state, ENCODED_HEAD "Subject: Gr\xc3\xbc\xc3\x9f" "e\r\n\r\nHi.\r\n", DKIM_EDIT_HEADER_DECODED, "Subject",
		"valid once in Subject the text is encoded again: typical of a relay that re-encodes mail");
}

/* What is taken out of the middle is not said to be the first or the last. */
static void places_told(void **state)
{
	undone_as(state, MARKUP_HEAD MARKUP_SUBJECT MARKUP_REST "<p>CAUTION</p>\r\n<p>Hi.</p>\r\n" MARKUP_END,
		DKIM_EDIT_BANNER, "body part 1",
		"valid once 16 octets near the beginning of a part are removed: typical of a mail filter or gateway");
	undone_as(state, MARKUP_HEAD MARKUP_SUBJECT MARKUP_REST "<p>Hi.</p>\r\n<p>list</p>\r\n" MARKUP_END,
		DKIM_EDIT_FOOTER, "body part 1",
		"valid once 13 octets near the end of a part are removed: typical of a mailing list or a mail filter");
	undone_as(state, MARKUP_HEAD MARKUP_SUBJECT MARKUP_REST "<p>Hi.</p>\r\n" MARKUP_END "list\r\n", DKIM_EDIT_FOOTER,
		"body", "valid once the last 6 octets are removed: typical of a mailing list or a mail filter");
}

/* Signed with the same key: what reporters do to links (RFC 9991 7.3), and a charset that is another one. */
#define LINKS_HEAD                                                                                                     \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=football.example.com; s=brisbane; "                \
	"h=from:content-type; bh=3aTUyn3G+yfWP4LjpHrpHRMso6z7XIibcOll7lH4TnY=; "                                      \
	"b=kWfVTTnlj5PLxnxGa1ao6QpgDN9VLm1NC/U7w4e+OakO7LWEs8LV3715GBtY23e6TQjVpY0JWlJ4GrUKm0TFAQ==\r\n" FROM

static void links_undone(void **state)
{
	static const char sentence[] = "valid once links made harmless are put back: the sample was redacted";

	undone_as(state,
		LINKS_HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\n"
			   "See hxxp://www.football.example.com/ and\r\nhxxps://football.example.com/a.\r\n",
		DKIM_EDIT_DEFANGED, "body", sentence);
	undone_as(state,
		LINKS_HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\n"
			   "See hxxp://www[.]football[.]example[.]com/ and\r\nhttps[:]//football[.]example[.]com/a.\r\n",
		DKIM_EDIT_DEFANGED, "body", sentence);
}

static void charsets_told(void **state)
{
	static const char body[] = "\r\n\r\nSee http://www.football.example.com/ and\r\nhttps://football.example.com/a.\r\n";
	static const struct {
		const char *charset;
		enum dkim_edit edit;
		const char *sentence;
	} rows[] = {
		{ "us-ascii", DKIM_EDIT_CHARSET,
			"valid once in Content-Type the charset is named as before: typical of a relay that re-encodes mail" },
		{ "\"iso-8859-1\"", DKIM_EDIT_CHARSET,
			"valid once in Content-Type the charset is named as before: typical of a relay that re-encodes mail" },
		{ "UTF-8", DKIM_EDIT_PARAMETER_CASE, "valid once in Content-Type the case of a parameter is put back" },
		{ "\"utf-8\"", DKIM_EDIT_PARAMETER_QUOTES, "valid once in Content-Type the quotes of a parameter are put back" },
	};
	char message[1000];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(message, sizeof message, "%sContent-Type: text/plain; charset=%s%s", LINKS_HEAD, rows[i].charset, body);
		undone_as(state, message, rows[i].edit, "Content-Type", rows[i].sentence);
	}
}

/* Whose tag it may be: a list's stands in brackets, but so do those of gateways; people answer and pass on. */
static void tags_told(void **state)
{
	static const struct {
		const char *tag, *whose;
	} rows[] = {
		{ "[dinner] ", ": typical of a mailing list" },
		{ "[Context] ", ": typical of a mailing list" },
		{ "[EXTERNAL] ", ": typical of a mail filter or gateway" },
		{ "[EXT] ", ": typical of a mail filter or gateway" },
		{ "[Suspected SPAM] ", ": typical of a mail filter or gateway" },
		{ "***SPAM*** ", ": typical of a mail filter or gateway" },
		{ "Fwd: ", "" },
		{ "AW: ", "" },
	};
	char message[1000], sentence[200];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(message, sizeof message, "%sSubject: %sRe: Is dinner ready?\r\n%s", MARKUP_HEAD, rows[i].tag,
			MARKUP_REST "<p>Hi.</p>\r\n" MARKUP_END);
		snprintf(sentence, sizeof sentence, "valid once the subject tag `%s` is removed%s", rows[i].tag, rows[i].whose);
		undone_as(state, message, DKIM_EDIT_SUBJECT_PREFIX, "Subject", sentence);
	}
}

/* A b= that the key cannot open says nothing of the header, and the body is told apart. */
static void damaged_told(void **state)
{
	static const struct {
		const char *body, *sentence;
	} rows[] = {
		{ BODY, "wrong or rotated key, or a damaged b=: no edit of the header does that; the body fits the signature" },
		{ "Hi.\r\n\r\nWe won.\r\n", "wrong or rotated key, or a damaged b=: no edit of the header does that; the body "
					   "does not fit the signature either" },
		{ "", "wrong or rotated key, or a damaged b=: no edit of the header does that; the sample holds headers only" },
		{ BODY "the list\r\n", "wrong or rotated key, or a damaged b=: no edit of the header does that; the body fits the "
				       "signature once the last 10 octets are removed" },
	};
	char message[2000], *damaged;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(message, sizeof message, "%s%s",
			RFC8463_HEAD FROM TO "Subject: Is dinner ready?\r\n" REST, rows[i].body);
		damaged = strstr(message, "b=F45dVWDf");
		assert_non_null(damaged);
		damaged[2] = 'G';
		sentence_of(state, message, rows[i].sentence);
	}
}

/* A fold behind the colon is a fold like others; where no line is broken otherwise it is spacing. */
static void folds_told(void **state)
{
	static const char folded[] = "valid once in Subject the line breaks are put back",
			  spaced[] = "valid once in Subject name case and spacing are put back";
	static const struct {
		const char *subject;
		bool fold;
	} rows[] = {
		{ "Subject:\r\n Re: Is dinner ready?\r\n", true },
		{ "Subject:\r\n Re:\r\n Is dinner ready?\r\n", true },
		{ "Subject: Re: Is\r\n\tdinner ready?\r\n", true },
		{ "Subject:Re: Is dinner ready?\r\n", false },
		{ "Subject:\tRe: Is dinner ready?\r\n", false },
		{ "Subject: Re:  Is dinner ready?\r\n", false },
	};
	char message[1000];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(message, sizeof message, "%s%s%s", MARKUP_HEAD, rows[i].subject,
			MARKUP_REST "<p>Hi.</p>\r\n" MARKUP_END);
		undone_as(state, message, rows[i].fold ? DKIM_EDIT_HEADER_REFOLDED : DKIM_EDIT_HEADER_SPACING, "Subject",
			rows[i].fold ? folded : spaced);
	}
}

/* Lines were broken where they were full, in the middle of words. */
static void quoted_printable_undone(void **state)
{
	undone_as(state,
		PRINTABLE_HEAD "Gr\xc3\xbc\xc3\x9f"
			       "e from us. The quick brown fox jumps over the lazy dog and then over the next one as well, "
			       "The quick brown fox jumps over the lazy dog and then over the next one as well,\r\n",
		DKIM_EDIT_QP_DECODED, "body",
		"valid once the text is encoded as quoted-printable again: typical of a relay that re-encodes mail");
}

/* Whoever adds to one form of an alternative adds to the other, too. */
#define FORMS_HEAD                                                                 \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; s=brisbane;\r\n" \
	" d=football.example.com; h=from:subject;\r\n"                             \
	" bh=5zheZSREkDOfOJxZ6ZnNRB6qVHPZrzSMcbeuXbLc854=;\r\n"                    \
	" b=rNV3llDBIC1LAvY0CvAsNHGAsnVDYCn6GqVSc7vOJqxzo5mXbdNVl4yV8t8Ju6203oHTi3D" \
	"mWObyUt9exG7UDQ==\r\n" FROM                                              \
	"Subject: Dinner\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b1\r\n\r\n"

static void both_forms_undone(void **state)
{
	struct dkim_verdicts verdicts;
	const struct dkim_diagnosis *d;

	judge(*state,
		FORMS_HEAD "--b1\r\nContent-Type: text/plain\r\n\r\nHi.\r\n\r\nOur notice,\r\nand more.\r\n\r\n--b1\r\n"
			   "Content-Type: text/html\r\n\r\n<p>Hi.</p>\r\n\r\n<p>Our notice</p>\r\n\r\n--b1--\r\n",
		&verdicts);
	d = verdicts.signatures[0].diagnosis;
	assert_non_null(d);
	assert_true(d->undone);
	assert_int_equal(d->steps_n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(d->steps[i].edit, DKIM_EDIT_FOOTER);
		assert_span(d->steps[i].where, i ? "body part 2" : "body part 1");
	}
	dkim_verdicts_release(&verdicts);
}

/* An Ed25519 signature does not say what it was made of. */
static void ed25519_unsure(void **state)
{
	static const struct {
		const char *rest, *sentence;
	} rows[] = {
		{ MARKUP_REST "<p>Hi.</p>\r\n" MARKUP_END,
			"body proven original: a signed header field or b= was changed, or the key is another" },
		{ MARKUP_REST "<p>Ho.</p>\r\n" MARKUP_END,
			"body changed in a way that was not found, and header or b= as well, or the key is another" },
		{ "\r\n", "cannot be decided: the sample holds headers only, and its header or b= was changed, or the key is "
			  "another" },
		{ MARKUP_REST "<p>Hi.</p>\r\n" MARKUP_END "list\r\n",
			"body proven original once the last 6 octets are removed, header or b= changed in a way that was "
			"not found, or the key is another" },
	};
	struct dkim_verdicts verdicts;
	char message[1000];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(message, sizeof message, "%sSubject: Send money\r\n%s", MARKUP_HEAD, rows[i].rest);
		judge(*state, message, &verdicts);
		assert_non_null(verdicts.signatures[0].diagnosis);
		assert_false(verdicts.signatures[0].diagnosis->undone);
		assert_span(verdicts.signatures[0].diagnosis->sentence, rows[i].sentence);
		dkim_verdicts_release(&verdicts);
	}
}

/* The author's domain is known where there is one address, and nothing that a reader may take for another. */
static void authors(void **state)
{
	static const struct {
		const char *from, *domain;
	} rows[] = {
		{ "a@Example.COM.", "example.com" },
		{ "a@example.com (one (within another))", "example.com" },
		{ "(x (y \\) z)) a@example.com", "example.com" },
		{ "A <a@example.com (c)>", "example.com" },
		{ "\"x@y.example (\" <a@example.com>", "example.com" },
		{ "<@relay.example,@other.example:a@example.com>", "example.com" },
		{ "\"a@b\"@example.com", "example.com" },
		{ "team: a@example.com, b@example.com;", "example.com" },
		{ "a@example.com, b@other.example", NULL },
		{ "<a@example.com> <b@other.example>", NULL },
		{ "a@example.com@other.example", NULL },
		{ "\"unfinished <a@example.com>", NULL },
		{ "a@exam$ple.com", NULL },
		{ "a@[192.0.2.1]", NULL },
		{ "", NULL },
	};
	struct dkim_verdicts verdicts;
	char message[200];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(message, sizeof message, "From: %s\r\n\r\n", rows[i].from);
		judge(*state, message, &verdicts);
		if (rows[i].domain ? !span_is(verdicts.from_domain, span_of(rows[i].domain)) : verdicts.from_domain.n != 0)
			fail_msg("%s: `%.*s`", rows[i].from, (int)verdicts.from_domain.n,
				verdicts.from_domain.p ? verdicts.from_domain.p : "");
		dkim_verdicts_release(&verdicts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_canon),
		cmocka_unit_test(body_canon),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(tag_lists),
		cmocka_unit_test(key_records),
		cmocka_unit_test_setup_teardown(rfc8463_example, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(rfc6376_example, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(unsigned_instances, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(domainkeys_told, with_dkim, without_dkim),
		cmocka_unit_test(names_asked),
		cmocka_unit_test(long_header),
		cmocka_unit_test_setup_teardown(list_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(rewriting_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(banner_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(second_from_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(failures_told, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(moved_or_added, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(small_letters_of_encoded_words, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(places_told, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(links_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(charsets_told, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(tags_told, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(damaged_told, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(folds_told, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(quoted_printable_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(both_forms_undone, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(ed25519_unsure, with_dkim, without_dkim),
		cmocka_unit_test_setup_teardown(authors, with_dkim, without_dkim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
