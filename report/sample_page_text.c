/* explain sample:ID for people: what happened to this mail, in one sentence first, and all that it rests on. */
#include "base/moment.h"
#include "report/facts.h"
#include "report/sample_words.h"
#include "report/samples.h"
#include "report/signature_text.h"
#include "report/verdict_words.h"

#define LINE_OCTETS ((size_t)64 * 1024)
#define COLUMN 14
#define HOPS_SHOWN 8

struct page {
	FILE *out;
	const struct style *style;
	const struct sample_row *row;
	const struct failure *failure;
	const struct verification *verification;
	struct buf line;
};

/* Prints what was put into the line, and empties it. */
static void say(struct page *page, const char *text)
{
	style_labelled(
		page->out, page->style, (struct style_label){ text, INK_QUIET, 2, COLUMN }, buf_span(&page->line));
	buf_clear(&page->line);
}

static void say_foreign(struct page *page, const char *label, struct span text)
{
	if (!text.n)
		return;
	style_brief(&page->line, page->style, text);
	say(page, label);
}

static void section(struct page *page, const char *name)
{
	fprintf(page->out, "\n  %s%s%s\n", style_ink(page->style, INK_STRONG), name,
		style_off(page->style, INK_STRONG));
}

static void put_moment(struct page *page, int64_t moment)
{
	char text[MOMENT_TEXT] = "";

	if (moment != MOMENT_NONE)
		moment_format(moment, text);
	buf_put_text(&page->line, *text ? text : "an unknown time");
}

static void put_proof(struct page *page)
{
	const struct sample_row *row = page->row;

	if (!row->signer.n) {
		buf_put_text(&page->line, "nothing proves who sent it");
		return;
	}
	buf_put_text(&page->line, "signed by ");
	style_brief(&page->line, page->style, row->signer);
	if (row->repaired)
		buf_put_text(&page->line, ", once a change on its way to you is undone");
}

static void head(struct page *page)
{
	const struct sample_row *row = page->row;
	struct style_label label = { .ink = INK_STRONG };
	char id[64];

	snprintf(id, sizeof id, "sample:%.*s", (int)(row->id.n < 40 ? row->id.n : 40), row->id.p ? row->id.p : "");
	label.text = id;
	label.column = (unsigned)strlen(id) + 2;
	buf_put_text(&page->line, row->dmarc ? "failure report from " : "feedback, not counted as a failure, from ");
	style_brief(&page->line, page->style, row->reporter.n ? row->reporter : SPAN("somebody"));
	buf_put_text(&page->line, ", ");
	put_moment(page, row->arrived);
	style_labelled(page->out, page->style, label, buf_span(&page->line));
	buf_clear(&page->line);
}

struct headline {
	enum ink ink;
	const char *says, *means;
};
static const struct headline headlines[SAMPLE_VERDICT_COUNT] = {
	[SAMPLE_NONE] = { INK_WARN, "NO SAMPLE",
		"The report tells of a mail and does not show it: its signatures cannot be "
		"checked again." },
	[SAMPLE_ALIGNED] = { INK_GOOD, "AN ALIGNED SIGNATURE PASSES",
		"As the report shows it, the mail carries a valid signature of the "
		"domain in From. Where the reporter saw a failure, it lies elsewhere." },
	[SAMPLE_CHANGED] = { INK_WARN, "CHANGED ON THE WAY",
		"The mail was correctly signed by the domain in From, and changed "
		"afterwards. At the signing there is nothing to repair." },
	[SAMPLE_BROKEN] = { INK_BAD, "SIGNATURE DOES NOT PASS",
		"The mail carries a signature of the domain in From that does not "
		"pass." },
	[SAMPLE_UNALIGNED] = { INK_BAD, "SIGNED BY OTHERS ONLY",
		"No signature is of the domain in From. If the mail is yours, have "
		"its server sign with your domain." },
	[SAMPLE_UNSIGNED] = { INK_BAD, "NOT SIGNED",
		"The mail carries no DKIM signature. If it is yours, have its server sign; if "
		"not, somebody used your domain." },
	[SAMPLE_UNDECIDED] = { INK_WARN, "CANNOT BE DECIDED NOW", "Something that the verdict needs is not at hand." },
};

static void headline(struct page *page)
{
	const struct headline *headline = &headlines[sample_verdict_of(page->verification)];
	const struct verification *verification = page->verification;
	const struct dkim_verdict *v = verification ? verdict_foremost(verification->verdicts) : NULL;

	fprintf(page->out, "\n  %s%s%s\n", style_ink(page->style, headline->ink), headline->says,
		style_off(page->style, headline->ink));
	style_paragraph(page->out, page->style, 2, span_of(headline->means));
	if (!v || !v->diagnosis || !v->diagnosis->sentence.n)
		return;
	buf_put_text(&page->line, "The signature of ");
	style_brief(&page->line, page->style, v->d.n ? v->d : SPAN("an unreadable domain"));
	buf_put_text(&page->line, ": ");
	style_text(&page->line, page->style, v->diagnosis->sentence);
	buf_put_text(&page->line, ".");
	style_paragraph(page->out, page->style, 2, buf_span(&page->line));
	buf_clear(&page->line);
}

/* Those that had it before the source, as the sample's own header says: far ones first. */
static void hops(struct page *page)
{
	struct span rest = page->failure->sample_hops, hop, address;
	struct span all[HOPS_SHOWN];
	size_t n = 0;

	while (n < HOPS_SHOWN && span_take(&rest, ' ', &hop))
		if (span_take(&hop, ';', &address) && address.n)
			all[n++] = address;
	for (size_t i = n; i-- > 0;) {
		bool next = all[i].p[all[i].n - 1] == '!';

		style_brief(&page->line, page->style, (struct span){ all[i].p, all[i].n - next });
		buf_put_text(&page->line, ", so says the mail's own header");
		say(page, i + 1 == n ? "before" : "");
	}
}

static void path(struct page *page)
{
	const struct failure *failure = page->failure;
	char address[ADDRESS_TEXT];
	struct span source = failure_source(failure, address);

	section(page, "PATH");
	hops(page);
	style_brief(&page->line, page->style, source.n ? source : SPAN("an address that is not told"));
	if (page->row->has_address) {
		buf_printf(&page->line, "; dmarcgate explain %s tells what is known of it",
			address_format(&page->row->address, address));
	}
	say(page, "source");
	buf_printf(&page->line, "%s ", style_symbol(page->style, SYMBOL_ARROW));
	style_brief(&page->line, page->style, page->row->reporter.n ? page->row->reporter : SPAN("somebody"));
	buf_put_text(&page->line, "; its report: ");
	put_proof(page);
	say(page, "reporter");
}

static void signatures(struct page *page)
{
	const struct verification *verification = page->verification;
	const struct dkim_verdicts *all = verification ? verification->verdicts : NULL;

	if (!all)
		return;
	section(page, "SIGNATURES, CHECKED AGAIN");
	for (size_t i = 0; i < all->n; i++)
		signature_text(page->out, page->style, verification, &all->signatures[i]);
	if (all->total == 0)
		fputs("  none\n", page->out);
	if (all->total > all->n)
		fprintf(page->out, "  %s not looked at: too many.\n",
			counted_text(all->total - all->n, "more was", "more were").p);
	buf_put_text(&page->line, verdict_answer_text(verdicts_answer(all)));
	if (verification->at == MOMENT_NONE)
		buf_put_text(&page->line, "; when the mail arrived is unknown, so expiry was not judged");
	style_paragraph(page->out, page->style, 2, buf_span(&page->line));
	buf_clear(&page->line);
}

static struct span field_of(const struct failure *failure, const char *name)
{
	for (size_t i = 0; i < failure->fields_n; i++)
		if (span_is(failure->fields[i].name, span_of(name)))
			return failure->fields[i].value;
	return SPAN_ABSENT;
}

static void claims(struct page *page)
{
	const struct failure *failure = page->failure;
	struct buf claim = BUF(LINE_OCTETS);

	section(page, "THE REPORTER'S CLAIM");
	style_brief(&page->line, page->style, failure->auth_failure.n ? failure->auth_failure : SPAN("not told"));
	say(page, "failure");
	if (failure->identity_alignment.n) {
		identity_put(&claim, failure->identity_alignment, failure->identity_rule);
		say_foreign(page, "alignment", buf_span(&claim));
	}
	buf_release(&claim);
	if (failure->identity_alignment.n && failure->identity_rule != IDENTITY_RFC7489 &&
		failure->identity_rule != IDENTITY_RFC9991) {
		buf_put_text(&page->line,
			"RFC 7489 lists what was aligned, RFC 9991 what failed; which is meant cannot be told");
		say(page, "");
	}
	if (page->row->dmarc_passed) {
		buf_put_text(&page->line, "the mail passed DMARC all the same, so it is not counted as a failure");
		say(page, "but");
	}
	say_foreign(page, "delivery", failure->delivery_result);
	say_foreign(page, "results", field_of(failure, "authentication-results"));
	say_foreign(page, "SPF record", field_of(failure, "spf-dns"));
	if (failure->incidents != 1) {
		buf_put_text(&page->line, counted_text(failure->incidents, "mail", "mails").p);
		say(page, "stands for");
	}
}

static void sample(struct page *page)
{
	const struct failure *failure = page->failure;

	if (!failure->has_sample)
		return;
	section(page, "THE MAIL");
	say_foreign(page, "From", failure->sample_from);
	say_foreign(page, "Subject", failure->sample_subject);
	buf_printf(&page->line, "%s, %s", counted_text(failure->sample_octets, "octet", "octets").p,
		failure->headers_only ? "headers only" : "the whole mail");
	say(page, "shown");
	if (failure->sample_relayed) {
		buf_put_text(&page->line, "of a mailing list or forwarder: List-, ARC-, Resent- or X-Forwarded-");
		say(page, "fields");
	}
}

static void fields(struct page *page)
{
	const struct failure *failure = page->failure;

	if (failure->fields_n)
		section(page, "FIELDS OF THE REPORT");
	for (size_t i = 0; i < failure->fields_n; i++) {
		style_brief(&page->line, page->style, failure->fields[i].name);
		buf_put_text(&page->line, ": ");
		style_brief(&page->line, page->style, failure->fields[i].value);
		style_paragraph(page->out, page->style, 2, buf_span(&page->line));
		buf_clear(&page->line);
	}
}

bool sample_page_text(FILE *out, const struct style *style, const struct sample_page *kept)
{
	struct page page = { .out = out,
		.style = style,
		.row = kept->row,
		.failure = kept->failure,
		.verification = kept->verification,
		.line = BUF(LINE_OCTETS) };

	head(&page);
	headline(&page);
	path(&page);
	signatures(&page);
	sample(&page);
	claims(&page);
	fields(&page);
	buf_release(&page.line);
	return !ferror(out);
}

bool sample_page_note(FILE *out, const struct sample_page *kept)
{
	if (!kept->mask.show)
		fputs("\n  Addresses are masked; --show-addresses shows them.\n", out);
	return !ferror(out);
}
