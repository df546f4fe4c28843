/* A table for people (libsmartcols): right alignment, colours per cell, flexible columns cut in the middle until the
 * table fits the style's width. Two blanks of indent, two between columns, no trailing blanks.
 * The caller bounds the number of rows: print every few hundred, the heading comes once. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "report/style.h"

#define TABLE_COLUMNS 12
#define TABLE_LEAST 10
#define TABLE_LEAST_ADDRESS 24 /* most IPv6 addresses of mail servers are no longer */

struct table;

struct table_column {
	const char *name;
	bool right;    /* numbers */
	bool flexible; /* may be cut */
	unsigned least; /* how far; 0: TABLE_LEAST columns */
};

/* `columns` must outlive the table; at most TABLE_COLUMNS. NULL when memory is short. */
struct table *table_new(FILE *out, const struct style *style, const struct table_column *columns, size_t n);
void table_free(struct table *table);

/* Cells are filled from the left; a row begins with its first cell. Failure is sticky, table_print tells. */
void table_row(struct table *table);
void table_cell(struct table *table, enum ink ink, struct span text); /* text from outside: escaped here */
void table_cell_count(struct table *table, enum ink ink, uint64_t n);
void table_cell_text(struct table *table, enum ink ink, const char *text);
size_t table_rows(const struct table *table);
bool table_print(struct table *table); /* and forgets the rows */

#endif
