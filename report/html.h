/* A page of HTML that needs nothing but itself: no script, no font, no request. Its head, its style and what is drawn
 * on it.
 *
 * Raw markup is ours and literal; whatever came from outside goes through a pen (report/pen.h). */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/pen.h"

struct html {
	struct buf *out; /* borrowed */
	struct pen pen;	 /* writes escaped text into `out` */
};

extern const struct style html_style; /* symbols in UTF-8, no colours */
#define HTML(buffer) ((struct html){ (buffer), { (buffer), &html_style, PEN_HTML } })

/* From `<!doctype html>` to `<main>`; the style's own hash is all that the policy of the page lets in. `title` is put
 * before ` - DMARC readiness`. */
bool html_begin(struct html *html, struct span title);
void html_end(struct html *html);

void html_raw(struct html *html, const char *markup); /* literal markup of ours */
void html_rawf(struct html *html, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* with numbers in it */

/* A section with its heading; a NULL lead is left out. */
void html_section(struct html *html, const char *id, const char *name, const char *lead);
void html_section_end(struct html *html);

/* A table in a frame that scrolls by itself where it is wider than the screen. Headings beginning with `>` are of
 * numbers, an empty one is for readers of screens only. */
void html_table(struct html *html, const char *caption, const char *const *headings, size_t n);
void html_table_end(struct html *html);
void html_cell_count(struct html *html, uint64_t n); /* `<td class=n>1,234</td>` */
void html_cell_open(struct html *html, bool right);
void html_cell_close(struct html *html);

/* A share 0..1 as a bar with its number; a share below 0 is none: `-`. */
void html_bar(struct html *html, double share, const char *class);

/* Weeks as small columns. */
void html_spark(struct html *html, const uint64_t *values, size_t n);

/* A strip of days: 0 nothing, 1 there, 2 bad. `label` says it to readers of screens. */
void html_strip(struct html *html, const unsigned char *days, size_t n, const char *label);

/* ---- charts of days: stacked columns */
struct html_layer {
	const char *class, *name; /* of the style; for people */
};
struct html_note { /* a rule across the chart, with what happened */
	size_t column;
	char text[80]; /* ours */
};
struct html_chart {
	const char *label;
	const struct html_layer *layers;
	size_t layers_n;
	const uint64_t *values; /* days_n rows of layers_n */
	int64_t first_day;
	size_t days_n;
	unsigned height;
	const struct html_note *notes;
	size_t notes_n;
};
void html_chart(struct html *html, const struct html_chart *chart);

#endif
