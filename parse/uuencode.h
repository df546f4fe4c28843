/* uuencode: files that stand in the text of a mail itself (POSIX uuencode(1)), as Outlook sends attachments in plain text.
 * Private to parse/. */
#ifndef PARSE_UUENCODE_H
#define PARSE_UUENCODE_H

#include "base/buf.h"

/* Does a file begin in this text, its first line of data behind it? */
bool uuencode_recognise(struct span front);

/* The next file of the text, decoded; takes it off *rest. What has no `end` goes as far as its lines are data. */
bool uuencode_next(struct span *rest, struct span *name, struct buf *file);

#endif
