/* message: the parts of a mail (RFC 5322, RFC 2045 ff.), each handed to whoever reads it. Private to parse/.
 * GMime finds the parts and their exact octets; attached mails (message/rfc822) are opened one by one, to the ceiling
 * `messages`, and a failure report's sample is never opened. */
#ifndef PARSE_MESSAGE_H
#define PARSE_MESSAGE_H

#include "parse/leaf.h"
#include "parse/reading.h"

/* Once, before anything is locked; message/rfc822 becomes a leaf, so that its octets can be had as they came. */
void message_warm(void);

/* The mail at [offset, offset + length) of fd. Fills `head` (strings in the parser's arena). */
void message_read(struct reading *r, int fd, uint64_t offset, uint64_t length, struct mail_head *head);

/* The head of a kept header block. */
void message_read_head(struct reading *r, int fd, uint64_t offset, uint64_t length, struct mail_head *head);

/* Does a text begin as a mail does: blank lines, a From_ line, then header fields? *skip: octets before the first field. */
bool message_recognise(struct span front, size_t *skip);

/* Is this a mail, or an mbox, though nothing around it says so? It has From and two more of the fields that mails have. */
bool message_begins(struct span front);

/* Are these the parts of a mail whose header lost them? A line `--something` with a part's header behind it. */
bool message_parts_begin(struct span front);

/* Reads what one of the two said yes to: every mail of an mbox. */
enum leaf_end message_leaf(struct reading *r, struct stream *s);

/* Reads the MIME entity that a signature is around, which need not have the fields of a mail; releases it. */
enum leaf_end message_inside(struct reading *r, struct buf *entity);

#endif
