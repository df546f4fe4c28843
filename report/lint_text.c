/* lint for people: findings by record, the worst first, each with its place; how receivers find the policy; the SPF
 * record with all that it includes. */
#include "base/moment.h"
#include "report/lint_spf.h"
#include "report/lint_words.h"
#include "report/table.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)512 * 1024)
#define PAGE_ARENA ((size_t)64 * 1024 * 1024)
#define COLUMN 12      /* where sentences begin */
#define LINES_SHOWN 150 /* of an SPF tree */
#define RECORD_SHOWN 1000 /* octets of a record printed as a whole */
#define NAMED_MOST 5
#define FEW 2 /* addresses shown instead of their number */
#define STRING_MOST 255 /* octets; beyond them a record is pasted as strings */

struct page {
	FILE *out;
	const struct style *style;
	const struct lint_page *lint;
	struct arena arena;
	struct buf line;
};

static const struct {
	const char *one, *many;
	enum ink ink;
} severities[SEVERITY_COUNT] = {
	[SEVERITY_NOTE] = { "note", "notes", INK_PLAIN },
	[SEVERITY_WARNING] = { "warning", "warnings", INK_WARN },
	[SEVERITY_ERROR] = { "error", "errors", INK_BAD },
};

static void paragraph(struct page *page, unsigned indent)
{
	style_paragraph(page->out, page->style, indent, buf_span(&page->line));
	buf_clear(&page->line);
}

static void put_foreign(struct page *page, struct span text)
{
	style_brief(&page->line, page->style, text);
}

static void section(struct page *page, const char *name)
{
	fprintf(page->out, "\n%s%s%s\n", style_ink(page->style, INK_STRONG), name, style_off(page->style, INK_STRONG));
}

/* ------------------------------------------------------------------ a place in a record */

/* Only what takes one column as it stands is shown so: a caret must hit its place on every terminal. */
static bool is_plain(char c)
{
	return c >= ' ' && c <= '~';
}

static unsigned octet_columns(char c)
{
	return is_plain(c) ? 1 : 4;
}

static void put_octet(struct buf *out, char c)
{
	if (is_plain(c))
		buf_put_byte(out, (unsigned char)c);
	else
		buf_printf(out, "\\x%02X", (unsigned char)c);
}

static unsigned columns_of(struct span text)
{
	unsigned columns = 0;

	for (size_t i = 0; i < text.n && columns < 100000; i++)
		columns += octet_columns(text.p[i]);
	return columns;
}

/* The part of a record around a place that fits into `columns`. */
struct sight {
	size_t begin, end;
};

/* How far one can go from `at`, up to `end` or down to 0, in so many columns. */
static size_t reach_up(struct span record, size_t at, unsigned columns)
{
	for (; at < record.n && octet_columns(record.p[at]) <= columns; at++)
		columns -= octet_columns(record.p[at]);
	return at;
}

static size_t reach_down(struct span record, size_t at, unsigned columns)
{
	for (; at > 0 && octet_columns(record.p[at - 1]) <= columns; at--)
		columns -= octet_columns(record.p[at - 1]);
	return at;
}

/* A third of the room goes to what stands before the place, more where the record ends soon. */
static struct sight sight_of(const struct finding *finding, unsigned columns)
{
	struct span record = finding->record;
	struct sight sight = { 0, record.n };

	if (columns_of(record) <= columns)
		return sight;
	columns -= 6; /* dots at both ends */
	sight.begin = reach_down(record, finding->at, columns / 3);
	sight.end = reach_up(record, sight.begin, columns);
	if (sight.end == record.n)
		sight.begin = reach_down(record, record.n, columns);
	return sight;
}

static void show_place(struct page *page, const struct finding *finding)
{
	struct sight sight = sight_of(finding, page->style->width - COLUMN - 2);
	const char *dots = sight.begin ? "..." : "";
	struct buf carets = BUF(LINE_OCTETS);

	buf_put_text(&page->line, dots);
	buf_printf(&carets, "%*s", (int)strlen(dots), "");
	for (size_t i = sight.begin; i < sight.end; i++) {
		bool inside = i >= finding->at && i < finding->at + finding->n;

		put_octet(&page->line, finding->record.p[i]);
		for (unsigned k = octet_columns(finding->record.p[i]); k; k--)
			if (i < finding->at + finding->n)
				buf_put_byte(&carets, inside ? '^' : ' ');
	}
	if (sight.end < finding->record.n)
		buf_put_text(&page->line, "...");
	fprintf(page->out, "%*s%s\n%*s%s%s%s\n", COLUMN + 2, "", buf_text(&page->line), COLUMN + 2, "",
		style_ink(page->style, INK_STEP), buf_text(&carets), style_off(page->style, INK_STEP));
	buf_clear(&page->line);
	buf_release(&carets);
}

/* ------------------------------------------------------------------ findings */

static bool same_record(const struct finding *a, const struct finding *b)
{
	return span_is(a->name, b->name) && a->record.n == b->record.n && !a->record.p == !b->record.p &&
	       (a->record.p == b->record.p || span_is(a->record, b->record));
}

/* By record in the order they were met; within one the worst first. */
static const struct finding **findings_order(struct page *page, size_t *groups)
{
	const struct findings *findings = page->lint->findings;
	const struct finding **order = arena_take(&page->arena, (findings->n + 1) * sizeof *order);
	bool *taken = arena_take(&page->arena, findings->n + 1);
	size_t n = 0;

	for (size_t i = 0; order && taken && i < findings->n; i++) {
		if (taken[i])
			continue;
		groups[n] = 1;
		for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--)
			for (size_t k = i; k < findings->n; k++) {
				const struct finding *finding = &findings->rows[k];

				if (taken[k] || (int)finding->severity != severity ||
					!same_record(finding, &findings->rows[i]))
					continue;
				taken[k] = true;
				order[n++] = finding;
			}
	}
	return taken ? order : NULL;
}

/* Whole and unbroken, so that it can be copied. */
static void show_text(struct page *page, struct span text)
{
	style_text(&page->line, page->style, text);
	fprintf(page->out, "%*s%s\n", COLUMN, "", buf_text(&page->line));
	buf_clear(&page->line);
}

/* At another place than the record itself: with the finding. */
static bool is_elsewhere(const struct finding *finding)
{
	return finding->fix.p && (finding->fix_name.n || !finding->record.p);
}

static void put_place(struct page *page, const struct finding *finding)
{
	struct span name = finding->fix_name.n ? finding->fix_name : finding->name;

	if (!name.n)
		return;
	buf_put_text(&page->line, "publish as TXT at ");
	put_foreign(page, name);
	buf_put_byte(&page->line, ':');
}

static void show_corrected(struct page *page, const struct finding *finding)
{
	show_text(page,
		finding->fix.n <= STRING_MOST || !finding->fix_zone.p ? finding->fix : finding->fix_zone);
}

static void show_finding(struct page *page, const struct finding *finding)
{
	struct style_label label = { severities[finding->severity].one, severities[finding->severity].ink, 2, COLUMN };

	style_text(&page->line, page->style, finding->what);
	style_labelled(page->out, page->style, label, buf_span(&page->line));
	buf_clear(&page->line);
	if (finding->n)
		show_place(page, finding);
	style_text(&page->line, page->style, finding->why);
	paragraph(page, COLUMN);
	if (is_elsewhere(finding)) {
		put_place(page, finding);
		paragraph(page, COLUMN);
		show_corrected(page, finding);
	}
}

/* The name of a record and its whole text. */
static void show_record(struct page *page, const struct finding *finding)
{
	struct span record = finding->record;

	if (!finding->name.n && !record.n)
		return;
	put_foreign(page, finding->name);
	if (finding->name.n)
		fprintf(page->out, "\n%s%s%s", style_ink(page->style, INK_STRONG), buf_text(&page->line),
			style_off(page->style, INK_STRONG));
	fputc('\n', page->out);
	buf_clear(&page->line);
	for (size_t i = 0; i < record.n && i < RECORD_SHOWN; i++)
		put_octet(&page->line, record.p[i]);
	if (record.n > RECORD_SHOWN)
		buf_printf(&page->line, "... (%s)", counted_text(record.n, "character", "characters").p);
	if (page->line.n)
		paragraph(page, 2);
}

/* The corrections of one record, each once. */
static void show_fixes(struct page *page, const struct finding **group, size_t n)
{
	struct style_label label = { "", INK_GOOD, 2, COLUMN };

	for (size_t i = 0; i < n; i++) {
		bool again = !group[i]->fix.p || is_elsewhere(group[i]);

		for (size_t k = 0; k < i && !again; k++)
			again = span_is(group[k]->fix, group[i]->fix) && !is_elsewhere(group[k]);
		if (again)
			continue;
		fputc('\n', page->out);
		if (group[i]->code == FINDING_TEXT_SPLIT) {
			label.text = "divided";
			buf_put_text(&page->line, "into strings, as a zone file needs it:");
		} else {
			label.text = "corrected";
			buf_put_text(&page->line, "as far as that needs no decision of yours");
			buf_put_text(&page->line, group[i]->name.n ? "; " : ":");
			put_place(page, group[i]);
		}
		style_labelled(page->out, page->style, label, buf_span(&page->line));
		buf_clear(&page->line);
		show_corrected(page, group[i]);
	}
}

static bool show_findings(struct page *page)
{
	const struct findings *findings = page->lint->findings;
	size_t *groups = arena_take(&page->arena, (findings->n + 1) * sizeof *groups);
	const struct finding **order = groups ? findings_order(page, groups) : NULL;

	for (size_t i = 0, end; order && i < findings->n; i = end) {
		show_record(page, order[i]);
		for (end = i; end < findings->n && (end == i || !groups[end]); end++) {
			fputc('\n', page->out);
			show_finding(page, order[end]);
		}
		show_fixes(page, order + i, end - i);
	}
	if (findings->left_out) {
		buf_printf(&page->line, "%s not shown: mend those above first.",
			counted_text(findings->left_out, "more finding is", "more findings are").p);
		fputc('\n', page->out);
		paragraph(page, 0);
	}
	return order != NULL;
}

static void show_head(struct page *page)
{
	const struct findings *findings = page->lint->findings;
	bool some = false;

	put_foreign(page, page->lint->subject);
	fprintf(page->out, "%s%s%s  ", style_ink(page->style, INK_STRONG), buf_text(&page->line),
		style_off(page->style, INK_STRONG));
	buf_clear(&page->line);
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
		enum ink ink = severities[severity].ink;

		if (!findings->count[severity])
			continue;
		fprintf(page->out, "%s%s%s%s", some ? ", " : "", style_ink(page->style, ink),
			counted_text(findings->count[severity], severities[severity].one, severities[severity].many).p,
			style_off(page->style, ink));
		some = true;
	}
	fprintf(page->out, "%s\n", some ? "" : "nothing to mend");
}

/* ------------------------------------------------------------------ how receivers find the policy */

static const struct dmarc_look *look_at(const struct dmarc_policy *policy, struct span target)
{
	for (size_t i = 0; i < policy->walk.n; i++)
		if (span_is_nocase(policy->walk.looks[i].target, target))
			return &policy->walk.looks[i];
	return NULL;
}

static void look_cell(struct page *page, struct table *table, const struct dmarc_policy *policy,
	const struct dmarc_look *look)
{
	if (look && look == policy->source)
		buf_put_text(&page->line, "the record used");
	else if (look)
		dmarc_look_phrase(look, &page->line);
	else
		buf_put_text(&page->line, "not asked");
	table_cell(table, look && look == policy->source ? INK_STRONG : look ? INK_PLAIN : INK_QUIET,
		buf_span(&page->line));
	buf_clear(&page->line);
}

/* The newer receivers' walk, and what the older ones ask beside it. */
static bool show_looks(struct page *page)
{
	static const struct table_column columns[] = { { .name = "name asked for", .flexible = true, .least = 24 },
		{ .name = "older receivers", .flexible = true }, { .name = "newer receivers", .flexible = true } };
	const struct dmarc_policy *policies = page->lint->seen->policy;
	struct table *table = table_new(page->out, page->style, columns, 3);
	bool good;

	for (int generation = DMARC_RFC9989; table && generation >= DMARC_RFC7489; generation--) {
		const struct dmarc_walk *walk = &policies[generation].walk;

		for (size_t i = 0; i < walk->n; i++) {
			struct span target = walk->looks[i].target;

			if (generation == DMARC_RFC7489 && look_at(&policies[DMARC_RFC9989], target))
				continue;
			table_row(table);
			table_cell(table, INK_PLAIN, walk->looks[i].answer.name);
			look_cell(page, table, &policies[DMARC_RFC7489], look_at(&policies[DMARC_RFC7489], target));
			look_cell(page, table, &policies[DMARC_RFC9989], look_at(&policies[DMARC_RFC9989], target));
		}
	}
	good = table && table_print(table);
	table_free(table);
	return good;
}

static void show_policy(struct page *page, const struct dmarc_policy *policy, const char *who)
{
	struct buf sentence = BUF(LINE_OCTETS);

	dmarc_policy_sentence(policy, &sentence);
	buf_printf(&page->line, "%s ", who);
	style_text(&page->line, page->style, buf_span(&sentence));
	buf_release(&sentence);
	paragraph(page, 2);
}

static bool show_discovery(struct page *page)
{
	const struct dmarc_policy *policies = page->lint->seen->policy;

	section(page, "HOW RECEIVERS FIND THE POLICY");
	if (!show_looks(page))
		return false;
	fputc('\n', page->out);
	show_policy(page, &policies[DMARC_RFC7489], "Older receivers (RFC 7489)");
	show_policy(page, &policies[DMARC_RFC9989], "Newer receivers (RFC 9989)");
	return true;
}

/* ------------------------------------------------------------------ SPF */

/* The addresses a name stands for, while they are few. */
static bool put_few(struct page *page, const struct spf_line *line)
{
	const struct spf_tree *tree = &page->lint->seen->spf;
	size_t n = line->allows.v4_n + line->allows.v6_n;
	char address[ADDRESS_TEXT];

	if ((line->what->kind != SPF_A && line->what->kind != SPF_MX) || line->allows.unknown ||
		line->what->prefix4 != 32 || line->what->prefix6 != 128 || n == 0 || n > FEW)
		return false;
	for (size_t i = 0; i < tree->ranges_n; i++)
		if (tree->ranges[i].node == line->node && tree->ranges[i].term == line->term)
			buf_printf(&page->line, "%s%s", page->line.n ? ", " : "",
				address_format(&tree->ranges[i].address, address));
	return true;
}

static void put_addresses(struct page *page, const struct spf_allowance *allows)
{
	struct buf *line = &page->line;

	if (allows->everyone)
		buf_put_text(line, "everybody");
	else if (allows->v4_n)
		buf_put_text(line, counted_text(allows->v4, "address", "addresses").p);
	if (allows->v6_n && !allows->everyone)
		buf_printf(line, "%s%s", line->n ? ", " : "",
			counted_text(allows->v6_n, "IPv6 network", "IPv6 networks").p);
	if (allows->unknown)
		buf_printf(line, "%s", line->n ? " and more" : "depends on the message");
}

static void allows_cell(struct page *page, struct table *table, const struct spf_line *line)
{
	const struct spf_term *what = line->what;
	enum ink ink = INK_PLAIN;

	if (what->kind == SPF_BROKEN)
		buf_put_text(&page->line, "cannot be understood");
	else if (what->kind == SPF_ALL && what->qualifier != '+')
		buf_put_text(&page->line, spf_others_phrase(what->qualifier));
	else if (line->target && line->target->state != SPF_NODE_READ)
		buf_put_text(&page->line, spf_node_phrase(line->target));
	else if (!put_few(page, line))
		put_addresses(page, &line->allows);
	if (what->kind == SPF_BROKEN || (line->target && line->target->state != SPF_NODE_READ &&
						line->target->state != SPF_NODE_MACRO))
		ink = INK_BAD;
	if (line->sender && ink == INK_PLAIN) {
		buf_clear(&page->line);
		put_foreign(page, line->sender->name);
	}
	table_cell(table, line->allows.everyone ? INK_BAD : ink, buf_span(&page->line));
	buf_clear(&page->line);
}

static void seen_cell(struct table *table, const struct spf_line *line)
{
	if (line->unused && line->depth == 0)
		table_cell_text(table, INK_WARN, "none");
	else if (line->use && line->use->messages)
		table_cell_count(table, INK_PLAIN, line->use->messages);
	else
		table_cell_text(table, INK_PLAIN, "");
}

static bool show_terms(struct page *page, const struct spf_lines *lines)
{
	static const struct table_column columns[] = { { .name = "look-ups", .right = true },
		{ .name = "part of the record", .flexible = true, .least = 36 },
		{ .name = "lets pass", .flexible = true, .least = 18 }, { .name = "messages", .right = true } };
	bool compared = page->lint->uses && page->lint->uses->all.messages;
	struct table *table = table_new(page->out, page->style, columns, compared ? 4 : 3);
	size_t n = lines->n < LINES_SHOWN ? lines->n : LINES_SHOWN;
	bool good;

	for (size_t i = 0; table && i < n; i++) {
		const struct spf_line *line = &lines->rows[i];

		table_row(table);
		if (line->cost)
			table_cell_count(table, INK_PLAIN, line->cost);
		else
			table_cell_text(table, INK_PLAIN, "");
		buf_printf(&page->line, "%*s", (int)(line->depth < 10 ? 2 * line->depth : 20), "");
		buf_put_span(&page->line, line->what->text);
		table_cell(table, INK_PLAIN, buf_span(&page->line));
		buf_clear(&page->line);
		allows_cell(page, table, line);
		if (compared)
			seen_cell(table, line);
	}
	good = table && table_print(table);
	table_free(table);
	if (lines->n + lines->left_out > n)
		fprintf(page->out, "  %s not shown\n",
			counted_text(lines->n + lines->left_out - n, "more part is", "more parts are").p);
	return good;
}

static void show_totals(struct page *page, const struct spf_network *networks, size_t n)
{
	const struct spf_tree *tree = &page->lint->seen->spf;
	uint64_t v4 = 0;
	size_t v6 = 0;

	for (size_t i = 0; i < n; i++) {
		v4 += networks[i].six ? 0 : UINT64_C(1) << (32 - networks[i].prefix);
		v6 += networks[i].six;
	}
	buf_printf(&page->line, "%s%u of 10 look-ups%s", tree->cut ? "At least " : "", tree->lookups,
		tree->lookups > SPF_LOOKUPS_MAX ? ": too many" : "");
	if (tree->voids)
		buf_printf(&page->line, "; %u of them %s nothing, 2 may", tree->voids,
			plural(tree->voids, "finds", "find"));
	buf_put_text(&page->line, ". In all the record lets pass ");
	if (v4 || !v6)
		buf_put_text(&page->line, counted_text(v4, "IPv4 address", "IPv4 addresses").p);
	if (v6)
		buf_printf(&page->line, "%s%s", v4 ? " and " : "",
			counted_text(v6, "IPv6 network", "IPv6 networks").p);
	buf_put_byte(&page->line, '.');
	paragraph(page, 2);
}

static bool show_senders(struct page *page)
{
	const struct sender_row **senders;
	size_t n;

	if (!spf_senders_take(page->lint, &page->arena, &senders, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		buf_put_text(&page->line, i == 0 ? "Known services it reaches: " : ", ");
		put_foreign(page, senders[i]->name);
	}
	if (n) {
		buf_put_text(&page->line, ".");
		paragraph(page, 2);
	}
	return true;
}

/* References of the domain's own record that could go. */
static void show_unused(struct page *page, const struct spf_lines *lines)
{
	size_t n = 0;
	unsigned cost = 0;

	for (size_t i = 0; i < lines->n; i++) {
		const struct spf_line *line = &lines->rows[i];

		if (!line->unused || line->depth)
			continue;
		if (n < NAMED_MOST) {
			buf_put_text(&page->line, n ? ", " : "No mail seen came through ");
			put_foreign(page, line->what->text);
		}
		n++;
		cost += line->cost;
	}
	if (n == 0)
		return;
	if (n > NAMED_MOST)
		buf_printf(&page->line, " and %s more", count_text(n - NAMED_MOST).p);
	buf_printf(&page->line, ". If nothing is sent from there any more, take %s out", n == 1 ? "it" : "them");
	if (cost)
		buf_printf(&page->line, ": that saves %s", counted_text(cost, "look-up", "look-ups").p);
	buf_put_byte(&page->line, '.');
	paragraph(page, 2);
}

static void show_strangers(struct page *page)
{
	const struct spf_uses *uses = page->lint->uses;
	char address[ADDRESS_TEXT];

	if (!uses->strangers.sources)
		return;
	buf_printf(&page->line, "%s from ", counted_text(uses->strangers.messages, "message", "messages").p);
	for (size_t i = 0; i < uses->strangers.sources && i < NAMED_MOST; i++)
		buf_printf(&page->line, "%s%s", i ? ", " : "", address_format(&uses->stranger[i]->address, address));
	if (uses->strangers.sources > NAMED_MOST)
		buf_printf(&page->line, " and %s more", count_text(uses->strangers.sources - NAMED_MOST).p);
	buf_put_text(&page->line, " passed SPF in that time, but the record as it is now does not let them pass: it was "
				  "changed since, or somebody is missing in it.");
	paragraph(page, 2);
}

static void show_use(struct page *page, const struct spf_lines *lines)
{
	const struct spf_uses *uses = page->lint->uses;

	if (!uses || !uses->all.messages)
		return;
	buf_printf(&page->line, "Seen %s: %s that passed SPF for this domain, from %s",
		period_text(page->style, page->lint->first_day, page->lint->last_day).p,
		counted_text(uses->all.messages, "message", "messages").p,
		counted_text(uses->all.sources, "address", "addresses").p);
	buf_printf(&page->line, "; the record as it is now lets %s of them pass.", count_text(uses->allowed.messages).p);
	paragraph(page, 2);
	show_unused(page, lines);
	show_strangers(page);
}

static bool show_spf(struct page *page)
{
	const struct spf_tree *tree = &page->lint->seen->spf;
	struct spf_network *networks;
	struct spf_lines lines;
	size_t n;

	if (tree->n == 0 || tree->nodes[0].record.n == 0)
		return true;
	if (!spf_lines_take(page->lint, &page->arena, &lines) ||
		!spf_networks_take(tree, &page->arena, &networks, &n))
		return false;
	section(page, "WHO MAY SEND BY SPF");
	if (!show_terms(page, &lines))
		return false;
	fputc('\n', page->out);
	if (tree->nodes[0].state != SPF_NODE_READ) {
		buf_put_text(&page->line, "A part of the record cannot be understood, so receivers let nobody pass by it.");
		paragraph(page, 2);
		return true;
	}
	show_totals(page, networks, n);
	if (!show_senders(page))
		return false;
	show_use(page, &lines);
	return true;
}

/* ------------------------------------------------------------------ the rest */

static void show_rest(struct page *page)
{
	static const char *const dnssec[DNS_SECURITY_COUNT] = {
		[DNS_SECURE] = "The answers about it are signed, and the signatures hold (DNSSEC).",
		[DNS_UNSIGNED] = "The answers about it are not signed (DNSSEC).",
		[DNS_UNVALIDATED] = "Whether the answers about it are signed was not checked (DNSSEC).",
	};
	const struct lint_domain *seen = page->lint->seen;

	section(page, "MAIL AND DNSSEC");
	if (!seen->mail_known)
		buf_put_text(&page->line, "Whether the domain receives mail could not be read.");
	else if (seen->null_mx)
		buf_put_text(&page->line, "The domain says that it receives no mail (null MX).");
	else
		buf_printf(&page->line, "The domain receives %s.", seen->receives ? "mail" : "no mail: it names no mail host");
	buf_printf(&page->line, " Deliveries to it %s encrypted (MTA-STS), and reports on that are %s (TLS-RPT). %s",
		seen->mta_sts ? "are to be" : "need not be", seen->tls_rpt ? "asked for" : "not asked for",
		dnssec[seen->policy[DMARC_RFC9989].walk.looks[0].answer.security]);
	paragraph(page, 2);
}

/* ------------------------------------------------------------------ the page */

struct lint_text {
	FILE *out;
	const struct style *style;
	size_t pages;
};

static bool page_take(void *self, const struct lint_page *lint)
{
	struct lint_text *text = self;
	struct page page = {
		.out = text->out, .style = text->style, .lint = lint, .arena = ARENA(PAGE_ARENA), .line = BUF(LINE_OCTETS)
	};
	bool good;

	if (text->pages++)
		fputs("\n\n", text->out);
	show_head(&page);
	good = show_findings(&page);
	if (good && lint->seen)
		good = show_discovery(&page) && show_spf(&page);
	if (good && lint->seen)
		show_rest(&page);
	arena_release(&page.arena);
	buf_release(&page.line);
	return good && !ferror(text->out);
}

static bool text_close(void *self)
{
	struct lint_text *text = self;
	bool good = !ferror(text->out);

	free(text);
	return good;
}

bool lint_text_open(struct lint_writer *writer, FILE *out, const struct style *style)
{
	struct lint_text *text = malloc(sizeof *text);

	if (!text)
		return false;
	*text = (struct lint_text){ .out = out, .style = style };
	*writer = (struct lint_writer){ text, page_take, text_close };
	return true;
}

bool lint_text_print(FILE *out, const struct style *style, const struct lint_page *page)
{
	struct lint_text text = { .out = out, .style = style };

	return page_take(&text, page);
}
