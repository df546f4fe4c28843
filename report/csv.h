/* Rows of comma-separated values: RFC 4180 quoting, bare LF at the end of a row.
 * Text is made fit for being looked at (escape_terminal: a row is one line, no control or invisible characters), and
 * text that a spreadsheet would run as a formula (= + - @ in front, or their full-width forms) gets an apostrophe. Numbers stay as they are. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

struct csv {
	struct buf *out; /* borrowed: the row in hand */
	struct buf scratch;
	bool some; /* does this row hold a cell already? */
};

/* For the whole run: without the guard, text that looks like a formula stays as it is. A spreadsheet must not open that. */
void csv_guard(bool guard);

void csv_begin(struct csv *csv, struct buf *out);
void csv_release(struct csv *csv);

void csv_names(struct csv *csv, const char *const *names, size_t n); /* the cells of the first row */
void csv_text(struct csv *csv, struct span text); /* absent and empty look alike */
void csv_count(struct csv *csv, uint64_t n);
void csv_share(struct csv *csv, double number); /* as decimal_format: 0.0221 */
void csv_bool(struct csv *csv, bool yes); /* True, False */
void csv_date(struct csv *csv, int64_t moment);
void csv_day(struct csv *csv, int64_t day); /* `2026-11-21`; empty for MOMENT_NONE, as csv_date */
void csv_empty(struct csv *csv);
bool csv_row_write(struct csv *csv, FILE *file); /* ends the row and forgets it; false: no memory, or not written */

/* A list: its first row, then one at a time. It must stay where it began. */
struct csv_list {
	FILE *out; /* borrowed */
	struct csv csv;
	struct buf row;
};

bool csv_list_begin(struct csv_list *list, FILE *out, size_t row_octets, const char *const *names, size_t n);
bool csv_list_write(struct csv_list *list);
bool csv_list_end(struct csv_list *list); /* false: something of it was not written. Releases */

struct csv_list *csv_list_new(FILE *out, size_t row_octets, const char *const *names, size_t n); /* NULL: no memory */
bool csv_list_close(void *list); /* ends and frees it: the last function of a writer whose self is a list */

#endif
