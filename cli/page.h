/* page: the verdict on a domain as one HTML page, with its failure samples. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "cli/readiness.h"
#include "report/mask.h"
#include "report/readiness_html.h"

#define PAGE_SAMPLES 50

/* The newest samples of the domain in hand, masked as the options say. */
struct page_samples {
	struct mask mask; /* owns what the rows point to */
	const struct sample_row *rows[PAGE_SAMPLES];
	struct html_samples shown;
};

bool page_samples_find(struct readiness *r, struct page_samples *samples, struct fault *fault);
void page_samples_release(struct page_samples *samples); /* also of those that could not be found */

/* Appends the page about what readiness_assess found; `page` should have room for HTML_OCTETS. */
bool page_make(struct readiness *r, struct buf *page, struct fault *fault);

/* What a domain's folder and file are called; appended. A domain's name is fit for that but for what readiness_assess let
 * through beyond letters, digits, `-`, `_`. */
void page_folder_name(struct buf *file, struct span domain);
void page_file_name(struct buf *file, struct span domain); /* DOMAIN.html */

#endif
