/* What the text and the HTML of the weekly mail share. Private to report/weekly*.c. */
#ifndef REPORT_WEEKLY_P_H
#define REPORT_WEEKLY_P_H

#include "base/arena.h"
#include "report/overview.h"
#include "report/readiness_words.h"
#include "report/weekly.h"

#define WEEKLY_STEPS 5	/* of a list */
#define WEEKLY_ALERTS 8
#define WEEKLY_OCTETS ((size_t)8 * 1024 * 1024)

/* What one domain has in a place of the mail. */
struct weekly_piece {
	struct overview_line of; /* what its place goes by */
	struct buf text, html;
};

/* The worst domains of those that were added, at most so many, in any order before weekly_finish. */
struct weekly_list {
	struct weekly_piece *pieces;
	size_t n, room, most;
};

/* Among many domains silence is one thing to look into, not hundreds: so many have a section, so many a line. */
#define WEEKLY_QUIET_SECTIONS 3
#define WEEKLY_QUIET_LINES 20

struct weekly {
	struct weekly_plan plan;
	struct arena names; /* of the domains in the lists */
	struct buf subject, verdict;
	struct buf text, html;			   /* whole, after weekly_finish */
	struct weekly_list lines, quiet_lines;	   /* the latter: of those without any report, behind the others */
	struct weekly_list sections, quiet_sections;
	struct weekly_piece alone;		   /* for a domain that has a section only as the only one */
	size_t line_octets;
	size_t attached, left_out; /* pages */
	size_t added, fix, ready, unchanged, thin, silent; /* domains */
	struct overview_line worst;		   /* without a domain */
	bool failed;
};

/* What closed alerts end with: that one is over does not say that its sender is in order. */
#define WEEKLY_CLOSED_NOTE "What is left to do about these stands above."
#define WEEKLY_CLOSED_NOTE_SHORT "What is left to do about these is unchanged, too." /* no step stands above */

/* Sums of the last seven days by fate. */
struct weekly_sums {
	uint64_t messages[FATE_COUNT];
};
struct weekly_sums weekly_sums(const struct verdict *verdict);

/* A list of steps leaves out what is said in other places of the mail. */
bool weekly_has_step(enum step_list list, const struct step *step);
/* What to do about a sender or a key stands once, behind the last of its alerts. */
bool weekly_says_action(const struct weekly_domain *domain, size_t alert);

/* `not ready for p=quarantine: 1 sender to fix, 3 to decide`; `no report arrived` */
void weekly_say_state(const struct pen *pen, const struct weekly *weekly, const struct assessment *a);
/* The week of the mail, which a silent domain's verdict does not reach. */
void weekly_say_week(const struct pen *pen, const struct weekly *weekly);
/* Sentences on a week without any report; with its dots. */
void weekly_say_silence(const struct pen *pen, const struct weekly *weekly, const struct assessment *a);
/* `crm.example: no longer new, or signed now; open until Mon 9 Nov`, in two halves: who, and what. */
void weekly_say_closed_name(const struct pen *pen, const struct assessment *a, const struct closed_alert *closed);
void weekly_say_closed(const struct pen *pen, const struct closed_alert *closed);
/* Pages that did not fit in, and how to have them. */
void weekly_say_pages(const struct pen *pen, const struct weekly *weekly);
/* `No new unsigned sender of your own for 39 days.`, where it is a week at least. */
void weekly_say_quiet(const struct pen *pen, const struct verdict *verdict);
void weekly_say_sums(const struct pen *pen, const struct verdict *verdict); /* with its dot */

/* A line of the list that a mail about several domains begins with, and what is told of a domain at length; appended. */
void weekly_text_line(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into);
void weekly_text_section(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into);
void weekly_html_line(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into);
void weekly_html_section(struct weekly *weekly, const struct weekly_domain *domain, struct buf *into);

/* The mail, of sorted lists. */
void weekly_text_whole(struct weekly *weekly);
void weekly_html_whole(struct weekly *weekly);

/* The sections of sorted lists, worst first: NULL behind the last one. `at` begins as zeroes. */
struct weekly_walk {
	size_t shown, loud, quiet;
};
const struct weekly_piece *weekly_walk(const struct weekly *weekly, struct weekly_walk *at);

extern const struct style weekly_plain, weekly_utf8; /* of the text; for the symbols of the HTML */

#endif
