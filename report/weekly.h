/* The weekly mail about one domain or several, and the one about new alerts: subject, text and HTML, built domain after
 * domain, in any order: the worst comes first. Each is judged once; of each a line is kept, and a section of those that may
 * have one. Pure: nothing is sent here, and nothing asks the clock.
 *
 *   weekly_new -> weekly_add per domain -> weekly_finish -> subject, text, html -> weekly_free
 *
 * The text is ASCII of at most WEEKLY_COLUMNS columns but for what must be copied whole; the HTML is one table without
 * image, link or script, and reads the same where styles are stripped. */
#ifndef REPORT_WEEKLY_H
#define REPORT_WEEKLY_H

#include "report/readiness.h"

#define WEEKLY_COLUMNS 78
#define WEEKLY_SECTIONS 20 /* domains that are told about whole; the others have a line each */

struct weekly;

struct weekly_plan {
	int64_t today; /* the week ends the day before */
	bool alert; /* only what is in weekly_domain.alerts */
};

/* An alert that people were told of and that is over. */
struct closed_alert {
	enum alert_kind kind;
	struct span subject, key; /* as struct alert has them */
	int64_t last_open;	  /* a moment */
};

struct weekly_domain {
	const struct assessment *assessment;
	bool unchanged;			     /* weekly_state is what it was a week ago */
	const struct alert *const *alerts; /* of a mail about alerts: the new ones */
	size_t alerts_n;
	const struct closed_alert *closed; /* since the mail before; not of a mail about alerts */
	size_t closed_n;
};

struct weekly *weekly_new(const struct weekly_plan *plan); /* NULL: memory is short */
bool weekly_add(struct weekly *weekly, const struct weekly_domain *domain);
/* So many pages go with a mail about several domains, and so many would have made it too large. */
void weekly_pages(struct weekly *weekly, size_t attached, size_t left_out);
bool weekly_finish(struct weekly *weekly); /* false: memory was short at some time; there is nothing to send */
void weekly_free(struct weekly *weekly);

/* Valid until weekly_free. The verdict is that of the worst domain: `not-ready; target=quarantine; exit=2`. */
struct span weekly_subject(const struct weekly *weekly); /* ASCII, one line */
struct span weekly_verdict(const struct weekly *weekly); /* the same */
struct span weekly_text(const struct weekly *weekly);
struct span weekly_html(const struct weekly *weekly);

/* What of a verdict must change for a week to be worth more than three lines: equal states, nothing new. False: memory is
 * short. */
bool weekly_state(const struct verdict *verdict, uint8_t state[DIGEST_OCTETS]);

/* Did nothing arrive in the seven days before `today`? */
bool weekly_is_silent(const struct verdict *verdict, int64_t today);

/* Is there something to do about this domain: not ready, no data, or an alert that is not for information only? */
bool weekly_is_trouble(const struct verdict *verdict, int64_t today);

#endif
