/* Private to the page: what its parts share. */
#ifndef REPORT_READINESS_PAGE_H
#define REPORT_READINESS_PAGE_H

#include "report/explain_words.h"
#include "report/html.h"
#include "report/readiness_html.h"

#define SENDERS_SHOWN 200
#define REPORTS_SHOWN 400		/* of one sender */
#define PAGE_SOFT ((size_t)4500 * 1024) /* beyond this, reports are only counted */

struct readiness_page_html {
	struct html html;
	const struct assessment *a;
	const struct html_samples *samples;
	struct arena arena;   /* the detailer */
	struct arena scratch; /* one sender at a time */
	struct detailer *detailer;
	bool failed;
};

void page_senders(struct readiness_page_html *page);
void page_source(struct readiness_page_html *page, const struct sender *sender);

void page_forwarding(struct readiness_page_html *page);
void page_subdomains(struct readiness_page_html *page);
void page_keys(struct readiness_page_html *page);
void page_forged(struct readiness_page_html *page);
void page_samples(struct readiness_page_html *page);
void page_gates(struct readiness_page_html *page);
void page_basis(struct readiness_page_html *page);

#endif
