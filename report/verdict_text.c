#include "report/verdict_text.h"
#include "base/moment.h"

#include <inttypes.h>

static void labelled(FILE *out, const struct style *style, const char *label, struct span text)
{
	fprintf(out, "    %-10s ", label);
	style_print(out, style, text);
	putc('\n', out);
}

static const struct key_source *source_of(const struct verification *verification, struct span name)
{
	for (size_t i = 0; i < verification->keys_n; i++)
		if (name.n && span_is_nocase(verification->keys[i].name, name))
			return &verification->keys[i];
	return NULL;
}

static void key_print(FILE *out, const struct style *style, const struct dkim_verdict *v, const struct key_source *source)
{
	char day[MOMENT_TEXT];

	if (!v->key_bits && !source)
		return;
	fprintf(out, "    %-10s ", "key");
	if (v->key_bits)
		fprintf(out, "%" PRIu32 " bit%s%s", v->key_bits, v->key_bits == 1024 ? ", short: 2048 is advised" : "",
			v->testing ? ", in test mode (t=y): receivers may treat the mail as unsigned" : "");
	else
		fputs("none found", out);
	if (source && source->origin == KEY_ARCHIVED)
		fprintf(out, "; as of %s, no longer published", moment_format_day(source->seen, day));
	else if (source && source->origin == KEY_REPORTED)
		fputs("; as the report shows it", out);
	else if (source && source->secure)
		fputs("; validated by DNSSEC", out);
	(void)style;
	putc('\n', out);
}

static void signature_print(FILE *out, const struct style *style, const struct verification *verification,
	const struct dkim_verdict *v)
{
	const struct dkim_reason_row *row = &dkim_reason_rows[v->reason];
	bool pass = row->result == DKIM_PASS;
	enum ink ink = pass ? INK_GOOD : INK_BAD;
	const char *aligned = v->strict == DKIM_ALIGNED_YES  ? "aligned with From" :
			      v->relaxed == DKIM_ALIGNED_YES ? "aligned with From (relaxed)" :
							       "not aligned with From";

	fprintf(out, "  %s%s%s  d=", style_ink(style, ink), dkim_result_word(row->result), style_off(style, ink));
	style_print(out, style, v->d.p ? v->d : SPAN("?"));
	fputs("  s=", out);
	style_print(out, style, v->s.p ? v->s : SPAN("?"));
	fprintf(out, "  %s\n", aligned);
	if (!pass) {
		fprintf(out, "    %-10s %s%s", "why", row->text, v->detail.n ? ": " : "");
		style_print(out, style, v->detail);
		putc('\n', out);
		fprintf(out, "    %-10s header %s, body %s\n", "hashes",
			dkim_fact_word(v->header_hash) ? dkim_fact_word(v->header_hash) : "not computable",
			dkim_fact_word(v->body_hash) ? dkim_fact_word(v->body_hash) : "not computable");
	}
	key_print(out, style, v, source_of(verification, v->name));
	if (v->unsigned_octets)
		fprintf(out, "    %-10s the last %" PRIu64 " octets of the body are not signed (l=)\n", "beware", v->unsigned_octets);
	if (v->subject_unsigned)
		labelled(out, style, "beware", SPAN("the subject is not signed"));
	if (v->extra_instances.n)
		labelled(out, style, "unsigned", v->extra_instances);
	if (v->diagnosis && v->diagnosis->sentence.n)
		labelled(out, style, "found", v->diagnosis->sentence);
}

bool verdict_text(FILE *out, const struct style *style, struct span name, const struct verification *verification)
{
	const struct dkim_verdicts *all = verification->verdicts;

	style_print(out, style, name);
	fputs("\n  From  ", out);
	style_print(out, style, all->from_domain.n ? all->from_domain : SPAN("no single domain"));
	putc('\n', out);
	if (all->n == 0)
		fprintf(out, "  %sunsigned%s: no DKIM-Signature\n", style_ink(style, INK_BAD), style_off(style, INK_BAD));
	for (size_t i = 0; i < all->n; i++)
		signature_print(out, style, verification, &all->signatures[i]);
	if (all->total > all->n)
		fprintf(out, "  %" PRIu64 " more signatures were not looked at\n", all->total - all->n);
	if (all->domainkeys_n)
		fprintf(out, "  DomainKey-Signature (RFC 4870, historic): %zu, not judged\n", all->domainkeys_n);
	return !ferror(out);
}
