/* failuremail: failure reports among the parts of a mail, each with its sample. Private to parse/. */
#ifndef PARSE_FAILUREMAIL_H
#define PARSE_FAILUREMAIL_H

#include "parse/part.h"

/* Every ARF part among `leaves` of `mail` with its sample; by its words one is found only where none has the type. True when there was
 * one. What was read is marked so. */
bool failures_read(struct reading *r, GPtrArray *leaves, const struct mail_head *mail);
bool part_is_read(GMimePart *part);

/* A notice without an ARF part (QUIRKS F3). */
bool notice_read(struct reading *r, GPtrArray *leaves, const struct mail_head *mail);

/* The fields of an ARF part in the place of the mail's own header: a part that somebody saved as a file. */
bool bare_fields_read(struct reading *r, GMimeMessage *message, const struct mail_head *mail);

#endif
