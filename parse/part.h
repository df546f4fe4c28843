/* part: a mail's parts as GMime finds them, and what is asked of one. Private to parse/. */
#ifndef PARSE_PART_H
#define PARSE_PART_H

#include "parse/reading.h"
#include "parse/transfer.h"

void part_warm(void); /* once, behind g_mime_init(): attached mails become leaves, so that their octets can be had as they came */

GMimeMessage *message_parse(GMimeStream *stream); /* owned by the caller; NULL when there is none */
void message_head(struct reading *r, GMimeMessage *message, struct mail_head *head);
GPtrArray *message_leaves(GMimeMessage *message); /* of GMimePart, each a reference; g_ptr_array_free() lets go of them */

bool part_is(GMimePart *part, const char *type, const char *subtype); /* `*` is any subtype */
bool part_is_mail(GMimePart *part);                                   /* by its type */
bool part_is_sample(GMimePart *part);                                 /* by its type: a mail or its header */
const char *part_filename(GMimePart *part);                           /* NULL: none, or in a charset that is not read */

/* A part over a copy of `text`; owned by the caller. */
GMimePart *part_of_text(struct span text, const char *type, const char *subtype, GMimeContentEncoding encoding);

/* Up to `most` decoded octets of a part into `into`. */
struct span part_text(GMimePart *part, size_t most, struct buf *into);

#endif
