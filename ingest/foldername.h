/* foldername: names of IMAP folders between people's UTF-8 and the modified UTF-7 of the wire (RFC 3501 5.1.3). */
#ifndef INGEST_FOLDERNAME_H
#define INGEST_FOLDERNAME_H

#include "base/buf.h"

/* Modified UTF-7 by itself, as it also stands on disk in a Maildir++. False when the name is no UTF-8, holds a control, or
 * the buffer is full. */
bool foldername_encode(struct buf *out, struct span name);

/* As it goes out, in double quotes, with the characters that quoting needs escaped. False when the name is no UTF-8,
 * holds a control, or the buffer is full. The wildcards of LIST pass through. */
bool foldername_quote(struct buf *out, struct span name);

/* Back to UTF-8. What is no modified UTF-7 stays as it is, if it is UTF-8 (UTF8=ACCEPT, or a sloppy server); else
 * false. */
bool foldername_decode(struct buf *out, struct span wire);

#endif
