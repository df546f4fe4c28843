/* What the text and the HTML of the weekly mail share. Private to report/weekly*.c. */
#ifndef REPORT_WEEKLY_P_H
#define REPORT_WEEKLY_P_H

#include "report/readiness_words.h"
#include "report/weekly.h"

#define WEEKLY_STEPS 5	/* of a list */
#define WEEKLY_ALERTS 8
#define WEEKLY_OCTETS ((size_t)8 * 1024 * 1024)

struct weekly {
	struct weekly_plan plan;
	struct buf subject, verdict;
	struct buf text, html;		   /* whole, after weekly_finish */
	struct buf text_index, html_index; /* a line per domain */
	struct buf text_quiet, html_quiet; /* behind them: those without any report, some of them by name */
	struct buf text_parts, html_parts; /* the sections */
	size_t added, sections;
	size_t fix, ready, unchanged, thin, silent; /* domains */
	enum verdict_word worst;
	enum target worst_target;
};

/* Among many domains silence is one thing to look into, not hundreds: so many have a section, so many a line. */
#define WEEKLY_QUIET_SECTIONS 3
#define WEEKLY_QUIET_LINES 20
bool weekly_has_section(const struct weekly *weekly, const struct weekly_domain *domain);

/* What closed alerts end with: that one is over does not say that its sender is in order. */
#define WEEKLY_CLOSED_NOTE "What is left to do about these stands above."

/* Sums of the last seven days by fate. */
struct weekly_sums {
	uint64_t messages[FATE_COUNT];
};
struct weekly_sums weekly_sums(const struct verdict *verdict);

/* A list of steps leaves out what is said in other places of the mail. */
bool weekly_has_step(enum step_list list, const struct step *step);

/* `not ready for p=quarantine: 1 sender to fix, 3 to decide`; `no report arrived` */
void weekly_say_state(const struct pen *pen, const struct weekly *weekly, const struct assessment *a);
/* The week of the mail, which a silent domain's verdict does not reach. */
void weekly_say_week(const struct pen *pen, const struct weekly *weekly);
/* Sentences on a week without any report; with its dots. */
void weekly_say_silence(const struct pen *pen, const struct weekly *weekly, const struct assessment *a);
/* `crm.example: no longer new, or signed now; open until Mon 9 Nov`, in two halves: who, and what. */
void weekly_say_closed_name(const struct pen *pen, const struct assessment *a, const struct closed_alert *closed);
void weekly_say_closed(const struct pen *pen, const struct closed_alert *closed);
void weekly_say_sums(const struct pen *pen, const struct verdict *verdict); /* with its dot */

void weekly_text_part(struct weekly *weekly, const struct weekly_domain *domain);
void weekly_text_whole(struct weekly *weekly);
void weekly_html_part(struct weekly *weekly, const struct weekly_domain *domain);
void weekly_html_whole(struct weekly *weekly);

extern const struct style weekly_plain, weekly_utf8; /* of the text; for the symbols of the HTML */

#endif
