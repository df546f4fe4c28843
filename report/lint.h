/* lint: what a domain publishes, judged, explained, and with the records to paste. A page for each domain, or for one
 * text; the same calls for every format:
 *
 *   lint_..._open -> page ... -> close
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_LINT_H
#define REPORT_LINT_H

#include "parse/dns/lintdomain.h"
#include "parse/dns/spfuse.h"
#include "report/style.h"

struct sender_row; /* report/assess/rows.h */

struct lint_page {
	struct span subject;		 /* the domain; of a text what it was recognised as: dmarc, spf ... */
	const struct findings *findings;
	const struct lint_domain *seen;	 /* NULL: a text, or no domain name */
	const struct spf_uses *uses;	 /* NULL: no observed mail to compare with */
	int64_t first_day, last_day;	 /* of the observed mail */
	const struct sender_row *senders; /* known services (data/senders.tsv) */
	size_t senders_n;
};

struct lint_writer {
	void *self;
	bool (*page)(void *self, const struct lint_page *page);
	bool (*close)(void *self);
};

bool lint_text_open(struct lint_writer *writer, FILE *out, const struct style *style);
bool lint_json_open(struct lint_writer *writer, FILE *out); /* one document, `dmarcgate-lint/1` */
bool lint_csv_open(struct lint_writer *writer, FILE *out);  /* the findings alone */

/* A text by itself, its own document or page. */
bool lint_text_print(FILE *out, const struct style *style, const struct lint_page *page);
bool lint_text_json(FILE *out, const struct lint_page *page); /* `dmarcgate-lint-text/1` */

#endif
