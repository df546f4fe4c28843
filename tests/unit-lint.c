#include "base/buf.h"
#include "parse/dns/lint.h"
#include "tests/zone_fixture.h"

static bool exercised[FINDING_COUNT];

/* Notes what was seen, and that every finding is complete. */
static void findings_check(void)
{
	size_t count[SEVERITY_COUNT] = { 0 };

	for (size_t i = 0; i < findings.n; i++) {
		const struct finding *f = &findings.rows[i];

		exercised[f->code] = true;
		count[f->severity]++;
		assert_int_equal(f->severity, finding_severity(f->code));
		assert_true(f->what.n > 10 && f->why.n > 10);
		assert_true(f->at + f->n <= f->record.n);
		assert_false(f->fix.p && span_is(f->fix, f->record) && f->code != FINDING_SPF_TYPE99 &&
			     f->code != FINDING_TEXT_SPLIT && f->code != FINDING_DMARC_MISPLACED);
	}
	if (!findings.left_out)
		assert_memory_equal(count, findings.count, sizeof(count));
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

static const char *fix_of(const char *word)
{
	static char fix[4096];
	struct span text = finding_of(word)->fix;

	snprintf(fix, sizeof(fix), "%.*s", (int)text.n, text.p ? text.p : "");
	return fix;
}

static void lint(struct span text, enum lint_kind want)
{
	enum lint_kind kind;

	findings_clear();
	assert_true(lint_text(text, &findings, &kind));
	assert_int_equal(kind, want);
	findings_check();
}

static struct lint_domain domain(const char *name, const char *text)
{
	struct lint_domain seen;

	zone_set(text);
	findings_clear();
	assert_true(lint_domain((struct dns){ zonefile_ask, zone }, span_of(name), &findings, &seen));
	findings_check();
	return seen;
}

struct text_row {
	const char *text;
	enum lint_kind kind;
	const char *words, *fixed, *fix; /* `fix` of the finding `fixed` */
};

static void row_check(const struct text_row *row)
{
	lint(span_of(row->text), row->kind);
	if (strcmp(words(), row->words) != 0)
		fail_msg("%s\n  got  %s\n  want %s", row->text, words(), row->words);
	if (row->fixed)
		assert_string_equal(fix_of(row->fixed), row->fix);
}

/* Copied out of pages, and put together from strings: what is corrected must not lose what was meant. */
static void dmarc_texts_joined(void **state)
{
	static const struct text_row rows[] = {
		{ ";v=DMARC1; p=none", LINT_DMARC, "dmarc-version-late", "dmarc-version-late", "v=DMARC1; p=none" },
		{ "v=DMARC1;\xc2\xa0p=reject; rua=mailto:a@example.com\xc2\xa0; adkim=s", LINT_DMARC,
			"text-octet dmarc-tag-unknown text-octet dmarc-p-missing-dead dmarc-strict", "text-octet",
			"v=DMARC1; p=reject; rua=mailto:a@example.com; adkim=s" },
		{ "v=DMARC1; p=reject; rua=,mailto:a@example.com, ,mailto:b@example.com", LINT_DMARC, "dmarc-uri-comma", "dmarc-uri-comma",
			"v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com" },
		{ "v=DMARC1; p=reject; rua=mailto:a@example.com.,mailto:b@example.com", LINT_DMARC, "dmarc-uri-dot", "dmarc-uri-dot",
			"v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com" },
		{ "v=DMARC1; p=reject; rua=mailto:a@exam\xc2\xa0ple.com,mailto:b@example.com; adkim=x", LINT_DMARC,
			"text-octet dmarc-value", "dmarc-value", "v=DMARC1; p=reject; rua=mailto:b@example.com" },
		{ "\"v=DMARC1; p=reject\" \"rua=mailto:a@example.com\" \"; adkim=s\"", LINT_DMARC,
			"dmarc-p-value dmarc-p-missing-dead dmarc-rua-missing dmarc-strict dmarc-border text-strings", "dmarc-p-value",
			"v=DMARC1; p=reject; rua=mailto:a@example.com; adkim=s" },
		{ "\"v=DMARC1; p=none; s\" \"p=none; rua=mailto:a@example.com; p\" \"ct=100\"", LINT_DMARC,
			"dmarc-policy-none dmarc-pct text-strings", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_check(&rows[i]);
}

static void texts(void **state)
{
	static const struct text_row rows[] = {
		{ "v=DMARC1; p=none; rua=mailto:a@example.com", LINT_DMARC, "dmarc-policy-none", NULL, NULL },
		{ "v=DMARC1; p=reject; rua=mailto:a@example.com", LINT_DMARC, "", NULL, NULL },
		{ "v=DMARC1; p=none; rua=mailto:a@example.org; ruf=mailto:a@example.org; fo=1", LINT_DMARC, "dmarc-policy-none dmarc-ruf-privacy",
			NULL, NULL },
		{ "v=DMARC1; p=quarantine; t=y; pct=0; rua=mailto:a@example.com", LINT_DMARC, "dmarc-trial", "dmarc-trial", "" },
		{ "v=DMARC1; p=reject; t=y; rua=mailto:a@example.com", LINT_DMARC, "dmarc-test", "dmarc-test",
			"v=DMARC1; p=reject; t=y; pct=0; rua=mailto:a@example.com" },
		{ "v=DMARC1; p=none; t=y; rua=mailto:a@example.com", LINT_DMARC, "dmarc-policy-none dmarc-test-idle", "dmarc-test-idle",
			"v=DMARC1; p=none; rua=mailto:a@example.com" },
		{ "v=DMARC1; p=reject; pct=100; rua=mailto:a@example.com", LINT_DMARC, "dmarc-pct", "dmarc-pct",
			"v=DMARC1; p=reject; rua=mailto:a@example.com" },
		{ "v=DMARC1; p=reject; pct=20; rua=mailto:a@example.com", LINT_DMARC, "dmarc-pct-part", NULL, NULL },
		{ "v=DMARC1; p=reject; pct=0; rua=mailto:a@example.com", LINT_DMARC, "dmarc-pct-part", NULL, NULL },
		{ "v=DMARC1; p=none", LINT_DMARC, "dmarc-policy-none dmarc-rua-missing", NULL, NULL },
		{ "v=DMARC1; rua=mailto:a@example.com", LINT_DMARC, "dmarc-p-missing", "dmarc-p-missing",
			"v=DMARC1; p=none; rua=mailto:a@example.com" },
		{ "v=DMARC1", LINT_DMARC, "dmarc-p-missing-dead dmarc-rua-missing", NULL, NULL },
		{ "v=DMARC1; p=maybe", LINT_DMARC, "dmarc-p-value dmarc-p-missing-dead dmarc-rua-missing", "dmarc-p-value", "v=DMARC1; p=none" },
		{ "v=DMARC1; p=reject; sp=none; np=none; rua=mailto:a@example.com", LINT_DMARC, "dmarc-sp-weaker", NULL, NULL },
		{ "v=DMARC1; p=reject; np=none; rua=mailto:a@example.com", LINT_DMARC, "dmarc-np-weaker", NULL, NULL },
		{ "v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:a@example.com", LINT_DMARC, "dmarc-strict dmarc-strict", NULL, NULL },
		{ "v=DMARC1; p=reject; fo=1; rua=mailto:a@example.com", LINT_DMARC, "dmarc-fo-idle", "dmarc-fo-idle",
			"v=DMARC1; p=reject; rua=mailto:a@example.com" },
		{ "v=DMARC1; p=reject; ruf=mailto:a@example.com; fo=0:1; rua=mailto:a@example.com", LINT_DMARC, "dmarc-ruf-privacy dmarc-fo-both",
			"dmarc-fo-both", "v=DMARC1; p=reject; rua=mailto:a@example.com; ruf=mailto:a@example.com; fo=1" },
		{ "v=DMARC1; p=reject; psd=y; rua=mailto:a@example.com", LINT_DMARC, "dmarc-psd", NULL, NULL },
		{ "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com,mailto:c@example.com", LINT_DMARC, "dmarc-uri-many", NULL, NULL },
		{ "v=dmarc1;p=none", LINT_DMARC, "dmarc-version-wrong", "dmarc-version-wrong", "v=DMARC1; p=none" },
		{ "p=none; rua=mailto:a@example.com", LINT_DMARC, "dmarc-version-missing", "dmarc-version-missing",
			"v=DMARC1; p=none; rua=mailto:a@example.com" },
		{ "p=none; v=DMARC1", LINT_DMARC, "dmarc-version-late", "dmarc-version-late", "v=DMARC1; p=none" },
		{ "v=DMARC1 p=none", LINT_DMARC, "dmarc-semicolon", "dmarc-semicolon", "v=DMARC1; p=none" },
		{ "v=DMARC1; p=reject rua=mailto:a@example.com", LINT_DMARC, "dmarc-semicolon dmarc-p-missing-dead dmarc-rua-missing",
			"dmarc-semicolon", "v=DMARC1; p=reject; rua=mailto:a@example.com" },
		{ "\"v=DMARC1; p=none; \" \"rua=mailto:a@example.com\"", LINT_DMARC, "dmarc-policy-none text-strings", NULL, NULL },
		{ "_dmarc.example.com. 300 IN TXT ( \"v=DMARC1; p=reject; \"\n \"rua=mailto:a@example.com\" )", LINT_DMARC, "text-strings", NULL, NULL },
		{ "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:a@example.com", LINT_DMARC, "", NULL, NULL },
		{ "\"v=DMARC1", LINT_UNKNOWN, "text-zone", NULL, NULL },

		{ "v=spf1 ip4:192.0.2.1 -all", LINT_SPF, "spf-all-hard", NULL, NULL },
		{ "v=spf1 mx ~all", LINT_SPF, "spf-all-soft", NULL, NULL },
		{ "v=spf1 mx", LINT_SPF, "spf-all-missing", "spf-all-missing", "v=spf1 mx ~all" },
		{ "v=spf1 mx ?all", LINT_SPF, "spf-all-neutral", "spf-all-neutral", "v=spf1 mx ~all" },
		{ "v=spf1 mx +all", LINT_SPF, "spf-all-pass", "spf-all-pass", "v=spf1 mx ~all" },
		{ "v=spf1 all", LINT_SPF, "spf-all-pass", "spf-all-pass", "v=spf1 ~all" },
		{ "v=spf1 redirect=_spf.example.com", LINT_SPF, "", NULL, NULL },
		{ "v=spf1 -all mx redirect=x.example", LINT_SPF, "spf-all-hard spf-after-all spf-redirect-idle", "spf-after-all", "v=spf1 -all" },
		{ "v=spf1 ptr ptr:example.com ~all", LINT_SPF, "spf-ptr spf-ptr spf-all-soft", NULL, NULL },
		{ "v=spf1 ip4:0.0.0.0/0 ip4:10.0.0.0/8 ip6:2001::/16 -all", LINT_SPF,
			"spf-range-all spf-range-huge spf-range-huge spf-all-hard", NULL, NULL },
		{ "v=spf1 ip4:192.0.2.77/24 ip4:192.0.2.0/24 IP4:192.0.2.1/24 -all", LINT_SPF,
			"spf-host-bits spf-duplicate spf-duplicate spf-host-bits spf-all-hard", "spf-host-bits", "v=spf1 ip4:192.0.2.0/24 -all" },
		{ "v=spf1 include:a.example include:A.Example. ~all", LINT_SPF, "spf-duplicate spf-all-soft", "spf-duplicate",
			"v=spf1 include:a.example ~all" },
		{ "v=spf1 include=a.example ~all", LINT_SPF, "spf-equals spf-all-soft", "spf-equals", "v=spf1 include:a.example ~all" },
		{ "v=spf1 mx foo=bar ra=postmaster ~all", LINT_SPF, "spf-modifier spf-reporting spf-all-soft", NULL, NULL },
		{ "v=spf1 exists:%{l}.x.example a:%{d} ~all", LINT_SPF, "spf-macro-sender spf-macro-unread spf-all-soft", NULL, NULL },
		{ "v=spf1 ipv4:192.0.2.1 192.0.2.2 a:192.0.2.3 -ip:192.0.2.4 ~all", LINT_SPF,
			"spf-term spf-term spf-domain spf-term spf-all-soft", "spf-term",
			"v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 -ip4:192.0.2.4 ~all" },
		{ "v=spf1 include:b\xc3\xbc"
		  "cher.example ~all",
			LINT_SPF, "spf-idn spf-all-soft", "spf-idn", "v=spf1 include:xn--bcher-kva.example ~all" },
		{ "v=spf1 whatever ~all", LINT_SPF, "spf-term spf-all-soft", "spf-term", "" },
		{ "V=spf1 -all", LINT_SPF, "spf-version-case spf-all-hard", "spf-version-case", "v=spf1 -all" },
		{ " v = spf1 mx -all", LINT_SPF, "spf-version", "spf-version", "v=spf1 mx -all" },
		{ "spf1 mx -all", LINT_SPF, "spf-version", "spf-version", "v=spf1 mx -all" },
		{ "v=spf1 ip4:1.2.3 ip4:192.0.2.0/99 a:%{x}.example redirect=a.example redirect=b.example", LINT_SPF,
			"spf-address spf-prefix spf-macro spf-twice", "spf-address", "" },
		{ "hello world", LINT_UNKNOWN, "text-unknown", NULL, NULL },
		{ "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 ip4:192.0.2.4 ip4:192.0.2.5 ip4:192.0.2.6 ip4:192.0.2.7 ip4:192.0.2.8 "
		  "ip4:192.0.2.9 ip4:192.0.2.10 ip4:192.0.2.11 ip4:192.0.2.12 ip4:192.0.2.13 ip4:192.0.2.14 ip4:192.0.2.15 ip4:192.0.2.16 ip4:192.0.2.17 ~all",
			LINT_SPF, "spf-all-soft text-split", NULL, NULL },
		{ "", LINT_UNKNOWN, "text-empty", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row_check(&rows[i]);
}

/* A corrected record has nothing left that a correction could mend. */
static void corrections_are_final(void **state)
{
	static const char *const rows[] = {
		"V=dmarc1 p=Reject rua=a@example.com fo=1",
		"v=DMARC1; p=none; t=y; pct=100; ri=1; rf=afrf; x=1; fo=1",
		"v=DMARC1; sp=x; rua=mailto:a!b@b\xc3\xbc.example!1m;; p=none",
		"spf1 ipv4:192.0.2.1 include=a.example all mx",
		"v=spf1 192.0.2.1 192.0.2.1 ?all",
		"v=DMARC1;\xc2\xa0p=reject; rua=mailto:a@example.com\xc2\xa0,,mailto:b@ex\xc2\xa0mple.com,; adkim=x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char fix[4096] = "";
		enum lint_kind kind;

		arena_clear(&arena);
		findings = (struct findings){ .arena = &arena };
		assert_true(lint_text(span_of(rows[i]), &findings, &kind));
		for (size_t k = 0; k < findings.n; k++)
			if (findings.rows[k].fix.p)
				snprintf(fix, sizeof(fix), "%.*s", (int)findings.rows[k].fix.n, findings.rows[k].fix.p);
		assert_true(fix[0]);
		lint(span_of(fix), kind);
		assert_int_equal(findings.count[SEVERITY_ERROR], 0);
		for (size_t k = 0; k < findings.n; k++)
			if (findings.rows[k].fix.p && findings.rows[k].code != FINDING_TEXT_SPLIT)
				fail_msg("%s: %s: %s", fix, words(), fix_of(finding_word(findings.rows[k].code)));
	}
}

static void sentences(void **state)
{
	const struct finding *f;

	(void)state;
	lint(SPAN("v=DMARC1; p=reject; adkim=strict"), LINT_DMARC);
	f = finding_of("dmarc-value");
	assert_true(span_is(f->what, SPAN("`strict` is no value that adkim may have; it may be r or s.")));
	assert_true(span_is(f->why, SPAN("Receivers skip it and go on as if adkim=r were published. Write a value it may have, or leave it out.")));
	assert_int_equal(f->at, 26);
	assert_int_equal(f->n, 6);
	for (enum finding_code code = 0; code < FINDING_COUNT; code++) {
		assert_non_null(finding_word(code));
		for (enum finding_code other = 0; other < code; other++)
			assert_string_not_equal(finding_word(code), finding_word(other));
	}
}

static void a_sound_domain(void **state)
{
	struct lint_domain seen = domain("Example.com",
		"_dmarc.example.com TXT \"v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@reports.example.net\"\n"
		"example.com._report._dmarc.reports.example.net TXT \"v=DMARC1\"\n"
		"example.com TXT \"v=spf1 mx ip4:192.0.2.0/28 ~all\"\nexample.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
		"_mta-sts.example.com TXT \"v=STSv1; id=1\"\n_smtp._tls.example.com TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"\n");

	(void)state;
	assert_string_equal(words(), "spf-all-soft mta-sts tls-rpt");
	assert_int_equal(findings_worst(&findings), SEVERITY_NOTE);
	assert_true(seen.receives && seen.mail_known && seen.mta_sts && seen.tls_rpt && !seen.denies_all && !seen.null_mx);
	assert_int_equal(seen.policy[DMARC_RFC9989].request, DMARC_REQUEST_REJECT);
	assert_int_equal(seen.spf.lookups, 1);
}

static void parked_domains(void **state)
{
	struct lint_domain seen = domain("parked.example",
		"_dmarc.parked.example TXT \"v=DMARC1; p=reject; sp=reject; rua=mailto:a@parked.example\"\n"
		"parked.example TXT \"v=spf1 -all\"\nparked.example MX 0 .");

	(void)state;
	assert_true(seen.denies_all && seen.null_mx && !seen.receives);
	assert_string_equal(words(), "spf-all-hard mail-null-mx mail-parked");
	seen = domain("parked.example", "parked.example TXT \"v=spf1 mx -all\"\nparked.example A 192.0.2.1");
	assert_false(seen.denies_all);
	assert_true(seen.receives);
	seen = domain("parked.example", "parked.example TXT \"v=spf1 -all\"\nparked.example MX TIMEOUT");
	assert_false(seen.mail_known);
}

static void what_stands_around(void **state)
{
	(void)state;
	domain("example.com", "example.com TXT \"v=DMARC1; p=none rua=mailto:a@example.com\"");
	assert_string_equal(words(), "dmarc-none dmarc-apex spf-none");
	assert_string_equal(fix_of("dmarc-apex"), "v=DMARC1; p=none; rua=mailto:a@example.com");
	assert_true(span_is(finding_of("dmarc-apex")->fix_name, SPAN("_dmarc.example.com")));
	assert_string_equal(fix_of("dmarc-none"), "");
	domain("example.com", "example.com TXT \"v=spf1 -all\"");
	assert_string_equal(fix_of("dmarc-none"), "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com");

	domain("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=reject; rua=mailto:a@example.com\"\n"
			      "_dmarc.example.com TXT \"v=DMARC1; p=none; rua=mailto:a@example.com\"\n_dmarc.example.com TXT \"hello\"\n"
			      "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\nexample.com TXT \"v=spf1 a:h.example ~all\"\nh.example A 192.0.2.7\n");
	finding_of("dmarc-two");
	finding_of("dmarc-other-text");
	assert_string_equal(fix_of("spf-two"), "v=spf1 ip4:192.0.2.1 a:h.example ~all");

	domain("example.com", "_dmarc.example.com SERVFAIL\nexample.com TXT TIMEOUT");
	assert_string_equal(words(), "dmarc-unreachable spf-unreachable");
	domain("example.com", "_dmarc.example.com BOGUS\nexample.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-bogus spf-all-soft");

	domain("example.com", "_dmarc.example.com CNAME _dmarc.host.example\n_dmarc.host.example TXT \"v=DMARC1; p=reject; rua=mailto:a@example.com\"\n"
			      "example.com SPF \"v=spf1 -all\"");
	assert_string_equal(words(), "dmarc-alias spf-type99");
	assert_string_equal(fix_of("spf-type99"), "v=spf1 -all");

	domain("example.com", "_dmarc.example.com CNAME _dmarc.host.example\nexample.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-alias-idle dmarc-none spf-all-soft");
	assert_true(span_is(finding_of("dmarc-alias-idle")->what, SPAN("An alias leads to _dmarc.host.example, and no record stands there.")));

	domain("example.com", "_dmarc.example.com.example.com TXT \"v=DMARC1; p=reject\"\nexample.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-none dmarc-misplaced spf-all-soft");
	assert_true(span_is(finding_of("dmarc-misplaced")->fix_name, SPAN("_dmarc.example.com")));
	assert_string_equal(fix_of("dmarc-misplaced"), "v=DMARC1; p=reject");
	assert_string_equal(fix_of("dmarc-none"), "");
	domain("example.com", "dmarc.example.com TXT \"v=DMARC1; p=reject\"\nexample.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-none dmarc-misplaced spf-all-soft");
	domain("mail.example.com", "dmarc.mail.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
				   "mail.example.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-inherited spf-all-soft");

	domain("mail.example.com", "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=none\"\nmail.example.com TXT \"v=spf1 -all\"");
	assert_string_equal(words(), "dmarc-inherited spf-all-hard mail-parked");
	domain("nowhere.example.com", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"");
	assert_string_equal(words(), "dmarc-inherited domain-none");
	domain("a.b.example.com", "_dmarc.b.example.com TXT \"v=DMARC1; p=reject\"\na.b.example.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-inherited dmarc-receivers-differ spf-all-soft");
	domain("example.com", "_dmarc.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject; rua=mailto:a@example.com\"\n"
			      "example.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-suffix-record spf-all-soft");
	domain("example.com", "_dmarc.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject; psd=n; rua=mailto:a@example.com\"\n"
			      "example.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "spf-all-soft");
	domain("a.b.c.d.e.f.g.example.com", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\na.b.c.d.e.f.g.example.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-inherited dmarc-deep spf-all-soft");
	domain("example.com", "_dmarc.example.com TXT \" v=DMARC1; p=reject; rua=mailto:a@example.com\"\nexample.com TXT \" v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-blank-first spf-version");
}

static void foreign_destinations(void **state)
{
	const struct finding *f;

	(void)state;
	domain("example.com", "_dmarc.example.com TXT \"v=DMARC1; p=reject; rua=mailto:a@one.example,mailto:a@two.example,mailto:a@four.example; "
			      "ruf=mailto:a@three.example\"\n*._report._dmarc.two.example TXT \"v=DMARC1; rua=mailto:b@two.example\"\n"
			      "*._report._dmarc.three.example TXT \"v=DMARC1; ruf=mailto:b@else.example\"\n"
			      "example.com._report._dmarc.four.example TIMEOUT\nexample.com TXT \"v=spf1 ~all\"");
	assert_string_equal(words(), "dmarc-uri-many dmarc-ruf-privacy consent-missing consent-override consent-unknown consent-foreign spf-all-soft");
	f = finding_of("consent-missing");
	assert_true(span_is(f->fix_name, SPAN("example.com._report._dmarc.one.example")));
	assert_true(span_is(f->fix, SPAN("v=DMARC1")));
	assert_true(span_is((struct span){ f->record.p + f->at, f->n }, SPAN("mailto:a@one.example")));
	assert_int_equal(f->severity, SEVERITY_WARNING);
}

static void trees(void **state)
{
	struct buf text = BUF(65536);

	(void)state;
	domain("example.com", "example.com TXT \"v=spf1 include:none.example include:two.example include:broken.example include:slow.example "
			      "include:all.example include:loop.example include:twice.example include:twice.example -all\"\n"
			      "two.example TXT \"v=spf1 -all\"\ntwo.example TXT \"v=spf1 ~all\"\nbroken.example TXT \"v=spf1 ip5:x -all\"\n"
			      "slow.example TIMEOUT\nall.example TXT \"v=spf1 +all\"\nloop.example TXT \"v=spf1 include:example.com -all\"\n"
			      "twice.example TXT \"v=spf1 ip4:192.0.2.1 -all\"");
	assert_string_equal(words(), "dmarc-none spf-duplicate spf-all-hard spf-lookups-near spf-target-none spf-target-two spf-target-broken "
				     "spf-target-unreachable spf-below spf-included-twice spf-target-all");
	assert_true(span_is(finding_of("spf-target-broken")->what,
		SPAN("The SPF record of broken.example is invalid, and `include:broken.example` refers to it.")));

	buf_put_text(&text, "example.com TXT \"v=spf1 mx a:v1.example a:v2.example a:v3.example include:big.example -all\"\n"
			    "big.example TXT \"v=spf1 a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example -all\"\nx.example A 192.0.2.1\n");
	for (int i = 0; i < 12; i++)
		buf_printf(&text, "example.com MX %d m%d.example\nm%d.example A 192.0.2.%d\n", i, i, i, i);
	domain("example.com", buf_text(&text));
	assert_string_equal(words(), "dmarc-none spf-all-hard spf-mx-many spf-lookups spf-voids");
	assert_true(span_is(finding_of("spf-lookups")->what, SPAN("The record needs 11 look-ups; 10 are allowed.")));
	assert_true(span_find_nocase(finding_of("spf-lookups")->why, SPAN("include:big.example with 7.")) > 0);

	domain("example.com", "example.com TXT \"v=spf1 ip4:192.0.2.7/24 include:none.example include:example.com redirect=x.example\"\n"
			      "x.example TXT \"v=spf1 include:none.example include:two.example include:bad.example -all\"\n"
			      "two.example TXT \"v=spf1 -all\"\ntwo.example TXT \"v=spf1 ~all\"\nbad.example TXT \"v=spf1 include:bad.example\"");
	assert_string_equal(words(), "dmarc-none spf-host-bits spf-target-none spf-loop spf-below spf-below spf-below");
	assert_string_equal(fix_of("spf-target-none"), "v=spf1 ip4:192.0.2.0/24 redirect=x.example");
	assert_string_equal(fix_of("spf-loop"), fix_of("spf-host-bits"));
	assert_true(span_is(finding_of("spf-below")->what,
		SPAN("`include:none.example` in the record of x.example, to which yours leads, points to none.example, and there is no SPF record.")));
	domain("example.com", "example.com TXT \"v=spf1 redirect=none.example\"");
	assert_string_equal(fix_of("spf-target-none"), "v=spf1 ~all");

	buf_clear(&text);
	buf_put_text(&text, "example.com TXT \"v=spf1 include:i0.example -all\"\n");
	for (int i = 0; i < 310; i++)
		buf_printf(&text, "i%d.example TXT \"v=spf1 include:i%d.example -all\"\n", i, i + 1);
	domain("example.com", buf_text(&text));
	finding_of("spf-bound");
	finding_of("spf-lookups");
	buf_release(&text);
}

static void strings_and_sizes(void **state)
{
	struct buf text = BUF(200000);
	char name[250];

	(void)state;
	domain("example.com", "example.com TXT \"v=spf1 include:a.example\" \"include:b.example\" \"-all\"\na.example TXT \"v=spf1 -all\"");
	finding_of("spf-border");
	domain("example.com", "example.com TXT \"v=spf1 include:a.ex\" \"ample -all\"\na.example TXT \"v=spf1 -all\"");
	assert_string_equal(words(), "dmarc-none spf-all-hard text-strings");

	buf_put_text(&text, "_dmarc.example.com TXT \"v=DMARC1; p=reject; rua=mailto:a@example.com; x=");
	for (int i = 0; i < 500; i++)
		buf_put_byte(&text, 'x');
	buf_put_text(&text, "\"\nexample.com TXT \"v=spf1 -all\"\nexample.com TXT \"");
	for (int i = 0; i < 470; i++)
		buf_put_text(&text, i == 230 ? "\" \"" : "y");
	buf_put_text(&text, "\"\n");
	domain("example.com", buf_text(&text));
	assert_string_equal(words(), "dmarc-tag-unknown text-long text-string-long spf-all-hard spf-large mail-parked");

	memset(name, 'h', sizeof(name));
	for (size_t i = 50; i < 240; i += 50)
		name[i] = '.';
	buf_clear(&text);
	buf_printf(&text, "_dmarc.example.com TXT \"v=DMARC1; p=reject; \" \"rua=mailto:a@%.*s.net\"\nexample.com TXT \"v=spf1 ~all\"", 230, name);
	domain("example.com", buf_text(&text));
	assert_string_equal(words(), "text-strings consent-long spf-all-soft");
	buf_release(&text);
}

static void hostile_texts(void **state)
{
	static const char *const starts[] = { "v=DMARC1;", "v=spf1 ", "", "\"", "x TXT \"" };
	static const char *const pieces[] = { "\x1b[31m", "a", ";p=x", " include:a.example", "\xe2\x80\xae", "\\", "%{", "mailto:a@b.example,", "\"", "=" };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		for (size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
			struct buf text = BUF(65535);
			enum lint_kind kind;

			buf_put_text(&text, starts[i]);
			while (buf_put_text(&text, pieces[k]))
				;
			arena_clear(&arena);
			findings = (struct findings){ .arena = &arena };
			assert_true(lint_text(buf_span(&text), &findings, &kind));
			findings_check();
			assert_true(findings.n <= FINDINGS_MAX);
			buf_release(&text);
		}
	assert_false(lint_domain((struct dns){ zonefile_ask, NULL }, SPAN("not a name"), &findings, &(struct lint_domain){ 0 }));
}

static void memory_short(void **state)
{
	static const char text[] = "_dmarc.example.com TXT \"v=DMARC1; p=x; rua=a@b.example\"\nexample.com TXT \"v=spf1 include:a.example mx ptr +all\"";
	struct lint_domain seen;

	(void)state;
	zone = zonefile_read(span_of(text), NULL);
	for (size_t max = 0; max < 200000; max += 1009) {
		struct arena small = ARENA(max);
		struct findings few = { .arena = &small };

		if (lint_domain((struct dns){ zonefile_ask, zone }, SPAN("example.com"), &few, &seen))
			assert_false(small.failed);
		arena_release(&small);
	}
}

static void every_finding_was_met(void **state)
{
	/* met only in parser tests, or beyond what a short test can set up */
	(void)state;
	lint(SPAN("v=DMARC1; p=none; rua=mailto:a@example.com mailto:b@example.com; ruf=x; p=none; nonsense; ri=1"), LINT_DMARC);
	lint(SPAN("v=DMARC1; rua=b@example.com,http://x.example,mailto:a!b@example.com,mailto:a@example.com!1m,mailto:a@b\xc3\xbc.example; p=none"),
		LINT_DMARC);
	lint(SPAN("v=DMARC1; p=n\"one\"\x01"), LINT_DMARC);
	for (enum finding_code code = 0; code < FINDING_COUNT; code++)
		if (!exercised[code] && (code < FINDING_KEY_SEMICOLON || code > FINDING_ADSP_UNREADABLE)) /* unit-keylint */
			fail_msg("%s was not met by any test", finding_word(code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dmarc_texts_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(texts, setup, teardown),
		cmocka_unit_test_setup_teardown(corrections_are_final, setup, teardown),
		cmocka_unit_test_setup_teardown(sentences, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sound_domain, setup, teardown),
		cmocka_unit_test_setup_teardown(parked_domains, setup, teardown),
		cmocka_unit_test_setup_teardown(what_stands_around, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_destinations, setup, teardown),
		cmocka_unit_test_setup_teardown(trees, setup, teardown),
		cmocka_unit_test_setup_teardown(strings_and_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_short, setup, teardown),
		cmocka_unit_test_setup_teardown(every_finding_was_met, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
