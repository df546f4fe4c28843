/* message: the parts of a mail (RFC 5322, RFC 2045 ff.), each handed to whoever reads it. Private to parse/.
 * GMime finds the parts and their exact octets; attached mails (message/rfc822) are opened one by one, to the ceiling
 * `messages`, and a failure report's sample is never opened. */
#ifndef PARSE_MESSAGE_H
#define PARSE_MESSAGE_H

#include "parse/reading.h"

/* Once, before anything is locked; message/rfc822 becomes a leaf, so that its octets can be had as they came. */
void message_warm(void);

/* The mail at [offset, offset + length) of fd. Fills `head` (strings in the parser's arena). */
void message_read(struct reading *r, int fd, uint64_t offset, uint64_t length, struct mail_head *head);

/* The head of a kept header block. */
void message_read_head(struct reading *r, int fd, uint64_t offset, uint64_t length, struct mail_head *head);

/* Does a text begin as a mail does: blank lines, a From_ line, then header fields? *skip: octets before the first field. */
bool message_recognise(struct span front, size_t *skip);

#endif
