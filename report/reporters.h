/* Who reports about a domain, and what is wrong with the reports: `dmarcgate reporters`, drawn from verdicts and the
 * problems that the store knows. The same calls for every format:
 *
 *   reporters_..._open -> domain(self, assessment, problems) per domain -> close(self)
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_REPORTERS_H
#define REPORT_REPORTERS_H

#include "report/readiness.h"
#include "report/style.h"
#include "store/answer.h"

/* The problems of the window's reports, kept in an arena as they come. */
struct problem_list {
	struct arena arena;
	struct problem_row *rows;
	size_t n, room;
};
#define PROBLEM_LIST ((struct problem_list){ .arena = ARENA((size_t)256 * 1024 * 1024) })
bool problem_list_take(void *list, const struct problem_row *row); /* a problem_taker; false: too many */
void problem_list_release(struct problem_list *list);

struct reporters_writer {
	void *self;
	bool (*domain)(void *self, const struct assessment *assessment, const struct problem_list *problems);
	bool (*close)(void *self);
};
bool reporters_text_open(struct reporters_writer *writer, FILE *out, const struct style *style);
/* One document, `dmarcgate-reporters/1`. */
bool reporters_json_open(struct reporters_writer *writer, FILE *out);
bool reporters_csv_open(struct reporters_writer *writer, FILE *out);

/* The same of one reporter as a letter to it, ready to be sent: identity, name, or any org_name it uses. False when the
 * output failed; *found tells whether there is such a reporter. */
bool reporter_letter(FILE *out, const struct assessment *assessment, const struct problem_list *problems,
	struct span reporter, bool *found);

/* A deviation that stands in several reports; numbers of records and names of attachments are left out of `where`. */
struct defect {
	struct span where, what;
	uint64_t times, reports;
	struct span example; /* a report_id */
};

struct listed_reporter {
	const struct reporter *reporter;
	struct span email;			/* of a report with a problem; absent: none says */
	uint64_t days;				/* of the window, with a report from it */
	uint64_t trusts[TRUST_3 + 1];		/* reports of the window by trust ... */
	uint64_t uses[USE_COUNT];		/* ... and by use */
	uint64_t reports;			/* all of the window, and those whose dates cannot be */
	uint64_t unproven;			/* of them: the mail proves nobody */
	const struct defect *defects;		/* most reports first, then by where, what */
	size_t defects_n;
};

struct reporter_list { /* in the verdict's order; those without such a report are left out */
	struct arena arena;
	struct listed_reporter *rows;
	size_t n;
};
bool reporter_list_make(
	const struct assessment *assessment, const struct problem_list *problems, struct reporter_list *list);
void reporter_list_release(struct reporter_list *list);

/* `signed`, `signed 28 of 34`, `not proven`: how its reports prove where they come from. */
void listed_proof(struct buf *out, const struct listed_reporter *row);
/* What the standard asks where something deviates like this; NULL when nothing can be cited. */
const char *defect_rule(const struct defect *defect);

#endif
