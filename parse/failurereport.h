/* failurereport: the fields of an ARF part (RFC 5965, 6591, 7489 7.3, 9991) and the plain-text notices that some gateways
 * send instead. Private to parse/. */
#ifndef PARSE_FAILUREREPORT_H
#define PARSE_FAILUREREPORT_H

#include "parse/reading.h"

/* Is this text an ARF field block? `Feedback-Type:` at the beginning of a line among the first. */
bool failurereport_recognise(struct span front);

/* Fills `failure` from a field block; strings live in the parser's arena. Tolerates blank lines inside, any order, unknown
 * and repeated fields. False when it holds no field at all. */
bool failurereport_fields(struct reading *r, struct span text, struct failure *failure);

/* Is this text a notice like `A message claiming to be from you has failed the published DMARC policy` with its fields on
 * lines of their own (QUIRKS F3)? Fills `failure` and returns true when it names at least a domain and an address. */
bool failurereport_notice(struct reading *r, struct span text, struct failure *failure);

/* Is this the sentence that an ARF mail has for people, `This is an authentication failure report for an email message received
 * from IP ... on ...`? For mails whose ARF part is empty or lost; fills `failure` with the address and the date. */
bool failurereport_prose(struct reading *r, struct span text, struct failure *failure);

/* The first field of that name (in lower case); absent when there is none. */
struct span failurereport_value(const struct failure *failure, const char *name);

/* A field's value without its comments, in the parser's arena; absent when nothing is left. */
struct span failurereport_plain(struct reading *r, struct span value);

/* Says what deviates; fills what follows from the fields. `mail_date` is the date of the mail around. */
void failurereport_check(struct reading *r, struct failure *failure, int64_t mail_date);

#endif
