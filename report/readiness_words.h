/* What is said of a verdict: every sentence once, for terminal, page and mail alike.
 *
 * Sentences have no final dot unless said; none begins or ends with a blank. Names in them are escaped by the pen. */
#ifndef REPORT_READINESS_WORDS_H
#define REPORT_READINESS_WORDS_H

#include "report/pen.h"
#include "report/readiness.h"

/* ---- the verdict */
const char *words_verdict(enum verdict_word word);		      /* `Not ready` */
enum ink words_verdict_ink(enum verdict_word word);		      /* red is for own mail that would be lost */
const char *words_target(enum target target);			      /* `p=quarantine` */
void words_now(const struct pen *pen, const struct assessment *a);    /* `p=none`, `p=reject; sp=none` */
void words_week(const struct pen *pen, const struct assessment *a);   /* `week 47, 14-20 Nov 2026` */
void words_status(const struct pen *pen, const struct assessment *a); /* `for p=quarantine: 1 sender to fix` */
void words_cost(const struct pen *pen, const struct assessment *a);   /* what it would have cost; with its dots */
uint64_t words_came(const struct verdict *v);			      /* reports that do not count */
void words_nothing_counts(const struct pen *pen, const struct verdict *v); /* that none does; with its dot */
bool words_unheard(const struct assessment *a); /* neither a report nor a record shows that there is such a domain */
void words_first(const struct pen *pen, const struct assessment *a);  /* what to do first; with its dots */
bool words_holds(const struct assessment *a); /* p=reject is in force, and nothing is left to do */

/* What is shown together, in the order of ranks. */
enum step_list { STEPS_FIX, STEPS_DECIDE, STEPS_OTHER, STEPS_LATER };
enum step_list step_list(const struct step *step);

/* Senders to fix, of which `mended` seem to be; to decide about; other things to mend; what is for later. Waiting for time
 * or data is neither. */
struct step_counts {
	unsigned fix, mended, decide, mend, later;
};
bool step_is_mended(const struct step *step); /* its mail has been good for long enough: only time is needed */
struct step_counts steps_count(const struct verdict *v);

/* ---- senders and sources */
void words_sender(const struct pen *pen, const struct assessment *a, uint32_t sender); /* `Amazon SES (news.)` */
void words_source(const struct pen *pen, const struct assessment *a, uint32_t path);   /* the name of a path's source */
void words_subject(const struct pen *pen, const struct assessment *a, struct span subject, uint32_t sender);
void words_fate(const struct pen *pen, const struct assessment *a, enum fate fate); /* `lists and gateways` */
const char *words_fate_name(enum fate fate);					    /* `your own mail` */
const char *words_subclass(enum subclass subclass);				    /* `yours, third-party signature` */

/* ---- steps */
void words_step_title(const struct pen *pen, const struct assessment *a, const struct step *step); /* imperative */
void words_step_name(const struct pen *pen, const struct assessment *a, const struct step *step); /* what it is about */
void words_step_figure(
	const struct pen *pen, const struct assessment *a, const struct step *step); /* `255 a week, all fail` */
/* The same with `before` in front of it, which is left out where a step has no figure. */
void words_step_figure_behind(
	const struct pen *pen, const char *before, const struct assessment *a, const struct step *step);
void words_step_reason(
	const struct pen *pen, const struct assessment *a, const struct step *step); /* with its dot; may be empty */
void words_step_action(const struct pen *pen, const struct assessment *a, const struct step *step); /* may be empty */
void words_lint(const struct pen *pen, const struct assessment *a); /* the command that judges what is published */
void words_publish_key(const struct pen *pen, struct span selector, struct span domain); /* with its dot */
void words_step_seen(const struct pen *pen, const struct step *step); /* when a repair shows; with its dot; may be empty */
void words_risk(const struct pen *pen, const struct assessment *a, uint32_t sender); /* with its dots; may be empty */
void words_step_effect(const struct pen *pen, const struct step *step); /* `own loss 2.2 % -> 0 %`; may be empty */

/* ---- alerts, exceptions, gates */
void words_loosened(const struct pen *pen, const struct verdict *v);   /* limits of one's own; with its dot; may be empty */
void words_missing(const struct pen *pen, const struct assessment *a); /* what data lack; with its dots; may be empty */
void words_lacking(const struct pen *pen, const struct assessment *a); /* `10 of 18 weekdays, no end of a month` */
void words_gather(const struct pen *pen, const struct assessment *a);  /* what to do about it */
void words_alert_name(const struct pen *pen, const struct assessment *a, const struct alert *alert);
void words_alert(const struct pen *pen, const struct assessment *a, const struct alert *alert);
/* That no new sender came unsigned, where that is worth a line: not beside one that did, not of a domain without mail. */
bool words_is_quiet(const struct verdict *verdict);
void words_quiet(const struct pen *pen, const struct verdict *verdict); /* `o new unsigned sender ...`: behind N or n */
/* What to do about it, of alerts about a sender or its key; with its dot; may be empty. */
void words_alert_action(const struct pen *pen, const struct assessment *a, const struct alert *alert);
/* Why an alert of this kind is over, which is seldom that all is well: `no longer new`. */
const char *words_alert_end(enum alert_kind kind);
void words_exception(const struct pen *pen, const struct assessment *a, const struct exception *exception);
/* What stands for a sender in a command that is printed to be copied: the text where it is one plain word, else the
 * address. */
struct span words_argument(struct span text, const struct address *instead, char address[ADDRESS_TEXT]);
const char *words_gate(unsigned number); /* `Own mail that would be lost` */
void words_gate_found(const struct pen *pen, const struct assessment *a, unsigned number);
void words_gate_limit(const struct pen *pen, const struct assessment *a, unsigned number);
enum gate_state words_gate_state(const struct verdict *v, unsigned number); /* the worst of its rows */

/* ---- simulations, next record, basis */
void words_record(const struct pen *pen, const struct policy *policy);	/* `p=reject; aspf=s` */
const char *words_treatment(const struct simulation *simulation);	/* `to spam`, `refused` */
void words_next(const struct pen *pen, const struct assessment *a);	/* what to publish and when; with its dots */
void words_next_why(const struct pen *pen, const struct assessment *a); /* how to read the record, and the way back */
const char *words_report_use(enum report_use use);  /* why one report does not count, as a clause; "" when it does */
/* Behind `before`, how many reports and rows do not count, and why, as the store's list of them adds up; false: all do. */
bool words_not_counted(const struct pen *pen, const struct assessment *a, const char *before);
bool hosts_are_unknown(const struct rows *rows);				/* of most addresses */
void words_scattered(const struct pen *pen, const struct verdict *verdict); /* what may be of people at home */
void words_basis(const struct pen *pen, const struct assessment *a);	/* days, reports, what did not count */

#endif
