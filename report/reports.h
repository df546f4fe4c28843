/* The list of what is stored, for `dmarcgate reports`: reports, then mails that gave none. The same calls for every
 * format:
 *
 *   reports_..._open -> take per row (a stored_report_taker, fits store_ask_reports) -> close
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_REPORTS_H
#define REPORT_REPORTS_H

#include "report/style.h"
#include "report/uncounted.h"
#include "store/answer.h"

struct reports_writer {
	void *self;
	stored_report_taker *take;
	bool (*close)(void *self);
};

/* With `only`, rows that are not in it are passed over, and of the others is told why they do not count. It is borrowed. */
bool reports_text_open(
	struct reports_writer *writer, FILE *out, const struct style *style, const struct uncounted_list *only);
/* One document, `dmarcgate-reports/1`. */
bool reports_json_open(struct reports_writer *writer, FILE *out, const struct uncounted_list *only);
bool reports_csv_open(struct reports_writer *writer, FILE *out, const struct uncounted_list *only);

/* Is the row one to show? With `only`, `use` is why it does not count. */
bool stored_report_is_shown(
	const struct stored_report *row, const struct uncounted_list *only, enum report_use *use);

/* counts, duplicate, conflict, or broken. */
const char *stored_report_word(const struct stored_report *row);

#endif
