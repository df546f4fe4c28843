#include "base/buf.h"
#include "parse/dns/discovery.h"
#include "parse/dns/spfuse.h"
#include "tests/zone_fixture.h"

#define LABEL_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *flaws_of(struct span text)
{
	static char line[4096];
	struct spf_record record;
	size_t n = 0;

	line[0] = '\0';
	assert_true(spf_record_parse(text, &arena, &record));
	assert_int_equal(record.valid, record.flaws.n == 0);
	for (size_t i = 0; i < record.flaws.n; i++) {
		const struct flaw *flaw = &record.flaws.rows[i];

		assert_true(flaw->at + flaw->n <= text.n);
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s[%.*s]", i ? " " : "", finding_word(flaw->code), (int)flaw->n,
			text.p + flaw->at);
	}
	return line;
}

static void syntax(void **state)
{
	static const char *const rows[][2] = {
		{ "v=spf1", "" },
		{ "v=spf1 ", "" },
		{ "V=SPF1 -ALL", "" },
		{ "v=spf1  a mx  -all ", "" },
		{ "v=spf1 +a ~mx:example.com -ip4:192.0.2.0/24 ?ip6:2001:db8::/32 ptr exists:%{i}.x.example include:a.example -all", "" },
		{ "v=spf1 a/24 a//64 a/24//64 mx:example.com/0//0 -all", "" },
		{ "v=spf1 redirect=_spf.example.com exp=explain._spf.%{d} unknown=%{c} x.y-z_1=", "" },
		{ "v=spf1 include:%{ir}.%{v}._spf.%{d2} exists:%{l1r-}.%%.%_.%{d} a:%{d}", "" },
		{ "v=spf1 ip6:::ffff:192.0.2.1 ip6:::1/128 ip4:0.0.0.0/0", "" },
		{ "v=spf1 a:example.com. -all", "" },
		{ "v=spf10 -all", "spf-version[v=spf10 ]" },
		{ "v=spf1-all", "spf-version[v=spf1-a]" },
		{ "v=spf1 foo -all", "spf-term[foo]" },
		{ "v=spf1 -all:x", "spf-term[-all:x]" },
		{ "v=spf1 all/8", "spf-term[all/8]" },
		{ "v=spf1 +redirect=x.example", "spf-term[+redirect=x.example]" },
		{ "v=spf1 1x=y", "spf-term[1x=y]" },
		{ "v=spf1 - all", "spf-term[-]" },
		{ "v=spf1 ++a", "spf-term[++a]" },
		{ "v=spf1 ip4:192.0.2.256 -all", "spf-address[192.0.2.256]" },
		{ "v=spf1 ip4:192.0.2 -all", "spf-address[192.0.2]" },
		{ "v=spf1 ip4:2001:db8::1", "spf-address[2001:db8::1]" },
		{ "v=spf1 ip6:192.0.2.1", "spf-address[192.0.2.1]" },
		{ "v=spf1 ip4 -all", "spf-address[ip4]" },
		{ "v=spf1 ip4: -all", "spf-address[ip4:]" },
		{ "v=spf1 ip4:[192.0.2.1]", "spf-address[[192.0.2.1]]" },
		{ "v=spf1 ip4:192.0.2.0/33", "spf-prefix[/33]" },
		{ "v=spf1 ip4:192.0.2.0/", "spf-prefix[/]" },
		{ "v=spf1 ip4:192.0.2.0/08", "spf-prefix[/08]" },
		{ "v=spf1 ip6:2001:db8::/129", "spf-prefix[/129]" },
		{ "v=spf1 a/33 -all", "spf-prefix[/33]" },
		{ "v=spf1 a/24/64 -all", "spf-prefix[/64]" },
		{ "v=spf1 mx:example.com/x", "spf-prefix[/x]" },
		{ "v=spf1 include: -all", "spf-domain[include:]" },
		{ "v=spf1 include -all", "spf-domain[include]" },
		{ "v=spf1 include:localhost", "spf-domain[include:localhost]" },
		{ "v=spf1 a:192.0.2.1", "spf-domain[a:192.0.2.1]" },
		{ "v=spf1 a:a..example", "spf-domain[a:a..example]" },
		{ "v=spf1 a:-x.-y", "spf-domain[a:-x.-y]" },
		{ "v=spf1 include:b\xc3\xbc.example", "spf-idn[b\xc3\xbc.example]" },
		{ "v=spf1 exists:%{x}.example.com", "spf-macro[%{x}.example.com]" },
		{ "v=spf1 exists:%{c}.example.com", "spf-macro[%{c}.example.com]" },
		{ "v=spf1 exists:%{d0}.example.com", "spf-macro[%{d0}.example.com]" },
		{ "v=spf1 exists:%{d00r}.example.com", "spf-macro[%{d00r}.example.com]" },
		{ "v=spf1 include:" LABEL_64 ".example", "spf-domain[include:" LABEL_64 ".example]" },
		{ "v=spf1 exists:%{i.example.com", "spf-macro[%{i.example.com]" },
		{ "v=spf1 a:100%.example.com", "spf-macro[%.example.com]" },
		{ "v=spf1 redirect=a.example redirect=b.example", "spf-twice[redirect=b.example]" },
		{ "v=spf1 exp=a.example exp=b.example", "spf-twice[exp=b.example]" },
		{ "v=spf1 include:a.example\t-all", "text-octet[\t]" },
		{ "", "spf-version[]" },
	};
	struct buf text = BUF(65535);
	struct spf_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(flaws_of(span_of(rows[i][0])), rows[i][1]) != 0)
			fail_msg("%s\n  got  %s\n  want %s", rows[i][0], flaws_of(span_of(rows[i][0])), rows[i][1]);
	for (int pattern = 0; pattern < 3; pattern++) {
		buf_clear(&text);
		buf_put_text(&text, "v=spf1 ");
		while (buf_put_text(&text, pattern == 0 ? "a " : pattern == 1 ? "%{i}" : "include:a.example "))
			;
		assert_true(spf_record_parse(buf_span(&text), &arena, &record));
		assert_true(record.n <= SPF_TERMS_MAX && record.flaws.n <= FLAWS_MAX);
		arena_clear(&arena);
	}
	buf_release(&text);
}

static struct spf_tree read_tree(const char *text)
{
	struct spf_tree tree;

	zone_set(text);
	assert_true(spf_tree_read((struct dns){ zonefile_ask, zone }, SPAN("Example.com"), &arena, &tree));
	return tree;
}

static void counting(void **state)
{
	static const struct {
		const char *zone;
		unsigned lookups, voids;
		enum spf_result result;
	} rows[] = {
		{ "", 0, 0, SPF_NONE },
		{ "example.com TXT other", 0, 0, SPF_NONE },
		{ "example.com SERVFAIL", 0, 0, SPF_TEMPERROR },
		{ "example.com TXT \"v=spf1 -all\"", 0, 0, SPF_OK },
		{ "example.com TXT \"v=spf1 -all\"\nexample.com TXT \"v=spf1 ~all\"", 0, 0, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=x.example -all\"", 0, 0, SPF_OK },
		{ "example.com TXT \"v=spf1 a mx include:b.example exists:%{i}.x.example ptr -all\"\nexample.com A 192.0.2.1\n"
		  "example.com MX 1 m.example.com\nm.example.com A 192.0.2.2\nb.example TXT \"v=spf1 a:x.example mx:y.example ~all\"\n"
		  "x.example AAAA 2001:db8::1\ny.example MX 1 m.example.com",
			7, 0, SPF_OK },
		/* behind all, and a redirect beside it, nothing is looked at */
		{ "example.com TXT \"v=spf1 -all a include:b.example redirect=c.example\"", 0, 0, SPF_OK },
		{ "example.com TXT \"v=spf1 redirect=c.example a\"\nexample.com A 192.0.2.1\nc.example TXT \"v=spf1 a -all\"\nc.example A 192.0.2.1",
			3, 0, SPF_OK },
		/* every reference costs again */
		{ "example.com TXT \"v=spf1 include:b.example include:b.example -all\"\nb.example TXT \"v=spf1 a -all\"\nb.example A 192.0.2.1",
			4, 0, SPF_OK },
		/* void: neither IPv4 nor IPv6 */
		{ "example.com TXT \"v=spf1 a:n1.example a:n2.example -all\"", 2, 2, SPF_OK },
		{ "example.com TXT \"v=spf1 a:n1.example a:n2.example mx:n3.example -all\"", 3, 3, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 a:n1.example a:n2.example a:n3.example -all\"\nn1.example NODATA\nn2.example TXT x\nn3.example A 192.0.2.1",
			3, 2, SPF_OK },
		{ "example.com TXT \"v=spf1 a:n1.example exists:n2.example include:b.example -all\"\nb.example TXT \"v=spf1 a:n3.example -all\"", 4, 3,
			SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 include:none.example -all\"", 1, 1, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 include:none.example -all\"\nnone.example TXT x", 1, 0, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 include:b.example -all\"\nb.example TIMEOUT", 1, 0, SPF_TEMPERROR },
		{ "example.com TXT \"v=spf1 include:b.example -all\"\nb.example TXT \"v=spf1 what -all\"", 1, 0, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 what a -all\"", 0, 0, SPF_PERMERROR },
		/* circles */
		{ "example.com TXT \"v=spf1 include:EXAMPLE.com -all\"", 1, 0, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 redirect=example.com\"", 1, 0, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 include:b.example -all\"\nb.example TXT \"v=spf1 include:c.example\"\n"
		  "c.example TXT \"v=spf1 redirect=b.example\"",
			3, 0, SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 include:%{d}.x.example -all\"", 1, 0, SPF_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spf_tree tree = read_tree(rows[i].zone);

		if (tree.lookups != rows[i].lookups || tree.voids != rows[i].voids || tree.result != rows[i].result)
			fail_msg("row %zu: %u look-ups, %u void, %s", i, tree.lookups, tree.voids, spf_result_word(tree.result));
	}
}

static void ten_and_eleven(void **state)
{
	(void)state;
	for (unsigned n = 9; n <= 12; n++) {
		struct buf text = BUF(8192);
		struct spf_tree tree;

		buf_put_text(&text, "example.com TXT \"v=spf1");
		for (unsigned i = 1; i < n; i++)
			buf_printf(&text, " a:h%u.example", i);
		buf_put_text(&text, " include:last.example -all\"\nlast.example TXT \"v=spf1 -all\"\n");
		for (unsigned i = 1; i < n; i++)
			buf_printf(&text, "h%u.example A 192.0.2.%u\n", i, i);
		tree = read_tree(buf_text(&text));
		assert_int_equal(tree.lookups, n);
		assert_int_equal(tree.result, n > 10 ? SPF_PERMERROR : SPF_OK);
		buf_release(&text);
	}
}

static void three_hundred_includes(void **state)
{
	(void)state;
	for (int shape = 0; shape < 3; shape++) {
		struct buf text = BUF(1 << 20);
		struct spf_tree tree;

		/* a chain, a fan, and a record that doubles at every level */
		buf_put_text(&text, "example.com TXT \"v=spf1 include:i0.example\"");
		for (int i = 0; i < 400; i++) {
			buf_printf(&text, shape == 1 ? " \" include:i%d.example\"" : "\ni%d.example TXT \"v=spf1", i);
			if (shape != 1)
				buf_printf(&text, " include:i%d.example%s\"", i + 1, shape == 2 ? " include:%%%{d}.example" : "");
		}
		for (int i = 0; shape == 1 && i < 400; i++)
			buf_printf(&text, "\ni%d.example TXT \"v=spf1 ip4:192.0.2.%d\"", i, i % 256);
		tree = read_tree(buf_text(&text));
		assert_true(tree.cut);
		assert_int_equal(tree.n, SPF_NODES_MAX);
		assert_true(tree.lookups >= SPF_NODES_MAX - 1);
		assert_int_equal(tree.result, SPF_PERMERROR);
		buf_release(&text);
	}
}

static void doubling_is_bounded(void **state)
{
	struct buf text = BUF(1 << 16);
	struct spf_tree tree;

	(void)state;
	buf_put_text(&text, "example.com TXT \"v=spf1 include:i0.example include:i0.example\"");
	for (int i = 0; i < 30; i++)
		buf_printf(&text, "\ni%d.example TXT \"v=spf1 include:i%d.example include:i%d.example\"", i, i + 1, i + 1);
	tree = read_tree(buf_text(&text));
	assert_true(tree.cut && tree.n <= SPF_NODES_MAX && tree.queries <= SPF_QUERIES_MAX);
	buf_release(&text);
}

static void costs_per_term(void **state)
{
	struct spf_tree tree = read_tree("example.com TXT \"v=spf1 ip4:192.0.2.1 include:b.example a ~all\"\nexample.com A 192.0.2.1\n"
					 "b.example TXT \"v=spf1 include:c.example a -all\"\nb.example A 192.0.2.1\n"
					 "c.example TXT \"v=spf1 a mx -all\"\nc.example A 192.0.2.1\nc.example MX 0 c.example\n");
	static const unsigned want[] = { 0, 5, 1, 0 };

	(void)state;
	assert_int_equal(tree.lookups, 6);
	assert_int_equal(tree.nodes[0].lookups, 6);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(tree.nodes[0].cost[i], want[i]);
}

static void many_mail_hosts(void **state)
{
	struct buf text = BUF(8192);
	struct spf_tree tree;

	(void)state;
	buf_put_text(&text, "example.com TXT \"v=spf1 mx -all\"\n");
	for (int i = 0; i < 11; i++)
		buf_printf(&text, "example.com MX 1 m%d.example.com\nm%d.example.com A 192.0.2.%d\n", i, i, i);
	tree = read_tree(buf_text(&text));
	assert_int_equal(tree.nodes[0].mx_hosts[0], 11);
	assert_int_equal(tree.result, SPF_PERMERROR);
	assert_int_equal(tree.ranges_n, SPF_MX_MAX + 1);
	buf_release(&text);
}

static void senders(void **state)
{
	static const struct {
		const char *sender;
		char qualifier;
		bool unknown;
		const char *term;
	} rows[] = {
		{ "192.0.2.1", '+', false, "ip4:192.0.2.0/30" },
		{ "192.0.2.5", '-', false, "-ip4:192.0.2.5" },
		{ "198.51.100.7", '+', false, "a:h.example/28" },
		{ "198.51.100.16", '~', true, "~all" },
		{ "203.0.113.1", '?', false, "ip4:203.0.113.0/24" },
		{ "203.0.113.9", '+', false, "ip4:203.0.113.9" }, /* refused inside the include, allowed behind it */
		{ "2001:db8::7", '+', false, "ip6:2001:db8::/33" },
		{ "2001:db8:8000::7", '~', true, "~all" },
		{ "10.0.0.1", '~', true, "~all" },
	};
	struct spf_tree tree = read_tree("example.com TXT \"v=spf1 ip4:192.0.2.0/30 -ip4:192.0.2.5 ?include:b.example ip4:203.0.113.9 "
					 "a:h.example/28 ip6:2001:db8::/33 exists:%{i}.x.example redirect=c.example\"\n"
					 "b.example TXT \"v=spf1 -ip4:203.0.113.9 ip4:203.0.113.0/24 ip4:192.0.2.5 -all\"\n"
					 "h.example A 198.51.100.1\nc.example TXT \"v=spf1 ~all\"");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct address sender;
		struct spf_match match;

		assert_true(address_parse(span_of(rows[i].sender), &sender));
		match = spf_tree_match(&tree, &sender);
		if (match.qualifier != rows[i].qualifier || match.unknown != rows[i].unknown)
			fail_msg("%s: %c %d", rows[i].sender, match.qualifier, match.unknown);
		assert_non_null(match.range);
		assert_true(span_is(tree.nodes[match.range->node].record.terms[match.range->term].text, span_of(rows[i].term)));
	}
	tree = read_tree("example.com TXT \"v=spf1 ip4:192.0.2.1\"");
	assert_null(spf_tree_match(&tree, &(struct address){ { 1 } }).range);
	assert_int_equal(spf_tree_match(&tree, &(struct address){ { 1 } }).qualifier, '?');
	tree = read_tree("example.com TXT \"v=spf1 include:b.example -all\"\nb.example SERVFAIL");
	assert_true(spf_tree_match(&tree, &(struct address){ { 1 } }).unknown);
}

/* What no answer came for is neither allowed nor a stranger; what is not there asks nothing more. */
static void unanswered(void **state)
{
	static const struct {
		const char *zone;
		char qualifier;
		bool unknown;
	} rows[] = {
		{ "example.com TXT \"v=spf1 mx -all\"\nexample.com MX SERVFAIL", '-', true },
		{ "example.com TXT \"v=spf1 mx -all\"", '-', false },
		{ "example.com TXT \"v=spf1 mx -all\"\nexample.com MX 1 h.example\nh.example SERVFAIL", '-', true },
		{ "example.com TXT \"v=spf1 mx -all\"\nexample.com MX 1 h.example", '-', false },
		{ "example.com TXT \"v=spf1 a:h.example -all\"\nh.example TIMEOUT", '-', true },
		{ "example.com TXT \"v=spf1 a:h.example -all\"\nh.example AAAA SERVFAIL\nh.example A 192.0.2.9", '-', true },
		{ "example.com TXT \"v=spf1 exists:x.example -all\"\nx.example SERVFAIL", '-', true },
		{ "example.com TXT \"v=spf1 exists:x.example -all\"", '-', false },
		{ "example.com TXT \"v=spf1 exists:x.example -all\"\nx.example A 127.0.0.2", '+', false },
	};
	struct address sender;

	(void)state;
	assert_true(address_parse(SPAN("2001:db8::1"), &sender));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct spf_tree tree = read_tree(rows[i].zone);
		struct spf_match match = spf_tree_match(&tree, &sender);

		if (match.qualifier != rows[i].qualifier || match.unknown != rows[i].unknown)
			fail_msg("row %zu: %c %d", i, match.qualifier, match.unknown);
	}
}

/* 21 questions for each term, and one for the record. */
static void questions_are_bounded(void **state)
{
	(void)state;
	for (unsigned terms = 71; terms <= 72; terms++) {
		struct buf text = BUF(1 << 14);
		struct spf_tree tree;

		buf_put_text(&text, "example.com TXT \"v=spf1");
		for (unsigned i = 0; i < terms; i++)
			buf_put_text(&text, i % 20 == 19 ? " \" \"mx:m.example" : " mx:m.example");
		buf_put_text(&text, " -all\"\n");
		for (int i = 0; i < SPF_MX_MAX; i++)
			buf_printf(&text, "m.example MX 1 h%d.example\n", i);
		tree = read_tree(buf_text(&text));
		assert_int_equal(tree.queries, terms == 71 ? 1 + 71 * 21 : SPF_QUERIES_MAX);
		assert_int_equal(tree.cut, terms == 72);
		buf_release(&text);
	}
}

static struct spf_source source(const char *text, uint64_t messages)
{
	struct spf_source row = { .messages = messages };

	assert_true(address_parse(span_of(text), &row.address));
	return row;
}

/* Each source counts once for the term that lets it pass, and for every reference that leads there. */
static void uses(void **state)
{
	struct spf_tree tree = read_tree("example.com TXT \"v=spf1 ip4:192.0.2.0/30 include:b.example include:c.example ?ip4:198.51.100.9 "
					 "redirect=d.example\"\nb.example TXT \"v=spf1 include:e.example -all\"\n"
					 "e.example TXT \"v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all\"\n"
					 "c.example TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\nd.example TXT \"v=spf1 ip4:198.51.100.0/24 ~all\"");
	struct spf_source rows[] = { source("192.0.2.1", 100), source("203.0.113.7", 50), source("2001:db8::1", 20),
		source("198.51.100.1", 7), source("198.51.100.9", 5), source("10.0.0.1", 3), source("192.0.2.2", UINT64_MAX) };
	struct spf_uses uses;

	(void)state;
	assert_true(spf_uses_count(&tree, rows, 6, &arena, &uses));
	assert_int_equal(uses.all.messages, 185);
	assert_int_equal(uses.allowed.messages, 177);
	assert_int_equal(uses.allowed.sources, 4);
	assert_int_equal(uses.strangers.messages, 8);
	assert_int_equal(uses.strangers.sources, 2);
	assert_ptr_equal(uses.stranger[0], &rows[4]);
	assert_ptr_equal(uses.stranger[1], &rows[5]);
	assert_int_equal(uses.terms[0][0].messages, 100);
	assert_int_equal(uses.terms[0][1].messages, 70);
	assert_int_equal(uses.terms[0][2].messages, 0);
	assert_int_equal(uses.terms[0][4].messages, 7);
	for (size_t i = 1; i < tree.n; i++)
		if (span_is(tree.nodes[i].domain, SPAN("e.example"))) {
			assert_int_equal(uses.terms[i][0].messages, 50);
			assert_int_equal(uses.terms[i][1].messages, 20);
		}
	assert_true(spf_uses_count(&tree, rows, 7, &arena, &uses));
	assert_true(uses.all.messages == UINT64_MAX && uses.terms[0][0].messages == UINT64_MAX);

	tree = read_tree("example.com TXT \"v=spf1 ip4:192.0.2.1 include:slow.example -all\"\nslow.example TIMEOUT");
	assert_true(spf_uses_count(&tree, rows, 6, &arena, &uses));
	assert_int_equal(uses.unclear.messages, 85);
	assert_int_equal(uses.strangers.sources, 0);
	tree = read_tree("other.example TXT \"v=spf1 -all\"");
	assert_true(spf_uses_count(&tree, rows, 6, &arena, &uses));
	assert_int_equal(uses.strangers.sources, 6);
}

static void what_a_term_allows(void **state)
{
	static const char allows[] = "yyyyyynnnnn"; /* of the terms below */
	struct spf_record record;

	(void)state;
	assert_true(spf_record_parse(SPAN("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 a mx include:a.example redirect=b.example -ip4:192.0.2.2 ptr "
					  "exists:%{i}.x.example x=y ~all"),
		&arena, &record));
	assert_int_equal(record.n, sizeof allows - 1);
	for (size_t i = 0; i < record.n; i++)
		assert_int_equal(spf_term_allows(&record.terms[i]), allows[i] == 'y');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(syntax, setup, teardown),
		cmocka_unit_test_setup_teardown(counting, setup, teardown),
		cmocka_unit_test_setup_teardown(ten_and_eleven, setup, teardown),
		cmocka_unit_test_setup_teardown(three_hundred_includes, setup, teardown),
		cmocka_unit_test_setup_teardown(doubling_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(costs_per_term, setup, teardown),
		cmocka_unit_test_setup_teardown(many_mail_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(senders, setup, teardown),
		cmocka_unit_test_setup_teardown(unanswered, setup, teardown),
		cmocka_unit_test_setup_teardown(questions_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(uses, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_term_allows, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
