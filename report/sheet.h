/* A sheet of text in the making: sentences are written with its pen, then set as paragraphs, labelled lines, headings.
 */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include "report/pen.h"

#define SHEET_LINE ((size_t)256 * 1024)

struct sheet {
	FILE *out;		   /* borrowed */
	const struct style *style; /* borrowed */
	struct buf line;	   /* what the pen wrote and was not set yet */
	struct pen pen;
	bool failed;
};

void sheet_begin(struct sheet *sheet, FILE *out, const struct style *style);
bool sheet_end(struct sheet *sheet); /* false when anything could not be written */

/* Each sets what is written and empties the line; of an empty line a paragraph sets nothing. */
void sheet_paragraph(struct sheet *sheet, unsigned indent);
void sheet_continue(struct sheet *sheet, unsigned column, unsigned indent); /* see style_continue */
void sheet_labelled(struct sheet *sheet, struct style_label label);
void sheet_copy(struct sheet *sheet); /* a line to be copied: whole, however wide the terminal is */
void sheet_forget(struct sheet *sheet);

/* After a blank line, in strong letters; `remark` follows in plain ones. */
void sheet_heading(struct sheet *sheet, const char *text, const char *remark);

#endif
