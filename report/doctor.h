/* What `dmarcgate doctor` found, one line a check. */
#ifndef REPORT_DOCTOR_H
#define REPORT_DOCTOR_H

#include "report/style.h"

enum doctor_state {
	DOCTOR_GOOD,
	DOCTOR_LOOK, /* works, but a person should look at it */
	DOCTOR_BAD,  /* something does not work, or will be lost */
	DOCTOR_STATES
};

struct doctor_check {
	const char *name; /* a word for programs: `integrity` */
	enum doctor_state state;
	char subject[512]; /* of several: a file, a mailbox; "": there is only one */
	char text[640];
};

extern const char *const doctor_words[DOCTOR_STATES]; /* good, look, bad */

/* Those that are at least as bad as `least`. */
bool doctor_text(
	FILE *out, const struct style *style, const struct doctor_check *checks, size_t n, enum doctor_state least);
bool doctor_json(FILE *out, const struct doctor_check *checks, size_t n); /* `dmarcgate-doctor/1` */

#endif
