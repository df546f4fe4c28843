/* summary for people: sentences first, then where the figures come from. Never says what to do with the policy. */
#include "report/summary.h"
#include "report/table.h"

#include <stdlib.h>

#define SOURCES_SHOWN 20
#define REPORTERS_SHOWN 10
#define DOMAINS_AT_ONCE 200 /* the table of all domains is printed in parts */
#define LINE_OCTETS ((size_t)64 * 1024)

enum part { PART_NONE, PART_DOMAIN, PART_SOURCES, PART_REPORTERS };

struct summary_text {
	FILE *out;
	struct style style;
	struct summary_head head;
	enum part part;
	bool found, failed;
	struct buf line;
	struct buf basis;	      /* said by the domain row, printed at the foot */
	struct table *table;	      /* of the part at hand */
	uint64_t more, more_messages; /* rows of this part that are not shown */
	uint64_t domains;
};

bool summary_wants(const struct summary_head *head, struct span domain)
{
	struct span wanted = span_of(head->domain);

	if (!wanted.p)
		return true;
	if (wanted.n && wanted.p[wanted.n - 1] == '.')
		wanted.n--;
	return span_is_nocase(wanted, domain);
}

static uint64_t counts_passed(const struct counts *c)
{
	return c->messages - counts_neither(c);
}

static uint64_t window_days(const struct window *window)
{
	return (uint64_t)(window->last_day - window->first_day) + 1;
}

static void heading(struct summary_text *summary, const char *words, const char *remark)
{
	fprintf(summary->out, "\n%s%s%s%s\n", style_ink(&summary->style, INK_STRONG), words,
		style_off(&summary->style, INK_STRONG), remark);
}

static void paragraph(struct summary_text *summary, unsigned indent)
{
	if (summary->line.failed)
		summary->failed = true;
	style_paragraph(summary->out, &summary->style, indent, buf_span(&summary->line));
	buf_clear(&summary->line);
}

static struct table *table_for(struct summary_text *summary, const struct table_column *columns, size_t n)
{
	struct table *table = table_new(summary->out, &summary->style, columns, n);

	if (!table)
		summary->failed = true;
	return table;
}

static bool summary_is_well(const struct summary_text *summary)
{
	return !summary->failed && !ferror(summary->out);
}

/* --- one domain --- */

static void put_policy(struct buf *line, const struct style *style, const struct domain_row *row)
{
	const struct {
		const char *name;
		struct span text;
	} tags[] = { { "p", row->p }, { "sp", row->sp }, { "np", row->np }, { "pct", row->pct } };
	const char *before = "";

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		if (tags[i].text.n == 0)
			continue;
		buf_printf(line, "%s%s=", before, tags[i].name);
		style_brief(line, style, tags[i].text);
		before = " ";
	}
	if (!*before)
		buf_put_text(line, "not told");
}

static void domain_title(struct summary_text *summary, const struct domain_row *row)
{
	struct buf *line = &summary->line;
	const struct style *style = &summary->style;
	struct long_text period = period_text(style, summary->head.window.first_day, summary->head.window.last_day);

	buf_put_text(line, style_ink(style, INK_STRONG));
	style_brief(line, style, row->domain);
	buf_put_text(line, style_off(style, INK_STRONG));
	buf_printf(line, "   %s %s policy last seen: ", period.p, style_symbol(style, SYMBOL_DOT));
	put_policy(line, style, row);
	fprintf(summary->out, "%s\n\n", buf_text(line));
	buf_clear(line);
}

/* What enforcement would have caught is what fails both, whatever the policy was at that time. */
static void domain_sentences(struct summary_text *summary, const struct domain_row *row)
{
	const struct counts *c = &row->counts;
	uint64_t neither = counts_neither(c);
	struct buf *line = &summary->line;

	if (c->messages == 0) {
		buf_put_text(line, "The receivers reported no message in this time.");
		paragraph(summary, 2);
		return;
	}
	buf_printf(line, "%s %s: signed for this domain (DKIM), sent from a server it allows (SPF), or both.",
		share_text(counts_passed(c), c->messages).p, plural(c->messages == 1 ? 1 : counts_passed(c), "passes", "pass"));
	paragraph(summary, 2);
	if (neither == 0) {
		buf_put_text(
			line, "None fails both, so there is none that p=quarantine or p=reject would have caught.");
	} else {
		buf_printf(line, "%s %s both: p=quarantine would have sent %s to spam, p=reject would have refused %s.",
			count_text(neither).p, plural(neither, "fails", "fail"), plural(neither, "it", "them"),
			plural(neither, "it", "them"));
		if (c->spared)
			buf_printf(line,
				" For %s%s the receivers named a reason to make an exception, such as "
				"forwarding or a mailing list.",
				neither == 1 ? "it" : c->spared == neither ? "all" : count_text(c->spared).p,
				neither == 1 ? "" : " of these");
	}
	paragraph(summary, 2);
}

static void counts_row(
	struct table *table, const char *what, uint64_t n, uint64_t all, const char *remark, enum ink ink)
{
	table_row(table);
	table_cell_text(table, ink, what);
	table_cell_count(table, ink, n);
	table_cell_text(table, ink, percent_text(n, all).p);
	table_cell_text(table, ink, remark);
}

static void domain_counts(struct summary_text *summary, const struct counts *c)
{
	static const struct table_column columns[] = {
		{ "" },
		{ "messages", .right = true },
		{ "", .right = true },
		{ "", .flexible = true },
	};
	struct table *table = table_for(summary, columns, sizeof columns / sizeof *columns);
	uint64_t neither = counts_neither(c);

	if (!table)
		return;
	putc('\n', summary->out);
	counts_row(table, "DKIM and SPF", c->both, c->messages, "", INK_PLAIN);
	counts_row(table, "DKIM alone", c->dkim - c->both, c->messages, "", INK_PLAIN);
	counts_row(table, "SPF alone", c->spf - c->both, c->messages, "no good signature: fails when forwarded",
		INK_PLAIN);
	counts_row(table, "neither", neither, c->messages, "caught by p=quarantine or p=reject",
		neither ? INK_WARN : INK_PLAIN);
	if (c->spared)
		counts_row(
			table, "  of these spared", c->spared, c->messages, "the receiver named a reason", INK_PLAIN);
	if (!table_print(table))
		summary->failed = true;
	table_free(table);
}

static void domain_dispositions(struct summary_text *summary, const struct counts *c)
{
	struct buf *line = &summary->line;

	buf_printf(line, "What the receivers did: %s delivered, ", count_text(c->none).p);
	buf_printf(line, "%s to spam, ", count_text(c->quarantine).p);
	buf_printf(line, "%s refused", count_text(c->reject).p);
	if (c->other)
		buf_printf(line, ", %s not told clearly", count_text(c->other).p);
	buf_put_byte(line, '.');
	putc('\n', summary->out);
	paragraph(summary, 2);
}

static void domain_basis(struct summary_text *summary, const struct domain_row *row)
{
	struct buf *line = &summary->basis;

	buf_printf(line, "BASIS: %s of %s covered; ", count_text(row->days).p,
		counted_text(window_days(&summary->head.window), "day", "days").p);
	buf_printf(line, "%s from ", counted_text(row->reports, "report", "reports").p);
	buf_printf(line, "%s", counted_text(row->reporters, "receiver", "receivers").p);
	if (row->failures)
		buf_printf(line, "; %s, not counted as messages",
			counted_text(row->failures, "failure report", "failure reports").p);
	buf_put_text(line, ". Counted are messages. These are figures, not advice: they do not say whose mail it is "
			   "that fails.");
}

static bool domain_block(struct summary_text *summary, const struct domain_row *row)
{
	domain_title(summary, row);
	domain_sentences(summary, row);
	if (row->counts.messages) {
		domain_counts(summary, &row->counts);
		domain_dispositions(summary, &row->counts);
	}
	domain_basis(summary, row);
	summary->part = PART_DOMAIN;
	return summary_is_well(summary);
}

/* --- all domains --- */

static const struct table_column domain_columns[] = {
	{ "domain", .flexible = true, .least = 20 },
	{ "policy", .flexible = true },
	{ "messages", .right = true },
	{ "pass", .right = true },
	{ "fail", .right = true },
	{ "days", .right = true },
	{ "seen by", .right = true },
};

static bool domain_line(struct summary_text *summary, const struct domain_row *row)
{
	uint64_t neither = counts_neither(&row->counts);
	struct table *table;

	if (!summary->table) {
		struct long_text period =
			period_text(&summary->style, summary->head.window.first_day, summary->head.window.last_day);

		fprintf(summary->out, "%sAll domains%s   %s\n\n", style_ink(&summary->style, INK_STRONG),
			style_off(&summary->style, INK_STRONG), period.p);
		summary->table = table_for(summary, domain_columns, sizeof domain_columns / sizeof *domain_columns);
	}
	table = summary->table;
	if (!table)
		return false;
	table_row(table);
	table_cell(table, INK_PLAIN, row->domain);
	if (row->p.n) {
		table_cell(table, INK_PLAIN, (struct span){ row->p.p, row->p.n < 64 ? row->p.n : 64 });
	} else {
		table_cell_text(table, INK_PLAIN, "not told");
	}
	table_cell_count(table, INK_PLAIN, row->counts.messages);
	table_cell_text(table, INK_PLAIN,
		row->counts.messages ? percent_text(counts_passed(&row->counts), row->counts.messages).p : "-");
	table_cell_count(table, neither ? INK_WARN : INK_PLAIN, neither);
	table_cell_count(table, INK_PLAIN, row->days);
	table_cell_count(table, INK_PLAIN, row->reporters);
	summary->domains++;
	if (table_rows(table) == DOMAINS_AT_ONCE && !table_print(table))
		summary->failed = true;
	return summary_is_well(summary);
}

static bool summary_domain(void *self, const struct domain_row *row)
{
	struct summary_text *summary = self;

	if (!summary_wants(&summary->head, row->domain) || (summary->head.domain && summary->found))
		return true;
	summary->found = true;
	return summary->head.domain ? domain_block(summary, row) : domain_line(summary, row);
}

/* --- where the figures come from --- */

static void part_end(struct summary_text *summary)
{
	if (!summary->table)
		return;
	if (!table_print(summary->table))
		summary->failed = true;
	table_free(summary->table);
	summary->table = NULL;
	if (summary->more)
		fprintf(summary->out, "  %s and %s more (%s): --format csv has them all\n",
			style_symbol(&summary->style, SYMBOL_ELLIPSIS), count_text(summary->more).p,
			counted_text(summary->more_messages, "message", "messages").p);
	summary->more = summary->more_messages = 0;
}

static void part_begin(struct summary_text *summary, enum part part, bool networks)
{
	static const struct table_column sources[] = {
		{ "address", .flexible = true, .least = TABLE_LEAST_ADDRESS },
		{ "messages", .right = true },
		{ "fail", .right = true },
		{ "DKIM", .right = true },
		{ "SPF", .right = true },
		{ "signed by", .flexible = true },
		{ "last" },
	};
	static const struct table_column reporters[] = {
		{ "receiver", .flexible = true },
		{ "messages", .right = true },
		{ "reports", .right = true },
		{ "days", .right = true },
		{ "problems", .right = true },
	};

	if (summary->part == part)
		return;
	part_end(summary);
	summary->part = part;
	if (part == PART_SOURCES) {
		heading(summary, "SOURCES",
			networks ? ", by network because there are so many, failing both first" : ", failing both first");
		summary->table = table_for(summary, sources, sizeof sources / sizeof *sources);
	} else {
		heading(summary, "WHO REPORTED", "");
		summary->table = table_for(summary, reporters, sizeof reporters / sizeof *reporters);
	}
}

static bool summary_source(void *self, const struct source_row *row)
{
	struct summary_text *summary = self;
	const struct counts *c = &row->counts;
	uint64_t neither = counts_neither(c);
	struct short_text last;

	if (summary->part == PART_NONE)
		return true;
	part_begin(summary, PART_SOURCES, row->network);
	if (!summary->table)
		return false;
	if (table_rows(summary->table) == SOURCES_SHOWN) {
		summary->more++;
		summary->more_messages += c->messages;
		return true;
	}
	last = day_text(row->last_day);
	table_row(summary->table);
	table_cell(summary->table, INK_PLAIN, row->source.n ? row->source : SPAN("not told"));
	table_cell_count(summary->table, INK_PLAIN, c->messages);
	table_cell_count(summary->table, neither ? INK_WARN : INK_PLAIN, neither);
	table_cell_text(summary->table, INK_PLAIN, percent_text(c->dkim, c->messages).p);
	table_cell_text(summary->table, INK_PLAIN, percent_text(c->spf, c->messages).p);
	table_cell(summary->table, INK_PLAIN, row->dkim_domain.n ? row->dkim_domain : SPAN("nobody"));
	table_cell_text(summary->table, INK_PLAIN, last.p);
	return summary_is_well(summary);
}

static bool summary_reporter(void *self, const struct reporter_row *row)
{
	struct summary_text *summary = self;

	if (summary->part == PART_NONE)
		return true;
	part_begin(summary, PART_REPORTERS, false);
	if (!summary->table)
		return false;
	if (table_rows(summary->table) == REPORTERS_SHOWN) {
		summary->more++;
		summary->more_messages += row->messages;
		return true;
	}
	table_row(summary->table);
	table_cell(summary->table, INK_PLAIN, row->org_name.n ? row->org_name : SPAN("gives no name"));
	table_cell_count(summary->table, INK_PLAIN, row->messages);
	table_cell_count(summary->table, INK_PLAIN, row->reports);
	table_cell_count(summary->table, INK_PLAIN, row->days);
	table_cell_count(summary->table, row->problems ? INK_WARN : INK_PLAIN, row->problems);
	return summary_is_well(summary);
}

/* --- the end --- */

static void nothing_found(struct summary_text *summary)
{
	struct long_text period =
		period_text(&summary->style, summary->head.window.first_day, summary->head.window.last_day);

	buf_put_text(&summary->line, "No report about ");
	if (summary->head.domain)
		style_brief(&summary->line, &summary->style, span_of(summary->head.domain));
	else
		buf_put_text(&summary->line, "any domain");
	buf_printf(&summary->line, " covers %s.", period.p);
	paragraph(summary, 0);
}

static bool summary_found(const void *self)
{
	const struct summary_text *summary = self;

	return summary->found;
}

static bool summary_text_close(void *self)
{
	struct summary_text *summary = self;
	bool done;

	part_end(summary);
	if (!summary->found)
		nothing_found(summary);
	else if (!summary->head.domain)
		fprintf(summary->out, "\n%s. For the sources of one: %sdmarcgate summary DOMAIN%s\n",
			counted_text(summary->domains, "domain", "domains").p, style_ink(&summary->style, INK_STEP),
			style_off(&summary->style, INK_STEP));
	else {
		fprintf(summary->out, "\n%s", style_ink(&summary->style, INK_QUIET));
		style_paragraph(summary->out, &summary->style, 0, buf_span(&summary->basis));
		fputs(style_off(&summary->style, INK_QUIET), summary->out);
	}
	done = summary_is_well(summary) && fflush(summary->out) == 0;
	table_free(summary->table);
	buf_release(&summary->line);
	buf_release(&summary->basis);
	free(summary);
	return done;
}

bool summary_text_open(
	struct summary_writer *writer, FILE *out, const struct style *style, const struct summary_head *head)
{
	struct summary_text *summary = calloc(1, sizeof *summary);

	if (!summary)
		return false;
	summary->out = out;
	summary->style = *style;
	summary->head = *head;
	summary->line = summary->basis = BUF(LINE_OCTETS);
	*writer = (struct summary_writer){
		.self = summary,
		.domain = summary_domain,
		.source = summary_source,
		.reporter = summary_reporter,
		.found = summary_found,
		.close = summary_text_close,
	};
	return true;
}

bool summary_first_steps(FILE *out, const struct style *style, const char *database)
{
	static const struct {
		const char *command, *says;
	} steps[] = {
		{ "_dmarc.YOUR.DOMAIN TXT \"v=DMARC1; p=none; rua=mailto:dmarc@YOUR.DOMAIN\"",
			"Ask for reports: publish this record; they come once a day." },
		{ "dmarcgate ingest FOLDER", "Read the reports you have: files, a Maildir or an mbox." },
		{ "dmarcgate show FILE", "Look into one report; nothing is stored." },
		{ "man dmarcgate", "Everything else." },
	};

	fputs("No reports yet in ", out);
	style_print(out, style, span_of(database));
	fputs(". First steps:\n\n", out);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		fprintf(out, "  %zu  %s\n       %s%s%s\n", i + 1, steps[i].says, style_ink(style, INK_STEP),
			steps[i].command, style_off(style, INK_STEP));
	return fflush(out) == 0 && !ferror(out);
}
