/* Key records and historic policies under the eyes of their owner: every tag of the tables (valid, invalid, default,
 * unknown, given twice), every finding, every correction, and the key that is expected. */
#include "base/buf.h"
#include "parse/dns/keylint.h"
#include "tests/keytexts.h"
#include "tests/zone_fixture.h"

static bool exercised[FINDING_COUNT];

static void findings_check(void)
{
	for (size_t i = 0; i < findings.n; i++) {
		const struct finding *f = &findings.rows[i];

		exercised[f->code] = true;
		assert_true(f->what.n > 10 && f->why.n > 10);
		assert_true(f->at + f->n <= f->record.n);
		assert_false(f->fix.p && span_is(f->fix, f->record) && f->code != FINDING_TEXT_SPLIT);
	}
}

static const char *words(void)
{
	static char line[65536];
	size_t n = 0;

	line[0] = '\0';
	for (size_t i = 0; i < findings.n; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", i ? " " : "", finding_word(findings.rows[i].code));
	return line;
}

static const struct finding *finding_of(const char *word)
{
	for (size_t i = 0; i < findings.n; i++)
		if (strcmp(finding_word(findings.rows[i].code), word) == 0)
			return &findings.rows[i];
	fail_msg("no %s in: %s", word, words());
	return NULL;
}

static void assert_span(struct span got, const char *want)
{
	if (!span_is(got, span_of(want)))
		fail_msg("got  %.*s\nwant %s", (int)got.n, got.p ? got.p : "", want);
}

static void lint(struct span text, enum lint_kind want)
{
	enum lint_kind kind;

	findings_clear();
	assert_true(lint_text(text, &findings, &kind));
	if (kind != want)
		fail_msg("%.*s: kind %d", (int)text.n, text.p, kind);
	findings_check();
}

static struct dns dns(void)
{
	return (struct dns){ zonefile_ask, zone };
}

struct text_row {
	const char *text;
	const char *words;
	const char *place; /* of the first finding; NULL: not looked at */
	const char *fix;   /* of the first finding that has one; NULL: none has */
};

static void rows_check(const struct text_row *rows, size_t n, enum lint_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		const struct finding *fixed = NULL;

		lint(span_of(rows[i].text), kind);
		if (strcmp(words(), rows[i].words) != 0)
			fail_msg("%s\n  got  %s\n  want %s", rows[i].text, words(), rows[i].words);
		if (rows[i].place)
			assert_span((struct span){ findings.rows[0].record.p + findings.rows[0].at, findings.rows[0].n },
				rows[i].place);
		for (size_t k = 0; k < findings.n && !fixed; k++)
			if (findings.rows[k].fix.p && findings.rows[k].code != FINDING_TEXT_SPLIT)
				fixed = &findings.rows[k];
		if (fixed && !rows[i].fix)
			fail_msg("%s\n  fix %.*s", rows[i].text, (int)fixed->fix.n, fixed->fix.p);
		if (rows[i].fix) {
			assert_non_null(fixed);
			assert_span(fixed->fix, rows[i].fix);
		}
	}
}
#define ROWS_CHECK(rows, kind) rows_check(rows, sizeof(rows) / sizeof(*(rows)), kind)

/* RFC 6376 3.6.1 with RFC 8301, 8463, 8460 and 4871: each tag valid, invalid, default, unknown, given twice. */
static void tags(void **state)
{
	static const struct text_row rows[] = {
		{ "v=DKIM1; k=rsa; p=" P1024, "key-weak", P1024, NULL },
		/* v */
		{ "k=rsa; p=" P1024, "key-version-missing key-weak", "", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1.0; k=rsa; p=" P1024, "key-version-wrong key-weak", "v=DKIM1.0", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=dkim1; k=rsa; p=" P1024, "key-version-wrong key-weak", "v=dkim1", "v=DKIM1; k=rsa; p=" P1024 },
		{ "k=rsa; v=DKIM1; p=" P1024, "key-version-late key-weak", "v=DKIM1", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; v=DKIM1; k=rsa; p=" P1024, "key-twice key-weak", "v", "v=DKIM1; k=rsa; p=" P1024 },
		{ " v = DKIM1 ; k = rsa ; p = " P1024 " ;", "key-weak", NULL, NULL },
		{ "V=DKIM1; k=rsa; p=" P1024, "key-version-missing key-weak key-tag-unknown", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		/* h */
		{ "v=DKIM1; h=sha256; k=rsa; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; h=sha1:sha256; k=rsa; p=" P1024, "key-weak key-sha1", NULL, "v=DKIM1; k=rsa; h=sha256; p=" P1024 },
		{ "v=DKIM1; h=sha1; k=rsa; p=" P1024, "key-weak key-hashes", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; h=; k=rsa; p=" P1024, "key-weak key-hashes", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; h=sha256:sha999; k=rsa; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; h=sha256; h=sha256; k=rsa; p=" P1024, "key-twice key-weak", "h", "v=DKIM1; k=rsa; h=sha256; p=" P1024 },
		/* k */
		{ "v=DKIM1; p=" P1024, "key-weak key-type-missing", NULL, NULL },
		{ "v=DKIM1; k=RSA; p=" P1024, "key-type-unknown key-weak", "k=RSA", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=dsa; p=" P1024, "key-type-unknown key-weak", "k=dsa", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=; p=" P1024, "key-type-unknown key-weak", "k=", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=ed25519; p=" P1024, "key-type-differs key-weak", "k=ed25519", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=ed25519; p=" PED25519, "key-ed25519", NULL, NULL },
		{ "v=DKIM1; p=" PED25519, "key-type-differs key-ed25519", NULL, "v=DKIM1; k=ed25519; p=" PED25519 },
		{ "v=DKIM1; k=ed25519; p=" PED25519_WRAPPED, "key-wrapped key-ed25519", NULL, "v=DKIM1; k=ed25519; p=" PED25519 },
		{ "v=DKIM1; k=rsa; k=rsa; p=" P1024, "key-twice key-weak", "k", "v=DKIM1; k=rsa; p=" P1024 },
		/* n */
		{ "v=DKIM1; k=rsa; n=for the shop p=1; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; k=rsa; n=; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; k=rsa; n=B\xc3\xa4r; p=" P1024, "text-octet key-weak", "\xc3\xa4", "v=DKIM1; k=rsa; n=Br; p=" P1024 },
		{ "v=DKIM1; k=rsa; n=a; n=b; p=" P1024, "key-twice key-weak", "n", "v=DKIM1; k=rsa; n=a; p=" P1024 },
		/* p: its forms are below */
		{ "v=DKIM1; k=rsa", "key-p-missing", NULL, NULL },
		{ "v=DKIM1; k=rsa; p=", "key-revoked", "p=", NULL },
		{ "v=DKIM1; p=", "key-revoked", "p=", NULL },
		{ "p=", "key-version-missing key-revoked", NULL, "v=DKIM1; p=" },
		{ "v=DKIM1; k=rsa; p=" P1024 "; p=" P1024, "key-twice key-weak text-split", "p", "v=DKIM1; k=rsa; p=" P1024 },
		/* s */
		{ "v=DKIM1; k=rsa; s=*; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; k=rsa; s=email; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; k=rsa; s=web : email; p=" P1024, "key-weak", NULL, NULL },
		{ "v=DKIM1; k=rsa; s=web; p=" P1024, "key-weak key-service", NULL, NULL },
		{ "v=DKIM1; k=rsa; s=; p=" P1024, "key-weak key-service", NULL, NULL },
		{ "v=DKIM1; k=rsa; s=tlsrpt; p=" P1024, "key-weak key-service-other", NULL, NULL },
		{ "v=DKIM1; k=rsa; s=email; s=*; p=" P1024, "key-twice key-weak", "s", "v=DKIM1; k=rsa; s=email; p=" P1024 },
		/* t */
		{ "v=DKIM1; k=rsa; t=y; p=" P1024, "key-weak key-testing", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; t=s; p=" P1024, "key-weak key-strict", NULL, NULL },
		{ "v=DKIM1; k=rsa; t=y : s; p=" P1024, "key-weak key-testing key-strict", NULL, "v=DKIM1; k=rsa; t=s; p=" P1024 },
		{ "v=DKIM1; k=rsa; t=x; p=" P1024, "key-weak key-flag", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; t=; p=" P1024, "key-weak key-flag", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; t=Y; p=" P1024, "key-weak key-flag", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; t=s; t=s; p=" P1024, "key-twice key-weak key-strict", "t", "v=DKIM1; k=rsa; t=s; p=" P1024 },
		/* g */
		{ "v=DKIM1; g=*; k=rsa; p=" P1024, "key-weak key-granularity", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "g=; k=rsa; p=" P1024, "key-version-missing key-weak key-granularity", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		/* any other */
		{ "v=DKIM1; x=1; k=rsa; p=" P1024, "key-weak key-tag-unknown", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; x=1; k=rsa; x=2; p=" P1024, "key-twice key-weak key-tag-unknown", "x", "v=DKIM1; k=rsa; p=" P1024 },
	};

	(void)state;
	ROWS_CHECK(rows, LINT_KEY);
}

static void syntax(void **state)
{
	static const struct text_row rows[] = {
		{ "v=DKIM1; k=rsa;; p=" P1024, "key-empty key-weak", NULL, "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; rsa; p=" P1024, "key-term key-weak key-type-missing", "rsa", "v=DKIM1; p=" P1024 },
		{ "v=DKIM1; 2=3; k=rsa; p=" P1024, "key-term key-weak", "2", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1 k=rsa p=" P1024, "key-semicolon", "k=rsa", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa t=y p=" P1024, "key-semicolon", "t=y", "v=DKIM1; k=rsa; t=y; p=" P1024 },
		{ "v=DKIM1; p=" P1024 " k=rsa", "key-semicolon", "k=rsa", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; p=\"" P1024 "\"", "text-quote text-quote", "\"", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; p=\xe2\x80\x9c" P1024 "\xe2\x80\x9d", "text-octet text-octet", "\xe2\x80\x9c",
			"v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa;\t\x01p=" P1024, "text-octet key-term key-p-missing", "\x01", "v=DKIM1; k=rsa; p=" P1024 },
		{ "\xef\xbb\xbfv=DKIM1; k=rsa; p=" P1024, "text-octet key-term key-version-missing key-weak", "\xef\xbb\xbf",
			"v=DKIM1; k=rsa; p=" P1024 },
	};
	struct buf many = BUF(65536);

	(void)state;
	ROWS_CHECK(rows, LINT_KEY);
	buf_put_text(&many, "v=DKIM1; k=rsa; t=y; p=" P1024);
	for (int i = 0; i < 150; i++)
		buf_printf(&many, "; x%d=%d", i, i);
	lint(buf_span(&many), LINT_KEY);
	assert_span(finding_of("text-many")->why,
		"Only the first 100 parts were looked at. Receivers have such limits too, and give up on records like this. Make it shorter.");
	finding_of("key-testing");
	finding_of("key-weak");
	buf_release(&many);
}

static void keys(void **state)
{
	static const struct text_row rows[] = {
		{ "v=DKIM1; k=rsa; p=" P2048, "text-split", NULL, NULL },
		{ "v=DKIM1; k=rsa; p=" P512, "key-short", P512, NULL },
		{ "v=DKIM1; k=rsa; p=" P4104, "key-large text-split", P4104, NULL },
		{ "v=DKIM1; k=rsa; p=" P1024_EXPONENT_3, "key-weak key-exponent", NULL, NULL },
		{ "v=DKIM1; k=rsa; p=" P2048_BARE, "key-bare text-split", NULL, "v=DKIM1; k=rsa; p=" P2048 },
		{ "v=DKIM1; k=rsa; p=" P2048_TRAILING, "key-trailing text-split", NULL, "v=DKIM1; k=rsa; p=" P2048 },
		{ "v=DKIM1; k=rsa; p=" P2048_CUT, "key-cut key-padding text-split", P2048_CUT, NULL },
		{ "v=DKIM1; k=rsa; p=MIGfM", "key-cut", "MIGfM", NULL },
		{ "v=DKIM1; k=rsa; p=" P512_PRIVATE, "key-private text-split", P512_PRIVATE, NULL },
		{ "v=DKIM1; k=rsa; p=abc", "key-unusable key-padding", "abc", NULL },
		{ "v=DKIM1; k=rsa; p=hello", "key-unusable", "hello", NULL },
		{ "v=DKIM1; k=ed25519; p=abcd", "key-unusable", "abcd", NULL },
		{ "v=DKIM1; k=rsa; p=-----BEGIN PUBLIC KEY-----" P1024 "-----END PUBLIC KEY-----", "key-base64 text-split",
			"-----BEGIN PUBLIC KEY-----", "v=DKIM1; k=rsa; p=" P1024 },
		{ "v=DKIM1; k=rsa; p=MIGf\\nMA0G", "key-base64", "\\", NULL },
		{ "v=DKIM1; k=rsa; p=AAAA==BBBB", "key-base64", "B", NULL },
		{ "v=DKIM1; k=rsa; p=" P1024 ".", "key-base64", ".", NULL },
		{ "v=DKIM1; k=ed25519; p= " PED25519, "key-ed25519", NULL, NULL },
	};
	struct buf text = BUF(4096);

	(void)state;
	ROWS_CHECK(rows, LINT_KEY);
	buf_printf(&text, "v=DKIM1; k=ed25519; p=%.*s", (int)sizeof(PED25519) - 2, PED25519);
	lint(buf_span(&text), LINT_KEY);
	assert_string_equal(words(), "key-ed25519 key-padding");
	assert_span(finding_of("key-padding")->fix, "v=DKIM1; k=ed25519; p=" PED25519);
	buf_clear(&text);
	buf_printf(&text, "v=DKIM1; k=rsa; p=%.60s  %s", P1024, P1024 + 60);
	lint(buf_span(&text), LINT_KEY);
	assert_string_equal(words(), "key-weak key-blanks");
	assert_span(finding_of("key-blanks")->fix, "v=DKIM1; k=rsa; p=" P1024);
	buf_release(&text);
	lint(SPAN("v=DKIM1; k=rsa; p=" P512), LINT_KEY);
	assert_span(finding_of("key-short")->what, "The key has only 512 bits.");
	lint(SPAN("v=DKIM1; p=" PED25519), LINT_KEY);
	assert_span(finding_of("key-type-differs")->what, "The record says that its key is RSA, but the key is Ed25519.");
	lint(SPAN("v=DKIM1; k=rsa; p=abcd"), LINT_KEY);
	assert_span(finding_of("key-unusable")->what, "What stands behind p= is no RSA key: not a DER key.");
}

/* A corrected record has nothing left that a correction could mend. */
static void corrections_are_final(void **state)
{
	static const char *const rows[] = {
		"p=" P2048_BARE " g=*; V=dkim1 ;; h=sha1:sha256; t=y:x; junk; s=email",
		"\"v=DKIM1\"; t=y; t=y; p=-----BEGIN-----" P2048_TRAILING "-----END-----",
		"k=Ed25519; p=\xe2\x80\x9c" PED25519_WRAPPED "\xe2\x80\x9d; v=DKIM1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char fix[4096] = "";

		findings_clear();
		assert_true(lint_key(SPAN_ABSENT, span_of(rows[i]), &findings));
		for (size_t k = 0; k < findings.n; k++)
			if (findings.rows[k].fix.p && findings.rows[k].code != FINDING_KEY_TESTING &&
				findings.rows[k].code != FINDING_TEXT_SPLIT)
				snprintf(fix, sizeof(fix), "%.*s", (int)findings.rows[k].fix.n, findings.rows[k].fix.p);
		assert_true(fix[0]);
		lint(span_of(fix), LINT_KEY);
		assert_int_equal(findings.count[SEVERITY_ERROR], 0);
		for (size_t k = 0; k < findings.n; k++)
			if (findings.rows[k].fix.p && findings.rows[k].code != FINDING_KEY_TESTING &&
				findings.rows[k].code != FINDING_TEXT_SPLIT)
				fail_msg("%s: %s", fix, words());
	}
}

static void recognised(void **state)
{
	static const struct {
		const char *text;
		enum lint_kind kind;
	} rows[] = {
		{ "v=DKIM1", LINT_KEY },
		{ "k=rsa; p=" P1024, LINT_KEY },
		{ "p=" P1024, LINT_KEY },
		{ "t=s; p=" PED25519, LINT_KEY },
		{ "\"v=DKIM1; t=y; k=rsa; \" \"p=" P1024 "\"", LINT_KEY },
		{ "UE2024MAY._domainkey.example.org. 3600 IN TXT ( \"v=DKIM1; \"\n\t\"p=" P1024 "\" ) ; ----- DKIM key", LINT_KEY },
		{ "s1._domainkey.example.org TXT \"hello\"", LINT_KEY },
		{ "o=~", LINT_POLICY },
		{ "t=y; o=-; n=notes; r=a@example.com", LINT_POLICY },
		{ "_domainkey.example.com. IN TXT \"t=y\"", LINT_POLICY },
		{ "dkim=all", LINT_ADSP },
		{ " DKIM = x", LINT_ADSP },
		{ "_adsp._domainkey.example.com. IN TXT \"all\"", LINT_ADSP },
		{ "_dmarc.example.com. IN TXT \"p=maybe\"", LINT_DMARC },
		{ "v=DMARC1; p=none; o=-", LINT_DMARC },
		{ "v=spf1 -all o=~", LINT_SPF },
		{ "t=y", LINT_UNKNOWN },
		{ "p=shrt", LINT_UNKNOWN },
		{ "t=s; p=", LINT_KEY },
		{ "p=; rua=mailto:a@example.com", LINT_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		lint(span_of(rows[i].text), rows[i].kind);
}

/* RFC 4870 3.6 and RFC 5617 4.2.1, each tag and value. */
static void policies(void **state)
{
	static const struct text_row domainkeys[] = {
		{ "o=~", "policy-some", "o=~", NULL },
		{ "o=-", "policy-all", "o=-", NULL },
		{ "o=~; r=postmaster@example.org", "policy-some policy-report", "o=~", NULL },
		{ "t=y; o=-; n=notes; r=a@example.com", "policy-all policy-testing policy-note policy-report", "o=-", NULL },
		{ "o=!", "policy-o", "o=!", NULL },
		{ "o=", "policy-o", "o=", NULL },
		{ "o=~; o=-", "policy-unreadable", "o", NULL },
		{ "o=~; nonsense", "policy-unreadable", "nonsense", NULL },
		{ "o=~; x=1; t=n", "policy-some policy-tag-unknown", "o=~", NULL },
	};
	static const struct text_row adsp[] = {
		{ "dkim=unknown", "adsp-unknown", "dkim=unknown", NULL },
		{ "dkim=all", "adsp-all", "dkim=all", NULL },
		{ "dkim = DISCARDABLE; t=s", "adsp-discardable", "dkim = DISCARDABLE", NULL },
		{ "dkim=future", "adsp-value", "dkim=future", NULL },
		{ " dkim=all", "adsp-unreadable", "", NULL },
		{ "dkim=all; dkim=all", "adsp-unreadable", "", NULL },
	};
	static const struct text_row alone[] = {
		{ "", "policy-some", NULL, NULL },
		{ "t=y", "policy-some policy-testing", NULL, NULL },
		{ "O=-", "policy-some policy-tag-unknown", NULL, NULL },
		{ "v=DKIM1; p=" P1024, "policy-not", NULL, NULL },
		{ "v=spf1 -all", "policy-not", NULL, NULL },
	};

	(void)state;
	ROWS_CHECK(domainkeys, LINT_POLICY);
	ROWS_CHECK(adsp, LINT_ADSP);
	for (size_t i = 0; i < sizeof(alone) / sizeof(*alone); i++) {
		findings_clear();
		assert_true(lint_policy(SPAN("_domainkey.example.com"), span_of(alone[i].text), &findings));
		findings_check();
		assert_string_equal(words(), alone[i].words);
	}
	lint(SPAN("o=-"), LINT_POLICY);
	assert_true(span_find_nocase(finding_of("policy-all")->why, SPAN("DMARC has taken its place")) > 0);
}

/* The collection's table: whatever it says of a record, its owner is told what it is and never that it is an error. */
static void collected_cases(void **state)
{
	const char *shared = getenv("DMARCGATE_SHARED");
	char path[4096], line[4096];
	size_t rows = 0;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/dkim/policy/CASES.tsv", shared ? shared : "../shared");
	file = fopen(path, "r");
	if (!file)
		skip();
	while (fgets(line, sizeof(line), file)) {
		char *rest = line, *kind = strsep(&rest, "\t"), *text = strsep(&rest, "\t"), *want = strsep(&rest, "\t");
		bool adsp = strcmp(kind, "adsp") == 0;
		static const char *const pairs[][2] = { { "signs-some", "policy-some" }, { "signs-all", "policy-all" },
			{ "unknown(", "policy-o" }, { "syntax", "policy-unreadable" }, { "unknown", "adsp-" }, { "all", "adsp-all" },
			{ "discardable", "adsp-discardable" }, { "invalid", "adsp-unreadable" } };

		if ((!adsp && strcmp(kind, "dk") != 0) || strcmp(text, "NXDOMAIN") == 0)
			continue;
		rows++;
		findings_clear();
		assert_true((adsp ? lint_adsp : lint_policy)(SPAN_ABSENT, span_of(text), &findings));
		findings_check();
		assert_true(findings.n > 0 && findings.count[SEVERITY_ERROR] == 0);
		if (strcmp(words(), "policy-not") == 0) {
			assert_true(strncmp(text, "v=", 2) == 0);
			continue;
		}
		for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
			if (strncmp(want, pairs[i][0], strlen(pairs[i][0])) == 0) {
				assert_true(strncmp(words(), pairs[i][1], strlen(pairs[i][1])) == 0);
				break;
			}
	}
	fclose(file);
	assert_true(rows > 20);
}

static struct key_seen name_lint(const char *name, const char *text)
{
	struct key_seen seen;

	zone_set(text);
	findings_clear();
	assert_true(lint_key_name(dns(), span_of(name), &findings, &seen));
	findings_check();
	return seen;
}

static void names(void **state)
{
	struct key_seen seen;

	(void)state;
	/* what a signing relay hands out on its first day */
	seen = name_lint("s1._domainkey.example.org",
		"s1._domainkey.example.org TXT \"v=DKIM1; t=y; k=rsa; \" \"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNAD\" \"CB\"\n");
	assert_string_equal(words(), "key-cut key-testing text-strings");
	assert_int_equal(seen.state, KEY_STATE_BROKEN);
	seen = name_lint("UE2024MAY._domainkey.example.org", "UE2024MAY._domainkey.example.org TXT \"v=DKIM1; t=y; \" \"p=" P1024 "\"");
	assert_string_equal(words(), "key-weak key-type-missing key-testing text-strings");
	assert_int_equal(seen.state, KEY_STATE_PUBLISHED);
	assert_string_equal(seen.type, "RSA");
	assert_int_equal(seen.bits, 1024);
	assert_true(seen.testing && seen.records == 1);
	seen = name_lint("s1._domainkey.example.org", "example.org TXT \"x\"");
	assert_string_equal(words(), "key-none");
	assert_span(findings.rows[0].what, "There is no key at s1._domainkey.example.org.");
	assert_int_equal(seen.state, KEY_STATE_NONE);
	seen = name_lint("s1._domainkey.example.org", "*.example.org TXT \"v=spf1 -all\"");
	assert_string_equal(words(), "key-not key-none");
	assert_int_equal(seen.state, KEY_STATE_NONE);
	seen = name_lint("s1._domainkey.example.org", "s1._domainkey.example.org TXT \"v=DKIM1; p=\"\n"
		"s1._domainkey.example.org TXT \"v=DKIM1; k=rsa; p=" P1024 "\"");
	assert_string_equal(words(), "key-revoked key-weak key-many");
	assert_int_equal(seen.state, KEY_STATE_PUBLISHED);
	assert_int_equal(seen.records, 2);
	seen = name_lint("s1._domainkey.example.org", "s1._domainkey.example.org TXT \"v=DKIM1; p=\"");
	assert_int_equal(seen.state, KEY_STATE_REVOKED);
	seen = name_lint("s1._domainkey.example.org", "s1._domainkey.example.org TXT \"v=DKIM1; k=rsa; p=" P512 "\"");
	assert_int_equal(seen.state, KEY_STATE_BROKEN);
	seen = name_lint("s1._domainkey.example.org", "s1._domainkey.example.org TXT TIMEOUT");
	assert_string_equal(words(), "key-unreachable");
	assert_int_equal(seen.state, KEY_STATE_UNKNOWN);
	name_lint("s1._domainkey.example.org", "s1._domainkey.example.org TXT BOGUS");
	assert_string_equal(words(), "dmarc-bogus");
	name_lint("s1._domainkey.example.org", "s1._domainkey.example.org CNAME k.service.example\n"
		"k.service.example TXT \"v=DKIM1; k=ed25519; p=" PED25519 "\"");
	assert_string_equal(words(), "key-ed25519 key-alias");
	findings_clear();
	assert_true(lint_key_unused(SPAN("s1._domainkey.example.org"), SPAN("2026-03-05"), &findings));
	findings_check();
	assert_span(findings.rows[0].what, "The key is still published, but no mail signed with it was seen since 2026-03-05.");
	assert_span(findings.rows[0].fix, "v=DKIM1; p=");
	assert_span(key_name(SPAN("s1.b"), SPAN("example.org"), &arena), "s1.b._domainkey.example.org");
	assert_null(key_name(SPAN(""), SPAN("example.org"), &arena).p);
}

static void expect(const char *file, const char *records, const char *want, const char *what)
{
	struct expected_key expected;
	struct fault fault = { 0 };
	struct span names[2];

	zone_set(records);
	findings_clear();
	if (!expected_key_read(span_of(file), &arena, &expected, &fault))
		fail_msg("%s", fault.text);
	assert_true(span_find_nocase(expected.record, SPAN("PRIVATE")) < 0);
	names[0] = SPAN("a._domainkey.example.org");
	names[1] = SPAN("b._domainkey.example.org");
	assert_true(lint_expected_key(dns(), &expected, names, strstr(records, "b._domainkey") ? 2 : 1, &findings));
	findings_check();
	if (strcmp(words(), want) != 0)
		fail_msg("got %s, want %s", words(), want);
	if (what)
		assert_span(findings.rows[0].what, what);
	if (findings.rows[0].fix.p)
		assert_true(span_starts_nocase(findings.rows[0].fix, SPAN("v=DKIM1; k=")));
}

static void expected_keys(void **state)
{
	static const char a1024[] = "a._domainkey.example.org TXT \"v=DKIM1; p=" P1024 "\"";
	static const char a2048[] = "a._domainkey.example.org TXT \"v=DKIM1; k=rsa; p=\" \"" P2048_BARE "\"";
	static const char *const bad[] = { "", "hello", PEM1024_LOCKED, PEM_EC, "v=DKIM1; p=", "v=DKIM1; k=rsa; p=" P2048_CUT,
		"v=DKIM1; p=" P512_PRIVATE, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "\"v=DKIM1" };
	struct expected_key expected;

	(void)state;
	expect(PEM1024_PKCS1, a1024, "key-expected", "The key published is the one in the file: RSA, 1024 bits.");
	expect(PEM1024_PKCS8, a1024, "key-expected", NULL);
	expect("v=DKIM1; p=" P1024, a1024, "key-expected", NULL);
	expect(PEM2048_PUBLIC, a2048, "key-expected", NULL);
	expect(PEM2048_PUBLIC_PKCS1, a2048, "key-expected", NULL);
	expect("a._domainkey.example.org. IN TXT ( \"v=DKIM1; h=sha256; k=rsa; \"\n\t\"p=" P1024 "\" )  ; ----- DKIM key a for example.org\n",
		a1024, "key-expected", NULL);
	expect(PEMED25519, "a._domainkey.example.org TXT \"v=DKIM1; k=ed25519; p=" PED25519 "\"", "key-expected",
		"The key published is the one in the file: Ed25519, 256 bits.");
	expect(PEM2048_PUBLIC, a1024, "key-differs",
		"The key published is not the one in the file: it has 1024 bits, that in the file has 2048.");
	expect(PEMED25519, a1024, "key-differs", "The key published is not the one in the file: it is RSA, that in the file is Ed25519.");
	expect("p=" P1024_EXPONENT_3, a1024, "key-differs", "The key published is not the one in the file: it is another RSA key of 1024 bits.");
	expect(PEM2048_PUBLIC, "a._domainkey.example.org TXT \"v=DKIM1; k=rsa; p=abc\"", "key-differs",
		"The key published is not the one in the file: it cannot be read.");
	expect(PEM2048_PUBLIC, "a._domainkey.example.org TXT \"v=DKIM1; p=\"", "key-withdrawn", NULL);
	expect(PEM2048_PUBLIC, "x.example.org TXT \"v=DKIM1; p=\"", "key-unpublished",
		"The key in the file is not published: nothing stands at this name.");
	expect(PEM2048_PUBLIC, "a._domainkey.example.org SERVFAIL", "key-unreachable", NULL);
	/* several names: one that fits is enough */
	expect(PEM1024_PKCS8, "b._domainkey.example.org TXT \"p=" P1024 "\"", "key-expected", NULL);
	expect(PEM2048_PUBLIC, "b._domainkey.example.org TXT \"p=" P1024 "\"", "key-unpublished",
		"The key in the file is not published: none of the keys known of this domain is it.");
	/* the name in the file goes before */
	expect("c._domainkey.example.org TXT \"p=" P1024 "\"", "b._domainkey.example.org TXT \"p=" P1024 "\"", "key-unpublished",
		"The key in the file is not published: nothing stands at this name.");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct fault fault = { 0 };

		findings_clear();
		if (expected_key_read(span_of(bad[i]), &arena, &expected, &fault))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(fault.kind, FAULT_INPUT);
		assert_true(strlen(fault.text) < 60);
	}
}

static void hostile_texts(void **state)
{
	static const char *const starts[] = { "v=DKIM1; p=", "v=DKIM1;", "k=rsa;p=MI", "o=~;", "dkim=", "s._domainkey TXT \"" };
	static const char *const pieces[] = { "\x1b[31m", "A", ";p=x", " p=AAAA", "\xe2\x80\xae", "\\", "-----", "=", "\"", "n=\x01;", ":", "\r\n " };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		for (size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
			struct buf text = BUF(65535);
			enum lint_kind kind;

			buf_put_text(&text, starts[i]);
			while (buf_put_text(&text, pieces[k]))
				;
			findings_clear();
			assert_true(lint_text(buf_span(&text), &findings, &kind));
			assert_true(lint_key(SPAN_ABSENT, buf_span(&text), &findings));
			assert_true(lint_policy(SPAN_ABSENT, buf_span(&text), &findings));
			assert_true(lint_adsp(SPAN_ABSENT, buf_span(&text), &findings));
			findings_check();
			assert_true(findings.n <= FINDINGS_MAX);
			buf_release(&text);
		}
}

static void memory_short(void **state)
{
	static const char text[] = "a._domainkey.example.org TXT \"v=DKIM1;; h=sha1:sha256; t=y; p=\" \"" P2048_BARE "\"";

	(void)state;
	zone_set(text);
	findings_clear();
	for (size_t max = 0; max < 40000; max += 509) {
		struct arena small = ARENA(max);
		struct findings few = { .arena = &small };
		struct expected_key expected;
		struct key_seen seen;
		struct fault fault;

		if (lint_key_name(dns(), SPAN("a._domainkey.example.org"), &few, &seen))
			assert_false(small.failed);
		arena_clear(&small);
		if (expected_key_read(SPAN(PEM2048_PUBLIC), &small, &expected, &fault))
			assert_false(small.failed);
		arena_release(&small);
	}
}

static void every_finding_was_met(void **state)
{
	(void)state;
	for (enum finding_code code = FINDING_KEY_SEMICOLON; code <= FINDING_ADSP_UNREADABLE; code++)
		if (!exercised[code])
			fail_msg("%s was not met by any test", finding_word(code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tags, setup, teardown),
		cmocka_unit_test_setup_teardown(syntax, setup, teardown),
		cmocka_unit_test_setup_teardown(keys, setup, teardown),
		cmocka_unit_test_setup_teardown(corrections_are_final, setup, teardown),
		cmocka_unit_test_setup_teardown(recognised, setup, teardown),
		cmocka_unit_test_setup_teardown(policies, setup, teardown),
		cmocka_unit_test_setup_teardown(collected_cases, setup, teardown),
		cmocka_unit_test_setup_teardown(names, setup, teardown),
		cmocka_unit_test_setup_teardown(expected_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_short, setup, teardown),
		cmocka_unit_test_setup_teardown(every_finding_was_met, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
