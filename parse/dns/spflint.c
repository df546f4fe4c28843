#include "parse/dns/lint.h"

#include "parse/dns/orgdomain.h"

#define HUGE_PREFIX4 16 /* networks larger than these are too broad (RFC 9989 7.1 names no figure) */
#define HUGE_PREFIX6 32
#define DUPLICATES_MAX 200 /* terms compared with one another */

struct judge {
	const struct spf_record *record;
	struct span name;
	struct findings *findings;
};

static void at_place(struct judge *j, enum finding_code code, struct span place, struct span one)
{
	finding_add(j->findings, code,
		(struct finding_place){ j->name, j->record->text, (size_t)(place.p - j->record->text.p), place.n },
		&one, 1);
}

static bool is_network(const struct spf_term *term)
{
	return term->kind == SPF_IP4 || term->kind == SPF_IP6;
}

/* Clears what lies behind the network's part; true when something was there. */
static bool network_clear(const struct spf_term *term, struct address *network)
{
	unsigned bits = term->kind == SPF_IP6 ? term->prefix6 : term->prefix4 + 96u;
	bool some = false;

	*network = term->address;
	for (unsigned i = bits; i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		some |= (network->octets[i / 8] & bit) != 0;
		network->octets[i / 8] &= (uint8_t)~bit;
	}
	return some;
}

static void network_put(const struct spf_term *term, struct buf *out)
{
	bool six = term->kind == SPF_IP6;
	char text[ADDRESS_TEXT];
	struct address network;

	network_clear(term, &network);
	buf_put_text(out, address_format(&network, text));
	if ((six ? term->prefix6 : term->prefix4) < (six ? 128 : 32))
		buf_printf(out, "/%u", six ? term->prefix6 : term->prefix4);
}

static void network_judge(struct judge *j, const struct spf_term *term)
{
	bool six = term->kind == SPF_IP6;
	unsigned prefix = six ? term->prefix6 : term->prefix4;
	struct buf words = BUF(ADDRESS_TEXT + 8);
	struct address network;

	if (prefix == 0 && term->qualifier == '+') {
		at_place(j, FINDING_SPF_RANGE_ALL, term->text, SPAN_ABSENT);
	} else if (prefix < (six ? HUGE_PREFIX6 : HUGE_PREFIX4) && term->qualifier == '+') {
		if (six)
			buf_printf(&words, "2 to the %u", 128 - prefix);
		else
			buf_printf(&words, "%lu", 1ul << (32 - prefix));
		at_place(j, FINDING_SPF_RANGE_HUGE, term->text, buf_span(&words));
	}
	if (network_clear(term, &network)) {
		buf_clear(&words);
		network_put(term, &words);
		at_place(j, FINDING_SPF_HOST_BITS, term->text, buf_span(&words));
	}
	buf_release(&words);
}

static bool macro_asks_sender(struct span text)
{
	for (size_t i = 0; i + 2 < text.n; i++)
		if (text.p[i] == '%' && text.p[i + 1] == '{' && strchr("sloh", text.p[i + 2] | 0x20) && text.p[i + 2])
			return true;
	return false;
}

static void all_judge(struct judge *j, const struct spf_term *term)
{
	static const struct {
		char qualifier;
		enum finding_code code;
	} codes[] = {
		{ '+', FINDING_SPF_ALL_PASS },
		{ '?', FINDING_SPF_ALL_NEUTRAL },
		{ '~', FINDING_SPF_ALL_SOFT },
		{ '-', FINDING_SPF_ALL_HARD },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].qualifier == term->qualifier)
			at_place(j, codes[i].code, term->text, SPAN_ABSENT);
}

static void modifier_judge(struct judge *j, const struct spf_term *term)
{
	static const char *const reporting[] = { "ra", "rp", "rr" }; /* RFC 6652 */
	const char *equals = memchr(term->text.p, '=', term->text.n);
	struct span word = { term->text.p, equals ? (size_t)(equals - term->text.p) : term->text.n };

	if (spf_word_is_mechanism(word)) {
		at_place(j, FINDING_SPF_EQUALS, term->text, SPAN_ABSENT);
		return;
	}
	for (size_t i = 0; i < 3; i++)
		if (span_is_nocase(word, span_of(reporting[i]))) {
			at_place(j, FINDING_SPF_REPORTING, term->text, SPAN_ABSENT);
			return;
		}
	at_place(j, FINDING_SPF_MODIFIER, term->text, SPAN_ABSENT);
}

static bool same_meaning(const struct spf_term *a, const struct spf_term *b)
{
	struct address left, right;

	if (a->kind != b->kind || a->kind == SPF_ALL || a->kind >= SPF_REDIRECT)
		return false;
	if (!is_network(a))
		return span_is_nocase(domainname_bare(a->domain), domainname_bare(b->domain)) &&
		       a->prefix4 == b->prefix4 && a->prefix6 == b->prefix6;
	network_clear(a, &left);
	network_clear(b, &right);
	return memcmp(&left, &right, sizeof(left)) == 0 && a->prefix4 == b->prefix4 && a->prefix6 == b->prefix6;
}

static const struct spf_term *said_before(const struct spf_record *record, size_t i)
{
	for (size_t k = 0; k < i && i < DUPLICATES_MAX; k++)
		if (same_meaning(&record->terms[k], &record->terms[i]))
			return &record->terms[k];
	return NULL;
}

static void term_judge(struct judge *j, size_t i)
{
	const struct spf_record *record = j->record;
	const struct spf_term *term = &record->terms[i], *before = said_before(record, i);

	if (term->kind < SPF_REDIRECT && i > record->all) {
		at_place(j, FINDING_SPF_AFTER_ALL, term->text, SPAN_ABSENT);
		return;
	}
	if (term->kind == SPF_REDIRECT && record->all != SPF_NO_TERM)
		at_place(j, FINDING_SPF_REDIRECT_IDLE, term->text, SPAN_ABSENT);
	if (before)
		at_place(j, FINDING_SPF_DUPLICATE, term->text, before->text);
	if (is_network(term))
		network_judge(j, term);
	if (term->kind == SPF_ALL)
		all_judge(j, term);
	if (term->kind == SPF_PTR)
		at_place(j, FINDING_SPF_PTR, term->text, SPAN_ABSENT);
	if (term->kind == SPF_MODIFIER)
		modifier_judge(j, term);
	if (term->macros && term->kind != SPF_EXP)
		at_place(j, macro_asks_sender(term->domain) ? FINDING_SPF_MACRO_SENDER : FINDING_SPF_MACRO_UNREAD,
			term->text, SPAN_ABSENT);
}

static void record_judge(struct judge *j)
{
	const struct spf_record *record = j->record;
	struct span version = { record->text.p, 6 };

	if (!span_is(version, SPAN("v=spf1")))
		at_place(j, FINDING_SPF_VERSION_CASE, version, SPAN_ABSENT);
	for (size_t i = 0; i < record->n; i++)
		if (record->terms[i].kind != SPF_BROKEN)
			term_judge(j, i);
	if (record->all == SPF_NO_TERM && record->redirect == SPF_NO_TERM && record->valid)
		at_place(j, FINDING_SPF_ALL_MISSING, (struct span){ record->text.p + record->text.n, 0 }, SPAN_ABSENT);
}

/* --- writing what was meant --- */

/* Words people write for the ones SPF knows. */
static const struct {
	const char *wrong, *right;
} slips[] = {
	{ "ipv4:", "ip4:" },
	{ "ipv6:", "ip6:" },
	{ "ip:", "ip4:" },
	{ "ip4=", "ip4:" },
	{ "ip6=", "ip6:" },
	{ "a:", "ip4:" },
	{ "mx:", "ip4:" },
	{ "", "ip4:" },
	{ "", "ip6:" },
	{ "include=", "include:" },
	{ "includes:", "include:" },
	{ "a=", "a:" },
	{ "mx=", "mx:" },
	{ "exists=", "exists:" },
	{ "redirect:", "redirect=" },
	{ "exp:", "exp=" },
};

/* Is the text a record of one valid term of a kind that means something? */
static bool term_is_sound(struct span term, struct arena *arena)
{
	struct buf text = BUF((size_t)70000);
	struct spf_record record;
	bool sound;

	buf_put_text(&text, "v=spf1 ");
	buf_put_span(&text, term);
	sound = spf_record_parse(buf_span(&text), arena, &record) && record.valid && record.n == 1 &&
		record.terms[0].kind != SPF_MODIFIER;
	buf_release(&text);
	return sound;
}

static bool slip_mend(struct span term, struct arena *arena, struct buf *out)
{
	struct buf text = BUF((size_t)70000);
	size_t sign = term.n && memchr("+-?~", term.p[0], 4) ? 1 : 0;
	bool mended = false;

	for (size_t i = 0; i < sizeof(slips) / sizeof(*slips) && !mended; i++) {
		struct span rest = { term.p + sign, term.n - sign }, wrong = span_of(slips[i].wrong);

		if (!span_starts_nocase(rest, wrong))
			continue;
		buf_clear(&text);
		buf_put(&text, term.p, sign);
		buf_put_text(&text, slips[i].right);
		buf_put(&text, rest.p + wrong.n, rest.n - wrong.n);
		mended = term_is_sound(buf_span(&text), arena);
	}
	if (mended)
		buf_put_span(out, buf_span(&text));
	buf_release(&text);
	return mended;
}

/* A domain in other letters, written as A-labels. */
static bool idn_mend(struct span term, struct arena *arena, struct buf *out)
{
	struct buf text = BUF((size_t)70000);
	char host[DOMAINNAME_TEXT];
	bool sound = false;
	size_t at = 0;

	while (at < term.n && term.p[at] != ':' && term.p[at] != '=')
		at++;
	if (at < term.n && domain_alabels((struct span){ term.p + at + 1, term.n - at - 1 }, host)) {
		buf_put(&text, term.p, at + 1);
		buf_put_text(&text, host);
		sound = term_is_sound(buf_span(&text), arena) && buf_put_span(out, buf_span(&text));
	}
	buf_release(&text);
	return sound;
}

static bool term_put(const struct spf_term *term, struct arena *arena, struct buf *out)
{
	if (is_network(term)) {
		if (term->qualifier != '+')
			buf_put_byte(out, (unsigned char)term->qualifier);
		buf_put_text(out, term->kind == SPF_IP4 ? "ip4:" : "ip6:");
		network_put(term, out);
		return true;
	}
	if (term->kind == SPF_BROKEN)
		return slip_mend(term->text, arena, out) || idn_mend(term->text, arena, out);
	if (term->kind == SPF_MODIFIER)
		return slip_mend(term->text, arena, out) || buf_put_span(out, term->text);
	return buf_put_span(out, term->text);
}

/* Mechanical corrections; false when a term cannot be read, because leaving it out might stop honest mail. */
static bool record_correct(const struct spf_record *record, struct arena *arena, struct buf *out)
{
	bool open = record->redirect == SPF_NO_TERM;

	buf_put_text(out, "v=spf1");
	for (size_t i = 0; i < record->n; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->kind == SPF_ALL || (term->kind < SPF_REDIRECT && i > record->all) || said_before(record, i) ||
			(term->kind == SPF_REDIRECT && i != record->redirect))
			continue;
		buf_put_byte(out, ' ');
		if (!term_put(term, arena, out))
			return false;
	}
	if (open)
		buf_put_text(out,
			record->all != SPF_NO_TERM && record->terms[record->all].qualifier == '-' ? " -all" : " ~all");
	return !out->failed;
}

static bool rewriting_mends(enum finding_code code)
{
	switch (code) {
	case FINDING_SPF_TERM:
	case FINDING_SPF_ADDRESS:
	case FINDING_SPF_DOMAIN:
	case FINDING_SPF_IDN:
	case FINDING_SPF_VERSION_CASE:
	case FINDING_SPF_ALL_PASS:
	case FINDING_SPF_ALL_NEUTRAL:
	case FINDING_SPF_ALL_MISSING:
	case FINDING_SPF_HOST_BITS:
	case FINDING_SPF_DUPLICATE:
	case FINDING_SPF_AFTER_ALL:
	case FINDING_SPF_REDIRECT_IDLE:
	case FINDING_SPF_EQUALS:
	case FINDING_SPF_VERSION:
		return true;
	default:
		return false;
	}
}

/* `v = spf1 ...`, a leading blank or quote: the version as it was meant, the rest as it stands. */
static bool version_repair(struct span text, struct buf *out)
{
	long at = span_find_nocase((struct span){ text.p, text.n < 32 ? text.n : 32 }, SPAN("spf1"));

	if (at < 0)
		return false;
	buf_put_text(out, "v=spf1");
	text.p += at + 4;
	text.n -= (size_t)at + 4;
	if (text.n && text.p[0] != ' ')
		buf_put_byte(out, ' ');
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '"')
			buf_put_byte(out, (unsigned char)text.p[i]);
	return !out->failed;
}

/* Twice, because a mended term may turn out to say what another has said. */
static void fix_calculate(const struct spf_record *record, struct findings *findings, size_t first)
{
	struct arena arena = ARENA((size_t)64 * 1024 * 1024);
	struct buf text = BUF((size_t)2 * DNS_TEXT_MAX), mended = BUF((size_t)2 * DNS_TEXT_MAX),
		   fix = BUF((size_t)2 * DNS_TEXT_MAX);
	struct spf_record repaired = *record;

	if (!spf_text_counts(record->text) &&
		(!version_repair(record->text, &text) || !spf_record_parse(buf_span(&text), &arena, &repaired)))
		goto out;
	if (repaired.n > DUPLICATES_MAX || !record_correct(&repaired, &arena, &mended) ||
		!spf_record_parse(buf_span(&mended), &arena, &repaired) || !record_correct(&repaired, &arena, &fix))
		goto out;
	lint_fix(findings, first, buf_span(&fix), rewriting_mends);
out:
	arena_release(&arena);
	buf_release(&text);
	buf_release(&mended);
	buf_release(&fix);
}

bool lint_spf(struct span name, struct span text, struct findings *findings)
{
	struct spf_record record;
	struct judge j = { &record, name, findings };
	size_t first = findings->n;

	if (!spf_record_parse(text, findings->arena, &record))
		return false;
	lint_flaws((struct finding_place){ .name = name, .record = record.text }, &record.flaws, findings);
	if (spf_text_counts(text))
		record_judge(&j);
	fix_calculate(&record, findings, first);
	return !findings->arena->failed;
}

/* --- the tree --- */

struct tree_judge {
	const struct spf_tree *tree;
	struct findings *findings;
};

static void at_node(struct tree_judge *j, enum finding_code code, const struct spf_node *node, struct span two)
{
	const struct spf_node *parent = &j->tree->nodes[node->parent];
	struct span record = parent->record.text, term = parent->record.terms[node->term].text;
	struct span args[] = { node->domain, two };

	finding_add(j->findings, code,
		(struct finding_place){ parent->domain, record, (size_t)(term.p - record.p), term.n }, args, 2);
}

static bool read_before(const struct spf_tree *tree, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (tree->nodes[k].state == SPF_NODE_READ &&
			span_is_nocase(domainname_bare(tree->nodes[k].domain), domainname_bare(tree->nodes[i].domain)))
			return true;
	return false;
}

/* Somebody else's record has the fault: its owner must mend it. */
static void below_judge(struct tree_judge *j, const struct spf_node *node, const char *reason)
{
	const struct spf_node *parent = &j->tree->nodes[node->parent];
	struct span record = parent->record.text, term = parent->record.terms[node->term].text;
	struct span args[] = { node->domain, parent->domain, span_of(reason) };

	finding_add(j->findings, FINDING_SPF_BELOW,
		(struct finding_place){ parent->domain, record, (size_t)(term.p - record.p), term.n }, args, 3);
}

static void node_judge(struct tree_judge *j, size_t i)
{
	static const struct {
		enum finding_code code;
		const char *below; /* the reason, when not the domain's own record refers to it; NULL: the same finding */
	} faults[] = {
		[SPF_NODE_NONE] = { FINDING_SPF_TARGET_NONE, "there is no SPF record" },
		[SPF_NODE_TWO] = { FINDING_SPF_TARGET_TWO, "there is more than one SPF record" },
		[SPF_NODE_BROKEN] = { FINDING_SPF_TARGET_BROKEN, "the SPF record there is invalid" },
		[SPF_NODE_UNREACHABLE] = { FINDING_SPF_TARGET_UNREACHABLE, NULL },
		[SPF_NODE_LOOP] = { FINDING_SPF_LOOP, "that leads in a circle" },
	};
	const struct spf_node *node = &j->tree->nodes[i];
	const struct flaw *flaw = node->record.flaws.rows;
	struct span text = node->record.text, two = SPAN_ABSENT;

	if (node->state == SPF_NODE_READ && node->parent == 0 && read_before(j->tree, i))
		at_node(j, FINDING_SPF_INCLUDED_TWICE, node, SPAN_ABSENT);
	if (node->state == SPF_NODE_READ || node->state > SPF_NODE_LOOP)
		return;
	if (node->state == SPF_NODE_BROKEN)
		two = (struct span){ text.p + flaw->at, flaw->n };
	else if (node->state == SPF_NODE_UNREACHABLE)
		two = span_of(dns_status_phrase(node->answer.status));
	if (node->parent && faults[node->state].below)
		below_judge(j, node, faults[node->state].below);
	else
		at_node(j, faults[node->state].code, node, two);
}

static void at_root_term(struct tree_judge *j, enum finding_code code, size_t term, unsigned number, unsigned cost)
{
	const struct spf_node *root = &j->tree->nodes[0];
	struct span text = root->record.text, place = { text.p, 0 };
	struct buf words = BUF(64);
	struct span args[3];
	size_t border;

	if (term != SPF_NO_TERM)
		place = root->record.terms[term].text;
	buf_printf(&words, "%u", number);
	border = words.n;
	buf_printf(&words, "%u", cost);
	args[0] = (struct span){ words.p, border };
	args[1] = place;
	args[2] = (struct span){ words.p + border, words.n - border };
	finding_add(j->findings, code,
		(struct finding_place){ root->domain, text, (size_t)(place.p - text.p), place.n }, args, 3);
	buf_release(&words);
}

static void totals_judge(struct tree_judge *j)
{
	const struct spf_tree *tree = j->tree;
	const struct spf_node *root = &tree->nodes[0];
	size_t costliest = SPF_NO_TERM;

	for (size_t i = 0; i < root->record.n; i++) {
		if (root->cost[i] && (costliest == SPF_NO_TERM || root->cost[i] > root->cost[costliest]))
			costliest = i;
		if (root->mx_hosts[i] > SPF_MX_MAX)
			at_root_term(j, FINDING_SPF_MX_MANY, i, root->mx_hosts[i], 0);
	}
	if (costliest != SPF_NO_TERM && tree->lookups >= SPF_LOOKUPS_MAX - 1)
		at_root_term(j, tree->lookups > SPF_LOOKUPS_MAX ? FINDING_SPF_LOOKUPS : FINDING_SPF_LOOKUPS_NEAR,
			costliest, tree->lookups, root->cost[costliest]);
	if (tree->voids > SPF_VOIDS_MAX)
		at_root_term(j, FINDING_SPF_VOIDS, SPF_NO_TERM, tree->voids, 0);
	if (tree->cut)
		at_root_term(j, FINDING_SPF_BOUND, SPF_NO_TERM, (unsigned)tree->n, 0);
}

/* Somebody else's record that lets everybody pass. Said once for each of them. */
static void everyone_judge(struct tree_judge *j)
{
	const struct spf_tree *tree = j->tree;
	size_t last = 0;

	for (size_t i = 0; i < tree->ranges_n; i++) {
		const struct spf_range *range = &tree->ranges[i];

		if (range->node == 0 || range->node == last || !(range->everyone || range->prefix == 0) ||
			spf_range_qualifier(tree, range) != '+')
			continue;
		last = range->node;
		at_node(j, FINDING_SPF_TARGET_ALL, &tree->nodes[last], SPAN_ABSENT);
	}
}

/* A reference of the domain's own record that only does harm. */
static bool is_harmful(const struct spf_tree *tree, size_t i)
{
	const struct spf_node *node = &tree->nodes[i];

	if (node->parent || i == 0)
		return false;
	return node->state == SPF_NODE_NONE || node->state == SPF_NODE_LOOP ||
	       (node->state == SPF_NODE_READ && read_before(tree, i));
}

/* The domain's own record without its harmful references. False: there are none, or memory is short. */
static bool record_without(const struct spf_tree *tree, struct arena *arena, struct spf_record *record)
{
	const struct spf_record *own = &tree->nodes[0].record;
	bool *harmful = arena_take(arena, own->n + 1), some = false;

	*record = *own;
	record->terms = arena_take(arena, (own->n + 1) * sizeof *record->terms);
	if (!harmful || !record->terms)
		return false;
	for (size_t i = 1; i < tree->n; i++)
		if (is_harmful(tree, i))
			some = harmful[tree->nodes[i].term] = true;
	record->n = 0;
	record->all = record->redirect = SPF_NO_TERM;
	for (size_t i = 0; i < own->n; i++) {
		if (harmful[i])
			continue;
		if (i == own->all)
			record->all = record->n;
		if (i == own->redirect)
			record->redirect = record->n;
		record->terms[record->n++] = own->terms[i];
	}
	return some;
}

static bool leaving_out_mends(const struct finding *finding)
{
	return finding->code == FINDING_SPF_TARGET_NONE || finding->code == FINDING_SPF_LOOP ||
	       finding->code == FINDING_SPF_INCLUDED_TWICE || finding->fix.p;
}

/* One correction for all that can be mended in the domain's own record. */
static void tree_fix(const struct tree_judge *j)
{
	const struct spf_node *root = &j->tree->nodes[0];
	struct arena arena = ARENA((size_t)16 * 1024 * 1024);
	struct buf fix = BUF((size_t)2 * DNS_TEXT_MAX);
	struct spf_record record;
	struct span copy;

	if (record_without(j->tree, &arena, &record) && record.n <= DUPLICATES_MAX &&
		record_correct(&record, &arena, &fix)) {
		copy = arena_copy(j->findings->arena, buf_span(&fix));
		for (size_t i = 0; i < j->findings->n; i++) {
			struct finding *finding = &j->findings->rows[i];

			if (leaving_out_mends(finding) && !finding->fix_name.p &&
				span_is_nocase(domainname_bare(finding->name), root->domain) &&
				span_is(finding->record, root->record.text))
				finding->fix = copy;
		}
	}
	arena_release(&arena);
	buf_release(&fix);
}

bool lint_spf_tree(const struct spf_tree *tree, struct findings *findings)
{
	struct tree_judge j = { tree, findings };

	if (tree->n == 0 || tree->nodes[0].state != SPF_NODE_READ)
		return !findings->arena->failed;
	totals_judge(&j);
	for (size_t i = 1; i < tree->n; i++)
		node_judge(&j, i);
	everyone_judge(&j);
	tree_fix(&j);
	return !findings->arena->failed;
}
