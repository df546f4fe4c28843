/* record for people: the record, its line for a zone file, and what else to do, in that order. */
#include "report/record.h"

#define LINE_OCTETS ((size_t)512 * 1024)
#define COLUMN 12
#define INDENT 2

struct page {
	FILE *out;
	const struct style *style;
	const struct record_page *record;
	struct buf line;
};

const char *record_published_word(enum record_published published)
{
	static const char *const words[RECORD_PUBLISHED_COUNT] = { "unasked", "unknown", "none", "one", "several" };

	return (unsigned)published < RECORD_PUBLISHED_COUNT ? words[published] : "?";
}

static void say(struct page *page, const char *label, enum ink ink)
{
	style_labelled(
		page->out, page->style, (struct style_label){ label, ink, INDENT, COLUMN }, buf_span(&page->line));
	buf_clear(&page->line);
}

static void say_text(struct page *page, const char *label, const char *text)
{
	buf_put_text(&page->line, text);
	say(page, label, INK_QUIET);
}

/* Whole and unbroken, so that it can be copied. */
static void show(struct page *page, unsigned indent, struct span text)
{
	style_text(&page->line, page->style, text);
	fprintf(page->out, "%*s%s\n", (int)indent, "", buf_text(&page->line));
	buf_clear(&page->line);
}

static void heading(struct page *page)
{
	struct span name = page->record->name;

	buf_put_text(&page->line, name.n ? "publish as TXT at " : "the record");
	style_brief(&page->line, page->style, name);
	fprintf(page->out, "%s%s%s\n", style_ink(page->style, INK_STRONG), buf_text(&page->line),
		style_off(page->style, INK_STRONG));
	buf_clear(&page->line);
}

static void show_before(struct page *page)
{
	static const char *const texts[RECORD_PUBLISHED_COUNT] = {
		[RECORD_UNKNOWN] = "what is published at present could not be read",
		[RECORD_NONE] = "nothing is published there",
		[RECORD_SEVERAL] = "several records, so that none counts: delete all of them but this one",
	};
	const struct record_page *record = page->record;

	if (record->published == RECORD_ONE && span_is(record->before, record->record))
		say_text(page, "now", "this very record is published already");
	else if (record->published == RECORD_ONE) {
		style_brief(&page->line, page->style, record->before);
		say(page, "now", INK_QUIET);
	} else if (texts[record->published]) {
		buf_put_text(&page->line, record->published == RECORD_NONE && record->meant ?
			"what is published there counts for no receiver (dmarcgate lint says why): replace it" :
			texts[record->published]);
		if (record->above.n) {
			buf_put_text(&page->line, "; the record of ");
			style_brief(&page->line, page->style, record->above);
			buf_printf(&page->line, " applies, with the policy %s for this name", dmarc_request_word(record->above_policy));
		}
		say(page, "now", INK_QUIET);
	}
}

/* The record of a name ends the cover by the one above it. */
static void show_weaker(struct page *page)
{
	const struct record_page *record = page->record;
	enum dmarc_request policy = record->trial ? dmarc_request_weaker(record->policy) : record->policy;

	if (!record->above.n || policy >= record->above_policy)
		return;
	buf_put_text(&page->line, "With this record failing mail that claims to come from this name is treated more mildly than "
				  "now: the record of ");
	style_brief(&page->line, page->style, record->above);
	buf_printf(&page->line, " no longer covers it. Publish it only if this name has mail that is not ready; to keep what "
				"there is, publish nothing here or add --policy %s.",
		dmarc_request_word(record->above_policy));
	say(page, "warning", INK_WARN);
}

static void show_findings(struct page *page)
{
	const struct findings *findings = page->record->findings;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->rows[i];

		style_text(&page->line, page->style, finding->what);
		buf_put_byte(&page->line, ' ');
		style_text(&page->line, page->style, finding->why);
		say(page, severity_word(finding->severity),
			finding->severity == SEVERITY_NOTE ? INK_PLAIN : INK_WARN);
	}
}

static void show_pct(struct page *page)
{
	if (!page->record->pct_left_out)
		return;
	buf_printf(&page->line,
		"pct=%u is left out, because it has been retired: newer receivers apply the policy to all failing mail "
		"already, older ones will with this record. To be careful, add --trial.",
		page->record->pct_left_out);
	say(page, "warning", INK_WARN);
}

static void show_consent(struct page *page, const struct record_consent *consent)
{
	style_brief(&page->line, page->style, consent->host);
	if (consent->state == DMARC_CONSENT_GIVEN || consent->state == DMARC_CONSENT_OVERRIDE) {
		buf_put_text(&page->line, " has agreed to receive the reports.");
		say(page, "consent", INK_QUIET);
		return;
	}
	if (!consent->name.n) {
		buf_put_text(&page->line, " can never agree: the name needed is too long. Use an address of your own.");
		say(page, "consent", INK_WARN);
		return;
	}
	buf_put_text(&page->line, consent->state == DMARC_CONSENT_UNKNOWN
			? " must agree to receive the reports; whether it has is not known. Its owner publishes:"
			: " has not agreed to receive the reports, and gets none before it does. Its owner publishes:");
	say(page, "consent", INK_WARN);
	show(page, COLUMN, consent->zone);
}

static void show_ttl(struct page *page)
{
	buf_printf(&page->line,
		"%u seconds: so long a mistake may be remembered after it was mended. Keep it at 3600 or less while "
		"you are changing records, and use 86400 once they stay.",
		page->record->ttl);
	say(page, "TTL", INK_QUIET);
}

static void show_next(struct page *page)
{
	const struct record_page *record = page->record;
	bool same = record->published == RECORD_ONE && span_is(record->before, record->record);

	if (same)
		return;
	if (record->policy == DMARC_REQUEST_NONE) {
		say_text(page, "then", "Collect reports for at least four weeks; dmarcgate check says when to go on.");
		return;
	}
	buf_put_text(&page->line, "Publish it once dmarcgate check");
	buf_put_text(&page->line, record->domain.n ? " " : "");
	style_brief(&page->line, page->style, record->domain);
	buf_put_text(&page->line, " says that it is safe. Then watch for ");
	buf_put_text(&page->line, record->trial ? "two weeks, and take t=y and pct=0 out."
						: "a month, and go back one step when mail of yours is hit.");
	say(page, "then", INK_QUIET);
}

bool record_text(FILE *out, const struct style *style, const struct record_page *record)
{
	struct page page = { .out = out, .style = style, .record = record, .line = BUF(LINE_OCTETS) };

	heading(&page);
	show(&page, INDENT, record->record);
	if (record->zone.n) {
		fputs("\nthe same as a line of a zone file\n", out);
		show(&page, INDENT, record->zone);
	}
	fputc('\n', out);
	show_before(&page);
	if (record->made_up)
		say_text(&page, "mailbox", "The address for reports is a proposal: make this mailbox, or name another "
					   "with --rua.");
	for (size_t i = 0; i < record->consents_n; i++)
		show_consent(&page, &record->consents[i]);
	show_weaker(&page);
	show_pct(&page);
	show_findings(&page);
	show_ttl(&page);
	show_next(&page);
	buf_release(&page.line);
	return !ferror(out);
}
