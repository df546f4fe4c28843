/* The cases of print-report that stand in files of their own, and what they share. */
#ifndef TESTS_PRINT_REPORT_H
#define TESTS_PRINT_REPORT_H

#include "report/style.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define HOSTILE                                                           \
	"\033]0;owned\a\033[31m<b>\"q\", it's \\x1B\r\nnext \xe2\x80\xae" \
	"gnp.exe\xe2\x80\xac \xff\xfe end"
#define FORMULA "=cmd|'/c calc'!A1"

extern const struct style plain, ascii, color; /* 80, 80 and 100 columns */

void need(bool done); /* or the program ends */

void print_verify_text(void);
void print_verify_ascii(void);
void print_verify_json(void);
void print_samples_text(void);
void print_samples_none(void);
void print_samples_json(void);
void print_samples_csv(void);
void print_sample_text(void);
void print_sample_color(void);
void print_sample_addresses(void);
void print_sample_hostile(void);
void print_sample_bare(void);
void print_sample_json(void);
void print_snapshots_text(void);
void print_snapshots_color(void);
void print_snapshots_none(void);
void print_snapshots_json(void);
void print_selectors_text(void);
void print_selectors_color(void);
void print_selectors_none(void);
void print_selectors_json(void);
void print_selectors_csv(void);
void print_snapshots_csv(void);

#endif
