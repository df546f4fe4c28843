/* Failure samples, with mail addresses masked unless `show_addresses`.
 *
 * The list of `dmarcgate samples` has the same calls for every format:
 *
 *   samples_..._open -> take per row (a sample_taker, fits store_ask_samples) -> close
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_SAMPLES_H
#define REPORT_SAMPLES_H

#include "report/mask.h"
#include "report/style.h"
#include "store/answer.h"

struct samples_writer {
	void *self;
	sample_taker *take;
	bool (*close)(void *self);
};

bool samples_text_open(struct samples_writer *writer, FILE *out, const struct style *style, bool show_addresses);
bool samples_json_open(
	struct samples_writer *writer, FILE *out, bool show_addresses); /* one document, `dmarcgate-samples/1` */
bool samples_csv_open(struct samples_writer *writer, FILE *out, bool show_addresses);

/* The page of `dmarcgate explain sample:ID`: what store_ask_sample tells is kept by the two takers, then printed. */
struct sample_page {
	struct mask mask;
	const struct sample_row *row;		 /* NULL: there is no such sample */
	const struct failure *failure;		 /* set with `row` */
	const struct verification *verification; /* NULL: no sample, or not checked */
};
#define SAMPLE_PAGE(show_addresses) ((struct sample_page){ .mask = MASK(show_addresses) })
bool sample_page_row(void *page, const struct sample_row *row); /* a sample_taker */
bool sample_page_fact(void *page, const struct fact *fact);	/* a fact_taker */
void sample_page_release(struct sample_page *page);

bool sample_page_text(FILE *out, const struct style *style, const struct sample_page *page);
bool sample_page_note(FILE *out, const struct sample_page *page); /* the page's last line: is anything masked? */
bool sample_page_json(FILE *out, const struct sample_page *page); /* `dmarcgate-sample/1` */

#endif
