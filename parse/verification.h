/* verification: the DKIM signatures of a mail, a sample or a message become a fact. The calculation is parse/dkim's; here
 * are the octets, the keys and the clock. Private to parse/. */
#ifndef PARSE_VERIFICATION_H
#define PARSE_VERIFICATION_H

#include "parse/reading.h"

/* What a failure report says that helps with its sample; all may be absent. */
struct sample_hints {
	int64_t arrived; /* Arrival-Date, or Received-Date; MOMENT_NONE */
	bool headers_only; /* no body follows, or none should */
	bool whole;	   /* the sample claims to be a whole mail */
	const struct failure *failure;
};

/* The mail that brought a report: its own signatures, at the time of its top Received field, else its Date. A broken one is
 * tried to be undone (a gateway's banner, a tag in the subject), within small bounds. True: one waits for its key. */
bool verification_of_mail(struct reading *r, int fd, uint64_t offset, uint64_t length);

/* A failure report's sample, always diagnosed. */
void verification_of_sample(struct reading *r, struct span sample, const struct sample_hints *hints);

/* RANGE_MESSAGE. */
void verification_of_message(struct reading *r, int fd, uint64_t offset, uint64_t length);

#endif
