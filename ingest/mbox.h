/* mbox: splits a stream of octets at its From_ lines (RFC 4155; the quoting is that of mboxrd), or takes it whole.
 * Constant memory, whatever the length of the mbox or of its lines.
 *
 * `Content-Length` is not asked: it is wrong too often, and a stranger writes it. */
#ifndef INGEST_MBOX_H
#define INGEST_MBOX_H

#include "base/fault.h"
#include "base/fromline.h"
#include "base/span.h"
#include "ingest/mail.h"

#include <sys/stat.h>

#define MBOX_LOOK FROM_LINE_LOOK

struct mbox;

/* Does an mbox begin with these octets? They should be the first MBOX_LOOK ones, or all there are. */
bool mbox_begins(struct span head);

/* `fd` belongs to the mbox from now on (also when NULL is returned: memory is short) and is read from where it stands.
 * `gzipped`: through base/inflate. `st` is what fstat said of it. */
struct mbox *mbox_new(int fd, bool gzipped, const char *name, const struct stat *st, uint64_t max_octets);
void mbox_free(struct mbox *mbox);

/* As source_next. Every mail is in a descriptor of its own, unescaped, without the From_ line and without the empty line
 * that the mbox format puts behind a mail. The only mail of an mbox keeps the mbox's name, others are NAME#1, NAME#2 ... */
int mbox_next(struct mbox *mbox, struct mail *mail, struct fault *fault);

bool mbox_is(struct mbox *mbox); /* asked before the first mbox_next or mbox_whole: does it begin like an mbox? */

/* Everything in one mail, untouched, for a stream that is no mbox. */
int mbox_whole(struct mbox *mbox, struct mail *mail, struct fault *fault);

uint64_t mbox_position(const struct mbox *mbox); /* octets of the file read so far */

#endif
