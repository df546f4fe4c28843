#include "report/verdict_text.h"
#include "report/signature_text.h"
#include "report/verdict_words.h"

#include <inttypes.h>

#define LINE_OCTETS ((size_t)64 * 1024)

static void put_from(struct buf *line, const struct style *style, const struct dkim_verdicts *all)
{
	if (all->from_domain.n)
		style_brief(line, style, all->from_domain);
	else if (all->from_fields == 0)
		buf_put_text(line, "missing: DMARC cannot pass without it");
	else
		buf_printf(line, "%s with %s: DMARC wants exactly one",
			counted_text(all->from_fields, "field", "fields").p,
			counted_text(all->from_domains, "domain", "domains").p);
}

static void rest_print(FILE *out, const struct dkim_verdicts *all)
{
	if (all->header_too_long)
		fputs("  The header is too long: no signature was looked at.\n", out);
	else if (all->total == 0)
		fputs("  Not signed: there is no DKIM-Signature field.\n", out);
	if (all->total > all->n && !all->header_too_long)
		fprintf(out, "  %s not looked at: too many.\n",
			counted_text(all->total - all->n, "more signature was", "more signatures were").p);
	if (all->domainkeys_n)
		fprintf(out, "  %s (RFC 4870, before DKIM): shown, not judged.\n",
			counted_text(all->domainkeys_n, "DomainKey-Signature", "DomainKey-Signatures").p);
}

bool verdict_text(FILE *out, const struct style *style, struct span name, const struct verification *verification)
{
	static const enum ink inks[VERDICT_ANSWER_COUNT] = { INK_GOOD, INK_BAD, INK_WARN };
	const struct dkim_verdicts *all = verification->verdicts;
	enum verdict_answer answer = verdicts_answer(all);
	struct buf line = BUF(LINE_OCTETS);

	style_print(out, style, name);
	putc('\n', out);
	put_from(&line, style, all);
	style_labelled(out, style, (struct style_label){ "From", INK_QUIET, 2, 14 }, buf_span(&line));
	buf_release(&line);
	for (size_t i = 0; i < all->n; i++)
		signature_text(out, style, verification, &all->signatures[i]);
	rest_print(out, all);
	fprintf(out, "  %s%s%s\n", style_ink(style, inks[answer]), verdict_answer_text(answer),
		style_off(style, inks[answer]));
	return !ferror(out);
}
