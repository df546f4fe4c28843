/* Private to the page: what its parts share. */
#ifndef REPORT_READINESS_PAGE_H
#define REPORT_READINESS_PAGE_H

#include "report/explain_words.h"
#include "report/html.h"
#include "report/readiness_html.h"

#define SENDERS_SHOWN 200
#define SENDERS_PAGES 2000 /* where each has a page of its own */
#define REPORTS_SHOWN 400  /* of one sender */
#define REPORTS_PAGE 10000 /* on a page of its own */
#define PAGE_SOFT ((size_t)4500 * 1024) /* beyond this, reports are only counted */
#define PAGE_FULL ((size_t)5000 * 1024) /* beyond this, senders are only listed */

struct readiness_page_html {
	struct html html;
	const struct assessment *a;
	const struct html_samples *samples;
	struct arena arena;   /* the detailer */
	struct arena scratch; /* one sender at a time */
	struct detailer *detailer;
	bool *listed; /* of each sender of the verdict: is it on the page, or has it one? */
	bool in_pages; /* senders have pages of their own */
	bool failed;
};

void page_senders(struct readiness_page_html *page);
/* A sender's own page, and the name of its file: letters of its id, and a hash of what makes it one. */
void page_sender(struct readiness_page_html *page, uint32_t sender);
void page_sender_file(struct buf *file, const struct verdict *v, uint32_t sender);
/* Those that are listed: least signed first, in `arena`; NULL when memory is short. */
uint32_t *page_sender_order(const struct verdict *v, struct arena *arena, size_t *n);

void page_forwarding(struct readiness_page_html *page);
void page_subdomains(struct readiness_page_html *page);
void page_keys(struct readiness_page_html *page);
void page_forged(struct readiness_page_html *page);
void page_samples(struct readiness_page_html *page);
void page_gates(struct readiness_page_html *page);
void page_basis(struct readiness_page_html *page);

#endif
