/* What people said of their senders, as a plain text file that fits version control. One statement a line:
 *
 *   2026-11-21 own paywise.example by=anna # payroll, asked finance
 *   2026-11-21 accept 192.0.2.210 domain=example.org until=2027-05-20 # contact form
 *   2026-11-21 name 198.51.100.0/24 "Branch office" sender
 *   2026-11-21 home mta2 198.51.100.31
 *   2026-11-21 attest quarterly
 *   2026-11-21 sent zendesk 12000
 *
 * A day, a word, what it is about and what more the word wants; then domain=, until= and by= in any order; then the
 * reason behind `#`. Words are separated by blanks; one with blanks in it stands between quotation marks, where `\"` and
 * `\\` stand for themselves. Lines that begin with `#` are remarks. Without domain= it holds for every domain. */
#ifndef REPORT_ASSESS_MARKS_H
#define REPORT_ASSESS_MARKS_H

#include "base/buf.h"
#include "base/fault.h"
#include "report/assess/verdict.h"

#define MARKS_OCTETS ((size_t)4 * 1024 * 1024) /* of a file */
#define MARKS_LINE 2000                        /* octets of a line */
#define MARKS_MOST 20000
#define ACCEPT_DAYS 180 /* `accept` without until= */

enum statement_kind { STATEMENT_MARK, STATEMENT_ATTEST, STATEMENT_SENT };

struct statement {
	enum statement_kind kind;
	struct span domain; /* lower case; absent: every one */
	struct mark_row mark;
	struct attest_row attest;
	struct sent_row sent;
};

/* Spans point into `text` or the arena. FAULT_SETUP: `12: until= wants a day such as 2026-11-21`, with the line's number
 * in front. */
bool marks_read(
	struct span text, struct arena *arena, const struct statement **statements, size_t *n, struct fault *fault);

/* Those that hold for `domain` (absent: those without one), into the marks, attests and sent of `rows`. Figures of what was sent are for the window
 * before the day they were given on; those older than `today` - `window` days are left out. False: memory is short. */
bool marks_select(const struct statement *statements, size_t n, struct span domain, int64_t today, unsigned window,
	struct arena *arena, struct rows *rows);

/* Appends the line of one statement with its line feed. FAULT_SETUP: it cannot be written so that it reads back. */
bool mark_write(struct buf *out, const struct statement *statement, struct fault *fault);

/* The mark that a word stands for: own, forwarder, notours, accept, critical, reviewed, home, name; MARK_NONE: none. */
enum mark_kind mark_kind_of(struct span word);

/* May this be what a mark is about (rows.h)? A word of one's own making is not: it must be the id of a sender. */
bool mark_subject_is_possible(struct span subject, const struct rows *tables);

/* Is there mail in the database that it is about, marked or not? */
bool mark_subject_occurs(struct span subject, const struct rows *rows, const struct verdict *verdict);

#endif
