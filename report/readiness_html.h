/* The verdict as a page of its own: one file without script, font or request, for desk, phone, paper and screen reader.
 * Every number can be opened: each sender leads to its evidence, what receivers saw, and the reports it stands in. */
#ifndef REPORT_READINESS_HTML_H
#define REPORT_READINESS_HTML_H

#include "report/overview.h"
#include "report/readiness.h"
#include "store/answer.h"

#define HTML_OCTETS ((size_t)6 * 1024 * 1024)

/* Failure samples of the domain, masked already (report/mask.h), newest first. */
struct html_samples {
	const struct sample_row *const *rows;
	size_t n;
	uint64_t more; /* that are not among them */
};

/* Appends the page to `out`, which should have room for HTML_OCTETS. False: it did not fit, or memory was short. */
bool readiness_html(struct buf *out, const struct assessment *a, const struct html_samples *samples);

/* The same in files of their own, for domains with many senders: a page for each, then `index.html`, which leads to them
 * instead of holding them. A sender's file keeps its name from run to run. The taker is handed each page once and stops
 * by returning false. */
typedef bool page_taker(void *arg, const char *file, struct span page);
bool readiness_html_pages(
	const struct assessment *a, const struct html_samples *samples, page_taker *take, void *arg);

/* The page that leads to the pages of several domains: `file` names the one of a line, relative and fit for an href. */
typedef void page_file(struct buf *file, struct span domain);
bool overview_html(struct buf *out, const struct overview *overview, page_file *file);

#endif
