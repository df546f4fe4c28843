/* plain: mails built as nearly all report mails are: the report alone, or a multipart with it, base64, fields in ASCII and
 * once each. They are read without GMime, which makes hundreds of objects of a mail and takes as long for that as all else.
 * Whatever is built otherwise in any way is left to GMime, and what is read here comes out as it would there
 * (tests/plain.t). Private to parse/. */
#ifndef PARSE_PLAIN_H
#define PARSE_PLAIN_H

#include "parse/reading.h"

/* The mail whose header ends before octet `header` with an empty line. True: it was read whole, and held at least one
 * aggregate or TLS report or a broken one; `head` is filled. False: nothing was said about it. */
bool plain_read(struct reading *r, struct span mail, size_t header, struct mail_head *head);

#endif
